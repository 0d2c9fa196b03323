/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both sides are put into words, one entry for each thing that a zone file can
 * say, and entries with one pointer and two texts are the differences.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sha256.h"

struct entry {
	char *pointer;
	char *text;
};

struct entries {
	struct entry *list;
	unsigned count, room;
	bool no_memory;
};

const char *config_device_name(enum config_device_type type)
{
	static const char *const names[] = {
		[CONFIG_DEVICE_CONSOLE] = "console",
		[CONFIG_DEVICE_BLK] = "blk",
		[CONFIG_DEVICE_NET] = "net",
		[CONFIG_DEVICE_GPU] = "gpu",
		[CONFIG_DEVICE_POWER_KEY] = "power_key",
		[CONFIG_DEVICE_RNG] = "rng",
		[CONFIG_DEVICE_PL011] = "pl011",
	};

	return names[type];
}

const char *config_restart_name(enum config_restart restart)
{
	static const char *const names[] = {
		[CONFIG_RESTART_NO] = "no",
		[CONFIG_RESTART_ON_FAILURE] = "on-failure",
		[CONFIG_RESTART_ALWAYS] = "always",
	};

	return names[restart];
}

const char *config_device_failure_name(enum config_device_failure failure)
{
	return failure == CONFIG_DEVICE_FAILURE_RESTART_ZONE ? "restart-zone" : "needs-reset";
}

static void entries_fini(struct entries *entries)
{
	for (unsigned i = 0; i < entries->count; i++) {
		free(entries->list[i].pointer);
		free(entries->list[i].text);
	}
	free(entries->list);
}

/* Takes the pointer and the text. */
static void put_taken(struct entries *entries, char *pointer, char *text)
{
	if (entries->count == entries->room) {
		unsigned room = entries->room * 2 + 32;
		struct entry *list = reallocarray(entries->list, room, sizeof(*list));

		entries->no_memory |= list == NULL;
		entries->list = list ? list : entries->list;
		entries->room = list ? room : entries->room;
	}
	if (!pointer || !text || entries->count == entries->room) {
		entries->no_memory = true;
		free(pointer);
		free(text);
		return;
	}
	entries->list[entries->count++] = (struct entry){ pointer, text };
}

