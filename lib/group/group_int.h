/* SPDX-License-Identifier: ISC */
/* What the files of lib/group share. */
#ifndef MILLRACE_GROUP_GROUP_INT_H
#define MILLRACE_GROUP_GROUP_INT_H

#include "group/group.h"
#include "group/rank.h"
#include "tool/stage.h"
#include "window/query.h"
#include "window/reduce.h"

struct group;

/*
 * A way of answering.  All but cls and rows may be NULL; each function returns
 * 0, or -1 after stage_fail.
 * plan: the input is known and g->query compiled; refuse what does not go
 *	together, set up g->way_state.
 * rows: the rows of a frame, perhaps none.  Add them by group_add; a frame
 *	with LAST must be answered by one with LAST.
 * mark: a mark, eof among them, which is forwarded afterwards.
 * release: free way_state, also after a plan that failed.
 */
struct group_way {
	enum stage_class cls;
	int (*plan)(struct stage *st, struct group *g);
	int (*rows)(struct stage *st, struct group *g, const struct frame *f,
	    struct batch *b);
	int (*mark)(
	    struct stage *st, struct group *g, const struct frame *f, bool eof);
	void (*release)(struct group *g);
};

extern const struct group_way group_window; /* each window */
extern const struct group_way group_batch; /* each batch */

/* What is known of the input, from HEAD. */
struct group_input {
	bool windowed;
	enum type bounds; /* of window_start and window_end */
	int64_t per_window; /* windows of rows: how many, else 0 */
	int pane_col; /* each a column of the input, or -1 */
	int part_col;
	int time_col;
};

struct group {
	const struct group_opts *opts;
	const struct group_way *way;
	void *way_state; /* owned by the way */
	struct stage_ops ops;
	struct group_input in;
	struct query query;
	bool ready; /* query is set up */
	size_t *session_keys; /* numbers of keys */
	struct reduce *reduce;
	struct rank rank;
	bool has_batch_time; /* a column of the output */
	uint64_t order; /* rows so far */
	struct batch out;
};

/*
 * Refusals: of an expression (what stands before the message; source NULL:
 * the message is all), and at run time.  They return -1.
 */
int group_fail_expr(struct stage *st, const char *what,
    const struct expr_error *err, const char *source);
int group_fail_run(struct stage *st, const struct expr_error *err);

/* Make the schema of the results that st->out has. */
int group_schema(struct stage *st, struct group *g);

/* Add the rows of a frame to the tables of g->reduce. */
int group_add(
    struct stage *st, struct group *g, const struct frame *f, struct batch *b);

/*
 * group_collect: add the groups of a window, or of a batch, to the results
 * that wait; where those are many, some are sent, with the watermark left as
 * it was.
 * group_flush: send them all; last closes the batch.
 * group_n_waiting: how many there are.
 */
#define GROUP_FLUSH_ROWS                                                       \
	(32u << 10) /* they should be sent before more are made */
int group_collect(
    struct stage *st, struct group *g, const struct reduce_window *w);
int group_flush(
    struct stage *st, struct group *g, int64_t watermark, bool last);
uint32_t group_n_waiting(const struct group *g);

#endif
