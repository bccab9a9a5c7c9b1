/* SPDX-License-Identifier: ISC */
/* Rows at hand on their way into the frames and batches of a new stream. */
#ifndef MILLRACE_IO_EMIT_H
#define MILLRACE_IO_EMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "data/batch.h"
#include "data/schema.h"
#include "io/cut.h"
#include "io/losses.h"
#include "wire/stream.h"

/*
 * Rows are parsed into build, whose columns are those of the schema without
 * source_col and part.  A frame has rows of one part only, unless mixed: then
 * it is of part 0, with column part.  The owner sets part and part_name when a
 * source has its turn, the two read times before rows are added, n_bad,
 * n_filtered and, where they matter, the places of those losses.
 */
struct emit {
	struct stream_writer *out;
	const char *source_col; /* column with the part's name, or NULL */
	bool mixed; /* with system column part, behind source_col */
	bool many; /* a frame may have rows of several sources */
	struct build build;
	struct losses losses; /* among the rows in build, but for others' */
	struct cut cut;
	uint32_t part;
	const char *part_name; /* borrowed */
	int64_t read_mono_us; /* when the last bytes were read, monotonic */
	int64_t read_us; /* the same by the wall clock */
	int64_t oldest_us; /* read_mono_us of the oldest row in build */
	uint64_t n_rows; /* sent */
	uint64_t n_bad; /* records that ended as invalid, so far */
	uint64_t n_bad_told; /* of those, by earlier starts */
	uint64_t n_filtered; /* rows that were outside of a range, so far */
	uint64_t out_frames; /* of earlier starts */
	const struct cut *start; /* the batch that one of them had open */
	int64_t newest_us; /* arrival of a row, of this start and those before;
			      rows never arrive before it */
	/* Private. */
	struct batch view;
	struct build rest; /* rows behind a frame that is being sent */
	struct colbuf parts, names; /* of the rows in build, if mixed */
	int64_t arrival_us; /* of the oldest row in build */
	uint64_t n_bad_sent, n_filtered_sent;
};

/* fd is where the stream goes; options are enum stream_option. */
void emit_init(struct emit *e, int fd, unsigned options);
void emit_release(struct emit *e);

/* The columns that are parsed.  Before any other call but emit_fail. */
void emit_columns(struct emit *e, const struct schema *s);

/*
 * emit_head: HEAD; the first batch opens.
 * emit_added: rows were added to build, which had before of them, from
 * n_bytes of input.
 * emit_rows: send a frame of the rows in build, also of none.
 * emit_first: send a frame of the first n rows, n > 0, with what was lost
 * before them; the others stay, of which there are none when many or mixed.
 * emit_batch: the same with LAST; the next batch opens.
 * emit_mark: part 0 and name "" where they do not apply.
 * emit_end: the last batch's LAST frame, then END with the account of the
 * stage name.  emit_close: END alone.
 * emit_barrier: an epoch ends; its counts are filled in.
 * emit_fail: FAIL, perhaps instead of HEAD.
 * Return 0, or -1 with errno.
 */
int emit_head(struct emit *e, const struct head *h, const struct cut_opts *cut);
void emit_added(struct emit *e, uint32_t before, size_t n_bytes);
int emit_rows(struct emit *e);
int emit_first(struct emit *e, uint32_t n);
int emit_batch(struct emit *e);
int emit_mark(
    struct emit *e, enum mark_what what, uint32_t part, const char *name);
int emit_end(struct emit *e, enum end_reason reason, struct account *a);
int emit_close(struct emit *e, enum end_reason reason, struct account *a);
int emit_barrier(struct emit *e, struct barrier *m);
int emit_fail(struct emit *e, int status, const char *stage, const char *text);

#endif
