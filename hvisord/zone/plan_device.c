/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan_device.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "json_strict.h"

/* What a device has beside its type, path and address: where it is, and which values it may have. */
static const struct number {
	const char *key;
	size_t offset; /* of a uint32_t */
	uint64_t max;
} numbers[] = {
	{ "intid", offsetof(struct config_device, intid), HV_MAX_INTIDS - 1 },
	{ "queues", offsetof(struct config_device, queues), CONFIG_MAX_QUEUES },
	{ "block_size", offsetof(struct config_device, block_size), 4096 },
	{ "ports", offsetof(struct config_device, ports), CONFIG_MAX_PORTS },
};

static const struct text {
	const char *key;
	size_t offset; /* of a char[size] */
	size_t size;
} texts[] = {
	{ "serial", offsetof(struct config_device, serial), CONFIG_SERIAL_SIZE + 1 },
	{ "tap", offsetof(struct config_device, tap), CONFIG_INTERFACE_SIZE },
	{ "bridge", offsetof(struct config_device, bridge), CONFIG_INTERFACE_SIZE },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static uint32_t get_number(const struct config_device *device, const struct number *number)
{
	uint32_t value;

	memcpy(&value, (const char *)device + number->offset, sizeof(value));
	return value;
}

static const char *get_text(const struct config_device *device, const struct text *text)
{
	return (const char *)device + text->offset;
}

bool plan_device_same(const struct config_device *a, const struct config_device *b)
{
	bool same = a->type == b->type && a->ipa == b->ipa && a->size == b->size &&
		    a->readonly == b->readonly && memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 &&
		    (a->path == NULL) == (b->path == NULL) &&
		    (a->path == NULL || strcmp(a->path, b->path) == 0);

	for (size_t i = 0; i < COUNT(numbers); i++)
		same = same && get_number(a, &numbers[i]) == get_number(b, &numbers[i]);
	for (size_t i = 0; i < COUNT(texts); i++)
		same = same && strcmp(get_text(a, &texts[i]), get_text(b, &texts[i])) == 0;
	return same;
}

static uint64_t mac_number(const uint8_t mac[CONFIG_MAC_SIZE])
{
	uint64_t value = 0;

	for (unsigned i = 0; i < CONFIG_MAC_SIZE; i++)
		value = value << 8 | mac[i];
	return value;
}

void plan_device_write(const struct config_device *device, struct json_out *out)
{
	json_open_object(out, NULL);
	json_put_string(out, "type", config_device_name(device->type));
	json_put_hex(out, "ipa", device->ipa);
	json_put_hex(out, "size", device->size);
	json_put_string(out, "path", device->path);
	json_put_bool(out, "readonly", device->readonly);
	json_put_hex(out, "mac", mac_number(device->mac));
	for (size_t i = 0; i < COUNT(numbers); i++)
		json_put_uint(out, numbers[i].key, get_number(device, &numbers[i]));
	for (size_t i = 0; i < COUNT(texts); i++)
		json_put_string(out, texts[i].key, get_text(device, &texts[i]));
	json_close_object(out);
}

static bool read_hex(const cJSON *object, const char *key, uint64_t *ret_value)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
	char *end;

	if (text == NULL || strncmp(text, "0x", 2) != 0)
		return false;
	errno = 0;
	*ret_value = strtoull(text, &end, 16);
	return errno == 0 && end != text + 2 && *end == '\0';
}

static bool read_type(const cJSON *object, struct config_device *device)
{
	const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "type"));

	for (int i = 0; type != NULL && i < CONFIG_DEVICE_TYPES; i++) {
		device->type = (enum config_device_type)i;
		if (strcmp(config_device_name(device->type), type) == 0)
			return true;
	}
	return false;
}

static bool read_number(const cJSON *object, const struct number *number, struct config_device *device)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, number->key);
	uint64_t value;
	uint32_t word;

	if (json_strict_u64(item, &value) != 0 || value > number->max)
		return false;
	word = (uint32_t)value;
	memcpy((char *)device + number->offset, &word, sizeof(word));
	return true;
}

static bool read_text(const cJSON *object, const struct text *text, struct config_device *device)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, text->key));

	if (value == NULL || strlen(value) >= text->size)
		return false;
	memcpy((char *)device + text->offset, value, strlen(value) + 1);
	return true;
}

static bool read_all(const cJSON *object, struct config_device *device)
{
	uint64_t mac;
	bool good = read_type(object, device) && read_hex(object, "ipa", &device->ipa) &&
		    read_hex(object, "size", &device->size) && read_hex(object, "mac", &mac);

	for (size_t i = 0; i < COUNT(numbers); i++)
		good = good && read_number(object, &numbers[i], device);
	for (size_t i = 0; i < COUNT(texts); i++)
		good = good && read_text(object, &texts[i], device);
	for (unsigned i = 0; good && i < CONFIG_MAC_SIZE; i++)
		device->mac[i] = (uint8_t)(mac >> (8 * (CONFIG_MAC_SIZE - 1 - i)));
	device->readonly = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "readonly"));
	return good;
}

int plan_device_read(const cJSON *object, struct config_device *ret_device)
{
	const char *path = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "path"));
	struct config_device device = { 0 };

	if (!read_all(object, &device))
		return -EBADMSG;
	device.path = path != NULL ? strdup(path) : NULL;
	if (path != NULL && device.path == NULL)
		return -ENOMEM;
	*ret_device = device;
	return 0;
}
