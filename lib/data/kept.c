/* SPDX-License-Identifier: ISC */
/* A value of an earlier row, kept. */
#include "data/kept.h"

#include <stdlib.h>
#include <string.h>

static void
set_text(struct kept *k, const char *p, size_t len)
{
	if (k->p == NULL || len > k->cap) {
		free(k->p);
		k->p = mem_alloc(len);
		k->cap = (uint32_t)len;
	}
	if (len > 0)
		memcpy(k->p, p, len);
	k->len = (uint32_t)len;
}

void
kept_set(struct kept *k, const struct col *c, uint32_t row)
{
	uint32_t e = col_entry(c, row);
	const char *p;
	size_t len;

	k->seen = true;
	k->valid = col_is_valid(c, row);
	if (!k->valid)
		return;
	if (type_is_bytes(c->type)) {
		p = col_str(c, row, &len);
		set_text(k, p, len);
	} else {
		k->v = c->type == TYPE_BOOL ? bit_get(c->bits, e) : c->i[e];
	}
}

void
kept_push(struct colbuf *out, const struct kept *k)
{
	if (!k->seen || !k->valid)
		colbuf_push_null(out);
	else if (type_is_bytes(out->type))
		colbuf_push_str(out, k->p, k->len);
	else if (out->type == TYPE_BOOL)
		colbuf_push_bool(out, k->v != 0);
	else
		colbuf_push_int(out, k->v);
}

bool
kept_same(const struct kept *k, const struct col *c, uint32_t row)
{
	uint32_t e = col_entry(c, row);
	bool valid = col_is_valid(c, row);
	const char *p;
	size_t len;
	double x;

	if (!k->seen || k->valid != valid)
		return false;
	if (!valid)
		return true;
	if (type_is_bytes(c->type)) {
		p = col_str(c, row, &len);
		return k->len == len && memcmp(k->p, p, len) == 0;
	}
	if (c->type == TYPE_BOOL)
		return (k->v != 0) == bit_get(c->bits, e);
	if (c->type != TYPE_FLOAT)
		return k->v == c->i[e];
	memcpy(&x, &k->v, sizeof(x));
	return x == c->f[e] || (x != x && c->f[e] != c->f[e]);
}
