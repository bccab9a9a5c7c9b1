/* SPDX-License-Identifier: ISC */
/* Where an intake is, for a restart.  sbatch(1), RESUMING. */
#include "io/journal.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/opttext.h"
#include "ckpt/snapshot.h"
#include "io/heading.h"
#include "io/intake_int.h"
#include "wire/rows.h"
#include "wire/writer.h"

void
journal_release(struct journal *j)
{
	for (size_t i = 0; i < j->n; i++) {
		free(j->v[i].path);
		buf_release(&j->v[i].bytes);
	}
	free(j->v);
	*j = (struct journal){0};
}

bool
journal_settled(const struct intake *in)
{
	struct lane *l = NULL;

	TAILQ_FOREACH (l, &in->all, all)
		if (l->ended == SOURCE_NEXT)
			return false;
	return true;
}

void
journal_settle(struct intake *in)
{
	struct lane *l = NULL;

	TAILQ_FOREACH (l, &in->queued, turn)
		if (!source_settled(l->source))
			source_settle(l->source);
}

/* Rows that wait for their turn. */
static void
put_held(struct buf *b, const struct intake *in, const struct lane *l)
{
	struct rows_layout layout;
	struct build rest;
	struct batch view;

	if (l->run.rows.n_rows <= l->run.at) {
		buf_put_int(b, 0, 4);
		return;
	}
	rows_layout_init(&layout);
	batch_init(&view);
	build_init(&rest, text_schema(in->text));
	build_append(
	    &rest, &l->run.rows, l->run.at, l->run.rows.n_rows - l->run.at);
	build_view(&view, &rest);
	buf_put_int(b, view.n_rows, 4);
	if (rows_write(&layout, &view) == -1) {
		b->failed = true;
	} else {
		buf_put_int(b, layout.len, 8);
		for (size_t i = 0; i < layout.n_iov; i++)
			buf_put(
			    b, layout.iov[i].iov_base, layout.iov[i].iov_len);
	}
	batch_release(&view);
	build_release(&rest);
	rows_layout_release(&layout);
}

/* What is in no file, and not taken. */
static void
put_rest(struct buf *b, const struct lane *l)
{
	size_t len;
	const char *p = feed_peek(&l->feed, &len);

	buf_put_int(b, l->skipping, 1);
	buf_put_str(b, p, source_is(l->source, SOURCE_SPOOLED) ? len : 0);
}

static void
put_source(struct buf *b, const struct lane *l)
{
	struct buf source;

	buf_init(&source, 0);
	source_save(l->source, &source, l->feed.off);
	buf_put_str(b, source.data, source.len);
	buf_release(&source);
}

static void
put_lane(struct buf *b, const struct intake *in, const struct lane *l)
{
	if (l->state == LANE_QUEUED) {
		bool settled = source_settled(l->source);

		buf_put_int(b, settled ? JOURNAL_SETTLED : JOURNAL_QUEUED, 1);
		if (settled)
			put_source(b, l);
		return;
	}
	buf_put_int(b, JOURNAL_OPEN, 1);
	buf_put_int(b, l->fresh, 1);
	buf_put_int(b, l->sniffed, 1);
	buf_put_int(b, l->placed, 1);
	buf_put_int(b, l->skipped, 8);
	buf_put_int(b, l->feed.off, 8);
	text_place_save(in->text, &l->place, b);
	buf_put_int(b, source_kept_as(l->source), 1);
	put_source(b, l);
	put_rest(b, l);
	put_held(b, in, l);
}

static void
leave_parser(struct intake *in, struct lane *l)
{
	if (in->turn == l)
		text_leave(in->text, &l->place);
}

static struct journal_place *
add(struct journal *j, const char *path, uint32_t part, bool open)
{
	struct journal_place *p;

	j->v = mem_grow(j->v, &j->cap, j->n + 1, sizeof(*j->v));
	p = &j->v[j->n++];
	*p = (struct journal_place){
	    .path = mem_strdup(path), .part = part, .open = open};
	buf_init(&p->bytes, 0);
	return p;
}

