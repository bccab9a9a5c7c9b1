/* SPDX-License-Identifier: ISC */
/* A column of text being made, in arena memory. */
#include <string.h>

#include "expr/eval.h"

void
strout_begin(struct strout *s, struct run *r, const struct node *n,
    struct col *out, size_t hint)
{
	*s = (struct strout){.r = r, .n = n, .out = out};
	s->off = arena_alloc(r->a, ((size_t)r->n + 1) * sizeof(*s->off));
	s->off[0] = 0;
	s->cap = hint < 64 ? 64 : hint < COL_MAX_BYTES ? hint : COL_MAX_BYTES;
	s->bytes = arena_alloc(r->a, s->cap);
}

void
strout_fail(struct strout *s)
{
	if (!s->failed)
		s->bad_row = s->row;
	s->failed = true;
}

char *
strout_room(struct strout *s, size_t len)
{
	char *more;
	size_t cap = s->cap;

	if (len > COL_MAX_BYTES - s->len) {
		strout_fail(s);
		return NULL;
	}
	if (len <= s->cap - s->len)
		return s->bytes + s->len;
	while (cap - s->len < len)
		cap *= 2;
	more = arena_alloc(s->r->a, cap);
	memcpy(more, s->bytes, s->len);
	s->bytes = more;
	s->cap = cap;
	return s->bytes + s->len;
}

void
strout_put(struct strout *s, const char *p, size_t len)
{
	char *to = strout_room(s, len);

	if (to == NULL)
		return;
	memcpy(to, p, len);
	s->len += len;
}

int
strout_done(struct strout *s)
{
	s->out->off = s->off;
	s->out->bytes = s->bytes;
	if (s->failed)
		return eval_fail(s->r, s->n, s->bad_row,
		    "more than 64 MiB of text in one frame");
	return 0;
}
