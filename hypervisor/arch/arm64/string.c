/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The four functions a compiler may call of itself, by words where both sides allow. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WORD sizeof(uint64_t)

typedef uint64_t __attribute__((may_alias)) word;

static size_t both_aligned(const void *a, const void *b)
{
	return (((uintptr_t)a | (uintptr_t)b) % WORD) == 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if (both_aligned(to, from))
		for (; size >= WORD; size -= WORD, d += WORD, s += WORD)
			*(word *)d = *(const word *)s;
	while (size-- != 0)
		*d++ = *s++;
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if ((uintptr_t)d - (uintptr_t)s >= size)
		return memcpy(to, from, size);
	while (size-- != 0)
		d[size] = s[size];
	return to;
}

void *memset(void *to, int value, size_t size)
{
	uint8_t *d = to;
	const uint64_t pattern = 0x0101010101010101ull * (uint8_t)value;

	if ((uintptr_t)d % WORD == 0)
		for (; size >= 4 * WORD; size -= 4 * WORD, d += 4 * WORD)
			__asm__ volatile("stp %1, %1, [%0]\n"
					 "stp %1, %1, [%0, #16]"
					 :
					 : "r"(d), "r"(pattern)
					 : "memory");
	while (size-- != 0)
		*d++ = (uint8_t)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *l = a, *r = b;

	for (; size != 0; size--, l++, r++)
		if (*l != *r)
			return *l - *r;
	return 0;
}
