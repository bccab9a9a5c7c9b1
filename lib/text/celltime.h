/* SPDX-License-Identifier: ISC */
/*
 * Dates repeat: a time whose date and zone are those of the one before costs
 * only its time of day.  For loops over a column to inline.
 */
#ifndef MILLRACE_TEXT_CELLTIME_H
#define MILLRACE_TEXT_CELLTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "text/cellfast.h"

/* HH:MM:SS as microseconds since midnight; no leap second. */
static inline bool
cell_clock(int64_t *us, const char *s)
{
	const uint64_t colons = UINT64_C(0x00003a00003a0000);
	uint64_t w = cell_load(s), v, h, m, sec;

	if ((w & UINT64_C(0x0000ff0000ff0000)) != colons
	    || !cell_digits8(&v, w ^ UINT64_C(0x00000a00000a0000)))
		return false;
	h = v / 1000000;
	m = v / 1000 % 1000;
	sec = v % 1000;
	if (h > 23 || m > 59 || sec > 59)
		return false;
	*us = (int64_t)(h * 3600 + m * 60 + sec) * 1000000;
	return true;
}

/* The first n bytes of w, n of 0..8. */
static inline uint64_t
cell_first(uint64_t w, unsigned n)
{
	return n == 0 ? 0 : w << (64 - 8 * n) >> (64 - 8 * n);
}

/* DATE T HH:MM:SS [.fraction] [zone], taken apart. */
struct cell_parts {
	uint64_t day[2]; /* the bytes of the date and what stands behind it */
	uint64_t zone; /* the zone's bytes and their number */
	int64_t us; /* since midnight */
};

/* False when s has not that shape; what date and zone mean is not checked. */
static inline bool
cell_take_apart(
    struct cell_parts *t, uint32_t date_len, const char *s, uint32_t len)
{
	uint32_t at = date_len + 9, scale = 1000000, frac = 0, n;

	if (len - at > 16)
		return false;
	if (date_len == CELL_DATE_RFC3339 && s[at] == '.' && len > at) {
		for (at++; at < len && s[at] >= '0' && s[at] <= '9'; at++) {
			scale /= 10;
			frac += (uint32_t)(s[at] - '0') * scale;
		}
		if (s[at - 1] == '.')
			return false;
	}
	n = len - at;
	if (n > 7 || !cell_clock(&t->us, s + date_len + 1))
		return false;
	t->us += frac;
	t->day[0] = cell_load(s);
	t->day[1] = cell_first(cell_load(s + 8), date_len - 7);
	t->zone = cell_first(cell_load(s + at), n) | (uint64_t)n << 56;
	return true;
}

/* A time whose date and zone are those of the cache. */
static inline bool
cell_time_fast(int64_t *v, const struct cell_cache *k, uint32_t date_len,
    const char *s, uint32_t len)
{
	struct cell_parts t;

	if (!cell_take_apart(&t, date_len, s, len) || !k->used
	    || t.day[0] != k->day[0] || t.day[1] != k->day[1]
	    || t.zone != k->zone)
		return false;
	*v = k->us + t.us;
	return true;
}

#endif
