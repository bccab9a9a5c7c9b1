/* SPDX-License-Identifier: ISC */
/*
 * Text formats in: bytes of a source -> rows.  millrace-formats(7).
 * A format is one row of a registry (struct text_fmt, text_int.h); the rest
 * of the program knows only this header.
 */
#ifndef MILLRACE_TEXT_TEXT_H
#define MILLRACE_TEXT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/batch.h"
#include "data/schema.h"
#include "text/scan.h"

#define TEXT_MAX_FIELD (1u << 20) /* default of max_field */
#define TEXT_MAX_RECORD (16u << 20)

/* What to do with a str cell that is not UTF-8. */
enum text_utf8 { TEXT_UTF8_REJECT, TEXT_UTF8_REPLACE, TEXT_UTF8_BYTES };

struct buf;
struct cur;
struct zone;

struct text_opts {
	const char *format; /* name, perhaps with ":argument" */
	const char *columns; /* -c, or NULL */
	const char *time; /* -t COL[:FORMAT], or NULL */
	const char *null_str; /* --null, or NULL */
	int delim; /* -d, or -1 */
	bool no_header; /* -N */
	bool named; /* with -N, -c may tell the columns of an empty source */
	size_t max_field; /* bytes */
	enum text_utf8 utf8;
	const struct zone *tz; /* --tz, borrowed; NULL = UTC */
	int year; /* --year, 0 = not known */
	const char *record_start; /* --record-start, or NULL */
	unsigned path; /* enum sepidx_path, for tests; 0 = the best one */
};

/* A record that could not be made a row. */
struct text_bad {
	const char *p; /* its bytes, without the line end; borrowed */
	size_t len;
	uint64_t line; /* of its source, from 1 */
	size_t column; /* byte in the line, from 1; 0 = the whole line */
	const char *why; /* borrowed: "bytes: 12x is no int" */
};

/*
 * Told of each bad record; false stops the parse there.  Until it returns,
 * the n_rows of what is built counts the rows before that record.
 */
typedef bool (*text_bad_fn)(void *arg, const struct text_bad *bad);

struct text;

/*
 * text_new: a parser, or NULL with the reason in *why (to be freed): unknown
 * format, an option that the format does not take, a wrong -c or -t.
 * text_by_path: the format's name for a path by its extension (.gz cut
 * before), "lines" when none claims it.
 */
struct text *text_new(const struct text_opts *o, char **why);
void text_free(struct text *t);
const char *text_by_path(const char *path);

/* What a format may want to know of a source. */
struct text_source {
	const char *name; /* borrowed until the next text_source */
	int64_t mtime_us; /* when it was written to */
	bool goes_on; /* it goes on where the one before it has ended */
};

/*
 * text_source: what is opened next.  Without, it has no name and is of now.
 * text_open: a new source begins: line numbers restart at 1, a header is
 * expected where the format has one.
 * text_header: look for the header at the beginning of a source.  1 when the
 * columns are known (*used bytes of it were taken, perhaps 0), 0 when more
 * bytes are needed, -1 when the header is wrong, with text_error.  eof: no
 * more will come.  A later source's header must name the wanted columns, in
 * any order.
 * text_parts: the parts of this source that are known, of saved streams only:
 * rows say which one they are of, 0 .. text_parts - 1.
 * text_has_lines: a record ends where a line does.
 * text_schema: valid after the first text_header gave 1; it does not change.
 */
void text_source(struct text *t, const struct text_source *s);
void text_open(struct text *t);
int text_header(
    struct text *t, size_t *used, const char *p, size_t len, bool eof);
uint32_t text_parts(const struct text *t);
bool text_has_lines(const struct text *t);
const struct schema *text_schema(const struct text *t);
const char *text_error(const struct text *t);
int text_status(const struct text *t); /* exit status for it */

/*
 * What the user should hear of the last parse, or NULL; told once.  Valid
 * until the next call.
 */
const char *text_note(struct text *t);

/* What is remembered of one source from record to record. */
struct text_memo {
	int64_t year; /* of the last time that had none, 0 = not known */
	int month; /* of it */
	bool turned; /* that year has just begun */
	int64_t day; /* since 1970, for times without a date; INT64_MIN */
	size_t date, time; /* w3c: their words, SIZE_MAX = none */
	uint64_t id; /* of the source among all that were opened */
	uint64_t off; /* of the next byte */
};

/*
 * Where a parser is in one source: what text_open begins anew.  Sources that
 * take turns in one parser keep a place each; all zero bytes is an empty one.
 */
struct text_place {
	struct text_source from;
	struct text_memo memo;
	uint64_t line;
	struct scan scan;
	size_t n_fields;
	size_t *fields; /* owned; of the columns, NULL before the header */
};

/*
 * text_leave: keep the place in p.  text_enter: go on from p, which text_leave
 * has filled.
 * text_place_save, text_place_load: a place that text_leave has filled as
 * bytes, and back, but for its source; the second once the columns are known.
 * 0, or -1 when the bytes are malformed, or of other columns.
 * text_place_pass: pass such bytes by, whatever the columns.
 * text_set_line: the next record begins on that line, and nothing of it was
 * looked at.
 * text_set_offset: it begins at that byte of the source.
 */
void text_leave(const struct text *t, struct text_place *p);
void text_enter(struct text *t, const struct text_place *p);
void text_place_release(struct text_place *p);
void text_place_save(
    const struct text *t, const struct text_place *p, struct buf *out);
int text_place_load(const struct text *t, struct text_place *p, struct cur *in);
void text_place_pass(struct cur *in);
void text_set_line(struct text *t, uint64_t line);
void text_set_offset(struct text *t, uint64_t off);

/*
 * Whether a record begins at p[at], behind a line end, as what stands before
 * tells: at most text_start_window bytes, or all there is.  A window of 0:
 * places inside of a source cannot be told in this format.
 */
bool text_starts(const struct text *t, const char *p, size_t at, size_t len);
size_t text_start_window(const struct text *t);

/* Bounds and results of one parse. */
struct text_goal {
	uint32_t max_rows; /* out->n_rows stops here */
	size_t max_bytes; /* about build_bytes(out); at least one row fits */
	text_bad_fn bad; /* told of each bad record, in order */
	void *arg;
	size_t used; /* result: bytes of the records taken */
	bool eager; /* what is there must not wait for more */
	uint64_t n_bad; /* result: bad records among them */
	uint32_t sub; /* result: the part of the source that they are of */
	uint32_t n_sub; /* result: rows of it */
};

/*
 * Append the rows of the whole records in p[0..len) to out, which has the
 * columns of text_schema, until the goal is reached or no whole record is
 * left; with eof an unterminated last record counts as whole.
 * A bad record adds no row.  Returns 0, or -1 when bad said stop (used is then
 * before that record), or a record is longer than TEXT_MAX_RECORD, with
 * text_error.
 */
int text_parse(struct text *t, struct build *out, struct text_goal *goal,
    const char *p, size_t len, bool eof);

/* The line number of the next record. */
uint64_t text_line(const struct text *t);

#endif
