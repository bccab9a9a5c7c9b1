/* SPDX-License-Identifier: ISC */
/* The columns of json and journald.  millrace-formats(7). */
#include "text/jsonhead.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/infer.h"
#include "text/jsonpath.h"
#include "text/jsonstr.h"
#include "text/jsonwalk.h"
#include "text/text_int.h"

/* The first records, whole lines in t->own. */
struct sample {
	struct text *t;
	struct infer cols;
	uint32_t at; /* behind a byte order mark */
	uint32_t limit;
	uint32_t max; /* good records that are looked at */
	bool whole; /* no more bytes would be looked at */
	bool bad; /* there are bad records */
};

/* Add the column of a path, unless it is there. */
static void
add_path(struct infer *cols, const struct jsonpath *path)
{
	struct buf from;

	buf_init(&from, 0);
	jsonpath_text(&from, path);
	buf_put(&from, "", 1);
	if (infer_find(cols, (const char *)from.data) == cols->n)
		infer_add(
		    cols, (char *)from.data, jsonpath_name(path, cols->n + 1));
	else
		buf_release(&from);
}

/* The byte behind the string that begins at s. */
static const char *
string_end(const char *s)
{
	for (s++; *s != '"'; s++)
		s += *s == '\\';
	return s + 1;
}

/* Behind the value of a member: the comma, or the brace that ends them. */
static const char *
member_end(const char *s)
{
	size_t depth = 0;

	for (;; s++) {
		if (*s == '"')
			s = string_end(s) - 1;
		else if (*s == '{' || *s == '[')
			depth++;
		else if (depth == 0 && (*s == ',' || *s == '}'))
			return s;
		else if (*s == '}' || *s == ']')
			depth--;
	}
}

/* Add the keys of the object at s, which is known to be one. */
static int
add_keys(struct sample *m, const char *s)
{
	struct jsonpath path;
	char *key;

	for (s++;; s = member_end(s) + 1) {
		const char *end;

		s += strcspn(s, "\"}");
		if (*s == '}')
			return 0;
		if (m->cols.n == SCHEMA_MAX_COLS)
			return text_fail(
			    m->t, mem_printf(
				      "more than %d columns", SCHEMA_MAX_COLS));
		end = string_end(s);
		key = mem_alloc((size_t)(end - s));
		jsonpath_key(&path, key,
		    jsonstr_plain(key, s + 1, (size_t)(end - s) - 2));
		add_path(&m->cols, &path);
		jsonpath_release(&path);
		free(key);
		s = end;
		if (*member_end(s) == '}')
			return 0;
	}
}

/* Told of a good record: its edges, and where it begins. */
typedef int (*see_fn)(struct sample *m, const uint32_t *row, uint32_t at);

/*
 * Show the good records, up to max.  Returns how many there are, or -1 with
 * t->error.
 */
static int
each_record(struct sample *m, struct jsonwalk *w, uint32_t n_cols, see_fn see)
{
	uint32_t *row = mem_zero(2 * n_cols + 1, sizeof(*row));
	const char *p = m->t->own;
	uint32_t at = m->at, n = 0, end, from;
	int rc = 0;

	while (rc == 0 && n < m->max) {
		at += (uint32_t)strspn(p + at, " \t\r\n");
		from = at;
		if (at >= m->limit)
			break;
		end = jsonwalk_record(w, row, n_cols, p, at, m->limit);
		if (end == 0 && w->more && !m->whole)
			break;
		if (end > 0) {
			rc = see(m, row, from);
			n++;
		} else {
			const char *nl = memchr(p + at, '\n', m->limit - at);

			m->bad = true;
			end = (uint32_t)(nl - p) + 1;
		}
		at = end;
	}
	free(row);
	return rc == -1 ? -1 : (int)n;
}

static int
see_keys(struct sample *m, const uint32_t *row, uint32_t at)
{
	static const struct jsonpath whole = {.n = 0};
	bool object = m->t->own[at] == '{';

	(void)row;
	if (m->cols.n == 0 && !object)
		add_path(&m->cols, &whole);
	return object ? add_keys(m, m->t->own + at) : 0;
}

/* The kinds that the value at s can be. */
static unsigned
kinds_of(const char *s, size_t len)
{
	switch (*s) {
	case 't':
	case 'f':
		return INFER_BOOL;
	case '{':
	case '[':
		return 0;
	default:
		return infer_number(s, len);
	}
}

static int
see_types(struct sample *m, const uint32_t *row, uint32_t at)
{
	const char *p = m->t->own;

	(void)at;
	for (size_t i = 0; i < m->cols.n; i++) {
		uint32_t from = row[2 * i] + 1, end = row[2 * i + 1];
		bool string = from > 0 && p[end] == '"' && p[from - 1] == '"';
		unsigned kinds;

		if (row[2 * i] == end)
			continue;
		if (!string)
			kinds = kinds_of(p + from, end - from);
		else if (m->t->cols.infer)
			kinds = infer_text(p + from, end - from) & INFER_TIME;
		else
			kinds = 0;
		infer_see(&m->cols.cols[i], kinds);
	}
	return 0;
}

