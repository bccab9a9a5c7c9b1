/* SPDX-License-Identifier: ISC */
/*
 * Expressions: runs tests/expr.test in every encoding and many row counts,
 * and checks that its cases and millrace-expr.7 know every function.
 */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"
#include "check.h"
#include "expr/expr.h"
#include "expr/func.h"

#define MAX_ROWS 16 /* of one case */
#define N_COLS 12

/* The columns of every case. */
static const struct {
	const char *name;
	enum type type;
	bool untyped;
} columns[N_COLS] = {
    {"i", TYPE_INT, false},
    {"j", TYPE_INT, false},
    {"f", TYPE_FLOAT, false},
    {"g", TYPE_FLOAT, false},
    {"s", TYPE_STR, false},
    {"u", TYPE_STR, true},
    {"b", TYPE_BOOL, false},
    {"c", TYPE_BOOL, false},
    {"t", TYPE_TIME, false},
    {"d", TYPE_DUR, false},
    {"odd name", TYPE_INT, false},
    {"x", TYPE_BIN, false},
};

struct cases {
	FILE *f;
	char *line;
	size_t cap;
	unsigned line_no;
	unsigned shown; /* line of the case being run */
	struct schema schema;
	struct buf used; /* all expressions, to look for functions */
};

/* The input of a case: its rows, and behind them one row of nulls. */
struct input {
	struct build rows;
	struct batch b;
	uint32_t n;
};

static void
complain(const struct cases *t, const char *what, const struct buf *got,
    const char *want)
{
	check_n_failed++;
	fprintf(stderr, "tests/expr.test:%u: %s\n  got:  %.*s\n  want: %s\n",
	    t->shown, what, (int)got->len, (const char *)got->data, want);
}

/* The next line that is no comment, without its end; NULL at the end. */
static char *
next_line(struct cases *t)
{
	ssize_t len;

	do {
		len = getline(&t->line, &t->cap, t->f);
		t->line_no++;
		if (len == -1)
			return NULL;
	} while (t->line[0] == '#');
	if (len > 0 && t->line[len - 1] == '\n')
		t->line[len - 1] = '\0';
	return t->line;
}

static void
push_value(struct colbuf *to, const struct expr_item *item)
{
	struct batch b;
	struct col c;
	struct expr_error err;
	struct expr_env env = {0};

	batch_init(&b);
	b.n_rows = 1;
	CHECK(expr_eval(item->expr, &c, &err, &b.arena, &env, &b) == 0);
	if (col_is_valid(&c, 0)) {
		CHECK(c.type == to->type);
		colbuf_push_cell(to, &c, 0);
	} else {
		colbuf_push_null(to);
	}
	batch_release(&b);
}

/* One row, "i = 1, s = 'a'"; what is not named is null. */
static void
push_row(struct cases *t, struct input *in, const char *text)
{
	struct expr_list l;
	struct expr_error err;
	struct schema none;
	size_t k;

	schema_init(&none);
	if (expr_compile_list(&l, &err, &none, text) == -1) {
		check_n_failed++;
		fprintf(stderr, "tests/expr.test:%u: %s: %s\n", t->shown, text,
		    err.text);
		exit(1);
	}
	for (size_t i = 0; i < N_COLS; i++) {
		for (k = 0; k < l.n; k++) {
			if (strcmp(l.items[k].name, columns[i].name) == 0)
				break;
		}
		if (k < l.n)
			push_value(&in->rows.cols[i], &l.items[k]);
		else
			colbuf_push_null(&in->rows.cols[i]);
	}
	in->rows.n_rows++;
	in->n++;
	expr_list_release(&l);
	schema_release(&none);
}

