/* SPDX-License-Identifier: ISC */
/* A stage of a pipeline that resumes.  millrace-checkpoint(5). */
#include "tool/resume.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "ckpt/commit.h"
#include "ckpt/durable.h"
#include "ckpt/snapshot.h"
#include "io/leftovers.h"
#include "tool/changes.h"
#include "tool/stage.h"
#include "tool/state.h"
#include "wire/writer.h"

static int
fail_with(struct stage *st, int status, char *why)
{
	stage_fail(st, status, "%s", why);
	free(why);
	return -1;
}

void
resume_count_out(struct stage *st)
{
	const struct resume *r = &st->resume;

	if (st->writer == NULL)
		return;
	st->acct.out = r->out + stream_writer_n_rows(st->writer);
	st->acct.out_frames =
	    r->out_frames + stream_writer_n_frames(st->writer);
}

static void
put_state(
    struct stage *st, const struct stage_ops *ops, void *arg, struct buf *b)
{
	struct state s = {.in = st->in, .out = st->out};

	resume_count_out(st);
	s.acct = st->acct;
	if (ops->account != NULL)
		ops->account(st, arg, &s.acct);
	s.watermark = st->watermark;
	s.batch = st->batch;
	s.n_unparsed = st->n_unparsed;
	s.own = ops->version;
	s.keeps = (char *)st->keeps.data;
	state_write(b, &s);
	if (ops->save != NULL)
		ops->save(st, arg, b);
}

/* What a stage may ask about a change that was accepted. */
static void
note_change(struct stage *st, const struct state *s)
{
	size_t last = st->out.n_stages - 1; /* of both */

	if (!st->resume.changed)
		return;
	st->resume.renamed = changes_names(&s->in.schema, &st->in.schema);
	st->resume.told =
	    strcmp(s->out.stages[last].options, st->out.stages[last].options)
	    != 0;
}

/* Whether the state is of this pipeline.  0, or -1 after stage_fail. */
static int
check_pipeline(struct stage *st, const struct state *s)
{
	const struct changes c = {.accepted = &st->resume.accepted,
	    .in = &st->in,
	    .out = &st->out,
	    .keeps = (const char *)st->keeps.data};
	char *why = changes_refuse(&c, &st->resume.changed, s);

	if (why == NULL) {
		note_change(st, s);
		return 0;
	}
	stage_fail(st, TOOL_CHANGED,
	    "the pipeline has changed since %s was made: %s",
	    st->resume.dir.path, why);
	free(why);
	return -1;
}

static void
take_state(struct stage *st, const struct state *s)
{
	struct account a = s->acct;

	memcpy(a.name, st->acct.name, sizeof(a.name));
	st->acct = a;
	st->resume.in_frames = a.in_frames;
	st->resume.late = a.late;
	st->resume.invalid = a.invalid;
	st->resume.n_unparsed = s->n_unparsed;
	/* What reads a stream of no checkpoint counts from here on. */
	if (st->out.path[0] != '\0') {
		st->resume.out = a.out;
		st->resume.out_frames = a.out_frames;
	}
	st->watermark = s->watermark;
	st->batch = s->batch;
	st->n_unparsed = s->n_unparsed;
}

static int
get_state(
    struct stage *st, const struct stage_ops *ops, void *arg, struct cur *c)
{
	const char *name = st->resume.dir.stage;
	struct state s;
	char *why = NULL;
	int rc;

	state_init(&s);
	rc = state_read(&s, &why, c);
	if (rc == -1)
		stage_fail(
		    st, TOOL_DATA, "%s: the state is damaged: %s", name, why);
	free(why);
	if (rc == 0)
		rc = check_pipeline(st, &s);
	if (rc == 0)
		take_state(st, &s);
	if (rc == 0 && s.own != ops->version)
		rc = stage_fail(
		    st, TOOL_DATA, "%s: the state is of another version", name);
	state_release(&s);
	if (rc == -1)
		return -1;
	if (ops->load != NULL && ops->load(st, arg, c) == -1)
		c->failed = true;
	if (c->failed || c->left > 0)
		return stage_fail(
		    st, TOOL_DATA, "%s: the state is malformed", name);
	return 0;
}

