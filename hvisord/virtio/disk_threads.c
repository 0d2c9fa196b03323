/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests are done by a few threads, which never look at guest memory or at a device. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "disk_io.h"
#include "disk_op.h"

#define THREADS 4u
#define STACK_SIZE 262144u /* of addresses; more than PTHREAD_STACK_MIN of any machine */

struct disk_io {
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
static void finish(struct disk_io *disk, struct disk_request *request)
{
	const bool first = STAILQ_EMPTY(&disk->finished);

	STAILQ_INSERT_TAIL(&disk->finished, request, entry);
	if (first)
		(void)eventfd_write(disk->event, 1); /* cannot fail: the count stays small */
}

static void *work(void *argument)
{
	struct disk_io *disk = argument;

	pthread_mutex_lock(&disk->lock);
	for (;;) {
		struct disk_request *request = STAILQ_FIRST(&disk->todo);

		if (!request && disk->ending)
			break;
		if (!request) {
			pthread_cond_wait(&disk->wanted, &disk->lock);
			continue;
		}
		STAILQ_REMOVE_HEAD(&disk->todo, entry);
		pthread_mutex_unlock(&disk->lock);
		request->result = disk_op_run(disk->fd, request);
		pthread_mutex_lock(&disk->lock);
		finish(disk, request);
	}
	pthread_mutex_unlock(&disk->lock);
	return NULL;
}

static int start_threads(struct disk_io *disk)
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

int disk_io_new(int fd, struct disk_io **ret_disk, int *ret_event)
{
	struct disk_io *disk = calloc(1, sizeof(*disk));
	int err;

	if (!disk)
		return -ENOMEM;
	disk->fd = fd;
	STAILQ_INIT(&disk->fresh);
	STAILQ_INIT(&disk->todo);
	STAILQ_INIT(&disk->finished);
	pthread_mutex_init(&disk->lock, NULL);
	pthread_cond_init(&disk->wanted, NULL);
	disk->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = disk->event < 0 ? -errno : start_threads(disk);
	if (err) {
		disk_io_free(disk);
		return err;
	}
	*ret_disk = disk;
	*ret_event = disk->event;
	return 0;
}

void disk_io_free(struct disk_io *disk)
{
	if (!disk)
		return;
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

void disk_io_submit(struct disk_io *disk, struct disk_request *request)
{
	disk->under_way++;
	STAILQ_INSERT_TAIL(&disk->fresh, request, entry);
}

void disk_io_kick(struct disk_io *disk)
{
	const struct disk_request *request;
	unsigned count = 0;

	if (STAILQ_EMPTY(&disk->fresh))
		return;
	STAILQ_FOREACH(request, &disk->fresh, entry)
	count++;
	pthread_mutex_lock(&disk->lock);
	STAILQ_CONCAT(&disk->todo, &disk->fresh);
	for (; count > 0; count--)
		pthread_cond_signal(&disk->wanted);
	pthread_mutex_unlock(&disk->lock);
}

void disk_io_reap(struct disk_io *disk)
{
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
static void wait_for_event(const struct disk_io *disk)
{
	struct pollfd poll_fd = { .fd = disk->event, .events = POLLIN };

	(void)poll(&poll_fd, 1, -1);
}

void disk_io_drain(struct disk_io *disk)
{
	disk_io_kick(disk);
	while (disk->under_way > 0) {
		wait_for_event(disk);
		disk_io_reap(disk);
	}
}
