/* SPDX-License-Identifier: ISC */
/* Records that are matched by a pattern.  millrace-formats(7), Patterns. */
#include "text/regex.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/pattern.h"

/* A group that is a field. */
struct regex_group {
	unsigned number;
	size_t field;
};

struct regex {
	struct pattern *pattern;
	struct fields fields;
	struct regex_group *groups; /* in the order of their numbers */
	size_t n_groups;
	size_t cap_groups;
	struct pattern_span *spans;
	size_t n_spans;
	uint32_t *edge;
};

void
regex_release(void *state)
{
	struct regex *x = state;

	pattern_free(x->pattern);
	fields_release(&x->fields);
	free(x->groups);
	free(x->spans);
	free(x->edge);
	free(x);
}

/* The field that a group's name stands for. */
static size_t
field_of(struct regex *x, const char *name)
{
	size_t prefix = strlen(REGEX_GROUP), i, len = strlen(name);
	int64_t n;

	if (strncmp(name, REGEX_GROUP, prefix) == 0
	    && num_parse_int(&n, name + prefix, len - prefix) == 0 && n >= 0
	    && (uint64_t)n < x->fields.n)
		return (size_t)n;
	i = fields_find(&x->fields, name, len);
	return i < x->fields.n
		   ? i
		   : fields_add(&x->fields, name, len, CELL_STR, true);
}

static void
find_groups(struct regex *x)
{
	unsigned n = pattern_groups(x->pattern);

	for (unsigned g = 1; g <= n; g++) {
		const char *name = pattern_group_name(x->pattern, g);

		if (name == NULL)
			continue;
		x->groups = mem_grow(x->groups, &x->cap_groups, x->n_groups + 1,
		    sizeof(*x->groups));
		x->groups[x->n_groups++] =
		    (struct regex_group){g, field_of(x, name)};
	}
	x->n_spans = (size_t)n + 1;
	x->spans = mem_zero(x->n_spans, sizeof(*x->spans));
	x->edge = mem_zero(x->fields.n, 2 * sizeof(*x->edge));
}

int
regex_compile(struct text *t, char **why, const char *re, struct fields *fields,
    const char *option)
{
	struct regex *x = mem_zero(1, sizeof(*x));
	char reason[160], *text;
	size_t at, shift;

	x->fields = *fields;
	*fields = (struct fields){0};
	t->state = x;
	/*
	 * Several groups may be one field.  What is joined by line ends is one
	 * text to "." as well.
	 */
	text = mem_printf("%s%s", t->start != NULL ? "(?Js)" : "(?J)", re);
	shift = strlen(text) - strlen(re);
	x->pattern =
	    pattern_new(text, strlen(text), reason, sizeof(reason), &at);
	free(text);
	if (x->pattern == NULL) {
		at = at < shift ? 1 : at - shift + 1;
		*why = t->fmt == &regex_fmt
			   ? mem_printf("%s: byte %zu: %s", option, at, reason)
			   : mem_printf("%s: %s", option, reason);
		return -1;
	}
	find_groups(x);
	if (x->fields.n == 0) {
		*why = mem_printf(
		    "%s: it names no column; write (?<NAME>...)", option);
		return -1;
	}
	t->source = fields_source(&x->fields);
	return 0;
}

static bool
walk(struct text *t, struct walk *w)
{
	struct regex *x = t->state;
	int rc = pattern_match(x->pattern, x->spans, x->n_spans, w->p + w->from,
	    w->end - w->from, 0);

	if (rc == 0)
		return walk_fail(w, NULL, "the pattern does not match");
	if (rc == -1)
		return walk_fail(w, NULL, "the pattern takes too many steps");
	for (size_t f = 0; f < x->fields.n; f++)
		walk_null(w, f);
	for (size_t i = x->n_groups; i-- > 0;) {
		const struct pattern_span *s = &x->spans[x->groups[i].number];

		if (s->from <= s->to)
			walk_set(w, x->groups[i].field,
			    w->from + (uint32_t)s->from,
			    w->from + (uint32_t)s->to);
	}
	return true;
}

void
regex_split(struct text *t, const struct block *b, uint32_t max_rows)
{
	struct regex *x = t->state;
	struct walk w = {.edge = x->edge};

	walk_split(t, &w, b, max_rows, walk);
}

static int
init(struct text *t, char **why, const char *arg)
{
	struct fields none = {.n = 0};

	return regex_compile(t, why, arg, &none, "-f regex");
}

const struct text_fmt regex_fmt = {.name = "regex",
    .arg = "RE",
    .takes = TAKES_START | TAKES_NULL,
    .mark = -1,
    .pairs = true,
    .init = init,
    .split = regex_split,
    .find_end = record_find_end,
    .release = regex_release};
