/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zone files, a virtio file and a device tree, checked as one set without a
 * disk. An input that starts with '{' or '[' is a zone file as it stands; any
 * other is a list of edits to a set that is good, so that random bytes reach
 * further than the first brace.
 */
#include <errno.h>

#include "check.h"
#include "fuzz.h"
#include "resources.h"
#include "tree.h"

#define TEXT_SIZE 8192u
#define MAX_EDITS 24u

static const char zone1[] =
	"{\"arch\": \"arm64\", \"name\": \"linux2\", \"zone_id\": 1, \"cpus\": [2],\n"
	"\"memory_regions\": [{\"type\": \"ram\", \"physical_start\": \"0x50000000\",\n"
	"\"virtual_start\": \"0x50000000\", \"size\": \"0x30000000\"},\n"
	"{\"type\": \"io\", \"physical_start\": \"0x30a60000\", \"virtual_start\": \"0x30a60000\", \"size\": "
	"4096},\n"
	"{\"type\": \"virtio\", \"physical_start\": 0, \"virtual_start\": \"0xa003c00\", \"size\": "
	"\"0x200\"}],\n"
	"\"interrupts\": [61, \"76\", 78], \"kernel_filepath\": \"./Image\", \"dtb_filepath\": "
	"\"tree.dtb\",\n"
	"\"kernel_load_paddr\": \"0x50400000\", \"dtb_load_paddr\": \"0x50000000\",\n"
	"\"entry_point\": \"0x50400000\", \"arch_config\": {\"gic_version\": \"v3\", \"gicd_base\": "
	"\"0x8000000\",\n"
	"\"gicr_size\": \"0xf60000\", \"is_aarch32\": false}, \"pci_config\": [], \"note\": [[]]}\n";

static const char zone2[] =
	"{\"zone_id\": 2, \"cpus\": [3], \"memory_regions\": [{\"type\": \"ram\",\n"
	"\"physical_start\": \"0x80000000\", \"virtual_start\": \"0x40000000\", \"size\": \"0x10000000\"}],\n"
	"\"kernel_filepath\": \"Image\", \"kernel_load_paddr\": \"0x80400000\", \"entry_point\": "
	"\"0x40400000\"}\n";

static const char virtio[] =
	"{\"zones\": [{\"id\": 1, \"memory_region\": [{\"zone0_ipa\": \"0x50000000\",\n"
	"\"zonex_ipa\": \"0x50000000\", \"size\": \"0x30000000\"}], \"devices\": [{\"type\": \"console\",\n"
	"\"addr\": \"0xa003c00\", \"len\": \"0x200\", \"irq\": 78, \"status\": \"enable\"},\n"
	"{\"type\": \"blk\", \"addr\": 0, \"len\": 0, \"irq\": 48, \"img\": \"x\", \"status\": "
	"\"disable\"}]}]}\n";

/* What edits put in. */
static const char *const words[] = {
	"0",
	"1",
	"-1",
	"64",
	"3.5",
	"1e9",
	"010",
	"\"0x50000000\"",
	"\"-0x1000\"",
	"\"0xfffffffffffff000\"",
	"18446744073709551616",
	"9007199254740993",
	"null",
	"true",
	"[]",
	"{}",
	"[",
	"]",
	"{",
	"}",
	",",
	":",
	"\"",
	"\\u0000",
	"\\ud800",
	"\xff",
	"\xef\xbb\xbf",
	"\"zone_id\": 1,",
	"\"cpus\": [0],",
	"\"shared\": true,",
	"\"ram\"",
	"\"virtio\"",
	"\"io\"",
	"\"console\"",
	"1024",
	"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
	"\"modules\": [{\"filepath\": \"Image\", \"load_paddr\": \"0x58000000\"}],",
	"\"initrd_filepath\": \"Image\", \"bootargs\": \"quiet\",",
	"\"initrd_load_paddr\": \"0x80400000\",",
	"\"after\": [\"linux2\", 2],",
	"\"restart\": \"always\", \"dtb_check\": \"warn\",",
	"\"sha256\": {\"dtb_filepath\": \"",
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	"\"devices\": [{\"type\": \"power_key\", \"len\": 4096, \"irq\": 76, \"addr\": \"0xa003000\"}],",
	"\"memory_region\": [], \"zone_id\": 1,",
	"\"gicv_base\": \"0\", \"plic_base\": 0,",
};

struct file {
	const char *path;
	char text[TEXT_SIZE];
	size_t size;
};

enum { ZONE1, ZONE2, VIRTIO, TREE, IMAGE, NUM_FILES };

static struct file set[NUM_FILES] = {
	[ZONE1] = { .path = "zone1.json" },   [ZONE2] = { .path = "d/zone2.json" },
	[VIRTIO] = { .path = "virtio.json" }, [TREE] = { .path = "tree.dtb" },
	[IMAGE] = { .path = "./Image" },
};

