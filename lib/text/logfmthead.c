/* SPDX-License-Identifier: ISC */
/* The columns of logfmt: the keys of the first records. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/infer.h"
#include "text/jsonpath.h"
#include "text/logfmt.h"

/* Add the column of a key, unless it is there; its number. */
static size_t
add_key(struct infer *f, const char *key, size_t len)
{
	char *from = mem_strndup(key, len);
	size_t i = infer_find(f, from);
	struct jsonpath path;

	if (i < f->n || f->n == SCHEMA_MAX_COLS) {
		free(from);
		return i;
	}
	jsonpath_key(&path, key, len);
	infer_add(f, from, jsonpath_name(&path, f->n + 1));
	jsonpath_release(&path);
	return i;
}

/* See the pairs of a good record; no type's values have escapes. */
static void
see_pairs(const struct text *t, struct infer *f, struct walk *w)
{
	struct logfmt_pair pair;
	unsigned kinds;

	while (logfmt_next(w, &pair) == 1) {
		size_t i = add_key(f, w->p + pair.key, pair.key_end - pair.key);

		if (i == f->n || !t->cols.infer
		    || (!pair.bare && pair.from == pair.end))
			continue;
		kinds = pair.bare ? INFER_BOOL
				  : infer_text(
				      w->p + pair.from, pair.end - pair.from);
		infer_see(&f->cols[i], kinds);
	}
}

/* Records at the front of a source. */
struct sample {
	struct infer cols;
	size_t n_good;
	size_t n_bad;
};

static void
see_record(struct sample *m, const struct text *t, struct walk w)
{
	struct walk again = w;
	struct logfmt_pair pair;
	int r = logfmt_next(&w, &pair);

	if (r == 0)
		return;
	while (r == 1)
		r = logfmt_next(&w, &pair);
	if (r == 0)
		see_pairs(t, &m->cols, &again);
	m->n_good += r == 0;
	m->n_bad += r == -1;
}

/* See records at the front of p[0..len).  False: more bytes are needed. */
static bool
see_records(
    struct sample *m, struct text *t, const char *p, size_t len, bool eof)
{
	size_t max = t->cols.infer ? INFER_ROWS : 1;
	bool whole;
	const char *end, *nl;

	len = infer_lines(t, &whole, p, len, eof);
	end = t->own + len;
	for (p = t->own; p < end && m->n_good < max; p = nl + 1) {
		struct walk w = {.p = p};

		nl = memchr(p, '\n', (size_t)(end - p));
		w.end = (uint32_t)(nl - p);
		w.end -= w.end > 0 && nl[-1] == '\r';
		see_record(m, t, w);
	}
	return whole || m->n_good == max;
}

/* Add what -c and -t name behind the keys, which alone are what "*" means. */
static void
add_wanted(struct infer *f, const struct text *t)
{
	struct cols_want want;

	for (size_t i = 0; cols_wants(&want, &t->cols, i); i++)
		if (!want.star)
			add_key(f, want.from, strlen(want.from));
}

int
logfmthead_read(
    struct text *t, size_t *used, const char *p, size_t len, bool eof)
{
	struct cols_want want;
	struct sample m = {.n_good = 0};
	bool star = false, known = true;
	int r;

	*used = 0;
	if (t->bound)
		return 1;
	infer_init(&m.cols);
	for (size_t i = 0; cols_wants(&want, &t->cols, i); i++)
		star |= want.star;
	if (star)
		known = see_records(&m, t, p, len, eof);
	m.cols.n_star = m.cols.n;
	add_wanted(&m.cols, t);
	if (!known)
		r = 0;
	else if (star && m.n_good + m.n_bad == 0)
		r = text_fail(
		    t, mem_strdup("it is empty, so its columns are not known"));
	else
		r = infer_bind(&m.cols, t) == -1 ? -1 : 1;
	infer_release(&m.cols);
	return r;
}
