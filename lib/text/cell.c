/* SPDX-License-Identifier: ISC */
/* One cell of text -> one value, in any shape.  millrace-formats(7), TYPES. */
#include "text/cell.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "base/zone.h"
#include "text/celltime.h"

/* Bare numbers below these are seconds, milliseconds, microseconds. */
#define EPOCH_S_END INT64_C(100000000000)
#define EPOCH_MS_END INT64_C(100000000000000)
#define EPOCH_US_END INT64_C(100000000000000000)

#define DAY_US (86400 * TIME_US)

enum type
cell_type(enum cell_kind k)
{
	switch (k) {
	case CELL_STR:
		return TYPE_STR;
	case CELL_BOOL:
		return TYPE_BOOL;
	case CELL_INT:
		return TYPE_INT;
	case CELL_FLOAT:
		return TYPE_FLOAT;
	case CELL_DUR:
		return TYPE_DUR;
	default:
		return TYPE_TIME;
	}
}

int
cell_time_parse(
    struct cell_form *f, char **why, const char *arg, size_t arg_len)
{
	static const struct {
		const char *name;
		enum cell_kind kind;
	} named[] = {{"s", CELL_TIME_S}, {"ms", CELL_TIME_MS},
	    {"us", CELL_TIME_US}, {"ns", CELL_TIME_NS}, {"clf", CELL_TIME_CLF},
	    {"rfc3339", CELL_TIME_RFC3339}};
	char bad = '\0';

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (strlen(named[i].name) == arg_len
		    && memcmp(named[i].name, arg, arg_len) == 0) {
			*f = (struct cell_form){.kind = named[i].kind};
			return 0;
		}
	if (memchr(arg, '%', arg_len) == NULL) {
		*why = mem_printf("%.*s is no time format (s ms us ns clf "
				  "rfc3339 or a pattern like %%Y-%%m-%%d)",
		    (int)arg_len, arg);
		return -1;
	}
	f->kind = CELL_TIME_FORMAT;
	f->format = mem_strndup(arg, arg_len);
	if (time_check_format(f->format, &bad) == 0)
		return 0;
	*why = mem_printf("%s: unknown conversion %%%c", f->format, bad);
	return -1;
}

int
cell_form_parse(struct cell_form *f, char **why, const char *type,
    size_t type_len, const char *arg, size_t arg_len)
{
	static const enum cell_kind kinds[] = {[TYPE_BOOL] = CELL_BOOL,
	    [TYPE_INT] = CELL_INT,
	    [TYPE_FLOAT] = CELL_FLOAT,
	    [TYPE_STR] = CELL_STR,
	    [TYPE_TIME] = CELL_TIME,
	    [TYPE_DUR] = CELL_DUR};
	enum type t;

	if (type_parse(&t, type, type_len) == -1 || t == TYPE_BIN) {
		*why = mem_printf("%.*s is no type (bool int float str time "
				  "dur)",
		    (int)type_len, type);
		return -1;
	}
	*f = (struct cell_form){.kind = kinds[t]};
	if (arg == NULL)
		return 0;
	if (t == TYPE_TIME)
		return cell_time_parse(f, why, arg, arg_len);
	*why = mem_printf("%s takes no format", type_name(t));
	return -1;
}

static int
convert_bool(int64_t *v, const char *s, size_t len)
{
	static const struct {
		const char *name;
		int value;
	} names[] = {{"true", 1}, {"false", 0}, {"t", 1}, {"f", 0}, {"1", 1},
	    {"0", 0}, {"yes", 1}, {"no", 0}, {"y", 1}, {"n", 0}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == len
		    && strncasecmp(names[i].name, s, len) == 0) {
			*v = names[i].value;
			return 1;
		}
	return -1;
}

static int
convert_float(int64_t *v, const char *s, size_t len)
{
	double d;

	if (num_parse_float(&d, s, len) == -1)
		return -1;
	memcpy(v, &d, sizeof(d));
	return 1;
}

/* A decimal number: its integer part towards zero, and what follows. */
struct decimal {
	bool minus;
	int64_t whole; /* without the sign */
	const char *frac;
	size_t n_frac;
};

static bool
parse_decimal(struct decimal *d, const char *s, size_t len)
{
	bool sign = len > 0 && (s[0] == '-' || s[0] == '+');
	const char *dot;
	size_t n;

	d->minus = sign && s[0] == '-';
	s += sign;
	len -= sign;
	if (len == 0 || s[0] < '0' || s[0] > '9')
		return false;
	dot = memchr(s, '.', len);
	n = dot == NULL ? len : (size_t)(dot - s);
	d->frac = s + n + (dot != NULL);
	d->n_frac = dot == NULL ? 0 : len - n - 1;
	for (size_t i = 0; i < d->n_frac; i++)
		if (d->frac[i] < '0' || d->frac[i] > '9')
			return false;
	return num_parse_int(&d->whole, s, n) == 0;
}

