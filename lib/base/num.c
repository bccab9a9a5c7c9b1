/* SPDX-License-Identifier: ISC */
/* Numbers as text. */
#include "base/num.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digits.h"
#include "base/mem.h"

#define EXACT_INT 9007199254740992.0 /* 2^53: doubles below are exact ints */
#define DIGITS_EXACT 1000000000000000 /* 10^15: any 15 digits read back */

int
num_parse_int(int64_t *v, const char *s, size_t len)
{
	size_t i = len > 0 && (s[0] == '-' || s[0] == '+');
	bool minus = i == 1 && s[0] == '-';
	int64_t n = 0;

	if (i == len)
		return -1;
	for (; i < len; i++) {
		int d = s[i] - '0';

		if (d < 0 || d > 9 || !num_mul(&n, n, 10))
			return -1;
		if (minus ? !num_sub(&n, n, d) : !num_add(&n, n, d))
			return -1;
	}
	*v = n;
	return 0;
}

/* nan, inf, infinity in any case with a sign. */
static int
parse_special(double *v, const char *s, size_t len)
{
	bool minus = len > 0 && s[0] == '-';

	if (minus || (len > 0 && s[0] == '+')) {
		s++;
		len--;
	}
	if (len == 3 && strncasecmp(s, "nan", 3) == 0)
		*v = NAN;
	else if ((len == 3 && strncasecmp(s, "inf", 3) == 0)
		 || (len == 8 && strncasecmp(s, "infinity", 8) == 0))
		*v = minus ? -INFINITY : INFINITY;
	else
		return -1;
	return 0;
}

/* Whether s is [+-]digits[.digits][e[+-]digits] with a digit before the e. */
static bool
is_decimal(const char *s, size_t len)
{
	size_t i = len > 0 && (s[0] == '-' || s[0] == '+'), n = 0, n_exp = 0;

	for (; i < len && s[i] >= '0' && s[i] <= '9'; i++)
		n++;
	if (i < len && s[i] == '.')
		for (i++; i < len && s[i] >= '0' && s[i] <= '9'; i++)
			n++;
	if (n == 0)
		return false;
	if (i == len)
		return true;
	if (s[i] != 'e' && s[i] != 'E')
		return false;
	i++;
	i += i < len && (s[i] == '-' || s[i] == '+');
	for (; i < len && s[i] >= '0' && s[i] <= '9'; i++)
		n_exp++;
	return i == len && n_exp > 0;
}

/*
 * Up to 15 digits without an exponent: the digits and the power of ten are
 * exact as doubles, so that one division rounds once, as it should.
 */
static bool
parse_short(double *v, const char *s, size_t len)
{
	static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
	    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	bool negative = len > 0 && s[0] == '-';
	size_t i = negative, n_digits = 0, n_fraction = 0;
	int64_t digits = 0;
	double d;

	if (len > 17)
		return false;
	for (; i < len && s[i] >= '0' && s[i] <= '9'; i++, n_digits++)
		digits = digits * 10 + (s[i] - '0');
	if (i < len && s[i] == '.') {
		for (i++; i < len && s[i] >= '0' && s[i] <= '9'; i++) {
			digits = digits * 10 + (s[i] - '0');
			n_fraction++;
		}
	}
	n_digits += n_fraction;
	if (i < len || n_digits == 0 || n_digits > 15)
		return false;
	d = (double)digits / powers[n_fraction];
	*v = negative ? -d : d;
	return true;
}

int
num_parse_float(double *v, const char *s, size_t len)
{
	char small[64], *copy = small;

	if (parse_short(v, s, len))
		return 0;
	if (!is_decimal(s, len))
		return parse_special(v, s, len);
	if (len >= sizeof(small))
		copy = mem_alloc(len + 1);
	memcpy(copy, s, len);
	copy[len] = '\0';
	*v = strtod(copy, NULL);
	if (copy != small)
		free(copy);
	return 0;
}

