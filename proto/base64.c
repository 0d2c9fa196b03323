/* SPDX-License-Identifier: MIT */
#include "base64.h"

#include <errno.h>
#include <stdint.h>

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *data, size_t size, char *ret_text)
{
	const uint8_t *in = data;

	for (size_t i = 0; i < size; i += 3, ret_text += 4) {
		size_t left = size - i;
		uint32_t bits = (uint32_t)in[i] << 16;

		if (left > 1)
			bits |= (uint32_t)in[i + 1] << 8;
		if (left > 2)
			bits |= in[i + 2];
		ret_text[0] = alphabet[bits >> 18];
		ret_text[1] = alphabet[(bits >> 12) & 63];
		ret_text[2] = left > 1 ? alphabet[(bits >> 6) & 63] : '=';
		ret_text[3] = left > 2 ? alphabet[bits & 63] : '=';
	}
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* One group of four; pad says how many '=' end it. Returns 24 bits, or -1. */
static int32_t decode_group(const char *text, unsigned pad)
{
	int32_t bits = 0;

	for (unsigned i = 0; i < 4; i++) {
		int value = i < 4 - pad ? digit(text[i]) : 0;

		if (value < 0)
			return -1;
		bits = bits << 6 | value;
	}
	/* bits that no byte takes must be zero */
	return (bits & ((1 << (8 * pad)) - 1)) == 0 ? bits : -1;
}

ssize_t base64_decode(const char *text, size_t length, void *ret_data)
{
	uint8_t *out = ret_data;

	if (length % 4 != 0)
		return -EINVAL;
	for (size_t i = 0; i < length; i += 4) {
		unsigned pad = 0;
		int32_t bits;

		if (i + 4 == length && text[i + 3] == '=')
			pad = text[i + 2] == '=' ? 2 : 1;
		bits = decode_group(text + i, pad);
		if (bits < 0)
			return -EINVAL;
		*out++ = (uint8_t)(bits >> 16);
		if (pad < 2)
			*out++ = (uint8_t)(bits >> 8);
		if (pad < 1)
			*out++ = (uint8_t)bits;
	}
	return out - (uint8_t *)ret_data;
}