/* The program whose state stands where ours would; NULL: it cannot be told. */
static char *
find_program(const struct stage *st)
{
	struct checkpoint other = st->resume.dir; /* all else is borrowed */
	struct state s;
	struct buf b;
	struct cur c;
	char *program = NULL, *why = NULL;

	state_init(&s);
	buf_init(&b, 0);
	if (snapshot_other(&st->resume.dir, &why, &other.stage) == 0
	    && snapshot_load(&other, &why, &b) == 0) {
		cur_init(&c, b.data, b.len);
		if (state_read(&s, &why, &c) == 0 && s.out.n_stages > 0)
			program = mem_strdup(
			    s.out.stages[s.out.n_stages - 1].program);
	}
	free(other.stage);
	free(why);
	buf_release(&b);
	state_release(&s);
	return program;
}

/* Another stage stands in our place, or it is ours under another name. */
static int
fail_other(struct stage *st, char *why)
{
	char *program = find_program(st);
	bool renamed =
	    program != NULL && strcmp(program, st->tool->program) == 0;

	free(program);
	stage_fail(st, SNAPSHOT_CHANGED, "%s; %s", why,
	    renamed ? "a stage is known by its name, see --name"
		    : CHANGES_STEP);
	free(why);
	return -1;
}

static int
load_state(struct stage *st, const struct stage_ops *ops, void *arg)
{
	struct buf b;
	struct cur c;
	char *why = NULL;
	int rc;

	buf_init(&b, 0);
	rc = snapshot_load(&st->resume.dir, &why, &b);
	if (rc == SNAPSHOT_CHANGED) {
		rc = fail_other(st, why);
	} else if (rc != 0) {
		rc = fail_with(st, rc, why);
	} else {
		cur_init(&c, b.data, b.len);
		rc = get_state(st, ops, arg, &c);
	}
	buf_release(&b);
	return rc;
}

/* Only a sink decides: what ends the stream, or has something to publish. */
static bool
is_sink(const struct stage *st, const struct stage_ops *ops)
{
	return st->writer == NULL || ops->publish != NULL;
}

/* A sink's last decided epoch may not be in place yet. */
static int
publish(struct stage *st, const struct stage_ops *ops, void *arg)
{
	char *why = NULL;
	int rc;

	if (ops->publish != NULL && ops->publish(st, arg) == -1)
		return -1;
	rc = commit_published(&st->resume.dir, &why);
	return rc == 0 ? 0 : fail_with(st, rc, why);
}

/* What is still to be shown was made by the pipeline as it was. */
static int
publish_late(struct stage *st, const struct stage_ops *ops, void *arg)
{
	const struct resume *r = &st->resume;

	if (r->changed && ops->publish != NULL)
		return stage_fail(st, TOOL_CHANGED,
		    "the output of epoch %ju is not in place yet: start the "
		    "pipeline once without the change",
		    (uintmax_t)r->dir.last.epoch);
	return publish(st, ops, arg);
}

/* Which changes this start accepts; the sink knows all stages. */
static int
read_accepted(struct stage *st, const struct stage_ops *ops)
{
	struct resume *r = &st->resume;
	char *why = NULL;
	int rc = accepted_read(&r->accepted, &why, &r->dir);

	if (rc != 0)
		return fail_with(st, rc, why);
	if (is_sink(st, ops))
		rc = changes_check_names(&r->accepted, &why, &st->out, &r->dir);
	return rc == 0 ? 0 : fail_with(st, rc, why);
}

bool
resume_applies(const struct stage *st)
{
	/* A stream in a file, or typed by somebody, runs no pipeline. */
	return st->in.path[0] != '\0' && !st->tool->schema_only
	       && io_flows(STDIN_FILENO);
}

/* The sink comes last, when all stages of the start have joined. */
static int
clear(struct stage *st, const struct stage_ops *ops)
{
	struct checkpoint *dir = &st->resume.dir;
	char *why = NULL;
	int rc = is_sink(st, ops) ? leftovers_clear(dir, &why) : 0;

	if (rc == 0)
		rc = snapshot_prune(dir, &why);
	return rc == 0 ? 0 : fail_with(st, rc, why);
}

