/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The zones' disks: what they are, and that none is written by one zone and used by another. */
#include "draft.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A disk of the set that was found. */
struct disk {
	const struct config_draft *draft;
	unsigned device;
	uint64_t file_device, file_inode;
};

/* How images of other formats begin. */
static const struct {
	const char *name;
	const char *magic;
} formats[] = {
	{ "qcow2", "QFI\xfb" }, { "vmdk", "KDMV" },    { "vmdk", "# Disk DescriptorFile" },
	{ "vhdx", "vhdxfile" }, { "vpc", "conectix" }, { "vdi", "<<< " },
};

static const char *find_format(const uint8_t head[CONFIG_HEAD_SIZE])
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (memcmp(head, formats[i].magic, strlen(formats[i].magic)) == 0)
			return formats[i].name;
	return NULL;
}

static void report_unreadable(struct config_source *source, const char *at, const char *path, int r)
{
	const char *why = strerror(-r);

	if (config_source_is_short(source, r))
		return;
	if (r == -ENOENT || r == -ENOTDIR)
		why = "there is no such file";
	else if (r == -EINVAL)
		why = "this is neither a regular file nor a block device";
	config_source_error(source, at, REASON_VIRTIO_IMAGE, "%s: %s", path, why);
}

static void check_content(struct config_source *source, const char *at, const struct config_device *device,
			  const struct config_probe *probe)
{
	const char *format = find_format(probe->head);

	if (format)
		config_source_error(source, at, REASON_VIRTIO_IMAGE_FORMAT,
				    "%s is a %s image, and only raw ones are served: make one by qemu-img "
				    "convert -O raw",
				    device->path, format);
	else if (probe->size == 0 || probe->size % device->block_size != 0)
		config_source_error(source, at, REASON_VIRTIO_IMAGE_SIZE,
				    "%s has %" PRIu64 " bytes, which are no blocks of %u", device->path,
				    probe->size, device->block_size);
}

static const struct config_device *device_of(const struct disk *disk)
{
	return &disk->draft->zone->devices[disk->device];
}

/* Against those found before; the first one is named. */
static void check_shared(const struct disk *disks, const struct disk *disk, const char *at)
{
	for (const struct disk *other = disks; other != disk; other++) {
		const char *pointer = other->draft->device_places[other->device].pointer.text;
		const char *file = other->draft->device_places[other->device].source->path;

		if (other->file_device != disk->file_device || other->file_inode != disk->file_inode ||
		    (device_of(other)->readonly && device_of(disk)->readonly))
			continue;
		config_source_add(disk->draft->device_places[disk->device].source, CONFIG_ERROR,
				  &(struct config_place){
					  .pointer = at,
					  .other = config_pointer("%s:%s", file, pointer).text,
				  },
				  REASON_VIRTIO_IMAGE_SHARED,
				  "this is also the disk of a device of zone %s: both must be readonly",
				  other->draft->zone->name);
		return;
	}
}

/* True: *disk is one. */
static bool check_disk(const struct config_check *check, const struct config_draft *draft, unsigned index,
		       struct disk *ret_disk)
{
	const struct config_device *device = &draft->zone->devices[index];
	struct config_source *source = draft->device_places[index].source;
	const struct config_pointer at = config_pointer("%s/img", draft->device_places[index].pointer.text);
	struct config_probe probe = { 0 };
	int r = check->files->probe_disk(check->files, device->path, &probe);

	if (r != 0) {
		report_unreadable(source, at.text, device->path, r);
		return false;
	}
	check_content(source, at.text, device, &probe);
	*ret_disk = (struct disk){ draft, index, probe.device, probe.inode };
	return true;
}

static void check_draft(const struct config_check *check, const struct config_draft *draft,
			struct disk *disks, unsigned *num_disks)
{
	for (unsigned i = 0; i < draft->zone->num_devices; i++) {
		const struct config_pointer at =
			config_pointer("%s/img", draft->device_places[i].pointer.text);

		if (draft->zone->devices[i].type != CONFIG_DEVICE_BLK ||
		    !check_disk(check, draft, i, &disks[*num_disks]))
			continue;
		check_shared(disks, &disks[*num_disks], at.text);
		(*num_disks)++;
	}
}

void config_disks_check(const struct config_check *check)
{
	struct disk *disks;
	unsigned room = 0, count = 0;

	for (unsigned i = 0; i < check->num_drafts; i++)
		room += check->drafts[i]->zone->num_devices;
	if (room == 0)
		return;
	disks = calloc(room, sizeof(*disks));
	if (!disks) {
		check->drafts[0]->source->report.no_memory = true;
		return;
	}
	for (unsigned i = 0; i < check->num_drafts; i++)
		check_draft(check, check->drafts[i], disks, &count);
	free(disks);
}
