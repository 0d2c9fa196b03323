/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fuzz target is one function over bytes. libFuzzer drives it (meson option
 * fuzz), or standalone.c: a corpus and a bounded number of random inputs.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input was. */
#define ALWAYS(condition)                                                                                    \
	do {                                                                                                 \
		if (!(condition)) {                                                                          \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);              \
			abort();                                                                             \
		}                                                                                            \
	} while (0)

/* The input as a stream; zeroes once it is used up. */
struct fuzz_input {
	const uint8_t *data;
	size_t left;
};

static inline uint64_t fuzz_take(struct fuzz_input *input, size_t bytes)
{
	uint64_t value = 0;

	if (bytes > input->left)
		bytes = input->left;
	memcpy(&value, input->data, bytes);
	input->data += bytes;
	input->left -= bytes;
	return value;
}

/* A number with an eye for limits: small, near a power of two, near the top, or anything. */
static inline uint64_t fuzz_number(struct fuzz_input *input)
{
	uint64_t how = fuzz_take(input, 1);

	switch (how % 8) {
	case 0:
	case 1:
	case 2:
		return fuzz_take(input, 1);
	case 3:
		return (1ull << (how >> 3) << (fuzz_take(input, 1) % 32)) + fuzz_take(input, 1) - 128;
	case 4:
		return 0 - fuzz_take(input, 1);
	case 5:
		return fuzz_take(input, 4) << 12;
	case 6:
		return fuzz_take(input, 4);
	default:
		return fuzz_take(input, 8);
	}
}

#endif
