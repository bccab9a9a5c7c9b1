/* SPDX-License-Identifier: ISC */
/* Kernels that make JSON text.  millrace-expr(7). */
#include <math.h>

#include "base/num.h"
#include "base/time.h"
#include "expr/kernels.h"
#include "expr/kjson.h"
#include "text/jsonstr.h"

static void
put_string(struct strout *s, struct ktext t)
{
	char *to = strout_room(s, JSONSTR_QUOTED(t.len));

	if (to != NULL)
		s->len += jsonstr_write(to, t.p, t.len);
}

void
kjson_open(struct kjson_list *l, struct strout *s)
{
	l->s = s;
	l->has_items = false;
	strout_put(s, "[", 1);
}

void
kjson_text(struct kjson_list *l, struct ktext t)
{
	if (l->has_items)
		strout_put(l->s, ",", 1);
	l->has_items = true;
	put_string(l->s, t);
}

void
kjson_close(struct kjson_list *l)
{
	strout_put(l->s, "]", 1);
}

/* JSON has neither nan nor infinity. */
static void
put_float(struct strout *s, double v)
{
	char text[NUM_TEXT_MAX];

	if (isfinite(v))
		strout_put(s, text, num_format_float(text, v));
	else
		strout_put(s, "null", 4);
}

void
kjson_value(struct strout *s, const struct col *c, uint32_t row)
{
	size_t at = eval_at(c, row);
	char text[TIME_TEXT_MAX + NUM_TEXT_MAX];
	bool v;

	if (c->type == 0 || !col_is_valid(c, row)) {
		strout_put(s, "null", 4);
		return;
	}
	switch (c->type) {
	case TYPE_BOOL:
		v = bit_get(c->bits, at);
		strout_put(s, v ? "true" : "false", v ? 4 : 5);
		break;
	case TYPE_INT:
		strout_put(s, text, num_format_int(text, c->i[at]));
		break;
	case TYPE_FLOAT:
		put_float(s, c->f[at]);
		break;
	case TYPE_DUR:
		strout_put(s, text, num_format_dur(text, c->i[at]));
		break;
	case TYPE_TIME:
		put_string(s,
		    (struct ktext){text, time_format_rfc3339(text, c->i[at])});
		break;
	case TYPE_STR:
	case TYPE_BIN:
		put_string(s, ktext_at(c, row));
		break;
	}
}

int
kjson_to_json(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, { kjson_value(&s, &arg[0], row); });
}

int
kjson_array(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, {
		for (size_t i = 0; i < n->n_kids; i++) {
			strout_put(&s, i == 0 ? "[" : ",", 1);
			kjson_value(&s, &arg[i], row);
		}
		strout_put(&s, "]", 1);
	});
}

int
kjson_object_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	(void)u;
	if (n->n_kids % 2 != 0)
		return expr_fail(err, n->at, n->len,
		    "json_object wants a key and a value, a key and a value");
	for (size_t i = 0; i < n->n_kids; i += 2) {
		const struct node *k = n->kids[i];

		if (k->kind != NODE_LIT || k->type != TYPE_STR || k->is_null)
			return expr_fail(err, k->at, k->len,
			    "a key must be a constant text");
	}
	return 0;
}

int
kjson_object(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 32, {
		for (size_t i = 0; i < n->n_kids; i += 2) {
			strout_put(&s, i == 0 ? "{" : ",", 1);
			put_string(&s, ktext_at(&n->kids[i]->lit, 0));
			strout_put(&s, ":", 1);
			kjson_value(&s, &arg[i + 1], row);
		}
		strout_put(&s, "}", 1);
	});
}
