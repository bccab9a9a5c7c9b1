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

/*
 * A time of DATE T HH:MM:SS [.fraction] [zone] whose date, of date_len bytes,
 * and zone are those of the cache.
 */
static inline bool
cell_time_fast(int64_t *v, struct cell_cache *k, uint32_t date_len,
    const char *s, uint32_t len)
{
	uint32_t at = date_len + 9;
	uint64_t frac = 0, day[2], zone;
	unsigned n, scale = 1000000;
	int64_t us;

	if (len - at > 16)
		return false;
	if (date_len == CELL_DATE_RFC3339 && s[at] == '.' && len > at) {
		for (at++; at < len && s[at] >= '0' && s[at] <= '9'; at++)
			if (scale > 1) {
				scale /= 10;
				frac += (uint64_t)(s[at] - '0') * scale;
			}
		if (s[at - 1] == '.')
			return false;
	}
	n = len - at;
	if (n > 7 || !cell_clock(&us, s + date_len + 1))
		return false;
	day[0] = cell_load(s);
	day[1] = cell_first(cell_load(s + 8), date_len - 7);
	zone = cell_first(cell_load(s + at), n) | (uint64_t)n << 56;
	if (!k->used || day[0] != k->day[0] || day[1] != k->day[1]
	    || zone != k->zone)
		return false;
	*v = k->us + us + (int64_t)frac;
	return true;
}

#endif
