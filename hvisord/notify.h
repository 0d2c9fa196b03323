/* SPDX-License-Identifier: GPL-2.0-or-later */
/* systemd's side of a daemon, without its library: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3). */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdint.h>

/* Sends "READY=1" and the like; nothing without NOTIFY_SOCKET. */
void notify_send(const char *state);

/* Says RELOADING=1, with the time that Type=notify-reload wants. READY=1 ends it. */
void notify_reloading(void);

/* The one listening socket that systemd passed, made ours (close-on-exec); -1: none. */
int notify_listen_fd(void);

/* Microseconds in which the watchdog wants a sign of life; 0: none. */
uint64_t notify_watchdog_us(void);

#endif
