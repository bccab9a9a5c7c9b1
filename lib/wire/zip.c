/* SPDX-License-Identifier: ISC */
/* zlib streams of a known length. */
#include "wire/zip.h"

#include <zlib.h>

#define ZIP_LEVEL 1
#define ZIP_CHUNK (64u << 10)

/* Feed one piece; with flush Z_FINISH until the stream is whole. */
static int
feed(z_stream *z, struct buf *out, int flush)
{
	int rc;

	do {
		uint8_t *to = buf_reserve(out, ZIP_CHUNK);

		if (to == NULL)
			return -1;
		z->next_out = to;
		z->avail_out = ZIP_CHUNK;
		rc = deflate(z, flush);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return -1;
		out->len += ZIP_CHUNK - z->avail_out;
	} while (z->avail_out == 0);
	return 0;
}

int
zip_deflate(struct buf *out, const struct iovec *iov, size_t n_iov)
{
	z_stream z = {.next_in = NULL};
	int rc = 0;

	buf_reset(out);
	if (deflateInit(&z, ZIP_LEVEL) != Z_OK)
		return -1;
	for (size_t i = 0; i < n_iov && rc == 0; i++) {
		z.next_in = iov[i].iov_base;
		z.avail_in = (uInt)iov[i].iov_len;
		rc = feed(&z, out, Z_NO_FLUSH);
	}
	if (rc == 0)
		rc = feed(&z, out, Z_FINISH);
	deflateEnd(&z);
	return rc;
}

int
zip_inflate(uint8_t *out, size_t out_len, const uint8_t *p, size_t len)
{
	z_stream z = {.next_in = NULL};
	int rc;

	if (inflateInit(&z) != Z_OK)
		return -1;
	z.next_in = (z_const Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)len;
	z.next_out = out;
	z.avail_out = (uInt)out_len;
	rc = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return rc == Z_STREAM_END && z.avail_out == 0 && z.avail_in == 0 ? 0
									 : -1;
}
