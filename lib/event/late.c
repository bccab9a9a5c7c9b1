/* SPDX-License-Identifier: ISC */
/* Late rows: swindow --late-to and --max-late. */
#include "event/late.h"

void
late_init(struct late *l)
{
	*l = (struct late){.max = -1, .max_share = 2};
	sidestream_init(&l->to, "--late-to", CLASS_STATEFUL);
	batch_init(&l->rows);
}

void
late_release(struct late *l)
{
	sidestream_release(&l->to);
	batch_release(&l->rows);
}

static int
save(struct late *l, struct stage *st, const struct batch *b,
    const struct stamped *s)
{
	if (l->to.path == NULL || s->n_late == 0)
		return 0;
	batch_gather(&l->rows, b, s->late, s->n_late);
	/* What swindow has added is not theirs. */
	l->rows.n_cols = st->in.schema.n;
	return sidestream_rows(&l->to, st, &st->now, &l->rows);
}

static int
check_share(const struct late *l, struct stage *st)
{
	if ((double)st->acct.late <= l->max_share * (double)st->acct.in)
		return 0;
	return stage_fail(st, TOOL_DATA,
	    "%ju of %ju rows late, more than --max-late %g%%",
	    (uintmax_t)st->acct.late, (uintmax_t)st->acct.in,
	    l->max_share * 100);
}

int
late_rows(struct late *l, struct stage *st, const struct batch *b,
    const struct stamped *s, bool last)
{
	if (save(l, st, b, s) == -1)
		return -1;
	if (l->max >= 0 && st->acct.late > (uint64_t)l->max)
		return stage_fail(st, TOOL_DATA,
		    "%ju rows late, more than --max-late %jd",
		    (uintmax_t)st->acct.late, (intmax_t)l->max);
	return last && st->in.many ? check_share(l, st) : 0;
}

int
late_end(struct late *l, struct stage *st, enum end_reason reason)
{
	return check_share(l, st) == -1 ? -1
					: sidestream_end(&l->to, st, reason);
}
