/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An Arm PrimeCell UART, PL011 revision r1p5 (Arm DDI 0183G), in a window of
 * 4 KiB: a serial port for guests without virtio.
 *
 * The line is ideal. What the guest sends leaves at once, so the transmit FIFO
 * is always empty; it leaves whether or not UARTCR enables the transmitter, as
 * a FIFO may be filled before (2.8.3) and early consoles never ask. What is
 * typed waits in the host, up to CONSOLE_INPUT bytes, and the receive FIFO is
 * the 32 oldest of them (one, without LCR_H.FEN): nothing is ever overrun,
 * broken or of wrong parity. The modem lines of the other side are on for ever.
 * Baud rate and frame are kept and mean nothing; there is no DMA, no IrDA, no
 * loopback. Out of reset UARTCR is 0x301, not 0x300: a zone has no firmware
 * that would turn the port on.
 *
 * Interrupts are levels made of edges: one when UARTINTR rises, and one after
 * each access that might end a handler while it is still high.
 *
 *  - receive (2.8.2): the FIFO holds UARTIFLS.RXIFLSEL or more; or anything
 *    without FEN
 *  - receive timeout (2.8.4): it holds anything, as the line is idle since
 *  - transmit (2.8.3): something was sent; not before that
 *
 * UARTICR clears each; those of the receiver come back where there is still
 * something to read, and that of the transmitter comes once more if something
 * was sent before it was cleared: on a line that takes its time it would come
 * after.
 *
 * Registers take accesses of 1, 2 and 4 bytes at their first byte; others read
 * as zero and write nothing, and so do offsets that hold no register (3.2).
 * None lies at 0x050 of 0x200 bytes, where a store would not wait (hv_ring.h).
 */
#ifndef PL011_H
#define PL011_H

#include "console_io.h"
#include "device_bus.h"

#define PL011_WINDOW 0x1000u
#define PL011_FIFO 32u /* of r1p5 */

/* Section 3.2. */
#define PL011_DR 0x000u   /* 3.3.1 */
#define PL011_RSR 0x004u  /* 3.3.2: no error ever; any write clears none */
#define PL011_FR 0x018u   /* 3.3.3 */
#define PL011_ILPR 0x020u /* 3.3.4 */
#define PL011_IBRD 0x024u /* 3.3.5 */
#define PL011_FBRD 0x028u /* 3.3.6 */
#define PL011_LCR_H 0x02cu
#define PL011_CR 0x030u
#define PL011_IFLS 0x034u
#define PL011_IMSC 0x038u /* 1: the interrupt is let through */
#define PL011_RIS 0x03cu  /* raw status */
#define PL011_MIS 0x040u  /* what is let through of it */
#define PL011_ICR 0x044u  /* 1: cleared */
#define PL011_DMACR 0x048u
#define PL011_ID 0xfe0u /* eight bytes in words: 0x11 0x10 0x34 0x00 0x0d 0xf0 0x05 0xb1 */

#define PL011_FR_LINES 0x007u /* clear to send, data set ready, data carrier detect */
#define PL011_FR_RXFE 0x010u
#define PL011_FR_RXFF 0x040u
#define PL011_FR_TXFE 0x080u

#define PL011_LCR_H_FEN 0x10u

#define PL011_CR_UARTEN 0x001u
#define PL011_CR_TXE 0x100u
#define PL011_CR_RXE 0x200u

/* Bits of UARTIMSC, UARTRIS, UARTMIS and UARTICR (3.3.10 to 3.3.13); the others never come. */
#define PL011_INT_RX 0x010u
#define PL011_INT_TX 0x020u
#define PL011_INT_RT 0x040u

struct pl011;

/* Where its interrupt goes: an edge that makes intid pending in the zone. */
struct pl011_host {
	void (*interrupt)(struct pl011_host *host, uint32_t intid);
};

/* As after reset. host and sink outlive it. -ENOMEM. Freed by the bus, or with pl011_ops.free(). */
int pl011_new(struct pl011_host *host, uint32_t intid, struct console_sink *sink, struct pl011 **ret_pl011);

/* pl011_console_ops: of one port, number 0, which has no way to tell its driver a size. */
extern const struct device_ops pl011_ops;
extern const struct console_ops pl011_console_ops;

#endif
