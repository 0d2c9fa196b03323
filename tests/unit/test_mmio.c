/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trapped MMIO, the request ring, and a device process that means no good. */
#include "fixture.h"
#include "mmio.h"
#include "test.h"

#define QUEUE_NOTIFY 0x50
#define INTERRUPT_STATUS 0x60
#define INTERRUPT_ACK 0x64
#define STATUS 0x70

static struct vcpu *vcpu;
static struct hv_ring *ring;
static uint64_t answer = 0x1122334455667788;
static uint32_t wakes; /* that on_wait lets pass before it answers */

static void boot(void)
{
	fixture_boot();
	fixture_start(1);
	vcpu = zone_get(1)->vcpu[0];
	ring = zone_get(1)->ring;
	fake_set_cpu(2);
}

/* The device process, played inside arch_cpu_wait(). */
static void serve(uint32_t cpu)
{
	struct hv_request *request = &ring->request[ring->tail % HV_RING_SLOTS];

	CHECK_EQ(cpu, 2);
	if (wakes > 0) {
		wakes--;
		return;
	}
	CHECK_EQ(hv_ring_used(ring->head, ring->tail), 1);
	CHECK_EQ(mmio_complete(1, request->vcpu, request->seq, answer), HV_OK);
	ring->tail = hv_ring_next(ring->tail);
}

static enum mmio_result load(uint64_t ipa, uint8_t size, uint64_t *ret_value)
{
	struct mmio_access access = { .ipa = ipa, .size = size, .value = 0xbad };
	enum mmio_result result = mmio_access(vcpu, &access);

	*ret_value = access.value;
	return result;
}

static enum mmio_result store(uint64_t ipa, uint8_t size, uint64_t value)
{
	struct mmio_access access = { .ipa = ipa, .size = size, .value = value, .write = true };

	return mmio_access(vcpu, &access);
}

static void test_load(void)
{
	static const struct {
		uint8_t size;
		uint64_t value;
	} sizes[] = { { 1, 0x88 }, { 2, 0x7788 }, { 4, 0x55667788 }, { 8, 0x1122334455667788 } };
	uint64_t value;

	boot();
	fake_behaviour.on_wait = serve;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		wakes = (uint32_t)i; /* spurious ones */
		CHECK_EQ(load(FIXTURE_VIRTIO_IPA + 8 * i, sizes[i].size, &value), MMIO_DONE);
		CHECK_EQ(value, sizes[i].value);
		CHECK_EQ(ring->request[i].ipa, FIXTURE_VIRTIO_IPA + 8 * i);
		CHECK_EQ(ring->request[i].size, sizes[i].size);
		CHECK_EQ(ring->request[i].kind, HV_REQUEST_READ);
		CHECK_EQ(ring->request[i].value, 0);
		CHECK_EQ(ring->request[i].seq, i + 1);
		CHECK_EQ(ring->request[i].vcpu, 0);
	}
	CHECK_EQ(mmio_take_requests(), 2);
	CHECK_EQ(mmio_take_requests(), 0);
}

static void test_store(void)
{
	boot();
	fake_behaviour.on_wait = serve;
	CHECK_EQ(store(FIXTURE_VIRTIO_IPA + STATUS, 4, UINT64_MAX), MMIO_DONE);
	CHECK_EQ(ring->request[0].kind, HV_REQUEST_WRITE);
	CHECK_EQ(ring->request[0].value, UINT32_MAX);
	CHECK(ring->request[0].seq != 0);
	CHECK_EQ(fake_recorder.waits[2], 1);
}

static void test_notification(void)
{
	boot();
	CHECK_EQ(store(FIXTURE_VIRTIO_IPA + QUEUE_NOTIFY, 4, 1), MMIO_DONE);
	CHECK_EQ(fake_recorder.waits[2], 0);
	CHECK_EQ(ring->head, 1);
	CHECK_EQ(ring->request[0].seq, 0);
	CHECK_EQ(ring->request[0].value, 1);
	CHECK_EQ(mmio_take_requests(), 2);
}

/* A byte, a halfword or more there is no notification: it may be for a register of another kind of device. */
static void test_no_notification(void)
{
	static const uint8_t sizes[] = { 1, 2, 8 };

	boot();
	fake_behaviour.on_wait = serve;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		CHECK_EQ(store(FIXTURE_VIRTIO_IPA + QUEUE_NOTIFY, sizes[i], 1), MMIO_DONE);
		CHECK_EQ(ring->request[i].seq, i + 1);
		CHECK_EQ(fake_recorder.waits[2], i + 1);
	}
}

