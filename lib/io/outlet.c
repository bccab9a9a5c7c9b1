/* SPDX-License-Identifier: ISC */
/* The registry of outlets, and the one that is a single sink. */
#include "io/outlet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/changelog.h"
#include "io/outlet_int.h"
#include "io/outpath.h"
#include "io/outresume.h"
#include "io/sink.h"

#define ROWS_WORD "rows"

int
outlet_fail(struct outlet *t, int status, const char *fmt, ...)
{
	va_list ap;

	if (t->why != NULL)
		return -1;
	va_start(ap, fmt);
	if (vasprintf(&t->why, fmt, ap) == -1)
		t->why = mem_strdup(fmt);
	va_end(ap);
	t->status = status;
	return -1;
}

int
outlet_checked(struct outlet *t, int rc, char **why)
{
	if (rc != -1)
		return rc;
	outlet_fail(t, EX_IOERR, "%s", *why);
	free(*why);
	return -1;
}

/* A sink of one destination, which frames are rendered into as they come. */
struct single {
	struct outlet *t;
	struct sink *sink;
	bool names_due; /* with the first row */
};

static void *
single_make(struct outlet *t, char **why)
{
	struct single *s = mem_zero(1, sizeof(*s));

	(void)why;
	s->t = t;
	return s;
}

static int
single_checked(struct outlet *t, int rc)
{
	struct single *s = t->own;

	if (rc == 0)
		return 0;
	if (render_error(t->render) != NULL)
		return outlet_fail(
		    t, EX_DATAERR, "%s", render_error(t->render));
	return outlet_fail(t, EX_IOERR, "%s", sink_error(s->sink));
}

static int
single_head(struct outlet *t, const struct head *h)
{
	struct single *s = t->own;
	const char *path = t->path != NULL ? outpath_plain(t->path) : "-";
	char *why;

	s->sink = sink_open(path, t->o.on_files, &why);
	if (s->sink == NULL) {
		outlet_fail(t, EX_IOERR, "%s", why);
		free(why);
		return -1;
	}
	render_to(t->render, sink_write, s->sink);
	/* Most starts of a pipeline that resumes may have nothing new. */
	s->names_due = h->path[0] != '\0';
	return single_checked(t, s->names_due ? render_start(t->render, h)
					      : render_head(t->render, h));
}

static int
single_frame(struct outlet *t, const struct frame *f, const struct batch *b)
{
	struct single *s = t->own;

	if (s->names_due && b != NULL && b->n_rows > 0) {
		s->names_due = false;
		if (single_checked(t, render_names(t->render)) == -1)
			return -1;
	}
	return single_checked(t, render_frame(t->render, f, b));
}

static int
single_idle(struct outlet *t, int *timeout_ms)
{
	return single_checked(t, render_idle(t->render, timeout_ms));
}

static int
single_commit(struct outlet *t)
{
	struct single *s = t->own;

	if (single_checked(t, render_end(t->render)) == -1)
		return -1;
	return single_checked(t, sink_publish(s->sink));
}

static void
single_free(void *own)
{
	struct single *s = own;

	/* A stream that broke off: what came of it is shown, and a terminal
	 * is left in order. */
	render_end(s->t->render);
	sink_free(s->sink);
	free(s);
}

static const struct outlet_kind single_kind = {.make = single_make,
    .head = single_head,
    .frame = single_frame,
    .idle = single_idle,
    .commit = single_commit,
    .free = single_free};

bool
outlet_rolls(const struct outlet_roll *r)
{
	return r->len > 0 || r->rows > 0 || r->us > 0;
}

static char *
check_opts(const struct outlet_opts *o)
{
	bool to_stdout = o->dest != NULL && strcmp(o->dest, "-") == 0;

	if (o->append && o->command != NULL)
		return mem_strdup("--append does not go with --exec");
	if (o->append && to_stdout)
		return mem_strdup("--append needs a file; the shell appends "
				  "standard output: ssink >>FILE");
	if (o->append && outlet_rolls(&o->roll))
		return mem_strdup("--append does not go with --roll");
	if (outlet_rolls(&o->roll) && (o->command != NULL || to_stdout))
		return mem_strdup("--roll needs a file");
	if (o->changelog && render_keeps(o->render.format))
		return mem_printf("--changelog does not go with -f %s, which "
				  "shows changes as they are",
		    o->render.format);
	return NULL;
}

