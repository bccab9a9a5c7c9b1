/* SPDX-License-Identifier: ISC */
/* Kernels of time formats and zones. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "expr/kernels.h"
#include "expr/ktext.h"
#include "expr/ktime.h"

#define FORMAT_MAX 256 /* bytes of one formatted time */

static void
ktime_free(void *aux)
{
	struct ktime *t = aux;

	free(t->format);
	zone_close(t->zone);
	free(t);
}

struct ktime *
ktime_new(struct node *n)
{
	struct ktime *t = mem_zero(1, sizeof(*t));

	n->aux = t;
	n->aux_free = ktime_free;
	return t;
}

int
ktime_read_zone(
    struct zone **zone, const struct node *k, struct expr_error *err)
{
	char *name, *why = NULL;

	if (k->is_null)
		return 0;
	if (k->kind != NODE_LIT)
		return expr_fail(
		    err, k->at, k->len, "the zone must be a constant");
	name = mem_strndup(k->lit.bytes, k->lit.off[1]);
	if (strlen(name) == k->lit.off[1])
		*zone = zone_open(name, &why);
	else
		why = mem_strdup("the name of a zone has no NUL");
	free(name);
	if (*zone == NULL)
		expr_fail(err, k->at, k->len, "%s", why);
	free(why);
	return *zone == NULL ? -1 : 0;
}

bool
ktime_shown(
    int64_t *shown, struct zone_span *span, const struct zone *z, int64_t us)
{
	if (us < span->from_us || us >= span->to_us)
		zone_find(span, z, us);
	return num_add(shown, us, span->offset_us);
}

/* kids[1] is the zone. */
int
kzone_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	(void)u;
	return ktime_read_zone(&ktime_new(n)->zone, n->kids[1], err);
}

/* What the clocks of the zone show, as if they were those of UTC. */
int
kzone_from_utc(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct ktime *aux = n->aux;
	int64_t *o = eval_ints(r, out);
	struct zone_span span = {0};

	for (uint32_t row = 0; row < r->n; row++) {
		int64_t us = arg[0].i[eval_at(&arg[0], row)];

		if (!ktime_shown(&o[row], &span, aux->zone, us)
		    && eval_bad(r, n, out, row, "time overflow") == -1)
			return -1;
	}
	return 0;
}

int
kzone_to_utc(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct ktime *aux = n->aux;
	int64_t *o = eval_ints(r, out);

	for (uint32_t row = 0; row < r->n; row++) {
		int64_t us = arg[0].i[eval_at(&arg[0], row)];

		o[row] = 0;
		if (zone_local_us(&o[row], aux->zone, us) == -1
		    && eval_bad(r, n, out, row, "time overflow") == -1)
			return -1;
	}
	return 0;
}

/* The letters of date_format, each run of them, by strftime's. */
static const struct {
	const char *run;
	const char *conversion;
} letters[] = {{"yyyy", "%Y"}, {"yy", "%y"}, {"MM", "%m"}, {"MMM", "%b"},
    {"MMMM", "%B"}, {"dd", "%d"}, {"HH", "%H"}, {"hh", "%I"}, {"mm", "%M"},
    {"ss", "%S"}, {"SSS", "%L"}, {"SSSSSS", "%f"}, {"E", "%a"}, {"EEE", "%a"},
    {"EEEE", "%A"}, {"a", "%p"}, {"DDD", "%j"}, {"Z", "%z"}, {"xx", "%z"},
    {"z", "%Z"}};

static const char *
find_letters(const char *s, size_t len)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (strlen(letters[i].run) == len
		    && memcmp(letters[i].run, s, len) == 0)
			return letters[i].conversion;
	}
	return NULL;
}

/* Append '...' of a date_format at f; returns its bytes, 0: it is open. */
static size_t
put_quoted(struct buf *b, const char *f)
{
	size_t i = 1;

	if (f[1] == '\'') {
		buf_putc(b, '\'');
		return 2;
	}
	for (; f[i] != '\'' || f[i + 1] == '\''; i++) {
		if (f[i] == '\0')
			return 0;
		i += f[i] == '\'';
		buf_putc(b, f[i]);
	}
	return i + 1;
}

/*
 * The strftime format of one of date_format; one with a % is taken for such.
 * 0, or -1 with the letters that have no meaning in *bad and *bad_len.
 */
