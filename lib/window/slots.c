/* SPDX-License-Identifier: ISC */
/* Single groups without tables. */
#include "window/slots.h"

#include <stdlib.h>

void
slots_init(struct slots *s, const struct pane_plan *plan)
{
	*s = (struct slots){.plan = plan};
	s->sets = mem_resize(NULL, plan->n_states, sizeof(*s->sets));
	for (size_t i = 0; i < plan->n_states; i++)
		agg_set_init(&s->sets[i], plan->states[i]);
}

void
slots_release(struct slots *s)
{
	for (size_t i = 0; s->plan != NULL && i < s->plan->n_states; i++)
		agg_set_release(&s->sets[i]);
	free(s->sets);
	free(s->free);
}

uint32_t
slots_take(struct slots *s)
{
	if (s->n_free > 0)
		return s->free[--s->n_free];
	for (size_t i = 0; i < s->plan->n_states; i++)
		agg_set_grow(&s->sets[i], s->n + 1);
	return s->n++;
}

static void
give_back(struct slots *s, uint32_t slot)
{
	s->free =
	    mem_grow(s->free, &s->cap_free, s->n_free + 1, sizeof(*s->free));
	s->free[s->n_free++] = slot;
}

static void
drop(struct slots *s, uint32_t slot)
{
	for (size_t i = 0; i < s->plan->n_states; i++)
		agg_clear(&s->sets[i], slot);
	give_back(s, slot);
}

int
slots_add(struct slots *s, uint32_t slot, const char **why,
    const struct pane_rows *in, const uint32_t *sel, uint32_t n)
{
	struct agg_rows rows = *in->rows;

	rows.n = n;
	rows.sel = sel;
	rows.group = NULL;
	rows.one = slot;
	for (size_t i = 0; i < s->plan->n_states; i++)
		if (agg_update(&s->sets[i], why, &rows, in->args[i]) == -1)
			return -1;
	return 0;
}

int
slots_merge(struct slots *s, uint32_t slot, const char **why, uint32_t from)
{
	for (size_t i = 0; i < s->plan->n_states; i++)
		if (agg_merge_one(&s->sets[i], slot, why, &s->sets[i], from)
		    == -1)
			return -1;
	drop(s, from);
	return 0;
}

void
slots_move(struct slots *s, uint32_t slot, struct pane *p)
{
	for (size_t i = 0; i < s->plan->n_states; i++) {
		agg_set_grow(&p->sets[i], 1);
		agg_move(&p->sets[i], 0, &s->sets[i], slot);
	}
	give_back(s, slot);
}

void
slots_save(const struct slots *s, uint32_t slot, struct buf *out)
{
	for (size_t i = 0; i < s->plan->n_states; i++)
		agg_save(out, &s->sets[i], slot);
}

int
slots_load(struct slots *s, uint32_t slot, struct cur *in)
{
	for (size_t i = 0; i < s->plan->n_states; i++)
		if (agg_load(&s->sets[i], slot, in) == -1)
			return -1;
	return 0;
}
