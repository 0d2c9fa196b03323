/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a chain of the block device asks for: found in its bytes, checked, and started. */
#include "virtio_blk_private.h"

/* Section 5.2.6. */
struct blk_header {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};
HV_ASSERT_SIZE(struct blk_header, 16);

/* Of DISCARD and WRITE_ZEROES. */
struct blk_range {
	uint64_t sector;
	uint32_t num_sectors;
	uint32_t flags;
};
HV_ASSERT_SIZE(struct blk_range, 16);

/* Copies bytes out of buffers and leaves them out of these. False: there are fewer. */
static bool take_bytes(struct iovec *iov, unsigned num, void *to, size_t size)
{
	char *at = to;

	for (unsigned i = 0; i < num && size > 0; i++) {
		const size_t part = iov[i].iov_len < size ? iov[i].iov_len : size;

		guest_snapshot(at, iov[i].iov_base, part);
		iov[i].iov_base = (char *)iov[i].iov_base + part;
		iov[i].iov_len -= part;
		at += part;
		size -= part;
	}
	return size == 0;
}

/* The last byte of the writable buffers is the status (5.2.6), and none of the data. */
static bool take_status(struct virtqueue_chain *chain, uint8_t **ret_status)
{
	struct iovec *last = &chain->iov[chain->num - 1];

	if (chain->in_bytes == 0)
		return false;
	last->iov_len--;
	chain->in_bytes--;
	*ret_status = (uint8_t *)last->iov_base + last->iov_len;
	return true;
}

/* Buffers with something in them become the request's. False: too many. */
static bool take_buffers(struct disk_request *disk, const struct iovec *iov, unsigned num)
{
	disk->num = 0;
	for (unsigned i = 0; i < num; i++) {
		if (iov[i].iov_len == 0)
			continue;
		if (disk->num == VIRTIO_BLK_SEG_MAX)
			return false;
		disk->iov[disk->num++] = iov[i];
	}
	return true;
}

static bool in_disk(const struct virtio_blk *blk, uint64_t sector, uint64_t num)
{
	return sector <= blk->sectors && num <= blk->sectors - sector;
}

/*
 * Each type's part: fills the request from what header and chain (without
 * header and status) say. OK, or the status that it fails with.
 */
typedef uint8_t prepare_fn(struct virtio_blk *blk, const struct blk_header *header,
			   struct virtqueue_chain *chain, struct blk_request *request);

static uint8_t prepare_transfer(const struct virtio_blk *blk, uint64_t sector, uint64_t bytes,
				struct blk_request *request)
{
	if (bytes % VIRTIO_BLK_SECTOR != 0 || bytes >= UINT32_MAX ||
	    !in_disk(blk, sector, bytes / VIRTIO_BLK_SECTOR))
		return VIRTIO_BLK_S_IOERR;
	request->disk.offset = sector * VIRTIO_BLK_SECTOR;
	request->disk.length = bytes;
	return VIRTIO_BLK_S_OK;
}

static uint8_t prepare_in(struct virtio_blk *blk, const struct blk_header *header,
			  struct virtqueue_chain *chain, struct blk_request *request)
{
	request->disk.op = DISK_READ;
	request->used = (uint32_t)chain->in_bytes + 1;
	return prepare_transfer(blk, header->sector, chain->in_bytes, request);
}

static uint8_t prepare_out(struct virtio_blk *blk, const struct blk_header *header,
			   struct virtqueue_chain *chain, struct blk_request *request)
{
	request->disk.op = DISK_WRITE;
	request->disk.sync = !virtio_device_has(&blk->device, VIRTIO_BLK_F_FLUSH);
	return prepare_transfer(blk, header->sector, chain->out_bytes, request);
}

static uint8_t prepare_flush(struct virtio_blk *blk, const struct blk_header *header,
			     struct virtqueue_chain *chain, struct blk_request *request)
{
	(void)blk;
	(void)header;
	(void)chain;
	request->disk.op = DISK_FLUSH;
	return VIRTIO_BLK_S_OK;
}

/* One segment: the configuration allows no more. */
static uint8_t prepare_range(const struct virtio_blk *blk, struct virtqueue_chain *chain, uint32_t flags,
			     struct blk_request *request)
{
	struct blk_range range;

	if (chain->out_bytes != sizeof(range) ||
	    !take_bytes(chain->iov, chain->num_out, &range, sizeof(range)))
		return VIRTIO_BLK_S_IOERR;
	if (range.flags & ~flags)
		return VIRTIO_BLK_S_UNSUPP;
	if (range.num_sectors > VIRTIO_BLK_MAX_RANGE || !in_disk(blk, range.sector, range.num_sectors))
		return VIRTIO_BLK_S_IOERR;
	request->disk.offset = range.sector * VIRTIO_BLK_SECTOR;
	request->disk.length = (uint64_t)range.num_sectors * VIRTIO_BLK_SECTOR;
	request->disk.unmap = (range.flags & VIRTIO_BLK_UNMAP) != 0;
	return VIRTIO_BLK_S_OK;
}

