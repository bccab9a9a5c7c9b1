/* SPDX-License-Identifier: ISC */
/* Kernels that look into JSON text.  millrace-expr(7). */
#include <stdlib.h>

#include "expr/kernels.h"
#include "expr/ktext.h"
#include "text/jsoncell.h"
#include "text/jsonstr.h"

static void
json_free(void *aux)
{
	jsoncell_release(aux);
	free(aux);
}

static void
set_path(struct node *n, const struct jsonpath *path)
{
	struct jsoncell *c = mem_zero(1, sizeof(*c));

	jsoncell_init(c, path);
	n->aux = c;
	n->aux_free = json_free;
}

/* The whole text is looked at. */
int
kjson_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	const struct jsonpath root = {.n = 0};

	(void)u;
	(void)err;
	set_path(n, &root);
	return 0;
}

/* A path may begin with $, as elsewhere: $.a is a, and $ is all. */
static struct ktext
without_root(struct ktext t)
{
	if (t.len == 0 || t.p[0] != '$')
		return t;
	if (t.len == 1)
		return (struct ktext){".", 1};
	if (t.p[1] != '.' && t.p[1] != '[')
		return t;
	return t.p[1] == '.' ? (struct ktext){t.p + 2, t.len - 2}
			     : (struct ktext){t.p + 1, t.len - 1};
}

/* kids[1] is a constant: a path, or the number of an element from 0. */
int
kjson_path_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	const struct node *k = n->kids[1];
	struct jsonpath path = {.n = 1};
	struct ktext t;
	char *why = NULL;

	(void)u;
	if (k->is_null)
		return 0;
	if (k->kind != NODE_LIT)
		return expr_fail(
		    err, k->at, k->len, "the path must be a constant");
	if (k->type == TYPE_INT) {
		if (k->lit.i[0] < 0)
			return expr_fail(
			    err, k->at, k->len, "elements are counted from 0");
		path.steps[0].is_index = true;
		path.steps[0].index = (size_t)k->lit.i[0];
	} else {
		t = without_root(ktext_at(&k->lit, 0));
		if (t.len == 0)
			return expr_fail(
			    err, k->at, k->len, "the path is empty");
		if (jsonpath_parse(&path, &why, t.p, t.len) == -1) {
			expr_fail(err, k->at, k->len, "%s", why);
			free(why);
			jsonpath_release(&path);
			return -1;
		}
	}
	set_path(n, &path);
	jsonpath_release(&path);
	return 0;
}

/* Read a row; false: null, which is counted when it is no JSON. */
static bool
read_row(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, uint32_t row)
{
	struct ktext t = ktext_at(arg, row);

	if (!ktext_has(out, row))
		return false;
	if (jsoncell_read(n->aux, t.p, t.len) == 0)
		return true;
	eval_unparsed(r, n, out, row);
	return false;
}

int
kjson_get(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct jsoncell *c = n->aux;

	KTEXT_MAKE(r, n, out, 16, {
		if (!read_row(r, n, out, &arg[0], row))
			;
		else if (c->kind == JSONCELL_NONE)
			eval_null(r, out, row);
		else
			strout_put(&s, c->value, c->len);
	});
}

int
kjson_get_text(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct jsoncell *c = n->aux;

	KTEXT_MAKE(r, n, out, 16, {
		char *to;

		if (!read_row(r, n, out, &arg[0], row))
			;
		else if (c->kind == JSONCELL_NONE)
			eval_null(r, out, row);
		else if (c->kind != JSONCELL_STRING)
			strout_put(&s, c->value, c->len);
		else if ((to = strout_room(&s, c->len)) != NULL)
			s.len += jsonstr_plain(to, c->value + 1, c->len - 2);
	});
}

int
kjson_valid(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	uint8_t *bits = eval_bits(r, out);

	memset(bits, 0, bits_words(r->n) * 8);
	for (uint32_t row = 0; row < r->n; row++) {
		struct ktext t = ktext_at(&arg[0], row);

		if (ktext_has(out, row))
			bits_or(
			    bits, row, jsoncell_read(n->aux, t.p, t.len) == 0);
	}
	return 0;
}

int
kjson_type(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	static const char *const names[] = {[JSONCELL_NONE] = "null",
	    [JSONCELL_OBJECT] = "object",
	    [JSONCELL_ARRAY] = "array",
	    [JSONCELL_STRING] = "string",
	    [JSONCELL_NUMBER] = "number",
	    [JSONCELL_BOOL] = "boolean"};
	const struct jsoncell *c = n->aux;

	KTEXT_MAKE(r, n, out, 8, {
		if (read_row(r, n, out, &arg[0], row))
			strout_put(&s, names[c->kind], strlen(names[c->kind]));
	});
}

int
kjson_array_length(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct jsoncell *c = n->aux;
	int64_t *o = eval_ints(r, out);
	struct jsoncell_iter i;

	for (uint32_t row = 0; row < r->n; row++) {
		o[row] = 0;
		if (!read_row(r, n, out, &arg[0], row))
			continue;
		if (c->kind != JSONCELL_ARRAY) {
			eval_null(r, out, row);
			continue;
		}
		jsoncell_begin(&i, c->value);
		while (jsoncell_next(&i))
			o[row]++;
	}
	return 0;
}

int
kjson_keys(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct jsoncell *c = n->aux;

	KTEXT_MAKE(r, n, out, 16, {
		struct jsoncell_iter i;
		const char *between = "[";

		if (!read_row(r, n, out, &arg[0], row)) {
			;
		} else if (c->kind != JSONCELL_OBJECT) {
			eval_null(r, out, row);
		} else {
			jsoncell_begin(&i, c->value);
			while (jsoncell_next(&i)) {
				strout_put(&s, between, 1);
				strout_put(&s, i.key, i.key_len);
				between = ",";
			}
			strout_put(&s, "[]", *between == '[' ? 2 : 0);
			strout_put(&s, "]", *between == ',');
		}
	});
}
