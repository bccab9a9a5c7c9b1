/* SPDX-License-Identifier: ISC */
/* Rows as text into a command, which runs meanwhile. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "step/chain.h"
#include "step/command_int.h"
#include "step/reader.h"
#include "tool/signal.h"

static bool
is_dsv(const char *format)
{
	return strcmp(format, "csv") == 0 || strcmp(format, "tsv") == 0;
}

static bool
is_plain(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";

	return strspn(name, letters) > 0
	       && name[strspn(name, letters)
		       + strspn(name + strspn(name, letters),
			   "0123456789abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ_")]
		      == '\0';
}

/* The columns that go in as the -c of what comes back. */
static int
same_columns(struct command *c, const struct schema *in)
{
	char quote = strcmp(c->format, "json") == 0 ? '"' : '`';
	struct buf b;

	buf_init(&b, 0);
	for (size_t i = 0; i < in->n; i++) {
		const struct field *f = &in->fields[i];
		const char *q = is_plain(f->name) ? ""
				: quote == '"'    ? "\""
						  : "`";

		if (f->system)
			continue;
		if (f->type == TYPE_BIN || strchr(f->name, quote) != NULL
		    || (quote == '"' && strchr(f->name, '\\') != NULL)) {
			buf_release(&b);
			return step_fail(c->step, TOOL_USAGE,
			    "column %s cannot go through a text", f->name);
		}
		buf_printf(&b, "%s%s%s%s:%s", b.len == 0 ? "" : ",", q, f->name,
		    q, type_name(f->type));
	}
	buf_putc(&b, '\0');
	c->columns = (char *)b.data;
	return 0;
}

/* What comes back; a column that came in keeps what is known of it. */
static int
learn_schema(struct command *c, const struct schema *in)
{
	struct step *s = c->step;
	bool same = s->opts.columns == NULL;
	struct reader *r;

	if (same && same_columns(c, in) == -1)
		return -1;
	if (!same)
		c->columns = mem_strdup(s->opts.columns);
	s->opts.columns = c->columns;
	r = reader_new(s, c->format);
	if (same)
		s->opts.columns = NULL;
	if (r == NULL)
		return -1;
	schema_copy(&c->schema, reader_schema(r));
	reader_free(r);
	for (size_t i = 0; i < c->schema.n; i++) {
		struct field *f = &c->schema.fields[i];
		int col = schema_find(in, f->name, strlen(f->name));

		if (col == -1 || in->fields[col].type != f->type)
			continue;
		if (same)
			f->untyped = in->fields[col].untyped;
		if (col == in->time_col && s->opts.time == NULL) {
			c->schema.time_col = (int)i;
			c->schema.time_off = in->time_off;
		}
	}
	return 0;
}

/* --ok: numbers by comma. */
static int
parse_ok(struct command *c)
{
	const char *p = c->step->opts.ok;
	int64_t n;
	size_t len;

	for (c->ok[0] = p == NULL; p != NULL;
	     p = p[len] == '\0' ? NULL : p + len + 1) {
		len = strcspn(p, ",");
		if (num_parse_int(&n, p, len) == -1 || n < 0
		    || n >= COMMAND_MAX_OK)
			return step_fail(c->step, TOOL_USAGE,
			    "--ok: %s is no list of exit statuses",
			    c->step->opts.ok);
		c->ok[n] = true;
	}
	return 0;
}

/* Whether there is such a program, so that it is said before any row. */
static int
check_program(struct step *s)
{
	const char *name = s->opts.argv[0];
	const char *dir = getenv("PATH");
	bool found = false;
	char *path;

	if (strchr(name, '/') != NULL)
		found = access(name, X_OK) == 0;
	while (!found && dir != NULL && strchr(name, '/') == NULL) {
		size_t len = strcspn(dir, ":");

		path =
		    mem_printf("%.*s/%s", (int)len, len == 0 ? "." : dir, name);
		found = access(path, X_OK) == 0;
		free(path);
		dir = dir[len] == '\0' ? NULL : dir + len + 1;
	}
	if (found)
		return 0;
	return step_fail(s, TOOL_USAGE, "%s: %s", name,
	    strchr(name, '/') != NULL ? strerror(errno) : "no such command");
}

/* The writer of rows; NULL after step_fail. */
static struct render *
new_render(struct command *c)
{
	struct render_opts o = {.format = c->format,
	    .no_header = c->no_header,
	    .delim = -1,
	    .tty_fd = -1};
	char *why = NULL;
	struct render *r = render_new(&o, &why);

	if (r == NULL)
		step_fail(c->step, TOOL_USAGE, "%s", why);
	free(why);
	return r;
}

