/* SPDX-License-Identifier: ISC */
/* System logs: RFC 3164 and RFC 5424.  millrace-formats(7), System logs. */
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "base/zone.h"
#include "text/syslog_int.h"
#include "text/walk.h"

#define PRI_MAX 191 /* RFC 5424, 6.2.1 */
#define YEARS_BACK 8 /* from one 29 February to the next */
#define TURN_MONTHS 6 /* a log that goes back so far has a new year */

static const struct cols_field fields[] = {{"time", CELL_TIME_RFC3339},
    {"host", CELL_STR}, {"ident", CELL_STR}, {"pid", CELL_INT},
    {"facility", CELL_STR}, {"severity", CELL_STR}, {"msgid", CELL_STR},
    {"message", CELL_STR}, {"sd", CELL_STR}, {"procid", CELL_STR}};

static uint32_t
digits_end(const struct walk *w, uint32_t at)
{
	while (at < w->end && syslog_is_digit(w->p[at]))
		at++;
	return at;
}

/* <PRI>, which may be missing. */
static bool
take_priority(struct walk *w)
{
	uint32_t from = w->at + 1, to;
	int64_t pri;

	if (w->at == w->end || w->p[w->at] != '<')
		return true;
	to = digits_end(w, from);
	if (to == w->end || w->p[to] != '>' || to - from > 3
	    || num_parse_int(&pri, w->p + from, to - from) == -1
	    || pri > PRI_MAX)
		return walk_fail(w, NULL, "the priority is not <0> .. <191>");
	walk_set(w, SYSLOG_FACILITY, from, to);
	walk_set(w, SYSLOG_SEVERITY, from, to);
	w->at = to + 1;
	return true;
}

/* The process: a number, where it is one. */
static void
set_process(struct walk *w, uint32_t from, uint32_t to)
{
	walk_set(w, SYSLOG_PROCID, from, to);
	if (to > from && digits_end(w, from) >= to && to - from < 19)
		walk_set(w, SYSLOG_PID, from, to);
}

/* A field of RFC 5424, "-" for none. */
static bool
take_word(struct walk *w, enum syslog_field f)
{
	uint32_t from = w->at, to = walk_find(w, from, ' ');

	if (to == from)
		return walk_fail(w, fields[f].name, "missing");
	w->at = to + (to < w->end);
	if (to == from + 1 && w->p[from] == '-')
		return true;
	if (f == SYSLOG_PROCID)
		set_process(w, from, to);
	else
		walk_set(w, f, from, to);
	return true;
}

/* The first byte at or behind at that cannot be in a name.  6.3.2, 6.3.3. */
static uint32_t
name_end(const struct walk *w, uint32_t at)
{
	for (; at < w->end; at++) {
		char c = w->p[at];

		if (c == ' ' || c == '=' || c == ']' || c == '"')
			break;
	}
	return at;
}

/* The end of the element [id name="value" ...] at byte at, or UINT32_MAX. */
static uint32_t
element_end(const struct walk *w, uint32_t at)
{
	uint32_t from = at + 1, to = name_end(w, from);

	while (to > from && to < w->end && w->p[to] == ' ') {
		from = to + 1;
		to = name_end(w, from);
		if (to == from || w->end - to < 2 || w->p[to] != '='
		    || w->p[to + 1] != '"')
			return UINT32_MAX;
		for (to += 2; to < w->end && w->p[to] != '"'; to++)
			to += w->p[to] == '\\';
		to++;
	}
	if (to == from || to >= w->end || w->p[to] != ']')
		return UINT32_MAX;
	return to + 1;
}

static bool
take_sd(struct walk *w)
{
	uint32_t from = w->at, to = from;

	if (from < w->end && w->p[from] == '-') {
		w->at++;
		return true;
	}
	do {
		if (w->at < w->end && w->p[w->at] == '[')
			to = element_end(w, w->at);
		else
			to = UINT32_MAX;
		if (to == UINT32_MAX)
			return walk_fail(
			    w, "sd", "no [id name=\"value\" ...] begins here");
		w->at = to;
	} while (to < w->end && w->p[to] == '[');
	walk_set(w, SYSLOG_SD, from, to);
	return true;
}

