/* SPDX-License-Identifier: ISC */
/* Tables of groups as bytes, for snapshots. */
#ifndef MILLRACE_WINDOW_PANEPACK_H
#define MILLRACE_WINDOW_PANEPACK_H

#include "base/buf.h"
#include "window/pane.h"

/*
 * panepack_put: append the groups in memory of n tables; a failure is out's.
 * panepack_get: into n tables of the same plan without rows; start and end are
 * the caller's.  Groups keep their numbers.  0, or -1 when it is malformed.
 * Keys of all tables stand together, as columns: tables may be many and small.
 */
void panepack_put(struct buf *out, struct pane *const *panes, size_t n);
int panepack_get(struct pane *const *panes, size_t n, struct cur *in);

#endif
