/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A root zone without an operating system: a line monitor on the PL011, for
 * tests and benchmarks of the hypervisor alone. One command a line, words
 * and numbers (0x or decimal) with single spaces between; one answer a line,
 * "ok name=value ..." or "error ...". Lines that begin with neither are text.
 *
 * It is the device process of every zone too: while "serve" is on, requests
 * from the rings are answered as answer_to() says.
 */
#include "guest.h"
#include "hv_call.h"
#include "hv_ring.h"
#include "hv_validate.h"

#define UART_FR 0x18u
#define UART_FR_RXFE (1u << 4)
#define UART_IMSC 0x38u
#define UART_ICR 0x44u
#define UART_CR 0x30u
#define UART_INT_RX (1u << 4 | 1u << 6)
#define UART_INTID 33u
#define NEWS_INTID 212u

#define LINE_SIZE 256u
#define MAX_ARGS 8u

static HvZoneConfig config __attribute__((aligned(8)));
static struct hv_zone_status status __attribute__((aligned(8)));
static struct hv_stats stats __attribute__((aligned(8)));
static volatile uint64_t wakes; /* interrupts of any kind: what a sleeper looks at last */
static volatile uint64_t news;
static uint64_t requests_seen;
static uint64_t last_value; /* of a store, from any zone */
static uint64_t last_size;
static uint64_t zones_changed;
static bool serving;

struct args {
	uint64_t n[MAX_ARGS];
	uint32_t count;
	const char *text; /* the rest of the line behind the command */
};

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t x[5])
{
	x[0] = number;
	x[1] = a;
	x[2] = b;
	x[3] = c;
	x[4] = d;
	guest_hvc(x);
	return (int64_t)x[0];
}

static void answer(int64_t result)
{
	guest_puts("ok result=");
	if (result < 0) {
		guest_puts("-");
		result = -result;
	}
	guest_put_dec((uint64_t)result);
}

static void interrupt(uint32_t intid)
{
	wakes = wakes + 1;
	if (intid == UART_INTID)
		guest_write32(GUEST_UART + UART_IMSC, 0); /* until we have read all there is */
	else if (intid == NEWS_INTID)
		news = news + 1;
	else if (intid == GUEST_TIMER_INTID)
		guest_timer_off();
}

/* ---- the device process ---- */

/*
 * A load gives the low word of its address, but the last two registers of a
 * window of 0x200 give value and size of the last store.
 */
static uint64_t answer_to(const struct hv_request *request)
{
	uint64_t offset = request->ipa % 0x200;

	if (offset == 0x1f0)
		return last_value;
	return offset == 0x1f8 ? last_size : (uint32_t)request->ipa;
}

static void serve_zone(uint32_t zone)
{
	uint64_t x[5];
	struct hv_ring *ring;
	uint32_t tail;

	if (call(HV_CALL_ZONE_STATUS, zone, (uint64_t)&status, sizeof(status), 0, x) != HV_OK)
		return;
	ring = (struct hv_ring *)status.ring;
	if (ring == NULL)
		return;
	tail = ring->tail;
	while (tail != __atomic_load_n(&ring->head, __ATOMIC_SEQ_CST)) {
		struct hv_request *r = &ring->request[tail % HV_RING_SLOTS];

		if (r->kind == HV_REQUEST_WRITE) {
			last_value = r->value;
			last_size = r->size;
		}
		if (r->seq != 0)
			call(HV_CALL_ZONE_COMPLETE, zone, r->vcpu, r->seq, answer_to(r), x);
		requests_seen++;
		tail = hv_ring_next(tail);
		__atomic_store_n(&ring->tail, tail, __ATOMIC_SEQ_CST);
	}
}

static void take_news(void)
{
	uint64_t x[5];

	call(HV_CALL_EVENTS, 0, 0, 0, 0, x);
	zones_changed |= x[2];
	for (uint32_t zone = 1; serving && zone < HV_MAX_ZONES; zone++) {
		if ((x[1] >> zone & 1) != 0)
			serve_zone(zone);
	}
}

