/* SPDX-License-Identifier: ISC */
/* Keys and states of groups as bytes, for snapshots. */
#include "window/packed.h"

#include <stdlib.h>

#include "wire/pack.h"

#define MAX_GROUPS ((uint32_t)1 << 31)

void
packed_put_ints(struct buf *out, const void *v, size_t n)
{
	const uint64_t *x = v;

	buf_put_int(out, n, 8);
	for (size_t i = 0; i < n; i++)
		buf_put_int(out, x[i], 8);
}

int
packed_get_ints(void *v, size_t n, struct cur *in)
{
	uint64_t *x = v;

	if (cur_get_int(in, 8) != n || in->left / 8 < n)
		return -1;
	for (size_t i = 0; i < n; i++)
		x[i] = cur_get_int(in, 8);
	return 0;
}

void
packed_put_keys(struct buf *out, const struct keys *k)
{
	pack_cols(out, k->cols, k->n_cols, k->map.n);
	packed_put_ints(out, k->first, k->map.n);
}

/* Add n keys, which are all new, in their order. */
static int
add_keys(struct keys *k, const struct colbuf *cols, uint32_t n)
{
	struct arena a = {0};
	struct col *views = arena_alloc(&a, k->n_cols * sizeof(*views));
	uint32_t *group = arena_alloc(&a, n * sizeof(*group));
	struct keys_rows rows;

	for (size_t c = 0; c < k->n_cols; c++)
		colbuf_view(&views[c], &cols[c]);
	keys_prepare(&rows, views, k->n_cols, n, &a);
	rows.order = 0;
	keys_find(k, group, &rows, NULL, n);
	arena_release(&a);
	return k->map.n == n ? 0 : -1;
}

int
packed_get_keys(struct keys *k, struct cur *in)
{
	struct colbuf *cols = mem_zero(k->n_cols, sizeof(*cols));
	uint32_t n = 0;
	int rc;

	for (size_t c = 0; c < k->n_cols; c++)
		colbuf_init(&cols[c], k->cols[c].type);
	rc = unpack_cols(cols, k->n_cols, &n, in);
	if (rc == 0 && n > 0 && k->n_cols > 0)
		rc = add_keys(k, cols, n);
	if (rc == 0)
		rc = packed_get_ints(k->first, k->map.n, in);
	for (size_t c = 0; c < k->n_cols; c++)
		colbuf_release(&cols[c]);
	free(cols);
	return rc;
}

void
packed_put_set(struct buf *out, const struct agg_set *s)
{
	buf_put_int(out, s->n, 4);
	for (uint32_t g = 0; g < s->n; g++)
		agg_save(out, s, g);
}

int
packed_get_set(struct agg_set *s, struct cur *in)
{
	uint64_t n = cur_get_int(in, 4);

	/* A state takes at least a byte. */
	if (in->failed || n > MAX_GROUPS || n > in->left)
		return -1;
	agg_set_grow(s, (uint32_t)n);
	for (uint32_t g = 0; g < n; g++)
		if (agg_load(s, g, in) == -1)
			return -1;
	return 0;
}
