/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_strict.h"

static const char *const device_names[] = {
	[CONFIG_DEVICE_CONSOLE] = "console",
	[CONFIG_DEVICE_BLK] = "blk",
	[CONFIG_DEVICE_NET] = "net",
	[CONFIG_DEVICE_GPU] = "gpu",
	[CONFIG_DEVICE_POWER_KEY] = "power_key",
};
#define NUM_DEVICE_NAMES (sizeof(device_names) / sizeof(device_names[0]))

const char *plan_device_name(enum config_device_type type)
{
	return device_names[type];
}

/* strdup() that takes NULL; *failed is set without memory. */
static char *copy(const char *text, bool *failed)
{
	char *result = text != NULL ? strdup(text) : NULL;

	*failed |= text != NULL && result == NULL;
	return result;
}

static void add_image(struct zone_plan *plan, const char *path, uint64_t paddr, uint64_t size, bool *failed)
{
	struct plan_image *image = &plan->images[plan->num_images];

	if (path == NULL || size == 0)
		return;
	*image = (struct plan_image){ copy(path, failed), paddr, size };
	plan->num_images++;
}

struct zone_plan *plan_new(const struct config_zone *config)
{
	struct zone_plan *plan = calloc(1, sizeof(*plan));
	bool failed = false;

	if (plan == NULL)
		return NULL;
	plan->hv = config->hv;
	plan->name = copy(config->name, &failed);
	plan->file = copy(config->file, &failed);
	for (unsigned i = 0; i < config->num_images; i++)
		add_image(plan, config->images[i].path, config->images[i].paddr, config->images[i].size,
			  &failed);
	for (unsigned i = 0; i < config->num_devices; i++) {
		plan->devices[i] = config->devices[i];
		plan->devices[i].path = copy(config->devices[i].path, &failed);
	}
	plan->num_devices = config->num_devices;
	if (failed) {
		plan_free(plan);
		return NULL;
	}
	return plan;
}

struct zone_plan *plan_new_adopted(const HvZoneConfig *hv)
{
	struct zone_plan *plan = calloc(1, sizeof(*plan));

	if (plan == NULL)
		return NULL;
	plan->hv = *hv;
	plan->name = strndup(hv->name, sizeof(hv->name));
	if (plan->name == NULL) {
		free(plan);
		return NULL;
	}
	return plan;
}

