/* SPDX-License-Identifier: ISC */
/*
 * A picture of character cells.  With braille a cell has 2 x 4 dots; plain, it
 * is one dot, shown by the letter of its ink.
 */
#ifndef MILLRACE_TEXT_CANVAS_H
#define MILLRACE_TEXT_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Dots count from 0 at the left and at the bottom. */
struct canvas {
	size_t width, height; /* cells */
	bool braille;
	uint8_t *dots; /* owned, by cell: bits, or not 0 */
	uint8_t *inks; /* owned, by cell: that of the last dot */
};

void canvas_init(struct canvas *c, size_t width, size_t height, bool braille);
void canvas_release(struct canvas *c);

/* How many dots there are. */
size_t canvas_columns(const struct canvas *c);
size_t canvas_rows(const struct canvas *c);

/* A straight line between two dots, both included. */
struct canvas_dot {
	size_t x, y;
};
void canvas_line(struct canvas *c, struct canvas_dot from, struct canvas_dot to,
    uint8_t ink);

/*
 * Append the cells of a line, the topmost is 0, without blanks at its end;
 * with color each ink in its own.
 * canvas_ink: begin to write in the color of an ink; canvas_plain: end it.
 * canvas_letter: what an ink is without braille.
 */
void canvas_put(
    struct buf *out, const struct canvas *c, size_t line, bool color);
void canvas_ink(struct buf *out, uint8_t ink);
void canvas_plain(struct buf *out);
char canvas_letter(uint8_t ink);

#endif
