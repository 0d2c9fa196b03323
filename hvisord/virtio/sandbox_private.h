/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the sandbox only. */
#ifndef SANDBOX_PRIVATE_H
#define SANDBOX_PRIVATE_H

/* Own, empty namespaces. The process has one thread. 0 or a negative errno. */
int sandbox_leave_machine(void);

/* System calls are those of the list from now on, in all threads. 0 or a negative errno. */
int sandbox_filter_calls(void);

#endif