static void put(struct entries *entries, const char *pointer, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void put(struct entries *entries, const char *pointer, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	put_taken(entries, strdup(pointer), text);
}

/* Numbers that a test picks, as a list. */
static char *list_numbers(bool (*test)(const HvZoneConfig *hv, uint32_t number), const HvZoneConfig *hv,
			  uint32_t count)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool first = true;

	for (uint32_t i = 0; out && i < count; i++) {
		if (!test(hv, i))
			continue;
		fprintf(out, "%s%u", first ? "" : ", ", i);
		first = false;
	}
	if (!out || fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static bool has_cpu(const HvZoneConfig *hv, uint32_t cpu)
{
	return (hv->cpus >> cpu & 1) != 0;
}

static bool has_interrupt(const HvZoneConfig *hv, uint32_t intid)
{
	return hv_intid_test(&hv->interrupts, intid) || hv_intid_test(&hv->virtual_interrupts, intid);
}

static void put_region(struct entries *entries, unsigned index, const struct hv_memory_region *region)
{
	static const char *const names[] = {
		[HV_REGION_RAM] = "ram", [HV_REGION_IO] = "io", [HV_REGION_VIRTIO] = "virtio"
	};
	bool known = region->type >= HV_REGION_RAM && region->type <= HV_REGION_VIRTIO;
	char pointer[64];

	snprintf(pointer, sizeof(pointer), "/memory_regions/%u", index);
	put(entries, pointer, "%s 0x%" PRIx64 " at 0x%" PRIx64 ", 0x%" PRIx64 " bytes%s",
	    known ? names[region->type] : "?", region->physical_start, region->virtual_start, region->size,
	    (region->flags & HV_REGION_SHARED) != 0 ? ", shared" : "");
}

static void put_hardware(struct entries *entries, const struct config_view *view)
{
	const HvZoneConfig *hv = view->hv;
	const struct hv_gic_config *gic = &hv->gic;

	put(entries, "/name", "%s", view->name ? view->name : "");
	put(entries, "/zone_id", "%u", hv->zone_id);
	put_taken(entries, strdup("/cpus"), list_numbers(has_cpu, hv, HV_MAX_CPUS));
	for (uint32_t i = 0; i < hv->num_regions && i < HV_MAX_REGIONS; i++)
		put_region(entries, i, &hv->regions[i]);
	put_taken(entries, strdup("/interrupts"), list_numbers(has_interrupt, hv, HV_MAX_INTIDS));
	put(entries, "/arch_config/gicd_base", "0x%" PRIx64, gic->gicd_base);
	put(entries, "/arch_config/gicd_size", "0x%" PRIx64, gic->gicd_size);
	put(entries, "/arch_config/gicr_base", "0x%" PRIx64, gic->gicr_base);
	put(entries, "/arch_config/gicr_size", "0x%" PRIx64, gic->gicr_size);
	put(entries, "/entry_point", "0x%" PRIx64, hv->entry_point);
}

static void put_digest(struct entries *entries, const char *key, const uint8_t *digest)
{
	char text[2 * SHA256_SIZE + 1], pointer[64];

	for (unsigned i = 0; i < SHA256_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	snprintf(pointer, sizeof(pointer), "/sha256%s", key);
	put(entries, pointer, "%s", text);
}

/* What was made here has no name; its first bytes of a digest tell one from another. */
static void put_content(struct entries *entries, const char *key, const struct config_image *image,
			bool with_data)
{
	uint8_t digest[SHA256_SIZE] = { 0 };
	struct sha256 sha;

	if (!image->data || !with_data) {
		put(entries, key, "%s, %" PRIu64 " bytes", image->path ? image->path : "made from this file",
		    image->size);
		return;
	}
	sha256_init(&sha);
	sha256_add(&sha, image->data, image->size);
	sha256_end(&sha, digest);
	put(entries, key, "%s, %" PRIu64 " bytes, sha256 %02x%02x%02x%02x",
	    image->path ? image->path : "made from this file", image->size, digest[0], digest[1], digest[2],
	    digest[3]);
}

static void put_image(struct entries *entries, const struct config_image *image, unsigned module,
		      bool with_data)
{
	static const struct {
		const char *file, *address;
	} keys[] = {
		[CONFIG_IMAGE_KERNEL] = { "/kernel_filepath", "/kernel_load_paddr" },
		[CONFIG_IMAGE_DTB] = { "/dtb_filepath", "/dtb_load_paddr" },
		[CONFIG_IMAGE_INITRD] = { "/initrd_filepath", "/initrd_load_paddr" },
	};
	char pointer[64];

	if (image->kind == CONFIG_IMAGE_MODULE) {
		snprintf(pointer, sizeof(pointer), "/modules/%u", module);
		put(entries, pointer, "%s, %" PRIu64 " bytes at 0x%" PRIx64, image->path ? image->path : "",
		    image->size, image->paddr);
		return;
	}
	put_content(entries, keys[image->kind].file, image, with_data);
	put(entries, keys[image->kind].address, "0x%" PRIx64, image->paddr);
	if (image->has_sha256)
		put_digest(entries, keys[image->kind].file, image->sha256);
}

static void put_policy(struct entries *entries, const struct config_policy *policy)
{
	put(entries, "/autostart", "%s", policy->autostart ? "true" : "false");
	put(entries, "/restart", "%s", config_restart_name(policy->restart));
	put(entries, "/restart_limit", "%u", policy->restart_limit);
	put(entries, "/restart_delay_ms", "%u", policy->restart_delay_ms);
	put(entries, "/stop_timeout_ms", "%u", policy->stop_timeout_ms);
	put(entries, "/device_failure", "%s", config_device_failure_name(policy->device_failure));
	for (unsigned i = 0; i < policy->num_after; i++) {
		char pointer[64];

		snprintf(pointer, sizeof(pointer), "/after/%u", i);
		put(entries, pointer, "%s", policy->after[i]);
	}
}

static void put_device(struct entries *entries, unsigned index, const struct config_device *device)
{
	const uint8_t *mac = device->mac;
	char pointer[64], more[128] = "";

	snprintf(pointer, sizeof(pointer), "/virtio_devices/%u", index);
	if (device->type == CONFIG_DEVICE_BLK)
		snprintf(more, sizeof(more), ", %s, blocks of %u, %u queues, serial \"%s\", ",
			 device->readonly ? "read only" : "writable", device->block_size, device->queues,
			 device->serial);
	else if (device->type == CONFIG_DEVICE_NET)
		snprintf(more, sizeof(more),
			 ", %u queues, %02x:%02x:%02x:%02x:%02x:%02x, tap %s, bridge \"%s\"", device->queues,
			 mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], device->tap, device->bridge);
	else if (device->type == CONFIG_DEVICE_CONSOLE && device->ports > 1)
		snprintf(more, sizeof(more), ", %u ports", device->ports);
	put(entries, pointer, "%s at 0x%" PRIx64 ", 0x%" PRIx64 " bytes, interrupt %u%s%s",
	    config_device_name(device->type), device->ipa, device->size, device->intid, more,
	    device->path ? device->path : "");
}

static void put_view(struct entries *entries, const struct config_view *view, bool with_policy,
		     bool with_data)
{
	unsigned modules = 0;

	put_hardware(entries, view);
	for (unsigned i = 0; i < view->num_images; i++)
		put_image(entries, &view->images[i],
			  view->images[i].kind == CONFIG_IMAGE_MODULE ? modules++ : 0, with_data);
	for (unsigned i = 0; i < view->num_devices; i++)
		put_device(entries, i, &view->devices[i]);
	if (with_policy)
		put_policy(entries, view->policy);
}

static char *take_text(struct entries *entries, const char *pointer)
{
	for (unsigned i = 0; i < entries->count; i++) {
		char *text = entries->list[i].text;

		if (!text || strcmp(entries->list[i].pointer, pointer) != 0)
			continue;
		entries->list[i].text = NULL;
		return text;
	}
	return NULL;
}

/* Takes texts and pointers out of both sides; what is the same is freed. */
static unsigned compare(struct entries *then, struct entries *now, struct config_difference *list)
{
	unsigned count = 0;

	for (unsigned i = 0; i < then->count; i++) {
		struct entry *entry = &then->list[i];
		char *text = take_text(now, entry->pointer);

		if (text && strcmp(text, entry->text) == 0) {
			free(text);
			continue;
		}
		list[count++] = (struct config_difference){ entry->pointer, entry->text, text };
		*entry = (struct entry){ NULL, NULL };
	}
	for (unsigned i = 0; i < now->count; i++) {
		struct entry *entry = &now->list[i];

		if (!entry->text)
			continue;
		list[count++] = (struct config_difference){ entry->pointer, NULL, entry->text };
		*entry = (struct entry){ NULL, NULL };
	}
	return count;
}

static bool has_data(const struct config_image *images, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (images[i].data)
			return true;
	return false;
}

int config_zone_diff(const struct config_zone *now, const struct config_view *then,
		     struct config_difference **ret_list, unsigned *ret_count)
{
	const struct config_view view = {
		.hv = &now->hv,
		.name = now->name,
		.num_images = now->num_images,
		.images = now->images,
		.num_devices = now->num_devices,
		.devices = now->devices,
		.policy = &now->policy,
	};
	bool with_data = has_data(now->images, now->num_images) && has_data(then->images, then->num_images);
	struct entries before = { 0 }, after = { 0 };
	struct config_difference *list = NULL;
	unsigned count = 0;

	put_view(&before, then, then->policy != NULL, with_data);
	put_view(&after, &view, then->policy != NULL, with_data);
	if (!before.no_memory && !after.no_memory)
		list = calloc(before.count + after.count + 1, sizeof(*list));
	if (list)
		count = compare(&before, &after, list);
	entries_fini(&before);
	entries_fini(&after);
	if (!list)
		return -ENOMEM;
	if (count == 0) {
		free(list);
		list = NULL;
	}
	*ret_list = list;
	*ret_count = count;
	return 0;
}

void config_differences_free(struct config_difference *list, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		free(list[i].pointer);
		free(list[i].then);
		free(list[i].now);
	}
	free(list);
}
