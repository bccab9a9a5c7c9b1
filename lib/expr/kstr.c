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
	struct strout s;
	const char *p;
	size_t len;

	strout_begin(&s, r, n, out, (size_t)r->n * 16);
	for (uint32_t row = 0; row < r->n; row++) {
		for (size_t i = 0; i < n->n_kids && ktext_has(out, row); i++) {
			p = col_str(&arg[i], row, &len);
			strout_put(&s, p, len);
		}
		strout_row(&s);
	}
	return strout_done(&s);
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
	struct strout s;
	const char *p;
	char *to;
	size_t len;

	strout_begin(&s, r, n, out, (size_t)r->n * 16);
	for (uint32_t row = 0; row < r->n; row++) {
		p = col_str(&arg[0], row, &len);
		to = strout_room(&s, len);
		for (size_t i = 0; to != NULL && i < len; i++) {
			unsigned char c = (unsigned char)(p[i] - first);

			to[i] = (char)(p[i] ^ (c < 26 ? 0x20 : 0));
		}
		s.len += to == NULL ? 0 : len;
		strout_row(&s);
	}
	return strout_done(&s);
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

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

enum side { LEFT = 1, RIGHT = 2 };

static int
trim(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, unsigned sides)
{
	struct strout s;
	const char *p;
	size_t len;

	strout_begin(&s, r, n, out, (size_t)r->n * 16);
	for (uint32_t row = 0; row < r->n; row++) {
		p = col_str(&arg[0], row, &len);
		while (sides & LEFT && len > 0 && is_blank(*p)) {
			p++;
			len--;
		}
		while (sides & RIGHT && len > 0 && is_blank(p[len - 1]))
			len--;
		strout_put(&s, p, len);
		strout_row(&s);
	}
	return strout_done(&s);
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
			if (max <= -from)
				return;
			max += from;
			from = 0;
		}
	} else {
		from = at == 0 ? 0 : at - 1;
	}
	begin = ktext_skip(p, len, (uint64_t)from);
	end = begin + ktext_skip(p + begin, len - begin, (uint64_t)max);
	strout_put(s, p + begin, end - begin);
}

int
kstr_substr_len(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	struct strout s;
	const char *p;
	size_t len;

	strout_begin(&s, r, n, out, (size_t)r->n * 8);
	for (uint32_t row = 0; row < r->n; row++) {
		p = col_str(&arg[0], row, &len);
		if (ktext_has(out, row))
			put_part(&s, p, len, arg[1].i[eval_at(&arg[1], row)],
			    arg[2].i[eval_at(&arg[2], row)]);
		strout_row(&s);
	}
	return strout_done(&s);
}

int
kstr_substr(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	struct strout s;
	const char *p;
	size_t len;

	strout_begin(&s, r, n, out, (size_t)r->n * 8);
	for (uint32_t row = 0; row < r->n; row++) {
		p = col_str(&arg[0], row, &len);
		if (ktext_has(out, row))
			put_part(&s, p, len, arg[1].i[eval_at(&arg[1], row)],
			    INT64_MAX);
		strout_row(&s);
	}
	return strout_done(&s);
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
	struct strout s;
	const char *p;
	size_t len;

	strout_begin(&s, r, n, out, (size_t)r->n * 16);
	for (uint32_t row = 0; row < r->n; row++) {
		p = col_str(&arg[0], row, &len);
		if (ktext_has(out, row))
			put_repeated(
			    &s, p, len, arg[1].i[eval_at(&arg[1], row)]);
		strout_row(&s);
	}
	return strout_done(&s);
}

int
kstr_reverse(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	struct strout s;
	const char *p;
	char *to;
	size_t len, used;

	strout_begin(&s, r, n, out, (size_t)r->n * 16);
	for (uint32_t row = 0; row < r->n; row++) {
		p = col_str(&arg[0], row, &len);
		to = strout_room(&s, len);
		for (size_t i = 0; to != NULL && i < len; i += used) {
			used = ktext_skip(p + i, len - i, 1);
			memcpy(to + len - i - used, p + i, used);
		}
		s.len += to == NULL ? 0 : len;
		strout_row(&s);
	}
	return strout_done(&s);
}
