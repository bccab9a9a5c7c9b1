/* SPDX-License-Identifier: ISC */
/* The options of a stage, for people. */
#include "base/opttext.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"

enum kind { DURATION, INSTANT };

/* Options with a value of microseconds; none: what says that there is none. */
static const struct option {
	const char *name;
	enum kind kind;
	const char *none;
} options[] = {
    {"--late", DURATION, NULL},
    {"--origin", DURATION, "0us"},
    {"--idle", DURATION, "0us"},
    {"--max-future", DURATION, "-1us"},
    {"--within", DURATION, NULL},
    {"--roll", DURATION, NULL},
    {"--from", INSTANT, NULL},
    {"--until", INSTANT, NULL},
};

struct word {
	const char *p;
	size_t len;
};

static bool
is_text(const struct word *w, const char *s)
{
	return s != NULL && w->len == strlen(s) && memcmp(w->p, s, w->len) == 0;
}

static const struct option *
find(const struct word *w)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (is_text(w, options[i].name))
			return &options[i];
	return NULL;
}

/* As num_parse_dur reads it. */
static void
put_duration(struct buf *b, int64_t us)
{
	static const struct {
		const char *unit;
		uint64_t us;
	} units[] = {{"d", 86400000000}, {"h", 3600000000}, {"m", 60000000},
	    {"s", 1000000}, {"ms", 1000}, {"us", 1}};
	uint64_t left = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;

	if (us < 0)
		buf_putc(b, '-');
	if (us == 0)
		buf_puts(b, "0s");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (left >= units[i].us)
			buf_printf(b, "%ju%s", (uintmax_t)(left / units[i].us),
			    units[i].unit);
		left %= units[i].us;
	}
}

/* One value; false where it is not of microseconds. */
static bool
put_value(struct buf *b, enum kind kind, const char *p, size_t len)
{
	char text[TIME_TEXT_MAX];
	int64_t us;

	if (len < 3 || memcmp(p + len - 2, "us", 2) != 0
	    || num_parse_int(&us, p, len - 2) == -1)
		return false;
	if (kind == DURATION)
		put_duration(b, us);
	else
		buf_put(b, text, time_format_rfc3339(text, us));
	return true;
}

/* A value, or two with a comma between them. */
static void
put_values(struct buf *b, enum kind kind, const struct word *w)
{
	const char *comma = memchr(w->p, ',', w->len);
	size_t n = comma == NULL ? w->len : (size_t)(comma - w->p);

	if (!put_value(b, kind, w->p, n))
		buf_put(b, w->p, n);
	if (comma == NULL)
		return;
	buf_putc(b, ',');
	n++;
	if (!put_value(b, kind, w->p + n, w->len - n))
		buf_put(b, w->p + n, w->len - n);
}

static struct word
next_word(const char **p, const char *end)
{
	const char *space = memchr(*p, ' ', (size_t)(end - *p));
	struct word w = {.p = *p};

	w.len = (size_t)((space == NULL ? end : space) - *p);
	*p = space == NULL ? end : space + 1;
	return w;
}

/* swindow --late eof is "--late 0us", and a word of its own at the end. */
static bool
waits_for_eof(const struct option *o, const char *s, const char *end)
{
	return strcmp(o->name, "--late") == 0
	       && memmem(s, (size_t)(end - s), " eof", 4) != NULL;
}

void
opttext_put(struct buf *b, const char *s, size_t len)
{
	const char *end = s + len, *between = "";
	bool eof = false;

	while (s < end) {
		struct word w = next_word(&s, end), value;
		const struct option *o = find(&w);

		if (eof && is_text(&w, "eof"))
			continue;
		if (o == NULL || s == end) {
			buf_puts(b, between);
			buf_put(b, w.p, w.len);
			between = " ";
			continue;
		}
		value = next_word(&s, end);
		if (is_text(&value, o->none))
			continue;
		buf_printf(b, "%s%s ", between, o->name);
		if (waits_for_eof(o, s, end)) {
			value = (struct word){.p = "eof", .len = 3};
			eof = true;
		}
		put_values(b, o->kind, &value);
		between = " ";
	}
}

char *
opttext_show(const char *s)
{
	struct buf b;
	char *text;

	buf_init(&b, 0);
	opttext_put(&b, s, strlen(s));
	text = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return text;
}
