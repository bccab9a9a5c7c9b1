/* SPDX-License-Identifier: ISC */
/* Saved streams as a source of rows.  millrace-formats(7), Saved streams. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "text/text_int.h"
#include "wire/stream.h"

#define STEP_ROWS 4096 /* copied at a time */
#define PARTS_MAX (1u << 20)

/* One stream on its way. */
struct saved {
	uint64_t id; /* as text_memo */
	struct stream_reader *reader;
	struct schema schema;
	int64_t *parts; /* their numbers in the stream, by ours */
	uint32_t n_parts;
	size_t cap_parts;
	int part_col; /* system column with the parts of mixed frames, or -1 */
	bool ended;
	struct frame_header h; /* of the frame at hand */
	size_t frame_len; /* its bytes, 0 = there is none */
	struct batch rows;
	uint32_t at; /* the next of them */
};

struct frames {
	struct saved **v;
	size_t n;
	size_t cap;
	char *first; /* owned; name of the source that gave the columns */
};

static struct saved *
saved(const struct text *t)
{
	const struct frames *x = t->state;

	for (size_t i = x->n; i-- > 0;)
		if (x->v[i]->id == t->memo.id)
			return x->v[i];
	return NULL;
}

static void
saved_free(struct saved *s)
{
	stream_reader_free(s->reader);
	schema_release(&s->schema);
	batch_release(&s->rows);
	free(s->parts);
	free(s);
}

static struct saved *
add_saved(struct text *t)
{
	struct frames *x = t->state;
	struct saved *s = mem_zero(1, sizeof(*s));

	s->id = t->memo.id;
	s->reader = stream_reader_new(-1, -1);
	s->part_col = -1;
	schema_init(&s->schema);
	batch_init(&s->rows);
	x->v = mem_grow(x->v, &x->cap, x->n + 1, sizeof(struct saved *));
	x->v[x->n++] = s;
	return s;
}

/* Its reader has found a fault. */
static int
fail_reader(struct text *t, const struct saved *s)
{
	text_fail(t, mem_strdup(stream_reader_error(s->reader)));
	t->status = stream_reader_status(s->reader);
	return -1;
}

/* Our number of a part; a new one is added. */
static int
part_of(struct text *t, struct saved *s, uint32_t *sub, int64_t part)
{
	for (*sub = 0; *sub < s->n_parts; ++*sub)
		if (s->parts[*sub] == part)
			return 0;
	if (s->n_parts == PARTS_MAX)
		return text_fail(t, mem_strdup("it has too many parts"));
	s->parts = mem_grow(
	    s->parts, &s->cap_parts, s->n_parts + 1, sizeof(*s->parts));
	s->parts[s->n_parts++] = part;
	return 0;
}

/*
 * The kind and length of the frame at the front of p[0..len).  1, 0 when more
 * bytes must come.  What is no frame, or cut short, is left to the reader.
 */
static int
look(struct frame_header *h, size_t *size, const char *p, size_t len, bool eof)
{
	const char *why;

	*size = len;
	if (len < FRAME_HEADER_LEN)
		return eof;
	if (frame_parse(h, &why, (const uint8_t *)p) == -1)
		return 1;
	if (len - FRAME_HEADER_LEN < h->stored_len)
		return eof;
	*size = FRAME_HEADER_LEN + h->stored_len;
	return 1;
}

/* What can be read again as rows. */
static int
check_head(struct text *t, const struct head *h)
{
	if (h->mode != MODE_APPEND)
		return text_fail(t, mem_strdup("it holds changes of rows; give "
					       "it to ssink"));
	if (h->n_partials > 0 && t->note == NULL)
		t->note = mem_printf("%s: partial results become plain columns;"
				     " sreduce --merge < FILE merges them",
		    t->from.name);
	return 0;
}

/* The columns without those of the system. */
static void
take_schema(struct schema *to, int *part_col, const struct schema *from)
{
	to->time_col = -1;
	to->time_off = from->time_off;
	for (size_t i = 0; i < from->n; i++) {
		const struct field *f = &from->fields[i];

		if (f->system && strcmp(f->name, "part") == 0
		    && f->type == TYPE_INT)
			*part_col = (int)i;
		if (f->system)
			continue;
		if ((int)i == from->time_col)
			to->time_col = (int)to->n;
		schema_add(to, f->name, strlen(f->name), f->type)->untyped =
		    f->untyped;
	}
}

