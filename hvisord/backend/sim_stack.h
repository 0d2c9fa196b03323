/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which stack is in use, for those who watch stacks: AddressSanitizer wants to be told of a switch. */
#ifndef SIM_STACK_H
#define SIM_STACK_H

#include <stddef.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SIM_STACK_TELLS
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SIM_STACK_TELLS
#endif

#ifdef SIM_STACK_TELLS
#include <sanitizer/common_interface_defs.h>
#endif

struct sim_stack {
	const void *bottom;
	size_t size;
};

/* Before the switch; to: where it goes. Returns what sim_stack_entered() wants when this stack goes on. */
static inline void *sim_stack_leave(const struct sim_stack *to)
{
	void *kept = NULL;

#ifdef SIM_STACK_TELLS
	__sanitizer_start_switch_fiber(&kept, to->bottom, to->size);
#else
	(void)to;
#endif
	return kept;
}

/* After it; kept: NULL on a fresh stack. *ret_from: where it came from. */
static inline void sim_stack_entered(void *kept, struct sim_stack *ret_from)
{
#ifdef SIM_STACK_TELLS
	__sanitizer_finish_switch_fiber(kept, &ret_from->bottom, &ret_from->size);
#else
	(void)kept;
	(void)ret_from;
#endif
}

#endif
