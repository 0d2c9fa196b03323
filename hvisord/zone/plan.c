/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "json_strict.h"
#include "plan_device.h"

/* strdup() that takes NULL; *failed is set without memory. */
static char *copy(const char *text, bool *failed)
{
	char *result = text != NULL ? strdup(text) : NULL;

	*failed |= text != NULL && result == NULL;
	return result;
}

static void add_image(struct zone_plan *plan, const struct config_image *from, bool *failed)
{
	struct config_image *image = &plan->images[plan->num_images++];

	*image = *from;
	image->path = copy(from->path, failed);
	image->data = from->data != NULL ? malloc(from->size) : NULL;
	if (image->data != NULL)
		memcpy(image->data, from->data, from->size);
	*failed |= from->data != NULL && image->data == NULL;
}

static void free_images(struct zone_plan *plan)
{
	for (unsigned i = 0; i < plan->num_images; i++) {
		free(plan->images[i].path);
		free(plan->images[i].data);
	}
	plan->num_images = 0;
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
		add_image(plan, &config->images[i], &failed);
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
	free_images(plan);
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

/* Of a file its path, of a tree that was made its bytes. */
static bool same_image(const struct config_image *a, const struct config_image *b)
{
	return a->paddr == b->paddr && a->size == b->size && same_text(a->path, b->path) &&
	       a->has_sha256 == b->has_sha256 && memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0 &&
	       (a->data == NULL) == (b->data == NULL) &&
	       (a->data == NULL || memcmp(a->data, b->data, a->size) == 0);
}

bool plan_same(const struct zone_plan *plan, const struct config_zone *config)
{
	const HvZoneConfig *hv = &config->hv;

	if (memcmp(&plan->hv, hv, sizeof(*hv)) != 0 || plan->num_devices != config->num_devices ||
	    plan->num_images != config->num_images)
		return false;
	for (unsigned i = 0; i < plan->num_devices; i++)
		if (!plan_device_same(&plan->devices[i], &config->devices[i]))
			return false;
	for (unsigned i = 0; i < config->num_images; i++)
		if (!same_image(&plan->images[i], &config->images[i]))
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

unsigned plan_num_consoles(const struct zone_plan *plan)
{
	unsigned count = 0;

	for (unsigned i = 0; i < plan->num_devices; i++)
		count += config_device_consoles(&plan->devices[i]);
	/* of a record that was tampered with: the rest is none */
	return count < CONFIG_MAX_CONSOLES ? count : CONFIG_MAX_CONSOLES;
}

static void write_image(const struct config_image *image, struct json_out *out)
{
	json_open_object(out, NULL);
	json_put_uint(out, "kind", image->kind);
	json_put_string(out, "path", image->path);
	json_put_hex(out, "paddr", image->paddr);
	json_put_hex(out, "size", image->size);
	if (image->has_sha256)
		json_put_base64(out, "sha256", image->sha256, sizeof(image->sha256));
	if (image->data != NULL)
		json_put_base64(out, "data", image->data, image->size);
	json_close_object(out);
}

void plan_write(const struct zone_plan *plan, struct json_out *out)
{
	json_put_string(out, "name", plan->name);
	json_put_string(out, "file", plan->file);
	json_open_array(out, "images");
	for (unsigned i = 0; i < plan->num_images; i++) {
		write_image(&plan->images[i], out);
	}
	json_close_array(out);
	json_open_array(out, "devices");
	for (unsigned i = 0; i < plan->num_devices; i++)
		plan_device_write(&plan->devices[i], out);
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

/* Exactly size bytes of base64, allocated; NULL: it is something else. */
static void *get_bytes(const cJSON *object, const char *key, uint64_t size)
{
	const char *text = get_text(object, key);
	char *data;

	if (text == NULL || strlen(text) != base64_length(size))
		return NULL;
	data = malloc(size + 3); /* as many as the text's length may stand for */
	if (data == NULL || base64_decode(text, strlen(text), data) == (ssize_t)size)
		return data;
	free(data);
	return NULL;
}

static bool get_digest(const cJSON *object, struct config_image *image)
{
	void *digest;

	image->has_sha256 = cJSON_HasObjectItem(object, "sha256");
	if (!image->has_sha256)
		return true;
	digest = get_bytes(object, "sha256", sizeof(image->sha256));
	if (digest != NULL)
		memcpy(image->sha256, digest, sizeof(image->sha256));
	free(digest);
	return digest != NULL;
}

static int read_image(struct zone_plan *plan, const cJSON *object)
{
	struct config_image *image = &plan->images[plan->num_images];
	const char *path = get_text(object, "path");
	bool failed = false, made = cJSON_HasObjectItem(object, "data");
	uint64_t kind;

	*image = (struct config_image){ 0 };
	if (plan->num_images == CONFIG_MAX_IMAGES || (path == NULL && !made) ||
	    json_strict_u64(cJSON_GetObjectItemCaseSensitive(object, "kind"), &kind) != 0 ||
	    kind > CONFIG_IMAGE_MODULE || !get_hex(object, "paddr", &image->paddr) ||
	    !get_hex(object, "size", &image->size) || !get_digest(object, image))
		return -EBADMSG;
	image->kind = (enum config_image_kind)kind;
	if (made && (image->data = get_bytes(object, "data", image->size)) == NULL)
		return -EBADMSG;
	image->path = copy(path, &failed);
	plan->num_images++;
	return failed ? -ENOMEM : 0;
}

static int read_device(struct zone_plan *plan, const cJSON *object)
{
	int r;

	if (plan->num_devices == CONFIG_MAX_DEVICES)
		return -EBADMSG;
	r = plan_device_read(object, &plan->devices[plan->num_devices]);
	plan->num_devices += r == 0;
	return r;
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
	free_images(plan);
	for (unsigned i = 0; i < plan->num_devices; i++)
		free(plan->devices[i].path);
	free(plan->file);
	plan->file = NULL;
	plan->num_devices = 0;
	return r;
}
