/* SPDX-License-Identifier: ISC */
/* A block of text on its way to a worker, and the rows on their way back. */
#ifndef MILLRACE_IO_PARCEL_H
#define MILLRACE_IO_PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/batch.h"
#include "text/text.h"
#include "text/whole.h"

/*
 * Most bytes of a block, and of what it becomes.  Blocks of 1 MiB are slower:
 * one processor fills them for another, and both caches hold them.
 */
#define PARCEL_TEXT (256u << 10)
#define PARCEL_ROWS (16u << 20)

/* Lies in memory that both processes have mapped at the same place. */
struct parcel {
	/* Of the owner: text[0..len), where a record begins. */
	size_t len;
	bool eof; /* as in text_parse */
	uint64_t line; /* given to the first record */
	size_t place_len; /* text_place_save of its source, at answer */
	int64_t read_mono_us; /* when the last of it was read, monotonic */
	int64_t read_us; /* the same by the wall clock */
	/* Of the worker. */
	size_t used; /* as text_goal */
	bool cramped; /* the rows of the others have no room */
	uint64_t next_line; /* of the record behind it */
	size_t bad_at, bad_len; /* bad records, in answer; flat rows precede */
	char text[PARCEL_TEXT + WHOLE_PAD];
	_Alignas(8) char answer[PARCEL_ROWS];
};

/* Who parses parcels; memory is reused.  text is borrowed. */
struct parcel_maker {
	struct text *text;
	struct build rows;
	struct buf bad;
	const struct parcel *parcel;
};

/*
 * parcel_maker_init: the columns of text are known.
 * parcel_parse: a crew_fn; arg is a maker, room a parcel.  The parser stays
 * where it was.
 */
void parcel_maker_init(struct parcel_maker *m, struct text *text);
void parcel_maker_release(struct parcel_maker *m);
void parcel_parse(void *arg, void *room);

/*
 * What came back.  parcel_rows: point rows, of the same columns, at it, as
 * flat_view; *bad is where the bad records are.
 * parcel_next_bad: the next one, and the number of the row that it stands
 * before.  False when there are no more.
 */
struct parcel_bad {
	uint32_t row;
	struct text_bad bad;
};
void parcel_rows(struct build *rows, struct cur *bad, struct parcel *p);
bool parcel_next_bad(
    struct parcel_bad *b, struct cur *c, const struct parcel *p);

#endif
