/* SPDX-License-Identifier: ISC */
/* The join of a stream with a table as a stage. */
#include "join/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "join/cogroup.h"
#include "join/table.h"
#include "join/tablejoin.h"
#include "tool/stage.h"

#define COGROUP_STEP (64u << 10) /* rows of the table at a time */

struct run {
	const struct tables_opts *o;
	struct stage_ops ops;
	bool planned;
	struct plan plan;
	struct table table;
	struct tablejoin *join;
	struct stat read; /* of the file, before it was read */
	bool begun; /* a union has sent the table */
	struct cogroup *cogroup;
	uint64_t n_rows; /* of a cogroup's batch */
	bool answered; /* that batch, at the end of the data */
	bool rested; /* rows without a match were given, at its end */
	uint8_t digest[SHA256_LEN]; /* of the table, behind sbatch -S */
};

static int
fail_run(struct stage *st, const struct expr_error *err)
{
	return stage_fail(st, TOOL_DATA, "%s", err->text);
}

/* Whether more is kept of the table than the rows of one frame ask for. */
static bool
keeps_table(const struct run *r)
{
	return r->ops.cls != CLASS_FRAME;
}

static void
describe_state(struct stage *st, const struct run *r)
{
	if (!keeps_table(r))
		return;
	buf_printf(&st->keeps, "%s of ", r->o->words);
	schema_put_types(&st->keeps, &st->in.schema);
}

/* What makes rows of its own that no frame of the stream asked for. */
static int
check_rest(struct stage *st, const struct run *r)
{
	const struct tables_opts *o = r->o;

	if (st->in.window.kind != WINDOW_NONE)
		return stage_fail(st, TOOL_USAGE,
		    "%s: the rows of a table are in no window; join before "
		    "swindow",
		    o->kind);
	if (st->in.endless && o->plan.kind != PLAN_UNION)
		return stage_fail(st, TOOL_USAGE,
		    "%s: what never matched is known at the end, which this "
		    "stream does not have",
		    o->kind);
	return 0;
}

static int
check_input(struct stage *st, struct run *r)
{
	const struct head *in = &st->in;
	enum plan_kind kind = r->o->plan.kind;
	bool rest =
	    kind == PLAN_RIGHT || kind == PLAN_FULL || kind == PLAN_UNION;

	if (in->mode != MODE_APPEND)
		return stage_fail(st, TOOL_DATA,
		    "the input changes rows it has sent; only rows that stay "
		    "can be joined");
	if (in->n_partials > 0)
		return stage_fail(st, TOOL_DATA,
		    "the input has partial states; put sreduce --merge "
		    "before");
	if (r->o->asof && in->schema.time_col == -1)
		return stage_fail(st, TOOL_USAGE,
		    "--asof needs an event time: say sbatch -t COL");
	if (rest || r->o->reload)
		r->ops.cls = CLASS_STATEFUL;
	if (kind == PLAN_COGROUP)
		r->ops.cls = CLASS_BATCH;
	if (kind == PLAN_COGROUP && in->window.kind != WINDOW_NONE)
		return stage_fail(st, TOOL_USAGE,
		    "--cogroup: with a table it is of batches, not of "
		    "windows");
	return rest ? check_rest(st, r) : 0;
}

/* The rows of the file into t, which is all zero. */
static int
read_table(struct stage *st, struct run *r, struct table *t)
{
	struct tablefile *f = &t->file;

	t->asof = r->o->asof;
	/* Before it is read: what changes meanwhile is seen next time. */
	if (r->o->reload && stat(r->o->right, &r->read) == -1)
		return stage_fail(
		    st, TOOL_NOSOURCE, "%s: %s", r->o->right, strerror(errno));
	if (tablefile_read(f, r->o->right, &r->o->text) == -1)
		return stage_fail(st, f->status, "%s", f->why);
	if (st->tool->verbose >= 0)
		tool_notes(&f->notes);
	if (t->asof && f->schema.time_col == -1)
		return stage_fail(st, TOOL_USAGE,
		    "--asof needs the times of %s: say -t COL", r->o->right);
	return 0;
}

static int
index_table(struct stage *st, struct run *r, struct table *t)
{
	struct expr_error err = {.at = 0};

	if (table_index(t, &err, &r->plan) == -1)
		return fail_run(st, &err);
	st->n_unparsed += t->n_unparsed;
	return 0;
}