static void stop_it(uint32_t cpu)
{
	(void)cpu;
	CHECK_EQ(zone_stop(1), HV_OK);
}

/* The root zone is interrupted at the device process's pace, not at the guest's. */
static void test_notification_storm(void)
{
	boot();
	(void)zone_take_changes();
	fake_recorder.injections = 0;
	for (int i = 0; i < 1000; i++) {
		CHECK_EQ(store(FIXTURE_VIRTIO_IPA + QUEUE_NOTIFY, 4, 0), MMIO_DONE);
		(void)mmio_take_requests();
	}
	/* for the first one, and for the first that found no room */
	CHECK_EQ(fake_recorder.injections, 2);
	/* it has read all: the next may be what it sleeps for */
	ring->tail = ring->head;
	CHECK_EQ(store(FIXTURE_VIRTIO_IPA + QUEUE_NOTIFY, 4, 0), MMIO_DONE);
	CHECK_EQ(fake_recorder.injections, 3);
	CHECK_EQ(mmio_take_requests(), 2);
	/* a waiting request is always told of, once until the root zone asks */
	fake_behaviour.on_wait = stop_it;
	CHECK_EQ(store(FIXTURE_VIRTIO_IPA + STATUS, 4, 0), MMIO_LEAVE);
	CHECK_EQ(mmio_take_requests(), 2);
}

static void test_not_virtio(void)
{
	static const uint64_t elsewhere[] = { 0,
					      FIXTURE_VIRTIO_IPA - 1,
					      FIXTURE_VIRTIO_IPA + 0x1fd,
					      FIXTURE_VIRTIO_IPA + 0x200,
					      0x40000000,
					      0x30a60000,
					      UINT64_MAX - 1 };
	uint64_t value;

	boot();
	for (size_t i = 0; i < COUNT(elsewhere); i++) {
		CHECK_EQ(load(elsewhere[i], 4, &value), MMIO_NOT_VIRTIO);
		CHECK_EQ(store(elsewhere[i], 4, 0), MMIO_NOT_VIRTIO);
		CHECK_EQ(value, 0xbad);
	}
	CHECK_EQ(ring->head, 0);
	vcpu = zone_get(0)->vcpu[0];
	CHECK_EQ(load(FIXTURE_VIRTIO_IPA, 4, &value), MMIO_NOT_VIRTIO);
}

/* With another virtio region. */
static void boot_with(uint64_t ipa, uint64_t size)
{
	HvZoneConfig config = fixture_zone(1);
	struct hv_violation v;

	fixture_boot();
	config.regions[config.num_regions++] = (struct hv_memory_region){ HV_REGION_VIRTIO, 0, 0, ipa, size };
	CHECK_EQ(zone_create(&config, &v), HV_OK);
	CHECK_EQ(zone_start(1), HV_OK);
	CHECK(cpu_step(2));
	fake_set_cpu(2);
	vcpu = zone_get(1)->vcpu[0];
	ring = zone_get(1)->ring;
	fake_behaviour.on_wait = serve;
}

static void test_several_windows(void)
{
	uint64_t value;

	boot_with(0xb000000, 0x400);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(load(0xb000200, 4, &value), MMIO_DONE);
		CHECK_EQ(load(FIXTURE_VIRTIO_IPA, 4, &value), MMIO_DONE);
		CHECK_EQ(load(0xb000400, 4, &value), MMIO_NOT_VIRTIO);
	}
	CHECK_EQ(store(0xb000200 + QUEUE_NOTIFY, 4, 0), MMIO_DONE);
	CHECK_EQ(fake_recorder.waits[2], 6);
}

static void test_wrong_answers(void)
{
	boot();
	CHECK_EQ(mmio_complete(1, 0, 0, 0), HV_ERR_INVALID);
	CHECK_EQ(mmio_complete(1, 0, 1, 0), HV_ERR_INVALID);
	CHECK_EQ(mmio_complete(1, 2, 1, 0), HV_ERR_INVALID);
	CHECK_EQ(mmio_complete(1, UINT64_MAX, 1, 0), HV_ERR_INVALID);
	CHECK_EQ(mmio_complete(2, 0, 1, 0), HV_ERR_NO_ZONE);
}

