/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control queue (virtio 1.2 section 5.1.6.5), and what it changes at the tap. */
#include <errno.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "virtio_net_private.h"

#define COMMANDS_A_TURN 16u
/*
 * Each setting takes a lock of the root zone's whole network, and some wait for
 * all its CPUs meanwhile: after so many in a tick a driver waits for the next.
 */
#define SETTINGS_A_TICK 64u

#define CLASS_RX 0u /* section 5.1.6.5.1 */
#define CLASS_MAC 1u
#define CLASS_MQ 4u /* section 5.1.6.5.5 */
#define ACK_OK ((uint8_t)0)
#define ACK_ERR ((uint8_t)1)

/* What stands behind class and command. */
struct command {
	const struct virtqueue_chain *chain;
	uint64_t size;
};

#define COMMAND_HEAD 2u

/* Copies size bytes from offset on, which are there. Each byte is read by one caller only. */
static void fetch(const struct virtqueue_chain *chain, uint64_t offset, void *to, size_t size)
{
	uint8_t *at = to;

	for (unsigned i = 0; size > 0; i++) {
		const struct iovec *buffer = &chain->iov[i];
		size_t part;

		if (offset >= buffer->iov_len) {
			offset -= buffer->iov_len;
			continue;
		}
		part = buffer->iov_len - offset < size ? buffer->iov_len - offset : size;
		guest_snapshot(at, (const uint8_t *)buffer->iov_base + offset, part);
		at += part;
		size -= part;
		offset = 0;
	}
}

static void fetch_data(const struct command *command, uint64_t offset, void *to, size_t size)
{
	fetch(command->chain, COMMAND_HEAD + offset, to, size);
}

static int set_tap(struct virtio_net *net, unsigned pair, unsigned long what, const void *value)
{
	net->settings++;
	net_tick_start(net);
	return ioctl(net->fd + (int)pair, what, value) < 0 ? -errno : 0;
}

int net_set_active(struct virtio_net *net, unsigned active)
{
	int err = 0;

	while (net->active != active && !err) {
		const bool attach = net->active < active;
		const unsigned pair = attach ? net->active : net->active - 1;
		struct ifreq request = { .ifr_flags = (short)(attach ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE) };

		net_rx_watch(&net->rx[pair], false);
		err = set_tap(net, pair, TUNSETQUEUE, &request);
		if (!err || !attach) /* a tap that is gone has no queues either */
			net->active = attach ? pair + 1 : pair;
		if (!err && attach)
			virtio_device_notify(&net->device, net_rx_queue(pair));
	}
	return err;
}

void net_filter_reset(struct net_filter *filter)
{
	*filter = (struct net_filter){ .promiscuous = true };
}

/* What TUNSETTXFILTER takes, struct tun_filter, with its addresses. */
struct tap_filter {
	uint16_t flags;
	uint16_t count;
	uint8_t address[2 + 2 * NET_MAX_ADDRESSES][VIRTIO_NET_MAC_SIZE];
};
HV_ASSERT_OFFSET(struct tap_filter, address, sizeof(struct tun_filter));

/* An empty filter lets everything pass. */
int net_filter_apply(struct virtio_net *net)
{
	static const uint8_t broadcast[VIRTIO_NET_MAC_SIZE] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const struct net_filter *filter = &net->filter;
	struct tap_filter tap = { .flags = 0 };
	unsigned count = 0;
	int err;

	if (!filter->promiscuous && filter->num_unicast <= NET_MAX_ADDRESSES) {
		memcpy(tap.address[count++], net->config.mac, VIRTIO_NET_MAC_SIZE);
		memcpy(tap.address[count++], broadcast, VIRTIO_NET_MAC_SIZE);
		memcpy(tap.address[count], filter->unicast, filter->num_unicast * sizeof(tap.address[0]));
		count += filter->num_unicast;
		if (filter->all_multicast || filter->num_multicast > NET_MAX_ADDRESSES) {
			tap.flags = TUN_FLT_ALLMULTI;
		} else {
			memcpy(tap.address[count], filter->multicast,
			       filter->num_multicast * sizeof(tap.address[0]));
			count += filter->num_multicast;
		}
	}
	tap.count = (uint16_t)count;
	if (count == 0 && !net->filtered)
		return 0;
	err = set_tap(net, 0, TUNSETTXFILTER, &tap);
	if (!err)
		net->filtered = count > 0;
	return err;
}

/* One byte, 0 or 1. */
static bool get_switch(const struct command *command, bool *ret_on)
{
	uint8_t on;

	if (command->size != sizeof(on))
		return false;
	fetch_data(command, 0, &on, sizeof(on));
	*ret_on = on == 1;
	return on <= 1;
}

/* The tap is told what has changed, and nothing has if it does not take that. */
static bool take_filter(struct virtio_net *net, const struct net_filter *filter)
{
	const struct net_filter before = net->filter;

	if (memcmp(filter, &before, sizeof(before)) == 0)
		return true;
	net->filter = *filter;
	if (net_filter_apply(net) == 0)
		return true;
	net->filter = before;
	return false;
}

static bool set_promiscuous(struct virtio_net *net, const struct command *command)
{
	struct net_filter filter = net->filter;

	return get_switch(command, &filter.promiscuous) && take_filter(net, &filter);
}

