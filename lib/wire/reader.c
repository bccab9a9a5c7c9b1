/* SPDX-License-Identifier: ISC */
/* Reading a stream, every promise of its format checked. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crc.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"
#include "wire/rows.h"
#include "wire/stream.h"
#include "wire/zip.h"

#define STATUS_DATA 65
#define STATUS_IO 74
#define MAGIC_LEN 8
#define FIRST_READ (1u << 20) /* payload memory before its bytes came */

struct stream_reader {
	int fd; /* -1: from memory */
	int out_fd;
	const struct stream_feed *feed; /* in place of fd; or NULL */
	const char *name; /* of the input, for messages */
	const uint8_t *given; /* borrowed */
	size_t n_given;
	uint64_t off; /* bytes read */
	uint64_t frame_off; /* where the current frame begins */
	struct schema schema; /* from HEAD */
	struct frame_header h; /* current */
	uint8_t *data; /* stored payload */
	size_t cap;
	uint8_t *raw; /* inflated payload */
	size_t cap_raw;
	uint64_t seq, batch; /* expected next */
	uint32_t sub;
	int64_t watermark;
	uint64_t n_rows, n_frames; /* ROWS since HEAD */
	uint64_t barrier_rows, barrier_frames; /* at the last BARRIER */
	bool resumed; /* the first batch may have any number */
	bool started, ended, failed, has_fail;
	struct fail fail;
	int status;
	bool deserted; /* nobody reads what we write */
	char error[256];
};

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

const struct fail *
stream_reader_fail(const struct stream_reader *r)
{
	return r->has_fail ? &r->fail : NULL;
}

uint64_t
stream_reader_n_rows(const struct stream_reader *r)
{
	return r->n_rows;
}

uint64_t
stream_reader_n_frames(const struct stream_reader *r)
{
	return r->n_frames;
}

__attribute__((format(printf, 3, 4))) static int
fail(struct stream_reader *r, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->error, sizeof(r->error), fmt, ap);
	va_end(ap);
	r->failed = true;
	r->status = status;
	return -1;
}

/* A defect of the frame that begins at frame_off. */
static int
fail_frame(struct stream_reader *r, const char *why)
{
	return fail(r, STATUS_IO, "byte %llu: %s",
	    (unsigned long long)r->frame_off, why);
}

static int
without_reader(struct stream_reader *r)
{
	io_end_without_reader();
	r->deserted = true;
	return fail(r, STATUS_IO, "standard output: %s", strerror(errno));
}

void
stream_reader_feed(
    struct stream_reader *r, const struct stream_feed *feed, const char *name)
{
	r->feed = feed;
	r->name = name;
}

static int
wait_input(struct stream_reader *r, int timeout_ms)
{
	if (r->feed != NULL)
		return r->feed->wait(r->feed->arg, timeout_ms);
	return io_wait(r->fd, r->out_fd, timeout_ms);
}

static ssize_t
read_input(struct stream_reader *r, void *p, size_t len)
{
	if (r->feed != NULL)
		return r->feed->read(r->feed->arg, p, len);
	return io_read(r->fd, p, len);
}

void
stream_give(struct stream_reader *r, const void *p, size_t len)
{
	r->given = p;
	r->n_given = len;
}

static int
fetch_given(struct stream_reader *r, uint8_t *p, size_t len, size_t *got)
{
	*got = len < r->n_given ? len : r->n_given;
	memcpy(p, r->given, *got);
	r->given += *got;
	r->n_given -= *got;
	r->off += *got;
	return *got == len;
}

/*
 * Read up to len bytes.  1 when all came, 0 at the end of the input with *got
 * below len, -1; 2 when nothing came in time (only before the first byte).
 */
static int
fetch(struct stream_reader *r, uint8_t *p, size_t len, size_t *got,
    int timeout_ms)
{
	ssize_t n;

	if (r->fd == -1 && r->feed == NULL)
		return fetch_given(r, p, len, got);
	for (*got = 0; *got < len; *got += (size_t)n) {
		int w = wait_input(r, *got > 0 ? -1 : timeout_ms);

		n = 0;
		if (w == 2)
			return without_reader(r);
		if (w == 0 && *got == 0)
			return 2;
		if (w == 0)
			continue;
		n = w == -1 ? -1 : read_input(r, p + *got, len - *got);
		if (n == -1)
			return fail(r, STATUS_IO, "%s", strerror(errno));
		if (n == 0)
			return 0;
		r->off += (uint64_t)n;
	}
	return 1;
}

/* Go on to len bytes after the first *got of them. */
static int
fetch_rest(struct stream_reader *r, uint8_t *p, size_t len, size_t *got)
{
	size_t more;
	int rc;

	do {
		rc = fetch(r, p + *got, len - *got, &more, -1);
		*got += more;
	} while (rc == 2);
	return rc;
}

/* The first bytes are no frame: say what they are. */
static int
fail_first(struct stream_reader *r, const uint8_t *p, size_t got)
{
	if (got == 0)
		return fail(r, STATUS_IO, "byte 0: no stream came");
	if (got >= 2 && p[0] == 0x1f && p[1] == 0x8b)
		return fail(r, STATUS_DATA,
		    "%s is compressed, put zcat before me", r->name);
	if (memcmp(p, FRAME_MAGIC, got) != 0)
		return fail(r, STATUS_DATA, "%s is text, put sbatch before me",
		    r->name);
	return fail(r, STATUS_IO, "byte %zu: cut inside a frame header", got);
}

