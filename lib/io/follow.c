/* SPDX-License-Identifier: ISC */
/* One file followed by name.  sbatch(1), FOLLOWING. */
#include "io/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"
#include "io/follow_int.h"

#define LOOK_MS 1000 /* without events: network filesystems give none */
#define LOOK_BLIND_MS 100 /* no events can be had */

/*
 * A writer that was not told of the rotation writes on into the old file;
 * most are told within milliseconds of the rename.
 */
#define GRACE_US (100 * INT64_C(1000))

void
follow_tell(struct follow *f, const char *name, const char *text)
{
	if (f->note.len > 0)
		buf_puts(&f->note, "; ");
	buf_printf(&f->note, "%s: %s", name, text);
	*buf_reserve(&f->note, 1) = '\0';
}

/* Watch the directory, once it is there. */
static void
watch_dir(struct follow *f)
{
	if (f->event_fd == -1)
		return;
	f->dir_watch = inotify_add_watch(f->event_fd, f->dir,
	    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
}

/* Watch the file that is held, not the one that has its name by now. */
static void
watch_file(struct follow *f)
{
	char path[64];

	if (f->event_fd == -1)
		return;
	if (f->file_watch != -1)
		inotify_rm_watch(f->event_fd, f->file_watch);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->now.fd);
	f->file_watch = inotify_add_watch(f->event_fd, path, IN_MODIFY);
}

/* What the events say does not matter: each look sees for itself. */
static void
drain_events(struct follow *f)
{
	char events[4096];

	while (f->event_fd != -1 && io_wait(f->event_fd, -1, 0) == 1)
		if (io_read(f->event_fd, events, sizeof(events)) <= 0)
			break;
}

struct follow *
follow_begin(const char *path)
{
	struct follow *f = mem_zero(1, sizeof(*f));
	const char *slash;

	f->path = mem_strdup(path);
	slash = strrchr(f->path, '/');
	f->base = slash == NULL ? f->path : slash + 1;
	if (slash == NULL)
		f->dir = mem_strdup(".");
	else
		f->dir = mem_strndup(f->path, (size_t)(f->base - f->path));
	f->event_fd = inotify_init1(IN_CLOEXEC);
	f->dir_watch = f->file_watch = -1;
	f->now.fd = f->truncated.fd = -1;
	buf_init(&f->note, 0);
	watch_dir(f);
	return f;
}

struct follow *
follow_new(const char *path, char *const files[], size_t n)
{
	struct follow *f = follow_begin(path);

	follow_take_files(f, files, n);
	follow_learn(f);
	return f;
}

void
follow_free(struct follow *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->n_queue; i++)
		held_release(&f->queue[i]);
	held_release(&f->now);
	held_release(&f->truncated);
	if (f->event_fd != -1)
		close(f->event_fd);
	buf_release(&f->note);
	known_release(&f->known);
	free(f->queue);
	free(f->error);
	free(f->dir);
	free(f->path);
	free(f);
}

/* The truncated file has the turn, from its start. */
static enum source_got
restart(struct follow *f)
{
	held_rewind(&f->now);
	follow_learn(f);
	return SOURCE_NEXT;
}

/* The copy is at its end: back to what was truncated. */
static enum source_got
leave_copy(struct follow *f)
{
	held_release(&f->now);
	f->now = f->truncated;
	f->truncated.fd = -1;
	return restart(f);
}

static enum source_got
on_truncation(struct follow *f)
{
	char text[128];
	struct held copy;
	bool found = follow_find_copy(f, &copy);

	if (!found && f->strict) {
		f->status = EX_NOINPUT;
		f->error = mem_printf("truncated after byte %ju, and no copy "
				      "has what stood behind it; "
				      "--on-truncate restart reads it from the "
				      "start",
		    (uintmax_t)f->now.off);
		return SOURCE_ERROR;
	}
	snprintf(text, sizeof(text), "truncated after byte %ju (time %ju), %s",
	    (uintmax_t)f->now.off, (uintmax_t)++f->n_truncated,
	    found ? "reading its copy to the end and it from the start"
		  : "reading it from the start");
	follow_tell(f, f->path, text);
	if (!found)
		return restart(f);
	f->truncated = f->now;
	f->now = copy;
	return SOURCE_WAIT;
}

static enum source_got
failed(struct follow *f)
{
	f->status = EX_IOERR;
	f->error =
	    errno == EBADMSG ? mem_printf(
		"%s: the gzip data are damaged or cut short", f->now.name)
			     : mem_strdup(strerror(errno));
	return SOURCE_ERROR;
}

/*
 * Read the held file; SOURCE_END is its present end, SOURCE_WAIT that another
 * was taken in its place.
 */
static enum source_got
read_held(struct follow *f, void *p, size_t cap, size_t *len)
{
	ssize_t n;

	if (f->now.fd == -1)
		return SOURCE_END;
	n = held_read(&f->now, p, cap);
	if (n == -1)
		return errno == ESTALE ? on_truncation(f) : failed(f);
	*len = (size_t)n;
	if (n > 0)
		return SOURCE_BYTES;
	return f->truncated.fd != -1 ? leave_copy(f) : SOURCE_END;
}

void
follow_hold(struct follow *f, const struct held *h)
{
	f->now = *h;
	f->lost_us = 0;
	f->told = false;
	watch_file(f);
}

