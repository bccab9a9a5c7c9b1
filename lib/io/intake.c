/* SPDX-License-Identifier: ISC */
/* From sources to a stream.  sbatch(1). */
#include "io/intake.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/time.h"
#include "io/gunzip.h"

void
intake_init(struct intake *in)
{
	*in = (struct intake){
	    .o = {.text = {.delim = -1, .max_field = TEXT_MAX_FIELD},
		.n_rows = UINT64_MAX,
		.frame_rows = INTAKE_FRAME_ROWS}};
	bad_init(&in->bad);
	buf_init(&in->notes, 0);
	schema_init(&in->schema);
	source_list_init(&in->sources);
	feed_init(&in->feed);
}

void
intake_release(struct intake *in)
{
	bad_release(&in->bad);
	emit_release(&in->emit);
	buf_release(&in->notes);
	schema_release(&in->schema);
	source_list_release(&in->sources);
	feed_release(&in->feed);
	text_free(in->text);
	free(in->why);
}

int
intake_fail(struct intake *in, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(in->why);
	if (vasprintf(&in->why, fmt, ap) == -1)
		in->why = mem_strdup(fmt);
	va_end(ap);
	in->status = status;
	return -1;
}

static struct source *
source(const struct intake *in)
{
	return in->sources.v[in->now];
}

static int
fail_source(struct intake *in)
{
	return intake_fail(in, source_status(source(in)), "%s: %s",
	    source_name(source(in)), source_error(source(in)));
}

static int
fail_bad(struct intake *in)
{
	return intake_fail(in, in->bad.status, "%s", in->bad.why);
}

/* Whether a call that sends went well; what was kept back goes with it. */
static int
sent(struct intake *in, int rc)
{
	if (rc == -1)
		return intake_fail(
		    in, EX_IOERR, "standard output: %s", strerror(errno));
	return bad_flush(&in->bad) == -1 ? fail_bad(in) : 0;
}

/* The options that change the rows, for the chain in HEAD. */
static void
describe(struct buf *b, const struct intake_opts *o)
{
	const struct text_opts *t = &o->text;

	buf_printf(b, "-f %s", t->format);
	if (t->columns != NULL)
		buf_printf(b, " -c '%s'", t->columns);
	if (t->time != NULL)
		buf_printf(b, " -t '%s'", t->time);
	if (t->no_header)
		buf_puts(b, " -N");
	if (t->delim != -1)
		buf_printf(b, " -d '%c'", t->delim);
	if (t->null_str != NULL)
		buf_printf(b, " --null '%s'", t->null_str);
	if (t->max_field != TEXT_MAX_FIELD)
		buf_printf(b, " --max-field %zu", t->max_field);
	if (t->utf8 != TEXT_UTF8_REJECT)
		buf_printf(b, " --invalid-utf8 %s",
		    t->utf8 == TEXT_UTF8_REPLACE ? "replace" : "bytes");
	if (o->source_col != NULL)
		buf_printf(b, " --source '%s'", o->source_col);
	if (o->n_rows != UINT64_MAX)
		buf_printf(b, " -n %ju", (uintmax_t)o->n_rows);
	buf_putc(b, '\0');
}

/* Send HEAD and announce the parts. */
static int
send_head(struct intake *in)
{
	const struct cut_opts *cut = &in->o.cut;
	struct buf chain = {.max = HEAD_MAX_TEXT};
	struct head h;
	int rc = 0;

	head_init(&h);
	schema_release(&h.schema);
	schema_copy(&h.schema, &in->schema);
	h.endless = in->o.mode == SOURCE_FOLLOW;
	h.many = cut->every_us > 0 || cut->rows > 0 || cut->bytes > 0;
	describe(&chain, &in->o);
	if (chain.failed)
		rc = intake_fail(in, EX_USAGE, "the options are too long");
	else
		head_add_stage(&h, CLASS_SOURCE, in->o.program, in->o.name,
		    (const char *)chain.data);
	buf_release(&chain);
	if (rc == 0)
		rc = sent(in, emit_head(&in->emit, &h, cut));
	head_release(&h);
	for (uint32_t i = 0; rc == 0 && i < in->sources.n; i++)
		rc = sent(in, emit_mark(&in->emit, MARK_OPEN, i + 1,
				  source_name(in->sources.v[i])));
	return rc;
}

