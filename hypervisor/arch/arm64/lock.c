/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arch_lock.h"

void arch_lock(struct arch_lock *lock)
{
	uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
	uint32_t owner;

	/* The exclusive load arms the monitor: the release of the lock is the event. */
	__asm__ volatile("	sevl\n"
			 "1:	wfe\n"
			 "	ldaxr %w0, %2\n"
			 "	cmp %w0, %w1\n"
			 "	b.ne 1b\n"
			 : "=&r"(owner)
			 : "r"(ticket), "Q"(lock->owner)
			 : "cc", "memory");
}

void arch_unlock(struct arch_lock *lock)
{
	__atomic_store_n(&lock->owner, lock->owner + 1, __ATOMIC_RELEASE);
}
