/* SPDX-License-Identifier: ISC */
/* Items of a list and names for those without one.  millrace-expr(7). */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"
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

/* The names so far, by the number that map gives them. */
struct names {
	struct map map;
	uint64_t *hashes;
	const char **text; /* those of the items */
	unsigned *last; /* the number that was put behind it last */
};

/* The number of a name; *fresh when it was not there. */
static uint32_t
add_name(struct names *t, const char *name, bool *fresh)
{
	uint64_t h = hash_bytes(name, strlen(name), hash_seed());
	size_t at = map_first(&t->map, h, t->hashes);
	uint32_t i;

	for (; (i = map_at(&t->map, &at, h)) != MAP_NONE; at++) {
		if (strcmp(t->text[i], name) == 0)
			break;
	}
	*fresh = i == MAP_NONE;
	if (!*fresh)
		return i;
	i = map_insert(&t->map, at, h);
	t->hashes[i] = h;
	t->text[i] = name;
	t->last[i] = 1;
	return i;
}

/* Make a name that no earlier item has: sum_x, sum_x_2, ... */
static char *
free_name(struct names *t, char *name)
{
	bool fresh;
	uint32_t first = add_name(t, name, &fresh);
	char *try = name;

	while (!fresh) {
		if (try != name)
			free(try);
		try = mem_printf("%.240s_%u", name, ++t->last[first]);
		add_name(t, try, &fresh);
	}
	if (try != name)
		free(name);
	return try;
}

static int
add_item(struct check *c, struct expr_list *l, struct names *t,
    const struct parse_item *item)
{
	struct expr_item *to = &l->items[l->n];
	bool fresh;

	if (item->node == NULL && c->aggs != NULL && c->s != c->input)
		return expr_fail(
		    c->err, item->at, 1, "* is no aggregate; write count()");
	l->n++;
	if (item->node == NULL) {
		to->star = true;
		return 0;
	}
	/* The name comes first: the check turns calls into columns. */
	if (item->name == NULL) {
		to->name = free_name(t, make_name(c->u, item->node));
	} else {
		to->name = mem_strdup(item->name);
		to->assigned = item->assigned;
		to->at = item->name_at;
		to->len = item->name_len;
		add_name(t, to->name, &fresh);
		if (!fresh)
			return expr_fail(c->err, item->name_at, item->name_len,
			    "two items are named %s", item->name);
	}
	if (check_node(c, item->node) == -1)
		return -1;
	to->expr = unit_expr(c->u, item->node);
	return 0;
}

int
item_list(struct check *c, struct expr_list *l, const struct parse_item *items,
    size_t n)
{
	struct names t = {.hashes = mem_zero(n, sizeof(*t.hashes)),
	    .text = mem_zero(n, sizeof(*t.text)),
	    .last = mem_zero(n, sizeof(*t.last))};
	int rc = 0;

	map_init(&t.map);
	l->items = mem_zero(n, sizeof(*l->items));
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_item(c, l, &t, &items[i]);
	map_release(&t.map);
	free(t.hashes);
	free(t.text);
	free(t.last);
	return rc;
}

int
expr_refuse_assigned(
    const struct expr_list *l, struct expr_error *err, const struct schema *s)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct expr_item *item = &l->items[i];

		if (item->assigned
		    && schema_find(s, item->name, strlen(item->name)) != -1)
			return expr_fail(err, item->at, item->len,
			    "%s = names this item, and is a column, too: to "
			    "compare write ==, to name write \"as\"",
			    item->name);
	}
	return 0;
}
