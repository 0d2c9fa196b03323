/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648 section 4), with padding. */
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>
#include <sys/types.h>

/* Characters for that many bytes. */
static inline size_t base64_length(size_t bytes)
{
	return (bytes + 2) / 3 * 4;
}

/* Writes base64_length(size) characters, no NUL. */
void base64_encode(const void *data, size_t size, char *ret_text);

/*
 * Decodes length characters into data, which has room for length / 4 * 3
 * bytes. Strict: padding must be there and unused bits must be zero. Returns
 * the bytes, or -EINVAL.
 */
ssize_t base64_decode(const char *text, size_t length, void *ret_data);

#endif
