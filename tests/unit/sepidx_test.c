/* SPDX-License-Identifier: ISC */
/*
 * The separator index, by every way to find it, against the scanner that
 * goes byte by byte.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check.h"
#include "rnd.h"
#include "text/scan.h"
#include "text/sepidx.h"

#define N_TEXTS 60000
#define MAX_LEN 300

static size_t
below(size_t n)
{
	return (size_t)(rnd() >> 11) % n;
}

/* Mostly well-formed csv, so that long texts are not all odd. */
static size_t
make_text(char *p)
{
	static const char *const parts[] = {"a", "bcd", ",", ",", "\n", "\r\n",
	    ",\"x\"", ",\"a,b\",", ",\"\"", "\n\"\"\"q\"\"\",",
	    ",\"two\nlines\"",
	    "a longer field to move all that comes behind it by some bytes"};
	size_t len = 0, want = below(MAX_LEN - 70);
	bool broken = below(3) == 0;

	while (len < want) {
		const char *s = parts[below(sizeof(parts) / sizeof(*parts))];

		memcpy(p + len, s, strlen(s));
		len += strlen(s);
		if (broken && below(10) == 0)
			p[len++] = "\"\r"[below(4) == 0];
	}
	return len;
}

/* The scanner's separators; *astray when a quote is out of place. */
static size_t
reference(uint32_t *pos, bool *astray, const char *p, size_t len)
{
	struct scan s = {.at = 0};
	size_t n = 0, from = 0;
	const char *quote;

	*astray = false;
	for (; scan_next(&s, p, len, ',', '"'); scan_field(&s)) {
		quote = memchr(p + from, '"', s.at - from);
		*astray |= s.astray || (quote != NULL && quote != p + from);
		pos[n++] = (uint32_t)s.at;
		from = s.at + 1;
	}
	return n;
}

static void
compare(struct sepidx *x, size_t *n_good, const char *p, size_t len)
{
	uint32_t pos[MAX_LEN];
	struct sepidx_found f;
	bool astray;
	size_t n = reference(pos, &astray, p, len), lines = 0;

	sepidx_scan(x, &f, p, len);
	CHECK(f.mark == (memchr(p, '"', len) != NULL));
	if (astray) {
		CHECK(f.odd);
		return;
	}
	if (f.odd)
		return;
	*n_good += f.mark;
	for (size_t i = 0; i < n; i++)
		lines += p[pos[i]] == '\n';
	CHECK(f.n == n && f.n_lines == lines && f.pos[-1] == UINT32_MAX);
	CHECK(f.n == n && memcmp(f.pos, pos, n * sizeof(*pos)) == 0);
}

int
main(void)
{
	static const enum sepidx_path paths[] = {
	    SEPIDX_PORTABLE, SEPIDX_AVX2, SEPIDX_AVX512, SEPIDX_BEST};
	struct sepidx *x[4];
	size_t n_good = 0;

	for (size_t k = 0; k < 4; k++)
		x[k] = sepidx_new(paths[k], ',', '"', true);
	for (size_t i = 0; i < N_TEXTS; i++) {
		char p[MAX_LEN + 64];
		size_t len;

		memset(p, ",\"\n"[below(3)], sizeof(p));
		len = make_text(p);
		for (size_t k = 0; k < 4; k++)
			if (x[k] != NULL)
				compare(x[k], &n_good, p, len);
	}
	for (size_t k = 0; k < 4; k++)
		sepidx_free(x[k]);
	CHECK(x[0] != NULL && x[3] != NULL);
	CHECK(n_good > N_TEXTS / 4);
	return check_done("sepidx_test");
}
