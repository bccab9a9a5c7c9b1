/* SPDX-License-Identifier: ISC */
/* A stage's state at a barrier, in a file.  millrace-checkpoint(5). */
#include "ckpt/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "ckpt/durable.h"
#include "ckpt/entries.h"

static char *
file_name(const struct checkpoint *c, uint64_t epoch, uint64_t generation)
{
	return mem_printf(
	    "%ju.%ju.%s", (uintmax_t)epoch, (uintmax_t)generation, c->stage);
}

bool
snapshot_has(const struct checkpoint *c)
{
	char *name = file_name(c, c->last.epoch, c->last.generation);
	/* What cannot be looked for fails when it is read. */
	bool has = faccessat(c->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0
		   || errno != ENOENT;

	free(name);
	return has;
}

int
snapshot_save(
    struct checkpoint *c, char **why, uint64_t epoch, const struct buf *body)
{
	char *name = file_name(c, epoch, epoch == 0 ? 0 : c->generation);
	int rc = 0;

	if (durable_write(c->fd, name, DURABLE_SNAPSHOT, body->data, body->len)
	    == -1)
		rc = checkpoint_failed(c, why, name);
	free(name);
	return rc;
}

/* Digits up to a dot, which is passed. */
static int
take_number(uint64_t *v, const char **p)
{
	size_t len = strspn(*p, "0123456789");
	int64_t n;

	if (len == 0 || (*p)[len] != '.' || num_parse_int(&n, *p, len) == -1)
		return -1;
	*v = (uint64_t)n;
	*p += len + 1;
	return 0;
}

int
snapshot_parse_name(
    uint64_t *epoch, uint64_t *generation, const char **stage, const char *name)
{
	if (take_number(epoch, &name) == -1
	    || take_number(generation, &name) == -1 || *name == '\0')
		return -1;
	*stage = name;
	return 0;
}

struct other {
	const struct checkpoint *c;
	char *stage; /* owned; NULL until it is found */
};

/* A stage of the last commit that stood where ours stands. */
static int
find_other(void *arg, const char *name)
{
	struct other *o = arg;
	const struct checkpoint *c = o->c;
	uint64_t epoch, generation;
	const char *stage;

	if (snapshot_parse_name(&epoch, &generation, &stage, name) == -1
	    || epoch != c->last.epoch || generation != c->last.generation
	    || strncmp(stage, c->stage, strcspn(c->stage, "-") + 1) != 0)
		return 0;
	o->stage = mem_strdup(stage);
	return 1;
}

int
snapshot_other(const struct checkpoint *c, char **why, char **stage)
{
	struct other other = {.c = c};
	int rc = entries_each(c, why, find_other, &other);

	*stage = other.stage;
	return rc;
}

static int
fail_missing(const struct checkpoint *c, char **why, const char *name)
{
	char *other;
	int rc = snapshot_other(c, why, &other);

	if (rc != 0)
		return rc;
	if (other == NULL) {
		*why = mem_printf("%s/%s: it is not there, or the pipeline of "
				  "the last commit had no such stage",
		    c->path, name);
		return EX_DATAERR;
	}
	*why =
	    mem_printf("%s: the pipeline has changed: %s stands where %s was",
		c->path, c->stage, other);
	free(other);
	return SNAPSHOT_CHANGED;
}

int
snapshot_load(struct checkpoint *c, char **why, struct buf *out)
{
	char *name = file_name(c, c->last.epoch, c->last.generation);
	int rc = 0, got = durable_read(out, c->fd, name, DURABLE_SNAPSHOT);

	if (got == -1)
		rc = checkpoint_failed(c, why, name);
	else if (got == 0)
		rc = fail_missing(c, why, name);
	free(name);
	return rc;
}

int
snapshot_malformed(const struct checkpoint *c, char **why)
{
	char *name = file_name(c, c->last.epoch, c->last.generation);
	int rc;

	errno = EBADMSG;
	rc = checkpoint_failed(c, why, name);
	free(name);
	return rc;
}

/* Whether a snapshot of our stage may be wanted again. */
static bool
is_wanted(const struct checkpoint *c, uint64_t epoch, uint64_t generation)
{
	if (epoch > c->last.epoch)
		return generation == c->generation;
	if (epoch == c->last.epoch)
		return generation == c->last.generation;
	return epoch > 0 && epoch + 1 == c->last.epoch;
}

/* We are not writing one now, so what is unfinished has been left behind. */
static int
prune(void *arg, const char *name)
{
	const struct checkpoint *c = arg;
	char *whole = durable_unfinished(name);
	uint64_t epoch, generation;
	const char *stage;
	bool goes;

	goes = snapshot_parse_name(
		   &epoch, &generation, &stage, whole != NULL ? whole : name)
		   == 0
	       && strcmp(stage, c->stage) == 0
	       && (whole != NULL || !is_wanted(c, epoch, generation));
	free(whole);
	if (goes && unlinkat(c->fd, name, 0) == -1 && errno != ENOENT)
		return -1;
	return 0;
}

int
snapshot_prune(struct checkpoint *c, char **why)
{
	return entries_each(c, why, prune, c);
}
