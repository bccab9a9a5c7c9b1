/* SPDX-License-Identifier: ISC */
/*
 * Where the separators are.  First bitmaps of 64 bytes a word, by the widest
 * instructions there are, then quotes, then positions.
 */
#include "text/sepidx.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define HAVE_X86 1
#else
#define HAVE_X86 0
#endif

#define MAX_WORDS (SEPIDX_MAX / 64)

/* Bit i of a word belongs to byte i of 64. */
struct word {
	uint64_t delim;
	uint64_t line;
	uint64_t mark;
};

typedef void (*bitmap_fn)(
    struct word *out, const char *p, size_t n, const char want[3]);
typedef size_t (*flatten_fn)(
    uint32_t *pos, size_t *n_lines, const struct word *w, size_t n);

struct sepidx {
	bitmap_fn bitmap;
	flatten_fn flatten;
	char want[3]; /* delimiter, line end, mark */
	bool quoting;
	struct word *words;
	uint32_t *pos; /* one entry before, 64 behind what is used */
};

/* The high bit of each byte of w that is the byte repeated in c. */
static inline uint64_t
equal_bytes(uint64_t w, uint64_t c)
{
	const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
	uint64_t x = w ^ c;

	return ~(((x & low) + low) | x | low);
}

static void
bitmap_portable(struct word *out, const char *p, size_t n, const char want[3])
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t bits[3];

	for (size_t i = 0; i < n; i++) {
		memset(bits, 0, sizeof(bits));
		for (unsigned k = 0; k < 64; k += 8, p += 8) {
			uint64_t w;

			memcpy(&w, p, sizeof(w));
			if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
				w = __builtin_bswap64(w);
			for (size_t c = 0; c < 3; c++) {
				uint64_t eq =
				    equal_bytes(w, ones * (uint8_t)want[c]);

				eq = (eq >> 7) * UINT64_C(0x0102040810204080);
				bits[c] |= eq >> 56 << k;
			}
		}
		out[i] = (struct word){bits[0], bits[1], bits[2]};
	}
}

/* Eight at a time and too many is quicker than a branch for each. */
static inline __attribute__((always_inline)) size_t
flatten(uint32_t *pos, size_t *n_lines, const struct word *w, size_t n)
{
	size_t at = 0, lines = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t bits = w[i].delim | w[i].line;
		uint32_t base = (uint32_t)(i * 64);
		size_t count = (size_t)__builtin_popcountll(bits);

		lines += (size_t)__builtin_popcountll(w[i].line);
		for (size_t k = 0; k < count; k += 4)
			for (size_t j = 0; j < 4; j++) {
				/* Of no bits the count is whatever it is. */
				pos[at + k + j] = base
						  + (uint32_t)__builtin_ctzll(
						      bits | UINT64_C(1) << 63);
				bits &= bits - 1;
			}
		at += count;
	}
	*n_lines = lines;
	return at;
}

static size_t
flatten_portable(uint32_t *pos, size_t *n_lines, const struct word *w, size_t n)
{
	return flatten(pos, n_lines, w, n);
}

#if HAVE_X86
__attribute__((target("avx2"))) static inline uint64_t
equal_avx2(__m256i lo, __m256i hi, __m256i c)
{
	uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(lo, c));
	uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(hi, c));

	return a | (uint64_t)b << 32;
}

__attribute__((target("avx2"))) static void
bitmap_avx2(struct word *out, const char *p, size_t n, const char want[3])
{
	__m256i delim = _mm256_set1_epi8(want[0]);
	__m256i line = _mm256_set1_epi8(want[1]);
	__m256i mark = _mm256_set1_epi8(want[2]);

	for (size_t i = 0; i < n; i++, p += 64) {
		__m256i lo = _mm256_loadu_si256((const __m256i_u *)p);
		__m256i hi = _mm256_loadu_si256((const __m256i_u *)(p + 32));

		out[i].delim = equal_avx2(lo, hi, delim);
		out[i].line = equal_avx2(lo, hi, line);
		out[i].mark = equal_avx2(lo, hi, mark);
	}
}

__attribute__((target("avx512bw"))) static void
bitmap_avx512(struct word *out, const char *p, size_t n, const char want[3])
{
	__m512i delim = _mm512_set1_epi8(want[0]);
	__m512i line = _mm512_set1_epi8(want[1]);
	__m512i mark = _mm512_set1_epi8(want[2]);

	for (size_t i = 0; i < n; i++, p += 64) {
		__m512i w = _mm512_loadu_si512(p);

		out[i].delim = _mm512_cmpeq_epi8_mask(w, delim);
		out[i].line = _mm512_cmpeq_epi8_mask(w, line);
		out[i].mark = _mm512_cmpeq_epi8_mask(w, mark);
	}
}

__attribute__((target("bmi,bmi2,popcnt"))) static size_t
flatten_bmi(uint32_t *pos, size_t *n_lines, const struct word *w, size_t n)
{
	return flatten(pos, n_lines, w, n);
}
#endif