static void
take_sample(struct sample *m, const char *p, size_t len, bool eof)
{
	m->limit = (uint32_t)infer_lines(m->t, &m->whole, p, len, eof);
	if (m->limit > 3 && memcmp(m->t->own, "\xef\xbb\xbf", 3) == 0)
		m->at = 3;
	m->max = m->t->cols.infer ? INFER_ROWS : 1;
}

static void
want_paths(struct jsonwalk *w, const struct infer *cols)
{
	struct jsonpath path;
	char *why = NULL;

	for (size_t i = 0; i < cols->n; i++) {
		const char *from = cols->cols[i].from;

		jsonpath_parse(&path, &why, from, strlen(from));
		jsontree_add(&w->tree, &path, (uint32_t)i);
		jsonpath_release(&path);
	}
}

/* Add what -c and -t name. */
static void
add_wanted(struct sample *m)
{
	struct jsonpath path;
	struct cols_want want;
	char *why = NULL;

	for (size_t i = 0; cols_wants(&want, &m->t->cols, i); i++) {
		if (want.star)
			continue;
		jsonpath_parse(&path, &why, want.from, strlen(want.from));
		add_path(&m->cols, &path);
		jsonpath_release(&path);
	}
}

/* Walk the sample for one thing; what it finds is in m->cols. */
static int
look(struct sample *m, see_fn see)
{
	static const struct jsonpath whole = {.n = 0};
	uint32_t n = (uint32_t)m->cols.n;
	struct jsonwalk w;
	int rc;

	jsonwalk_init(&w);
	w.utf8 = m->t->utf8 == TEXT_UTF8_REJECT;
	if (see == see_keys)
		jsontree_add(&w.tree, &whole, 0);
	else
		want_paths(&w, &m->cols);
	rc = each_record(m, &w, see == see_keys ? 1 : n, see);
	jsonwalk_release(&w);
	return rc;
}

/* What is open: the columns themselves, or their types. */
static bool
is_open(const struct text *t, bool *star)
{
	struct cols_want want;
	bool open = false;

	*star = false;
	for (size_t i = 0; cols_wants(&want, &t->cols, i); i++) {
		*star |= want.star;
		open |= want.star || !want.typed;
	}
	return open;
}

int
jsonhead_read(struct text *t, size_t *used, const char *p, size_t len, bool eof)
{
	struct sample m = {.t = t};
	bool star, open = is_open(t, &star);
	int n = 0;

	*used = 0;
	if (t->bound)
		return 1;
	infer_init(&m.cols);
	if (open)
		take_sample(&m, p, len, eof);
	if (star)
		n = look(&m, see_keys);
	m.cols.n_star = m.cols.n;
	if (n != -1)
		add_wanted(&m);
	if (n != -1 && open)
		n = look(&m, see_types);
	if (n != -1 && open && !m.whole && (uint32_t)n < m.max)
		n = 0;
	else if (n == 0 && star && !m.bad)
		n = text_fail(
		    t, mem_strdup("it is empty, so its columns are not known"));
	else if (n != -1)
		n = infer_bind(&m.cols, t) == -1 ? -1 : 1;
	infer_release(&m.cols);
	return n;
}

static const struct {
	struct cols_field column;
	const char *field; /* as systemd.journal-fields(7) has it */
} journal[] = {{{"time", CELL_TIME_US}, "__REALTIME_TIMESTAMP"},
    {{"unit", CELL_STR}, "_SYSTEMD_UNIT"}, {{"priority", CELL_INT}, "PRIORITY"},
    {{"pid", CELL_INT}, "_PID"}, {{"host", CELL_STR}, "_HOSTNAME"},
    {{"ident", CELL_STR}, "SYSLOG_IDENTIFIER"},
    {{"message", CELL_STR}, "MESSAGE"}};

#define N_JOURNAL (sizeof(journal) / sizeof(journal[0]))

const char *
jsonhead_field(const char *name)
{
	for (size_t i = 0; i < N_JOURNAL; i++)
		if (strcmp(journal[i].column.name, name) == 0)
			return journal[i].field;
	return name;
}

int
jsonhead_journald(
    struct text *t, size_t *used, const char *p, size_t len, bool eof)
{
	struct cols_source s = {.n_star = N_JOURNAL, .time = "time"};
	struct sample m = {.t = t};
	struct cols_field *fields;
	struct cols_origin *origins;
	int r;

	(void)p;
	(void)len;
	(void)eof;
	*used = 0;
	if (t->bound)
		return 1;
	infer_init(&m.cols);
	for (size_t i = 0; i < N_JOURNAL; i++)
		infer_add(&m.cols, mem_strdup(journal[i].column.name),
		    mem_strdup(journal[i].column.name));
	add_wanted(&m);
	s.n = m.cols.n;
	s.fields = fields = mem_zero(s.n, sizeof(*fields));
	s.origins = origins = mem_zero(s.n, sizeof(*origins));
	for (size_t i = 0; i < s.n; i++) {
		const struct infer_col *c = &m.cols.cols[i];

		fields[i] = (struct cols_field){c->name, CELL_STR};
		if (i < N_JOURNAL)
			fields[i] = journal[i].column;
		origins[i].from = c->from;
		origins[i].untyped = i >= N_JOURNAL;
	}
	r = text_bind(t, &s);
	free(fields);
	free(origins);
	infer_release(&m.cols);
	return r == -1 ? -1 : 1;
}
