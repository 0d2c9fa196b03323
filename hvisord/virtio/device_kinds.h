/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what the command line says to a device of the process. */
#ifndef DEVICE_KINDS_H
#define DEVICE_KINDS_H

#include "device_process.h"

/* Makes the device and puts it on the bus, which owns it then. 0 or a negative errno, as of device_process_init(). */
int device_kinds_add(struct device_process *process, const struct device_spec *spec);

#endif
