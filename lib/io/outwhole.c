/* SPDX-License-Identifier: ISC */
/*
 * Outlet: a file that each batch replaces, for streams whose batches are each
 * the whole result.  ssink(1), MODES.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "io/outlet_int.h"
#include "io/outpath.h"
#include "io/sink.h"
#include "wire/mode.h"

struct outwhole {
	const struct head *head;
	/* Of the batch at hand, or NULL. */
	struct render *render;
	struct sink *sink;
	struct mode_batches batches;
};

static void *
whole_make(struct outlet *t, char **why)
{
	(void)t;
	(void)why;
	return mem_zero(1, sizeof(struct outwhole));
}

static int
whole_head(struct outlet *t, const struct head *h)
{
	struct outwhole *w = t->own;

	w->head = h;
	/* Only to learn whether the format can show such a stream. */
	if (render_start(t->render, h) == -1)
		return outlet_fail(
		    t, EX_DATAERR, "%s", render_error(t->render));
	return 0;
}

static int
fail(struct outlet *t, int status, char *why)
{
	outlet_fail(t, status, "%s", why);
	free(why);
	return -1;
}

static int
begin(struct outlet *t, struct outwhole *w)
{
	const char *path = outpath_plain(t->path);
	char *why, *real = realpath(path, NULL);

	if (t->resumes) {
		const char *at = real != NULL ? real : path;
		int rc = prepared_note(&t->prepared, &why, at, strlen(at));

		if (outlet_checked(t, rc, &why) == -1) {
			free(real);
			return -1;
		}
	}
	free(real);
	w->sink = sink_open(path, t->o.on_files, &why);
	if (w->sink == NULL)
		return fail(t, EX_IOERR, why);
	/* The same options made one before, so that it cannot fail. */
	w->render = render_new(&t->o.render, &why);
	if (w->render == NULL)
		return fail(t, EX_SOFTWARE, why);
	render_to(w->render, sink_write, w->sink);
	return render_head(w->render, w->head);
}

static void
drop(struct outwhole *w)
{
	render_free(w->render);
	sink_free(w->sink);
	w->render = NULL;
	w->sink = NULL;
}

/* The newest result is what a barrier makes visible. */
static int
keep(struct outlet *t, struct outwhole *w)
{
	char *temp, *path;

	if (sink_prepare(w->sink, &temp, &path) == -1)
		return -1;
	prepared_discard(&t->prepared);
	if (temp != NULL)
		prepared_add(&t->prepared, temp, path, strlen(path), false);
	free(temp);
	free(path);
	return 0;
}

static int
whole_prepare(struct outlet *t)
{
	const struct outwhole *w = t->own;

	if (w->sink == NULL)
		return 0;
	return outlet_fail(t, EX_DATAERR,
	    "stdin: an epoch that ends inside of a result; write sbatch -i or "
	    "--batch-rows");
}

static int
whole_frame(struct outlet *t, const struct frame *f, const struct batch *b)
{
	struct outwhole *w = t->own;
	bool closes = mode_closes(&w->batches, f);
	int rc = 0;

	if (!closes && (b == NULL || b->n_rows == 0))
		return 0;
	if (w->sink == NULL)
		rc = begin(t, w);
	if (rc == 0)
		rc = render_frame(w->render, f, b);
	if (rc == 0 && closes) {
		rc = render_end(w->render);
		if (rc == 0)
			rc = t->resumes ? keep(t, w) : sink_publish(w->sink);
		if (rc == 0)
			drop(w);
	}
	if (rc == 0)
		return 0;
	return w->sink == NULL
		   ? -1
		   : outlet_fail(t, EX_IOERR, "%s", sink_error(w->sink));
}

static void
whole_free(void *own)
{
	struct outwhole *w = own;

	drop(w);
	free(w);
}

const struct outlet_kind outwhole_kind = {.make = whole_make,
    .head = whole_head,
    .frame = whole_frame,
    .prepare = whole_prepare,
    .free = whole_free};
