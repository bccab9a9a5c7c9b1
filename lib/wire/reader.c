/* SPDX-License-Identifier: ISC */
/* Reading a stream, every promise of its format checked. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"
#include "wire/reader_int.h"
#include "wire/rows.h"

struct stream_reader *
stream_reader_new(int fd, int out_fd)
{
	struct stream_reader *r = mem_zero(1, sizeof(*r));

	r->fd = fd;
	r->out_fd = out_fd;
	r->name = "stdin";
	r->watermark = TIME_NONE;
	schema_init(&r->schema);
	return r;
}

void
stream_reader_free(struct stream_reader *r)
{
	if (r == NULL)
		return;
	schema_release(&r->schema);
	free(r->data);
	free(r->raw);
	free(r);
}

const char *
stream_reader_error(const struct stream_reader *r)
{
	return r->error;
}

int
stream_reader_status(const struct stream_reader *r)
{
	return r->status;
}

bool
stream_reader_deserted(const struct stream_reader *r)
{
	return r->deserted;
}

bool
stream_reader_unread(const struct stream_reader *r)
{
	return r->unread;
}

const struct fail *
stream_reader_fail(const struct stream_reader *r)
{
	return r->has_fail ? &r->fail : NULL;
}

void
stream_reader_feed(
    struct stream_reader *r, const struct stream_feed *feed, const char *name)
{
	r->feed = feed;
	r->name = name;
}

void
stream_give(struct stream_reader *r, const void *p, size_t len)
{
	r->given = p;
	r->n_given = len;
}

/* seq and sub, batch and watermark follow from the frame before. */
static int
check_order(struct stream_reader *r)
{
	const struct frame_header *h = &r->h;

	if (h->seq != r->seq || h->sub != r->sub)
		return stream_in_fail(r, STREAM_IN_IO,
		    "byte %llu: frame %llu.%u where %llu.%u was due",
		    (unsigned long long)r->frame_off,
		    (unsigned long long)h->seq, h->sub,
		    (unsigned long long)r->seq, r->sub);
	if (h->watermark < r->watermark)
		return stream_in_fail_frame(r, "the watermark falls");
	r->watermark = h->watermark;
	if ((h->flags & FRAME_MORE) != 0) {
		r->sub++;
	} else {
		r->seq++;
		r->sub = 0;
	}
	if (h->kind != FRAME_ROWS)
		return 0;
	if (r->resumed) {
		r->batch = h->batch;
		r->resumed = false;
	}
	if (h->batch != r->batch)
		return stream_in_fail_frame(r, "batch out of order");
	if ((h->flags & FRAME_LAST) != 0)
		r->batch++;
	r->n_frames++;
	r->n_rows += h->rows;
	return 0;
}

/* The counts in BARRIER are those of what came since the last one. */
static int
check_barrier(struct stream_reader *r, const struct frame *f)
{
	struct barrier m;

	if (barrier_read(&m, f->data, f->len) == -1)
		return stream_in_fail_frame(r, "malformed BARRIER");
	if (m.frames != r->n_frames - r->barrier_frames
	    || m.rows != r->n_rows - r->barrier_rows)
		return stream_in_fail_frame(
		    r, "rows were lost before this BARRIER");
	r->barrier_frames = r->n_frames;
	r->barrier_rows = r->n_rows;
	return 0;
}

/* Nothing may follow END. */
static int
check_end(struct stream_reader *r, const struct frame *f)
{
	struct end e;
	int rc = end_read(&e, f->data, f->len);
	bool lost = e.frames != r->n_frames || e.rows != r->n_rows;

	end_release(&e);
	if (rc == -1)
		return stream_in_fail_frame(r, "malformed END");
	if (lost)
		return stream_in_fail_frame(r, "rows were lost before END");
	rc = stream_in_more(r);
	if (rc == 1)
		return stream_in_fail(r, STREAM_IN_IO,
		    "byte %llu: bytes behind END",
		    (unsigned long long)r->off - 1);
	r->ended = rc == 0;
	return rc;
}

