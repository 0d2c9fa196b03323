/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request done by system calls that wait, for threads that may. */
#ifndef DISK_OP_H
#define DISK_OP_H

#include "disk_io.h"

/* 0 or a negative errno; -EIO also where the file ends too early. */
int disk_op_run(int fd, struct disk_request *request);

/* Holes can be punched into the file. Changes nothing. */
bool disk_op_can_discard(int fd);

#endif
