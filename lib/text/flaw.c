/* SPDX-License-Identifier: ISC */
/* Why records are no rows, and how that is told.  millrace-formats(7). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/quote.h"
#include "text/infer.h"
#include "text/text_int.h"

#define QUOTE_MAX 40 /* bytes of a cell in a message */

void
flaw_add(struct flaws *f, const struct flaw *flaw)
{
	f->list = mem_grow(f->list, &f->cap, f->n + 1, sizeof(*f->list));
	f->list[f->n++] = *flaw;
}

static int
compare(const void *pa, const void *pb)
{
	const struct flaw *a = pa, *b = pb;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->at > b->at) - (a->at < b->at);
}

void
flaw_sort(struct flaws *f)
{
	size_t n = 0;

	if (f->n > 1)
		qsort(f->list, f->n, sizeof(*f->list), compare);
	for (size_t i = 0; i < f->n; i++)
		if (n == 0 || f->list[i].from != f->list[n - 1].from)
			f->list[n++] = f->list[i];
	f->n = n;
}

/* The type came from other values, so the user may not know of it. */
static void
mend(struct buf *b, const struct flaw *f, const struct block *blk)
{
	bool number =
	    infer_text(blk->p + f->at, f->cell_end - f->at) & INFER_FLOAT;

	buf_printf(b, ", which earlier values are: write -c '*,%s:%s'",
	    f->col->from, number ? "float" : "str");
}

static void
explain(struct buf *b, const struct text *t, const struct flaw *f,
    const struct block *blk)
{
	switch (f->kind) {
	case FLAW_RECORD:
		if (f->name != NULL)
			buf_printf(b, "%s: ", f->name);
		buf_puts(b, f->what);
		break;
	case FLAW_FIELDS:
		buf_printf(b, "%u field%s instead of %zu", f->n,
		    f->n == 1 ? "" : "s", t->n_fields);
		break;
	case FLAW_VALUE:
		buf_printf(b, "%s: ", f->col->name);
		quote_cut(b, blk->p + f->at, f->cell_end - f->at, QUOTE_MAX);
		buf_printf(
		    b, " is no %s", type_name(cell_type(f->col->form.kind)));
		if (f->col->guessed)
			mend(b, f, blk);
		break;
	case FLAW_UTF8:
		buf_printf(b,
		    "%s: not UTF-8, which sbatch --invalid-utf8 can pass",
		    f->col->name);
		break;
	case FLAW_LONG:
		buf_printf(b, "%s: longer than --max-field %zu", f->col->name,
		    t->max_field);
		break;
	}
	buf_put(b, "", 1);
}

/* The byte of its line, from 1; *line grows by the line ends before it. */
static size_t
place(uint64_t *line, const struct flaw *f, const char *p)
{
	const char *nl;

	if (f->at == FLAW_NOWHERE)
		return 0;
	*line += sepidx_count(p + f->from, f->at - f->from, '\n');
	nl = memrchr(p + f->from, '\n', f->at - f->from);
	return nl == NULL ? f->at - f->from + 1 : (size_t)(p + f->at - nl);
}

/* Rows of the grid before byte at, of which the first n are known to be. */
static uint32_t
rows_before(const struct grid *g, uint32_t n, uint32_t at)
{
	while (n < g->n && g->edge[n * g->stride] + 1 < at)
		n++;
	return n;
}

size_t
flaw_report(struct text *t, struct build *out, struct text_goal *goal,
    const struct block *b)
{
	uint32_t rows = out->n_rows, first = rows - t->grid.n, n = 0;
	uint64_t line = t->line;
	size_t seen = 0;

	for (size_t i = 0; i < t->flaws.n; i++) {
		const struct flaw *f = &t->flaws.list[i];
		struct text_bad bad;

		line += sepidx_count(b->p + seen, f->from - seen, '\n');
		seen = f->from;
		buf_reset(&t->why);
		explain(&t->why, t, f, b);
		bad.p = b->from + f->from;
		bad.len = (f->to < b->real ? f->to : b->real) - f->from;
		bad.line = line;
		bad.column = place(&bad.line, f, b->p);
		bad.why = (const char *)t->why.data;
		n = rows_before(&t->grid, n, f->from);
		out->n_rows = first + n;
		if (!goal->bad(goal->arg, &bad))
			return f->from;
		goal->n_bad++;
	}
	out->n_rows = rows;
	return SIZE_MAX;
}
