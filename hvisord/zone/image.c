/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hv_ioctl.h"
#include "sha256.h"

/* Large enough to cost nothing, small enough to stop soon. */
#define PIECE (4u * 1024u * 1024u)

/* Where one image goes. */
struct window {
	char *base; /* page-aligned mapping */
	size_t length;
	char *image;
};

static int window_map(const struct zone_plan *plan, const struct config_image *image, int fd,
		      struct window *ret_window)
{
	uint64_t ipa, lead;
	void *base;

	if (!hv_config_ram_ipa(&plan->hv, image->paddr, image->size, &ipa))
		return -ERANGE;
	lead = ipa % HV_PAGE_SIZE;
	ret_window->length = (size_t)(lead + image->size);
	base = mmap(NULL, ret_window->length, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    (off_t)(HV_MMAP_RAM + ipa - lead));
	if (base == MAP_FAILED)
		return -errno;
	ret_window->base = base;
	ret_window->image = ret_window->base + lead;
	return 0;
}

/* The rest of the last page is the zone's too; what lies there was cleared with its RAM. */
static int copy(int from, char *to, uint64_t size, const struct image_watch *watch)
{
	uint64_t done = 0;

	while (done < size) {
		uint64_t left = size - done;
		ssize_t n;

		if (atomic_load(watch->abort))
			return -ECANCELED;
		n = read(from, to + done, left < PIECE ? (size_t)left : PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ESTALE;
		done += (uint64_t)n;
		atomic_fetch_add(watch->loaded, (uint64_t)n);
	}
	return 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* What lies in RAM now is what was asked for, whatever happened to the file since it was hashed. */
static int compare(const struct config_image *image, const char *loaded, const atomic_bool *abort)
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 sha;

	if (!image->has_sha256)
		return 0;
	sha256_init(&sha);
	for (uint64_t done = 0; done < image->size; done += PIECE) {
		uint64_t left = image->size - done;

		if (atomic_load(abort))
			return -ECANCELED;
		sha256_add(&sha, loaded + done, left < PIECE ? (size_t)left : PIECE);
	}
	sha256_end(&sha, digest);
	return memcmp(digest, image->sha256, sizeof(digest)) == 0 ? 0 : -EKEYREJECTED;
}

static int load_made(const struct zone_plan *plan, const struct config_image *image, int bound_fd,
		     const struct image_watch *watch)
{
	struct window window = { 0 };
	int r = window_map(plan, image, bound_fd, &window);

	if (r != 0)
		return r;
	memcpy(window.image, image->data, image->size);
	atomic_fetch_add(watch->loaded, image->size);
	munmap(window.base, window.length);
	return 0;
}

static int load_open(const struct zone_plan *plan, const struct config_image *image, int file, int bound_fd,
		     const struct image_watch *watch)
{
	struct stat before, after;
	struct window window = { 0 };
	int r;

	if (fstat(file, &before) != 0)
		return -errno;
	if (!S_ISREG(before.st_mode) || (uint64_t)before.st_size != image->size)
		return -ESTALE;
	r = window_map(plan, image, bound_fd, &window);
	if (r != 0)
		return r;
	r = copy(file, window.image, image->size, watch);
	if (r == 0)
		r = compare(image, window.image, watch->abort);
	munmap(window.base, window.length);
	if (r == 0 && fstat(file, &after) != 0)
		r = -errno;
	return r != 0 || same_file(&before, &after) ? r : -ESTALE;
}

static int load_file(const struct zone_plan *plan, const struct config_image *image, int bound_fd,
		     const struct image_watch *watch)
{
	/* O_NONBLOCK: a FIFO in place of the image must not hold the worker */
	int file = open(image->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int r;

	if (file < 0)
		return -errno;
	r = load_open(plan, image, file, bound_fd, watch);
	close(file);
	return r;
}

static const char *explain(int r)
{
	if (r == -ESTALE)
		return "it changed after it was checked";
	if (r == -EKEYREJECTED)
		return "its SHA-256 is not the one that the zone's file asks for";
	return r == -ECANCELED ? "loading was given up" : strerror(-r);
}

static int fail(const struct config_image *image, int r, struct image_error *ret_error)
{
	ret_error->path = image->path != NULL ? image->path : "the device tree made for it";
	snprintf(ret_error->message, sizeof(ret_error->message), "%s", explain(r));
	return r;
}

int image_load(const struct zone_plan *plan, int bound_fd, const struct image_watch *watch,
	       struct image_error *ret_error)
{
	int r;

	/* all are known to be right before the first byte is written */
	for (unsigned i = 0; i < plan->num_images; i++) {
		r = config_image_verify(&plan->images[i], watch->abort);
		if (r != 0)
			return fail(&plan->images[i], r, ret_error);
	}
	for (unsigned i = 0; i < plan->num_images; i++) {
		const struct config_image *image = &plan->images[i];

		r = image->data != NULL ? load_made(plan, image, bound_fd, watch)
					: load_file(plan, image, bound_fd, watch);
		if (r != 0)
			return fail(image, r, ret_error);
	}
	return 0;
}
