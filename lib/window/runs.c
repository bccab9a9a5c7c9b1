/* SPDX-License-Identifier: ISC */
/* Sorted runs outside of memory. */
#include "window/runs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crc.h"
#include "base/io.h"
#include "base/mem.h"
#include "window/runkeep.h"
#include "window/runs_int.h"

#define ENTRY_LEN 24 /* hash, first, length of the key, of the states */
#define WRITE_LEN (256u << 10)

struct run_reader {
	struct run *run;
	uint64_t at; /* in the run, of what is to be read into buf */
	uint8_t *buf;
	size_t cap;
	size_t from; /* buf[from..len) is not given yet */
	size_t len;
};

struct runs *
runs_new(void)
{
	struct runs *r = mem_zero(1, sizeof(*r));

	LIST_INIT(&r->files);
	TAILQ_INIT(&r->kept);
	return r;
}

void
runs_keep(struct runs *r, const struct runs_place *place)
{
	assert(r->file == NULL);
	r->place = *place;
	r->dir = place->dir;
}

void
runs_free(struct runs *r)
{
	if (r == NULL)
		return;
	r->leaving = true;
	runkeep_forget(r, UINT64_MAX);
	assert(r->n_live == 0);
	if (r->file != NULL)
		runs_unref_file(r->file);
	buf_release(&r->out);
	free(r->why);
	free(r);
}

const char *
runs_error(const struct runs *r)
{
	return r->why;
}

bool
runs_damaged(const struct runs *r)
{
	return r->damaged;
}

int
runs_failed(struct runs *r, const char *what)
{
	if (r->why == NULL)
		r->why = mem_printf("%s: %s", r->dir, what);
	return -1;
}

static int
open_own(struct runs *r)
{
	int fd;

	if (r->place.dir != NULL) {
		r->file = runs_file(r, r->place.generation);
		return r->file == NULL ? -1 : 0;
	}
	fd = io_scratch(&r->dir);
	if (fd == -1)
		return -1;
	r->file = mem_zero(1, sizeof(*r->file));
	*r->file = (struct runfile){.of = r, .fd = fd, .n_refs = 1};
	LIST_INSERT_HEAD(&r->files, r->file, all);
	return 0;
}

static int
write_out(struct runs *r)
{
	if (r->why != NULL)
		return -1;
	if (r->file == NULL && open_own(r) == -1)
		return runs_failed(r, strerror(errno));
	if (io_write(r->file->fd, r->out.data, r->out.len) == -1)
		return runs_failed(r, strerror(errno));
	r->end += r->out.len;
	if (r->place.dir != NULL)
		r->crc = crc32c(r->crc, r->out.data, r->out.len);
	r->dirty = true;
	buf_reset(&r->out);
	return 0;
}

int
runs_put(struct runs *r, const struct run_entry *e)
{
	struct buf *b = &r->out;

	buf_put_int(b, e->hash, 8);
	buf_put_int(b, e->first, 8);
	buf_put_int(b, e->key_len, 4);
	buf_put_int(b, e->states_len, 4);
	buf_put(b, e->key, e->key_len);
	buf_put(b, e->states, e->states_len);
	return b->len < WRITE_LEN ? 0 : write_out(r);
}

struct run *
runs_add(struct runfile *f, uint64_t off, uint64_t len, uint32_t crc)
{
	struct run *x = mem_zero(1, sizeof(*x));

	*x = (struct run){
	    .file = f, .off = off, .len = len, .crc = crc, .n_refs = 1};
	f->n_refs++;
	f->of->n_live++;
	return x;
}

struct run *
runs_end(struct runs *r)
{
	struct run *x;

	if (write_out(r) == -1)
		return NULL;
	x = runs_add(r->file, r->begin, r->end - r->begin, r->crc);
	r->begin = r->end;
	r->crc = 0;
	return x;
}

struct run *
run_ref(struct run *x)
{
	x->n_refs++;
	return x;
}

/*
 * A file system without holes keeps the space until no run is left, which
 * costs room but is no failure.  The file has one reference that is no run's.
 */
static void
give_back(struct runs *r, const struct run *x)
{
	bool writing = r->end > r->begin || r->out.len > 0;

	if (r->file->n_refs > 1 || writing) {
		fallocate(r->file->fd,
		    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)x->off,
		    (off_t)x->len);
		return;
	}
	if (ftruncate(r->file->fd, 0) == -1
	    || lseek(r->file->fd, 0, SEEK_SET) == -1)
		runs_failed(r, strerror(errno));
	r->begin = r->end = 0;
}

void
run_unref(struct run *x)
{
	struct runs *r = x->file->of;
	bool own;

	if (--x->n_refs > 0)
		return;
	r->n_live--;
	/* What an earlier start has written goes as a whole. */
	own = x->file == r->file && !r->leaving;
	runs_unref_file(x->file);
	if (own)
		give_back(r, x);
	free(x);
}

struct run_reader *
run_open(struct run *x, size_t cap)
{
	struct run_reader *d = mem_zero(1, sizeof(*d));

	d->run = run_ref(x);
	d->cap = cap < ENTRY_LEN ? ENTRY_LEN : cap;
	d->buf = mem_alloc(d->cap);
	return d;
}

void
run_close(struct run_reader *d)
{
	if (d == NULL)
		return;
	run_unref(d->run);
	free(d->buf);
	free(d);
}

/* Make at least need bytes stand at from. */
static int
fill(struct run_reader *d, size_t need)
{
	struct runs *r = d->run->file->of;
	size_t have = d->len - d->from;

	if (have > 0)
		memmove(d->buf, d->buf + d->from, have);
	d->from = 0;
	d->len = have;
	if (need > d->cap) {
		d->buf = mem_resize(d->buf, need, 1);
		d->cap = need;
	}
	while (d->len < need) {
		uint64_t left = d->run->len - d->at;
		size_t room = d->cap - d->len;
		ssize_t n = io_pread(d->run->file->fd, d->buf + d->len,
		    left < room ? left : room, (off_t)(d->run->off + d->at));

		if (n == -1)
			return runs_failed(r, strerror(errno));
		if (n == 0)
			return runs_failed(r, "a temporary file was cut");
		d->at += (uint64_t)n;
		d->len += (size_t)n;
	}
	return 0;
}

int
run_read(struct run_reader *d, struct run_entry *e)
{
	const uint8_t *p;
	size_t need = ENTRY_LEN;

	if (d->from == d->len && d->at == d->run->len)
		return 0;
	if (d->len - d->from < need && fill(d, need) == -1)
		return -1;
	p = d->buf + d->from;
	e->hash = le_get(p, 8);
	e->first = le_get(p + 8, 8);
	e->key_len = (uint32_t)le_get(p + 16, 4);
	e->states_len = (uint32_t)le_get(p + 20, 4);
	need += (size_t)e->key_len + e->states_len;
	if (d->len - d->from < need && fill(d, need) == -1)
		return -1;
	e->key = d->buf + d->from + ENTRY_LEN;
	e->states = e->key + e->key_len;
	d->from += need;
	return 1;
}
