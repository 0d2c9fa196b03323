/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device as part of a plan: compared, and on its way to the run directory and back. */
#ifndef PLAN_DEVICE_H
#define PLAN_DEVICE_H

#include <cJSON.h>

#include "config.h"
#include "json_write.h"

bool plan_device_same(const struct config_device *a, const struct config_device *b);

/* One element of an open array. */
void plan_device_write(const struct config_device *device, struct json_out *out);

/* 0 with a path of its own, -EBADMSG or -ENOMEM. */
int plan_device_read(const cJSON *object, struct config_device *ret_device);

#endif