static bool
same_schema(const struct schema *a, const struct schema *b)
{
	bool same = a->n == b->n && a->time_col == b->time_col
		    && a->time_off == b->time_off;

	for (size_t i = 0; same && i < a->n; i++)
		same = a->fields[i].type == b->fields[i].type
		       && strcmp(a->fields[i].name, b->fields[i].name) == 0;
	return same;
}

static int
take_head(struct text *t, struct saved *s, const struct head *h)
{
	struct frames *x = t->state;
	struct schema schema;
	int rc = 0;

	if (check_head(t, h) == -1)
		return -1;
	schema_copy(&s->schema, &h->schema);
	schema_init(&schema);
	take_schema(&schema, &s->part_col, &h->schema);
	if (!t->bound) {
		schema_release(&t->schema);
		schema_copy(&t->schema, &schema);
		t->bound = true;
		x->first = mem_strdup(t->from.name);
	} else if (!same_schema(&schema, &t->schema)) {
		rc = text_fail(
		    t, mem_printf("its columns are not those of %s", x->first));
	}
	schema_release(&schema);
	return rc;
}

/* Read HEAD, which is p[0..len). */
static int
read_head(struct text *t, struct saved *s, const char *p, size_t len)
{
	struct head h;
	int rc;

	stream_give(s->reader, p, len);
	rc = stream_read_head(s->reader, &h);
	if (rc == 1)
		rc = take_head(t, s, &h);
	else if (len > 0 && memcmp(p, FRAME_MAGIC, len < 8 ? len : 8) != 0)
		rc = text_fail(t, mem_strdup("this is no saved stream"));
	else
		rc = fail_reader(t, s);
	head_release(&h);
	return rc;
}

/* A frame that is no ROWS. */
static int
take_note(struct text *t, struct saved *s, const struct frame *f)
{
	struct mark m;
	struct fail e;
	uint32_t sub;

	switch (f->h.kind) {
	case FRAME_MARK:
		if (mark_read(&m, f->data, f->len) == 0 && m.what == MARK_OPEN)
			return part_of(t, s, &sub, f->h.part);
		return 0;
	case FRAME_END:
		s->ended = true;
		return 0;
	case FRAME_FAIL:
		fail_read(&e, f->data, f->len);
		text_fail(
		    t, mem_printf("it ends with a failure: %.*s: %.*s",
			   (int)e.stage_len, e.stage, (int)e.text_len, e.text));
		t->status = EX_IOERR;
		return -1;
	default:
		return 0; /* checkpoints are not of this stream */
	}
}

/* Read the frame p[0..len), whose rows are then at hand. */
static int
read_frame(struct text *t, struct saved *s, const char *p, size_t len)
{
	struct frame f;

	if (s->ended)
		return text_fail(t, mem_strdup("bytes behind its end"));
	stream_give(s->reader, p, len);
	if (stream_read(s->reader, &f, -1) != 1)
		return fail_reader(t, s);
	s->h = f.h;
	if (f.h.kind != FRAME_ROWS)
		return take_note(t, s, &f);
	if (stream_rows(s->reader, &s->rows) == -1)
		return fail_reader(t, s);
	s->at = 0;
	return 0;
}

/*
 * Whether HEAD, all marks behind it and the header of what comes then are
 * there; *size is the length of HEAD.
 */
static bool
has_header(size_t *size, const char *p, size_t len, bool eof)
{
	struct frame_header h = {.kind = FRAME_HEAD};
	size_t at, n;

	if (look(&h, size, p, len, eof) == 0)
		return false;
	for (at = *size; at < len; at += n)
		if (look(&h, &n, p + at, len - at, eof) == 0)
			return h.kind != FRAME_MARK
			       && len - at >= FRAME_HEADER_LEN;
		else if (h.kind != FRAME_MARK)
			return true;
	return eof;
}

/* HEAD, and the parts that are open from the beginning. */
static int
header(struct text *t, size_t *used, const char *p, size_t len, bool eof)
{
	struct frame_header h = {.kind = FRAME_HEAD};
	struct saved *s;
	size_t size;

	if (!has_header(&size, p, len, eof))
		return 0;
	s = add_saved(t);
	if (read_head(t, s, p, size) == -1)
		return -1;
	for (*used = size; *used < len; *used += size) {
		if (look(&h, &size, p + *used, len - *used, eof) == 0
		    || h.kind != FRAME_MARK)
			break;
		if (read_frame(t, s, p + *used, size) == -1)
			return -1;
	}
	return 1;
}

