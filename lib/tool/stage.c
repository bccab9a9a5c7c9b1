/* SPDX-License-Identifier: ISC */
/* The life of a filter.  millrace-frame(5), sections 9 and 10. */
#include "tool/stage.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/time.h"
#include "tool/accounts.h"
#include "tool/signal.h"
#include "tool/stage_int.h"
#include "wire/writer.h"

#define TICK_MS 1000 /* between two looks at the progress */

static int
on_rows(struct stage *st, const struct stage_ops *ops, void *arg,
    const struct frame *f, struct batch *b)
{
	if (stream_rows(st->reader, b) == -1)
		return stage_input_failed(st);
	if (st->in.epoch > 0 && st->acct.in_frames == st->resume.in_frames)
		st->first_batch = f->h.batch;
	st->acct.in += f->h.rows;
	st->acct.in_frames++;
	return ops->rows(st, arg, f, b);
}

static int
on_mark(struct stage *st, const struct stage_ops *ops, void *arg,
    const struct frame *f)
{
	struct mark m;

	/* The reader has checked that it can be read. */
	if (mark_read(&m, f->data, f->len) == -1)
		return stage_fail(st, TOOL_BUG, "MARK read twice differs");
	if (m.what == MARK_EOF)
		st->resume.finished = true;
	if (ops->mark != NULL)
		return ops->mark(st, arg, f, &m);
	return stage_mark(st, &f->h, &m,
	    ops->cls == CLASS_FRAME ? f->h.watermark : st->watermark);
}

static int
on_barrier(struct stage *st, const struct stage_ops *ops, void *arg,
    const struct frame *f)
{
	struct frame_header h = f->h;
	struct barrier m;

	if (st->pair != NULL)
		return stage_fail(st, TOOL_DATA,
		    "%s: a barrier came; two streams do not meet at it",
		    pair_name(st->pair, st->side));
	if (barrier_read(&m, f->data, f->len) == -1)
		return stage_fail(st, TOOL_BUG, "BARRIER read twice differs");
	if (resume_barrier(st, ops, arg, &m) == -1)
		return -1;
	h.watermark = st->watermark;
	if (st->writer != NULL
	    && stream_write_barrier(st->writer, &h, &m) == -1)
		return stage_output_failed(st);
	return 0;
}

/*
 * An account of our own that is wrong is a bug; those that came, and what came
 * of the last of them, are what the stream says.
 */
static int
check_accounts(struct stage *st)
{
	const struct head *h = &st->out;
	char *why =
	    accounts_check(&st->acct, 1, h->stages + h->n_stages - 1, 1);
	int status = TOOL_BUG;

	if (why == NULL) {
		why = accounts_check(st->end.accounts, st->end.n_accounts,
		    h->stages, h->n_stages);
		status = TOOL_IO;
	}
	if (why == NULL)
		return 0;
	stage_fail(st, status, "accounts do not add up: %s", why);
	free(why);
	return -1;
}

/* One side has ended, the other goes on. */
static int
half_end(struct stage *st, const struct frame *f)
{
	if (end_read(&st->half, f->data, f->len) == -1)
		return stage_fail(st, TOOL_BUG, "END read twice differs");
	st->side = st->side == PAIR_LEFT ? PAIR_RIGHT : PAIR_LEFT;
	return 0;
}

/* The accounts of the left stages, then of the right ones. */
static void
join_ends(struct stage *st)
{
	struct end last = st->end;
	bool left_first = st->side == PAIR_RIGHT;
	const struct end *ends[2] = {
	    left_first ? &st->half : &last, left_first ? &last : &st->half};

	st->end = (struct end){.reason = ends[0]->reason};
	if (ends[1]->reason == END_STOP)
		st->end.reason = END_STOP;
	for (int i = 0; i < 2; i++)
		for (size_t k = 0; k < ends[i]->n_accounts; k++)
			end_add(&st->end, &ends[i]->accounts[k]);
	end_release(&last);
}