static bool
walk_5424(struct walk *w)
{
	static const char bom[] = "\xef\xbb\xbf";

	w->at += 2;
	if (!take_word(w, SYSLOG_TIME) || !take_word(w, SYSLOG_HOST)
	    || !take_word(w, SYSLOG_IDENT) || !take_word(w, SYSLOG_PROCID)
	    || !take_word(w, SYSLOG_MSGID) || !take_sd(w))
		return false;
	if (w->at == w->end)
		return true;
	if (w->p[w->at] != ' ')
		return walk_fail(w, "sd", "no blank behind it");
	w->at++;
	if (w->end - w->at >= 3 && memcmp(w->p + w->at, bom, 3) == 0)
		w->at += 3;
	walk_set(w, SYSLOG_MESSAGE, w->at, w->end);
	return true;
}

int
syslog_month(const char *s)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int m = 0; m < 12; m++)
		if (memcmp(months + 3 * m, s, 3) == 0)
			return m + 1;
	return 0;
}

/* A time of RFC 3164, taken apart. */
struct stamp {
	int month;
	int day;
	int64_t year; /* 0 = not given */
	uint32_t clock; /* where it begins */
	uint32_t end;
};

/* hh:mm:ss[.fraction] */
static bool
take_clock(struct stamp *s, const struct walk *w, uint32_t at)
{
	const char *p = w->p + at;

	s->clock = at;
	if (w->end - at < 8 || p[2] != ':' || p[5] != ':')
		return false;
	s->end = digits_end(w, at + 6);
	if (s->end < w->end && w->p[s->end] == '.')
		s->end = digits_end(w, s->end + 1);
	return true;
}

/* Mmm dd [yyyy] hh:mm:ss, as BSD and, with marks around it, routers write. */
static bool
take_stamp(struct stamp *s, const struct walk *w)
{
	uint32_t at = w->at, to;

	if (w->end - at < 14)
		return false;
	s->month = syslog_month(w->p + at);
	at += 3;
	if (s->month == 0 || w->p[at] != ' ')
		return false;
	while (at < w->end && w->p[at] == ' ')
		at++;
	to = digits_end(w, at);
	if (to == at || to - at > 2 || to == w->end || w->p[to] != ' ')
		return false;
	s->day =
	    w->p[to - 1] - '0' + (to - at == 2 ? 10 * (w->p[at] - '0') : 0);
	at = to + 1;
	s->year = 0;
	if (digits_end(w, at) == at + 4 && w->p[at + 4] == ' ') {
		num_parse_int(&s->year, w->p + at, 4);
		at += 5;
	}
	return take_clock(s, w, at);
}

/*
 * The last year in which that day was, when the source was written; a day
 * more is for clocks and zones that differ.
 */
static int64_t
guess_year(struct text *t, const struct stamp *s)
{
	int64_t mtime = t->from.mtime_us;
	struct civil now, c = {.month = s->month, .day = s->day};
	int64_t us;

	if (mtime == 0)
		mtime = time_now_us();
	zone_to_civil(&now, t->tz, mtime + 86400 * TIME_US);
	for (c.year = now.year; c.year > now.year - YEARS_BACK; c.year--)
		if (zone_to_utc(&us, t->tz, &c) == 0
		    && us <= mtime + 86400 * TIME_US)
			break;
	if (!t->year_told)
		t->note = mem_printf("%s: times without a year are taken to be "
				     "of %lld; --year sets it",
		    t->from.name, (long long)c.year);
	t->year_told = true;
	return c.year;
}

/*
 * The year of a time that has none: that of the time before, or the next
 * one when the month falls from December to January.  What comes late from
 * December belongs to the year before, as long as it is January.
 */
static int64_t
year_of(struct text *t, const struct stamp *s)
{
	struct text_memo *m = &t->memo;

	if (s->year != 0) {
		m->year = s->year;
		m->turned = false;
	} else if (m->year == 0) {
		m->year = t->year != 0 ? t->year : guess_year(t, s);
	} else if (m->month - s->month >= TURN_MONTHS) {
		m->year++;
		m->turned = true;
	} else if (m->turned && m->month == 1 && s->month == 12) {
		return m->year - 1;
	} else if (s->month > 1) {
		m->turned = false;
	}
	m->month = s->month;
	return m->year;
}

