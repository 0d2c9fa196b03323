/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests are done by a few threads, which never look at guest memory or at a device. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "disk_engine.h"
#include "disk_op.h"

#define THREADS 4u
#define STACK_SIZE 262144u /* of addresses; more than PTHREAD_STACK_MIN of any machine */

struct threads {
	struct disk_io io; /* first */
	int fd;
	int event;
	unsigned num_threads;
	pthread_t thread[THREADS];
	struct disk_request_list fresh; /* submitted, and not shown to the threads yet */
	unsigned under_way;             /* submitted and not reaped */

	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t wanted;
	struct disk_request_list todo;
	struct disk_request_list finished;
	bool ending;
};

/* The loop is told once for all that it has not seen. */
static void finish(struct threads *disk, struct disk_request *request)
{
	const bool first = STAILQ_EMPTY(&disk->finished);

	STAILQ_INSERT_TAIL(&disk->finished, request, entry);
	if (first)
		(void)eventfd_write(disk->event, 1); /* cannot fail: the count stays small */
}

static void *work(void *argument)
{
	struct threads *disk = argument;

	pthread_mutex_lock(&disk->lock);
	for (;;) {
		struct disk_request *request = STAILQ_FIRST(&disk->todo);
		bool more;

		if (!request && disk->ending)
			break;
		if (!request) {
			pthread_cond_wait(&disk->wanted, &disk->lock);
			continue;
		}
		STAILQ_REMOVE_HEAD(&disk->todo, entry);
		pthread_mutex_unlock(&disk->lock);
		more = disk_op_next(request, disk_op_call(disk->fd, request));
		pthread_mutex_lock(&disk->lock);
		if (more) /* after those that waited for a thread meanwhile */
			STAILQ_INSERT_TAIL(&disk->todo, request, entry);
		else
			finish(disk, request);
	}
	pthread_mutex_unlock(&disk->lock);
	return NULL;
}

static int start_threads(struct threads *disk)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int err = pthread_attr_init(&attributes);

	if (err)
		return -err;
	err = pthread_attr_setstacksize(&attributes, STACK_SIZE);
	/* signals are the loop's thread's */
	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (!err && disk->num_threads < THREADS) {
		err = pthread_create(&disk->thread[disk->num_threads], &attributes, work, disk);
		disk->num_threads += !err;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return -err;
}

static struct threads *from_io(struct disk_io *io)
{
	return (struct threads *)io;
}

static void threads_free(struct disk_io *io)
{
	struct threads *disk = from_io(io);

	pthread_mutex_lock(&disk->lock);
	disk->ending = true;
	pthread_cond_broadcast(&disk->wanted);
	pthread_mutex_unlock(&disk->lock);
	for (unsigned i = 0; i < disk->num_threads; i++)
		pthread_join(disk->thread[i], NULL);
	pthread_cond_destroy(&disk->wanted);
	pthread_mutex_destroy(&disk->lock);
	if (disk->event >= 0)
		close(disk->event);
	free(disk);
}

static int threads_new(int fd, struct disk_io **ret_disk, int *ret_event)
{
	struct threads *disk = calloc(1, sizeof(*disk));
	int err;

	if (!disk)
		return -ENOMEM;
	disk->io.ops = &disk_threads;
	disk->fd = fd;
	STAILQ_INIT(&disk->fresh);
	STAILQ_INIT(&disk->todo);
	STAILQ_INIT(&disk->finished);
	pthread_mutex_init(&disk->lock, NULL);
	pthread_cond_init(&disk->wanted, NULL);
	disk->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = disk->event < 0 ? -errno : start_threads(disk);
	if (err) {
		threads_free(&disk->io);
		return err;
	}
	*ret_disk = &disk->io;
	*ret_event = disk->event;
	return 0;
}

static void threads_submit(struct disk_io *io, struct disk_request *request)
{
	struct threads *disk = from_io(io);

	disk_op_begin(request);
	disk->under_way++;
	STAILQ_INSERT_TAIL(&disk->fresh, request, entry);
}

static void threads_kick(struct disk_io *io)
{
	struct threads *disk = from_io(io);
	const struct disk_request *request;
	unsigned count = 0;

	if (STAILQ_EMPTY(&disk->fresh))
		return;
	for (request = STAILQ_FIRST(&disk->fresh); request; request = STAILQ_NEXT(request, entry))
		count++;
	pthread_mutex_lock(&disk->lock);
	STAILQ_CONCAT(&disk->todo, &disk->fresh);
	for (; count > 0; count--)
		pthread_cond_signal(&disk->wanted);
	pthread_mutex_unlock(&disk->lock);
}

static void threads_reap(struct disk_io *io)
{
	struct threads *disk = from_io(io);
	struct disk_request_list finished = STAILQ_HEAD_INITIALIZER(finished);
	struct disk_request *request;
	eventfd_t count;

	pthread_mutex_lock(&disk->lock);
	(void)eventfd_read(disk->event, &count); /* EAGAIN: nothing new */
	STAILQ_CONCAT(&finished, &disk->finished);
	pthread_mutex_unlock(&disk->lock);
	while ((request = STAILQ_FIRST(&finished)) != NULL) {
		STAILQ_REMOVE_HEAD(&finished, entry);
		disk->under_way--;
		request->done(request, request->result);
	}
}

/* The event is for the loop, which waits by epoll; here it is read until it says something. */
static void wait_for_event(const struct threads *disk)
{
	struct pollfd poll_fd = { .fd = disk->event, .events = POLLIN };

	(void)poll(&poll_fd, 1, -1);
}

static bool threads_wait(struct disk_io *io)
{
	const struct threads *disk = from_io(io);

	if (disk->under_way == 0)
		return false;
	wait_for_event(disk);
	threads_reap(io);
	return true;
}

const struct disk_engine_ops disk_threads = {
	.name = "threads",
	.new = threads_new,
	.free = threads_free,
	.submit = threads_submit,
	.kick = threads_kick,
	.reap = threads_reap,
	.wait = threads_wait,
};