static bool set_all_multicast(struct virtio_net *net, const struct command *command)
{
	struct net_filter filter = net->filter;

	return get_switch(command, &filter.all_multicast) && take_filter(net, &filter);
}

/* A table of addresses at *offset, which moves behind it. False: it is cut. */
static bool get_table(const struct command *command, uint64_t *offset, unsigned *ret_count,
		      uint8_t table[NET_MAX_ADDRESSES][VIRTIO_NET_MAC_SIZE])
{
	uint32_t entries;
	uint64_t size;

	if (command->size < *offset + sizeof(entries))
		return false;
	fetch_data(command, *offset, &entries, sizeof(entries));
	*offset += sizeof(entries);
	size = (uint64_t)entries * VIRTIO_NET_MAC_SIZE;
	if (command->size - *offset < size)
		return false;
	*ret_count = entries <= NET_MAX_ADDRESSES ? entries : NET_MAX_ADDRESSES + 1;
	if (entries <= NET_MAX_ADDRESSES)
		fetch_data(command, *offset, table, size);
	*offset += size;
	return true;
}

/* Section 5.1.6.5.2: unicast, then multicast. */
static bool set_table(struct virtio_net *net, const struct command *command)
{
	struct net_filter filter = net->filter;
	uint64_t offset = 0;

	if (!get_table(command, &offset, &filter.num_unicast, filter.unicast) ||
	    !get_table(command, &offset, &filter.num_multicast, filter.multicast) || offset != command->size)
		return false;
	return take_filter(net, &filter);
}

static bool set_address(struct virtio_net *net, const struct command *command)
{
	static const uint8_t zero[VIRTIO_NET_MAC_SIZE];
	uint8_t mac[VIRTIO_NET_MAC_SIZE], before[VIRTIO_NET_MAC_SIZE];

	if (command->size != sizeof(mac))
		return false;
	fetch_data(command, 0, mac, sizeof(mac));
	if ((mac[0] & 1u) != 0 || memcmp(mac, zero, sizeof(mac)) == 0)
		return false;
	memcpy(before, net->config.mac, sizeof(before));
	memcpy(net->config.mac, mac, sizeof(mac));
	if (net_filter_apply(net) == 0)
		return true;
	memcpy(net->config.mac, before, sizeof(before));
	return false;
}

static bool set_pairs(struct virtio_net *net, const struct command *command)
{
	uint16_t pairs;

	if (command->size != sizeof(pairs))
		return false;
	fetch_data(command, 0, &pairs, sizeof(pairs));
	return pairs >= 1 && pairs <= net->num_pairs && net_set_active(net, pairs) == 0;
}

static const struct {
	uint8_t class, command;
	uint64_t feature;
	bool (*run)(struct virtio_net *net, const struct command *command);
} commands[] = {
	{ CLASS_RX, 0, VIRTIO_NET_F_CTRL_RX, set_promiscuous },
	{ CLASS_RX, 1, VIRTIO_NET_F_CTRL_RX, set_all_multicast },
	{ CLASS_MAC, 0, VIRTIO_NET_F_CTRL_RX, set_table },
	{ CLASS_MAC, 1, VIRTIO_NET_F_CTRL_MAC_ADDR, set_address },
	{ CLASS_MQ, 0, VIRTIO_NET_F_MQ, set_pairs },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static uint8_t run(struct virtio_net *net)
{
	const struct command command = { .chain = &net->chain, .size = net->chain.out_bytes - COMMAND_HEAD };
	uint8_t head[COMMAND_HEAD];

	fetch(&net->chain, 0, head, sizeof(head));
	for (unsigned i = 0; i < COMMANDS; i++) {
		if (commands[i].class == head[0] && commands[i].command == head[1] &&
		    virtio_device_has(&net->device, commands[i].feature))
			return commands[i].run(net, &command) ? ACK_OK : ACK_ERR;
	}
	return ACK_ERR;
}

void net_control_tick(struct virtio_net *net)
{
	net->settings = 0;
	if (!net->rests)
		return;
	net->rests = false;
	virtio_device_notify(&net->device, net_control_queue(net));
}

/* Too much was set of late: the rest of the queue waits for the next tick. */
static bool begin_rest(struct virtio_net *net)
{
	net->rests = net->settings >= SETTINGS_A_TICK && net->ticking;
	return net->rests;
}

/* Class, command, data; then one byte to be written. */
bool net_control(struct virtio_net *net, uint32_t index)
{
	struct virtio_device *device = &net->device;
	struct virtqueue *queue = &device->queue[index];
	const struct virtqueue_chain *chain = &net->chain;
	unsigned turns = COMMANDS_A_TURN;

	do {
		while (turns > 0 && !begin_rest(net) && virtio_device_pop(device, index, &net->chain)) {
			if (chain->out_bytes < COMMAND_HEAD || chain->in_bytes < 1) {
				virtio_device_break(device, VIRTIO_FAULT_REQUEST);
				break;
			}
			*(volatile uint8_t *)chain->iov[chain->num_out].iov_base = run(net);
			virtio_device_push(device, index, chain->head, 1);
			turns--;
		}
	} while (turns > 0 && --turns > 0 && !net->rests && virtio_device_is_live(device) &&
		 virtqueue_notify_on(queue));
	virtio_device_flush(device, index);
	return turns == 0 && !net->rests;
}
