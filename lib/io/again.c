/* SPDX-License-Identifier: ISC */
/* What an earlier start has read, and this one does not. */
#include "io/again.h"

#include <string.h>

#include "io/intake_int.h"

/*
 * What comes by itself is named after where it comes from, with a number; the
 * files of a directory are not those of the directories in it.
 */
static bool
is_from(const struct source *parent, const char *path)
{
	const char *start = source_path(parent), *number = strrchr(path, '#');
	size_t len = strlen(start);

	if (number == NULL || strncmp(path, start, len) != 0
	    || number < path + len
	    || strspn(number + 1, "0123456789") != strlen(number + 1))
		return false;
	return number == path + len
	       || (len > 0 && start[len - 1] == '/'
		   && memchr(path + len, '/', (size_t)(number - path) - len)
			  == NULL);
}

/* Whether it came by itself, from a source that is still one. */
static bool
has_parent(const struct intake *in, const char *path)
{
	struct lane *l = NULL;

	TAILQ_FOREACH (l, &in->all, all)
		if (source_is(l->source, SOURCE_PARENT)
		    && is_from(l->source, path))
			return true;
	return false;
}

void
again_prune(struct intake *in, const struct source *parent)
{
	struct journal *j = &in->journal;

	for (size_t i = 0; i < j->n;)
		if (is_from(parent, j->v[i].path)
		    && !source_wants(parent, j->v[i].path))
			journal_drop(j, &j->v[i]);
		else
			i++;
}

static bool
is_source(const struct intake *in, const char *path)
{
	struct lane *l = NULL;

	TAILQ_FOREACH (l, &in->all, all)
		if (strcmp(source_path(l->source), path) == 0)
			return true;
	return false;
}

/* Refuse to go on without it, or say so: 0 or -1. */
static int
miss(struct intake *in, const char *path)
{
	static const char gone[] = "was read before and is no source any more";

	if (!in->o.source.on_missing_skip)
		return intake_fail(in, INTAKE_CHANGED,
		    "-S: %s %s; write its path as it was, or --on-missing "
		    "skip, which goes on without it and reads other paths "
		    "from their starts",
		    path, gone);
	buf_printf(&in->notes, "%s: %s\n", path, gone);
	in->epochs.changed = true;
	return 0;
}

/* Nothing of what was read by that path is to come again. */
static void
drop_spooled(struct intake *in, const char *path)
{
	struct tape *t = in->o.source.tape;
	struct tape_stream *s;
	size_t i = 0;

	while (t != NULL && (s = tape_stray(t, &i)) != NULL)
		if (strcmp(s->path, path) == 0) {
			tape_drop(t, s);
			i = 0;
		}
}

/* What was spooled, and no epoch was committed that knows of it. */
static int
check_spool(struct intake *in)
{
	struct tape *t = in->o.source.tape;
	struct tape_stream *s;
	size_t i = 0;

	while (t != NULL && (s = tape_stray(t, &i)) != NULL) {
		if (is_source(in, s->path))
			continue;
		if (miss(in, s->path) == -1)
			return -1;
		tape_drop(t, s);
		i = 0;
	}
	return 0;
}

int
again_check(struct intake *in)
{
	struct journal *j = &in->journal;

	for (size_t i = 0; i < j->n;) {
		if (has_parent(in, j->v[i].path)) {
			i++;
			continue;
		}
		if (miss(in, j->v[i].path) == -1)
			return -1;
		drop_spooled(in, j->v[i].path);
		journal_drop(j, &j->v[i]);
	}
	return check_spool(in);
}
