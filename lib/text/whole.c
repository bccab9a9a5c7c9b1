/* SPDX-License-Identifier: ISC */
/* Where the last whole record ends, found quicker than by a parse. */
#include "text/whole.h"

#include <string.h>

#include "text/record.h"
#include "text/text_int.h"

bool
whole_can(const struct text *t)
{
	return t->fmt->parse == NULL && !t->fmt->chained;
}

bool
whole_is_sure(const struct text *t)
{
	return t->fmt->starts == NULL;
}

static size_t
last_line(const char *p, size_t len)
{
	const char *nl = memrchr(p, '\n', len);

	return nl == NULL ? 0 : (size_t)(nl + 1 - p);
}

/* The last line behind which a record is seen to begin; 0 when none is. */
static size_t
last_start(const struct text *t, const char *p, size_t len)
{
	size_t at = last_line(p, len);

	while (at > 0 && !text_starts(t, p, at, len))
		at = last_line(p, at - 1);
	return at;
}

/* Byte by byte over a block with stray quotes, from at, where one begins. */
static size_t
last_slowly(const struct text *t, const char *p, size_t at, size_t len)
{
	struct scan s = {.at = at};
	size_t end = at;

	while (scan_next(&s, p, len, t->delim, t->fmt->mark)) {
		bool is_end = p[s.at] == '\n';

		scan_field(&s);
		if (is_end)
			end = s.at;
	}
	return end;
}

/* The last line end of a block that is outside of quotes; 0 when none is. */
static size_t
last_unquoted(const struct sepidx_found *f, const char *p)
{
	for (size_t i = f->n; i > 0; i--)
		if (p[f->pos[i - 1]] == '\n')
			return (size_t)f->pos[i - 1] + 1;
	return 0;
}

/* Quotes are known from the front only. */
static size_t
last_quoting(struct text *t, const char *p, size_t len)
{
	struct sepidx_found f;
	size_t at = 0, n, used;

	if (memchr(p, t->fmt->mark, len) == NULL)
		return last_line(p, len);
	for (; at < len; at += used) {
		n = len - at < SEPIDX_MAX ? len - at : SEPIDX_MAX;
		sepidx_scan(t->idx, &f, p + at, n);
		used = f.odd ? last_slowly(t, p, at, at + n) - at
			     : last_unquoted(&f, p + at);
		if (used == 0)
			break;
	}
	return at;
}

size_t
whole_end(struct text *t, const char *p, size_t len)
{
	size_t at;

	if (t->fmt->quoting)
		return last_quoting(t, p, len);
	if (t->start != NULL)
		return last_start(t, p, len);
	if (whole_is_sure(t))
		return last_line(p, len);
	at = last_start(t, p, len);
	return at > 0 ? at : last_line(p, len);
}
