/* SPDX-License-Identifier: ISC */
/* The kernel of format: printf(3), with values of known types. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/utf8.h"
#include "expr/check.h"
#include "expr/kernels.h"
#include "expr/ktext.h"

#define WIDTH_MAX 1000
#define PRECISION_MAX 100
#define NUMBER_MAX 512 /* bytes of %f: 309 digits, a point, PRECISION_MAX */

/* A conversion and the text before it; the last one has no conversion. */
struct piece {
	size_t from; /* of format.text */
	size_t len;
	char conv; /* s d x X o c f F e E g G, or 0 */
	bool left, plus, blank, zero, alternate;
	int width;
	int precision; /* -1: not given */
};

struct format {
	char *text; /* owned: the text without conversions */
	struct piece pieces[EXPR_MAX_ARGS];
	size_t n;
};

static void
format_free(void *aux)
{
	struct format *f = aux;

	free(f->text);
	free(f);
}

/* Digits at *at up to max, or -1 when there are more. */
static int
read_size(struct ktext t, size_t *at, int max)
{
	int v = 0;

	for (; *at < t.len && t.p[*at] >= '0' && t.p[*at] <= '9'; ++*at) {
		v = v * 10 + (t.p[*at] - '0');
		if (v > max)
			return -1;
	}
	return v;
}

static void
read_flags(struct piece *p, struct ktext t, size_t *at)
{
	for (; *at < t.len; ++*at) {
		switch (t.p[*at]) {
		case '-':
			p->left = true;
			break;
		case '+':
			p->plus = true;
			break;
		case ' ':
			p->blank = true;
			break;
		case '0':
			p->zero = true;
			break;
		case '#':
			p->alternate = true;
			break;
		default:
			return;
		}
	}
}

/* The conversion behind the % at *at; 0, or -1 with the reason in *why. */
static int
read_conversion(struct piece *p, struct ktext t, size_t *at, const char **why)
{
	++*at;
	read_flags(p, t, at);
	p->width = read_size(t, at, WIDTH_MAX);
	p->precision = -1;
	if (*at < t.len && t.p[*at] == '.') {
		++*at;
		p->precision = read_size(t, at, PRECISION_MAX);
		if (p->precision == -1) {
			*why = "a precision is at most 100";
			return -1;
		}
	}
	*why = "a width is at most 1000";
	if (p->width == -1)
		return -1;
	*why = "there are the conversions %s %d %x %X %o %c %f %e %g %%";
	if (*at == t.len || strchr("sdixXocfFeEgG", t.p[*at]) == NULL
	    || t.p[*at] == '\0')
		return -1;
	p->conv = t.p[*at] == 'i' ? 'd' : t.p[*at];
	++*at;
	*why = "%d %x %o %c take no precision";
	return p->precision != -1 && strchr("dxXoc", p->conv) != NULL ? -1 : 0;
}

/* Take t apart.  0, or -1 with the reason in *why. */
static int
read_format(struct format *f, struct ktext t, const char **why)
{
	struct piece *p = f->pieces;
	size_t n = 0, at = 0;

	f->n = 1;
	while (at < t.len) {
		if (t.p[at] != '%' || (at + 1 < t.len && t.p[at + 1] == '%')) {
			at += t.p[at] == '%';
			f->text[n++] = t.p[at++];
			continue;
		}
		if (f->n == EXPR_MAX_ARGS) {
			*why = "there are more than 15 conversions";
			return -1;
		}
		p->len = n - p->from;
		if (read_conversion(p, t, &at, why) == -1)
			return -1;
		f->n++;
		p++;
		p->from = n;
	}
	p->len = n - p->from;
	return 0;
}

/* Make the value of a conversion a text, an int or a float. */
static int
convert(struct check *c, struct node **kid, char conv)
{
	const struct node *k = *kid;
	enum type want = conv == 's'                      ? TYPE_STR
			 : strchr("fFeEgG", conv) != NULL ? TYPE_FLOAT
							  : TYPE_INT;
	bool fits = k->type == want || k->type == 0 || want == TYPE_STR
		    || k->type == TYPE_STR
		    || (want == TYPE_FLOAT && k->type == TYPE_INT);

	if (k->type == TYPE_BIN || !fits)
		return expr_fail(c->err, k->at, k->len,
		    "%%%c wants %s, this is %s%s", conv, type_name(want),
		    type_name(k->type),
		    k->type == TYPE_BIN ? "" : "; %s takes anything");
	return check_convert(c, kid, want);
}

int
kformat_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	struct check c = {.u = u, .err = err};
	const struct node *k = n->kids[0];
	struct format *f;
	const char *why;

	if (k->is_null)
		return 0;
	if (k->kind != NODE_LIT)
		return expr_fail(
		    err, k->at, k->len, "the format must be a constant");
	f = mem_zero(1, sizeof(*f));
	f->text = mem_alloc(k->lit.off[1] + 1);
	n->aux = f;
	n->aux_free = format_free;
	if (read_format(f, ktext_at(&k->lit, 0), &why) == -1)
		return expr_fail(err, k->at, k->len, "%s", why);
	if (f->n != n->n_kids)
		return expr_fail(err, n->at, n->len,
		    "the format wants %zu value%s, there %s %zu", f->n - 1,
		    f->n == 2 ? "" : "s", n->n_kids == 2 ? "is" : "are",
		    n->n_kids - 1);
	for (size_t i = 1; i < n->n_kids; i++) {
		if (convert(&c, &n->kids[i], f->pieces[i - 1].conv) == -1)
			return -1;
	}
	return 0;
}

