/* SPDX-License-Identifier: ISC */
/* Results that replace earlier ones.  sreduce(1), --emit update. */
#include "group/update.h"

#include <stdlib.h>
#include <string.h>

#include "group/group_int.h"
#include "window/packed.h"

#define PURGE_MIN 1024 /* keys that are never looked through */

static int
name_keys(struct stage *st, size_t n)
{
	struct buf b;

	buf_init(&b, 0);
	for (size_t i = 0; i < n; i++) {
		const char *name = st->out.schema.fields[i].name;

		if (strchr(name, ',') != NULL) {
			buf_release(&b);
			return stage_fail(st, TOOL_USAGE,
			    "-k: the name %s has a comma; write \"as\" and "
			    "another name",
			    name);
		}
		buf_printf(&b, "%s%s", i > 0 ? "," : "", name);
	}
	free(st->out.mode_keys);
	st->out.mode_keys = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return 0;
}

int
update_plan(struct stage *st, struct group *g, size_t n_front)
{
	struct schema *s = &st->out.schema;
	struct update *u = &g->update;
	enum type *types;
	struct field *f;

	if (name_keys(st, n_front) == -1)
		return -1;
	st->out.mode = MODE_UPSERT;
	u->n_front = n_front;
	colbuf_init(&u->op, TYPE_INT);
	u->choosy = g->opts->having != NULL;
	types = mem_resize(NULL, n_front, sizeof(*types));
	for (size_t i = 0; i < n_front; i++)
		types[i] = s->fields[i].type;
	keys_init(&u->keys, types, n_front);
	free(types);
	u->purge_at = PURGE_MIN;
	u->on = true;
	f = schema_add(s, "op", 2, TYPE_INT);
	if (f == NULL)
		return stage_fail(st, TOOL_USAGE,
		    "rows that replace others have a column op of their own; "
		    "write \"as\" and another name");
	f->system = true;
	return 0;
}

void
update_release(struct update *u)
{
	if (!u->on)
		return;
	colbuf_release(&u->op);
	keys_release(&u->keys);
	free(u->is);
}

/* Where each row's keys are noted. */
static uint32_t *
find_slots(struct update *u, struct batch *b)
{
	uint32_t before = u->keys.map.n;
	uint32_t *slot = arena_alloc(&b->arena, b->n_rows * sizeof(*slot));
	struct keys_rows rows;

	keys_prepare(&rows, b->cols, u->n_front, b->n_rows, &b->arena);
	rows.order = 0;
	keys_find(&u->keys, slot, &rows, NULL, b->n_rows);
	u->is = mem_grow(u->is, &u->cap_is, u->keys.map.n, 1);
	memset(u->is + before, 0, u->keys.map.n - before);
	return slot;
}

/* A put that --having does not let through takes back what was sent. */
static int
choose(struct stage *st, struct group *g, struct batch *b, int64_t *op,
    uint32_t *sel, uint32_t *n)
{
	struct update *u = &g->update;
	uint32_t *slot = find_slots(u, b), kept = 0;
	uint8_t *holds = arena_alloc(&b->arena, b->n_rows);
	struct col c;

	if (rank_having(&g->rank, st, &c, b) == -1)
		return -1;
	memset(holds, 0, b->n_rows);
	*n = expr_select(sel, &c);
	for (uint32_t i = 0; i < *n; i++)
		holds[sel[i]] = 1;
	for (uint32_t r = 0; r < b->n_rows; r++) {
		uint8_t put = op[r] == MODE_PUT && holds[r];

		if (!put && !u->is[slot[r]])
			continue;
		op[r] = put ? MODE_PUT : MODE_DELETE;
		u->is[slot[r]] = put;
		sel[kept++] = r;
	}
	*n = kept;
	return 0;
}

/* Of a delete the keys alone mean something. */
static void
null_deleted(struct batch *b, const int64_t *op, size_t n_front)
{
	uint8_t *deleted = NULL;

	for (uint32_t r = 0; r < b->n_rows; r++) {
		if (op[r] == MODE_PUT)
			continue;
		if (deleted == NULL) {
			deleted = arena_alloc(&b->arena, bit_bytes(b->n_rows));
			memset(deleted, 0, bit_bytes(b->n_rows));
		}
		bit_set(deleted, r);
	}
	for (size_t c = n_front; deleted != NULL && c + 1 < b->n_cols; c++) {
		struct col *col = &b->cols[c];
		uint8_t *valid = arena_alloc(&b->arena, bit_bytes(b->n_rows));

		for (size_t i = 0; i < bit_bytes(b->n_rows); i++)
			valid[i] =
			    (uint8_t)(~deleted[i]
				      & (col->valid == NULL ? 0xff
							    : col->valid[i]));
		col->valid = valid;
	}
}

int
update_rows(struct stage *st, struct group *g, struct batch *b, uint32_t *sel,
    uint32_t *n)
{
	struct col *c = &b->cols[b->n_cols - 1];
	int64_t *op;

	*n = 0;
	if (b->n_rows == 0)
		return 0;
	op = arena_dup(&b->arena, c->i, b->n_rows * sizeof(*op));
	*n = b->n_rows;
	for (uint32_t r = 0; r < b->n_rows; r++)
		sel[r] = r;
	if (g->update.choosy && choose(st, g, b, op, sel, n) == -1)
		return -1;
	c->i = op;
	null_deleted(b, op, g->update.n_front);
	return 0;
}

void
update_forget(struct update *u, int end_col, int64_t until)
{
	uint32_t n = u->keys.map.n, kept = 0, *keep;

	if (n < u->purge_at)
		return;
	keep = mem_resize(NULL, n, sizeof(*keep));
	for (uint32_t s = 0; s < n; s++) {
		if (!u->is[s]
		    || (end_col != -1 && u->keys.cols[end_col].i[s] <= until))
			continue;
		u->is[kept] = u->is[s];
		keep[kept++] = s;
	}
	keys_keep(&u->keys, keep, kept);
	free(keep);
	u->purge_at = kept < PURGE_MIN / 2 ? PURGE_MIN : 2 * kept;
}

void
update_save(const struct update *u, struct buf *out)
{
	packed_put_keys(out, &u->keys);
	buf_put(out, u->is, u->keys.map.n);
}

int
update_load(struct update *u, struct cur *in)
{
	const uint8_t *is;
	uint32_t n;

	if (packed_get_keys(&u->keys, in) == -1)
		return -1;
	n = u->keys.map.n;
	is = cur_get(in, n);
	if (is == NULL)
		return -1;
	u->is = mem_grow(u->is, &u->cap_is, n, 1);
	for (uint32_t i = 0; i < n; i++)
		u->is[i] = is[i] != 0;
	if (u->purge_at < 2 * n)
		u->purge_at = 2 * n;
	return 0;
}
