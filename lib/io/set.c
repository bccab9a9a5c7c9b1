/* SPDX-License-Identifier: ISC */
/* A log and what rotation made of it as one source.  sbatch(1), ROTATION. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "io/follow.h"
#include "io/gunzip.h"
#include "io/held.h"
#include "io/source_int.h"

struct member {
	char *path; /* owned */
	struct rotation rotation; /* of its name, borrowed from path */
	struct file_id id;
	int64_t mtime_ns;
	size_t order; /* as given */
};

/* What a source of these kinds owns. */
struct set {
	struct member *members; /* oldest first */
	size_t n;
	size_t at; /* the one being read */
	struct follow *follow; /* set_followed: once it is open */
};

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static void
free_members(struct member *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(m[i].path);
	free(m);
}

static void
close_set(struct source *s)
{
	struct set *set = s->own;

	source_close_fd(s);
	if (set == NULL)
		return;
	follow_free(set->follow);
	free_members(set->members, set->n);
	free(set);
	s->own = NULL;
}

/* Files at rest, one behind the other. */

static int
check_members(struct source *s)
{
	const struct set *set = s->own;

	for (size_t i = 0; i < set->n; i++)
		if (access(set->members[i].path, R_OK) == -1)
			return source_fail(s, EX_NOINPUT, "%s: %s",
			    base_name(set->members[i].path), strerror(errno));
	return 0;
}

static int
open_member(struct source *s)
{
	struct set *set = s->own;
	const char *path = set->members[set->at].path;

	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	s->off = 0;
	s->limit = UINT64_MAX;
	if (s->fd == -1)
		return source_fail(s, EX_NOINPUT, "%s", strerror(errno));
	return 0;
}

static enum source_got
read_set(struct source *s, void *p, size_t cap, size_t *len)
{
	struct set *set = s->own;
	ssize_t n = source_pread(s, p, cap);

	if (n == -1)
		return SOURCE_ERROR;
	*len = (size_t)n;
	if (n > 0)
		return SOURCE_BYTES;
	if (set->at + 1 == set->n)
		return SOURCE_END;
	close(s->fd);
	set->at++;
	return open_member(s) == -1 ? SOURCE_ERROR : SOURCE_NEXT;
}

static const char *
set_where(const struct source *s)
{
	const struct set *set = s->own;

	return set->members[set->at].path;
}

const struct source_kind set_at_rest = {
    .name = "set",
    .unpack = true,
    .check = check_members,
    .open = open_member,
    .read = read_set,
    .close = close_set,
    .where = set_where,
    .plain_fd = source_file_fd,
    .seek = source_file_seek,
};

/* Followed by name. */

static bool
is_followed(const char *path, enum source_mode mode)
{
	return mode == SOURCE_FOLLOW && path[0] != '\0'
	       && strcmp(path, "-") != 0;
}

/* It may be missing; in one call, between two of which it may be rotated. */
static int
check_name(struct source *s)
{
	if (access(s->path, R_OK) == 0 || errno == ENOENT)
		return 0;
	return source_check_path(s);
}