static int
on_head(struct stage *st, void *arg)
{
	struct run *r = arg;
	char *why = NULL;

	st->options = r->o->words;
	if (check_input(st, r) == -1 || read_table(st, r, &r->table) == -1)
		return -1;
	if (r->o->reload)
		r->ops.no_resume = "which rows met which table could not be "
				   "repeated; leave --reload out";
	describe_state(st, r);
	if (resume_applies(st))
		tablefile_digest(&r->table.file, r->digest);
	schema_release(&st->out.schema);
	schema_init(&st->out.schema);
	r->planned = true;
	if (plan_init(&r->plan, &why, &st->out.schema, &r->o->plan,
		&st->in.schema, &r->table.file.schema)
	    == -1) {
		stage_fail(st, TOOL_USAGE, "%s", why);
		free(why);
		return -1;
	}
	if (r->o->plan.kind == PLAN_COGROUP) {
		build_view(&r->table.rows, &r->table.file.rows);
		r->cogroup = cogroup_new(
		    &r->plan, &st->in.schema, &r->table.file.schema);
		return 0;
	}
	if (index_table(st, r, &r->table) == -1)
		return -1;
	r->join = tablejoin_new(&r->plan, &r->table);
	r->join->time_col = st->in.schema.time_col;
	r->join->time_off = st->in.schema.time_off;
	r->join->within_us = r->o->within_us;
	return 0;
}

static bool
same_columns(const struct schema *a, const struct schema *b)
{
	if (a->n != b->n || a->time_col != b->time_col
	    || a->time_off != b->time_off)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->fields[i].type != b->fields[i].type
		    || strcmp(a->fields[i].name, b->fields[i].name) != 0)
			return false;
	return true;
}

/* The rows of the table into the cogroup, a part of them at a time. */
static int
cogroup_table(struct stage *st, struct run *r)
{
	struct expr_env env = {.batch_us = st->now.batch_us};
	const struct batch *all = &r->table.rows;
	struct expr_error err = {.at = 0};
	struct batch part;
	uint64_t n;
	int rc = 0;

	batch_init(&part);
	for (uint32_t at = 0; rc == 0 && at < all->n_rows; at += part.n_rows) {
		batch_reset(&part, all->n_cols);
		part.n_rows = all->n_rows - at;
		if (part.n_rows > COGROUP_STEP)
			part.n_rows = COGROUP_STEP;
		for (size_t c = 0; c < all->n_cols; c++)
			col_slice(
			    &part.cols[c], &all->cols[c], at, part.n_rows);
		rc = cogroup_add(r->cogroup, &n, &err, PLAN_R, &part, &env);
	}
	batch_release(&part);
	return rc == -1 ? fail_run(st, &err) : 0;
}

/*
 * Answer the batch.  The empty one that is left when the data end just behind
 * another is nobody's.
 */
static int
close_cogroup(struct stage *st, struct run *r, bool last)
{
	bool left_over = !last && st->batch > 0 && r->n_rows == 0;
	const struct batch *b;
	struct expr_error err = {.at = 0};
	int more, rc;

	if (!r->answered && !left_over && cogroup_table(st, r) == -1)
		return -1;
	do {
		more = cogroup_next(r->cogroup, &b, &err);
		if (more == -1)
			return fail_run(st, &err);
		rc = stage_emit(st, b, 0,
		    more ? st->watermark : st->now.watermark, last && !more);
	} while (more && rc == 0);
	cogroup_reset(r->cogroup);
	r->answered = !last;
	r->n_rows = 0;
	return rc;
}

static int
cogroup_rows(struct stage *st, struct run *r, const struct batch *b, bool last)
{
	struct expr_env env = {.batch_us = st->now.batch_us};
	struct expr_error err = {.at = 0};
	uint64_t n_taken;

	if (b->n_rows > 0 && r->answered)
		return stage_fail(
		    st, TOOL_DATA, "rows came after the end of the data");
	if (cogroup_add(r->cogroup, &n_taken, &err, PLAN_L, b, &env) == -1)
		return fail_run(st, &err);
	r->n_rows += b->n_rows;
	st->acct.used += n_taken;
	st->acct.filtered += b->n_rows - n_taken;
	st->n_unparsed += env.n_unparsed;
	return last ? close_cogroup(st, r, true) : 0;
}

/* Read the table again if there is another one by its name. */
static int
reload(struct stage *st, struct run *r)
{
	struct table t = {.begin = NULL};
	const struct stat *old = &r->read;
	struct stat now;
	int rc;

	/* While it is being replaced there may be none. */
	if (stat(r->o->right, &now) == -1
	    || (now.st_dev == old->st_dev && now.st_ino == old->st_ino
		&& now.st_size == old->st_size
		&& now.st_mtim.tv_sec == old->st_mtim.tv_sec
		&& now.st_mtim.tv_nsec == old->st_mtim.tv_nsec))
		return 0;
	rc = read_table(st, r, &t);
	if (rc == 0 && !same_columns(&t.file.schema, &r->table.file.schema))
		rc = stage_fail(st, TOOL_DATA,
		    "%s: its columns are others than before", r->o->right);
	if (rc == 0)
		rc = index_table(st, r, &t);
	if (rc == -1) {
		table_release(&t);
		return -1;
	}
	table_release(&r->table);
	r->table = t;
	return 0;
}

