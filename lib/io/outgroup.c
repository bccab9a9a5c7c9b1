/* SPDX-License-Identifier: ISC */
/* The rows of a frame, put together by the file that they go to. */
#include "io/outgroup.h"

#include <stdlib.h>
#include <string.h>

/* What is remembered of keys; beyond it, paths are made anew. */
#define KEYS_MAX 65536
#define KEYS_LEN_MAX (16u << 20)

#define NO_RUN UINT32_MAX

void
outgroup_init(struct outgroup *g, struct outpath *path)
{
	size_t n = outpath_n_keys(path);
	enum type *types = mem_zero(n + 1, sizeof(*types));

	*g = (struct outgroup){.path = path};
	outpath_types(path, types);
	keys_init(&g->keys, types, n);
	free(types);
}

void
outgroup_release(struct outgroup *g)
{
	if (g->path != NULL)
		keys_release(&g->keys);
	arena_release(&g->arena);
	buf_release(&g->text);
	free(g->file_of);
	free(g->runs);
	free(g->run_of);
}

void
outgroup_reset(struct outgroup *g)
{
	keys_reset(&g->keys);
	g->n_known = 0;
}

static bool
is_full(const struct keys *k)
{
	size_t len = 0;

	for (size_t c = 0; c < k->n_cols; c++)
		if (type_is_bytes(k->cols[c].type))
			len += k->cols[c].bytes_len;
	return k->map.n > KEYS_MAX || len > KEYS_LEN_MAX;
}

/* Ask for the files of the groups that came with this frame. */
static int
know(struct outgroup *g, const uint32_t *group, const struct col *keys,
    uint32_t n_rows, outgroup_find_fn find, void *arg)
{
	g->file_of = mem_grow(
	    g->file_of, &g->cap_known, g->keys.map.n + 1, sizeof(*g->file_of));
	/* Groups are numbered in the order of their first rows. */
	for (uint32_t r = 0; r < n_rows && g->n_known < g->keys.map.n; r++) {
		if (group[r] < g->n_known)
			continue;
		buf_reset(&g->text);
		outpath_text(g->path, &g->text, keys, r);
		buf_putc(&g->text, '\0');
		if (find(arg, &g->file_of[g->n_known],
			(const char *)g->text.data)
		    == -1)
			return -1;
		g->n_known++;
	}
	return 0;
}

/* The run of a file, a new one for its first row. */
static struct outgroup_run *
run_of(struct outgroup *g, uint32_t file)
{
	if (file >= g->cap_run_of) {
		size_t old = g->cap_run_of;

		g->run_of = mem_grow(g->run_of, &g->cap_run_of,
		    (size_t)file + 1, sizeof(*g->run_of));
		for (size_t i = old; i < g->cap_run_of; i++)
			g->run_of[i] = NO_RUN;
	}
	if (g->run_of[file] == NO_RUN) {
		g->runs = mem_grow(
		    g->runs, &g->cap_runs, g->n_runs + 1, sizeof(*g->runs));
		g->run_of[file] = (uint32_t)g->n_runs;
		g->runs[g->n_runs++] = (struct outgroup_run){.file = file};
	}
	return &g->runs[g->run_of[file]];
}

/* A counting sort: sizes, places, rows. */
static void
sort(struct outgroup *g, const uint32_t *group, uint32_t n_rows)
{
	uint32_t *sel = arena_alloc(&g->arena, n_rows * sizeof(*sel) + 1);
	uint32_t at = 0;

	g->n_runs = 0;
	for (uint32_t r = 0; r < n_rows; r++)
		run_of(g, g->file_of[group[r]])->n++;
	for (size_t i = 0; i < g->n_runs; i++) {
		g->runs[i].sel = sel + at;
		at += g->runs[i].n;
		g->runs[i].n = 0;
	}
	for (uint32_t r = 0; r < n_rows; r++) {
		struct outgroup_run *run = run_of(g, g->file_of[group[r]]);

		sel[run->sel - sel + run->n++] = r;
	}
	for (size_t i = 0; i < g->n_runs; i++)
		g->run_of[g->runs[i].file] = NO_RUN;
}

int
outgroup_rows(struct outgroup *g, const struct frame *f, const struct batch *b,
    outgroup_find_fn find, void *arg)
{
	size_t n_keys = outpath_n_keys(g->path);
	struct keys_rows rows;
	struct col *keys;
	uint32_t *group;

	arena_reset(&g->arena);
	if (is_full(&g->keys))
		outgroup_reset(g);
	keys = arena_alloc(&g->arena, (n_keys + 1) * sizeof(*keys));
	group = arena_alloc(&g->arena, b->n_rows * sizeof(*group) + 1);
	memset(group, 0, b->n_rows * sizeof(*group));
	outpath_keys(g->path, keys, f, b, &g->arena);
	/* Without keys there is one group, and keys_find would make none. */
	if (n_keys > 0) {
		keys_prepare(&rows, keys, n_keys, b->n_rows, &g->arena);
		keys_find(&g->keys, group, &rows, NULL, b->n_rows);
	} else if (g->keys.map.n == 0) {
		g->keys.map.n = 1;
	}
	if (know(g, group, keys, b->n_rows, find, arg) == -1)
		return -1;
	sort(g, group, b->n_rows);
	return 0;
}
