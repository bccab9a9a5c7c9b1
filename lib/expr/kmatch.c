/* SPDX-License-Identifier: ISC */
/* Kernels of like, ~ and the regexp functions. */
#include <stdlib.h>
#include <string.h>

#include "base/pattern.h"
#include "expr/kernels.h"
#include "expr/kjson.h"
#include "expr/ktext.h"
#include "expr/kwide.h"

/*
 * A pattern of like.  A simple one is a constant without wildcards, perhaps
 * between %.
 */
struct like {
	char escape;
	bool simple; /* one of text, text%, %text, %text% */
	bool open_front;
	bool open_end;
	char *text; /* owned; of a simple one */
	size_t len;
};

static void
like_free(void *aux)
{
	struct like *l = aux;

	free(l->text);
	free(l);
}

/* Find out whether t is simple. */
static void
read_like(struct like *l, struct ktext t)
{
	l->simple = memchr(t.p, '_', t.len) == NULL
		    && memchr(t.p, l->escape, t.len) == NULL;
	while (t.len > 0 && *t.p == '%') {
		l->open_front = true;
		t.p++;
		t.len--;
	}
	while (t.len > 0 && t.p[t.len - 1] == '%') {
		l->open_end = true;
		t.len--;
	}
	/* A lone % is open at both ends. */
	if (t.len == 0 && l->open_front)
		l->open_end = true;
	l->simple = l->simple && memchr(t.p, '%', t.len) == NULL;
	l->text = mem_strndup(t.p, t.len);
	l->len = t.len;
}

int
kmatch_like_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	const struct node *k = n->kids[1];
	const struct node *escape = n->n_kids == 3 ? n->kids[2] : NULL;
	struct like *l = mem_zero(1, sizeof(*l));

	(void)u;
	l->escape = '\\';
	n->aux = l;
	n->aux_free = like_free;
	if (escape != NULL && !escape->is_null) {
		if (escape->kind != NODE_LIT || escape->lit.off[1] != 1)
			return expr_fail(err, escape->at, escape->len,
			    "escape wants a constant of one character");
		l->escape = escape->lit.bytes[0];
	}
	if (k->kind == NODE_LIT && !k->is_null)
		read_like(l, ktext_at(&k->lit, 0));
	return 0;
}

static bool
like_simple(const struct like *l, const char *s, size_t len)
{
	if (len < l->len)
		return false;
	if (l->open_front && l->open_end)
		return l->len == 0 || memmem(s, len, l->text, l->len) != NULL;
	if (!l->open_front && !l->open_end && len != l->len)
		return false;
	return memcmp(l->open_front ? s + len - l->len : s, l->text, l->len)
	       == 0;
}

int
kmatch_like(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct like *l = n->aux;
	uint8_t *bits = eval_bits(r, out);
	bool hit;

	memset(bits, 0, bits_words(r->n) * 8);
	for (uint32_t row = 0; row < r->n; row++) {
		struct ktext t = ktext_at(&arg[0], row);

		if (l->simple) {
			hit = like_simple(l, t.p, t.len);
		} else {
			struct ktext like = ktext_at(&arg[1], row);

			hit = pattern_like(
			    like.p, like.len, l->escape, t.p, t.len);
		}
		bits_or(bits, row, hit);
	}
	return 0;
}

static void
regex_free(void *aux)
{
	pattern_free(aux);
}

int
kmatch_regex_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	const struct node *k = n->kids[1];
	char why[256];
	size_t at;

	(void)u;
	if (k->is_null)
		return 0;
	if (k->kind != NODE_LIT)
		return expr_fail(
		    err, k->at, k->len, "the pattern must be a constant");
	n->aux =
	    pattern_new(k->lit.bytes, k->lit.off[1], why, sizeof(why), &at);
	if (n->aux == NULL)
		return expr_fail(
		    err, k->at, k->len, "pattern, byte %zu: %s", at, why);
	n->aux_free = regex_free;
	return 0;
}

static int
gave_up(struct run *r, const struct node *n, uint32_t row)
{
	return eval_fail(r, n, row, "the pattern backtracks without end");
}

int
kmatch_regex(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	uint8_t *bits = eval_bits(r, out);
	const char *s;
	size_t len;
	int rc;

	memset(bits, 0, bits_words(r->n) * 8);
	for (uint32_t row = 0; row < r->n; row++) {
		if (!eval_live(r, out, row))
			continue;
		s = col_str(&arg[0], row, &len);
		rc = pattern_match(n->aux, NULL, 0, s, len, 0);
		if (rc == -1)
			return gave_up(r, n, row);
		if (rc == 1)
			bit_set(bits, row);
	}
	return 0;
}

/* The group of regexp_extract, checked to be there. */
int
kmatch_extract_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	const struct node *k = n->n_kids == 3 ? n->kids[2] : NULL;

	if (kmatch_regex_prepare(u, n, err) == -1)
		return -1;
	if (n->aux == NULL || k == NULL)
		return 0;
	if (k->kind != NODE_LIT)
		return expr_fail(
		    err, k->at, k->len, "the group must be a constant");
	if (k->is_null
	    || (k->lit.i[0] >= 0 && k->lit.i[0] < PATTERN_MAX_GROUPS
		&& k->lit.i[0] <= (int64_t)pattern_groups(n->aux)))
		return 0;
	return expr_fail(
	    err, k->at, k->len, "the pattern has no group of this number");
}

