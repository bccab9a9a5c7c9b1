/* SPDX-License-Identifier: ISC */
/* The text of a window into its spec. */
#include "window/spec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"

#define MAX_UNITS 10000

struct why {
	char *text;
	size_t cap;
};

static int fail(const struct why *why, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int
fail(const struct why *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why->text, why->cap, fmt, ap);
	va_end(ap);
	return -1;
}

static int
fail_text(const struct why *why, const char *text)
{
	return fail(why,
	    "window %.60s: write 1m (tumbling), 5m/10s (sliding, size and "
	    "slide), 1w, 1mo or 1y (of the calendar), cumulate:1d/1m, "
	    "session:30m, rows:1000 or nothing (watermark only)",
	    text);
}

/* A number and d, w, mo or y. */
static bool
parse_units(struct window_spec *w, const char *text)
{
	static const struct {
		const char *name;
		enum window_unit unit;
	} units[] = {{"d", UNIT_DAY}, {"w", UNIT_WEEK}, {"mo", UNIT_MONTH},
	    {"y", UNIT_YEAR}};
	size_t len = strspn(text, "0123456789");

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + len, units[i].name) != 0)
			continue;
		w->unit = units[i].unit;
		return num_parse_int(&w->size, text, len) == 0;
	}
	return false;
}

/* Days of UTC are all alike: they are a tumbling window. */
static int
civil(struct window_spec *w, const struct why *why, const char *text,
    const struct spec_opts *o)
{
	if (w->size < 1 || w->size > MAX_UNITS)
		return fail(why, "window %.60s: not in 1..%d", text, MAX_UNITS);
	if (w->unit == UNIT_DAY && *o->tz == '\0') {
		w->kind = WINDOW_TUMBLING;
		w->unit = 0;
		w->size *= INT64_C(86400) * TIME_US;
		return 0;
	}
	w->kind = WINDOW_CIVIL;
	if (o->origin != 0)
		return fail(
		    why, "window %.60s: the calendar has no --origin", text);
	return 0;
}

/* size, or size/slide, as durations. */
static int
parse_durations(struct window_spec *w, const struct why *why, const char *text,
    const char *all)
{
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);

	if (num_parse_dur(&w->size, text, len) == -1
	    || (slash != NULL
		&& num_parse_dur(&w->slide, slash + 1, strlen(slash + 1))
		       == -1))
		return fail_text(why, all);
	if (w->size <= 0 || (slash != NULL && w->slide <= 0))
		return fail(why, "window %.60s: must be above 0", all);
	return 0;
}

static int
fixed(struct window_spec *w, const struct why *why, const char *text)
{
	if (parse_durations(w, why, text, text) == -1)
		return -1;
	w->kind = w->slide == 0 || w->slide == w->size ? WINDOW_TUMBLING
						       : WINDOW_SLIDING;
	if (w->kind == WINDOW_TUMBLING)
		w->slide = 0;
	return 0;
}

static int
cumulate(struct window_spec *w, const struct why *why, const char *text,
    const char *all)
{
	if (parse_durations(w, why, text, all) == -1)
		return -1;
	w->kind = WINDOW_CUMULATE;
	if (w->slide == 0 || w->size % w->slide != 0)
		return fail(why,
		    "window %.60s: write size/step, of which the step divides "
		    "the size",
		    all);
	return 0;
}

static int
session(struct window_spec *w, const struct why *why, const char *text,
    const char *all, const struct spec_opts *o)
{
	if (parse_durations(w, why, text, all) == -1)
		return -1;
	if (w->slide != 0)
		return fail_text(why, all);
	w->kind = WINDOW_SESSION;
	if (*o->keys == '\0')
		return fail(why,
		    "window %.60s: sessions are of somebody: -k user", all);
	return 0;
}

static int
parse(struct window_spec *w, const struct why *why, const char *text,
    const struct spec_opts *o)
{
	if (*text == '\0')
		return 0;
	if (strncmp(text, "rows:", 5) == 0) {
		w->kind = WINDOW_ROWS;
		if (num_parse_int(&w->size, text + 5, strlen(text + 5)) == -1
		    || w->size < 1)
			return fail(why,
			    "window %.60s: write a number of rows, 1 or more",
			    text);
		return 0;
	}
	if (strncmp(text, "cumulate:", 9) == 0)
		return cumulate(w, why, text + 9, text);
	if (strncmp(text, "session:", 8) == 0)
		return session(w, why, text + 8, text, o);
	if (parse_units(w, text))
		return civil(w, why, text, o);
	return fixed(w, why, text);
}

static void
set(char **to, const char *text)
{
	free(*to);
	*to = mem_strdup(text);
}

int
spec_parse(struct window_spec *w, char *text_why, size_t why_cap,
    const char *text, const struct spec_opts *o)
{
	const struct why why = {.text = text_why, .cap = why_cap};

	window_spec_reset(w);
	if (parse(w, &why, text, o) == -1)
		return -1;
	if (*o->tz != '\0' && w->kind != WINDOW_CIVIL)
		return fail(&why,
		    "window %.60s: --tz is for days and longer: 1d, 1w, 1mo, "
		    "1y",
		    text);
	if (*o->keys != '\0' && w->kind != WINDOW_SESSION)
		return fail(&why, "window %.60s: -k is for sessions", text);
	if (o->origin != 0
	    && (w->kind == WINDOW_ROWS || w->kind == WINDOW_SESSION
		|| w->kind == WINDOW_NONE))
		return fail(&why, "window %.60s: it has no --origin", text);
	w->origin = o->origin;
	set(&w->tz, o->tz);
	set(&w->keys, o->keys);
	set(&w->text, text);
	return 0;
}