/* Rows are apart by " ; "; "-" is one row of nulls. */
static void
read_input(struct cases *t, struct input *in, char *line)
{
	char *next;

	build_init(&in->rows, &t->schema);
	batch_init(&in->b);
	in->n = 0;
	for (; line != NULL; line = next) {
		next = strstr(line, " ; ");
		if (next != NULL) {
			*next = '\0';
			next += 3;
		}
		push_row(t, in, strcmp(line, "-") == 0 ? "i = null" : line);
	}
	push_row(t, in, "i = null");
	in->n--;
	build_view(&in->b, &in->rows);
}

static void
put_cell(struct buf *out, const struct col *c, uint32_t row)
{
	char text[64];
	const char *s;
	size_t len = 0;

	if (!col_is_valid(c, row)) {
		buf_puts(out, "null");
		return;
	}
	switch (c->type) {
	case TYPE_BOOL:
		buf_puts(out,
		    bit_get(c->bits, col_entry(c, row)) ? "true" : "false");
		return;
	case TYPE_STR:
	case TYPE_BIN:
		s = col_str(c, row, &len);
		for (size_t i = 0; i < len; i++) {
			if (s[i] == '\n')
				buf_puts(out, "\\n");
			else
				buf_putc(out, s[i]);
		}
		return;
	case TYPE_INT:
		len = num_format_int(text, c->i[col_entry(c, row)]);
		break;
	case TYPE_FLOAT:
		len = num_format_float(text, c->f[col_entry(c, row)]);
		break;
	case TYPE_TIME:
		len = time_format_rfc3339(text, c->i[col_entry(c, row)]);
		break;
	case TYPE_DUR:
		len = num_format_dur(text, c->i[col_entry(c, row)]);
		break;
	}
	buf_put(out, text, len);
}

/* What a run gave: cells, or an error. */
struct result {
	struct buf *cells;
	struct expr_error err;
	uint64_t n_unparsed;
};

/* Give column i of b, n rows of the input by source, another encoding. */
static void
encode(struct batch *b, size_t i, const struct input *in,
    const uint32_t *source, enum col_enc enc)
{
	struct col *c = &b->cols[i];
	const uint8_t *valid = c->valid;
	uint32_t n = c->n;

	*c = in->b.cols[i];
	c->valid = valid;
	c->n = n;
	c->enc = enc;
	if (enc == COL_CONST) {
		c->n_entries = 1;
		return;
	}
	c->codes = arena_dup(&b->arena, source, n * sizeof(*source));
	c->code_width = 4;
}

/*
 * Run over n rows, row k being source[k] of the input, in an encoding.
 * Returns what expr_eval returned.
 */
static int
run_rows(struct result *got, struct expr *e, const struct input *in,
    const uint32_t *source, uint32_t n, enum col_enc enc)
{
	struct batch b;
	struct col out;
	struct expr_env env = {.batch_us = 1000000};
	int rc;

	batch_init(&b);
	batch_gather(&b, &in->b, source, n);
	for (size_t i = 0; i < b.n_cols && enc != COL_PLAIN; i++)
		encode(&b, i, in, source, enc);
	rc = expr_eval(e, &out, &got->err, &b.arena, &env, &b);
	got->n_unparsed = env.n_unparsed;
	if (rc == 0) {
		CHECK(out.n == n);
		CHECK(out.type == expr_type(e));
		col_check(&out);
	}
	for (uint32_t r = 0; r < n && rc == 0; r++) {
		buf_reset(&got->cells[r]);
		put_cell(&got->cells[r], &out, r);
	}
	batch_release(&b);
	return rc;
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len
	       && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* Compare what n rows gave with the plain run of the input alone. */
static void
compare(const struct cases *t, const struct result *got,
    const struct result *want, const uint32_t *source, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++) {
		if (same(&got->cells[k], &want->cells[source[k]])) {
			check_n_passed++;
			continue;
		}
		fprintf(stderr, "row %u of %u: want %.*s\n", k, n,
		    (int)want->cells[source[k]].len,
		    (const char *)want->cells[source[k]].data);
		complain(t, "differs from the plain run", &got->cells[k], "");
		return;
	}
}

