/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls that are left (seccomp(2)). One that is not ends the process:
 * it has been taken over, or we have forgotten something, and both must be seen.
 */
#include "sandbox_private.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hv_ioctl.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the numbers of this machine's system calls are not known here"
#endif

/* Sanitizers open files, start programs and map code to say what they found. No release is built with them. */
#if defined(__SANITIZE_ADDRESS__)
#define OTHERWISE SECCOMP_RET_ALLOW
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define OTHERWISE SECCOMP_RET_ALLOW
#endif
#endif
#ifndef OTHERWISE
#define OTHERWISE SECCOMP_RET_KILL_PROCESS
#endif

/* With any arguments. Numbers above 2^30 (x32) are none of them. */
static const uint32_t calls[] = {
	/* links, disks, taps, the handle */
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_preadv2,
	SYS_pwritev2,
	SYS_recvmsg,
	SYS_sendmsg,
	SYS_accept4,
	SYS_close,
	SYS_fdatasync,
	SYS_fallocate,
	SYS_io_uring_enter, /* a ring set up and restricted before; no other can be */
	/* the loop, and waiting */
	SYS_epoll_ctl,
	SYS_epoll_pwait,
	SYS_ppoll,
	SYS_timerfd_settime,
	SYS_futex,
	SYS_clock_gettime,
	SYS_clock_nanosleep,
	SYS_restart_syscall,
#if defined(__x86_64__)
	SYS_epoll_wait,
	SYS_poll,
#endif
	/* memory: what there is can be given back, and there is no more */
	SYS_munmap,
	SYS_madvise,
	SYS_brk, /* grows nothing any more: see stop_growth() */
	/* the first steps of a thread that was made before */
	SYS_rseq,
	SYS_set_robust_list,
	/* rng */
	SYS_getrandom,
	/* signals and the end */
	SYS_rt_sigreturn,
	SYS_rt_sigprocmask,
	SYS_exit,
	SYS_exit_group,
};

static const uint32_t ioctls[] = {
	HV_IOC_COMPLETE, HV_IOC_INJECT, TUNSETOFFLOAD, TUNSETQUEUE, TUNSETTXFILTER,
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define OFFSET_OF(field) (uint32_t) offsetof(struct seccomp_data, field)
/* The lower half of an argument, which is all of ioctl's request. */
#define OFFSET_OF_ARG(n) (uint32_t)(offsetof(struct seccomp_data, args) + 8 * (n))
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "lower halves come first");

struct program {
	struct sock_filter code[COUNT(calls) * 2 + COUNT(ioctls) * 2 + 24];
	unsigned short length;
};

static void put(struct program *program, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	program->code[program->length++] = (struct sock_filter){ code, yes, no, k };
}

static void load(struct program *program, uint32_t offset)
{
	put(program, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void end(struct program *program, uint32_t action)
{
	put(program, BPF_RET | BPF_K, action, 0, 0);
}

/* If what was loaded is value, this is allowed. */
static void allow(struct program *program, uint32_t value)
{
	put(program, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	end(program, SECCOMP_RET_ALLOW);
}

/* If what was loaded is that call, the next count instructions decide. */
static void when_call(struct program *program, uint32_t number, uint8_t count)
{
	put(program, BPF_JMP | BPF_JEQ | BPF_K, number, 0, count);
}

static void build(struct program *program)
{
	program->length = 0;
	load(program, OFFSET_OF(arch));
	put(program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	end(program, SECCOMP_RET_KILL_PROCESS);
	load(program, OFFSET_OF(nr));
	for (size_t i = 0; i < COUNT(calls); i++)
		allow(program, calls[i]);
	when_call(program, SYS_ioctl, COUNT(ioctls) * 2 + 2);
	load(program, OFFSET_OF_ARG(1));
	for (size_t i = 0; i < COUNT(ioctls); i++)
		allow(program, ioctls[i]);
	end(program, OTHERWISE);
	end(program, OTHERWISE);
}

/*
 * free() gives memory back by brk(2), too, and may go on doing so in vain. What
 * was taken until now is enough: a process that was taken over does not take
 * the root zone's.
 */
static int stop_growth(void)
{
	const struct rlimit none = { 0, 0 };

	if (OTHERWISE == SECCOMP_RET_ALLOW)
		return 0;
	return setrlimit(RLIMIT_DATA, &none) < 0 ? -errno : 0;
}

int sandbox_filter_calls(void)
{
	struct program program;
	struct sock_fprog filter = { .filter = program.code };
	long r = stop_growth();

	if (r < 0)
		return (int)r;
	build(&program);
	filter.len = program.length;
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
	/* above 0: a thread that cannot have it, and then none has (seccomp(2)) */
	return r < 0 ? -errno : r > 0 ? -ESRCH : 0;
}
