/* SPDX-License-Identifier: ISC */
/* What a kind of source is made of.  For the modules behind source.h. */
#ifndef MILLRACE_IO_SOURCE_INT_H
#define MILLRACE_IO_SOURCE_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "io/source.h"

struct gunzip;

/* Whether what is read can be spooled. */
enum source_spool {
	SOURCE_SPOOL_NOT,
	SOURCE_SPOOL_STREAM, /* of bytes, which are read from one descriptor */
	SOURCE_SPOOL_PIECES, /* each is whole, whoever sent it */
	SOURCE_SPOOL_PEERS /* those that source_take gives */
};

/*
 * One kind.  claims: whether it reads that path in that mode; the first row
 * of the registry that says so gets it; NULL in what is no row.  The other
 * functions do what those of source.h with their name say; open, read and check
 * fail by source_fail. From stop on they may be NULL: nothing to do, s->fd, no
 * time, no note, the name, what s->fd tells, no file, no place, no peers,
 * nothing that is kept, and what came is whole at its end unless something is
 * kept. open takes up what is in s->saved.
 */
struct source_kind {
	const char *name;
	unsigned traits; /* enum source_trait */
	const char *format; /* of its bytes, if it is always the same */
	bool unpack; /* gzip is looked for */
	bool (*claims)(const char *path, enum source_mode mode);
	int (*check)(struct source *s);
	int (*open)(struct source *s);
	enum source_got (*read)(
	    struct source *s, void *p, size_t cap, size_t *len);
	void (*close)(struct source *s);
	void (*stop)(struct source *s);
	int (*fd)(const struct source *s);
	int (*wait_ms)(const struct source *s);
	const char *(*note)(const struct source *s);
	const char *(*where)(const struct source *s);
	int64_t (*mtime_us)(const struct source *s);
	int (*plain_fd)(const struct source *s);
	void (*seek)(struct source *s, uint64_t off);
	bool (*to_end)(struct source *s, uint64_t *off);
	struct source *(*take)(struct source *s);
	void (*save)(const struct source *s, struct buf *out, uint64_t off);
	enum source_ending (*ending)(const struct source *s);
	bool (*in_line)(const struct source *s);
	void (*done)(struct source *s, bool all);
	bool (*wants)(const struct source *s, const char *path);
	enum source_keep kept_as;
	enum source_spool spools;
	bool samples; /* s->path has no format, s->sample may have one */
	const struct source_kind *as_set; /* what reads several as one */
};

/* Whether the first two bytes were looked at, and what they said. */
enum source_form { FORM_UNKNOWN, FORM_PLAIN, FORM_GZIP };

struct source {
	const struct source_kind *kind;
	unsigned traits; /* the kind's, at first */
	const struct source_opts *opts; /* borrowed */
	char *name; /* owned */
	bool named; /* by NAME= */
	char *path; /* owned */
	char *sample; /* owned; a file in the directory, or NULL */
	int fd; /* -1 when closed */
	uint64_t off; /* of the next byte, where reads are positioned */
	uint64_t limit; /* where the file ends, if not before */
	enum source_form form;
	unsigned char first; /* a lone first byte that may begin the magic */
	size_t n_first; /* 0 or 1 */
	enum source_got ended; /* how, behind a lone first byte, or _BYTES */
	struct gunzip *gunzip; /* owned, or NULL */
	struct source *back; /* owned: a peer of an earlier start, or NULL */
	void *own; /* the kind's; freed by its close */
	uint8_t *saved; /* owned; what source_load gave, or NULL */
	size_t n_saved;
	char *error; /* owned */
	int status;
};

/* The kinds; source_file_kind is of files at rest. */
extern const struct source_kind source_stdin_kind, source_pipe_kind;
extern const struct source_kind source_file_kind;
extern const struct source_kind set_followed, set_at_rest, set_kept;
extern const struct source_kind dir_kind, gen_kind, helper_kind;
extern const struct source_kind listen_tcp, listen_unix;
extern const struct source_kind conn_tcp, conn_guest, conn_udp;

/*
 * spooled_new: what s, which it takes over, is read from is spooled; path is
 * what names it.  spooled_guest: the next connection to a listener that an
 * earlier start has taken and not ended, or NULL.
 */
struct source *spooled_new(struct source *s, const char *path);
struct source *spooled_guest(const struct source *listener);

/*
 * Make one source of each set of rotated files in l, at the place of the first
 * of them.
 */
void set_join(struct source_list *l);

/* What reads that path in that mode, or NULL. */
const struct source_kind *source_find_kind(
    const char *path, enum source_mode mode);

/* A source of that kind; name and path are copied. */
struct source *source_new(const struct source_kind *kind,
    const struct source_opts *o, const char *name, const char *path);

/* What stands behind "SCHEME://" in a path of that scheme, or NULL. */
const char *source_url(const char *path, const char *scheme);

/* Keep the reason; source_refuse takes it over.  Return -1. */
int source_refuse(struct source *s, int status, char *why);
int source_fail(struct source *s, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The usual functions of what is named by a path, of a pipe, and of a file
 * whose next byte is s->off.  source_pread: 0 at the end, -1 after source_fail.
 */
int source_check_path(struct source *s);
void source_close_fd(struct source *s);
ssize_t source_pread(struct source *s, void *p, size_t cap);
enum source_got source_read_pipe(
    struct source *s, void *p, size_t cap, size_t *len);
int source_file_fd(const struct source *s);
void source_file_seek(struct source *s, uint64_t off);

#endif