static void
hold_next(struct follow *f)
{
	struct held next = f->queue[0];

	/* As it is now: more was written into it since it was opened. */
	if (f->now.fd != -1)
		known_add(&f->known, &f->now);
	held_release(&f->now);
	memmove(f->queue, f->queue + 1, --f->n_queue * sizeof(*f->queue));
	follow_hold(f, &next);
}

/*
 * Its directory cannot be looked at, for which errno is: files may be in it
 * that come next.  Who follows it is told once and looks again; at its end
 * rows would be missing.  A directory that is not there has none.
 */
static enum source_got
no_look(struct follow *f)
{
	const char *why = strerror(errno);

	if (errno == ENOENT)
		return SOURCE_WAIT;
	if (f->stopping) {
		f->status = EX_IOERR;
		f->error = mem_printf("%s: %s", f->dir, why);
		return SOURCE_ERROR;
	}
	if (!f->told_dir)
		follow_tell(f, f->dir, why);
	f->told_dir = true;
	return SOURCE_WAIT;
}

/* The held file is read to its end: go on to the next, if there is one. */
static enum source_got
advance(struct follow *f)
{
	struct file_id id;
	int64_t mtime_ns;

	if (f->n_queue == 0) {
		if (sibling_id(&id, &mtime_ns, AT_FDCWD, f->path) == -1) {
			if (!f->told && f->now.fd == -1)
				follow_tell(f, f->path,
				    f->stopping
					? "is not there"
					: "is not there, waiting for it");
			f->told = true;
		} else if (f->now.fd != -1 && file_id_same(&id, &f->now.id)) {
			f->lost_us = 0;
			return SOURCE_WAIT;
		}
		watch_dir(f);
		if (f->lost_us == 0)
			f->lost_us = time_mono_us();
		if (f->now.fd != -1 && !f->stopping
		    && time_mono_us() < f->lost_us + GRACE_US)
			return SOURCE_WAIT;
		if (follow_scan(f) == -1)
			return no_look(f);
		f->told_dir = false;
		if (f->error != NULL)
			return SOURCE_ERROR;
	}
	if (f->n_queue == 0)
		return SOURCE_WAIT;
	hold_next(f);
	return SOURCE_NEXT;
}

/* Read on over the copies that take the place of truncated files. */
static enum source_got
read_now(struct follow *f, void *p, size_t cap, size_t *len)
{
	enum source_got got;

	do
		got = read_held(f, p, cap, len);
	while (got == SOURCE_WAIT);
	return got;
}

enum source_got
follow_read(struct follow *f, void *p, size_t cap, size_t *len)
{
	enum source_got got;
	bool first;

	*len = 0;
	if (f->lost) {
		/* The note is that of follow_resume. */
		f->lost = false;
		return SOURCE_NEXT;
	}
	buf_reset(&f->note);
	if (f->error != NULL)
		return SOURCE_ERROR;
	do {
		got = read_now(f, p, cap, len);
		if (got != SOURCE_END)
			return got;
		drain_events(f);
		/* What came before the events were taken has none any more. */
		got = read_now(f, p, cap, len);
		if (got != SOURCE_END)
			return got;
		first = f->now.fd == -1;
		got = advance(f);
	} while (got == SOURCE_NEXT && first);
	return got == SOURCE_WAIT && f->stopping ? SOURCE_END : got;
}

void
follow_stop(struct follow *f)
{
	f->stopping = true;
}

int
follow_fd(const struct follow *f)
{
	return f->event_fd;
}

int
follow_wait_ms(const struct follow *f)
{
	int64_t left;

	if (f->lost_us != 0 && f->now.fd != -1) {
		left = f->lost_us + GRACE_US - time_mono_us();
		if (left > 0)
			return (int)(left / 1000) + 1;
	}
	return f->dir_watch == -1 || f->file_watch == -1 ? LOOK_BLIND_MS
							 : LOOK_MS;
}

const char *
follow_note(const struct follow *f)
{
	return f->note.len > 0 ? (const char *)f->note.data : NULL;
}

const char *
follow_error(const struct follow *f)
{
	return f->error;
}

int
follow_status(const struct follow *f)
{
	return f->status;
}

const char *
follow_where(const struct follow *f)
{
	if (f->now.fd == -1 || strchr(f->now.name, '/') == NULL)
		return f->path;
	return f->now.name;
}

int64_t
follow_mtime_us(const struct follow *f)
{
	return f->now.fd == -1 ? time_now_us() : f->now.mtime_ns / 1000;
}

int
follow_plain_fd(const struct follow *f)
{
	return f->now.fd != -1 && f->now.gunzip == NULL ? f->now.fd : -1;
}

void
follow_seek(struct follow *f, uint64_t off)
{
	held_seek(&f->now, off);
}

void
follow_take(struct follow *f)
{
	if (f->now.fd != -1)
		return;
	/* What cannot be looked at now is told of by who reads it. */
	(void)follow_scan(f);
	if (f->n_queue > 0)
		hold_next(f);
}

bool
follow_to_end(struct follow *f, uint64_t *off)
{
	/* What cannot be looked at now is told of by the next read. */
	if (f->now.fd == -1)
		(void)follow_scan(f);
	/* Of what is there only the last one can grow. */
	while (f->n_queue > 0) {
		held_release(&f->now);
		hold_next(f);
	}
	if (follow_plain_fd(f) == -1)
		return false;
	held_seek(&f->now, held_last_end(&f->now));
	*off = f->now.off;
	return true;
}
