/* SPDX-License-Identifier: GPL-2.0-or-later */
/* List registers by number (GICv3 12.4.6). */
#ifndef ARM64_VGIC_LR_H
#define ARM64_VGIC_LR_H

#include "sysreg.h"

#define LR_EACH(do_)                                                                                         \
	do_(0) do_(1) do_(2) do_(3) do_(4) do_(5) do_(6) do_(7) do_(8) do_(9) do_(10) do_(11) do_(12)        \
		do_(13) do_(14) do_(15)

static inline uint64_t lr_read(uint32_t n)
{
#define LR_READ(i)                                                                                           \
	case i:                                                                                              \
		return read_sysreg(ich_lr##i##_el2);
	switch (n) {
		LR_EACH(LR_READ)
	}
#undef LR_READ
	return 0;
}

static inline void lr_write(uint32_t n, uint64_t value)
{
#define LR_WRITE(i)                                                                                          \
	case i:                                                                                              \
		write_sysreg(ich_lr##i##_el2, value);                                                        \
		break;
	switch (n) {
		LR_EACH(LR_WRITE)
	}
#undef LR_WRITE
}

static inline uint32_t lr_intid(uint64_t lr)
{
	return (uint32_t)lr;
}

/* Which exist; which of them hold nothing. */
static inline uint32_t lr_mask(void)
{
	return (2u << (read_sysreg(ich_vtr_el2) & 0x1f)) - 1;
}

static inline uint32_t lr_free(void)
{
	return (uint32_t)read_sysreg(ich_elrsr_el2);
}

#endif
