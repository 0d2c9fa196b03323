/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device process that was taken over: with the sandbox entered and sealed as
 * hvisor-device does it, a program tries what an attacker would. Each try is a
 * process of its own, and must have ended by SIGSYS or with nothing gained.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "hv_ioctl.h"
#include "sandbox.h"
#include "test.h"

#define ZONE 9u
#define KEEP 5u
#define GAINED 1 /* exit codes of a try */
#define NOTHING 0
#define UNABLE 2 /* the sandbox could not be entered */

#if defined(__SANITIZE_ADDRESS__)
#define FILTERS false /* see sandbox_filter.c */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FILTERS false
#endif
#endif
#ifndef FILTERS
#define FILTERS true
#endif

static void enter(void)
{
	const char *step = "";
	int isolated = 0;

	if (sandbox_begin(KEEP, &step) || sandbox_enter(ZONE, &isolated, &step) || isolated != 0)
		_exit(UNABLE);
}

static void seal(void)
{
	if (sandbox_seal())
		_exit(UNABLE);
}

static bool try_open(void)
{
	return open("/", O_RDONLY) >= 0;
}

static bool try_openat2(void)
{
	const uint64_t how[3] = { O_RDONLY, 0, 0 };

	return syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", how, sizeof(how)) >= 0;
}

static bool try_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool try_inet(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) >= 0;
}

static bool try_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/hvisor/hvisord.sock" };

	return connect(3, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static bool try_kill(void)
{
	return kill(getppid(), 0) == 0;
}

static bool try_ptrace(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
}

static bool try_read_other(void)
{
	char byte;
	struct iovec local = { &byte, 1 }, remote = { &byte, 1 };

	return syscall(SYS_process_vm_readv, getppid(), &local, 1, &remote, 1, 0) >= 0;
}

static bool try_fork(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0;
}

static bool try_thread(void)
{
	return syscall(SYS_clone3, NULL, 0) >= 0;
}

static bool try_exec(void)
{
	char *const none[] = { NULL };

	return execve("/bin/sh", none, none) == 0;
}

static bool try_map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool try_make_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool try_map_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool try_memfd(void)
{
	return memfd_create("code", 0) >= 0;
}

static bool try_mount(void)
{
	return mount("proc", "/", "proc", 0, NULL) == 0;
}

static bool try_unshare(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}

static bool try_chroot(void)
{
	return chroot(".") == 0;
}

static bool try_setuid(void)
{
	return setuid(0) == 0;
}

static bool try_uring(void)
{
	struct io_uring_params parameters = { 0 };

	return syscall(SYS_io_uring_setup, 1, &parameters) >= 0;
}

static bool try_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0) >= 0;
}

static bool try_module(void)
{
	return syscall(SYS_init_module, NULL, 0, "") >= 0;
}

static bool try_limits(void)
{
	const struct rlimit more = { 1 << 20, 1 << 20 };

	return setrlimit(RLIMIT_NOFILE, &more) == 0;
}

/* On the handle, all that the driver does not serve a bound one is refused there too. */
static bool try_calls_of_the_manager(void)
{
	return ioctl(3, HV_IOC_ZONE_STOP, 1) == 0;
}

static bool try_bind(void)
{
	return ioctl(3, HV_IOC_BIND, 1) == 0;
}

static bool try_interface(void)
{
	return ioctl(3, TUNSETIFF, NULL) == 0;
}

static bool try_terminal(void)
{
	return ioctl(2, TIOCSTI, "x") == 0;
}

#define TRY(name)                                                                                            \
	{                                                                                                    \
#name, try_##name                                                                            \
	}

static const struct {
	const char *name;
	bool (*gains)(void);
} tries[] = {
	TRY(open),      TRY(openat2),    TRY(socket),   TRY(inet),   TRY(connect), TRY(kill),
	TRY(ptrace),    TRY(read_other), TRY(fork),     TRY(thread), TRY(exec),    TRY(map_code),
	TRY(make_code), TRY(map_memory), TRY(memfd),    TRY(mount),  TRY(unshare), TRY(chroot),
	TRY(setuid),    TRY(uring),      TRY(bpf),      TRY(module), TRY(limits),  TRY(calls_of_the_manager),
	TRY(bind),      TRY(interface),  TRY(terminal),
};

