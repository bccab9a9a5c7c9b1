/* SPDX-License-Identifier: ISC */
/* Values that depend on the rows of a key so far. */
#include "step/history.h"

#include "agg/agg.h"
#include "step/chain.h"

const struct expr_aggs history_calls = {
    .is_agg = agg_is_name,
    .check = agg_check,
};

int
history_new(struct history **h, struct step *s, const struct schema *schema,
    const struct expr_agg_list *list)
{
	(void)h;
	(void)schema;
	return step_fail(s, TOOL_USAGE,
	    "%s is an aggregate: it stands in sreduce", list->calls[0].name);
}

int
history_rows(struct history *h, struct step *s, const struct batch **b)
{
	(void)h;
	(void)s;
	(void)b;
	return 0;
}

void
history_free(struct history *h)
{
	(void)h;
}
