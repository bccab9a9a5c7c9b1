/* SPDX-License-Identifier: ISC */
/* Files that are appended to.  millrace-checkpoint(5), SINKS. */
#include "io/appended.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "ckpt/durable.h"
#include "io/outdir.h"
#include "io/prepared.h"
#include "io/side.h"

void
appended_init(struct appended *a)
{
	*a = (struct appended){.cwd = getcwd(NULL, 0), .noted = true};
	if (a->cwd == NULL)
		a->cwd = mem_strdup(".");
}

static void
forget(struct appended *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->files[i].path);
	a->n = 0;
	map_reset(&a->map);
}

void
appended_release(struct appended *a)
{
	forget(a);
	free(a->files);
	free(a->hashes);
	map_release(&a->map);
	free(a->cwd);
}

/* The file of a path, a new one if need be: *is_new. */
static struct appended_file *
find(struct appended *a, const char *path, bool *is_new)
{
	uint64_t h = hash_bytes(path, strlen(path), hash_seed());
	size_t at = map_first(&a->map, h, a->hashes);
	uint32_t i;

	*is_new = false;
	while ((i = map_at(&a->map, &at, h)) != MAP_NONE) {
		if (strcmp(a->files[i].path, path) == 0)
			return &a->files[i];
		at++;
	}
	*is_new = true;
	i = map_insert(&a->map, at, h);
	a->hashes =
	    mem_grow(a->hashes, &a->cap_hashes, (size_t)i + 1, sizeof(h));
	a->hashes[i] = h;
	a->files =
	    mem_grow(a->files, &a->cap, (size_t)i + 1, sizeof(*a->files));
	a->files[i] = (struct appended_file){.path = mem_strdup(path)};
	a->n = (size_t)i + 1;
	return &a->files[i];
}

static int
failed(char **why, const char *path)
{
	*why = mem_printf("%s: %s", path, strerror(errno));
	return -1;
}

/*
 * The file for reading and cutting: 1, 0 when there is none, or -1 with errno.
 * What is no regular file is none: it cannot be cut.
 */
static int
open_file(int *fd, const struct appended_file *f, int flags)
{
	bool trusted = (size_t)(outdir_name(f->path) - f->path) < f->n_trusted;
	int dir_fd = outdir_open(f->path, f->n_trusted, NULL), e;
	struct stat st;

	if (dir_fd == -1)
		return errno == ENOENT ? 0 : -1;
	*fd = openat(dir_fd, outdir_name(f->path),
	    flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
		| (trusted ? 0 : O_NOFOLLOW));
	e = errno;
	close(dir_fd);
	errno = e;
	if (*fd == -1)
		return errno == ENOENT || errno == ENXIO ? 0 : -1;
	if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode))
		return 1;
	close(*fd);
	return 0;
}

/* How the file ends now. */
static int
measure(struct appended_file *f, char **why)
{
	struct stat st;
	int fd, rc = open_file(&fd, f, O_RDONLY);

	f->end = (struct appended_end){.exists = rc == 1};
	if (rc == -1)
		return failed(why, f->path);
	if (rc == 0)
		return 0;
	rc = fstat(fd, &st);
	f->end.len = rc == 0 ? (uint64_t)st.st_size : 0;
	if (rc == 0)
		rc = side_digest(&f->end.digest, fd, f->end.len);
	if (rc == -1)
		failed(why, f->path);
	close(fd);
	return rc;
}

static void
put_file(struct buf *out, const struct appended_file *f)
{
	buf_put_str(out, f->path, strlen(f->path));
	buf_put_int(out, f->n_trusted, 4);
	buf_put_int(out, f->since, 8);
	buf_put_int(out, f->end.exists, 1);
	buf_put_int(out, f->end.len, 8);
	buf_put_int(out, f->end.digest, 8);
}

void
appended_save(const struct appended *a, struct buf *out)
{
	buf_put_int(out, a->n, 4);
	for (size_t i = 0; i < a->n; i++)
		put_file(out, &a->files[i]);
}

/* Take a file; one that is known stays unless this one is newer. */
static void
get_file(struct appended *a, struct cur *in)
{
	size_t len = 0;
	const char *s = cur_get_str(in, &len, PATH_MAX);
	struct appended_file f = {.n_trusted = cur_get_int(in, 4)};
	struct appended_file *at;
	bool is_new;

	f.since = cur_get_int(in, 8);
	f.end.exists = cur_get_int(in, 1) != 0;
	f.end.len = cur_get_int(in, 8);
	f.end.digest = cur_get_int(in, 8);
	if (in->failed || s == NULL)
		return;
	f.path = mem_strndup(s, len);
	at = find(a, f.path, &is_new);
	if (is_new || f.since > at->since) {
		free(at->path);
		*at = f;
	} else {
		free(f.path);
	}
}

int
appended_load(struct appended *a, struct cur *in)
{
	uint64_t n = cur_get_int(in, 4);

	for (uint64_t i = 0; i < n && !in->failed; i++)
		get_file(a, in);
	return in->failed ? -1 : 0;
}

/* Keep only the files that keep(file). */
static void
retain(struct appended *a, bool (*keep)(const struct appended_file *f))
{
	size_t n = 0;

	map_reset(&a->map);
	for (size_t i = 0; i < a->n; i++) {
		uint64_t h = a->hashes[i];
		size_t at;

		if (!keep(&a->files[i])) {
			free(a->files[i].path);
			continue;
		}
		at = map_first(&a->map, h, a->hashes);
		while (map_at(&a->map, &at, h) != MAP_NONE)
			at++;
		a->hashes[n] = h;
		a->files[n++] = a->files[i];
		map_insert(&a->map, at, h);
	}
	a->n = n;
}