/* Microseconds in the unit at s, its length in *n; 0 for none. */
static int64_t
unit_us(const char *s, size_t len, size_t *n)
{
	static const struct {
		char name[3];
		size_t len;
		int64_t us;
	} units[] = {{"us", 2, 1}, {"ms", 2, 1000}, {"s", 1, 1000000},
	    {"m", 1, 60000000}, {"h", 1, INT64_C(3600000000)},
	    {"d", 1, INT64_C(86400000000)}, {"w", 1, INT64_C(604800000000)}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (len >= units[i].len
		    && memcmp(s, units[i].name, units[i].len) == 0) {
			*n = units[i].len;
			return units[i].us;
		}
	return 0;
}

/* One number with its unit at s; *used its length, *us its value. */
static int
parse_dur_part(int64_t *us, size_t *used, const char *s, size_t len)
{
	int64_t whole = 0, unit, frac_num = 0, frac_den = 1;
	size_t i, n, start;

	for (i = 0; i < len && s[i] >= '0' && s[i] <= '9'; i++)
		if (!num_mul(&whole, whole, 10)
		    || !num_add(&whole, whole, s[i] - '0'))
			return -1;
	if (i == 0)
		return -1;
	if (i < len && s[i] == '.') {
		start = ++i;
		for (; i < len && s[i] >= '0' && s[i] <= '9'; i++)
			if (frac_den < 1000000) {
				frac_num = frac_num * 10 + (s[i] - '0');
				frac_den *= 10;
			}
		if (i == start)
			return -1;
	}
	unit = unit_us(s + i, len - i, &n);
	if (unit == 0 || !num_mul(us, whole, unit))
		return -1;
	*used = i + n;
	return num_add(us, *us,
		   unit / frac_den * frac_num
		       + unit % frac_den * frac_num / frac_den)
		   ? 0
		   : -1;
}

int
num_parse_dur(int64_t *us, const char *s, size_t len)
{
	bool minus = len > 0 && s[0] == '-';
	int64_t sum = 0, part;
	size_t used;

	s += minus;
	len -= minus;
	if (len == 1 && s[0] == '0') {
		*us = 0;
		return 0;
	}
	if (len == 0)
		return -1;
	for (; len > 0; s += used, len -= used) {
		if (parse_dur_part(&part, &used, s, len) == -1)
			return -1;
		if (!num_add(&sum, sum, part))
			return -1;
	}
	*us = minus ? -sum : sum;
	return 0;
}

int
num_parse_size(uint64_t *v, const char *s, size_t len)
{
	static const char units[] = "KMGT";
	const char *u;
	int64_t n, scale = 1;

	if (len > 0 && (u = strchr(units, s[len - 1])) != NULL && *u != '\0') {
		scale = INT64_C(1) << (10 * (u - units + 1));
		len--;
	}
	if (len == 0 || s[0] < '0' || s[0] > '9')
		return -1;
	if (num_parse_int(&n, s, len) == -1 || !num_mul(&n, n, scale))
		return -1;
	*v = (uint64_t)n;
	return 0;
}

static size_t
format_uint(char *out, uint64_t v)
{
	static const char pairs[] = "00010203040506070809"
				    "10111213141516171819"
				    "20212223242526272829"
				    "30313233343536373839"
				    "40414243444546474849"
				    "50515253545556575859"
				    "60616263646566676869"
				    "70717273747576777879"
				    "80818283848586878889"
				    "90919293949596979899";
	char tmp[20];
	size_t at = sizeof(tmp);

	for (; v >= 100; v /= 100)
		memcpy(tmp + (at -= 2), pairs + v % 100 * 2, 2);
	if (v >= 10)
		memcpy(tmp + (at -= 2), pairs + v * 2, 2);
	else
		tmp[--at] = (char)('0' + v);
	memcpy(out, tmp + at, sizeof(tmp) - at);
	return sizeof(tmp) - at;
}

size_t
num_format_int(char *out, int64_t v)
{
	if (v >= 0)
		return format_uint(out, (uint64_t)v);
	out[0] = '-';
	return 1 + format_uint(out + 1, -(uint64_t)v);
}

/* n digits d of d x 10^-scale, with a point; scale >= 1. */
static size_t
format_scaled(char *out, uint64_t d, unsigned scale)
{
	char tmp[24];
	size_t n = format_uint(tmp, d), i = 0;

	if (n <= scale) {
		out[i++] = '0';
		out[i++] = '.';
		for (size_t k = n; k < scale; k++)
			out[i++] = '0';
		memcpy(out + i, tmp, n);
		return i + n;
	}
	memcpy(out, tmp, n - scale);
	out[n - scale] = '.';
	memcpy(out + n - scale + 1, tmp + n - scale, scale);
	return n + 1;
}

/*
 * 0 < v < 10^15 with at most 15 digits: the least scale k for which
 * round(v x 10^k) / 10^k is v again gives the shortest digits, since both
 * operands of that division are exact and so it is correctly rounded.
 */
static size_t
format_short(char *out, double v)
{
	static const double pow10[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
	    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

	for (unsigned k = 0; k < sizeof(pow10) / sizeof(pow10[0]); k++) {
		double scaled = v * pow10[k];
		uint64_t d;

		if (scaled >= (double)DIGITS_EXACT)
			return 0;
		d = (uint64_t)(scaled + 0.5);
		if ((double)d / pow10[k] != v)
			continue;
		return k == 0 ? format_uint(out, d) : format_scaled(out, d, k);
	}
	return 0;
}

/*
 * Lay out n digits as %g would with a wide range: plain from 1e-5 to 1e21.
 * text is d.ddde[+-]xx as printed by %e.
 */
static size_t
format_digits(char *out, const char *text)
{
	char digits[24];
	size_t n = 0, i = 0;
	const char *e = strchr(text, 'e');
	int exp = (int)strtol(e + 1, NULL, 10);

	for (const char *p = text; p < e; p++)
		if (*p != '.')
			digits[n++] = *p;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	if (exp < -5 || exp >= 21) {
		out[i++] = digits[0];
		if (n > 1)
			out[i++] = '.';
		memcpy(out + i, digits + 1, n - 1);
		i += n - 1;
		return i
		       + (size_t)snprintf(
			   out + i, NUM_TEXT_MAX - 1 - i, "e%+03d", exp);
	}
	if (exp < 0) {
		out[i++] = '0';
		out[i++] = '.';
		for (int k = -1; k > exp; k--)
			out[i++] = '0';
	}
	for (size_t k = 0; k < n || (int)k <= exp; k++) {
		out[i++] = k < n ? digits[k] : '0';
		if ((int)k == exp && k + 1 < n)
			out[i++] = '.';
	}
	return i;
}

static size_t
format_long(char *out, double v)
{
	uint64_t d;
	unsigned scale;

	digits_find(&d, &scale, v);
	return scale == 0 ? format_uint(out, d) : format_scaled(out, d, scale);
}

size_t
num_format_float(char *out, double v)
{
	char text[40];
	size_t n = 0;

	if (isnan(v)) {
		memcpy(out, "nan", 3);
		return 3;
	}
	if (signbit(v)) {
		*out++ = '-';
		return 1 + num_format_float(out, -v);
	}
	if (isinf(v)) {
		memcpy(out, "inf", 3);
		return 3;
	}
	if (v == 0) {
		*out = '0';
		return 1;
	}
	if (v >= 1e-5 && v < (double)DIGITS_EXACT)
		n = format_short(out, v);
	if (n > 0)
		return n;
	if (v >= DIGITS_MIN && v < DIGITS_END)
		return format_long(out, v);
	/* Subnormals carry fewer than 15 digits. */
	for (int prec = v < DBL_MIN ? 0 : 14; prec <= 16; prec++) {
		snprintf(text, sizeof(text), "%.*e", prec, v);
		if (strtod(text, NULL) == v)
			break;
	}
	return format_digits(out, text);
}

size_t
num_format_dur(char *out, int64_t us)
{
	uint64_t v = us < 0 ? -(uint64_t)us : (uint64_t)us;
	unsigned scale = 6;
	size_t i = 0;

	if (us < 0)
		out[i++] = '-';
	for (; scale > 0 && v % 10 == 0; scale--)
		v /= 10;
	if (scale == 0)
		return i + format_uint(out + i, v);
	return i + format_scaled(out + i, v, scale);
}
