/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mac.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sha256.h"

#define MACHINE_ID_PATH "/etc/machine-id"
#define MACHINE_ID_LENGTH 32u /* hexadecimal digits */

/* The machine's id, or "". */
static void read_machine_id(char ret_id[MACHINE_ID_LENGTH + 1])
{
	const int fd = open(MACHINE_ID_PATH, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t size;

	ret_id[0] = '\0';
	if (fd < 0)
		return;
	size = read(fd, ret_id, MACHINE_ID_LENGTH);
	close(fd);
	/* what stands there before the first boot is no id either */
	if (size != MACHINE_ID_LENGTH || memchr(ret_id, '\n', MACHINE_ID_LENGTH) != NULL)
		size = 0;
	ret_id[size] = '\0';
}

/* The id itself is confidential: what the network sees must not lead back to it. */
void mac_derive_on(const char *machine_id, uint32_t zone_id, uint32_t device,
		   uint8_t ret_mac[CONFIG_MAC_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 sha;
	char text[128];
	const int length =
		snprintf(text, sizeof(text), "hvisor network device %s %u %u", machine_id, zone_id, device);

	sha256_init(&sha);
	sha256_add(&sha, text, (size_t)length);
	sha256_end(&sha, digest);
	memcpy(ret_mac, digest, CONFIG_MAC_SIZE);
	ret_mac[0] = (uint8_t)((ret_mac[0] & ~1u) | 2u);
}

void mac_derive(uint32_t zone_id, uint32_t device, uint8_t ret_mac[CONFIG_MAC_SIZE])
{
	char id[MACHINE_ID_LENGTH + 1];

	read_machine_id(id);
	mac_derive_on(id, zone_id, device, ret_mac);
}
