/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle.h"

#include <stdbool.h>
#include <stdint.h>

/* state + 1, so that what is not written is not allowed */
#define TO(state) (ZONE_##state + 1)

static const uint8_t table[ZONE_STATE_COUNT][ZONE_EVENT_COUNT] = {
	[ZONE_INVALID] = {
		[ZONE_EVENT_CONFIG_GOOD] = TO(STOPPED),
		[ZONE_EVENT_ADOPT_RUNNING] = TO(RUNNING),
		[ZONE_EVENT_ADOPT_PAUSED] = TO(PAUSED),
		[ZONE_EVENT_ADOPT_ENDING] = TO(STOPPING),
	},
	[ZONE_STOPPED] = {
		[ZONE_EVENT_CONFIG_BAD] = TO(INVALID),
		[ZONE_EVENT_START] = TO(LOADING),
		[ZONE_EVENT_ADOPT_RUNNING] = TO(RUNNING),
		[ZONE_EVENT_ADOPT_PAUSED] = TO(PAUSED),
		[ZONE_EVENT_ADOPT_ENDING] = TO(STOPPING),
	},
	[ZONE_LOADING] = {
		[ZONE_EVENT_LOADED] = TO(STARTING),
		[ZONE_EVENT_FAIL] = TO(STOPPING),
		[ZONE_EVENT_STOP] = TO(STOPPING),
		[ZONE_EVENT_ENDED] = TO(STOPPING),
	},
	[ZONE_STARTING] = {
		[ZONE_EVENT_STARTED] = TO(RUNNING),
		[ZONE_EVENT_FAIL] = TO(STOPPING),
		[ZONE_EVENT_STOP] = TO(STOPPING),
		[ZONE_EVENT_ENDED] = TO(STOPPING),
	},
	[ZONE_RUNNING] = {
		[ZONE_EVENT_PAUSED] = TO(PAUSED),
		[ZONE_EVENT_STOP] = TO(STOPPING),
		[ZONE_EVENT_ENDED] = TO(STOPPING),
	},
	[ZONE_PAUSED] = {
		[ZONE_EVENT_RESUMED] = TO(RUNNING),
		[ZONE_EVENT_STOP] = TO(STOPPING),
		[ZONE_EVENT_ENDED] = TO(STOPPING),
	},
	[ZONE_STOPPING] = {
		[ZONE_EVENT_GONE] = TO(STOPPED),
		[ZONE_EVENT_CRASHED] = TO(CRASHED),
		[ZONE_EVENT_RESTART] = TO(LOADING),
	},
	[ZONE_CRASHED] = {
		[ZONE_EVENT_CONFIG_BAD] = TO(INVALID),
		[ZONE_EVENT_START] = TO(LOADING),
		[ZONE_EVENT_ADOPT_RUNNING] = TO(RUNNING),
		[ZONE_EVENT_ADOPT_PAUSED] = TO(PAUSED),
		[ZONE_EVENT_ADOPT_ENDING] = TO(STOPPING),
	},
};

int lifecycle_next(enum zone_state state, enum zone_event event)
{
	return (int)table[state][event] - 1;
}

const char *lifecycle_state_name(enum zone_state state)
{
	static const char *const names[ZONE_STATE_COUNT] = {
		[ZONE_INVALID] = "invalid",   [ZONE_STOPPED] = "stopped", [ZONE_LOADING] = "loading",
		[ZONE_STARTING] = "starting", [ZONE_RUNNING] = "running", [ZONE_PAUSED] = "paused",
		[ZONE_STOPPING] = "stopping", [ZONE_CRASHED] = "crashed",
	};
	return names[state];
}

bool lifecycle_is_active(enum zone_state state)
{
	return state == ZONE_LOADING || state == ZONE_STARTING || state == ZONE_RUNNING ||
	       state == ZONE_PAUSED || state == ZONE_STOPPING;
}
