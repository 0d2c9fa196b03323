/* SPDX-License-Identifier: MIT */
#include "hv_validate.h"

#define SPACE_END (1ull << HV_IPA_BITS)
#define GIC_ALIGN 0x10000u /* frames of distributor and redistributors (GICv3 12.8, 12.10) */
#define GICD_MIN_SIZE 0x10000u
#define GICR_CPU_SIZE 0x20000u
#define VIRTIO_ALIGN 0x200u
#define DTB_ALIGN 8u /* arm64 boot protocol */
#define INSTRUCTION_SIZE 4u

static const char *const violation_names[HV_VIOLATION_COUNT] = {
	[HV_VIOLATION_NONE] = "zone.none",
	[HV_VIOLATION_HEADER] = "zone.header",
	[HV_VIOLATION_RESERVED] = "zone.reserved",
	[HV_VIOLATION_ZONE_ID] = "zone.id",
	[HV_VIOLATION_NAME] = "zone.name",
	[HV_VIOLATION_NO_CPUS] = "zone.no_cpus",
	[HV_VIOLATION_CPU_RANGE] = "zone.cpu_range",
	[HV_VIOLATION_CPU_COUNT] = "zone.cpu_count",
	[HV_VIOLATION_REGION_COUNT] = "zone.region_count",
	[HV_VIOLATION_REGION_TYPE] = "zone.region_type",
	[HV_VIOLATION_REGION_EMPTY] = "zone.region_empty",
	[HV_VIOLATION_REGION_ALIGN] = "zone.region_align",
	[HV_VIOLATION_REGION_WRAP] = "zone.region_wrap",
	[HV_VIOLATION_REGION_OVERLAP] = "zone.region_overlap",
	[HV_VIOLATION_REGION_NOT_RAM] = "zone.region_not_ram",
	[HV_VIOLATION_REGION_NOT_DEVICE] = "zone.region_not_device",
	[HV_VIOLATION_REGION_HYPERVISOR] = "zone.region_hypervisor",
	[HV_VIOLATION_REGION_GIC] = "zone.region_gic",
	[HV_VIOLATION_NO_RAM] = "zone.no_ram",
	[HV_VIOLATION_INTERRUPT_RANGE] = "zone.interrupt_range",
	[HV_VIOLATION_INTERRUPT_BOARD] = "zone.interrupt_board",
	[HV_VIOLATION_INTERRUPT_BOTH] = "zone.interrupt_both",
	[HV_VIOLATION_GIC_VERSION] = "zone.gic_version",
	[HV_VIOLATION_GIC_RANGE] = "zone.gic_range",
	[HV_VIOLATION_ENTRY] = "zone.entry",
	[HV_VIOLATION_KERNEL_RANGE] = "zone.kernel_range",
	[HV_VIOLATION_DTB_RANGE] = "zone.dtb_range",
	[HV_VIOLATION_IMAGE_OVERLAP] = "zone.image_overlap",
	[HV_VIOLATION_CPU_CONFLICT] = "zone.cpu_conflict",
	[HV_VIOLATION_RAM_CONFLICT] = "zone.ram_conflict",
	[HV_VIOLATION_DEVICE_CONFLICT] = "zone.device_conflict",
	[HV_VIOLATION_INTERRUPT_CONFLICT] = "zone.interrupt_conflict",
	[HV_VIOLATION_ID_CONFLICT] = "zone.id_conflict",
	[HV_VIOLATION_REGION_IDENTITY] = "zone.region_identity",
};

const char *hv_violation_name(uint16_t code)
{
	return code < HV_VIOLATION_COUNT ? violation_names[code] : "zone.unknown";
}

/* What every check works on. Checks run in the order of their table: later ones trust earlier ones. */
struct subject {
	const HvZoneConfig *config;
	const HvPlatform *platform;
	bool is_root;
	struct hv_violation *violation;
};

static bool violate(const struct subject *s, enum hv_violation_code code, uint32_t index, uint32_t other)
{
	*s->violation = (struct hv_violation){
		.code = (uint16_t)code,
		.index = (uint16_t)index,
		.other_index = (uint16_t)other,
	};
	return false;
}

static uint32_t lowest_bit(uint64_t bits)
{
	return (uint32_t)__builtin_ctzll(bits);
}

static uint32_t count_bits(uint64_t bits)
{
	uint32_t count = 0;

	/* No builtin: on arm64 without vector registers it would call into libgcc. */
	for (; bits != 0; bits &= bits - 1)
		count++;
	return count;
}