static int
check_log(struct source *s)
{
	char magic[2];
	struct stat st;
	int fd;
	ssize_t n;

	if (check_name(s) == -1)
		return -1;
	if (stat(s->path, &st) == 0 && S_ISDIR(st.st_mode))
		return source_check_path(s);
	if (stat(s->path, &st) == 0 && !S_ISREG(st.st_mode))
		return source_fail(s, EX_NOINPUT, "is no regular file");
	fd = open(s->path, O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? -1 : io_pread_full(fd, magic, sizeof(magic), 0);
	if (fd != -1)
		close(fd);
	if (n == 2 && memcmp(magic, GUNZIP_MAGIC, 2) == 0)
		return source_fail(
		    s, EX_DATAERR, "a compressed file cannot be followed");
	return 0;
}

/* It may be missing; what is there must be a file that can be read. */
static int
check_followed(struct source *s)
{
	if (s->own != NULL && check_members(s) == -1)
		return -1;
	return check_log(s);
}

static struct follow *
follow_anew(const char *path, const struct set *set)
{
	char **files = mem_zero(set->n + 1, sizeof(*files));
	struct follow *f;

	for (size_t i = 0; i < set->n; i++)
		files[i] = set->members[i].path;
	f = follow_new(path, files, set->n);
	free(files);
	return f;
}

/* Go on from where an earlier start was. */
static int
resume_followed(struct source *s, struct set *set)
{
	struct cur in;
	char *why;
	int rc;

	set->follow = follow_begin(s->path);
	follow_rules(set->follow, !s->opts->on_truncate_restart,
	    s->opts->on_missing_skip);
	cur_init(&in, s->saved, s->n_saved);
	rc = follow_resume(set->follow, &in, &why);
	if (rc == 0)
		return 0;
	source_fail(s, rc, "%s", why);
	free(why);
	return -1;
}

static int
open_followed(struct source *s)
{
	struct set *set = s->own;

	if (set == NULL)
		s->own = set = mem_zero(1, sizeof(*set));
	if (s->saved != NULL)
		return resume_followed(s, set);
	set->follow = follow_anew(s->path, set);
	if (s->opts->kept)
		follow_rules(set->follow, !s->opts->on_truncate_restart,
		    s->opts->on_missing_skip);
	return 0;
}

static struct follow *
follow_of(const struct source *s)
{
	const struct set *set = s->own;

	return set->follow;
}

static enum source_got
read_followed(struct source *s, void *p, size_t cap, size_t *len)
{
	enum source_got got = follow_read(follow_of(s), p, cap, len);

	if (got == SOURCE_ERROR)
		source_fail(s, follow_status(follow_of(s)), "%s",
		    follow_error(follow_of(s)));
	return got;
}

static void
stop_followed(struct source *s)
{
	follow_stop(follow_of(s));
}

static int
followed_fd(const struct source *s)
{
	return follow_fd(follow_of(s));
}

static int
followed_wait_ms(const struct source *s)
{
	return follow_wait_ms(follow_of(s));
}

static const char *
followed_note(const struct source *s)
{
	return follow_note(follow_of(s));
}

/* One that could not be opened is followed by nobody. */
static const char *
followed_where(const struct source *s)
{
	const struct set *set = s->own;

	return set == NULL || set->follow == NULL ? s->path
						  : follow_where(set->follow);
}

static int64_t
followed_mtime_us(const struct source *s)
{
	return follow_mtime_us(follow_of(s));
}

static int
followed_plain_fd(const struct source *s)
{
	return follow_plain_fd(follow_of(s));
}

static void
seek_followed(struct source *s, uint64_t off)
{
	follow_seek(follow_of(s), off);
}

static bool
followed_to_end(struct source *s, uint64_t *off)
{
	return follow_to_end(follow_of(s), off);
}

static void
save_followed(const struct source *s, struct buf *out, uint64_t off)
{
	static const struct set plain;
	const struct set *set = s->own == NULL ? &plain : s->own;
	struct follow *f;

	if (set->follow != NULL) {
		follow_take(set->follow);
		follow_save(out, set->follow, off);
	} else if (s->saved != NULL) {
		buf_put(out, s->saved, s->n_saved);
	} else {
		/* It may be replaced before its turn comes. */
		f = follow_anew(s->path, set);
		follow_take(f);
		follow_save(out, f, 0);
		follow_free(f);
	}
}

static bool
followed_in_line(const struct source *s)
{
	return follow_in_line(follow_of(s));
}

const struct source_kind set_followed = {
    .name = "follow",
    .traits = SOURCE_LIVE | SOURCE_ENDLESS | SOURCE_BATCHED,
    .claims = is_followed,
    .check = check_followed,
    .open = open_followed,
    .read = read_followed,
    .close = close_set,
    .stop = stop_followed,
    .fd = followed_fd,
    .wait_ms = followed_wait_ms,
    .note = followed_note,
    .where = followed_where,
    .mtime_us = followed_mtime_us,
    .plain_fd = followed_plain_fd,
    .seek = seek_followed,
    .to_end = followed_to_end,
    .save = save_followed,
    .in_line = followed_in_line,
    .as_set = &set_followed,
};

/* At rest, but with a place that outlives rotation. */

static bool
is_kept(const char *path, enum source_mode mode)
{
	struct stat st;

	return mode == SOURCE_KEPT && path[0] != '\0' && strcmp(path, "-") != 0
	       && strstr(path, "://") == NULL
	       && (stat(path, &st) == -1 || S_ISREG(st.st_mode));
}

/* Up to where the files are now. */
static int
open_kept(struct source *s)
{
	if (s->saved == NULL && s->own == NULL && source_check_path(s) == -1)
		return -1;
	if (open_followed(s) == -1)
		return -1;
	stop_followed(s);
	return 0;
}

static int
check_kept(struct source *s)
{
	if (s->own != NULL && check_members(s) == -1)
		return -1;
	return check_name(s);
}

const struct source_kind set_kept = {
    .name = "kept",
    .claims = is_kept,
    .check = check_kept,
    .open = open_kept,
    .read = read_followed,
    .close = close_set,
    .stop = stop_followed,
    .fd = followed_fd,
    .wait_ms = followed_wait_ms,
    .note = followed_note,
    .where = followed_where,
    .mtime_us = followed_mtime_us,
    .plain_fd = followed_plain_fd,
    .seek = seek_followed,
    .save = save_followed,
    .in_line = followed_in_line,
    .as_set = &set_kept,
};

/* Which sources are one set. */

/* A source by the path that its file had before it was rotated. */
struct candidate {
	struct source **at; /* in the list */
	size_t stem; /* bytes of its path */
	bool rotated;
};

static int
by_stem(const void *va, const void *vb)
{
	const struct candidate *a = va, *b = vb;
	const struct source *s = *a->at, *t = *b->at;
	size_t len = a->stem < b->stem ? a->stem : b->stem;
	int c = memcmp(s->path, t->path, len);

	if (c == 0)
		c = (a->stem > b->stem) - (a->stem < b->stem);
	if (c == 0)
		c = s->named - t->named;
	if (c == 0 && s->named)
		c = strcmp(s->name, t->name);
	return c != 0 ? c : (a->at > b->at) - (a->at < b->at);
}

static bool
same_log(const struct candidate *a, const struct candidate *b)
{
	const struct source *s = *a->at, *t = *b->at;

	return a->stem == b->stem && memcmp(s->path, t->path, a->stem) == 0
	       && s->named == t->named
	       && (!s->named || strcmp(s->name, t->name) == 0);
}

static int
by_rotation(const void *va, const void *vb)
{
	const struct member *a = va, *b = vb;
	int c = rotation_compare(&a->rotation, &b->rotation);

	return c != 0 ? c : (a->order > b->order) - (a->order < b->order);
}

static int
by_change(const void *va, const void *vb)
{
	const struct member *a = va, *b = vb;
	bool x = a->rotation.kind == ROTATION_NONE;
	bool y = b->rotation.kind == ROTATION_NONE;

	if (x != y)
		return x - y;
	if (a->mtime_ns != b->mtime_ns)
		return a->mtime_ns > b->mtime_ns ? 1 : -1;
	return by_rotation(va, vb);
}

/* Oldest first: by name, or, where some count and some have dates, by time. */
static void
sort_members(struct set *set)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < set->n; i++)
		kinds |= 1u << set->members[i].rotation.kind;
	if ((kinds >> ROTATION_NUMBER & 1) != 0
	    && (kinds >> ROTATION_DATE & 1) != 0)
		qsort(set->members, set->n, sizeof(*set->members), by_change);
	else
		qsort(set->members, set->n, sizeof(*set->members), by_rotation);
}

