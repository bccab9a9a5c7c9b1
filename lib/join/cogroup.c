/* SPDX-License-Identifier: ISC */
/* Cogroups: the rows of both sides by key, as JSON. */
#include "join/cogroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/render.h"
#include "window/keys.h"
#include "window/packed.h"
#include "wire/pack.h"

#define PIECE_ROWS (64u << 10)
#define PIECE_BYTES (16u << 20)

/* The rows of one side: JSON objects without the keys, a line each. */
struct side {
	struct head head; /* its columns that are shown */
	size_t *cols; /* owned; their numbers, as many as head has */
	struct render *render;
	struct batch shown;
	struct buf lines;
	struct colbuf text; /* by row that is in a group */
	uint32_t *group; /* owned; the same */
	size_t cap_group;
	uint32_t *begin; /* owned; where each group's rows begin in row */
	uint32_t *row; /* owned; numbers of rows by group, each in order */
};

struct cogroup {
	const struct plan *plan;
	struct side side[2];
	struct keys keys;
	uint32_t *order; /* owned; the groups as they come out */
	uint32_t n_order;
	bool ordered;
	uint32_t at; /* the next of them */
	struct colbuf lists[2];
	struct batch out;
};

static int
take_lines(void *arg, const void *p, size_t len)
{
	buf_put(arg, p, len);
	return 0;
}

static bool
is_key(const struct plan *p, enum plan_side side, size_t c)
{
	for (size_t i = 0; i < p->n_keys; i++)
		if (p->keys[i].col[side] == c)
			return true;
	return false;
}

static void
init_side(struct side *s, const struct plan *p, enum plan_side side,
    const struct schema *schema)
{
	struct render_opts o = {.format = "json", .delim = -1, .tty_fd = -1};
	char *why = NULL;

	head_init(&s->head);
	s->cols = mem_zero(schema->n, sizeof(*s->cols));
	for (size_t c = 0; c < schema->n; c++) {
		const struct field *f = &schema->fields[c];

		if (f->system || is_key(p, side, c))
			continue;
		s->cols[s->head.schema.n] = c;
		schema_add(&s->head.schema, f->name, strlen(f->name), f->type);
	}
	s->render = render_new(&o, &why);
	render_to(s->render, take_lines, &s->lines);
	render_start(s->render, &s->head);
	batch_init(&s->shown);
	colbuf_init(&s->text, TYPE_STR);
}

static void
release_side(struct side *s)
{
	render_free(s->render);
	head_release(&s->head);
	batch_release(&s->shown);
	buf_release(&s->lines);
	colbuf_release(&s->text);
	free(s->cols);
	free(s->group);
	free(s->begin);
	free(s->row);
}

struct cogroup *
cogroup_new(
    const struct plan *p, const struct schema *left, const struct schema *right)
{
	struct cogroup *g = mem_zero(1, sizeof(*g));
	enum type *types = mem_resize(NULL, p->n_keys, sizeof(*types));

	g->plan = p;
	init_side(&g->side[PLAN_L], p, PLAN_L, left);
	init_side(&g->side[PLAN_R], p, PLAN_R, right);
	plan_key_types(p, types);
	keys_init(&g->keys, types, p->n_keys);
	free(types);
	colbuf_init(&g->lists[PLAN_L], TYPE_STR);
	colbuf_init(&g->lists[PLAN_R], TYPE_STR);
	batch_init(&g->out);
	return g;
}

void
cogroup_free(struct cogroup *g)
{
	if (g == NULL)
		return;
	release_side(&g->side[PLAN_L]);
	release_side(&g->side[PLAN_R]);
	keys_release(&g->keys);
	colbuf_release(&g->lists[PLAN_L]);
	colbuf_release(&g->lists[PLAN_R]);
	batch_release(&g->out);
	free(g->order);
	free(g);
}

static int
fail(struct expr_error *err, const char *text)
{
	snprintf(err->text, sizeof(err->text), "%s", text);
	err->at = err->len = 0;
	return -1;
}

