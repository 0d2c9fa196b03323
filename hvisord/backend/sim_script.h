/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a simulated guest does, as the text at its entry point says (so the
 * kernel image of its zone is a text file):
 *
 *	script = "sim:" step *( ";" step )     up to a line's end, a NUL, or
 *	                                       SIM_SCRIPT_SIZE bytes
 *	step   = word [ argument ]
 *
 *	run [TIME]    wait, for ever without a TIME; switch off when the power
 *	              key is pressed
 *	hang [TIME]   wait and take no interrupt: the power key does nothing
 *	off           PSCI SYSTEM_OFF
 *	reset         PSCI SYSTEM_RESET
 *	fault         read an address that nobody gave the zone
 *	print N       write N bytes to the console: numbered lines of 16 bytes,
 *	              "000000000000000\n" first, counted on over all of a run
 *	print TEXT    write the text and a line's end; it holds no ";"
 *	flood         print until something is typed
 *	echo          write what is typed back; a typed line that is a script is
 *	              carried out; "size COLUMNSxROWS" when the terminal changes
 *	again         from the first step on
 *
 * TIME is a number with "ms" or "s" behind it, ms if neither; N may have "k" or
 * "m" for 1024 and 1024 * 1024. After the last step the guest does "run".
 * While it waits, prints or echoes it obeys the power key. An image that does
 * not begin with "sim:" is "run"; a script with a mistake in it is an undefined
 * instruction (HV_REASON_BAD_TRAP).
 */
#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_SCRIPT_SIZE 1024u
#define SIM_SCRIPT_STEPS 32u

enum sim_word {
	SIM_WORD_RUN,
	SIM_WORD_HANG,
	SIM_WORD_OFF,
	SIM_WORD_RESET,
	SIM_WORD_FAULT,
	SIM_WORD_PRINT,
	SIM_WORD_FLOOD,
	SIM_WORD_ECHO,
	SIM_WORD_AGAIN,
	SIM_WORD_COUNT
};

struct sim_step {
	enum sim_word word;
	bool has_number;
	uint64_t number;     /* TIME in ms, or N in bytes */
	uint16_t text, size; /* the argument, within the script's text */
};

struct sim_script {
	unsigned count;
	struct sim_step step[SIM_SCRIPT_STEPS];
	char text[SIM_SCRIPT_SIZE];
};

/* False: it is a script with a mistake. What is no script is "run". */
bool sim_script_parse(const char *text, size_t size, struct sim_script *ret_script);

#endif
