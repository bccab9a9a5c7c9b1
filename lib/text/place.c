/* SPDX-License-Identifier: ISC */
/* Sources that take turns in one parser. */
#include <stdlib.h>

#include "base/mem.h"
#include "text/record.h"
#include "text/text_int.h"

#define LINE_WINDOW 16 /* what starts() looks at */

/* Take the columns from where this source has them. */
static void
place_columns(struct text *t, const size_t *fields)
{
	bool same = true;

	for (size_t i = 0; i < t->cols.n; i++) {
		same &= t->cols.cols[i].field == fields[i];
		t->cols.cols[i].field = fields[i];
		if (!t->fmt->pairs)
			t->cols.cols[i].at = fields[i];
	}
	if (!same && t->fmt->bound != NULL)
		t->fmt->bound(t);
}

void
text_leave(const struct text *t, struct text_place *p)
{
	p->from = t->from;
	p->memo = t->memo;
	p->line = t->line;
	p->scan = t->scan;
	p->n_fields = t->n_fields;
	if (!t->bound || t->fmt->header == NULL)
		return;
	if (p->fields == NULL)
		p->fields = mem_zero(t->cols.n, sizeof(*p->fields));
	for (size_t i = 0; i < t->cols.n; i++)
		p->fields[i] = t->cols.cols[i].field;
}

void
text_enter(struct text *t, const struct text_place *p)
{
	t->from = p->from;
	t->memo = p->memo;
	t->line = p->line;
	t->scan = p->scan;
	if (p->fields == NULL)
		return;
	t->n_fields = p->n_fields;
	place_columns(t, p->fields);
}

void
text_place_release(struct text_place *p)
{
	free(p->fields);
	*p = (struct text_place){0};
}

void
text_place_save(
    const struct text *t, const struct text_place *p, struct buf *out)
{
	size_t n = p->fields == NULL ? 0 : t->cols.n;

	buf_put_int(out, (uint64_t)p->memo.year, 8);
	buf_put_int(out, (uint64_t)p->memo.month, 4);
	buf_put_int(out, p->memo.turned, 1);
	buf_put_int(out, (uint64_t)p->memo.day, 8);
	buf_put_int(out, p->memo.date, 8);
	buf_put_int(out, p->memo.time, 8);
	buf_put_int(out, p->memo.off, 8);
	buf_put_int(out, p->line, 8);
	buf_put_int(out, p->n_fields, 8);
	buf_put_int(out, n, 4);
	for (size_t i = 0; i < n; i++)
		buf_put_int(out, p->fields[i], 8);
}

int
text_place_load(const struct text *t, struct text_place *p, struct cur *in)
{
	uint64_t n;

	*p = (struct text_place){0};
	p->memo.year = (int64_t)cur_get_int(in, 8);
	p->memo.month = (int)cur_get_int(in, 4);
	p->memo.turned = cur_get_int(in, 1) != 0;
	p->memo.day = (int64_t)cur_get_int(in, 8);
	p->memo.date = cur_get_int(in, 8);
	p->memo.time = cur_get_int(in, 8);
	p->memo.off = cur_get_int(in, 8);
	p->line = cur_get_int(in, 8);
	p->n_fields = cur_get_int(in, 8);
	n = cur_get_int(in, 4);
	if (in->failed || (n > 0 && n != t->cols.n))
		return -1;
	if (n > 0)
		p->fields = mem_zero(n, sizeof(*p->fields));
	for (uint64_t i = 0; i < n; i++)
		p->fields[i] = cur_get_int(in, 8);
	return in->failed ? -1 : 0;
}

void
text_place_pass(struct cur *in)
{
	/* Of the memo 45 bytes, the line, how many fields there were. */
	cur_get(in, 45 + 8 + 8);
	for (uint64_t n = cur_get_int(in, 4); n > 0 && !in->failed; n--)
		cur_get_int(in, 8);
}

void
text_set_line(struct text *t, uint64_t line)
{
	t->line = line;
	t->scan = (struct scan){.at = 0};
}

void
text_set_offset(struct text *t, uint64_t off)
{
	t->memo.off = off;
}

/* A field may hold line ends, but not more bytes than a field may have. */
size_t
text_start_window(const struct text *t)
{
	if (t->fmt->parse != NULL || t->fmt->chained)
		return 0;
	return t->fmt->quoting ? t->max_field + LINE_WINDOW : LINE_WINDOW;
}

bool
text_starts(const struct text *t, const char *p, size_t at, size_t len)
{
	if (t->start != NULL)
		return record_begins(t, p + at, len - at);
	if (t->fmt->quoting && memchr(p, t->fmt->mark, at) != NULL)
		return false;
	return t->fmt->starts == NULL || t->fmt->starts(p, at, len);
}
