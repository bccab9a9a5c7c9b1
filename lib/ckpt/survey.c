/* SPDX-License-Identifier: ISC */
/* What is in the directory of a pipeline that resumes.  millrace(1). */
#include "ckpt/survey.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "ckpt/entries.h"
#include "ckpt/lock.h"
#include "ckpt/snapshot.h"

#define LOCK ".lock"
#define COMMIT_LOCK "commit.lock"

void
survey_release(struct survey *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].stage);
	free(s->v);
	*s = (struct survey){.v = NULL};
}

static struct survey_file *
add(struct survey *s, char *stage)
{
	s->v = mem_grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n] = (struct survey_file){.stage = stage};
	return &s->v[s->n++];
}

static int
add_lock(struct survey *s, const struct checkpoint *c, const char *name)
{
	struct survey_file *f =
	    add(s, mem_strndup(name, strlen(name) - strlen(LOCK)));

	if (lock_signed(&f->generation, c->fd, name) == -1)
		return -1;
	f->held = lock_held(c->fd, name);
	if (f->held)
		f->holder = lock_holder(c->fd, name);
	return 0;
}

static bool
is_lock(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(LOCK) && name[0] != '.'
	       && strcmp(name + len - strlen(LOCK), LOCK) == 0
	       && strcmp(name, COMMIT_LOCK) != 0
	       && strcmp(name, CHECKPOINT_SINK_LOCK) != 0;
}

struct reading {
	struct survey *s;
	const struct checkpoint *c;
};

/* What goes away meanwhile is not there. */
static int
add_entry(void *arg, const char *name)
{
	const struct reading *r = arg;
	uint64_t epoch, generation;
	const char *stage;
	struct survey_file *f;
	struct stat st;

	if (is_lock(name))
		return add_lock(r->s, r->c, name);
	if (snapshot_parse_name(&epoch, &generation, &stage, name) == -1
	    || fstatat(r->c->fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	f = add(r->s, mem_strdup(stage));
	f->epoch = epoch;
	f->generation = generation;
	f->size = (uint64_t)st.st_size;
	return 0;
}

static int
by_place(const void *pa, const void *pb)
{
	const struct survey_file *a = pa, *b = pb;

	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	if (a->generation != b->generation)
		return a->generation < b->generation ? -1 : 1;
	return strcmp(a->stage, b->stage);
}

int
survey_read(struct survey *s, char **why, const struct checkpoint *c)
{
	struct reading r = {.s = s, .c = c};
	int rc = entries_each(c, why, add_entry, &r);

	if (s->n > 1)
		qsort(s->v, s->n, sizeof(*s->v), by_place);
	return rc;
}

static bool
is_called(const char *stage, const char *name)
{
	size_t n = strcspn(stage, "-");

	if (strcmp(stage, name) == 0)
		return true;
	if (stage[n] != '\0' && strcmp(stage + n + 1, name) == 0)
		return true;
	return strlen(name) == n && strncmp(stage, name, n) == 0;
}

const struct survey_file *
survey_find(const struct survey *s, char **why, uint64_t epoch,
    uint64_t generation, const char *stage)
{
	const struct survey_file *found = NULL;

	*why = NULL;
	for (size_t i = 0; i < s->n; i++) {
		const struct survey_file *f = &s->v[i];

		if (f->epoch != epoch || f->generation != generation
		    || !is_called(f->stage, stage))
			continue;
		if (found != NULL) {
			*why = mem_printf("%s may be %s or %s; write one of "
					  "them",
			    stage, found->stage, f->stage);
			return NULL;
		}
		found = f;
	}
	if (found == NULL)
		*why = mem_printf(
		    "no stage %s has a state of epoch %ju, generation %ju",
		    stage, (uintmax_t)epoch, (uintmax_t)generation);
	return found;
}

const struct survey_file *
survey_holder(const struct survey *s, const char *stage)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].held
		    && (stage == NULL || strcmp(s->v[i].stage, stage) == 0))
			return &s->v[i];
	return NULL;
}