static int
read_header(struct stream_reader *r, int timeout_ms)
{
	uint8_t raw[FRAME_HEADER_LEN] = {0};
	const char *why;
	size_t got;
	int rc;

	r->frame_off = r->off;
	rc = fetch(r, raw, MAGIC_LEN, &got, timeout_ms);
	if (rc == -1 || rc == 2)
		return rc;
	if (!r->started && memcmp(raw, FRAME_MAGIC, MAGIC_LEN) != 0)
		return fail_first(r, raw, got);
	if (rc == 1)
		rc = fetch_rest(r, raw, sizeof(raw), &got);
	if (rc == -1)
		return -1;
	if (rc == 0 && got == 0)
		return fail(r, STATUS_IO, "byte %llu: cut before END",
		    (unsigned long long)r->off);
	if (rc == 0)
		return fail(r, STATUS_IO,
		    "byte %llu: cut inside a frame header",
		    (unsigned long long)r->off);
	if (frame_parse(&r->h, &why, raw) == -1)
		return fail_frame(r, why);
	return 1;
}

/* The payload, in memory that grows with the bytes that came. */
static int
read_payload(struct stream_reader *r)
{
	size_t len = r->h.stored_len, have = 0, got, step;
	int rc;

	r->data = mem_grow(r->data, &r->cap, 64, 1);
	while (have < len) {
		step = have > FIRST_READ ? have : FIRST_READ;
		if (step > len - have)
			step = len - have;
		r->data = mem_grow(r->data, &r->cap, have + step, 1);
		rc = fetch(r, r->data + have, step, &got, -1);
		if (rc == 2)
			continue;
		if (rc == -1)
			return -1;
		if (rc == 0)
			return fail(r, STATUS_IO,
			    "byte %llu: cut inside the payload of a %s frame",
			    (unsigned long long)r->off,
			    frame_kind_name(r->h.kind));
		have += step;
	}
	if ((r->h.flags & FRAME_PCRC) != 0
	    && crc32c(0, r->data, len) != r->h.payload_crc)
		return fail_frame(r, "bad payload checksum");
	return 0;
}

static int
inflate_payload(struct stream_reader *r, struct frame *f)
{
	f->data = r->data;
	f->len = r->h.stored_len;
	if ((r->h.flags & FRAME_DEFLATE) == 0)
		return 0;
	r->raw = mem_grow(r->raw, &r->cap_raw, r->h.raw_len, 1);
	if (zip_inflate(r->raw, r->h.raw_len, r->data, f->len) == -1)
		return fail_frame(r, "broken deflate stream");
	f->data = r->raw;
	f->len = r->h.raw_len;
	return 0;
}

/* seq and sub, batch and watermark follow from the frame before. */
static int
check_order(struct stream_reader *r)
{
	const struct frame_header *h = &r->h;

	if (h->seq != r->seq || h->sub != r->sub)
		return fail(r, STATUS_IO,
		    "byte %llu: frame %llu.%u where %llu.%u was due",
		    (unsigned long long)r->frame_off,
		    (unsigned long long)h->seq, h->sub,
		    (unsigned long long)r->seq, r->sub);
	if (h->watermark < r->watermark)
		return fail_frame(r, "the watermark falls");
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
		return fail_frame(r, "batch out of order");
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
		return fail_frame(r, "malformed BARRIER");
	if (m.frames != r->n_frames - r->barrier_frames
	    || m.rows != r->n_rows - r->barrier_rows)
		return fail_frame(r, "rows were lost before this BARRIER");
	r->barrier_frames = r->n_frames;
	r->barrier_rows = r->n_rows;
	return 0;
}

/* Nothing may follow END. */
static int
check_end(struct stream_reader *r, const struct frame *f)
{
	struct end e;
	uint8_t more;
	size_t got;
	int rc = end_read(&e, f->data, f->len);
	bool lost = e.frames != r->n_frames || e.rows != r->n_rows;

	end_release(&e);
	if (rc == -1)
		return fail_frame(r, "malformed END");
	if (lost)
		return fail_frame(r, "rows were lost before END");
	do
		rc = fetch(r, &more, 1, &got, -1);
	while (rc == 2);
	if (rc == 1)
		return fail(r, STATUS_IO, "byte %llu: bytes behind END",
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
			return fail_frame(r, "malformed MARK");
		return 0;
	case FRAME_BARRIER:
		return check_barrier(r, f);
	case FRAME_END:
		return check_end(r, f);
	case FRAME_FAIL:
		if (fail_read(&e, f->data, f->len) == -1)
			return fail_frame(r, "malformed FAIL");
		r->ended = true;
		return 0;
	case FRAME_HEAD:
		return r->started ? fail_frame(r, "a second HEAD") : 0;
	case FRAME_ROWS:
	default:
		return 0;
	}
}

static int
read_frame(struct stream_reader *r, struct frame *f, int timeout_ms)
{
	int rc = read_header(r, timeout_ms);

	if (rc != 1)
		return rc;
	if (read_payload(r) == -1 || inflate_payload(r, f) == -1)
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
		return fail(r, r->fail.status, "the stage before failed");
	}
	if (f.h.kind != FRAME_HEAD || f.h.seq != 0
	    || f.h.raw_len > HEAD_MAX_LEN)
		return fail_frame(r, "the stream does not begin with HEAD");
	head_release(h);
	if (head_read(h, &why, f.data, f.len) == -1)
		return fail_frame(r, why);
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
	return r->feed != NULL ? wait_input(r, 0) == 1
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
		return fail_frame(r, why);
	return 0;
}
