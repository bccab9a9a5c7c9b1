/* SPDX-License-Identifier: ISC */
/* The one record that decides what is committed.  millrace-checkpoint(5). */
#include "ckpt/commit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "ckpt/durable.h"
#include "ckpt/entries.h"
#include "ckpt/lock.h"
#include "ckpt/snapshot.h"

#define LOCK_MS 10000 /* longest wait: the others hold it for a write */

#define GENERATION_LEN 9
#define GENERATION_LEN_1 8 /* before it said whether an epoch was decided */
#define BODY_LEN 33
#define BODY_LEN_1 25 /* before there was a series */

enum { FINISHED = 1, PUBLISHED = 2 };

/* Enter the section in which the record and the generation may change. */
static int
enter(const struct checkpoint *c, char **why, int *fd)
{
	pid_t holder;

	*fd = lock_take(c->fd, "commit.lock", LOCK_MS, &holder);
	if (*fd != -1)
		return 0;
	if (errno != EAGAIN)
		return checkpoint_failed(c, why, "commit.lock");
	*why = mem_printf(
	    "%s: process %ld holds commit.lock", c->path, (long)holder);
	return EX_TEMPFAIL;
}

/* The greatest so far, and c->decided. */
static int
read_generation(struct checkpoint *c, char **why, uint64_t *generation)
{
	struct buf b;
	struct cur cur;
	int rc;

	buf_init(&b, 0);
	*generation = 0;
	rc = durable_read(&b, c->fd, "generation", DURABLE_GENERATION);
	if (rc == 1) {
		cur_init(&cur, b.data, b.len);
		*generation = cur_get_int(&cur, 8);
		if (b.len != GENERATION_LEN_1)
			c->decided |= cur_get_int(&cur, 1) != 0;
		if (cur.failed || cur.left > 0 || *generation == 0) {
			errno = EBADMSG;
			rc = -1;
		}
	}
	buf_release(&b);
	return rc == -1 ? checkpoint_failed(c, why, "generation") : 0;
}

static int
write_generation(const struct checkpoint *c, char **why)
{
	uint8_t body[GENERATION_LEN];

	le_put(body, c->generation, 8);
	body[8] = c->decided;
	if (durable_write(
		c->fd, "generation", DURABLE_GENERATION, body, sizeof(body))
	    == -1)
		return checkpoint_failed(c, why, "generation");
	return 0;
}

static int
gone(const struct checkpoint *c, char **why, const char *what, const char *text)
{
	*why = mem_printf("%s/%s: it is gone, and %s; put it back, or remove "
			  "the directory to begin anew",
	    c->path, what, text);
	return EX_DATAERR;
}

/* A start that found no epoch where there was one would do all again. */
static int
check_record(struct checkpoint *c, char **why)
{
	uint64_t newest;
	int rc;

	if (c->last.epoch == 0 && c->decided)
		return gone(c, why, "committed", "epochs were committed");
	if (c->last.epoch > 0 && c->generation == 0)
		return gone(c, why, "generation", "epochs were committed");
	if (c->last.generation <= c->generation)
		return 0;
	/* A later start may have been counted since we were. */
	rc = read_generation(c, why, &newest);
	if (rc != 0 || c->last.generation <= newest)
		return rc;
	errno = EBADMSG;
	return checkpoint_failed(c, why, "generation");
}

static int
find_state(void *arg, const char *name)
{
	uint64_t epoch, generation;
	const char *stage;
	bool *found = arg;

	*found = snapshot_parse_name(&epoch, &generation, &stage, name) == 0;
	return *found;
}

/* Each start is counted before it saves anything. */
static int
check_first(const struct checkpoint *c, char **why)
{
	bool found = false;
	int rc = entries_each(c, why, find_state, &found);

	if (rc == 0 && found)
		rc = gone(c, why, "generation", "there are states of stages");
	return rc;
}

