/* SPDX-License-Identifier: ISC */
/* What the stage that joins streams knows. */
#ifndef MILLRACE_JOIN_STREAMS_INT_H
#define MILLRACE_JOIN_STREAMS_INT_H

#include "data/batch.h"
#include "join/cogroup.h"
#include "join/match.h"
#include "join/streams.h"
#include "tool/stage.h"

/* One side, by enum plan_side. */
struct streams_side {
	const char *name; /* for messages */
	const struct head *head; /* with --sources that of both */
	int time_col; /* of the input, or -1 */
	int pane_col;
	uint64_t batches; /* that are complete */
	bool eof;
	const char *source; /* --sources: whose rows; owned by streams */
	size_t source_len;
	size_t width; /* plan_width of the widest frame so far */
	uint64_t n_rows; /* so far */
};

struct streams {
	const struct streams_opts *o;
	struct stage *st;
	struct plan plan;
	bool planned;
	enum match_way way;
	struct match *match;
	struct cogroup *cogroup; /* or NULL */
	struct streams_side side[2];
	char *sources; /* owned: the names */
	int source_col; /* --sources, or -1 */
	bool with_window; /* window_start and window_end come out */
	bool by_side; /* a union by batch: each side is a part */
	struct frame_header now; /* the last one of the left side */
	bool has_now;
	bool opened; /* the parts were announced */
	bool ended; /* everything has come out, MARK eof was sent */
	uint64_t batch; /* the batch at hand, by batch */
	struct batch part; /* --sources: the rows of one side */
	struct batch views[2];
	struct batch gathered;
	struct batch out;
};

/*
 * Give the pairs at hand, and forget them.  0, or -1 after stage_fail.
 * streams_answer: the last frame has the watermark and, with last, closes the
 * batch.  streams_give: more will follow; arg is the struct streams.
 * streams_heartbeat: nothing came out, but time has gone on.
 */
int streams_answer(struct streams *s, int64_t watermark, bool last);
int streams_give(void *arg);
int streams_heartbeat(struct streams *s, int64_t watermark);

/* Fail with what an expression says.  Returns -1. */
int streams_fail_expr(struct stage *st, const struct expr_error *err);

/* Give the cogroups of the rows of one window or batch.  0, or -1. */
int streams_cogroup(void *arg);

/* HEAD of both sides is known: refuse or plan.  0, or -1 after stage_fail. */
int streams_head(struct stage *st, struct streams *s);

#endif