/* Every size and encoding, with and without rows of nulls between. */
static void
run_variants(struct cases *t, struct expr *e, const struct input *in,
    const struct result *want, bool fails)
{
	static const uint32_t sizes[] = {0, 1, 7, 8, 63, 64, 65, 1000};
	static struct buf cells[1000];
	static uint32_t source[1000];
	struct result got = {.cells = cells};
	uint64_t n_plain = 0;
	int rc;

	for (unsigned v = 0; v < 8 * 2 * 3; v++) {
		enum col_enc enc = (enum col_enc)(v % 3);
		bool holes = v / 3 % 2 == 1;
		uint32_t n = sizes[v / 6];

		if (enc == COL_CONST && in->n > 1)
			continue;
		for (uint32_t k = 0; k < n; k++)
			source[k] = holes && k % 3 == 1 ? in->n : k % in->n;
		rc = run_rows(&got, e, in, source, n, enc);
		if (fails) {
			if (n >= in->n * 3 && rc != -1)
				fprintf(stderr,
				    "tests/expr.test:%u: no error "
				    "in %u rows, encoding %d\n",
				    t->shown, n, (int)enc);
			CHECK(n < in->n * 3 || rc == -1);
			continue;
		}
		CHECK(rc == 0);
		if (rc == 0)
			compare(t, &got, want, source, n);
		if (enc == COL_PLAIN)
			n_plain = got.n_unparsed;
		CHECK(got.n_unparsed == n_plain);
	}
	for (size_t k = 0; k < sizeof(cells) / sizeof(cells[0]); k++)
		buf_release(&cells[k]);
}

/* Compile and run; *out is what a user would see. */
static void
run_source(struct cases *t, struct buf *out, const char *source,
    const struct input *in)
{
	struct expr *e = NULL;
	struct expr_error err;
	struct buf cells[MAX_ROWS + 1] = {{0}};
	struct result got = {.cells = cells};
	uint32_t rows[MAX_ROWS + 1];

	for (uint32_t k = 0; k <= in->n; k++)
		rows[k] = k;
	if (expr_compile(&e, &err, &t->schema, source) == -1) {
		buf_printf(out, "error %zu+%zu: %s", err.at, err.len, err.text);
	} else if (run_rows(&got, e, in, rows, in->n, COL_PLAIN) == -1) {
		buf_printf(out, "row %zu: %s", got.err.at, got.err.text);
		run_variants(t, e, in, &got, true);
	} else {
		buf_puts(out, type_name(expr_type(e)));
		for (uint32_t k = 0; k < in->n; k++)
			buf_printf(out, "%s%.*s", k == 0 ? " " : " ; ",
			    (int)cells[k].len, (const char *)cells[k].data);
		if (got.n_unparsed > 0)
			buf_printf(out, " (%d unparsed)", (int)got.n_unparsed);
		CHECK(run_rows(&got, e, in, rows, in->n + 1, COL_PLAIN) == 0);
		run_variants(t, e, in, &got, false);
	}
	expr_free(e);
	for (size_t k = 0; k <= MAX_ROWS; k++)
		buf_release(&cells[k]);
}

static void
run_case(struct cases *t, const char *source, const struct input *in,
    const char *want)
{
	struct buf got = {0};

	buf_printf(&t->used, "%s\n", source);
	run_source(t, &got, source, in);
	if (got.len == strlen(want) && memcmp(got.data, want, got.len) == 0)
		check_n_passed++;
	else
		complain(t, source, &got, want);
	buf_release(&got);
}

