/* SPDX-License-Identifier: ISC */
/* CSV with quotes where they are needed.  RFC 4180; ssink(1), FORMATS. */
#include "text/render_int.h"

/* Spreadsheets read what begins so as a formula. */
static const char formula[] = "=+-@\t\r";

static void
put_quoted(struct render_out *o, const char *s, size_t len, bool mark)
{
	render_out_put(o, "\"'", mark ? 2 : 1);
	for (const char *q; (q = memchr(s, '"', len)) != NULL;) {
		size_t n = (size_t)(q - s) + 1;

		render_out_put(o, s, n);
		render_out_put(o, "\"", 1);
		s += n;
		len -= n;
	}
	render_out_put(o, s, len);
	render_out_put(o, "\"", 1);
}

/* Quoted, too, is what would read as a null: it is text. */
static void
csv_str(struct render_out *o, const struct render_col *col, const char *s,
    size_t len)
{
	const struct render_plain plain = {
	    0x0e, '"', (unsigned char)col->delim, false};
	bool is_null =
	    len == 0
	    || (len == col->null_len && memcmp(s, col->null_str, len) == 0);
	bool mark = col->safe && len > 0
		    && memchr(formula, *s, sizeof(formula) - 1) != NULL;

	if (!is_null && render_plain(&plain, s, len) == len) {
		render_out_put(o, "'", mark);
		render_out_put(o, s, len);
	} else {
		put_quoted(o, s, len, mark);
	}
}

const struct render_style render_csv_style = {
    .str = csv_str, .tail = "\n", .empty = "\n", .delim = ',', .null_str = ""};
