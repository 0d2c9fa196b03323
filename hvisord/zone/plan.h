/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan is all that one run of a zone is made from: a copy, so that a zone
 * keeps the config it was started with whatever happens to its file. It is
 * also the part of a zone that is written to the run directory, from which a
 * new daemon can start the zone again after a guest reset.
 */
#ifndef PLAN_H
#define PLAN_H

#include <cJSON.h>

#include "config.h"
#include "json_write.h"

#define PLAN_MAX_IMAGES CONFIG_MAX_IMAGES

struct plan_image {
	char *path;
	uint64_t paddr; /* host physical, in RAM of the zone */
	uint64_t size;  /* bytes; the file must have exactly these */
};

struct zone_plan {
	HvZoneConfig hv;
	char *name;
	char *file; /* zone file, or NULL if it is not known any more */
	unsigned num_images;
	struct config_image images[CONFIG_MAX_IMAGES]; /* copies, path and data too */
	unsigned num_devices;
	struct config_device devices[CONFIG_MAX_DEVICES];
};

/* A copy of a checked zone; NULL without memory. */
struct zone_plan *plan_new(const struct config_zone *config);

/* A plan with nothing but what the hypervisor knows: no images, no devices. NULL without memory. */
struct zone_plan *plan_new_adopted(const HvZoneConfig *hv);

void plan_free(struct zone_plan *plan);

/* The config would make the same run. */
bool plan_same(const struct zone_plan *plan, const struct config_zone *config);

/* True if any memory region is of type virtio: the zone needs a device process. */
bool plan_has_virtio(const struct zone_plan *plan);

/* Consoles of all its devices. */
unsigned plan_num_consoles(const struct zone_plan *plan);

/*
 * Name, file, images and devices as members of an open object, and back from
 * it: reading adds them to a plan made by plan_new_adopted(). 0; -EBADMSG (the
 * plan is as before); -ENOMEM.
 */
void plan_write(const struct zone_plan *plan, struct json_out *out);
int plan_read(struct zone_plan *plan, const cJSON *object);

#endif
