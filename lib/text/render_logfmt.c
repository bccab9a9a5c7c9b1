/* SPDX-License-Identifier: ISC */
/* logfmt: key=value pairs, quoted where they must be.  ssink(1), FORMATS. */
#include "base/mem.h"
#include "text/render_int.h"

/* A byte of a name in its key, which these would end or hide. */
static char
key_byte(char name)
{
	unsigned char c = (unsigned char)name;

	return c <= ' ' || c == '=' || c == '"' || c == 0x7f ? '_' : name;
}

static void
put_key(struct render_out *o, const char *s)
{
	for (; *s != '\0'; s++) {
		render_out_room(o, 1);
		*o->p++ = key_byte(*s);
	}
}

static void
put_escape(struct render_out *o, unsigned char c)
{
	const char letter = c == '\n'   ? 'n'
			    : c == '\r' ? 'r'
			    : c == '\t' ? 't'
			    : c >= ' '  ? (char)c
					: 'u';

	render_out_room(o, 6);
	*o->p++ = '\\';
	*o->p++ = letter;
	if (letter != 'u')
		return;
	*o->p++ = '0';
	*o->p++ = '0';
	*o->p++ = "0123456789abcdef"[c >> 4];
	*o->p++ = "0123456789abcdef"[c & 15];
}

static void
put_quoted(struct render_out *o, const char *s, size_t len)
{
	static const struct render_plain plain = {0x20, '"', '\\', false};

	render_out_put(o, "\"", 1);
	for (;;) {
		size_t n = render_plain(&plain, s, len);

		render_out_put(o, s, n);
		if (n == len)
			break;
		put_escape(o, (unsigned char)s[n]);
		s += n + 1;
		len -= n + 1;
	}
	render_out_put(o, "\"", 1);
}

/* Quoted, too, is what would read as a null: it is text. */
static void
logfmt_str(struct render_out *o, const struct render_col *col, const char *s,
    size_t len)
{
	/* Above blank: all bytes that neither end a value nor escape. */
	static const struct render_plain plain = {0x21, '"', '=', false};
	bool is_null =
	    len == 0
	    || (len == col->null_len && memcmp(s, col->null_str, len) == 0);

	if (!is_null && render_plain(&plain, s, len) == len
	    && memchr(s, '\\', len) == NULL)
		render_out_put(o, s, len);
	else
		put_quoted(o, s, len);
}

static void
logfmt_lead(struct render_out *o, const struct render_col *col, bool first,
    const char *name)
{
	(void)col;
	render_out_puts(o, first ? "" : " ");
	put_key(o, name);
	render_out_puts(o, "=");
}

const struct render_style render_logfmt_style = {.str = logfmt_str,
    .lead = logfmt_lead,
    .tail = "\n",
    .empty = "\n",
    .null_str = ""};

static bool
is_key(const char *name)
{
	while (*name != '\0' && key_byte(*name) == *name)
		name++;
	return *name == '\0';
}

static bool
same_key(const char *a, const char *b)
{
	while (*a != '\0' && key_byte(*a) == key_byte(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Of two pairs with one key a reader would take the last one. */
static char *
check_keys(const struct schema *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct field *f = &s->fields[i];

		if (f->system || is_key(f->name))
			continue;
		for (size_t k = 0; k < s->n; k++) {
			const struct field *g = &s->fields[k];

			if (k == i || g->system || !same_key(f->name, g->name))
				continue;
			return mem_printf(
			    "columns '%s' and '%s' have the same key in "
			    "logfmt: write smap --rename '`%s`=NAME' before",
			    f->name, g->name, f->name);
		}
	}
	return NULL;
}

void
render_logfmt_head(struct render *r, const struct head *h)
{
	r->why = check_keys(&h->schema);
	if (r->why == NULL)
		render_cells_init(
		    &r->cells, &render_logfmt_style, &h->schema, &r->o);
}
