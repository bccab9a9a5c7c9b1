/* SPDX-License-Identifier: ISC */
/* The payload of ROWS: columns <-> bytes.  millrace-frame(5), section 4. */
#ifndef MILLRACE_WIRE_ROWS_H
#define MILLRACE_WIRE_ROWS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "data/batch.h"
#include "data/schema.h"

/*
 * A payload laid out for writev(2): pieces of the batch's own memory and of
 * this object's.  Reused from frame to frame.
 */
struct rows_layout {
	struct iovec *iov;
	size_t n_iov;
	size_t cap_iov;
	uint8_t *desc; /* column descriptors */
	size_t cap_desc;
	uint32_t *off; /* offsets that had to be made to begin with 0 */
	size_t n_off;
	size_t cap_off;
	size_t len; /* bytes of the payload */
};

void rows_layout_init(struct rows_layout *l);
void rows_layout_release(struct rows_layout *l);

/*
 * Lay b out.  l points into b until the next call.  0, or -1 when it has more
 * than FRAME_MAX_ROWS rows or FRAME_MAX_LEN bytes.
 */
int rows_write(struct rows_layout *l, const struct batch *b);

/*
 * Point b's columns into p[0..len), aligned to 8, after checking every
 * length, offset, code and encoding.  0, or -1 with the reason in *why.
 */
int rows_read(struct batch *b, const char **why, const struct schema *s,
    uint32_t n_rows, const uint8_t *p, size_t len);

#endif
