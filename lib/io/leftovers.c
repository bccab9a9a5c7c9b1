/* SPDX-License-Identifier: ISC */
/* Files of stages that are gone.  millrace-checkpoint(5), CHANGES. */
#include "io/leftovers.h"

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
#include "io/appended.h"
#include "io/prepared.h"

static bool
ends_in(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len > n && strcmp(name + len - n, suffix) == 0;
}

/* The stage that a file which is not committed is of, to be freed, or NULL. */
static char *
stage_of(const struct checkpoint *c, const char *name)
{
	char *whole = durable_unfinished(name), *found = NULL;
	uint64_t epoch, generation;
	const char *stage;

	if (whole != NULL)
		name = whole;
	if (snapshot_parse_name(&epoch, &generation, &stage, name) == 0)
		found = epoch > c->last.epoch ? mem_strdup(stage) : NULL;
	else if (ends_in(name, ".pending") || ends_in(name, ".litter")
		 || ends_in(name, ".rows") || ends_in(name, ".runs")
		 || ends_in(name, ".begun"))
		found = mem_strndup(name, strcspn(name, "."));
	free(whole);
	return found;
}

/* Whether it has joined is in its lock; sbatch has one of another name. */
static int
is_gone(bool *gone, const struct checkpoint *c, const char *stage)
{
	uint64_t generation;
	char *lock;
	int rc;

	*gone = false;
	if (strspn(stage, "0123456789") < 2 || strncmp(stage, "00-", 3) == 0)
		return 0;
	lock = mem_printf("%s.lock", stage);
	rc = lock_signed(&generation, c->fd, lock);
	*gone = rc == 0 && generation != c->generation;
	free(lock);
	return rc;
}

struct gone {
	char **names; /* owned: of files */
	size_t n;
	size_t cap;
	const struct checkpoint *c;
};

static int
collect(void *arg, const char *name)
{
	struct gone *g = arg;
	char *stage = stage_of(g->c, name);
	bool gone = false;
	int rc = stage == NULL ? 0 : is_gone(&gone, g->c, stage);

	if (gone) {
		g->names =
		    mem_grow(g->names, &g->cap, g->n + 1, sizeof(*g->names));
		g->names[g->n++] = mem_strdup(name);
	}
	free(stage);
	return rc;
}

/* What the stage would have done itself, had it been started again. */
static int
take_back(const struct checkpoint *c, char **why, const char *name)
{
	struct checkpoint as = *c; /* all but the stage is borrowed */
	struct prepared p;
	struct appended a;
	int rc = 0;

	as.stage = mem_strndup(name, strcspn(name, "."));
	if (ends_in(name, ".pending")) {
		appended_init(&a);
		rc = appended_begin(&a, why, &as);
		appended_release(&a);
	} else if (ends_in(name, ".litter")) {
		prepared_init(&p);
		rc = prepared_begin(&p, why, &as) == -1 ? EX_IOERR : 0;
		prepared_release(&p);
	}
	free(as.stage);
	return rc;
}

int
leftovers_clear(const struct checkpoint *c, char **why)
{
	struct gone g = {.c = c};
	int rc = entries_each(c, why, collect, &g);

	for (size_t i = 0; i < g.n; i++) {
		const char *name = g.names[i];

		if (rc == 0 && name[0] != '.')
			rc = take_back(c, why, name);
		if (rc == 0 && unlinkat(c->fd, name, 0) == -1
		    && errno != ENOENT)
			rc = checkpoint_failed(c, why, name);
		free(g.names[i]);
	}
	free(g.names);
	return rc;
}