static void
run_file(struct cases *t, const char *path)
{
	char *line, *source, *rows;
	struct input in;

	t->f = fopen(path, "r");
	CHECK(t->f != NULL);
	if (t->f == NULL)
		return;
	while ((line = next_line(t)) != NULL) {
		if (line[0] == '\0')
			continue;
		t->shown = t->line_no;
		source = mem_strdup(line);
		line = next_line(t);
		CHECK(line != NULL);
		rows = mem_strdup(line == NULL ? "-" : line);
		read_input(t, &in, rows);
		line = next_line(t);
		CHECK(line != NULL);
		run_case(t, source, &in, line == NULL ? "" : line);
		batch_release(&in.b);
		build_release(&in.rows);
		free(source);
		free(rows);
	}
	fclose(t->f);
}

/* Undo what roff needs in a line of text. */
static void
undo_roff(char *line)
{
	char *to = line, *p = line;

	while (*p != '\0') {
		if (strncmp(p, "\\e", 2) == 0) {
			*to++ = '\\';
			p += 2;
		} else if (strncmp(p, "\\&", 2) == 0) {
			p += 2;
		} else {
			*to++ = *p++;
		}
	}
	*to = '\0';
}

/* An example of the page, "EXPRESSION  ->  VALUE", without any column. */
static void
run_example(const char *source, const char *want)
{
	struct schema none;
	struct expr *e;
	struct expr_error err = {"", 0, 0};
	struct expr_env env = {.batch_us = 1000000};
	struct batch b;
	struct col c;
	struct buf got = {0};

	schema_init(&none);
	batch_init(&b);
	b.n_rows = 1;
	if (expr_compile(&e, &err, &none, source) == 0
	    && expr_eval(e, &c, &err, &b.arena, &env, &b) == 0)
		put_cell(&got, &c, 0);
	else
		buf_puts(&got, err.text);
	CHECK(got.len == strlen(want)
	      && (got.len == 0 || memcmp(got.data, want, got.len) == 0));
	if (got.len != strlen(want) || memcmp(got.data, want, got.len) != 0)
		fprintf(stderr, "millrace-expr.7: %s\n  got:  %.*s\n", source,
		    (int)got.len, (const char *)got.data);
	buf_release(&got);
	batch_release(&b);
	expr_free(e);
	schema_release(&none);
}

/* How the page and the cases write a row of the table, or its name. */
static void
search_text(char *out, size_t cap, const struct func *f)
{
	bool call = f->name[0] >= 'a' && f->name[0] <= 'z';
	static const char *const words[] = {"and", "or", "not", "in", "like",
	    "between", "div", "is null", "is not null", "case", "unary -",
	    "unary ~", "at time zone"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(f->name, words[i]) == 0)
			call = false;
	}
	snprintf(out, cap, "%s%s",
	    strncmp(f->name, "unary ", 6) == 0 ? f->name + 6 : f->name,
	    call ? "(" : "");
}

/* Each function is in the page and in the cases; the examples are true. */
static void
check_page(struct cases *t, const char *path)
{
	struct buf page = {0};
	char *line = NULL, *arrow, name[64];
	size_t cap = 0;
	FILE *f = fopen(path, "r");
	unsigned n = 0;

	CHECK(f != NULL);
	while (f != NULL && getline(&line, &cap, f) != -1) {
		line[strcspn(line, "\n")] = '\0';
		undo_roff(line);
		buf_printf(&page, "%s\n", line);
		arrow = strstr(line, "  ->  ");
		if (arrow == NULL)
			continue;
		*arrow = '\0';
		run_example(line, arrow + 6);
		n++;
	}
	CHECK(n > 90);
	buf_putc(&page, '\0');
	buf_putc(&t->used, '\0');
	for (size_t i = 0; i < func_table_len; i++) {
		search_text(name, sizeof(name), &func_table[i]);
		CHECK(strstr((char *)page.data, name) != NULL);
		CHECK(strstr((char *)t->used.data, name) != NULL);
		if (strstr((char *)page.data, name) == NULL
		    || strstr((char *)t->used.data, name) == NULL)
			fprintf(stderr, "%s is missing\n", name);
	}
	buf_release(&page);
	free(line);
	if (f != NULL)
		fclose(f);
}

