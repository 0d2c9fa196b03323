/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request as system calls, one after the other, whoever makes them. What
 * follows a call depends on its result: a transfer that stopped half way goes
 * on, a file system that cannot make holes is given zeroes.
 * A transfer is made in slices, of DISK_IO_SLICE bytes at most.
 *
 * | request | calls |
 * | READ    | preadv2 until all is there |
 * | WRITE   | pwritev2 until all is there, with RWF_DSYNC if sync |
 * | FLUSH   | fdatasync |
 * | DISCARD | fallocate PUNCH_HOLE |
 * | ZERO    | fallocate PUNCH_HOLE if unmap, else or if refused ZERO_RANGE, if refused pwritev2; fdatasync if sync |
 */
#ifndef DISK_OP_H
#define DISK_OP_H

#include "disk_io.h"

/* Fills request->call with the first one. */
void disk_op_begin(struct disk_request *request);

/*
 * The call gave that: bytes, 0, or a negative errno. True: request->call is the
 * next one; false: it is over, and request->result says how. -EIO also where
 * the file ends too early; -ECANCELED where disk_io_cancel()
 * came before the next call.
 */
bool disk_op_next(struct disk_request *request, int64_t result);

/* Makes request->call and returns what it gave; -ECANCELED: it is cancelled, and none was made. */
int64_t disk_op_call(int fd, const struct disk_request *request);

/* Holes can be punched into the file, as far as it tells. Changes nothing. */
bool disk_op_can_discard(int fd);

#endif
