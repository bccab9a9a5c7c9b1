/* SPDX-License-Identifier: ISC */
/* The steps of smap between its input and its output. */
#include "step/chain.h"

#include <stdlib.h>
#include <string.h>

#include "step/chain_int.h"
#include "wire/mode.h"

/* An answer above this goes out in several frames. */
#define ANSWER_BYTES (32u << 20)

void
chain_init(struct chain *c)
{
	*c = (struct chain){.cls = CLASS_FRAME};
}

static void
drop_notes(struct chain *c)
{
	for (size_t i = 0; i < c->n_notes; i++)
		free(c->notes[i].name);
	c->n_notes = 0;
}

void
chain_release(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->steps[i]->kind->release != NULL)
			c->steps[i]->kind->release(c->steps[i]);
		free(c->steps[i]);
	}
	free(c->steps);
	drop_notes(c);
	free(c->notes);
	buf_release(&c->text);
}

struct step *
chain_add(struct chain *c, const struct step_kind *kind, const char *source)
{
	struct step *s = mem_zero(1, kind->size);

	s->kind = kind;
	s->source = source;
	s->chain = c;
	s->cls = kind->cls;
	s->holds = kind->holds;
	s->multiplies = kind->multiplies;
	if (c->n > 0)
		c->steps[c->n - 1]->next = s;
	c->steps = mem_grow(c->steps, &c->cap, c->n + 1, sizeof(struct step *));
	c->steps[c->n++] = s;
	return s;
}

/* What of a step's options changes the answer. */
static void
describe(struct buf *b, const struct step *s)
{
	const struct step_opts *o = &s->opts;
	const char *const texts[][2] = {{"-k", o->keys}, {"-f", o->format},
	    {"-c", o->columns}, {"-t", o->time}, {"--tz", o->tz},
	    {"--ok", o->ok}};
	const char *const names[] = {
	    "over", "over-rows", "ttl", "within", "year"};
	const int64_t numbers[] = {
	    o->over_us, o->over_rows, o->ttl_us, o->within_us, o->year};

	buf_printf(b, "%s%s%s%s", b->len == 0 ? "" : " ", s->kind->opt,
	    *s->source == '\0' ? "" : " ", s->source);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i][1] != NULL)
			buf_printf(b, " %s %s", texts[i][0], texts[i][1]);
	if (o->no_header)
		buf_puts(b, " -N");
	if (o->by_frame)
		buf_puts(b, " --frame");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i] > 0)
			buf_printf(
			    b, " --%s %jd", names[i], (intmax_t)numbers[i]);
	for (size_t i = 0; o->argv != NULL && o->argv[i] != NULL; i++)
		buf_printf(b, " %s", o->argv[i]);
}

static int
fail_mode(struct step *s, const char *what)
{
	enum head_mode mode = s->chain->st->in.mode;

	return step_fail(s, TOOL_DATA,
	    "it takes rows that are only added%s, and %s replaces the %s "
	    "before (%s); put it before the stage that makes them",
	    what, mode == MODE_UPSERT ? "a row" : "each batch",
	    mode == MODE_UPSERT ? "one" : "batch", mode_name(mode));
}

/*
 * What the state of a step depends on, of which s came in: of what is held of
 * a batch not how much of it goes on.
 */
static void
describe_state(struct buf *b, const struct step *s, const struct schema *in)
{
	if (s->kind->save == NULL || s->cls < CLASS_BATCH)
		return;
	if (s->cls == CLASS_BATCH)
		buf_printf(b, "%s%s", b->len == 0 ? "" : " ", s->kind->opt);
	else
		describe(b, s);
	buf_puts(b, " of ");
	schema_put_types(b, in);
}

static int
plan_step(struct chain *c, struct step *s, bool *multiplied)
{
	bool append = c->st->in.mode == MODE_APPEND;
	struct schema in;
	int rc;

	if (!append && !s->kind->any_mode)
		return fail_mode(s, "");
	/* HEAD says which column holds which partial state. */
	if (s->kind->rebuilds && c->st->in.n_partials > 0)
		return stage_fail(c->st, TOOL_DATA,
		    "%s would tear partial states from their columns; "
		    "put it behind sreduce --merge",
		    s->kind->opt);
	s->removed = *multiplied;
	schema_copy(&in, &c->st->out.schema);
	rc = s->kind->plan(s, &c->st->out.schema);
	if (rc == 0)
		describe_state(&c->st->keeps, s, &in);
	schema_release(&in);
	if (rc == -1)
		return -1;
	if (!append && s->cls != CLASS_FRAME)
		return fail_mode(s, " to look at those before");
	*multiplied = *multiplied || s->multiplies;
	if (s->cls > c->cls)
		c->cls = s->cls;
	c->holds = c->holds || s->holds;
	describe(&c->text, s);
	return 0;
}

int
chain_head(struct chain *c, struct stage *st, enum stage_class *cls)
{
	bool multiplied = false;

	c->st = st;
	for (size_t i = 0; i < c->n; i++) {
		if (plan_step(c, c->steps[i], &multiplied) == -1)
			return -1;
	}
	buf_putc(&c->text, '\0');
	st->options = (const char *)c->text.data;
	*cls = c->cls;
	return 0;
}

/* Bytes of the rows in a frame, about. */
static size_t
frame_bytes(const struct batch *b)
{
	size_t len = 0;

	for (size_t i = 0; i < b->n_cols; i++) {
		const struct col *c = &b->cols[i];

		len += (size_t)c->n_entries * 8 + (size_t)c->n * 4;
		if (type_is_bytes(c->type))
			len += c->off[c->n_entries] - c->off[0];
	}
	return len;
}

