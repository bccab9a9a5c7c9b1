/* SPDX-License-Identifier: ISC */
/*
 * Column kernels: the cells of one column of a grid -> a column's values.
 * One loop for each form of cell, with its parser inlined.
 */
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "text/celltime.h"
#include "text/text_int.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

struct fill {
	struct text *t;
	struct cols_col *col;
	struct colbuf *out;
	uint32_t first; /* row of out for row 0 of the grid */
	const char *base;
	struct cells in;
	struct text_null null;
};

typedef bool (*fast_fn)(
    int64_t *v, struct cell_cache *k, const char *s, uint32_t len);

/* Row r's cell; *len is UINT32_MAX for a null that the format found. */
static inline const char *
cell(const struct fill *f, uint32_t r, uint32_t *len)
{
	const uint32_t *e = f->in.edge + r * f->in.stride;

	*len = e[1] - e[0] - 1;
	return f->base + (uint32_t)(e[0] + 1);
}

static void
add_flaw(const struct fill *f, enum flaw_kind kind, uint32_t r)
{
	const struct grid *g = &f->t->grid;
	const uint32_t *row = g->edge + r * g->stride;
	struct flaw flaw = {.kind = kind,
	    .from = row[0] + 1,
	    .to = row[g->end],
	    .at = row[f->col->at] + 1,
	    .cell_end = row[f->col->at + 1],
	    .col = f->col};

	flaw_add(&f->t->flaws, &flaw);
}

/* A cell that the column's parser did not take. */
static __attribute__((noinline)) int64_t
convert(const struct fill *f, uint32_t r, const char *s, uint32_t len)
{
	struct cols_col *col = f->col;
	int64_t v = 0;
	int got = 0;

	if (!text_is_null(&f->null, s, len))
		got = cell_convert(&v, &col->form, s, len);
	if (got == 0)
		colbuf_set_null(f->out, f->first + r);
	else if (got == -1)
		add_flaw(f, FLAW_VALUE, r);
	else if (col->form.kind == CELL_TIME_CLF)
		cell_time_learn(
		    &col->cache, col->form.zone, CELL_DATE_CLF, v, s, len);
	else if (col->form.kind == CELL_TIME
		 || col->form.kind == CELL_TIME_RFC3339)
		cell_time_learn(
		    &col->cache, col->form.zone, CELL_DATE_RFC3339, v, s, len);
	return v;
}

static inline __attribute__((always_inline)) void
fill_wide(const struct fill *f, fast_fn fast)
{
	int64_t *v = f->out->i + f->first;
	bool check = f->null.str != NULL;

	for (uint32_t r = 0; r < f->in.n; r++) {
		uint32_t len;
		const char *s = cell(f, r, &len);

		if ((check && text_is_null(&f->null, s, len))
		    || !fast(&v[r], &f->col->cache, s, len))
			v[r] = convert(f, r, s, len);
	}
}

static inline bool
fast_int(int64_t *v, struct cell_cache *k, const char *s, uint32_t len)
{
	(void)k;
	return cell_int_fast(v, s, len);
}

static inline bool
fast_float(int64_t *v, struct cell_cache *k, const char *s, uint32_t len)
{
	(void)k;
	return cell_float_fast(v, s, len);
}

static inline bool
fast_s(int64_t *v, struct cell_cache *k, const char *s, uint32_t len)
{
	return fast_int(v, k, s, len) && num_mul(v, *v, 1000000);
}

static inline bool
fast_ms(int64_t *v, struct cell_cache *k, const char *s, uint32_t len)
{
	return fast_int(v, k, s, len) && num_mul(v, *v, 1000);
}

static inline bool
fast_ns(int64_t *v, struct cell_cache *k, const char *s, uint32_t len)
{
	if (!fast_int(v, k, s, len))
		return false;
	*v = num_floor_div(*v, 1000);
	return true;
}

static inline bool
fast_rfc3339(int64_t *v, struct cell_cache *k, const char *s, uint32_t len)
{
	return cell_time_fast(v, k, CELL_DATE_RFC3339, s, len);
}

