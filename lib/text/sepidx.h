/* SPDX-License-Identifier: ISC */
/* Where the separators are: positions of delimiters and line ends in a block.
 */
#ifndef MILLRACE_TEXT_SEPIDX_H
#define MILLRACE_TEXT_SEPIDX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEPIDX_MAX (256u << 10) /* bytes of a block */

/* Ways to the same answer: the best one that the processor has is taken. */
enum sepidx_path { SEPIDX_BEST, SEPIDX_PORTABLE, SEPIDX_AVX2, SEPIDX_AVX512 };

struct sepidx;

/*
 * path: SEPIDX_BEST, or another for tests; NULL when the processor lacks it.
 * delim separates fields; '\n' when there are none.
 * mark: a byte whose presence is to be told, or -1.  quoting: the mark is a
 * quote, and separators between two of them do not count.
 */
struct sepidx *sepidx_new(
    enum sepidx_path path, char delim, int mark, bool quoting);
void sepidx_free(struct sepidx *x);

struct sepidx_found {
	uint32_t *pos; /* ascending; pos[-1] is UINT32_MAX, "before byte 0" */
	size_t n;
	size_t n_lines; /* line ends among them */
	bool mark; /* the mark occurs */
	bool odd; /* a quote stands elsewhere than around a field */
};

/*
 * Find the separators in p[0..len), len <= SEPIDX_MAX, where 64 bytes behind
 * the end may be read.  The answer is valid until the next call.  A block
 * begins outside of quotes; when odd is set, pos means nothing.
 */
void sepidx_scan(
    struct sepidx *x, struct sepidx_found *f, const char *p, size_t len);

/* How often c is among the bytes p[0..len). */
uint64_t sepidx_count(const char *p, size_t len, char c);

#endif
