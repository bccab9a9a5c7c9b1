/* SPDX-License-Identifier: ISC */
/* A JSON text in a cell: it is walked as a line of its own. */
#include "text/jsoncell.h"

#include <string.h>

#include "text/cellfast.h"

void
jsoncell_init(struct jsoncell *c, const struct jsonpath *path)
{
	const struct jsonpath root = {.n = 0};

	*c = (struct jsoncell){.kind = JSONCELL_NONE};
	buf_init(&c->text, 0);
	jsonwalk_init(&c->walk);
	jsontree_add(&c->walk.tree, path, 0);
	/* With the root wanted, too, a value of any kind is a record. */
	jsontree_add(&c->walk.tree, &root, 1);
}

void
jsoncell_release(struct jsoncell *c)
{
	jsonwalk_release(&c->walk);
	buf_release(&c->text);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A line of s with what the walk may read before and behind it. */
static char *
make_line(struct jsoncell *c, const char *s, size_t len)
{
	char *line;

	buf_reset(&c->text);
	line = (char *)buf_reserve(&c->text, len + 2 + CELL_PAD);
	line[0] = '\n';
	memcpy(line + 1, s, len);
	memset(line + 1 + len, '\n', 1 + CELL_PAD);
	return line;
}

static enum jsoncell_kind
kind_of(char first)
{
	switch (first) {
	case '{':
		return JSONCELL_OBJECT;
	case '[':
		return JSONCELL_ARRAY;
	case '"':
		return JSONCELL_STRING;
	case 't':
	case 'f':
		return JSONCELL_BOOL;
	default:
		return JSONCELL_NUMBER;
	}
}

int
jsoncell_read(struct jsoncell *c, const char *s, size_t len)
{
	uint32_t row[4];
	const char *line;

	while (len > 0 && is_blank(*s)) {
		s++;
		len--;
	}
	while (len > 0 && is_blank(s[len - 1]))
		len--;
	if (len == 0 || len > UINT32_MAX / 2)
		return -1;
	line = make_line(c, s, len);
	if (jsonwalk_record(&c->walk, row, 2, line, 1, (uint32_t)len + 2)
	    != len + 2)
		return -1;
	c->kind = JSONCELL_NONE;
	c->value = NULL;
	c->len = 0;
	if (row[0] == row[1])
		return 0;
	/* The edges of a string are its quotes. */
	c->value = line + row[0];
	c->len = row[1] - row[0];
	if (*c->value == '"')
		c->len++;
	else {
		c->value++;
		c->len--;
	}
	c->kind = kind_of(*c->value);
	return 0;
}

/* Behind the string at s. */
static const char *
skip_string(const char *s)
{
	for (s++; *s != '"'; s++)
		s += *s == '\\';
	return s + 1;
}

/* Behind the value at s. */
static const char *
skip_value(const char *s)
{
	unsigned depth = 0;

	if (*s == '"')
		return skip_string(s);
	if (*s != '{' && *s != '[') {
		while (!is_blank(*s) && *s != ',' && *s != '}' && *s != ']')
			s++;
		return s;
	}
	do {
		if (*s == '"') {
			s = skip_string(s);
			continue;
		}
		depth += *s == '{' || *s == '[';
		depth -= *s == '}' || *s == ']';
		s++;
	} while (depth > 0);
	return s;
}

static const char *
skip_blanks(const char *s)
{
	while (is_blank(*s))
		s++;
	return s;
}

void
jsoncell_begin(struct jsoncell_iter *i, const char *value)
{
	*i = (struct jsoncell_iter){
	    .at = skip_blanks(value + 1), .object = *value == '{'};
}

bool
jsoncell_next(struct jsoncell_iter *i)
{
	if (*i->at == '}' || *i->at == ']')
		return false;
	if (*i->at == ',')
		i->at = skip_blanks(i->at + 1);
	if (i->object) {
		i->key = i->at;
		i->at = skip_string(i->at);
		i->key_len = (size_t)(i->at - i->key);
		/* The colon is next. */
		i->at = skip_blanks(skip_blanks(i->at) + 1);
	}
	i->value = i->at;
	i->at = skip_value(i->at);
	i->len = (size_t)(i->at - i->value);
	i->at = skip_blanks(i->at);
	return true;
}
