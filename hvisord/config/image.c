/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files a zone is started with. Only looked at here; loading is the daemon's. */
#include "draft.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sha256.h"

/* arm64 Image header (Linux' Documentation/arm64/booting.rst, section 4): little-endian fields. */
#define IMAGE_SIZE_OFFSET 16u
#define IMAGE_MAGIC_OFFSET 56u

/* Where a kernel likes to be, and what keeps the other images in blocks of their own (same file, section 2). */
#define PLACE_ALIGN 0x200000u

static uint64_t little_endian(const uint8_t *bytes, unsigned count)
{
	uint64_t value = 0;

	while (count-- > 0)
		value = value << 8 | bytes[count];
	return value;
}

void config_image_report(struct config_draft *draft, const char *key, const char *path, int r)
{
	static const struct {
		int error;
		const char *reason;
		const char *message;
	} known[] = {
		{ -ENOENT, REASON_IMAGE_MISSING, "there is no such file" },
		{ -ENOTDIR, REASON_IMAGE_MISSING, "there is no such file" },
		{ -EINVAL, REASON_IMAGE_NOT_REGULAR, "this is not a regular file" },
		{ -EFBIG, REASON_IMAGE_TOO_LARGE, "a device tree has 2 MiB at most" },
	};
	struct config_source *source = draft->source;

	if (config_source_is_short(source, r))
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].error != r)
			continue;
		config_source_error(source, key, known[i].reason, "%s: %s", path, known[i].message);
		return;
	}
	config_source_error(source, key, REASON_IMAGE_UNREADABLE, "%s: %s", path, strerror(-r));
}

/* What is wanted of an image before it is one. */
struct request {
	enum config_image_kind kind;
	const char *path;      /* as written; NULL or "": none is wanted */
	const uint64_t *paddr; /* NULL: any place will do */
	const uint8_t *sha256; /* or NULL */
	struct config_image_keys keys;
};

/* Adds an image, with no place yet. NULL: no memory, and it is noted. */
static struct config_image *add_image(struct config_draft *draft, const struct request *request)
{
	struct config_zone *zone = draft->zone;
	struct config_image *image = &zone->images[zone->num_images];

	*image = (struct config_image){ .kind = request->kind };
	if (!(image->path = config_draft_resolve(draft, request->path)))
		return NULL;
	image->has_sha256 = request->sha256 != NULL;
	if (request->sha256)
		memcpy(image->sha256, request->sha256, sizeof(image->sha256));
	draft->image_keys[zone->num_images++] = request->keys;
	return image;
}

/* The file is there and holds something. */
static bool probe(struct config_draft *draft, const struct config_check *check, const char *key,
		  struct config_image *image, struct config_probe *ret_probe)
{
	int r = check->files->probe(check->files, image->path, ret_probe);

	if (r < 0)
		config_image_report(draft, key, image->path, r);
	else if (ret_probe->size == 0)
		config_source_error(draft->source, key, REASON_IMAGE_EMPTY, "%s: the file is empty",
				    image->path);
	image->size = ret_probe->size;
	return ret_probe->size != 0;
}

/* Takes back the image that was added last. */
static void drop_image(struct config_draft *draft)
{
	struct config_image *image = &draft->zone->images[--draft->zone->num_images];

	free(image->path);
	*image = (struct config_image){ .size = 0 };
}

/*
 * Finds a place for the image that was added last; it is not among those in
 * the way. A tree may lie closer than in a 2 MiB block of its own where RAM is short.
 */
static bool place(struct config_draft *draft, struct config_image *image, const char *key)
{
	uint64_t room = config_image_room(draft, image);
	bool found;

	draft->zone->num_images--;
	if (image->kind == CONFIG_IMAGE_KERNEL)
		found = config_place_low(draft, room, PLACE_ALIGN, &image->paddr);
	else
		found = config_place_high(draft, room, PLACE_ALIGN, &image->paddr) ||
			config_place_high(draft, room, HV_PAGE_SIZE, &image->paddr);
	draft->zone->num_images++;
	if (!found && (draft->lost & LOST_REGIONS) == 0)
		config_source_error(draft->source, key, REASON_IMAGE_NO_ROOM,
				    "no RAM region of the zone has room for its 0x%" PRIx64 " bytes", room);
	return found;
}

