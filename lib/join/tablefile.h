/* SPDX-License-Identifier: ISC */
/* A file that is read wholly into columns.  sjoin(1), TABLES. */
#ifndef MILLRACE_JOIN_TABLEFILE_H
#define MILLRACE_JOIN_TABLEFILE_H

#include "base/buf.h"
#include "base/sha256.h"
#include "data/batch.h"
#include "data/schema.h"
#include "text/text.h"

#define TABLEFILE_MAX_ROWS (1u << 30)
#define TABLEFILE_MAX_TEXT (UINT64_C(3) << 30) /* bytes of one column */

/* All zero bytes is one that was not read. */
struct tablefile {
	struct schema schema;
	struct build rows;
	struct buf notes; /* lines that the user should hear */
	char *why; /* owned */
	int status; /* exit status for it */
};

/*
 * Read the one source that operand names, as sbatch(1) would with those
 * options; the format NULL is what the file says.  0, or -1 with why and
 * status: missing, no end, wrong columns, a bad record, too large.
 */
int tablefile_read(
    struct tablefile *f, const char *operand, const struct text_opts *o);
void tablefile_release(struct tablefile *f);

/* What tells this table from others: SHA-256 of its columns and rows. */
void tablefile_digest(const struct tablefile *f, uint8_t out[SHA256_LEN]);

#endif
