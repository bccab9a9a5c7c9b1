/* SPDX-License-Identifier: ISC */
/* Expressions, text to tokens.  millrace-expr(7), WORDS. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "base/utf8.h"
#include "expr/expr_int.h"

struct lex {
	struct unit *u;
	struct expr_error *err;
	struct tok *toks; /* malloc */
	size_t n;
	size_t cap;
	size_t pos;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes above 127 are letters, so names in UTF-8 need no quotes. */
static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
	       || (unsigned char)c >= 0x80;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char
peek(const struct lex *l, size_t ahead)
{
	return l->pos + ahead < l->u->len ? l->u->source[l->pos + ahead] : 0;
}

static struct tok *
add(struct lex *l, enum tok_kind kind, size_t at)
{
	struct tok *t;

	l->toks = mem_grow(l->toks, &l->cap, l->n + 1, sizeof(*l->toks));
	t = &l->toks[l->n++];
	*t = (struct tok){.kind = kind, .at = at, .len = l->pos - at};
	t->s = l->u->source + at;
	t->s_len = t->len;
	return t;
}

static void
lex_word(struct lex *l)
{
	size_t at = l->pos;

	while (is_letter(peek(l, 0)) || is_digit(peek(l, 0))
	       || (peek(l, 0) == '.' && is_letter(peek(l, 1))))
		l->pos++;
	add(l, TOK_WORD, at);
}

static void
skip_digits(struct lex *l)
{
	while (is_digit(peek(l, 0)))
		l->pos++;
}

/* The exponent of a number begins here, and no unit of a duration. */
static bool
at_exponent(const struct lex *l)
{
	size_t sign = peek(l, 1) == '+' || peek(l, 1) == '-';

	return (peek(l, 0) == 'e' || peek(l, 0) == 'E')
	       && is_digit(peek(l, 1 + sign));
}

static int
lex_number(struct lex *l)
{
	size_t at = l->pos;
	bool whole = true;
	struct tok *t;

	skip_digits(l);
	if (peek(l, 0) == '.' && is_digit(peek(l, 1))) {
		whole = false;
		l->pos++;
		skip_digits(l);
	}
	if (at_exponent(l)) {
		whole = false;
		l->pos += 2;
		skip_digits(l);
	}
	if (is_letter(peek(l, 0))) {
		while (is_letter(peek(l, 0)) || is_digit(peek(l, 0))
		       || (peek(l, 0) == '.' && is_digit(peek(l, 1))))
			l->pos++;
		t = add(l, TOK_DUR, at);
		if (num_parse_dur(&t->i, t->s, t->s_len) == -1)
			return expr_fail(l->err, t->at, t->len,
			    "%.*s is neither a number nor a duration such as "
			    "500ms, 5s, 1h30m",
			    (int)(t->len < 40 ? t->len : 40), t->s);
		return 0;
	}
	t = add(l, whole ? TOK_INT : TOK_FLOAT, at);
	if (!whole && num_parse_float(&t->f, t->s, t->s_len) == -1)
		return expr_fail(l->err, t->at, t->len, "this is no number");
	return 0;
}

/* Find the quote that ends what the one at from began.  0 or -1. */
static int
find_quote(struct lex *l, size_t from, bool escapes, size_t *end)
{
	char quote = l->u->source[from];

	for (size_t i = from + 1; i < l->u->len; i++) {
		if (escapes && l->u->source[i] == '\\' && i + 1 < l->u->len) {
			i++;
		} else if (l->u->source[i] == quote) {
			if (i + 1 < l->u->len && l->u->source[i + 1] == quote)
				i++;
			else {
				*end = i;
				return 0;
			}
		}
	}
	return expr_fail(l->err, l->pos, l->u->len - l->pos,
	    "the quote %c is not closed", quote);
}

static int
hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* n hex digits at s, or -1. */
static int
hex_value(const char *s, size_t len, size_t n)
{
	int v = 0;

	if (len < n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (hex_digit(s[i]) == -1)
			return -1;
		v = v * 16 + hex_digit(s[i]);
	}
	return v;
}

/*
 * Undo one escape at s[0] = '\\'.  Writes to out, adds to *n; returns the
 * bytes of s used, 0 when it is none.
 */
static size_t
undo_escape(char *out, size_t *n, const char *s, size_t len)
{
	static const char from[] = "ntr0\\'\"", to[] = "\n\t\r\0\\'\"";
	const char *p;
	int v;

	if (len < 2)
		return 0;
	if (s[1] == 'x' || s[1] == 'u') {
		size_t digits = s[1] == 'x' ? 2 : 4;

		v = hex_value(s + 2, len - 2, digits);
		if (v == -1 || (v >= 0xd800 && v < 0xe000))
			return 0;
		if (s[1] == 'x')
			out[(*n)++] = (char)v;
		else
			*n += utf8_encode(out + *n, (uint32_t)v);
		return 2 + digits;
	}
	p = memchr(from, s[1], sizeof(from) - 1);
	if (p == NULL)
		return 0;
	out[(*n)++] = to[p - from];
	return 2;
}

