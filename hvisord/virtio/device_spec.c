/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device_spec.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "device_bus.h"

#define KIND(kind) (1u << DEVICE_KIND_##kind)

static const struct {
	const char *name;
	unsigned needed; /* options, as bits of their place in the table below */
} kinds[DEVICE_KINDS] = {
	[DEVICE_KIND_CONSOLE] = { "console", 0 }, [DEVICE_KIND_BLK] = { "blk", 1u << 0 },
	[DEVICE_KIND_NET] = { "net", 1u << 0 },   [DEVICE_KIND_RNG] = { "rng", 0 },
	[DEVICE_KIND_PL011] = { "pl011", 0 },     [DEVICE_KIND_POWER_KEY] = { "power_key", 0 },
	[DEVICE_KIND_REGION] = { "region", 0 },
};

/* Digits, decimal or 0x…, up to the end or a comma; *text moves past it and its comma. */
static int parse_number(const char **text, uint64_t max, uint64_t *ret_value)
{
	char *end;

	if (**text < '0' || **text > '9') /* strtoull() would take a sign or spaces */
		return -EINVAL;
	errno = 0;
	*ret_value = strtoull(*text, &end, 0);
	if (errno != 0 || *ret_value > max || (*end != '\0' && *end != ','))
		return -EINVAL;
	*text = *end == ',' ? end + 1 : end;
	return 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes of two digits each, at most room of them. Returns how many, or -EINVAL. */
static int parse_bytes(const char **text, unsigned room, uint8_t *ret_bytes)
{
	unsigned count = 0;

	for (; **text != '\0' && **text != ','; *text += 2) {
		const int high = digit((*text)[0]), low = high < 0 ? -1 : digit((*text)[1]);

		if (low < 0 || count == room)
			return -EINVAL;
		ret_bytes[count++] = (uint8_t)(high << 4 | low);
	}
	*text += **text == ',';
	return (int)count;
}

static int parse_fd(const char **text, struct device_spec *spec)
{
	uint64_t value;

	if (parse_number(text, INT_MAX, &value))
		return -EINVAL;
	spec->fd = (int)value;
	return 0;
}

static int parse_ro(const char **text, struct device_spec *spec)
{
	uint64_t value;

	if (parse_number(text, 1, &value))
		return -EINVAL;
	spec->readonly = value != 0;
	return 0;
}

/* From 1 to max. */
static int parse_count(const char **text, uint64_t max, uint32_t *ret_count)
{
	uint64_t value;

	if (parse_number(text, max, &value) || value == 0)
		return -EINVAL;
	*ret_count = (uint32_t)value;
	return 0;
}

static int parse_queues(const char **text, struct device_spec *spec)
{
	return parse_count(text, DEVICE_MAX_QUEUES, &spec->queues);
}

static int parse_ports(const char **text, struct device_spec *spec)
{
	return parse_count(text, DEVICE_MAX_PORTS, &spec->ports);
}

static int parse_block(const char **text, struct device_spec *spec)
{
	const int err = parse_count(text, 4096, &spec->block);

	return err || (spec->block != 512 && spec->block != 4096) ? -EINVAL : 0;
}

static int parse_serial(const char **text, struct device_spec *spec)
{
	return parse_bytes(text, DEVICE_SERIAL_SIZE, (uint8_t *)spec->serial) < 0 ? -EINVAL : 0;
}

static int parse_mac(const char **text, struct device_spec *spec)
{
	return parse_bytes(text, DEVICE_MAC_SIZE, spec->mac) != DEVICE_MAC_SIZE ? -EINVAL : 0;
}

static const struct option {
	const char *key; /* with its = */
	unsigned kinds;
	int (*parse)(const char **text, struct device_spec *spec);
} options[] = {
	{ "fd=", KIND(BLK) | KIND(NET), parse_fd },
	{ "queues=", KIND(BLK) | KIND(NET), parse_queues },
	{ "ro=", KIND(BLK), parse_ro },
	{ "block=", KIND(BLK), parse_block },
	{ "serial=", KIND(BLK), parse_serial },
	{ "mac=", KIND(NET), parse_mac },
	{ "ports=", KIND(CONSOLE), parse_ports },
};
#define NUM_OPTIONS (sizeof(options) / sizeof(options[0]))

static int parse_option(const char **text, struct device_spec *spec, unsigned *given)
{
	for (unsigned i = 0; i < NUM_OPTIONS; i++) {
		const size_t length = strlen(options[i].key);

		if (strncmp(*text, options[i].key, length) != 0)
			continue;
		if ((options[i].kinds >> spec->kind & 1) == 0 || (*given >> i & 1) != 0)
			return -EINVAL;
		*given |= 1u << i;
		*text += length;
		return options[i].parse(text, spec);
	}
	return -EINVAL;
}

static int parse_kind(const char **text, enum device_kind *ret_kind)
{
	const char *comma = strchr(*text, ',');
	const size_t length = comma ? (size_t)(comma - *text) : 0;

	for (unsigned i = 0; i < DEVICE_KINDS; i++) {
		if (strlen(kinds[i].name) != length || memcmp(kinds[i].name, *text, length) != 0)
			continue;
		*text = comma + 1;
		*ret_kind = (enum device_kind)i;
		return 0;
	}
	return -EINVAL;
}

int device_spec_parse(const char *text, struct device_spec *ret_spec)
{
	struct device_spec spec = { .fd = -1, .queues = 1, .block = 512, .ports = 1 };
	unsigned given = 0;
	uint64_t intid;

	if (*text == '\0' || text[strlen(text) - 1] == ',' || parse_kind(&text, &spec.kind) ||
	    parse_number(&text, UINT64_MAX, &spec.ipa) || parse_number(&text, UINT64_MAX, &spec.size) ||
	    parse_number(&text, HV_LAST_SPI, &intid))
		return -EINVAL;
	spec.intid = (uint32_t)intid;
	while (*text != '\0') {
		if (parse_option(&text, &spec, &given))
			return -EINVAL;
	}
	if ((given & kinds[spec.kind].needed) != kinds[spec.kind].needed)
		return -EINVAL;
	*ret_spec = spec;
	return 0;
}