int
resume_begin(struct stage *st, const struct stage_ops *ops, void *arg)
{
	struct resume *r = &st->resume;
	char *why = NULL;
	int rc;

	if (!resume_applies(st)) {
		head_forget_checkpoint(&st->out);
		return 0;
	}
	/* A sink that passes the stream on has the only commit there is. */
	if (ops->publish != NULL)
		head_forget_checkpoint(&st->out);
	if (ops->no_resume != NULL)
		return stage_fail(
		    st, TOOL_USAGE, "sbatch -S: %s", ops->no_resume);
	if (ops->cls != CLASS_FRAME && !st->sink && ops->save == NULL)
		return stage_fail(st, TOOL_USAGE,
		    "sbatch -S: %s keeps state that it cannot save",
		    st->tool->program);
	if (!is_sink(st, ops) && !io_flows(STDOUT_FILENO))
		return stage_fail(st, TOOL_USAGE, "sbatch -S: " TOOL_NO_SINK);
	rc = checkpoint_join(
	    &r->dir, &why, &st->in, st->tool->name, st->in.n_stages);
	if (rc != 0)
		return fail_with(st, rc, why);
	if (is_sink(st, ops))
		rc = checkpoint_decides(&r->dir, &why);
	if (rc != 0)
		return fail_with(st, rc, why);
	if (read_accepted(st, ops) == -1)
		return -1;
	r->active = true;
	r->epoch = r->dir.last.epoch;
	/* What is committed must not end quietly with a reader. */
	signal(SIGPIPE, SIG_IGN);
	if (r->dir.last.epoch == 0)
		return clear(st, ops);
	if (load_state(st, ops, arg) == -1)
		return -1;
	if (is_sink(st, ops) && !r->dir.last.published
	    && publish_late(st, ops, arg) == -1)
		return -1;
	return clear(st, ops);
}

bool
resume_accepts(const struct stage *st)
{
	return accepted_has(&st->resume.accepted, st->resume.dir.stage);
}

static int
decide(struct stage *st, const struct stage_ops *ops, void *arg, uint64_t epoch)
{
	struct resume *r = &st->resume;
	char *why = NULL;
	int rc;

	if (!is_sink(st, ops))
		return 0;
	rc = commit_decide(&r->dir, &why, epoch, r->finished);
	return rc == 0 ? publish(st, ops, arg) : fail_with(st, rc, why);
}

/* Each epoch writes all of it, and nobody sees it grow. */
static void
warn_large(struct stage *st, size_t len)
{
	if (len <= RESUME_LARGE || st->resume.warned || st->tool->verbose < 0)
		return;
	st->resume.warned = true;
	progress_clear(&st->progress);
	tool_warn("sbatch -S: the state takes %zu MiB, and each epoch writes "
		  "it anew; %s(1), RELIABILITY, says what bounds it",
	    len >> 20, st->tool->program);
}

int
resume_barrier(struct stage *st, const struct stage_ops *ops, void *arg,
    const struct barrier *m)
{
	struct resume *r = &st->resume;
	struct buf b;
	char *why = NULL;
	int rc;

	if (!r->active)
		return 0;
	if (m->epoch != r->epoch + 1 || m->generation != r->dir.generation
	    || memcmp(m->identity, r->dir.identity, sizeof(m->identity)) != 0)
		return stage_fail(st, TOOL_IO,
		    "stdin: a barrier of epoch %ju where %ju was due",
		    (uintmax_t)m->epoch, (uintmax_t)(r->epoch + 1));
	buf_init(&b, DURABLE_MAX);
	put_state(st, ops, arg, &b);
	if (!st->failed && b.failed)
		stage_fail(st, TOOL_DATA, "the state takes more than %zu bytes",
		    DURABLE_MAX);
	warn_large(st, b.len);
	rc = st->failed ? -1 : snapshot_save(&r->dir, &why, m->epoch, &b);
	buf_release(&b);
	if (rc != 0)
		return rc == -1 ? -1 : fail_with(st, rc, why);
	r->epoch = m->epoch;
	if (decide(st, ops, arg, m->epoch) == -1)
		return -1;
	if (st->writer != NULL && m->committed > r->dir.last.epoch) {
		r->dir.last.epoch = m->committed;
		r->dir.last.generation = r->dir.generation;
	}
	rc = snapshot_prune(&r->dir, &why);
	return rc == 0 ? 0 : fail_with(st, rc, why);
}

void
resume_release(struct stage *st)
{
	accepted_release(&st->resume.accepted);
	free(st->resume.renamed);
	checkpoint_release(&st->resume.dir);
}
