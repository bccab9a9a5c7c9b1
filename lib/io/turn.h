/* SPDX-License-Identifier: ISC */
/* Which lane has its turn.  Inside the intake. */
#ifndef MILLRACE_IO_TURN_H
#define MILLRACE_IO_TURN_H

#include <stdint.h>

#include "io/intake.h"

/*
 * turn_add: a lane for s, which it takes over.  turn_number: it is a part.
 * turn_announce: the same, said downstream if the stream has begun.  0 or -1.
 * turn_start: open it, or let it wait for the files before it.  0 or -1.
 * turn_wake: find the waiting lanes for which there is something to read.
 * turn_let_go: no lane has more to give: move the held rows whose turn and
 * time it is.
 * The others say what has become of a lane that had its turn: it may have the
 * next one, found nothing to read, has another source to give, is at its end,
 * has rows to be held, or must wait until a row of event_us may go.
 */
struct lane *turn_add(struct intake *in, struct source *s);
void turn_number(struct intake *in, struct lane *l);
int turn_announce(struct intake *in, struct lane *l);
int turn_start(struct intake *in, struct lane *l);
void turn_wake(struct intake *in);
enum intake_got turn_let_go(struct intake *in);
void turn_ready(struct intake *in, struct lane *l);
enum intake_got turn_wait(struct intake *in, struct lane *l);
enum intake_got turn_welcome(struct intake *in, struct lane *parent);
enum intake_got turn_end(struct intake *in, struct lane *l);
enum intake_got turn_hold(struct intake *in, struct lane *l);
enum intake_got turn_put_off(struct intake *in, int64_t event_us);

#endif
