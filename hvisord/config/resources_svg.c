/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture: a column of CPUs, interrupts and devices, one of memory, a key.
 * Every box has its owner's name or sign in words beside the colour, and a
 * title with all there is to know of it. Colours are those of Okabe and Ito,
 * which people with any kind of colour vision can tell apart.
 */
#include "resources.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "svg_draw.h"

#define WIDTH 1180
#define MARGIN 32
#define GUTTER 36

/* Memory, on the right. */
#define ADDRESS_W 96
#define MEMORY_X 640
#define MEMORY_W 330
#define RAM_HEIGHT 620 /* of all RAM together, before small ranges are drawn larger */
#define ROW 26         /* the least height of a range */
#define BREAK 30       /* of the sign for addresses left out */

/* CPUs, interrupts and devices, on the left. */
#define LEFT_W (MEMORY_X - GUTTER - ADDRESS_W - MARGIN)
#define CPU_W 112
#define CPU_H 58
#define CHIP_H 24
#define CHIP_GAP 6

/* Returns the y below. */
static int put_cpus(FILE *out, const struct config_resources *resources, int y)
{
	const int columns = (LEFT_W + 8) / (CPU_W + 8);

	svg_put_heading(out, MARGIN, y, "CPUs", "each runs one zone only");
	y += 34;
	for (unsigned i = 0; i < resources->num_cpus; i++) {
		const struct config_cpu_resource *cpu = &resources->cpus[i];
		int x = MARGIN + (int)i % columns * (CPU_W + 8);
		int top = y + (int)i / columns * (CPU_H + 8);
		const char *ink = svg_colour_of(resources, cpu->owner).ink;
		char what[32];

		snprintf(what, sizeof(what), "CPU %u", i);
		fputs("<g>", out);
		svg_put_title(out, resources, what, cpu->owner, cpu->other, false);
		svg_put_box(out, resources, x, top, CPU_W, CPU_H, cpu->owner, cpu->other != CONFIG_NO_OWNER);
		fprintf(out,
			"<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"%s\" class=\"big\">%u</text>",
			x + CPU_W / 2, top + 28, ink, i);
		svg_put_label(out, x + CPU_W / 2, top + 47, "middle", ink, "small",
			      svg_short_name(resources, cpu->owner), CPU_W - 6);
		fputs("</g>\n", out);
	}
	return y + ((int)resources->num_cpus + columns - 1) / columns * (CPU_H + 8) + 26;
}

/* Interrupts in a row with one owner. */
struct run {
	unsigned first, count;
};

static struct run next_run(const struct config_resources *resources, unsigned first)
{
	const struct config_interrupt_resource *list = resources->interrupts;
	struct run run = { first, 1 };

	while (first + run.count < resources->num_interrupts) {
		const struct config_interrupt_resource *next = &list[first + run.count];

		if (next->intid != list[first].intid + run.count || next->owner != list[first].owner ||
		    next->other != list[first].other || next->is_virtual != list[first].is_virtual)
			break;
		run.count++;
	}
	return run;
}

struct pen {
	int x, y;
};

static void put_chip(FILE *out, const struct config_resources *resources, struct run run, struct pen *pen)
{
	const struct config_interrupt_resource *interrupt = &resources->interrupts[run.first];
	const char *ink = svg_colour_of(resources, interrupt->owner).ink;
	char text[32], what[64];
	int width;

	if (run.count > 1)
		snprintf(text, sizeof(text), "%u–%u", interrupt->intid, interrupt->intid + run.count - 1);
	else
		snprintf(text, sizeof(text), "%u", interrupt->intid);
	snprintf(what, sizeof(what), "%sinterrupt %s", interrupt->is_virtual ? "virtual " : "", text);
	width = run.count > 1 ? 76 : 38;
	if (pen->x + width > MARGIN + LEFT_W) {
		pen->x = MARGIN;
		pen->y += CHIP_H + CHIP_GAP;
	}
	fputs(interrupt->is_virtual ? "<g class=\"virtual\">" : "<g>", out);
	svg_put_title(out, resources, what, interrupt->owner, interrupt->other, false);
	svg_put_box(out, resources, pen->x, pen->y, width, CHIP_H, interrupt->owner,
		    interrupt->other != CONFIG_NO_OWNER);
	svg_put_label(out, pen->x + width / 2, pen->y + 16, "middle", ink, "chip", text, 200);
	fputs("</g>\n", out);
	pen->x += width + CHIP_GAP;
}

/* All chips of an owner in a row behind its name. */
static bool put_owner_chips(FILE *out, const struct config_resources *resources, uint32_t owner,
			    bool is_virtual, struct pen *pen)
{
	bool any = false;

	for (unsigned i = 0; i < resources->num_interrupts;) {
		struct run run = next_run(resources, i);

		i += run.count;
		if (resources->interrupts[run.first].owner != owner ||
		    resources->interrupts[run.first].is_virtual != is_virtual)
			continue;
		if (!any) {
			struct svg_words words = svg_owner_words(resources, owner);

			if (is_virtual)
				snprintf(words.text + strlen(words.text),
					 sizeof(words.text) - strlen(words.text), ", virtual");
			svg_put_label(out, MARGIN, pen->y + 10, "start", "#4a5560", "small", words.text,
				      LEFT_W);
			pen->x = MARGIN;
			pen->y += 18;
		}
		any = true;
		put_chip(out, resources, run, pen);
	}
	if (any)
		pen->y += CHIP_H + 14;
	return any;
}

