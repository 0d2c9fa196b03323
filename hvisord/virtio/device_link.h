/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The link between hvisord and a zone's device process: a SOCK_SEQPACKET Unix
 * socket, one message a packet. The process listens (it outlives the daemon);
 * hvisord connects, at start and after its own restart. Several connections
 * at once are allowed; each message is at most DEVICE_LINK_MAX bytes.
 *
 * A zone's consoles have numbers, in the order of its devices and their ports.
 * Of each the process keeps the last DEVICE_SCROLLBACK bytes of output; each
 * byte has a position, counted from 0 since the process began. What is typed
 * to one console does not wait for what was typed to another: hvisord sends
 * only as much as it was told that there is ROOM for.
 *
 * What is said up to WELCOME has the form of version 1, so that a daemon finds
 * out what a process speaks that an older one started. In HELLO the daemon says
 * that it speaks version 2; a process that does answers in that form, and from
 * then on both keep to it. One that answers in the form of version 1 has
 * console 0 alone, tells of no ROOM, and reads nothing while it has none. A
 * daemon that speaks version 1 only is not heard by a process of today.
 */
#ifndef DEVICE_LINK_H
#define DEVICE_LINK_H

#include <stdint.h>

#define DEVICE_LINK_MAGIC 0x4c445648u /* "HVDL" */
#define DEVICE_LINK_FIRST 1u          /* version of what is said up to WELCOME */
#define DEVICE_LINK_VERSION 2u
#define DEVICE_LINK_DATA 4096u
#define DEVICE_LINK_CONSOLES 16u /* of a zone */
#define DEVICE_SCROLLBACK (256u * 1024u)

enum device_link_type {
	/* hvisord, first: arg = highest version; pos = from which position to send, UINT64_MAX: from now */
	DEVICE_LINK_HELLO = 1,
	/* process, answer: console = how many; pos = position of the oldest byte kept of 0; arg = zone id */
	DEVICE_LINK_WELCOME = 2,
	DEVICE_LINK_OUTPUT = 3, /* process: data; pos = position of its first byte. A gap = lost bytes */
	DEVICE_LINK_INPUT = 4,  /* hvisord: data typed */
	DEVICE_LINK_SIZE = 5,   /* hvisord: arg = columns << 16 | rows */
	DEVICE_LINK_QUIT = 6,   /* hvisord: the zone has ended, exit; needs no HELLO before it */
	/* hvisord: the zone's power key is pressed; needs no HELLO before it; nothing without a key */
	DEVICE_LINK_POWER_KEY = 7,
	/* process: pos = bytes of INPUT that may come on this connection, in all; more of them end it */
	DEVICE_LINK_ROOM = 8,
	/* hvisord: the network device at pos has a link (arg 1) or none (0); needs no HELLO before it */
	DEVICE_LINK_NET = 9,
	/* process: data = a line for the log, without its end; a daemon that does not know it lets it pass */
	DEVICE_LINK_LINE = 10,
};

struct device_link_header {
	uint32_t magic;
	uint8_t version;
	uint8_t console; /* that OUTPUT, INPUT, SIZE and ROOM are about; else 0 where nothing is said */
	uint16_t type;
	uint32_t length; /* of data that follows, in bytes, at most DEVICE_LINK_DATA */
	uint32_t arg;
	uint64_t pos;
};

#define DEVICE_LINK_MAX (sizeof(struct device_link_header) + DEVICE_LINK_DATA)

/*
 * The process is `hvisor-device ZONE_ID DEVICE…`, DEVICE being as in
 * device_spec.h, with file descriptor 3 = /dev/hvisor bound to the zone, 4 =
 * the listening link socket, from 5 on those of its devices without a hole, in
 * their order; it closes all others but stderr.
 * Started by root it goes on as user and group 60928 + ZONE_ID.
 *
 * It says in a LINE, or on stderr where nobody is connected, why it ends, for
 * any reason but QUIT; and in a bounded number of LINEs which devices drivers
 * broke, to the next hvisord where there is none. Exit codes: 0 QUIT, 1 failure
 * or SIGTERM, 2 usage, 3 the zone is gone, 4 the request ring is not in order.
 * It ignores SIGHUP, SIGINT and SIGPIPE.
 *
 * QUIT is best sent after the zone has ended and before it is destroyed: then
 * its last output is still fetched, and sent within half a second. QUIT may
 * stand behind INPUT that the guest of a process of version 1 does not take; a
 * connection that was just opened is always heard.
 *
 * A pressed power key stays down for a tenth of a second, and longer, up to two
 * seconds, until the guest has looked at it. A press while it is down changes
 * nothing.
 */
#define DEVICE_FD_HANDLE 3
#define DEVICE_FD_LISTEN 4
#define DEVICE_FD_FILES 5

#endif
