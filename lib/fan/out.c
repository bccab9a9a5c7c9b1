/* SPDX-License-Identifier: ISC */
/* Answers on their way out, in the order of the frames. */
#include <errno.h>
#include <string.h>

#include "base/time.h"
#include "fan/fan_int.h"
#include "wire/writer.h"

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Write the answer to j; watermark is what holds after it. */
static int
write_rows(struct fan *f, const struct job *j, int64_t watermark)
{
	struct stage *st = f->st;
	bool open = (j->h.flags & FRAME_MORE) != 0;

	for (size_t i = 0; i < j->n_pieces; i++) {
		const struct piece *p = &j->pieces[i];
		struct frame_header h = j->h;
		bool more = open || i + 1 < j->n_pieces;

		h.rows = p->h.rows;
		h.flags = more ? FRAME_MORE : j->h.flags & FRAME_LAST;
		h.watermark = more ? st->watermark : watermark;
		h.filtered = more ? 0 : p->h.filtered + f->filtered;
		h.invalid = more ? 0 : p->h.invalid + f->invalid;
		if (stream_write_payload(
			st->writer, &h, p->data.p, p->h.raw_len)
		    == -1)
			return stage_fail(st, TOOL_IO, "standard output: %s",
			    strerror(errno));
	}
	/* Counts go with the frame that ends the series. */
	f->filtered =
	    open ? f->filtered + j->pieces[j->n_pieces - 1].h.filtered : 0;
	f->invalid =
	    open ? f->invalid + j->pieces[j->n_pieces - 1].h.invalid : 0;
	if (!open)
		st->watermark = watermark;
	return 0;
}

static int
write_mark(struct fan *f, const struct job *j, int64_t watermark)
{
	struct mark m;

	if (mark_read(&m, j->data.p, j->len) == -1)
		return stage_fail(f->st, TOOL_BUG, "MARK read twice differs");
	return stage_mark(f->st, &j->h, &m, watermark);
}

/* The first frame that has failed: now its worker may say why. */
static int
fail_stage(struct fan *f, struct job_fail *e)
{
	struct fail fail = {
	    .status = e->status, .stage = e->stage, .text = e->text};

	progress_clear(&f->st->progress);
	lines_print(&e->said);
	if (e->stage == NULL)
		return stage_fail(f->st, e->status, "%s", e->text);
	fail.stage_len = strlen(e->stage);
	fail.text_len = strlen(e->text);
	return stage_forward(f->st, &fail);
}

static int
write_job(struct fan *f, struct job *j, int64_t watermark)
{
	if (j->fail.status != 0)
		return fail_stage(f, &j->fail);
	if (aside_write(&f->aside, f->st, j) == -1)
		return -1;
	return j->mark ? write_mark(f, j, watermark)
		       : write_rows(f, j, watermark);
}

static void
leave(struct fan *f, struct job *j)
{
	TAILQ_REMOVE(&f->jobs, j, link);
	f->n_jobs--;
	j->queued = false;
	job_drop(j, &f->rooms);
}

/* Whether frames behind j may go before it. */
static bool
may_pass(const struct job *j)
{
	return !j->mark && (j->h.flags & (FRAME_LAST | FRAME_MORE)) == 0;
}

/* The frame behind j, if it may go before j; else NULL. */
static struct job *
next_free(const struct job *j)
{
	struct job *next =
	    j == NULL || !may_pass(j) ? NULL : TAILQ_NEXT(j, link);

	return next != NULL && may_pass(next) ? next : NULL;
}

/* Send what is done already, whatever it stands behind. */
static int
send_early(struct fan *f)
{
	struct job *before = TAILQ_FIRST(&f->jobs), *j;

	while ((j = next_free(before)) != NULL) {
		if (!j->done || j->fail.status != 0) {
			before = j;
			continue;
		}
		/* The watermark waits for all that came before. */
		if (write_job(f, j, f->st->watermark) == -1)
			return -1;
		before->passed =
		    later(before->passed, later(j->passed, j->h.watermark));
		leave(f, j);
	}
	return 0;
}

int
out_jobs(struct fan *f)
{
	struct job *j = TAILQ_FIRST(&f->jobs);
	int rc = 0;

	fan_left(f);
	for (; rc == 0 && j != NULL && j->done; j = TAILQ_FIRST(&f->jobs)) {
		rc = write_job(f, j,
		    later(f->st->watermark, later(j->h.watermark, j->passed)));
		if (rc == 0)
			leave(f, j);
	}
	if (rc == 0 && f->o->unordered)
		rc = send_early(f);
	fan_back(f);
	return rc;
}
