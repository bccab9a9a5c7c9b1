/* SPDX-License-Identifier: ISC */
/* JSON, one object a line, valid whatever the data.  RFC 8259. */
#include "base/utf8.h"
#include "text/jsonstr.h"
#include "text/render_int.h"

static void
put_escape(struct render_out *o, unsigned char c)
{
	render_out_room(o, 6);
	o->p += jsonstr_byte(o->p, c);
}

static void
json_str(struct render_out *o, const struct render_col *col, const char *s,
    size_t len)
{
	static const struct render_plain plain = {0x20, '"', '\\', true};

	(void)col;
	render_out_put(o, "\"", 1);
	for (;;) {
		size_t n = render_plain(&plain, s, len);
		uint32_t cp;

		render_out_put(o, s, n);
		if (n == len)
			break;
		s += n;
		len -= n;
		n = utf8_decode(&cp, s, len);
		if (n == 0)
			render_out_put(o, "\\ufffd", 6);
		else if (n == 1)
			put_escape(o, (unsigned char)*s);
		else
			render_out_put(o, s, n);
		n += n == 0;
		s += n;
		len -= n;
	}
	render_out_put(o, "\"", 1);
}

static void
json_lead(struct render_out *o, const struct render_col *col, bool first,
    const char *name)
{
	render_out_puts(o, first ? "{" : ",");
	json_str(o, col, name, strlen(name));
	render_out_puts(o, ":");
}

const struct render_style render_json_style = {.str = json_str,
    .lead = json_lead,
    .tail = "}\n",
    .empty = "{}\n",
    .json = true,
    .null_str = "null"};
