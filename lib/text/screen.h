/* SPDX-License-Identifier: ISC */
/*
 * A terminal that is drawn on while a stream goes on: when, how large it is,
 * the line on how far the stream is, and a picture that is drawn again in its
 * place.
 */
#ifndef MILLRACE_TEXT_SCREEN_H
#define MILLRACE_TEXT_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * The cursor rests on an empty line above the status line, so that messages
 * of other programs do not mix with either; the picture, if any, stands just
 * above it.
 */
struct screen {
	int fd;
	bool color;
	size_t columns, lines; /* of the terminal */
	bool begun; /* something was drawn */
	size_t n_picture; /* lines of the picture */
	int64_t start_us, drawn_us; /* monotonic */
	/* The status line. */
	bool status_shown;
	int64_t watermark;
	uint64_t n_rows;
	uint64_t rate_rows; /* n_rows at rate_us */
	int64_t rate_us;
	double rate; /* rows a second */
};

void screen_init(struct screen *s, int fd, bool color);

/*
 * screen_ask: ask for the size; true when it has changed.
 * screen_room: the lines that are left for rows.
 * screen_due: when to draw, monotonic; waits: something new is to be seen.
 * screen_wait: the timeout in ms until then.
 */
bool screen_ask(struct screen *s);
size_t screen_room(const struct screen *s);
int64_t screen_due(const struct screen *s, bool waits, int64_t now);
int screen_wait(int64_t due, int64_t now);

/*
 * What is to be written to the terminal is appended to out.
 * screen_unstatus: remove the status line, at the beginning of a drawing.
 * screen_status: put it, at the end, once the stream has lasted for a while.
 * screen_in_place: the line just ended in out replaces one that stands there.
 * screen_picture: draw text in the place of the picture before, lines that
 *	fit the terminal, each with its end.
 */
void screen_unstatus(struct screen *s, struct buf *out);
void screen_status(struct screen *s, struct buf *out, int64_t now);
void screen_in_place(struct buf *out);
void screen_picture(struct screen *s, struct buf *out, const struct buf *text);

#endif