static const struct file *find_file(const char *path)
{
	for (unsigned i = 0; i < NUM_FILES; i++)
		if (strcmp(set[i].path, path) == 0)
			return &set[i];
	return strcmp(path, "d/Image") == 0 ? &set[IMAGE] : NULL;
}

static int memory_read(const struct config_files *files, const char *path, size_t max, char **ret_data,
		       size_t *ret_size)
{
	const struct file *file = find_file(path);

	(void)files;
	if (!file)
		return -ENOENT;
	if (file->size > max)
		return -EFBIG;
	/* Exactly as long as it is, for the sanitizer to see each byte too much. */
	*ret_data = malloc(file->size > 0 ? file->size : 1);
	ALWAYS(*ret_data);
	memcpy(*ret_data, file->text, file->size);
	*ret_size = file->size;
	return 0;
}

static int memory_probe(const struct config_files *files, const char *path, struct config_probe *ret_probe)
{
	const struct file *file = find_file(path);

	(void)files;
	if (!file)
		return -ENOENT;
	*ret_probe = (struct config_probe){ .size = file->size };
	memcpy(ret_probe->head, file->text, file->size < CONFIG_HEAD_SIZE ? file->size : CONFIG_HEAD_SIZE);
	return 0;
}

static void set_file(unsigned index, const void *text, size_t size)
{
	set[index].size = size < TEXT_SIZE ? size : TEXT_SIZE;
	memcpy(set[index].text, text, set[index].size);
}

static void ignore(void *user, enum config_severity severity, const char *reason, const char *message)
{
	(void)user, (void)severity, (void)reason, (void)message;
}

/* The tree that zone 1 would be given if it had none, with an initramfs. */
static void make_tree(void)
{
	static const struct config_device console = { .ipa = 0xa003c00, .size = 0x200, .intid = 78 };
	const struct config_board board = { .platform = config_platform("qemu-virt") };
	const struct tree_chosen chosen = { .initrd = { 0x51000000, 0x1000 } };
	const struct tree_sink sink = { .add = ignore };
	const HvZoneConfig hv = {
		.num_cpus = 1,
		.cpus = 1 << 2,
		.gic = board.platform->gic,
		.num_regions = 1,
		.regions[0] = { .type = HV_REGION_RAM, .virtual_start = 0x50000000, .size = 0x30000000 },
	};
	const struct tree_zone zone = { .hv = &hv, .name = "linux2", .devices = &console, .num_devices = 1 };
	void *tree;
	size_t size;

	ALWAYS(tree_make(&zone, &board, &chosen, &sink, &tree, &size) == 0 && size <= TEXT_SIZE);
	set_file(TREE, tree, size);
	free(tree);
}

/* Replaces some bytes of a file by others. */
static void replace(struct file *file, size_t at, size_t gone, const void *with, size_t size)
{
	if (gone > file->size - at)
		gone = file->size - at;
	if (file->size - gone + size > TEXT_SIZE)
		return;
	memmove(file->text + at + size, file->text + at + gone, file->size - at - gone);
	memcpy(file->text + at, with, size);
	file->size += size - gone;
}

static void edit(struct fuzz_input *input)
{
	uint64_t how = fuzz_take(input, 1);
	struct file *file = &set[how / 8 % NUM_FILES];
	size_t at = fuzz_take(input, 2) % (file->size + 1), length = fuzz_take(input, 1) % 32;
	char copy[32], byte = (char)fuzz_take(input, 1);
	const char *word = words[(uint8_t)byte % (sizeof(words) / sizeof(words[0]))];

	switch (how % 8) {
	case 0: /* one byte */
		replace(file, at, 1, &byte, 1);
		break;
	case 1: /* a range goes */
		replace(file, at, length, "", 0);
		break;
	case 2: /* a word comes */
		replace(file, at, 0, word, strlen(word));
		break;
	case 3: /* a range is said twice */
		if (length > file->size - at)
			length = file->size - at;
		memcpy(copy, file->text + at, length);
		replace(file, at, 0, copy, length);
		break;
	case 4: /* the file ends early */
		file->size = at;
		break;
	default: /* the value behind the next colon becomes a word */
		while (at < file->size && file->text[at] != ':')
			at++;
		at += at < file->size;
		for (length = 0; at + length < file->size && !strchr(",]}\n", file->text[at + length]);)
			length++;
		replace(file, at, length, word, strlen(word));
	}
}

static unsigned count_lines(const char *path)
{
	const struct file *file = find_file(path);
	unsigned lines = 1;

	for (size_t i = 0; i < file->size; i++)
		lines += file->text[i] == '\n';
	return lines;
}

static void judge_findings(const struct config_findings *findings)
{
	unsigned errors = 0;

	for (unsigned i = 0; i < findings->count; i++) {
		const struct config_finding *finding = &findings->list[i];

		ALWAYS(finding->line <= count_lines(finding->file));
		ALWAYS(finding->pointer[0] == '\0' || finding->pointer[0] == '/');
		ALWAYS(strchr(finding->reason, '.') && finding->message[0] != '\0');
		errors += finding->severity == CONFIG_ERROR;
	}
	ALWAYS(errors == findings->errors);
}

