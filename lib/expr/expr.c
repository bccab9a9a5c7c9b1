/* SPDX-License-Identifier: ISC */
/* Expressions from the outside: compile, describe, run.  millrace-expr(7). */
#include "expr/expr.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expr/check.h"
#include "expr/eval.h"

int
expr_fail(struct expr_error *err, size_t at, size_t len, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(err->text))
		memcpy(err->text + sizeof(err->text) - 4, "...", 4);
	err->at = at;
	err->len = len;
	return -1;
}

/* Show one byte of a source: controls would spoil the line. */
static void
put_shown(struct buf *out, char c)
{
	buf_putc(out, (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c);
}

static bool
starts_char(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

void
expr_error_print(
    struct buf *out, const struct expr_error *e, const char *source)
{
	size_t len = strlen(source), begin, end, at;

	at = e->at < len ? e->at : len;
	for (begin = at; begin > 0 && source[begin - 1] != '\n'; begin--)
		continue;
	for (end = at; end < len && source[end] != '\n'; end++)
		continue;
	buf_printf(out, "%s\n  ", e->text);
	for (size_t i = begin; i < end; i++)
		put_shown(out, source[i]);
	buf_puts(out, "\n  ");
	for (size_t i = begin; i < at; i++) {
		if (starts_char(source[i]))
			buf_putc(out, ' ');
	}
	buf_putc(out, '^');
	for (size_t i = at + 1; i < at + e->len && i < end; i++) {
		if (starts_char(source[i]))
			buf_putc(out, '~');
	}
	buf_putc(out, '\n');
}

struct unit *
unit_new(struct expr_error *err, const char *source)
{
	struct unit *u = mem_zero(1, sizeof(*u));

	u->len = strlen(source);
	u->refs = 1;
	u->source = arena_dup(&u->a, source, u->len + 1);
	if (u->len > EXPR_MAX_TEXT)
		expr_fail(err, 0, 1, "an expression has at most %d bytes",
		    EXPR_MAX_TEXT);
	else if (lex_split(u, err) == 0)
		return u;
	unit_drop(u);
	return NULL;
}

void
unit_drop(struct unit *u)
{
	if (u == NULL || --u->refs > 0)
		return;
	for (struct node *n = u->prepared; n != NULL; n = n->next_prepared)
		n->aux_free(n->aux);
	arena_release(&u->a);
	free(u);
}

struct expr *
unit_expr(struct unit *u, struct node *root)
{
	struct expr *e = mem_zero(1, sizeof(*e));

	if (root->type == 0)
		root->type = TYPE_STR;
	e->u = u;
	e->root = root;
	u->refs++;
	return e;
}

int
expr_convert(struct expr *e, struct expr_error *err, enum type to)
{
	struct check c = {.u = e->u, .err = err};

	return check_convert(&c, &e->root, to);
}

int
expr_compile(struct expr **out, struct expr_error *err, const struct schema *s,
    const char *source)
{
	struct unit *u = unit_new(err, source);
	struct check c = {.u = u, .err = err, .s = s};
	struct node *root;
	int rc = -1;

	*out = NULL;
	if (u != NULL && parse_one(&root, err, u) == 0
	    && check_node(&c, root) == 0) {
		*out = unit_expr(u, root);
		rc = 0;
	}
	unit_drop(u);
	return rc;
}

int
expr_compile_list(struct expr_list *out, struct expr_error *err,
    const struct schema *s, const char *source)
{
	struct unit *u = unit_new(err, source);
	struct check c = {.u = u, .err = err, .s = s};
	struct parse_item *items;
	size_t n;
	int rc = -1;

	*out = (struct expr_list){0};
	if (u == NULL || parse_list(&items, &n, err, u, false) == -1)
		goto out;
	rc = item_list(&c, out, items, n);
	if (rc == -1)
		expr_list_release(out);
out:
	unit_drop(u);
	return rc;
}

void
expr_free(struct expr *e)
{
	if (e == NULL)
		return;
	unit_drop(e->u);
	free(e);
}

void
expr_list_release(struct expr_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].name);
		expr_free(l->items[i].expr);
	}
	free(l->items);
	*l = (struct expr_list){0};
}

enum type
expr_type(const struct expr *e)
{
	return e->root->type;
}

int
expr_is_column(const struct expr *e)
{
	return e->root->kind == NODE_COL ? (int)e->root->col : -1;
}

static void
mark_columns(const struct node *n, bool *used)
{
	if (n->kind == NODE_COL)
		used[n->col] = true;
	for (size_t i = 0; i < n->n_kids; i++)
		mark_columns(n->kids[i], used);
}

void
expr_mark_columns(const struct expr *e, bool *used)
{
	mark_columns(e->root, used);
}

bool
expr_is_untyped(const struct expr *e)
{
	return e->root->type == TYPE_STR && e->root->untyped;
}

bool
expr_is_constant(const struct expr *e, struct col *out)
{
	if (e->root->kind != NODE_LIT || e->root->is_null)
		return false;
	*out = e->root->lit;
	return true;
}

int
expr_eval(struct expr *e, struct col *out, struct expr_error *err,
    struct arena *a, struct expr_env *env, const struct batch *b)
{
	struct run r = {.a = a, .env = env, .err = err, .b = b, .u = e->u};

	r.n = b->n_rows;
	if (r.n == 0) {
		eval_empty(out, e->root->type);
		return 0;
	}
	e->u->n_runs++;
	return eval_node(&r, e->root, out);
}

uint32_t
expr_select(uint32_t *sel, const struct col *c)
{
	uint32_t n = 0;
	uint64_t v;

	if (c->enc == COL_CONST && c->valid == NULL && c->n > 0) {
		if (!bit_get(c->bits, 0))
			return 0;
		for (uint32_t i = 0; i < c->n; i++)
			sel[i] = i;
		return c->n;
	}
	if (c->enc != COL_PLAIN) {
		for (uint32_t i = 0; i < c->n; i++) {
			sel[n] = i;
			n += col_is_valid(c, i)
			     && bit_get(c->bits, col_entry(c, i));
		}
		return n;
	}
	for (size_t w = 0; w < bits_words(c->n); w++) {
		v = bits_get(c->bits, w, c->n);
		if (c->valid != NULL)
			v &= bits_get(c->valid, w, c->n);
		for (; v != 0; v &= v - 1)
			sel[n++] =
			    (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(v);
	}
	return n;
}