struct command *
command_new(struct step *s, const struct schema *in, bool names)
{
	struct command *c = mem_zero(1, sizeof(*c));
	struct render *r = NULL;

	c->step = s;
	c->format = s->opts.format == NULL ? "tsv" : s->opts.format;
	c->no_header =
	    is_dsv(c->format)
	    && (!names || s->opts.format == NULL || s->opts.no_header);
	if (!is_dsv(c->format) && strcmp(c->format, "json") != 0) {
		step_fail(
		    s, TOOL_USAGE, "-f %s: write tsv, csv or json", c->format);
		command_free(c);
		return NULL;
	}
	head_copy(&c->head, &s->chain->st->in);
	schema_release(&c->head.schema);
	schema_copy(&c->head.schema, in);
	if (parse_ok(c) == 0 && check_program(s) == 0
	    && (r = new_render(c)) != NULL && learn_schema(c, in) == 0) {
		render_free(r);
		build_init(&c->rows, &c->schema);
		return c;
	}
	render_free(r);
	command_free(c);
	return NULL;
}

void
command_free(struct command *c)
{
	if (c == NULL)
		return;
	pump_release(&c->pump);
	render_free(c->render);
	text_free(c->text);
	head_release(&c->head);
	schema_release(&c->schema);
	buf_release(&c->out);
	build_release(&c->rows);
	batch_release(&c->view);
	free(c->columns);
	free(c->bad);
	free(c);
}

const struct schema *
command_schema(const struct command *c)
{
	return &c->schema;
}

void
command_on_output(struct command *c, int (*on_output)(struct step *s))
{
	c->on_output = on_output;
}

uint64_t
command_lines(const struct command *c)
{
	return c->n_lines;
}

bool
command_runs(const struct command *c)
{
	return c->pump.pid != 0;
}

const char *
command_name(const struct command *c)
{
	return c->step->opts.argv[0];
}

/* A call of pump failed; the reason is known when errno is 0. */
static int
pump_failed(struct command *c, const char *what)
{
	if (errno == 0)
		return -1;
	return step_fail(c->step, TOOL_IO, "%s: %s: %s", command_name(c), what,
	    strerror(errno));
}

static int
to_pump(void *arg, const void *p, size_t len)
{
	struct command *c = arg;

	return pump_write(&c->pump, p, len);
}

static int
from_pump(void *arg, const char *p, size_t len)
{
	struct command *c = arg;

	buf_put(&c->out, p, len);
	for (const char *nl = p, *end = p + len;
	     (nl = memchr(nl, '\n', (size_t)(end - nl))) != NULL; nl++)
		c->n_lines++;
	return c->on_output == NULL ? 0 : c->on_output(c->step);
}

int
command_start(struct command *c)
{
	const struct stage *st = c->step->chain->st;
	char *env[3] = {
	    mem_printf("MILLRACE_BATCH=%ju", (uintmax_t)st->now.batch),
	    mem_printf("MILLRACE_EPOCH=%ju", (uintmax_t)st->in.epoch), NULL};
	int rc;

	c->pump.got = from_pump;
	c->pump.arg = c;
	c->pump.watch_fd = STDOUT_FILENO;
	buf_reset(&c->out);
	c->at = 0;
	c->n_lines = 0;
	rc = pump_start(&c->pump, c->step->opts.argv, env);
	free(env[0]);
	free(env[1]);
	if (rc == -1)
		return step_fail(c->step, TOOL_IO, "%s: %s", command_name(c),
		    strerror(errno));
	tool_child(c->pump.pid);
	c->render = new_render(c);
	if (c->render == NULL || command_begin(c) == -1)
		return -1;
	render_to(c->render, to_pump, c);
	if (render_head(c->render, &c->head) == -1)
		return render_error(c->render) == NULL
			   ? pump_failed(c, "write")
			   : step_fail(c->step, TOOL_USAGE, "%s",
			       render_error(c->render));
	return 0;
}

int
command_write(struct command *c, const struct batch *b)
{
	struct frame f = {.h = c->step->chain->st->now};
	int timeout_ms = -1;

	if (render_frame(c->render, &f, b) == -1
	    || render_idle(c->render, &timeout_ms) == -1)
		return pump_failed(c, "write");
	return 0;
}

int
command_close(struct command *c)
{
	if (render_end(c->render) == -1)
		return pump_failed(c, "write");
	pump_close(&c->pump);
	return 0;
}

int
command_read(struct command *c, int timeout_ms)
{
	int rc = pump_read(&c->pump, timeout_ms);

	return rc == -1 ? pump_failed(c, "read") : rc;
}

int
command_wait(struct command *c)
{
	int status = pump_wait(&c->pump);

	tool_child(0);
	render_free(c->render);
	c->render = NULL;
	if (status == -1)
		return pump_failed(c, "wait");
	if (status < COMMAND_MAX_OK && c->ok[status])
		return 0;
	if (status > 128)
		return step_fail(c->step, TOOL_IO, "%s: ended by signal %d",
		    command_name(c), status - 128);
	return step_fail(c->step, TOOL_IO,
	    "%s: exit status %d; where that is well, write --ok %s%d",
	    command_name(c), status, c->step->opts.ok == NULL ? "0," : "",
	    status);
}
