/* SPDX-License-Identifier: ISC */
/* The registry of text formats and what is the same for all of them. */
#include "text/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "base/time.h"
#include "text/record.h"
#include "text/text_int.h"

static const struct text_fmt *const formats[] = {&dsv_lines, &dsv_csv, &dsv_tsv,
    &clf_combined, &clf_common, &access_nginx, &access_apache, &syslog_fmt,
    &regex_fmt, &grok_fmt, &w3c_fmt, &raw_fmt, &frames_fmt, &json_json,
    &json_journald, &logfmt_logfmt};

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

static const struct text_fmt *
find_format(const char *name, char **why)
{
	struct buf b;

	for (size_t i = 0; i < N_FORMATS; i++) {
		size_t len = strlen(formats[i]->name);

		if (strncmp(formats[i]->name, name, len) == 0
		    && (name[len] == '\0'
			|| (name[len] == ':' && formats[i]->arg != NULL)))
			return formats[i];
	}
	buf_init(&b, 0);
	buf_printf(&b, "-f %s: no such format; there are ", name);
	for (size_t i = 0; i < N_FORMATS; i++) {
		buf_printf(&b, "%s%s", i > 0 ? ", " : "", formats[i]->name);
		if (formats[i]->arg != NULL && !formats[i]->arg_optional)
			buf_printf(&b, ":%s", formats[i]->arg);
	}
	buf_put(&b, "", 1);
	*why = (char *)b.data;
	return NULL;
}

/* Hand the format what stands behind its name. */
static int
init_format(struct text *t, char **why, const char *format)
{
	const struct text_fmt *fmt = t->fmt;
	const char *arg = format + strlen(fmt->name);

	arg = *arg == ':' ? arg + 1 : NULL;
	if (fmt->arg != NULL && !fmt->arg_optional
	    && (arg == NULL || *arg == '\0')) {
		*why = mem_printf(
		    "-f %s: write %s:%s", fmt->name, fmt->name, fmt->arg);
		return -1;
	}
	return fmt->init == NULL ? 0 : fmt->init(t, why, arg);
}

/* Compile --record-start. */
static int
init_start(struct text *t, char **why, const char *re)
{
	char reason[160];
	size_t at;

	if (re == NULL)
		return 0;
	t->start = pattern_new(re, strlen(re), reason, sizeof(reason), &at);
	if (t->start != NULL)
		return 0;
	*why = mem_printf("--record-start: byte %zu: %s", at + 1, reason);
	return -1;
}

/* The option that the format does not take, or NULL. */
static const char *
wrong_option(const struct text_fmt *fmt, const struct text_opts *o)
{
	if (o->delim != -1 && !(fmt->takes & TAKES_DELIM))
		return "-d";
	if (o->null_str != NULL && !(fmt->takes & TAKES_NULL))
		return "--null";
	if (o->no_header && !(fmt->takes & TAKES_NO_HEADER))
		return "-N";
	if (o->record_start != NULL && !(fmt->takes & TAKES_START)
	    && fmt != &dsv_lines)
		return "--record-start";
	return NULL;
}

static bool
is_bad_delim(int c, const struct text_fmt *fmt)
{
	return c == '\n' || c == '\r' || c == '\0' || c == fmt->mark;
}

static void
set_options(struct text *t, const struct text_opts *o)
{
	const struct text_fmt *fmt = t->fmt;

	t->no_header = o->no_header;
	t->named = o->named;
	t->delim = o->delim == -1 ? fmt->delim : (char)o->delim;
	t->null = fmt->null;
	t->max_field = o->max_field;
	t->utf8 = o->utf8;
	t->tz = o->tz;
	t->year = o->year;
	t->source = fmt->source;
	t->path = (enum sepidx_path)o->path;
	t->cols.paths = (fmt->takes & TAKES_PATHS) != 0;
	if (o->null_str != NULL) {
		t->null_str = mem_strdup(o->null_str);
		t->null =
		    (struct text_null){t->null_str, strlen(t->null_str), false};
	}
	if (t->delim != '\0')
		t->idx = sepidx_new(t->path, t->delim, fmt->mark, fmt->quoting);
}

/* Formats that fix their columns have their schema at once. */
static int
bind_fixed(struct text *t, char **why)
{
	if (t->fmt->header != NULL)
		return 0;
	t->n_fields = t->source.n;
	if (text_bind(t, &t->source) == 0)
		return 0;
	*why = mem_strdup(t->error);
	return -1;
}

static int
read_columns(struct text *t, const struct text_opts *o, char **why)
{
	if (cols_parse(&t->cols, why, o->columns, o->time) == -1)
		return -1;
	if (!t->cols.infer || (t->fmt->takes & TAKES_AUTO))
		return 0;
	*why = mem_printf("-c auto: not with -f %s", t->fmt->name);
	return -1;
}

struct text *
text_new(const struct text_opts *o, char **why)
{
	const struct text_fmt *fmt = find_format(o->format, why);
	const char *wrong;
	struct text *t;

	if (fmt == NULL)
		return NULL;
	wrong = wrong_option(fmt, o);
	if (wrong != NULL) {
		*why = mem_printf("%s: not with -f %s", wrong, fmt->name);
		return NULL;
	}
	if (o->delim != -1 && is_bad_delim(o->delim, fmt)) {
		*why = mem_strdup("-d: this byte cannot separate fields");
		return NULL;
	}
	t = mem_zero(1, sizeof(*t));
	if (o->record_start != NULL && fmt == &dsv_lines)
		fmt = &record_lines;
	t->fmt = fmt;
	t->line = 1;
	t->from = (struct text_source){.name = ""};
	schema_init(&t->schema);
	buf_init(&t->why, 0);
	set_options(t, o);
	if (read_columns(t, o, why) == -1
	    || init_start(t, why, o->record_start) == -1
	    || init_format(t, why, o->format) == -1
	    || bind_fixed(t, why) == -1) {
		text_free(t);
		return NULL;
	}
	return t;
}

