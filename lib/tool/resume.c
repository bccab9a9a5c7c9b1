/* SPDX-License-Identifier: ISC */
/* A stage of a pipeline that resumes.  millrace-checkpoint(5), STAGES. */
#include "tool/resume.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "ckpt/commit.h"
#include "ckpt/durable.h"
#include "ckpt/snapshot.h"
#include "tool/stage.h"

#define VERSION 1 /* of a snapshot's body */

static int
fail_with(struct stage *st, int status, char *why)
{
	stage_fail(st, status, "%s", why);
	free(why);
	return -1;
}

/* A stream in a file, or typed by somebody, is no pipeline that runs. */
static bool
stdin_flows(void)
{
	struct stat s;

	return fstat(STDIN_FILENO, &s) == 0
	       && (S_ISFIFO(s.st_mode) || S_ISSOCK(s.st_mode));
}

/* HEAD without what differs from start to start. */
static void
put_head(struct buf *b, const struct head *h)
{
	struct head plain;
	struct buf bytes;

	head_copy(&plain, h);
	head_forget_checkpoint(&plain);
	buf_init(&bytes, 0);
	head_write(&bytes, &plain);
	buf_put_str(b, bytes.data, bytes.len);
	buf_release(&bytes);
	head_release(&plain);
}

static char *
stage_difference(const struct head_stage *was, const struct head_stage *is)
{
	if (strcmp(was->program, is->program) != 0
	    || strcmp(was->name, is->name) != 0)
		return mem_printf("%s (%s) stands where %s (%s) was", is->name,
		    is->program, was->name, was->program);
	if (strcmp(was->options, is->options) != 0)
		return mem_printf("%s has the options \"%s\", and had \"%s\"",
		    is->name, is->options, was->options);
	return NULL;
}

static char *
column_difference(const struct schema *was, const struct schema *is)
{
	for (size_t i = 0; i < was->n && i < is->n; i++) {
		const struct field *a = &was->fields[i], *b = &is->fields[i];

		if (strcmp(a->name, b->name) != 0 || a->type != b->type)
			return mem_printf(
			    "column %zu is %s (%s), and was %s (%s)", i + 1,
			    b->name, type_name(b->type), a->name,
			    type_name(a->type));
	}
	if (was->n != is->n)
		return mem_printf(
		    "there are %zu columns, and were %zu", is->n, was->n);
	return NULL;
}

char *
resume_difference(const struct head *was, const struct head *is)
{
	char *why = NULL;

	for (size_t i = 0; why == NULL && i < was->n_stages && i < is->n_stages;
	     i++)
		why = stage_difference(&was->stages[i], &is->stages[i]);
	if (why == NULL && was->n_stages != is->n_stages)
		why = mem_printf("there are %zu stages up to here, and were "
				 "%zu",
		    is->n_stages, was->n_stages);
	if (why == NULL)
		why = column_difference(&was->schema, &is->schema);
	return why;
}

static void
put_account(struct buf *b, const struct account *a)
{
	const uint64_t v[] = {a->in, a->used, a->filtered, a->late, a->invalid,
	    a->out, a->in_frames, a->out_frames};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		buf_put_int(b, v[i], 8);
}

static void
get_account(struct account *a, struct cur *c)
{
	uint64_t *v[] = {&a->in, &a->used, &a->filtered, &a->late, &a->invalid,
	    &a->out, &a->in_frames, &a->out_frames};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		*v[i] = cur_get_int(c, 8);
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
	resume_count_out(st);
	buf_put_int(b, VERSION, 4);
	put_head(b, &st->in);
	put_head(b, &st->out);
	put_account(b, &st->acct);
	buf_put_int(b, (uint64_t)st->watermark, 8);
	buf_put_int(b, st->batch, 8);
	buf_put_int(b, st->n_unparsed, 8);
	buf_put_int(b, ops->version, 4);
	if (ops->save != NULL)
		ops->save(st, arg, b);
}

