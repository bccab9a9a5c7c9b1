/* SPDX-License-Identifier: ISC */
/* The stream in words, for debugging: every frame, every column. */
#include <inttypes.h>

#include "text/render_int.h"
#include "wire/mode.h"

static void
put_us(struct render_out *o, const char *name, int64_t us)
{
	render_out_puts(o, name);
	render_out_room(o, TIME_TEXT_MAX);
	if (us == TIME_NONE)
		render_out_puts(o, "none");
	else
		o->p += time_format_rfc3339(o->p, us);
}

static void
put_text(struct render_out *o, const char *name, const char *s, size_t len)
{
	render_out_puts(o, name);
	render_tsv_style.str(o, NULL, s, len);
}

static void
put_schema(struct render_out *o, const struct schema *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct field *f = &s->fields[i];

		put_text(o, "  column ", f->name, strlen(f->name));
		render_out_printf(o, " %s%s%s", type_name(f->type),
		    f->untyped ? " untyped" : "", f->system ? " system" : "");
		if (s->time_col == (int)i)
			render_out_puts(o, " event-time");
		if (s->time_col == (int)i && s->time_off != 0)
			render_out_printf(o, "%+" PRId64 "us", s->time_off);
		render_out_puts(o, "\n");
	}
}

void
render_dump_head(struct render *r, const struct head *h)
{
	static const char *const classes[] = {
	    "source", "frame-wise", "batch-wise", "stateful", "join"};
	struct render_out *o = &r->out;

	render_out_printf(o, "HEAD mode=%s %s %s%s\n", mode_name(h->mode),
	    h->endless ? "endless" : "bounded",
	    h->many ? "many-batches" : "one-batch",
	    h->windowed ? " windowed" : "");
	put_schema(o, &h->schema);
	if (h->window.kind != WINDOW_NONE) {
		put_text(
		    o, "  window ", h->window.text, strlen(h->window.text));
		render_out_puts(o, "\n");
	}
	for (size_t i = 0; i < h->n_partials; i++) {
		const struct head_partial *p = &h->partials[i];

		put_text(o, "  partial ", p->text, strlen(p->text));
		render_out_printf(
		    o, " column=%u version=%u\n", p->col + 1, p->version);
	}
	for (size_t i = 0; i < h->n_stages; i++) {
		const struct head_stage *s = &h->stages[i];

		render_out_printf(o, "  stage %s ", classes[s->cls]);
		put_text(o, "", s->program, strlen(s->program));
		put_text(o, " ", s->options, strlen(s->options));
		render_out_puts(o, "\n");
	}
	render_cells_init(&r->cells, &render_dump_style, &h->schema, &r->o);
}

static void
put_header(struct render_out *o, const struct frame_header *h)
{
	render_out_printf(o, "%s seq=%" PRIu64 " sub=%u part=%u batch=%" PRIu64,
	    frame_kind_name(h->kind), h->seq, h->sub, h->part, h->batch);
	put_us(o, " watermark=", h->watermark);
	if (h->flags & FRAME_LAST)
		render_out_puts(o, " LAST");
	if (h->flags & FRAME_MORE)
		render_out_puts(o, " MORE");
	if (h->flags & FRAME_DEFLATE)
		render_out_puts(o, " DEFLATE");
	if (h->flags & FRAME_PCRC)
		render_out_puts(o, " PCRC");
}

static void
put_mark(struct render_out *o, const struct frame *f)
{
	static const char *const whats[] = {
	    "heartbeat", "open", "close", "eof"};
	struct mark m;

	if (mark_read(&m, f->data, f->len) == -1)
		return;
	render_out_printf(o, " %s", whats[m.what]);
	if (m.what == MARK_OPEN)
		put_text(o, " ", m.name, m.name_len);
}

static void
put_barrier(struct render_out *o, const struct frame *f)
{
	struct barrier m;

	if (barrier_read(&m, f->data, f->len) == -1)
		return;
	render_out_printf(o,
	    " generation=%" PRIu64 " epoch=%" PRIu64 " committed=%" PRIu64
	    " frames=%" PRIu64 " rows=%" PRIu64,
	    m.generation, m.epoch, m.committed, m.frames, m.rows);
}

static void
put_end(struct render_out *o, const struct frame *f)
{
	struct end end;

	if (end_read(&end, f->data, f->len) == 0) {
		render_out_printf(o, " %s frames=%" PRIu64 " rows=%" PRIu64,
		    end.reason == END_EOF ? "eof" : "stop", end.frames,
		    end.rows);
		for (size_t i = 0; i < end.n_accounts; i++) {
			const struct account *a = &end.accounts[i];

			put_text(o, "\n  account ", a->name, strlen(a->name));
			render_out_printf(o,
			    " in=%" PRIu64 " used=%" PRIu64 " filtered=%" PRIu64
			    " late=%" PRIu64 " invalid=%" PRIu64 " out=%" PRIu64
			    " in_frames=%" PRIu64 " out_frames=%" PRIu64,
			    a->in, a->used, a->filtered, a->late, a->invalid,
			    a->out, a->in_frames, a->out_frames);
		}
	}
	end_release(&end);
}

static void
put_fail(struct render_out *o, const struct frame *f)
{
	struct fail m;

	if (fail_read(&m, f->data, f->len) == -1)
		return;
	render_out_printf(o, " status=%d", m.status);
	put_text(o, " stage=", m.stage, m.stage_len);
	put_text(o, " text=", m.text, m.text_len);
}

void
render_dump_frame(
    struct render *r, const struct frame *f, const struct batch *b)
{
	struct render_out *o = &r->out;

	put_header(o, &f->h);
	switch (f->h.kind) {
	case FRAME_ROWS:
		put_us(o, " time=", f->h.batch_us);
		render_out_printf(o,
		    " rows=%u invalid=%" PRIu64 " filtered=%" PRIu64, f->h.rows,
		    f->h.invalid, f->h.filtered);
		break;
	case FRAME_MARK:
		put_mark(o, f);
		break;
	case FRAME_BARRIER:
		put_barrier(o, f);
		break;
	case FRAME_END:
		put_end(o, f);
		break;
	case FRAME_FAIL:
		put_fail(o, f);
		break;
	default:
		break;
	}
	render_out_puts(o, "\n");
	if (b != NULL) {
		render_cells_bind(&r->cells, b);
		render_cells_rows(o, &r->cells, NULL, b->n_rows, UINT64_MAX);
	}
}