static int
translate(struct buf *b, const char *f, size_t *bad, size_t *bad_len)
{
	const char *from = f, *conversion;
	size_t n;

	if (strchr(f, '%') != NULL) {
		buf_puts(b, f);
		return 0;
	}
	for (; *f != '\0'; f += n) {
		n = 1;
		*bad = (size_t)(f - from);
		*bad_len = 1;
		if (*f == '\'') {
			n = put_quoted(b, f);
			if (n == 0)
				return -1;
		} else if (isalpha((unsigned char)*f)) {
			while (f[n] == f[0])
				n++;
			*bad_len = n;
			conversion = find_letters(f, n);
			if (conversion == NULL)
				return -1;
			buf_puts(b, conversion);
		} else {
			buf_putc(b, *f);
		}
	}
	return 0;
}

/* Of a format: strftime's, or date_format's. */
enum style { CONVERSIONS, LETTERS };

/* kids[1] is a constant format, kids[2] perhaps a zone, both for n->aux. */
static int
prepare_format(struct node *n, struct expr_error *err, enum style style)
{
	const struct node *k = n->kids[1];
	struct ktime *aux = ktime_new(n);
	size_t at, len;
	struct buf b;
	char bad;

	if (n->n_kids == 3
	    && ktime_read_zone(&aux->zone, n->kids[2], err) == -1)
		return -1;
	if (k->is_null)
		return 0;
	if (k->kind != NODE_LIT)
		return expr_fail(
		    err, k->at, k->len, "the format must be a constant");
	aux->format = mem_strndup(k->lit.bytes, k->lit.off[1]);
	if (strlen(aux->format) != k->lit.off[1])
		return expr_fail(err, k->at, k->len, "the format holds a NUL");
	if (style == LETTERS) {
		buf_init(&b, 0);
		if (translate(&b, aux->format, &at, &len) == -1) {
			buf_release(&b);
			return expr_fail(err, k->at, k->len,
			    "no meaning of %.*s in a format of letters; "
			    "strftime has %%-conversions",
			    (int)(len < 20 ? len : 20), aux->format + at);
		}
		free(aux->format);
		aux->format = mem_strndup((const char *)b.data, b.len);
		buf_release(&b);
	}
	if (time_check_format(aux->format, &bad) == -1)
		return expr_fail(err, k->at, k->len,
		    "the format has no conversion %%%c", bad);
	return 0;
}

int
kzone_format_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	(void)u;
	return prepare_format(n, err, CONVERSIONS);
}

int
kzone_letters_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	(void)u;
	return prepare_format(n, err, LETTERS);
}

int
kzone_format(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct ktime *aux = n->aux;
	struct zone_span span = {.abbrev = "UTC"};

	KTEXT_MAKE(r, n, out, 20, {
		int64_t us = arg[0].i[eval_at(&arg[0], row)], shown = us;
		char *p = strout_room(&s, FORMAT_MAX);
		size_t len;

		if (p == NULL)
			break;
		if (aux->zone != NULL
		    && !ktime_shown(&shown, &span, aux->zone, us))
			len = FORMAT_MAX + 1;
		else
			len = time_format_clock(p, FORMAT_MAX, us,
			    span.offset_us, span.abbrev, aux->format);
		if (len <= FORMAT_MAX)
			s.len += len;
		else if (eval_bad(
			     r, n, out, row, "a time of more than 256 bytes")
			 == -1)
			return -1;
	});
}

/* Whether the text itself says what its zone is. */
static bool
has_zone(const char *format)
{
	for (const char *f = format; *f != '\0'; f++) {
		if (*f != '%')
			continue;
		f++;
		if (*f == 'z' || *f == 'Z' || *f == 's')
			return true;
	}
	return false;
}

int
kzone_parse(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct ktime *aux = n->aux;
	const struct zone *zone = has_zone(aux->format) ? NULL : aux->zone;
	int64_t *o = eval_ints(r, out);

	for (uint32_t row = 0; row < r->n; row++) {
		struct ktext t = ktext_at(&arg[0], row);

		o[row] = 0;
		if (time_parse_format(&o[row], t.p, t.len, aux->format) == -1
		    || (zone != NULL
			&& zone_local_us(&o[row], zone, o[row]) == -1))
			eval_unparsed(r, n, out, row);
	}
	return 0;
}