/* The columns are known: the stream begins. */
static int
begin_stream(struct intake *in)
{
	const char *col = in->o.source_col;

	schema_release(&in->schema);
	schema_copy(&in->schema, text_schema(in->text));
	emit_columns(&in->emit, &in->schema);
	if (col != NULL
	    && schema_add(&in->schema, col, strlen(col), TYPE_STR) == NULL)
		return intake_fail(in, EX_USAGE,
		    "--source: '%s' is taken, or no name for a column", col);
	in->begun = true;
	return in->o.schema_only ? 0 : send_head(in);
}

/* Refuse what is no text, by its first bytes, once there are enough. */
static int
sniff(struct intake *in)
{
	size_t n = strlen(FRAME_MAGIC), len;
	const char *name = source_name(source(in)), *p;

	p = feed_peek(&in->feed, &len);
	if (len == 0)
		return 0;
	if (memcmp(p, FRAME_MAGIC, len < n ? len : n) == 0) {
		in->hungry = len < n && in->ended == SOURCE_BYTES;
		in->sniffed = !in->hungry;
		if (len < n)
			return 0;
		return intake_fail(in, EX_DATAERR,
		    "%s: this is a saved stream; write ssink < FILE", name);
	}
	if (in->o.mode == SOURCE_FOLLOW && len > 1
	    && memcmp(p, GUNZIP_MAGIC, 2) == 0)
		return intake_fail(in, EX_DATAERR,
		    "%s: a compressed file cannot be followed", name);
	if (len > 2 && memcmp(p, "#!", 2) == 0
	    && memmem(p, len, "\n#SBATCH", 8) != NULL)
		return intake_fail(
		    in, EX_USAGE, "%s: this is not Slurm's sbatch", name);
	in->sniffed = true;
	return 0;
}

static void
begin_file(struct intake *in)
{
	feed_begin(&in->feed);
	text_open(in->text);
	in->fresh = true;
	in->sniffed = false;
	/* Who waits for live rows can have the columns now, if they are fixed.
	 */
	in->hungry = !source_is_live(source(in));
	in->ended = SOURCE_BYTES;
}

static int
open_source(struct intake *in)
{
	if (source_open(source(in)) == -1)
		return fail_source(in);
	in->emit.part = (uint32_t)in->now + 1;
	in->emit.part_name = source_name(source(in));
	begin_file(in);
	return 0;
}

/* Say that parts have ended, up to the n-th. */
static int
close_parts(struct intake *in, size_t n)
{
	if (in->emit.build.n_rows > 0 && sent(in, emit_rows(&in->emit)) == -1)
		return -1;
	for (; in->n_closed < n; in->n_closed++)
		if (sent(in, emit_mark(&in->emit, MARK_CLOSE,
				 (uint32_t)in->n_closed + 1, ""))
		    == -1)
			return -1;
	return 0;
}

/* All bytes of a file are taken: on to the next, or the end of all. */
static enum intake_got
end_file(struct intake *in)
{
	if (in->ended == SOURCE_NEXT) {
		begin_file(in);
		return INTAKE_MORE;
	}
	if (close_parts(in, in->now + 1) == -1)
		return INTAKE_FAILED;
	source_close(source(in));
	if (in->now + 1 == in->sources.n)
		return INTAKE_DONE;
	in->now++;
	return open_source(in) == -1 ? INTAKE_FAILED : INTAKE_MORE;
}

/* Read the header of a file; the first one begins the stream. */
static enum intake_got
read_header(struct intake *in)
{
	bool eof = in->ended != SOURCE_BYTES;
	size_t len, used = 0;
	const char *p = feed_peek(&in->feed, &len);
	int rc;

	if (len == 0 && eof && (in->begun || in->ended == SOURCE_NEXT))
		return end_file(in);
	rc = text_header(in->text, &used, p, len, eof);
	if (rc == -1) {
		intake_fail(in, EX_DATAERR, "%s: %s", source_name(source(in)),
		    text_error(in->text));
		return INTAKE_FAILED;
	}
	in->hungry = rc == 0;
	if (rc == 0)
		return INTAKE_MORE;
	feed_take(&in->feed, used);
	in->fresh = false;
	if (!in->begun && begin_stream(in) == -1)
		return INTAKE_FAILED;
	return in->o.schema_only ? INTAKE_DONE : INTAKE_MORE;
}

static bool
on_bad(void *arg, const struct text_bad *bad)
{
	struct intake *in = arg;

	return bad_take(&in->bad, &in->notes, source_name(source(in)), bad,
	    in->emit.n_rows + in->emit.build.n_rows + in->bad.n + 1);
}

