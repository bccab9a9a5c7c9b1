/* SPDX-License-Identifier: ISC */
/* Rows for the keys that a window has no rows of.  sreduce(1), --fill. */
#include "group/fill.h"

#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "group/group_int.h"
#include "group/roster.h"
#include "window/packed.h"

#define DIGEST_LEN 8 /* bytes that are shown */

/* The states of keys that are new are those of no rows. */
static int
grow(struct fill *f, struct stage *st, struct group *g)
{
	uint32_t n = pane_n_groups(f->roster);

	for (size_t i = 0; i < g->query.plan.n_states; i++)
		agg_set_grow(&f->roster->sets[i], n);
	f->present = mem_grow(f->present, &f->cap_present, n, 1);
	f->missing =
	    mem_grow(f->missing, &f->cap_missing, n, sizeof(*f->missing));
	return group_check_state(st, g, n);
}

int
fill_plan(struct fill *f, struct stage *st, struct group *g)
{
	const char *path = g->opts->roster;

	f->on = true;
	f->listed = path != NULL;
	f->roster = pane_new(&g->query.plan);
	if (f->listed && roster_read(&f->roster->keys, st, g, path) == -1)
		return -1;
	return grow(f, st, g);
}

void
fill_release(struct fill *f)
{
	pane_free(f->roster);
	free(f->present);
	free(f->group);
	free(f->missing);
}

/*
 * The roster's groups of the keys of a window, in f->group; MAP_NONE = none.
 * They are taken in the order in which they came, not in that of the table,
 * which panes make as they are merged.
 */
static int
find_present(struct fill *f, struct stage *st, struct group *g,
    const struct reduce_window *w)
{
	uint32_t n = pane_n_groups(w->table);
	struct keys_rows rows;
	struct arena a = {0};
	struct col *cols;

	f->group = mem_grow(f->group, &f->cap_group, n, sizeof(*f->group));
	if (g->query.keys.n == 0) {
		f->group[0] = 0;
		return 0;
	}
	cols = arena_alloc(&a, g->query.keys.n * sizeof(*cols));
	for (size_t c = 0; c < g->query.keys.n; c++) {
		colbuf_view(&cols[c], &w->table->keys.cols[c]);
		if (w->order != NULL)
			col_gather(&cols[c], &a, &cols[c], w->order, n);
	}
	keys_prepare(&rows, cols, g->query.keys.n, n, &a);
	rows.order = 0;
	if (f->listed)
		keys_look(&f->roster->keys, f->group, &rows);
	else
		keys_find(&f->roster->keys, f->group, &rows, NULL, n);
	arena_release(&a);
	return grow(f, st, g);
}

/* All keys, in a window without rows. */
static int
collect_empty(struct fill *f, struct stage *st, struct group *g)
{
	struct reduce_window w = f->at;

	w.table = f->roster;
	w.order = NULL;
	return group_collect_all(st, g, &w) == -1 || group_relieve(st, g) == -1
		   ? -1
		   : 0;
}

static int
fail_gap(struct stage *st)
{
	return stage_fail(st, TOOL_DATA,
	    "--fill: more than %u windows in a row have no rows; is a time "
	    "wrong?",
	    FILL_MAX_GAP);
}

int
fill_before(struct fill *f, struct stage *st, struct group *g,
    const struct reduce_window *w)
{
	struct reduce_window next = f->at;
	uint32_t n = 0;

	if (!f->begun)
		return 0;
	/* Nothing is sent of a gap that is too wide. */
	for (reduce_follow(g->reduce, &next); next.end_us < w->end_us;
	     reduce_follow(g->reduce, &next))
		if (n++ == FILL_MAX_GAP)
			return fail_gap(st);
	for (; n > 0; n--) {
		reduce_follow(g->reduce, &f->at);
		if (collect_empty(f, st, g) == -1)
			return -1;
	}
	return 0;
}

int
fill_window(struct fill *f, struct stage *st, struct group *g,
    const struct reduce_window *w)
{
	uint32_t before = pane_n_groups(f->roster), n = 0;
	struct reduce_window lacks = *w;

	f->at = *w;
	f->begun = true;
	if (find_present(f, st, g, w) == -1)
		return -1;
	memset(f->present, 0, before);
	for (uint32_t i = 0; i < pane_n_groups(w->table); i++)
		if (f->group[i] < before)
			f->present[f->group[i]] = 1;
	for (uint32_t i = 0; i < before; i++)
		if (!f->present[i])
			f->missing[n++] = i;
	lacks.table = f->roster;
	return group_collect(st, g, &lacks, f->missing, n);
}

int
fill_until(struct fill *f, struct stage *st, struct group *g, int64_t until)
{
	struct reduce_window end = {.end_us = until};

	if (until == INT64_MAX || until == INT64_MIN)
		return 0;
	/* One that ends there is passed, too. */
	end.end_us++;
	return fill_before(f, st, g, &end);
}

char *
fill_digest(const struct fill *f)
{
	uint8_t sum[SHA256_LEN];
	struct buf b, text;
	char *s;

	buf_init(&b, 0);
	buf_init(&text, 0);
	packed_put_keys(&b, &f->roster->keys);
	sha256(sum, b.data, b.len);
	for (size_t i = 0; i < DIGEST_LEN; i++)
		buf_printf(&text, "%02x", sum[i]);
	s = mem_strndup((const char *)text.data, text.len);
	buf_release(&b);
	buf_release(&text);
	return s;
}

void
fill_save(const struct fill *f, struct buf *out)
{
	buf_put_int(out, f->begun, 1);
	buf_put_int(out, (uint64_t)f->at.start_us, 8);
	buf_put_int(out, (uint64_t)f->at.end_us, 8);
	if (!f->listed)
		packed_put_keys(out, &f->roster->keys);
}

int
fill_load(struct fill *f, struct stage *st, struct group *g, struct cur *in)
{
	f->begun = cur_get_int(in, 1) != 0;
	f->at.start_us = (int64_t)cur_get_int(in, 8);
	f->at.end_us = (int64_t)cur_get_int(in, 8);
	if (f->begun
	    && !reduce_is_window(g->reduce, f->at.start_us, f->at.end_us))
		return -1;
	if (!f->listed && packed_get_keys(&f->roster->keys, in) == -1)
		return -1;
	return in->failed ? -1 : grow(f, st, g);
}
