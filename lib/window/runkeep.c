/* SPDX-License-Identifier: ISC */
/*
 * Runs in snapshots.  A run does not change, so that a snapshot says where it
 * is; files are written to by one start alone, and one of an earlier start is
 * removed when neither a table nor a snapshot that may be restored has a run
 * in it.
 */
#include "window/runkeep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "window/runs_int.h"

#define SUFFIX ".runs"
#define CHECK_LEN ((size_t)1 << 20) /* read at once to be checked */

struct runkeep {
	struct runs *r;
	struct buf *out;
	struct runs_kept *kept;
	size_t cap; /* of kept->runs */
	struct buf lists;
};

static char *
file_name(const struct runs *r, uint64_t generation)
{
	return mem_printf("%s.%" PRIu64 SUFFIX, r->place.stage, generation);
}

struct runfile *
runs_file(struct runs *r, uint64_t generation)
{
	bool own = generation == r->place.generation;
	struct runfile *f = NULL;
	char *name;
	int fd, e;

	LIST_FOREACH(f, &r->files, all)
	{
		if (f->generation == generation) {
			f->n_refs++;
			return f;
		}
	}
	name = file_name(r, generation);
	fd = openat(r->place.dir_fd, name,
	    (own ? O_RDWR | O_CREAT | O_EXCL : O_RDONLY | O_NONBLOCK)
		| O_NOFOLLOW | O_CLOEXEC,
	    0600);
	e = errno;
	free(name);
	errno = e;
	if (fd == -1)
		return NULL;
	r->new_name |= own;
	f = mem_zero(1, sizeof(*f));
	*f = (struct runfile){
	    .of = r, .fd = fd, .generation = generation, .n_refs = 1};
	LIST_INSERT_HEAD(&r->files, f, all);
	return f;
}

void
runs_unref_file(struct runfile *f)
{
	struct runs *r = f->of;
	char *name;

	if (--f->n_refs > 0)
		return;
	LIST_REMOVE(f, all);
	close(f->fd);
	if (f->generation != 0 && !r->leaving) {
		name = file_name(r, f->generation);
		unlinkat(r->place.dir_fd, name, 0);
		free(name);
	}
	free(f);
}

static struct runs_kept *
add_kept(struct runs *r, uint64_t epoch)
{
	struct runs_kept *k = mem_zero(1, sizeof(*k));

	k->epoch = epoch;
	TAILQ_INSERT_TAIL(&r->kept, k, link);
	return k;
}

void
runkeep_forget(struct runs *r, uint64_t epoch)
{
	struct runs_kept *k;

	while ((k = TAILQ_FIRST(&r->kept)) != NULL && k->epoch < epoch) {
		TAILQ_REMOVE(&r->kept, k, link);
		for (size_t i = 0; i < k->n; i++)
			run_unref(k->runs[i]);
		for (size_t i = 0; i < k->n_files; i++)
			runs_unref_file(k->files[i]);
		free(k->runs);
		free(k->files);
		free(k);
	}
}

struct runkeep *
runkeep_begin(struct runs *r, struct buf *out, uint64_t epoch, uint64_t least)
{
	struct runkeep *k = mem_zero(1, sizeof(*k));

	runkeep_forget(r, least);
	k->r = r;
	k->out = out;
	k->kept = add_kept(r, epoch);
	r->n_saved++;
	return k;
}

void
runkeep_put(struct runkeep *k, struct run *const *runs, size_t n)
{
	struct runs_kept *kept = k->kept;

	buf_put_int(&k->lists, n, 4);
	for (size_t i = 0; i < n; i++) {
		struct run *x = runs[i];

		/* Tables that were merged share runs. */
		if (x->saved != k->r->n_saved) {
			x->saved = k->r->n_saved;
			x->number = (uint32_t)kept->n;
			kept->runs = mem_grow(kept->runs, &k->cap, kept->n + 1,
			    sizeof(struct run *));
			kept->runs[kept->n++] = run_ref(x);
		}
		buf_put_int(&k->lists, x->number, 4);
	}
}

/* The files that k's snapshot needs, each once; to be freed. */
static uint64_t *
list_files(const struct runs_kept *k, size_t *n)
{
	size_t most = k == NULL ? 0 : k->n + k->n_files;
	uint64_t *v = mem_resize(NULL, most, sizeof(*v));

	*n = 0;
	for (size_t i = 0; i < most; i++) {
		const struct runfile *f =
		    i < k->n ? k->runs[i]->file : k->files[i - k->n];
		size_t at = 0;

		while (at < *n && v[at] != f->generation)
			at++;
		if (at == *n)
			v[(*n)++] = f->generation;
	}
	return v;
}

int
runkeep_end(struct runkeep *k)
{
	struct runs *r = k->r;
	const struct runs_kept *kept = k->kept;
	size_t n;
	uint64_t *before =
	    list_files(TAILQ_PREV(k->kept, runs_kept_list, link), &n);
	int rc = 0;

	/* Who has nothing outside may go on without a file. */
	if (n > 0 || kept->n > 0) {
		buf_put_int(k->out, n, 4);
		for (size_t i = 0; i < n; i++)
			buf_put_int(k->out, before[i], 8);
		buf_put_int(k->out, kept->n, 4);
		for (size_t i = 0; i < kept->n; i++) {
			const struct run *x = kept->runs[i];

			buf_put_int(k->out, x->file->generation, 8);
			buf_put_int(k->out, x->off, 8);
			buf_put_int(k->out, x->len, 8);
			buf_put_int(k->out, x->crc, 4);
		}
		buf_put(k->out, k->lists.data, k->lists.len);
	}
	if (r->why != NULL)
		rc = -1;
	else if (r->dirty && fsync(r->file->fd) == -1)
		rc = runs_failed(r, strerror(errno));
	else if (r->new_name && fsync(r->place.dir_fd) == -1)
		rc = runs_failed(r, strerror(errno));
	r->dirty = r->new_name = false;
	free(before);
	buf_release(&k->lists);
	free(k);
	return rc;
}

