/* SPDX-License-Identifier: ISC */
/* A tape is written.  millrace-checkpoint(5), SPOOL. */
#include "ckpt/tape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "ckpt/durable.h"
#include "ckpt/segment.h"
#include "ckpt/tape_int.h"

#define FILES 16 /* in so many the whole is divided */
#define FILE_MAX (UINT64_C(64) << 20)
#define TEXT_MAX 65536 /* bytes of a path, and of a name */

void
tape_init(struct tape *t, uint64_t max)
{
	*t = (struct tape){.max = max, .fd = -1, .read_fd = -1, .next_id = 1};
	buf_init(&t->data, 0);
}

static void
free_stream(struct tape_stream *s)
{
	free(s->path);
	free(s->name);
	free(s->again);
	free(s);
}

void
tape_release(struct tape *t)
{
	for (size_t i = 0; i < t->n_streams; i++)
		free_stream(t->streams[i]);
	if (t->fd != -1)
		close(t->fd);
	if (t->read_fd != -1)
		close(t->read_fd);
	free(t->streams);
	free(t->files);
	free(t->marks);
	free(t->why);
	buf_release(&t->data);
	tape_init(t, t->max);
}

int
tape_fail(struct tape *t, char **why, int status)
{
	t->status = status;
	t->why = mem_strdup(*why);
	return status;
}

int
tape_failed(struct tape *t, char **why, uint32_t number)
{
	char name[SEGMENT_NAME_MAX] = ".";

	if (number > 0)
		segment_name(name, number);
	return tape_fail(t, why, checkpoint_failed(t->dir, why, name));
}

int
tape_usable(const struct tape *t, char **why)
{
	if (t->status != 0)
		*why = mem_strdup(t->why);
	return t->status;
}

struct tape_stream *
tape_put(
    struct tape *t, const char *path, size_t len, const char *name, size_t n)
{
	struct tape_stream *s = mem_zero(1, sizeof(*s));

	s->path = mem_strndup(path, len);
	s->name = mem_strndup(name, n);
	t->streams = mem_grow(t->streams, &t->cap_streams, t->n_streams + 1,
	    sizeof(struct tape_stream *));
	return t->streams[t->n_streams++] = s;
}

struct tape_stream *
tape_find(struct tape *t, const char *path, bool guest)
{
	for (size_t i = 0; i < t->n_streams; i++) {
		struct tape_stream *s = t->streams[i];

		if (!s->taken && s->guest == guest
		    && strcmp(s->path, path) == 0) {
			s->taken = true;
			return s;
		}
	}
	return NULL;
}

struct tape_stream *
tape_stray(const struct tape *t, size_t *i)
{
	while (*i < t->n_streams) {
		struct tape_stream *s = t->streams[(*i)++];

		if (!s->taken)
			return s;
	}
	return NULL;
}

struct tape_stream *
tape_add(struct tape *t, const char *path, const char *name, bool guest)
{
	struct tape_stream *s =
	    tape_put(t, path, strlen(path), name, strlen(name));

	s->id = t->next_id++;
	s->guest = guest;
	s->taken = true;
	return s;
}

void
tape_drop(struct tape *t, struct tape_stream *s)
{
	for (size_t i = 0; i < t->n_streams; i++)
		if (t->streams[i] == s) {
			free_stream(s);
			t->streams[i] = t->streams[--t->n_streams];
			return;
		}
}

/* The first place that a stream still needs. */
static uint64_t
need_of(const struct tape *t, const struct tape_stream *s)
{
	return s->next < s->n_again ? s->again[s->next] : t->at;
}

static uint64_t
need(const struct tape *t)
{
	uint64_t least = t->at, at;

	for (size_t i = 0; i < t->n_streams; i++) {
		at = need_of(t, t->streams[i]);
		least = at < least ? at : least;
	}
	return least;
}

static unsigned
opened_flags(bool guest, bool packed)
{
	return (guest ? TAPE_GUEST : 0u) | (packed ? TAPE_PACKED : 0u);
}

void
tape_save(const struct tape *t, struct buf *out)
{
	buf_put_int(out, t->at, 8);
	buf_put_int(out, t->next_id, 4);
	buf_put_int(out, t->n_streams, 4);
	for (size_t i = 0; i < t->n_streams; i++) {
		const struct tape_stream *s = t->streams[i];

		buf_put_int(out, s->id, 4);
		buf_put_int(out,
		    opened_flags(s->guest, s->packed)
			| (s->ended ? TAPE_ENDED : 0u)
			| (s->begun ? TAPE_BEGUN : 0u),
		    1);
		buf_put_int(out, s->origin, 8);
		buf_put_int(out, need_of(t, s), 8);
		buf_put_int(out, s->next < s->n_again ? s->skip : 0, 4);
		buf_put_str(out, s->path, strlen(s->path));
		buf_put_str(out, s->name, strlen(s->name));
	}
}