static int put_interrupts(FILE *out, const struct config_resources *resources, int y)
{
	struct pen pen = { MARGIN, y + 38 };

	svg_put_heading(out, MARGIN, y, "Interrupts", "shared peripheral interrupts, by owner");
	for (unsigned pass = 0; pass < 2; pass++) {
		/* Root and zones, then what is free. */
		for (uint32_t owner = CONFIG_OWNER_HYPERVISOR; owner < resources->num_owners; owner++)
			put_owner_chips(out, resources, owner, pass == 1, &pen);
		if (pass == 0)
			put_owner_chips(out, resources, CONFIG_OWNER_NOBODY, false, &pen);
	}
	return pen.y;
}

static uint64_t total_of(const struct config_resources *resources, enum config_range_kind kind)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < resources->num_ranges; i++)
		if (resources->ranges[i].kind == kind)
			total += resources->ranges[i].size;
	return total;
}

/* To scale, but never too low for its label. Next to RAM devices are nothing: one row each. */
static int range_height(const struct config_resources *resources, const struct config_range_resource *range)
{
	double total = (double)total_of(resources, CONFIG_RANGE_RAM);
	int height = range->kind == CONFIG_RANGE_RAM && total > 0
			     ? (int)((double)range->size / total * RAM_HEIGHT)
			     : 0;

	return height < ROW ? ROW : height;
}

/* A zigzag where addresses are left out. */
static void put_break(FILE *out, int y, uint64_t missing)
{
	struct svg_words words = svg_size_words(missing);
	int x = MEMORY_X, middle = y + BREAK / 2 - 1;

	snprintf(words.text + strlen(words.text), sizeof(words.text) - strlen(words.text), " without RAM");

	fprintf(out, "<path d=\"M%d %d", x, middle);
	for (int i = 1; i <= 6; i++)
		fprintf(out, " l4 %d", i % 2 == 0 ? 6 : -6);
	fputs("\" class=\"zigzag\"/>", out);
	svg_put_label(out, x + 36, middle + 4, "start", "#66707a", "small", words.text, 300);
	fputs("\n", out);
}

/* Remarks go to the right of the box where there is room, else they are in the title alone. */
static void put_remark(FILE *out, const struct config_resources *resources,
		       const struct config_range_resource *range, int x, int y)
{
	bool contested = range->other != CONFIG_NO_OWNER && !range->shared;
	char text[192] = "";

	if (range->other != CONFIG_NO_OWNER)
		snprintf(text, sizeof(text), "%s %s", range->shared ? "shared with" : "also claimed by",
			 svg_owner_words(resources, range->other).text);
	else if (range->guest_start != range->start)
		snprintf(text, sizeof(text), "guest sees it at 0x%" PRIx64, range->guest_start);
	svg_put_label(out, x, y, "start", contested ? "#b3261e" : "#4a5560", "small", text, WIDTH - x - 8);
}

static void put_range(FILE *out, const struct config_resources *resources,
		      const struct config_range_resource *range, struct pen at, int width, int height)
{
	const char *ink = svg_colour_of(resources, range->owner).ink;
	struct svg_words size = svg_size_words(range->size), owner = svg_owner_words(resources, range->owner);
	bool contested = range->other != CONFIG_NO_OWNER && !range->shared;
	char what[192], label[320];
	int middle = at.y + height / 2 + 3;

	snprintf(what, sizeof(what), "%s%s%s 0x%" PRIx64 "–0x%" PRIx64 ", %s",
		 range->kind == CONFIG_RANGE_RAM ? "RAM" : "device", range->name[0] != '\0' ? " " : "",
		 range->name, range->start, range->start + (range->size - 1), size.text);
	fputs("<g>", out);
	svg_put_title(out, resources, what, range->owner, range->other, range->shared);
	svg_put_box(out, resources, at.x, at.y, width, height - 2, range->owner, contested);
	if (range->name[0] != '\0')
		snprintf(label, sizeof(label), "%s · %s", range->name, owner.text);
	else
		snprintf(label, sizeof(label), "%s", owner.text);
	svg_put_label(out, at.x + 12, middle, "start", ink, "label", label, width - 96);
	svg_put_label(out, at.x + width - 12, middle, "end", ink, "small", size.text, 120);
	fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" class=\"address\">0x%" PRIx64 "</text>",
		at.x - 8, at.y + (height > 2 * ROW ? 10 : height / 2 + 3), range->start);
	fputs("</g>\n", out);
}

