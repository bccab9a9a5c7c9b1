/* SPDX-License-Identifier: ISC */
/* Upsert and complete streams as rows of changes.  ssink(1), --changelog. */
#include "io/changelog.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/mode.h"

#define OP_COLUMN "op"
#define BATCH_COLUMN "batch"

/* The entries of the column of changes, in the order of enum mode_op. */
static const char op_words[] = "putdelete";
static const _Alignas(8) uint32_t op_off[] = {0, 3, 9};

static void
make_schema(struct changelog *c, const struct schema *from)
{
	struct schema *to = &c->head.schema;
	const char *name = c->op == -1 ? BATCH_COLUMN : OP_COLUMN;

	schema_release(to);
	schema_add(to, name, strlen(name), c->op == -1 ? TYPE_INT : TYPE_STR);
	for (size_t i = 0; i < from->n; i++) {
		const struct field *f = &from->fields[i];
		struct field *g;

		if ((int)i == c->op)
			continue;
		g = schema_add(to, f->name, strlen(f->name), f->type);
		g->system = f->system;
		g->untyped = f->untyped;
		if (from->time_col == (int)i)
			to->time_col = (int)to->n - 1;
	}
	to->time_off = from->time_off;
}

int
changelog_init(struct changelog *c, char **why, const struct head *h)
{
	head_copy(&c->head, h);
	batch_init(&c->out);
	c->op = mode_op_col(&h->schema);
	if (h->mode == MODE_APPEND) {
		*why = mem_strdup("the rows of this stream change nothing that "
				  "came before: leave out --changelog");
		return -1;
	}
	if (c->op == -1
	    && (schema_find(&h->schema, BATCH_COLUMN, strlen(BATCH_COLUMN))
		    != -1
		|| h->schema.n == SCHEMA_MAX_COLS)) {
		*why = mem_strdup(
		    "--changelog adds the column " BATCH_COLUMN
		    ", which is there: put smap --rename " BATCH_COLUMN
		    "=OTHER before");
		return -1;
	}
	make_schema(c, &h->schema);
	c->head.mode = MODE_APPEND;
	free(c->head.mode_keys);
	c->head.mode_keys = mem_strdup("");
	return 0;
}

void
changelog_release(struct changelog *c)
{
	head_release(&c->head);
	batch_release(&c->out);
}

static void
op_words_of(struct col *out, struct arena *a, const struct col *op)
{
	uint8_t *codes = arena_alloc(a, op->n + 1);

	for (uint32_t r = 0; r < op->n; r++)
		codes[r] = op->i[col_entry(op, r)] == MODE_DELETE;
	*out = (struct col){.type = TYPE_STR,
	    .enc = COL_DICT,
	    .n = op->n,
	    .n_entries = 2,
	    .code_width = 1,
	    .off = op_off,
	    .bytes = op_words,
	    .codes = codes};
}

static void
batch_number(struct col *out, struct arena *a, uint32_t n, uint64_t batch)
{
	int64_t *v = arena_alloc(a, sizeof(*v));

	*v = (int64_t)batch;
	*out = (struct col){
	    .type = TYPE_INT, .enc = COL_CONST, .n = n, .n_entries = 1, .i = v};
}

const struct batch *
changelog_rows(
    struct changelog *c, const struct frame *f, const struct batch *b)
{
	size_t at = 1;

	batch_reset(&c->out, c->head.schema.n);
	c->out.n_rows = b->n_rows;
	if (c->op == -1)
		batch_number(
		    &c->out.cols[0], &c->out.arena, b->n_rows, f->h.batch);
	else
		op_words_of(&c->out.cols[0], &c->out.arena, &b->cols[c->op]);
	for (size_t i = 0; i < b->n_cols; i++)
		if ((int)i != c->op)
			c->out.cols[at++] = b->cols[i];
	return &c->out;
}