static int
check_content(struct stream_reader *r, const struct frame *f)
{
	struct mark m;
	struct fail e;

	switch (f->h.kind) {
	case FRAME_MARK:
		if (mark_read(&m, f->data, f->len) == -1)
			return stream_in_fail_frame(r, "malformed MARK");
		return 0;
	case FRAME_BARRIER:
		return check_barrier(r, f);
	case FRAME_END:
		return check_end(r, f);
	case FRAME_FAIL:
		if (fail_read(&e, f->data, f->len) == -1)
			return stream_in_fail_frame(r, "malformed FAIL");
		r->ended = true;
		return 0;
	case FRAME_HEAD:
		return r->started ? stream_in_fail_frame(r, "a second HEAD")
				  : 0;
	case FRAME_ROWS:
	default:
		return 0;
	}
}

static int
read_frame(struct stream_reader *r, struct frame *f, int timeout_ms)
{
	int rc = stream_in_header(r, timeout_ms);

	if (rc != 1)
		return rc;
	if (stream_in_payload(r, f) == -1)
		return -1;
	f->h = r->h;
	if (r->started && f->h.kind != FRAME_FAIL && check_order(r) == -1)
		return -1;
	return check_content(r, f) == -1 ? -1 : 1;
}

int
stream_read_head(struct stream_reader *r, struct head *h)
{
	struct frame f;
	const char *why;
	int rc;

	head_init(h);
	if (r->failed)
		return -1;
	do
		rc = read_frame(r, &f, -1);
	while (rc == 2);
	if (rc == -1)
		return -1;
	if (f.h.kind == FRAME_FAIL) {
		r->has_fail = true;
		fail_read(&r->fail, f.data, f.len);
		return stream_in_fail(
		    r, r->fail.status, "the stage before failed");
	}
	if (f.h.kind != FRAME_HEAD || f.h.seq != 0
	    || f.h.raw_len > HEAD_MAX_LEN)
		return stream_in_fail_frame(
		    r, "the stream does not begin with HEAD");
	head_release(h);
	if (head_read(h, &why, f.data, f.len) == -1)
		return stream_in_fail_frame(r, why);
	schema_release(&r->schema);
	schema_copy(&r->schema, &h->schema);
	r->started = true;
	r->resumed = h->path[0] != '\0' && h->epoch > 0;
	r->seq = 1;
	return 1;
}

int
stream_read(struct stream_reader *r, struct frame *f, int timeout_ms)
{
	if (r->failed)
		return -1;
	if (r->ended)
		return 0;
	return read_frame(r, f, timeout_ms);
}

bool
stream_ready(struct stream_reader *r)
{
	if (r->failed || r->ended)
		return false;
	return r->feed != NULL ? stream_in_wait(r, 0) == 1
			       : io_wait(r->fd, -1, 0) == 1;
}

void
stream_swap(struct stream_reader *r, uint8_t **p, size_t *cap)
{
	bool zip = (r->h.flags & FRAME_DEFLATE) != 0;
	uint8_t **mine = zip ? &r->raw : &r->data, *data = *mine;
	size_t *cap_mine = zip ? &r->cap_raw : &r->cap, n = *cap_mine;

	*mine = *p;
	*cap_mine = *cap;
	*p = data;
	*cap = n;
}

bool
stream_checks(const struct stream_reader *r)
{
	return (r->h.flags & FRAME_PCRC) != 0;
}

int
stream_rows(struct stream_reader *r, struct batch *b)
{
	bool zip = (r->h.flags & FRAME_DEFLATE) != 0;
	const char *why;

	if (r->failed)
		return -1;
	if (rows_read(b, &why, &r->schema, r->h.rows, zip ? r->raw : r->data,
		r->h.raw_len)
	    == -1)
		return stream_in_fail_frame(r, why);
	return 0;
}
