/* SPDX-License-Identifier: ISC */
/* Whether two workers would answer alike. */
#include "fan/alike.h"

#include <string.h>

#include "base/buf.h"
#include "base/quote.h"
#include "wire/head.h"

#define MAX_TEXT 200 /* of what one of them says */

bool
alike_stage(const struct head_stage *a, const struct head_stage *b)
{
	return a->cls == b->cls && strcmp(a->program, b->program) == 0
	       && strcmp(a->name, b->name) == 0
	       && strcmp(a->options, b->options) == 0;
}

/* As the user would have written it. */
static void
put_stage(struct buf *out, const struct head *h, size_t i)
{
	const struct head_stage *s;

	if (i >= h->n_stages) {
		buf_puts(out, "nothing more");
		return;
	}
	s = &h->stages[i];
	buf_puts(out, s->program);
	if (strcmp(s->name, s->program) != 0)
		buf_printf(out, " --name %s", s->name);
	if (s->options[0] != '\0')
		buf_putc(out, ' ');
	quote_cut(out, s->options, strlen(s->options), MAX_TEXT);
}

static void
put_columns(struct buf *out, const struct schema *s)
{
	struct buf all = {.max = 0};

	schema_put_types(&all, s);
	quote_cut(out, (const char *)all.data, all.len, MAX_TEXT);
	buf_release(&all);
}

static bool
same_columns(const struct schema *a, const struct schema *b)
{
	size_t i = 0;

	while (i < a->n && i < b->n && a->fields[i].type == b->fields[i].type
	       && strcmp(a->fields[i].name, b->fields[i].name) == 0)
		i++;
	return i == a->n && i == b->n;
}

/* The first stage where they part; beyond the last ones when nowhere. */
static size_t
first_other(const struct head *a, const struct head *b)
{
	size_t i = 0;

	while (i < a->n_stages && i < b->n_stages
	       && alike_stage(&a->stages[i], &b->stages[i]))
		i++;
	return i;
}

static void
put_difference(
    struct buf *out, const struct alike *is, const struct alike *other)
{
	const struct head *a = is->head, *b = other->head;
	size_t i = first_other(a, b);

	buf_printf(out, "worker %u ", is->n);
	if (i < a->n_stages || i < b->n_stages) {
		buf_puts(out, "runs ");
		put_stage(out, a, i);
		buf_printf(out, ", worker %u ", other->n);
		put_stage(out, b, i);
	} else if (!same_columns(&a->schema, &b->schema)) {
		buf_puts(out, "answers with the columns ");
		put_columns(out, &a->schema);
		buf_printf(out, ", worker %u with ", other->n);
		put_columns(out, &b->schema);
	} else {
		buf_printf(out,
		    "answers with another event time, window or mode than "
		    "worker %u",
		    other->n);
	}
	buf_puts(out,
	    ": all must run the same stages with the same options, in one "
	    "version");
	buf_putc(out, '\0');
}

char *
alike_differs(const struct alike *is, const struct alike *other)
{
	struct buf out = {.max = 0};

	put_difference(&out, is, other);
	return (char *)out.data;
}
