/* SPDX-License-Identifier: ISC */
/*
 * Processes like this one, and this one, that work on pieces of shared memory,
 * rooms, which come back in the order in which they were posted.
 */
#ifndef MILLRACE_IO_CREW_H
#define MILLRACE_IO_CREW_H

#include <stdbool.h>
#include <stddef.h>

#define CREW_MAX 64 /* processes */

struct crew;

/* What is done with a room; a worker has its own copy of the owner's arg. */
typedef void (*crew_fn)(void *arg, void *room);

/*
 * crew_files: descriptors that a crew of n takes.
 * crew_start: with n - 1 workers, n in 2..CREW_MAX, whose memory is that of
 * this process now, and 2 * n + 1 rooms of room_len bytes, zero and aligned to
 * a page, of which only what is touched takes memory.  A worker has no
 * descriptor but standard error, is in a process group of its own and ends
 * with this process.  Descriptors 0 to 2 are open.  NULL with errno.
 * crew_free: kill the workers and wait for their end; NULL is a no-op.
 */
unsigned crew_files(unsigned n);
struct crew *crew_start(unsigned n, size_t room_len, crew_fn fn, void *arg);
void crew_free(struct crew *c);

/*
 * crew_room: the room to be posted next, the same until it is; NULL while all
 * are on their way.
 * crew_post: give it to the first worker that is free.  0, or -1 with why.
 * crew_wait: 1 when the room that was posted first is done; otherwise, without
 * waiting, 0.  Waiting is until it may be, a signal came, or fd can be read;
 * with fd -1 it begins with a room that no worker has begun.  1 or 0 then.  A
 * worker that has ended is -1 with why, from then on.
 * crew_posted: the i-th room on its way, 0 is the first.
 * crew_n_posted: how many there are.
 * crew_take: the first one, which is done, is free again.
 * crew_settle: wait until all of them are done.  0, or -1 with why.
 */
void *crew_room(struct crew *c);
int crew_post(struct crew *c);
int crew_wait(struct crew *c, bool waits, int fd);
void *crew_posted(struct crew *c, unsigned i);
unsigned crew_n_posted(const struct crew *c);
void crew_take(struct crew *c);
int crew_settle(struct crew *c);

/* Why -1, and the exit status for it. */
const char *crew_error(const struct crew *c);
int crew_status(const struct crew *c);

#endif
