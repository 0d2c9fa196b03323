/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root zone's end of a zone's network device: a tap, in a bridge if one is named. */
#ifndef TAP_H
#define TAP_H

#include "device_files.h"

/*
 * Attaches to the device's tap with a non-blocking descriptor for each pair of
 * queues, puts it into its bridge and sets it up. A tap that is not there is
 * made, and goes away with the last of its descriptors. One that is there stays
 * what it is when they are closed; it must be a tap that nobody uses, with
 * multi_queue if the device has more than one pair.
 *
 * 0 with fds filled; or a negative errno with *ret_error, which names device and
 * interface, no descriptor open, no tap made, and one that was there as it was.
 */
int tap_open(const struct config_device *device, int *fds, struct device_files_error *ret_error);

/*
 * Puts the tap of a device that runs into its bridge, which was made anew. 0, or
 * a negative errno with *ret_error.
 */
int tap_join(const struct config_device *device, struct device_files_error *ret_error);

#endif
