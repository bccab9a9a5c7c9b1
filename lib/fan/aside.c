/* SPDX-License-Identifier: ISC */
/* Frames that no worker can answer. */
#include "fan/aside.h"

void
aside_init(struct aside *a, const char *path)
{
	*a = (struct aside){.n_frames = 0};
	sidestream_init(&a->to, "--quarantine", CLASS_FRAME);
	a->to.path = path;
	a->to.if_any = true;
}

void
aside_release(struct aside *a)
{
	sidestream_release(&a->to);
}

void
aside_take(struct job *j)
{
	j->aside = j->data;
	j->aside_len = j->len;
	j->data = (struct room){.cap = 0};
	j->set_aside = j->h.rows;
	j->h.invalid += j->h.rows;
	j->h.rows = 0;
	j->h.raw_len = 0;
	j->len = 0;
}

int
aside_write(struct aside *a, struct stage *st, const struct job *j)
{
	struct frame_header h = j->h;

	if (j->set_aside == 0)
		return 0;
	h.rows = (uint32_t)j->set_aside;
	a->n_frames++;
	a->n_rows += j->set_aside;
	return sidestream_payload(&a->to, st, &h, j->aside.p, j->aside_len);
}

int
aside_end(struct aside *a, struct stage *st, enum end_reason reason)
{
	/* What is there may be of an earlier run: the only copy of its rows. */
	if (a->n_frames == 0)
		return 0;
	if (sidestream_end(&a->to, st, reason) == -1)
		return -1;
	if (st->tool->verbose >= 0)
		tool_warn("%ju frame%s of %ju rows set aside, which no worker "
			  "could answer",
		    (uintmax_t)a->n_frames, a->n_frames == 1 ? "" : "s",
		    (uintmax_t)a->n_rows);
	return 0;
}

void
aside_save(struct aside *a, struct stage *st, struct buf *out)
{
	if (a->to.path == NULL && a->n_frames == 0)
		return;
	sidestream_save(&a->to, st, out);
	buf_put_int(out, a->n_frames, 8);
	buf_put_int(out, a->n_rows, 8);
}

int
aside_load(struct aside *a, struct cur *in)
{
	if (in->left == 0)
		return 0;
	if (sidestream_load(&a->to, in) == -1)
		return -1;
	a->n_frames = cur_get_int(in, 8);
	a->n_rows = cur_get_int(in, 8);
	return 0;
}