/*
 * Whether gzip made packed of plain, or is at it: then packed cannot be read
 * yet.
 */
static bool
is_packed_of(const struct member *packed, const struct member *plain)
{
	struct head_id a, b;
	struct held p = {.fd = -1}, q = {.fd = -1};
	size_t len = strlen(plain->path);
	bool same = false;

	if (strncmp(packed->path, plain->path, len) != 0
	    || strcmp(packed->path + len, ".gz") != 0)
		return false;
	if (held_open(&p, AT_FDCWD, packed->path) == 0
	    && held_open(&q, AT_FDCWD, plain->path) == 0
	    && held_head(&b, &q) == 0)
		same = held_head(&a, &p) == -1 || head_id_same(&a, &b);
	held_release(&p);
	held_release(&q);
	return same;
}

static bool
is_double(const struct set *set, size_t at)
{
	const struct member *m = &set->members[at];

	for (size_t i = 0; i < set->n; i++)
		if (i != at
		    && ((i < at && m->id.ino != 0
			    && file_id_same(&m->id, &set->members[i].id))
			|| is_packed_of(m, &set->members[i])))
			return true;
	return false;
}

static void
drop_doubles(struct set *set)
{
	size_t n = 0;
	bool *out = mem_zero(set->n, sizeof(*out));

	for (size_t i = 0; i < set->n; i++)
		out[i] = is_double(set, i);
	for (size_t i = 0; i < set->n; i++)
		if (out[i])
			free(set->members[i].path);
		else
			set->members[n++] = set->members[i];
	set->n = n;
	free(out);
}