static bool
take_time(struct text *t, struct walk *w)
{
	uint32_t to;
	struct stamp s;

	if (w->at < w->end && syslog_is_digit(w->p[w->at])) {
		to = walk_find(w, w->at, ' ');
		walk_set(w, SYSLOG_TIME, w->at, to);
		w->at = to;
		return true;
	}
	if (w->at < w->end && (w->p[w->at] == '*' || w->p[w->at] == '.'))
		w->at++;
	if (!take_stamp(&s, w))
		return walk_fail(w, "time", "none begins here");
	walk_set(w, SYSLOG_TIME, w->at, s.end);
	w->note = (uint32_t)year_of(t, &s);
	w->at = s.end + (s.end < w->end && w->p[s.end] == ':');
	return true;
}

/* Step over the tag's colon and a blank. */
static void
end_tag(struct walk *w, uint32_t from, uint32_t to, uint32_t behind)
{
	walk_set(w, SYSLOG_IDENT, from, to);
	behind += behind < w->end && w->p[behind] == ':';
	w->at = behind + (behind < w->end && w->p[behind] == ' ');
}

/* ident: or ident[pid]: in front of the message, which may be missing. */
static bool
take_tag(struct walk *w)
{
	uint32_t from = w->at, at = from, to;

	for (; at < w->end && w->p[at] != ' '; at++) {
		char c = w->p[at];

		if (at == from && (c == '[' || c == ':'))
			return false;
		if (c == ':' && (at + 1 == w->end || w->p[at + 1] == ' ')) {
			end_tag(w, from, at, at);
			return true;
		}
		if (c != '[')
			continue;
		to = walk_find(w, at, ']');
		if (to == w->end || walk_find(w, at, ' ') < to)
			return false;
		set_process(w, at + 1, to);
		end_tag(w, from, at, to + 1);
		return true;
	}
	return false;
}

/* Programs that write to a file of their own leave the host out. */
static bool
walk_3164(struct text *t, struct walk *w)
{
	uint32_t to;

	if (!take_time(t, w))
		return false;
	if (w->at < w->end && w->p[w->at] != ' ')
		return walk_fail(w, "time", "no blank behind it");
	w->at += w->at < w->end;
	if (w->at == w->end)
		return walk_fail(w, "host", "missing");
	if (!take_tag(w)) {
		to = walk_find(w, w->at, ' ');
		if (to > w->at)
			walk_set(w, SYSLOG_HOST, w->at, to);
		w->at = to + (to < w->end);
		take_tag(w);
	}
	walk_set(w, SYSLOG_MESSAGE, w->at, w->end);
	return true;
}

/* note: the year of the time, 0 where it stands there. */
static bool
walk(struct text *t, struct walk *w)
{
	for (size_t f = 0; f < SYSLOG_N_FIELDS; f++)
		walk_null(w, f);
	w->note = 0;
	if (!take_priority(w))
		return false;
	if (w->end - w->at > 2 && w->p[w->at] == '1' && w->p[w->at + 1] == ' ')
		return walk_5424(w);
	return walk_3164(t, w);
}

static void
split(struct text *t, const struct block *b, uint32_t max_rows)
{
	uint32_t edge[2 * SYSLOG_N_FIELDS];
	struct walk w = {.edge = edge};

	walk_split(t, &w, b, max_rows, walk);
	for (size_t i = 0; i < t->cols.n; i++) {
		size_t f = t->cols.cols[i].field;

		t->grid.marked |= f == SYSLOG_TIME || f == SYSLOG_FACILITY
				  || f == SYSLOG_SEVERITY || f == SYSLOG_SD;
	}
}

const struct text_fmt syslog_fmt = {.name = "syslog",
    .takes = TAKES_START,
    .mark = -1,
    .pairs = true,
    .source = {.fields = fields,
	.n = SYSLOG_N_FIELDS,
	.n_star = SYSLOG_PROCID,
	.time = "time"},
    .split = split,
    .find_end = record_find_end,
    .chained = true,
    .derive = syslog_derive};