static void wrong_then_right(uint32_t cpu)
{
	uint32_t seq = vcpu->wait_seq;

	CHECK_EQ(mmio_complete(1, 0, seq + 1, 1), HV_ERR_INVALID);
	CHECK_EQ(mmio_complete(1, 0, seq - 1, 1), HV_ERR_INVALID);
	CHECK_EQ(mmio_complete(1, 0, seq + (1ull << 32), 1), HV_ERR_INVALID);
	CHECK_EQ(mmio_complete(1, 1, seq, 1), HV_ERR_INVALID);
	serve(cpu);
	/* twice is once too often */
	CHECK_EQ(mmio_complete(1, 0, seq, 1), HV_ERR_INVALID);
}

static void test_only_the_right_answer_wakes(void)
{
	uint64_t value;

	boot();
	fake_behaviour.on_wait = wrong_then_right;
	CHECK_EQ(load(FIXTURE_VIRTIO_IPA, 4, &value), MMIO_DONE);
	CHECK_EQ(value, 0x55667788);
	vcpu->last_seq = UINT32_MAX; /* 0 is no sequence number */
	CHECK_EQ(load(FIXTURE_VIRTIO_IPA, 4, &value), MMIO_DONE);
	CHECK_EQ(vcpu->last_seq, 1);
}

static void answer_and_stop(uint32_t cpu)
{
	serve(cpu);
	stop_it(cpu);
}

static void check_ended(uint32_t reason)
{
	CHECK_EQ(fixture_state(1), HV_ZONE_ENDED);
	CHECK_EQ(fixture_reason(1), reason);
	CHECK_EQ(vcpu->arch.quiesces, 1);
	CHECK_EQ(vcpu->wait_seq, 0);
	fake_behaviour.on_wait = NULL;
	fixture_remove(1);
}

static void test_stop_while_waiting(void)
{
	uint64_t value;

	boot();
	fake_behaviour.on_wait = stop_it;
	CHECK_EQ(load(FIXTURE_VIRTIO_IPA, 4, &value), MMIO_LEAVE);
	check_ended(HV_REASON_STOPPED);
}

static void test_stop_with_the_answer(void)
{
	uint64_t value;

	boot();
	fake_behaviour.on_wait = answer_and_stop;
	CHECK_EQ(load(FIXTURE_VIRTIO_IPA, 4, &value), MMIO_LEAVE);
	check_ended(HV_REASON_STOPPED);
}

static void test_stop_before_asking(void)
{
	uint64_t value;

	boot();
	CHECK_EQ(zone_stop(1), HV_OK);
	CHECK_EQ(load(FIXTURE_VIRTIO_IPA, 4, &value), MMIO_LEAVE);
	CHECK_EQ(fake_recorder.waits[2], 0);
	check_ended(HV_REASON_STOPPED);
}

static void test_overflow(void)
{
	boot();
	for (uint32_t i = 0; i < HV_RING_SLOTS; i++)
		CHECK_EQ(store(FIXTURE_VIRTIO_IPA + QUEUE_NOTIFY, 4, i), MMIO_DONE);
	CHECK_EQ(ring->head, HV_RING_SLOTS - HV_RING_RESERVE);
	CHECK_EQ(ring->overflow, 1);
	CHECK_EQ(fixture_state(1), HV_ZONE_RUNNING);
	/* a waiting request still finds room */
	ring->overflow = 0;
	fake_behaviour.on_wait = stop_it;
	CHECK_EQ(store(FIXTURE_VIRTIO_IPA + STATUS, 4, 0), MMIO_LEAVE);
	CHECK_EQ(ring->overflow, 0);
	check_ended(HV_REASON_STOPPED);
}

static void test_room_again(void)
{
	boot();
	for (uint32_t i = 0; i < 1000; i++) {
		CHECK_EQ(store(FIXTURE_VIRTIO_IPA + QUEUE_NOTIFY, 4, i), MMIO_DONE);
		CHECK_EQ(ring->request[i % HV_RING_SLOTS].value, i);
		ring->tail = ring->head;
	}
	CHECK_EQ(ring->overflow, 0);
}

