/* SPDX-License-Identifier: ISC */
/* What a worker says, checked: nothing of it is believed before that. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "fan/alike.h"
#include "fan/fan_int.h"
#include "wire/rows.h"

#define MAX_ANSWER (UINT64_C(1) << 30) /* bytes that one to a frame takes */

/* The stages that the worker adds must answer frame by frame. */
static int
check_class(struct stage *st, const struct head_stage *s)
{
	if (s->cls == CLASS_FRAME)
		return 0;
	return stage_fail(st, TOOL_USAGE,
	    "%s is not frame-wise: its rows depend on frames that other "
	    "workers have; put it behind sfan (swindow: before it), or reduce "
	    "in two steps: sfan -j N -- sreduce --partial -k KEYS AGG | "
	    "sreduce --merge",
	    s->name);
}

static int
check_chain(struct fan *f, const struct worker *w, const struct head *h)
{
	const struct head *in = &f->st->in;
	size_t n = 0;

	while (n < in->n_stages && n < h->n_stages
	       && alike_stage(&in->stages[n], &h->stages[n]))
		n++;
	if (n < in->n_stages)
		return stage_fail(f->st, TOOL_USAGE,
		    "worker %u does not answer the stream it is given: it "
		    "must read standard input, such as: sfan -j 4 -- smap -w "
		    "PRED",
		    w->n);
	for (; n < h->n_stages; n++)
		if (check_class(f->st, &h->stages[n]) == -1)
			return -1;
	return 0;
}

/* What the first one says holds for all. */
static void
keep_head(struct fan *f, const struct worker *w, struct head *h)
{
	buf_put(&f->answer, w->rx.p, w->rx_h.raw_len);
	f->answer_n = w->n;
	f->n_inner = h->n_stages - f->st->in.n_stages;
	head_release(&f->inner);
	f->inner = *h;
	head_init(h);
}

static int
refuse_head(struct fan *f, const struct worker *w, const struct head *h)
{
	const struct alike is = {h, w->n}, first = {&f->inner, f->answer_n};
	char *why = alike_differs(&is, &first);

	stage_fail(f->st, TOOL_USAGE, "%s", why);
	free(why);
	return -1;
}

static int
check_head(struct fan *f, const struct worker *w, struct head *h)
{
	if (check_chain(f, w, h) == -1)
		return -1;
	if (f->answer.len == 0)
		keep_head(f, w, h);
	else if (w->rx_h.raw_len != f->answer.len
		 || memcmp(w->rx.p, f->answer.data, f->answer.len) != 0)
		return refuse_head(f, w, h);
	return 0;
}

static int
take_head(struct fan *f, struct worker *w)
{
	const struct frame_header *h = &w->rx_h;
	struct head head;
	const char *why;
	int rc;

	if (h->kind != FRAME_HEAD || h->seq != 0 || h->raw_len > HEAD_MAX_LEN)
		return worker_fail(w, "its stream does not begin with HEAD");
	if (head_read(&head, &why, w->rx.p, h->raw_len) == -1)
		rc = worker_fail(w, "%s", why);
	else
		rc = check_head(f, w, &head);
	head_release(&head);
	if (rc == 0)
		w->state = WORKER_READY;
	return rc;
}

/* Whether the frame may come next in the answer to j.  NULL, or why not. */
static const char *
wrong_header(const struct worker *w, const struct job *j)
{
	const struct frame_header *h = &w->rx_h;
	bool more = (h->flags & FRAME_MORE) != 0;
	/* The sequence that it had on the pipe of this worker. */
	uint64_t seq = w->seq - w->n_begun;
	uint64_t batch =
	    w->batch - ((w->runs[0].job->h.flags & FRAME_LAST) != 0);

	for (size_t i = 1; i < w->n_begun; i++)
		batch -= (w->runs[i].job->h.flags & FRAME_LAST) != 0;
	if (h->seq != seq || h->sub != w->n_pieces)
		return "an answer to another frame";
	if (h->batch != batch || h->part != j->h.part
	    || h->batch_us != j->h.batch_us || h->arrival_us != j->h.arrival_us)
		return "batch, part and times of another frame";
	if (h->watermark != TIME_NONE)
		return "a watermark of its own";
	if (more)
		return NULL;
	if ((h->flags & FRAME_LAST) != (j->h.flags & FRAME_LAST))
		return "another end of the batch";
	if (h->filtered < j->h.filtered || h->invalid < j->h.invalid)
		return "counts that fall";
	return NULL;
}

static void
note_time(struct fan *f, struct worker *w, const struct job *j)
{
	w->last_us = fan_clock(f) - j->handed_us;
	if (w->last_us < 0)
		w->last_us = 0;
	hand_note(f, w->last_us);
}

