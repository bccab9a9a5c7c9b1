/* SPDX-License-Identifier: ISC */
/*
 * What cannot be read again, through the spool.  sbatch(1), SPOOL.
 * What is read is on the tape before it is handed on; what an earlier start
 * has read and not committed comes from there first.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/xxh64.h"
#include "ckpt/tape.h"
#include "io/source_int.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

struct spooled {
	struct source *inner; /* owned; NULL when it ended with its process */
	struct tape_stream *stream; /* the tape's; NULL until bytes came */
	char *listener; /* owned: path of the one it came from, or NULL */
	bool opened; /* something has come in this start */
	bool stopping;
	enum source_ending ending;
};

static int
fail_as_inner(struct source *s)
{
	const struct spooled *d = s->own;

	return source_fail(
	    s, source_status(d->inner), "%s", source_error(d->inner));
}

static int
check_spooled(struct source *s)
{
	const struct spooled *d = s->own;
	struct stat st;

	if (strcmp(s->path, "-") == 0 && fstat(STDIN_FILENO, &st) == 0
	    && S_ISREG(st.st_mode))
		return source_fail(s, EX_USAGE,
		    "it is a file, which the next start would read again; "
		    "name it as a SOURCE instead");
	return source_check(d->inner) == -1 ? fail_as_inner(s) : 0;
}

static int
open_spooled(struct source *s)
{
	struct spooled *d = s->own;

	if (d->stream == NULL && d->listener == NULL)
		d->stream = tape_find(s->opts->tape, s->path, false);
	if (d->inner == NULL)
		return 0;
	return source_open(d->inner) == -1 ? fail_as_inner(s) : 0;
}

/*
 * What the bytes are read from: another start that has the same pipe reads on
 * in it.  Its number may come again after a boot.
 */
static uint64_t
origin_of(const struct spooled *d)
{
	uint64_t id[2] = {0};
	char boot[64] = "";
	struct stat st;
	int fd;

	if (d->inner->kind->spools == SOURCE_SPOOL_PIECES)
		return 0;
	fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		/* Where there is none, the number alone must do. */
		(void)io_read_full(fd, boot, sizeof(boot));
		close(fd);
	}
	if (fstat(d->inner->fd, &st) == 0) {
		id[0] = st.st_dev;
		id[1] = st.st_ino;
	}
	return xxh64(id, sizeof(id), xxh64(boot, sizeof(boot), 0)) | 1;
}

/* What is written after a failure would not be found: nothing goes on. */
static int
fail_all(struct source *s, int status, char *why)
{
	s->traits |= SOURCE_STRICT;
	return source_refuse(s, status, why);
}

/* The first bytes of this start, or its end, are about to be spooled. */
static int
begin(struct source *s)
{
	struct spooled *d = s->own;
	struct tape *t = s->opts->tape;
	uint64_t origin = origin_of(d);
	char *why;
	int rc;

	d->opened = true;
	if (d->stream == NULL)
		d->stream =
		    tape_add(t, d->listener != NULL ? d->listener : s->path,
			s->name, d->listener != NULL);
	else if (d->stream->packed && !d->stream->ended
		 && d->stream->origin == origin)
		return source_fail(s, EX_DATAERR,
		    "compressed data cannot be read on from their middle; "
		    "unpack them before they come here");
	if (d->listener != NULL) {
		free(s->path);
		s->path = mem_printf("%s#%u", d->listener, d->stream->id);
	}
	rc = tape_open(t, &why, d->stream, origin, d->inner->form == FORM_GZIP);
	return rc == 0 ? 0 : fail_all(s, rc, why);
}

/* What came is on the tape before anybody sees it. */
static int
keep(struct source *s, const void *p, size_t len)
{
	struct spooled *d = s->own;
	char *why;
	int rc;

	if (!d->opened && begin(s) == -1)
		return -1;
	rc = tape_write(s->opts->tape, &why, d->stream, p, len);
	return rc == 0 ? 0 : fail_all(s, rc, why);
}

/* An end that comes by itself is kept; an end because of a stop is none. */
static int
keep_end(struct source *s)
{
	struct spooled *d = s->own;
	char *why;
	int rc;

	if (d->stopping && d->inner->kind->stop != NULL) {
		d->ending = SOURCE_GROWS;
		return 0;
	}
	d->ending = SOURCE_WHOLE;
	if (d->stream == NULL || d->stream->ended)
		return 0;
	if (!d->opened && begin(s) == -1)
		return -1;
	rc = tape_end(s->opts->tape, &why, d->stream);
	return rc == 0 ? 0 : fail_all(s, rc, why);
}

