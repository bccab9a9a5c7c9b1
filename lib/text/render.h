/* SPDX-License-Identifier: ISC */
/*
 * Text formats out: the frames of a stream -> bytes.  ssink(1), FORMATS.
 * A format is one row of a registry (struct render_fmt, render_int.h); the rest
 * of the program knows only this header.
 */
#ifndef MILLRACE_TEXT_RENDER_H
#define MILLRACE_TEXT_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/batch.h"
#include "wire/head.h"
#include "wire/stream.h"

struct zone;

struct render_opts {
	const char *format; /* name */
	bool no_header; /* -N */
	int delim; /* -d, or -1 */
	const char *null_str; /* --null, or NULL for the format's own */
	bool safe; /* --csv-safe */
	const struct zone *zone; /* --tz; NULL = UTC */
	int tty_fd; /* the terminal that a table is drawn on, or -1 */
	bool color;
	bool utf8; /* what a plot may be drawn with */
	size_t columns; /* of a plot that is on no terminal */
	const char
	    *series; /* -k: columns by comma that name a plot's, or NULL */
	bool whole; /* what is written is one batch, or the output of each */
};

/* Takes the output, in order.  0, or -1: then nothing more is given to it. */
typedef int (*render_write_fn)(void *arg, const void *p, size_t len);

struct render;

/*
 * render_new: a format, or NULL with the reason in *why (to be freed): unknown
 * format, or an option it does not take.  o is copied, its texts are borrowed.
 * render_to: where its output goes; before any of the calls below.
 * render_keeps: whether a format of that name gives frames as they are.
 * render_by_path: the format's name for a path by its extension (.gz cut
 * before), NULL when none claims it.
 */
struct render *render_new(const struct render_opts *o, char **why);
void render_to(struct render *r, render_write_fn write, void *arg);
void render_free(struct render *r);
bool render_keeps(const char *format);
const char *render_by_path(const char *path);

/*
 * render_head: HEAD came; h stays valid until the object is freed or END.
 * render_start, render_names: its two halves, for output that goes to several
 * files: HEAD came; a file begins (its lines of names, if any).
 * render_frame: a frame after it; b holds the rows of a ROWS frame, else NULL.
 * render_idle: nothing more is ready: give out what is held back.  *timeout_ms
 * is set when the format wants to be called again by the clock.
 * render_end: the stream is over, well or not: give out the rest.  A second
 * call does nothing.
 * Each returns 0, or -1 when write failed or, from render_head only, when the
 * format cannot show such a stream; then render_error has the reason, which is
 * NULL when write failed.
 */
int render_head(struct render *r, const struct head *h);
int render_start(struct render *r, const struct head *h);
int render_names(struct render *r);
int render_frame(
    struct render *r, const struct frame *f, const struct batch *b);
int render_idle(struct render *r, int *timeout_ms);
int render_end(struct render *r);
const char *render_error(const struct render *r);

/*
 * Row by row, for formats of lines only (render_is_lines).
 * render_bind: the rows are those of b from now on.
 * render_rows: write its rows sel[0..n), and stop behind the one with which
 * max_len bytes are reached; returns how many were written, at least 1 of
 * them when n > 0 and max_len > 0.  All of them have been given to write,
 * names included; whether that failed says the next of the calls above.
 */
bool render_is_lines(const struct render *r);
void render_bind(struct render *r, const struct batch *b);
uint32_t render_rows(
    struct render *r, const uint32_t *sel, uint32_t n, uint64_t max_len);

#endif