static int
on_end(struct stage *st, const struct stage_ops *ops, void *arg,
    const struct frame *f)
{
	struct frame_header h = f->h;

	if (end_read(&st->end, f->data, f->len) == -1)
		return stage_fail(st, TOOL_BUG, "END read twice differs");
	if (st->pair != NULL)
		join_ends(st);
	if (ops->end != NULL && ops->end(st, arg, st->end.reason) == -1)
		return -1;
	strlcpy(st->acct.name, st->tool->name, sizeof(st->acct.name));
	resume_count_out(st);
	end_add(&st->end, &st->acct);
	progress_clear(&st->progress);
	if (check_accounts(st) == -1)
		return -1;
	if (ops->commit != NULL && ops->commit(st, arg) == -1)
		return -1;
	if (st->n_unparsed > st->resume.n_unparsed && st->tool->verbose >= 0)
		tool_warn("%llu cell%s did not read as the type wanted and "
			  "became null",
		    (unsigned long long)st->n_unparsed,
		    st->n_unparsed == 1 ? "" : "s");
	if (st->tool->verbose > 0)
		accounts_print(st->end.accounts, st->end.n_accounts);
	h.watermark = st->watermark;
	if (st->writer != NULL
	    && stream_write_end(st->writer, &h, &st->end) == -1)
		return stage_output_failed(st);
	return 0;
}

/* Who checksums wants it all the way. */
static void
checksum_too(struct stage *st)
{
	if (st->writer != NULL && stream_checks(st->reader))
		stream_writer_checksum(st->writer);
}

/* Answer one frame: 0 go on, 1 the stream has ended, -1. */
static int
on_frame(struct stage *st, const struct stage_ops *ops, void *arg,
    const struct frame *f, struct batch *b)
{
	struct fail e;

	st->now = f->h;
	checksum_too(st);
	if (ops->frame != NULL && ops->frame(st, arg, f) == -1)
		return -1;
	if (ops->cls == CLASS_FRAME && st->writer != NULL && f->h.sub == 0
	    && !ops->later)
		stream_write_seq(st->writer, f->h.seq);
	switch (f->h.kind) {
	case FRAME_ROWS:
		return on_rows(st, ops, arg, f, b);
	case FRAME_MARK:
		return on_mark(st, ops, arg, f);
	case FRAME_BARRIER:
		return on_barrier(st, ops, arg, f);
	case FRAME_END:
		if (st->pair != NULL && st->n_ended++ == 0)
			return half_end(st, f);
		return on_end(st, ops, arg, f) == -1 ? -1 : 1;
	case FRAME_FAIL:
		if (fail_read(&e, f->data, f->len) == -1)
			return stage_fail(st, TOOL_BUG, "FAIL differs");
		return stage_forward(st, &e);
	case FRAME_HEAD:
	default:
		return stage_fail(st, TOOL_BUG, "frame of kind %d", f->h.kind);
	}
}

static int
read_head(struct stage *st, struct head *h)
{
	const struct fail *f;

	head_release(h); /* it is filled anew */
	if (stream_read_head(st->reader, h) == 1) {
		checksum_too(st);
		return 0;
	}
	f = stream_reader_fail(st->reader);
	return f != NULL ? stage_forward(st, f) : stage_input_failed(st);
}

/* The HEADs of both sides; the right side's stages follow the left one's. */
static int
read_heads(struct stage *st)
{
	if (read_head(st, &st->in) == -1)
		return -1;
	head_release(&st->out);
	head_copy(&st->out, &st->in);
	if (st->pair == NULL)
		return 0;
	pair_started(st->pair, PAIR_LEFT);
	st->side = PAIR_RIGHT;
	st->reader = pair_reader(st->pair, PAIR_RIGHT);
	if (read_head(st, &st->right) == -1)
		return -1;
	pair_started(st->pair, PAIR_RIGHT);
	if (st->in.n_stages + st->right.n_stages >= HEAD_MAX_STAGES)
		return stage_fail(st, TOOL_DATA,
		    "both sides together have more than %d stages",
		    HEAD_MAX_STAGES);
	head_add_chain(&st->out, &st->right);
	return 0;
}

