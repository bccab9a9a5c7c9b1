/* SPDX-License-Identifier: ISC */
/*
 * Access logs by the server's own format string: a walk from one piece of
 * text between the variables to the next.  millrace-formats(7), Access logs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/accessvar.h"
#include "text/clf.h"
#include "text/fields.h"

#define PIECES_MAX 1000

enum piece_kind {
	PIECE_UNTIL, /* ends where the next text begins */
	PIECE_QUOTED, /* between quotes, which are in the texts around it */
	PIECE_BRACKET, /* has brackets of its own around it */
	PIECE_REST /* to the end of the record */
};

/* A text, and the variable behind it. */
struct piece {
	enum piece_kind kind;
	char *text; /* owned; "" = none */
	uint32_t text_len;
	const char *name; /* for messages; of the fields */
	size_t field;
	char *no_text; /* owned: message when the text does not stand there */
};

struct access {
	struct fields fields;
	struct piece *pieces;
	size_t n; /* the last one is a text at the end */
	size_t cap;
	size_t request; /* field, SIZE_MAX = none */
	size_t method; /* the field of its first part */
	bool wants_parts;
	uint32_t *edge;
};

static void
release(void *state)
{
	struct access *a = state;

	for (size_t i = 0; i < a->n; i++) {
		free(a->pieces[i].text);
		free(a->pieces[i].no_text);
	}
	free(a->pieces);
	fields_release(&a->fields);
	free(a->edge);
	free(a);
}

static bool
is_text_at(const struct walk *w, const struct piece *p, uint32_t at)
{
	return w->end - at >= p->text_len
	       && memcmp(w->p + at, p->text, p->text_len) == 0;
}

/* The first place at or behind at where the piece's text stands. */
static uint32_t
find_text(const struct walk *w, const struct piece *p, uint32_t at)
{
	for (;; at++) {
		at = walk_find(w, at, *p->text);
		if (at == w->end || p->text_len == 1 || is_text_at(w, p, at))
			return at;
	}
}

/* The value of a piece; next is the one behind it. */
static bool
take_value(struct walk *w, const struct piece *p, const struct piece *next)
{
	uint32_t from = w->at, to;

	switch (p->kind) {
	case PIECE_QUOTED:
		to = clf_quote_end(w->p, from, w->end);
		if (to == UINT32_MAX)
			return walk_fail(w, p->name, "its quote is not closed");
		break;
	case PIECE_BRACKET:
		if (from == w->end || w->p[from] != '[')
			return walk_fail(w, p->name, "its bracket is missing");
		to = walk_find(w, ++from, ']');
		if (to == w->end)
			return walk_fail(
			    w, p->name, "its bracket is not closed");
		walk_set(w, p->field, from, to);
		w->at = to + 1;
		return true;
	case PIECE_UNTIL:
		to = find_text(w, next, from);
		break;
	case PIECE_REST:
	default:
		to = w->end;
	}
	if (to == from && p->kind != PIECE_QUOTED)
		return walk_fail(w, p->name, "missing");
	walk_set(w, p->field, from, to);
	w->at = to;
	return true;
}

static bool
walk(struct text *t, struct walk *w)
{
	const struct access *a = t->state;
	const struct piece *p = a->pieces, *last = p + a->n - 1;

	for (;; p++) {
		if (!is_text_at(w, p, w->at))
			return walk_fail(w, p->name, p->no_text);
		w->at += p->text_len;
		if (p == last)
			break;
		if (!take_value(w, p, p + 1))
			return false;
	}
	if (w->at < w->end)
		return walk_fail(w, NULL, "text behind the last field");
	if (a->wants_parts)
		clf_split_request(w, a->request, a->method);
	return true;
}

static void
split(struct text *t, const struct block *b, uint32_t max_rows)
{
	struct access *a = t->state;
	struct walk w = {.edge = a->edge};

	walk_split(t, &w, b, max_rows, walk);
	t->grid.marked = memchr(b->p, '\\', t->grid.used) != NULL;
}

static void
bound(struct text *t)
{
	struct access *a = t->state;

	a->wants_parts = false;
	for (size_t i = 0; a->request != SIZE_MAX && i < t->cols.n; i++) {
		size_t f = t->cols.cols[i].field;

		a->wants_parts |= f >= a->method && f < a->method + 3;
	}
}

/* A format string being compiled. */
struct compiler {
	struct access *a;
	struct buf text; /* since the last variable */
	char *why;
};