static bool is_memory(const struct hv_memory_region *region)
{
	return region->type == HV_REGION_RAM || region->type == HV_REGION_IO;
}

/* Whole range below 2^40. */
static bool fits_space(uint64_t start, uint64_t size)
{
	return hv_range_valid(start, size) && hv_range_contains(0, SPACE_END, start, size);
}

static bool check_header(const struct subject *s)
{
	const HvZoneConfig *c = s->config;

	if (c->magic != HV_CONFIG_MAGIC || c->version != HV_CONFIG_VERSION || c->size != sizeof(*c))
		return violate(s, HV_VIOLATION_HEADER, 0, 0);
	if ((c->flags & ~HV_CONFIG_ROOT_SEES_RAM) != 0 || c->reserved != 0 || c->gic.reserved != 0)
		return violate(s, HV_VIOLATION_RESERVED, 0, 0);
	if (s->is_root ? c->zone_id != 0 : c->zone_id == 0 || c->zone_id >= HV_MAX_ZONES)
		return violate(s, HV_VIOLATION_ZONE_ID, 0, 0);
	return true;
}

/*
 * Length of the printable UTF-8 character (RFC 3629) at the start of text, or
 * 0. Reads no further than the first byte that does not fit.
 */
static uint32_t utf8_length(const unsigned char *text)
{
	/* Smallest code point of a sequence of that length: anything below is an overlong form. */
	static const uint32_t least[] = { 0, 0x20, 0xa0, 0x800, 0x10000 };
	uint32_t length = text[0] < 0x80   ? 1
			  : text[0] < 0xc0 ? 0
			  : text[0] < 0xe0 ? 2
			  : text[0] < 0xf0 ? 3
					   : 4;
	uint32_t point = length == 1 ? text[0] : text[0] & (0x7fu >> length);

	if (length == 0 || text[0] >= 0xf8)
		return 0;
	for (uint32_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (text[i] & 0x3f);
	}
	if (point < least[length] || point == 0x7f || point > 0x10ffff ||
	    (point >= 0xd800 && point <= 0xdfff))
		return 0;
	return length;
}

static bool check_name(const struct subject *s)
{
	const unsigned char *name = (const unsigned char *)s->config->name;
	uint32_t end = 0;

	/* The last byte must be the NUL, so no character can run past the array. */
	if (name[HV_NAME_SIZE - 1] != 0 || name[0] == 0)
		return violate(s, HV_VIOLATION_NAME, 0, 0);
	while (name[end] != 0) {
		uint32_t length = utf8_length(name + end);

		if (length == 0)
			return violate(s, HV_VIOLATION_NAME, end, 0);
		end += length;
	}
	for (uint32_t i = end; i < HV_NAME_SIZE; i++)
		if (name[i] != 0)
			return violate(s, HV_VIOLATION_NAME, i, 0);
	return true;
}

static bool check_cpus(const struct subject *s)
{
	const HvZoneConfig *c = s->config;
	uint32_t board = s->platform->num_cpus;
	uint64_t absent = board >= HV_MAX_CPUS ? 0 : c->cpus >> board << board;

	if (c->cpus == 0)
		return violate(s, HV_VIOLATION_NO_CPUS, 0, 0);
	if (absent != 0)
		return violate(s, HV_VIOLATION_CPU_RANGE, lowest_bit(absent), 0);
	if (c->num_cpus != count_bits(c->cpus))
		return violate(s, HV_VIOLATION_CPU_COUNT, 0, 0);
	return true;
}

static bool check_gic(const struct subject *s)
{
	const struct hv_gic_config *g = &s->config->gic;
	uint64_t gicr_least = (uint64_t)s->config->num_cpus * GICR_CPU_SIZE;

	if (g->version != 3)
		return violate(s, HV_VIOLATION_GIC_VERSION, 0, 0);
	if (g->gicd_size < GICD_MIN_SIZE || g->gicr_size < gicr_least)
		return violate(s, HV_VIOLATION_GIC_RANGE, 0, 0);
	if (g->gicd_base % GIC_ALIGN != 0 || g->gicr_base % GIC_ALIGN != 0 ||
	    g->gicd_size % HV_PAGE_SIZE != 0 || g->gicr_size % HV_PAGE_SIZE != 0)
		return violate(s, HV_VIOLATION_GIC_RANGE, 0, 0);
	if (!fits_space(g->gicd_base, g->gicd_size) || !fits_space(g->gicr_base, g->gicr_size) ||
	    (g->gits_size != 0 && !fits_space(g->gits_base, g->gits_size)))
		return violate(s, HV_VIOLATION_GIC_RANGE, 0, 0);
	if (hv_range_overlaps(g->gicd_base, g->gicd_size, g->gicr_base, g->gicr_size))
		return violate(s, HV_VIOLATION_GIC_RANGE, 0, 0);
	return true;
}