static int run(void (*child)(bool (*gains)(void)), bool (*gains)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		child(gains);
		_exit(NOTHING);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

static void attack(bool (*gains)(void))
{
	enter();
	seal();
	_exit(gains() ? GAINED : NOTHING);
}

static void attacks(void)
{
	for (size_t i = 0; FILTERS && i < COUNT(tries); i++) {
		const int status = run(attack, tries[i].gains);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			printf("# %s: status %#x\n", tries[i].name, (unsigned)status);
		CHECK(WIFSIGNALED(status));
		CHECK_EQ(WTERMSIG(status), SIGSYS);
	}
}

static long unneeded_call;

static bool try_unneeded_call(void)
{
	(void)syscall(unneeded_call, -1, 0, 0, 0, 0, 0);
	return true;
}

/* Relatives of what it needs, which it does without. */
static void no_more_than_needed(void)
{
	static const long calls[] = { SYS_lseek,    SYS_pread64,  SYS_pwrite64,   SYS_preadv,   SYS_pwritev,
				      SYS_sendto,   SYS_sendmmsg, SYS_recvfrom,   SYS_recvmmsg, SYS_shutdown,
				      SYS_accept,   SYS_fcntl,    SYS_dup3,       SYS_fstat,    SYS_ftruncate,
				      SYS_fsync,    SYS_splice,   SYS_sendfile,   SYS_getpid,   SYS_uname,
				      SYS_eventfd2, SYS_pipe2,    SYS_sched_yield };

	for (size_t i = 0; FILTERS && i < COUNT(calls); i++) {
		int status;

		unneeded_call = calls[i];
		status = run(attack, try_unneeded_call);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			printf("# call %ld: status %#x\n", calls[i], (unsigned)status);
		CHECK(WIFSIGNALED(status));
		CHECK_EQ(WTERMSIG(status), SIGSYS);
	}
}

static char use_stack(unsigned depth)
{
	volatile char some[4096];

	some[0] = (char)depth;
	return depth == 0 ? some[0] : (char)(use_stack(depth - 1) + some[0]);
}

/* What it has is enough, and it can give that back. */
static void live_on(bool (*gains)(void))
{
	void *chunk[64];

	(void)gains;
	for (size_t i = 0; i < COUNT(chunk); i++) /* of the heap that brk(2) makes larger and smaller */
		chunk[i] = malloc(100000);
	enter();
	seal();
	if (sbrk(0) == (void *)-1 || sbrk(1 << 20) != (void *)-1)
		_exit(GAINED);
	for (size_t i = 0; i < COUNT(chunk); i++)
		free(chunk[i]);
	(void)use_stack(256);
	_exit(NOTHING);
}

static void no_more_memory(void)
{
	if (FILTERS)
		CHECK_EQ(run(live_on, NULL), NOTHING);
}

/* Should the filter have a hole: what is behind it. */
static void attack_unfiltered(bool (*gains)(void))
{
	enter();
	_exit(gains() ? GAINED : NOTHING);
}

static void attacks_without_filter(void)
{
	static bool (*const denied[])(void) = { try_openat2,    try_connect, try_kill,   try_ptrace,
						try_read_other, try_mount,   try_chroot, try_setuid,
						try_bpf,        try_module,  try_limits };

	if (geteuid() != 0) /* one's own processes are not strangers */
		return;
	for (size_t i = 0; i < COUNT(denied); i++) {
		const int status = run(attack_unfiltered, denied[i]);

		if (status != 0)
			printf("# number %zu\n", i);
		CHECK_EQ(status, NOTHING);
	}
}

/* With two images, behind the larger one's end. */
static void write_behind(bool (*gains)(void))
{
	static char data[8192];
	struct iovec iov = { data, sizeof(data) };
	const char *step = "";
	int isolated = 0;

	(void)gains;
	signal(SIGXFSZ, SIG_IGN); /* as main() has it */
	for (unsigned i = 0; i < 2; i++) {
		char path[] = "/tmp/hvisor-image-XXXXXX";
		const int fd = mkstemp(path);

		if (fd < 0 || unlink(path) < 0 || ftruncate(fd, (i + 1) * 65536) < 0 ||
		    dup2(fd, (int)(KEEP + i)) < 0)
			_exit(UNABLE);
		if (fd != (int)(KEEP + i))
			close(fd);
	}
	if (sandbox_begin(KEEP + 2, &step) || sandbox_enter(ZONE, &isolated, &step))
		_exit(UNABLE);
	seal();
	if (pwritev2(KEEP, &iov, 1, 65536 - 8192, 0) != 8192 ||
	    pwritev2(KEEP + 1, &iov, 1, 131072 - 8192, 0) != 8192)
		_exit(UNABLE);
	_exit(pwritev2(KEEP + 1, &iov, 1, 131072, 0) > 0 || pwritev2(KEEP, &iov, 1, 1ll << 30, 0) > 0 ||
			      fallocate(KEEP, 0, 0, 1ll << 30) == 0
		      ? GAINED
		      : NOTHING);
}

static void images_do_not_grow(void)
{
	CHECK_EQ(run(write_behind, NULL), NOTHING);
}

static unsigned count_entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned count = 0;

	if (!dir)
		_exit(UNABLE);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void look_around(bool (*gains)(void))
{
	(void)gains;
	enter();
	if (count_entries("/") != 2) /* . and .. */
		_exit(GAINED);
	_exit(mkdir("/x", 0700) == 0 || chdir("..") < 0 || count_entries(".") != 2 ? GAINED : NOTHING);
}

static void root_is_empty(void)
{
	CHECK_EQ(run(look_around, NULL), NOTHING);
}

/* The filter is on every thread, also on those started before. */
static void *open_late(void *argument)
{
	int *const fds = argument;
	char byte;

	if (read(fds[0], &byte, 1) == 1)
		_exit(open("/", O_RDONLY) >= 0 ? GAINED : NOTHING);
	return NULL;
}

static void attack_from_thread(bool (*gains)(void))
{
	pthread_t thread;
	int fds[2];

	(void)gains;
	enter();
	if (pipe(fds) < 0 || pthread_create(&thread, NULL, open_late, fds) != 0)
		_exit(UNABLE);
	seal();
	if (write(fds[1], "x", 1) != 1)
		_exit(UNABLE);
	pthread_join(thread, NULL);
}

static void threads_too(void)
{
	const int status = run(attack_from_thread, NULL);

	if (!FILTERS)
		return;
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGSYS);
}

