/* SPDX-License-Identifier: ISC */
/* Kernels of codings: hex, base64, percent.  millrace-expr(7). */
#include "expr/kcode.h"
#include "base/utf8.h"
#include "expr/kernels.h"

static const char hex_digits[] = "0123456789ABCDEF";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int
kcode_hex_s(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, {
		struct ktext t = ktext_at(&arg[0], row);
		char *to = strout_room(&s, t.len * 2);

		for (size_t i = 0; to != NULL && i < t.len; i++) {
			*to++ = hex_digits[(unsigned char)t.p[i] >> 4];
			*to++ = hex_digits[t.p[i] & 15];
		}
		s.len += to == NULL ? 0 : t.len * 2;
	});
}

int
kcode_hex_i(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, {
		uint64_t v = (uint64_t)arg[0].i[row];
		char text[16];
		size_t at = sizeof(text);

		do
			text[--at] = hex_digits[v & 15];
		while ((v >>= 4) != 0);
		strout_put(&s, text + at, sizeof(text) - at);
	});
}

/* The value of a hex digit, or -1. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* As many bytes as t has pairs of digits; false when it is none. */
static bool
undo_hex(char *to, size_t *len, struct ktext t)
{
	*len = t.len / 2;
	for (size_t i = 0; i < *len; i++) {
		int a = hex_value(t.p[2 * i]), b = hex_value(t.p[2 * i + 1]);

		if (a < 0 || b < 0)
			return false;
		to[i] = (char)(a << 4 | b);
	}
	return t.len % 2 == 0;
}

static bool
undo_base64(char *to, size_t *len, struct ktext t)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;
	const char *digit;

	*len = 0;
	if (t.len % 4 == 0) {
		for (size_t i = 0; i < 2 && t.len > 0; i++)
			t.len -= t.p[t.len - 1] == '=';
	}
	for (size_t i = 0; i < t.len; i++) {
		digit = memchr(base64_digits, t.p[i], 64);
		if (digit == NULL)
			return false;
		bits = bits << 6 | (uint32_t)(digit - base64_digits);
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			to[(*len)++] = (char)(bits >> n_bits & 0xff);
		}
	}
	/* A lone digit holds no byte; bits left over must be zeros. */
	return n_bits < 6 && (bits & ((1u << n_bits) - 1)) == 0;
}

typedef bool (*undo_fn)(char *to, size_t *len, struct ktext t);

/* What is no such coding, or no UTF-8 behind it, is null and counted. */
static int
undo(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, undo_fn f)
{
	KTEXT_MAKE(r, n, out, 16, {
		struct ktext t = ktext_at(&arg[0], row);
		char *to = strout_room(&s, t.len);
		size_t len;

		if (to == NULL)
			break;
		if (f(to, &len, t) && utf8_valid(to, len))
			s.len += len;
		else
			eval_unparsed(r, n, out, row);
	});
}

int
kcode_unhex(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return undo(r, n, out, arg, undo_hex);
}

int
kcode_unbase64(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return undo(r, n, out, arg, undo_base64);
}

int
kcode_base64(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, {
		struct ktext t = ktext_at(&arg[0], row);
		size_t len = (t.len + 2) / 3 * 4;
		char *to = strout_room(&s, len);

		for (size_t i = 0; to != NULL && i < t.len; i += 3, to += 4) {
			uint32_t v = (uint32_t)(unsigned char)t.p[i] << 16;

			if (i + 1 < t.len)
				v |= (uint32_t)(unsigned char)t.p[i + 1] << 8;
			if (i + 2 < t.len)
				v |= (unsigned char)t.p[i + 2];
			to[0] = base64_digits[v >> 18];
			to[1] = base64_digits[v >> 12 & 63];
			to[2] = base64_digits[v >> 6 & 63];
			to[3] = base64_digits[v & 63];
			if (i + 2 >= t.len)
				to[3] = '=';
			if (i + 1 >= t.len)
				to[2] = '=';
		}
		s.len += to == NULL ? 0 : len;
	});
}

/* What stands for itself in a form.  The WHATWG URL standard, 5.2. */
static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	       || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'
	       || c == '*';
}

int
kcode_url_encode(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 24, {
		struct ktext t = ktext_at(&arg[0], row);
		char *to = strout_room(&s, t.len * 3);
		char *begin = to;

		for (size_t i = 0; to != NULL && i < t.len; i++) {
			char c = t.p[i];

			if (is_plain(c) || c == ' ') {
				*to++ = c == ' ' ? '+' : c;
				continue;
			}
			*to++ = '%';
			*to++ = hex_digits[(unsigned char)c >> 4];
			*to++ = hex_digits[c & 15];
		}
		s.len += (size_t)(to - begin);
	});
}

/* The byte that %XX at p stands for, or -1. */
static int
percent_byte(const char *p, size_t len)
{
	if (len < 3 || p[0] != '%' || hex_value(p[1]) < 0
	    || hex_value(p[2]) < 0)
		return -1;
	return hex_value(p[1]) << 4 | hex_value(p[2]);
}

void
kcode_put_decoded(struct strout *s, struct ktext t)
{
	static const char unknown[] = "\xef\xbf\xbd"; /* U+FFFD */
	char seq[4];
	uint32_t cp;
	size_t n, used, at[5];

	for (size_t i = 0; i < t.len && !s->failed; i = at[used]) {
		/* Decode up to a character's four bytes, take one. */
		at[0] = i;
		for (n = 0; n < 4 && at[n] < t.len; n++) {
			int v = percent_byte(t.p + at[n], t.len - at[n]);

			seq[n] = v >= 0              ? (char)v
				 : t.p[at[n]] == '+' ? ' '
						     : t.p[at[n]];
			at[n + 1] = at[n] + (v >= 0 ? 3 : 1);
		}
		used = utf8_decode(&cp, seq, n);
		if (used > 0) {
			strout_put(s, seq, used);
		} else {
			strout_put(s, unknown, 3);
			used = 1;
		}
	}
}

int
kcode_url_decode(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(
	    r, n, out, 16, { kcode_put_decoded(&s, ktext_at(&arg[0], row)); });
}
