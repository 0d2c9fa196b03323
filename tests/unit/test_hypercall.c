/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root zone's calls: who may, which buffers, what comes back. */
#include "fixture.h"
#include "hypercall.h"
#include "mmio.h"
#include "test.h"

struct answer {
	int64_t err;
	uint64_t x1, x2;
};

static struct answer call_from(struct vcpu *vcpu, uint64_t number, uint64_t a, uint64_t b, uint64_t c,
			       uint64_t d)
{
	uint64_t x[5] = { number, a, b, c, d };

	hypercall(vcpu, x);
	return (struct answer){ (int64_t)x[0], x[1], x[2] };
}

static struct answer call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	return call_from(zone_get(0)->vcpu[0], number, a, b, c, d);
}

static struct answer create(const HvZoneConfig *config)
{
	memcpy(fake_root_at(FIXTURE_ROOT_BUFFER, sizeof(*config)), config, sizeof(*config));
	return call(HV_CALL_ZONE_CREATE, FIXTURE_ROOT_BUFFER, sizeof(*config), 0, 0);
}

static void test_unknown_numbers(void)
{
	static const uint64_t numbers[] = {
		HV_CALL_BASE + HV_CALL_COUNT, HV_CALL_BASE - 1, 0, 0xC60000FF, 0x84000000, UINT64_MAX
	};

	fixture_boot();
	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct answer a = call(numbers[i], 1, 2, 3, 4);

		CHECK_EQ(a.err, HV_ERR_NOT_SUPPORTED);
		CHECK_EQ(a.x1, 0);
		CHECK_EQ(a.x2, 0);
	}
}

static void test_root_only(void)
{
	fixture_boot();
	fixture_start(1);
	for (uint64_t n = 0; n < HV_CALL_COUNT + 2; n++)
		CHECK_EQ(call_from(zone_get(1)->vcpu[0], HV_CALL_BASE + n, 1, 0, 0, 0).err,
			 HV_ERR_PERMISSION);
	CHECK_EQ(fixture_state(1), HV_ZONE_RUNNING);
}

static void test_version(void)
{
	fixture_boot();
	CHECK_EQ(call(HV_CALL_VERSION, 0, 0, 0, 0).err, HV_OK);
	CHECK_EQ(call(HV_CALL_VERSION, 0, 0, 0, 0).x1, HV_ABI_VERSION);
	/* the upper half of x0 is no part of the number */
	CHECK_EQ(call(0xffffffff00000000 | HV_CALL_VERSION, 0, 0, 0, 0).err, HV_OK);
}

static void test_what_the_board_is(void)
{
	struct hv_stats *stats;

	fixture_boot();
	CHECK_EQ(call(HV_CALL_PLATFORM, FIXTURE_ROOT_BUFFER, sizeof(HvPlatform), 0, 0).err, HV_OK);
	CHECK(memcmp(fake_root_at(FIXTURE_ROOT_BUFFER, 1), &platform_board, sizeof(HvPlatform)) == 0);
	CHECK_EQ(call(HV_CALL_ROOT_CONFIG, FIXTURE_ROOT_BUFFER, sizeof(HvZoneConfig), 0, 0).err, HV_OK);
	CHECK(memcmp(fake_root_at(FIXTURE_ROOT_BUFFER, 1), &platform_root_zone, sizeof(HvZoneConfig)) == 0);
	CHECK_EQ(call(HV_CALL_STATS, FIXTURE_ROOT_BUFFER, sizeof(*stats), 0, 0).err, HV_OK);
	stats = fake_root_at(FIXTURE_ROOT_BUFFER, sizeof(*stats));
	CHECK_EQ(stats->version, HV_ABI_VERSION);
	CHECK_EQ(stats->size, sizeof(*stats));
	CHECK_EQ(stats->pool_used, fixture_pool_used());
	CHECK(stats->pool_peak >= stats->pool_used && stats->pool_pages >= stats->pool_peak);
	CHECK_EQ(stats->reserved_bytes, platform_board.hypervisor.size);
	CHECK(stats->zone_bytes > sizeof(HvZoneConfig));
}

/* Every call with a buffer refuses what is not wholly the root zone's own RAM. */
static void test_buffers(void)
{
	static const struct {
		uint64_t number, size;
		bool zone; /* x1 is a zone, the buffer follows */
	} with_buffer[] = {
		{ HV_CALL_PLATFORM, sizeof(HvPlatform), false },
		{ HV_CALL_ROOT_CONFIG, sizeof(HvZoneConfig), false },
		{ HV_CALL_STATS, sizeof(struct hv_stats), false },
		{ HV_CALL_ZONE_CREATE, sizeof(HvZoneConfig), false },
		{ HV_CALL_ZONE_STATUS, sizeof(struct hv_zone_status), true },
		{ HV_CALL_ZONE_CONFIG, sizeof(HvZoneConfig), true },
	};
	static const uint64_t bad[] = {
		FIXTURE_ROOT_BUFFER + 4, /* not aligned */
		FIXTURE_ROOT_BUFFER + 1,
		0x401ffff8,         /* runs into the hypervisor */
		0x40200000,         /* the hypervisor */
		0x40300000,         /* a pool page? */
		0x4dfffff8,         /* from one region of the root zone into the next */
		0x60000000,         /* RAM of zone 1, mapped at present */
		0x80000000,         /* RAM of nobody */
		0x09000000,         /* a device */
		0,                  /* nothing */
		UINT64_MAX - 7,     /* wraps */
		UINT64_MAX - 0xfff, /* wraps */
		1ull << 40,
	};

	fixture_boot();
	fixture_create(1);
	for (size_t i = 0; i < COUNT(with_buffer); i++) {
		uint64_t n = with_buffer[i].number, size = with_buffer[i].size;
		bool zone = with_buffer[i].zone;
		struct answer a;

		for (size_t b = 0; b < COUNT(bad); b++) {
			a = zone ? call(n, 1, bad[b], size, 0) : call(n, bad[b], size, 0, 0);
			CHECK_EQ(a.err, HV_ERR_ADDRESS);
			CHECK_EQ(a.x1, 0);
		}
		for (uint64_t wrong = size - 8; wrong <= size + 8; wrong += 16) {
			a = zone ? call(n, 1, FIXTURE_ROOT_BUFFER, wrong, 0)
				 : call(n, FIXTURE_ROOT_BUFFER, wrong, 0, 0);
			CHECK_EQ(a.err, HV_ERR_INVALID);
		}
		a = zone ? call(n, 1, 0x4e000000 - size / 8 * 8, size, 0)
			 : call(n, 0x4e000000 - size / 8 * 8, size, 0, 0);
		if (n != HV_CALL_ZONE_CREATE)
			CHECK_EQ(a.err, HV_OK);
	}
}

