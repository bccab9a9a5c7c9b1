/* SPDX-License-Identifier: ISC */
/* What all steps share: passing rows on, failing, naming columns. */
#include "step/step.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "step/chain.h"
#include "wire/mode.h"

int
step_pass(struct step *s, const struct batch *b, bool more)
{
	if (s->next == NULL)
		return chain_out(s->chain, b, more);
	return s->next->kind->rows(s->next, b, more);
}

void
step_filtered(struct step *s, uint64_t n)
{
	if (!s->removed)
		s->chain->filtered += n;
}

void
step_invalid(struct step *s, uint64_t n)
{
	if (!s->removed)
		s->chain->invalid += n;
}

int
step_fail(struct step *s, int status, const char *fmt, ...)
{
	va_list ap;
	char *why;

	va_start(ap, fmt);
	if (vasprintf(&why, fmt, ap) == -1)
		why = mem_strdup(fmt);
	va_end(ap);
	stage_fail(s->chain->st, status, "%s: %s", s->kind->opt, why);
	free(why);
	return -1;
}

int
step_fail_compile(
    struct step *s, const struct expr_error *err, const char *source)
{
	struct buf b;
	size_t len;

	buf_init(&b, 0);
	expr_error_print(&b, err, source);
	len = b.len > 0 ? b.len - 1 : 0;
	step_fail(s, TOOL_USAGE, "%.*s", (int)len, (const char *)b.data);
	buf_release(&b);
	return -1;
}

/* Rows are counted only while none has been left out. */
int
step_fail_run(
    struct step *s, const struct expr_error *err, const struct batch *b)
{
	struct stage *st = s->chain->st;

	if (b->n_rows == st->now.rows && !s->removed)
		return stage_fail(st, TOOL_DATA, "%s %s: row %ju: %s",
		    s->kind->opt, s->source,
		    (uintmax_t)(st->acct.in - b->n_rows + err->at + 1),
		    err->text);
	return stage_fail(
	    st, TOOL_DATA, "%s %s: %s", s->kind->opt, s->source, err->text);
}

int
step_fail_column(
    struct step *s, const struct schema *schema, const char *name, size_t len)
{
	char quoted[TOOL_QUOTE_MAX];
	struct buf b;

	buf_init(&b, 0);
	schema_list(&b, schema);
	step_fail(s, TOOL_USAGE, "no column %s; the columns are %.*s",
	    tool_quote(quoted, name, len), (int)b.len, (const char *)b.data);
	buf_release(&b);
	return -1;
}

/* The name is taken, or there are too many columns. */
static int
fail_add(struct step *s, const struct schema *to, const char *name)
{
	char quoted[TOOL_QUOTE_MAX];

	if (to->n == SCHEMA_MAX_COLS)
		return step_fail(
		    s, TOOL_USAGE, "more than %d columns", SCHEMA_MAX_COLS);
	return step_fail(s, TOOL_USAGE, "two columns would be named %s%s",
	    tool_quote(quoted, name, strlen(name)),
	    s->kind->other_name == NULL ? "" : s->kind->other_name);
}

int
step_copy_field(struct step *s, struct schema *to, const struct schema *from,
    size_t i, const char *name)
{
	const struct field *f = &from->fields[i];
	struct field *new = schema_add(to, name, strlen(name), f->type);

	if (new == NULL)
		return fail_add(s, to, name);
	new->system = f->system;
	new->untyped = f->untyped;
	if (from->time_col == (int)i && to->time_col == -1) {
		to->time_col = (int)to->n - 1;
		to->time_off = from->time_off;
	}
	return 0;
}

int
step_add_field(struct step *s, struct schema *to, const char *name,
    enum type type, bool untyped)
{
	struct field *new = schema_add(to, name, strlen(name), type);

	if (new == NULL)
		return fail_add(s, to, name);
	new->untyped = untyped;
	return 0;
}

/* The name of the first column of to that column key was; NULL without one. */
static const char *
name_of(const struct schema *to, const size_t *from, size_t key)
{
	for (size_t i = 0; i < to->n; i++)
		if (from[i] == key)
			return to->fields[i].name;
	return NULL;
}

int
step_rekey(struct step *s, const struct schema *to, const size_t *from)
{
	struct head *h = &s->chain->st->out;
	const char *comma = "";
	uint32_t *keys;
	struct buf text;
	size_t n;
	int rc = 0;

	if (h->mode != MODE_UPSERT)
		return 0;
	buf_init(&text, 0);
	keys = mode_keys(&n, h);
	for (size_t i = 0; i < n && rc == 0; i++) {
		const char *name = name_of(to, from, keys[i]);

		if (name == NULL)
			rc = step_fail(s, TOOL_DATA,
			    "the rows replace each other by %s (upsert): %s",
			    h->schema.fields[keys[i]].name, s->kind->key_mend);
		else if (strchr(name, ',') != NULL)
			rc = step_fail(s, TOOL_DATA,
			    "%s: the name of a key cannot hold a comma", name);
		else
			buf_printf(&text, "%s%s", comma, name);
		comma = ",";
	}
	free(keys);
	if (rc == 0) {
		free(h->mode_keys);
		h->mode_keys = mem_strndup((const char *)text.data, text.len);
	}
	buf_release(&text);
	return rc;
}
