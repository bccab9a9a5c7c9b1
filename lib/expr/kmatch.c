/* SPDX-License-Identifier: ISC */
/* Kernels of like, ~ and the regexp functions. */
#include <stdlib.h>
#include <string.h>

#include "base/pattern.h"
#include "expr/kernels.h"
#include "expr/ktext.h"
#include "expr/kwide.h"

/* A constant pattern of like: text without wildcards, perhaps between %. */
struct like {
	bool simple; /* one of text, text%, %text, %text% */
	bool open_front;
	bool open_end;
	char *text; /* owned */
	size_t len;
};

static void
like_free(void *aux)
{
	struct like *l = aux;

	free(l->text);
	free(l);
}

int
kmatch_like_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	const struct node *k = n->kids[1];
	const char *s = k->lit.bytes;
	struct like *l;
	size_t len;

	(void)u;
	(void)err;
	if (k->kind != NODE_LIT || k->is_null)
		return 0;
	len = k->lit.off[1];
	l = mem_zero(1, sizeof(*l));
	l->simple = memchr(s, '_', len) == NULL && memchr(s, '\\', len) == NULL;
	while (len > 0 && *s == '%') {
		l->open_front = true;
		s++;
		len--;
	}
	while (len > 0 && s[len - 1] == '%') {
		l->open_end = true;
		len--;
	}
	/* A lone % is open at both ends. */
	if (len == 0 && l->open_front)
		l->open_end = true;
	l->simple = l->simple && memchr(s, '%', len) == NULL;
	l->text = mem_strndup(s, len);
	l->len = len;
	n->aux = l;
	n->aux_free = like_free;
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
	const char *s, *like;
	size_t len, like_len;
	bool hit;

	memset(bits, 0, bits_words(r->n) * 8);
	for (uint32_t row = 0; row < r->n; row++) {
		s = col_str(&arg[0], row, &len);
		if (l != NULL && l->simple) {
			hit = like_simple(l, s, len);
		} else {
			like = col_str(&arg[1], row, &like_len);
			hit = pattern_like(like, like_len, s, len);
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

int
kmatch_extract(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	struct pattern_span spans[PATTERN_MAX_GROUPS], *hit;
	struct strout s;
	const char *p;
	size_t len, group = pattern_groups(n->aux) > 0;
	int rc;

	if (n->n_kids == 3)
		group = (size_t)arg[2].i[0];
	hit = &spans[group];
	strout_begin(&s, r, n, out, (size_t)r->n * 16);
	for (uint32_t row = 0; row < r->n; row++) {
		rc = 0;
		p = col_str(&arg[0], row, &len);
		if (eval_live(r, out, row))
			rc = pattern_match(n->aux, spans, group + 1, p, len, 0);
		if (rc == -1)
			return gave_up(r, n, row);
		if (rc == 1 && hit->from <= hit->to)
			strout_put(&s, p + hit->from, hit->to - hit->from);
		else
			eval_null(r, out, row);
		strout_row(&s);
	}
	return strout_done(&s);
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
		from = spans[0].to;
		/* An empty match must not be found again. */
		if (spans[0].from == spans[0].to)
			from += from < len ? ktext_skip(p + from, len - from, 1)
					   : 1;
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
	struct strout s;
	const char *p, *with;
	size_t len, with_len;

	strout_begin(&s, r, n, out, (size_t)r->n * 16);
	for (uint32_t row = 0; row < r->n; row++) {
		p = col_str(&arg[0], row, &len);
		with = col_str(&arg[2], row, &with_len);
		if (eval_live(r, out, row)
		    && put_replaced(&s, n, p, len, with, with_len) == -1)
			return gave_up(r, n, row);
		strout_row(&s);
	}
	return strout_done(&s);
}
