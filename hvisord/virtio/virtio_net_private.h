/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the network device only. */
#ifndef VIRTIO_NET_PRIVATE_H
#define VIRTIO_NET_PRIVATE_H

#include "virtio_net.h"

/* Section 5.1.4, as far as the features offered reach. */
struct net_config {
	uint8_t mac[VIRTIO_NET_MAC_SIZE];
	uint16_t status;
	uint16_t max_virtqueue_pairs;
	uint16_t reserved;
};
HV_ASSERT_OFFSET(struct net_config, max_virtqueue_pairs, 8);
HV_ASSERT_SIZE(struct net_config, 12);

#define NET_MAX_CHAIN VIRTIO_NET_QUEUE_SIZE /* buffers: no chain is longer than the queue (2.7.5.3.1) */
#define NET_MAX_VECTOR 1024u                /* of readv(), what Linux takes (UIO_MAXIOV) */
/* Without the frame's header before them and a byte more than there is room for behind them. */
#define NET_MAX_HELD (NET_MAX_VECTOR - 2u)

/* A chain of buffers for received frames that was taken from its queue and not used yet. */
struct net_held {
	uint16_t head;
	uint16_t buffers;
	uint64_t bytes;
};

/* A receive queue. */
struct net_rx {
	struct event_source source; /* first: its tap can be read */
	struct virtio_net *net;
	unsigned pair;
	bool watched;    /* the loop waits for the tap */
	bool waiting;    /* for buffers */
	bool waits_long; /* since before the timer was started */
	bool used;       /* some were used since the driver last notified */
	bool pressed;    /* it gives none: what there are have to do */
	unsigned most;   /* chains that the driver had given at once */
	/* In the driver's order; their buffers from vector[1] on, without the space for a header. */
	unsigned num_held;
	unsigned num_buffers;
	uint64_t bytes; /* of all of them, with that space */
	/* Where the header of the next frame goes, each buffer at least one byte; none: not looked for yet. */
	unsigned num_header;
	struct iovec header[sizeof(struct net_header)];
	struct net_held held[NET_MAX_HELD];
	struct iovec vector[NET_MAX_VECTOR];
};

#define NET_MAX_ADDRESSES 64u /* of each kind that a driver's table may have; more: all are received */

/* What the driver wants to receive. */
struct net_filter {
	bool promiscuous;
	bool all_multicast;
	unsigned num_unicast; /* more than NET_MAX_ADDRESSES: not kept */
	unsigned num_multicast;
	uint8_t unicast[NET_MAX_ADDRESSES][VIRTIO_NET_MAC_SIZE];
	uint8_t multicast[NET_MAX_ADDRESSES][VIRTIO_NET_MAC_SIZE];
};

struct virtio_net {
	struct virtio_device device; /* first */
	struct event_loop *loop;
	struct event_source tick; /* the timer runs out: see net_tick_start() */
	int timer;                /* a timerfd */
	bool ticking;             /* it runs */
	unsigned settings;        /* of the tap, since the last tick */
	bool rests;               /* the control queue does, until the next one */
	int fd;                   /* of pair 0; the others follow */
	unsigned num_pairs;
	unsigned active;  /* pairs in use */
	bool started;     /* the tap is set to what was agreed */
	bool may_offload; /* the tap can */
	unsigned offload; /* what the tap was told last, as TUNSETOFFLOAD has it */
	bool filtered;    /* the tap has a filter */
	uint8_t mac[VIRTIO_NET_MAC_SIZE];
	struct net_config config;
	struct net_filter filter;
	struct virtqueue_chain chain; /* the one being worked on */
	struct iovec vector[1 + NET_MAX_CHAIN];
	struct net_rx *rx; /* one of each pair */
};

static inline uint32_t net_rx_queue(unsigned pair)
{
	return 2 * pair;
}

static inline uint32_t net_tx_queue(unsigned pair)
{
	return 2 * pair + 1;
}

uint32_t net_control_queue(const struct virtio_net *net);

/* Each as virtio_class.service. */
bool net_receive(struct net_rx *rx);
bool net_transmit(struct virtio_net *net, unsigned pair);
bool net_control(struct virtio_net *net, uint32_t queue);

/* The tap is read when it has something, or not at all. */
void net_rx_watch(struct net_rx *rx, bool watch);
/* Gives back what was taken and not used. */
void net_rx_release(struct net_rx *rx);
/* What the loop calls. */
void net_rx_ready(struct event_source *source, uint32_t events);

#define NET_TICK_NS 100000000

/* There will be a tick within NET_TICK_NS, and what it is for: those below. */
void net_tick_start(struct virtio_net *net);
/* Buffers that are waited for may not come. */
void net_rx_tick(struct net_rx *rx);
/* The tap may be set again. */
void net_control_tick(struct virtio_net *net);

/* Uses so many pairs, and detaches the others from the tap. 0, or a negative errno and fewer are used. */
int net_set_active(struct virtio_net *net, unsigned active);

/* What a driver wants that has said nothing, and telling the tap. 0, or a negative errno. */
void net_filter_reset(struct net_filter *filter);
int net_filter_apply(struct virtio_net *net);

#endif
