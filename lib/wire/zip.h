/* SPDX-License-Identifier: ISC */
/* Deflate of payloads, bounded both ways.  millrace-frame(5), section 2. */
#ifndef MILLRACE_WIRE_ZIP_H
#define MILLRACE_WIRE_ZIP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/buf.h"

/*
 * Compress the pieces iov[0..n_iov) into out (which is reset) as one zlib
 * stream at level 1.  0, or -1 when zlib refuses.
 */
int zip_deflate(struct buf *out, const struct iovec *iov, size_t n_iov);

/*
 * Inflate p[0..len) into out[0..out_len).  0, or -1 unless the stream is
 * whole, gives exactly out_len bytes and has nothing behind it.
 */
int zip_inflate(uint8_t *out, size_t out_len, const uint8_t *p, size_t len);

#endif
