/* SPDX-License-Identifier: ISC */
/* The keys of a join and the columns that come out. */
#include "join/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/name.h"

/* A plan on its way. */
struct making {
	struct plan *p;
	const struct plan_opts *o;
	const struct schema *side[2];
	struct schema *out;
	char **why;
};

static const char *const side_names[] = {"the left side", "RIGHT"};

/* Fail with a caret under len bytes at byte at of the option's text. */
static int
fail_at(struct making *m, const char *opt, const char *source,
    const struct expr_error *err)
{
	struct buf b;

	buf_init(&b, 0);
	buf_printf(&b, "%s: ", opt);
	expr_error_print(&b, err, source);
	*m->why = mem_strndup((const char *)b.data, b.len - 1);
	buf_release(&b);
	return -1;
}

static int
fail_syntax(struct making *m, const char *opt, const char *source, size_t at,
    const char *form)
{
	struct expr_error err = {.at = at, .len = 1};

	snprintf(err.text, sizeof(err.text), "this is not %s", form);
	return fail_at(m, opt, source, &err);
}

/* A part of an option's text, for a caret. */
struct place {
	const char *opt;
	const char *source;
	size_t at;
	size_t len;
};

/* The column of that name, none of the system's; -1 after a failure. */
static int
find_column(struct making *m, const struct place *at, enum plan_side side,
    const char *name)
{
	const struct schema *s = m->side[side];
	int c = schema_find(s, name, strlen(name));
	struct expr_error err = {.at = at->at, .len = at->len};
	struct buf list;

	if (c != -1 && !s->fields[c].system)
		return c;
	buf_init(&list, 0);
	schema_list(&list, s);
	snprintf(err.text, sizeof(err.text), "no column %.100s; %s has %.*s",
	    name, side_names[side], (int)list.len, (const char *)list.data);
	buf_release(&list);
	return fail_at(m, at->opt, at->source, &err);
}

/* The type that two columns are compared as, 0 for none. */
static enum type
common_type(const struct field *l, const struct field *r)
{
	if (l->type == TYPE_BIN || r->type == TYPE_BIN)
		return 0;
	if (l->type == r->type)
		return l->type;
	if (l->type == TYPE_STR && l->untyped)
		return r->type;
	if (r->type == TYPE_STR && r->untyped)
		return l->type;
	if ((l->type == TYPE_INT && r->type == TYPE_FLOAT)
	    || (l->type == TYPE_FLOAT && r->type == TYPE_INT))
		return TYPE_FLOAT;
	return 0;
}

/* A program that makes a value of a type out of one of another; or NULL. */
static struct expr *
new_cast(const struct field *from, enum type to)
{
	struct expr_error err;
	struct expr *e = NULL;
	struct schema s;

	if (from->type == to)
		return NULL;
	schema_init(&s);
	schema_add(&s, "x", 1, from->type)->untyped = from->untyped;
	if (expr_compile(&e, &err, &s, "x") == 0
	    && expr_convert(e, &err, to) == -1) {
		expr_free(e);
		e = NULL;
	}
	schema_release(&s);
	return e;
}

/* Make l the partner of r, both of which -k has at the place. */
static int
add_key(struct making *m, const struct place *at, size_t l, size_t r)
{
	const struct field *lf = &m->side[PLAN_L]->fields[l];
	const struct field *rf = &m->side[PLAN_R]->fields[r];
	struct expr_error err = {.at = at->at, .len = at->len};
	enum type type = common_type(lf, rf);
	struct plan *p = m->p;

	if (type == 0) {
		snprintf(err.text, sizeof(err.text),
		    "%.80s is %s on the left side, but %.80s is %s in RIGHT: "
		    "write smap -a '%.80s = %.80s::%s' before",
		    lf->name, type_name(lf->type), rf->name,
		    type_name(rf->type), lf->name, lf->name,
		    type_name(rf->type));
		if (lf->type == TYPE_BIN || rf->type == TYPE_BIN)
			snprintf(err.text, sizeof(err.text),
			    "%.80s is a bin, which is no key",
			    lf->type == TYPE_BIN ? lf->name : rf->name);
		return fail_at(m, at->opt, at->source, &err);
	}
	p->keys = mem_resize(p->keys, p->n_keys + 1, sizeof(*p->keys));
	p->keys[p->n_keys++] = (struct plan_key){.col = {l, r},
	    .type = type,
	    .cast = {new_cast(lf, type), new_cast(rf, type)}};
	return 0;
}

