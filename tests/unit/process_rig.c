/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process_rig.h"

#include <sys/eventfd.h>
#include <sys/socket.h>

#include "test.h"

static struct process_rig the_rig; /* large */

static int complete(struct device_handle *handle, uint32_t vcpu, uint32_t seq, uint64_t value)
{
	struct process_rig *rig = (struct process_rig *)handle;

	(void)vcpu;
	CHECK_EQ(seq, 1);
	rig->answer = value;
	return 0;
}

static int inject(struct device_handle *handle, uint32_t intid)
{
	struct process_rig *rig = (struct process_rig *)handle;

	CHECK_EQ(intid, PROCESS_RIG_INTID);
	rig->injections++;
	return 0;
}

struct process_rig *process_rig_begin(const char *const *texts, unsigned count, int err)
{
	struct process_rig *rig = &the_rig;
	struct device_spec specs[DEVICE_BUS_MAX];

	memset(rig, 0, sizeof(*rig));
	rig->ring.magic = HV_RING_MAGIC;
	rig->ring.version = HV_RING_VERSION;
	rig->ring.slots = HV_RING_SLOTS;
	rig->handle.complete = complete;
	rig->handle.inject = inject;
	rig->handle.ring = &rig->ring;
	rig->handle.request_fd = eventfd(0, EFD_NONBLOCK);
	hv_intid_add(&rig->handle.interrupts, PROCESS_RIG_INTID);
	CHECK(count <= COUNT(specs));
	for (unsigned i = 0; i < count; i++)
		CHECK_EQ(device_spec_parse(texts[i], &specs[i]), 0);
	CHECK_EQ(device_process_init(&rig->process, &rig->handle, -1, specs, count), err);
	return rig;
}

void process_rig_end(struct process_rig *rig)
{
	device_process_fini(&rig->process);
	close(rig->handle.request_fd);
}

uint64_t process_rig_ask(struct process_rig *rig, uint32_t kind, uint64_t ipa, unsigned size, uint64_t value)
{
	rig->ring.request[rig->ring.head % HV_RING_SLOTS] = (struct hv_request){
		.ipa = ipa, .value = value, .seq = 1, .size = (uint8_t)size, .kind = (uint8_t)kind
	};
	rig->ring.head = hv_ring_next(rig->ring.head);
	device_process_turn(&rig->process, 0);
	CHECK_EQ(rig->ring.tail, rig->ring.head);
	return rig->answer;
}

int process_rig_connect(struct process_rig *rig)
{
	int fds[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	CHECK_EQ(link_server_add(&rig->process.links, fds[0]), 0);
	return fds[1];
}