static bool check_region_shape(const struct subject *s, uint32_t i)
{
	const struct hv_memory_region *r = &s->config->regions[i];
	uint64_t align = r->type == HV_REGION_VIRTIO ? VIRTIO_ALIGN : HV_PAGE_SIZE;
	uint32_t flags = r->type == HV_REGION_RAM ? HV_REGION_SHARED : 0;

	if (!is_memory(r) && (r->type != HV_REGION_VIRTIO || s->is_root))
		return violate(s, HV_VIOLATION_REGION_TYPE, i, 0);
	if ((r->flags & ~flags) != 0)
		return violate(s, HV_VIOLATION_RESERVED, i, 0);
	if (r->size == 0)
		return violate(s, HV_VIOLATION_REGION_EMPTY, i, 0);
	if (r->virtual_start % align != 0 || r->size % align != 0)
		return violate(s, HV_VIOLATION_REGION_ALIGN, i, 0);
	if (is_memory(r) && r->physical_start % align != 0)
		return violate(s, HV_VIOLATION_REGION_ALIGN, i, 0);
	if (!fits_space(r->virtual_start, r->size))
		return violate(s, HV_VIOLATION_REGION_WRAP, i, 0);
	if (is_memory(r) && !hv_range_valid(r->physical_start, r->size))
		return violate(s, HV_VIOLATION_REGION_WRAP, i, 0);
	return true;
}

/* The n-th range that a region of this type may lie in; size 0 if this zone may not. */
static struct hv_range board_range(const struct subject *s, uint32_t type, uint32_t n)
{
	const struct hv_device_window *device = &s->platform->devices[n];

	if (type == HV_REGION_RAM)
		return s->platform->ram[n];
	if (s->is_root || (device->flags & HV_DEVICE_ASSIGNABLE) != 0)
		return device->range;
	return (struct hv_range){ 0 };
}

/* The region lies in the board's ranges for its type; adjoining ranges count as one. */
static bool on_board(const struct subject *s, const struct hv_memory_region *r)
{
	bool ram = r->type == HV_REGION_RAM;
	uint32_t count = ram ? s->platform->num_ram : s->platform->num_devices;
	uint32_t most = ram ? HV_PLATFORM_MAX_RAM : HV_PLATFORM_MAX_DEVICES;
	uint64_t at = r->physical_start;
	uint64_t left = r->size;

	if (count > most)
		count = most;
	/* Every round but the last leaves one range for good, so count rounds are enough. */
	for (uint32_t round = 0; round < count && left != 0; round++) {
		for (uint32_t n = 0; n < count && left != 0; n++) {
			struct hv_range range = board_range(s, r->type, n);
			uint64_t covered;

			if (at < range.start || at - range.start >= range.size)
				continue;
			covered = range.size - (at - range.start);
			if (covered > left)
				covered = left;
			at += covered; /* may come to 2^64 exactly, with nothing left then */
			left -= covered;
		}
	}
	return left == 0;
}

/* The physical interrupt controller is nobody's device, whatever the board's windows say. */
static bool meets_board_gic(const struct subject *s, const struct hv_memory_region *r)
{
	const struct hv_gic_config *g = &s->platform->gic;

	return (g->gicd_size != 0 &&
		hv_range_overlaps(r->physical_start, r->size, g->gicd_base, g->gicd_size)) ||
	       (g->gicr_size != 0 &&
		hv_range_overlaps(r->physical_start, r->size, g->gicr_base, g->gicr_size));
}

static bool check_region_place(const struct subject *s, uint32_t i)
{
	const struct hv_memory_region *r = &s->config->regions[i];
	const struct hv_gic_config *g = &s->config->gic;
	const struct hv_range *own = &s->platform->hypervisor;

	if (is_memory(r)) {
		if (own->size != 0 && hv_range_overlaps(r->physical_start, r->size, own->start, own->size))
			return violate(s, HV_VIOLATION_REGION_HYPERVISOR, i, 0);
		if (r->type == HV_REGION_RAM && !on_board(s, r))
			return violate(s, HV_VIOLATION_REGION_NOT_RAM, i, 0);
		if (r->type == HV_REGION_IO && (meets_board_gic(s, r) || !on_board(s, r)))
			return violate(s, HV_VIOLATION_REGION_NOT_DEVICE, i, 0);
		/* The root zone's windows on other zones' RAM lie at IPA = PA. */
		if (s->is_root && r->virtual_start != r->physical_start)
			return violate(s, HV_VIOLATION_REGION_IDENTITY, i, 0);
	}
	if (hv_range_overlaps(r->virtual_start, r->size, g->gicd_base, g->gicd_size) ||
	    hv_range_overlaps(r->virtual_start, r->size, g->gicr_base, g->gicr_size))
		return violate(s, HV_VIOLATION_REGION_GIC, i, 0);
	return true;
}

