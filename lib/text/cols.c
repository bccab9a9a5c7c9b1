/* SPDX-License-Identifier: ISC */
/* -c and -t against the columns of a source.  millrace-formats(7), COLUMNS. */
#include "text/cols_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
cols_release(struct cols *c)
{
	for (size_t i = 0; i < c->n_items; i++) {
		free(c->items[i].to);
		free(c->items[i].from);
		free(c->items[i].form.format);
	}
	for (size_t i = 0; i < c->n; i++) {
		free(c->cols[i].name);
		free(c->cols[i].from);
		free(c->cols[i].form.format);
	}
	free(c->items);
	free(c->cols);
	free(c->time);
	free(c->time_form.format);
	*c = (struct cols){.time_col = -1};
}

/* Whether -t means the item, and so makes it a time. */
static bool
is_time(const struct cols *c, const struct cols_item *item)
{
	return c->time != NULL
	       && (strcmp(item->from, c->time) == 0
		   || (item->to != NULL && strcmp(item->to, c->time) == 0));
}

bool
cols_wants(struct cols_want *w, const struct cols *c, size_t i)
{
	const struct cols_item *item;

	*w = (struct cols_want){.star = true};
	if (c->n_items == 0 && i-- == 0)
		return true;
	if (i < c->n_items) {
		item = &c->items[i];
		*w = (struct cols_want){.from = item->from,
		    .star = item->star,
		    .typed = item->typed || is_time(c, item)};
		return true;
	}
	*w = (struct cols_want){.from = c->time, .typed = true};
	return i == c->n_items && c->time != NULL;
}

/* How -c and -t call a field. */
static const char *
from_name(const struct cols_source *s, size_t field)
{
	if (s->origins != NULL && s->origins[field].from != NULL)
		return s->origins[field].from;
	return s->fields[field].name;
}

static size_t
find_field(const struct cols_source *s, const char *name)
{
	size_t i = 0;

	while (i < s->n && strcmp(from_name(s, i), name) != 0)
		i++;
	return i;
}

static int
no_column(char **why, const char *name, const struct cols_source *s)
{
	struct buf b;

	buf_init(&b, 0);
	buf_printf(&b, "no column %s; the columns are ", name);
	for (size_t i = 0; i < s->n; i++)
		buf_printf(&b, "%s%s", i > 0 ? ", " : "", s->fields[i].name);
	buf_put(&b, "", 1);
	*why = (char *)b.data;
	return -1;
}

static struct cell_form
form_dup(const struct cell_form *f)
{
	struct cell_form g = *f;

	if (f->format != NULL)
		g.format = mem_strdup(f->format);
	return g;
}

/* Add a column for a field; item, or NULL, says how. */
static struct cols_col *
add_col(struct cols *c, const struct cols_source *s, size_t field,
    const struct cols_item *item)
{
	const struct cols_field *f = &s->fields[field];
	struct cols_origin o = {.untyped = s->untyped};
	struct cols_col *col;

	if (s->origins != NULL)
		o = s->origins[field];
	c->cols = mem_grow(c->cols, &c->cap, c->n + 1, sizeof(*c->cols));
	col = &c->cols[c->n++];
	*col = (struct cols_col){.from = mem_strdup(from_name(s, field)),
	    .form = {.kind = f->kind},
	    .typed = !o.untyped,
	    .guessed = o.guessed,
	    .field = field};
	if (item != NULL && item->typed) {
		col->typed = true;
		col->guessed = false;
		col->form = form_dup(&item->form);
	}
	if (item == NULL)
		col->name = mem_strdup(f->name);
	else if (s->by_position)
		col->name = mem_strdup(item->from);
	else
		col->name = mem_strdup(item->to ? item->to : item->from);
	return col;
}

/* Find the fields of the items by name; taken tells which are used. */
static int
match_names(
    struct cols *c, char **why, const struct cols_source *s, bool *taken)
{
	for (size_t i = 0; i < c->n_items; i++) {
		struct cols_item *item = &c->items[i];

		if (item->star)
			continue;
		item->field = find_field(s, item->from);
		if (item->field == s->n) {
			no_column(why, item->from, s);
			return cols_blame(why, "-c");
		}
		if (s->fixed && item->typed) {
			*why = mem_printf(
			    "%s: the format gives it its type", item->from);
			return cols_blame(why, "-c");
		}
		taken[item->field] = true;
	}
	return 0;
}

static int
match_positions(
    struct cols *c, char **why, const struct cols_source *s, bool *taken)
{
	size_t field = 0;