/* Parse p[0..len) of the feed; what was taken leaves it. */
static int
parse_bytes(
    struct intake *in, struct text_goal *goal, const char *p, size_t len)
{
	struct build *b = &in->emit.build;
	uint32_t before = b->n_rows;
	bool eof = in->ended != SOURCE_BYTES
		   && p + len == in->feed.data + in->feed.len;

	if (text_parse(in->text, b, goal, p, len, eof) == -1) {
		if (in->bad.why != NULL)
			return fail_bad(in);
		return intake_fail(in, EX_DATAERR, "%s: %s",
		    source_name(source(in)), text_error(in->text));
	}
	in->emit.n_bad = in->bad.n;
	emit_added(&in->emit, before, goal->used);
	feed_take(&in->feed, goal->used);
	return 0;
}

/* Rows that may still come: in the frame, in the batch, and by -n. */
static uint32_t
row_room(const struct intake *in)
{
	const struct emit *e = &in->emit;
	uint64_t left = in->o.n_rows - e->n_rows - e->build.n_rows;
	uint32_t room = cut_rows(&e->cut, in->o.frame_rows - e->build.n_rows);

	return left < room ? (uint32_t)left : room;
}

/* No whole record is at hand. */
static enum intake_got
starve(struct intake *in, size_t len)
{
	in->hungry = true;
	if (in->ended == SOURCE_BYTES)
		return INTAKE_MORE;
	if (len == 0)
		return end_file(in);
	intake_fail(in, EX_SOFTWARE, "%s: byte %ju: no record begins here",
	    source_name(source(in)), (uintmax_t)in->feed.off);
	return INTAKE_FAILED;
}

/*
 * The batch has no room for the record at the front of p, which ends behind
 * it; one that is longer than a whole batch has one for itself.
 */
static enum intake_got
shut_batch(struct intake *in, struct text_goal *goal, const char *p, size_t len)
{
	struct emit *e = &in->emit;

	if (e->cut.bytes == 0) {
		goal->max_rows = e->build.n_rows + 1;
		if (parse_bytes(in, goal, p, len) == -1)
			return INTAKE_FAILED;
		if (e->cut.bytes == 0)
			return starve(in, len);
	}
	cut_shut(&e->cut);
	return INTAKE_MORE;
}

static bool
frame_is_full(const struct intake *in, const struct text_goal *goal)
{
	const struct build *b = &in->emit.build;
	size_t bytes = build_bytes(b);

	if (b->n_rows >= in->o.frame_rows || bytes >= INTAKE_FRAME_BYTES)
		return true;
	/* So much and no record taken: a row that would pass the bytes. */
	return goal->used == 0 && b->n_rows > 0
	       && in->feed.len - in->feed.at >= FEED_BLOCK;
}

/* Make rows of what is at hand, up to a frame or the end of a batch. */
static enum intake_got
parse(struct intake *in)
{
	struct emit *e = &in->emit;
	struct text_goal goal = {.max_rows = e->build.n_rows + row_room(in),
	    .max_bytes = INTAKE_FRAME_BYTES,
	    .bad = on_bad,
	    .arg = in};
	size_t len, take;
	const char *p = feed_peek(&in->feed, &len);

	if (in->o.n_rows == e->n_rows + e->build.n_rows)
		return INTAKE_DONE;
	take = cut_bytes(&e->cut, len);
	if (parse_bytes(in, &goal, p, take) == -1)
		return INTAKE_FAILED;
	if (cut_is_due(&e->cut, time_mono_us()))
		return INTAKE_MORE; /* the next step closes it */
	if (frame_is_full(in, &goal))
		return sent(in, emit_rows(e)) == -1 ? INTAKE_FAILED
						    : INTAKE_MORE;
	if (goal.used > 0)
		return INTAKE_MORE;
	if (take < len)
		return shut_batch(in, &goal, p, len);
	return starve(in, len);
}

/* Read more.  A stop takes effect here, when all whole records are parsed. */
static enum intake_got
fill(struct intake *in)
{
	enum source_got got;
	const char *note;

	if (in->stop_us != 0 && time_mono_us() >= in->stop_us)
		return INTAKE_DONE;
	got = feed_fill(&in->feed, source(in));
	note = source_note(source(in));
	if (note != NULL)
		buf_printf(&in->notes, "%s\n", note);
	switch (got) {
	case SOURCE_ERROR:
		fail_source(in);
		return INTAKE_FAILED;
	case SOURCE_WAIT:
		return INTAKE_WAIT;
	case SOURCE_BYTES:
		in->emit.read_mono_us = time_mono_us();
		in->emit.read_us = time_now_us();
		break;
	case SOURCE_END:
		if (in->stop_us != 0)
			return INTAKE_DONE;
		/* fall through */
	case SOURCE_NEXT:
		in->ended = got;
		break;
	}
	in->hungry = false;
	return INTAKE_MORE;
}