/* One item of -k, from *s on. */
static int
take_key(struct making *m, const char **s)
{
	struct place at = {.opt = "-k", .source = m->o->keys};
	char *l, *r = NULL;
	int lc, rc = -1;

	at.at = (size_t)(*s - at.source);
	l = name_take(s, "=,");
	*s += strspn(*s, " ");
	if (l != NULL && **s == '=') {
		++*s;
		*s += strspn(*s, " ");
		r = name_take(s, ",");
		*s += strspn(*s, " ");
	} else if (l != NULL) {
		r = mem_strdup(l);
	}
	at.len = (size_t)(*s - at.source) - at.at;
	if (l == NULL || r == NULL || (**s != ',' && **s != '\0'))
		rc = fail_syntax(m, "-k", at.source, (size_t)(*s - at.source),
		    "'COL, LEFT=RIGHT, ...'");
	else if ((lc = find_column(m, &at, PLAN_L, l)) != -1
		 && (rc = find_column(m, &at, PLAN_R, r)) != -1)
		rc = add_key(m, &at, (size_t)lc, (size_t)rc);
	free(l);
	free(r);
	return rc == -1 ? -1 : 0;
}

static int
take_keys(struct making *m)
{
	const char *s = m->o->keys;

	for (;; s++) {
		s += strspn(s, " ");
		if (take_key(m, &s) == -1)
			return -1;
		if (*s == '\0')
			return 0;
	}
}

/* A column that comes out, of that field under that name. */
static int
add_out(struct making *m, const struct field *f, const char *name,
    const struct plan_out *out)
{
	struct plan *p = m->p;
	struct field *to = schema_add(m->out, name, strlen(name), f->type);

	if (to == NULL && strlen(name) <= SCHEMA_MAX_NAME
	    && m->out->n < SCHEMA_MAX_COLS) {
		*m->why = mem_printf("both sides have a column %s: write "
				     "--prefix STR for those of RIGHT, or "
				     "choose some of them by --take",
		    name);
		return -1;
	}
	if (to == NULL) {
		*m->why = mem_printf("%s: a name of more than %d bytes, or "
				     "more than %d columns",
		    name, SCHEMA_MAX_NAME, SCHEMA_MAX_COLS);
		return -1;
	}
	to->system = f->system;
	to->untyped = f->untyped;
	p->outs = mem_resize(p->outs, p->n_outs + 1, sizeof(*p->outs));
	p->outs[p->n_outs] = *out;
	p->outs[p->n_outs++].type = f->type;
	return 0;
}

static int
add_left(struct making *m)
{
	const struct schema *s = m->side[PLAN_L];

	for (size_t c = 0; c < s->n; c++)
		if (add_out(m, &s->fields[c], s->fields[c].name,
			&(struct plan_out){.left = (int)c, .right = -1})
		    == -1)
			return -1;
	m->out->time_col = s->time_col;
	m->out->time_off = s->time_off;
	return 0;
}

static int
add_right(struct making *m, int c, const char *name)
{
	const char *prefix = m->o->prefix == NULL ? "" : m->o->prefix;
	char *full = mem_printf("%s%s", prefix, name);
	int rc = add_out(m, &m->side[PLAN_R]->fields[c], full,
	    &(struct plan_out){.left = -1, .right = c});

	free(full);
	return rc;
}

/* The columns of RIGHT that --take names. */
static int
take_right(struct making *m)
{
	struct place at = {.opt = "--take", .source = m->o->take};
	const char *s = at.source;
	char *name, *col;
	int c;

	for (;; s++) {
		s += strspn(s, " ");
		at.at = (size_t)(s - at.source);
		name = name_take(&s, "=,");
		col = NULL;
		s += strspn(s, " ");
		if (name != NULL && *s == '=') {
			s++;
			s += strspn(s, " ");
			col = name_take(&s, ",");
			s += strspn(s, " ");
		} else if (name != NULL) {
			col = mem_strdup(name);
		}
		at.len = (size_t)(s - at.source) - at.at;
		if (col == NULL || (*s != ',' && *s != '\0'))
			c = fail_syntax(m, at.opt, at.source,
			    (size_t)(s - at.source), "'COL, NEW=COL, ...'");
		else if ((c = find_column(m, &at, PLAN_R, col)) != -1)
			c = add_right(m, c, name);
		free(name);
		free(col);
		if (c == -1)
			return -1;
		if (*s == '\0')
			return 0;
	}
}

static bool
is_right_key(const struct plan *p, size_t c)
{
	for (size_t i = 0; i < p->n_keys; i++)
		if (p->keys[i].col[PLAN_R] == c)
			return true;
	return false;
}

