/* SPDX-License-Identifier: ISC */
/* What the files of the lane know of each other. */
#ifndef MILLRACE_IO_LANE_INT_H
#define MILLRACE_IO_LANE_INT_H

#include <stdbool.h>

#include "io/lane.h"

/*
 * lane_parse: make rows of what is at hand, up to a frame or the end of a
 * batch, or of one piece of rows to be held.
 * lane_send_full: send the full frames.  Each ends with the row that fills it,
 * so that frames do not depend on how the bytes came; rows of several sources
 * depend on that anyway.  What ends with the batch goes with its end.  0, or
 * -1.
 * lane_on_bad: arg is the intake, whose turn it is the record's lane.
 * lane_end_file: all bytes of a file are taken: on to the next one of the
 * lane, or its end.
 * lane_goes_on: whether a record that has no end yet is for the next start.
 * lane_put_off: lane_end_file with such a record, of len bytes so far.
 * lane_is_cut: whether its end was lost with an earlier start.
 * lane_drop_cut: such a record, len bytes, is bad; the file is at its end.
 */
enum lane_got lane_parse(struct intake *in, struct lane *l);
int lane_send_full(struct intake *in);
bool lane_on_bad(void *arg, const struct text_bad *bad);
enum lane_got lane_end_file(struct intake *in, struct lane *l);
bool lane_goes_on(const struct intake *in, const struct lane *l);
enum lane_got lane_put_off(struct intake *in, struct lane *l, size_t len);
bool lane_is_cut(const struct lane *l);
enum lane_got lane_drop_cut(struct intake *in, struct lane *l, size_t len);

#endif
