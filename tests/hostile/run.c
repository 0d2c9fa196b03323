/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the cases, and judges what became of the devices. */
#include "hostile.h"

static const char *failure;

void h_fail(const char *what)
{
	if (!failure)
		failure = what;
}

const char *hostile_failure(void)
{
	return failure;
}

static uint64_t usual_features(const struct hostile_device *device)
{
	return H_F_INDIRECT | device->features;
}

static bool is_broken(void *device)
{
	return h_is_broken(device);
}

static void judge(struct hostile_device *device, enum hostile_outcome want)
{
	if (device->id == 0)
		return;
	if (want == H_BREAKS)
		H_CHECK(hostile_until(is_broken, device), "the device did not notice");
	if (want == H_SURVIVES)
		H_CHECK(!h_is_broken(device), "the device broke");
}

/* All others go on, without a reset; this one from a reset on. */
static void check_all(struct hostile_device *device)
{
	for (unsigned i = 0; i < H_KINDS; i++) {
		if (&hostile_device[i] != device)
			h_check_works(&hostile_device[i]);
	}
	if (failure)
		return;
	if (device->id != 0) {
		h_set(device, H_STATUS, 0);
		H_CHECK(h_get(device, H_STATUS) == 0, "it is not reset");
		H_CHECK(h_get(device, H_INTERRUPT_STATUS) == 0, "a reset leaves an interrupt");
	}
	h_start(device, usual_features(device));
	h_check_works(device);
}

static void say(const struct hostile_device *device, const struct hostile_case *one)
{
	hostile_say(failure ? "FAIL " : "ok ");
	hostile_say(device->name);
	hostile_say(": ");
	hostile_say(one->name);
	if (failure) {
		hostile_say(": ");
		hostile_say(failure);
	}
	hostile_say("\n");
}

static bool run_case(struct hostile_device *device, const struct hostile_case *one)
{
	failure = NULL;
	h_start(device, usual_features(device));
	one->run(device);
	if (device->id != 0)
		h_settle(device);
	judge(device, one->want);
	check_all(device);
	say(device, one);
	if (!failure)
		return true;
	for (unsigned i = 0; i < H_KINDS; i++) /* what follows is not to blame */
		h_start(&hostile_device[i], usual_features(&hostile_device[i]));
	return false;
}

static void begin(void)
{
	for (unsigned i = 0; i < H_KINDS; i++) {
		struct hostile_device *device = &hostile_device[i];

		device->arena = HOSTILE_ARENA + i * HOSTILE_SHARE;
		if (device->id != 0)
			H_CHECK(h_get(device, H_DEVICE_ID) == device->id, "another device");
		h_start(device, usual_features(device));
		h_check_works(device);
	}
	if (failure) {
		hostile_say("FAIL at first: ");
		hostile_say(failure);
		hostile_say("\n");
	}
}

unsigned hostile_run(bool races, unsigned *ret_cases)
{
	const struct {
		const struct hostile_case *cases;
		unsigned count;
	} tables[] = {
		{ hostile_registers, hostile_num_registers },
		{ hostile_queues, hostile_num_queues },
		{ hostile_blk, hostile_num_blk },
		{ hostile_net, hostile_num_net },
		{ hostile_serial, hostile_num_serial },
		{ hostile_races, hostile_num_races },
	};
	const unsigned first = races ? 5 : 0, end = races ? 6 : 5;
	unsigned cases = 0, failed = 0;

	failure = NULL;
	begin();
	failed += failure != NULL;
	for (unsigned t = first; t < end; t++) {
		for (unsigned i = 0; i < tables[t].count * H_KINDS; i++) {
			const struct hostile_case *one = &tables[t].cases[i / H_KINDS];
			struct hostile_device *device = &hostile_device[i % H_KINDS];

			if (!(one->kinds & H_ON(device->kind)))
				continue;
			hostile_go_on();
			cases++;
			failed += !run_case(device, one);
		}
	}
	*ret_cases = cases;
	return failed;
}
