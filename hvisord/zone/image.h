/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From image files into a zone's RAM. Runs in a worker thread. */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdatomic.h>

#include "plan.h"

struct image_error {
	const char *path; /* of the plan, or what else stands for the image */
	char message[128];
};

/* What the loop and the worker know of each other. */
struct image_watch {
	const atomic_bool *abort;     /* looked at between pieces */
	atomic_uint_fast64_t *loaded; /* bytes of all images that lie in RAM; the worker adds to it */
};

/*
 * Reads every image of the plan through a mapping of bound_fd (a handle bound
 * to the zone) straight from the page cache into RAM. Every file must have the
 * size that was checked, and stay as it is while it is read. Images with a
 * digest are hashed before anything is written, and again where they lie then.
 * What was made in memory is copied.
 * 0; -ECANCELED after *watch->abort; else a negative errno with *ret_error. What was
 * written until then stays: the caller destroys the zone.
 */
int image_load(const struct zone_plan *plan, int bound_fd, const struct image_watch *watch,
	       struct image_error *ret_error);

#endif
