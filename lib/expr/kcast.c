/* SPDX-License-Identifier: ISC */
/* Kernels of conversions, explicit and implied.  millrace-expr(7), TYPES. */
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "expr/kernels.h"
#include "expr/ktext.h"
#include "expr/kwide.h"

typedef int (*parse_fn)(int64_t *v, const char *s, size_t len);
typedef size_t (*format_fn)(char *out, int64_t v);

/* The text of a row without blanks around it. */
static const char *
trimmed(const struct col *c, uint32_t row, size_t *len)
{
	const char *s = col_str(c, row, len);

	while (*len > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		--*len;
	}
	while (*len > 0 && (s[*len - 1] == ' ' || s[*len - 1] == '\t'))
		--*len;
	return s;
}

static int
parse_wide(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, parse_fn parse)
{
	int64_t *o = eval_ints(r, out);
	const char *s;
	size_t len;

	for (uint32_t row = 0; row < r->n; row++) {
		s = trimmed(&arg[0], row, &len);
		o[row] = 0;
		if (parse(&o[row], s, len) == -1)
			eval_unparsed(r, n, out, row);
	}
	return 0;
}

int
kcast_s_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return parse_wide(r, n, out, arg, num_parse_int);
}

int
kcast_s_t(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return parse_wide(r, n, out, arg, time_parse_rfc3339);
}

/* A duration, or the plain seconds that one prints as. */
static int
parse_dur(int64_t *us, const char *s, size_t len)
{
	double d;

	if (num_parse_dur(us, s, len) == 0)
		return 0;
	if (num_parse_float(&d, s, len) == -1)
		return -1;
	return kwide_round(us, d * 1e6);
}

int
kcast_s_d(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return parse_wide(r, n, out, arg, parse_dur);
}

int
kcast_s_f(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);
	const char *s;
	size_t len;

	for (uint32_t row = 0; row < r->n; row++) {
		s = trimmed(&arg[0], row, &len);
		o[row] = 0;
		if (num_parse_float(&o[row], s, len) == -1)
			eval_unparsed(r, n, out, row);
	}
	return 0;
}

static bool
is_text(const char *s, size_t len, const char *want)
{
	return len == strlen(want) && memcmp(s, want, len) == 0;
}

int
kcast_s_b(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	uint8_t *bits = eval_bits(r, out);
	const char *s;
	size_t len;

	memset(bits, 0, bits_words(r->n) * 8);
	for (uint32_t row = 0; row < r->n; row++) {
		s = trimmed(&arg[0], row, &len);
		if (is_text(s, len, "true") || is_text(s, len, "1"))
			bit_set(bits, row);
		else if (!is_text(s, len, "false") && !is_text(s, len, "0"))
			eval_unparsed(r, n, out, row);
	}
	return 0;
}

static int
format_wide(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, format_fn format)
{
	KTEXT_MAKE(r, n, out, 16, {
		char *p = strout_room(&s, NUM_TEXT_MAX);

		if (p != NULL)
			s.len += format(p, arg[0].i[row]);
	});
}

int
kcast_i_s(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return format_wide(r, n, out, arg, num_format_int);
}

int
kcast_t_s(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return format_wide(r, n, out, arg, time_format_rfc3339);
}

int
kcast_d_s(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return format_wide(r, n, out, arg, num_format_dur);
}

int
kcast_f_s(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, {
		char *p = strout_room(&s, NUM_TEXT_MAX);

		if (p != NULL)
			s.len += num_format_float(p, arg[0].f[row]);
	});
}

int
kcast_b_s(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 8, {
		bool v = bit_get(arg[0].bits, row);

		strout_put(&s, v ? "true" : "false", v ? 4 : 5);
	});
}

int
kcast_b_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	(void)n;
	for (uint32_t row = 0; row < r->n; row++)
		o[row] = bit_get(arg[0].bits, row);
	return 0;
}

int
kcast_b_f(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);

	(void)n;
	for (uint32_t row = 0; row < r->n; row++)
		o[row] = bit_get(arg[0].bits, row);
	return 0;
}

int
kcast_i_b(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	uint8_t *bits = eval_bits(r, out);

	(void)n;
	memset(bits, 0, bits_words(r->n) * 8);
	for (uint32_t row = 0; row < r->n; row++) {
		if (arg[0].i[row] != 0)
			bit_set(bits, row);
	}
	return 0;
}

int
kcast_f_b(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	uint8_t *bits = eval_bits(r, out);

	(void)n;
	memset(bits, 0, bits_words(r->n) * 8);
	for (uint32_t row = 0; row < r->n; row++) {
		if (arg[0].f[row] != 0)
			bit_set(bits, row);
	}
	return 0;
}

int
kcast_i_f(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);

	(void)n;
	for (size_t row = 0; row < r->n; row++)
		o[row] = (double)arg[0].i[row];
	return 0;
}

/* trunc(x * by) as an integer; nothing fits that is NaN or too large. */
static int
float_to_wide(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, double by)
{
	int64_t *o = eval_ints(r, out);
	double d;

	for (uint32_t row = 0; row < r->n; row++) {
		d = by == 1 ? trunc(arg[0].f[row]) : round(arg[0].f[row] * by);
		o[row] = 0;
		if (kwide_fits(d))
			o[row] = (int64_t)d;
		else if (eval_bad(r, n, out, row,
			     by == 1 ? "a float that does not fit an int"
				     : "a float that does not fit a time")
			 == -1)
			return -1;
	}
	return 0;
}

int
kcast_f_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return float_to_wide(r, n, out, arg, 1);
}

int
kcast_f_t(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return float_to_wide(r, n, out, arg, 1e6);
}

/* Whole seconds, the ones before an instant. */
int
kcast_t_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	(void)n;
	for (size_t row = 0; row < r->n; row++)
		o[row] = num_floor_div(arg[0].i[row], TIME_US);
	return 0;
}

int
kcast_t_f(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	double *o = eval_floats(r, out);

	(void)n;
	for (size_t row = 0; row < r->n; row++)
		o[row] = (double)arg[0].i[row] / 1e6;
	return 0;
}

int
kcast_i_t(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	for (uint32_t row = 0; row < r->n; row++) {
		if (!num_mul(&o[row], arg[0].i[row], TIME_US)
		    && eval_bad(r, n, out, row, "time overflow") == -1)
			return -1;
	}
	return 0;
}
