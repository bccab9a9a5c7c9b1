/* SPDX-License-Identifier: ISC */
/* Accounts of stages: checked, and printed as a table. */
#include "tool/accounts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tool/tool.h"

/* Names come with the stream. */
static const char *
quote(char out[TOOL_QUOTE_MAX], const struct account *a)
{
	return tool_quote(out, a->name, strlen(a->name));
}

static char *
check_stage(const struct account *a)
{
	char name[TOOL_QUOTE_MAX];

	if (a->in == a->used + a->filtered + a->late + a->invalid)
		return NULL;
	return mem_printf("%s: %" PRIu64 " rows in, but %" PRIu64
			  " used, %" PRIu64 " filtered, %" PRIu64
			  " late, %" PRIu64 " invalid",
	    quote(name, a), a->in, a->used, a->filtered, a->late, a->invalid);
}

/* The streams at hand: each is what its last stage wrote. */
struct streams {
	const struct account *last[HEAD_MAX_STAGES];
	size_t n;
};

/* What the last n streams brought is what to read. */
static char *
check_hop(const struct streams *s, size_t n, const struct account *to)
{
	const struct account *const *from = &s->last[s->n - n];
	const struct account *other = from[n - 1];
	char a[TOOL_QUOTE_MAX], b[TOOL_QUOTE_MAX], c[TOOL_QUOTE_MAX];
	uint64_t rows = from[0]->out, frames = from[0]->out_frames;
	const char *what = "rows", *and = "", *second = "";

	quote(a, from[0]);
	if (n == 2) {
		rows += other->out;
		frames += other->out_frames;
		and = " and ";
		second = quote(c, other);
	}
	if (rows == to->in && frames == to->in_frames)
		return NULL;
	if (rows == to->in)
		what = "frames";
	return mem_printf("%" PRIu64 " %s out of %s%s%s, but %" PRIu64
			  " into %s",
	    rows == to->in ? frames : rows, what, a, and, second,
	    rows == to->in ? to->in_frames : to->in, quote(b, to));
}

char *
accounts_check(const struct account *v, size_t n,
    const struct head_stage *stages, size_t n_stages)
{
	struct streams s = {.n = 0};
	char *why = NULL;

	if (n > n_stages)
		return mem_printf("%zu accounts of %zu stages", n, n_stages);
	stages += n_stages - n;
	for (size_t i = 0; i < n && why == NULL; i++) {
		size_t reads = stages[i].cls == CLASS_SOURCE ? 0
			       : stages[i].cls == CLASS_JOIN ? 2
							     : 1;

		why = check_stage(&v[i]);
		if (why == NULL && reads > 0 && reads <= s.n)
			why = check_hop(&s, reads, &v[i]);
		s.n -= reads < s.n ? reads : s.n;
		s.last[s.n++] = &v[i];
	}
	return why;
}

static const char *const titles[] = {
    "in", "used", "filtered", "late", "invalid", "out", "frames"};

#define N_TITLES (sizeof(titles) / sizeof(titles[0]))

static void
counts(uint64_t out[N_TITLES], const struct account *a)
{
	const uint64_t all[N_TITLES] = {a->in, a->used, a->filtered, a->late,
	    a->invalid, a->out, a->out_frames};

	memcpy(out, all, sizeof(all));
}

static void
widen(int *width, int len)
{
	*width = len > *width ? len : *width;
}

/* No wider than need be: on a terminal of 80 columns lines are to fit. */
void
accounts_print(const struct account *v, size_t n)
{
	char name[TOOL_QUOTE_MAX];
	int stage = (int)strlen("stage"), width[N_TITLES];
	uint64_t cell[N_TITLES];

	for (size_t k = 0; k < N_TITLES; k++)
		width[k] = (int)strlen(titles[k]);
	for (size_t i = 0; i < n; i++) {
		widen(&stage, (int)strlen(quote(name, &v[i])));
		counts(cell, &v[i]);
		for (size_t k = 0; k < N_TITLES; k++)
			widen(
			    &width[k], snprintf(NULL, 0, "%" PRIu64, cell[k]));
	}
	fprintf(stderr, "%-*s", stage, "stage");
	for (size_t k = 0; k < N_TITLES; k++)
		fprintf(stderr, "  %*s", width[k], titles[k]);
	fputc('\n', stderr);
	for (size_t i = 0; i < n; i++) {
		counts(cell, &v[i]);
		fprintf(stderr, "%-*s", stage, quote(name, &v[i]));
		for (size_t k = 0; k < N_TITLES; k++)
			fprintf(stderr, "  %*" PRIu64, width[k], cell[k]);
		fputc('\n', stderr);
	}
}