static bool
is_agg(const char *name)
{
	static const char *const names[] = {"count", "sum", "avg", "p95"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static int
check_agg(struct expr_call *call, char *why, size_t why_cap)
{
	call->result = TYPE_FLOAT;
	if (strcmp(call->name, "count") == 0)
		call->result = TYPE_INT;
	else if (call->n_args != 1) {
		snprintf(why, why_cap, "%s wants 1 argument", call->name);
		return -1;
	}
	return 0;
}

/* An aggregate list: names, texts and types, or the error. */
static void
check_aggs(const struct schema *s, const char *source, const char *want)
{
	static const struct expr_aggs aggs = {is_agg, check_agg};
	struct expr_agg_list l;
	struct expr_error err;
	struct schema keys;
	struct buf got = {0};

	schema_init(&keys);
	schema_add(&keys, "s", 1, TYPE_STR);
	if (expr_compile_aggs(&l, &err, s, &keys, &aggs, source) == -1)
		buf_printf(
		    &got, "error %zu+%zu: %s", err.at, err.len, err.text);
	for (size_t i = 0; i < l.n_calls; i++)
		buf_printf(&got, "[%s]", l.calls[i].text);
	for (size_t i = 0; i < l.items.n; i++)
		buf_printf(&got, " %s:%s:%d", l.items.items[i].name,
		    type_name(expr_type(l.items.items[i].expr)),
		    expr_is_column(l.items.items[i].expr));
	CHECK(got.len == strlen(want) && memcmp(got.data, want, got.len) == 0);
	if (got.len != strlen(want) || memcmp(got.data, want, got.len) != 0)
		fprintf(stderr, "%s\n  got:  %.*s\n  want: %s\n", source,
		    (int)got.len, (const char *)got.data, want);
	expr_agg_list_release(&l);
	schema_release(&keys);
	buf_release(&got);
}

static void
run_aggs(const struct schema *s)
{
	check_aggs(s, "count", "[count()] count:int:1");
	check_aggs(s, "count(*) as n, sum( i+j )",
	    "[count(*)][sum(i + j)] n:int:1 sum_i_j:float:2");
	check_aggs(s, "p95:f, p95(f) * 2, count, count",
	    "[p95(f)][count()] p95_f:float:1 p95_f_2:float:-1 count:int:2 "
	    "count_2:int:2");
	check_aggs(s, "sum(i) filter (where f>1) / count() as mean, s",
	    "[sum(i) filter (where f > 1)][count()] mean:float:-1 s:str:0");
	check_aggs(s, "count(distinct u), COUNT(distinct u)",
	    "[count(distinct u)] count_distinct_u:int:1 "
	    "count_distinct_u_2:int:1");
	check_aggs(s, "sum(i) + f",
	    "error 9+1: f is no key: put it inside an aggregate, such as "
	    "last(f), or among the keys (-k)");
	check_aggs(
	    s, "sum(avg(f))", "error 4+6: avg stands inside another aggregate");
	check_aggs(s, "sum()", "error 0+5: sum wants 1 argument");
	check_aggs(s, "count() filter (where i)",
	    "error 22+1: filter wants a condition (bool), this is int");
	check_aggs(s, "*", "error 0+1: * is no aggregate; write count()");
}

int
main(void)
{
	struct cases t = {0};

	schema_init(&t.schema);
	for (size_t i = 0; i < N_COLS; i++) {
		struct field *f = schema_add(&t.schema, columns[i].name,
		    strlen(columns[i].name), columns[i].type);

		f->untyped = columns[i].untyped;
	}
	run_file(&t, "tests/expr.test");
	run_aggs(&t.schema);
	check_page(&t, "man/millrace-expr.7");
	buf_release(&t.used);
	schema_release(&t.schema);
	free(t.line);
	return check_done("expr");
}
