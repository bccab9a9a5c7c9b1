/* SPDX-License-Identifier: ISC */
/*
 * csv against an obvious reference: seeded random files, clean and broken,
 * however the bytes are cut and whatever instructions find the separators.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "check.h"
#include "rnd.h"
#include "text/sepidx.h"
#include "text/text.h"

#define MAX_COLS 6
#define N_DOCS 4000
#define N_SMALL 150 /* documents cut at every byte */

static uint64_t
below(uint64_t n)
{
	return (rnd() >> 11) % n;
}

/* What a parse said: rows, and apart from them bad records. */
struct said {
	struct buf rows;
	struct buf bad;
};

/* A random document and how to read it. */
struct doc {
	struct buf text;
	size_t n_cols;
	enum type types[MAX_COLS];
	bool wanted[MAX_COLS];
	char columns[200]; /* -c */
};

static void
put_value(struct buf *b, enum type t, const char *s, size_t len)
{
	buf_printf(b, "%c%zu:", t == TYPE_STR ? 's' : 'n', len);
	buf_put(b, s, len);
	buf_putc(b, ' ');
}

static void
put_number(struct buf *b, enum type t, int64_t i, double f)
{
	char text[64];
	int n;

	if (t == TYPE_INT)
		n = snprintf(text, sizeof(text), "%lld", (long long)i);
	else
		n = snprintf(text, sizeof(text), "%a", f);
	put_value(b, t, text, (size_t)n);
}

/* RFC 3629, section 4, by its table. */
static bool
ref_utf8(const unsigned char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = s[i] < 0x80   ? 1
			   : s[i] < 0xc2 ? 0
			   : s[i] < 0xe0 ? 2
			   : s[i] < 0xf0 ? 3
			   : s[i] < 0xf5 ? 4
					 : 0;

		if (n == 0 || n > len - i)
			return false;
		for (size_t k = 1; k < n; k++)
			if (s[i + k] < 0x80 || s[i + k] > 0xbf)
				return false;
		if ((s[i] == 0xe0 && s[i + 1] < 0xa0)
		    || (s[i] == 0xed && s[i + 1] > 0x9f)
		    || (s[i] == 0xf0 && s[i + 1] < 0x90)
		    || (s[i] == 0xf4 && s[i + 1] > 0x8f))
			return false;
		i += n;
	}
	return true;
}

/* Returns 1 a value, 0 null, -1 bad; as millrace-formats(7) says. */
static int
ref_number(struct buf *b, enum type t, const char *s, size_t len)
{
	char copy[128], *p = copy, *end;
	long long i;
	double f;

	while (len > 0 && (*s == ' ' || *s == '\t'))
		s++, len--;
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	if (len == 0)
		return 0;
	if (len >= sizeof(copy) || isspace((unsigned char)*s)
	    || memchr(s, '\0', len) != NULL)
		return -1;
	memcpy(copy, s, len);
	copy[len] = '\0';
	errno = 0;
	if (t == TYPE_INT) {
		i = strtoll(p, &end, 10);
		if (end != copy + len || errno != 0)
			return -1;
		put_number(b, t, i, 0);
		return 1;
	}
	if (strpbrk(p, "xXpP(") != NULL)
		return -1;
	f = strtod(p, &end);
	if (end != copy + len)
		return -1;
	put_number(b, t, 0, f);
	return 1;
}

/* A field as the reference finds it. */
struct ref_field {
	size_t from; /* in the document */
	size_t len; /* of value */
	bool quoted;
	char *value; /* no longer than what it was read from */
};

struct ref {
	const struct doc *d;
	const char *p;
	char *room; /* for the values, each where its field begins */
	size_t len;
	size_t at;
	size_t line;
	struct ref_field fields[16];
	size_t n_fields;
	const char *flaw;
	size_t flaw_at;
	struct said *said;
};

