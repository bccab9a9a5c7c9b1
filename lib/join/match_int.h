/* SPDX-License-Identifier: ISC */
/* What the ways of matching share. */
#ifndef MILLRACE_JOIN_MATCH_INT_H
#define MILLRACE_JOIN_MATCH_INT_H

#include "base/zone.h"
#include "join/heap.h"
#include "join/match.h"
#include "window/grid.h"
#include "window/keys.h"

/* Row numbers of one side, ascending. */
struct rowlist {
	uint32_t *row; /* owned */
	uint32_t n;
	size_t cap;
};

/* Rows of one key and side, tied by next; SIDE_NONE when there are none. */
struct match_chain {
	uint32_t head;
	uint32_t tail;
};

/* What is known of one key.  By time only the right rows in reach are tied. */
struct match_group {
	struct match_chain chain[2];
	int64_t last; /* time of the latest left row seen, or TIME_NONE */
	uint64_t scope[2]; /* the scope that has rows of a side */
};

/*
 * Which left rows come out: with each match (pairs), once when there is one
 * (some), when there is none (none); right rows without a match: rest.
 * Invariants: groups has an entry for each of keys; a row of a side waits in
 * due until its time has come.
 */
struct match {
	struct match_opts o;
	bool pairs_out, some, none, rest;
	struct side side[2];
	struct keys keys;
	struct match_group *groups;
	size_t cap_groups;
	uint32_t n_groups; /* that the last clearing left */
	int64_t mark[2]; /* watermarks */
	int64_t until_us; /* all before it has come out, or TIME_NONE */
	int64_t last_us; /* greatest event time that came out */
	/* By time: rows in the order of time. */
	struct heap due[2];
	struct heap alone; /* right rows that may come out alone */
	struct heap seen; /* left rows, known by their groups */
	struct rowlist found; /* the matches of one row */
	/* By window or batch. */
	struct grid grid;
	struct zone *zone;
	bool has_grid;
	int64_t closed_us;
	struct rowlist open[2]; /* rows of the scope at hand */
	uint64_t scope; /* its number */
	struct pairs pairs;
};

/* The latest time as a sum that stays in range. */
int64_t match_plus(int64_t a, int64_t b);

void rowlist_add(struct rowlist *l, uint32_t row);
void rowlist_sort(struct rowlist *l);

/*
 * By time.  match_time_add: rows from..n of a side are new.
 * match_time_advance: give what lies before m->until_us.
 * match_time_live: set the bits of the rows that are still needed.
 * match_time_moved: rows have new numbers, where map says so.
 */
void match_time_add(struct match *m, enum plan_side side, uint32_t from);
int match_time_advance(struct match *m);
void match_time_live(struct match *m, uint8_t *const live[2]);
void match_time_moved(struct match *m, uint32_t *const map[2]);

/* By window or batch: the same; match_scope_run: the open rows are one scope.
 */
void match_scope_add(struct match *m, enum plan_side side, uint32_t from);
int match_scope_run(struct match *m);
int match_window_advance(struct match *m);
void match_window_live(struct match *m, uint8_t *const live[2]);
void match_window_moved(struct match *m, uint32_t *const map[2]);

/* By arrival. */
int match_arrival_add(struct match *m, enum plan_side side, uint32_t from);

#endif