/* Sleeps unless an interrupt came since the caller looked; masked between look and sleep. */
static void wait_interrupt(uint64_t seen)
{
	guest_irq_off();
	if (wakes == seen)
		guest_wfi();
	guest_irq_on();
}

/* ---- input ---- */

static char get_char(void)
{
	while ((guest_read32(GUEST_UART + UART_FR) & UART_FR_RXFE) != 0) {
		uint64_t seen = wakes;

		take_news();
		guest_write32(GUEST_UART + UART_ICR, UART_INT_RX);
		guest_write32(GUEST_UART + UART_IMSC, UART_INT_RX);
		if ((guest_read32(GUEST_UART + UART_FR) & UART_FR_RXFE) == 0)
			break;
		wait_interrupt(seen);
	}
	return (char)guest_read32(GUEST_UART);
}

static void get_line(char line[LINE_SIZE])
{
	uint32_t n = 0;

	for (;;) {
		char c = get_char();

		if (c == '\n' || c == '\r')
			break;
		if (n < LINE_SIZE - 1)
			line[n++] = c;
	}
	line[n] = '\0';
}

static bool digit(char c, uint64_t base, uint64_t *ret_value)
{
	uint64_t value;

	if (c >= '0' && c <= '9')
		value = (uint64_t)(c - '0');
	else if (c >= 'a' && c <= 'f')
		value = (uint64_t)(c - 'a') + 10;
	else
		return false;
	if (value >= base)
		return false;
	*ret_value = value;
	return true;
}

/* Numbers that follow; stops at the first word that is none. */
static void parse_args(const char *text, struct args *args)
{
	args->text = text;
	args->count = 0;
	memset(args->n, 0, sizeof(args->n));
	while (args->count < MAX_ARGS) {
		uint64_t base = 10, value = 0, d;

		while (*text == ' ')
			text++;
		if (text[0] == '0' && text[1] == 'x') {
			base = 16;
			text += 2;
		}
		if (!digit(*text, base, &d))
			return;
		for (; digit(*text, base, &d); text++)
			value = value * base + d;
		args->n[args->count++] = value;
	}
}

/* The text behind a word and one space, or NULL. */
static const char *after_word(const char *line, const char *word)
{
	while (*word != '\0' && *line == *word) {
		line++;
		word++;
	}
	if (*word != '\0' || (*line != '\0' && *line != ' '))
		return NULL;
	return *line == ' ' ? line + 1 : line;
}

/* ---- configs ---- */

#define FIELD(name)                                                                                          \
	{                                                                                                    \
#name, offsetof(HvZoneConfig, name), sizeof(((HvZoneConfig *)0)->name)                       \
	}

static const struct {
	const char *name;
	size_t offset;
	size_t size;
} fields[] = {
	FIELD(magic),          FIELD(version),           FIELD(size),
	FIELD(flags),          FIELD(zone_id),           FIELD(num_cpus),
	FIELD(cpus),           FIELD(num_regions),       FIELD(reserved),
	FIELD(entry_point),    FIELD(kernel_load_paddr), FIELD(kernel_size),
	FIELD(dtb_load_paddr), FIELD(dtb_size),          FIELD(gic.version),
	FIELD(gic.reserved),   FIELD(gic.gicd_base),     FIELD(gic.gicd_size),
	FIELD(gic.gicr_base),  FIELD(gic.gicr_size),
};