/* Adds, probes and places one image. False: there is none, or it is lost. */
static bool take_image(struct config_draft *draft, const struct config_check *check,
		       const struct request *request)
{
	struct config_probe found = { 0 };
	struct config_image *image;

	if (!request->path || request->path[0] == '\0' || !(image = add_image(draft, request)))
		return false;
	if (probe(draft, check, request->keys.file, image, &found)) {
		if (request->kind == CONFIG_IMAGE_KERNEL &&
		    memcmp(found.head + IMAGE_MAGIC_OFFSET, "ARM\x64", 4) == 0)
			draft->kernel_ram = little_endian(found.head + IMAGE_SIZE_OFFSET, 8);
		if (request->paddr)
			image->paddr = *request->paddr;
		if (request->paddr || place(draft, image, request->keys.file))
			return true;
	}
	drop_image(draft);
	return false;
}

static const uint8_t *find_digest(const struct config_draft *draft, enum digest_field which)
{
	const struct digest_fields *fields = &draft->fields.sha256;
	const uint8_t *const digests[] = {
		[DIGEST_KERNEL] = fields->kernel,
		[DIGEST_DTB] = fields->dtb,
		[DIGEST_INITRD] = fields->initrd,
	};

	return config_given(&fields->seen, which) ? digests[which] : NULL;
}

static const uint64_t *given_number(const struct config_draft *draft, enum zone_field field,
				    const uint64_t *value)
{
	return config_given(&draft->fields.seen, field) ? value : NULL;
}

bool config_image_digest_check(struct config_draft *draft, enum digest_field which, const void *data,
			       size_t size)
{
	static const char *const keys[] = {
		[DIGEST_KERNEL] = "/sha256/kernel_filepath",
		[DIGEST_DTB] = "/sha256/dtb_filepath",
		[DIGEST_INITRD] = "/sha256/initrd_filepath",
	};
	const uint8_t *wanted = find_digest(draft, which);
	uint8_t digest[SHA256_SIZE];
	struct sha256 sha;

	if (!wanted)
		return true;
	sha256_init(&sha);
	sha256_add(&sha, data, size);
	sha256_end(&sha, digest);
	if (memcmp(digest, wanted, sizeof(digest)) == 0)
		return true;
	config_source_error(draft->source, keys[which], REASON_IMAGE_SHA256,
			    "the file's content is not the one that is wanted");
	return false;
}

/* The entry point of a kernel is its first byte, if nothing else is said. */
static void choose_entry(struct config_draft *draft)
{
	HvZoneConfig *hv = &draft->zone->hv;

	if (config_given(&draft->fields.seen, ZONE_ENTRY_POINT) || (draft->lost & LOST_ENTRY) != 0)
		return;
	if (hv->kernel_size == 0 || !hv_config_ram_ipa(hv, hv->kernel_load_paddr, 1, &hv->entry_point))
		draft->lost |= LOST_ENTRY;
}

static void take_kernel(struct config_draft *draft, const struct config_check *check)
{
	const struct zone_fields *fields = &draft->fields;
	const struct request request = {
		.kind = CONFIG_IMAGE_KERNEL,
		.path = fields->kernel_filepath,
		.paddr = config_broken(&fields->seen, ZONE_KERNEL_LOAD_PADDR)
				 ? &fields->kernel_load_paddr
				 : given_number(draft, ZONE_KERNEL_LOAD_PADDR, &fields->kernel_load_paddr),
		.sha256 = find_digest(draft, DIGEST_KERNEL),
		.keys = { "/kernel_filepath", "/kernel_load_paddr" },
	};
	HvZoneConfig *hv = &draft->zone->hv;

	if (take_image(draft, check, &request)) {
		const struct config_image *kernel = config_zone_image(draft->zone, CONFIG_IMAGE_KERNEL);

		hv->kernel_load_paddr = kernel->paddr;
		hv->kernel_size = kernel->size;
	} else {
		draft->lost |= LOST_KERNEL;
	}
	choose_entry(draft);
}

static void take_modules(struct config_draft *draft, const struct config_check *check)
{
	for (unsigned i = 0; i < draft->fields.num_modules; i++) {
		const struct module_fields *module = &draft->fields.modules[i];
		char(*keys)[32] = draft->module_keys[i];

		if (module->seen.broken != 0)
			continue;
		snprintf(keys[0], sizeof(keys[0]), "/modules/%u/filepath", i);
		snprintf(keys[1], sizeof(keys[1]), "/modules/%u/load_paddr", i);
		take_image(draft, check,
			   &(struct request){
				   .kind = CONFIG_IMAGE_MODULE,
				   .path = module->filepath,
				   .paddr = &module->load_paddr,
				   .keys = { keys[0], keys[1] },
			   });
	}
}