/* What comes again, if there is anything: else SOURCE_WAIT. */
static enum source_got
read_again(struct source *s, void *p, size_t cap, size_t *len)
{
	struct spooled *d = s->own;
	char *why;
	int status;

	if (d->stream == NULL)
		return SOURCE_WAIT;
	switch (
	    tape_read(s->opts->tape, &status, &why, d->stream, p, cap, len)) {
	case TAPE_BYTES:
		return SOURCE_BYTES;
	case TAPE_WHOLE:
		d->ending = SOURCE_WHOLE;
		return SOURCE_NEXT;
	case TAPE_CUT:
		d->ending = SOURCE_CUT;
		return SOURCE_NEXT;
	case TAPE_NOTHING:
		return SOURCE_WAIT;
	case TAPE_FAILED:
	default:
		fail_all(s, status, why);
		return SOURCE_ERROR;
	}
}

/* One read of the source itself. */
static enum source_got
read_inner(struct source *s, void *p, size_t cap, size_t *len)
{
	struct spooled *d = s->own;
	enum source_got got = source_read(
	    d->inner, p, cap < TAPE_READ_MAX ? cap : TAPE_READ_MAX, len);

	if (got == SOURCE_ERROR)
		fail_as_inner(s);
	if ((got == SOURCE_BYTES && keep(s, p, *len) == -1)
	    || (got == SOURCE_END && keep_end(s) == -1))
		return SOURCE_ERROR;
	return got;
}

static enum source_got
read_spooled(struct source *s, void *p, size_t cap, size_t *len)
{
	struct spooled *d = s->own;
	enum source_got got;
	bool opened;

	for (;;) {
		got = read_again(s, p, cap, len);
		if (got != SOURCE_WAIT)
			return got;
		if (d->inner == NULL) {
			d->ending =
			    d->stream->ended ? SOURCE_WHOLE : SOURCE_CUT;
			return SOURCE_END;
		}
		opened = d->opened;
		got = read_inner(s, p, cap, len);
		/* What came first is read from the tape, behind what was. */
		if (got == SOURCE_ERROR || opened == d->opened)
			return got;
	}
}

static void
close_spooled(struct source *s)
{
	struct spooled *d = s->own;

	if (d == NULL)
		return;
	source_free(d->inner);
	free(d->listener);
	free(d);
	s->own = NULL;
}

static void
stop_spooled(struct source *s)
{
	struct spooled *d = s->own;

	d->stopping = true;
	if (d->inner != NULL)
		source_stop(d->inner);
}

static int
spooled_fd(const struct source *s)
{
	const struct spooled *d = s->own;

	return d->inner == NULL ? -1 : source_fd(d->inner);
}

static int
spooled_wait_ms(const struct source *s)
{
	const struct spooled *d = s->own;

	return d->inner == NULL ? -1 : source_wait_ms(d->inner);
}

static const char *
spooled_note(const struct source *s)
{
	const struct spooled *d = s->own;

	return d->inner == NULL ? NULL : source_note(d->inner);
}

static enum source_ending
spooled_ending(const struct source *s)
{
	const struct spooled *d = s->own;

	return d->ending;
}

/* The spool itself has the place. */
static void
save_spooled(const struct source *s, struct buf *out, uint64_t off)
{
	(void)s;
	(void)out;
	(void)off;
}

static void
spooled_done(struct source *s, bool all)
{
	struct spooled *d = s->own;

	(void)all;
	if (d->stream != NULL)
		tape_drop(s->opts->tape, d->stream);
	d->stream = NULL;
}

static const struct source_kind spooled_kind = {
    .name = "spooled",
    .check = check_spooled,
    .open = open_spooled,
    .read = read_spooled,
    .close = close_spooled,
    .stop = stop_spooled,
    .fd = spooled_fd,
    .wait_ms = spooled_wait_ms,
    .note = spooled_note,
    .ending = spooled_ending,
    .save = save_spooled,
    .kept_as = SOURCE_KEEPS_NOTHING,
    .done = spooled_done,
};

static struct source *
wrap(const struct source_opts *o, const char *name, const char *path,
    struct source *inner, unsigned traits)
{
	struct source *s = source_new(&spooled_kind, o, name, path);
	struct spooled *d = mem_zero(1, sizeof(*d));

	d->inner = inner;
	s->own = d;
	s->traits = traits | SOURCE_SPOOLED;
	return s;
}

struct source *
spooled_new(struct source *inner, const char *path)
{
	struct source *s =
	    wrap(inner->opts, inner->name, inner->path, inner, inner->traits);
	struct spooled *d = s->own;

	s->named = inner->named;
	if (strcmp(path, inner->path) != 0)
		d->listener = mem_strdup(path);
	return s;
}

struct source *
spooled_guest(const struct source *listener)
{
	struct tape_stream *stream =
	    tape_find(listener->opts->tape, listener->path, true);
	struct spooled *d;
	struct source *s;
	char *path;

	if (stream == NULL)
		return NULL;
	path = mem_printf("%s#%u", listener->path, stream->id);
	s = wrap(listener->opts, stream->name, path, NULL, conn_guest.traits);
	free(path);
	d = s->own;
	d->stream = stream;
	d->listener = mem_strdup(listener->path);
	return s;
}
