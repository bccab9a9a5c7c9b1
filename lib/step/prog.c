/* SPDX-License-Identifier: ISC */
/* The expressions of a step. */
#include "step/prog.h"

#include "step/history.h"

int
prog_plan(struct prog *p, struct step *s, const struct schema *schema, bool one)
{
	struct expr_error err;

	if (expr_compile_over(
		&p->list, &err, schema, &history_calls, s->source, one)
	    == -1)
		return step_fail_compile(s, &err, s->source);
	if (p->list.n_calls == 0)
		return 0;
	return history_new(&p->history, s, schema, &p->list);
}

int
prog_rows(struct prog *p, struct step *s, const struct batch **b)
{
	if (p->history == NULL)
		return 0;
	return history_rows(p->history, s, b);
}

void
prog_release(struct prog *p)
{
	history_free(p->history);
	expr_agg_list_release(&p->list);
}

void
prog_save(const struct prog *p, struct buf *out)
{
	if (p->history != NULL)
		history_save(p->history, out);
}

int
prog_load(struct prog *p, struct cur *in)
{
	return p->history == NULL ? 0 : history_load(p->history, in);
}