static int
begin(struct stage *st, const struct stage_ops *ops, void *arg)
{
	struct tool *t = st->tool;

	if (isatty(STDIN_FILENO))
		return stage_fail(st, TOOL_USAGE,
		    "stdin is a terminal; write sbatch FILE | %s, or %s <FILE "
		    "for a saved stream",
		    t->program, t->program);
	if (read_heads(st) == -1 || ops->head(st, arg) == -1)
		return -1;
	if (st->options != NULL && strlen(st->options) > HEAD_MAX_TEXT)
		return stage_fail(st, TOOL_USAGE,
		    "the options have more than %d bytes", HEAD_MAX_TEXT);
	buf_putc(&st->keeps, '\0');
	head_add_stage(&st->out, ops->cls, t->program, t->name,
	    st->options == NULL ? "" : st->options);
	if (t->schema_only)
		return 0;
	if (resume_begin(st, ops, arg) == -1)
		return -1;
	if (ops->begin != NULL && ops->begin(st, arg) == -1)
		return -1;
	/*
	 * Signals are drained only where the one before us stops, too; who has
	 * seen HEAD may send one.
	 */
	if (io_flows(STDIN_FILENO))
		tool_drain(t);
	if (st->writer != NULL && stream_write_head(st->writer, &st->out) == -1)
		return stage_output_failed(st);
	return 0;
}

/* Take up the side whose turn it is. */
static void
choose(struct stage *st, const struct stage_ops *ops, void *arg)
{
	if (st->pair == NULL)
		return;
	if (st->n_ended == 0)
		st->side = ops->choose(arg);
	st->reader = pair_reader(st->pair, st->side);
}

/* Read a frame; before waiting for one, let the stage send what it holds. */
static int
next_frame(
    struct stage *st, const struct stage_ops *ops, void *arg, struct frame *f)
{
	struct progress_now now = {.rows = st->acct.in,
	    .batch = st->now.batch,
	    .watermark = st->now.watermark};
	int timeout_ms = -1;

	choose(st, ops, arg);
	progress_tick(&st->progress, &now);
	if (ops->idle != NULL && !stream_ready(st->reader)
	    && ops->idle(st, arg, &timeout_ms) == -1)
		return -1;
	if (st->progress.live && (timeout_ms == -1 || timeout_ms > TICK_MS))
		timeout_ms = TICK_MS;
	return stream_read(st->reader, f, timeout_ms);
}

static int
loop(struct stage *st, const struct stage_ops *ops, void *arg)
{
	struct batch b;
	struct frame f;
	int rc = 0;

	batch_init(&b);
	while (rc == 0) {
		rc = next_frame(st, ops, arg, &f);
		if (rc == 1)
			rc = on_frame(st, ops, arg, &f, &b);
		else if (rc == -1)
			stage_input_failed(
			    st); /* unless the stage failed first */
		else
			rc = 0;
	}
	batch_release(&b);
	return rc == 1 ? 0 : -1;
}

static void
open_readers(struct stage *st)
{
	int out_fd = st->elsewhere ? -1 : STDOUT_FILENO;

	if (st->pair == NULL) {
		st->reader = stream_reader_new(STDIN_FILENO, out_fd);
		return;
	}
	pair_begin(st->pair, out_fd);
	st->reader = pair_reader(st->pair, PAIR_LEFT);
}

static void
release(struct stage *st)
{
	head_release(&st->in);
	head_release(&st->right);
	head_release(&st->out);
	end_release(&st->half);
	end_release(&st->end);
	if (st->pair == NULL)
		stream_reader_free(st->reader);
	stream_writer_free(st->writer);
	resume_release(st);
	buf_release(&st->keeps);
	free(st->why);
}

int
stage_run(
    struct stage *st, struct tool *t, const struct stage_ops *ops, void *arg)
{
	int rc, status;

	st->tool = t;
	st->watermark = TIME_NONE;
	st->now.watermark = TIME_NONE;
	checkpoint_init(&st->resume.dir);
	progress_init(&st->progress, t);
	tool_status_signal();
	head_init(&st->in);
	head_init(&st->right);
	head_init(&st->out);
	if (!st->sink && !t->schema_only)
		tool_show(t);
	open_readers(st);
	if (!st->sink)
		st->writer = stream_writer_new(STDOUT_FILENO, 0);
	rc = begin(st, ops, arg);
	if (rc == 0 && t->schema_only)
		rc = tool_print_schema(&st->out.schema) == -1
			 ? stage_output_failed(st)
			 : 0;
	else if (rc == 0)
		rc = loop(st, ops, arg);
	if (rc == -1)
		stage_report(st);
	status = st->status;
	release(st);
	return rc == -1 ? status : TOOL_OK;
}