/* The group a call is about: as given, else the first, or the whole match. */
static size_t
group_of(const struct node *n, const struct col *arg)
{
	if (n->n_kids == 3)
		return (size_t)arg[2].i[0];
	return pattern_groups(n->aux) > 0;
}

int
kmatch_extract(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const size_t group = group_of(n, arg);

	KTEXT_MAKE(r, n, out, 16, {
		struct pattern_span spans[PATTERN_MAX_GROUPS];
		struct pattern_span *hit = &spans[group];
		struct ktext t = ktext_at(&arg[0], row);
		int rc = 0;

		if (eval_live(r, out, row))
			rc = pattern_match(
			    n->aux, spans, group + 1, t.p, t.len, 0);
		if (rc == -1)
			return gave_up(r, n, row);
		if (rc == 1 && hit->from <= hit->to)
			strout_put(&s, t.p + hit->from, hit->to - hit->from);
		else
			eval_null(r, out, row);
	});
}

/* with, in which $1 or \1 is a group and $$ or \\ the sign itself. */
static void
put_replacement(struct strout *s, const char *with, size_t with_len,
    const char *p, const struct pattern_span *spans)
{
	for (size_t i = 0; i < with_len; i++) {
		char c = with[i], next = i + 1 < with_len ? with[i + 1] : 0;
		const struct pattern_span *hit;

		if ((c != '$' && c != '\\')
		    || (next != c && (next < '0' || next > '9'))) {
			strout_put(s, with + i, 1);
			continue;
		}
		i++;
		if (next == c) {
			strout_put(s, with + i, 1);
			continue;
		}
		hit = &spans[next - '0'];
		if (hit->from <= hit->to)
			strout_put(s, p + hit->from, hit->to - hit->from);
	}
}

/* Where to look next: an empty match must not be found again. */
static size_t
after_match(const struct pattern_span *hit, const char *p, size_t len)
{
	if (hit->from < hit->to)
		return hit->to;
	return hit->to
	       + (hit->to < len ? ktext_skip(p + hit->to, len - hit->to, 1)
				: 1);
}

/* One row; 0, or -1 when the pattern gave up. */
static int
put_replaced(struct strout *s, const struct node *n, const char *p, size_t len,
    const char *with, size_t with_len)
{
	struct pattern_span spans[10];
	size_t from = 0, copied = 0;
	int rc = 1;

	while (from <= len && !s->failed) {
		rc = pattern_match(n->aux, spans, 10, p, len, from);
		if (rc != 1)
			break;
		strout_put(s, p + copied, spans[0].from - copied);
		put_replacement(s, with, with_len, p, spans);
		copied = spans[0].to;
		from = after_match(&spans[0], p, len);
	}
	if (rc == -1)
		return -1;
	strout_put(s, p + copied, len - copied);
	return 0;
}

int
kmatch_replace(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, {
		struct ktext t = ktext_at(&arg[0], row);
		struct ktext with = ktext_at(&arg[2], row);

		if (eval_live(r, out, row)
		    && put_replaced(&s, n, t.p, t.len, with.p, with.len) == -1)
			return gave_up(r, n, row);
	});
}

/* What the group is in each match, as a JSON array.  0, or -1: it gave up. */
static int
put_matches(struct strout *s, struct pattern *p, struct ktext t, size_t group)
{
	struct pattern_span spans[PATTERN_MAX_GROUPS];
	struct pattern_span *hit = &spans[group];
	struct kjson_list list;
	int rc = 0;

	kjson_open(&list, s);
	for (size_t from = 0; from <= t.len && !s->failed;) {
		rc = pattern_match(p, spans, group + 1, t.p, t.len, from);
		if (rc != 1)
			break;
		/* A group that took no part is empty text. */
		if (hit->from > hit->to)
			kjson_text(&list, (struct ktext){t.p, 0});
		else
			kjson_text(&list, (struct ktext){t.p + hit->from,
					      hit->to - hit->from});
		from = after_match(&spans[0], t.p, t.len);
	}
	kjson_close(&list);
	return rc == -1 ? -1 : 0;
}

int
kmatch_extract_all(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const size_t group = group_of(n, arg);

	KTEXT_MAKE(r, n, out, 16, {
		if (eval_live(r, out, row)
		    && put_matches(&s, n->aux, ktext_at(&arg[0], row), group)
			   == -1)
			return gave_up(r, n, row);
	});
}

/* How often the pattern is found; -1 when it gave up. */
static int64_t
count_matches(struct pattern *p, struct ktext t)
{
	struct pattern_span hit;
	int64_t n = 0;
	int rc;

	for (size_t from = 0; from <= t.len; n++) {
		rc = pattern_match(p, &hit, 1, t.p, t.len, from);
		if (rc != 1)
			return rc == 0 ? n : -1;
		from = after_match(&hit, t.p, t.len);
	}
	return n;
}

int
kmatch_count(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);

	for (uint32_t row = 0; row < r->n; row++) {
		o[row] = 0;
		if (eval_live(r, out, row))
			o[row] = count_matches(n->aux, ktext_at(&arg[0], row));
		if (o[row] == -1)
			return gave_up(r, n, row);
	}
	return 0;
}