/* config ZONE CPUS PHYS VIRT SIZE: a fresh valid config, image at offset 0x400000 of the RAM */
static void cmd_config(const struct args *args)
{
	memset(&config, 0, sizeof(config));
	config.magic = HV_CONFIG_MAGIC;
	config.version = HV_CONFIG_VERSION;
	config.size = sizeof(config);
	config.flags = HV_CONFIG_ROOT_SEES_RAM;
	config.zone_id = (uint32_t)args->n[0];
	config.cpus = args->n[1];
	for (uint64_t cpus = config.cpus; cpus != 0; cpus &= cpus - 1)
		config.num_cpus++;
	config.num_regions = 1;
	config.regions[0] = (struct hv_memory_region){
		.type = HV_REGION_RAM,
		.physical_start = args->n[2],
		.virtual_start = args->n[3],
		.size = args->n[4],
	};
	config.entry_point = args->n[3] + 0x400000;
	config.kernel_load_paddr = args->n[2] + 0x400000;
	config.kernel_size = 0x20000;
	config.gic = (struct hv_gic_config){
		.version = 3,
		.gicd_base = GUEST_GICD,
		.gicd_size = 0x10000,
		.gicr_base = GUEST_GICR,
		.gicr_size = 0xf60000,
	};
	memcpy(config.name, "guest", 6);
	answer(0);
}

/* set VALUE FIELD */
static void cmd_set(const struct args *args)
{
	const char *name = args->text;

	while (*name != '\0' && *name != ' ')
		name++;
	if (*name == ' ')
		name++;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *rest = after_word(name, fields[i].name);

		if (rest == NULL || *rest != '\0')
			continue;
		memcpy((char *)&config + fields[i].offset, &args->n[0], fields[i].size);
		answer(0);
		return;
	}
	guest_puts("error no such field");
}

/* region INDEX TYPE PHYS VIRT SIZE FLAGS */
static void cmd_region(const struct args *args)
{
	if (args->n[0] >= HV_MAX_REGIONS) {
		guest_puts("error no such region");
		return;
	}
	config.regions[args->n[0]] = (struct hv_memory_region){
		.type = (uint32_t)args->n[1],
		.flags = (uint32_t)args->n[5],
		.physical_start = args->n[2],
		.virtual_start = args->n[3],
		.size = args->n[4],
	};
	if (config.num_regions <= args->n[0])
		config.num_regions = (uint32_t)args->n[0] + 1;
	answer(0);
}

/* interrupt INTID, virtual INTID */
static void cmd_interrupt(const struct args *args)
{
	hv_intid_add(&config.interrupts, (uint32_t)args->n[0]);
	answer(0);
}

static void cmd_virtual(const struct args *args)
{
	hv_intid_add(&config.virtual_interrupts, (uint32_t)args->n[0]);
	answer(0);
}

/* name TEXT */
static void cmd_name(const struct args *args)
{
	memset(config.name, 0, sizeof(config.name));
	for (size_t i = 0; i < sizeof(config.name) && args->text[i] != '\0'; i++)
		config.name[i] = args->text[i];
	answer(0);
}

/* ---- hypercalls ---- */

/* call NUMBER A B C D */
static void cmd_call(const struct args *args)
{
	uint64_t x[5];

	answer(call(args->n[0], args->n[1], args->n[2], args->n[3], args->n[4], x));
	guest_put_field("x1", x[1]);
	guest_put_field("x2", x[2]);
	guest_put_field("x3", x[3]);
}

static void cmd_create(const struct args *args)
{
	uint64_t x[5];
	int64_t result = call(HV_CALL_ZONE_CREATE, (uint64_t)&config, sizeof(config), 0, 0, x);
	struct hv_violation v = hv_violation_unpack(x[1]);

	(void)args;
	answer(result);
	if (result != HV_ERR_CONFIG && result != HV_ERR_CONFLICT)
		return;
	guest_puts(" violation=");
	guest_puts(hv_violation_name(v.code));
	guest_put_field("index", v.index);
	guest_put_field("other_zone", v.other_zone);
}

static void zone_call(uint64_t number, const struct args *args)
{
	uint64_t x[5];

	answer(call(number, args->n[0], 0, 0, 0, x));
}

static void cmd_start(const struct args *args)
{
	zone_call(HV_CALL_ZONE_START, args);
}

static void cmd_stop(const struct args *args)
{
	zone_call(HV_CALL_ZONE_STOP, args);
}

