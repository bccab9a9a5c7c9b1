/* SPDX-License-Identifier: ISC */
/* TSV: tab, line ends and backslash as \t \n \r \\.  ssink(1), FORMATS. */
#include "text/render_int.h"

static void
tsv_str(struct render_out *o, const struct render_col *col, const char *s,
    size_t len)
{
	static const struct render_plain plain = {0x0e, '\\', '\\', false};

	(void)col;
	for (;;) {
		size_t n = render_plain(&plain, s, len);
		char c;

		render_out_put(o, s, n);
		if (n == len)
			return;
		c = s[n];
		render_out_room(o, 2);
		if (c == '\t' || c == '\n' || c == '\r' || c == '\\')
			*o->p++ = '\\';
		*o->p++ = c == '\t'   ? 't'
			  : c == '\n' ? 'n'
			  : c == '\r' ? 'r'
				      : c;
		s += n + 1;
		len -= n + 1;
	}
}

const struct render_style render_tsv_style = {.str = tsv_str,
    .tail = "\n",
    .empty = "\n",
    .delim = '\t',
    .null_str = "\\N"};

/* The debugging form is TSV without a header, and shows every column. */
const struct render_style render_dump_style = {.str = tsv_str,
    .tail = "\n",
    .empty = "\n",
    .system = true,
    .delim = '\t',
    .null_str = "\\N"};