void
journal_leave(struct intake *in, struct lane *l)
{
	struct journal_place *p;

	leave_parser(in, l);
	p = add(&in->journal, source_path(l->source), l->part,
	    l->announced && in->keeps_parts);
	put_lane(&p->bytes, in, l);
}

static void
put_place(struct buf *b, const struct journal_place *p)
{
	buf_put_str(b, p->path, strlen(p->path));
	buf_put_int(b, p->part, 4);
	buf_put_int(b, p->open, 1);
	buf_put_str(b, p->bytes.data, p->bytes.len);
}

static int
put_counts(struct buf *b, struct intake *in)
{
	const struct emit *e = &in->emit;
	struct side_end kept;

	if (bad_settle(&in->bad, &kept) == -1)
		return intake_fail(in, in->bad.status, "%s", in->bad.why);

	buf_put_int(b, e->n_rows, 8);
	buf_put_int(b, e->n_bad, 8);
	buf_put_int(b, e->n_filtered, 8);
	buf_put_int(b, e->out_frames + stream_writer_n_frames(e->out), 8);
	buf_put_int(b, e->cut.batch, 8);
	buf_put_int(b, e->cut.rows, 8);
	buf_put_int(b, e->cut.bytes, 8);
	buf_put_int(b, (uint64_t)e->cut.batch_us, 8);
	buf_put_int(b, in->n_parts, 4);
	buf_put_int(b, in->emit.mixed, 1);
	side_put(b, &kept);
	buf_put_int(b, (uint64_t)e->newest_us, 8);
	return 0;
}

static void
put_spool(struct buf *out, const struct intake *in)
{
	const struct tape *t = in->o.source.tape;
	struct buf b;

	buf_init(&b, 0);
	if (t != NULL)
		tape_save(t, &b);
	buf_put_str(out, b.data, b.len);
	buf_put_int(out, t == NULL ? 0 : tape_needed(t), 8);
	buf_release(&b);
}

int
journal_save(struct intake *in, struct buf *out)
{
	struct journal now = {0};
	struct buf chain;
	struct lane *l = NULL;

	buf_init(&chain, HEAD_MAX_TEXT);
	heading_describe(&chain, &in->o);
	buf_put_int(out, JOURNAL_VERSION, 4);
	buf_put_str(out, chain.data, chain.len);
	buf_release(&chain);
	buf_put_int(out, in->header_eof, 1);
	buf_put_str(out, in->header.data, in->header.len);
	if (put_counts(out, in) == -1)
		return -1;
	put_spool(out, in);
	TAILQ_FOREACH (l, &in->all, all) {
		struct journal_place *p;

		/* A connection from which nothing has come. */
		if (l->guest && l->part == 0)
			continue;
		p = add(&now, source_path(l->source), l->part, l->announced);
		leave_parser(in, l);
		put_lane(&p->bytes, in, l);
	}
	buf_put_int(out, now.n + in->journal.n, 4);
	for (size_t i = 0; i < now.n; i++)
		put_place(out, &now.v[i]);
	for (size_t i = 0; i < in->journal.n; i++)
		put_place(out, &in->journal.v[i]);
	journal_release(&now);
	if (out->failed)
		return intake_fail(
		    in, EX_DATAERR, "-S: the places take too many bytes");
	return 0;
}

static int
malformed(struct intake *in)
{
	char *why;
	int status = snapshot_malformed(&in->epochs.dir, &why);

	intake_fail(in, status, "-S: %s", why);
	free(why);
	return -1;
}

static int
fail_changed(
    struct intake *in, const struct buf *is, const char *was, size_t len)
{
	struct buf now, then;
	int rc;

	buf_init(&now, 0);
	buf_init(&then, 0);
	/* Both have a NUL behind them. */
	opttext_put(&now, (const char *)is->data, is->len - 1);
	opttext_put(&then, was, strnlen(was, len));
	rc = intake_fail(in, INTAKE_CHANGED,
	    "-S: the options are \"%.*s\", and were \"%.*s\"; write these "
	    "again, or another -S DIR",
	    (int)now.len, (const char *)now.data, (int)then.len,
	    (const char *)then.data);
	buf_release(&then);
	buf_release(&now);
	return rc;
}

