// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A preloaded library that makes one call of one program fail, end the
 * program, or do half of its work, when a test says so while the program runs.
 *
 * HVISOR_FAULT_CONTROL names a file that is mapped as struct control below;
 * HVISOR_FAULT_PROGRAM the program concerned (comm of proc(5)), so that its
 * children, which inherit the environment, run undisturbed.
 */
/* both names of each call are wanted, not one for the other */
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Kinds of calls. fault.py has the same list in the same order. */
enum call {
	CALL_MALLOC,
	CALL_OPEN,
	CALL_READ,
	CALL_WRITE,
	CALL_RECEIVE,
	CALL_SEND,
	CALL_IOCTL,
	CALL_ACCEPT,
	CALL_RENAME,
	CALL_FSYNC,
	CALL_MMAP,
	CALL_SOCKET,
	CALL_PROCESS,
	CALL_COUNT
};

/* Actions; any positive number below is an errno. */
#define ACTION_KILL_BEFORE 1000
#define ACTION_KILL_AFTER 1001
#define ACTION_HALF 1002 /* of a read or a write */

/* 64-bit each, so that any language can map it. */
struct control {
	_Atomic int64_t pid;       /* out: the program's */
	_Atomic int64_t call;      /* in: enum call */
	_Atomic int64_t countdown; /* in: 1: the next such call; 0 and below: none */
	_Atomic int64_t action;    /* in */
	_Atomic int64_t repeat;    /* in: not 0: all that follow as well, until countdown is set anew */
	_Atomic int64_t fired;     /* out: actions taken */
	_Atomic int64_t live;      /* out: blocks allocated and not freed */
	_Atomic int64_t counts[CALL_COUNT];
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void __libc_free(void *old);

static struct control *control;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("HVISOR_FAULT_CONTROL"), *program = getenv("HVISOR_FAULT_PROGRAM");
	struct control *map;
	int fd;

	if (path == NULL || program == NULL || strcmp(program_invocation_short_name, program) != 0)
		return;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(*map), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return;
	map->pid = getpid();
	control = map;
}

/* Where the call came from, for whoever looks into a failure. */
static void show(enum call call)
{
	void *frames[24];

	if (getenv("HVISOR_FAULT_TRACE") == NULL)
		return;
	dprintf(2, "fault: call %d\n", (int)call);
	backtrace_symbols_fd(frames, backtrace(frames, 24), 2);
}

/* What is to happen to this call: 0, an errno, or an ACTION_. */
static int fate(enum call call)
{
	int64_t before;
	int action;

	/* not in a child between fork and exec */
	if (control == NULL || control->pid != getpid())
		return 0;
	atomic_fetch_add(&control->counts[call], 1);
	if (control->call != (int64_t)call || control->action == 0)
		return 0;
	before = atomic_fetch_sub(&control->countdown, 1);
	if (before != 1 && (before > 0 || control->repeat == 0))
		return 0;
	atomic_fetch_add(&control->fired, 1);
	show(call);
	action = (int)control->action;
	if (action == ACTION_KILL_BEFORE)
		raise(SIGKILL);
	return action;
}

/*
 * Reads and writes of files and devices are one kind of call, those of sockets
 * another. Those of eventfd, inotify and pipes, by which the program's own
 * threads wake each other, have no errors.
 */
static int fate_fd(enum call call, int fd)
{
	struct stat status;

	if (control == NULL || fstat(fd, &status) != 0)
		return 0;
	if (S_ISSOCK(status.st_mode))
		return fate(call == CALL_READ ? CALL_RECEIVE : CALL_SEND);
	return S_ISREG(status.st_mode) || S_ISCHR(status.st_mode) ? fate(call) : 0;
}

static void live(int change)
{
	if (control != NULL)
		atomic_fetch_add(&control->live, change);
}

void *malloc(size_t size)
{
	void *block = NULL;

	if (fate(CALL_MALLOC) == 0)
		block = __libc_malloc(size);
	else
		errno = ENOMEM;
	live(block != NULL);
	return block;
}

void *calloc(size_t n, size_t size)
{
	void *block = NULL;

	if (fate(CALL_MALLOC) == 0)
		block = __libc_calloc(n, size);
	else
		errno = ENOMEM;
	live(block != NULL);
	return block;
}