/* Rows sel[0..n) of b as JSON, each a row of s->text. */
static void
render(struct side *s, const struct batch *b, const uint32_t *sel, uint32_t n)
{
	size_t n_cols = s->head.schema.n;
	const char *p, *end;

	batch_reset(&s->shown, n_cols);
	for (size_t i = 0; i < n_cols; i++)
		s->shown.cols[i] = b->cols[s->cols[i]];
	s->shown.n_rows = b->n_rows;
	buf_reset(&s->lines);
	render_bind(s->render, &s->shown);
	render_rows(s->render, sel, n, UINT64_MAX);
	p = (const char *)s->lines.data;
	/* A line end inside of a value is written as \n. */
	for (uint32_t i = 0; i < n; i++, p = end + 1) {
		end = memchr(p, '\n',
		    s->lines.len - (size_t)(p - (const char *)s->lines.data));
		colbuf_push_str(&s->text, p, (size_t)(end - p));
	}
}

int
cogroup_add(struct cogroup *g, uint64_t *n_taken, struct expr_error *err,
    enum plan_side side, const struct batch *b, struct expr_env *env)
{
	struct side *s = &g->side[side];
	struct arena a = {.blocks = NULL};
	struct col *keys = arena_alloc(&a, g->plan->n_keys * sizeof(*keys));
	uint32_t *sel = arena_alloc(&a, b->n_rows * sizeof(*sel));
	uint32_t *group = arena_alloc(&a, b->n_rows * sizeof(*group));
	uint32_t n = 0, before = s->text.n;
	struct keys_rows rows;
	int rc = plan_keys(g->plan, keys, err, side, b, &a, env);

	if (rc == 0) {
		n = plan_whole(sel, keys, g->plan->n_keys, b->n_rows);
		keys_prepare(&rows, keys, g->plan->n_keys, b->n_rows, &a);
		keys_find(&g->keys, group, &rows, sel, n);
		render(s, b, sel, n);
		s->group = mem_grow(s->group, &s->cap_group, (size_t)before + n,
		    sizeof(*s->group));
		for (uint32_t i = 0; i < n; i++)
			s->group[before + i] = group[sel[i]];
		*n_taken = n;
	}
	arena_release(&a);
	if (rc == 0 && s->text.bytes_len > COGROUP_MAX_TEXT)
		return fail(err, "one side of a batch has more than 3 GiB of "
				 "rows");
	return rc;
}

/* The rows of a side by group. */
static void
sort_side(struct side *s, uint32_t n_groups)
{
	uint32_t n = s->text.n, at = 0, len;

	free(s->begin);
	free(s->row);
	s->begin = mem_zero((size_t)n_groups + 1, sizeof(*s->begin));
	s->row = mem_resize(NULL, (size_t)n + 1, sizeof(*s->row));
	for (uint32_t r = 0; r < n; r++)
		s->begin[s->group[r]]++;
	for (uint32_t i = 0; i <= n_groups; i++) {
		len = s->begin[i];
		s->begin[i] = at;
		at += len;
	}
	for (uint32_t r = 0; r < n; r++)
		s->row[s->begin[s->group[r]]++] = r;
	memmove(s->begin + 1, s->begin, n_groups * sizeof(*s->begin));
	s->begin[0] = 0;
}

static void
sort_groups(struct cogroup *g)
{
	uint32_t n = g->keys.map.n;
	bool *seen = mem_zero((size_t)n + 1, sizeof(*seen));

	free(g->order);
	g->order = mem_resize(NULL, (size_t)n + 1, sizeof(*g->order));
	g->n_order = 0;
	for (size_t i = 0; i < 2; i++) {
		struct side *s = &g->side[i];

		sort_side(s, n);
		for (uint32_t r = 0; r < s->text.n; r++) {
			if (!seen[s->group[r]])
				g->order[g->n_order++] = s->group[r];
			seen[s->group[r]] = true;
		}
	}
	free(seen);
	g->at = 0;
	g->ordered = true;
}