/* Returns the y below. */
static int put_devices(FILE *out, const struct config_resources *resources, int y)
{
	svg_put_heading(out, MARGIN, y, "Devices", "not to scale");
	y += 34;
	for (unsigned i = 0; i < resources->num_ranges; i++) {
		const struct config_range_resource *range = &resources->ranges[i];

		if (range->kind != CONFIG_RANGE_DEVICE)
			continue;
		put_range(out, resources, range, (struct pen){ MARGIN + ADDRESS_W, y }, LEFT_W - ADDRESS_W,
			  ROW);
		y += ROW;
	}
	return y + 8;
}

static int put_memory(FILE *out, const struct config_resources *resources, int y)
{
	uint64_t end = 0;

	svg_put_heading(out, MEMORY_X, y, "Memory",
			"to scale, but small ranges are drawn higher; physical addresses");
	y += 34;
	for (unsigned i = 0; i < resources->num_ranges; i++) {
		const struct config_range_resource *range = &resources->ranges[i];
		int height = range_height(resources, range);

		if (range->kind != CONFIG_RANGE_RAM)
			continue;
		if (end != 0 && range->start != end) {
			put_break(out, y, range->start - end);
			y += BREAK;
		}
		put_range(out, resources, range, (struct pen){ MEMORY_X, y }, MEMORY_W, height);
		put_remark(out, resources, range, MEMORY_X + MEMORY_W + 12, y + height / 2 + 3);
		end = range->start + range->size;
		y += height;
	}
	return y + 8;
}

/* Returns the y below. */
static int put_key(FILE *out, const struct config_resources *resources, int y)
{
	int x = MARGIN;

	for (unsigned i = 0; i < resources->num_owners; i++) {
		struct svg_words words = svg_owner_words(resources, i);
		int width = 40 + (int)strlen(words.text) * 7;

		if (x + width > WIDTH - MARGIN) {
			x = MARGIN;
			y += 26;
		}
		svg_put_box(out, resources, x, y, 18, 18, i, false);
		svg_put_label(out, x + 25, y + 14, "start", "#14191f", "label", words.text, 400);
		fputs("\n", out);
		x += width;
	}
	return y + 26;
}

static const char style[] =
	"<style>"
	"text{font-family:'DejaVu Sans',Verdana,Helvetica,Arial,sans-serif}"
	".h1{font-size:24px;font-weight:600;fill:#14191f}"
	".h2{font-size:16px;font-weight:600;fill:#14191f}"
	".dim{font-size:12px;fill:#66707a}"
	".big{font-size:20px;font-weight:600}"
	".label{font-size:12.5px}"
	".small{font-size:11px}"
	".chip{font-size:12px}"
	".address{font-size:10.5px;fill:#66707a;font-family:'DejaVu Sans Mono',Menlo,Consolas,monospace}"
	".box{stroke:#14191f;stroke-opacity:.35;stroke-width:1}"
	".bad{stroke:#b3261e;stroke-opacity:1;stroke-width:3;stroke-dasharray:6 3}"
	".virtual .box{stroke-dasharray:3 2;stroke-opacity:.9}"
	".zigzag{fill:none;stroke:#7a8590;stroke-width:1.5}"
	"</style>";

static void put_body(FILE *out, const struct config_resources *resources, int *ret_height)
{
	int left, right, y = 104;

	fprintf(out, "<text x=\"%d\" y=\"46\" class=\"h1\">", MARGIN);
	svg_put_format(out, "Resources of %s", resources->board);
	fprintf(out, "</text><text x=\"%d\" y=\"68\" class=\"dim\">", MARGIN);
	svg_put_format(out, "%s · %u CPUs · %s of RAM", resources->arch, resources->num_cpus,
		       svg_size_words(total_of(resources, CONFIG_RANGE_RAM)).text);
	fputs("</text>\n", out);
	y = put_key(out, resources, 84) + 30;
	left = put_interrupts(out, resources, put_cpus(out, resources, y));
	left = put_devices(out, resources, left + 22);
	right = put_memory(out, resources, y);
	*ret_height = (left > right ? left : right) + MARGIN / 2;
}

int config_resources_svg(const struct config_resources *resources, FILE *out)
{
	char *body = NULL;
	size_t size = 0;
	FILE *inner = open_memstream(&body, &size);
	int height = 0, r = 0;

	if (!inner)
		return -ENOMEM;
	put_body(inner, resources, &height);
	if (fclose(inner) != 0) {
		free(body);
		return -ENOMEM;
	}
	errno = 0;
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
		"role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">",
		WIDTH, height, WIDTH, height);
	svg_put_format(out, "Resources of %s", resources->board);
	fprintf(out,
		"</title>\n<desc id=\"desc\">Who owns each CPU, each range of physical addresses and each "
		"interrupt of the board.</desc>\n%s\n",
		style);
	fputs("<defs><pattern id=\"free\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" "
	      "patternTransform=\"rotate(45)\"><rect width=\"8\" height=\"8\" fill=\"#ffffff\"/>"
	      "<rect width=\"2\" height=\"8\" fill=\"#e3e7eb\"/></pattern></defs>\n",
	      out);
	fprintf(out, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", WIDTH, height);
	fwrite(body, 1, size, out);
	fputs("</svg>\n", out);
	free(body);
	if (fflush(out) != 0 || ferror(out))
		r = errno != 0 ? -errno : -EIO;
	return r;
}