/* Rows from s->at on, at most n, that are of one part; *sub is it. */
static int
find_run(struct text *t, struct saved *s, uint32_t *sub, uint32_t *n)
{
	const struct col *c;
	int64_t part;
	uint32_t i = 1;

	if (s->part_col == -1 || s->h.part != 0)
		return part_of(t, s, sub, s->h.part);
	c = &s->rows.cols[s->part_col];
	part = c->i[col_entry(c, s->at)];
	if (c->enc != COL_CONST)
		while (i < *n && c->i[col_entry(c, s->at + i)] == part)
			i++;
	else
		i = *n;
	*n = i;
	return part_of(t, s, sub, part);
}

/* Rows at .. at + n of c go behind those of b. */
static void
append(struct colbuf *b, const struct col *c, uint32_t at, uint32_t n)
{
	if (type_is_wide(c->type) && c->enc == COL_PLAIN && c->valid == NULL) {
		colbuf_reserve(b, n, 0);
		memcpy(b->i + b->n, c->i + at, n * sizeof(*b->i));
		colbuf_added(b, n);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		colbuf_push_cell(b, c, at + i);
}

static void
append_rows(struct build *out, struct saved *s, uint32_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < s->schema.n; i++)
		if (!s->schema.fields[i].system)
			append(&out->cols[to++], &s->rows.cols[i], s->at, n);
	out->n_rows += n;
	s->at += n;
}

/* Take the next rows of the frame at hand; 0 when they are of another part. */
static int
take_rows(
    struct text *t, struct saved *s, struct build *out, struct text_goal *goal)
{
	uint32_t n = goal->max_rows - out->n_rows, sub;
	uint32_t left = s->rows.n_rows - s->at;

	n = n < STEP_ROWS ? n : STEP_ROWS;
	n = n < left ? n : left;
	if (find_run(t, s, &sub, &n) == -1)
		return -1;
	if (goal->n_sub > 0 && goal->sub != sub)
		return 0;
	goal->sub = sub;
	goal->n_sub += n;
	append_rows(out, s, n);
	return 1;
}

/* A frame's bytes are taken when its last row is. */
static int
parse(struct text *t, struct build *out, struct text_goal *goal, const char *p,
    size_t len, bool eof)
{
	struct saved *s = saved(t);
	struct frame_header h;
	size_t size;
	int rc;

	if (s->frame_len == 0) {
		if (look(&h, &size, p, len, eof) == 0)
			return 0;
		if (read_frame(t, s, p, size) == -1)
			return -1;
		s->frame_len = size;
		if (s->h.kind != FRAME_ROWS)
			s->at = s->rows.n_rows;
	}
	if (s->at < s->rows.n_rows) {
		rc = take_rows(t, s, out, goal);
		if (rc != 1)
			return rc;
	}
	if (s->at == s->rows.n_rows) {
		goal->used += s->frame_len;
		s->frame_len = 0;
	}
	return 1;
}

static int
finish(struct text *t)
{
	struct saved *s = saved(t);

	if (s->ended)
		return 0;
	return read_frame(t, s, "", 0);
}

static uint32_t
parts(const struct text *t)
{
	const struct saved *s = saved(t);

	return s == NULL || s->n_parts == 0 ? 1 : s->n_parts;
}

static int
init(struct text *t, char **why, const char *arg)
{
	(void)arg;
	if (t->cols.n_items > 0 || t->cols.time != NULL) {
		*why = mem_strdup("-c and -t: a saved stream has its columns; "
				  "smap -s selects");
		return -1;
	}
	t->state = mem_zero(1, sizeof(struct frames));
	return 0;
}

static void
release(void *state)
{
	struct frames *x = state;

	for (size_t i = 0; i < x->n; i++)
		saved_free(x->v[i]);
	free(x->v);
	free(x->first);
	free(x);
}

const struct text_fmt frames_fmt = {.name = "frames",
    .mark = -1,
    .init = init,
    .header = header,
    .parse = parse,
    .finish = finish,
    .parts = parts,
    .release = release};
