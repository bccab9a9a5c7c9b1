/* SPDX-License-Identifier: ISC */
/* Kernels of text functions that look for one text in another. */
#include <string.h>

#include "expr/kernels.h"
#include "expr/kjson.h"
#include "expr/ktext.h"
#include "expr/kwide.h"

/* The byte of s from which what stands, at or after from; -1 for none. */
static int64_t
find(struct ktext s, struct ktext what, size_t from)
{
	const char *p;

	if (from > s.len)
		return -1;
	if (what.len == 0)
		return (int64_t)from;
	p = memmem(s.p + from, s.len - from, what.p, what.len);
	return p == NULL ? -1 : p - s.p;
}

enum test { STARTS, ENDS, CONTAINS };

static bool
passes(struct ktext s, struct ktext what, enum test test)
{
	if (what.len > s.len)
		return false;
	if (test == CONTAINS)
		return find(s, what, 0) >= 0;
	return memcmp(s.p + (test == ENDS ? s.len - what.len : 0), what.p,
		   what.len)
	       == 0;
}

static int
test_rows(struct run *r, struct col *out, const struct col *arg, enum test test)
{
	uint8_t *bits = eval_bits(r, out);

	memset(bits, 0, bits_words(r->n) * 8);
	for (uint32_t row = 0; row < r->n; row++) {
		bits_or(bits, row,
		    passes(
			ktext_at(&arg[0], row), ktext_at(&arg[1], row), test));
	}
	return 0;
}

int
kfind_starts(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)n;
	return test_rows(r, out, arg, STARTS);
}

int
kfind_ends(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)n;
	return test_rows(r, out, arg, ENDS);
}

int
kfind_contains(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)n;
	return test_rows(r, out, arg, CONTAINS);
}

/* Characters before a match plus one, 0 for none. */
static int
locate(struct run *r, struct col *out, const struct col *in,
    const struct col *what)
{
	int64_t *o = eval_ints(r, out), at;

	for (uint32_t row = 0; row < r->n; row++) {
		struct ktext s = ktext_at(in, row);

		at = find(s, ktext_at(what, row), 0);
		o[row] = at < 0 ? 0 : (int64_t)ktext_count(s.p, (size_t)at) + 1;
	}
	return 0;
}

int
kfind_instr(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)n;
	return locate(r, out, &arg[0], &arg[1]);
}

int
kfind_position(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	(void)n;
	return locate(r, out, &arg[1], &arg[0]);
}

static void
put_replaced(
    struct strout *s, struct ktext in, struct ktext what, struct ktext with)
{
	size_t from = 0;
	int64_t at = what.len == 0 ? -1 : find(in, what, 0);

	while (at >= 0) {
		strout_put(s, in.p + from, (size_t)at - from);
		strout_put(s, with.p, with.len);
		from = (size_t)at + what.len;
		at = find(in, what, from);
	}
	strout_put(s, in.p + from, in.len - from);
}

int
kfind_replace(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, {
		put_replaced(&s, ktext_at(&arg[0], row), ktext_at(&arg[1], row),
		    ktext_at(&arg[2], row));
	});
}

/* Part number k (from 1) between separators, from the front.  0 or -1. */
static int
part_from_front(
    struct ktext *part, struct ktext s, struct ktext sep, uint64_t k)
{
	size_t from = 0;
	int64_t at;

	for (;;) {
		at = sep.len == 0 ? -1 : find(s, sep, from);
		if (--k == 0)
			break;
		if (at < 0)
			return -1;
		from = (size_t)at + sep.len;
	}
	part->p = s.p + from;
	part->len = (at < 0 ? s.len : (size_t)at) - from;
	return 0;
}

static uint64_t
count_parts(struct ktext s, struct ktext sep)
{
	uint64_t n = 1;
	int64_t at = sep.len == 0 ? -1 : find(s, sep, 0);

	for (; at >= 0; n++)
		at = find(s, sep, (size_t)at + sep.len);
	return n;
}

/* Part k, counted from the end when negative.  0, or -1: there is none. */
static int
find_part(struct ktext *part, struct ktext s, struct ktext sep, int64_t k)
{
	uint64_t n;

	if (k == 0)
		return -1;
	if (k > 0)
		return part_from_front(part, s, sep, (uint64_t)k);
	n = count_parts(s, sep);
	if (0 - (uint64_t)k > n)
		return -1;
	return part_from_front(part, s, sep, n + 1 - (0 - (uint64_t)k));
}

/* What a part that is not there is. */
enum missing { MISSING_NULL, MISSING_EMPTY };

static int
split(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, enum missing missing)
{
	struct strout s;
	struct ktext part;

	strout_begin(&s, r, n, out, (size_t)r->n * 16);
	for (uint32_t row = 0; row < r->n; row++) {
		int64_t k = arg[2].i[eval_at(&arg[2], row)];

		if (!ktext_has(out, row))
			k = 0;
		if (find_part(&part, ktext_at(&arg[0], row),
			ktext_at(&arg[1], row), k)
		    == 0)
			strout_put(&s, part.p, part.len);
		else if (missing == MISSING_NULL)
			eval_null(r, out, row);
		strout_row(&s);
	}
	return strout_done(&s);
}

int
kfind_split(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return split(r, n, out, arg, MISSING_NULL);
}

int
kfind_split_part(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return split(r, n, out, arg, MISSING_EMPTY);
}

/* All parts, as a JSON array; without a separator the text is one. */
static void
put_parts(struct strout *s, struct ktext in, struct ktext sep)
{
	struct kjson_list list;
	size_t from = 0;
	int64_t at;

	kjson_open(&list, s);
	do {
		at = sep.len == 0 ? -1 : find(in, sep, from);
		kjson_text(&list, (struct ktext){in.p + from,
				      (at < 0 ? in.len : (size_t)at) - from});
		from = (size_t)at + sep.len;
	} while (at >= 0);
	kjson_close(&list);
}

int
kfind_split_list(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16,
	    { put_parts(&s, ktext_at(&arg[0], row), ktext_at(&arg[1], row)); });
}
