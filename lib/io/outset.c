/* SPDX-License-Identifier: ISC */
/* Outlet: rows to files by their values, rolled, appended.  ssink(1). */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/time.h"
#include "io/outdir.h"
#include "io/outgroup.h"
#include "io/outlet_int.h"
#include "io/outpath.h"
#include "io/target.h"

struct outset {
	struct outlet *t;
	struct outgroup group;
	struct targets targets;
	struct target *now; /* that is written to */
	int64_t due_us; /* when the oldest is to be rolled, monotonic */
};

static void *
set_make(struct outlet *t, char **why)
{
	struct outset *s;

	if (!render_is_lines(t->render)) {
		*why = mem_printf("-f %s goes to one file as a whole, not to "
				  "a pattern, --roll or --append",
		    t->o.render.format);
		return NULL;
	}
	s = mem_zero(1, sizeof(*s));
	s->t = t;
	targets_init(&s->targets, t);
	s->due_us = INT64_MAX;
	return s;
}

/* Takes what is rendered. */
static int
put(void *arg, const void *p, size_t len)
{
	struct outset *s = arg;

	return targets_put(&s->targets, s->now, p, len);
}

/* Asked by outgroup_rows. */
static int
find(void *arg, uint32_t *number, const char *path)
{
	struct outset *s = arg;

	return targets_find(&s->targets, number, path);
}

/* The first rows come: a file that is empty gets its names. */
static int
begin(struct outset *s, struct target *g)
{
	struct outfile_state state = {.is_empty = true};

	if (s->t->o.append && targets_open(&s->targets, g, &state) == -1)
		return -1;
	if (state.is_mended)
		s->t->o.warn(
		    "%s: its last line had no end, and got one", g->file.path);
	g->begun = true;
	g->begun_us = time_mono_us();
	if (s->t->o.roll.us > 0 && g->begun_us + s->t->o.roll.us < s->due_us)
		s->due_us = g->begun_us + s->t->o.roll.us;
	if (!state.is_empty)
		return 0;
	s->now = g;
	render_names(s->t->render);
	render_rows(s->t->render, NULL, 0, 0);
	return s->t->why != NULL ? -1 : 0;
}

/* It is complete: show it, and begin anew when more rows come. */
static int
roll(struct outset *s, struct target *g)
{
	if (targets_complete(&s->targets, g) == -1)
		return -1;
	if (s->t->resumes) {
		if (targets_prepare(&s->targets, g) == -1)
			return -1;
	} else if (targets_publish(&s->targets, g) == -1
		   || targets_sync(&s->targets, g) == -1) {
		return -1;
	}
	g->begun = false;
	g->n_rows = 0;
	g->len = 0;
	return 0;
}

/* The targets that have not begun are forgotten: groups have new files. */
static void
forget(struct outset *s)
{
	targets_forget(&s->targets);
	outgroup_reset(&s->group);
}

/* Roll what has been open for long enough. */
static int
roll_due(struct outset *s)
{
	int64_t now;

	if (s->due_us == INT64_MAX || (now = time_mono_us()) < s->due_us)
		return 0;
	s->due_us = INT64_MAX;
	for (uint32_t i = 0; i < s->targets.map.n; i++) {
		struct target *g = s->targets.all[i];
		int64_t due = g->begun_us + s->t->o.roll.us;

		if (!g->begun)
			continue;
		if (due > now)
			s->due_us = due < s->due_us ? due : s->due_us;
		else if (roll(s, g) == -1)
			return -1;
	}
	forget(s);
	return 0;
}

/* The rows sel[0..n) of the frame at hand, to as many files as it takes. */
static int
write_rows(struct outset *s, struct target *g, const uint32_t *sel, uint32_t n)
{
	const struct outlet_roll *r = &s->t->o.roll;

	while (n > 0) {
		uint64_t len = UINT64_MAX;
		uint32_t want = n, done;

		if (!g->begun && begin(s, g) == -1)
			return -1;
		if (r->rows > 0 && want > r->rows - g->n_rows)
			want = (uint32_t)(r->rows - g->n_rows);
		if (r->len > 0)
			len = g->len < r->len ? r->len - g->len : 1;
		s->now = g;
		done = render_rows(s->t->render, sel, want, len);
		if (s->t->why != NULL)
			return -1;
		g->n_rows += done;
		sel += done;
		n -= done;
		if (((r->rows > 0 && g->n_rows >= r->rows)
			|| (r->len > 0 && g->len >= r->len))
		    && roll(s, g) == -1)
			return -1;
	}
	return 0;
}

/* A file that is appended to by its plain name is there from the start. */
static int
begin_plain(struct outset *s)
{
	const char *path = outpath_plain(s->t->path);
	uint32_t i;

	if (!s->t->o.append || path == NULL)
		return 0;
	if (targets_find(&s->targets, &i, path) == -1)
		return -1;
	return begin(s, s->targets.all[i]);
}

static int
set_head(struct outlet *t, const struct head *h)
{
	struct outset *s = t->own;
	char *why;
	int status = outpath_bind(t->path, &why, &h->schema, t->o.render.zone);

	if (status != 0) {
		outlet_fail(t, status, "%s: %s", t->o.dest, why);
		free(why);
		return -1;
	}
	outgroup_init(&s->group, t->path);
	render_to(t->render, put, s);
	if (render_start(t->render, h) == -1)
		return outlet_fail(
		    t, EX_DATAERR, "%s", render_error(t->render));
	return t->resumes ? 0 : begin_plain(s);
}