static void cmd_destroy(const struct args *args)
{
	zone_call(HV_CALL_ZONE_DESTROY, args);
}

static void cmd_pause(const struct args *args)
{
	zone_call(HV_CALL_ZONE_PAUSE, args);
}

static void cmd_resume(const struct args *args)
{
	zone_call(HV_CALL_ZONE_RESUME, args);
}

static void put_status(void)
{
	guest_put_field("state", status.state);
	guest_put_field("reason", status.reason);
	guest_put_field("cpus_on", status.cpus_on);
	guest_put_field("vcpu", status.vcpu);
	guest_put_field("generation", status.generation);
	guest_put_field("runs", status.runs);
	guest_put_field("ring", status.ring);
	guest_put_field("esr", status.esr);
	guest_put_field("ipa", status.ipa);
	guest_put_field("far", status.far);
	guest_put_field("pc", status.pc);
	guest_put_field("exits", status.exits);
	guest_put_field("pages", status.pages);
}

static int64_t get_status(uint64_t zone)
{
	uint64_t x[5];

	return call(HV_CALL_ZONE_STATUS, zone, (uint64_t)&status, sizeof(status), 0, x);
}

static void cmd_status(const struct args *args)
{
	int64_t result = get_status(args->n[0]);

	answer(result);
	if (result == HV_OK)
		put_status();
}

/* wait ZONE STATE MILLISECONDS: asleep between changes; late=1 when the time was up first */
static void cmd_wait(const struct args *args)
{
	uint64_t start = guest_ticks();
	uint64_t ms = guest_ticks_per_second() / 1000;
	uint64_t deadline = start + args->n[2] * ms;
	bool late = false;
	int64_t result;

	for (;;) {
		uint64_t seen = wakes;

		take_news();
		result = get_status(args->n[0]);
		if (result != HV_OK || status.state == args->n[1])
			break;
		late = guest_ticks() >= deadline;
		if (late)
			break;
		guest_timer_at(deadline);
		wait_interrupt(seen);
	}
	guest_timer_off();
	answer(result);
	put_status();
	guest_put_field("late", late);
	guest_put_field("us", (guest_ticks() - start) * 1000 / ms);
}

/* sleep MILLISECONDS, serving */
static void cmd_sleep(const struct args *args)
{
	uint64_t deadline = guest_ticks() + args->n[0] * (guest_ticks_per_second() / 1000);

	while (guest_ticks() < deadline) {
		uint64_t seen = wakes;

		take_news();
		guest_timer_at(deadline);
		wait_interrupt(seen);
	}
	guest_timer_off();
	answer(0);
}

static void cmd_stats(const struct args *args)
{
	uint64_t x[5];
	int64_t result = call(HV_CALL_STATS, (uint64_t)&stats, sizeof(stats), 0, 0, x);

	(void)args;
	answer(result);
	guest_put_field("pool_pages", stats.pool_pages);
	guest_put_field("pool_used", stats.pool_used);
	guest_put_field("pool_peak", stats.pool_peak);
	guest_put_field("image_bytes", stats.image_bytes);
	guest_put_field("reserved_bytes", stats.reserved_bytes);
	guest_put_field("zone_bytes", stats.zone_bytes);
	guest_put_field("boot_ticks", stats.boot_ticks);
	guest_put_field("entry_ticks", guest_params.entry_ticks);
	guest_put_field("news", news);
	guest_put_field("requests", requests_seen);
	guest_put_field("last_value", last_value);
	guest_put_field("changed", zones_changed);
}

/* serve 0|1 */
static void cmd_serve(const struct args *args)
{
	serving = args->n[0] != 0;
	answer(0);
}

/* where: addresses that hostile calls want */
static void cmd_where(const struct args *args)
{
	(void)args;
	answer(0);
	guest_put_field("config", (uint64_t)&config);
	guest_put_field("config_size", sizeof(config));
	guest_put_field("status", (uint64_t)&status);
	guest_put_field("status_size", sizeof(status));
	guest_put_field("stats_size", sizeof(stats));
	guest_put_field("platform_size", sizeof(HvPlatform));
}