static const struct outlet_kind *
choose(const struct outlet *t)
{
	if (t->o.command != NULL)
		return &outexec_kind;
	if (t->o.append || outlet_rolls(&t->o.roll))
		return &outset_kind;
	if (t->path != NULL && outpath_plain(t->path) == NULL)
		return &outset_kind;
	return &single_kind;
}

/* Whether each batch of a complete stream has an output of its own. */
static bool
keeps_batches_apart(const struct outlet *t)
{
	if (t->o.command != NULL)
		return true;
	if (t->path == NULL || t->o.append)
		return false;
	return outpath_by_batch(t->path)
	       || (outpath_plain(t->path) != NULL && !outlet_rolls(&t->o.roll)
		   && !render_keeps(t->o.render.format));
}

struct outlet *
outlet_new(const struct outlet_opts *o, char **why)
{
	struct outlet *t;
	char *reason = NULL;

	*why = check_opts(o);
	if (*why != NULL)
		return NULL;
	t = mem_zero(1, sizeof(*t));
	t->o = *o;
	if (o->dest != NULL && strcmp(o->dest, "-") != 0)
		t->path = outpath_new(o->dest, &reason);
	if (reason != NULL) {
		*why = mem_printf("%s: %s", o->dest, reason);
		free(reason);
		outlet_free(t);
		return NULL;
	}
	t->o.render.whole = keeps_batches_apart(t);
	t->render = render_new(&t->o.render, why);
	if (t->render != NULL) {
		t->kind = choose(t);
		t->own = t->kind->make(t, why);
		if (t->own != NULL)
			return t;
	}
	outlet_free(t);
	return NULL;
}

/* The file is written anew for each batch. */
static int
begin_whole(struct outlet *t, const struct head *h)
{
	char *why;

	t->kind->free(t->own);
	t->kind = &outwhole_kind;
	t->own = t->kind->make(t, &why);
	return t->kind->head(t, h);
}

int
outlet_head(struct outlet *t, const struct head *h)
{
	char *why;
	bool whole = !t->o.changelog && h->mode == MODE_COMPLETE
		     && t->kind == &single_kind && t->o.render.whole;

	if (t->resumes && outresume_check(t, whole) == -1)
		return -1;
	if (whole)
		return begin_whole(t, h);
	if (!t->o.changelog)
		return t->kind->head(t, h);
	t->changelog = mem_zero(1, sizeof(*t->changelog));
	if (changelog_init(t->changelog, &why, h) == -1) {
		outlet_fail(t, EX_DATAERR, "%s", why);
		free(why);
		return -1;
	}
	return t->kind->head(t, &t->changelog->head);
}

int
outlet_frame(struct outlet *t, const struct frame *f, const struct batch *b)
{
	if (t->changelog != NULL && b != NULL)
		b = changelog_rows(t->changelog, f, b);
	return t->kind->frame(t, f, b);
}

int
outlet_idle(struct outlet *t, int *timeout_ms)
{
	return t->kind->idle == NULL ? 0 : t->kind->idle(t, timeout_ms);
}

int
outlet_reopen(struct outlet *t)
{
	return t->kind->reopen == NULL ? 0 : t->kind->reopen(t);
}

int
outlet_commit(struct outlet *t)
{
	return t->kind->commit == NULL ? 0 : t->kind->commit(t);
}

void
outlet_free(struct outlet *t)
{
	if (t == NULL)
		return;
	if (t->own != NULL)
		t->kind->free(t->own);
	render_free(t->render);
	outpath_free(t->path);
	if (t->changelog != NULL)
		changelog_release(t->changelog);
	free(t->changelog);
	if (t->resumes) {
		prepared_release(&t->prepared);
		appended_release(&t->appended);
	}
	free(t->why);
	free(t);
}

const char *
outlet_error(const struct outlet *t)
{
	return t->why;
}

int
outlet_status(const struct outlet *t)
{
	return t->status;
}

int
outlet_parse_roll(struct outlet_roll *roll, const char *s)
{
	size_t len = strlen(s), word = strlen(ROWS_WORD);
	int64_t rows, us;
	uint64_t bytes;

	if (len > word && strcmp(s + len - word, ROWS_WORD) == 0) {
		if (num_parse_int(&rows, s, len - word) == -1 || rows <= 0)
			return -1;
		roll->rows = (uint64_t)rows;
	} else if (num_parse_size(&bytes, s, len) == 0 && bytes > 0) {
		roll->len = bytes;
	} else if (num_parse_dur(&us, s, len) == 0 && us > 0
		   && us < INT64_MAX / 2) {
		roll->us = us;
	} else {
		return -1;
	}
	return 0;
}
