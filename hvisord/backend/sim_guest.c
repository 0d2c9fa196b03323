/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulated guest: a script, a console driver, a driver for the power key. */
#include "sim_guest.h"

#include <stdio.h>
#include <string.h>

#include "sim_console.h"
#include "sim_key.h"
#include "sim_script.h"

#define LINE 16u /* bytes of a numbered line */
#define PIECE 4096u
static_assert(SIM_SCRIPT_SIZE < PIECE, "a text is a piece");

struct guest {
	struct sim_cpu *cpu;
	struct sim_console console;
	struct sim_key key;
	bool probed;
	uint64_t printed;           /* bytes of numbered lines so far */
	char line[SIM_SCRIPT_SIZE]; /* typed, for echo */
	size_t line_size;
	struct sim_script typed; /* a script that was typed */
};

/* Devices are looked for when a step first needs them: a guest that only ends needs none. */
static void probe(struct guest *guest)
{
	if (guest->probed)
		return;
	guest->probed = true;
	sim_key_probe(&guest->key, guest->cpu);
	sim_console_probe(&guest->console, guest->cpu, guest->key.ipa);
}

static void on_interrupt(struct guest *guest)
{
	sim_console_interrupt(&guest->console);
	if (sim_key_interrupt(&guest->key))
		sim_cpu_end(guest->cpu, HV_REASON_GUEST_OFF);
}

static bool wait_for_interrupt(struct guest *guest, int64_t *until)
{
	if (!sim_cpu_wait(guest->cpu, until, false))
		return false;
	on_interrupt(guest);
	return true;
}

static void await(struct guest *guest)
{
	int64_t until = SIM_FOREVER;

	(void)wait_for_interrupt(guest, &until);
}

/* Without a console it is written to nowhere. */
static void write_out(struct guest *guest, const char *data, size_t size)
{
	while (size > 0 && sim_console_exists(&guest->console)) {
		const size_t done = sim_console_write(&guest->console, data, size);

		data += done;
		size -= done;
		if (size > 0)
			await(guest);
	}
}

/* The next bytes of the endless text of numbered lines. */
static size_t number_lines(struct guest *guest, char *to, size_t size)
{
	char line[32];
	size_t done = 0;

	while (done < size) {
		const size_t from = guest->printed % LINE;
		size_t part = LINE - from;

		if (part > size - done)
			part = size - done;
		snprintf(line, sizeof(line), "%015llu\n", (unsigned long long)(guest->printed / LINE));
		memcpy(to + done, line + from, part);
		done += part;
		guest->printed += part;
	}
	return done;
}

static int64_t time_of(const struct sim_step *step)
{
	return step->has_number ? sim_cpu_in(step->number) : SIM_FOREVER;
}

static void do_run(struct guest *guest, const struct sim_script *script, const struct sim_step *step)
{
	int64_t until = time_of(step);

	(void)script;
	while (wait_for_interrupt(guest, &until))
		;
}

static void do_hang(struct guest *guest, const struct sim_script *script, const struct sim_step *step)
{
	int64_t until = time_of(step);

	(void)script;
	(void)sim_cpu_wait(guest->cpu, &until, true);
}

static void do_off(struct guest *guest, const struct sim_script *script, const struct sim_step *step)
{
	(void)script;
	(void)step;
	sim_cpu_end(guest->cpu, HV_REASON_GUEST_OFF);
}

static void do_reset(struct guest *guest, const struct sim_script *script, const struct sim_step *step)
{
	(void)script;
	(void)step;
	sim_cpu_end(guest->cpu, HV_REASON_GUEST_RESET);
}

static void do_fault(struct guest *guest, const struct sim_script *script, const struct sim_step *step)
{
	(void)script;
	(void)step;
	sim_cpu_fault(guest->cpu);
}

