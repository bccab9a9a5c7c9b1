/* SPDX-License-Identifier: ISC */
/* A destination with placeholders: the path of each row.  ssink(1). */
#ifndef MILLRACE_IO_OUTPATH_H
#define MILLRACE_IO_OUTPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/zone.h"
#include "data/batch.h"
#include "data/schema.h"
#include "wire/stream.h"

#define OUTPATH_MAX_VALUE 200 /* bytes of a value in a path */

struct outpath;

/*
 * outpath_new: a pattern, or NULL with the reason in *why (to be freed): a
 * brace without its other half, no such conversion, no name of a file.
 * outpath_free: NULL is a no-op.
 * outpath_plain: the path when there is no placeholder, else NULL.
 */
struct outpath *outpath_new(const char *text, char **why);
void outpath_free(struct outpath *p);
const char *outpath_plain(const struct outpath *p);

/*
 * outpath_n_trusted: bytes in front of the first component that holds a
 * placeholder; the whole length without any.
 * outpath_ext_len: bytes of the extension that a number is put before, .gz
 * included; 0 without one.
 * outpath_by_batch, outpath_by_epoch: whether {batch}, {epoch} is in it.
 * outpath_epoch: the number for {epoch} from now on, 0 until said otherwise.
 */
size_t outpath_n_trusted(const struct outpath *p);
size_t outpath_ext_len(const struct outpath *p);
bool outpath_by_batch(const struct outpath *p);
bool outpath_by_epoch(const struct outpath *p);
void outpath_epoch(struct outpath *p, uint64_t epoch);

/*
 * Learn the columns; zone is where dates are taken (NULL = UTC).
 * 0, or the exit status with the reason in *why, to be freed: no such column,
 * no event time.  s and zone stay valid as long as p is used.
 */
int outpath_bind(struct outpath *p, char **why, const struct schema *s,
    const struct zone *zone);

/*
 * What the path depends on: rows with equal keys have equal paths.
 * outpath_types: the types of the keys into types, which has room for
 * outpath_n_keys.
 * outpath_keys: the keys of the rows of a frame into cols[0..n_keys), memory
 * from a, valid as long as b is.
 * outpath_text: append the path of one row of those columns.
 */
size_t outpath_n_keys(const struct outpath *p);
void outpath_types(const struct outpath *p, enum type *types);
void outpath_keys(struct outpath *p, struct col *cols, const struct frame *f,
    const struct batch *b, struct arena *a);
void outpath_text(
    struct outpath *p, struct buf *out, const struct col *keys, uint32_t row);

/*
 * Append a value as a path may hold it: bytes other than letters, digits, '_',
 * '-' and '.', and a '.' in front, as %XX; nothing as %empty; what is longer
 * than OUTPATH_MAX_VALUE is cut and ends in %- and 16 hexadecimal digits of
 * its hash.  Different values have different texts, hashes permitting.
 */
void outpath_value(struct buf *out, const char *p, size_t len);

#endif
