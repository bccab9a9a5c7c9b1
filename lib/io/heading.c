/* SPDX-License-Identifier: ISC */
/* HEAD, and the marks of parts. */
#include "io/heading.h"

#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/zone.h"
#include "io/intake_int.h"

void
heading_describe(struct buf *b, const struct intake_opts *o)
{
	const struct text_opts *t = &o->text;

	buf_printf(b, "-f %s", t->format);
	if (t->columns != NULL)
		buf_printf(b, " -c '%s'", t->columns);
	if (t->time != NULL)
		buf_printf(b, " -t '%s'", t->time);
	if (t->no_header)
		buf_puts(b, " -N");
	if (t->delim != -1)
		buf_printf(b, " -d '%c'", t->delim);
	if (t->null_str != NULL)
		buf_printf(b, " --null '%s'", t->null_str);
	if (t->max_field != TEXT_MAX_FIELD)
		buf_printf(b, " --max-field %zu", t->max_field);
	if (t->utf8 != TEXT_UTF8_REJECT)
		buf_printf(b, " --invalid-utf8 %s",
		    t->utf8 == TEXT_UTF8_REPLACE ? "replace" : "bytes");
	if (t->tz != NULL)
		buf_printf(b, " --tz '%s'", zone_name(t->tz));
	if (t->year != 0)
		buf_printf(b, " --year %d", t->year);
	if (t->record_start != NULL)
		buf_printf(b, " --record-start '%s'", t->record_start);
	if (o->source_col != NULL)
		buf_printf(b, " --source '%s'", o->source_col);
	if (o->n_rows != UINT64_MAX)
		buf_printf(b, " -n %ju", (uintmax_t)o->n_rows);
	if (o->range.from != INT64_MIN)
		buf_printf(b, " --from %jdus", (intmax_t)o->range.from);
	if (o->range.until != INT64_MAX)
		buf_printf(b, " --until %jdus", (intmax_t)o->range.until);
	if (o->merge)
		buf_puts(b, " -m");
	if (o->cat)
		buf_puts(b, " --cat");
	buf_putc(b, '\0');
}

static int
open_part(struct intake *in, const struct lane *l, uint32_t part)
{
	return intake_sent(
	    in, emit_mark(&in->emit, MARK_OPEN, part, source_name(l->source)));
}

int
heading_subs(struct intake *in, struct lane *l, uint32_t n)
{
	/* Rows that are put in order together are of one part. */
	if (in->hold || in->o.cat)
		return 0;
	while (l->n_subs + 1 < n) {
		l->subs = mem_grow(
		    l->subs, &l->cap_subs, l->n_subs + 1, sizeof(*l->subs));
		l->subs[l->n_subs++] = ++in->n_parts;
		if (l->announced
		    && open_part(in, l, l->subs[l->n_subs - 1]) == -1)
			return -1;
	}
	return 0;
}

int
heading_open(struct intake *in, struct lane *l)
{
	int rc;

	if (l->part == 0 || l->announced || l->dormant || in->o.schema_only)
		return 0;
	l->announced = true;
	if (in->o.cat && in->n_open++ > 0)
		return 0;
	if (in->o.cat)
		return intake_sent(
		    in, emit_mark(&in->emit, MARK_OPEN, l->part, "cat"));
	rc = open_part(in, l, l->part);
	for (uint32_t i = 0; rc == 0 && i < l->n_subs; i++)
		rc = open_part(in, l, l->subs[i]);
	return rc;
}

/* Send HEAD and announce the parts. */
static int
send_head(struct intake *in)
{
	const struct cut_opts *cut = &in->o.cut;
	struct buf chain = {.max = HEAD_MAX_TEXT};
	struct lane *l = NULL;
	struct head h;
	int rc = 0;

	head_init(&h);
	schema_release(&h.schema);
	schema_copy(&h.schema, &in->schema);
	h.endless = in->endless;
	if (epochs_are_on(&in->epochs))
		epochs_head(&in->epochs, &h);
	h.many = cut->every_us > 0 || cut->rows > 0 || cut->bytes > 0;
	heading_describe(&chain, &in->o);
	if (chain.failed)
		rc = intake_fail(in, EX_USAGE, "the options are too long");
	else
		head_add_stage(&h, CLASS_SOURCE, in->o.program, in->o.name,
		    (const char *)chain.data);
	buf_release(&chain);
	if (rc == 0)
		rc = intake_sent(in, emit_head(&in->emit, &h, cut));
	head_release(&h);
	TAILQ_FOREACH (l, &in->all, all)
		if (rc == 0)
			rc = heading_open(in, l);
	return rc;
}

/* What needs an event time. */
static int
check_time(struct intake *in)
{
	const struct intake_opts *o = &in->o;
	const char *opt = o->merge                      ? "-m"
			  : o->pace.speed > 0           ? "--speed"
			  : o->range.from != INT64_MIN  ? "--from"
			  : o->range.until != INT64_MAX ? "--until"
							: NULL;

	in->held.time_col = in->schema.time_col;
	if (opt == NULL || in->schema.time_col != -1)
		return 0;
	return intake_fail(in, EX_USAGE,
	    "%s needs an event time: say which column is it by -t COL", opt);
}

int
heading_send(struct intake *in)
{
	const char *col = in->o.source_col;
	struct field *f;

	schema_release(&in->schema);
	schema_copy(&in->schema, text_schema(in->text));
	emit_columns(&in->emit, &in->schema);
	if (col != NULL
	    && schema_add(&in->schema, col, strlen(col), TYPE_STR) == NULL)
		return intake_fail(in, EX_USAGE,
		    "--source: '%s' is taken, or no name for a column", col);
	if (check_time(in) == -1)
		return -1;
	if (in->emit.mixed) {
		f = schema_add(&in->schema, "part", 4, TYPE_INT);
		if (f == NULL)
			return intake_fail(in, EX_DATAERR,
			    "there is a column part; rename it with -c");
		f->system = true;
	}
	in->begun = true;
	return in->o.schema_only ? 0 : send_head(in);
}

int
heading_close(struct intake *in, const struct lane *l)
{
	int rc;

	if (!l->announced || (in->o.cat && --in->n_open > 0))
		return 0;
	rc = intake_sent(in, emit_mark(&in->emit, MARK_CLOSE, l->part, ""));
	for (uint32_t i = 0; rc == 0 && i < l->n_subs; i++)
		rc = intake_sent(
		    in, emit_mark(&in->emit, MARK_CLOSE, l->subs[i], ""));
	return rc;
}
