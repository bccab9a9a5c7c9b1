/* SPDX-License-Identifier: ISC */
/* A block of bytes and the cells in it.  For the modules behind text.h. */
#ifndef MILLRACE_TEXT_GRID_H
#define MILLRACE_TEXT_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes split at a time: the edges of so many stay in the second cache. */
#define BLOCK_LEN (64u << 10)

/* Whole records, if all is well.  Offsets below are into p. */
struct block {
	const char *from; /* the caller's bytes */
	const char *p; /* the same, CELL_PAD bytes behind them readable */
	size_t len; /* with a line end added where the last one is missing */
	size_t real; /* without */
	bool last; /* the source ends here, or the one record */
};

/*
 * The cells of the rows of a block.  Row r's edges are edge[r * stride ..].
 * The cell with its first edge at a lies between them: from
 * edge[a] + 1 (UINT32_MAX + 1 = 0) to edge[a + 1].  Two equal edges are a
 * null.  Edge 0 is the byte before the record, edge end its end.
 */
struct grid {
	const uint32_t *edge;
	size_t stride;
	size_t end;
	uint32_t n; /* rows */
	size_t used; /* bytes of the records looked at */
	uint64_t lines; /* line ends in them, outside of quotes */
	bool marked; /* some cells need the format's plain() */
};

/* Cells of str that are null; a typed cell is also null when it is empty. */
struct text_null {
	const char *str; /* or NULL */
	size_t len;
	bool empty;
};

/* Whether a cell is null; len is UINT32_MAX where the format says so. */
static inline bool
text_is_null(const struct text_null *null, const char *s, uint32_t len)
{
	if (len == UINT32_MAX)
		return true;
	if (len == 0)
		return null->empty || (null->str != NULL && null->len == 0);
	return null->str != NULL && null->len == len
	       && memcmp(null->str, s, len) == 0;
}

/* A column of a grid: cell i lies between edge[i * stride] and the next. */
struct cells {
	const uint32_t *edge;
	size_t stride;
	uint32_t n;
};

struct text;

/* Room for rewritten cells, behind the block's bytes. */
struct side {
	char *base;
	uint32_t at;
};

/*
 * Make room for n bytes at s->at + 1, which is where the next cell goes, and
 * return it; bytes of the block may move then.
 */
char *side_room(struct side *s, struct text *t, size_t n);

/*
 * The next cell: side_begin: its first edge, and where its bytes go, for which
 * there is room.  side_end: its other edge; to is behind its last byte.
 */
static inline char *
side_begin(uint32_t out[2], const struct side *s)
{
	out[0] = s->at;
	return s->base + s->at + 1;
}

static inline void
side_end(uint32_t out[2], struct side *s, const char *to)
{
	s->at = (uint32_t)(to - s->base);
	out[1] = s->at;
}

#endif
