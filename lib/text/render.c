/* SPDX-License-Identifier: ISC */
/* The registry of output formats, and the buffer they write into. */
#include "text/render.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "text/render_int.h"
#include "wire/mode.h"

static void
line_head(struct render *r, const struct head *h)
{
	render_cells_init(&r->cells, r->fmt->style, &h->schema, &r->o);
}

static void
line_names(struct render *r)
{
	render_cells_header(&r->out, &r->cells, r->schema);
}

static void
line_frame(struct render *r, const struct frame *f, const struct batch *b)
{
	(void)f;
	if (b == NULL)
		return;
	render_cells_bind(&r->cells, b);
	render_cells_rows(&r->out, &r->cells, NULL, b->n_rows, UINT64_MAX);
}

static const struct render_fmt formats[] = {
    {.name = "table",
	.any_mode = true,
	.takes_null = true,
	.takes_zone = true,
	.takes_no_header = true,
	.head = render_table_head,
	.frame = render_table_frame,
	.idle = render_table_idle,
	.end = render_table_end},
    {.name = "tsv",
	.exts = ".tsv .tab",
	.style = &render_tsv_style,
	.takes_null = true,
	.takes_zone = true,
	.takes_no_header = true,
	.head = line_head,
	.names = line_names,
	.frame = line_frame},
    {.name = "csv",
	.exts = ".csv",
	.style = &render_csv_style,
	.takes_delim = true,
	.takes_null = true,
	.takes_zone = true,
	.takes_no_header = true,
	.takes_safe = true,
	.head = line_head,
	.names = line_names,
	.frame = line_frame},
    {.name = "json",
	.exts = ".json .jsonl .ndjson",
	.style = &render_json_style,
	.takes_zone = true,
	.head = line_head,
	.frame = line_frame},
    {.name = "logfmt",
	.exts = ".logfmt",
	.style = &render_logfmt_style,
	.takes_null = true,
	.takes_zone = true,
	.head = render_logfmt_head,
	.frame = line_frame},
    {.name = "markdown",
	.exts = ".md .markdown",
	.style = &render_markdown_style,
	.takes_null = true,
	.takes_zone = true,
	.takes_no_header = true,
	.head = line_head,
	.names = render_markdown_names,
	.frame = line_frame},
    {.name = "plot",
	.any_mode = true,
	.takes_zone = true,
	.head = render_plot_head,
	.frame = render_plot_frame,
	.idle = render_plot_idle,
	.end = render_plot_end},
    {.name = "dump",
	.style = &render_dump_style,
	.any_mode = true,
	.keeps = true,
	.head = render_dump_head,
	.frame = render_dump_frame},
    {.name = "frames",
	.exts = ".mill",
	.any_mode = true,
	.keeps = true,
	.head = render_frames_head,
	.frame = render_frames_frame},
};

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