/* One field, up to its separator; returns that, or -1 for the end. */
static int
ref_take_field(struct ref *r)
{
	struct ref_field *f = &r->fields[r->n_fields < 16 ? r->n_fields : 15];
	const char *p = r->p;
	bool closed = false;

	r->n_fields++;
	*f = (struct ref_field){.from = r->at, .value = r->room + r->at};
	if (r->at < r->len && p[r->at] == '"') {
		f->quoted = true;
		r->at++;
		while (r->at < r->len && !closed) {
			if (p[r->at] != '"')
				f->value[f->len++] = p[r->at++];
			else if (r->at + 1 < r->len && p[r->at + 1] == '"')
				f->value[f->len++] = p[r->at], r->at += 2;
			else
				closed = true, r->at++;
		}
		if (!closed && r->flaw == NULL)
			r->flaw = "a quote is not closed";
	}
	while (r->at < r->len && p[r->at] != ',' && p[r->at] != '\n') {
		bool cr = p[r->at] == '\r'
			  && (r->at + 1 == r->len || p[r->at + 1] == '\n');

		if (closed && !cr && r->flaw == NULL)
			r->flaw = "text after a closing quote";
		if (!cr)
			f->value[f->len++] = p[r->at];
		r->at++;
	}
	if (r->flaw != NULL && r->flaw_at == SIZE_MAX)
		r->flaw_at = f->from;
	return r->at < r->len ? p[r->at++] : -1;
}

static void
ref_bad(struct ref *r, size_t from, size_t at, const char *why)
{
	size_t line = r->line, column = 0;

	if (at != SIZE_MAX) {
		column = 1;
		for (size_t i = from; i < at; i++) {
			column++;
			if (r->p[i] == '\n')
				line++, column = 1;
		}
	}
	buf_printf(&r->said->bad, "%zu:%zu: %s\n", line, column, why);
}

static void
ref_row(struct ref *r, size_t from)
{
	size_t before = r->said->rows.len;
	char why[300];

	for (size_t i = 0; i < r->n_fields; i++) {
		const struct ref_field *f = &r->fields[i];
		enum type t = r->d->types[i];
		int got = 1;

		if (!r->d->wanted[i])
			continue;
		if (t != TYPE_STR)
			got = ref_number(&r->said->rows, t, f->value, f->len);
		else if (f->len == 0 && !f->quoted)
			got = 0;
		else if (!ref_utf8((const unsigned char *)f->value, f->len))
			got = -1;
		else
			put_value(&r->said->rows, t, f->value, f->len);
		if (got == 0)
			buf_puts(&r->said->rows, "null ");
		if (got != -1)
			continue;
		r->said->rows.len = before;
		snprintf(why, sizeof(why), "c%zu", i + 1);
		ref_bad(r, from, f->from, why);
		return;
	}
	buf_putc(&r->said->rows, '\n');
}

static void
ref_parse(struct said *said, const struct doc *d)
{
	static struct ref r;
	char why[64];

	r = (struct ref){.d = d,
	    .p = (const char *)d->text.data,
	    .room = mem_alloc(d->text.len + 1),
	    .len = d->text.len,
	    .line = 1,
	    .said = said};
	while (r.at < r.len) {
		size_t from = r.at;
		int sep;

		r.n_fields = 0;
		r.flaw = NULL;
		r.flaw_at = SIZE_MAX;
		do
			sep = ref_take_field(&r);
		while (sep == ',');
		snprintf(why, sizeof(why), "%zu field%s instead of %zu",
		    r.n_fields, r.n_fields == 1 ? "" : "s", d->n_cols);
		if (r.flaw != NULL)
			ref_bad(&r, from, r.flaw_at, r.flaw);
		else if (r.n_fields == d->n_cols)
			ref_row(&r, from);
		else if (r.n_fields > 1 || r.fields[0].len > 0
			 || r.fields[0].quoted)
			ref_bad(&r, from, SIZE_MAX, why);
		for (size_t i = from; i < r.at; i++)
			r.line += r.p[i] == '\n';
	}
	free(r.room);
}

/* Only where and in which column: values in messages have their own test. */
static bool
note_bad(void *arg, const struct text_bad *bad)
{
	struct said *said = arg;
	const char *colon = strchr(bad->why, ':');
	size_t len =
	    colon == NULL ? strlen(bad->why) : (size_t)(colon - bad->why);

	buf_printf(&said->bad, "%llu:%zu: ", (unsigned long long)bad->line,
	    bad->column);
	buf_put(&said->bad, bad->why, len);
	buf_putc(&said->bad, '\n');
	return true;
}

