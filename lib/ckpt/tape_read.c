/* SPDX-License-Identifier: ISC */
/* What is on a tape comes again.  millrace-checkpoint(5), SPOOL. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "ckpt/tape_int.h"

int
tape_parse_open(struct tape_opened *o, const struct buf *data)
{
	struct cur c;
	uint64_t flags;

	cur_init(&c, data->data, data->len);
	o->origin = cur_get_int(&c, 8);
	flags = cur_get_int(&c, 1);
	o->guest = (flags & TAPE_GUEST) != 0;
	o->packed = (flags & TAPE_PACKED) != 0;
	o->path = cur_get_str(&c, &o->path_len, SEGMENT_DATA_MAX);
	o->name = cur_get_str(&c, &o->name_len, SEGMENT_DATA_MAX);
	return c.failed || c.left > 0 || flags > (TAPE_GUEST | TAPE_PACKED) ? -1
									    : 0;
}

bool
tape_fits(const struct segment_rec *r, const struct buf *data, uint32_t skip)
{
	struct tape_opened o;

	switch (r->kind) {
	case SEGMENT_OPEN:
		return skip == 0 && tape_parse_open(&o, data) == 0;
	case SEGMENT_DATA:
		return skip == 0 || skip < data->len;
	case SEGMENT_END:
	default:
		return skip == 0 && data->len == 0;
	}
}

/* The file in which a place is. */
static const struct tape_file *
file_of(const struct tape *t, uint64_t at)
{
	size_t i = t->n_files - 1;

	while (i > 0 && t->files[i].start > at)
		i--;
	return &t->files[i];
}

/* The next record of s, its data in t->data. */
static int
get(struct tape *t, char **why, struct segment_rec *r,
    const struct tape_stream *s)
{
	uint64_t at = s->again[s->next];
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
	if (rc == 1 && !tape_fits(r, &t->data, s->skip))
		rc = 0;
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
	struct tape_opened o;
	int rc = tape_parse_open(&o, data);

	assert(rc == 0);
	return go_on(s, o.origin, o.packed);
}

static size_t
take(struct tape_stream *s, const struct buf *data, void *p, size_t cap)
{
	size_t left = data->len - s->skip, n = left < cap ? left : cap;

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
		*status = get(t, why, &r, s);
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