/* skip: bytes before the quote, 1 for the e of e"..." */
static int
lex_string(struct lex *l, enum tok_kind kind, size_t skip)
{
	size_t at = l->pos, from = at + skip, end = at, n = 0, used;
	bool escapes = skip != 0;
	const char *s = l->u->source;
	char *out;
	struct tok *t;

	if (find_quote(l, from, escapes, &end) == -1)
		return -1;
	out = arena_alloc(&l->u->a, end - from + 1);
	for (size_t i = from + 1; i < end; i += used) {
		used = 1;
		if (escapes && s[i] == '\\') {
			used = undo_escape(out, &n, s + i, end - i);
			if (used == 0)
				return expr_fail(l->err, i, 2,
				    "no such escape; there are \\n \\t \\r \\0 "
				    "\\\\ \\' \\\" \\xNN \\uNNNN");
		} else {
			out[n++] = s[i];
			used += s[i] == s[from];
		}
	}
	out[n] = '\0';
	l->pos = end + 1;
	t = add(l, kind, at);
	t->s = out;
	t->s_len = n;
	if (kind == TOK_NAME && n == 0)
		return expr_fail(l->err, at, 2, "a name is empty");
	return 0;
}

static int
lex_punct(struct lex *l)
{
	/* Longer ones first. */
	static const char many[][4] = {"->>", "->", "||", "==", "<>",
	    "!=", "<=", ">=", "<<", ">>", "&&", "!~", "::"};
	size_t at = l->pos, len;
	char c = peek(l, 0);

	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
		len = strlen(many[i]);
		if (l->u->len - at >= len
		    && memcmp(l->u->source + at, many[i], len) == 0) {
			l->pos += len;
			add(l, TOK_PUNCT, at);
			return 0;
		}
	}
	if (c != 0 && strchr("()+-*/%=<>!~,:&|^", c) != NULL) {
		l->pos++;
		add(l, TOK_PUNCT, at);
		return 0;
	}
	return expr_fail(l->err, at, 1,
	    "this cannot begin anything here; a name with it stands in "
	    "backquotes");
}

static int
lex_one(struct lex *l)
{
	char c = peek(l, 0);

	if ((c == 'e' || c == 'E') && (peek(l, 1) == '\'' || peek(l, 1) == '"'))
		return lex_string(l, TOK_STR, 1);
	if (c == '\'' || c == '"')
		return lex_string(l, TOK_STR, 0);
	if (c == '`')
		return lex_string(l, TOK_NAME, 0);
	if (is_digit(c) || (c == '.' && is_digit(peek(l, 1))))
		return lex_number(l);
	if (is_letter(c)) {
		lex_word(l);
		return 0;
	}
	return lex_punct(l);
}

int
lex_split(struct unit *u, struct expr_error *err)
{
	struct lex l = {.u = u, .err = err};
	int rc = 0;

	while (rc == 0) {
		while (l.pos < u->len && is_blank(u->source[l.pos]))
			l.pos++;
		if (l.pos == u->len)
			break;
		rc = lex_one(&l);
	}
	if (rc == 0) {
		add(&l, TOK_END, l.pos);
		u->toks = arena_dup(&u->a, l.toks, l.n * sizeof(*l.toks));
	}
	free(l.toks);
	return rc;
}

bool
lex_is(const struct unit *u, const struct tok *t, const char *text)
{
	if (t->kind == TOK_PUNCT)
		return t->len == strlen(text)
		       && memcmp(u->source + t->at, text, t->len) == 0;
	return t->kind == TOK_WORD && t->len == strlen(text)
	       && strncasecmp(t->s, text, t->len) == 0;
}

/* Whether a blank goes between two tokens. */
static bool
wants_blank(const struct unit *u, const struct tok *a, const struct tok *b)
{
	if (lex_is(u, a, "(") || lex_is(u, b, ")") || lex_is(u, b, ","))
		return false;
	if (lex_is(u, a, "::") || lex_is(u, b, "::"))
		return false;
	return !(lex_is(u, b, "(") && a->kind == TOK_WORD);
}

void
lex_normal(struct buf *out, const struct unit *u, size_t at, size_t len)
{
	const struct tok *last = NULL;

	for (const struct tok *t = u->toks; t->kind != TOK_END; t++) {
		if (t->at < at || t->at >= at + len)
			continue;
		if (last != NULL && wants_blank(u, last, t))
			buf_putc(out, ' ');
		buf_put(out, u->source + t->at, t->len);
		last = t;
	}
}
