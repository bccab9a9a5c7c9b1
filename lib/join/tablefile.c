/* SPDX-License-Identifier: ISC */
/* A file that is read wholly into columns. */
#include "join/tablefile.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "io/bad.h"
#include "io/feed.h"
#include "io/saved.h"
#include "io/source.h"
#include "wire/pack.h"

/* A file on its way. */
struct reading {
	struct tablefile *f;
	struct source *s; /* borrowed */
	struct text *text;
	struct feed feed;
	struct bad bad;
	bool begun; /* the columns are known */
	bool ended; /* no more bytes will come */
};

static int fail(struct tablefile *f, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int
fail(struct tablefile *f, int status, const char *fmt, ...)
{
	va_list ap;

	free(f->why);
	va_start(ap, fmt);
	if (vasprintf(&f->why, fmt, ap) == -1)
		f->why = mem_strdup(fmt);
	va_end(ap);
	f->status = status;
	return -1;
}

static int
fail_source(struct reading *r)
{
	return fail(r->f, source_status(r->s), "%s: %s", source_where(r->s),
	    source_error(r->s));
}

static int
fail_text(struct reading *r)
{
	return fail(r->f, text_status(r->text), "%s: %s", source_where(r->s),
	    text_error(r->text));
}

static bool
on_bad(void *arg, const struct text_bad *bad)
{
	struct reading *r = arg;

	return bad_take(&r->bad, &r->f->notes, source_where(r->s), bad,
	    r->f->rows.n_rows + r->bad.n + 1);
}

/* Read until there is something more, or the end. */
static int
fill(struct reading *r)
{
	struct pollfd p = {.events = POLLIN};
	const char *note;

	for (;;) {
		enum source_got got = feed_fill(&r->feed, r->s, FEED_BLOCK);

		note = source_note(r->s);
		if (note != NULL)
			buf_printf(
			    &r->f->notes, "%s: %s\n", source_where(r->s), note);
		switch (got) {
		case SOURCE_ERROR:
			return fail_source(r);
		case SOURCE_WAIT:
			p.fd = source_fd(r->s);
			if (poll(&p, 1, source_wait_ms(r->s)) == -1
			    && errno != EINTR)
				return fail(r->f, EX_IOERR, "poll: %s",
				    strerror(errno));
			break;
		case SOURCE_BYTES:
			return 0;
		case SOURCE_NEXT:
		case SOURCE_PEER:
		case SOURCE_END:
		default:
			r->ended = true;
			return 0;
		}
	}
}

/* The columns are known, or an error. */
static int
read_header(struct reading *r)
{
	size_t len, used;
	const char *p = feed_peek(&r->feed, &len);
	int rc = text_header(r->text, &used, p, len, r->ended);

	if (rc == -1)
		return fail_text(r);
	if (rc == 0)
		return 0;
	feed_take(&r->feed, used);
	schema_release(&r->f->schema);
	schema_copy(&r->f->schema, text_schema(r->text));
	build_init(&r->f->rows, &r->f->schema);
	r->begun = true;
	return 0;
}

static int
check_size(struct reading *r)
{
	const struct build *b = &r->f->rows;

	for (size_t i = 0; i < b->n_cols; i++)
		if (type_is_bytes(b->cols[i].type)
		    && b->cols[i].bytes_len > TABLEFILE_MAX_TEXT)
			return fail(r->f, EX_DATAERR,
			    "%s: column %s has more than 3 GiB of text",
			    source_where(r->s), r->f->schema.fields[i].name);
	if (b->n_rows > TABLEFILE_MAX_ROWS)
		return fail(r->f, EX_DATAERR, "%s: more than %u rows",
		    source_where(r->s), TABLEFILE_MAX_ROWS);
	return 0;
}

static int
parse(struct reading *r)
{
	struct text_goal goal = {.max_rows = UINT32_MAX,
	    .max_bytes = SIZE_MAX,
	    .bad = on_bad,
	    .arg = r};
	size_t len;
	const char *p = feed_peek(&r->feed, &len), *note;

	if (text_parse(r->text, &r->f->rows, &goal, p, len, r->ended) == -1) {
		if (r->bad.why != NULL)
			return fail(r->f, r->bad.status, "%s", r->bad.why);
		return fail_text(r);
	}
	note = text_note(r->text);
	if (note != NULL)
		buf_printf(&r->f->notes, "%s\n", note);
	feed_take(&r->feed, goal.used);
	return check_size(r);
}

static int
read_all(struct reading *r)
{
	struct text_source from = {
	    .name = source_where(r->s), .mtime_us = source_mtime_us(r->s)};

	text_source(r->text, &from);
	text_open(r->text);
	while (!r->ended) {
		if (fill(r) == -1 || (!r->begun && read_header(r) == -1))
			return -1;
		if (r->begun && parse(r) == -1)
			return -1;
	}
	return 0;
}

static int
read_source(struct tablefile *f, struct source *s, const struct text_opts *o)
{
	struct reading r = {.f = f, .s = s};
	struct text_opts opts = *o;
	char *why = NULL;
	int rc;

	if (source_is(s, SOURCE_ENDLESS) || source_is(s, SOURCE_PARENT))
		return fail(
		    f, EX_USAGE, "%s has no end: a table has", source_name(s));
	if (opts.format == NULL)
		opts.format = source_format(s);
	if (opts.format == NULL && source_sample(s) != NULL)
		opts.format = saved_is_stream(source_sample(s))
				  ? "frames"
				  : text_by_path(source_sample(s));
	if (opts.format == NULL)
		return fail(f, EX_USAGE,
		    "%s: nothing says its format: write -f FORMAT",
		    source_name(s));
	opts.named = true;
	r.text = text_new(&opts, &why);
	if (r.text == NULL) {
		fail(f, EX_USAGE, "%s", why);
		free(why);
		return -1;
	}
	bad_init(&r.bad);
	rc = source_check(s) == -1 || source_open(s) == -1 ? fail_source(&r)
							   : read_all(&r);
	feed_release(&r.feed);
	bad_release(&r.bad);
	text_free(r.text);
	return rc;
}

int
tablefile_read(
    struct tablefile *f, const char *operand, const struct text_opts *o)
{
	struct source_opts so = {
	    .mode = SOURCE_ONCE, .max_conns = SOURCE_MAX_CONNS};
	struct source_list l;
	char *why = NULL;
	int rc;

	*f = (struct tablefile){.why = NULL};
	schema_init(&f->schema);
	source_list_init(&l);
	rc = source_list_add(&l, operand, &so, &why);
	if (rc != 0)
		rc = fail(f, rc, "%s", why);
	else if (l.n != 1)
		rc = fail(f, EX_USAGE, "%s names %zu files, but a table is one",
		    operand, l.n);
	else
		rc = read_source(f, l.v[0], o);
	free(why);
	source_list_release(&l);
	return rc;
}

void
tablefile_release(struct tablefile *f)
{
	schema_release(&f->schema);
	build_release(&f->rows);
	buf_release(&f->notes);
	free(f->why);
	*f = (struct tablefile){.why = NULL};
}

/* A column at a time: its name, type and values behind the digest so far. */
void
tablefile_digest(const struct tablefile *f, uint8_t out[SHA256_LEN])
{
	const struct schema *s = &f->schema;
	struct buf b;

	buf_init(&b, 0);
	buf_put_int(&b, (uint64_t)s->time_col, 8);
	buf_put_int(&b, f->rows.n_rows, 8);
	sha256(out, b.data, b.len);
	for (size_t c = 0; c < s->n; c++) {
		buf_reset(&b);
		buf_put(&b, out, SHA256_LEN);
		buf_put_str(&b, s->fields[c].name, strlen(s->fields[c].name));
		buf_put_int(&b, s->fields[c].type, 1);
		pack_cols(&b, &f->rows.cols[c], 1, f->rows.n_rows);
		sha256(out, b.data, b.len);
	}
	buf_release(&b);
}