static inline bool
fast_clf(int64_t *v, struct cell_cache *k, const char *s, uint32_t len)
{
	return cell_time_fast(v, k, CELL_DATE_CLF, s, len);
}

static inline bool
fast_none(int64_t *v, struct cell_cache *k, const char *s, uint32_t len)
{
	(void)v;
	(void)k;
	(void)s;
	(void)len;
	return false;
}

static void
fill_int(const struct fill *f)
{
	fill_wide(f, fast_int);
}

static void
fill_float(const struct fill *f)
{
	fill_wide(f, fast_float);
}

static void
fill_s(const struct fill *f)
{
	fill_wide(f, fast_s);
}

static void
fill_ms(const struct fill *f)
{
	fill_wide(f, fast_ms);
}

static void
fill_ns(const struct fill *f)
{
	fill_wide(f, fast_ns);
}

static void
fill_rfc3339(const struct fill *f)
{
	fill_wide(f, fast_rfc3339);
}

static void
fill_clf(const struct fill *f)
{
	fill_wide(f, fast_clf);
}

static void
fill_any(const struct fill *f)
{
	fill_wide(f, fast_none);
}

static void
fill_bool(const struct fill *f)
{
	uint8_t *bits = f->out->bits;

	for (uint32_t r = 0; r < f->in.n; r++) {
		uint32_t len, at = f->first + r;
		const char *s = cell(f, r, &len);

		/* Bits behind the last row stay 0: they are sent, too. */
		if ((at & 7) == 0)
			bits[at >> 3] = 0;
		if (convert(f, r, s, len) != 0)
			bit_set(bits, at);
	}
}

/* The length of the part of s that is UTF-8. */
static size_t
utf8_part(const char *s, size_t len)
{
	size_t at = 0, n;
	uint32_t cp;
	uint64_t w;

	while (at < len) {
		if (len - at >= sizeof(w)) {
			memcpy(&w, s + at, sizeof(w));
			if ((w & UINT64_C(0x8080808080808080)) == 0) {
				at += sizeof(w);
				continue;
			}
		}
		n = utf8_decode(&cp, s + at, len - at);
		if (n == 0)
			return at;
		at += n;
	}
	return at;
}

/* The column's cells again, each byte that is not UTF-8 made U+FFFD. */
static void
replace_utf8(const struct fill *f)
{
	struct colbuf *out = f->out;
	struct buf b;

	buf_init(&b, 0);
	colbuf_truncate(out, f->first);
	for (uint32_t r = 0; r < f->in.n; r++) {
		uint32_t len;
		const char *s = cell(f, r, &len);
		size_t good;

		if (text_is_null(&f->null, s, len)) {
			colbuf_push_null(out);
			continue;
		}
		buf_reset(&b);
		for (size_t at = 0; at < len; at += good) {
			good = utf8_part(s + at, len - at);
			buf_put(&b, s + at, good);
			if (at + good < len) {
				buf_puts(&b, REPLACEMENT);
				good++;
			}
		}
		colbuf_push_str(out, (const char *)b.data, b.len);
	}
	buf_release(&b);
}

/* Check the cells just written, unless all of them are ASCII. */
static void
check_utf8(const struct fill *f)
{
	const struct colbuf *out = f->out;
	const uint32_t *off = out->off + f->first;
	uint64_t high = 0, w;
	size_t at = off[0];

	for (; at + sizeof(w) <= out->bytes_len; at += sizeof(w)) {
		memcpy(&w, out->bytes + at, sizeof(w));
		high |= w;
	}
	for (; at < out->bytes_len; at++)
		high |= (uint64_t)(unsigned char)out->bytes[at];
	if ((high & UINT64_C(0x8080808080808080)) == 0)
		return;
	for (uint32_t r = 0; r < f->in.n; r++) {
		size_t len = off[r + 1] - off[r];

		if (utf8_part(out->bytes + off[r], len) == len)
			continue;
		if (f->t->utf8 == TEXT_UTF8_REPLACE) {
			replace_utf8(f);
			return;
		}
		add_flaw(f, FLAW_UTF8, r);
	}
}

