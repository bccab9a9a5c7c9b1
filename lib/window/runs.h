/* SPDX-License-Identifier: ISC */
/*
 * Sorted runs outside of memory: groups of a table as bytes, in one file
 * without a name, or, of a pipeline that resumes, with one.
 */
#ifndef MILLRACE_WINDOW_RUNS_H
#define MILLRACE_WINDOW_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runs; /* the file */
struct run; /* a run in it, which does not change any more */
struct run_reader;

/* A directory in which runs outlast the process.  millrace-checkpoint(5). */
struct runs_place {
	const char *dir; /* for messages; borrowed, as stage is */
	const char *stage; /* files are named STAGE.GENERATION.runs */
	int dir_fd;
	uint64_t generation; /* greater than any before */
};

/* A group.  key and states are as keys_save and agg_save write them. */
struct run_entry {
	uint64_t hash; /* of the bytes of the key: XXH64, seed 0 */
	uint64_t first; /* order of the key's first row */
	const uint8_t *key;
	const uint8_t *states;
	uint32_t key_len;
	uint32_t states_len;
};

/*
 * runs_new makes no file yet.  runs_free: no run may be left.
 * runs_keep: before any run: the file is one in that place.
 * runs_error: why something failed, with the directory; borrowed from r.
 * runs_damaged: whether that is a file of an earlier start that is not what it
 * was.
 */
struct runs *runs_new(void);
void runs_free(struct runs *r);
void runs_keep(struct runs *r, const struct runs_place *place);
const char *runs_error(const struct runs *r);
bool runs_damaged(const struct runs *r);

/*
 * Write a run: runs_put its entries, in order, then runs_end, which gives
 * one reference of it.  One run is written at a time.  0, or -1; NULL.
 * run_ref: one reference more.  run_unref: one less; with the last one the
 * space in the file is given back.
 */
int runs_put(struct runs *r, const struct run_entry *e);
struct run *runs_end(struct runs *r);
struct run *run_ref(struct run *x);
void run_unref(struct run *x);

/*
 * Read a run, which keeps a reference, through cap bytes of memory (more for
 * a larger entry).  run_read: the next entry, valid until the next call; 1, 0
 * at the end, -1 with runs_error.
 */
struct run_reader *run_open(struct run *x, size_t cap);
int run_read(struct run_reader *d, struct run_entry *e);
void run_close(struct run_reader *d);

#endif
