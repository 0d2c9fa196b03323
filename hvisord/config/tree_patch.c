/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "tree.h"

/* A node, three properties, their names and the rounding of all. */
#define SLACK 256u

static int find_chosen(void *blob)
{
	int node = fdt_path_offset(blob, "/chosen");

	return node == -FDT_ERR_NOTFOUND ? fdt_add_subnode(blob, 0, "chosen") : node;
}

static int write_chosen(void *blob, const struct tree_chosen *chosen)
{
	int node = find_chosen(blob), fault = node < 0 ? node : 0;

	if (fault == 0 && chosen->bootargs)
		fault = fdt_setprop(blob, node, "bootargs", chosen->bootargs,
				    (int)strlen(chosen->bootargs) + 1);
	if (fault == 0 && chosen->initrd.size != 0)
		fault = fdt_setprop_u64(blob, node, "linux,initrd-start", chosen->initrd.start);
	if (fault == 0 && chosen->initrd.size != 0)
		fault = fdt_setprop_u64(blob, node, "linux,initrd-end",
					chosen->initrd.start + chosen->initrd.size);
	return fault == 0 ? fdt_pack(blob) : fault;
}

int tree_patch(const void *tree, size_t size, const struct tree_chosen *chosen, void **ret_tree,
	       size_t *ret_size)
{
	size_t room = size + SLACK + (chosen->bootargs ? strlen(chosen->bootargs) : 0);
	struct tree_index *index;
	const char *fault;
	void *blob;
	int r = tree_index_new(tree, size, &index, &fault);

	if (r < 0)
		return r;
	tree_index_free(index);
	blob = room <= INT32_MAX ? calloc(1, room) : NULL;
	if (!blob)
		return -ENOMEM;
	r = fdt_open_into(tree, blob, (int)room);
	if (r == 0)
		r = write_chosen(blob, chosen);
	if (r == 0 && fdt_totalsize(blob) <= TREE_MAX_ZONE_SIZE) {
		*ret_tree = blob;
		*ret_size = fdt_totalsize(blob);
		return 0;
	}
	free(blob);
	return r == 0 || r == -FDT_ERR_NOSPACE ? -ENOSPC : -EBADMSG;
}
