/* SPDX-License-Identifier: ISC */
/* HEAD as bytes: tagged fields.  millrace-frame(5), section 3. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/head.h"
#include "wire/mode.h"

enum head_tag {
	TAG_SOURCE = 1,
	TAG_COLUMN,
	TAG_EVENT_TIME,
	TAG_WINDOW,
	TAG_MODE,
	TAG_PARTIAL,
	TAG_STAGE,
	TAG_CHECKPOINT
};

enum source_flag { SOURCE_ENDLESS = 1, SOURCE_MANY = 2, SOURCE_WINDOWED = 4 };
enum column_flag { COLUMN_SYSTEM = 1, COLUMN_UNTYPED = 2 };

/* Open a field: its length is filled in by field_end. */
static size_t
field_begin(struct buf *b, enum head_tag tag)
{
	buf_put_int(b, tag, 2);
	buf_put_int(b, 0, 2);
	buf_put_int(b, 0, 4);
	return b->len;
}

static void
field_end(struct buf *b, size_t start)
{
	if (!b->failed)
		le_put(b->data + start - 4, b->len - start, 4);
}

static void
put_text(struct buf *b, const char *s)
{
	size_t len = strlen(s);

	/* No reader would take it. */
	if (len > HEAD_MAX_TEXT)
		b->failed = true;
	buf_put_str(b, s, len);
}

static void
write_schema(struct buf *b, const struct schema *s)
{
	size_t at;

	for (size_t i = 0; i < s->n; i++) {
		const struct field *f = &s->fields[i];

		at = field_begin(b, TAG_COLUMN);
		buf_put_int(b, f->type, 1);
		buf_put_int(b,
		    (f->system ? COLUMN_SYSTEM : 0u)
			| (f->untyped ? COLUMN_UNTYPED : 0u),
		    1);
		put_text(b, f->name);
		field_end(b, at);
	}
	if (s->time_col == -1)
		return;
	at = field_begin(b, TAG_EVENT_TIME);
	buf_put_int(b, (uint64_t)s->time_col, 4);
	buf_put_int(b, (uint64_t)s->time_off, 8);
	field_end(b, at);
}

static void
write_window(struct buf *b, const struct window_spec *w)
{
	size_t at;

	if (w->kind == WINDOW_NONE)
		return;
	at = field_begin(b, TAG_WINDOW);
	buf_put_int(b, w->kind, 1);
	buf_put_int(b, w->unit, 1);
	buf_put_int(b, (uint64_t)w->size, 8);
	buf_put_int(b, (uint64_t)w->slide, 8);
	buf_put_int(b, (uint64_t)w->origin, 8);
	put_text(b, w->tz);
	put_text(b, w->keys);
	put_text(b, w->text);
	field_end(b, at);
}

static void
write_stages(struct buf *b, const struct head *h)
{
	for (size_t i = 0; i < h->n_stages; i++) {
		size_t at = field_begin(b, TAG_STAGE);

		buf_put_int(b, h->stages[i].cls, 1);
		put_text(b, h->stages[i].program);
		put_text(b, h->stages[i].name);
		put_text(b, h->stages[i].options);
		field_end(b, at);
	}
}

static void
write_checkpoint(struct buf *b, const struct head *h)
{
	size_t at;

	if (h->path[0] == '\0')
		return;
	at = field_begin(b, TAG_CHECKPOINT);
	buf_put(b, h->identity, sizeof(h->identity));
	buf_put_int(b, h->generation, 8);
	buf_put_int(b, h->epoch, 8);
	put_text(b, h->path);
	field_end(b, at);
}

void
head_write(struct buf *b, const struct head *h)
{
	size_t at = field_begin(b, TAG_SOURCE);

	buf_put_int(b,
	    (h->endless ? SOURCE_ENDLESS : 0u) | (h->many ? SOURCE_MANY : 0u)
		| (h->windowed ? SOURCE_WINDOWED : 0u),
	    1);
	field_end(b, at);
	write_schema(b, &h->schema);
	write_window(b, &h->window);
	at = field_begin(b, TAG_MODE);
	buf_put_int(b, h->mode, 1);
	put_text(b, h->mode_keys);
	field_end(b, at);
	for (size_t i = 0; i < h->n_partials; i++) {
		at = field_begin(b, TAG_PARTIAL);
		buf_put_int(b, h->partials[i].col, 4);
		buf_put_int(b, h->partials[i].version, 4);
		put_text(b, h->partials[i].text);
		field_end(b, at);
	}
	write_stages(b, h);
	write_checkpoint(b, h);
}

