/* SPDX-License-Identifier: ISC */
/* The header of csv and tsv, or the first record's width where there is none.
 */
#include "text/dsvhead.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/cellfast.h"
#include "text/infer.h"
#include "text/scan.h"
#include "text/text_int.h"

#define HEADER_MAX (1u << 20) /* bytes */

struct names {
	char **list; /* owned, each */
	size_t n;
	size_t cap;
};

static void
free_names(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
	free(names->list);
}

static bool
has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->list[i], name) == 0)
			return true;
	return false;
}

/* Add a name, which is owned; a second one gets a number behind it. */
static void
add_name(struct names *names, char *name)
{
	char *again = name;

	for (unsigned k = 2; has_name(names, again); k++) {
		if (again != name)
			free(again);
		again = mem_printf("%s_%u", name, k);
	}
	if (again != name)
		free(name);
	names->list = mem_grow(
	    names->list, &names->cap, names->n + 1, sizeof(*names->list));
	names->list[names->n++] = again;
}

static bool
is_utf8(const char *s, size_t len)
{
	uint32_t cp;
	size_t n;

	for (; len > 0; s += n, len -= n) {
		n = utf8_decode(&cp, s, len);
		if (n == 0)
			return false;
	}
	return true;
}

/* The name of the field at one cell of the header. */
static int
take_field(struct text *t, struct names *names, struct side *side,
    const uint32_t cell[2])
{
	const struct text_null no_null = {.str = NULL};
	const struct cells one = {cell, 2, 1};
	uint32_t e[2] = {cell[0], cell[1]};
	const char *s;
	size_t len;

	if (t->fmt->mark != -1)
		t->fmt->plain(e, side, &no_null, &one);
	s = side->base + (uint32_t)(e[0] + 1);
	len = e[1] - e[0] - 1;
	if (names->n == SCHEMA_MAX_COLS)
		return text_fail(
		    t, mem_printf("more than %d columns", SCHEMA_MAX_COLS));
	if (t->no_header || len == 0)
		add_name(names, mem_printf("c%zu", names->n + 1));
	else if (len > SCHEMA_MAX_NAME)
		return text_fail(
		    t, mem_printf("column %zu: name longer than %d bytes",
			   names->n + 1, SCHEMA_MAX_NAME));
	else if (!is_utf8(s, len) || memchr(s, '\0', len) != NULL)
		return text_fail(
		    t, mem_printf(
			   "column %zu: name is not UTF-8 text", names->n + 1));
	else
		add_name(names, mem_strndup(s, len));
	return 0;
}

/* The names in the record p[0..len), which has no line end. */
static int
take_names(struct text *t, struct names *names, const char *p, size_t len)
{
	int quote = t->fmt->quoting ? t->fmt->mark : -1;
	struct scan s = {.at = 0};
	struct side side;
	uint32_t cell[2] = {UINT32_MAX, 0};

	t->own = mem_grow(t->own, &t->cap_own, 2 * (len + CELL_PAD), 1);
	memcpy(t->own, p, len);
	t->own[len] = '\n';
	side = (struct side){t->own, (uint32_t)(len + CELL_PAD)};
	while (s.at <= len) {
		if (!scan_next(&s, t->own, len + 1, t->delim, quote)
		    || s.astray)
			return text_fail(
			    t, mem_printf("the header's quotes do not pair"));
		cell[1] = (uint32_t)s.at;
		if (take_field(t, names, &side, cell) == -1)
			return -1;
		cell[0] = cell[1];
		scan_field(&s);
	}
	return 0;
}

/* Bytes of a byte order mark at the front, or -1 when more must come. */
static int
bom_len(const char *p, size_t len, bool eof)
{
	static const char bom[3] = "\xef\xbb\xbf";
	size_t n = len < 3 ? len : 3;

	if (memcmp(p, bom, n) != 0)
		return 0;
	return n == 3 ? 3 : eof ? 0 : -1;
}

static int
bind_names(struct text *t, const struct names *names, const char *p, size_t len,
    bool eof)
{
	struct cols_field *fields = mem_zero(names->n, sizeof(*fields));
	struct cols_origin *origins = mem_zero(names->n, sizeof(*origins));
	bool infer = t->cols.infer && !t->bound;
	struct cols_source s = {.fields = fields,
	    .origins = infer ? origins : NULL,
	    .n = names->n,
	    .n_star = names->n,
	    .by_position = t->no_header,
	    .untyped = true};
	int r = 1;

	for (size_t i = 0; i < names->n; i++)
		fields[i] = (struct cols_field){names->list[i], CELL_STR};
	if (infer)
		r = infer_probe(fields, origins, t, names->n, p, len, eof);
	if (r == 1)
		t->n_fields = names->n;
	if (r == 1)
		r = text_bind(t, &s) == -1 ? -1 : 1;
	free(fields);
	free(origins);
	return r;
}

/* Whether -c names every column, so that no record need tell of others. */
static bool
names_all(const struct cols *c)
{
	struct cols_want want;

	for (size_t i = 0; i < c->n_items; i++)
		if (!cols_wants(&want, c, i) || want.star)
			return false;
	return c->n_items > 0;
}

/*
 * An empty source is good when it need not say what its columns are.  How many
 * fields there are the first record says that comes in a later one.
 */
static int
empty_source(struct text *t)
{
	struct names names = {.n = 0};
	int r;

	if (t->bound)
		return 1;
	if (!t->named || !t->no_header || !names_all(&t->cols))
		return text_fail(
		    t, mem_printf("it is empty, so its columns are not known"));
	for (size_t i = 0; i < t->cols.n_items; i++)
		add_name(&names, mem_printf("c%zu", i + 1));
	r = bind_names(t, &names, "", 0, true);
	free_names(&names);
	t->n_fields = 0;
	return r;
}

/*
 * The record of p[0..len), of which len bytes are taken where it is one;
 * avail bytes are at hand.
 */
static int
take_record(struct text *t, size_t *used, const char *p, size_t len,
    size_t avail, bool eof)
{
	struct names names = {.n = 0};
	size_t cut = len;
	int r;

	if (cut > 0 && p[cut - 1] == '\n')
		cut--;
	if (cut > 0 && p[cut - 1] == '\r')
		cut--;
	if (cut == 0)
		return text_fail(t, mem_printf("the first line is empty"));
	r = take_names(t, &names, p, cut);
	if (r == 0 && t->no_header)
		r = bind_names(t, &names, p, avail, eof);
	else if (r == 0)
		r = bind_names(t, &names, p + len, avail - len, eof);
	free_names(&names);
	if (r != 1)
		return r;
	if (!t->no_header) {
		*used += len;
		t->line += sepidx_count(p, cut, '\n') + 1;
	}
	return 1;
}

int
dsvhead_read(struct text *t, size_t *used, const char *p, size_t len, bool eof)
{
	int bom = bom_len(p, len, eof);
	size_t end;

	if (bom == -1)
		return 0;
	p += bom;
	len -= (size_t)bom;
	*used = (size_t)bom;
	/* Its first record is one as any other, good or bad. */
	if (t->no_header && t->n_fields > 0)
		return 1;
	t->scan = (struct scan){.at = 0};
	end = t->fmt->find_end(t, p, len);
	t->scan = (struct scan){.at = 0};
	if ((end == 0 ? len : end) > HEADER_MAX)
		return text_fail(
		    t, mem_printf(
			   "the header is longer than %u bytes", HEADER_MAX));
	if (end == 0 && !eof)
		return 0;
	if (len == 0)
		return empty_source(t);
	return take_record(t, used, p, end == 0 ? len : end, len, eof);
}
