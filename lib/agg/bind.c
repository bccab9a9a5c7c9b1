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

const struct agg_form bind_pair_form = {"(x, y)", 2, 2, 0, 2, bind_pair};