/* Write the pieces of a frame, or of rows of the table. */
static int
write_pieces(struct stage *st, struct run *r, bool last, uint64_t filtered)
{
	const struct batch *b;
	struct expr_error err = {.at = 0};
	int more, rc;

	do {
		more = tablejoin_next(r->join, &b, &err);
		if (more == -1)
			return fail_run(st, &err);
		if (r->ops.cls == CLASS_FRAME)
			rc = stage_answer(st, b, more, filtered, 0);
		else
			rc = stage_emit(st, b,
			    st->now.kind == FRAME_ROWS ? st->now.part : 0,
			    more ? st->watermark : st->now.watermark,
			    last && !more);
	} while (more && rc == 0);
	return rc;
}

/* A union begins with the rows of the table. */
static int
begin_union(struct stage *st, struct run *r)
{
	if (r->o->plan.kind != PLAN_UNION || r->begun)
		return 0;
	r->begun = true;
	tablejoin_rest(r->join);
	return write_pieces(st, r, false, 0);
}

static int
on_rows(struct stage *st, void *arg, const struct frame *f, struct batch *b)
{
	struct run *r = arg;
	struct expr_error err = {.at = 0};
	uint64_t n_used;

	if (r->cogroup != NULL)
		return cogroup_rows(st, r, b, (f->h.flags & FRAME_LAST) != 0);
	if (begin_union(st, r) == -1 || (r->o->reload && reload(st, r) == -1))
		return -1;
	r->join->env = (struct expr_env){.batch_us = f->h.batch_us};
	if (tablejoin_begin(r->join, &err, b, &b->arena) == -1)
		return fail_run(st, &err);
	n_used = r->join->n_used;
	st->acct.used += n_used;
	st->acct.filtered += b->n_rows - n_used;
	st->n_unparsed += r->join->env.n_unparsed;
	return write_pieces(
	    st, r, (f->h.flags & FRAME_LAST) != 0, b->n_rows - n_used);
}

static int
on_mark(
    struct stage *st, void *arg, const struct frame *f, const struct mark *m)
{
	struct run *r = arg;
	bool rest =
	    r->o->plan.kind == PLAN_RIGHT || r->o->plan.kind == PLAN_FULL;

	if (m->what == MARK_EOF && r->cogroup != NULL) {
		if (close_cogroup(st, r, false) == -1)
			return -1;
	} else if (m->what == MARK_EOF) {
		if (begin_union(st, r) == -1)
			return -1;
		if (rest && !r->rested) {
			r->rested = true;
			tablejoin_rest(r->join);
			if (write_pieces(st, r, false, 0) == -1)
				return -1;
		}
	}
	return stage_mark(st, &f->h, m, f->h.watermark);
}

static void
on_save(struct stage *st, void *arg, struct buf *out)
{
	const struct run *r = arg;

	(void)st;
	buf_put(out, r->digest, sizeof(r->digest));
	buf_put_int(out, r->begun, 1);
	buf_put_int(out, r->rested, 1);
	buf_put_int(out, r->n_rows, 8);
	if (r->cogroup != NULL)
		cogroup_save(r->cogroup, out);
	else
		tablejoin_save(r->join, out);
}

static int
refuse_table(struct stage *st, const struct run *r)
{
	if (keeps_table(r))
		return stage_fail(st, TOOL_CHANGED,
		    "%s is not the table that %s was made with: put that one "
		    "back, or begin with another -S DIR",
		    r->o->right, st->in.path);
	return stage_fail(st, TOOL_CHANGED,
	    "%s is not the table that %s was made with: put that one back; "
	    "sbatch --accept-changes %s goes on with this one",
	    r->o->right, st->in.path, st->resume.dir.stage);
}

static int
on_load(struct stage *st, void *arg, struct cur *in)
{
	struct run *r = arg;
	const uint8_t *was = cur_get(in, sizeof(r->digest));

	if (was == NULL)
		return -1;
	if (memcmp(was, r->digest, sizeof(r->digest)) != 0
	    && (keeps_table(r) || !resume_accepts(st)))
		return refuse_table(st, r);
	r->begun = cur_get_int(in, 1) != 0;
	r->rested = cur_get_int(in, 1) != 0;
	r->n_rows = cur_get_int(in, 8);
	return r->cogroup != NULL ? cogroup_load(r->cogroup, in)
				  : tablejoin_load(r->join, in);
}

int
tables_run(struct tool *t, const struct tables_opts *o)
{
	struct run r = {.o = o,
	    .ops = {.cls = CLASS_FRAME,
		.head = on_head,
		.rows = on_rows,
		.mark = on_mark,
		.save = on_save,
		.load = on_load,
		.version = 1}};
	struct stage st = {.sink = false};
	int status = stage_run(&st, t, &r.ops, &r);

	cogroup_free(r.cogroup);
	tablejoin_free(r.join);
	table_release(&r.table);
	if (r.planned)
		plan_release(&r.plan);
	return status;
}
