/* SPDX-License-Identifier: ISC */
/* Items of a list and names for those without one.  millrace-expr(7). */
#include <stdlib.h>
#include <string.h>

#include "expr/check.h"

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	       || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

/* Append text with one _ for whatever cannot stand in a name. */
static void
put_clean(struct buf *b, const char *s, size_t len)
{
	bool gap = b->len > 0;

	for (size_t i = 0; i < len; i++) {
		if (!is_name_byte(s[i])) {
			gap = b->len > 0;
			continue;
		}
		if (b->len == 0 && s[i] >= '0' && s[i] <= '9')
			buf_putc(b, '_');
		if (gap)
			buf_putc(b, '_');
		gap = false;
		buf_putc(b, s[i]);
	}
}

/* f(a, b): f_a_b */
static void
put_call(struct buf *b, const struct unit *u, const struct node *n)
{
	buf_puts(b, n->name);
	if (n->distinct)
		buf_puts(b, "_distinct");
	for (size_t i = 0; i < n->n_kids; i++) {
		const struct node *k = n->kids[i];

		if (k->kind == NODE_COL)
			put_clean(b, k->name, strlen(k->name));
		else
			put_clean(b, u->source + k->at, k->len);
	}
}

/* A name that can be typed; owned by the caller. */
static char *
make_name(const struct unit *u, const struct node *n)
{
	struct buf b;
	char *s;

	if (n->kind == NODE_COL)
		return mem_strdup(n->name);
	/* Room for a number that makes it unique. */
	buf_init(&b, SCHEMA_MAX_NAME - 8);
	if (n->kind == NODE_CALL && n->is_call)
		put_call(&b, u, n);
	else
		put_clean(&b, u->source + n->at, n->len);
	if (b.len == 0)
		buf_puts(&b, "expr");
	s = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return s;
}

/* Refuse a name that an earlier item has. */
static int
check_name(struct expr_error *err, const struct expr_list *l,
    const struct parse_item *item)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!l->items[i].star
		    && strcmp(l->items[i].name, item->name) == 0)
			return expr_fail(err, item->name_at, item->name_len,
			    "two items are named %s", item->name);
	}
	return 0;
}

/* Make a name that no earlier item has: sum_x, sum_x_2, ... */
static char *
free_name(const struct expr_list *l, char *name)
{
	char *try = mem_strdup(name);
	unsigned n = 1;

	for (size_t i = 0; i < l->n; i++) {
		if (l->items[i].star || strcmp(l->items[i].name, try) != 0)
			continue;
		free(try);
		try = mem_printf("%.240s_%u", name, ++n);
		i = SIZE_MAX;
	}
	free(name);
	return try;
}

int
item_add(struct check *c, struct expr_list *l, const struct parse_item *item)
{
	struct expr_item *to = &l->items[l->n];

	if (item->node == NULL) {
		to->star = true;
		l->n++;
		return 0;
	}
	if (item->name != NULL && check_name(c->err, l, item) == -1)
		return -1;
	/* The name comes first: the check turns calls into columns. */
	to->name = item->name != NULL
		       ? mem_strdup(item->name)
		       : free_name(l, make_name(c->u, item->node));
	l->n++;
	if (check_node(c, item->node) == -1)
		return -1;
	to->expr = unit_expr(c->u, item->node);
	return 0;
}
