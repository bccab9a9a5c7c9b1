/* SPDX-License-Identifier: ISC */
/* --explode: a row for each piece of a text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "step/chain.h"
#include "step/elements.h"
#include "step/pieces.h"

struct explode {
	struct step step;
	struct expr_agg_list list;
	char *sep; /* owned; NULL takes JSON arrays apart */
	size_t sep_len;
	bool keep_empty;
	size_t target; /* the column that the pieces become */
	size_t n_in; /* columns that come in */
	bool plain; /* the pieces themselves are the column */
	struct pieces pieces;
	struct elements elements;
	struct batch wide; /* the columns that came in, and the pieces */
	struct batch out;
};

static bool
is_list(const char *name)
{
	return strcmp(name, "split") == 0 || strcmp(name, "json_each") == 0;
}

static int
check_split(struct expr_call *call, char *why, size_t why_cap)
{
	struct expr_error err;
	struct col sep;
	size_t len;

	if (call->n_args != 2) {
		snprintf(why, why_cap,
		    "%s is no list; write split(text, separator)",
		    call->n_args == 3 ? "split with 3 arguments" : call->text);
		return -1;
	}
	if (expr_convert(call->args[0], &err, TYPE_STR) == -1) {
		snprintf(why, why_cap, "%s", err.text);
		return -1;
	}
	if (!expr_is_constant(call->args[1], &sep) || sep.type != TYPE_STR) {
		snprintf(why, why_cap, "the separator must be a fixed text");
		return -1;
	}
	col_str(&sep, 0, &len);
	if (len > 0)
		return 0;
	snprintf(why, why_cap, "the separator is empty");
	return -1;
}

static int
check_list(struct expr_call *call, char *why, size_t why_cap)
{
	call->result = TYPE_STR;
	if (call->star || call->distinct || call->filter != NULL) {
		snprintf(why, why_cap, "%s takes texts", call->name);
		return -1;
	}
	if (strcmp(call->name, "split") == 0)
		return check_split(call, why, why_cap);
	if (call->n_args == 1 && expr_type(call->args[0]) == TYPE_STR)
		return 0;
	snprintf(why, why_cap, "json_each takes one text, a JSON array");
	return -1;
}

static const struct expr_aggs lists = {.is_agg = is_list, .check = check_list};

static int
compile(struct explode *e, const struct schema *schema)
{
	struct expr_error err;
	const struct expr_list *items = &e->list.items;

	if (expr_compile_over(
		&e->list, &err, schema, &lists, e->step.source, false)
	    == -1)
		return step_fail_compile(&e->step, &err, e->step.source);
	if (items->n != 1 || items->items[0].star || e->list.n_calls != 1)
		return step_fail(&e->step, TOOL_USAGE,
		    "%s is not one list with a name; write 'split(line, \" \") "
		    "as word' or 'json_each(items) as item'",
		    e->step.source);
	return 0;
}

/* The separator; a blank cuts between words, however many there are. */
static void
set_separator(struct explode *e)
{
	const struct expr_call *call = &e->list.calls[0];
	struct col sep;
	const char *s;

	if (call->n_args < 2 || !expr_is_constant(call->args[1], &sep))
		return;
	s = col_str(&sep, 0, &e->sep_len);
	e->sep = mem_strndup(s, e->sep_len);
	e->keep_empty = e->sep_len != 1 || s[0] != ' ';
}

/* The schema that comes out: as before, with the column of the pieces. */
static int
make_schema(struct explode *e, struct schema *schema)
{
	const struct expr_item *item = &e->list.items.items[0];
	int at = schema_find(schema, item->name, strlen(item->name));
	enum type type = expr_type(item->expr);
	struct field *f;

	if (at >= 0 && schema->fields[at].system)
		return step_fail(&e->step, TOOL_USAGE,
		    "%s is a name of the system; write \"as\" and another name",
		    item->name);
	e->target = at >= 0 ? (size_t)at : schema->n;
	if (at == -1)
		return step_add_field(
		    &e->step, schema, item->name, type, type == TYPE_STR);
	f = &schema->fields[at];
	f->type = type;
	f->untyped = type == TYPE_STR;
	if (schema->time_col == at) {
		schema->time_col = -1;
		schema->time_off = 0;
	}
	return 0;
}

static int
plan(struct step *s, struct schema *schema)
{
	struct explode *e = (struct explode *)s;

	pieces_init(&e->pieces);
	elements_init(&e->elements);
	e->n_in = schema->n;
	if (compile(e, schema) == -1)
		return -1;
	e->plain =
	    expr_is_column(e->list.items.items[0].expr) == (int)schema->n;
	set_separator(e);
	return make_schema(e, schema);
}

