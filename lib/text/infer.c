/* SPDX-License-Identifier: ISC */
/* Columns and types that the first records tell.  millrace-formats(7). */
#include "text/infer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "text/cellfast.h"
#include "text/text_int.h"

void
infer_init(struct infer *f)
{
	*f = (struct infer){.n = 0};
	map_init(&f->map);
}

void
infer_release(struct infer *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->cols[i].from);
		free(f->cols[i].name);
	}
	free(f->cols);
	map_release(&f->map);
	free(f->hashes);
	infer_init(f);
}

size_t
infer_find(struct infer *f, const char *from)
{
	uint64_t h = hash_bytes(from, strlen(from), hash_seed());
	size_t at = map_first(&f->map, h, f->hashes);
	uint32_t i;

	for (; (i = map_at(&f->map, &at, h)) != MAP_NONE; at++)
		if (strcmp(f->cols[i].from, from) == 0)
			return i;
	return f->n;
}

static bool
is_taken(const struct infer *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->cols[i].name, name) == 0)
			return true;
	return false;
}

/* Only names that are made up can be taken: other ones are keys themselves. */
static char *
free_name(const struct infer *f, char *name)
{
	char *again = name;

	for (unsigned k = 2; is_taken(f, again); k++) {
		if (again != name)
			free(again);
		again = mem_printf("%s_%u", name, k);
	}
	if (again != name)
		free(name);
	return again;
}

void
infer_add(struct infer *f, char *from, char *name)
{
	uint64_t h = hash_bytes(from, strlen(from), hash_seed());
	size_t at = map_first(&f->map, h, f->hashes);

	while (map_at(&f->map, &at, h) != MAP_NONE)
		at++;
	name = free_name(f, name);
	f->cols = mem_grow(f->cols, &f->cap, f->n + 1, sizeof(*f->cols));
	f->hashes =
	    mem_grow(f->hashes, &f->cap_hashes, f->n + 1, sizeof(*f->hashes));
	f->hashes[map_insert(&f->map, at, h)] = h;
	f->cols[f->n++] =
	    (struct infer_col){.from = from, .name = name, .kinds = INFER_ALL};
}

void
infer_see(struct infer_col *c, unsigned kinds)
{
	c->seen = true;
	c->kinds &= kinds;
}

unsigned
infer_number(const char *s, size_t len)
{
	int64_t i;

	return num_parse_int(&i, s, len) == 0 ? INFER_INT | INFER_FLOAT
					      : INFER_FLOAT;
}

/* Digits with a zero in front, as of a postcode, are not a number. */
static unsigned
number_kinds(const char *s, size_t len)
{
	size_t sign = *s == '-' || *s == '+', n = sign, digits;
	int64_t i;
	double d;

	while (n < len && s[n] >= '0' && s[n] <= '9')
		n++;
	digits = n - sign;
	if (digits == 0 || (s[sign] == '0' && digits > 1))
		return 0;
	if (n == len)
		return num_parse_int(&i, s, len) == 0 ? INFER_INT | INFER_FLOAT
						      : 0;
	return num_parse_float(&d, s, len) == 0 ? INFER_FLOAT : 0;
}

unsigned
infer_text(const char *s, size_t len)
{
	int64_t us;

	for (; len > 0 && (*s == ' ' || *s == '\t'); s++)
		len--;
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	if (len == 0)
		return 0;
	if ((len == 4 && strncasecmp(s, "true", 4) == 0)
	    || (len == 5 && strncasecmp(s, "false", 5) == 0))
		return INFER_BOOL;
	if (len >= CELL_DATE_RFC3339 && s[4] == '-'
	    && time_parse_rfc3339(&us, s, len) == 0)
		return INFER_TIME;
	return number_kinds(s, len);
}

static enum cell_kind
kind_of(const struct infer_col *c)
{
	if (!c->seen)
		return CELL_STR;
	return c->kinds & INFER_BOOL    ? CELL_BOOL
	       : c->kinds & INFER_INT   ? CELL_INT
	       : c->kinds & INFER_FLOAT ? CELL_FLOAT
	       : c->kinds & INFER_TIME  ? CELL_TIME
					: CELL_STR;
}

