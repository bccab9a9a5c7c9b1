/* SPDX-License-Identifier: ISC */
/* HEAD, and the marks of parts.  Inside the intake. */
#ifndef MILLRACE_IO_HEADING_H
#define MILLRACE_IO_HEADING_H

#include <stdint.h>

struct buf;
struct intake;
struct intake_opts;
struct lane;

/*
 * heading_describe: the options that change the rows, for the chain in HEAD.
 * heading_send: the parser knows the columns: the stream begins; all parts
 * there are so far are announced.
 * heading_open, heading_close: say that the part of a lane begins or is at its
 * end, unless it has none, or --cat has them all in one.
 * heading_subs: the lane has n parts.
 * 0, or -1.
 */
void heading_describe(struct buf *b, const struct intake_opts *o);
int heading_send(struct intake *in);
int heading_subs(struct intake *in, struct lane *l, uint32_t n);
int heading_open(struct intake *in, struct lane *l);
int heading_close(struct intake *in, const struct lane *l);

#endif