/* The rows of a group as a JSON array, a row of list. */
static void
put_list(struct colbuf *list, const struct side *s, uint32_t group)
{
	size_t from = list->bytes_len, len = 2;
	char *p;

	for (uint32_t i = s->begin[group]; i < s->begin[group + 1]; i++)
		len += s->text.off[s->row[i] + 1] - s->text.off[s->row[i]] + 1;
	colbuf_reserve(list, 1, len);
	p = list->bytes + from;
	*p++ = '[';
	for (uint32_t i = s->begin[group]; i < s->begin[group + 1]; i++) {
		uint32_t off = s->text.off[s->row[i]];

		len = s->text.off[s->row[i] + 1] - off;
		if (i > s->begin[group])
			*p++ = ',';
		memcpy(p, s->text.bytes + off, len);
		p += len;
	}
	*p++ = ']';
	list->bytes_len = (size_t)(p - list->bytes);
	list->off[list->n + 1] = (uint32_t)list->bytes_len;
	colbuf_added(list, 1);
}

/* Bytes of a group's rows on one side, about. */
static size_t
list_len(const struct side *s, uint32_t group)
{
	size_t len = 0;

	for (uint32_t i = s->begin[group]; i < s->begin[group + 1]; i++)
		len += s->text.off[s->row[i] + 1] - s->text.off[s->row[i]] + 1;
	return len;
}

int
cogroup_next(
    struct cogroup *g, const struct batch **out, struct expr_error *err)
{
	size_t n_keys = g->plan->n_keys;
	uint32_t from;

	if (!g->ordered)
		sort_groups(g);
	from = g->at;
	colbuf_reset(&g->lists[PLAN_L]);
	colbuf_reset(&g->lists[PLAN_R]);
	while (g->at < g->n_order && g->at - from < PIECE_ROWS
	       && g->lists[PLAN_L].bytes_len + g->lists[PLAN_R].bytes_len
		      < PIECE_BYTES) {
		uint32_t i = g->order[g->at++];

		if (list_len(&g->side[PLAN_L], i) > COGROUP_MAX_ROW
		    || list_len(&g->side[PLAN_R], i) > COGROUP_MAX_ROW)
			return fail(
			    err, "one key has more than 32 MiB of rows");
		put_list(&g->lists[PLAN_L], &g->side[PLAN_L], i);
		put_list(&g->lists[PLAN_R], &g->side[PLAN_R], i);
	}
	batch_reset(&g->out, n_keys + 2);
	g->out.n_rows = g->at - from;
	for (size_t i = 0; i < n_keys; i++) {
		struct col c;

		colbuf_view(&c, &g->keys.cols[i]);
		col_gather(&g->out.cols[i], &g->out.arena, &c, g->order + from,
		    g->out.n_rows);
	}
	colbuf_view(&g->out.cols[n_keys], &g->lists[PLAN_L]);
	colbuf_view(&g->out.cols[n_keys + 1], &g->lists[PLAN_R]);
	*out = &g->out;
	return g->at < g->n_order;
}

void
cogroup_reset(struct cogroup *g)
{
	colbuf_reset(&g->side[PLAN_L].text);
	colbuf_reset(&g->side[PLAN_R].text);
	keys_reset(&g->keys);
	g->ordered = false;
}

void
cogroup_save(const struct cogroup *g, struct buf *out)
{
	packed_put_keys(out, &g->keys);
	for (int i = 0; i < 2; i++) {
		const struct side *s = &g->side[i];

		pack_cols(out, &s->text, 1, s->text.n);
		for (uint32_t r = 0; r < s->text.n; r++)
			buf_put_int(out, s->group[r], 4);
	}
}

int
cogroup_load(struct cogroup *g, struct cur *in)
{
	if (packed_get_keys(&g->keys, in) == -1)
		return -1;
	for (int i = 0; i < 2; i++) {
		struct side *s = &g->side[i];
		uint32_t n = 0;

		if (unpack_cols(&s->text, 1, &n, in) == -1 || in->left / 4 < n)
			return -1;
		s->group =
		    mem_grow(s->group, &s->cap_group, n, sizeof(*s->group));
		for (uint32_t r = 0; r < n; r++) {
			s->group[r] = (uint32_t)cur_get_int(in, 4);
			if (s->group[r] >= g->keys.map.n)
				return -1;
		}
	}
	return in->failed ? -1 : 0;
}
