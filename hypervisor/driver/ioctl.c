// SPDX-License-Identifier: GPL-2.0-or-later
#include "ioctl.h"

#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "call.h"
#include "events.h"
#include "handle.h"
#include "slot.h"

/* Which kind of handle a call is for. */
enum kind {
	MANAGEMENT,
	BOUND,
};

static enum kind kind_of(const struct handle *handle)
{
	return handle_slot(handle) ? BOUND : MANAGEMENT;
}

/* A struct that EL2 fills, on its way to user space. zone < 0: the call names none. */
static long fetch(u32 function, int zone, size_t size, void __user *to)
{
	void *buffer = kzalloc(size, GFP_KERNEL);
	int err;

	if (!buffer)
		return -ENOMEM;
	if (zone < 0)
		err = call_buffer(function, buffer, size, NULL);
	else
		err = call_zone_buffer(function, (u32)zone, buffer, size);
	if (!err && copy_to_user(to, buffer, size))
		err = -EFAULT;
	kfree(buffer);
	return err;
}

static long ioctl_version(struct handle *handle, void __user *arg)
{
	return put_user(HV_ABI_VERSION, (u32 __user *)arg);
}

static long ioctl_platform(struct handle *handle, void __user *arg)
{
	return fetch(HV_CALL_PLATFORM, -1, sizeof(HvPlatform), arg);
}

static long ioctl_root_config(struct handle *handle, void __user *arg)
{
	return fetch(HV_CALL_ROOT_CONFIG, -1, sizeof(HvZoneConfig), arg);
}

static long ioctl_stats(struct handle *handle, void __user *arg)
{
	return fetch(HV_CALL_STATS, -1, sizeof(struct hv_stats), arg);
}

static long ioctl_create(struct handle *handle, void __user *arg)
{
	struct hv_ioc_create __user *user = arg;
	struct hv_ioc_create request;
	HvZoneConfig *config;
	u64 violation = 0;
	long err;

	if (copy_from_user(&request, user, sizeof(request)))
		return -EFAULT;
	config = memdup_user(u64_to_user_ptr(request.config), sizeof(*config));
	if (IS_ERR(config))
		return PTR_ERR(config);
	err = slot_create(config, &violation);
	kfree(config);
	if (violation && put_user(violation, &user->violation))
		err = -EFAULT;
	return err;
}

static long with_zone(void __user *arg, int (*fn)(u32 zone))
{
	u32 zone;

	if (get_user(zone, (u32 __user *)arg))
		return -EFAULT;
	return fn(zone);
}

static int stop_zone(u32 zone)
{
	return call(HV_CALL_ZONE_STOP, zone, 0, 0, 0, NULL);
}

static long ioctl_start(struct handle *handle, void __user *arg)
{
	return with_zone(arg, slot_start);
}

static long ioctl_stop(struct handle *handle, void __user *arg)
{
	return with_zone(arg, stop_zone);
}

static long ioctl_destroy(struct handle *handle, void __user *arg)
{
	return with_zone(arg, slot_destroy);
}

static int pause_zone(u32 zone)
{
	return call(HV_CALL_ZONE_PAUSE, zone, 0, 0, 0, NULL);
}

static int resume_zone(u32 zone)
{
	return call(HV_CALL_ZONE_RESUME, zone, 0, 0, 0, NULL);
}

static long ioctl_pause(struct handle *handle, void __user *arg)
{
	return with_zone(arg, pause_zone);
}

static long ioctl_resume(struct handle *handle, void __user *arg)
{
	return with_zone(arg, resume_zone);
}

static long get_of_zone(void __user *arg, u32 function, size_t size)
{
	struct hv_ioc_get request;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	if (request.reserved || request.zone_id >= HV_MAX_ZONES)
		return -EINVAL;
	return fetch(function, (int)request.zone_id, size, u64_to_user_ptr(request.buffer));
}

static long ioctl_status(struct handle *handle, void __user *arg)
{
	return get_of_zone(arg, HV_CALL_ZONE_STATUS, sizeof(struct hv_zone_status));
}

static long ioctl_config(struct handle *handle, void __user *arg)
{
	return get_of_zone(arg, HV_CALL_ZONE_CONFIG, sizeof(HvZoneConfig));
}

static long ioctl_list(struct handle *handle, void __user *arg)
{
	struct call_result result;
	int err = call(HV_CALL_ZONE_LIST, 0, 0, 0, 0, &result);

	return err ? err : put_user(result.x1, (u64 __user *)arg);
}

static void put_eventfd(struct eventfd_ctx *ctx)
{
	if (ctx)
		eventfd_ctx_put(ctx);
}

static long set_eventfd(struct handle *handle, void __user *arg, enum kind kind)
{
	struct eventfd_ctx *ctx = NULL;
	long err = 0;
	s32 fd;

	if (get_user(fd, (s32 __user *)arg))
		return -EFAULT;
	if (fd != -1)
		ctx = eventfd_ctx_fdget(fd);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	/* Another thread may have bound the handle since the call was let in. */
	mutex_lock(&handle->lock);
	if (kind_of(handle) == kind)
		ctx = events_exchange(handle, ctx);
	else
		err = -EBADF;
	mutex_unlock(&handle->lock);
	put_eventfd(ctx);
	return err;
}

