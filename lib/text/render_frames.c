/* SPDX-License-Identifier: ISC */
/* The stream as it is, to be saved.  millrace-frame(5). */
#include "base/crc.h"
#include "text/render_int.h"

static void
put_frame(
    struct render_out *o, struct frame_header h, const void *p, size_t len)
{
	uint8_t header[FRAME_HEADER_LEN];

	h.flags = (h.flags & ~(unsigned)FRAME_DEFLATE) | FRAME_PCRC;
	h.stored_len = h.raw_len = (uint32_t)len;
	h.payload_crc = crc32c(0, p, len);
	frame_format(header, &h);
	render_out_put(o, header, sizeof(header));
	render_out_put(o, p, len);
}

/*
 * A saved stream belongs to no running pipeline: what HEAD says of a
 * checkpoint directory stays behind.
 */
void
render_frames_head(struct render *r, const struct head *h)
{
	struct frame_header fh = {.kind = FRAME_HEAD, .watermark = TIME_NONE};
	struct head plain;
	struct buf b;

	head_copy(&plain, h);
	plain.path[0] = '\0';
	memset(plain.identity, 0, sizeof(plain.identity));
	plain.generation = plain.epoch = 0;
	buf_init(&b, 0);
	head_write(&b, &plain);
	put_frame(&r->out, fh, b.data, b.len);
	buf_release(&b);
	head_release(&plain);
}

void
render_frames_frame(
    struct render *r, const struct frame *f, const struct batch *b)
{
	(void)b;
	put_frame(&r->out, f->h, f->data, f->len);
}
