/* SPDX-License-Identifier: ISC */
/* %{PATTERN:field:type} -> a pattern.  millrace-formats(7), Patterns. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "text/grokpat.h"
#include "text/regex.h"

#define EXPANDED_MAX (256u << 10) /* bytes of the whole pattern */
#define DEPTH_MAX 16 /* patterns in patterns */

struct grok {
	struct buf re;
	struct fields fields;
	char *why; /* owned */
};

/* One reference, without its %{ and }. */
struct ref {
	const char *name, *field, *type;
	size_t name_len, field_len, type_len; /* field, type: 0 = none */
};

static void
split_ref(struct ref *r, const char *p, size_t len)
{
	const char *end = p + len, *colon = memchr(p, ':', len);

	*r = (struct ref){.name = p};
	r->name_len = (size_t)((colon == NULL ? end : colon) - p);
	if (colon == NULL)
		return;
	r->field = colon + 1;
	colon = memchr(r->field, ':', (size_t)(end - r->field));
	r->field_len = (size_t)((colon == NULL ? end : colon) - r->field);
	if (colon == NULL)
		return;
	r->type = colon + 1;
	r->type_len = (size_t)(end - r->type);
}

static bool
fail(struct grok *g, char *why)
{
	free(g->why);
	g->why = why;
	return false;
}

/* The kind that a type names, perhaps with the unit of a time: time(ms). */
static bool
take_type(struct grok *g, const struct ref *r, enum cell_kind *kind)
{
	const char *open = memchr(r->type, '(', r->type_len);
	size_t len = r->type_len, arg_len = 0;
	struct cell_form form = {.kind = CELL_STR};
	char *why;

	if (open != NULL && r->type[len - 1] == ')') {
		arg_len = (size_t)(r->type + len - 1 - (open + 1));
		len = (size_t)(open - r->type);
	}
	if (cell_form_parse(&form, &why, r->type, len,
		open == NULL ? NULL : open + 1, arg_len)
	    == -1)
		return fail(g, why);
	free(form.format);
	*kind = form.kind;
	if (form.kind != CELL_TIME_FORMAT)
		return true;
	return fail(
	    g, mem_printf("%.*s: give the column its pattern of a time by -c",
		   (int)r->field_len, r->field));
}

/* The field of a reference; a name that is there gets another group. */
static bool
take_field(struct grok *g, const struct ref *r)
{
	enum cell_kind kind = CELL_STR;
	size_t i = fields_find(&g->fields, r->field, r->field_len);

	if (r->type_len > 0 && !take_type(g, r, &kind))
		return false;
	if (i == g->fields.n)
		fields_add(
		    &g->fields, r->field, r->field_len, kind, r->type_len == 0);
	buf_printf(&g->re, "(?<" REGEX_GROUP "%zu>", i);
	return true;
}

static bool expand(struct grok *g, const char *p, size_t len, int depth);

static bool
expand_ref(struct grok *g, const char *p, size_t len, int depth)
{
	const struct grokpat *pat;
	struct ref r;

	split_ref(&r, p, len);
	pat = grokpat_find(r.name, r.name_len);
	if (pat == NULL)
		return fail(g, mem_printf("%%{%.*s}: there is no such pattern",
				   (int)r.name_len, r.name));
	if (depth == DEPTH_MAX)
		return fail(g,
		    mem_printf("%s: patterns too deep in patterns", pat->name));
	if (r.field_len == 0)
		buf_puts(&g->re, "(?:");
	else if (!take_field(g, &r))
		return false;
	if (!expand(g, pat->re, strlen(pat->re), depth + 1))
		return false;
	buf_putc(&g->re, ')');
	return true;
}

/* Append p[0..len) with its references put in. */
static bool
expand(struct grok *g, const char *p, size_t len, int depth)
{
	const char *end = p + len, *close;

	for (; p < end; p++) {
		if (*p == '\\' && p + 1 < end) {
			buf_putc(&g->re, *p++);
			buf_putc(&g->re, *p);
		} else if (end - p < 2 || p[0] != '%' || p[1] != '{') {
			buf_putc(&g->re, *p);
		} else {
			close = memchr(p, '}', (size_t)(end - p));
			if (close == NULL)
				return fail(
				    g, mem_printf("%s: a } is missing", p));
			if (!expand_ref(
				g, p + 2, (size_t)(close - p) - 2, depth))
				return false;
			p = close;
		}
	}
	return true;
}

static int
init(struct text *t, char **why, const char *arg)
{
	struct grok g = {.re = {.max = EXPANDED_MAX}};
	int rc = -1;

	if (!expand(&g, arg, strlen(arg), 0)) {
		*why = mem_printf("-f grok: %s", g.why);
	} else {
		buf_putc(&g.re, '\0');
		if (g.re.failed)
			*why = mem_strdup("-f grok: the pattern is too long");
		else
			rc = regex_compile(t, why, (const char *)g.re.data,
			    &g.fields, "-f grok");
	}
	free(g.why);
	fields_release(&g.fields);
	buf_release(&g.re);
	return rc;
}

const struct text_fmt grok_fmt = {.name = "grok",
    .arg = "PATTERN",
    .takes = TAKES_START | TAKES_NULL,
    .mark = -1,
    .pairs = true,
    .init = init,
    .split = regex_split,
    .find_end = record_find_end,
    .release = regex_release};