/* A text field of a stage, path or list, without NUL, to be freed. */
static char *
get_text(struct cur *c)
{
	size_t len;
	const char *s = cur_get_str(c, &len, HEAD_MAX_TEXT);

	if (s != NULL && memchr(s, '\0', len) != NULL)
		c->failed = true;
	return c->failed ? mem_strdup("") : mem_strndup(s, len);
}

static const char *
read_source(struct head *h, struct cur *c)
{
	uint64_t flags = cur_get_int(c, 1);

	if ((flags & ~7u) != 0)
		return "HEAD: unknown source flag";
	h->endless = (flags & SOURCE_ENDLESS) != 0;
	h->many = (flags & SOURCE_MANY) != 0;
	h->windowed = (flags & SOURCE_WINDOWED) != 0;
	return NULL;
}

/* What flags say of a column, its type has to allow: readers rely on it. */
static bool
flags_fit(const struct field *f)
{
	if (f->untyped && f->type != TYPE_STR)
		return false;
	if (!f->system)
		return true;
	return (strcmp(f->name, "pane") != 0 || f->type == TYPE_TIME
		   || f->type == TYPE_INT)
	       && (strcmp(f->name, "part") != 0 || f->type == TYPE_INT)
	       && (strcmp(f->name, "op") != 0 || f->type == TYPE_INT);
}

static const char *
read_column(struct head *h, struct cur *c)
{
	uint64_t type = cur_get_int(c, 1), flags = cur_get_int(c, 1);
	size_t len;
	const char *name = cur_get_str(c, &len, SCHEMA_MAX_NAME);
	struct field *f;

	if (c->failed)
		return "HEAD: a column is cut or its name too long";
	if (type < TYPE_BOOL || type > TYPE_BIN)
		return "HEAD: unknown column type";
	if ((flags & ~3u) != 0)
		return "HEAD: unknown column flag";
	f = schema_add(&h->schema, name, len, (enum type)type);
	if (f == NULL)
		return "HEAD: a column name is empty or twice, or too many";
	f->system = (flags & COLUMN_SYSTEM) != 0;
	f->untyped = (flags & COLUMN_UNTYPED) != 0;
	return flags_fit(f) ? NULL : "HEAD: flags that a type does not allow";
}

static const char *
read_event_time(struct head *h, struct cur *c)
{
	uint64_t col = cur_get_int(c, 4);

	h->schema.time_off = (int64_t)cur_get_int(c, 8);
	if (h->schema.time_col != -1 || col >= h->schema.n
	    || h->schema.fields[col].type != TYPE_TIME)
		return "HEAD: the event time is no time column";
	h->schema.time_col = (int)col;
	return NULL;
}

static const char *
read_window(struct head *h, struct cur *c)
{
	struct window_spec *w = &h->window;
	uint64_t kind = cur_get_int(c, 1), unit = cur_get_int(c, 1);

	if (w->kind != WINDOW_NONE || kind < WINDOW_TUMBLING
	    || kind > WINDOW_CIVIL || unit > UNIT_YEAR)
		return "HEAD: unknown window kind";
	free(w->tz);
	free(w->keys);
	free(w->text);
	w->kind = (enum window_kind)kind;
	w->unit = (enum window_unit)unit;
	w->size = (int64_t)cur_get_int(c, 8);
	w->slide = (int64_t)cur_get_int(c, 8);
	w->origin = (int64_t)cur_get_int(c, 8);
	w->tz = get_text(c);
	w->keys = get_text(c);
	w->text = get_text(c);
	if ((kind == WINDOW_CIVIL) != (unit != 0) || w->size <= 0
	    || w->slide < 0
	    || (kind == WINDOW_SLIDING || kind == WINDOW_CUMULATE)
		   != (w->slide > 0))
		return "HEAD: impossible window";
	return NULL;
}

static const char *
read_mode(struct head *h, struct cur *c)
{
	uint64_t mode = cur_get_int(c, 1);

	if (mode > MODE_COMPLETE)
		return "HEAD: unknown mode";
	h->mode = (enum head_mode)mode;
	free(h->mode_keys);
	h->mode_keys = get_text(c);
	return NULL;
}

