/* SPDX-License-Identifier: ISC */
/* Columns of text with few different values, as codes. */
#include "join/tablepack.h"

#include <stdlib.h>

#define FIRST 1024 /* rows after which most columns are known not to fit */
#define STEP (64u << 10) /* rows at a time; both are multiples of 8 */

/* Give codes to rows [from, from + n); false when there are too many. */
static bool
give_codes(struct tablepack *p, const struct col *c, uint32_t from, uint32_t n,
    struct arena *a)
{
	struct keys_rows rows;
	struct col part;
	uint32_t *group = arena_alloc(a, n * sizeof(*group));

	col_slice(&part, c, from, n);
	keys_prepare(&rows, &part, 1, n, a);
	keys_find(&p->values, group, &rows, NULL, n);
	if (p->values.map.n > TABLEPACK_MAX
	    || p->values.cols[0].bytes_len > TABLEPACK_TEXT)
		return false;
	for (uint32_t r = 0; r < n; r++)
		p->codes[from + r] = (uint8_t)group[r];
	return true;
}

bool
tablepack_take(struct tablepack *p, struct col *c)
{
	struct arena a = {.blocks = NULL};
	struct col entries;
	bool fits = true;

	keys_init(&p->values, &c->type, 1);
	p->codes = mem_resize(NULL, (size_t)c->n + 1, 1);
	for (uint32_t at = 0, len; fits && at < c->n; at += len) {
		len = at == 0 ? FIRST : STEP;
		len = c->n - at < len ? c->n - at : len;
		fits = give_codes(p, c, at, len, &a);
		arena_reset(&a);
	}
	arena_release(&a);
	/* A table of a few rows is shorter as it is. */
	if (!fits || p->values.map.n * 4 > c->n) {
		tablepack_release(p);
		return false;
	}
	colbuf_view(&entries, &p->values.cols[0]);
	c->enc = COL_DICT;
	c->n_entries = entries.n_entries;
	c->code_width = 1;
	c->codes = p->codes;
	c->off = entries.off;
	c->bytes = entries.bytes;
	if (c->valid != NULL)
		c->valid = p->valid = mem_dup(c->valid, bit_bytes(c->n));
	return true;
}

void
tablepack_release(struct tablepack *p)
{
	keys_release(&p->values);
	free(p->codes);
	free(p->valid);
	*p = (struct tablepack){.codes = NULL};
}
