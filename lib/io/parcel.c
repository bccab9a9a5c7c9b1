/* SPDX-License-Identifier: ISC */
/* Blocks of text that are parsed in another process. */
#include "io/parcel.h"

#include <string.h>

#include "data/flat.h"

void
parcel_maker_init(struct parcel_maker *m, struct text *text)
{
	*m = (struct parcel_maker){.text = text};
	build_init(&m->rows, text_schema(text));
	buf_init(&m->bad, PARCEL_ROWS);
}

void
parcel_maker_release(struct parcel_maker *m)
{
	build_release(&m->rows);
	buf_release(&m->bad);
}

/* Keep it for the owner, who decides; stop where there is no room. */
static bool
keep_bad(void *arg, const struct text_bad *bad)
{
	struct parcel_maker *m = arg;
	size_t why_len = strlen(bad->why);

	if (m->bad.len + why_len > PARCEL_ROWS / 4)
		return false;
	buf_put_int(&m->bad, m->rows.n_rows, 4);
	buf_put_int(&m->bad, (uint64_t)(bad->p - m->parcel->text), 4);
	buf_put_int(&m->bad, bad->len, 4);
	buf_put_int(&m->bad, bad->line, 8);
	buf_put_int(&m->bad, bad->column, 8);
	/* With its end, so that it is text there, too. */
	buf_put_str(&m->bad, bad->why, why_len + 1);
	return true;
}

static void
enter(struct text *t, const struct parcel *p)
{
	struct text_place place;
	struct cur c;

	cur_init(&c, p->answer, p->place_len);
	text_place_load(t, &place, &c);
	place.from.name = "";
	text_enter(t, &place);
	text_place_release(&place);
	text_set_line(t, p->line);
}

void
parcel_parse(void *arg, void *room)
{
	struct parcel_maker *m = arg;
	struct parcel *p = room;
	struct text_goal goal = {.max_rows = COL_MAX_ROWS,
	    .max_bytes = PARCEL_ROWS / 4,
	    .bad = keep_bad,
	    .arg = m};

	struct text_place here = {.line = 0};

	m->parcel = p;
	build_reset(&m->rows);
	buf_reset(&m->bad);
	text_leave(m->text, &here);
	enter(m->text, p);
	/* Why it fails is found again by the owner, who goes on from there. */
	text_parse(m->text, &m->rows, &goal, p->text, p->len, p->eof);
	p->used = goal.used;
	p->next_line = text_line(m->text);
	text_enter(m->text, &here);
	text_place_release(&here);
	p->cramped = build_bytes(&m->rows) >= goal.max_bytes;
	if (flat_len(&m->rows) + m->bad.len > PARCEL_ROWS) {
		p->cramped = true;
		p->used = 0;
		p->next_line = p->line;
		build_reset(&m->rows);
		buf_reset(&m->bad);
	}
	flat_put(p->answer, &m->rows);
	p->bad_at = flat_len(&m->rows);
	p->bad_len = m->bad.len;
	if (m->bad.len > 0)
		memcpy(p->answer + p->bad_at, m->bad.data, m->bad.len);
}

void
parcel_rows(struct build *rows, struct cur *bad, struct parcel *p)
{
	flat_view(rows, p->answer);
	cur_init(bad, p->answer + p->bad_at, p->bad_len);
}

bool
parcel_next_bad(struct parcel_bad *b, struct cur *c, const struct parcel *p)
{
	size_t why_len;

	if (c->left == 0)
		return false;
	b->row = (uint32_t)cur_get_int(c, 4);
	b->bad.p = p->text + cur_get_int(c, 4);
	b->bad.len = cur_get_int(c, 4);
	b->bad.line = cur_get_int(c, 8);
	b->bad.column = cur_get_int(c, 8);
	b->bad.why = cur_get_str(c, &why_len, PARCEL_ROWS);
	return true;
}
