/* SPDX-License-Identifier: ISC */
/* Destinations with placeholders: what the user wrote -> pieces. */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "io/outpath_int.h"

/* What conversions show, by the finest unit of it, in microseconds. */
static const struct {
	const char *letters;
	int64_t unit;
} units[] = {
    {"YmdeybBhaAjuVGFD", 24 * 3600 * TIME_US},
    {"HIp", 3600 * TIME_US},
    {"MR", 60 * TIME_US},
    {"ST", TIME_US},
    {"f", 1},
};

int64_t
outpath_parse_unit(char conv)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strchr(units[i].letters, conv) != NULL)
			return units[i].unit;
	return 0;
}

static void
add(struct outpath *p, enum outpath_kind kind, const char *s, size_t len)
{
	p->pieces = mem_grow(p->pieces, &p->cap, p->n + 1, sizeof(*p->pieces));
	p->pieces[p->n++] = (struct outpath_piece){
	    .kind = kind, .text = mem_strndup(s, len), .col = -1};
}

static void
add_text(struct outpath *p, const struct buf *b)
{
	if (b->len > 0)
		add(p, OUTPATH_TEXT, (const char *)b->data, b->len);
}

static void
add_placeholder(struct outpath *p, const char *s, size_t len)
{
	static const struct {
		const char *name;
		enum outpath_kind kind;
	} names[] = {
	    {"batch", OUTPATH_BATCH},
	    {"epoch", OUTPATH_EPOCH},
	    {"part", OUTPATH_PART},
	};
	enum outpath_kind kind = OUTPATH_COLUMN;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == len
		    && memcmp(names[i].name, s, len) == 0)
			kind = names[i].kind;
	add(p, kind, s, len);
}

/*
 * Take what begins at s, a brace or percent sign: the bytes taken, or 0 with
 * the reason in *why.  Text goes to b, all else is a piece.
 */
static size_t
take_special(struct outpath *p, struct buf *b, const char *s, char **why)
{
	size_t len;

	if (s[0] == s[1]) {
		buf_putc(b, s[0]);
		return 2;
	}
	if (*s == '}') {
		*why =
		    mem_strdup("'}' without '{'; write }} for the character");
		return 0;
	}
	if (*s == '%' && (s[1] == '\0' || outpath_parse_unit(s[1]) == 0)) {
		*why = mem_printf("%%%c is no part of a date; write %%%% for "
				  "the character",
		    isprint((unsigned char)s[1]) ? s[1] : ' ');
		return 0;
	}
	len = *s == '%' ? 2 : strcspn(s, "}") + 1;
	if (*s == '{' && (s[len - 1] == '\0' || len == 2)) {
		*why = mem_strdup("'{' without a name and '}'; write {{ for "
				  "the character");
		return 0;
	}
	add_text(p, b);
	buf_reset(b);
	if (*s == '%')
		add(p, OUTPATH_TIME, s, 2);
	else
		add_placeholder(p, s + 1, len - 2);
	return len;
}

static int
take_all(struct outpath *p, const char *text, char **why)
{
	struct buf b;
	size_t n = 1;

	buf_init(&b, 0);
	while (*text != '\0' && n > 0) {
		n = strcspn(text, "{}%");
		buf_put(&b, text, n);
		text += n;
		n = *text == '\0' ? 1 : take_special(p, &b, text, why);
		text += *text == '\0' ? 0 : n;
	}
	add_text(p, &b);
	buf_release(&b);
	return n > 0 ? 0 : -1;
}

/*
 * Bytes of the extension of the name that s ends with.  A dot in front of the
 * whole name is none, but after_value there is more before s.
 */
static size_t
ext_len(const char *s, bool after_value)
{
	size_t len = strlen(s), at = len;

	if (len >= 3 && strcmp(s + len - 3, ".gz") == 0)
		at -= 3;
	for (size_t i = at; i > 0 && s[i - 1] != '/'; i--)
		if (s[i - 1] == '.' && (i > 1 ? s[i - 2] != '/' : after_value))
			return len - (i - 1);
	return len - at;
}

static int
measure(struct outpath *p, char **why)
{
	const struct outpath_piece *last;
	const char *slash;

	if (p->n == 0) {
		*why = mem_strdup("an empty name");
		return -1;
	}
	last = &p->pieces[p->n - 1];
	slash = p->pieces[0].kind == OUTPATH_TEXT
		    ? strrchr(p->pieces[0].text, '/')
		    : NULL;
	if (slash != NULL)
		p->n_trusted = (size_t)(slash + 1 - p->pieces[0].text);
	if (p->n == 1 && last->kind == OUTPATH_TEXT)
		p->n_trusted = strlen(last->text);
	if (last->kind != OUTPATH_TEXT)
		return 0;
	if (last->text[strlen(last->text) - 1] == '/') {
		*why = mem_strdup("it names a directory");
		return -1;
	}
	p->ext_len = ext_len(last->text, p->n > 1);
	return 0;
}

int
outpath_parse(struct outpath *p, const char *text, char **why)
{
	return take_all(p, text, why) == -1 ? -1 : measure(p, why);
}
