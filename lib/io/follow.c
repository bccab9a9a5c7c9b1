/* SPDX-License-Identifier: ISC */
/* One file followed by name.  sbatch(1), FOLLOWING. */
#include "io/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"
#include "io/sibling.h"

#define LOOK_MS 1000 /* without events: network filesystems give none */
#define LOOK_BLIND_MS 100 /* no events can be had */
#define LOOKS 100 /* at a directory whose names keep changing */
#define TAIL 256 /* bytes before the offset that must stay the same */

/*
 * A writer that was not told of the rotation writes on into the old file;
 * most are told within milliseconds of the rename.
 */
#define GRACE_US (100 * INT64_C(1000))

struct held {
	int fd;
	struct file_id id;
};

struct follow {
	char *path;
	char *dir;
	const char *base; /* in path */
	int event_fd; /* inotify, or -1 */
	int dir_watch; /* or -1 */
	int file_watch; /* or -1 */
	struct held now; /* fd -1: nothing was ever held */
	uint64_t off; /* of its next byte */
	bool at_end; /* the last read found nothing */
	char tail[TAIL]; /* the bytes before off */
	size_t n_tail;
	int64_t lost_us; /* when the name was seen not to be now, or 0 */
	struct held *queue; /* found rotated away, oldest first */
	size_t n_queue;
	size_t cap_queue;
	struct file_id *known; /* siblings that are not to be read again */
	size_t n_known;
	size_t cap_known;
	uint64_t n_truncated;
	bool stopping;
	bool told; /* that the name cannot be opened */
	struct buf note;
	char *error;
};

static void
learn(struct follow *f, const struct file_id *id)
{
	f->known = mem_grow(
	    f->known, &f->cap_known, f->n_known + 1, sizeof(*f->known));
	f->known[f->n_known++] = *id;
}

static bool
is_known(const struct follow *f, const struct file_id *id)
{
	if (f->now.fd != -1 && file_id_same(id, &f->now.id))
		return true;
	for (size_t i = 0; i < f->n_known; i++)
		if (file_id_same(id, &f->known[i]))
			return true;
	return false;
}

static int
look(struct follow *f, struct siblings *l, int *dir_fd)
{
	*dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*dir_fd == -1)
		return -1;
	return siblings_look(l, *dir_fd, f->base);
}

/* All rotated siblings that are there now are old. */
static void
learn_siblings(struct follow *f)
{
	struct siblings l = {0};
	int dir_fd;

	f->n_known = 0;
	if (look(f, &l, &dir_fd) == 0)
		for (size_t i = 0; i < l.n; i++)
			if (!l.v[i].current)
				learn(f, &l.v[i].id);
	if (dir_fd != -1)
		close(dir_fd);
	siblings_release(&l);
}

static void
note(struct follow *f, const char *name, const char *text)
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
follow_new(const char *path)
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
	f->now.fd = -1;
	buf_init(&f->note, 0);
	watch_dir(f);
	learn_siblings(f);
	return f;
}

void
follow_free(struct follow *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->n_queue; i++)
		close(f->queue[i].fd);
	if (f->now.fd != -1)
		close(f->now.fd);
	if (f->event_fd != -1)
		close(f->event_fd);
	buf_release(&f->note);
	free(f->queue);
	free(f->known);
	free(f->error);
	free(f->dir);
	free(f->path);
	free(f);
}

static void
keep_tail(struct follow *f, const char *p, size_t len)
{
	size_t keep = f->n_tail;

	if (len >= TAIL) {
		memcpy(f->tail, p + len - TAIL, TAIL);
		f->n_tail = TAIL;
		return;
	}
	if (keep + len > TAIL)
		keep = TAIL - len;
	memmove(f->tail, f->tail + f->n_tail - keep, keep);
	memcpy(f->tail + keep, p, len);
	f->n_tail = keep + len;
}

/* Whether what stands before the offset is what was read there. */
static bool
tail_is_same(const struct follow *f)
{
	char now[TAIL];
	ssize_t n =
	    io_pread(f->now.fd, now, f->n_tail, (off_t)(f->off - f->n_tail));

	return n >= 0 && (size_t)n == f->n_tail
	       && memcmp(now, f->tail, f->n_tail) == 0;
}

static enum source_got
restart(struct follow *f)
{
	char text[128];

	snprintf(text, sizeof(text),
	    "truncated after byte %ju (time %ju), reading it from the start",
	    (uintmax_t)f->off, (uintmax_t)++f->n_truncated);
	note(f, f->path, text);
	f->off = 0;
	f->n_tail = 0;
	f->at_end = false;
	/* The copy that copytruncate made has been read already. */
	learn_siblings(f);
	return SOURCE_NEXT;
}