/* End the text, of which a variable or the end of the line is next. */
static struct piece *
add_piece(struct compiler *c)
{
	struct access *a = c->a;
	struct piece *p;

	a->pieces = mem_grow(a->pieces, &a->cap, a->n + 1, sizeof(*a->pieces));
	p = &a->pieces[a->n++];
	*p = (struct piece){
	    .text = mem_strndup((const char *)c->text.data, c->text.len),
	    .text_len = (uint32_t)c->text.len};
	p->no_text = mem_printf("no '%s' in front of it", p->text);
	buf_reset(&c->text);
	return p;
}

/*
 * The variables of the request's parts take three fields; the request itself
 * gets its own in the end, where * does not mean it.
 */
static int
add_variable(struct compiler *c, const struct access_var *v)
{
	struct access *a = c->a;
	struct piece *p;

	if (a->n == PIECES_MAX) {
		c->why = mem_strdup("too many variables");
		return -1;
	}
	if (a->n > 0 && c->text.len == 0
	    && a->pieces[a->n - 1].kind != PIECE_BRACKET) {
		c->why = mem_printf("%s: no text between it and the variable "
				    "before it",
		    v->name);
		return -1;
	}
	p = add_piece(c);
	p->kind = v->bracket ? PIECE_BRACKET : PIECE_UNTIL;
	p->field = SIZE_MAX;
	if (!v->request || a->method != SIZE_MAX) {
		p->field = fields_add(&a->fields, v->name, strlen(v->name),
		    v->kind, v->kind == CELL_STR && !v->known);
		return 0;
	}
	a->method = fields_add(&a->fields, "method", 6, CELL_STR, false);
	fields_add(&a->fields, "path", 4, CELL_STR, false);
	fields_add(&a->fields, "protocol", 8, CELL_STR, false);
	return 0;
}

static bool
ends_with_quote(const struct piece *p)
{
	return p->text_len > 0 && p->text[p->text_len - 1] == '"';
}

/* Settle what depends on the texts around each variable. */
static void
finish(struct compiler *c)
{
	struct access *a = c->a;

	add_piece(c);
	for (size_t i = 0; i + 1 < a->n; i++) {
		struct piece *p = &a->pieces[i], *next = p + 1;

		if (p->field == SIZE_MAX)
			p->field = a->request = fields_add(
			    &a->fields, "request", 7, CELL_STR, false);
		if (p->kind != PIECE_UNTIL)
			continue;
		if (ends_with_quote(p) && next->text[0] == '"')
			p->kind = PIECE_QUOTED;
		else if (next->text_len == 0)
			p->kind = PIECE_REST;
	}
	for (size_t i = 0; i + 1 < a->n; i++)
		a->pieces[i].name = a->fields.v[a->pieces[i].field].name;
	a->edge = mem_zero(a->fields.n, 2 * sizeof(*a->edge));
}

static int
compile(struct compiler *c, const char *format, access_next_fn next)
{
	struct access_var v;
	int rc;

	while ((rc = next(&v, &c->text, &format, &c->why)) == 1) {
		rc = add_variable(c, &v);
		free(v.name);
		if (rc == -1)
			return -1;
	}
	if (rc == 0 && c->a->n == 0) {
		c->why = mem_strdup("there is no variable in it");
		rc = -1;
	}
	return rc;
}

static int
init(struct text *t, char **why, const char *arg, access_next_fn next)
{
	struct access *a = mem_zero(1, sizeof(*a));
	struct compiler c = {.a = a};

	a->request = a->method = SIZE_MAX;
	t->state = a;
	if (compile(&c, arg, next) == -1) {
		*why = mem_printf("-f %s: %s", t->fmt->name, c.why);
		free(c.why);
		buf_release(&c.text);
		return -1;
	}
	finish(&c);
	buf_release(&c.text);
	t->source = fields_source(&a->fields);
	if (a->request != SIZE_MAX)
		t->source.n_star--;
	return 0;
}

static int
init_nginx(struct text *t, char **why, const char *arg)
{
	return init(t, why, arg, access_next_nginx);
}

static int
init_apache(struct text *t, char **why, const char *arg)
{
	return init(t, why, arg, access_next_apache);
}

const struct text_fmt access_nginx = {.name = "nginx",
    .arg = "FORMAT",
    .takes = TAKES_START,
    .mark = -1,
    .null = {"-", 1, false},
    .pairs = true,
    .init = init_nginx,
    .split = split,
    .find_end = record_find_end,
    .plain = clf_plain,
    .bound = bound,
    .release = release};

const struct text_fmt access_apache = {.name = "apache",
    .arg = "FORMAT",
    .takes = TAKES_START,
    .mark = -1,
    .null = {"-", 1, false},
    .pairs = true,
    .init = init_apache,
    .split = split,
    .find_end = record_find_end,
    .plain = clf_plain,
    .bound = bound,
    .release = release};