static void do_print(struct guest *guest, const struct sim_script *script, const struct sim_step *step)
{
	uint64_t left = step->has_number ? step->number : 0;
	char piece[PIECE];

	if (!step->has_number) {
		memcpy(piece, script->text + step->text, step->size);
		piece[step->size] = '\n';
		write_out(guest, piece, step->size + 1u);
	}
	while (left > 0) {
		const size_t size = number_lines(guest, piece, left < PIECE ? (size_t)left : PIECE);

		write_out(guest, piece, size);
		left -= size;
	}
}

static void do_flood(struct guest *guest, const struct sim_script *script, const struct sim_step *step)
{
	char piece[PIECE];
	int64_t now = 0;

	(void)script;
	(void)step;
	while (sim_console_read(&guest->console, piece, sizeof(piece)) == 0) {
		write_out(guest, piece, number_lines(guest, piece, sizeof(piece)));
		if (!sim_console_exists(&guest->console))
			await(guest);
		else
			(void)wait_for_interrupt(guest, &now);
	}
}

static void carry_out(struct guest *guest, const struct sim_script *script);

static void typed(struct guest *guest, char byte)
{
	write_out(guest, &byte, 1);
	if (byte != '\n' && byte != '\r') {
		if (guest->line_size < sizeof(guest->line))
			guest->line[guest->line_size++] = byte;
		return;
	}
	if (!sim_script_parse(guest->line, guest->line_size, &guest->typed))
		write_out(guest, "?\n", 2);
	else
		carry_out(guest, &guest->typed);
	guest->line_size = 0;
}

static void do_echo(struct guest *guest, const struct sim_script *script, const struct sim_step *step)
{
	char piece[256], text[32];
	uint16_t columns, rows;

	(void)script;
	(void)step;
	for (;;) {
		const size_t size = sim_console_read(&guest->console, piece, sizeof(piece));

		for (size_t i = 0; i < size; i++)
			typed(guest, piece[i]);
		if (sim_console_resized(&guest->console, &columns, &rows))
			write_out(guest, text,
				  (size_t)snprintf(text, sizeof(text), "size %ux%u\n", columns, rows));
		else if (size == 0)
			await(guest);
	}
}

/* Not faster than a clock ticks: a script of nothing but this would never wait. */
static void do_again(struct guest *guest, const struct sim_script *script, const struct sim_step *step)
{
	int64_t until = sim_cpu_in(1);

	(void)script;
	(void)step;
	while (wait_for_interrupt(guest, &until))
		;
}

static const struct action {
	bool devices; /* looks for them first */
	void (*fn)(struct guest *guest, const struct sim_script *script, const struct sim_step *step);
} actions[SIM_WORD_COUNT] = {
	[SIM_WORD_RUN] = { true, do_run },      [SIM_WORD_HANG] = { false, do_hang },
	[SIM_WORD_OFF] = { false, do_off },     [SIM_WORD_RESET] = { false, do_reset },
	[SIM_WORD_FAULT] = { false, do_fault }, [SIM_WORD_PRINT] = { true, do_print },
	[SIM_WORD_FLOOD] = { true, do_flood },  [SIM_WORD_ECHO] = { true, do_echo },
	[SIM_WORD_AGAIN] = { false, do_again },
};

static void carry_out(struct guest *guest, const struct sim_script *script)
{
	for (unsigned i = 0; i < script->count; i++) {
		const struct sim_step *step = &script->step[i];

		if (actions[step->word].devices)
			probe(guest);
		actions[step->word].fn(guest, script, step);
		if (step->word == SIM_WORD_AGAIN)
			i = UINT32_MAX; /* to 0 */
	}
}

void sim_guest_main(struct sim_cpu *cpu)
{
	static const struct sim_step run = { .word = SIM_WORD_RUN };
	char image[SIM_SCRIPT_SIZE];
	struct guest guest = { .cpu = cpu };
	struct sim_script script;

	if (!sim_script_parse(image, sim_cpu_image(cpu, image, sizeof(image)), &script))
		sim_cpu_end(cpu, HV_REASON_BAD_TRAP);
	carry_out(&guest, &script);
	for (;;) {
		probe(&guest);
		do_run(&guest, &script, &run);
	}
}