/* Answer with rows [from, from + n) of b; more follow, or they are the last. */
static int
answer_part(struct chain *c, const struct batch *b, uint32_t from, uint32_t n,
    bool more)
{
	struct batch part = {.n_cols = b->n_cols, .n_rows = n};
	int rc;

	part.cols = mem_zero(b->n_cols + 1, sizeof(*part.cols));
	for (size_t i = 0; i < b->n_cols; i++)
		col_slice(&part.cols[i], &b->cols[i], from, n);
	rc = stage_answer(c->st, &part, more || from + n < b->n_rows,
	    c->filtered, c->invalid);
	free(part.cols);
	return rc;
}

/* Text may have grown beyond what one frame holds. */
static int
answer(struct chain *c, const struct batch *b, bool more)
{
	size_t n_parts = frame_bytes(b) / ANSWER_BYTES + 1;
	uint32_t step = (uint32_t)(b->n_rows / n_parts + 7) & ~7u, from = 0;

	if (more && b->n_rows == 0)
		return 0;
	if (n_parts == 1)
		return stage_answer(c->st, b, more, c->filtered, c->invalid);
	for (; b->n_rows - from > step; from += step) {
		if (answer_part(c, b, from, step, more) == -1)
			return -1;
	}
	return answer_part(c, b, from, b->n_rows - from, more);
}

int
chain_out(struct chain *c, const struct batch *b, bool more)
{
	struct stage *st = c->st;
	int64_t watermark = more ? st->watermark : st->now.watermark;
	bool last = !more && c->closing;

	if (c->cls == CLASS_FRAME)
		return answer(c, b, more);
	if (b->n_rows == 0 && !last && watermark == st->watermark)
		return 0;
	return stage_emit(st, b, c->partless ? 0 : c->part, watermark, last);
}

/* Marks that came while rows were held follow those rows. */
static int
send_notes(struct chain *c)
{
	for (size_t i = 0; i < c->n_notes; i++) {
		const struct chain_note *n = &c->notes[i];
		struct mark m = {n->what, n->name, n->name_len};

		if (stage_mark(c->st, &n->h, &m, c->st->watermark) == -1)
			return -1;
	}
	drop_notes(c);
	return 0;
}

static int
end_batch(struct chain *c, bool closing)
{
	c->closing = closing;
	for (size_t i = 0; i < c->n; i++) {
		struct step *s = c->steps[i];

		if (s->kind->end != NULL && s->kind->end(s) == -1)
			return -1;
	}
	c->n_rows = 0;
	return send_notes(c);
}

static void
account(struct chain *c, uint32_t n_rows)
{
	struct stage *st = c->st;

	/* Rows of earlier frames may be dropped now: the sums are right. */
	st->acct.used += n_rows - c->filtered - c->invalid;
	st->acct.filtered += c->filtered;
	st->acct.invalid += c->invalid;
	st->n_unparsed += c->env.n_unparsed;
}

int
chain_rows(struct chain *c, const struct frame *f, const struct batch *b)
{
	bool last = (f->h.flags & FRAME_LAST) != 0;
	int rc;

	if (b->n_rows > 0 && c->answered)
		return stage_fail(
		    c->st, TOOL_DATA, "rows came after the end of the data");
	c->env = (struct expr_env){.batch_us = f->h.batch_us};
	c->filtered = c->invalid = 0;
	c->part = f->h.part;
	c->n_rows += b->n_rows;
	c->closing = last && !c->holds;
	c->again = c->answered;
	rc = c->n > 0 ? c->steps[0]->kind->rows(c->steps[0], b, false)
		      : chain_out(c, b, false);
	if (rc == 0 && last)
		rc = end_batch(c, true);
	account(c, b->n_rows);
	if (last)
		c->answered = false;
	return rc;
}

void
chain_keep_note(
    struct chain *c, const struct frame_header *h, const struct mark *m)
{
	c->notes = mem_grow(
	    c->notes, &c->cap_notes, c->n_notes + 1, sizeof(*c->notes));
	c->notes[c->n_notes++] = (struct chain_note){.h = *h,
	    .what = m->what,
	    .name = mem_strndup(m->name, m->name_len),
	    .name_len = m->name_len};
}

/*
 * The data end: answer what is held.  The empty batch that is left when they
 * end just behind one is nobody's.
 */
static int
end_data(struct chain *c)
{
	bool left_over = c->st->batch > 0 && c->n_rows == 0;
	int rc;

	c->env = (struct expr_env){.batch_us = c->st->now.batch_us};
	c->filtered = c->invalid = 0;
	c->answered = true;
	c->again = false;
	if (left_over)
		return send_notes(c);
	c->part = 0;
	rc = end_batch(c, false);
	account(c, 0);
	return rc;
}

int
chain_mark(struct chain *c, const struct frame *f, const struct mark *m)
{
	bool part = m->what == MARK_OPEN || m->what == MARK_CLOSE;

	if (c->partless && part)
		return 0;
	if (c->holds && m->what == MARK_EOF && end_data(c) == -1)
		return -1;
	if (!c->holds || (c->n_rows == 0 && !c->answered))
		return stage_mark(c->st, &f->h, m, f->h.watermark);
	if (m->what == MARK_OPEN || m->what == MARK_CLOSE) {
		chain_keep_note(c, &f->h, m);
		return 0;
	}
	return stage_mark(c->st, &f->h, m, c->st->watermark);
}

int
chain_end(struct chain *c)
{
	int rc = 0;

	c->filtered = c->invalid = 0;
	for (size_t i = 0; i < c->n && rc == 0; i++) {
		struct step *s = c->steps[i];

		if (s->kind->finish != NULL)
			rc = s->kind->finish(s);
	}
	account(c, 0);
	return rc;
}
