/* SPDX-License-Identifier: ISC */
/* Kernels of text functions that look at one text.  millrace-expr(7). */
#include <string.h>

#include "expr/kernels.h"
#include "expr/ktext.h"
#include "expr/kwide.h"

int
kstr_concat(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, {
		for (size_t i = 0; i < n->n_kids; i++) {
			struct ktext t = ktext_at(&arg[i], row);

			strout_put(&s, t.p, t.len);
		}
	});
}

/* arg[0] between the others that are not null. */
int
kstr_concat_ws(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	out->valid = arg[0].valid;
	KTEXT_MAKE(r, n, out, 16, {
		struct ktext sep = ktext_at(&arg[0], row);
		bool first = true;

		for (size_t i = 1; i < n->n_kids; i++) {
			struct ktext t = ktext_at(&arg[i], row);

			if (!col_is_valid(&arg[i], row))
				continue;
			if (!first)
				strout_put(&s, sep.p, sep.len);
			strout_put(&s, t.p, t.len);
			first = false;
		}
	});
}

int
kstr_refuse_bools(struct unit *u, struct node *n, struct expr_error *err)
{
	(void)u;
	return expr_fail(
	    err, n->at, n->len, "|| joins text; for bools write or");
}

int
kstr_length(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);
	const char *p;
	size_t len;

	(void)n;
	for (uint32_t row = 0; row < r->n; row++) {
		p = col_str(&arg[0], row, &len);
		o[row] = (int64_t)ktext_count(p, len);
	}
	return 0;
}

int
kstr_octets(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);
	size_t len;

	(void)n;
	for (uint32_t row = 0; row < r->n; row++) {
		col_str(&arg[0], row, &len);
		o[row] = (int64_t)len;
	}
	return 0;
}

/* Move the letters first..first+25 by 32; others stay. */
static int
change_case(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, char first)
{
	KTEXT_MAKE(r, n, out, 16, {
		struct ktext t = ktext_at(&arg[0], row);
		char *to = strout_room(&s, t.len);

		for (size_t i = 0; to != NULL && i < t.len; i++) {
			unsigned char c = (unsigned char)(t.p[i] - first);

			to[i] = (char)(t.p[i] ^ (c < 26 ? 0x20 : 0));
		}
		s.len += to == NULL ? 0 : t.len;
	});
}

int
kstr_lower(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return change_case(r, n, out, arg, 'A');
}

int
kstr_upper(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return change_case(r, n, out, arg, 'a');
}

enum side { LEFT = 1, RIGHT = 2 };

/* t without the characters of set at its ends. */
static struct ktext
trimmed(struct ktext t, struct ktext set, unsigned sides)
{
	size_t used;

	while (sides & LEFT && t.len > 0) {
		used = ktext_skip(t.p, t.len, 1);
		if (!ktext_among(set, t.p, used))
			break;
		t.p += used;
		t.len -= used;
	}
	while (sides & RIGHT && t.len > 0) {
		for (used = 1; used < t.len; used++) {
			if (ktext_begins(t.p[t.len - used]))
				break;
		}
		if (!ktext_among(set, t.p + t.len - used, used))
			break;
		t.len -= used;
	}
	return t;
}

static int
trim(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, unsigned sides)
{
	const struct ktext blanks = {" \t\n\r", 4};

	KTEXT_MAKE(r, n, out, 16, {
		struct ktext t = trimmed(ktext_at(&arg[0], row),
		    n->n_kids == 1 ? blanks : ktext_at(&arg[1], row), sides);

		strout_put(&s, t.p, t.len);
	});
}

int
kstr_trim(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return trim(r, n, out, arg, LEFT | RIGHT);
}

int
kstr_ltrim(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return trim(r, n, out, arg, LEFT);
}

int
kstr_rtrim(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return trim(r, n, out, arg, RIGHT);
}

/*
 * The part of p[0..len) from character at (1 is the first, -1 the last) and
 * of at most max characters.  Characters before the first count for max, as
 * SQL has it for a negative start beyond the text.
 */
static void
put_part(struct strout *s, const char *p, size_t len, int64_t at, int64_t max)
{
	int64_t n_chars, from;
	size_t begin, end;

	if (max <= 0)
		return;
	if (at < 0) {
		n_chars = (int64_t)ktext_count(p, len);
		from = at + n_chars;
		if (from < 0) {
			max += from;
			from = 0;
			if (max <= 0)
				return;
		}
	} else {
		from = at == 0 ? 0 : at - 1;
	}
	begin = ktext_skip(p, len, (uint64_t)from);
	end = begin + ktext_skip(p + begin, len - begin, (uint64_t)max);
	strout_put(s, p + begin, end - begin);
}

int
kstr_substr(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 8, {
		struct ktext t = ktext_at(&arg[0], row);

		put_part(&s, t.p, t.len, arg[1].i[eval_at(&arg[1], row)],
		    n->n_kids == 2 ? INT64_MAX
				   : arg[2].i[eval_at(&arg[2], row)]);
	});
}

int
kstr_left(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 8, {
		struct ktext t = ktext_at(&arg[0], row);

		put_part(&s, t.p, t.len, 1, arg[1].i[eval_at(&arg[1], row)]);
	});
}

int
kstr_right(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 8, {
		struct ktext t = ktext_at(&arg[0], row);
		int64_t k = arg[1].i[eval_at(&arg[1], row)];

		if (k > 0)
			put_part(&s, t.p, t.len, -k, INT64_MAX);
	});
}

static void
put_repeated(struct strout *s, const char *p, size_t len, int64_t times)
{
	char *to;

	if (len == 0 || times <= 0)
		return;
	if ((uint64_t)times > COL_MAX_BYTES / len) {
		strout_fail(s);
		return;
	}
	to = strout_room(s, len * (size_t)times);
	if (to == NULL)
		return;
	for (int64_t i = 0; i < times; i++, to += len)
		memcpy(to, p, len);
	s->len += len * (size_t)times;
}

int
kstr_repeat(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, {
		struct ktext t = ktext_at(&arg[0], row);

		put_repeated(&s, t.p, t.len, arg[1].i[eval_at(&arg[1], row)]);
	});
}

int
kstr_reverse(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, {
		struct ktext t = ktext_at(&arg[0], row);
		char *to = strout_room(&s, t.len);
		size_t used;

		for (size_t i = 0; to != NULL && i < t.len; i += used) {
			used = ktext_skip(t.p + i, t.len - i, 1);
			memcpy(to + t.len - i - used, t.p + i, used);
		}
		s.len += to == NULL ? 0 : t.len;
	});
}
