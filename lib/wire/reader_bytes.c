/* SPDX-License-Identifier: ISC */
/* The bytes of a stream's frames: headers and payloads, whole or not at all. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crc.h"
#include "base/io.h"
#include "base/mem.h"
#include "wire/reader_int.h"
#include "wire/zip.h"

#define MAGIC_LEN 8
#define FIRST_READ (1u << 20) /* payload memory before its bytes came */

int
stream_in_fail(struct stream_reader *r, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->error, sizeof(r->error), fmt, ap);
	va_end(ap);
	r->failed = true;
	r->status = status;
	return -1;
}

int
stream_in_fail_frame(struct stream_reader *r, const char *why)
{
	return stream_in_fail(r, STREAM_IN_IO, "byte %llu: %s",
	    (unsigned long long)r->frame_off, why);
}

static int
without_reader(struct stream_reader *r)
{
	io_end_without_reader();
	r->deserted = true;
	return stream_in_fail(
	    r, STREAM_IN_IO, "standard output: %s", strerror(errno));
}

int
stream_in_wait(struct stream_reader *r, int timeout_ms)
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
		int w = stream_in_wait(r, *got > 0 ? -1 : timeout_ms);

		n = 0;
		if (w == 2)
			return without_reader(r);
		if (w == 0 && *got == 0)
			return 2;
		if (w == 0)
			continue;
		n = w == -1 ? -1 : read_input(r, p + *got, len - *got);
		if (n == -1) {
			r->unread = true;
			return stream_in_fail(
			    r, STREAM_IN_IO, "%s", strerror(errno));
		}
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
		return stream_in_fail(
		    r, STREAM_IN_IO, "byte 0: no stream came");
	if (got >= 2 && p[0] == 0x1f && p[1] == 0x8b)
		return stream_in_fail(r, STREAM_IN_DATA,
		    "%s is compressed, put zcat before me", r->name);
	if (memcmp(p, FRAME_MAGIC, got) != 0)
		return stream_in_fail(r, STREAM_IN_DATA,
		    "%s is text, put sbatch before me", r->name);
	return stream_in_fail(
	    r, STREAM_IN_IO, "byte %zu: cut inside a frame header", got);
}

int
stream_in_header(struct stream_reader *r, int timeout_ms)
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
		return stream_in_fail(r, STREAM_IN_IO,
		    "byte %llu: cut before END", (unsigned long long)r->off);
	if (rc == 0)
		return stream_in_fail(r, STREAM_IN_IO,
		    "byte %llu: cut inside a frame header",
		    (unsigned long long)r->off);
	if (frame_parse(&r->h, &why, raw) == -1)
		return stream_in_fail_frame(r, why);
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
			return stream_in_fail(r, STREAM_IN_IO,
			    "byte %llu: cut inside the payload of a %s frame",
			    (unsigned long long)r->off,
			    frame_kind_name(r->h.kind));
		have += step;
	}
	if ((r->h.flags & FRAME_PCRC) != 0
	    && crc32c(0, r->data, len) != r->h.payload_crc)
		return stream_in_fail_frame(r, "bad payload checksum");
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
		return stream_in_fail_frame(r, "broken deflate stream");
	f->data = r->raw;
	f->len = r->h.raw_len;
	return 0;
}

int
stream_in_payload(struct stream_reader *r, struct frame *f)
{
	return read_payload(r) == -1 ? -1 : inflate_payload(r, f);
}

int
stream_in_more(struct stream_reader *r)
{
	uint8_t more;
	size_t got;
	int rc;

	do
		rc = fetch(r, &more, 1, &got, -1);
	while (rc == 2);
	return rc;
}
