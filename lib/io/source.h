/* SPDX-License-Identifier: ISC */
/*
 * Where bytes come from: files, pipes, followed files, sockets.
 * sbatch(1), SOURCES.
 * A kind of source is one row of a registry (struct source_kind,
 * source_int.h); the rest of the program knows only this header.
 */
#ifndef MILLRACE_IO_SOURCE_H
#define MILLRACE_IO_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCE_MAX 65535 /* sources named for one stream */

enum source_mode {
	SOURCE_ONCE, /* what is there now, or until the writer closes */
	SOURCE_FOLLOW, /* by name, over rotation, without an end */
	SOURCE_KEPT /* files, by name over rotation, up to their present end */
};

struct source_opts {
	enum source_mode mode;
	bool insecure; /* other machines may connect, unencrypted */
	const char *token_file; /* what who connects must send, or NULL */
	uint32_t max_conns; /* of one listener */
	int64_t max_idle_us; /* a connection that is silent; 0 = any time */
	/* Of sources whose places are kept over a restart. */
	bool kept; /* others are refused */
	bool spools; /* but for those that are spooled */
	struct tape *tape; /* then, once it is there: the spool; borrowed */
	bool on_truncate_restart;
	bool on_missing_skip;
};

#define SOURCE_MAX_CONNS 1024

/* What a read gave. */
enum source_got {
	SOURCE_ERROR = -1, /* source_error says why; every later read, too */
	SOURCE_END, /* no more will come; every later read, too */
	SOURCE_BYTES, /* some */
	SOURCE_WAIT, /* none yet: wait as source_fd and source_wait_ms say */
	SOURCE_NEXT, /* what came so far has ended; another file follows */
	SOURCE_PEER /* another source is there: source_take */
};

/* What a source is like. */
enum source_trait {
	SOURCE_LIVE = 1, /* rows at hand must not wait for its next bytes */
	SOURCE_ENDLESS = 2, /* no end of its own */
	SOURCE_BATCHED = 4, /* in batches of an interval, if not told */
	SOURCE_PARENT = 8, /* no bytes itself: other sources come from it */
	SOURCE_NETWORK = 16, /* who writes to it is not to be trusted */
	SOURCE_SPOOLED = 32, /* what was read and not taken is in no file */
	SOURCE_STRICT = 64 /* that came by itself: its failure is ours */
};

/* What a place that is kept over a restart is. */
enum source_keep {
	SOURCE_KEEPS_PLACE, /* in a file, as follow_save */
	SOURCE_KEEPS_NOTHING, /* the spool has it, or there is none */
	SOURCE_KEEPS_ENTRY, /* in a file of a directory, as held_put_place */
	SOURCE_KEEPS_FILES /* of a directory, as seen_save */
};

/* What stands behind the bytes before SOURCE_NEXT or SOURCE_END. */
enum source_ending {
	SOURCE_GROWS, /* nothing yet */
	SOURCE_WHOLE, /* their end */
	SOURCE_CUT /* what was lost with an earlier start */
};

struct buf;
struct source;
struct tape;

/* The sources of a stream in the order given. */
struct source_list {
	struct source **v; /* owned, unless taken: NULL */
	size_t n;
	size_t cap;
};

void source_list_init(struct source_list *l);
void source_list_release(struct source_list *l);

/*
 * Add what an operand names: "-", a path, a pattern that the shell did not
 * expand (each file it matches, sorted, is a source), any of them after
 * "NAME="; or, once, a directory by a path that ends in a slash, for the files
 * in it, oldest first.  Nothing is opened; *o is borrowed.  0, or the exit
 * status with the reason in *why, to be freed: no match, too many sources, or
 * something that is no source in this mode.
 */
int source_list_add(struct source_list *l, const char *operand,
    const struct source_opts *o, char **why);

/* All operands were added: rotated files of one log become one source. */
void source_list_join(struct source_list *l);

/*
 * source_name: given by NAME=, else the path, "stdin" for "-".
 * source_where: the file that is being read, for messages about its bytes.
 * source_path: as given, "-" for standard input.
 * source_sample: the path of a file whose name says the format, or NULL when
 * there is none yet.
 * source_format: the name of the format of its bytes, if it has but one.
 * source_mtime_us: when what is being read was written to; now, where that
 * means nothing.
 */
const char *source_name(const struct source *s);
const char *source_where(const struct source *s);
const char *source_path(const struct source *s);
const char *source_sample(const struct source *s);
const char *source_format(const struct source *s);
int64_t source_mtime_us(const struct source *s);
bool source_is(const struct source *s, enum source_trait trait);

/*
 * source_check: whether it is there and may be read, as far as can be told
 * without opening it.  source_open: before the first read.  0, or -1.
 * source_read: up to cap bytes into p, their number in *len, which is above 0
 * exactly with SOURCE_BYTES.  A source that begins with the magic of gzip is
 * unpacked, all its members.
 * source_take: after SOURCE_PEER, the new source, which the caller owns.
 * source_free: closes it; NULL is a no-op.
 */
int source_check(struct source *s);
int source_open(struct source *s);
enum source_got source_read(struct source *s, void *p, size_t cap, size_t *len);
struct source *source_take(struct source *s);
void source_free(struct source *s);

/*
 * source_plain_fd: the descriptor of the file that is being read, if its bytes
 * are its rows' and it can be read anywhere, or -1.
 * source_seek: read on from byte off of it.  source_limit: a file at rest ends
 * there.
 * source_to_end: a followed file begins behind its last present line end, the
 * place of which is *off; false where there is nothing to pass over.
 */
int source_plain_fd(const struct source *s);
void source_seek(struct source *s, uint64_t off);
void source_limit(struct source *s, uint64_t off);
bool source_to_end(struct source *s, uint64_t *off);

/*
 * A place that is kept over a restart.  source_save: append it; what is read
 * now was taken up to byte off.  source_load: before source_open, which then
 * goes on from what source_save wrote.  source_settle: the same with what is
 * there now, under whatever name it may be by then, in place of source_load.
 * source_settled: whether one of the two has been called.  source_in_line:
 * after source_open, that what was taken then ends before its line does.
 */
void source_save(const struct source *s, struct buf *out, uint64_t off);
void source_load(struct source *s, const void *p, size_t len);
void source_settle(struct source *s);
bool source_settled(const struct source *s);
bool source_in_line(const struct source *s);

/*
 * source_ending: after SOURCE_NEXT or SOURCE_END, how what came ended.
 * source_done: no more of it is read; all: all of it was taken.
 * source_wants: whether the place of what came from it, by that path, is still
 * of use.
 * source_kept_as: what source_save writes.
 */
enum source_ending source_ending(const struct source *s);
void source_done(struct source *s, bool all);
bool source_wants(const struct source *s, const char *path);
enum source_keep source_kept_as(const struct source *s);

/*
 * After source_open: what is there now is the last of an endless source:
 * SOURCE_END follows.
 */
void source_stop(struct source *s);

/*
 * After SOURCE_WAIT: the descriptor that becomes readable when there is more,
 * or -1; and the milliseconds after which to look in any case, or -1.
 */
int source_fd(const struct source *s);
int source_wait_ms(const struct source *s);

/*
 * source_error: why -1, without the name of the source; source_status: the
 * exit status for it.  source_note: what the user should hear of the last
 * read (truncation, a file that is not there yet), or NULL; valid until the
 * next read.
 */
const char *source_error(const struct source *s);
int source_status(const struct source *s);
const char *source_note(const struct source *s);

#endif
