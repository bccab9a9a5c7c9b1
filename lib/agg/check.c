/* SPDX-License-Identifier: ISC */
/* Calls of aggregates: whether they make sense, and what to write instead. */
#include <stdio.h>
#include <string.h>

#include "agg/agg_int.h"

/* Append the types that name takes: "int, dur or float". */
static void
put_types(struct buf *b, const char *name, bool distinct)
{
	const struct agg_fn *f = NULL;
	const char *names[8];
	size_t n = 0;

	/* What is only for floats takes ints as such. */
	if (agg_find(name, distinct, TYPE_INT) == NULL
	    && agg_find(name, distinct, TYPE_FLOAT) != NULL)
		names[n++] = type_name(TYPE_INT);
	while ((f = agg_fn_next(f, name)) != NULL) {
		if (f->arg != 0 && f->distinct == distinct)
			names[n++] = type_name(f->arg);
	}
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s%s",
		    i == 0       ? ""
		    : i + 1 == n ? " or "
				 : ", ",
		    names[i]);
}

static int
refuse_type(const struct expr_call *call, enum type t, char *why, size_t cap)
{
	struct buf b;

	buf_init(&b, 0);
	put_types(&b, call->name, call->distinct);
	snprintf(why, cap, "%s takes %.*s, this is %s%s", call->name,
	    (int)b.len, (const char *)b.data, type_name(t),
	    t == TYPE_BOOL ? "; write count_if(...)"
	    : agg_find(call->name, false, TYPE_STR) != NULL
		? "; write it with ::str"
		: "");
	buf_release(&b);
	return -1;
}

/* Text of which it is not known whether 10 sorts before 9. */
static int
refuse_untyped(const struct expr_call *call, char *why, size_t cap)
{
	bool top = strcmp(call->name, "top") == 0;
	const char *x = call->arg_text[top];
	const char *k = top ? call->arg_text[0] : "";

	/* A mend that goes on for ever is none. */
	if (strlen(x) > 60 || strlen(k) > 20) {
		x = "x";
		k = top ? "10" : "";
	}
	snprintf(why, cap,
	    "%s is text: write %s(%s%s%s::float) or sbatch -c \"*,%s:float\"%s",
	    x, call->name, k, top ? ", " : "", x, x,
	    call->name[1] == 'i' || call->name[1] == 'a'
		? ""
		: "; ::str if it is no number");
	return -1;
}

/* Whether there are as many arguments as name takes, and no star too many. */
static int
check_shape(const struct expr_call *call, const struct agg_form *form,
    char *why, size_t cap)
{
	const char *name = call->name;

	if (call->star && agg_find(name, false, 0) == NULL) {
		snprintf(why, cap, "%s(*) means nothing", name);
		return -1;
	}
	if (form != NULL
	    && (call->n_args < form->least || call->n_args > form->most)) {
		snprintf(
		    why, cap, "%s is written %s%s", name, name, form->text);
		return -1;
	}
	if (form == NULL
	    && (call->n_args > 1
		|| (call->n_args == 0
		    && (call->distinct || agg_find(name, false, 0) == NULL)))) {
		snprintf(why, cap, "%s%s takes one argument", name,
		    call->distinct ? "(distinct)" : "");
		return -1;
	}
	if (call->distinct && agg_find(name, true, TYPE_INT) == NULL) {
		snprintf(why, cap,
		    "distinct is for count; %s(distinct) is unknown", name);
		return -1;
	}
	return 0;
}

/* Whether the order of the first column's values decides. */
static bool
sorts(const char *name)
{
	return strcmp(name, "min") == 0 || strcmp(name, "max") == 0
	       || strcmp(name, "top") == 0 || strcmp(name, "mode") == 0;
}

/* The first column: not a constant, and a number where text will not do. */
static int
check_column(
    const struct expr_call *call, struct expr *x, char *why, size_t cap)
{
	enum type t = expr_type(x);
	struct expr_error err;
	struct col constant;

	if (t == TYPE_STR && expr_is_constant(x, &constant)) {
		snprintf(why, cap,
		    "%s is of one and the same text; a column stands without "
		    "quotes, or in `these`",
		    call->text);
		return -1;
	}
	if (sorts(call->name) && expr_is_untyped(x))
		return refuse_untyped(call, why, cap);
	if ((t == TYPE_STR || t == TYPE_INT)
	    && agg_find(call->name, call->distinct, t) == NULL
	    && agg_find(call->name, call->distinct, TYPE_FLOAT) != NULL
	    && expr_convert(x, &err, TYPE_FLOAT) == -1) {
		snprintf(why, cap, "%s", err.text);
		return -1;
	}
	return 0;
}

int
agg_check(struct expr_call *call, char *why, size_t why_cap)
{
	const struct agg_form *form = agg_fn_next(NULL, call->name)->form;
	struct expr *x = NULL;
	const struct agg_fn *f;
	struct agg_fn *own;

	if (check_shape(call, form, why, why_cap) == -1)
		return -1;
	if (call->n_args > 0)
		x = call->args[form == NULL ? 0 : form->first];
	if (x != NULL && check_column(call, x, why, why_cap) == -1)
		return -1;
	f = agg_find(call->name, call->distinct, x == NULL ? 0 : expr_type(x));
	if (f == NULL)
		return refuse_type(call, expr_type(x), why, why_cap);
	call->made = own = mem_dup(f, sizeof(*f));
	if (form != NULL) {
		agg_args(call, &own->n_cols);
		if (form->bind(own, call, why, why_cap) == -1)
			return -1;
	}
	call->result = own->result;
	return 0;
}