/* One HEAD of the snapshot against one of now.  0, or the exit status. */
static int
compare_head(struct cur *c, const struct head *now, char **why)
{
	struct head was;
	const char *text, *bytes;
	size_t len;
	int status = TOOL_OK;

	bytes = cur_get_str(c, &len, HEAD_MAX_LEN);
	if (bytes == NULL) {
		*why = mem_strdup("it is cut");
		return TOOL_DATA;
	}
	if (head_read(&was, &text, (const uint8_t *)bytes, len) == -1) {
		*why = mem_strdup(text);
		status = TOOL_DATA;
	} else {
		*why = resume_difference(&was, now);
		status = *why == NULL ? TOOL_OK : TOOL_CHANGED;
	}
	head_release(&was);
	return status;
}

static int
get_state(
    struct stage *st, const struct stage_ops *ops, void *arg, struct cur *c)
{
	struct resume *r = &st->resume;
	const char *name = r->dir.stage;
	char *why = NULL;
	int status;

	if (cur_get_int(c, 4) != VERSION)
		return stage_fail(
		    st, TOOL_DATA, "%s: the state is of another version", name);
	status = compare_head(c, &st->in, &why);
	if (status == TOOL_OK)
		status = compare_head(c, &st->out, &why);
	if (status != TOOL_OK) {
		stage_fail(st, status,
		    status == TOOL_CHANGED
			? "the pipeline has changed since %s was made: %s"
			: "%s: the state is damaged: %s",
		    status == TOOL_CHANGED ? r->dir.path : name, why);
		free(why);
		return -1;
	}
	get_account(&st->acct, c);
	r->in_frames = st->acct.in_frames;
	/* What reads a stream of no checkpoint counts from here on. */
	if (st->out.path[0] != '\0') {
		r->out = st->acct.out;
		r->out_frames = st->acct.out_frames;
	}
	st->watermark = (int64_t)cur_get_int(c, 8);
	st->batch = cur_get_int(c, 8);
	st->n_unparsed = cur_get_int(c, 8);
	if (cur_get_int(c, 4) != ops->version)
		return stage_fail(
		    st, TOOL_DATA, "%s: the state is of another version", name);
	if (ops->load != NULL && ops->load(st, arg, c) == -1)
		c->failed = true;
	if (c->failed || c->left > 0)
		return stage_fail(
		    st, TOOL_DATA, "%s: the state is malformed", name);
	return 0;
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
	if (rc != 0) {
		fail_with(st, rc, why);
		rc = -1;
	} else {
		cur_init(&c, b.data, b.len);
		rc = get_state(st, ops, arg, &c);
	}
	buf_release(&b);
	return rc;
}

/* A sink's last decided epoch may not be in place yet. */
static int
publish(struct stage *st, const struct stage_ops *ops, void *arg)
{
	char *why = NULL;
	int rc;

	if (ops->publish == NULL)
		return 0;
	if (ops->publish(st, arg) == -1)
		return -1;
	rc = commit_published(&st->resume.dir, &why);
	return rc == 0 ? 0 : fail_with(st, rc, why);
}

bool
resume_applies(const struct stage *st)
{
	return st->in.path[0] != '\0' && !st->tool->schema_only
	       && stdin_flows();
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
	rc = checkpoint_join(
	    &r->dir, &why, &st->in, st->tool->name, st->in.n_stages);
	if (rc != 0)
		return fail_with(st, rc, why);
	r->active = true;
	r->epoch = r->dir.last.epoch;
	/* What is committed must not end quietly with a reader. */
	signal(SIGPIPE, SIG_IGN);
	if (r->dir.last.epoch == 0)
		return 0;
	if (load_state(st, ops, arg) == -1)
		return -1;
	if (!r->dir.last.published && publish(st, ops, arg) == -1)
		return -1;
	rc = snapshot_prune(&r->dir, &why);
	return rc == 0 ? 0 : fail_with(st, rc, why);
}

/* Only a sink decides: what ends the stream, or has something to publish. */
static int
decide(struct stage *st, const struct stage_ops *ops, void *arg, uint64_t epoch)
{
	struct resume *r = &st->resume;
	char *why = NULL;
	int rc;

	if (st->writer != NULL && ops->publish == NULL)
		return 0;
	rc = commit_decide(&r->dir, &why, epoch, r->finished);
	return rc == 0 ? publish(st, ops, arg) : fail_with(st, rc, why);
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
	checkpoint_release(&st->resume.dir);
}
