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

static char *
check_hop(const struct account *from, const struct account *to)
{
	char a[TOOL_QUOTE_MAX], b[TOOL_QUOTE_MAX];

	if (from->out != to->in)
		return mem_printf("%" PRIu64 " rows out of %s, but %" PRIu64
				  " into %s",
		    from->out, quote(a, from), to->in, quote(b, to));
	if (from->out_frames != to->in_frames)
		return mem_printf("%" PRIu64 " frames out of %s, but %" PRIu64
				  " into %s",
		    from->out_frames, quote(a, from), to->in_frames,
		    quote(b, to));
	return NULL;
}

char *
accounts_check(const struct account *v, size_t n)
{
	char *why = NULL;

	for (size_t i = 0; i < n && why == NULL; i++) {
		why = check_stage(&v[i]);
		if (why == NULL && i > 0)
			why = check_hop(&v[i - 1], &v[i]);
	}
	return why;
}

void
accounts_print(const struct account *v, size_t n)
{
	char name[TOOL_QUOTE_MAX];
	size_t width = strlen("stage"), len;

	for (size_t i = 0; i < n; i++) {
		len = strlen(quote(name, &v[i]));
		width = len > width ? len : width;
	}
	fprintf(stderr, "%-*s %12s %12s %10s %8s %8s %12s %8s\n", (int)width,
	    "stage", "in", "used", "filtered", "late", "invalid", "out",
	    "frames");
	for (size_t i = 0; i < n; i++)
		fprintf(stderr,
		    "%-*s %12" PRIu64 " %12" PRIu64 " %10" PRIu64 " %8" PRIu64
		    " %8" PRIu64 " %12" PRIu64 " %8" PRIu64 "\n",
		    (int)width, quote(name, &v[i]), v[i].in, v[i].used,
		    v[i].filtered, v[i].late, v[i].invalid, v[i].out,
		    v[i].out_frames);
}
