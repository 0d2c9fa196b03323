/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls. Each returns 0 or the negative errno that hv_ioctl.h gives for the HV_ERR_. Any context. */
#ifndef DRIVER_CALL_H
#define DRIVER_CALL_H

#include <linux/types.h>

struct call_result {
	u64 x1;
	u64 x2;
};

/* function is an HV_CALL_, a..d its arguments. ret_result may be NULL; filled whatever is returned. */
int call(u32 function, u64 a, u64 b, u64 c, u64 d, struct call_result *ret_result);

/* (ipa, size): buffer comes from kmalloc(), so that it is the root zone's RAM in one piece. */
int call_buffer(u32 function, void *buffer, size_t size, struct call_result *ret_result);

/* (zone, ipa, size) */
int call_zone_buffer(u32 function, u32 zone, void *buffer, size_t size);

#endif
