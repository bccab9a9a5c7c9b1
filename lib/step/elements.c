/* SPDX-License-Identifier: ISC */
/* The elements of JSON arrays as pieces.  The text has been checked whole. */
#include "step/elements.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/cellfast.h"
#include "text/jsonstr.h"

void
elements_init(struct elements *e)
{
	struct jsonpath all = {.n = 0};

	*e = (struct elements){.at = 0};
	jsonwalk_init(&e->walk);
	/* The whole text is wanted, whatever it is. */
	jsontree_add(&e->walk.tree, &all, 0);
	buf_init(&e->text, 0);
}

void
elements_release(struct elements *e)
{
	jsonwalk_release(&e->walk);
	buf_release(&e->text);
}

static size_t
skip_blanks(const char *p, size_t at)
{
	return at + strspn(p + at, " \t\r\n");
}

int
elements_begin(struct elements *e, uint32_t row, const char *p, size_t len)
{
	static const char pad[CELL_PAD];
	uint32_t edges[2], end;
	const char *text;
	size_t at;

	/* A NUL ends it for skip_blanks; in JSON there is none. */
	if (len >= UINT32_MAX - CELL_PAD || memchr(p, '\0', len) != NULL)
		return -1;
	buf_reset(&e->text);
	buf_put(&e->text, p, len);
	buf_putc(&e->text, '\n');
	buf_put(&e->text, pad, sizeof(pad));
	text = (const char *)e->text.data;
	at = skip_blanks(text, 0);
	if (text[at] != '[')
		return -1;
	end = jsonwalk_record(
	    &e->walk, edges, 1, text, (uint32_t)at, (uint32_t)len + 1);
	if (end == 0 || skip_blanks(text, end) < len)
		return -1;
	e->row = row;
	e->at = skip_blanks(text, at + 1);
	return 0;
}

/* The end of the value at p[at]. */
static size_t
value_end(const char *p, size_t at)
{
	size_t depth = 0;

	for (;; at++) {
		switch (p[at]) {
		case '"':
			for (at++; p[at] != '"'; at++)
				at += p[at] == '\\';
			break;
		case '[':
		case '{':
			depth++;
			break;
		case ']':
		case '}':
			if (depth-- == 0)
				return at;
			break;
		case ',':
			if (depth == 0)
				return at;
			break;
		}
	}
}

static void
take(struct elements *e, struct pieces *s, const char *p, size_t len)
{
	char *plain;

	if (*p != '"') {
		pieces_add(s, e->row, p, len, *p == 'n');
		return;
	}
	plain = mem_alloc(len);
	pieces_add(
	    s, e->row, plain, jsonstr_plain(plain, p + 1, len - 2), false);
	free(plain);
}

bool
elements_take(struct elements *e, struct pieces *s)
{
	const char *text = (const char *)e->text.data;

	while (text[e->at] != ']') {
		size_t end, len;

		if (pieces_full(s))
			return false;
		end = value_end(text, e->at);
		for (len = end - e->at; len > 0; len--) {
			if (strchr(" \t\r\n", text[e->at + len - 1]) == NULL)
				break;
		}
		take(e, s, text + e->at, len);
		e->at = skip_blanks(text, end + (text[end] == ','));
	}
	return true;
}
