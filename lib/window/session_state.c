/* SPDX-License-Identifier: ISC */
/* The open sessions at a barrier.  millrace-checkpoint(5). */
#include <stdlib.h>

#include "base/num.h"
#include "window/packed.h"
#include "window/panepack.h"
#include "window/session_int.h"
#include "wire/pack.h"

static struct pane **
list_tables(const struct sessions *s)
{
	size_t n = stretches_n(&s->all);
	struct pane **tables = mem_resize(NULL, n + 1, sizeof(struct pane *));
	struct stretch **all = stretches_all(&s->all);

	for (size_t i = 0; i < n; i++)
		tables[i] = ((struct session *)all[i])->table;
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
	struct stretch **all = stretches_all(&s->all);
	struct colbuf *cols = new_columns(s);
	size_t n = stretches_n(&s->all);

	for (size_t i = 0; i < n; i++) {
		buf_put_int(out, 1, 4);
		for (size_t c = 0; c < s->n_keys; c++)
			colbuf_append(&cols[s->key_cols[c]],
			    &s->all.keys.cols[c], all[i]->key, 1);
	}
	if (n > UINT32_MAX)
		out->failed = true;
	else if (n > 0)
		pack_cols(out, cols, s->n_keys, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		buf_put_int(out, all[i]->order, 8);
		buf_put_int(out, 0, 8);
		buf_put_int(out, 0, 1);
		slots_save(&s->slots, ((struct session *)all[i])->slot, out);
	}
	free_columns(s, cols);
	free(all);
}

static int
get_singles(struct sessions *s, struct cur *in)
{
	struct stretch **all = stretches_all(&s->all);
	struct colbuf *cols = new_columns(s);
	size_t n_all = stretches_n(&s->all);
	uint32_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < n_all && rc == 0; i++)
		rc = cur_get_int(in, 4) == 1 ? 0 : -1;
	/* The lists say which key each of them has. */
	if (rc == 0 && n_all > 0)
		rc = unpack_cols(cols, s->n_keys, &n, in);
	if (n != n_all)
		rc = -1;
	for (size_t i = 0; i < n_all && rc == 0; i++) {
		cur_get_int(in, 8);
		cur_get_int(in, 8);
		if (cur_get_int(in, 1) != 0)
			rc = -1;
		if (rc == 0)
			rc = slots_load(
			    &s->slots, ((struct session *)all[i])->slot, in);
	}
	free_columns(s, cols);
	free(all);
	return in->failed ? -1 : rc;
}

void
sessions_save(const struct sessions *s, struct buf *out)
{
	struct pane **tables;

	stretches_save(&s->all, out);
	buf_put_int(out, (uint64_t)s->all.given_us, 8);
	stretches_save_lists(&s->all, out);
	if (s->single) {
		put_singles(s, out);
		return;
	}
	tables = list_tables(s);
	panepack_put(out, tables, stretches_n(&s->all));
	free(tables);
}

static int
load_held(struct sessions *s, struct cur *in)
{
	struct pane **tables;
	int rc;

	if (s->single)
		return get_singles(s, in);
	tables = list_tables(s);
	rc = panepack_get(tables, stretches_n(&s->all), in);
	free(tables);
	return rc;
}

int
sessions_load(struct sessions *s, struct cur *in)
{
	if (stretches_load(&s->all, in) == -1)
		return -1;
	s->all.given_us = (int64_t)cur_get_int(in, 8);
	if (stretches_load_lists(&s->all, in) == -1 || load_held(s, in) == -1)
		return -1;
	return stretches_sort(&s->all);
}