struct tape_stream *
tape_by_id(const struct tape *t, uint32_t id)
{
	for (size_t i = 0; i < t->n_streams; i++)
		if (t->streams[i]->id == id)
			return t->streams[i];
	return NULL;
}

static int
load_stream(struct tape *t, struct cur *c)
{
	uint32_t id = (uint32_t)cur_get_int(c, 4);
	uint64_t flags = cur_get_int(c, 1), origin = cur_get_int(c, 8);
	uint64_t from = cur_get_int(c, 8);
	uint32_t skip = (uint32_t)cur_get_int(c, 4);
	size_t len, n;
	const char *path = cur_get_str(c, &len, TEXT_MAX);
	const char *name = cur_get_str(c, &n, TEXT_MAX);
	struct tape_stream *s;

	if (c->failed || from > t->kept || id == 0 || id >= t->next_id
	    || tape_by_id(t, id) != NULL
	    || flags > (TAPE_GUEST | TAPE_PACKED | TAPE_ENDED | TAPE_BEGUN)
	    || (skip > 0 && from == t->kept))
		return -1;
	s = tape_put(t, path, len, name, n);
	s->id = id;
	s->guest = (flags & TAPE_GUEST) != 0;
	s->packed = (flags & TAPE_PACKED) != 0;
	s->ended = (flags & TAPE_ENDED) != 0;
	s->begun = (flags & TAPE_BEGUN) != 0;
	s->origin = origin;
	s->from = from;
	s->skip = skip;
	return 0;
}

int
tape_load(struct tape *t, struct cur *c, uint64_t before)
{
	uint64_t n;

	t->loaded = true;
	t->before = before;
	t->kept = cur_get_int(c, 8);
	t->next_id = (uint32_t)cur_get_int(c, 4);
	n = cur_get_int(c, 4);
	for (uint64_t i = 0; i < n && !c->failed; i++)
		if (load_stream(t, c) == -1)
			return -1;
	return c->failed || c->left > 0 || t->next_id == 0 || before > t->kept
		   ? -1
		   : 0;
}

/* Make the file durable that is being written. */
static int
flush_file(struct tape *t, char **why)
{
	if (t->fd == -1 || t->dirty_us == 0)
		return 0;
	if (fsync(t->fd) == -1)
		return tape_failed(t, why, t->files[t->n_files - 1].number);
	t->dirty_us = 0;
	return 0;
}

int
tape_flush(struct tape *t, char **why)
{
	int rc = tape_usable(t, why);

	if (rc == 0)
		rc = flush_file(t, why);
	if (rc == 0 && t->new_name && durable_sync(t->dir->fd) == -1)
		rc = tape_failed(t, why, 0);
	if (rc != 0)
		return rc;
	t->new_name = false;
	t->synced = t->at;
	return 0;
}

/* Go on in a new file.  What is in the older ones is durable then. */
static int
turn(struct tape *t, char **why)
{
	uint32_t number =
	    t->n_files == 0 ? 1 : t->files[t->n_files - 1].number + 1;
	int rc = tape_flush(t, why);

	if (rc != 0)
		return rc;
	if (t->fd != -1 && close(t->fd) == -1)
		rc = tape_failed(t, why, number - 1);
	t->fd = rc == 0 ? segment_create(t->dir->fd, number, t->at) : -1;
	if (rc == 0 && t->fd == -1)
		rc = tape_failed(t, why, number);
	if (rc != 0)
		return rc;
	t->files = mem_grow(
	    t->files, &t->cap_files, t->n_files + 1, sizeof(*t->files));
	t->files[t->n_files++] = (struct tape_file){number, t->at};
	t->new_name = true;
	t->dirty_us = time_mono_us();
	return 0;
}

/* Room for len bytes more, within what is allowed. */
static int
make_room(struct tape *t, char **why, uint64_t len)
{
	uint64_t most = t->max / FILES < FILE_MAX ? t->max / FILES : FILE_MAX;
	uint64_t used, first = t->n_files == 0 ? t->at : t->files[0].start;

	if (t->at - first + len > t->max) {
		*why = mem_printf(
		    "%s: the spool has %ju bytes, and --spool-max allows %ju: "
		    "what is in it is not committed, because the sink does "
		    "not keep up or no batch ends",
		    t->dir->path, (uintmax_t)(t->at - first),
		    (uintmax_t)t->max);
		return tape_fail(t, why, EX_IOERR);
	}
	used = t->fd == -1 ? 0 : t->at - t->files[t->n_files - 1].start;
	return t->fd == -1 || (used > 0 && used + len > most) ? turn(t, why)
							      : 0;
}

static int
append(struct tape *t, char **why, const struct tape_stream *s,
    enum segment_kind kind, const void *p, size_t len)
{
	struct segment_rec r = {
	    .kind = kind, .id = s->id, .len = (uint32_t)len};
	int rc = tape_usable(t, why);

