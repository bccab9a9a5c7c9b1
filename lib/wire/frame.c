/* SPDX-License-Identifier: ISC */
/* The frame header.  millrace-frame(5), section 2. */
#include "wire/frame.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/crc.h"
#include "base/time.h"

/* Offsets of the fields, millrace-frame(5), table in section 2. */
enum field_off {
	OFF_MAGIC = 0,
	OFF_VERSION = 8,
	OFF_KIND = 9,
	OFF_FLAGS = 10,
	OFF_PART = 12,
	OFF_SEQ = 16,
	OFF_SUB = 24,
	OFF_ROWS = 28,
	OFF_BATCH = 32,
	OFF_STORED = 40,
	OFF_RAW = 44,
	OFF_WATERMARK = 48,
	OFF_BATCH_US = 56,
	OFF_ARRIVAL_US = 64,
	OFF_INVALID = 72,
	OFF_FILTERED = 80,
	OFF_PCRC = 88,
	OFF_HCRC = 92
};

const char *
frame_kind_name(enum frame_kind k)
{
	static const char *const names[] = {
	    "", "HEAD", "ROWS", "MARK", "BARRIER", "END", "FAIL"};

	return names[k];
}

void
frame_format(uint8_t out[FRAME_HEADER_LEN], const struct frame_header *h)
{
	memcpy(out + OFF_MAGIC, FRAME_MAGIC, 8);
	out[OFF_VERSION] = FRAME_VERSION;
	out[OFF_KIND] = (uint8_t)h->kind;
	le_put(out + OFF_FLAGS, h->flags, 2);
	le_put(out + OFF_PART, h->part, 4);
	le_put(out + OFF_SEQ, h->seq, 8);
	le_put(out + OFF_SUB, h->sub, 4);
	le_put(out + OFF_ROWS, h->rows, 4);
	le_put(out + OFF_BATCH, h->batch, 8);
	le_put(out + OFF_STORED, h->stored_len, 4);
	le_put(out + OFF_RAW, h->raw_len, 4);
	le_put(out + OFF_WATERMARK, (uint64_t)h->watermark, 8);
	le_put(out + OFF_BATCH_US, (uint64_t)h->batch_us, 8);
	le_put(out + OFF_ARRIVAL_US, (uint64_t)h->arrival_us, 8);
	le_put(out + OFF_INVALID, h->invalid, 8);
	le_put(out + OFF_FILTERED, h->filtered, 8);
	le_put(out + OFF_PCRC, h->payload_crc, 4);
	le_put(out + OFF_HCRC, crc32c(0, out, OFF_HCRC), 4);
}

/* The rules that tie the fields together; NULL when all hold. */
static const char *
wrong(const struct frame_header *h)
{
	const unsigned known =
	    FRAME_LAST | FRAME_MORE | FRAME_DEFLATE | FRAME_PCRC;
	bool deflated = (h->flags & FRAME_DEFLATE) != 0;

	if (h->kind < FRAME_HEAD || h->kind > FRAME_FAIL)
		return "unknown frame kind";
	if ((h->flags & ~known) != 0)
		return "unknown frame flag";
	if (h->stored_len > FRAME_MAX_LEN || h->raw_len > FRAME_MAX_LEN)
		return "frame over 64 MiB";
	if (h->rows > FRAME_MAX_ROWS)
		return "frame of more than 1048576 rows";
	if (!deflated && h->stored_len != h->raw_len)
		return "lengths differ without deflate";
	if (deflated && h->raw_len == 0)
		return "deflate of nothing";
	if (deflated
	    && h->raw_len > (uint64_t)(h->stored_len + 16) * FRAME_MAX_RATIO)
		return "inflated length beyond what deflate can do";
	if ((h->flags & FRAME_PCRC) == 0 && h->payload_crc != 0)
		return "payload checksum without its flag";
	if (h->kind != FRAME_ROWS
	    && ((h->flags & (FRAME_LAST | FRAME_MORE)) != 0 || h->rows != 0
		|| h->invalid != 0 || h->filtered != 0 || h->sub != 0))
		return "only ROWS may have LAST, MORE, sub, rows and counts";
	if ((h->flags & FRAME_LAST) != 0 && (h->flags & FRAME_MORE) != 0)
		return "LAST together with MORE";
	if ((h->flags & FRAME_MORE) != 0
	    && (h->invalid != 0 || h->filtered != 0))
		return "counts together with MORE";
	return NULL;
}

int
frame_parse(struct frame_header *h, const char **why,
    const uint8_t in[FRAME_HEADER_LEN])
{
	*why = NULL;
	if (memcmp(in, FRAME_MAGIC, 8) != 0)
		*why = "no frame magic";
	else if (le_get(in + OFF_HCRC, 4) != crc32c(0, in, OFF_HCRC))
		*why = "bad header checksum";
	else if (in[OFF_VERSION] != FRAME_VERSION)
		*why = "unknown format version";
	if (*why != NULL)
		return -1;
	h->kind = in[OFF_KIND];
	h->flags = (unsigned)le_get(in + OFF_FLAGS, 2);
	h->part = (uint32_t)le_get(in + OFF_PART, 4);
	h->seq = le_get(in + OFF_SEQ, 8);
	h->sub = (uint32_t)le_get(in + OFF_SUB, 4);
	h->rows = (uint32_t)le_get(in + OFF_ROWS, 4);
	h->batch = le_get(in + OFF_BATCH, 8);
	h->stored_len = (uint32_t)le_get(in + OFF_STORED, 4);
	h->raw_len = (uint32_t)le_get(in + OFF_RAW, 4);
	h->watermark = (int64_t)le_get(in + OFF_WATERMARK, 8);
	h->batch_us = (int64_t)le_get(in + OFF_BATCH_US, 8);
	h->arrival_us = (int64_t)le_get(in + OFF_ARRIVAL_US, 8);
	h->invalid = le_get(in + OFF_INVALID, 8);
	h->filtered = le_get(in + OFF_FILTERED, 8);
	h->payload_crc = (uint32_t)le_get(in + OFF_PCRC, 4);
	*why = wrong(h);
	return *why == NULL ? 0 : -1;
}