/* ---- memory ---- */

/* copy TO FROM SIZE, in words */
static void cmd_copy(const struct args *args)
{
	uint64_t before = guest_faults;

	guest_faults_skip = true;
	for (uint64_t i = 0; i + 8 <= args->n[2] && guest_faults == before; i += 8)
		*(volatile uint64_t *)(args->n[0] + i) = *(volatile uint64_t *)(args->n[1] + i);
	guest_faults_skip = false;
	if (guest_faults != before)
		guest_puts("error fault");
	else
		answer(0);
}

/* peek ADDRESS: 32 bits */
static void cmd_peek(const struct args *args)
{
	uint64_t before = guest_faults;
	uint32_t value;

	guest_faults_skip = true;
	value = guest_read32(args->n[0]);
	guest_faults_skip = false;
	if (guest_faults != before) {
		guest_puts("error fault");
		guest_put_field("esr", guest_fault_esr);
		return;
	}
	answer(0);
	guest_put_field("value", value);
}

/* poke ADDRESS VALUE: 32 bits */
static void cmd_poke(const struct args *args)
{
	uint64_t before = guest_faults;

	guest_faults_skip = true;
	guest_write32(args->n[0], (uint32_t)args->n[1]);
	guest_faults_skip = false;
	if (guest_faults != before) {
		guest_puts("error fault");
		guest_put_field("esr", guest_fault_esr);
		return;
	}
	answer(0);
}

/* zero ADDRESS SIZE: ok zero=1 if every word of it is */
static void cmd_zero(const struct args *args)
{
	const volatile uint64_t *word = (const volatile uint64_t *)args->n[0];
	uint64_t any = 0;

	for (uint64_t i = 0; i < args->n[1] / 8; i++)
		any |= word[i];
	answer(0);
	guest_put_field("zero", any == 0);
}

/* log IMAGE PHYS VIRT: what a guest printed; its image lies at IMAGE, its RAM at PHYS seen as VIRT */
static void cmd_log(const struct args *args)
{
	const struct guest_params *params = (const struct guest_params *)(args->n[0] + 64);
	const char *text = (const char *)(params->log - args->n[2] + args->n[1]);
	uint64_t used = params->log_used;
	bool fresh = true;

	for (uint64_t i = 0; i < used && i < GUEST_LOG_SIZE; i++) {
		char c[2] = { text[i], '\0' };

		guest_puts(fresh ? "| " : "");
		guest_puts(c);
		fresh = c[0] == '\n';
	}
	guest_puts(fresh ? "" : "\n");
	answer(0);
	guest_put_field("used", used);
	guest_put_field("entry_ticks", params->entry_ticks);
}

/* ---- the second CPU ---- */

static volatile bool second_leave;
static volatile uint64_t second_beats;
static volatile uint64_t second_errors;
static struct hv_zone_status second_status __attribute__((aligned(8)));
static HvZoneConfig second_config __attribute__((aligned(8)));

/* Hypercalls from another CPU while the monitor works: shows that locks hold. */
static void ask_all(void *arg)
{
	uint64_t x[5];

	(void)arg;
	while (!second_leave) {
		for (uint64_t zone = 0; zone < HV_MAX_ZONES; zone++)
			call(HV_CALL_ZONE_STATUS, zone, (uint64_t)&second_status, sizeof(second_status), 0,
			     x);
		second_beats = second_beats + 1;
		guest_yield();
	}
}

static void second_expect(uint64_t number, uint64_t a, uint64_t b)
{
	uint64_t x[5];

	if (call(number, a, b, 0, 0, x) != HV_OK)
		second_errors = second_errors + 1;
}