static enum source_got
failed(struct follow *f)
{
	f->error = mem_strdup(strerror(errno));
	return SOURCE_ERROR;
}

/* Read the held file; SOURCE_END is its present end. */
static enum source_got
read_held(struct follow *f, void *p, size_t cap, size_t *len)
{
	struct stat st;
	ssize_t n;

	if (f->now.fd == -1)
		return SOURCE_END;
	n = io_pread(f->now.fd, p, cap, (off_t)f->off);
	if (n == -1)
		return failed(f);
	if (n > 0 && f->at_end && !tail_is_same(f))
		return restart(f);
	if (n > 0) {
		keep_tail(f, p, (size_t)n);
		f->off += (uint64_t)n;
		f->at_end = false;
		*len = (size_t)n;
		return SOURCE_BYTES;
	}
	f->at_end = true;
	if (fstat(f->now.fd, &st) == -1)
		return failed(f);
	return (uint64_t)st.st_size < f->off ? restart(f) : SOURCE_END;
}

static void
enqueue(struct follow *f, const struct held *h)
{
	f->queue = mem_grow(
	    f->queue, &f->cap_queue, f->n_queue + 1, sizeof(*f->queue));
	f->queue[f->n_queue++] = *h;
}

/* Open a sibling into the queue.  -1 when its name is another file by now. */
static int
take(struct follow *f, int dir_fd, const struct sibling *s)
{
	struct held h = {.fd = openat(dir_fd, s->name, O_RDONLY | O_CLOEXEC)};
	int64_t mtime_ns;

	if (h.fd == -1 && errno == ENOENT)
		return -1;
	if (h.fd == -1) {
		if (!s->current || !f->told)
			note(f, s->name, strerror(errno));
		/* The name may become readable; a rotated file is lost. */
		if (s->current)
			f->told = true;
		else
			learn(f, &s->id);
		return 0;
	}
	if (sibling_id(&h.id, &mtime_ns, h.fd, "") == -1
	    || !file_id_same(&h.id, &s->id)) {
		close(h.fd);
		return -1;
	}
	learn(f, &h.id);
	enqueue(f, &h);
	return 0;
}

static int
take_unknown(struct follow *f, int dir_fd, const struct siblings *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!is_known(f, &l->v[i].id)
		    && take(f, dir_fd, &l->v[i]) == -1)
			return -1;
	return 0;
}

/* Forget known files that are gone, so that their number stays bounded. */
static void
forget_gone(struct follow *f, const struct siblings *l)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_known; i++)
		for (size_t j = 0; j < l->n; j++)
			if (file_id_same(&f->known[i], &l->v[j].id)) {
				f->known[n++] = f->known[i];
				break;
			}
	f->n_known = n;
}

/* Queue every file of the set that came since, oldest first. */
static void
scan(struct follow *f)
{
	struct siblings l = {0};
	int dir_fd = -1, rc = -1;

	for (int i = 0; rc == -1 && i < LOOKS; i++) {
		if (look(f, &l, &dir_fd) == 0)
			rc = take_unknown(f, dir_fd, &l);
		if (dir_fd == -1)
			break;
		close(dir_fd);
	}
	if (rc == 0)
		forget_gone(f, &l);
	siblings_release(&l);
}

static void
hold_next(struct follow *f)
{
	if (f->now.fd != -1) {
		learn(f, &f->now.id);
		close(f->now.fd);
	}
	f->now = f->queue[0];
	memmove(f->queue, f->queue + 1, --f->n_queue * sizeof(*f->queue));
	f->off = 0;
	f->n_tail = 0;
	f->at_end = false;
	f->lost_us = 0;
	f->told = false;
	watch_file(f);
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
				note(
				    f, f->path, "is not there, waiting for it");
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
		scan(f);
	}
	if (f->n_queue == 0)
		return SOURCE_WAIT;
	hold_next(f);
	return SOURCE_NEXT;
}

enum source_got
follow_read(struct follow *f, void *p, size_t cap, size_t *len)
{
	enum source_got got;
	bool first;

	*len = 0;
	buf_reset(&f->note);
	if (f->error != NULL)
		return SOURCE_ERROR;
	do {
		got = read_held(f, p, cap, len);
		if (got != SOURCE_END)
			return got;
		drain_events(f);
		/* What came before the events were taken has none any more. */
		got = read_held(f, p, cap, len);
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
