// SPDX-License-Identifier: GPL-2.0-or-later
#include "events.h"

#include <linux/bits.h>
#include <linux/spinlock.h>

#include "call.h"
#include "handle.h"
#include "slot.h"

/*
 * A zone that posts requests as fast as it can must not keep a CPU of the root
 * zone in the interrupt handler. Nothing is lost by leaving: EL2 raises the
 * interrupt again for the next event after the last read.
 */
#define ROUNDS 8

static DEFINE_SPINLOCK(lock);
static LIST_HEAD(watchers);

static void move(struct handle *handle, struct list_head *list)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	list_move_tail(&handle->node, list);
	spin_unlock_irqrestore(&lock, flags);
}

void events_add(struct handle *handle)
{
	INIT_LIST_HEAD(&handle->node);
	move(handle, &watchers);
}

void events_bind(struct handle *handle, struct slot *slot)
{
	move(handle, &slot->handles);
}

void events_remove(struct handle *handle)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	list_del_init(&handle->node);
	spin_unlock_irqrestore(&lock, flags);
}

struct eventfd_ctx *events_exchange(struct handle *handle, struct eventfd_ctx *ctx)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	swap(handle->eventfd, ctx);
	spin_unlock_irqrestore(&lock, flags);
	return ctx;
}

static void signal(const struct handle *handle)
{
	if (handle->eventfd)
		eventfd_signal(handle->eventfd, 1);
}

/* A handle of an older epoch has no part in what its successor's zone asks for. */
static void signal_slot(const struct slot *slot)
{
	const struct handle *handle;

	list_for_each_entry(handle, &slot->handles, node) if (handle->epoch == slot->epoch) signal(handle);
}

static void signal_watchers(void)
{
	const struct handle *handle;

	list_for_each_entry(handle, &watchers, node) signal(handle);
}

void events_retire(struct slot *slot)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	signal_slot(slot);
	slot->epoch++;
	spin_unlock_irqrestore(&lock, flags);
}

static void deliver(unsigned long requests, unsigned long changes)
{
	unsigned long flags;
	unsigned int id;

	spin_lock_irqsave(&lock, flags);
	for_each_set_bit(id, &requests, HV_MAX_ZONES) signal_slot(slot_get(id));
	if (changes)
		signal_watchers();
	spin_unlock_irqrestore(&lock, flags);
}

bool events_deliver(void)
{
	struct call_result events;
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		if (call(HV_CALL_EVENTS, 0, 0, 0, 0, &events) || !(events.x1 | events.x2))
			break;
		deliver(events.x1, events.x2);
	}
	return round > 0;
}
