/* SPDX-License-Identifier: ISC */
/* What the files of the intake know of each other. */
#ifndef MILLRACE_IO_INTAKE_INT_H
#define MILLRACE_IO_INTAKE_INT_H

#include "io/intake.h"

/*
 * intake_columns: the parser knows the columns: the stream begins.  0 or -1.
 * intake_sent: whether a call that sends went well; what was kept back goes
 * with it.  rc is that call's, 0 or -1; so is the result, with in->why.
 */
int intake_columns(struct intake *in);
int intake_sent(struct intake *in, int rc);

#endif