static void
add_member(struct set *set, const char *path)
{
	struct member *m = &set->members[set->n];

	*m = (struct member){.path = mem_strdup(path), .order = set->n++};
	rotation_read(&m->rotation, base_name(m->path));
	/* What cannot be looked at is told of by check_members. */
	sibling_id(&m->id, &m->mtime_ns, AT_FDCWD, path);
}

/* Make one source, in the place of the first, of n of one log. */
static void
join(const struct candidate *c, size_t n)
{
	struct source *s = *c[0].at;
	struct set *set = mem_zero(1, sizeof(*set));

	set->members = mem_zero(n, sizeof(*set->members));
	for (size_t i = 0; i < n; i++) {
		add_member(set, (*c[i].at)->path);
		if (i == 0)
			continue;
		source_free(*c[i].at);
		*c[i].at = NULL;
	}
	s->path[c[0].stem] = '\0';
	if (!s->named) {
		free(s->name);
		s->name = mem_strdup(s->path);
	}
	s->kind = s->kind->as_set;
	s->traits = s->kind->traits;
	s->own = set;
	sort_members(set);
	drop_doubles(set);
	/* It is followed, not read as a file at rest before. */
	if (s->kind != &set_at_rest
	    && set->members[set->n - 1].rotation.kind == ROTATION_NONE)
		free(set->members[--set->n].path);
}

static void
join_groups(const struct candidate *c, size_t n)
{
	size_t end;
	bool rotated;

	for (size_t i = 0; i < n; i = end) {
		rotated = c[i].rotated;
		for (end = i + 1; end < n && same_log(&c[i], &c[end]); end++)
			rotated |= c[end].rotated;
		if (rotated && end - i > 1)
			join(c + i, end - i);
	}
}

void
set_join(struct source_list *l)
{
	struct candidate *c = mem_zero(l->n, sizeof(*c));
	struct rotation r;
	size_t n = 0, left = 0;

	for (size_t i = 0; i < l->n; i++) {
		const char *path = l->v[i]->path;

		if (l->v[i]->kind->as_set == NULL)
			continue;
		rotation_read(&r, base_name(path));
		c[n++] = (struct candidate){.at = &l->v[i],
		    .stem = (size_t)(base_name(path) - path) + r.stem,
		    .rotated = r.kind != ROTATION_NONE};
	}
	if (n > 1)
		qsort(c, n, sizeof(*c), by_stem);
	join_groups(c, n);
	free(c);
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] != NULL)
			l->v[left++] = l->v[i];
	l->n = left;
}
