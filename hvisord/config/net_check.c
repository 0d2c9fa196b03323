/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The zones' network devices: names and addresses, and that no two devices have the same. */
#include "draft.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mac.h"

/* A name that Linux takes as it is: to it, % asks for a number. */
static bool is_interface(const char *name)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name != '\0'; name++) {
		if (*name == '/' || *name == ':' || *name == '%' || !isgraph((unsigned char)*name))
			return false;
	}
	return true;
}

/* A key with the name of an interface. NULL or "" is none. */
static bool take_name(struct config_source *source, const char *pointer, const char *key, const char *name,
		      char ret_name[CONFIG_INTERFACE_SIZE])
{
	if (name == NULL || name[0] == '\0')
		return true;
	snprintf(ret_name, CONFIG_INTERFACE_SIZE, "%s", name);
	if (is_interface(name))
		return true;
	config_source_error(source, config_pointer("%s/%s", pointer, key).text, REASON_VIRTIO_INTERFACE,
			    "this cannot be the name of an interface");
	return false;
}

static bool take_mac(struct config_source *source, const char *pointer, const struct device_fields *fields,
		     uint8_t ret_mac[CONFIG_MAC_SIZE])
{
	const struct config_pointer at = config_pointer("%s/mac", pointer);
	bool zero = true;

	if (fields->mac_count != CONFIG_MAC_SIZE) {
		config_source_error(source, at.text, REASON_RANGE, "six bytes belong here");
		return false;
	}
	for (unsigned i = 0; i < CONFIG_MAC_SIZE; i++) {
		ret_mac[i] = (uint8_t)fields->mac[i];
		zero = zero && ret_mac[i] == 0;
	}
	if (zero || (ret_mac[0] & 1u) != 0) {
		config_source_error(source, at.text, REASON_VIRTIO_MAC,
				    "this is not the address of one interface: that is not zero, and its "
				    "first byte is even");
		return false;
	}
	return true;
}

bool config_net_fill(const struct config_draft *draft, struct config_source *source, const char *pointer,
		     const struct device_fields *fields, struct config_device *device)
{
	const struct config_zone *zone = draft->zone;
	bool good = true;

	snprintf(device->tap, sizeof(device->tap), "hv%un%u", zone->hv.zone_id, zone->num_devices);
	good = take_name(source, pointer, "tap", fields->tap, device->tap);
	good = take_name(source, pointer, "bridge", fields->bridge, device->bridge) && good;
	if (good && strcmp(device->tap, device->bridge) == 0) {
		config_source_error(source, config_pointer("%s/bridge", pointer).text,
				    REASON_VIRTIO_INTERFACE, "this is the name of the tap");
		good = false;
	}
	if (config_given(&fields->seen, DEVICE_MAC))
		return take_mac(source, pointer, fields, device->mac) && good;
	mac_derive(zone->hv.zone_id, zone->num_devices, device->mac);
	return good;
}

/* A network device of the set. */
struct net {
	const struct config_draft *draft;
	unsigned device;
};

static const struct config_device *device_of(const struct net *net)
{
	return &net->draft->zone->devices[net->device];
}

static void report(const struct net *net, const struct net *other, const char *key, const char *reason,
		   const char *what)
{
	const struct config_pointer at =
		config_pointer("%s/%s", net->draft->device_places[net->device].pointer.text, key);
	const struct config_pointer there =
		config_pointer("%s:%s", other->draft->device_places[other->device].source->path,
			       other->draft->device_places[other->device].pointer.text);

	config_source_add(net->draft->device_places[net->device].source, CONFIG_ERROR,
			  &(struct config_place){ .pointer = at.text, .other = there.text }, reason,
			  "%s is also that of a device of zone %s", what, other->draft->zone->name);
}

static bool same_tap(const struct config_device *a, const struct config_device *b)
{
	return strcmp(a->tap, b->tap) == 0;
}

static bool same_mac(const struct config_device *a, const struct config_device *b)
{
	return memcmp(a->mac, b->mac, sizeof(a->mac)) == 0;
}

/* What no two devices may have in common. */
static const struct {
	const char *key, *reason, *what;
	bool (*same)(const struct config_device *a, const struct config_device *b);
} unique[] = {
	{ "tap", REASON_VIRTIO_INTERFACE, "this tap", same_tap },
	{ "mac", REASON_VIRTIO_MAC, "this address", same_mac },
};

/* Against those found before; the first one is named. */
static void check_unique(const struct net *nets, const struct net *net)
{
	for (unsigned i = 0; i < sizeof(unique) / sizeof(unique[0]); i++) {
		for (const struct net *other = nets; other != net; other++) {
			if (!unique[i].same(device_of(net), device_of(other)))
				continue;
			report(net, other, unique[i].key, unique[i].reason, unique[i].what);
			break;
		}
	}
}

void config_nets_check(const struct config_check *check)
{
	unsigned room = 0, count = 0;
	struct net *nets;

	for (unsigned i = 0; i < check->num_drafts; i++)
		room += check->drafts[i]->zone->num_devices;
	if (room == 0)
		return;
	nets = calloc(room, sizeof(*nets));
	if (!nets) {
		check->drafts[0]->source->report.no_memory = true;
		return;
	}
	for (unsigned i = 0; i < check->num_drafts; i++) {
		for (unsigned j = 0; j < check->drafts[i]->zone->num_devices; j++) {
			if (check->drafts[i]->zone->devices[j].type != CONFIG_DEVICE_NET)
				continue;
			nets[count] = (struct net){ check->drafts[i], j };
			check_unique(nets, &nets[count]);
			count++;
		}
	}
	free(nets);
}