static void test_zone_by_calls(void)
{
	HvZoneConfig config = fixture_zone(1);
	struct hv_zone_status *status;
	struct answer a;

	fixture_boot();
	CHECK_EQ(create(&config).err, HV_OK);
	CHECK_EQ(call(HV_CALL_ZONE_LIST, 0, 0, 0, 0).x1, 3);
	CHECK_EQ(call(HV_CALL_ZONE_CONFIG, 1, FIXTURE_ROOT_BUFFER, sizeof(config), 0).err, HV_OK);
	CHECK(memcmp(fake_root_at(FIXTURE_ROOT_BUFFER, 1), &config, sizeof(config)) == 0);
	CHECK_EQ(call(HV_CALL_ZONE_START, 1, 0, 0, 0).err, HV_OK);
	fixture_settle();
	CHECK_EQ(call(HV_CALL_ZONE_STATUS, 1, FIXTURE_ROOT_BUFFER, sizeof(*status), 0).err, HV_OK);
	status = fake_root_at(FIXTURE_ROOT_BUFFER, sizeof(*status));
	CHECK_EQ(status->state, HV_ZONE_RUNNING);
	CHECK_EQ(status->version, HV_ABI_VERSION);
	CHECK_EQ(status->size, sizeof(*status));
	CHECK_EQ(call(HV_CALL_ZONE_INJECT, 1, 78, 0, 0).err, HV_OK);
	CHECK_EQ(call(HV_CALL_ZONE_COMPLETE, 1, 0, 1, 0).err, HV_ERR_INVALID);
	(void)call(HV_CALL_EVENTS, 0, 0, 0, 0);
	CHECK_EQ(call(HV_CALL_ZONE_STOP, 1, 0, 0, 0).err, HV_OK);
	fixture_settle();
	a = call(HV_CALL_EVENTS, 0, 0, 0, 0);
	CHECK_EQ(a.err, HV_OK);
	CHECK_EQ(a.x1, 0);
	CHECK_EQ(a.x2, 2);
	CHECK_EQ(call(HV_CALL_ZONE_DESTROY, 1, 0, 0, 0).err, HV_OK);
	fixture_settle();
	CHECK_EQ(call(HV_CALL_ZONE_LIST, 0, 0, 0, 0).x1, 1);
}

static void test_events_of_requests(void)
{
	struct mmio_access notify = { .ipa = FIXTURE_VIRTIO_IPA + 0x50, .size = 4, .write = true };
	struct answer a;

	fixture_boot();
	fixture_start(1);
	(void)call(HV_CALL_EVENTS, 0, 0, 0, 0);
	CHECK_EQ(mmio_access(zone_get(1)->vcpu[0], &notify), MMIO_DONE);
	a = call(HV_CALL_EVENTS, 0, 0, 0, 0);
	CHECK_EQ(a.x1, 2);
	CHECK_EQ(a.x2, 0);
}

static void test_violations_come_back(void)
{
	HvZoneConfig config = fixture_zone(1);
	struct hv_violation v;
	struct answer a;

	fixture_boot();
	config.regions[1].type = 9;
	a = create(&config);
	CHECK_EQ(a.err, HV_ERR_CONFIG);
	v = hv_violation_unpack(a.x1);
	CHECK_EQ(v.code, HV_VIOLATION_REGION_TYPE);
	CHECK_EQ(v.index, 1);
	config = fixture_zone(1);
	config.cpus = 3;
	a = create(&config);
	CHECK_EQ(a.err, HV_ERR_CONFLICT);
	CHECK_EQ(hv_violation_unpack(a.x1).code, HV_VIOLATION_CPU_CONFLICT);
	CHECK_EQ(hv_violation_unpack(a.x1).other_zone, 0);
	config = fixture_zone(1);
	CHECK_EQ(create(&config).err, HV_OK);
	a = create(&config);
	CHECK_EQ(a.err, HV_ERR_EXISTS);
	CHECK_EQ(a.x1, 0);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(test_unknown_numbers),
		TEST(test_root_only),
		TEST(test_version),
		TEST(test_what_the_board_is),
		TEST(test_buffers),
		TEST(test_zone_by_calls),
		TEST(test_events_of_requests),
		TEST(test_violations_come_back),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
