/* SPDX-License-Identifier: ISC */
/*
 * From sources to a stream: what sbatch(1) does, but for the clock, signals
 * and messages, which are the owner's.
 */
#ifndef MILLRACE_IO_INTAKE_H
#define MILLRACE_IO_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/bad.h"
#include "io/cut.h"
#include "io/emit.h"
#include "io/epochs.h"
#include "io/journal.h"
#include "io/lane.h"
#include "io/merge.h"
#include "io/pace.h"
#include "io/poller.h"
#include "io/range.h"
#include "io/share.h"
#include "io/source.h"
#include "text/text.h"

#define INTAKE_FRAME_BYTES (256u << 10) /* a frame, half a STREAM_PIPE_SIZE */
#define INTAKE_FRAME_ROWS 65536 /* where rows have few bytes or none */
#define INTAKE_RECORD_MIN (64u << 10) /* what a record may have at least */
#define INTAKE_NETWORK_MAX (64u << 20) /* bytes of unended records */
#define INTAKE_FEW 16 /* so many files at once are read in big pieces */

/*
 * A row leaves within 10 ms.  Half of them are for gathering more rows, the
 * other half for the scheduler.
 */
#define INTAKE_LINGER_US INT64_C(5000)

/*
 * How long what is there is still read after intake_stop, and for how many
 * steps at least: a process that was not run has read nothing in that time.
 */
#define INTAKE_STOP_US INT64_C(1000000)
#define INTAKE_STOP_STEPS 256

#define INTAKE_LOOK_MS 2 /* between two looks whether all is committed */

struct intake_opts {
	struct text_opts text; /* format NULL: by the sources' names */
	struct cut_opts cut;
	uint64_t n_rows; /* read no more; UINT64_MAX = all */
	uint32_t frame_rows; /* 1..FRAME_MAX_ROWS */
	const char *source_col; /* column with the source's name, or NULL */
	struct source_opts source;
	struct range range; /* rows outside are filtered */
	struct pace pace;
	bool merge; /* rows in the order of event time */
	bool cat; /* all sources are one part */
	bool schema_only; /* learn the columns, write nothing */
	const char *program; /* for the chain of stages */
	const char *name;
};

#define INTAKE_CHANGED 78 /* exit status: the pipeline is another one */

enum intake_got {
	INTAKE_FAILED = -1, /* why and status say how */
	INTAKE_DONE, /* all is read: intake_finish */
	INTAKE_MORE, /* call again */
	INTAKE_WAIT /* call again when intake_fd or intake_wait_ms say so */
};

/*
 * The owner sets o, bad and emit (by their init functions) before
 * intake_begin; it prints and resets notes (lines) after each call.
 */
struct intake {
	struct intake_opts o;
	struct bad bad;
	struct emit emit;
	struct buf notes; /* what the user should hear */
	char *why; /* of the failure; owned */
	int status; /* exit status for it, 0 = none */
	bool deserted; /* it is that nobody reads the stream any more */
	bool begun; /* the columns are known, HEAD was sent */
	struct schema schema; /* then: of the stream */
	bool endless; /* set by intake_find: a source has no end */
	bool batched; /* the same: batches of an interval, if not told */
	bool live; /* the same: some rows come when they come */
	struct epochs epochs; /* its first members are the owner's */
	/* Private. */
	struct source_list sources;
	struct lane_list all; /* every source that is not at its end */
	struct lane_list ready; /* whose turn it is, in order */
	struct lane_list queued; /* files at rest that come later */
	bool resting; /* a file at rest is being read */
	bool few; /* sources: each gets much room */
	bool parents; /* sources may come later */
	size_t record_max; /* bytes of a record from the network */
	size_t n_buffered; /* bytes held for the network */
	uint32_t n_parts; /* numbers given so far */
	size_t n_open; /* o.cat: sources in the one part */
	bool hold; /* rows wait in their lanes: o.merge or o.pace.speed */
	struct merge held;
	bool paced; /* what is at hand must not go before pace_us */
	int64_t pace_us; /* monotonic */
	struct poller poller;
	int64_t due_us; /* when to look at a waiting lane, monotonic */
	struct text *text;
	struct share share; /* its n is the owner's */
	struct lane *turn; /* who has the parser, or NULL */
	struct feed spare; /* room of a file that has ended */
	int64_t stop_us; /* when to stop; 0 = not asked to */
	uint32_t n_late; /* steps after that */
	bool resumed; /* from a commit */
	bool keeps_parts; /* what ends now does so for this start only */
	struct journal journal; /* of sources that have no lane */
	struct cut start; /* the batch that was open */
	struct buf header; /* the bytes that told the columns */
	bool header_eof; /* and that nothing came behind them */
};

void intake_init(struct intake *in);
void intake_release(struct intake *in);

/*
 * intake_find: find and check the sources that the operands name (none: the
 * standard input).  intake_begin: open them; between the two the owner may
 * settle what depends on the sources.  0 or -1.
 * intake_step: do a bounded amount of work: read, or parse and send a frame.
 * intake_stop: end an endless input with END_STOP: what is there now is the
 * last of it, but for an unterminated record and for what takes longer than
 * INTAKE_STOP_US and INTAKE_STOP_STEPS.
 * intake_finish: send what follows the last row and END; *a is the account.
 * intake_left: after it: whether the owner need not wait any longer before
 * intake_leave; else to be called again, some INTAKE_LOOK_MS later.
 * intake_leave: another start may take the checkpoint.
 * intake_abort: the stream ends by what intake_fail recorded.
 * intake_fail: record a failure of the owner; intake_deserted: that nobody
 * reads the stream any more.  They return -1.
 */
int intake_find(struct intake *in, char *operands[], size_t n);
int intake_begin(struct intake *in);
enum intake_got intake_step(struct intake *in);
void intake_stop(struct intake *in);
int intake_finish(struct intake *in, struct account *a);
bool intake_left(struct intake *in);
int intake_leave(struct intake *in);
void intake_abort(struct intake *in);
int intake_fail(struct intake *in, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int intake_deserted(struct intake *in);

/*
 * After INTAKE_WAIT: the descriptor to wait for, or -1; and the time on the
 * monotonic clock, at most until_us, when there is work in any case.
 */
int intake_fd(const struct intake *in);
int64_t intake_wait_us(const struct intake *in, int64_t until_us);

#endif
