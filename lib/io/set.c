/* SPDX-License-Identifier: ISC */
/* A log as a source, followed by name.  sbatch(1), FOLLOWING. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "io/follow.h"
#include "io/source_int.h"

static bool
is_followed(const char *path, enum source_mode mode)
{
	return mode == SOURCE_FOLLOW && strcmp(path, "-") != 0;
}

/* It may be missing; what is there must be a file that can be read. */
static int
check_followed(struct source *s)
{
	struct stat st;

	if (stat(s->path, &st) == -1 && errno == ENOENT)
		return 0;
	if (source_check_path(s) == -1)
		return -1;
	if (!S_ISREG(st.st_mode))
		return source_fail(s, EX_NOINPUT, "is no regular file");
	return 0;
}

static int
open_followed(struct source *s)
{
	s->own = follow_new(s->path);
	return 0;
}

static enum source_got
read_followed(struct source *s, void *p, size_t cap, size_t *len)
{
	enum source_got got = follow_read(s->own, p, cap, len);

	if (got == SOURCE_ERROR)
		source_fail(s, EX_IOERR, "%s", follow_error(s->own));
	return got;
}

static void
close_followed(struct source *s)
{
	follow_free(s->own);
	s->own = NULL;
}

static void
stop_followed(struct source *s)
{
	follow_stop(s->own);
}

static int
followed_fd(const struct source *s)
{
	return follow_fd(s->own);
}

static int
followed_wait_ms(const struct source *s)
{
	return follow_wait_ms(s->own);
}

static const char *
followed_note(const struct source *s)
{
	return follow_note(s->own);
}

const struct source_kind follow_kind = {
    .name = "follow",
    .traits = SOURCE_LIVE | SOURCE_ENDLESS | SOURCE_BATCHED,
    .claims = is_followed,
    .check = check_followed,
    .open = open_followed,
    .read = read_followed,
    .close = close_followed,
    .stop = stop_followed,
    .fd = followed_fd,
    .wait_ms = followed_wait_ms,
    .note = followed_note,
};
