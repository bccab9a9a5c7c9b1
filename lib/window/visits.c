/* SPDX-License-Identifier: ISC */
/* Sessions whose rows are held. */
#include "window/visits.h"

#include <assert.h>
#include <stdlib.h>

static struct stretch *
open_visit(void *arg)
{
	struct visit *x = mem_zero(1, sizeof(*x));

	(void)arg;
	return &x->at;
}

static int
join(void *arg, const char **why, struct stretch *to, struct stretch *from)
{
	(void)arg;
	(void)why;
	bag_join(&((struct visit *)to)->rows, &((struct visit *)from)->rows);
	return 0;
}

static void
drop(struct stretch *at)
{
	struct visit *x = (struct visit *)at;

	if (x == NULL)
		return;
	bag_release(&x->rows);
	free(x);
}

const struct stretch_owner visits_owner = {open_visit, join, drop};

void
visits_add(struct stretches *v, uint32_t key, int64_t t, int64_t part,
    uint64_t at, uint64_t order)
{
	const struct stretch row = {
	    .first_us = t, .last_us = t, .order = order};
	const char *why;
	struct stretch *x = stretches_add(v, &why, key, &row);

	/* swindow stamps no row whose session would end beyond all times. */
	assert(x != NULL);
	bag_push(&((struct visit *)x)->rows, t, part, at);
}

struct bag **
visits_bags(const struct stretches *v, size_t *n)
{
	struct stretch **all = stretches_all(v);
	struct bag **bags;

	*n = stretches_n(v);
	bags = mem_resize(NULL, *n + 1, sizeof(struct bag *));
	for (size_t i = 0; i < *n; i++)
		bags[i] = &((struct visit *)all[i])->rows;
	free(all);
	return bags;
}
