/* SPDX-License-Identifier: ISC */
/* The open sessions at a barrier.  millrace-checkpoint(5). */
#include <stdlib.h>

#include "base/num.h"
#include "window/packed.h"
#include "window/panepack.h"
#include "window/session_int.h"
#include "wire/pack.h"

/* All sessions, in the order of the lists; to be freed. */
static struct session **
list_sessions(const struct sessions *s)
{
	struct session **all =
	    mem_resize(NULL, s->n_open + 1, sizeof(struct session *));
	struct session *x;
	size_t n = 0;

	for (size_t i = 0; i < s->n_lists; i++)
		for (x = SLIST_FIRST(&s->lists[i]); x != NULL;
		     x = SLIST_NEXT(x, next)) {
			x->key = (uint32_t)i;
			all[n++] = x;
		}
	return all;
}

static struct pane **
list_tables(const struct sessions *s)
{
	struct pane **tables =
	    mem_resize(NULL, s->n_open + 1, sizeof(struct pane *));
	struct session **all = list_sessions(s);

	for (size_t i = 0; i < s->n_open; i++)
		tables[i] = all[i]->table;
	free(all);
	return tables;
}

static struct colbuf *
new_columns(const struct sessions *s)
{
	struct colbuf *cols = mem_zero(s->n_keys + 1, sizeof(*cols));

	for (size_t c = 0; c < s->n_keys; c++)
		colbuf_init(&cols[c], s->plan->key_types[c]);
	return cols;
}

static void
free_columns(const struct sessions *s, struct colbuf *cols)
{
	for (size_t c = 0; c < s->n_keys; c++)
		colbuf_release(&cols[c]);
	free(cols);
}

/*
 * Sessions of one group have the bytes that tables of one group have: the
 * number of keys, all keys, then of each its first row, and what is tracked:
 * nothing.
 */
static void
put_singles(const struct sessions *s, struct buf *out)
{
	struct session **all = list_sessions(s);
	struct colbuf *cols = new_columns(s);

	for (size_t i = 0; i < s->n_open; i++) {
		buf_put_int(out, 1, 4);
		for (size_t c = 0; c < s->n_keys; c++)
			colbuf_append(&cols[s->key_cols[c]], &s->keys.cols[c],
			    all[i]->key, 1);
	}
	if (s->n_open > UINT32_MAX)
		out->failed = true;
	else if (s->n_open > 0)
		pack_cols(out, cols, s->n_keys, (uint32_t)s->n_open);
	for (size_t i = 0; i < s->n_open; i++) {
		buf_put_int(out, all[i]->at.order, 8);
		buf_put_int(out, 0, 8);
		buf_put_int(out, 0, 1);
		slots_save(&s->slots, all[i]->slot, out);
	}
	free_columns(s, cols);
	free(all);
}

static int
get_singles(struct sessions *s, struct cur *in)
{
	struct session **all = list_sessions(s);
	struct colbuf *cols = new_columns(s);
	uint32_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < s->n_open && rc == 0; i++)
		rc = cur_get_int(in, 4) == 1 ? 0 : -1;
	/* The lists say which key each of them has. */
	if (rc == 0 && s->n_open > 0)
		rc = unpack_cols(cols, s->n_keys, &n, in);
	if (n != s->n_open)
		rc = -1;
	for (size_t i = 0; i < s->n_open && rc == 0; i++) {
		cur_get_int(in, 8);
		cur_get_int(in, 8);
		if (cur_get_int(in, 1) != 0)
			rc = -1;
		all[i]->slot = slots_take(&s->slots);
		if (rc == 0)
			rc = slots_load(&s->slots, all[i]->slot, in);
	}
	free_columns(s, cols);
	free(all);
	return in->failed ? -1 : rc;
}

void
sessions_save(const struct sessions *s, struct buf *out)
{
	struct pane **tables;
	const struct session *x;

	packed_put_keys(out, &s->keys);
	buf_put_int(out, (uint64_t)s->least_end, 8);
	buf_put_int(out, (uint64_t)s->given_us, 8);
	for (size_t i = 0; i < s->n_lists; i++) {
		for (x = SLIST_FIRST(&s->lists[i]); x != NULL;
		     x = SLIST_NEXT(x, next))
			stretch_put(out, &x->at);
		stretch_end(out);
	}
	if (s->single) {
		put_singles(s, out);
		return;
	}
	tables = list_tables(s);
	panepack_put(out, tables, s->n_open);
	free(tables);
}

/* The sessions of a key, in the order of the list. */
static int
load_list(struct sessions *s, struct session_list *list, struct cur *in)
{
	struct session *x, *before = NULL;
	struct stretch at;
	int rc;

	while ((rc = stretch_get(&at, in)) == 1) {
		x = mem_zero(1, sizeof(*x));
		x->at = at;
		if (!s->single)
			x->table = pane_new(s->plan);
		if (before == NULL)
			SLIST_INSERT_HEAD(list, x, next);
		else
			SLIST_INSERT_AFTER(before, x, next);
		before = x;
		s->n_open++;
		if (!num_add(&x->end_us, at.last_us, s->gap))
			return -1;
	}
	return rc;
}

int
sessions_load(struct sessions *s, struct cur *in)
{
	struct pane **tables;
	int rc;

	if (packed_get_keys(&s->keys, in) == -1)
		return -1;
	sessions_grow_lists(s);
	s->least_end = (int64_t)cur_get_int(in, 8);
	s->given_us = (int64_t)cur_get_int(in, 8);
	for (size_t i = 0; i < s->n_lists; i++)
		if (load_list(s, &s->lists[i], in) == -1)
			return -1;
	if (s->single)
		return get_singles(s, in);
	tables = list_tables(s);
	rc = panepack_get(tables, s->n_open, in);
	free(tables);
	return rc;
}