void plan_free(struct zone_plan *plan)
{
	if (plan == NULL)
		return;
	for (unsigned i = 0; i < plan->num_images; i++)
		free(plan->images[i].path);
	for (unsigned i = 0; i < plan->num_devices; i++)
		free(plan->devices[i].path);
	free(plan->name);
	free(plan->file);
	free(plan);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const struct plan_image *find_image(const struct zone_plan *plan, uint64_t paddr)
{
	for (unsigned i = 0; i < plan->num_images; i++) {
		if (plan->images[i].paddr == paddr)
			return &plan->images[i];
	}
	return NULL;
}

static bool same_image(const struct zone_plan *plan, const char *path, uint64_t paddr)
{
	const struct plan_image *image = find_image(plan, paddr);

	return path == NULL || (image != NULL && same_text(image->path, path));
}

bool plan_same(const struct zone_plan *plan, const struct config_zone *config)
{
	const HvZoneConfig *hv = &config->hv;

	if (memcmp(&plan->hv, hv, sizeof(*hv)) != 0 || plan->num_devices != config->num_devices)
		return false;
	for (unsigned i = 0; i < plan->num_devices; i++) {
		const struct config_device *a = &plan->devices[i], *b = &config->devices[i];

		if (a->type != b->type || a->ipa != b->ipa || a->size != b->size || a->intid != b->intid ||
		    !same_text(a->path, b->path))
			return false;
	}
	for (unsigned i = 0; i < config->num_images; i++)
		if (!same_image(plan, config->images[i].path, config->images[i].paddr))
			return false;
	return true;
}

bool plan_has_virtio(const struct zone_plan *plan)
{
	for (uint32_t i = 0; i < plan->hv.num_regions; i++) {
		if (plan->hv.regions[i].type == HV_REGION_VIRTIO)
			return true;
	}
	return false;
}

bool plan_has_console(const struct zone_plan *plan)
{
	for (unsigned i = 0; i < plan->num_devices; i++) {
		if (plan->devices[i].type == CONFIG_DEVICE_CONSOLE)
			return true;
	}
	return false;
}

void plan_write(const struct zone_plan *plan, struct json_out *out)
{
	json_put_string(out, "name", plan->name);
	json_put_string(out, "file", plan->file);
	json_open_array(out, "images");
	for (unsigned i = 0; i < plan->num_images; i++) {
		json_open_object(out, NULL);
		json_put_string(out, "path", plan->images[i].path);
		json_put_hex(out, "paddr", plan->images[i].paddr);
		json_put_hex(out, "size", plan->images[i].size);
		json_close_object(out);
	}
	json_close_array(out);
	json_open_array(out, "devices");
	for (unsigned i = 0; i < plan->num_devices; i++) {
		const struct config_device *device = &plan->devices[i];

		json_open_object(out, NULL);
		json_put_string(out, "type", device_names[device->type]);
		json_put_hex(out, "ipa", device->ipa);
		json_put_hex(out, "size", device->size);
		json_put_uint(out, "intid", device->intid);
		json_put_string(out, "path", device->path);
		json_close_object(out);
	}
	json_close_array(out);
}

static const char *get_text(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static bool get_hex(const cJSON *object, const char *key, uint64_t *ret_value)
{
	const char *text = get_text(object, key);
	char *end;

	if (text == NULL || strncmp(text, "0x", 2) != 0)
		return false;
	errno = 0;
	*ret_value = strtoull(text, &end, 16);
	return errno == 0 && end != text + 2 && *end == '\0';
}

static int read_image(struct zone_plan *plan, const cJSON *object)
{
	const char *path = get_text(object, "path");
	uint64_t paddr, size;
	bool failed = false;

	if (plan->num_images == PLAN_MAX_IMAGES || path == NULL || !get_hex(object, "paddr", &paddr) ||
	    !get_hex(object, "size", &size))
		return -EBADMSG;
	add_image(plan, path, paddr, size, &failed);
	return failed ? -ENOMEM : 0;
}

static int read_device(struct zone_plan *plan, const cJSON *object)
{
	struct config_device *device = &plan->devices[plan->num_devices];
	const char *type = get_text(object, "type"), *path = get_text(object, "path");
	bool failed = false;
	uint64_t intid;
	unsigned i = 0;

	while (type != NULL && i < NUM_DEVICE_NAMES && strcmp(device_names[i], type) != 0)
		i++;
	if (plan->num_devices == CONFIG_MAX_DEVICES || type == NULL || i == NUM_DEVICE_NAMES ||
	    !get_hex(object, "ipa", &device->ipa) || !get_hex(object, "size", &device->size) ||
	    json_strict_u64(cJSON_GetObjectItemCaseSensitive(object, "intid"), &intid) != 0 ||
	    intid >= HV_MAX_INTIDS)
		return -EBADMSG;
	device->type = (enum config_device_type)i;
	device->intid = (uint32_t)intid;
	device->path = copy(path, &failed);
	if (failed)
		return -ENOMEM;
	plan->num_devices++;
	return 0;
}

static int read_members(struct zone_plan *plan, const cJSON *object)
{
	const char *file = get_text(object, "file");
	const cJSON *item;
	bool failed = false;
	int r = 0;

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(object, "images")) {
		r = r != 0 ? r : read_image(plan, item);
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(object, "devices")) {
		r = r != 0 ? r : read_device(plan, item);
	}
	plan->file = copy(file, &failed);
	return failed ? -ENOMEM : r;
}

int plan_read(struct zone_plan *plan, const cJSON *object)
{
	int r = read_members(plan, object);

	if (r == 0)
		return 0;
	for (unsigned i = 0; i < plan->num_images; i++)
		free(plan->images[i].path);
	for (unsigned i = 0; i < plan->num_devices; i++)
		free(plan->devices[i].path);
	free(plan->file);
	plan->file = NULL;
	plan->num_images = 0;
	plan->num_devices = 0;
	return r;
}