static void
put_blanks(struct strout *s, size_t n)
{
	char *to = strout_room(s, n);

	if (to == NULL)
		return;
	memset(to, ' ', n);
	s->len += n;
}

/* t, which counts as n characters, on one side of its width. */
static void
put_padded(struct strout *s, const struct piece *p, struct ktext t, size_t n)
{
	size_t blanks = (size_t)p->width > n ? (size_t)p->width - n : 0;

	if (!p->left)
		put_blanks(s, blanks);
	strout_put(s, t.p, t.len);
	if (p->left)
		put_blanks(s, blanks);
}

/* Digits behind a sign or prefix, with zeros between if they are asked for. */
static void
put_number(struct strout *s, const struct piece *p, const char *sign,
    struct ktext digits)
{
	char text[NUMBER_MAX + WIDTH_MAX + 2];
	size_t n = strlen(sign), zeros = 0;

	/* nan and inf, which have no digit, get blanks. */
	if (p->zero && !p->left && (*digits.p | 0x20) != 'n'
	    && (*digits.p | 0x20) != 'i' && (size_t)p->width > n + digits.len)
		zeros = (size_t)p->width - n - digits.len;
	memcpy(text, sign, n);
	memset(text + n, '0', zeros);
	memcpy(text + n + zeros, digits.p, digits.len);
	n += zeros + digits.len;
	put_padded(s, p, (struct ktext){text, n}, n);
}

static const char *
sign_of(const struct piece *p, bool negative)
{
	return negative ? "-" : p->plus ? "+" : p->blank ? " " : "";
}

/* v in base 8 or 16, of 64 bits without a sign. */
static void
put_bits(struct strout *s, const struct piece *p, uint64_t v)
{
	const char *prefix = p->conv == 'o'   ? "0"
			     : p->conv == 'x' ? "0x"
					      : "0X";
	const char *all =
	    p->conv == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	const unsigned bits = p->conv == 'o' ? 3 : 4;
	char text[24];
	size_t at = sizeof(text);

	if (!p->alternate || v == 0)
		prefix = "";
	do
		text[--at] = all[v & ((1u << bits) - 1)];
	while ((v >>= bits) != 0);
	put_number(s, p, prefix, (struct ktext){text + at, sizeof(text) - at});
}

static void
put_int(struct strout *s, const struct piece *p, int64_t v)
{
	char text[NUM_TEXT_MAX];
	size_t len;

	if (p->conv != 'd') {
		put_bits(s, p, (uint64_t)v);
		return;
	}
	len = num_format_int(text, v);
	put_number(s, p, sign_of(p, v < 0),
	    (struct ktext){text + (v < 0), len - (v < 0)});
}

static void
put_float(struct strout *s, const struct piece *p, double v)
{
	int precision = p->precision == -1 ? 6 : p->precision, len;
	double size = fabs(v);
	char text[NUMBER_MAX];

	if (p->conv == 'f' || p->conv == 'F')
		len = snprintf(text, sizeof(text), "%.*f", precision, size);
	else if (p->conv == 'e' || p->conv == 'E')
		len = snprintf(text, sizeof(text), "%.*e", precision, size);
	else
		len = snprintf(text, sizeof(text), "%.*g", precision, size);
	for (int i = 0; i < len && p->conv < 'a'; i++) {
		if (text[i] >= 'a' && text[i] <= 'z')
			text[i] ^= 0x20;
	}
	put_number(s, p, isnan(v) ? "" : sign_of(p, signbit(v)),
	    (struct ktext){text, (size_t)len});
}

static void
put_text(struct strout *s, const struct piece *p, struct ktext t)
{
	if (p->precision != -1)
		t.len = ktext_skip(t.p, t.len, (uint64_t)p->precision);
	put_padded(s, p, t, p->width == 0 ? 0 : ktext_count(t.p, t.len));
}

/* The character of a code point, or nothing. */
static void
put_char(struct strout *s, const struct piece *p, int64_t v)
{
	char text[4];

	if (v < 0 || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		put_padded(s, p, (struct ktext){text, 0}, 0);
	else
		put_padded(s, p,
		    (struct ktext){text, utf8_encode(text, (uint32_t)v)}, 1);
}

static void
put_value(
    struct strout *s, const struct piece *p, const struct col *c, uint32_t row)
{
	switch (p->conv) {
	case 's':
		put_text(s, p, ktext_at(c, row));
		break;
	case 'c':
		put_char(s, p, c->i[eval_at(c, row)]);
		break;
	case 'd':
	case 'x':
	case 'X':
	case 'o':
		put_int(s, p, c->i[eval_at(c, row)]);
		break;
	default:
		put_float(s, p, c->f[eval_at(c, row)]);
	}
}

int
kformat(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct format *f = n->aux;

	KTEXT_MAKE(r, n, out, 16, {
		for (size_t i = 0; i < f->n; i++) {
			const struct piece *p = &f->pieces[i];

			strout_put(&s, f->text + p->from, p->len);
			if (p->conv != 0)
				put_value(&s, p, &arg[i + 1], row);
		}
	});
}
