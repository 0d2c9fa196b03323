/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of network devices that have none in their file. */
#ifndef MAC_H
#define MAC_H

#include "config.h"

/*
 * A locally administered address (IEEE 802, 8.4) of one interface, the same
 * each time for a zone's device on a machine: from the machine's id
 * (machine-id(5)), the zone's id and the device's place among its devices. On a
 * machine without an id it is that of all such machines.
 */
void mac_derive(uint32_t zone_id, uint32_t device, uint8_t ret_mac[CONFIG_MAC_SIZE]);

/* The same, of a machine with that id. */
void mac_derive_on(const char *machine_id, uint32_t zone_id, uint32_t device,
		   uint8_t ret_mac[CONFIG_MAC_SIZE]);

#endif
