/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digests of images, for threads that may wait for a disk. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "draft.h"
#include "sha256.h"

/* Small enough to stop soon. */
#define PIECE (256u * 1024u)

static int digest_of(int fd, const atomic_bool *abort, uint8_t ret_digest[SHA256_SIZE])
{
	uint8_t *piece = malloc(PIECE);
	struct sha256 sha;
	int r = piece ? 0 : -ENOMEM;

	sha256_init(&sha);
	while (r == 0) {
		ssize_t n = read(fd, piece, PIECE);

		if (n < 0 && errno != EINTR)
			r = -errno;
		else if (abort && atomic_load(abort))
			r = -ECANCELED;
		else if (n > 0)
			sha256_add(&sha, piece, (size_t)n);
		else if (n == 0)
			break;
	}
	free(piece);
	if (r == 0)
		sha256_end(&sha, ret_digest);
	return r;
}

int config_image_verify(const struct config_image *image, const atomic_bool *abort)
{
	uint8_t digest[SHA256_SIZE];
	int fd, r;

	if (!image->has_sha256 || !image->path)
		return 0;
	/* O_NONBLOCK: a pipe in place of the image must not hold the thread */
	fd = open(image->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = digest_of(fd, abort, digest);
	close(fd);
	if (r == 0 && memcmp(digest, image->sha256, sizeof(digest)) != 0)
		r = -EKEYREJECTED;
	return r;
}

/* Modules have no digests, so the others need no index. */
static const char *digest_pointer(enum config_image_kind kind)
{
	static const char *const pointers[] = {
		[CONFIG_IMAGE_KERNEL] = "/sha256/kernel_filepath",
		[CONFIG_IMAGE_DTB] = "/sha256/dtb_filepath",
		[CONFIG_IMAGE_INITRD] = "/sha256/initrd_filepath",
		[CONFIG_IMAGE_MODULE] = "/modules",
	};

	return pointers[kind];
}

int config_zone_verify(struct config_zone *zone, struct config_findings *findings)
{
	struct config_source *source = NULL;
	int r = 0;

	for (unsigned i = 0; i < zone->num_images && r == 0; i++) {
		const struct config_image *image = &zone->images[i];
		int fault = config_image_verify(image, NULL);

		if (fault == 0)
			continue;
		/* The file once more, for the line. */
		if (!source && !(source = config_source_load(&config_disk, zone->file)))
			return -ENOMEM;
		if (fault != -EKEYREJECTED && config_source_is_short(source, fault))
			r = fault;
		else
			config_source_error(source, digest_pointer(image->kind), REASON_IMAGE_SHA256,
					    "%s: %s", image->path,
					    fault == -EKEYREJECTED
						    ? "the content is not the one that is wanted"
						    : strerror(-fault));
		zone->good = false;
	}
	if (source && r == 0)
		r = config_source_take_findings(source, findings);
	config_source_free(source);
	return r;
}
