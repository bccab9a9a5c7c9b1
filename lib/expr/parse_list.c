/* SPDX-License-Identifier: ISC */
/* Expressions, lists: "expr as name", "name = expr", "*". */
#include <stdlib.h>
#include <string.h>

#include "expr/parse.h"

static bool
is_name(const struct tok *t)
{
	return t->kind == TOK_WORD || t->kind == TOK_NAME;
}

static int
take_name(struct parse *p, struct parse_item *item)
{
	const struct tok *t = p->t;
	char *s;

	if (!is_name(t))
		return parse_fail(p, "a name");
	if (t->s_len > SCHEMA_MAX_NAME)
		return expr_fail(p->err, t->at, t->len,
		    "a name has at most %d bytes", SCHEMA_MAX_NAME);
	if (item->name != NULL)
		return expr_fail(p->err, t->at, t->len,
		    "this item has a name already; to compare write ==");
	s = arena_alloc(&p->u->a, t->s_len + 1);
	memcpy(s, t->s, t->s_len);
	s[t->s_len] = '\0';
	item->name = s;
	item->name_at = t->at;
	item->name_len = t->len;
	p->t++;
	return 0;
}

static int
parse_item(struct parse *p, struct parse_item *item)
{
	*item = (struct parse_item){.at = p->t->at};
	if (parse_take(p, "*"))
		return 0;
	if (is_name(p->t) && lex_is(p->u, p->t + 1, "=")) {
		if (take_name(p, item) == -1)
			return -1;
		item->assigned = true;
		p->t++;
	}
	item->node = parse_level(p, 1);
	if (item->node == NULL)
		return -1;
	return parse_take(p, "as") ? take_name(p, item) : 0;
}

int
parse_list(struct parse_item **items, size_t *n_items, struct expr_error *err,
    struct unit *u, bool aggs)
{
	struct parse p = {.u = u, .err = err, .t = u->toks, .aggs = aggs};
	struct parse_item *list = NULL;
	size_t n = 0, cap = 0;
	int rc = 0;

	do {
		if (n == SCHEMA_MAX_COLS) {
			rc = expr_fail(err, p.t->at, p.t->len,
			    "a list has at most %d items", SCHEMA_MAX_COLS);
			break;
		}
		list = mem_grow(list, &cap, n + 1, sizeof(*list));
		rc = parse_item(&p, &list[n++]);
	} while (rc == 0 && parse_take(&p, ","));
	if (rc == 0 && p.t->kind != TOK_END)
		rc = parse_fail(&p, "a comma, \"as\" or an operator");
	if (rc == 0) {
		*items = arena_dup(&u->a, list, n * sizeof(*list));
		*n_items = n;
	}
	free(list);
	return rc;
}

int
parse_one(struct node **out, struct expr_error *err, struct unit *u)
{
	struct parse p = {.u = u, .err = err, .t = u->toks};

	*out = parse_level(&p, 1);
	if (*out == NULL)
		return -1;
	return p.t->kind == TOK_END ? 0 : parse_fail(&p, "an operator");
}
