/* SPDX-License-Identifier: ISC */
/* Lists with aggregates: calls apart from what is made of their results. */
#include <stdlib.h>
#include <string.h>

#include "expr/check.h"

/* The text of a call, for finding the same one again. */
static char *
call_text(const struct check *c, const struct node *n)
{
	struct buf b;
	char *s;

	buf_init(&b, 0);
	buf_printf(&b, "%s(%s", n->name, n->star ? "*" : "");
	if (n->distinct)
		buf_puts(&b, "distinct ");
	for (size_t i = 0; i < n->n_kids; i++) {
		buf_puts(&b, i == 0 ? "" : ", ");
		lex_normal(&b, c->u, n->kids[i]->at, n->kids[i]->len);
	}
	buf_putc(&b, ')');
	if (n->filter != NULL) {
		buf_puts(&b, " filter (where ");
		lex_normal(&b, c->u, n->filter->at, n->filter->len);
		buf_putc(&b, ')');
	}
	s = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return s;
}

/* The text of a node in the call, to be freed; of none, "". */
static char *
node_text(const struct check *c, const struct node *n)
{
	struct buf b;
	char *s;

	buf_init(&b, 0);
	if (n != NULL)
		lex_normal(&b, c->u, n->at, n->len);
	s = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return s;
}

static void
release_call(struct expr_call *call)
{
	free(call->name);
	free(call->text);
	free(call->filter_text);
	for (size_t i = 0; i < call->n_args; i++) {
		free(call->arg_text[i]);
		expr_free(call->args[i]);
	}
	expr_free(call->filter);
	free(call->made);
}

/* Compile what stands inside the call, over the input. */
static int
compile_call(struct check *c, struct expr_call *call, struct node *n)
{
	struct check inner = {
	    .u = c->u, .err = c->err, .s = c->input, .input = c->input};

	for (size_t i = 0; i < n->n_kids; i++) {
		char *text = node_text(c, n->kids[i]);

		if (check_node(&inner, n->kids[i]) == -1) {
			free(text);
			return -1;
		}
		call->arg_text[call->n_args] = text;
		call->args[call->n_args++] = unit_expr(c->u, n->kids[i]);
	}
	if (n->filter == NULL)
		return 0;
	if (check_node(&inner, n->filter) == -1)
		return -1;
	if (n->filter->type != TYPE_BOOL)
		return expr_fail(c->err, n->filter->at, n->filter->len,
		    "filter wants a condition (bool), this is %s",
		    n->filter->type == 0 ? "null" : type_name(n->filter->type));
	call->filter = unit_expr(c->u, n->filter);
	return 0;
}

static size_t
find_call(const struct expr_agg_list *l, const char *text)
{
	size_t i;

	for (i = 0; i < l->n_calls; i++) {
		if (strcmp(l->calls[i].text, text) == 0)
			break;
	}
	return i;
}

static int
add_call(struct check *c, struct node *n, char *text)
{
	struct expr_agg_list *l = c->calls;
	struct expr_call call = {.star = n->star, .distinct = n->distinct};
	char why[256] = "";

	call.name = mem_strdup(n->name);
	call.text = text;
	call.filter_text = node_text(c, n->filter);
	if (compile_call(c, &call, n) == -1)
		goto fail;
	if (c->aggs->check(&call, why, sizeof(why)) == -1) {
		expr_fail(c->err, n->at, n->len, "%s", why);
		goto fail;
	}
	l->calls = mem_resize(l->calls, l->n_calls + 1, sizeof(*l->calls));
	l->calls[l->n_calls++] = call;
	return 0;
fail:
	release_call(&call);
	return -1;
}

int
call_check(struct check *c, struct node *n)
{
	char *text = call_text(c, n);
	size_t i = find_call(c->calls, text);

	if (i < c->calls->n_calls)
		free(text);
	else if (add_call(c, n, text) == -1)
		return -1;
	n->kind = NODE_COL;
	n->col = c->s->n + i;
	n->type = c->calls->calls[i].result;
	n->n_kids = 0;
	n->filter = NULL;
	return 0;
}

int
expr_compile_aggs(struct expr_agg_list *out, struct expr_error *err,
    const struct schema *s, const struct schema *keys,
    const struct expr_aggs *aggs, const char *source)
{
	struct unit *u = unit_new(err, source);
	struct check c = {.u = u,
	    .err = err,
	    .s = keys,
	    .input = s,
	    .aggs = aggs,
	    .calls = out};
	struct parse_item *items;
	size_t n;
	int rc = -1;

	*out = (struct expr_agg_list){0};
	if (u == NULL || parse_list(&items, &n, err, u, true) == -1)
		goto out;
	rc = item_list(&c, &out->items, items, n);
	if (rc == -1)
		expr_agg_list_release(out);
out:
	unit_drop(u);
	return rc;
}

int
expr_compile_over(struct expr_agg_list *out, struct expr_error *err,
    const struct schema *s, const struct expr_aggs *aggs, const char *source,
    bool one)
{
	struct unit *u = unit_new(err, source);
	struct check c = {
	    .u = u, .err = err, .s = s, .input = s, .aggs = aggs, .calls = out};
	struct parse_item single = {.node = NULL}, *items = &single;
	size_t n = 1;
	int rc = -1;

	*out = (struct expr_agg_list){0};
	if (u == NULL
	    || (one ? parse_one(&single.node, err, u)
		    : parse_list(&items, &n, err, u, true))
		   == -1)
		goto out;
	rc = item_list(&c, &out->items, items, n);
	if (rc == -1)
		expr_agg_list_release(out);
out:
	unit_drop(u);
	return rc;
}

void
expr_agg_list_release(struct expr_agg_list *l)
{
	for (size_t i = 0; i < l->n_calls; i++)
		release_call(&l->calls[i]);
	free(l->calls);
	expr_list_release(&l->items);
	*l = (struct expr_agg_list){0};
}