void *realloc(void *old, size_t size)
{
	void *block = NULL;

	if (fate(CALL_MALLOC) == 0)
		block = __libc_realloc(old, size);
	else
		errno = ENOMEM;
	live(block != NULL && old == NULL);
	return block;
}

void free(void *old)
{
	live(-(old != NULL));
	__libc_free(old);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* The body of a call that fails with -1. doom: what is to happen. */
#define WRAP(doom, name, ...)                                                                                \
	static __typeof__(&name) real;                                                                       \
	int what = doom;                                                                                     \
	if (real == NULL)                                                                                    \
		real = REAL(name);                                                                           \
	if (what > 0 && what < ACTION_KILL_BEFORE) {                                                         \
		errno = what;                                                                                \
		return -1;                                                                                   \
	}                                                                                                    \
	__typeof__(real(__VA_ARGS__)) result = real(__VA_ARGS__);                                            \
	if (what == ACTION_KILL_AFTER)                                                                       \
		raise(SIGKILL);                                                                              \
	return result

/* The same for calls that may do less than asked: length is a variable. */
#define WRAP_LENGTH(doom, name, length, ...)                                                                 \
	static __typeof__(&name) real;                                                                       \
	int what = doom;                                                                                     \
	if (real == NULL)                                                                                    \
		real = REAL(name);                                                                           \
	if (what > 0 && what < ACTION_KILL_BEFORE) {                                                         \
		errno = what;                                                                                \
		return -1;                                                                                   \
	}                                                                                                    \
	if (what == ACTION_HALF && length > 1)                                                               \
		length /= 2;                                                                                 \
	ssize_t result = real(__VA_ARGS__);                                                                  \
	if (what == ACTION_KILL_AFTER)                                                                       \
		raise(SIGKILL);                                                                              \
	return result

static mode_t mode_of(int flags, va_list arguments)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                                           \
	int name(const char *path, int flags, ...)                                                           \
	{                                                                                                    \
		va_list arguments;                                                                           \
		mode_t mode;                                                                                 \
                                                                                                             \
		va_start(arguments, flags);                                                                  \
		mode = mode_of(flags, arguments);                                                            \
		va_end(arguments);                                                                           \
		WRAP(fate(CALL_OPEN), name, path, flags, mode);                                              \
	}

#define OPENAT(name)                                                                                         \
	int name(int dir, const char *path, int flags, ...)                                                  \
	{                                                                                                    \
		va_list arguments;                                                                           \
		mode_t mode;                                                                                 \
                                                                                                             \
		va_start(arguments, flags);                                                                  \
		mode = mode_of(flags, arguments);                                                            \
		va_end(arguments);                                                                           \
		WRAP(fate(CALL_OPEN), name, dir, path, flags, mode);                                         \
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

ssize_t read(int fd, void *buffer, size_t length)
{
	WRAP_LENGTH(fate_fd(CALL_READ, fd), read, length, fd, buffer, length);
}

ssize_t pread(int fd, void *buffer, size_t length, off_t at)
{
	WRAP_LENGTH(fate_fd(CALL_READ, fd), pread, length, fd, buffer, length, at);
}

ssize_t pread64(int fd, void *buffer, size_t length, off64_t at)
{
	WRAP_LENGTH(fate_fd(CALL_READ, fd), pread64, length, fd, buffer, length, at);
}

ssize_t recv(int fd, void *buffer, size_t length, int flags)
{
	WRAP(fate_fd(CALL_READ, fd), recv, fd, buffer, length, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	WRAP(fate_fd(CALL_READ, fd), recvmsg, fd, message, flags);
}

ssize_t write(int fd, const void *buffer, size_t length)
{
	WRAP_LENGTH(fate_fd(CALL_WRITE, fd), write, length, fd, buffer, length);
}

ssize_t pwrite(int fd, const void *buffer, size_t length, off_t at)
{
	WRAP_LENGTH(fate_fd(CALL_WRITE, fd), pwrite, length, fd, buffer, length, at);
}

ssize_t pwrite64(int fd, const void *buffer, size_t length, off64_t at)
{
	WRAP_LENGTH(fate_fd(CALL_WRITE, fd), pwrite64, length, fd, buffer, length, at);
}

ssize_t readv(int fd, const struct iovec *vector, int count)
{
	WRAP(fate_fd(CALL_READ, fd), readv, fd, vector, count);
}

ssize_t writev(int fd, const struct iovec *vector, int count)
{
	WRAP(fate_fd(CALL_WRITE, fd), writev, fd, vector, count);
}

ssize_t send(int fd, const void *buffer, size_t length, int flags)
{
	WRAP(fate_fd(CALL_WRITE, fd), send, fd, buffer, length, flags);
}

ssize_t sendto(int fd, const void *buffer, size_t length, int flags, const struct sockaddr *to,
	       socklen_t size)
{
	WRAP(fate_fd(CALL_WRITE, fd), sendto, fd, buffer, length, flags, to, size);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	WRAP(fate_fd(CALL_WRITE, fd), sendmsg, fd, message, flags);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	WRAP(fate(CALL_IOCTL), ioctl, fd, request, argument);
}

int accept(int fd, struct sockaddr *address, socklen_t *length)
{
	WRAP(fate(CALL_ACCEPT), accept, fd, address, length);
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
	WRAP(fate(CALL_ACCEPT), accept4, fd, address, length, flags);
}

int rename(const char *from, const char *to)
{
	WRAP(fate(CALL_RENAME), rename, from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	WRAP(fate(CALL_RENAME), renameat, from_dir, from, to_dir, to);
}

int unlink(const char *path)
{
	WRAP(fate(CALL_RENAME), unlink, path);
}

int unlinkat(int dir, const char *path, int flags)
{
	WRAP(fate(CALL_RENAME), unlinkat, dir, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
	WRAP(fate(CALL_RENAME), mkdir, path, mode);
}

int ftruncate(int fd, off_t length)
{
	WRAP(fate_fd(CALL_WRITE, fd), ftruncate, fd, length);
}

int fsync(int fd)
{
	WRAP(fate(CALL_FSYNC), fsync, fd);
}

int fdatasync(int fd)
{
	WRAP(fate(CALL_FSYNC), fdatasync, fd);
}

#define MMAP(name, offset_type)                                                                              \
	void *name(void *at, size_t length, int protection, int flags, int fd, offset_type offset)           \
	{                                                                                                    \
		static __typeof__(&name) real;                                                               \
		int what = fate(CALL_MMAP);                                                                  \
                                                                                                             \
		if (real == NULL)                                                                            \
			real = REAL(name);                                                                   \
		if (what > 0 && what < ACTION_KILL_BEFORE) {                                                 \
			errno = what;                                                                        \
			return MAP_FAILED;                                                                   \
		}                                                                                            \
		return real(at, length, protection, flags, fd, offset);                                      \
	}

MMAP(mmap, off_t)
MMAP(mmap64, off64_t)

int socket(int domain, int type, int protocol)
{
	WRAP(fate(CALL_SOCKET), socket, domain, type, protocol);
}

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
	WRAP(fate(CALL_SOCKET), connect, fd, address, length);
}

int eventfd(unsigned int value, int flags)
{
	WRAP(fate(CALL_SOCKET), eventfd, value, flags);
}

int pipe2(int fds[2], int flags)
{
	WRAP(fate(CALL_SOCKET), pipe2, fds, flags);
}

int socketpair(int domain, int type, int protocol, int fds[2])
{
	WRAP(fate(CALL_SOCKET), socketpair, domain, type, protocol, fds);
}

pid_t fork(void)
{
	WRAP(fate(CALL_PROCESS), fork);
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[])
{
	static __typeof__(&posix_spawn) real;
	int what = fate(CALL_PROCESS);

	if (real == NULL)
		real = REAL(posix_spawn);
	if (what > 0 && what < ACTION_KILL_BEFORE)
		return what;
	what = what == ACTION_KILL_AFTER;
	if (what == 0)
		return real(pid, path, actions, attributes, arguments, environment);
	(void)real(pid, path, actions, attributes, arguments, environment);
	raise(SIGKILL);
	return 0;
}