static int
by_path(const void *a, const void *b)
{
	const struct target *const *x = a, *const *y = b;

	return strcmp((*x)->file.path, (*y)->file.path);
}

/*
 * Nothing is published before all files are complete and durable, so that a
 * full disk shows none of them.  Files of a directory share its fsync.
 */
static int
publish_all(struct outlet *t)
{
	struct outset *s = t->own;
	struct target **all =
	    mem_dup(s->targets.all, s->targets.map.n * sizeof(struct target *));
	size_t n = 0;
	int rc = 0;

	for (uint32_t i = 0; i < s->targets.map.n && rc == 0; i++)
		if (s->targets.all[i]->begun) {
			rc = targets_complete(&s->targets, s->targets.all[i]);
			all[n++] = s->targets.all[i];
		}
	if (n > 1)
		qsort(all, n, sizeof(struct target *), by_path);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = targets_publish(&s->targets, all[i]);
	for (size_t i = 0; i < n && rc == 0; i++)
		if ((all[i]->file.made > 0 || i + 1 == n
			|| !outdir_same(
			    all[i]->file.path, all[i + 1]->file.path))
		    && targets_sync(&s->targets, all[i]) == -1)
			rc = -1;
	free(all);
	if (rc == -1)
		return -1;
	for (uint32_t i = 0; i < s->targets.map.n; i++)
		s->targets.all[i]->begun = false;
	forget(s);
	s->due_us = INT64_MAX;
	return 0;
}

static size_t
n_begun(const struct outset *s)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->targets.map.n; i++)
		n += s->targets.all[i]->begun;
	return n;
}

/* Of a pipeline that resumes all was committed at the last barrier. */
static int
set_commit(struct outlet *t)
{
	char *why = NULL;

	if (!t->resumes)
		return publish_all(t);
	if (!t->o.append || n_begun(t->own) > 0)
		return 0;
	return outlet_checked(t, appended_end(&t->appended, &why), &why);
}

/* The epoch is complete. */
static int
set_prepare(struct outlet *t)
{
	struct outset *s = t->own;

	for (uint32_t i = 0; i < s->targets.map.n; i++) {
		struct target *g = s->targets.all[i];

		if (!g->begun)
			continue;
		if (!t->o.append) {
			if (roll(s, g) == -1)
				return -1;
			continue;
		}
		if (targets_complete(&s->targets, g) == -1
		    || targets_sync(&s->targets, g) == -1)
			return -1;
		g->begun = false;
	}
	forget(s);
	s->due_us = INT64_MAX;
	return 0;
}

/* Before rows go to files whose ends are committed, it is noted which. */
static int
note_ends(struct outset *s)
{
	struct appended *a = &s->t->appended;
	char *why = NULL;

	for (size_t i = 0; i < s->group.n_runs; i++) {
		const struct target *g = s->targets.all[s->group.runs[i].file];

		if (!g->begun
		    && outlet_checked(s->t,
			   appended_touch(
			       a, &why, g->file.path, g->file.n_trusted),
			   &why)
			   == -1)
			return -1;
	}
	return outlet_checked(s->t, appended_note(a, &why), &why);
}

static int
set_frame(struct outlet *t, const struct frame *f, const struct batch *b)
{
	struct outset *s = t->own;

	if (b != NULL) {
		if (outgroup_rows(&s->group, f, b, find, s) == -1)
			return -1;
		if (t->resumes && t->o.append && note_ends(s) == -1)
			return -1;
		render_bind(t->render, b);
		for (size_t i = 0; i < s->group.n_runs; i++) {
			const struct outgroup_run *run = &s->group.runs[i];

			if (write_rows(
				s, s->targets.all[run->file], run->sel, run->n)
			    == -1)
				return -1;
		}
	}
	if ((f->h.flags & FRAME_LAST) != 0 && outpath_by_batch(t->path)
	    && !t->resumes && publish_all(t) == -1)
		return -1;
	return roll_due(s);
}

/* What is appended shows at once; the rest only when it is complete. */
static int
set_idle(struct outlet *t, int *timeout_ms)
{
	struct outset *s = t->own;
	int64_t left;

	if (t->o.append)
		for (uint32_t i = 0; i < s->targets.map.n; i++)
			if (targets_drain(&s->targets, s->targets.all[i]) == -1)
				return -1;
	if (roll_due(s) == -1)
		return -1;
	if (s->due_us == INT64_MAX)
		return 0;
	left = (s->due_us - time_mono_us()) / 1000 + 1;
	left = left < 0 ? 0 : left < 60000 ? left : 60000;
	if (*timeout_ms == -1 || left < *timeout_ms)
		*timeout_ms = (int)left;
	return 0;
}

static int
set_reopen(struct outlet *t)
{
	if (!t->o.append)
		return 0;
	if (t->resumes) {
		t->o.warn("SIGHUP does nothing under sbatch -S; write a "
			  "{date} or an {hour} into DEST");
		return 0;
	}
	return publish_all(t) == -1 ? -1 : begin_plain(t->own);
}

static void
set_free(void *own)
{
	struct outset *s = own;

	targets_release(&s->targets);
	outgroup_release(&s->group);
	free(s);
}

const struct outlet_kind outset_kind = {.make = set_make,
    .head = set_head,
    .frame = set_frame,
    .idle = set_idle,
    .reopen = set_reopen,
    .commit = set_commit,
    .prepare = set_prepare,
    .free = set_free};
