/* SPDX-License-Identifier: ISC */
/*
 * A table on a terminal.  Rows are printed as they come and scroll away as
 * any output does; those of the last screenful are drawn anew in their place
 * when columns need other widths.  Below, while the stream goes on, stands a
 * line on how far it is.
 */
#ifndef MILLRACE_TEXT_LIVE_H
#define MILLRACE_TEXT_LIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "text/screen.h"
#include "text/table.h"

/*
 * Rows 0 .. shown - 1 of the table stand on the screen, just above the cursor;
 * the others wait.
 */
struct live {
	struct screen screen;
	struct table *table; /* borrowed */
	bool no_header;
	size_t shown;
	bool names_shown; /* right above those rows */
};

/* The terminal is fd.  The table's ring gets the size of a screenful. */
void live_init(struct live *l, struct table *t, int fd, bool no_header);

/*
 * live_room: make room for one more row, which may draw.
 * live_idle: draw if it is time; *timeout_ms is when to call again.
 * live_end: draw what waits, remove the status line.
 * What is to be written to the terminal is appended to out.
 */
void live_room(struct live *l, struct buf *out);
void live_idle(struct live *l, struct buf *out, int *timeout_ms);
void live_end(struct live *l, struct buf *out);

#endif