static long ioctl_set_status_eventfd(struct handle *handle, void __user *arg)
{
	return set_eventfd(handle, arg, MANAGEMENT);
}

static long ioctl_set_request_eventfd(struct handle *handle, void __user *arg)
{
	return set_eventfd(handle, arg, BOUND);
}

static long ioctl_bind(struct handle *handle, void __user *arg)
{
	struct eventfd_ctx *ctx = NULL;
	long err = -EBADF;
	u32 zone;

	if (get_user(zone, (u32 __user *)arg))
		return -EFAULT;
	mutex_lock(&handle->lock);
	if (kind_of(handle) == MANAGEMENT)
		err = slot_bind(zone, handle);
	if (!err)
		ctx = events_exchange(handle, NULL);
	mutex_unlock(&handle->lock);
	put_eventfd(ctx);
	return err;
}

static long ioctl_inject(struct handle *handle, void __user *arg)
{
	u32 intid;
	long err;

	if (get_user(intid, (u32 __user *)arg))
		return -EFAULT;
	err = slot_enter(handle);
	if (err)
		return err;
	err = call(HV_CALL_ZONE_INJECT, handle->slot->id, intid, 0, 0, NULL);
	slot_leave(handle);
	return err;
}

static long ioctl_complete(struct handle *handle, void __user *arg)
{
	struct hv_ioc_complete answer;
	long err;

	if (copy_from_user(&answer, arg, sizeof(answer)))
		return -EFAULT;
	err = slot_enter(handle);
	if (err)
		return err;
	err = call(HV_CALL_ZONE_COMPLETE, handle->slot->id, answer.vcpu, answer.seq, answer.value, NULL);
	slot_leave(handle);
	return err;
}

static long ioctl_bound_config(struct handle *handle, void __user *arg)
{
	long err = slot_enter(handle);

	if (err)
		return err;
	slot_leave(handle);
	/* The copy that was made when binding, and does not change: none is needed under the lock. */
	return copy_to_user(arg, handle->config, sizeof(*handle->config)) ? -EFAULT : 0;
}

static const struct {
	unsigned int cmd;
	enum kind kind;
	long (*fn)(struct handle *handle, void __user *arg);
} calls[] = {
#define CALL(cmd, kind, fn) [_IOC_NR(cmd)] = { cmd, kind, fn }
	CALL(HV_IOC_VERSION, MANAGEMENT, ioctl_version),
	CALL(HV_IOC_PLATFORM, MANAGEMENT, ioctl_platform),
	CALL(HV_IOC_ROOT_CONFIG, MANAGEMENT, ioctl_root_config),
	CALL(HV_IOC_STATS, MANAGEMENT, ioctl_stats),
	CALL(HV_IOC_ZONE_CREATE, MANAGEMENT, ioctl_create),
	CALL(HV_IOC_ZONE_START, MANAGEMENT, ioctl_start),
	CALL(HV_IOC_ZONE_STOP, MANAGEMENT, ioctl_stop),
	CALL(HV_IOC_ZONE_DESTROY, MANAGEMENT, ioctl_destroy),
	CALL(HV_IOC_ZONE_STATUS, MANAGEMENT, ioctl_status),
	CALL(HV_IOC_ZONE_CONFIG, MANAGEMENT, ioctl_config),
	CALL(HV_IOC_ZONE_LIST, MANAGEMENT, ioctl_list),
	CALL(HV_IOC_EVENTFD, MANAGEMENT, ioctl_set_status_eventfd),
	CALL(HV_IOC_BIND, MANAGEMENT, ioctl_bind),
	CALL(HV_IOC_ZONE_PAUSE, MANAGEMENT, ioctl_pause),
	CALL(HV_IOC_ZONE_RESUME, MANAGEMENT, ioctl_resume),
	CALL(HV_IOC_REQUEST_EVENTFD, BOUND, ioctl_set_request_eventfd),
	CALL(HV_IOC_INJECT, BOUND, ioctl_inject),
	CALL(HV_IOC_COMPLETE, BOUND, ioctl_complete),
	CALL(HV_IOC_BOUND_CONFIG, BOUND, ioctl_bound_config),
#undef CALL
};

long ioctl_call(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct handle *handle = file->private_data;
	unsigned int nr = _IOC_NR(cmd);

	if (nr >= ARRAY_SIZE(calls))
		return -ENOTTY;
	nr = array_index_nospec(nr, ARRAY_SIZE(calls));
	/* The whole number: type, direction and size of the struct as well. */
	if (!calls[nr].fn || calls[nr].cmd != cmd)
		return -ENOTTY;
	if (calls[nr].kind != kind_of(handle))
		return -EBADF;
	return calls[nr].fn(handle, (void __user *)arg);
}