static const char *
read_partial(struct head *h, struct cur *c)
{
	struct head_partial *p;
	uint64_t col = cur_get_int(c, 4), version = cur_get_int(c, 4);

	if (h->n_partials == SCHEMA_MAX_COLS || col >= h->schema.n)
		return "HEAD: partial state of no column";
	h->partials = mem_resize(h->partials, h->n_partials + 1, sizeof(*p));
	p = &h->partials[h->n_partials++];
	p->col = (uint32_t)col;
	p->version = (uint32_t)version;
	p->text = get_text(c);
	return NULL;
}

static const char *
read_stage(struct head *h, struct cur *c)
{
	uint64_t cls = cur_get_int(c, 1);
	char *program = get_text(c), *name = get_text(c);
	char *options = get_text(c);
	const char *why = NULL;

	if (cls > CLASS_JOIN)
		why = "HEAD: unknown class of a stage";
	else if (h->n_stages == HEAD_MAX_STAGES)
		why = "HEAD: more than 256 stages";
	else
		head_add_stage(
		    h, (enum stage_class)cls, program, name, options);
	free(program);
	free(name);
	free(options);
	return why;
}

/* Sources add a stream, joins take one away: one is to be left. */
static const char *
check_stages(const struct head *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_stages; i++) {
		enum stage_class cls = h->stages[i].cls;

		if (cls == CLASS_SOURCE)
			n++;
		else if (n < (cls == CLASS_JOIN ? 2 : 1))
			return "HEAD: a stage has no stream to read";
		else if (cls == CLASS_JOIN)
			n--;
	}
	return n == 1 ? NULL : "HEAD: two streams that nothing joins";
}

static const char *
read_checkpoint(struct head *h, struct cur *c)
{
	const uint8_t *id = cur_get(c, sizeof(h->identity));

	if (h->path[0] != '\0')
		return "HEAD: two checkpoints";
	if (id != NULL)
		memcpy(h->identity, id, sizeof(h->identity));
	h->generation = cur_get_int(c, 8);
	h->epoch = cur_get_int(c, 8);
	free(h->path);
	h->path = get_text(c);
	return h->path[0] == '/' ? NULL : "HEAD: checkpoint path not absolute";
}

/* By tag. */
static const struct {
	const char *(*read)(struct head *h, struct cur *c);
	bool once;
} readers[] = {
    [TAG_SOURCE] = {read_source, true},
    [TAG_COLUMN] = {read_column, false},
    [TAG_EVENT_TIME] = {read_event_time, true},
    [TAG_WINDOW] = {read_window, true},
    [TAG_MODE] = {read_mode, true},
    [TAG_PARTIAL] = {read_partial, false},
    [TAG_STAGE] = {read_stage, false},
    [TAG_CHECKPOINT] = {read_checkpoint, true},
};

int
head_read(struct head *h, const char **why, const uint8_t *p, size_t len)
{
	struct cur c, field;
	uint64_t tag, last = 0, zero, n;
	const uint8_t *body;

	head_init(h);
	cur_init(&c, p, len);
	*why = NULL;
	while (c.left > 0 && *why == NULL) {
		tag = cur_get_int(&c, 2);
		zero = cur_get_int(&c, 2);
		n = cur_get_int(&c, 4);
		body = cur_get(&c, n);
		if (body == NULL) {
			*why = "HEAD: a field is cut";
		} else if (tag < TAG_SOURCE || tag > TAG_CHECKPOINT
			   || zero != 0) {
			*why = "HEAD: unknown field";
		} else if (tag < last || (tag == last && readers[tag].once)) {
			*why = "HEAD: fields out of order or twice";
		} else {
			cur_init(&field, body, n);
			*why = readers[tag].read(h, &field);
			if (*why == NULL && (field.failed || field.left > 0))
				*why = "HEAD: wrong length of a field";
			last = tag;
		}
	}
	if (*why == NULL && (len == 0 || h->n_stages == 0))
		*why = "HEAD: no stage is named";
	if (*why == NULL)
		*why = mode_check(h);
	if (*why == NULL)
		*why = check_stages(h);
	return *why == NULL ? 0 : -1;
}