static void second_await(uint32_t state)
{
	uint64_t x[5];

	do {
		guest_yield();
		call(HV_CALL_ZONE_STATUS, second_config.zone_id, (uint64_t)&second_status,
		     sizeof(second_status), 0, x);
	} while (second_status.state != state);
}

/* A zone's whole life, again and again, beside what the monitor does with another zone. */
static void cycle(void *arg)
{
	uint64_t zone = second_config.zone_id;

	(void)arg;
	while (!second_leave) {
		second_expect(HV_CALL_ZONE_CREATE, (uint64_t)&second_config, sizeof(second_config));
		*(volatile uint32_t *)second_config.kernel_load_paddr = 0x14000000; /* b . */
		second_expect(HV_CALL_ZONE_START, zone, 0);
		second_expect(HV_CALL_ZONE_STOP, zone, 0);
		second_await(HV_ZONE_ENDED);
		second_expect(HV_CALL_ZONE_DESTROY, zone, 0);
		second_await(HV_ZONE_NONE);
		second_beats = second_beats + 1;
	}
}

/* second 0: stops it; 1: asks for status all the time; 2: runs the zone of the present config in circles */
static void cmd_second(const struct args *args)
{
	second_leave = args->n[0] == 0;
	if (args->n[0] != 0) {
		second_beats = 0;
		second_errors = 0;
		second_config = config;
		answer(guest_cpu_on(1, args->n[0] == 1 ? ask_all : cycle, NULL));
		return;
	}
	while (guest_psci(PSCI_AFFINITY_INFO, 1, 0, 0) == 0)
		guest_yield();
	answer(0);
	guest_put_field("beats", second_beats);
	guest_put_field("errors", second_errors);
}

static void cmd_ticks(const struct args *args)
{
	(void)args;
	answer(0);
	guest_put_field("ticks", guest_ticks());
}

static void cmd_off(const struct args *args)
{
	(void)args;
	guest_off();
}

static void cmd_reset(const struct args *args)
{
	(void)args;
	guest_psci(PSCI_SYSTEM_RESET, 0, 0, 0);
}

static const struct {
	const char *name;
	void (*run)(const struct args *args);
} commands[] = {
	{ "config", cmd_config },   { "set", cmd_set },
	{ "region", cmd_region },   { "interrupt", cmd_interrupt },
	{ "virtual", cmd_virtual }, { "name", cmd_name },
	{ "call", cmd_call },       { "create", cmd_create },
	{ "start", cmd_start },     { "stop", cmd_stop },
	{ "destroy", cmd_destroy }, { "status", cmd_status },
	{ "wait", cmd_wait },       { "sleep", cmd_sleep },
	{ "stats", cmd_stats },     { "serve", cmd_serve },
	{ "where", cmd_where },     { "copy", cmd_copy },
	{ "peek", cmd_peek },       { "poke", cmd_poke },
	{ "zero", cmd_zero },       { "log", cmd_log },
	{ "second", cmd_second },   { "ticks", cmd_ticks },
	{ "pause", cmd_pause },     { "resume", cmd_resume },
	{ "off", cmd_off },         { "reset", cmd_reset },
};

static void run_line(const char *line)
{
	struct args args;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const char *rest = after_word(line, commands[i].name);

		if (rest == NULL)
			continue;
		parse_args(rest, &args);
		commands[i].run(&args);
		guest_puts("\n");
		return;
	}
	guest_puts("error no such command\n");
}

void guest_main(uint64_t x0)
{
	static char line[LINE_SIZE];

	guest_irq_handler = interrupt;
	guest_gic_init();
	guest_gic_enable_spi(UART_INTID);
	guest_gic_enable_spi(NEWS_INTID);
	guest_write32(GUEST_UART + UART_CR, 0x301);
	guest_irq_on();
	guest_puts("ok monitor");
	guest_put_field("dtb", x0);
	guest_put_field("entry_ticks", guest_params.entry_ticks);
	guest_puts("\n");
	for (;;) {
		get_line(line);
		run_line(line);
	}
}
