/* SPDX-License-Identifier: ISC */
/* Which row of the function table a call means.  millrace-expr(7), TYPES. */
#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "expr/check.h"

enum {
	COST_NULL = 0,
	COST_WIDEN = 1, /* int to float */
	COST_TEXT_INT = 2, /* text beside div and % */
	COST_LITERAL = 3, /* '500' beside an int */
	COST_TEXT = 4,
	COST_TEXT_LAST = 8 /* text as an int where a float would do */
};

enum type
func_letter(char c)
{
	static const char letters[] = "bifstd";
	static const enum type types[] = {
	    TYPE_BOOL, TYPE_INT, TYPE_FLOAT, TYPE_STR, TYPE_TIME, TYPE_DUR};
	const char *p = c == 'I'   ? letters + 1
			: c == 'n' ? letters + 2
			: c == 'S' ? letters + 3
				   : strchr(letters, c);

	return c == '\0' || p == NULL ? 0 : types[p - letters];
}

/* Whether a text literal reads as a value of that type. */
static bool
reads_as(const struct node *k, enum type type)
{
	const char *s;
	size_t len;
	int64_t v;
	double f;

	if (k->is_null)
		return true;
	s = col_str(&k->lit, 0, &len);
	switch (type) {
	case TYPE_INT:
		return num_parse_int(&v, s, len) == 0;
	case TYPE_FLOAT:
		return num_parse_float(&f, s, len) == 0;
	case TYPE_TIME:
		return time_parse_rfc3339(&v, s, len) == 0;
	case TYPE_DUR:
		return num_parse_dur(&v, s, len) == 0;
	case TYPE_BOOL:
		return (len == 4 && memcmp(s, "true", 4) == 0)
		       || (len == 5 && memcmp(s, "false", 5) == 0);
	default:
		return true;
	}
}

static int
text_cost(char want, const struct node *k)
{
	if (k->kind == NODE_LIT && !reads_as(k, func_letter(want)))
		return -1;
	switch (want) {
	case 'I':
		return COST_TEXT_INT;
	case 'i':
		return k->kind == NODE_LIT ? COST_LITERAL : COST_TEXT_LAST;
	default:
		return COST_TEXT;
	}
}

int
resolve_cost(char want, const struct node *k)
{
	if (k->type == 0)
		return COST_NULL;
	if (want == 'a')
		return 0;
	if (k->type == TYPE_BIN)
		return -1;
	if (want == 'T' || want == 'S' || k->type == func_letter(want))
		return 0;
	if (k->type == TYPE_INT && want == 'n')
		return 0;
	if (k->type == TYPE_INT && want == 'f')
		return COST_WIDEN;
	if (k->type == TYPE_STR)
		return text_cost(want, k);
	return -1;
}

char
resolve_letter(const struct func *f, size_t i, size_t n_args)
{
	size_t n = strlen(f->args);

	if (f->args[0] == '@')
		return i + 1 < n_args && i % 2 == 0 ? 'b' : 'T';
	if (n > 0 && f->args[n - 1] == '*' && i >= n - 1)
		return f->args[n - 2];
	return i < n ? f->args[i] : '\0';
}

/* What a call of f costs, or -1. */
static int
row_cost(const struct func *f, const struct node *n)
{
	size_t len = strlen(f->args);
	bool more = len > 0 && f->args[len - 1] == '*';
	int total = 0, cost;

	if (f->args[0] != '@'
	    && (more ? n->n_kids < len - 1 : n->n_kids != len))
		return -1;
	for (size_t i = 0; i < n->n_kids; i++) {
		cost =
		    resolve_cost(resolve_letter(f, i, n->n_kids), n->kids[i]);
		if (cost == -1)
			return -1;
		total += cost;
	}
	return total;
}

static const char *
shown_type(const struct node *k)
{
	return k->type == 0 ? "null" : type_name(k->type);
}

/* Append "(str, int)". */
static void
put_args(struct buf *b, const struct func *f)
{
	buf_putc(b, '(');
	for (const char *p = f->args; *p != '\0'; p++) {
		if (*p == '*') {
			buf_puts(b, ", ...");
			break;
		}
		if (p != f->args)
			buf_puts(b, ", ");
		buf_puts(b, *p == 'n' ? "number"
			    : func_letter(*p) != 0 && *p != 'S'
				? type_name(func_letter(*p))
				: "any");
	}
	buf_putc(b, ')');
}

/* A text literal that stands where it would have to be another type. */
static const struct node *
bad_literal(const struct node *n)
{
	for (size_t i = 0; i < n->n_kids; i++) {
		const struct node *k = n->kids[i];

		for (size_t j = 0; j < n->n_kids; j++) {
			if (k->kind == NODE_LIT && k->type == TYPE_STR
			    && n->kids[j]->type != TYPE_STR
			    && n->kids[j]->type != 0
			    && !reads_as(k, n->kids[j]->type))
				return k;
		}
	}
	return NULL;
}