static bool
is_touched(const struct appended_file *f)
{
	return f->touched;
}

static int
refuse(char **why, const struct appended_file *f, const char *text)
{
	*why = mem_printf("%s: %s, where %" PRIu64
			  " bytes were committed; put them back, or begin "
			  "anew with another -S DIR",
	    f->path, text, f->end.len);
	return EX_DATAERR;
}

static int
remove_file(char **why, const struct appended_file *f)
{
	int dir_fd = outdir_open(f->path, f->n_trusted, NULL), rc;

	if (dir_fd == -1) {
		failed(why, f->path);
		return EX_IOERR;
	}
	rc = unlinkat(dir_fd, outdir_name(f->path), 0);
	if (rc == 0)
		rc = durable_sync(dir_fd);
	if (rc == -1)
		failed(why, f->path);
	close(dir_fd);
	return rc == -1 ? EX_IOERR : 0;
}

static int
cut_open(char **why, const struct appended_file *f, int fd)
{
	struct stat st;
	uint64_t sum;

	if (fstat(fd, &st) == -1) {
		failed(why, f->path);
		return EX_IOERR;
	}
	if ((uint64_t)st.st_size < f->end.len)
		return refuse(why, f, "it has become shorter");
	if (side_digest(&sum, fd, f->end.len) == -1) {
		failed(why, f->path);
		return EX_IOERR;
	}
	if (sum != f->end.digest)
		return refuse(why, f, "it has been changed");
	if ((uint64_t)st.st_size == f->end.len)
		return 0;
	if (ftruncate(fd, (off_t)f->end.len) == 0 && fsync(fd) == 0)
		return 0;
	failed(why, f->path);
	return EX_IOERR;
}

/* Cut off what is not committed. */
static int
cut(char **why, const struct appended_file *f)
{
	int fd, rc = open_file(&fd, f, f->end.exists ? O_RDWR : O_RDONLY);

	if (rc == -1) {
		failed(why, f->path);
		return EX_IOERR;
	}
	if (rc == 0)
		return f->end.len > 0 ? refuse(why, f, "it is gone") : 0;
	if (f->end.exists) {
		rc = cut_open(why, f, fd);
		close(fd);
		return rc;
	}
	close(fd);
	return remove_file(why, f);
}

static char *
note_name(const struct appended *a)
{
	return mem_printf("%s.pending", a->c->stage);
}

/*
 * Only a file in the note can hold what is not committed.  What a snapshot
 * says of one counts, unless the note says what it was later.
 */
static int
read_note(struct appended *a, char **why)
{
	struct appended noted = {.n = 0};
	char *name = note_name(a);
	struct buf b;
	struct cur in;
	int rc;

	buf_init(&b, 0);
	rc = durable_read(&b, a->c->fd, name, DURABLE_PENDING);
	cur_init(&in, b.data, b.len);
	if (rc == 1 && (appended_load(&noted, &in) == -1 || in.left > 0)) {
		errno = EBADMSG;
		rc = -1;
	}
	rc = rc == -1 ? checkpoint_failed(a->c, why, name) : 0;
	for (size_t i = 0; i < noted.n && rc == 0; i++) {
		bool is_new;
		struct appended_file *f = find(a, noted.files[i].path, &is_new);

		f->touched = true;
		if (!is_new && f->since >= noted.files[i].since)
			continue;
		free(f->path);
		*f = noted.files[i];
		f->path = mem_strdup(f->path);
		f->touched = true;
	}
	appended_release(&noted);
	buf_release(&b);
	free(name);
	return rc;
}

int
appended_begin(struct appended *a, char **why, const struct checkpoint *c)
{
	int rc;

	a->c = c;
	a->epoch = c->last.epoch + 1;
	rc = read_note(a, why);
	if (rc != 0)
		return rc;
	retain(a, is_touched);
	for (size_t i = 0; i < a->n && rc == 0; i++) {
		rc = cut(why, &a->files[i]);
		a->files[i].touched = false;
	}
	return rc;
}

int
appended_touch(
    struct appended *a, char **why, const char *path, size_t n_trusted)
{
	char *full = prepared_path(a->cwd, path, &n_trusted);
	bool is_new;
	struct appended_file *f = find(a, full, &is_new);

	free(full);
	f->touched = true;
	if (!is_new)
		return 0;
	f->n_trusted = n_trusted;
	f->since = a->epoch;
	a->noted = false;
	return measure(f, why);
}

static int
write_note(struct appended *a, char **why)
{
	char *name = note_name(a);
	struct buf b;
	int rc;

	buf_init(&b, DURABLE_MAX);
	appended_save(a, &b);
	rc = durable_write(a->c->fd, name, DURABLE_PENDING, b.data, b.len);
	if (rc == -1)
		checkpoint_failed(a->c, why, name);
	buf_release(&b);
	free(name);
	a->noted = true;
	return rc;
}

int
appended_note(struct appended *a, char **why)
{
	if (a->noted)
		return 0;
	/* The others end where they are committed, and stay so. */
	retain(a, is_touched);
	return write_note(a, why);
}

int
appended_mark(struct appended *a, char **why)
{
	for (size_t i = 0; i < a->n; i++) {
		struct appended_file *f = &a->files[i];

		if (!f->touched)
			continue;
		if (measure(f, why) == -1)
			return -1;
		f->since = a->epoch;
		f->touched = false;
	}
	a->epoch++;
	return 0;
}

int
appended_end(struct appended *a, char **why)
{
	if (a->n == 0)
		return 0;
	forget(a);
	return write_note(a, why);
}