/* The decimal times 10^scale microseconds, floored; scale is 6, 3 or 0. */
static int
scale_decimal(int64_t *v, const struct decimal *d, size_t scale)
{
	int64_t us = d->whole;
	bool rest = false;

	for (size_t i = 0; i < scale; i++)
		if (!num_mul(&us, us, 10)
		    || !num_add(&us, us, i < d->n_frac ? d->frac[i] - '0' : 0))
			return -1;
	for (size_t i = scale; i < d->n_frac; i++)
		rest |= d->frac[i] != '0';
	*v = d->minus ? -us - rest : us;
	return 1;
}

static int
convert_epoch(int64_t *v, enum cell_kind unit, const char *s, size_t len)
{
	struct decimal d;
	bool rest = false;

	if (!parse_decimal(&d, s, len))
		return -1;
	if (unit == CELL_TIME)
		unit = d.whole < EPOCH_S_END    ? CELL_TIME_S
		       : d.whole < EPOCH_MS_END ? CELL_TIME_MS
		       : d.whole < EPOCH_US_END ? CELL_TIME_US
						: CELL_TIME_NS;
	if (unit != CELL_TIME_NS)
		return scale_decimal(v, &d,
		    unit == CELL_TIME_S    ? 6
		    : unit == CELL_TIME_MS ? 3
					   : 0);
	for (size_t i = 0; i < d.n_frac; i++)
		rest |= d.frac[i] != '0';
	rest |= d.whole % 1000 != 0;
	*v = d.minus ? -(d.whole / 1000) - rest : d.whole / 1000;
	return 1;
}

/* A number without a unit is seconds, as ssink(1) prints them. */
static int
convert_dur(int64_t *v, const char *s, size_t len)
{
	if (num_parse_dur(v, s, len) == 0)
		return 1;
	return convert_epoch(v, CELL_TIME_S, s, len);
}

/* A date and time, by the clocks of the form's zone where it names none. */
static int
convert_civil(int64_t *v, const struct cell_form *f, const char *s, size_t len)
{
	bool zoned = true;
	int rc;

	if (f->kind == CELL_TIME_FORMAT)
		rc = time_read_format(v, &zoned, s, len, f->format, f->year);
	else
		rc = time_read_rfc3339(v, &zoned, s, len);
	if (rc == 0 && !zoned && f->zone != NULL)
		rc = zone_local_us(v, f->zone, *v);
	return rc == 0 ? 1 : -1;
}

static int
convert_time(int64_t *v, const struct cell_form *f, const char *s, size_t len)
{
	switch (f->kind) {
	case CELL_TIME_RFC3339:
	case CELL_TIME_FORMAT:
		return convert_civil(v, f, s, len);
	case CELL_TIME_CLF:
		return time_parse_clf(v, s, len) == 0 ? 1 : -1;
	case CELL_TIME:
		if (convert_civil(v, f, s, len) == 1)
			return 1;
		return convert_epoch(v, f->kind, s, len);
	default:
		return convert_epoch(v, f->kind, s, len);
	}
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

int
cell_convert(int64_t *v, const struct cell_form *f, const char *s, size_t len)
{
	int r;

	for (; len > 0 && is_blank(*s); s++)
		len--;
	while (len > 0 && is_blank(s[len - 1]))
		len--;
	if (len == 0)
		return 0;
	switch (f->kind) {
	case CELL_BOOL:
		return convert_bool(v, s, len);
	case CELL_INT:
		return num_parse_int(v, s, len) == 0 ? 1 : -1;
	case CELL_FLOAT:
		return convert_float(v, s, len);
	case CELL_DUR:
		return convert_dur(v, s, len);
	default:
		r = convert_time(v, f, s, len);
		return r == 1 && *v == TIME_NONE ? -1 : r;
	}
}

/*
 * Whether a day begins at us and every time of it is so much later: the
 * clocks show midnight, for the first time, and are not changed in the day.
 */
static bool
is_even_day(const struct zone *zone, int64_t us)
{
	struct zone_span span;
	int64_t next, local, first;

	zone_find(&span, zone, us);
	return num_add(&next, us, DAY_US) && span.to_us >= next
	       && num_add(&local, us, span.offset_us)
	       && num_floor_mod(local, DAY_US) == 0
	       && zone_local_us(&first, zone, local) == 0 && first == us;
}

void
cell_time_learn(struct cell_cache *k, const struct zone *zone,
    uint32_t date_len, int64_t v, const char *s, uint32_t len)
{
	struct cell_parts t;
	int64_t midnight;

	if (!cell_take_apart(&t, date_len, s, len)
	    || !num_sub(&midnight, v, t.us))
		return;
	/* Without a zone of its own t.zone is 0. */
	if (zone != NULL && t.zone == 0 && !is_even_day(zone, midnight))
		return;
	k->day[0] = t.day[0];
	k->day[1] = t.day[1];
	k->zone = t.zone;
	k->us = midnight;
	k->used = true;
}
