/* SPDX-License-Identifier: ISC */
/* Stages that are to be waited for.  millrace-checkpoint(5), WHAT HAPPENS. */
#include "ckpt/await.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "ckpt/commit.h"
#include "ckpt/lock.h"
#include "ckpt/survey.h"

#define GRACE_MS 2000 /* in which the stages of a killed start are gone */
#define UNSEEN_US INT64_C(1000000) /* longest that a stage takes to begin */

static int
await_stage(struct checkpoint *c, char **why, const struct survey_file *f)
{
	char *lock = mem_printf("%s.lock", f->stage);
	pid_t holder;
	int fd = lock_take(c->fd, lock, GRACE_MS, &holder), rc = 0;

	if (fd != -1) {
		close(fd);
	} else if (errno == EAGAIN) {
		*why = mem_printf("%s: %s of an earlier start is running "
				  "still, as process %ld",
		    c->path, f->stage, (long)holder);
		rc = EX_TEMPFAIL;
	} else {
		rc = checkpoint_failed(c, why, lock);
	}
	free(lock);
	return rc;
}

static bool
is_source(const struct survey_file *f)
{
	return strcmp(f->stage, CHECKPOINT_SOURCE) == 0;
}

/* To count a start would void what they do, and then fail at their locks. */
int
await_earlier(struct checkpoint *c, char **why)
{
	struct survey s = {.v = NULL};
	int rc = survey_read(&s, why, c);

	for (size_t i = 0; rc == 0 && i < s.n; i++)
		if (s.v[i].held && !is_source(&s.v[i]))
			rc = await_stage(c, why, &s.v[i]);
	survey_release(&s);
	return rc;
}

/*
 * Whether the stages that are there are all there will be.  One that has not
 * begun has no lock yet, and one before it may be gone already.
 */
static bool
are_gone(struct await *a, const struct survey *s)
{
	int64_t now = time_mono_us();

	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].held && !is_source(&s->v[i]))
			a->seen_us = now;
	return now >= a->seen_us + UNSEEN_US;
}

int
await_commit(struct await *a, char **why, bool *over, struct checkpoint *c,
    uint64_t epoch)
{
	/* Who has signed holds it until it ends, so this comes first. */
	uint64_t joined;
	int known = lock_signed(&joined, c->fd, CHECKPOINT_SINK_LOCK);
	bool held;
	struct survey s = {.v = NULL};
	int rc;

	*over = false;
	if (known == -1)
		return checkpoint_failed(c, why, CHECKPOINT_SINK_LOCK);
	held = lock_held(c->fd, CHECKPOINT_SINK_LOCK);
	if (a->seen_us == 0)
		a->seen_us = time_mono_us();
	rc = commit_read(c, why);
	if (rc != 0)
		return rc;
	if (joined == c->generation) {
		*over = !held || (c->last.epoch >= epoch && c->last.published);
		return 0;
	}
	rc = survey_read(&s, why, c);
	if (rc == 0)
		*over = are_gone(a, &s);
	survey_release(&s);
	return rc;
}
