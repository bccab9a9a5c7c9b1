/* SPDX-License-Identifier: ISC */
/*
 * A saved stream beside the output, of rows that do not go on with the others.
 * swindow(1), RELIABILITY.
 */
#ifndef MILLRACE_TOOL_SIDESTREAM_H
#define MILLRACE_TOOL_SIDESTREAM_H

#include <stdbool.h>

#include "data/batch.h"
#include "io/side.h"
#include "io/sink.h"
#include "tool/stage.h"
#include "wire/writer.h"

struct sidestream {
	const char *path; /* where it is saved, or NULL; borrowed */
	const char *opt; /* that names it, such as "--late-to" */
	enum stage_class cls; /* of the stage it is added by to the chain */
	bool if_any; /* behind sbatch -S the first rows begin it */
	/* Private. */
	struct sink *sink;
	int fd; /* the file itself, behind sbatch -S; or -1 */
	struct stream_writer *writer;
	bool resumes; /* end and place are of the last start */
	struct side_end end; /* of the file */
	struct stream_place place;
};

/*
 * sidestream_begin: frames come next; to be called by the stage's begin.
 * sidestream_rows, sidestream_payload: rows that came, or were to come, with
 * the frame *of; the latter as they were packed.
 * sidestream_end: the stream is whole; it shows now.
 * Each 0, or -1 after stage_fail; nothing without a path.
 *
 * Behind sbatch -S the file is written in place and grows from start to start:
 * sidestream_save makes durable what is there, ends the stream when the data
 * have ended, and says where it goes on; sidestream_load, with what it said,
 * cuts off what came behind that before anything is written.  0, or -1 when
 * malformed.  A file that another has put there is refused, not cut.
 */
void sidestream_init(
    struct sidestream *s, const char *opt, enum stage_class cls);
void sidestream_release(struct sidestream *s);
int sidestream_begin(struct sidestream *s, struct stage *st);
int sidestream_rows(struct sidestream *s, struct stage *st,
    const struct frame_header *of, const struct batch *b);
int sidestream_payload(struct sidestream *s, struct stage *st,
    const struct frame_header *of, const void *p, size_t len);
int sidestream_end(
    struct sidestream *s, struct stage *st, enum end_reason reason);
void sidestream_save(struct sidestream *s, struct stage *st, struct buf *out);
int sidestream_load(struct sidestream *s, struct cur *in);

#endif