void
text_free(struct text *t)
{
	if (t == NULL)
		return;
	if (t->state != NULL)
		t->fmt->release(t->state);
	cols_release(&t->cols);
	schema_release(&t->schema);
	sepidx_free(t->idx);
	buf_release(&t->why);
	pattern_free(t->start);
	free(t->note);
	free(t->told);
	free(t->null_str);
	free(t->flaws.list);
	free(t->own);
	free(t->edges);
	free(t->plain);
	free(t->error);
	free(t);
}

/* Whether path[0..len) ends with one of the extensions. */
static bool
has_ext(const char *path, size_t len, const char *ext)
{
	size_t n;

	for (; *ext != '\0'; ext += n + (ext[n] == ' ')) {
		n = strcspn(ext, " ");
		if (len > n && strncasecmp(path + len - n, ext, n) == 0)
			return true;
	}
	return false;
}

const char *
text_by_path(const char *path)
{
	size_t len = strlen(path);

	if (len > 3 && strcmp(path + len - 3, ".gz") == 0)
		len -= 3;
	for (size_t i = 0; i < N_FORMATS; i++)
		if (formats[i]->ext != NULL
		    && has_ext(path, len, formats[i]->ext))
			return formats[i]->name;
	return dsv_lines.name;
}

int
text_fail(struct text *t, char *why)
{
	free(t->error);
	t->error = why;
	t->status = EX_DATAERR;
	return -1;
}

/* The year of a column of times whose pattern has none. */
static int
bind_year(struct text *t, struct cols_col *col)
{
	struct cell_form *f = &col->form;

	if (f->kind != CELL_TIME_FORMAT || !time_format_wants_year(f->format))
		return 0;
	f->year = t->year;
	if (f->year != 0)
		return 0;
	text_fail(t, mem_printf("column %s: %s has no year: say which it is "
				"by --year of sbatch or smap",
			 col->name, f->format));
	t->status = EX_USAGE;
	return -1;
}

int
text_bind(struct text *t, const struct cols_source *s)
{
	char *why = NULL;
	int r;

	if (t->bound)
		r = cols_rebind(&t->cols, &why, s);
	else
		r = cols_bind(&t->cols, &why, s);
	if (r == 0 && !t->bound)
		r = cols_schema(&t->schema, &why, &t->cols);
	if (r == -1)
		return text_fail(t, why);
	for (size_t i = 0; i < t->cols.n; i++) {
		struct cols_col *col = &t->cols.cols[i];

		col->at = t->fmt->pairs ? 2 + 2 * i : col->field;
		col->form.zone = t->tz;
		if (bind_year(t, col) == -1)
			return -1;
	}
	t->bound = true;
	if (t->fmt->bound != NULL)
		t->fmt->bound(t);
	return 0;
}

void
text_source(struct text *t, const struct text_source *s)
{
	t->from = *s;
}

void
text_open(struct text *t)
{
	t->line = 1;
	t->scan = (struct scan){.at = 0};
	if (!t->from.goes_on)
		t->memo = (struct text_memo){.year = 0};
	t->memo.day = INT64_MIN;
	t->memo.off = 0;
	t->memo.id = t->n_opened++;
}

int
text_header(struct text *t, size_t *used, const char *p, size_t len, bool eof)
{
	*used = 0;
	if (t->fmt->header == NULL)
		return 1;
	return t->fmt->header(t, used, p, len, eof);
}

const struct schema *
text_schema(const struct text *t)
{
	return &t->schema;
}

const char *
text_error(const struct text *t)
{
	return t->error;
}

int
text_status(const struct text *t)
{
	return t->status;
}

uint32_t
text_parts(const struct text *t)
{
	return t->fmt->parts == NULL ? 1 : t->fmt->parts(t);
}

bool
text_has_lines(const struct text *t)
{
	return t->fmt != &raw_fmt;
}

const char *
text_note(struct text *t)
{
	const char *note = t->note;

	free(t->told);
	t->told = t->note;
	t->note = NULL;
	return note;
}

int
text_parse(struct text *t, struct build *out, struct text_goal *goal,
    const char *p, size_t len, bool eof)
{
	text_turn_fn parse =
	    t->fmt->parse != NULL ? t->fmt->parse : block_parse;
	int r = 1;

	goal->used = 0;
	goal->n_bad = 0;
	goal->sub = goal->n_sub = 0;
	while (r == 1 && goal->used < len && out->n_rows < goal->max_rows
	       && (out->n_rows == 0 || build_bytes(out) < goal->max_bytes))
		r = parse(t, out, goal, p + goal->used, len - goal->used, eof);
	if (r != -1 && eof && goal->used == len && t->fmt->finish != NULL)
		r = t->fmt->finish(t);
	return r == -1 ? -1 : 0;
}

uint64_t
text_line(const struct text *t)
{
	return t->line;
}