/* Every image lies in one region of RAM, and no two in one place. */
static void judge_images(const struct config_zone *zone)
{
	uint64_t ipa;

	ALWAYS(zone->num_images >= 1 && zone->images[0].kind == CONFIG_IMAGE_KERNEL);
	for (unsigned i = 0; i < zone->num_images; i++) {
		const struct config_image *image = &zone->images[i];

		ALWAYS(image->size > 0 && (image->path || image->data));
		ALWAYS(!image->data || image->kind == CONFIG_IMAGE_DTB);
		ALWAYS(hv_config_ram_ipa(&zone->hv, image->paddr, image->size, &ipa));
		for (unsigned j = 0; j < i; j++)
			ALWAYS(!hv_range_overlaps(image->paddr, image->size, zone->images[j].paddr,
						  zone->images[j].size));
	}
	ALWAYS(zone->images[0].paddr == zone->hv.kernel_load_paddr);
}

/* What is shown of zones good or bad. */
static void show(const struct config_board *board, struct config_zone *const *zones, unsigned count)
{
	struct config_resources *resources;
	struct config_difference *list;
	struct json_out json = { 0 };
	FILE *out = fopen("/dev/null", "we");
	unsigned differences;

	ALWAYS(out &&
	       config_resources(board, (const struct config_zone *const *)zones, count, &resources) == 0);
	config_resources_json(resources, &json);
	ALWAYS(!json.failed && config_resources_svg(resources, out) == 0);
	json_out_fini(&json);
	config_resources_free(resources);
	fclose(out);
	for (unsigned i = 0; i < count; i++) {
		const struct config_zone *then = zones[0];
		const struct config_view view = { &then->hv,    then->name,        then->num_images,
						  then->images, then->num_devices, then->devices,
						  &then->policy };

		ALWAYS(config_zone_diff(zones[i], &view, &list, &differences) == 0);
		ALWAYS(i > 0 || differences == 0);
		config_differences_free(list, differences);
	}
}

/* What is called good, EL2 must take. */
static void judge_zones(struct config_zone **zones, unsigned count)
{
	const HvZoneConfig *root = config_platform_root("qemu-virt");
	struct hv_violation violation;

	for (unsigned i = 0; i < count; i++) {
		const HvZoneConfig *hv = &zones[i]->hv;

		if (!config_zone_is_good(zones[i]))
			continue;
		judge_images(zones[i]);
		ALWAYS(hv_config_validate(hv, config_platform("qemu-virt"), false, &violation));
		ALWAYS(hv_config_compatible(hv, root, &violation));
		ALWAYS((hv->flags & HV_CONFIG_ROOT_SEES_RAM) == 0 || zones[i]->num_devices > 0);
		for (unsigned j = 0; j < zones[i]->num_devices; j++)
			ALWAYS(hv_intid_test(&hv->virtual_interrupts, zones[i]->devices[j].intid));
		for (unsigned j = 0; j < i; j++)
			ALWAYS(!config_zone_is_good(zones[j]) ||
			       hv_config_compatible(hv, &zones[j]->hv, &violation));
	}
}

static void check_set(bool must_be_good)
{
	static const struct config_files memory = { .read = memory_read,
						    .probe = memory_probe,
						    .probe_disk = memory_probe };
	const char *const paths[] = { set[VIRTIO].path, set[ZONE1].path, set[ZONE2].path };
	const struct config_board board = { .platform = config_platform("qemu-virt"),
					    .root = config_platform_root("qemu-virt") };
	struct config_findings findings;
	struct config_zone **zones;
	unsigned count;

	ALWAYS(config_check_files(&memory, paths, 3, &board, &zones, &count, &findings) == 0);
	ALWAYS(!must_be_good || (findings.count == 0 && count == 2));
	judge_findings(&findings);
	judge_zones(zones, count);
	show(&board, zones, count);
	for (unsigned i = 0; i < count; i++)
		config_zone_free(zones[i]);
	free(zones);
	config_findings_fini(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	static bool seen;

	set_file(ZONE1, zone1, sizeof(zone1) - 1);
	set_file(ZONE2, zone2, sizeof(zone2) - 1);
	set_file(VIRTIO, virtio, sizeof(virtio) - 1);
	set_file(IMAGE, "kernel", 6);
	make_tree();
	if (!seen)
		check_set(true);
	seen = true;
	if (size > 0 && (data[0] == '{' || data[0] == '['))
		set_file(ZONE1, data, size);
	else
		for (unsigned edits = 1 + (unsigned)fuzz_take(&input, 1) % MAX_EDITS; edits > 0; edits--)
			edit(&input);
	check_set(false);
	return 0;
}