static void test_indices_start_over(void)
{
	boot();
	zone_get(1)->ring_head = HV_RING_MODULUS - 2;
	ring->tail = HV_RING_MODULUS - 2;
	for (uint32_t i = 0; i < 4; i++)
		CHECK_EQ(store(FIXTURE_VIRTIO_IPA + QUEUE_NOTIFY, 4, i), MMIO_DONE);
	CHECK_EQ(ring->head, 2);
	CHECK_EQ(ring->request[HV_RING_SLOTS - 1].value, 1);
	CHECK_EQ(ring->request[0].value, 2);
}

static const uint32_t broken_tails[] = { 1,
					 HV_RING_MODULUS - HV_RING_SLOTS - 1,
					 HV_RING_MODULUS / 2,
					 HV_RING_MODULUS - 1 - HV_RING_SLOTS,
					 HV_RING_MODULUS,
					 UINT32_MAX };

static void test_broken_tail(void)
{
	uint64_t value;

	for (size_t i = 0; i < COUNT(broken_tails); i++) {
		struct hv_zone_status status;

		if (i == 0)
			boot();
		else
			fixture_start(1);
		ring = zone_get(1)->ring;
		ring->tail = broken_tails[i];
		CHECK_EQ(store(FIXTURE_VIRTIO_IPA + QUEUE_NOTIFY, 4, i), MMIO_DONE);
		CHECK_EQ(ring->overflow, 1);
		CHECK_EQ(ring->head, 0);
		CHECK_EQ(fixture_state(1), HV_ZONE_RUNNING);
		CHECK_EQ(load(FIXTURE_VIRTIO_IPA, 4, &value), MMIO_LEAVE);
		CHECK_EQ(zone_status(1, &status), HV_OK);
		CHECK_EQ(status.ipa, FIXTURE_VIRTIO_IPA);
		check_ended(HV_REASON_DEVICE);
	}
}

/* Answers, but never reads the ring. */
static void serve_without_reading(uint32_t cpu)
{
	(void)cpu;
	CHECK_EQ(mmio_complete(1, 0, vcpu->wait_seq, 0), HV_OK);
}

static void test_ring_never_read(void)
{
	uint64_t value;

	boot();
	fake_behaviour.on_wait = serve_without_reading;
	for (uint32_t i = 0; i < HV_RING_SLOTS; i++)
		CHECK_EQ(load(FIXTURE_VIRTIO_IPA, 4, &value), MMIO_DONE);
	CHECK_EQ(load(FIXTURE_VIRTIO_IPA, 4, &value), MMIO_LEAVE);
	check_ended(HV_REASON_DEVICE);
}

static void scribble(uint32_t cpu)
{
	(void)cpu;
	memset(ring, 0xa5, sizeof(*ring));
	ring->tail = 1;
	CHECK_EQ(mmio_complete(1, 0, vcpu->wait_seq, 3), HV_OK);
}

static void test_head_is_not_read_back(void)
{
	uint64_t value;

	boot();
	fake_behaviour.on_wait = scribble;
	CHECK_EQ(load(FIXTURE_VIRTIO_IPA, 4, &value), MMIO_DONE);
	CHECK_EQ(store(FIXTURE_VIRTIO_IPA + QUEUE_NOTIFY, 4, 9), MMIO_DONE);
	CHECK_EQ(ring->head, 2);
	CHECK_EQ(ring->request[1].value, 9);
}

static void test_ring_header(void)
{
	boot();
	CHECK_EQ(ring->magic, HV_RING_MAGIC);
	CHECK_EQ(ring->version, HV_RING_VERSION);
	CHECK_EQ(ring->slots, HV_RING_SLOTS);
	CHECK_EQ(ring->head, 0);
	CHECK_EQ(ring->tail, 0);
}

/* The device process shares the interrupts of the window at an IPA. */
static struct hv_ring_window *list_window(uint64_t ipa)
{
	const uint32_t number = (uint32_t)(ipa / HV_RING_WINDOW_SIZE);
	struct hv_ring_window *window = &ring->window[number % HV_RING_WINDOWS];

	*window = (struct hv_ring_window){ .number = number, .interrupt_status = 3 };
	return window;
}

