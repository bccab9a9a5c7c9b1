/* SPDX-License-Identifier: ISC */
/* Rows made up at a given rate: gen:1000/s.  sbatch(1), GENERATOR. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "io/pace.h"
#include "io/source_int.h"

#define PREFIX "gen:"
#define HEADER "timestamp,value\n"
#define LINE_MAX_LEN (2 * (NUM_TEXT_MAX + 1)) /* two numbers */

/* Row k belongs to start + k / rate. */
struct gen {
	double rate; /* rows a second */
	int64_t start_us; /* wall clock */
	int64_t start_mono_us;
	int64_t n; /* rows made */
	bool headed;
	bool stopping;
};

static bool
is_gen(const char *path, enum source_mode mode)
{
	(void)mode;
	return strncmp(path, PREFIX, strlen(PREFIX)) == 0;
}

static int
parse(const struct source *s, double *rate)
{
	const char *arg = s->path + strlen(PREFIX);

	*rate = 1;
	return *arg == '\0' ? 0 : pace_parse_rate(rate, arg);
}

static int
check_gen(struct source *s)
{
	double rate;

	if (parse(s, &rate) == -1)
		return source_fail(
		    s, EX_USAGE, "no rate; write gen: or gen:1000/s");
	return 0;
}

static int
open_gen(struct source *s)
{
	struct gen *g = mem_zero(1, sizeof(*g));

	parse(s, &g->rate);
	g->start_us = time_now_us();
	g->start_mono_us = time_mono_us();
	s->own = g;
	return 0;
}

/* When row k is due, after the start. */
static int64_t
after(const struct gen *g, int64_t k)
{
	return (int64_t)floor((double)k * 1e6 / g->rate);
}

static size_t
put_line(char *p, const struct gen *g)
{
	size_t len = num_format_int(p, g->start_us + after(g, g->n));

	p[len++] = ',';
	len += num_format_int(p + len, g->n);
	p[len++] = '\n';
	return len;
}

static enum source_got
read_gen(struct source *s, void *p, size_t cap, size_t *len)
{
	struct gen *g = s->own;
	int64_t now = time_mono_us() - g->start_mono_us;

	if (g->stopping)
		return SOURCE_END;
	if (!g->headed) {
		memcpy(p, HEADER, strlen(HEADER));
		*len = strlen(HEADER);
		g->headed = true;
	}
	while (*len + LINE_MAX_LEN <= cap && after(g, g->n) <= now) {
		*len += put_line((char *)p + *len, g);
		g->n++;
	}
	return *len > 0 ? SOURCE_BYTES : SOURCE_WAIT;
}

static int
gen_wait_ms(const struct source *s)
{
	const struct gen *g = s->own;
	int64_t left = g->start_mono_us + after(g, g->n) - time_mono_us();

	return left > INT32_MAX ? INT32_MAX / 1000
	       : left > 0       ? (int)(left / 1000) + 1
				: 0;
}

static void
stop_gen(struct source *s)
{
	struct gen *g = s->own;

	g->stopping = true;
}

static void
close_gen(struct source *s)
{
	free(s->own);
	s->own = NULL;
}

const struct source_kind gen_kind = {
    .name = "gen",
    .traits = SOURCE_LIVE | SOURCE_ENDLESS | SOURCE_BATCHED,
    .format = "csv",
    .claims = is_gen,
    .check = check_gen,
    .open = open_gen,
    .read = read_gen,
    .close = close_gen,
    .stop = stop_gen,
    .wait_ms = gen_wait_ms,
};
