/* SPDX-License-Identifier: ISC */
/* What the files of a filter's life share. */
#ifndef MILLRACE_TOOL_STAGE_INT_H
#define MILLRACE_TOOL_STAGE_INT_H

#include "tool/stage.h"

/*
 * stage_output_failed: a write to standard output did, errno says how.
 * stage_input_failed: the reader of st did, of a pair st->side's.
 * Both record it, unless the stage failed before, and return -1.
 * stage_report: tell the next stage of the failure, and the user.
 */
int stage_output_failed(struct stage *st);
int stage_input_failed(struct stage *st);
void stage_report(struct stage *st);

#endif