/* Text cells: shared by all pieces of a row, under numbers. */
static void
share_text(struct col *out, struct arena *a, const struct col *in,
    const struct pieces *p)
{
	uint32_t first = p->n == 0 ? 0 : p->row[0];
	uint32_t n_entries = p->n == 0 ? 0 : p->row[p->n - 1] - first + 1;
	uint8_t *c8;
	uint16_t *c16;
	uint32_t *c32;

	out->enc = COL_DICT;
	out->off = in->off + first;
	out->n_entries = n_entries;
	out->code_width = n_entries <= 256 ? 1 : n_entries <= 65536 ? 2 : 4;
	c8 = arena_alloc(a, (size_t)p->n * out->code_width);
	c16 = (void *)c8;
	c32 = (void *)c8;
	out->codes = c8;
	for (uint32_t i = 0; i < p->n; i++) {
		uint32_t code = p->row[i] - first;

		if (out->code_width == 1)
			c8[i] = (uint8_t)code;
		else if (out->code_width == 2)
			c16[i] = (uint16_t)code;
		else
			c32[i] = code;
	}
}

/* A column of the rows repeated for their pieces. */
static void
repeat(struct col *out, struct arena *a, const struct col *in,
    const struct pieces *p)
{
	struct col bits;

	if (p->n == 0 || in->enc != COL_PLAIN || !type_is_bytes(in->type)) {
		col_gather(out, a, in, p->row, p->n);
		return;
	}
	*out = *in;
	out->n = p->n;
	if (in->valid != NULL) {
		bits = (struct col){.type = TYPE_BOOL,
		    .enc = COL_PLAIN,
		    .n = in->n,
		    .n_entries = in->n,
		    .bits = in->valid};
		col_gather(&bits, a, &bits, p->row, p->n);
		out->valid = bits.bits;
	}
	share_text(out, a, in, p);
}

/* Pass on the pieces at hand with the other columns of their rows. */
static int
pass_chunk(struct explode *e, const struct batch *b, bool more)
{
	struct batch *wide = &e->wide, *out = &e->out;
	struct col pieces;
	struct expr_error err;
	int rc;

	colbuf_view(&pieces, &e->pieces.text);
	batch_reset(wide, e->n_in + 1);
	wide->n_rows = e->pieces.n;
	for (size_t i = 0; i < e->n_in; i++)
		repeat(&wide->cols[i], &wide->arena, &b->cols[i], &e->pieces);
	wide->cols[e->n_in] = pieces;
	batch_reset(out, e->target == e->n_in ? e->n_in + 1 : e->n_in);
	out->n_rows = wide->n_rows;
	memcpy(out->cols, wide->cols, e->n_in * sizeof(*out->cols));
	if (e->plain)
		out->cols[e->target] = pieces;
	else if (expr_eval(e->list.items.items[0].expr, &out->cols[e->target],
		     &err, &out->arena, &e->step.chain->env, wide)
		 == -1)
		return step_fail_run(&e->step, &err, wide);
	rc = step_pass(&e->step, out, more);
	pieces_reset(&e->pieces);
	return rc;
}

static bool
cut(struct explode *e, struct pieces_cut *c)
{
	if (e->sep == NULL)
		return elements_take(&e->elements, &e->pieces);
	if (e->sep_len == 1)
		return pieces_at_byte(&e->pieces, c, e->sep[0], e->keep_empty);
	return pieces_at_text(&e->pieces, c, e->sep, e->sep_len, e->keep_empty);
}

/* Take one row apart. */
static int
explode_row(struct explode *e, const struct batch *b, const struct col *text,
    uint32_t row)
{
	struct pieces_cut c = {.row = row};
	uint32_t before = e->pieces.n;
	bool done = false, passed = false;

	if (col_is_valid(text, row))
		c.p = col_str(text, row, &c.len);
	if (e->sep == NULL && c.len > 0
	    && elements_begin(&e->elements, row, c.p, c.len) == -1) {
		e->step.chain->env.n_unparsed++;
		c.len = 0;
	}
	/* A text without bytes has no pieces. */
	while (c.len > 0 && !done) {
		done = cut(e, &c);
		if (!pieces_full(&e->pieces))
			continue;
		if (pass_chunk(e, b, true) == -1)
			return -1;
		passed = true;
		before = 0;
	}
	if (!passed && e->pieces.n == before)
		step_filtered(&e->step, 1);
	return 0;
}

static int
rows(struct step *s, const struct batch *b, bool more)
{
	struct explode *e = (struct explode *)s;
	struct expr_error err;
	struct arena a = {.blocks = NULL};
	struct col text;
	int rc = 0;

	if (expr_eval(
		e->list.calls[0].args[0], &text, &err, &a, &s->chain->env, b)
	    == -1)
		rc = step_fail_run(s, &err, b);
	for (uint32_t r = 0; r < b->n_rows && rc == 0; r++)
		rc = explode_row(e, b, &text, r);
	if (rc == 0)
		rc = pass_chunk(e, b, more);
	arena_release(&a);
	return rc;
}

static void
release(struct step *s)
{
	struct explode *e = (struct explode *)s;

	pieces_release(&e->pieces);
	elements_release(&e->elements);
	expr_agg_list_release(&e->list);
	free(e->sep);
	batch_release(&e->wide);
	batch_release(&e->out);
}

const struct step_kind explode_step = {
    .opt = "--explode",
    .size = sizeof(struct explode),
    .other_name = "; write \"as\" and another name",
    .cls = CLASS_FRAME,
    .rebuilds = true,
    .multiplies = true,
    .plan = plan,
    .rows = rows,
    .release = release,
};