/* Send what the clock says. */
static int
keep_time(struct intake *in)
{
	struct emit *e = &in->emit;
	int64_t mono = time_mono_us();

	if (cut_is_due(&e->cut, mono))
		return sent(in, emit_batch(e));
	if (e->build.n_rows > 0 && source_is_live(source(in))
	    && mono >= e->oldest_us + INTAKE_LINGER_US)
		return sent(in, emit_rows(e));
	return 0;
}

enum intake_got
intake_step(struct intake *in)
{
	if (in->begun && keep_time(in) == -1)
		return INTAKE_FAILED;
	if (in->hungry && in->ended == SOURCE_BYTES)
		return fill(in);
	if (!in->sniffed) {
		if (sniff(in) == -1)
			return INTAKE_FAILED;
		if (in->hungry)
			return INTAKE_MORE;
	}
	return in->fresh ? read_header(in) : parse(in);
}

void
intake_stop(struct intake *in)
{
	in->stop_us = time_mono_us() + INTAKE_STOP_US;
	source_stop(source(in));
}

int
intake_finish(struct intake *in, struct account *a)
{
	enum end_reason reason = in->stop_us != 0 ? END_STOP : END_EOF;

	if (close_parts(in, in->sources.n) == -1)
		return -1;
	if (bad_finish(&in->bad, in->emit.n_rows + in->bad.n) == -1)
		return fail_bad(in);
	if (sent(in, emit_mark(&in->emit, MARK_EOF, 0, "")) == -1)
		return -1;
	strlcpy(a->name, in->o.name, sizeof(a->name));
	return sent(in, emit_end(&in->emit, reason, a));
}

static int
find_sources(struct intake *in, char *operands[], size_t n)
{
	static char standard[] = "-";
	char *one[] = {standard}, *why;

	if (n == 0) {
		operands = one;
		n = 1;
	}
	for (size_t i = 0; i < n; i++)
		if (source_list_add(&in->sources, operands[i], in->o.mode, &why)
		    == -1) {
			intake_fail(in, EX_NOINPUT, "%s", why);
			free(why);
			return -1;
		}
	if (in->o.mode == SOURCE_FOLLOW && in->sources.n > 1)
		return intake_fail(in, EX_USAGE, "-F follows one file");
	for (in->now = 0; in->now < in->sources.n; in->now++)
		if (source_check(source(in)) == -1)
			return fail_source(in);
	in->now = 0;
	return 0;
}

/* Unless -f says it, the names of the files say the format. */
static int
find_format(struct intake *in)
{
	const char *path, *first = NULL, *format = NULL, *f;

	if (in->o.text.format != NULL)
		return 0;
	for (size_t i = 0; i < in->sources.n; i++) {
		path = source_path(in->sources.v[i]);
		f = text_by_path(path);
		if (format != NULL && strcmp(f, format) != 0)
			return intake_fail(in, EX_USAGE,
			    "%s looks like %s, but %s like %s: say -f FORMAT",
			    first, format, path, f);
		first = path;
		format = f;
	}
	in->o.text.format = format;
	return 0;
}

int
intake_begin(struct intake *in, char *operands[], size_t n)
{
	char *why = NULL;

	if (find_sources(in, operands, n) == -1 || find_format(in) == -1)
		return -1;
	in->text = text_new(&in->o.text, &why);
	if (in->text == NULL) {
		intake_fail(in, EX_USAGE, "%s", why);
		free(why);
		return -1;
	}
	if (bad_open(&in->bad) == -1)
		return fail_bad(in);
	in->emit.source_col = in->o.source_col;
	return open_source(in);
}

int
intake_fd(const struct intake *in)
{
	return source_fd(source(in));
}

int64_t
intake_wait_us(const struct intake *in, int64_t until_us)
{
	const struct emit *e = &in->emit;
	int ms = source_wait_ms(source(in));
	int64_t at = ms == -1 ? until_us : time_mono_us() + ms * INT64_C(1000);

	if (at < until_us)
		until_us = at;
	if (in->begun && in->o.cut.every_us > 0 && e->cut.next_us < until_us)
		until_us = e->cut.next_us;
	at = e->oldest_us + INTAKE_LINGER_US;
	return e->build.n_rows > 0 && at < until_us ? at : until_us;
}
