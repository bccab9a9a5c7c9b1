/* SPDX-License-Identifier: ISC */
/* Writing a stream. */
#include "wire/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crc.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"
#include "wire/rows.h"
#include "wire/zip.h"

struct stream_writer {
	int fd;
	unsigned options;
	uint64_t seq;
	uint32_t sub;
	uint64_t n_rows, n_frames; /* ROWS since HEAD */
	uint64_t barrier_rows, barrier_frames; /* at the last BARRIER */
	struct rows_layout layout;
	struct buf note; /* payload of the other kinds */
	struct buf zip;
	struct iovec *iov; /* header and payload of one write */
	size_t cap_iov;
	bool failed;
};

struct stream_writer *
stream_writer_new(int fd, unsigned options)
{
	struct stream_writer *w = mem_zero(1, sizeof(*w));
	struct stat st;

	w->fd = fd;
	w->options = options;
	if (fstat(fd, &st) == 0
	    && (S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode)))
		w->options |= STREAM_PCRC;
	rows_layout_init(&w->layout);
	buf_init(&w->note, FRAME_MAX_LEN);
	buf_init(&w->zip, FRAME_MAX_LEN * 2);
	stream_writer_pipe(w, STREAM_PIPE_SIZE);
	return w;
}

void
stream_writer_free(struct stream_writer *w)
{
	if (w == NULL)
		return;
	rows_layout_release(&w->layout);
	buf_release(&w->note);
	buf_release(&w->zip);
	free(w->iov);
	free(w);
}

void
stream_writer_pipe(struct stream_writer *w, uint64_t size)
{
	int e = errno;

	/* A pipe that is larger already, or may not grow, serves as it is. */
	if (size <= INT_MAX && fcntl(w->fd, F_GETPIPE_SZ) < (int)size)
		fcntl(w->fd, F_SETPIPE_SZ, (int)size);
	errno = e;
}

void
stream_writer_checksum(struct stream_writer *w)
{
	w->options |= STREAM_PCRC;
}

void
stream_write_seq(struct stream_writer *w, uint64_t seq)
{
	w->seq = seq;
	w->sub = 0;
}

void
stream_writer_place(const struct stream_writer *w, struct stream_place *place)
{
	*place = (struct stream_place){w->seq, w->n_rows, w->n_frames};
}

void
stream_writer_continue(
    struct stream_writer *w, const struct stream_place *place)
{
	w->seq = place->seq;
	w->n_rows = place->n_rows;
	w->n_frames = place->n_frames;
}

uint64_t
stream_writer_n_rows(const struct stream_writer *w)
{
	return w->n_rows;
}

uint64_t
stream_writer_n_frames(const struct stream_writer *w)
{
	return w->n_frames;
}

/* Compress the payload behind iov[0] when that makes it smaller. */
static void
compress(struct stream_writer *w, struct frame_header *h, size_t *n_iov)
{
	if ((w->options & STREAM_DEFLATE) == 0 || h->raw_len == 0)
		return;
	if (zip_deflate(&w->zip, w->iov + 1, *n_iov - 1) == -1
	    || w->zip.len >= h->raw_len)
		return;
	h->flags |= FRAME_DEFLATE;
	h->stored_len = (uint32_t)w->zip.len;
	w->iov[1].iov_base = w->zip.data;
	w->iov[1].iov_len = w->zip.len;
	*n_iov = 2;
}