/* What to write instead, for the usual mistakes; or "". */
static const char *
operator_mend(const struct node *n)
{
	unsigned seen = 0;

	for (size_t i = 0; i < n->n_kids; i++)
		seen |= 1u << n->kids[i]->type;
	if (strcmp(n->name, "and") == 0 || strcmp(n->name, "or") == 0
	    || strcmp(n->name, "not") == 0)
		return "; write a comparison, such as x <> 0";
	if (strcmp(n->name, "unary ~") == 0)
		return "; text matches a pattern by a ~ 'pattern'";
	if (seen & 1u << TYPE_BIN)
		return "; bin values pass through as they are";
	if (strncmp(n->name, "->", 2) == 0)
		return "; it wants JSON text and a path";
	if (strcmp(n->name, "at time zone") == 0)
		return "; it wants a time and the name of a zone";
	if (strcmp(n->name, "div") == 0 && seen & 1u << TYPE_FLOAT)
		return "; write floor(a / b)";
	if (seen & 1u << TYPE_BOOL && strchr("&|^", n->name[0]) != NULL)
		return n->name[0] == '&'   ? "; write and"
		       : n->name[0] == '|' ? "; write or"
					   : "; write <>";
	if (seen & 1u << TYPE_BOOL)
		return "; write x::int for 0 and 1";
	if (seen & 1u << TYPE_TIME && seen & 1u << TYPE_DUR)
		return "; a time less a time is a duration";
	if (seen & 1u << TYPE_TIME && strchr("+-", n->name[0]) != NULL)
		return "; write a duration, such as 5s";
	if (seen & 1u << TYPE_TIME)
		return "; write epoch(t) for seconds, or to_time(x)";
	if (seen & 1u << TYPE_DUR)
		return "; write a duration, such as 5s, or d::float for "
		       "seconds";
	return "";
}

/* The first condition of a case that is no bool. */
static void
refuse_condition(struct expr_error *err, const struct node *n)
{
	for (size_t i = 0; i + 1 < n->n_kids; i += 2) {
		const struct node *k = n->kids[i];

		if (resolve_cost('b', k) == -1) {
			expr_fail(err, k->at, k->len,
			    "when wants bool, this is %s", shown_type(k));
			return;
		}
	}
	expr_fail(err, n->at, n->len, "bin values pass through as they are");
}

/* The sides of -> and at time zone are of different types. */
static bool
is_lookup(const struct node *n)
{
	return strncmp(n->name, "->", 2) == 0
	       || strcmp(n->name, "at time zone") == 0;
}

static void
refuse_operator(struct expr_error *err, const struct node *n)
{
	const struct node *bad = bad_literal(n);
	const struct node *other;
	struct buf b;

	if (strcmp(n->name, "case") == 0) {
		refuse_condition(err, n);
		return;
	}
	if (bad != NULL && !is_lookup(n)) {
		other = bad == n->kids[0] ? n->kids[1] : n->kids[0];
		expr_fail(err, bad->at, bad->len,
		    "this text is no %s, which %s needs here",
		    shown_type(other), n->name);
		return;
	}
	buf_init(&b, sizeof(err->text) - 64);
	for (size_t i = 0; i < n->n_kids && i < 4; i++)
		buf_printf(
		    &b, "%s%s", i == 0 ? "" : " and ", shown_type(n->kids[i]));
	expr_fail(err, n->at, n->len, "%s does not work on %.*s%s", n->name,
	    (int)b.len, (const char *)b.data, operator_mend(n));
	buf_release(&b);
}

static void
refuse_function(
    struct expr_error *err, const struct node *n, const struct func *f)
{
	struct buf b;
	bool first = true;

	buf_init(&b, sizeof(err->text) - 64);
	buf_printf(&b, "%s wants ", n->name);
	for (; f < func_table + func_table_len; f++) {
		if (strcmp(f->name, n->name) != 0)
			continue;
		buf_puts(&b, first ? "" : " or ");
		put_args(&b, f);
		first = false;
	}
	buf_puts(&b, ", this is (");
	for (size_t i = 0; i < n->n_kids; i++)
		buf_printf(
		    &b, "%s%s", i == 0 ? "" : ", ", shown_type(n->kids[i]));
	expr_fail(
	    err, n->at, n->len, "%.*s)", (int)b.len, (const char *)b.data);
	buf_release(&b);
}

const struct func *
resolve_call(struct check *c, struct node *n)
{
	const struct func *first = func_find(n->name), *best = NULL;
	int least = -1, cost;
	char head = n->name[0];

	for (const struct func *f = first; f < func_table + func_table_len;
	     f++) {
		if (strcmp(f->name, n->name) != 0)
			continue;
		cost = row_cost(f, n);
		if (cost != -1 && (least == -1 || cost < least)) {
			least = cost;
			best = f;
		}
	}
	if (best != NULL)
		return best;
	if (head == ':')
		expr_fail(c->err, n->at, n->len, "%s cannot become %s%s",
		    shown_type(n->kids[0]), n->name + 2,
		    n->kids[0]->type == TYPE_TIME
			? "; write epoch(t) or epoch_ms(t)"
			: "");
	else if (n->is_call)
		refuse_function(c->err, n, first);
	else
		refuse_operator(c->err, n);
	return NULL;
}
