/* SPDX-License-Identifier: ISC */
/* The tree of an expression: making nodes and literals. */
#include <string.h>

#include "expr/expr_int.h"

struct node *
node_new(struct unit *u, enum node_kind kind, size_t at, size_t len)
{
	struct node *n = arena_alloc(&u->a, sizeof(*n));

	*n = (struct node){.kind = kind, .at = at, .len = len, .depth = 1};
	return n;
}

struct node *
node_call(struct unit *u, const char *name, struct node **kids, size_t n_kids,
    const struct node *span)
{
	struct node *n = node_new(u, NODE_CALL, span->at, span->len);

	n->name = name;
	n->kids = arena_dup(&u->a, kids, n_kids * sizeof(struct node *));
	n->n_kids = n_kids;
	for (size_t i = 0; i < n_kids; i++) {
		if (kids[i]->depth >= n->depth)
			n->depth = kids[i]->depth + 1;
	}
	return n;
}

static struct node *
literal(struct unit *u, enum type type)
{
	struct node *n = node_new(u, NODE_LIT, 0, 0);

	n->type = type;
	n->lit = (struct col){
	    .type = type, .enc = COL_CONST, .n = 1, .n_entries = 1};
	return n;
}

static void
set_bytes(struct unit *u, struct node *n, const char *s, size_t len)
{
	uint32_t off[2] = {0, (uint32_t)len};

	n->lit.off = arena_dup(&u->a, off, sizeof(off));
	n->lit.bytes = arena_dup(&u->a, s, len);
}

struct node *
node_int(struct unit *u, enum type type, int64_t v)
{
	struct node *n = literal(u, type);

	n->lit.i = arena_dup(&u->a, &v, sizeof(v));
	return n;
}

struct node *
node_float(struct unit *u, double v)
{
	struct node *n = literal(u, TYPE_FLOAT);

	n->lit.f = arena_dup(&u->a, &v, sizeof(v));
	return n;
}

struct node *
node_bool(struct unit *u, bool v)
{
	uint64_t word = v;
	struct node *n = literal(u, TYPE_BOOL);

	n->lit.bits = arena_dup(&u->a, &word, sizeof(word));
	return n;
}

struct node *
node_str(struct unit *u, const char *s, size_t len)
{
	struct node *n = literal(u, TYPE_STR);

	set_bytes(u, n, s, len);
	return n;
}

struct node *
node_null(struct unit *u, enum type type)
{
	struct node *n = literal(u, type);

	n->is_null = true;
	return n;
}

void
node_become(struct unit *u, struct node *n, const struct col *c)
{
	const char *s;
	size_t len;
	uint64_t word;

	n->kind = NODE_LIT;
	n->n_kids = 0;
	n->is_null = !col_is_valid(c, 0);
	n->lit = (struct col){
	    .type = n->type, .enc = COL_CONST, .n = 1, .n_entries = 1};
	if (n->is_null)
		return;
	if (type_is_bytes(n->type)) {
		s = col_str(c, 0, &len);
		set_bytes(u, n, s, len);
	} else if (n->type == TYPE_BOOL) {
		word = bit_get(c->bits, 0);
		n->lit.bits = arena_dup(&u->a, &word, sizeof(word));
	} else if (n->type == TYPE_FLOAT) {
		n->lit.f = arena_dup(&u->a, c->f, sizeof(*c->f));
	} else {
		n->lit.i = arena_dup(&u->a, c->i, sizeof(*c->i));
	}
}