/* Write one frame whose payload is pieces[0..n) of len bytes. */
static int
put_frame(struct stream_writer *w, struct frame_header h,
    const struct iovec *pieces, size_t n, size_t len)
{
	uint8_t raw[FRAME_HEADER_LEN];
	size_t n_iov = n + 1;

	if (w->failed)
		return -1;
	w->iov = mem_grow(w->iov, &w->cap_iov, n_iov, sizeof(*w->iov));
	w->iov[0].iov_base = raw;
	w->iov[0].iov_len = sizeof(raw);
	if (n > 0)
		memcpy(w->iov + 1, pieces, n * sizeof(*pieces));
	h.flags &= FRAME_LAST | FRAME_MORE;
	h.seq = w->seq;
	h.sub = w->sub;
	h.stored_len = h.raw_len = (uint32_t)len;
	h.payload_crc = 0;
	compress(w, &h, &n_iov);
	if ((w->options & STREAM_PCRC) != 0) {
		h.flags |= FRAME_PCRC;
		for (size_t i = 1; i < n_iov; i++)
			h.payload_crc = crc32c(h.payload_crc,
			    w->iov[i].iov_base, w->iov[i].iov_len);
	}
	frame_format(raw, &h);
	if (io_writev(w->fd, w->iov, (int)n_iov) == -1) {
		w->failed = true;
		return -1;
	}
	if ((h.flags & FRAME_MORE) != 0) {
		w->sub++;
	} else {
		w->seq++;
		w->sub = 0;
	}
	return 0;
}

/* Write w->note as a frame of that kind with the times of like. */
static int
put_note(struct stream_writer *w, enum frame_kind kind,
    const struct frame_header *like)
{
	struct iovec piece = {.iov_base = w->note.data, .iov_len = w->note.len};
	struct frame_header h = {.watermark = TIME_NONE};

	if (like != NULL)
		h = *like;
	h.kind = kind;
	h.flags = 0;
	h.rows = 0;
	h.invalid = 0;
	h.filtered = 0;
	if (w->note.failed) {
		errno = EMSGSIZE;
		return -1;
	}
	return put_frame(w, h, &piece, piece.iov_len > 0, piece.iov_len);
}

int
stream_write_head(struct stream_writer *w, const struct head *h)
{
	buf_reset(&w->note);
	head_write(&w->note, h);
	if (w->note.len > HEAD_MAX_LEN)
		w->note.failed = true;
	return put_note(w, FRAME_HEAD, NULL);
}

int
stream_write_rows(struct stream_writer *w, const struct frame_header *h,
    const struct batch *b)
{
	struct frame_header mine = *h;

	if (w->failed)
		return -1;
	if (rows_write(&w->layout, b) == -1) {
		errno = EMSGSIZE;
		return -1;
	}
	mine.kind = FRAME_ROWS;
	mine.rows = b->n_rows;
	if (put_frame(w, mine, w->layout.iov,
		b->n_rows > 0 ? w->layout.n_iov : 0, w->layout.len)
	    == -1)
		return -1;
	w->n_frames++;
	w->n_rows += b->n_rows;
	return 0;
}

int
stream_write_payload(struct stream_writer *w, const struct frame_header *h,
    const void *p, size_t len)
{
	struct frame_header mine = *h;
	struct iovec piece = {.iov_len = len};

	memcpy(&piece.iov_base, &p, sizeof(p));
	mine.kind = FRAME_ROWS;
	if (put_frame(w, mine, &piece, len > 0, len) == -1)
		return -1;
	w->n_frames++;
	w->n_rows += mine.rows;
	return 0;
}

int
stream_write_mark(
    struct stream_writer *w, const struct frame_header *h, const struct mark *m)
{
	buf_reset(&w->note);
	mark_write(&w->note, m);
	return put_note(w, FRAME_MARK, h);
}

int
stream_write_barrier(
    struct stream_writer *w, const struct frame_header *h, struct barrier *m)
{
	m->frames = w->n_frames - w->barrier_frames;
	m->rows = w->n_rows - w->barrier_rows;
	w->barrier_frames = w->n_frames;
	w->barrier_rows = w->n_rows;
	buf_reset(&w->note);
	barrier_write(&w->note, m);
	return put_note(w, FRAME_BARRIER, h);
}

int
stream_write_end(
    struct stream_writer *w, const struct frame_header *h, struct end *e)
{
	e->frames = w->n_frames;
	e->rows = w->n_rows;
	buf_reset(&w->note);
	end_write(&w->note, e);
	return put_note(w, FRAME_END, h);
}

int
stream_write_fail(struct stream_writer *w, const struct fail *f)
{
	/* It may cut a series of answers short. */
	w->sub = 0;
	buf_reset(&w->note);
	fail_write(&w->note, f);
	return put_note(w, FRAME_FAIL, NULL);
}
