/* SPDX-License-Identifier: ISC */
/*
 * Files that are complete under a dot name, and get their names when their
 * epoch has been decided.  millrace-checkpoint(5), SINKS.
 */
#ifndef MILLRACE_IO_PREPARED_H
#define MILLRACE_IO_PREPARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ckpt/checkpoint.h"

struct prepared_file {
	char *temp, *path; /* owned, absolute, of one directory */
	size_t n_trusted; /* bytes of path; no link is followed behind them */
	bool fresh; /* no file is replaced */
};

/* Invariant: files[0..n); list_fd is -1 until prepared_begin. */
struct prepared {
	struct prepared_file *files;
	size_t n;
	size_t cap;
	char *cwd; /* owned; relative paths begin there */
	int list_fd; /* names under which litter may be */
};

/* The current folder is where relative paths begin, now and later. */
void prepared_init(struct prepared *p);
void prepared_release(struct prepared *p);

/* path from the root, to be freed; *n_trusted grows by what came before it. */
char *prepared_path(const char *cwd, const char *path, size_t *n_trusted);

/*
 * All: 0, or -1 with the reason in *why, to be freed.
 * prepared_begin: remove what an earlier start had under dot names and did not
 * get to prepare; c stays open.
 * prepared_note: a file beside path is about to be made by io_temp_at.
 */
int prepared_begin(struct prepared *p, char **why, const struct checkpoint *c);
int prepared_note(
    struct prepared *p, char **why, const char *path, size_t n_trusted);

/*
 * prepared_add: temp, durable and beside path, is to become path.
 * prepared_reset: forget the files, prepared_discard: and remove them.
 * prepared_sync: make the dot names durable.  0, or -1 with the reason.
 * prepared_save, prepared_load: what was added as bytes, and back in place of
 * it; -1 when they are malformed.
 * prepared_publish: give the names, durably, and forget the files; one that is
 * not there has its name already, or somebody has taken it away.  0, or -1
 * with the reason in *why.
 */
void prepared_add(struct prepared *p, const char *temp, const char *path,
    size_t n_trusted, bool fresh);
void prepared_reset(struct prepared *p);
void prepared_discard(struct prepared *p);
void prepared_save(const struct prepared *p, struct buf *out);
int prepared_load(struct prepared *p, struct cur *in);
int prepared_sync(const struct prepared *p, char **why);
int prepared_publish(struct prepared *p, char **why);

/* Whether path, of an added file, is taken. */
bool prepared_has(const struct prepared *p, const char *path);

#endif