/* The numbers of the bits that are set, 16 of them stored at a time. */
#if HAVE_X86
__attribute__((target("avx512bw,avx512vbmi2,popcnt"))) static size_t
flatten_vbmi2(uint32_t *pos, size_t *n_lines, const struct word *w, size_t n)
{
	static const uint8_t numbers[64] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
	    11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
	    28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
	    45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61,
	    62, 63};
	__m512i all = _mm512_loadu_si512(numbers);
	size_t at = 0, lines = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t bits = w[i].delim | w[i].line;
		__m512i set = _mm512_maskz_compress_epi8(bits, all);
		__m512i base = _mm512_set1_epi32((int)(i * 64));
		size_t count = (size_t)__builtin_popcountll(bits);

		lines += (size_t)__builtin_popcountll(w[i].line);
		for (size_t k = 0;; k += 16) {
			__m512i wide =
			    _mm512_cvtepu8_epi32(_mm512_castsi512_si128(set));

			_mm512_storeu_si512(
			    pos + at + k, _mm512_add_epi32(wide, base));
			if (k + 16 >= count)
				break;
			set = _mm512_alignr_epi32(set, set, 4);
		}
		at += count;
	}
	*n_lines = lines;
	return at;
}
#endif

static bool
choose(struct sepidx *x, enum sepidx_path path)
{
	x->bitmap = bitmap_portable;
	x->flatten = flatten_portable;
	if (path == SEPIDX_PORTABLE)
		return true;
#if HAVE_X86
	__builtin_cpu_init();
	if (__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt"))
		x->flatten = flatten_bmi;
	if (path != SEPIDX_AVX2 && __builtin_cpu_supports("avx512bw")
	    && __builtin_cpu_supports("avx512vbmi2")) {
		x->bitmap = bitmap_avx512;
		x->flatten = flatten_vbmi2;
	}
	if (x->bitmap == bitmap_portable && path != SEPIDX_AVX512
	    && __builtin_cpu_supports("avx2"))
		x->bitmap = bitmap_avx2;
#endif
	return path == SEPIDX_BEST || x->bitmap != bitmap_portable;
}

struct sepidx *
sepidx_new(enum sepidx_path path, char delim, int mark, bool quoting)
{
	struct sepidx *x = mem_zero(1, sizeof(*x));

	if (!choose(x, path)) {
		free(x);
		return NULL;
	}
	x->want[0] = delim;
	x->want[1] = '\n';
	x->want[2] = mark == -1 ? '\n' : (char)mark;
	x->quoting = quoting;
	x->words = mem_alloc(MAX_WORDS * sizeof(*x->words));
	x->pos = mem_alloc((SEPIDX_MAX + 65) * sizeof(*x->pos));
	x->pos[0] = UINT32_MAX;
	return x;
}

void
sepidx_free(struct sepidx *x)
{
	if (x == NULL)
		return;
	free(x->words);
	free(x->pos);
	free(x);
}

/* Bit i is the parity of bits 0..i. */
static uint64_t
prefix_xor(uint64_t w)
{
	for (unsigned shift = 1; shift < 64; shift *= 2)
		w ^= w << shift;
	return w;
}

/* Whether the quote that closes at byte i is followed by what may follow. */
static bool
may_follow(const char *p, size_t len, size_t i, char delim)
{
	if (i + 1 >= len || p[i + 1] == delim || p[i + 1] == '\n')
		return true;
	return p[i + 1] == '\r' && (i + 2 >= len || p[i + 2] == '\n');
}

/*
 * Take the separators inside quotes away.  Returns false when a quote opens
 * elsewhere than at a field's start or after a closing one (a doubled quote),
 * or closes elsewhere than at a field's end: then the parity says nothing.
 */
static bool
drop_quoted(struct sepidx *x, const char *p, size_t len, size_t n)
{
	uint64_t inside = 0; /* all bits: the word begins in quotes */
	uint64_t before = 1; /* the byte before ended a field */
	uint64_t closed = 0; /* the byte before was a closing quote */

	for (size_t i = 0; i < n; i++) {
		struct word *w = &x->words[i];
		uint64_t in = prefix_xor(w->mark) ^ inside;
		uint64_t opens = w->mark & in, closes = w->mark & ~in;
		uint64_t ends, after;

		w->delim &= ~in;
		w->line &= ~in;
		ends = w->delim | w->line;
		if (opens & ~(ends << 1 | closes << 1 | before | closed))
			return false;
		after = closes & ~(ends >> 1 | opens >> 1);
		for (; after != 0; after &= after - 1) {
			size_t at = i * 64 + (size_t)__builtin_ctzll(after);

			if (p[at + 1] != x->want[2]
			    && !may_follow(p, len, at, x->want[0]))
				return false;
		}
		inside = 0 - (in >> 63);
		before = ends >> 63;
		closed = closes >> 63;
	}
	return true;
}

void
sepidx_scan(struct sepidx *x, struct sepidx_found *f, const char *p, size_t len)
{
	size_t n = (len + 63) / 64;
	uint64_t marks = 0;

	x->bitmap(x->words, p, n, x->want);
	if (len % 64 != 0) {
		struct word *last = &x->words[n - 1];
		uint64_t keep = (UINT64_C(1) << (len % 64)) - 1;

		last->delim &= keep;
		last->line &= keep;
		last->mark &= keep;
	}
	if (x->want[2] != '\n')
		for (size_t i = 0; i < n; i++)
			marks |= x->words[i].mark;
	*f = (struct sepidx_found){.pos = x->pos + 1, .mark = marks != 0};
	if (f->mark && x->quoting)
		f->odd = !drop_quoted(x, p, len, n);
	f->n = x->flatten(f->pos, &f->n_lines, x->words, n);
}

uint64_t
sepidx_count(const char *p, size_t len, char c)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t n = 0, w;

	for (; len >= sizeof(w); p += sizeof(w), len -= sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		w = equal_bytes(w, ones * (uint8_t)c) >> 7;
		n += w * ones >> 56;
	}
	for (; len > 0; p++, len--)
		n += *p == c;
	return n;
}
