/* SPDX-License-Identifier: ISC */
/* The languages of -c and -t.  millrace-formats(7), COLUMNS. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/cols_int.h"
#include "text/jsonpath.h"

/* A reader of the text of an option. */
struct reader {
	const char *p;
	const char *end;
	bool paths;
};

/*
 * A name up to one of the stops, or between backquotes.  Returns it to be
 * freed, or NULL with *why.
 */
static char *
take_name(struct reader *r, char **why, const char *stops)
{
	const char *from = r->p, *to;

	if (r->paths) {
		to = from + jsonpath_len(from, (size_t)(r->end - from), stops);
		r->p = to;
	} else if (from < r->end && *from == '`') {
		from++;
		to = memchr(from, '`', (size_t)(r->end - from));
		if (to == NULL) {
			*why = mem_strdup("a backquote is not closed");
			return NULL;
		}
		r->p = to + 1;
	} else {
		for (to = from; to < r->end && strchr(stops, *to) == NULL;)
			to++;
		r->p = to;
	}
	if (to != from)
		return mem_strndup(from, (size_t)(to - from));
	*why = mem_strdup("a column name is missing");
	return NULL;
}

/* Whether an item ends here. */
static bool
at_end(const struct reader *r)
{
	return r->p == r->end || *r->p == ',';
}

/* The ")" that ends a format: the first one that ends its item, too. */
static const char *
close_paren(const struct reader *r)
{
	for (const char *p = r->p; p < r->end; p++)
		if (*p == ')' && (p + 1 == r->end || p[1] == ','))
			return p;
	return NULL;
}

/* type[(format)], behind the colon. */
static int
take_form(struct reader *r, struct cell_form *f, char **why)
{
	const char *type = r->p, *arg = NULL, *close = NULL;
	size_t type_len, arg_len = 0;

	while (!at_end(r) && *r->p != '(')
		r->p++;
	type_len = (size_t)(r->p - type);
	if (r->p < r->end && *r->p == '(') {
		arg = ++r->p;
		close = close_paren(r);
		if (close == NULL) {
			*why = mem_strdup("a parenthesis is not closed");
			return -1;
		}
		arg_len = (size_t)(close - arg);
		r->p = close + 1;
	}
	return cell_form_parse(f, why, type, type_len, arg, arg_len);
}

/* A path in its one form, and the last of its keys in *name, if not NULL. */
static int
shape_path(char **from, char **name, char **why)
{
	struct jsonpath path;
	struct buf b;
	int r = jsonpath_parse(&path, why, *from, strlen(*from));

	buf_init(&b, 0);
	if (r == 0) {
		jsonpath_text(&b, &path);
		buf_put(&b, "", 1);
		free(*from);
		*from = (char *)b.data;
		if (name != NULL)
			*name = jsonpath_name(&path, 1);
	}
	jsonpath_release(&path);
	return r;
}

/* The names of an item of paths: NEW is a key, and the last key is another. */
static int
shape_item(struct cols_item *item, char **why)
{
	char *key = NULL;

	if (item->to != NULL) {
		if (shape_path(&item->to, &key, why) == -1)
			return -1;
		free(item->to);
		item->to = key;
		return shape_path(&item->from, NULL, why);
	}
	return shape_path(&item->from, &item->to, why);
}

static int
take_item(struct reader *r, struct cols_item *item, char **why)
{
	bool quoted = r->p < r->end && *r->p == '`';

	item->from = take_name(r, why, "=:,");
	if (item->from == NULL)
		return -1;
	if (r->p < r->end && *r->p == '=') {
		r->p++;
		item->to = item->from;
		item->from = take_name(r, why, ":,");
		if (item->from == NULL)
			return -1;
	}
	if (r->p < r->end && *r->p == ':') {
		r->p++;
		item->typed = true;
		if (take_form(r, &item->form, why) == -1)
			return -1;
	}
	item->infer = !quoted && !item->typed && item->to == NULL
		      && strcmp(item->from, "auto") == 0;
	item->star = item->infer || strcmp(item->from, "*") == 0;
	if (item->star && (item->to != NULL || item->typed)) {
		*why = mem_strdup("* takes no name and no type");
		return -1;
	}
	if (r->paths && !item->star && shape_item(item, why) == -1)
		return -1;
	if (at_end(r))
		return 0;
	*why = mem_printf(
	    "%.*s: a comma is missing before it", (int)(r->end - r->p), r->p);
	return -1;
}

static int
parse_items(struct cols *c, char **why, const char *text)
{
	struct reader r = {text, text + strlen(text), c->paths};
	size_t n_stars = 0;

	for (;; r.p++) {
		struct cols_item *item;

		if (c->n_items == SCHEMA_MAX_COLS) {
			*why = mem_strdup("too many columns");
			return -1;
		}
		c->items = mem_grow(
		    c->items, &c->cap_items, c->n_items + 1, sizeof(*c->items));
		item = &c->items[c->n_items++];
		*item = (struct cols_item){.form = {.kind = CELL_STR}};
		if (take_item(&r, item, why) == -1)
			return -1;
		n_stars += item->star;
		c->infer |= item->infer;
		if (n_stars > 1) {
			*why = mem_strdup("* stands there twice");
			return -1;
		}
		if (r.p == r.end)
			return 0;
	}
}

static int
parse_time(struct cols *c, char **why, const char *text)
{
	struct reader r = {text, text + strlen(text), c->paths};

	c->time = take_name(&r, why, ":");
	if (c->time == NULL
	    || (c->paths && shape_path(&c->time, NULL, why) == -1))
		return -1;
	if (r.p == r.end)
		return 0;
	if (*r.p != ':') {
		*why = mem_printf("%s: a colon is missing before it", r.p);
		return -1;
	}
	r.p++;
	return cell_time_parse(&c->time_form, why, r.p, (size_t)(r.end - r.p));
}

int
cols_blame(char **why, const char *opt)
{
	char *text = mem_printf("%s: %s", opt, *why);

	free(*why);
	*why = text;
	return -1;
}

int
cols_parse(struct cols *c, char **why, const char *columns, const char *time)
{
	*c = (struct cols){
	    .paths = c->paths, .time_col = -1, .time_form = {.kind = CELL_STR}};
	if (columns != NULL && parse_items(c, why, columns) == -1)
		return cols_blame(why, "-c");
	if (time != NULL && parse_time(c, why, time) == -1)
		return cols_blame(why, "-t");
	return 0;
}