int
infer_bind(struct infer *f, struct text *t)
{
	struct cols_field *fields = mem_zero(f->n + 1, sizeof(*fields));
	struct cols_origin *origins = mem_zero(f->n + 1, sizeof(*origins));
	struct cols_source s = {.fields = fields,
	    .origins = origins,
	    .n = f->n,
	    .n_star = f->n_star};
	int r;

	for (size_t i = 0; i < f->n; i++) {
		const struct infer_col *c = &f->cols[i];

		fields[i] = (struct cols_field){c->name, kind_of(c)};
		origins[i] = (struct cols_origin){
		    .from = c->from, .guessed = true, .untyped = !c->seen};
	}
	r = text_bind(t, &s);
	free(fields);
	free(origins);
	return r;
}

size_t
infer_lines(struct text *t, bool *whole, const char *p, size_t len, bool eof)
{
	const char *nl;

	*whole = eof || len >= INFER_BYTES;
	if (len > INFER_BYTES) {
		len = INFER_BYTES;
		eof = false;
	}
	t->own = mem_grow(t->own, &t->cap_own, len + 2 * CELL_PAD, 1);
	memcpy(t->own, p, len);
	if (eof && len > 0 && p[len - 1] != '\n')
		t->own[len++] = '\n';
	memset(t->own + len, 0, CELL_PAD);
	nl = memrchr(t->own, '\n', len);
	return nl == NULL ? 0 : (size_t)(nl + 1 - t->own);
}

static bool
pass_over(void *arg, const struct text_bad *bad)
{
	(void)arg;
	(void)bad;
	return true;
}

/* A parser like t, of the fields as they are. */
static struct text *
probe_like(const struct text *t, const struct cols_source *s)
{
	struct text_opts o = {.format = t->fmt->name,
	    .null_str = t->null_str,
	    .delim = t->fmt->takes & TAKES_DELIM ? (unsigned char)t->delim : -1,
	    .no_header = true,
	    .max_field = t->max_field,
	    .utf8 = TEXT_UTF8_BYTES};
	char *why = NULL;
	struct text *probe = text_new(&o, &why);

	assert(probe != NULL);
	probe->n_fields = s->n;
	text_bind(probe, s);
	return probe;
}

/* What the cells of a column of str can be. */
static void
see_column(struct infer_col *c, const struct colbuf *cells)
{
	struct col col;

	colbuf_view(&col, cells);
	for (uint32_t r = 0; r < col.n; r++) {
		size_t len;
		const char *s = col_str(&col, r, &len);

		if (col_is_valid(&col, r) && len > 0)
			infer_see(c, infer_text(s, len));
	}
}

int
infer_probe(struct cols_field *fields, struct cols_origin *origins,
    const struct text *t, size_t n, const char *p, size_t len, bool eof)
{
	const struct cols_source s = {.fields = fields,
	    .n = n,
	    .n_star = n,
	    .by_position = true,
	    .untyped = true};
	struct text *probe = probe_like(t, &s);
	struct text_goal goal = {
	    .max_rows = INFER_ROWS, .max_bytes = SIZE_MAX, .bad = pass_over};
	bool whole = eof || len >= INFER_BYTES;
	struct build rows;
	int r;

	build_init(&rows, text_schema(probe));
	if (len > INFER_BYTES)
		len = INFER_BYTES;
	text_parse(probe, &rows, &goal, p, len, eof);
	r = whole || rows.n_rows == INFER_ROWS;
	for (size_t i = 0; r == 1 && i < n; i++) {
		struct infer_col c = {.kinds = INFER_ALL};

		see_column(&c, &rows.cols[i]);
		fields[i].kind = kind_of(&c);
		origins[i] =
		    (struct cols_origin){.guessed = true, .untyped = !c.seen};
	}
	build_release(&rows);
	text_free(probe);
	return r;
}
