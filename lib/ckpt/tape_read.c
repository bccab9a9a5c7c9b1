/* SPDX-License-Identifier: ISC */
/* What is on a tape comes again.  millrace-checkpoint(5), SPOOL. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "ckpt/segment.h"
#include "ckpt/tape_int.h"

/* The file in which a place is. */
static const struct tape_file *
file_of(const struct tape *t, uint64_t at)
{
	size_t i = t->n_files - 1;

	while (i > 0 && t->files[i].start > at)
		i--;
	return &t->files[i];
}

/* The record at a place, its data in t->data. */
static int
get(struct tape *t, char **why, struct segment_rec *r, uint64_t at)
{
	const struct tape_file *f = file_of(t, at);
	uint64_t start;
	int rc = tape_usable(t, why);

	if (rc != 0)
		return rc;
	if (t->read_fd == -1 || t->read_number != f->number) {
		if (t->read_fd != -1)
			close(t->read_fd);
		t->read_fd = segment_open(t->dir->fd, f->number, &start);
		t->read_number = f->number;
		if (t->read_fd == -1)
			return tape_failed(t, why, f->number);
	}
	rc = segment_read(
	    r, &t->data, t->read_fd, SEGMENT_HEAD + at - f->start, at);
	if (rc == 0)
		errno = EBADMSG;
	return rc == 1 ? 0 : tape_failed(t, why, f->number);
}

/* A stream goes on, from origin; nothing of it may have come before. */
static enum tape_got
go_on(struct tape_stream *s, uint64_t origin, bool packed)
{
	bool begun = s->begun, ended = s->ended;
	bool same = origin == s->origin;

	s->begun = true;
	s->ended = false;
	s->origin = origin;
	s->packed = packed;
	if (!begun)
		return TAPE_NOTHING;
	if (ended)
		return TAPE_WHOLE;
	return same ? TAPE_NOTHING : TAPE_CUT;
}

static enum tape_got
pass_open(struct tape_stream *s, const struct buf *data)
{
	struct cur c;
	uint64_t origin, flags;

	cur_init(&c, data->data, data->len);
	origin = cur_get_int(&c, 8);
	flags = cur_get_int(&c, 1);
	return go_on(s, origin, (flags & 2) != 0);
}

static size_t
take(struct tape_stream *s, const struct buf *data, void *p, size_t cap)
{
	size_t left = s->skip < data->len ? data->len - s->skip : 0;
	size_t n = left < cap ? left : cap;

	if (n > 0)
		memcpy(p, data->data + s->skip, n);
	s->skip += (uint32_t)n;
	if (s->skip >= data->len) {
		s->next++;
		s->skip = 0;
	}
	return n;
}

enum tape_got
tape_read(struct tape *t, int *status, char **why, struct tape_stream *s,
    void *p, size_t cap, size_t *len)
{
	struct segment_rec r;
	enum tape_got got;

	*len = 0;
	while (s->next < s->n_again) {
		*status = get(t, why, &r, s->again[s->next]);
		if (*status != 0)
			return TAPE_FAILED;
		if (r.kind == SEGMENT_DATA) {
			*len = take(s, &t->data, p, cap);
			if (*len > 0)
				return TAPE_BYTES;
			continue;
		}
		s->next++;
		if (r.kind == SEGMENT_END) {
			s->ended = true;
			continue;
		}
		got = pass_open(s, &t->data);
		if (got != TAPE_NOTHING)
			return got;
	}
	free(s->again);
	s->again = NULL;
	s->n_again = s->next = s->cap_again = 0;
	return TAPE_NOTHING;
}
