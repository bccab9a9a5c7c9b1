/* SPDX-License-Identifier: ISC */
/* What the files of the intake know of each other. */
#ifndef MILLRACE_IO_INTAKE_INT_H
#define MILLRACE_IO_INTAKE_INT_H

#include "io/intake.h"

/*
 * intake_room: rows that may still come: in the frame, in the batch, by -n and
 * by the pace; 0 also when they only must not come yet.
 * intake_flush: send the rows at hand, if there are any.  0 or -1.
 * intake_sent: whether a call that sends went well; what was kept back goes
 * with it.  rc is that call's, 0 or -1; so is the result, with in->why.
 */
uint32_t intake_room(struct intake *in);
int intake_flush(struct intake *in);
int intake_sent(struct intake *in, int rc);

#endif
