/* SPDX-License-Identifier: ISC */
/*
 * Cells of system logs that stand in the line in another form.
 * millrace-formats(7), System logs.
 */
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "text/jsonstr.h"
#include "text/syslog_int.h"
#include "text/walk.h"

#define TIME_ROOM 64 /* bytes of a time made anew */

static const char *const facilities[] = {"kern", "user", "mail", "daemon",
    "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7"};
static const char *const severities[] = {
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};

/* The cells of a column, and those that are made of them. */
struct derive {
	struct text *t;
	struct side *side;
	const struct cells *in;
	uint32_t *out;
};

/* Row r's cell, its edges copied to out; NULL when it is null. */
static const char *
cell(const struct derive *d, uint32_t r, uint32_t *len)
{
	const uint32_t *e = d->in->edge + r * d->in->stride;

	d->out[2 * r] = e[0];
	d->out[2 * r + 1] = e[1];
	*len = e[1] - e[0] - 1;
	return *len == UINT32_MAX ? NULL : d->side->base + (uint32_t)(e[0] + 1);
}

/* len bytes at the side's end are row r's cell. */
static void
set(const struct derive *d, uint32_t r, size_t len)
{
	d->out[2 * r] = d->side->at;
	d->side->at += 1 + (uint32_t)len;
	d->out[2 * r + 1] = d->side->at;
}

static char *
put_number(char *to, uint32_t v, int n_digits)
{
	for (int i = n_digits - 1; i >= 0; i--, v /= 10)
		to[i] = (char)('0' + v % 10);
	return to + n_digits;
}

/* Mmm dd [yyyy] clock -> yyyy-mm-ddTclock; the shape is known to be right. */
static void
derive_times(const struct derive *d)
{
	for (uint32_t r = 0; r < d->in->n; r++) {
		uint32_t len, year = walk_note(d->t, r), day, clock;
		const char *s = cell(d, r, &len), *colon;
		char *to;

		if (s == NULL || year == 0 || len > TIME_ROOM)
			continue;
		to = side_room(d->side, d->t, TIME_ROOM + 11);
		s = cell(d, r, &len);
		colon = memchr(s, ':', len);
		clock = (uint32_t)(colon - s) - 2;
		for (day = 4; s[day] == ' ';)
			day++;
		day = (uint32_t)(s[day] - '0')
			  * (syslog_is_digit(s[day + 1]) ? 10 : 1)
		      + (syslog_is_digit(s[day + 1])
			      ? (uint32_t)(s[day + 1] - '0')
			      : 0);
		to = put_number(to, year, 4);
		*to++ = '-';
		to = put_number(to, (uint32_t)syslog_month(s), 2);
		*to++ = '-';
		to = put_number(to, day, 2);
		*to++ = 'T';
		memcpy(to, s + clock, len - clock);
		set(d, r, 11 + len - clock);
	}
}

/* A name for the part of the priority; the number where it is to be one. */
static void
derive_parts(const struct derive *d, const struct cols_col *col)
{
	bool facility = col->field == SYSLOG_FACILITY;

	for (uint32_t r = 0; r < d->in->n; r++) {
		uint32_t len;
		const char *s = cell(d, r, &len);
		char number[NUM_TEXT_MAX], *to;
		const char *name = number;
		int64_t v;

		if (s == NULL || num_parse_int(&v, s, len) == -1)
			continue;
		v = facility ? v / 8 : v % 8;
		if (col->form.kind == CELL_STR)
			name = facility ? facilities[v] : severities[v];
		else
			number[num_format_int(number, v)] = '\0';
		len = (uint32_t)strlen(name);
		to = side_room(d->side, d->t, len);
		memcpy(to, name, len);
		set(d, r, len);
	}
}

/* Up to a stop, which is there; returns it. */
static const char *
put_name(struct buf *b, const char *p)
{
	const char *from = p;

	while (*p != ' ' && *p != '=' && *p != ']')
		p++;
	jsonstr_quote(b, from, (size_t)(p - from));
	return p;
}

/* In a value \" \\ and \] are what follows the backslash. */
static const char *
put_value(struct buf *b, struct buf *scratch, const char *p)
{
	buf_reset(scratch);
	for (; *p != '"'; p++) {
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\' || p[1] == ']'))
			p++;
		buf_putc(scratch, *p);
	}
	jsonstr_quote(b, (const char *)scratch->data, scratch->len);
	return p + 1;
}

/* An element behind its bracket, known to be one; returns what is behind. */
static const char *
put_element(struct buf *b, struct buf *scratch, const char *p)
{
	p = put_name(b, p);
	buf_puts(b, ":{");
	while (*p == ' ') {
		p = put_name(b, p + 1);
		buf_putc(b, ':');
		p = put_value(b, scratch, p + 2);
		if (*p == ' ')
			buf_putc(b, ',');
	}
	buf_putc(b, '}');
	return p + 1;
}

/* [id name="value" ...]... -> {"id":{"name":"value",...},...} */
static void
derive_sd(const struct derive *d)
{
	struct buf b = {.len = 0}, scratch = {.len = 0};

	for (uint32_t r = 0; r < d->in->n; r++) {
		uint32_t len;
		const char *s = cell(d, r, &len), *end;

		if (s == NULL)
			continue;
		end = s + len;
		buf_reset(&b);
		while (s < end) {
			buf_putc(&b, b.len == 0 ? '{' : ',');
			s = put_element(&b, &scratch, s + 1);
		}
		buf_putc(&b, '}');
		memcpy(side_room(d->side, d->t, b.len), b.data, b.len);
		set(d, r, b.len);
	}
	buf_release(&b);
	buf_release(&scratch);
}

bool
syslog_derive(struct text *t, uint32_t *out, struct side *side,
    const struct cells *in, const struct cols_col *col)
{
	const struct derive d = {t, side, in, out};

	switch (col->field) {
	case SYSLOG_TIME:
		derive_times(&d);
		return true;
	case SYSLOG_FACILITY:
	case SYSLOG_SEVERITY:
		derive_parts(&d, col);
		return true;
	case SYSLOG_SD:
		derive_sd(&d);
		return true;
	default:
		return false;
	}
}
