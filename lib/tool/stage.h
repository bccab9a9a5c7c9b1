/* SPDX-License-Identifier: ISC */
/*
 * The life of a filter: read HEAD, answer, forward, account, end.  A command
 * gives the functions that differ; stage_run does what is the same for all.
 * millrace-frame(5), sections 9 and 10.
 */
#ifndef MILLRACE_TOOL_STAGE_H
#define MILLRACE_TOOL_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tool/pair.h"
#include "tool/progress.h"
#include "tool/resume.h"
#include "tool/tool.h"
#include "wire/stream.h"

struct stage;

/*
 * Each function returns 0, or -1 after stage_fail.
 * head: st->in is known.  Refuse what the command cannot work on; make
 *	st->out (a copy of st->in until then) what will be written; stage_run
 *	then adds this stage to its chain, with cls and st->options.  What
 *	save() depends on beside version, as keys and the types of columns,
 *	but not what only its answers depend on, goes into st->keeps as text:
 *	load() gets a state only where that is the same.
 * begin: the directory of a pipeline that resumes is open, what was saved has
 *	been loaded and published, and frames come next.  May be NULL.
 * rows: the rows of frame f, in b.  Used, filtered, late and invalid rows are
 *	added to st->acct (in and out are counted by stage_run).  A frame-wise
 *	stage answers by stage_answer with at least one frame, others by
 *	stage_emit as often as they like; see below for who sends LAST.
 * mark: an open, close, heartbeat or eof; NULL forwards it as it is.  A stage
 *	with its own function, as with a pair, forwards by stage_mark.
 * end: END arrived, of a pair the second one; what it emits still precedes
 *	END.  May be NULL.
 * commit: all is well, accounts included, and END goes out next: make the
 *	output visible.  May be NULL.
 * frame: each frame after HEAD as it was read, FAIL included, before the
 *	function of its kind.  May be NULL.
 * choose: of a pair, whose next frame is to be answered while neither side has
 *	ended.  NULL without a pair.
 * idle: no further frame is ready, so that what was held back goes out now.
 *	*timeout_ms, -1 when called, becomes the time after which to be
 *	called again though no frame came.  May be NULL.
 * save: append the state that a restart needs, as of a barrier; what cannot
 *	wait for another one goes out by stage_emit first.  A sink makes the
 *	epoch's output durable, but does not show it.
 * load: take such a state up; head came before.  -1 after stage_fail, or when
 *	it is malformed.  Both may be NULL where nothing is kept.
 * version: of that state.
 * publish (sinks): show the output of the last state saved or loaded.  It may
 *	have been shown already, all or in part.  May be NULL.
 * later: frame-wise, but frames are read before earlier ones are answered;
 *	the stage writes the answers itself, in their order, to st->writer.
 * account: make *a, a copy of st->acct, the account as of a barrier, where the
 *	stage sets st->acct only at the end.  May be NULL.
 * no_resume: why there is no state that could be saved, or NULL.
 */
struct stage_ops {
	enum stage_class cls;
	int (*head)(struct stage *st, void *arg);
	int (*begin)(struct stage *st, void *arg);
	int (*rows)(struct stage *st, void *arg, const struct frame *f,
	    struct batch *b);
	int (*mark)(struct stage *st, void *arg, const struct frame *f,
	    const struct mark *m);
	int (*end)(struct stage *st, void *arg, enum end_reason reason);
	int (*commit)(struct stage *st, void *arg);
	int (*frame)(struct stage *st, void *arg, const struct frame *f);
	int (*idle)(struct stage *st, void *arg, int *timeout_ms);
	enum pair_side (*choose)(void *arg);
	void (*save)(struct stage *st, void *arg, struct buf *out);
	int (*load)(struct stage *st, void *arg, struct cur *in);
	uint32_t version;
	bool later;
	int (*publish)(struct stage *st, void *arg);
	void (*account)(
	    const struct stage *st, const void *arg, struct account *a);
	const char *no_resume;
};

struct stage {
	struct tool *tool;
	const char *options; /* for the chain in HEAD; set by head() */
	struct buf keeps; /* text: what save() depends on; by head() */
	bool sink; /* set before stage_run: stdout is no stream */
	bool elsewhere; /* so is this: nothing is written to stdout at all */
	struct pair *pair; /* two inputs, borrowed; set before; or NULL */
	struct head in;
	struct head right; /* of a pair */
	struct head out; /* a pair's has the stages of both */
	struct stream_reader *reader;
	struct stream_writer *writer; /* NULL for a sink */
	struct account acct;
	struct end end; /* END as read, once it came */
	int64_t watermark; /* last written, or TIME_NONE */
	struct frame_header now; /* the frame being answered */
	enum pair_side side; /* where that came from; left without a pair */
	uint64_t batch; /* being written */
	uint64_t first_batch; /* that came; 0 unless the pipeline resumes */
	uint64_t n_unparsed; /* cells that a conversion made null */
	/* Private. */
	struct end half; /* of a pair: END of the side that ended first */
	int n_ended; /* sides */
	struct progress progress;
	struct resume resume;
	char *why;
	int status;
	bool failed;
	bool deserted; /* nobody reads stdout any more */
	bool forwarded; /* why came as FAIL from upstream */
};

/*
 * Run the filter from stdin to stdout.  Returns the exit status, having
 * printed the one message there is to print.
 */
int stage_run(
    struct stage *st, struct tool *t, const struct stage_ops *ops, void *arg);

/*
 * stage_answer (frame-wise): the rows that answer the current frame.  Its
 * seq, part, batch, times, LAST and watermark are copied; with more set the
 * frame has MORE, the previous watermark, no LAST and no counts.
 * filtered and invalid go into the frame header.
 * stage_emit (others): rows, or none, with the current frame's batch and
 * times.  watermark is what holds after these rows (never below the last one
 * written); of several frames that answer one, only the last raises it, and
 * only it has last, which closes the batch.  A stage answers every frame that
 * has LAST with one that has last, and may stay silent on others; one that
 * cuts batches of its own answers the LAST behind MARK(eof).
 * stage_mark: forward a mark with watermark.
 * Each returns 0, or -1 with the failure recorded.
 */
int stage_answer(struct stage *st, const struct batch *b, bool more,
    uint64_t filtered, uint64_t invalid);
int stage_emit(struct stage *st, const struct batch *b, uint32_t part,
    int64_t watermark, bool last);
int stage_mark(struct stage *st, const struct frame_header *h,
    const struct mark *m, int64_t watermark);

/*
 * Record the one failure: exit status and message; that what reads stdout has
 * gone; or one that another stage has told of, which goes on downstream now.
 * Return -1.
 */
int stage_deserted(struct stage *st);
int stage_forward(struct stage *st, const struct fail *f);
int stage_fail(struct stage *st, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