static void
note_rows(struct said *said, const struct build *out)
{
	struct col col[MAX_COLS];

	for (size_t c = 0; c < out->n_cols; c++) {
		colbuf_view(&col[c], &out->cols[c]);
		col_check(&col[c]);
	}
	for (uint32_t r = 0; r < out->n_rows; r++) {
		for (size_t c = 0; c < out->n_cols; c++) {
			const char *s;
			size_t len;

			if (!col_is_valid(&col[c], r)) {
				buf_puts(&said->rows, "null ");
			} else if (col[c].type == TYPE_STR) {
				s = col_str(&col[c], r, &len);
				put_value(&said->rows, TYPE_STR, s, len);
			} else {
				bool is_int = col[c].type == TYPE_INT;

				put_number(&said->rows, col[c].type,
				    is_int ? col[c].i[r] : 0,
				    is_int ? 0 : col[c].f[r]);
			}
		}
		buf_putc(&said->rows, '\n');
	}
}

/*
 * Parse p[0..len) from memory that ends where the bytes end, so that reading
 * past them is caught.
 */
static size_t
parse_piece(struct text *t, struct build *out, struct said *said, const char *p,
    size_t len, bool eof, const struct text_goal *like)
{
	char *copy = mem_dup(p, len);
	struct text_goal goal = *like;

	goal.bad = note_bad;
	goal.arg = said;
	CHECK(text_parse(t, out, &goal, copy, len, eof) == 0);
	CHECK(out->n_rows <= goal.max_rows && goal.used <= len);
	note_rows(said, out);
	build_reset(out);
	free(copy);
	return goal.used;
}

/* cut: the first piece's length, or 0 for random ones. */
static void
parse(struct said *said, const struct doc *d, unsigned path, size_t cut)
{
	struct text_opts o = {.format = "csv",
	    .columns = d->columns,
	    .delim = -1,
	    .no_header = true,
	    .max_field = TEXT_MAX_FIELD,
	    .path = path};
	struct text_goal goal = {.max_rows = 1u << 20, .max_bytes = 1u << 20};
	size_t at = 0, end = cut, used;
	static const char head[] = "a,b,c,d,e,f";
	char *why;
	struct text *t = text_new(&o, &why);
	struct build out;

	text_open(t);
	CHECK(text_header(t, &used, head, 2 * d->n_cols - 1, true) == 1);
	build_init(&out, text_schema(t));
	while (at < d->text.len) {
		if (cut == 0) {
			end += below(4) == 0 ? below(200000) : below(300);
			goal.max_rows = 1 + (uint32_t)below(3000);
			goal.max_bytes = 1 + below(300000);
		}
		if (end > d->text.len)
			end = d->text.len;
		used =
		    parse_piece(t, &out, said, (const char *)d->text.data + at,
			end - at, end == d->text.len, &goal);
		at += used;
		if (cut != 0)
			end = d->text.len;
	}
	build_release(&out);
	text_free(t);
}

static void
put_cell(struct buf *b, enum type t, bool dirty)
{
	static const char *const ints[] = {"0", "-1", "12345678", "987654321",
	    "9223372036854775807", "-9223372036854775808", "+5", " 7 ", "",
	    "1234567890123456"};
	static const char *const floats[] = {"1.5", "-0.001", "1e300", ".5",
	    "5.", "644.67", "123456.789012", "0", "nan", "-inf", "",
	    "12345678901234567890", "0.1234567890123456789", "1e-400"};
	static const char *const strings[] = {"a", "", "cat152",
	    "a longer text of more than sixteen bytes", "\"\"", "\"a,b\"",
	    "\"say \"\"hi\"\"\"", "\"two\nlines\"", "\"\"\"\"", "\xc3\xa9",
	    "\"\xe2\x82\xac,\"", "x y"};
	static const char *const bad[] = {"12x", "\"open", "\"a\"b", "a\"b",
	    "\xff", "\xc3", "1.2.3", "--1", "99999999999999999999", "\r",
	    "a\rb", "0x1f", "\"", "\"\"x", "\xed\xa0\x80", "-", "."};

	if (dirty && below(40) == 0)
		buf_puts(b, bad[below(sizeof(bad) / sizeof(*bad))]);
	else if (t == TYPE_INT)
		buf_puts(b, ints[below(sizeof(ints) / sizeof(*ints))]);
	else if (t == TYPE_FLOAT)
		buf_puts(b, floats[below(sizeof(floats) / sizeof(*floats))]);
	else
		buf_puts(b, strings[below(sizeof(strings) / sizeof(*strings))]);
}

