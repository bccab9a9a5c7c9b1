/* SPDX-License-Identifier: ISC */
/* What a filter writes between HEAD and END.  millrace-frame(5), section 9. */
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tool/stage_int.h"
#include "wire/writer.h"

#define EMIT_ROWS (64u << 10) /* rows of one emitted frame; a multiple of 8 */

int
stage_answer(struct stage *st, const struct batch *b, bool more,
    uint64_t filtered, uint64_t invalid)
{
	struct frame_header h = st->now;

	if ((st->now.flags & FRAME_MORE) != 0)
		more = true;
	h.filtered += filtered;
	h.invalid += invalid;
	/* A stream of no checkpoint begins with batch 0. */
	if (st->out.path[0] == '\0')
		h.batch -= st->first_batch;
	if (more) {
		h.flags = FRAME_MORE;
		h.watermark = st->watermark;
		h.filtered = 0;
		h.invalid = 0;
	}
	if (stream_write_rows(st->writer, &h, b) == -1)
		return stage_output_failed(st);
	st->watermark = h.watermark;
	return 0;
}

/* Rows [from, from + n) of b as a frame; -1 with errno. */
static int
emit_slice(struct stage *st, const struct frame_header *h,
    const struct batch *b, uint32_t from, uint32_t n)
{
	struct batch slice = *b;
	int rc;

	slice.cols = mem_resize(NULL, b->n_cols, sizeof(*slice.cols));
	for (size_t i = 0; i < b->n_cols; i++)
		col_slice(&slice.cols[i], &b->cols[i], from, n);
	slice.n_rows = n;
	rc = stream_write_rows(st->writer, h, &slice);
	free(slice.cols);
	return rc;
}

int
stage_emit(struct stage *st, const struct batch *b, uint32_t part,
    int64_t watermark, bool last)
{
	struct frame_header h = st->now;
	uint32_t at = 0, n, step = EMIT_ROWS;

	h.part = part;
	h.batch = st->batch;
	h.filtered = 0;
	h.invalid = 0;
	do {
		bool end = b->n_rows - at <= step;

		n = end ? b->n_rows - at : step;
		h.flags = end && last ? FRAME_LAST : 0;
		h.watermark = end ? watermark : st->watermark;
		if (emit_slice(st, &h, b, at, n) == 0) {
			at += n;
		} else if (errno == EMSGSIZE && step > 8) {
			step = step / 16 * 8;
		} else {
			return stage_output_failed(st);
		}
	} while (at < b->n_rows);
	st->watermark = watermark;
	if (last)
		st->batch++;
	return 0;
}

int
stage_mark(struct stage *st, const struct frame_header *h, const struct mark *m,
    int64_t watermark)
{
	struct frame_header mine = *h;

	if (st->writer == NULL)
		return 0;
	mine.watermark = watermark;
	if (stream_write_mark(st->writer, &mine, m) == -1)
		return stage_output_failed(st);
	st->watermark = watermark;
	return 0;
}
