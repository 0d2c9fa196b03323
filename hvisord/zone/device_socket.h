/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket of a zone's device process in the run directory, and packets to it (device_link.h). */
#ifndef DEVICE_SOCKET_H
#define DEVICE_SOCKET_H

#include "device_link.h"

/*
 * The end that the process is given, and another end for the daemon; neither
 * waits. 0 with *ret_fd, which is the caller's, or a negative errno.
 */
int device_socket_listen(const char *run_dir, uint32_t zone, int *ret_fd);
int device_socket_connect(const char *run_dir, uint32_t zone, int *ret_fd);

/* Sends one packet: the header without its magic, and as many bytes as its length says. 0, -EAGAIN … */
int device_socket_send(int fd, struct device_link_header header, const char *data);

/* One packet without data that needs no greeting, on a connection of its own. 0, or a negative errno: not sent. */
int device_socket_send_alone(const char *run_dir, uint32_t zone, struct device_link_header header);

/* Absent is well. */
void device_socket_unlink(const char *run_dir, uint32_t zone);

#endif