/* Guest-physical ranges meet; a page that holds a virtio window must trap, so it can hold nothing else. */
static bool meets_guest_physical(const struct hv_memory_region *a, const struct hv_memory_region *b)
{
	uint64_t mask = is_memory(a) || is_memory(b) ? HV_PAGE_SIZE - 1 : 0;
	uint64_t a_start = a->virtual_start & ~mask;
	uint64_t b_start = b->virtual_start & ~mask;
	uint64_t a_last = (a->virtual_start + (a->size - 1)) | mask;
	uint64_t b_last = (b->virtual_start + (b->size - 1)) | mask;

	return a_start <= b_last && b_start <= a_last;
}

static bool meets_physical(const struct hv_memory_region *a, const struct hv_memory_region *b)
{
	return is_memory(a) && is_memory(b) &&
	       hv_range_overlaps(a->physical_start, a->size, b->physical_start, b->size);
}

static bool check_region_overlap(const struct subject *s, uint32_t i)
{
	const struct hv_memory_region *r = s->config->regions;

	for (uint32_t j = 0; j < i; j++)
		if (meets_guest_physical(&r[i], &r[j]) || meets_physical(&r[i], &r[j]))
			return violate(s, HV_VIOLATION_REGION_OVERLAP, i, j);
	return true;
}

static bool check_regions(const struct subject *s)
{
	const HvZoneConfig *c = s->config;
	uint32_t ram = 0;

	if (c->num_regions > HV_MAX_REGIONS)
		return violate(s, HV_VIOLATION_REGION_COUNT, 0, 0);
	for (uint32_t i = 0; i < c->num_regions; i++) {
		if (!check_region_shape(s, i) || !check_region_place(s, i) || !check_region_overlap(s, i))
			return false;
		ram += c->regions[i].type == HV_REGION_RAM;
	}
	for (uint32_t i = c->num_regions; i < HV_MAX_REGIONS; i++) {
		const struct hv_memory_region *r = &c->regions[i];

		if ((r->type | r->flags | r->physical_start | r->virtual_start | r->size) != 0)
			return violate(s, HV_VIOLATION_RESERVED, i, 0);
	}
	return ram != 0 || violate(s, HV_VIOLATION_NO_RAM, 0, 0);
}

static uint32_t spi_mask(uint32_t word)
{
	if (word < HV_FIRST_SPI / 32)
		return 0;
	return word == HV_LAST_SPI / 32 ? (2u << HV_LAST_SPI % 32) - 1 : UINT32_MAX;
}

static bool check_interrupts(const struct subject *s)
{
	const HvZoneConfig *c = s->config;

	for (uint32_t word = 0; word < HV_MAX_INTIDS / 32; word++) {
		uint32_t hardware = c->interrupts.word[word];
		uint32_t virtual = c->virtual_interrupts.word[word];
		uint32_t given = s->is_root ? UINT32_MAX : s->platform->assignable_spis.word[word];
		const struct {
			uint32_t bits;
			enum hv_violation_code code;
		} wrong[] = {
			{ (hardware | virtual) & ~spi_mask(word), HV_VIOLATION_INTERRUPT_RANGE },
			{ hardware & ~given, HV_VIOLATION_INTERRUPT_BOARD },
			{ hardware & virtual, HV_VIOLATION_INTERRUPT_BOTH },
		};

		for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
			if (wrong[i].bits != 0)
				return violate(s, wrong[i].code, word * 32 + lowest_bit(wrong[i].bits), 0);
	}
	return true;
}

static bool entry_in_ram(const HvZoneConfig *c)
{
	for (uint32_t i = 0; i < c->num_regions; i++) {
		const struct hv_memory_region *r = &c->regions[i];

		if (r->type == HV_REGION_RAM &&
		    hv_range_contains(r->virtual_start, r->size, c->entry_point, INSTRUCTION_SIZE))
			return true;
	}
	return false;
}