static int
read_record(struct checkpoint *c, char **why)
{
	struct commit m = {0};
	struct buf b;
	struct cur cur;
	uint64_t flags;
	int rc;

	buf_init(&b, 0);
	rc = durable_read(&b, c->fd, "committed", DURABLE_COMMIT);
	if (rc == 1) {
		cur_init(&cur, b.data, b.len);
		m.epoch = cur_get_int(&cur, 8);
		m.generation = cur_get_int(&cur, 8);
		flags = cur_get_int(&cur, 1);
		m.finished = (flags & FINISHED) != 0;
		m.published = (flags & PUBLISHED) != 0;
		m.before = cur_get_int(&cur, 8);
		if (b.len != BODY_LEN_1)
			m.series = cur_get_int(&cur, 8);
		if (cur.failed || cur.left > 0 || m.epoch == 0
		    || (flags & ~(uint64_t)(FINISHED | PUBLISHED)) != 0) {
			errno = EBADMSG;
			rc = -1;
		}
	}
	buf_release(&b);
	if (rc == -1)
		return checkpoint_failed(c, why, "committed");
	c->last = m;
	return 0;
}

int
commit_read(struct checkpoint *c, char **why)
{
	int rc = read_record(c, why);

	return rc == 0 ? check_record(c, why) : rc;
}

static int
write_commit(struct checkpoint *c, char **why, const struct commit *m)
{
	uint8_t body[BODY_LEN];

	le_put(body, m->epoch, 8);
	le_put(body + 8, m->generation, 8);
	body[16] = (uint8_t)((m->finished ? FINISHED : 0)
			     | (m->published ? PUBLISHED : 0));
	le_put(body + 17, m->before, 8);
	le_put(body + 25, m->series, 8);
	if (durable_write(
		c->fd, "committed", DURABLE_COMMIT, body, sizeof(body))
	    == -1)
		return checkpoint_failed(c, why, "committed");
	c->last = *m;
	return 0;
}

int
commit_bump(struct checkpoint *c, char **why)
{
	int fd, rc = enter(c, why, &fd);

	if (rc != 0)
		return rc;
	rc = read_generation(c, why, &c->generation);
	/* In this section no older sink decides. */
	if (rc == 0)
		rc = commit_read(c, why);
	if (rc == 0 && c->generation == 0)
		rc = check_first(c, why);
	c->generation++;
	c->decided |= c->last.epoch > 0;
	if (rc == 0)
		rc = write_generation(c, why);
	close(fd);
	return rc;
}

int
commit_newest(struct checkpoint *c, char **why)
{
	return read_generation(c, why, &c->generation);
}

/* Write m, unless a later start has been counted. */
static int
decide(struct checkpoint *c, char **why, const struct commit *m)
{
	uint64_t newest;
	int fd, rc = enter(c, why, &fd);

	if (rc != 0)
		return rc;
	rc = read_generation(c, why, &newest);
	if (rc == 0 && newest != c->generation) {
		*why = mem_printf("%s: fenced: start %ju of this pipeline has "
				  "followed ours, %ju",
		    c->path, (uintmax_t)newest, (uintmax_t)c->generation);
		rc = EX_TEMPFAIL;
	}
	if (rc == 0)
		rc = write_commit(c, why, m);
	/* Last: what says that there is a record must not be without it. */
	if (rc == 0 && !c->decided) {
		c->decided = true;
		rc = write_generation(c, why);
	}
	close(fd);
	return rc;
}

int
commit_decide(struct checkpoint *c, char **why, uint64_t epoch, bool finished)
{
	struct commit m = {.epoch = epoch,
	    .generation = c->generation,
	    .finished = finished,
	    .before = c->last.generation,
	    .series = c->last.series};

	return decide(c, why, &m);
}

int
commit_published(struct checkpoint *c, char **why)
{
	struct commit m = c->last;

	m.published = true;
	return decide(c, why, &m);
}

int
commit_back(struct checkpoint *c, char **why)
{
	/*
	 * A database remembers which epochs of a series it has; the numbers are
	 * used again, with other rows in them.
	 */
	struct commit m = {.epoch = c->last.epoch - 1,
	    .generation = c->last.before,
	    .published = true,
	    .series = c->generation};

	return decide(c, why, &m);
}
