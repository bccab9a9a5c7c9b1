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

void
kept_copy(struct kept *k, const struct kept *from)
{
	k->v = from->v;
	k->time_us = from->time_us;
	k->seen = from->seen;
	k->valid = from->valid;
	if (from->p != NULL)
		set_text(k, from->p, from->len);
}

enum { SAVED_NULL, SAVED_WIDE, SAVED_STR };

void
kept_save(struct buf *out, const struct kept *k)
{
	if (!k->valid) {
		buf_put_int(out, SAVED_NULL, 1);
	} else if (k->p == NULL) {
		buf_put_int(out, SAVED_WIDE, 1);
		buf_put_int(out, (uint64_t)k->v, 8);
	} else {
		buf_put_int(out, SAVED_STR, 1);
		buf_put_str(out, k->p, k->len);
	}
}

int
kept_load(struct kept *k, struct cur *in, bool is_str)
{
	uint64_t tag = cur_get_int(in, 1);
	const char *p;
	size_t len;

	k->seen = true;
	k->valid = tag != SAVED_NULL;
	if (in->failed || tag == SAVED_NULL)
		return in->failed ? -1 : 0;
	if (tag == SAVED_STR && is_str) {
		p = cur_get_str(in, &len, COL_MAX_BYTES);
		if (p == NULL)
			return -1;
		set_text(k, p, len);
		return 0;
	}
	if (tag != SAVED_WIDE || is_str)
		return -1;
	k->v = (int64_t)cur_get_int(in, 8);
	return in->failed ? -1 : 0;
}

void
kept_put(const struct kept *k, struct buf *out)
{
	buf_put_int(out, (k->seen ? 1u : 0u) | (k->valid ? 2u : 0u), 1);
	buf_put_int(out, (uint64_t)k->v, 8);
	buf_put_int(out, (uint64_t)k->time_us, 8);
	buf_put_str(out, k->p, k->p == NULL ? 0 : k->len);
}

int
kept_get(struct kept *k, struct cur *in)
{
	uint64_t flags = cur_get_int(in, 1);
	const char *p;
	size_t len;

	k->seen = (flags & 1) != 0;
	k->valid = (flags & 2) != 0;
	k->v = (int64_t)cur_get_int(in, 8);
	k->time_us = (int64_t)cur_get_int(in, 8);
	p = cur_get_str(in, &len, COL_MAX_BYTES);
	if (p == NULL)
		return -1;
	set_text(k, p, len);
	return 0;
}
