/* SPDX-License-Identifier: ISC */
/* Keys and states of groups as bytes, for snapshots. */
#ifndef MILLRACE_WINDOW_PACKED_H
#define MILLRACE_WINDOW_PACKED_H

#include "agg/agg.h"
#include "base/buf.h"
#include "window/keys.h"

/*
 * packed_put_*: append; a failure is out's.  packed_get_*: into what is empty
 * and of the same types, from the front of in; 0, or -1 when it is malformed.
 * Keys keep their numbers.
 */
void packed_put_keys(struct buf *out, const struct keys *k);
int packed_get_keys(struct keys *k, struct cur *in);
void packed_put_set(struct buf *out, const struct agg_set *s);
int packed_get_set(struct agg_set *s, struct cur *in);

/*
 * Numbers of 8 bytes: packed_put_ints n of v; packed_get_ints as many as were
 * put, of which there are to be n, into v.  0, or -1.
 */
void packed_put_ints(struct buf *out, const void *v, size_t n);
int packed_get_ints(void *v, size_t n, struct cur *in);

#endif