	for (size_t i = 0; i < c->n_items; i++) {
		struct cols_item *item = &c->items[i];

		if (item->star && i + 1 < c->n_items)
			*why = mem_strdup("without a header * stands last");
		else if (item->to != NULL)
			*why = mem_strdup("NEW= needs a header");
		else if (!item->star && field == s->n)
			*why = mem_printf("%s is column %zu, and there are "
					  "only %zu",
			    item->from, field + 1, s->n);
		if (*why != NULL)
			return cols_blame(why, "-c");
		if (item->star)
			break;
		item->field = field;
		taken[field++] = true;
	}
	return 0;
}

static bool
is_skip(const struct cols_item *item, const struct cols_source *s)
{
	return s->by_position && strcmp(item->from, "_") == 0;
}

static void
choose(struct cols *c, const struct cols_source *s, const bool *taken)
{
	for (size_t i = 0; i < c->n_items; i++) {
		const struct cols_item *item = &c->items[i];

		if (!item->star && !is_skip(item, s))
			add_col(c, s, item->field, item);
		for (size_t f = 0; item->star && f < s->n_star; f++)
			if (!taken[f])
				add_col(c, s, f, NULL);
	}
	if (c->n_items == 0)
		for (size_t f = 0; f < s->n_star; f++)
			add_col(c, s, f, NULL);
}

/* The column of -t, or the format's own, among the chosen ones, or c->n. */
static size_t
find_time(const struct cols *c, const struct cols_source *s)
{
	if (c->time != NULL) {
		for (size_t i = 0; i < c->n; i++)
			if (strcmp(c->cols[i].name, c->time) == 0)
				return i;
		for (size_t i = 0; i < c->n; i++)
			if (strcmp(c->cols[i].from, c->time) == 0)
				return i;
	} else if (s->time != NULL) {
		for (size_t i = 0; i < c->n; i++)
			if (strcmp(c->cols[i].from, s->time) == 0
			    && cell_type(c->cols[i].form.kind) == TYPE_TIME)
				return i;
	}
	return c->n;
}

/* Make the column a time; a type that -c or the format gave it stays. */
static int
make_time(struct cols *c, char **why, struct cols_col *col)
{
	bool formatted = c->time_form.kind != CELL_STR;

	if (!col->typed || col->guessed) {
		col->form = form_dup(&c->time_form);
		if (!formatted)
			col->form.kind = CELL_TIME;
		col->typed = true;
		col->guessed = false;
	} else if (cell_type(col->form.kind) != TYPE_TIME) {
		*why = mem_printf("column %s is %s", col->name,
		    type_name(cell_type(col->form.kind)));
		return -1;
	} else if (formatted && col->form.kind == CELL_TIME) {
		col->form = form_dup(&c->time_form);
	} else if (formatted && col->form.kind != c->time_form.kind) {
		*why = mem_printf(
		    "column %s already has another time format", col->name);
		return -1;
	}
	return 0;
}

static int
choose_time(struct cols *c, char **why, const struct cols_source *s)
{
	size_t i = find_time(c, s), field;

	if (i == c->n && c->time != NULL) {
		field = find_field(s, c->time);
		if (field == s->n) {
			no_column(why, c->time, s);
			return cols_blame(why, "-t");
		}
		add_col(c, s, field, NULL);
	}
	if (i == c->n)
		return 0;
	if (c->time != NULL && make_time(c, why, &c->cols[i]) == -1)
		return cols_blame(why, "-t");
	c->time_col = (int)i;
	return 0;
}

int
cols_bind(struct cols *c, char **why, const struct cols_source *s)
{
	bool *taken = mem_zero(s->n, sizeof(*taken));
	int r;

	*why = NULL;
	if (s->by_position)
		r = match_positions(c, why, s, taken);
	else
		r = match_names(c, why, s, taken);
	if (r == 0) {
		choose(c, s, taken);
		r = choose_time(c, why, s);
	}
	free(taken);
	return r;
}

int
cols_rebind(struct cols *c, char **why, const struct cols_source *s)
{
	for (size_t i = 0; i < c->n; i++) {
		c->cols[i].field = find_field(s, c->cols[i].from);
		if (c->cols[i].field == s->n)
			return no_column(why, c->cols[i].from, s);
	}
	return 0;
}

int
cols_schema(struct schema *s, char **why, const struct cols *c)
{
	*why = NULL;
	for (size_t i = 0; i < c->n; i++) {
		const struct cols_col *col = &c->cols[i];
		size_t len = strlen(col->name);
		struct field *f;

		if (len > SCHEMA_MAX_NAME)
			*why = mem_printf("a column name is longer than %d "
					  "bytes",
			    SCHEMA_MAX_NAME);
		else if (schema_find(s, col->name, len) != -1)
			*why = mem_printf(
			    "-c: column %s stands there twice", col->name);
		if (*why != NULL)
			return -1;
		f = schema_add(s, col->name, len, cell_type(col->form.kind));
		if (f == NULL) {
			*why = mem_strdup("too many columns");
			return -1;
		}
		f->untyped = !col->typed;
	}
	s->time_col = c->time_col;
	return 0;
}
