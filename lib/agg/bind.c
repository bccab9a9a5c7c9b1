/* SPDX-License-Identifier: ISC */
/* The constants of calls, and columns behind the first.  sreduce(1). */
#include <stdio.h>
#include <string.h>

#include "agg/agg_int.h"

static int
bind_pair(struct agg_fn *f, struct expr_call *call, char *why, size_t cap)
{
	enum type t = expr_type(call->args[1]);
	struct expr_error err;

	(void)f;
	if (t == TYPE_FLOAT)
		return 0;
	if ((t == TYPE_INT || t == TYPE_STR)
	    && expr_convert(call->args[1], &err, TYPE_FLOAT) == 0)
		return 0;
	snprintf(why, cap, "%s takes two numbers, %s is %s", call->name,
	    call->arg_text[1], type_name(t));
	return -1;
}

static int
bind_by(struct agg_fn *f, struct expr_call *call, char *why, size_t cap)
{
	enum type t = expr_type(call->args[1]);

	if (expr_is_untyped(call->args[1])) {
		snprintf(why, cap,
		    "%s is text: write %s(%s, %s::float) or sbatch -c "
		    "\"*,%s:float\"",
		    call->arg_text[1], call->name, call->arg_text[0],
		    call->arg_text[1], call->arg_text[1]);
		return -1;
	}
	if (t == TYPE_BIN) {
		snprintf(why, cap, "%s goes by what has an order, %s is bin",
		    call->name, call->arg_text[1]);
		return -1;
	}
	f->kind = by_kind(
	    strcmp(f->name, "max_by") == 0, f->arg == TYPE_STR, t == TYPE_STR);
	return 0;
}

const struct agg_form bind_pair_form = {"(x, y)", 2, 2, 0, 2, bind_pair};
const struct agg_form bind_by_form = {"(x, y)", 2, 2, 0, 2, bind_by};
