/* SPDX-License-Identifier: ISC */
/*
 * What came from sources that cannot be read again, kept until it is
 * committed.  millrace-checkpoint(5), SPOOL.
 * All streams are on one tape, in the order in which their bytes came; the
 * tape is in files of bounded size, of which the oldest are removed.
 */
#ifndef MILLRACE_CKPT_TAPE_H
#define MILLRACE_CKPT_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ckpt/checkpoint.h"

#define TAPE_MAX (UINT64_C(1) << 30) /* bytes, where nothing else is said */
#define TAPE_MAX_LEAST (UINT64_C(1) << 20)
#define TAPE_READ_MAX (1u << 20) /* bytes of one tape_write */
#define TAPE_FLUSH_US INT64_C(1000000) /* longest time not durable */

/* One of the streams on a tape.  Its owner reads it; all else is the tape's. */
struct tape_stream {
	uint32_t id;
	char *path; /* of the source from which it came; owned */
	char *name; /* of its part; owned */
	bool guest; /* a connection, which an end of the process ends */
	bool packed; /* as it came it was compressed */
	bool ended; /* the last that was read of it is its end */
	uint64_t origin; /* what it was read from; 0 = that does not matter */
	/* Private. */
	bool taken;
	bool begun; /* origin is known */
	uint64_t from; /* the first record to come again */
	uint32_t skip; /* bytes of it that were read before */
	uint64_t *again; /* places of the records that are to come again */
	size_t n_again;
	size_t cap_again;
	size_t next; /* of them */
};

struct tape_file {
	uint32_t number;
	uint64_t start;
};

struct tape_mark {
	uint64_t epoch;
	uint64_t need;
};

/*
 * Invariants: files are in order of number, each begins where the one before
 * ends; at is the end of the tape, synced <= at is durable.
 */
struct tape {
	uint64_t max; /* bytes that may be kept */
	/* Private. */
	const struct checkpoint *dir; /* borrowed */
	struct tape_file *files;
	size_t n_files;
	size_t cap_files;
	int fd; /* the last file, to append to; or -1 */
	int read_fd; /* file read_number; or -1 */
	uint32_t read_number;
	uint64_t at, synced;
	bool loaded; /* a state knows of it */
	uint64_t kept; /* at of the state that was loaded */
	uint64_t before; /* what the epoch before that state needs */
	uint64_t marked; /* at of the last mark */
	int64_t dirty_us; /* since when bytes are not durable, 0: all are */
	bool new_name; /* the directory must be flushed */
	struct tape_stream **streams;
	size_t n_streams;
	size_t cap_streams;
	uint32_t next_id;
	struct tape_mark *marks; /* of epochs, oldest first */
	size_t n_marks;
	size_t cap_marks;
	struct buf data; /* of the record that is looked at */
	int status; /* once something has failed: with what, and why */
	char *why;
};

void tape_init(struct tape *t, uint64_t max);
void tape_release(struct tape *t);

/*
 * All that can fail give 0, or the exit status with the reason in *why, to be
 * freed; from then on they all give that status and that reason, and nothing
 * is written.
 * tape_load: take up what tape_save has saved; before is what tape_needed said
 * then, 0 where that is not known.  0, or -1: malformed.
 * tape_start: after that, look at what is in the directory.  What came last
 * may be torn, and is then cut off: *why holds a note of it, though 0 was
 * returned.  65 when anything else is damaged or missing.
 * tape_save: append where all streams are.
 * tape_needed: the first place that the epoch of the last mark needs.
 */
int tape_load(struct tape *t, struct cur *c, uint64_t before);
int tape_start(struct tape *t, char **why, const struct checkpoint *dir);
void tape_save(const struct tape *t, struct buf *out);
uint64_t tape_needed(const struct tape *t);

/*
 * tape_find: the stream of a source, or the next guest of a listener, that
 * nobody has taken yet; or NULL.
 * tape_add: a new stream.  tape_drop: one is at its end, nothing of it is kept.
 * tape_stray: the first from number *i on that nobody has taken, or NULL; *i
 * is then behind it.
 */
struct tape_stream *tape_find(struct tape *t, const char *path, bool guest);
struct tape_stream *tape_add(
    struct tape *t, const char *path, const char *name, bool guest);
void tape_drop(struct tape *t, struct tape_stream *s);
struct tape_stream *tape_stray(const struct tape *t, size_t *i);

/*
 * tape_open: from now on s is read from origin, and what is written is read
 * again by tape_read, from here on to tape_read's TAPE_NOTHING.
 * tape_write: bytes of s, at most TAPE_READ_MAX.  tape_end: its end.
 */
int tape_open(struct tape *t, char **why, struct tape_stream *s,
    uint64_t origin, bool packed);
int tape_write(struct tape *t, char **why, struct tape_stream *s, const void *p,
    size_t len);
int tape_end(struct tape *t, char **why, struct tape_stream *s);

enum tape_got {
	TAPE_FAILED = -1,
	TAPE_NOTHING, /* there is nothing that is to come again */
	TAPE_BYTES,
	TAPE_WHOLE, /* what came before was ended; something else follows */
	TAPE_CUT /* the same, but it was not ended */
};

/*
 * The next bytes of s that are to come again.  *status and *why as above.
 */
enum tape_got tape_read(struct tape *t, int *status, char **why,
    struct tape_stream *s, void *p, size_t cap, size_t *len);

/*
 * tape_flush: all that was written is durable.
 * tape_mark: the barrier of that epoch came here; the first one is that of the
 * state, or of nothing.
 * tape_trim: remove what neither that epoch nor a later one needs; the last
 * file stays, and says where the tape ends.
 * tape_rest: nothing will be written, so that the last file may be an empty
 * one. tape_fresh: bytes since the last mark.
 */
int tape_flush(struct tape *t, char **why);
void tape_mark(struct tape *t, uint64_t epoch);
int tape_trim(struct tape *t, char **why, uint64_t epoch);
int tape_rest(struct tape *t, char **why);
uint64_t tape_fresh(const struct tape *t);

#endif