/* A thread that has another filter than the rest cannot have ours: that is not taken for a seal. */
static void *filter_alone(void *argument)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	const struct sock_fprog filter = { .len = COUNT(code), .filter = code };
	int *const fds = argument;
	char byte;

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0 || write(fds[1], "x", 1) != 1)
		_exit(UNABLE);
	(void)!read(fds[2], &byte, 1);
	return NULL;
}

static void seal_with_a_strange_thread(bool (*gains)(void))
{
	pthread_t thread;
	int fds[4];
	char byte;

	(void)gains;
	enter();
	if (pipe(fds) < 0 || pipe(fds + 2) < 0 || pthread_create(&thread, NULL, filter_alone, fds) != 0 ||
	    read(fds[0], &byte, 1) != 1)
		_exit(UNABLE);
	errno = 0;
	_exit(sandbox_seal() == 0 ? GAINED : NOTHING);
}

static void no_half_seal(void)
{
	CHECK_EQ(run(seal_with_a_strange_thread, NULL), NOTHING);
}

/* A line of /proc/PID/status, and whether it has that value. */
static bool status_has(pid_t pid, const char *line)
{
	char path[64], text[8192];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	CHECK(size > 0);
	text[size] = '\0';
	return strstr(text, line) != NULL;
}

static bool same_namespace(pid_t pid, const char *name)
{
	char path[64], theirs[64] = "", ours[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	if (readlink(path, theirs, sizeof(theirs) - 1) < 0)
		return false; /* not ours to look at: it is not traceable */
	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	CHECK(readlink(path, ours, sizeof(ours) - 1) > 0);
	return strcmp(ours, theirs) == 0;
}

static void from_outside(void)
{
	static const char *const lines[] = { "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000",
					     "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2" };
	static const char *const names[] = { "user", "mnt", "net", "ipc", "uts", "cgroup" };
	int ready[2], status;
	char byte;
	pid_t pid;

	CHECK_EQ(pipe(ready), 0);
	ready[0] = fcntl(ready[0], F_DUPFD, 20); /* the sandbox keeps none of these, but number 3 */
	ready[1] = fcntl(ready[1], F_DUPFD, 20);
	CHECK_EQ(dup2(ready[1], 3), 3);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		enter();
		seal();
		(void)!write(3, "x", 1);
		for (;;)
			(void)syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	}
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	for (size_t i = 0; i < COUNT(lines); i++)
		CHECK(status_has(pid, lines[i]));
	CHECK(geteuid() != 0 ||
	      status_has(pid, "Uid:\t60937\t60937\t60937\t60937")); /* SANDBOX_FIRST_UID + ZONE */
	for (size_t i = 0; i < COUNT(names); i++)
		CHECK(!same_namespace(pid, names[i]));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static const struct test tests[] = {
	TEST(attacks),
	TEST(no_more_than_needed),
	TEST(no_more_memory),
	TEST(attacks_without_filter),
	TEST(root_is_empty),
	TEST(threads_too),
	TEST(no_half_seal),
	TEST(from_outside),
	TEST(images_do_not_grow),
};

int main(int argc, char **argv)
{
	return test_main(tests, COUNT(tests), argc, argv);
}
