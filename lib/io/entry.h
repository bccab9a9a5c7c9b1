/* SPDX-License-Identifier: ISC */
/* A file in a directory, as a source whose place is kept. */
#ifndef MILLRACE_IO_ENTRY_H
#define MILLRACE_IO_ENTRY_H

#include "io/seen.h"
#include "io/source_int.h"

/*
 * file, which outlives the reading of it, in directory dir.  What source_done
 * says of it goes into *file, and *n_open is one less.
 */
struct source *entry_new(
    const struct source *dir, struct seen_file *file, size_t *n_open);

#endif
