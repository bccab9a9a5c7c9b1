/* SPDX-License-Identifier: ISC */
/* What becomes of records that are no rows.  sbatch(1), BAD RECORDS. */
#ifndef MILLRACE_IO_BAD_H
#define MILLRACE_IO_BAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ckpt/checkpoint.h"
#include "io/side.h"
#include "text/text.h"

#define BAD_SHOWN 3 /* records of an endless input that are told of */

enum bad_policy { BAD_STOP, BAD_SKIP, BAD_KEEP };

/* Bounds that end the stream; UINT64_MAX and a negative share = none. */
struct bad_max {
	uint64_t n;
	double share; /* of all records, 0..1 */
};

struct bad {
	enum bad_policy policy;
	const char *path; /* of BAD_KEEP, borrowed */
	struct bad_max max;
	bool endless;
	int fd; /* of BAD_KEEP */
	bool placed; /* the name of that file is durable */
	struct buf kept; /* not yet written */
	uint64_t n; /* so far */
	char *why; /* owned: why the stream ends, or NULL */
	int status; /* exit status for it */
};

/*
 * bad_parse: "stop", "skip", or the file to keep records in.
 * bad_parse_max: "N" or "P%".  0, or -1.
 * bad_open: opens the file to append to it.  0, or -1 with why and status.
 */
void bad_init(struct bad *b);
void bad_release(struct bad *b);
void bad_parse(struct bad *b, const char *arg);
int bad_parse_max(struct bad *b, const char *arg);
int bad_open(struct bad *b);

/*
 * Decide about one record of the source name; n_records have been read with
 * it.  Returns whether to go on; else why and status are set.  What the user
 * should hear becomes a line in notes.  Records to keep are held until
 * bad_flush.  A share is judged on endless input only, and
 * from the 1,000th record on; bounded input is judged by bad_finish.
 * bad_pass: the same of a record that BAD_STOP does not stop at.
 */
bool bad_take(struct bad *b, struct buf *notes, const char *name,
    const struct text_bad *bad, uint64_t n_records);
bool bad_pass(struct bad *b, struct buf *notes, const char *name,
    const struct text_bad *bad, uint64_t n_records);

/*
 * What is kept over a restart: bad_settle: how the file ends, once it is
 * flushed and durable; nothing without one.  bad_resume: cut it to that again,
 * or to nothing where only a killed start of c has written to it.
 * 0, or -1 with why and status.
 */
int bad_settle(struct bad *b, struct side_end *end);
int bad_resume(
    struct bad *b, const struct checkpoint *c, const struct side_end *end);

/*
 * bad_claim: of a pipeline that resumes, before bad_resume: no other stage
 * writes to the file.  bad_not_source: what is at path, "-" for standard
 * input, with a slash behind it all that is in it, is read, so the file must
 * not be it.
 * 0, or -1 with why and status.
 */
int bad_claim(struct bad *b);
int bad_not_source(struct bad *b, const char *path);

/* 0, or -1 with why and status. */
int bad_flush(struct bad *b);
int bad_finish(struct bad *b, uint64_t n_records);

#endif