static bool check_images(const struct subject *s)
{
	const HvZoneConfig *c = s->config;
	uint64_t ipa;

	if (c->entry_point % INSTRUCTION_SIZE != 0 || !entry_in_ram(c))
		return violate(s, HV_VIOLATION_ENTRY, 0, 0);
	if (!hv_config_ram_ipa(c, c->kernel_load_paddr, c->kernel_size, &ipa))
		return violate(s, HV_VIOLATION_KERNEL_RANGE, 0, 0);
	if (c->dtb_size == 0)
		return true;
	if (!hv_config_ram_ipa(c, c->dtb_load_paddr, c->dtb_size, &ipa) || ipa % DTB_ALIGN != 0)
		return violate(s, HV_VIOLATION_DTB_RANGE, 0, 0);
	if (hv_range_overlaps(c->kernel_load_paddr, c->kernel_size, c->dtb_load_paddr, c->dtb_size))
		return violate(s, HV_VIOLATION_IMAGE_OVERLAP, 0, 0);
	return true;
}

bool hv_config_validate(const HvZoneConfig *config, const HvPlatform *platform, bool is_root,
			struct hv_violation *ret_violation)
{
	static bool (*const checks[])(const struct subject *s) = {
		check_header,  check_name,       check_cpus,   check_gic,
		check_regions, check_interrupts, check_images,
	};
	struct subject s = { config, platform, is_root, ret_violation };

	for (uint32_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (!checks[i](&s))
			return false;
	return true;
}

/* Both sides ask for it, and mean the same RAM. */
static bool shared_by_both(const struct hv_memory_region *a, const struct hv_memory_region *b)
{
	return (a->flags & b->flags & HV_REGION_SHARED) != 0 && a->physical_start == b->physical_start &&
	       a->size == b->size;
}

static bool regions_compatible(const HvZoneConfig *a, const HvZoneConfig *b, struct hv_violation *v)
{
	for (uint32_t i = 0; i < a->num_regions; i++) {
		for (uint32_t j = 0; j < b->num_regions; j++) {
			const struct hv_memory_region *x = &a->regions[i];
			const struct hv_memory_region *y = &b->regions[j];

			if (!meets_physical(x, y) || shared_by_both(x, y))
				continue;
			v->code = x->type == HV_REGION_RAM ? HV_VIOLATION_RAM_CONFLICT
							   : HV_VIOLATION_DEVICE_CONFLICT;
			v->index = (uint16_t)i;
			v->other_index = (uint16_t)j;
			return false;
		}
	}
	return true;
}

static bool interrupts_compatible(const HvZoneConfig *a, const HvZoneConfig *b, struct hv_violation *v)
{
	for (uint32_t word = 0; word < HV_MAX_INTIDS / 32; word++) {
		uint32_t both = a->interrupts.word[word] & b->interrupts.word[word];

		if (both == 0)
			continue;
		v->code = HV_VIOLATION_INTERRUPT_CONFLICT;
		v->index = (uint16_t)(word * 32 + lowest_bit(both));
		v->other_index = v->index;
		return false;
	}
	return true;
}

bool hv_config_compatible(const HvZoneConfig *a, const HvZoneConfig *b, struct hv_violation *ret_violation)
{
	struct hv_violation v = { .other_zone = (uint16_t)b->zone_id };
	bool ok = true;

	if (a->zone_id == b->zone_id) {
		v.code = HV_VIOLATION_ID_CONFLICT;
		ok = false;
	} else if ((a->cpus & b->cpus) != 0) {
		v.code = HV_VIOLATION_CPU_CONFLICT;
		v.index = (uint16_t)lowest_bit(a->cpus & b->cpus);
		v.other_index = v.index;
		ok = false;
	} else {
		ok = regions_compatible(a, b, &v) && interrupts_compatible(a, b, &v);
	}
	if (!ok)
		*ret_violation = v;
	return ok;
}

bool hv_config_ram_ipa(const HvZoneConfig *config, uint64_t paddr, uint64_t size, uint64_t *ret_ipa)
{
	if (!hv_range_valid(paddr, size))
		return false;
	for (uint32_t i = 0; i < config->num_regions && i < HV_MAX_REGIONS; i++) {
		const struct hv_memory_region *r = &config->regions[i];

		if (r->type == HV_REGION_RAM && hv_range_contains(r->physical_start, r->size, paddr, size)) {
			*ret_ipa = r->virtual_start + (paddr - r->physical_start);
			return true;
		}
	}
	return false;
}