static int
check_options(struct intake *in, struct cur *c)
{
	struct buf chain;
	size_t len;
	const char *was;
	int rc = 0;

	in->journal.version = (uint32_t)cur_get_int(c, 4);
	if (in->journal.version < JOURNAL_OLDEST
	    || in->journal.version > JOURNAL_VERSION)
		return intake_fail(in, EX_DATAERR,
		    "-S: the state is of another version of sbatch");
	was = cur_get_str(c, &len, HEAD_MAX_TEXT);
	if (was == NULL)
		return malformed(in);
	buf_init(&chain, HEAD_MAX_TEXT);
	heading_describe(&chain, &in->o);
	if (chain.len != len || memcmp(chain.data, was, len) != 0)
		rc = fail_changed(in, &chain, was, len);
	buf_release(&chain);
	return rc;
}

/* Find the columns as the first start did, by the same bytes. */
static int
bind_columns(struct intake *in, struct cur *c)
{
	struct text_source from = {.name = ""};
	const char *p;
	size_t len, used;
	int rc;

	in->header_eof = cur_get_int(c, 1) != 0;
	p = cur_get_str(c, &len, JOURNAL_MAX_HEADER);
	if (p == NULL)
		return malformed(in);
	buf_put(&in->header, p, len);
	text_source(in->text, &from);
	text_open(in->text);
	rc = text_header(in->text, &used, p, len, in->header_eof);
	in->journal.bound = rc == 1;
	/* Nothing had told them yet. */
	if (rc == 1 || (rc == 0 && len == 0))
		return 0;
	return intake_fail(
	    in, EX_DATAERR, "-S: the columns cannot be found again");
}

static int
get_counts(struct intake *in, struct cur *c)
{
	struct emit *e = &in->emit;
	struct side_end kept = {.len = 0};
	bool mixed;

	e->n_rows = cur_get_int(c, 8);
	e->n_bad = e->n_bad_sent = in->bad.n = cur_get_int(c, 8);
	e->n_bad_told = e->n_bad;
	e->n_filtered = e->n_filtered_sent = cur_get_int(c, 8);
	e->out_frames = cur_get_int(c, 8);
	in->start.batch = cur_get_int(c, 8);
	in->start.rows = cur_get_int(c, 8);
	in->start.bytes = cur_get_int(c, 8);
	in->start.batch_us = (int64_t)cur_get_int(c, 8);
	in->n_parts = (uint32_t)cur_get_int(c, 4);
	mixed = cur_get_int(c, 1) != 0;
	/* Without HEAD there was no batch, and no column of parts. */
	if (in->journal.bound) {
		e->start = &in->start;
		e->mixed = mixed;
	}
	if (in->journal.version >= 5)
		side_get(&kept, c);
	else
		kept.len = cur_get_int(c, 8);
	if (in->journal.version >= 3)
		e->newest_us = (int64_t)cur_get_int(c, 8);
	if (c->failed)
		return malformed(in);
	if (bad_resume(&in->bad, &in->epochs.dir, &kept) == -1)
		return intake_fail(in, in->bad.status, "%s", in->bad.why);
	return 0;
}

static int
get_spool(struct intake *in, struct cur *c)
{
	const char *p;
	struct cur spool;
	uint64_t before = 0;
	size_t len;

	if (in->journal.version < 2)
		return 0;
	p = cur_get_str(c, &len, UINT32_MAX);
	if (in->journal.version >= 4)
		before = cur_get_int(c, 8);
	if (p == NULL)
		return malformed(in);
	cur_init(&spool, p, len);
	return len > 0 && tape_load(&in->epochs.tape, &spool, before) == -1
		   ? malformed(in)
		   : 0;
}

static int
get_places(struct intake *in, struct cur *c)
{
	uint64_t n = cur_get_int(c, 4);

	for (uint64_t i = 0; i < n && !c->failed; i++) {
		size_t len, n_bytes;
		const char *path = cur_get_str(c, &len, JOURNAL_MAX_PATH),
			   *bytes;
		uint32_t part = (uint32_t)cur_get_int(c, 4);
		bool open = cur_get_int(c, 1) != 0;
		char *s;

		bytes = cur_get_str(c, &n_bytes, UINT32_MAX);
		if (path == NULL || bytes == NULL)
			break;
		s = mem_strndup(path, len);
		buf_put(
		    &add(&in->journal, s, part, open)->bytes, bytes, n_bytes);
		free(s);
	}
	return c->failed || c->left > 0 ? malformed(in) : 0;
}