static void take_initrd(struct config_draft *draft, const struct config_check *check)
{
	const struct zone_fields *fields = &draft->fields;

	if ((draft->lost & LOST_INITRD) != 0)
		return;
	take_image(draft, check,
		   &(struct request){
			   .kind = CONFIG_IMAGE_INITRD,
			   .path = fields->initrd_filepath,
			   .paddr = given_number(draft, ZONE_INITRD_LOAD_PADDR, &fields->initrd_load_paddr),
			   .sha256 = find_digest(draft, DIGEST_INITRD),
			   .keys = { "/initrd_filepath", "/initrd_load_paddr" },
		   });
}

/* The tree is there; now it becomes an image. */
static void take_tree(struct config_draft *draft)
{
	struct config_zone *zone = draft->zone;
	struct config_image *image = &zone->images[zone->num_images];
	const uint8_t *digest = draft->dtb_path ? find_digest(draft, DIGEST_DTB) : NULL;

	*image = (struct config_image){ .kind = CONFIG_IMAGE_DTB, .size = draft->tree_size };
	if (draft->dtb_path && !(image->path = strdup(draft->dtb_path)))
		draft->source->report.no_memory = true;
	image->has_sha256 = digest != NULL;
	if (digest)
		memcpy(image->sha256, digest, sizeof(image->sha256));
	if (draft->tree_made && !(image->data = malloc(draft->tree_size)))
		draft->source->report.no_memory = true;
	if (image->data)
		memcpy(image->data, draft->tree, draft->tree_size);
	draft->image_keys[zone->num_images++] =
		(struct config_image_keys){ "/dtb_filepath", "/dtb_load_paddr" };
	if (config_given(&draft->fields.seen, ZONE_DTB_LOAD_PADDR))
		image->paddr = draft->fields.dtb_load_paddr;
	else if (!place(draft, image, "/dtb_filepath"))
		draft->lost |= LOST_DTB;
	zone->hv.dtb_load_paddr = image->paddr;
	zone->hv.dtb_size = image->size;
}

/* A digest of a file that there is none of would never be looked at. */
static void check_idle_digests(struct config_draft *draft)
{
	const struct zone_fields *fields = &draft->fields;

	if (find_digest(draft, DIGEST_DTB) && !draft->dtb_path && (draft->lost & LOST_DTB) == 0)
		config_source_error(draft->source, "/sha256/dtb_filepath", REASON_IMAGE_SHA256,
				    "the zone has no such file");
	if (find_digest(draft, DIGEST_INITRD) && (draft->lost & LOST_INITRD) == 0 &&
	    (!fields->initrd_filepath || fields->initrd_filepath[0] == '\0'))
		config_source_error(draft->source, "/sha256/initrd_filepath", REASON_IMAGE_SHA256,
				    "the zone has no such file");
}

/* As readers expect, and for findings to be of what stands in its way. */
static void put_kernel_first(struct config_draft *draft)
{
	struct config_image *images = draft->zone->images, kernel;
	struct config_image_keys keys;

	for (unsigned i = 1; i < draft->zone->num_images; i++) {
		if (images[i].kind != CONFIG_IMAGE_KERNEL)
			continue;
		kernel = images[i];
		keys = draft->image_keys[i];
		memmove(images + 1, images, i * sizeof(*images));
		memmove(draft->image_keys + 1, draft->image_keys, i * sizeof(keys));
		images[0] = kernel;
		draft->image_keys[0] = keys;
	}
}

void config_images_check(struct config_draft *draft, const struct config_check *check)
{
	bool initrd_given = config_given(&draft->fields.seen, ZONE_INITRD_LOAD_PADDR);

	check_idle_digests(draft);
	/* What has a place goes before what gets one. */
	take_modules(draft, check);
	if (initrd_given)
		take_initrd(draft, check);
	take_kernel(draft, check);
	if (!initrd_given)
		take_initrd(draft, check);
	put_kernel_first(draft);
	config_tree_prepare(draft, check);
	if (draft->tree)
		take_tree(draft);
	else
		draft->zone->hv.dtb_load_paddr = 0;
}