static const struct render_fmt *
find(const char *name, char **why)
{
	struct buf b;

	for (size_t i = 0; i < N_FORMATS; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	buf_init(&b, 0);
	buf_printf(&b, "no output format is called '%s'; there are", name);
	for (size_t i = 0; i < N_FORMATS; i++)
		buf_printf(&b, "%s %s", i > 0 ? "," : "", formats[i].name);
	*why = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return NULL;
}

/* Whether a cell that is no string could hold the delimiter. */
static bool
delim_is_risky(int d)
{
	return d <= 0 || d >= 0x80 || d == '"' || d == '\n' || d == '\r'
	       || (d >= '0' && d <= '9') || (d >= 'A' && d <= 'Z')
	       || (d >= 'a' && d <= 'z') || strchr("+-.:", d) != NULL;
}

static char *
check_opts(const struct render_fmt *fmt, const struct render_opts *o)
{
	if (o->delim != -1 && !fmt->takes_delim)
		return mem_printf("-d goes with -f csv, not %s", fmt->name);
	if (o->delim != -1 && delim_is_risky(o->delim))
		return mem_strdup("-d takes one ASCII character that is no "
				  "letter, digit, quote, line end or one of "
				  "+ - . :");
	if (o->null_str != NULL && !fmt->takes_null)
		return mem_printf("--null does not go with -f %s", fmt->name);
	if (o->null_str != NULL && strlen(o->null_str) > RENDER_MAX_NULL)
		return mem_printf(
		    "--null takes at most %d bytes", RENDER_MAX_NULL);
	if (o->no_header && !fmt->takes_no_header)
		return mem_printf("-N does not go with -f %s", fmt->name);
	if (o->zone != NULL && !fmt->takes_zone)
		return mem_printf("--tz does not go with -f %s", fmt->name);
	if (o->series != NULL && strcmp(fmt->name, "plot") != 0)
		return mem_strdup("-k names the series of -f plot; to group "
				  "rows write sreduce -k KEYS AGGREGATES "
				  "before");
	if (o->safe && !fmt->takes_safe)
		return mem_printf(
		    "--csv-safe goes with -f csv, not %s", fmt->name);
	return NULL;
}

struct render *
render_new(const struct render_opts *o, char **why)
{
	const struct render_fmt *fmt = find(o->format, why);
	struct render *r;

	if (fmt == NULL || (*why = check_opts(fmt, o)) != NULL)
		return NULL;
	r = mem_zero(1, sizeof(*r));
	r->fmt = fmt;
	r->o = *o;
	render_out_init(&r->out, NULL, NULL);
	return r;
}

void
render_to(struct render *r, render_write_fn write, void *arg)
{
	r->out.write = write;
	r->out.arg = arg;
}

void
render_free(struct render *r)
{
	if (r == NULL)
		return;
	render_table_free(r->table);
	render_plot_free(r->plot);
	render_cells_release(&r->cells);
	render_out_release(&r->out);
	free(r->why);
	free(r);
}

bool
render_keeps(const char *format)
{
	for (size_t i = 0; i < N_FORMATS; i++)
		if (strcmp(formats[i].name, format) == 0)
			return formats[i].keeps;
	return false;
}

const char *
render_by_path(const char *path)
{
	const char *slash = strrchr(path, '/'), *dot, *at;
	size_t len = strlen(path), n;

	if (len > 3 && strcmp(path + len - 3, ".gz") == 0)
		len -= 3;
	for (dot = path + len; dot > path && dot[-1] != '.'; dot--)
		;
	if (dot <= path + 1 || (slash != NULL && dot - 1 <= slash + 1))
		return NULL;
	dot--;
	n = (size_t)(path + len - dot);
	for (size_t i = 0; i < N_FORMATS; i++)
		for (at = formats[i].exts; at != NULL && *at != '\0';) {
			size_t word = strcspn(at, " ");

			if (word == n && memcmp(at, dot, n) == 0)
				return formats[i].name;
			at += word + (at[word] == ' ');
		}
	return NULL;
}

bool
render_is_lines(const struct render *r)
{
	return r->fmt->frame == line_frame;
}

/* Why rows of such a stream cannot be written one after the other. */
static char *
check_mode(const struct render *r, enum head_mode mode)
{
	if (mode == MODE_APPEND || r->fmt->any_mode
	    || (mode == MODE_COMPLETE && r->o.whole))
		return NULL;
	if (mode == MODE_UPSERT)
		return mem_printf("rows of this stream replace earlier ones "
				  "(upsert), which %s cannot show: write "
				  "--changelog to print each change, or -f "
				  "table for the rows that stand",
		    r->fmt->name);
	return mem_printf("each batch of this stream replaces the one before "
			  "(complete), which %s cannot show: write "
			  "--changelog to print each batch, -f table for the "
			  "last one, or a file, which each batch replaces",
	    r->fmt->name);
}

int
render_start(struct render *r, const struct head *h)
{
	r->why = check_mode(r, h->mode);
	if (r->why != NULL)
		return -1;
	r->schema = &h->schema;
	r->fmt->head(r, h);
	r->begun = r->why == NULL;
	return r->why != NULL || r->out.failed ? -1 : 0;
}

/* A stream that failed before its columns were known has none. */
static bool
has_columns(const struct schema *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->fields[i].system)
			return true;
	return false;
}

int
render_names(struct render *r)
{
	if (r->fmt->names != NULL && !r->o.no_header && has_columns(r->schema))
		r->fmt->names(r);
	return r->out.failed ? -1 : 0;
}

int
render_head(struct render *r, const struct head *h)
{
	return render_start(r, h) == -1 ? -1 : render_names(r);
}

int
render_frame(struct render *r, const struct frame *f, const struct batch *b)
{
	r->fmt->frame(r, f, b);
	return r->out.failed ? -1 : 0;
}

void
render_bind(struct render *r, const struct batch *b)
{
	render_cells_bind(&r->cells, b);
}

uint32_t
render_rows(struct render *r, const uint32_t *sel, uint32_t n, uint64_t max_len)
{
	uint64_t at = render_out_at(&r->out);

	if (max_len > UINT64_MAX - at)
		max_len = UINT64_MAX - at;
	n = render_cells_rows(&r->out, &r->cells, sel, n, at + max_len);
	render_out_flush(&r->out);
	return n;
}

int
render_idle(struct render *r, int *timeout_ms)
{
	if (r->fmt->idle != NULL)
		r->fmt->idle(r, timeout_ms);
	render_out_flush(&r->out);
	return r->out.failed ? -1 : 0;
}

int
render_end(struct render *r)
{
	if (r->fmt->end != NULL && r->begun)
		r->fmt->end(r);
	r->begun = false;
	render_out_flush(&r->out);
	return r->out.failed ? -1 : 0;
}

const char *
render_error(const struct render *r)
{
	return r->why;
}