static int
damaged(struct runs *r, uint64_t generation, const char *what)
{
	char *name = file_name(r, generation);

	free(r->why);
	r->why = mem_printf("%s/%s: %s", r->place.dir, name, what);
	r->damaged = true;
	free(name);
	return -1;
}

/* Whether the bytes of a run are those that were written. */
static int
check_run(struct runs *r, const struct run *x)
{
	uint8_t *p = mem_alloc(CHECK_LEN);
	uint64_t done = 0;
	uint32_t crc = 0;
	ssize_t n = 1;

	while (done < x->len && n > 0) {
		uint64_t left = x->len - done;

		n = io_pread(x->file->fd, p,
		    left < CHECK_LEN ? (size_t)left : CHECK_LEN,
		    (off_t)(x->off + done));
		if (n > 0) {
			crc = crc32c(crc, p, (size_t)n);
			done += (uint64_t)n;
		}
	}
	free(p);
	if (n == -1)
		return runs_failed(r, strerror(errno));
	if (done < x->len || crc != x->crc)
		return damaged(r, x->file->generation, "it is damaged");
	return 0;
}

static int
load_run(struct runs *r, struct runs_kept *k, struct cur *in)
{
	uint64_t generation = cur_get_int(in, 8), off = cur_get_int(in, 8);
	uint64_t len = cur_get_int(in, 8);
	uint32_t crc = (uint32_t)cur_get_int(in, 4);
	struct runfile *f;
	struct run *x;

	if (in->failed || generation == 0 || generation >= r->place.generation
	    || off > INT64_MAX || len > INT64_MAX - off)
		return -1;
	f = runs_file(r, generation);
	if (f == NULL && errno == ENOENT)
		return damaged(r, generation, "it is not there");
	if (f == NULL)
		return runs_failed(r, strerror(errno));
	x = runs_add(f, off, len, crc);
	runs_unref_file(f); /* the run has one of its own */
	k->runs[k->n++] = x;
	return check_run(r, x);
}

/* The files of the epoch before, of which a reset may want runs. */
static int
load_files(struct runs *r, uint64_t epoch, struct cur *in)
{
	struct runs_kept *k = add_kept(r, epoch);
	uint64_t n = cur_get_int(in, 4);

	if (n > in->left / 8)
		return -1;
	k->files = mem_resize(NULL, n, sizeof(struct runfile *));
	for (uint64_t i = 0; i < n; i++) {
		uint64_t generation = cur_get_int(in, 8);
		struct runfile *f;

		if (generation == 0 || generation >= r->place.generation)
			return -1;
		f = runs_file(r, generation);
		if (f != NULL)
			k->files[k->n_files++] = f;
		else if (errno != ENOENT)
			return runs_failed(r, strerror(errno));
	}
	return 0;
}

/* Whether a name is that of a file of runs that nobody needs. */
static bool
is_litter(const struct runs *r, const char *name)
{
	size_t len = strlen(name), stage = strlen(r->place.stage);
	const struct runfile *f = NULL;
	int64_t generation;

	if (len <= stage + 1 + strlen(SUFFIX)
	    || strncmp(name, r->place.stage, stage) != 0 || name[stage] != '.'
	    || strcmp(name + len - strlen(SUFFIX), SUFFIX) != 0
	    || num_parse_int(&generation, name + stage + 1,
		   len - stage - 1 - strlen(SUFFIX))
		   == -1)
		return false;
	LIST_FOREACH(f, &r->files, all)
	if (f->generation == (uint64_t)generation)
		return false;
	return (uint64_t)generation < r->place.generation;
}

static int
sweep(struct runs *r)
{
	int fd =
	    openat(r->place.dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *e;
	int rc = 0;

	if (d == NULL) {
		rc = runs_failed(r, strerror(errno));
		if (fd != -1)
			close(fd);
		return rc;
	}
	while (rc == 0 && (errno = 0, e = readdir(d)) != NULL)
		if (is_litter(r, e->d_name)
		    && unlinkat(r->place.dir_fd, e->d_name, 0) == -1
		    && errno != ENOENT)
			rc = runs_failed(r, strerror(errno));
	if (rc == 0 && errno != 0)
		rc = runs_failed(r, strerror(errno));
	closedir(d);
	return rc;
}

int
runkeep_load(struct runs *r, struct cur *in, uint64_t epoch)
{
	struct runs_kept *k;
	uint64_t n;

	if (in->left > 0) {
		if (load_files(r, epoch - 1, in) == -1)
			return -1;
		n = cur_get_int(in, 4);
		if (n > in->left)
			return -1;
		k = add_kept(r, epoch);
		k->runs = mem_resize(NULL, n, sizeof(struct run *));
		while (k->n < n)
			if (load_run(r, k, in) == -1)
				return -1;
	}
	return sweep(r);
}

struct run **
runkeep_get(struct runs *r, size_t *n, struct cur *in)
{
	const struct runs_kept *k = TAILQ_LAST(&r->kept, runs_kept_list);
	uint64_t count = cur_get_int(in, 4);
	struct run **v;

	*n = 0;
	if (in->failed || count > in->left / 4)
		return NULL;
	v = mem_resize(NULL, count + 1, sizeof(struct run *));
	while (*n < count) {
		uint64_t i = cur_get_int(in, 4);

		if (k == NULL || i >= k->n) {
			while (*n > 0)
				run_unref(v[--*n]);
			free(v);
			return NULL;
		}
		v[(*n)++] = run_ref(k->runs[i]);
	}
	return v;
}
