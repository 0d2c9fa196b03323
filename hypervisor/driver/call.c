// SPDX-License-Identifier: GPL-2.0-or-later
#include "call.h"

#include <linux/arm-smccc.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kernel.h>

#include "hv_call.h"

static const int errnos[] = {
	[-HV_OK] = 0,
	[-HV_ERR_NOT_SUPPORTED] = -ENOTTY,
	[-HV_ERR_PERMISSION] = -EPERM,
	[-HV_ERR_INVALID] = -EINVAL,
	[-HV_ERR_ADDRESS] = -EFAULT,
	[-HV_ERR_NO_ZONE] = -ENOENT,
	[-HV_ERR_EXISTS] = -EEXIST,
	[-HV_ERR_STATE] = -EBUSY,
	[-HV_ERR_CONFIG] = -EDOM,
	[-HV_ERR_CONFLICT] = -EADDRINUSE,
	[-HV_ERR_NO_MEMORY] = -ENOMEM,
	[-HV_ERR_HARDWARE] = -EIO,
};

/* An error newer than this driver is still an error. */
static int to_errno(s64 result)
{
	if (result > 0 || result <= -(s64)ARRAY_SIZE(errnos))
		return -EIO;
	return errnos[-result];
}

int call(u32 function, u64 a, u64 b, u64 c, u64 d, struct call_result *ret_result)
{
	struct arm_smccc_res res;

	/* Not arm_smccc_1_1_invoke(): the conduit is HVC whatever PSCI uses. */
	arm_smccc_hvc(function, a, b, c, d, 0, 0, 0, &res);
	if (ret_result)
		*ret_result = (struct call_result){ .x1 = res.a1, .x2 = res.a2 };
	return to_errno((s64)res.a0);
}

int call_buffer(u32 function, void *buffer, size_t size, struct call_result *ret_result)
{
	return call(function, virt_to_phys(buffer), size, 0, 0, ret_result);
}

int call_zone_buffer(u32 function, u32 zone, void *buffer, size_t size)
{
	return call(function, zone, virt_to_phys(buffer), size, 0, NULL);
}