/* Bytes of the cells; those too long are flaws. */
static size_t
measure(const struct fill *f)
{
	size_t sum = 0, max = f->t->max_field;

	for (uint32_t r = 0; r < f->in.n; r++) {
		uint32_t len;

		cell(f, r, &len);
		if (len == UINT32_MAX)
			continue;
		sum += len;
		if (len > max)
			add_flaw(f, FLAW_LONG, r);
	}
	return sum;
}

/* 16 bytes are copied at once: most cells are shorter, and both ends have room.
 */
static void
fill_str(const struct fill *f)
{
	struct colbuf *out = f->out;
	uint32_t *off = out->off + f->first + 1;
	char *to = out->bytes + out->bytes_len;
	const struct text_null null = f->null;

	for (uint32_t r = 0; r < f->in.n; r++) {
		uint32_t len;
		const char *s = cell(f, r, &len);

		if ((len == 0 || len == UINT32_MAX || null.str != NULL)
		    && text_is_null(&null, s, len)) {
			colbuf_set_null(out, f->first + r);
			len = 0;
		}
		memcpy(to, s, 16);
		if (len > 16)
			memcpy(to + 16, s + 16, len - 16);
		to += len;
		off[r] = (uint32_t)(to - out->bytes);
	}
	out->bytes_len = (size_t)(to - out->bytes);
	if (f->t->utf8 != TEXT_UTF8_BYTES)
		check_utf8(f);
}

typedef void (*fill_fn)(const struct fill *f);

static const fill_fn kernels[CELL_N_KINDS] = {[CELL_STR] = fill_str,
    [CELL_BOOL] = fill_bool,
    [CELL_INT] = fill_int,
    [CELL_FLOAT] = fill_float,
    [CELL_DUR] = fill_any,
    [CELL_TIME] = fill_rfc3339,
    [CELL_TIME_S] = fill_s,
    [CELL_TIME_MS] = fill_ms,
    [CELL_TIME_US] = fill_int,
    [CELL_TIME_NS] = fill_ns,
    [CELL_TIME_RFC3339] = fill_rfc3339,
    [CELL_TIME_CLF] = fill_clf,
    [CELL_TIME_FORMAT] = fill_any};

/* Take quotes and escapes off the cells; nulls are then known. */
static void
make_plain(struct fill *f, struct block *b)
{
	struct text *t = f->t;
	struct side side = {t->own, (uint32_t)(b->len + CELL_PAD)};
	bool done = true;

	t->plain = mem_grow(
	    t->plain, &t->cap_plain, 2 * (size_t)f->in.n, sizeof(*t->plain));
	if (t->fmt->derive != NULL)
		done = t->fmt->derive(t, t->plain, &side, &f->in, f->col);
	else
		t->fmt->plain(t->plain, &side, &f->null, &f->in);
	if (!done)
		return;
	f->in = (struct cells){t->plain, 2, f->in.n};
	f->null = (struct text_null){.str = NULL};
	f->base = b->p = t->own;
}

void
fill_build(struct text *t, struct build *out, struct block *b)
{
	const struct grid *g = &t->grid;

	for (size_t i = 0; i < t->cols.n && g->n > 0; i++) {
		struct cols_col *col = &t->cols.cols[i];
		struct fill f = {.t = t,
		    .col = col,
		    .out = &out->cols[i],
		    .first = out->cols[i].n,
		    .base = b->p,
		    .in = {g->edge + col->at, g->stride, g->n},
		    .null = t->null};

		if (g->marked)
			make_plain(&f, b);
		colbuf_reserve(
		    f.out, g->n, col->form.kind == CELL_STR ? measure(&f) : 0);
		colbuf_added(f.out, g->n);
		kernels[col->form.kind](&f);
	}
	out->n_rows += g->n;
}