	if (rc == 0)
		rc = make_room(t, why, SEGMENT_REC + len);
	if (rc != 0)
		return rc;
	r.at = t->at;
	r.synced = t->synced;
	if (segment_write(t->fd, &r, p) == -1)
		return tape_failed(t, why, t->files[t->n_files - 1].number);
	t->at += SEGMENT_REC + len;
	if (t->dirty_us == 0)
		t->dirty_us = time_mono_us();
	return 0;
}

void
tape_again(struct tape_stream *s, uint64_t at)
{
	s->again = mem_grow(
	    s->again, &s->cap_again, s->n_again + 1, sizeof(*s->again));
	s->again[s->n_again++] = at;
}

int
tape_open(struct tape *t, char **why, struct tape_stream *s, uint64_t origin,
    bool packed)
{
	struct buf b;
	int rc;

	if (strlen(s->path) > TEXT_MAX || strlen(s->name) > TEXT_MAX) {
		*why = mem_printf("%s: a source that is spooled has a path and "
				  "a name of at most %d bytes",
		    t->dir->path, TEXT_MAX);
		return tape_fail(t, why, EX_USAGE);
	}
	buf_init(&b, SEGMENT_DATA_MAX);
	buf_put_int(&b, origin, 8);
	buf_put_int(&b, opened_flags(s->guest, packed), 1);
	buf_put_str(&b, s->path, strlen(s->path));
	buf_put_str(&b, s->name, strlen(s->name));
	rc = append(t, why, s, SEGMENT_OPEN, b.data, b.len);
	if (rc == 0)
		tape_again(s, t->at - SEGMENT_REC - b.len);
	buf_release(&b);
	return rc;
}

int
tape_write(struct tape *t, char **why, struct tape_stream *s, const void *p,
    size_t len)
{
	int rc = append(t, why, s, SEGMENT_DATA, p, len);

	if (rc == 0 && s->next < s->n_again)
		tape_again(s, t->at - SEGMENT_REC - len);
	return rc;
}

int
tape_end(struct tape *t, char **why, struct tape_stream *s)
{
	int rc = append(t, why, s, SEGMENT_END, "", 0);

	if (rc == 0 && s->next < s->n_again)
		tape_again(s, t->at - SEGMENT_REC);
	else if (rc == 0)
		s->ended = true;
	return rc;
}

static void
add_mark(struct tape *t, uint64_t epoch, uint64_t at)
{
	t->marks = mem_grow(
	    t->marks, &t->cap_marks, t->n_marks + 1, sizeof(*t->marks));
	t->marks[t->n_marks++] = (struct tape_mark){epoch, at};
}

void
tape_mark(struct tape *t, uint64_t epoch)
{
	/* A start that ends only one epoch has to trim, too. */
	if (t->n_marks == 0 && epoch > 0)
		add_mark(t, epoch - 1, t->before);
	add_mark(t, epoch, need(t));
	t->marked = t->at;
}

uint64_t
tape_needed(const struct tape *t)
{
	return t->n_marks == 0 ? 0 : t->marks[t->n_marks - 1].need;
}

uint64_t
tape_fresh(const struct tape *t)
{
	return t->at - t->marked;
}

/* Its room is free only once nobody has it open. */
static void
close_read(struct tape *t, uint32_t number)
{
	if (t->read_fd == -1 || t->read_number != number)
		return;
	close(t->read_fd);
	t->read_fd = -1;
}

static int
remove_before(struct tape *t, char **why, uint64_t at)
{
	char name[SEGMENT_NAME_MAX];
	size_t n = 0;
	int rc = tape_usable(t, why);

	while (rc == 0 && n + 1 < t->n_files && t->files[n + 1].start <= at) {
		segment_name(name, t->files[n].number);
		close_read(t, t->files[n].number);
		if (unlinkat(t->dir->fd, name, 0) == -1 && errno != ENOENT)
			rc = tape_failed(t, why, t->files[n].number);
		else
			n++;
	}
	t->n_files -= n;
	memmove(t->files, t->files + n, t->n_files * sizeof(*t->files));
	return rc;
}

int
tape_trim(struct tape *t, char **why, uint64_t epoch)
{
	size_t n = 0;

	while (n < t->n_marks && t->marks[n].epoch < epoch)
		n++;
	t->n_marks -= n;
	memmove(t->marks, t->marks + n, t->n_marks * sizeof(*t->marks));
	if (t->n_marks == 0 || t->marks[0].epoch != epoch)
		return 0;
	return remove_before(t, why, t->marks[0].need);
}

int
tape_rest(struct tape *t, char **why)
{
	int rc = tape_usable(t, why);

	if (rc != 0 || t->n_files == 0
	    || t->files[t->n_files - 1].start == t->at)
		return rc;
	return turn(t, why);
}