static uint8_t prepare_discard(struct virtio_blk *blk, const struct blk_header *header,
			       struct virtqueue_chain *chain, struct blk_request *request)
{
	(void)header;
	request->disk.op = DISK_DISCARD;
	return prepare_range(blk, chain, 0, request);
}

static uint8_t prepare_zero(struct virtio_blk *blk, const struct blk_header *header,
			    struct virtqueue_chain *chain, struct blk_request *request)
{
	(void)header;
	request->disk.op = DISK_ZERO;
	request->disk.sync = !virtio_device_has(&blk->device, VIRTIO_BLK_F_FLUSH);
	return prepare_range(blk, chain, VIRTIO_BLK_UNMAP, request);
}

/* Nothing of the disk's: answered at once. */
static uint8_t prepare_get_id(struct virtio_blk *blk, const struct blk_header *header,
			      struct virtqueue_chain *chain, struct blk_request *request)
{
	size_t done = 0;

	(void)header;
	for (unsigned i = chain->num_out; i < chain->num && done < VIRTIO_BLK_ID_SIZE; i++) {
		const size_t left = VIRTIO_BLK_ID_SIZE - done;
		const size_t part = chain->iov[i].iov_len < left ? chain->iov[i].iov_len : left;

		memcpy(chain->iov[i].iov_base, blk->serial + done, part);
		done += part;
	}
	request->used = (uint32_t)chain->in_bytes + 1;
	request->disk.op = DISK_READ;
	return VIRTIO_BLK_S_OK;
}

enum blk_work {
	BLK_ALWAYS, /* the disk has to do something */
	BLK_LENGTH, /* if there is a length */
	BLK_NEVER,
};

static const struct blk_type {
	uint32_t type;
	enum blk_work work;
	bool changes;     /* the disk's content */
	uint64_t feature; /* that has to be agreed on; 0: none */
	prepare_fn *prepare;
} types[] = {
	{ VIRTIO_BLK_T_IN, BLK_LENGTH, false, 0, prepare_in },
	{ VIRTIO_BLK_T_OUT, BLK_LENGTH, true, 0, prepare_out },
	{ VIRTIO_BLK_T_FLUSH, BLK_ALWAYS, false, 0, prepare_flush },
	{ VIRTIO_BLK_T_GET_ID, BLK_NEVER, false, 0, prepare_get_id },
	{ VIRTIO_BLK_T_DISCARD, BLK_LENGTH, true, VIRTIO_BLK_F_DISCARD, prepare_discard },
	{ VIRTIO_BLK_T_WRITE_ZEROES, BLK_LENGTH, true, VIRTIO_BLK_F_WRITE_ZEROES, prepare_zero },
};

static const struct blk_type *find_type(uint32_t type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].type == type)
			return &types[i];
	}
	return NULL;
}

static uint8_t prepare(struct virtio_blk *blk, const struct blk_type *type, const struct blk_header *header,
		       struct blk_request *request)
{
	if (!type)
		return VIRTIO_BLK_S_UNSUPP;
	if (type->changes && blk->readonly)
		return VIRTIO_BLK_S_IOERR;
	if (!virtio_device_has(&blk->device, type->feature))
		return VIRTIO_BLK_S_UNSUPP;
	return type->prepare(blk, header, &blk->chain, request);
}

/* Buffers of the data become the request's. False: too many. */
static bool take_data(struct blk_request *request, const struct virtqueue_chain *chain)
{
	const bool in = request->disk.op == DISK_READ;

	return take_buffers(&request->disk, chain->iov + (in ? chain->num_out : 0),
			    in ? chain->num - chain->num_out : chain->num_out);
}

enum virtio_fault virtio_blk_begin(struct virtio_blk *blk, uint32_t queue)
{
	struct virtqueue_chain *chain = &blk->chain;
	struct blk_request *request = SLIST_FIRST(&blk->free);
	const struct blk_type *type;
	struct blk_header header;
	uint8_t *where, status;

	if (!take_bytes(chain->iov, chain->num_out, &header, sizeof(header)) || !take_status(chain, &where))
		return VIRTIO_FAULT_REQUEST;
	chain->out_bytes -= sizeof(header);
	request->queue = queue;
	request->head = chain->head;
	request->status = where;
	request->used = 1;
	request->disk.sync = request->disk.unmap = request->disk.cancelled = false;
	request->disk.length = 0;
	request->disk.num = 0;
	type = find_type(header.type);
	status = prepare(blk, type, &header, request);
	if (status == VIRTIO_BLK_S_OK && !take_data(request, chain))
		return VIRTIO_FAULT_CHAIN_LENGTH;
	SLIST_REMOVE_HEAD(&blk->free, entry);
	if (status != VIRTIO_BLK_S_OK || type->work == BLK_NEVER ||
	    (type->work == BLK_LENGTH && request->disk.length == 0)) {
		virtio_blk_complete(request, status);
	} else {
		request->under_way = true;
		disk_io_submit(blk->disk, &request->disk);
	}
	return VIRTIO_FAULT_NONE;
}
