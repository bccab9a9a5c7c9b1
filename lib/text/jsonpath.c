/* SPDX-License-Identifier: ISC */
/* Where a value stands in a JSON text.  millrace-formats(7), PATHS. */
#include "text/jsonpath.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "data/schema.h"
#include "text/jsonstr.h"

#define MAX_INDEX 1000000000

/* Bytes that end a key which stands without quotes. */
static const char ends[] = ".[]\"`";

/* The length of the quoted text at s with its quotes, or 0. */
static size_t
quoted_len(const char *s, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		if (s[i] == s[0])
			return i + 1;
		i += s[i] == '\\' && s[0] == '"';
	}
	return 0;
}

size_t
jsonpath_len(const char *s, size_t len, const char *stops)
{
	size_t i = 0, n;

	while (i < len && (s[i] == '\0' || strchr(stops, s[i]) == NULL)) {
		n = 1;
		if (s[i] == '"' || s[i] == '`')
			n = quoted_len(s + i, len - i);
		i = n == 0 ? len : i + n;
	}
	return i;
}

static int
fail(char **why, const char *s, size_t len, const char *what)
{
	*why = mem_printf("%.*s: %s", (int)len, s, what);
	return -1;
}

/* A key in quotes: JSON's, or backquotes, between which all stands for itself.
 */
static size_t
take_quoted(struct jsonpath_step *step, const char *s, size_t len)
{
	size_t n = quoted_len(s, len);

	if (n == 0)
		return 0;
	step->key = mem_alloc(n);
	if (*s == '"') {
		step->len = jsonstr_plain(step->key, s + 1, n - 2);
	} else {
		step->len = n - 2;
		memcpy(step->key, s + 1, n - 2);
	}
	return n;
}

/* One step at s, its dot left aside; how long it is, 0 when it is none. */
static size_t
take_step(struct jsonpath_step *step, const char *s, size_t len)
{
	size_t n = 0;

	if (*s == '"' || *s == '`')
		return take_quoted(step, s, len);
	if (*s != '[') {
		while (n < len && (s[n] == '\0' || strchr(ends, s[n]) == NULL))
			n++;
		step->key = mem_strndup(s, n);
		step->len = n;
		return n;
	}
	if (len > 1 && (s[1] == '"' || s[1] == '`')) {
		n = take_quoted(step, s + 1, len - 1);
		return n > 0 && n + 1 < len && s[n + 1] == ']' ? n + 2 : 0;
	}
	step->is_index = true;
	for (n = 1; n < len && s[n] >= '0' && s[n] <= '9'; n++) {
		step->index = step->index * 10 + (size_t)(s[n] - '0');
		if (step->index > MAX_INDEX)
			return 0;
	}
	return n > 1 && n < len && s[n] == ']' ? n + 1 : 0;
}

int
jsonpath_parse(struct jsonpath *p, char **why, const char *s, size_t len)
{
	size_t at = 0, n;

	*p = (struct jsonpath){.n = 0};
	if (len == 1 && *s == '.')
		return 0;
	do {
		bool dot = s[at] == '.';

		if (p->n == JSONPATH_MAX)
			return fail(why, s, len, "more than 64 steps");
		at += dot;
		if (at == len || (at > 0 && !dot && s[at] != '['))
			return fail(why, s, len, "a dot and a key are missing");
		n = take_step(&p->steps[p->n++], s + at, len - at);
		if (n == 0)
			return fail(
			    why, s, len, "it is no path like a.\"b c\".d[0]");
		at += n;
	} while (at < len);
	return 0;
}

void
jsonpath_release(struct jsonpath *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->steps[i].key);
	p->n = 0;
}

void
jsonpath_key(struct jsonpath *p, const char *key, size_t len)
{
	*p = (struct jsonpath){.n = 1};
	p->steps[0].key = mem_dup(key, len);
	p->steps[0].len = len;
}

/* Whether a key needs no quotes. */
static bool
is_bare(const struct jsonpath_step *step)
{
	for (size_t i = 0; i < step->len; i++)
		if ((unsigned char)step->key[i] <= ' '
		    || strchr(".[]\"`*:,=()", step->key[i]) != NULL)
			return false;
	return step->len > 0;
}

void
jsonpath_text(struct buf *b, const struct jsonpath *p)
{
	if (p->n == 0)
		buf_putc(b, '.');
	for (size_t i = 0; i < p->n; i++) {
		const struct jsonpath_step *step = &p->steps[i];

		if (i > 0 && !step->is_index)
			buf_putc(b, '.');
		if (step->is_index)
			buf_printf(b, "[%zu]", step->index);
		else if (is_bare(step))
			buf_put(b, step->key, step->len);
		else
			jsonstr_quote(b, step->key, step->len);
	}
}

/* Whether a key can be the name of a column. */
static bool
is_name(const char *s, size_t len)
{
	uint32_t cp;
	size_t n;

	if (len == 0 || len > SCHEMA_MAX_NAME)
		return false;
	for (; len > 0; s += n, len -= n) {
		n = utf8_decode(&cp, s, len);
		if (n == 0 || cp == 0)
			return false;
	}
	return true;
}

char *
jsonpath_name(const struct jsonpath *p, size_t number)
{
	size_t i = p->n;

	if (i == 0)
		return mem_strdup("value");
	while (i > 0 && p->steps[i - 1].is_index)
		i--;
	if (i == 0)
		return mem_printf("c%zu", p->steps[p->n - 1].index + 1);
	if (!is_name(p->steps[i - 1].key, p->steps[i - 1].len))
		return mem_printf("c%zu", number);
	return mem_strndup(p->steps[i - 1].key, p->steps[i - 1].len);
}