int
journal_load(struct intake *in, struct cur *c)
{
	if (check_options(in, c) == -1 || bind_columns(in, c) == -1
	    || get_counts(in, c) == -1 || get_spool(in, c) == -1
	    || get_places(in, c) == -1)
		return -1;
	return 0;
}

/* The first part's: a file that was given twice has two, in no order. */
static struct journal_place *
find(struct journal *j, const char *path)
{
	struct journal_place *first = NULL;

	for (size_t i = 0; i < j->n; i++)
		if ((first == NULL || j->v[i].part < first->part)
		    && strcmp(j->v[i].path, path) == 0)
			first = &j->v[i];
	return first;
}

void
journal_drop(struct journal *j, struct journal_place *p)
{
	free(p->path);
	buf_release(&p->bytes);
	*p = j->v[--j->n];
}

static int
get_held(struct intake *in, struct lane *l, struct cur *c)
{
	uint32_t n = (uint32_t)cur_get_int(c, 4);
	struct batch b;
	const char *why;
	uint8_t *aligned;
	size_t len;
	int rc;

	if (n == 0)
		return 0;
	len = cur_get_int(c, 8);
	if (len > c->left)
		return malformed(in);
	aligned = mem_dup(cur_get(c, len), len);
	batch_init(&b);
	rc = rows_read(&b, &why, text_schema(in->text), n, aligned, len);
	if (rc == 0) {
		build_init(&l->run.rows, text_schema(in->text));
		for (size_t i = 0; i < b.n_cols; i++)
			colbuf_push_rows(
			    &l->run.rows.cols[i], &b.cols[i], NULL, n);
		l->run.rows.n_rows = n;
	}
	batch_release(&b);
	free(aligned);
	return rc == 0 ? 0 : malformed(in);
}

static int
get_source(struct intake *in, struct lane *l, struct cur *c)
{
	size_t len;
	const char *p = cur_get_str(c, &len, UINT32_MAX);

	if (p == NULL)
		return malformed(in);
	source_load(l->source, p, len);
	return 0;
}

static int
get_rest(struct lane *l, struct cur *c)
{
	const char *p;

	l->skipping = cur_get_int(c, 1) != 0;
	p = cur_get_str(c, &l->n_rest, UINT32_MAX);
	if (p == NULL)
		return -1;
	l->rest = mem_dup(p, l->n_rest);
	return 0;
}

static int
get_lane(struct intake *in, struct lane *l, struct cur *c)
{
	switch (cur_get_int(c, 1)) {
	case JOURNAL_QUEUED:
		return 0;
	case JOURNAL_SETTLED:
		return get_source(in, l, c);
	case JOURNAL_OPEN:
		break;
	default:
		return malformed(in);
	}
	l->kept = true;
	l->fresh = cur_get_int(c, 1) != 0;
	l->sniffed = cur_get_int(c, 1) != 0;
	l->placed = cur_get_int(c, 1) != 0;
	l->skipped = cur_get_int(c, 8);
	l->kept_off = cur_get_int(c, 8);
	if (text_place_load(in->text, &l->place, c) == -1)
		return malformed(in);
	if (in->journal.version >= 2)
		cur_get_int(c, 1);
	if (get_source(in, l, c) == -1)
		return -1;
	if (in->journal.version >= 2 && get_rest(l, c) == -1)
		return malformed(in);
	return get_held(in, l, c);
}

int
journal_enter(struct intake *in, struct lane *l)
{
	struct journal_place *p = find(&in->journal, source_path(l->source));
	struct cur c;
	int rc;

	if (p == NULL)
		return 0;
	l->part = l->run.part = p->part;
	l->dormant = in->journal.bound && !p->open;
	cur_init(&c, p->bytes.data, p->bytes.len);
	rc = get_lane(in, l, &c);
	if (rc == 0 && (c.failed || c.left > 0))
		rc = malformed(in);
	journal_drop(&in->journal, p);
	return rc == 0 ? 1 : -1;
}
