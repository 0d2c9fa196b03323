/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio_net.h"

#include <errno.h>
#include <linux/if_tun.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "virtio_net_private.h"

#define FEATURES_PLAIN                                                                                       \
	(VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_CTRL_VQ |            \
	 VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_MAC_ADDR)
#define FEATURES_OFFLOAD                                                                                     \
	(VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6 |   \
	 VIRTIO_NET_F_GUEST_ECN | VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6 | VIRTIO_NET_F_HOST_ECN)

static struct virtio_net *from_device(struct virtio_device *device)
{
	return (struct virtio_net *)device;
}

/* Settings take a lock of the root zone's whole network: a driver that resets for ever must not hold it. */
static int set_offload(struct virtio_net *net, uint64_t features)
{
	const unsigned offload = net_features_offload(features);

	if (offload == net->offload)
		return 0;
	if (ioctl(net->fd, TUNSETOFFLOAD, (unsigned long)offload) < 0)
		return -errno;
	net->offload = offload;
	return 0;
}

/*
 * Before the first frame after DRIVER_OK. A tap that is gone takes no settings
 * and gives no frames; one that is there took all of them before.
 */
static void start(struct virtio_net *net)
{
	if (net->started)
		return;
	net->started = true;
	(void)set_offload(net, net->device.features);
}

/* Behind all pairs, and those are one without MQ (5.1.2). */
uint32_t net_control_queue(const struct virtio_net *net)
{
	return 2 * (virtio_device_has(&net->device, VIRTIO_NET_F_MQ) ? net->num_pairs : 1);
}

static bool net_service(struct virtio_device *device, uint32_t queue)
{
	struct virtio_net *net = from_device(device);
	const uint32_t control = net_control_queue(net);

	start(net);
	if (queue < control)
		return queue % 2 == 0 ? net_receive(&net->rx[queue / 2]) : net_transmit(net, queue / 2);
	if (queue == control && virtio_device_has(device, VIRTIO_NET_F_CTRL_VQ))
		return net_control(net, queue);
	return false;
}

/* What other queues give back they take again. */
static void net_quiesce(struct virtio_device *device, uint32_t queues)
{
	struct virtio_net *net = from_device(device);

	(void)queues;
	for (unsigned i = 0; i < net->num_pairs; i++) {
		if (device->queue[net_rx_queue(i)].ready)
			net_rx_release(&net->rx[i]);
	}
}

/* The tap is as before the first driver; if it is gone there is nothing to set. */
static void net_reset(struct virtio_device *device)
{
	struct virtio_net *net = from_device(device);

	net->started = false;
	for (unsigned i = 0; i < net->num_pairs; i++)
		net_rx_watch(&net->rx[i], false);
	(void)net_set_active(net, 1);
	(void)set_offload(net, 0);
	memcpy(net->config.mac, net->mac, sizeof(net->mac));
	net_filter_reset(&net->filter);
	(void)net_filter_apply(net);
}

static void net_free(struct virtio_device *device)
{
	struct virtio_net *net = from_device(device);

	/* whose tap may be somebody's who has other uses for it, too */
	if (net->rx)
		net_reset(device);
	if (net->timer >= 0) {
		event_loop_remove(net->loop, net->timer);
		close(net->timer);
	}
	free(net->rx);
	free(net);
}

static const struct virtio_class net_class = {
	.name = "network device",
	.device_id = VIRTIO_NET_ID,
	.service = net_service,
	.agrees = net_features_agree,
	.quiesce = net_quiesce,
	.reset = net_reset,
	.free = net_free,
};

static void init_device(struct virtio_net *net, struct virtio_host *host, uint32_t intid)
{
	uint64_t features = FEATURES_PLAIN;

	if (net->num_pairs > 1)
		features |= VIRTIO_NET_F_MQ;
	if (net->may_offload)
		features |= FEATURES_OFFLOAD;
	net->config.status = VIRTIO_NET_S_LINK_UP;
	net->config.max_virtqueue_pairs = (uint16_t)net->num_pairs;
	virtio_device_init(&net->device, &net_class, host, intid, features, &net->config, sizeof(net->config),
			   2 * net->num_pairs + 1, VIRTIO_NET_QUEUE_SIZE);
}

void net_tick_start(struct virtio_net *net)
{
	const struct itimerspec time = { .it_value = { .tv_nsec = NET_TICK_NS } };

	if (!net->ticking)
		net->ticking = timerfd_settime(net->timer, 0, &time, NULL) == 0;
}

static void tick(struct event_source *source, uint32_t events)
{
	struct virtio_net *net =
		(struct virtio_net *)(void *)((char *)source - offsetof(struct virtio_net, tick));
	uint64_t times;

	(void)events;
	if (read(net->timer, &times, sizeof(times)) < 0)
		return;
	net->ticking = false;
	for (unsigned i = 0; i < net->num_pairs; i++)
		net_rx_tick(&net->rx[i]);
	net_control_tick(net);
}

static int init_timer(struct virtio_net *net)
{
	net->tick.ready = tick;
	net->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return net->timer < 0 ? -errno : event_loop_add(net->loop, net->timer, EPOLLIN, &net->tick);
}

static int init_rx(struct virtio_net *net)
{
	net->rx = calloc(net->num_pairs, sizeof(*net->rx));
	if (!net->rx)
		return -ENOMEM;
	for (unsigned i = 0; i < net->num_pairs; i++) {
		net->rx[i].source.ready = net_rx_ready;
		net->rx[i].net = net;
		net->rx[i].pair = i;
	}
	return 0;
}

int virtio_net_new(struct virtio_host *host, uint32_t intid, struct event_loop *loop,
		   const struct virtio_net_options *options, struct virtio_net **ret_net)
{
	struct virtio_net *net = calloc(1, sizeof(*net));
	int err;

	if (!net)
		return -ENOMEM;
	net->loop = loop;
	net->fd = options->fd;
	net->timer = -1;
	net->num_pairs = net->active = options->num_pairs;
	memcpy(net->mac, options->mac, sizeof(net->mac));
	err = init_rx(net);
	if (!err)
		err = init_timer(net);
	if (err)
		goto fail;
	net->may_offload = set_offload(net, FEATURES_OFFLOAD) == 0;
	net->filtered = true; /* maybe, by who had the tap before */
	init_device(net, host, intid);
	err = net_set_active(net, 1);
	if (err)
		goto fail;
	net_reset(&net->device);
	*ret_net = net;
	return 0;
fail:
	net_free(&net->device);
	return err;
}

struct virtio_device *virtio_net_device(struct virtio_net *net)
{
	return &net->device;
}

void virtio_net_set_link(struct virtio_net *net, bool up)
{
	const uint16_t status = up ? VIRTIO_NET_S_LINK_UP : 0;

	if (net->config.status == status)
		return;
	net->config.status = status;
	/* A driver that did not ask for STATUS takes the link to be up (5.1.4.2). */
	if (virtio_device_has(&net->device, VIRTIO_NET_F_STATUS))
		virtio_device_config_changed(&net->device);
}
