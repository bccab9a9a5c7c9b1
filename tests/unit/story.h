/* SPDX-License-Identifier: ISC */
/*
 * What a text means in a format, as text that a test can compare; a NUL is
 * shown as @.
 */
#ifndef MILLRACE_TESTS_STORY_H
#define MILLRACE_TESTS_STORY_H

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/time.h"
#include "check.h"
#include "text/text.h"

/* The parse of a text as text: a line each for the columns, rows, bad ones. */
struct story {
	struct buf b;
	size_t stop_after; /* bad records, 0 = never */
	size_t n_bad;
	size_t n_rows;
	const struct build *out;
};

static inline bool
story_note_bad(void *arg, const struct text_bad *bad)
{
	struct story *s = arg;

	buf_printf(&s->b, "!%llu:%zu after %u: %s [%.*s]\n",
	    (unsigned long long)bad->line, bad->column, s->out->n_rows,
	    bad->why, (int)bad->len, bad->p);
	return ++s->n_bad != s->stop_after;
}

static inline void
story_put_schema(struct buf *b, const struct schema *s)
{
	for (size_t i = 0; i < s->n; i++)
		buf_printf(b, "%s%s:%s%s%s", i > 0 ? " " : "",
		    s->fields[i].name, type_name(s->fields[i].type),
		    s->fields[i].untyped ? "?" : "",
		    (int)i == s->time_col ? "!" : "");
	buf_putc(b, '\n');
}

static inline void
story_put_cell(struct buf *b, const struct col *c, uint32_t r)
{
	char text[TIME_TEXT_MAX];
	const char *s;
	size_t len;

	if (!col_is_valid(c, r)) {
		buf_putc(b, '~');
	} else if (c->type == TYPE_STR) {
		s = col_str(c, r, &len);
		for (size_t i = 0; i < len; i++)
			buf_put(b, s[i] == '\0' ? "@" : &s[i], 1);
	} else if (c->type == TYPE_TIME) {
		len = time_format_rfc3339(text, c->i[r]);
		buf_put(b, text, len);
	} else if (c->type == TYPE_FLOAT) {
		buf_printf(b, "%g", c->f[r]);
	} else if (c->type == TYPE_BOOL) {
		buf_puts(b, bit_get(c->bits, r) ? "true" : "false");
	} else {
		buf_printf(b, "%lld", (long long)c->i[r]);
	}
}

static inline void
story_put_rows(struct buf *b, struct build *out)
{
	for (uint32_t r = 0; r < out->n_rows; r++) {
		for (size_t i = 0; i < out->n_cols; i++) {
			struct col c;

			colbuf_view(&c, &out->cols[i]);
			buf_puts(b, i > 0 ? "|" : "");
			story_put_cell(b, &c, r);
		}
		buf_putc(b, '\n');
	}
}

/* Add what one source says to the story; step: bytes more at each call. */
static inline void
story_tell(
    struct story *s, struct text *t, const char *p, size_t len, size_t step)
{
	struct text_goal goal = {.max_rows = 1000,
	    .max_bytes = 1u << 20,
	    .bad = story_note_bad,
	    .arg = s};
	size_t at = 0, end = 0, used = 0;
	struct build out;
	int r;

	text_open(t);
	do {
		end = end + step < len ? end + step : len;
		r = text_header(t, &at, p, end, end == len);
	} while (r == 0);
	if (r == -1) {
		buf_printf(&s->b, "error: %s\n", text_error(t));
		return;
	}
	story_put_schema(&s->b, text_schema(t));
	build_init(&out, text_schema(t));
	s->out = &out;
	for (r = 0; r == 0 && at < len;) {
		r = text_parse(t, &out, &goal, p + at, end - at, end == len);
		used = goal.used;
		at += used;
		end = end + step < len ? end + step : len;
		if (end < at)
			end = at;
	}
	story_put_rows(&s->b, &out);
	s->n_rows += out.n_rows;
	if (r == -1)
		buf_printf(&s->b, "%s, line %llu, %zu left\n",
		    text_error(t) != NULL ? text_error(t) : "stop",
		    (unsigned long long)text_line(t), len - at);
	build_release(&out);
}

static inline struct text_opts
story_format(const char *name)
{
	return (struct text_opts){
	    .format = name, .delim = -1, .max_field = TEXT_MAX_FIELD};
}

static inline void
story_expect(const struct story *s, const char *want, int line)
{
	bool good =
	    s->b.len == strlen(want) && memcmp(s->b.data, want, s->b.len) == 0;

	CHECK(good);
	if (!good)
		fprintf(stderr, "line %d: wanted\n%sgot\n%.*s", line, want,
		    (int)s->b.len, s->b.data);
}

/* Two sources, the second perhaps NULL, told whole and byte by byte. */
static inline void
story_check_text(const struct text_opts *o, const char *one, const char *two,
    const char *want, int line)
{
	static const size_t steps[] = {SIZE_MAX / 2, 1, 7};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct story s = {.b = {.len = 0}};
		char *why = NULL;
		struct text *t = text_new(o, &why);

		if (t == NULL)
			buf_printf(&s.b, "refused: %s\n", why);
		else
			story_tell(&s, t, one, strlen(one), steps[i]);
		if (t != NULL && two != NULL)
			story_tell(&s, t, two, strlen(two), steps[i]);
		/* How many rows stand before a bad one is told only whole. */
		if (i == 0 || strchr(want, '!') == NULL
		    || strstr(want, " after ") == NULL)
			story_expect(&s, want, line);
		free(why);
		text_free(t);
		buf_release(&s.b);
	}
}

#define SAYS(o, text, want) story_check_text(o, text, NULL, want, __LINE__)
#define SAYS2(o, one, two, want) story_check_text(o, one, two, want, __LINE__)

#endif