static void test_shared_interrupts(void)
{
	struct hv_ring_window *window;
	uint64_t value;

	boot();
	window = list_window(FIXTURE_VIRTIO_IPA);
	CHECK_EQ(load(FIXTURE_VIRTIO_IPA + INTERRUPT_STATUS, 4, &value), MMIO_DONE);
	CHECK_EQ(value, 3);
	CHECK_EQ(store(FIXTURE_VIRTIO_IPA + INTERRUPT_ACK, 4, 3), MMIO_DONE);
	CHECK_EQ(window->interrupt_status, 0);
	CHECK_EQ(load(FIXTURE_VIRTIO_IPA + INTERRUPT_STATUS, 4, &value), MMIO_DONE);
	CHECK_EQ(value, 0);
	CHECK_EQ(store(FIXTURE_VIRTIO_IPA + INTERRUPT_ACK, 4, UINT64_MAX), MMIO_DONE);
	CHECK_EQ(ring->head, 0);
	CHECK_EQ(fake_recorder.waits[2], 0);
	CHECK_EQ(mmio_take_requests(), 0);
}

/* What stays pending has to interrupt again, and that is the process' to do: nothing is cleared before. */
static void test_acknowledged_in_part(void)
{
	struct hv_ring_window *window;

	boot();
	fake_behaviour.on_wait = serve;
	window = list_window(FIXTURE_VIRTIO_IPA);
	CHECK_EQ(store(FIXTURE_VIRTIO_IPA + INTERRUPT_ACK, 4, 1), MMIO_DONE);
	CHECK_EQ(window->interrupt_status, 3);
	CHECK_EQ(ring->request[0].value, 1);
	CHECK_EQ(fake_recorder.waits[2], 1);
}

/* Other sizes, directions and windows are nothing of what is shared. */
static void test_nothing_else_is_shared(void)
{
	static const struct mmio_access others[] = {
		{ .ipa = FIXTURE_VIRTIO_IPA + INTERRUPT_STATUS, .size = 1 },
		{ .ipa = FIXTURE_VIRTIO_IPA + INTERRUPT_STATUS, .size = 8 },
		{ .ipa = FIXTURE_VIRTIO_IPA + INTERRUPT_STATUS, .size = 4, .write = true },
		{ .ipa = FIXTURE_VIRTIO_IPA + INTERRUPT_ACK, .size = 4 },
		{ .ipa = FIXTURE_VIRTIO_IPA + INTERRUPT_ACK, .size = 2, .value = 3, .write = true },
	};
	struct hv_ring_window *window;
	uint64_t value;

	boot();
	fake_behaviour.on_wait = serve;
	window = list_window(FIXTURE_VIRTIO_IPA);
	for (size_t i = 0; i < COUNT(others); i++) {
		struct mmio_access access = others[i];

		CHECK_EQ(mmio_access(vcpu, &access), MMIO_DONE);
		CHECK_EQ(ring->request[i].ipa, others[i].ipa);
		CHECK_EQ(fake_recorder.waits[2], i + 1);
	}
	window->number += HV_RING_WINDOWS; /* its place, but another window */
	CHECK_EQ(load(FIXTURE_VIRTIO_IPA + INTERRUPT_STATUS, 4, &value), MMIO_DONE);
	CHECK_EQ(value, 0x55667788);
	CHECK_EQ(window->interrupt_status, 3);
}

/* Number 0 says that none is listed: a window that has it cannot be. */
static void test_window_at_zero(void)
{
	uint64_t value;

	boot_with(0, HV_RING_WINDOW_SIZE);
	CHECK_EQ(load(INTERRUPT_STATUS, 4, &value), MMIO_DONE);
	CHECK_EQ(value, 0x55667788);
	CHECK_EQ(store(INTERRUPT_ACK, 4, 1), MMIO_DONE);
	CHECK_EQ(fake_recorder.waits[2], 2);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		TEST(test_ring_header),
		TEST(test_load),
		TEST(test_store),
		TEST(test_notification),
		TEST(test_no_notification),
		TEST(test_notification_storm),
		TEST(test_not_virtio),
		TEST(test_several_windows),
		TEST(test_wrong_answers),
		TEST(test_only_the_right_answer_wakes),
		TEST(test_stop_while_waiting),
		TEST(test_stop_with_the_answer),
		TEST(test_stop_before_asking),
		TEST(test_overflow),
		TEST(test_room_again),
		TEST(test_indices_start_over),
		TEST(test_broken_tail),
		TEST(test_ring_never_read),
		TEST(test_head_is_not_read_back),
		TEST(test_shared_interrupts),
		TEST(test_acknowledged_in_part),
		TEST(test_nothing_else_is_shared),
		TEST(test_window_at_zero),
	};

	return test_main(tests, COUNT(tests), argc, argv);
}
