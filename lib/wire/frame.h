/* SPDX-License-Identifier: ISC */
/* The frame header: 96 bytes, little-endian.  millrace-frame(5), section 2. */
#ifndef MILLRACE_WIRE_FRAME_H
#define MILLRACE_WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_MAGIC "millrace" /* 8 bytes, no NUL */
#define FRAME_VERSION 1
#define FRAME_HEADER_LEN 96
#define FRAME_MAX_LEN (64u << 20) /* payload, stored and raw */
#define FRAME_MAX_ROWS (1u << 20)
#define FRAME_MAX_RATIO 1032 /* deflate's ceiling, raw to stored */

enum frame_kind {
	FRAME_HEAD = 1,
	FRAME_ROWS,
	FRAME_MARK,
	FRAME_BARRIER,
	FRAME_END,
	FRAME_FAIL
};

enum frame_flag {
	FRAME_LAST = 1, /* ROWS: closes its batch */
	FRAME_MORE = 2, /* ROWS: another frame with this seq follows */
	FRAME_DEFLATE = 4, /* the stored payload is a zlib stream */
	FRAME_PCRC = 8 /* payload_crc is set */
};

/*
 * Invariants: only ROWS has LAST, MORE, rows, invalid or filtered; stored_len
 * and raw_len are equal without DEFLATE; both at most FRAME_MAX_LEN; a HEAD
 * has seq 0.
 */
struct frame_header {
	enum frame_kind kind;
	unsigned flags; /* enum frame_flag */
	uint32_t part; /* 1.., 0 = none or mixed */
	uint64_t seq; /* number on this pipe, HEAD = 0 */
	uint32_t sub; /* number among the answers to one frame */
	uint32_t rows;
	uint64_t batch; /* from 0 */
	uint32_t stored_len; /* payload bytes that follow */
	uint32_t raw_len; /* payload bytes once inflated */
	int64_t watermark; /* microseconds, TIME_NONE = none yet */
	int64_t batch_us; /* nominal time of the batch: now() */
	int64_t arrival_us; /* when the oldest row arrived at the source */
	uint64_t invalid; /* rows that ended here as invalid */
	uint64_t filtered; /* rows that ended here as filtered */
	uint32_t payload_crc;
};

/* Write h into out, its CRC included. */
void frame_format(uint8_t out[FRAME_HEADER_LEN], const struct frame_header *h);

/*
 * Read and check a header.  Returns 0, or -1 with a reason in *why (static
 * text): wrong magic, CRC, version, kind, flag, length or combination.
 */
int frame_parse(struct frame_header *h, const char **why,
    const uint8_t in[FRAME_HEADER_LEN]);

const char *frame_kind_name(enum frame_kind k);

#endif