static void
make_columns(struct doc *d)
{
	static const enum type types[] = {TYPE_STR, TYPE_INT, TYPE_FLOAT};
	size_t at = 0, n_wanted = 0;

	d->n_cols = 1 + below(MAX_COLS);
	for (size_t i = 0; i < d->n_cols; i++) {
		d->types[i] = types[below(3)];
		d->wanted[i] =
		    below(3) > 0 || (i + 1 == d->n_cols && !n_wanted);
		n_wanted += d->wanted[i];
		if (d->wanted[i])
			at += (size_t)snprintf(d->columns + at,
			    sizeof(d->columns) - at, "%sc%zu:%s",
			    i > 0 ? "," : "", i + 1, type_name(d->types[i]));
		else
			at += (size_t)snprintf(d->columns + at,
			    sizeof(d->columns) - at, "%s_", i > 0 ? "," : "");
	}
}

static void
make_doc(struct doc *d, size_t len)
{
	bool dirty = below(3) > 0, crlf = below(4) == 0, plain = below(3) == 0;

	make_columns(d);
	buf_reset(&d->text);
	while (d->text.len < len) {
		size_t n = d->n_cols;

		if (dirty && below(50) == 0)
			n = below(d->n_cols + 3);
		for (size_t i = 0; i < n; i++) {
			if (i > 0)
				buf_putc(&d->text, ',');
			if (plain)
				buf_printf(&d->text, "%llu",
				    (unsigned long long)below(100000));
			else
				put_cell(&d->text,
				    d->types[i < d->n_cols ? i : 0], dirty);
		}
		if (dirty && below(60) == 0)
			buf_putc(&d->text, '\n');
		buf_puts(&d->text,
		    crlf || (dirty && below(30) == 0) ? "\r\n" : "\n");
	}
	if (below(2) == 0 && d->text.len > 0)
		d->text.len--;
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len
	       && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void
show(const struct doc *d, const struct said *want, const struct said *got)
{
	fprintf(stderr,
	    "-c %s\n%.*s\nwant rows:\n%.*sbad:\n%.*s"
	    "got rows:\n%.*sbad:\n%.*s",
	    d->columns, (int)d->text.len, d->text.data, (int)want->rows.len,
	    want->rows.data, (int)want->bad.len, want->bad.data,
	    (int)got->rows.len, got->rows.data, (int)got->bad.len,
	    got->bad.data);
}

static void
compare(const struct doc *d, const struct said *want, unsigned path, size_t cut)
{
	struct said got = {.rows = {.len = 0}};
	bool good;

	parse(&got, d, path, cut);
	good = same(&want->rows, &got.rows) && same(&want->bad, &got.bad);
	CHECK(good);
	if (!good && d->text.len < 3000)
		show(d, want, &got);
	buf_release(&got.rows);
	buf_release(&got.bad);
}

static bool
has_path(unsigned path)
{
	struct sepidx *x = sepidx_new(path, ',', '"', true);

	sepidx_free(x);
	return x != NULL;
}

int
main(void)
{
	struct said want = {.rows = {.len = 0}};
	struct doc d = {.n_cols = 0};

	for (size_t i = 0; i < N_DOCS && check_n_failed < 5; i++) {
		unsigned path = (unsigned)below(4);

		make_doc(&d, i < N_SMALL    ? below(100)
			     : i % 200 == 0 ? 300000
					    : below(3000));
		buf_reset(&want.rows);
		buf_reset(&want.bad);
		ref_parse(&want, &d);
		if (!has_path(path))
			path = SEPIDX_PORTABLE;
		compare(&d, &want, path, 0);
		for (size_t cut = 1; i < N_SMALL && cut < d.text.len; cut++)
			compare(&d, &want, path, cut);
	}
	buf_release(&want.rows);
	buf_release(&want.bad);
	buf_release(&d.text);
	return check_done("text_test");
}
