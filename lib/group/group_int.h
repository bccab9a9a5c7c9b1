/* SPDX-License-Identifier: ISC */
/* What the files of lib/group share. */
#ifndef MILLRACE_GROUP_GROUP_INT_H
#define MILLRACE_GROUP_GROUP_INT_H

#include "group/early.h"
#include "group/fill.h"
#include "group/fold.h"
#include "group/group.h"
#include "group/rank.h"
#include "group/update.h"
#include "tool/stage.h"
#include "window/query.h"
#include "window/reduce.h"

struct group;

/*
 * A way of answering.  What is said to be optional may be NULL; each function
 * returns 0, or -1 after stage_fail.
 * plan: the input is known and g->query compiled; refuse what does not go
 *	together, set up g->way_state.
 * rows: the rows of a frame, perhaps none.  Add them by group_add_early; a
 *	frame with LAST must be answered by one with LAST.
 * mark: a mark, eof among them, which is forwarded afterwards.  Optional.
 * add: some rows of a frame into the tables.
 * early: send the intermediate results that --early asks for.  Optional.
 * save, load: what is beside the tables of g->reduce, for a restart; load
 *	follows plan.  -1 also when it is malformed.  Both optional.
 * release: free way_state, also after a plan that failed.
 */
struct group_way {
	enum stage_class cls;
	int (*plan)(struct stage *st, struct group *g);
	int (*rows)(struct stage *st, struct group *g, const struct frame *f,
	    struct batch *b);
	int (*mark)(
	    struct stage *st, struct group *g, const struct frame *f, bool eof);
	int (*add)(struct stage *st, struct group *g, const struct frame *f,
	    struct batch *b);
	int (*early)(struct stage *st, struct group *g);
	void (*save)(struct group *g, struct buf *out);
	int (*load)(struct stage *st, struct group *g, struct cur *in);
	void (*release)(struct group *g);
};

extern const struct group_way group_partial; /* each frame, to states */
extern const struct group_way group_window; /* each window */
extern const struct group_way group_batch; /* each batch */
extern const struct group_way group_running; /* state across batches */

/* What is known of the input, from HEAD. */
struct group_input {
	bool windowed;
	enum type bounds; /* of window_start and window_end */
	int64_t per_window; /* windows of rows: how many, else 0 */
	int pane_col; /* each a column of the input, or -1 */
	int part_col;
	int time_col;
	int64_t time_off;
};

struct group {
	const struct group_opts *opts;
	const struct group_way *way;
	void *way_state; /* owned by the way */
	struct stage_ops ops;
	struct group_input in;
	struct query query;
	bool ready; /* query is set up */
	struct fold *fold; /* --fold: states in place of aggregates; or NULL */
	size_t *session_keys; /* numbers of keys */
	struct reduce *reduce;
	struct rank rank;
	enum group_emit emit;
	struct update update; /* of --emit update */
	struct early early;
	struct fill fill;
	bool has_batch_time; /* a column of the output */
	struct build kept; /* results that go out again and again */
	uint64_t order; /* rows so far */
	uint64_t order_base; /* what first and last add to it */
	uint64_t n_frames; /* so far that had rows; kept for --merge */
	size_t *loads; /* --merge: columns of the states */
	bool keeps_runs; /* those of --mem are in the directory */
	char *text; /* --partial: for the chain, in place of opts->text */
	struct batch out; /* results as rows */
	struct batch picked; /* those that go out */
};

/*
 * Refusals: of an expression (what stands before the message; source NULL:
 * the message is all), at run time, and by the tables of g->reduce.  They
 * return -1.
 */
int group_fail_expr(struct stage *st, const char *what,
    const struct expr_error *err, const char *source);
int group_fail_run(struct stage *st, const struct expr_error *err);
int group_fail_reduce(struct stage *st, const struct group *g, const char *why);

/*
 * group_check: refuse what does not go together, and settle g->emit.
 * group_schema: make the schema of the results that st->out has.
 */
int group_check(struct stage *st, struct group *g);
int group_check_partial(struct stage *st, const struct group *g);
int group_schema(struct stage *st, struct group *g);

/*
 * The state of the stage: as in struct stage_ops, arg is the group.
 * group_begin: as there: with --mem its files are in the directory.
 * group_describe_state: what it depends on, into st->keeps; all is planned.
 */
void group_describe_state(struct stage *st, const struct group *g);
void group_save(struct stage *st, void *arg, struct buf *out);
int group_load(struct stage *st, void *arg, struct cur *in);
int group_begin(struct stage *st, void *arg);

/*
 * group_partial_schema: the schema of states, and what HEAD says of them.
 * group_merge_plan: compile g->query for them from HEAD.
 */
int group_partial_schema(struct stage *st, struct group *g);
int group_merge_plan(struct stage *st, struct group *g);

/* The rows of a frame, their keys and arguments evaluated. */
struct group_rows {
	struct agg_rows rows;
	struct pane_rows in; /* borrows rows */
};

/*
 * group_times: the event times of the rows of b, without the offset, INT64_MIN
 * for none; NULL when the stream has none.
 * group_eval: evaluate the rows of b.  group_added: n rows are in the tables,
 * which now hold so many keys.
 * group_check_state: whether so many keys may be held.
 * group_add: both, into g->reduce.
 * group_add_early: by way->add, with way->early where --early asks for it.
 */
const int64_t *group_times(const struct group *g, struct batch *b);
int group_eval(struct stage *st, struct group *g, const struct frame *f,
    struct batch *b, struct group_rows *r);
int group_check_state(struct stage *st, const struct group *g, uint64_t keys);
int group_added(struct stage *st, struct group *g, uint32_t n, uint64_t keys);
int group_add(
    struct stage *st, struct group *g, const struct frame *f, struct batch *b);
int group_add_early(
    struct stage *st, struct group *g, const struct frame *f, struct batch *b);

/*
 * group_collect: add groups sel[0..n) of the table of w to the results that
 * wait; where those are many, some are sent, with the watermark left as it
 * was.  group_collect_all: all groups, in their
 * order, and those that reduce_more gives.
 * group_collect_gone: with --emit update, that these groups are no more.
 * group_keep: all groups into results that never go away, which
 * group_begin_kept makes none of.
 * group_collect_kept: add those.
 * group_relieve: between windows, when many wait: send them.
 * group_flush: send them all; last closes the batch.
 * group_n_waiting: how many there are.
 */
#define GROUP_FLUSH_ROWS                                                       \
	(32u << 10) /* they should be sent before more are made */
int group_collect(struct stage *st, struct group *g,
    const struct reduce_window *w, const uint32_t *sel, uint32_t n);
int group_collect_all(
    struct stage *st, struct group *g, const struct reduce_window *w);
void group_collect_gone(struct group *g, const struct reduce_window *w,
    const uint32_t *sel, uint32_t n);
void group_begin_kept(struct group *g);
int group_keep(
    struct stage *st, struct group *g, const struct reduce_window *w);
int group_collect_kept(struct stage *st, struct group *g);
int group_relieve(struct stage *st, struct group *g);
int group_flush(
    struct stage *st, struct group *g, int64_t watermark, bool last);
uint32_t group_n_waiting(const struct group *g);

#endif
