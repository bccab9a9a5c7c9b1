/* SPDX-License-Identifier: ISC */
/* Kernels that reshape text by its characters.  millrace-expr(7). */
#include "base/utf8.h"
#include "expr/kernels.h"
#include "expr/ktext.h"

#define DISTANCE_MAX 1000 /* characters that levenshtein takes */

static bool
is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	       || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

int
kshape_initcap(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, {
		struct ktext t = ktext_at(&arg[0], row);
		char *to = strout_room(&s, t.len);
		bool inside = false;

		for (size_t i = 0; to != NULL && i < t.len; i++) {
			char c = t.p[i];

			if (inside && c >= 'A' && c <= 'Z')
				c ^= 0x20;
			else if (!inside && c >= 'a' && c <= 'z')
				c ^= 0x20;
			inside = is_word_byte(c);
			to[i] = c;
		}
		s.len += to == NULL ? 0 : t.len;
	});
}

/* n characters of fill, again and again. */
static void
put_fill(struct strout *s, struct ktext fill, uint64_t n)
{
	size_t at = 0, used;

	if (n > COL_MAX_BYTES) {
		strout_fail(s);
		return;
	}
	for (; n > 0 && !s->failed; n--) {
		used = ktext_skip(fill.p + at, fill.len - at, 1);
		strout_put(s, fill.p + at, used);
		at = (at + used) % fill.len;
	}
}

enum side { LEFT, RIGHT };

/* Exactly arg[1] characters, cut or filled up with arg[2] on one side. */
static int
pad(struct run *r, const struct node *n, struct col *out, const struct col *arg,
    enum side side)
{
	const struct ktext blank = {" ", 1};

	KTEXT_MAKE(r, n, out, 16, {
		struct ktext t = ktext_at(&arg[0], row);
		struct ktext fill =
		    n->n_kids == 2 ? blank : ktext_at(&arg[2], row);
		int64_t want = arg[1].i[eval_at(&arg[1], row)];
		uint64_t have = ktext_count(t.p, t.len);
		uint64_t missing = 0;

		if (want < 0)
			want = 0;
		if ((uint64_t)want <= have)
			t.len = ktext_skip(t.p, t.len, (uint64_t)want);
		else if (fill.len > 0)
			missing = (uint64_t)want - have;
		if (side == LEFT)
			put_fill(&s, fill, missing);
		strout_put(&s, t.p, t.len);
		if (side == RIGHT)
			put_fill(&s, fill, missing);
	});
}

int
kshape_lpad(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return pad(r, n, out, arg, LEFT);
}

int
kshape_rpad(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return pad(r, n, out, arg, RIGHT);
}

/* Append what character c, len bytes of it, is translated to. */
static void
put_translated(struct strout *s, struct ktext from, struct ktext to,
    const char *c, size_t len)
{
	size_t i = 0, k = 0, used;

	for (; i < from.len; i += used) {
		used = ktext_skip(from.p + i, from.len - i, 1);
		if (used == len && memcmp(from.p + i, c, len) == 0)
			break;
		if (k < to.len)
			k += ktext_skip(to.p + k, to.len - k, 1);
	}
	if (i == from.len)
		strout_put(s, c, len);
	else
		strout_put(s, to.p + k, ktext_skip(to.p + k, to.len - k, 1));
}

int
kshape_translate(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, {
		struct ktext t = ktext_at(&arg[0], row);
		size_t used;

		for (size_t i = 0; i < t.len; i += used) {
			used = ktext_skip(t.p + i, t.len - i, 1);
			put_translated(&s, ktext_at(&arg[1], row),
			    ktext_at(&arg[2], row), t.p + i, used);
		}
	});
}

int
kshape_ascii(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	(void)n;
	for (uint32_t row = 0; row < r->n; row++) {
		struct ktext t = ktext_at(&arg[0], row);
		uint32_t cp = 0;

		/* A byte that begins no character is its own number. */
		if (t.len > 0 && utf8_decode(&cp, t.p, t.len) == 0)
			cp = (unsigned char)t.p[0];
		o[row] = cp;
	}
	return 0;
}

int
kshape_chr(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 4, {
		int64_t v = arg[0].i[row];
		char *to = strout_room(&s, 4);

		if (v < 0 || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
			eval_null(r, out, row);
		else if (to != NULL)
			s.len += utf8_encode(to, (uint32_t)v);
	});
}

/* The characters of t as numbers; how many, or more than DISTANCE_MAX. */
static size_t
characters(uint32_t v[DISTANCE_MAX], struct ktext t)
{
	size_t n = 0, used;

	for (size_t i = 0; i < t.len; i += used, n++) {
		if (n == DISTANCE_MAX)
			return n + 1;
		used = utf8_decode(&v[n], t.p + i, t.len - i);
		if (used == 0) {
			v[n] = (unsigned char)t.p[i];
			used = 1;
		}
	}
	return n;
}

/* The least number of insertions, deletions and changes; -1: too long. */
static int64_t
distance(struct ktext a, struct ktext b)
{
	uint32_t x[DISTANCE_MAX], y[DISTANCE_MAX];
	uint16_t costs[DISTANCE_MAX + 1];
	size_t n_x = characters(x, a), n_y = characters(y, b);

	if (n_x > DISTANCE_MAX || n_y > DISTANCE_MAX)
		return -1;
	for (size_t k = 0; k <= n_y; k++)
		costs[k] = (uint16_t)k;
	for (size_t i = 0; i < n_x; i++) {
		uint16_t before = costs[0], least;

		costs[0] = (uint16_t)(i + 1);
		for (size_t k = 0; k < n_y; k++) {
			least = (uint16_t)(before + (x[i] != y[k]));
			before = costs[k + 1];
			if (before + 1 < least)
				least = (uint16_t)(before + 1);
			if (costs[k] + 1 < least)
				least = (uint16_t)(costs[k] + 1);
			costs[k + 1] = least;
		}
	}
	return costs[n_y];
}

int
kshape_levenshtein(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	for (uint32_t row = 0; row < r->n; row++) {
		o[row] = 0;
		if (!ktext_has(out, row))
			continue;
		o[row] =
		    distance(ktext_at(&arg[0], row), ktext_at(&arg[1], row));
		if (o[row] == -1
		    && eval_bad(r, n, out, row, "more than 1000 characters")
			   == -1)
			return -1;
	}
	return 0;
}
