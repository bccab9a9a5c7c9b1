/* SPDX-License-Identifier: ISC */
/* Records of one line, or of several.  millrace-formats(7). */
#include "text/record.h"

#include "base/pattern.h"
#include "text/walk.h"

/* A pattern that gives up on a line does not begin a record there. */
static bool
begins(const struct text *t, const char *line, const char *nl)
{
	struct pattern_span span;

	if (nl > line && nl[-1] == '\r')
		nl--;
	return pattern_match(t->start, &span, 1, line, (size_t)(nl - line), 0)
	       == 1;
}

size_t
record_start_end(
    struct text *t, size_t *from, const char *p, size_t len, bool last)
{
	const char *line = p + *from, *end = p + len, *nl;

	while ((nl = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		if (line > p && begins(t, line, nl))
			return (size_t)(line - p);
		line = nl + 1;
	}
	*from = (size_t)(line - p);
	return last ? len : 0;
}

bool
record_begins(const struct text *t, const char *p, size_t len)
{
	const char *nl = memchr(p, '\n', len);

	return nl != NULL && begins(t, p, nl);
}

void
walk_add_flaw(struct text *t, const struct walk *w)
{
	struct flaw flaw = {.kind = FLAW_RECORD,
	    .from = w->from,
	    .to = w->end,
	    .at = w->at,
	    .name = w->name,
	    .what = w->what};

	flaw_add(&t->flaws, &flaw);
}

size_t
record_find_end(struct text *t, const char *p, size_t len)
{
	const char *nl;

	if (t->start != NULL)
		return record_start_end(t, &t->scan.at, p, len, false);
	nl = memchr(p + t->scan.at, '\n', len - t->scan.at);
	t->scan.at = len;
	return nl == NULL ? 0 : (size_t)(nl - p) + 1;
}

static bool
walk_all(struct text *t, struct walk *w)
{
	(void)t;
	walk_set(w, 0, w->from, w->end);
	return true;
}

static void
split(struct text *t, const struct block *b, uint32_t max_rows)
{
	uint32_t edge[2];
	struct walk w = {.edge = edge};

	walk_split(t, &w, b, max_rows, walk_all);
}

static const struct cols_field field[] = {{"line", CELL_STR}};

const struct text_fmt record_lines = {.name = "lines",
    .takes = TAKES_START,
    .mark = -1,
    .pairs = true,
    .source = {.fields = field,
	.n = 1,
	.n_star = 1,
	.by_position = true,
	.untyped = true},
    .split = split,
    .find_end = record_find_end};
