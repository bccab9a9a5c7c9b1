/* SPDX-License-Identifier: ISC */
/* A table of GitHub's Markdown, its cells escaped.  ssink(1), FORMATS. */
#include <ctype.h>

#include "text/render_int.h"

/*
 * What Markdown or HTML would take for markup.  An underscore inside a word is
 * none, and names are full of them.
 */
static bool
is_markup(const char *s, size_t len, size_t i)
{
	if (s[i] != '_')
		return strchr("\\`*{}[]<>|&~", s[i]) != NULL;
	return i == 0 || i + 1 == len || !isalnum((unsigned char)s[i - 1])
	       || !isalnum((unsigned char)s[i + 1]);
}

static void
markdown_str(struct render_out *o, const struct render_col *col, const char *s,
    size_t len)
{
	(void)col;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\r' && i + 1 < len && s[i + 1] == '\n')
			continue;
		render_out_room(o, 8);
		if (s[i] == '\n' || s[i] == '\r') {
			memcpy(o->p, "<br>", 4);
			o->p += 4;
			continue;
		}
		if (s[i] != '\0' && is_markup(s, len, i))
			*o->p++ = '\\';
		*o->p++ = s[i];
	}
}

static void
markdown_lead(struct render_out *o, const struct render_col *col, bool first,
    const char *name)
{
	(void)col;
	(void)name;
	render_out_puts(o, first ? "| " : " | ");
}

const struct render_style render_markdown_style = {.str = markdown_str,
    .lead = markdown_lead,
    .tail = " |\n",
    .empty = "|\n",
    .null_str = "-"};

void
render_markdown_names(struct render *r)
{
	struct render_cells *cells = &r->cells;

	render_cells_header(&r->out, cells, r->schema);
	for (size_t i = 0; i < cells->n_cols; i++) {
		enum type t = r->schema->fields[cells->cols[i].field].type;
		bool right = t == TYPE_INT || t == TYPE_FLOAT || t == TYPE_DUR;

		render_out_puts(&r->out, i == 0 ? "| " : " | ");
		render_out_puts(&r->out, right ? "---:" : "---");
	}
	render_out_puts(&r->out, cells->tail);
}
