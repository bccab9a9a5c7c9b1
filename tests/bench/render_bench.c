/* SPDX-License-Identifier: ISC */
/*
 * How many cells a second the formats of ssink write, in this process:
 *	render_bench [FORMAT ...]
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "text/render.h"

#define ROWS 10000
#define FRAMES 100

static uint64_t n_bytes;

static int
count(void *arg, const void *p, size_t len)
{
	(void)arg;
	(void)p;
	n_bytes += len;
	return 0;
}

static void
fill(struct build *b)
{
	for (uint32_t i = 0; i < ROWS; i++) {
		char text[16];
		int len = snprintf(text, sizeof(text), "cat%03u", i % 200);

		for (size_t c = 0; c < b->n_cols; c++) {
			struct colbuf *col = &b->cols[c];
			int64_t v = (int64_t)i * 7919;

			if (col->type == TYPE_STR)
				colbuf_push_str(col, text, (size_t)len);
			else if (col->type == TYPE_FLOAT)
				colbuf_push_float(col, (double)v / 100);
			else
				colbuf_push_int(
				    col, col->type == TYPE_TIME
					     ? v / 1000000 * 60000000
					     : v);
		}
	}
	b->n_rows = ROWS;
}

static void
measure(const char *format, const char *what, const enum type types[2])
{
	struct render_opts o = {.format = format, .delim = -1, .tty_fd = -1};
	struct frame f = {.h = {.kind = FRAME_ROWS, .watermark = TIME_NONE}};
	struct head h;
	struct build build;
	struct batch b;
	struct render *r;
	char *why, name[2] = "a";
	int64_t start;
	double s;

	head_init(&h);
	for (; *name <= 'f'; ++*name)
		schema_add(&h.schema, name, 1, types[*name % 2]);
	build_init(&build, &h.schema);
	fill(&build);
	batch_init(&b);
	build_view(&b, &build);
	r = render_new(&o, &why);
	if (r == NULL)
		errx(64, "%s", why);
	render_to(r, count, NULL);
	n_bytes = 0;
	start = time_mono_us();
	render_head(r, &h);
	for (int i = 0; i < FRAMES; i++)
		render_frame(r, &f, &b);
	render_end(r);
	s = (double)(time_mono_us() - start) / (double)TIME_US;
	printf("%-6s %-10s %7.1f M cells/s %8.1f MB/s\n", format, what,
	    6.0 * ROWS * FRAMES / s / 1e6, (double)n_bytes / s / 1e6);
	render_free(r);
	batch_release(&b);
	build_release(&build);
	head_release(&h);
}

int
main(int argc, char *argv[])
{
	static const char *all[] = {NULL, "tsv", "csv", "json", "table"};
	static const struct {
		const char *what;
		enum type types[2];
	} mixes[] = {{"int", {TYPE_INT, TYPE_INT}},
	    {"str", {TYPE_STR, TYPE_STR}}, {"int,str", {TYPE_INT, TYPE_STR}},
	    {"float", {TYPE_FLOAT, TYPE_FLOAT}},
	    {"time", {TYPE_TIME, TYPE_TIME}}};
	int n = argc > 1 ? argc : (int)(sizeof(all) / sizeof(all[0]));

	for (int i = 1; i < n; i++)
		for (size_t m = 0; m < sizeof(mixes) / sizeof(mixes[0]); m++)
			measure(argc > 1 ? argv[i] : all[i], mixes[m].what,
			    mixes[m].types);
	return 0;
}