/* The answer is whole. */
static void
win(struct fan *f, struct worker *w)
{
	struct job *j = w->runs[0].job;

	w->n_deaths = 0;
	w->answered_at = f->n_replaced;
	w->n_frames++;
	if (j->done) {
		/* Another one was faster. */
		pieces_drop(w->pieces, w->n_pieces, &f->rooms);
	} else {
		if (j->n_runs == 1)
			note_time(f, w, j);
		else if (w->runs[0].again)
			w->n_wins++, f->n_wins++;
		job_answer(j, w->pieces, w->n_pieces);
		ledger_answer(&w->ledger, j);
	}
	w->n_pieces = 0;
	w->answered_len = 0;
	j->n_runs--;
	worker_next(w, fan_clock(f));
	job_drop(j, &f->rooms);
}

static int
take_rows(struct fan *f, struct worker *w)
{
	const struct frame_header *h = &w->rx_h;
	const char *why;

	/* The memory of a frame that is answered may be another one's. */
	if (w->n_begun == 0 || (w->n_begun == 1 && worker_is_sending(w)))
		return worker_fail(w, "an answer before it has the frame");
	why = wrong_header(w, w->runs[0].job);
	if (why == NULL)
		rows_read(&f->batch, &why, &f->inner.schema, h->rows, w->rx.p,
		    h->raw_len);
	if (why != NULL)
		return worker_fail(w, "%s", why);
	w->answered_len += sizeof(*w->pieces) + h->raw_len;
	if (w->answered_len > MAX_ANSWER)
		return worker_fail(w, "more than 1 GiB in answer to a frame");
	w->pieces = mem_grow(
	    w->pieces, &w->cap_pieces, w->n_pieces + 1, sizeof(*w->pieces));
	w->pieces[w->n_pieces++] = (struct piece){*h, w->rx};
	w->rx = (struct room){.cap = 0};
	if ((h->flags & FRAME_MORE) == 0)
		win(f, w);
	return 0;
}

/* Another try would end as this one. */
static bool
is_final(int status)
{
	return status == TOOL_USAGE || status == TOOL_DATA
	       || status == TOOL_CHANGED;
}

static int
take_fail(struct fan *f, struct worker *w)
{
	struct fail e;
	struct job *j;

	if (fail_read(&e, w->rx.p, w->rx_h.raw_len) == -1)
		return worker_fail(w, "malformed FAIL");
	worker_fail(w, "%.*s failed: %.*s", (int)e.stage_len, e.stage,
	    (int)e.text_len, e.text);
	w->fail_status = e.status;
	/* Rows are safe when it ends, but not what else it was to write. */
	if (w->n_runs == 0 && (is_final(e.status) || w->state == WORKER_ENDING))
		return stage_forward(f->st, &e);
	if (w->n_runs == 0 || !is_final(e.status))
		return -1;
	j = w->runs[0].job;
	/* Earlier frames may fail as well: the first one tells. */
	if (!j->done)
		job_fail(j, e.status, mem_strndup(e.stage, e.stage_len),
		    mem_strndup(e.text, e.text_len));
	return -1;
}

static int
take_end(struct fan *f, struct worker *w)
{
	struct end e;
	bool fits;

	if (end_read(&e, w->rx.p, w->rx_h.raw_len) == -1) {
		end_release(&e);
		return worker_fail(w, "malformed END");
	}
	fits = e.n_accounts == f->n_inner
	       && ledger_fits(&w->ledger, e.accounts, e.n_accounts);
	ledger_sum(f->sums, f->n_inner, &w->ledger, fits ? e.accounts : NULL);
	w->ledger = (struct ledger){.in = 0};
	end_release(&e);
	w->whole = true;
	w->state = WORKER_ENDED;
	return 0;
}

int
answer_take(struct fan *f, struct worker *w)
{
	int rc;

	if (w->rx_h.kind == FRAME_FAIL)
		rc = take_fail(f, w);
	else if (w->state == WORKER_STARTING)
		rc = take_head(f, w);
	else if (w->rx_h.kind == FRAME_ROWS)
		rc = take_rows(f, w);
	else if (w->rx_h.kind == FRAME_END && w->state == WORKER_ENDING
		 && w->n_runs == 0)
		rc = take_end(f, w);
	else if (w->rx_h.kind == FRAME_MARK)
		rc = worker_fail(w,
		    "it answered with a MARK frame: it begins a stream of its "
		    "own, as sbatch does, which no worker may");
	else
		rc = worker_fail(w, "it answered with a %s frame",
		    frame_kind_name(w->rx_h.kind));
	worker_took(w);
	return rc;
}