/* All columns of RIGHT but its keys, which are those of the left side. */
static int
all_right(struct making *m)
{
	const struct schema *s = m->side[PLAN_R];

	for (size_t c = 0; c < s->n; c++)
		if (!s->fields[c].system && !is_right_key(m->p, c)
		    && add_right(m, (int)c, s->fields[c].name) == -1)
			return -1;
	return 0;
}

/* Rows without a left row show the key that they have. */
static int
share_keys(struct making *m)
{
	for (size_t i = 0; i < m->p->n_keys; i++) {
		const struct plan_key *k = &m->p->keys[i];
		struct plan_out *o = &m->p->outs[k->col[PLAN_L]];
		const struct field *l, *r;

		l = &m->side[PLAN_L]->fields[k->col[PLAN_L]];
		r = &m->side[PLAN_R]->fields[k->col[PLAN_R]];
		if (l->type == TYPE_INT && r->type == TYPE_FLOAT) {
			*m->why = mem_printf("%s would show the floats of "
					     "RIGHT, but is int: write smap "
					     "-a '%s = %s::float' before",
			    l->name, l->name, l->name);
			return -1;
		}
		if (o->right != -1)
			continue;
		o->right = (int)k->col[PLAN_R];
		o->cast = new_cast(r, l->type);
	}
	return 0;
}

/* Columns of one name are one column of a union; others are one side's. */
static int
add_union(struct making *m)
{
	const struct schema *r = m->side[PLAN_R];

	for (size_t c = 0; c < r->n; c++) {
		const struct field *f = &r->fields[c];
		int l = schema_find(m->out, f->name, strlen(f->name));

		if (f->system)
			continue;
		if (l == -1) {
			if (add_right(m, (int)c, f->name) == -1)
				return -1;
			continue;
		}
		if (m->out->fields[l].type != f->type) {
			*m->why = mem_printf("%s is %s on the left side, but "
					     "%s in RIGHT",
			    f->name, type_name(m->out->fields[l].type),
			    type_name(f->type));
			return -1;
		}
		m->p->outs[l].right = (int)c;
	}
	return 0;
}

/* The keys, then the rows of each side. */
static int
add_groups(struct making *m)
{
	static const struct field rows = {.type = TYPE_STR};
	const struct plan_out none = {.left = -1, .right = -1};

	for (size_t i = 0; i < m->p->n_keys; i++) {
		struct field f =
		    m->side[PLAN_L]->fields[m->p->keys[i].col[PLAN_L]];

		f.type = m->p->keys[i].type;
		f.untyped &= f.type == TYPE_STR;
		if (add_out(m, &f, f.name, &none) == -1)
			return -1;
	}
	return add_out(m, &rows, "left_rows", &none) == -1
		       || add_out(m, &rows, "right_rows", &none) == -1
		   ? -1
		   : 0;
}

static int
add_columns(struct making *m)
{
	switch (m->p->kind) {
	case PLAN_SEMI:
	case PLAN_ANTI:
		return add_left(m);
	case PLAN_UNION:
		return add_left(m) == -1 ? -1 : add_union(m);
	case PLAN_COGROUP:
		return add_groups(m);
	case PLAN_RIGHT:
	case PLAN_FULL:
	case PLAN_INNER:
	case PLAN_LEFT:
	default:
		break;
	}
	if (add_left(m) == -1)
		return -1;
	if ((m->p->kind == PLAN_RIGHT || m->p->kind == PLAN_FULL)
	    && share_keys(m) == -1)
		return -1;
	return m->o->take != NULL ? take_right(m) : all_right(m);
}

int
plan_init(struct plan *p, char **why, struct schema *out,
    const struct plan_opts *o, const struct schema *left,
    const struct schema *right)
{
	struct making m = {
	    .p = p, .o = o, .side = {left, right}, .out = out, .why = why};

	*p = (struct plan){.kind = o->kind};
	if (o->keys != NULL && take_keys(&m) == -1)
		return -1;
	return add_columns(&m);
}

void
plan_release(struct plan *p)
{
	for (size_t i = 0; i < p->n_keys; i++) {
		expr_free(p->keys[i].cast[PLAN_L]);
		expr_free(p->keys[i].cast[PLAN_R]);
	}
	for (size_t i = 0; i < p->n_outs; i++)
		expr_free(p->outs[i].cast);
	free(p->keys);
	free(p->outs);
}

void
plan_key_types(const struct plan *p, enum type *types)
{
	for (size_t i = 0; i < p->n_keys; i++)
		types[i] = p->keys[i].type;
}
