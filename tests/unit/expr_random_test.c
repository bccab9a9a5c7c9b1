/* SPDX-License-Identifier: ISC */
/*
 * Random expressions over random rows: what a whole batch gives, in any
 * encoding, is what each of its rows gives alone, errors included; and
 * nothing that is typed makes the compiler stumble.
 */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "check.h"
#include "expr/expr.h"

#define N_ROWS 70
#define N_EXPRESSIONS 4000
#define N_GARBAGE 20000

static uint64_t state = 42; /* the seed: every run is the same */

static uint32_t
roll(uint32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % n;
}

static void gen(struct buf *b, enum type type, unsigned depth);

/* Rules of a type: a digit is an argument of type int, f float, s str, b
 * bool, t time, d dur, X a type of its own choice. */
static const char *const ints[] = {"i", "j", "7", "(i + i)", "(i - i)",
    "(i * i)", "(i div i)", "(i % i)", "(-i)", "length(s)", "i::int", "f::int",
    "s::int", "if(b, i, i)", "case when b then i when b then i end",
    "coalesce(i, i)", "nullif(i, i)", "greatest(i, i)", "epoch(t)", "year(t)",
    "sign(i)", "instr(s, s)", "try_cast(s as int)", "floor(f)",
    "case i when 1 then i else i end", "(i & i)", "(i | i)", "(i ^ i)", "(~ i)",
    "(i << i)", "(i >> i)", "try_add(i, i)", "pmod(i, i)", "bit_count(i)",
    "levenshtein(s, s)", "regexp_count(s, 'a*')", "xxhash64(s, i, b)",
    "crc32(s)", "round(i, -1)", "ascii(s)", "nvl2(s, i, i)",
    "date_part('week', t)", "datediff(t, t)", "ip_version(s)", "url_port(s)"};
static const char *const floats[] = {"f", "g", "0.5", "(f + f)", "(f - i)",
    "(f * f)", "(i / i)", "(f % f)", "round(f)", "sqrt(f)", "i::float",
    "s::float", "if(b, f, i)", "abs(f)", "(d / d)", "least(f, i)", "(u + f)",
    "coalesce(f, 0)", "round(f, 1)", "floor(f, i)", "rand(i, s)", "cbrt(f)",
    "try_divide(f, f)", "to_seconds(d)"};
static const char *const strs[] = {"s", "u", "'a1'", "(s || s)", "lower(s)",
    "substr(s, i, 2)", "split(s, 'a', i)", "i::str", "f::str", "b::str",
    "if(b, s, s)", "replace(s, '1', s)", "regexp_extract(s, '[0-9]')",
    "coalesce(s, s)", "reverse(s)", "case when b then s end", "nullif(s, s)",
    "regexp_replace(s, 'a*', 'x')", "trim(s)", "trim(s, s)", "lpad(s, 3, s)",
    "rpad(s, 3)", "left(s, i)", "right(s, i)", "translate(s, s, s)",
    "url_decode(s)", "url_encode(s)", "hex(s)", "hex(i)", "unhex(s)",
    "unbase64(s)", "format('%s %5d %g', s, i, f)", "concat_ws(s, s, i)",
    "initcap(s)", "ip_parse(s)", "chr(i)", "url_path(s)", "sha256(s)",
    "url_param(s, s)", "(s -> 'a')", "(s ->> 0)", "split(s, s)",
    "json_array(i, s, f, b)", "json_type(s)", "to_json(s)",
    "regexp_extract_all(s, '[a-z]?')"};
static const char *const bools[] = {"b", "c", "true", "(i = i)", "(i < i)",
    "(f >= i)", "(s <> s)", "(s < s)", "(b and b)", "(b or b)", "(not b)",
    "(b and b and b)", "(i between i and i)", "(i in (1, 2, 3))",
    "(i in (i, 7))", "(s in ('a', 'a1', s))", "(s in ('a', '1', null))",
    "(s like '%a%')", "(s like 'a_')", "(s ~ '[0-9]a?')", "(i is null)",
    "(s is not null)", "(b = b)", "if(b, b, b)", "starts_with(s, 'a')",
    "(t < t)", "(u > i)", "(f in (0.5, 1, 2))", "(b in (b, true))", "(i < f)",
    "(f <= i)", "(i in (0.5, 7, 1e300))", "(f in (i, 0.5))",
    "(i between f and i)", "is_ip(s)", "cidr_match(s, '::/0')",
    "(s like s escape 'a')", "regexp_like(s, 'a')"};
static const char *const times[] = {"t", "(t + d)", "(t - d)",
    "date_trunc('hour', t)", "if(b, t, t)", "to_time(i)", "greatest(t, t)",
    "date_trunc('day', t, 'Europe/Paris')", "add_months(t, 1)",
    "(t at time zone '+01:00')", "last_day(t)", "date_add(t, i)",
    "make_time(i, i, i)"};
static const char *const durs[] = {"d", "5s", "(t - t)", "(d + d)", "(d * i)",
    "(d * f)", "(d / f)", "(-d)", "(d % d)", "coalesce(d, 0s)",
    "try_multiply(d, f)", "make_dur(i, i, i, f)"};

#define PICK(a) (a)[roll(sizeof(a) / sizeof((a)[0]))]

/* The first rules of each list are leaves, this many. */
static const char *
pick_rule(enum type type, unsigned depth)
{
	switch (type) {
	case TYPE_INT:
		return depth == 0 ? ints[roll(3)] : PICK(ints);
	case TYPE_FLOAT:
		return depth == 0 ? floats[roll(3)] : PICK(floats);
	case TYPE_STR:
		return depth == 0 ? strs[roll(3)] : PICK(strs);
	case TYPE_BOOL:
		return depth == 0 ? bools[roll(3)] : PICK(bools);
	case TYPE_TIME:
		return depth == 0 ? times[0] : PICK(times);
	case TYPE_DUR:
	case TYPE_BIN:
		break;
	}
	return depth == 0 ? durs[roll(2)] : PICK(durs);
}

/* Whether the letter at p stands alone and means a type. */
static enum type
slot(const char *rule, const char *p)
{
	static const char letters[] = "ifsbtd";
	static const enum type types[] = {
	    TYPE_INT, TYPE_FLOAT, TYPE_STR, TYPE_BOOL, TYPE_TIME, TYPE_DUR};
	const char *hit = strchr(letters, *p);
	char before = p == rule ? ' ' : p[-1];

	if (hit == NULL || strchr(" (-", before) == NULL
	    || strchr(" ),:", p[1]) == NULL)
		return 0;
	return types[hit - letters];
}

static void
gen(struct buf *b, enum type type, unsigned depth)
{
	const char *rule = pick_rule(type, depth);
	bool quoted = false;

	if (depth == 0 || strlen(rule) == 1) {
		buf_puts(b, rule);
		return;
	}
	for (const char *p = rule; *p != '\0'; p++) {
		quoted ^= *p == '\'';
		if (!quoted && slot(rule, p) != 0)
			gen(b, slot(rule, p), roll(depth));
		else
			buf_putc(b, *p);
	}
}

static void
make_schema(struct schema *s)
{
	schema_init(s);
	schema_add(s, "i", 1, TYPE_INT);
	schema_add(s, "j", 1, TYPE_INT);
	schema_add(s, "f", 1, TYPE_FLOAT);
	schema_add(s, "g", 1, TYPE_FLOAT);
	schema_add(s, "s", 1, TYPE_STR);
	schema_add(s, "u", 1, TYPE_STR)->untyped = true;
	schema_add(s, "b", 1, TYPE_BOOL);
	schema_add(s, "c", 1, TYPE_BOOL);
	schema_add(s, "t", 1, TYPE_TIME);
	schema_add(s, "d", 1, TYPE_DUR);
}

static void
push_random(struct colbuf *c)
{
	static const int64_t values[] = {0, 1, -1, 2, 3, 7, INT64_MAX,
	    INT64_MIN + 1, 1000000, 1779458706000000};
	static const double reals[] = {0, 0.5, -2.5, 1, 1e300, -1e-9};
	static const char *const texts[] = {
	    "", "a", "a1", "1", "2.5", "b a", "\xc3\xa9", "true", "5s"};
	const char *s = PICK(texts);

	if (roll(4) == 0)
		colbuf_push_null(c);
	else if (c->type == TYPE_STR)
		colbuf_push_str(c, s, strlen(s));
	else if (c->type == TYPE_BOOL)
		colbuf_push_bool(c, roll(2));
	else if (c->type == TYPE_FLOAT)
		colbuf_push_float(c, PICK(reals));
	else
		colbuf_push_int(c, PICK(values));
}

static bool
same_cell(const struct col *a, uint32_t i, const struct col *b, uint32_t k)
{
	size_t a_len, b_len;
	const char *x, *y;
	uint32_t p = col_entry(a, i), q = col_entry(b, k);

	if (!col_is_valid(a, i) || !col_is_valid(b, k))
		return col_is_valid(a, i) == col_is_valid(b, k);
	if (type_is_bytes(a->type)) {
		x = col_str(a, i, &a_len);
		y = col_str(b, k, &b_len);
		return a_len == b_len && memcmp(x, y, a_len) == 0;
	}
	if (a->type == TYPE_BOOL)
		return bit_get(a->bits, p) == bit_get(b->bits, q);
	return memcmp(a->i + p, b->i + q, sizeof(*a->i)) == 0;
}

/* One row at a time; the first that fails, or N_ROWS, in *bad. */
static uint64_t
run_single(struct expr *e, const struct batch *b, struct batch rows[N_ROWS],
    struct col out[N_ROWS], uint32_t *bad)
{
	struct expr_error err;
	struct expr_env env = {0};

	*bad = N_ROWS;
	for (uint32_t k = 0; k < N_ROWS && *bad == N_ROWS; k++) {
		batch_gather(&rows[k], b, &k, 1);
		if (expr_eval(e, &out[k], &err, &rows[k].arena, &env, &rows[k])
		    == -1)
			*bad = k;
	}
	return env.n_unparsed;
}

/* Make every column of b a dictionary of all its rows, backwards. */
static void
make_dict(struct batch *b)
{
	uint32_t codes[N_ROWS];
	struct col c;

	for (uint32_t k = 0; k < N_ROWS; k++)
		codes[k] = N_ROWS - 1 - k;
	for (size_t i = 0; i < b->n_cols; i++) {
		const uint8_t *valid = b->cols[i].valid;

		col_gather(&c, &b->arena, &b->cols[i], codes, N_ROWS);
		c.enc = COL_DICT;
		c.valid = valid;
		c.codes = arena_dup(&b->arena, codes, sizeof(codes));
		c.code_width = 4;
		b->cols[i] = c;
	}
}

static void
check_whole(struct expr *e, const char *source, struct batch *b,
    const struct col single[N_ROWS], uint32_t bad, uint64_t n_unparsed)
{
	struct expr_error err;
	struct expr_env env = {0};
	struct col out;
	bool good = true;
	int rc = expr_eval(e, &out, &err, &b->arena, &env, b);

	if (rc == -1)
		good = bad < N_ROWS;
	else
		good = bad == N_ROWS && env.n_unparsed == n_unparsed;
	for (uint32_t k = 0; k < N_ROWS && good && rc == 0; k++)
		good = same_cell(&out, k, &single[k], 0);
	CHECK(good);
	if (!good)
		fprintf(stderr,
		    "%s: whole %d (%s), first bad %u, unparsed %d and %d\n",
		    source, rc, rc == -1 ? err.text : "", bad,
		    (int)env.n_unparsed, (int)n_unparsed);
}

static void
run_one(const struct schema *s, const char *source, struct batch *b)
{
	static struct batch rows[N_ROWS];
	struct col single[N_ROWS];
	struct expr *e;
	struct expr_error err;
	struct batch dict;
	uint32_t all[N_ROWS], bad;
	uint64_t n;

	if (expr_compile(&e, &err, s, source) == -1) {
		/* That constants may do; anything else is a mistake here. */
		CHECK(strstr(err.text, "overflow") != NULL
		      || strstr(err.text, "not fit") != NULL
		      || strstr(err.text, "this text is no ") != NULL);
		return;
	}
	for (uint32_t k = 0; k < N_ROWS; k++)
		all[k] = k;
	n = run_single(e, b, rows, single, &bad);
	batch_init(&dict);
	batch_gather(&dict, b, all, N_ROWS);
	check_whole(e, source, &dict, single, bad, n);
	make_dict(&dict);
	check_whole(e, source, &dict, single, bad, n);
	batch_release(&dict);
	for (size_t k = 0; k < N_ROWS; k++)
		batch_release(&rows[k]);
	expr_free(e);
}

static void
run_expressions(const struct schema *s)
{
	static const enum type types[] = {
	    TYPE_BOOL, TYPE_INT, TYPE_FLOAT, TYPE_STR, TYPE_TIME, TYPE_DUR};
	struct build rows;
	struct batch b;
	struct buf source = {0};

	build_init(&rows, s);
	batch_init(&b);
	for (unsigned n = 0; n < N_EXPRESSIONS; n++) {
		if (n % 50 == 0) {
			build_reset(&rows);
			for (unsigned k = 0; k < N_ROWS; k++) {
				for (size_t i = 0; i < rows.n_cols; i++)
					push_random(&rows.cols[i]);
				rows.n_rows++;
			}
			build_view(&b, &rows);
		}
		buf_reset(&source);
		gen(&source, PICK(types), 1 + roll(4));
		buf_putc(&source, '\0');
		run_one(s, (const char *)source.data, &b);
	}
	buf_release(&source);
	batch_release(&b);
	build_release(&rows);
}

/* Any sequence of words compiles or is refused with a place inside. */
static void
run_garbage(const struct schema *s)
{
	static const char *const words[] = {"i", "f", "s", "(", ")", ",", "*",
	    "+", "-", "/", "||", "and", "or", "not", "in", "like", "~",
	    "between", "case", "when", "then", "else", "end", "is", "null",
	    "as", "::", "int", "str", "'a'", "1", "2.5", "5s", "=", "<", "if(",
	    "substr(", "coalesce(", "cast(", "`i`", "e'\\t'", "filter", "where",
	    "distinct", ":", "!", "\"", "`", "9999999999999999999", "\xff",
	    "\x01", "#", "t", "b", "regexp_extract(", "now()"};
	struct expr_error err;
	struct expr_list l;
	struct buf source = {0}, shown = {0};

	for (unsigned n = 0; n < N_GARBAGE; n++) {
		buf_reset(&source);
		for (unsigned k = roll(12) + 1; k > 0; k--)
			buf_printf(&source, "%s ", PICK(words));
		buf_putc(&source, '\0');
		if (expr_compile_list(&l, &err, s, (const char *)source.data)
		    == 0) {
			expr_list_release(&l);
			continue;
		}
		CHECK(err.at + err.len <= source.len && err.text[0] != '\0');
		buf_reset(&shown);
		expr_error_print(&shown, &err, (const char *)source.data);
		CHECK(memchr(shown.data, '^', shown.len) != NULL);
	}
	buf_release(&source);
	buf_release(&shown);
}

/* text, n times, as an expression; its error, or "". */
static void
check_long(const struct schema *s, const char *begin, const char *text,
    unsigned n, const char *end, const char *want)
{
	struct buf b = {0};
	struct expr *e;
	struct expr_error err = {"", 0, 0};

	buf_puts(&b, begin);
	for (unsigned i = 0; i < n; i++)
		buf_puts(&b, text);
	buf_puts(&b, end);
	buf_putc(&b, '\0');
	expr_compile(&e, &err, s, (const char *)b.data);
	CHECK(strcmp(err.text, want) == 0);
	if (strcmp(err.text, want) != 0)
		fprintf(stderr, "%u %s: %s\n", n, text, err.text);
	expr_free(e);
	buf_release(&b);
}

static void
run_limits(const struct schema *s)
{
	static const char deep[] = "the expression nests deeper than 256";

	check_long(s, "", "(", 20000, "1", deep);
	check_long(s, "", "not ", 16000, "b", deep);
	check_long(s, "i", " + i", 255, "", "");
	check_long(s, "i", " + i", 16000, "", deep);
	check_long(s, "i", "::float::int", 5000, "", deep);
	check_long(s, "", "- ", 30000, "i", "");
	check_long(s, "b", " and b", 10000, "", "");
	check_long(s, "s", " || s", 10000, "", "");
	check_long(s, "i in (1", ", 2", 20000, ")", "");
	check_long(s, "case ", "when b then 1 ", 4000, "end", "");
	check_long(s, "concat(s", ", s", 15, ")", "");
	check_long(s, "concat(s", ", s", 16, ")", "more than 16 arguments");
	check_long(
	    s, "i", " ", 70000, "", "an expression has at most 65536 bytes");
}

/* Many items that ask for the same name. */
static void
run_names(const struct schema *s)
{
	struct buf b = {0};
	struct expr_list l;
	struct expr_error err = {"", 0, 0};

	buf_puts(&b, "i + 1 as i_1_3");
	for (unsigned i = 0; i < 4095; i++)
		buf_puts(&b, ",i+1");
	buf_putc(&b, '\0');
	CHECK(expr_compile_list(&l, &err, s, (const char *)b.data) == 0);
	CHECK(l.n == 4096);
	CHECK(strcmp(l.items[1].name, "i_1") == 0);
	CHECK(strcmp(l.items[2].name, "i_1_2") == 0);
	CHECK(strcmp(l.items[3].name, "i_1_4") == 0);
	CHECK(strcmp(l.items[4095].name, "i_1_4096") == 0);
	expr_list_release(&l);
	b.len--;
	buf_puts(&b, ",i");
	buf_putc(&b, '\0');
	CHECK(expr_compile_list(&l, &err, s, (const char *)b.data) == -1);
	CHECK(strcmp(err.text, "a list has at most 4096 items") == 0);
	buf_release(&b);
}

/*
 * A pattern without end fails where a row has the text for it, not where it
 * only stands in a dictionary.
 */
static void
run_runaway(const struct schema *s)
{
	static const char bytes[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
	static const uint32_t off[] = {0, 41, 42};
	static const uint8_t good[] = {1, 1, 1, 1}, bad[] = {1, 1, 0, 1};
	struct col cols[5] = {{0}};
	struct batch b;
	struct col out;
	struct expr *e;
	struct expr_error err;
	struct expr_env env = {0};

	for (size_t i = 0; i < 5; i++)
		col_const_null(&cols[i], s->fields[i].type, 4);
	cols[4] = (struct col){.type = TYPE_STR,
	    .enc = COL_DICT,
	    .n = 4,
	    .n_entries = 2,
	    .off = off,
	    .bytes = bytes,
	    .code_width = 1};
	CHECK(expr_compile(&e, &err, s, "s ~ '^(a|aa|a)+$'") == 0);
	for (unsigned k = 0; k < 2; k++) {
		batch_init(&b);
		b.n_rows = 4;
		b.n_cols = 5;
		b.cols = cols;
		cols[4].codes = k == 0 ? good : bad;
		CHECK(expr_eval(e, &out, &err, &b.arena, &env, &b)
		      == (k == 0 ? 0 : -1));
		CHECK(k == 0 || err.at == 2);
		arena_release(&b.arena);
	}
	expr_free(e);
}

/* Set bits of every pattern of values and nulls, in each encoding. */
static void
run_select(void)
{
	struct colbuf b;
	struct col c;
	uint32_t sel[200], n = 0;

	colbuf_init(&b, TYPE_BOOL);
	for (unsigned i = 0; i < 200; i++) {
		if (i % 3 == 0)
			colbuf_push_null(&b);
		else
			colbuf_push_bool(&b, i % 2);
	}
	colbuf_view(&c, &b);
	CHECK(expr_select(sel, &c) == 67);
	for (uint32_t i = 0; i < 200; i++) {
		if (i % 3 != 0 && i % 2 == 1)
			CHECK(sel[n++] == i);
	}
	col_const_null(&c, TYPE_BOOL, 200);
	CHECK(expr_select(sel, &c) == 0);
	colbuf_release(&b);
}

int
main(void)
{
	struct schema s;

	make_schema(&s);
	run_expressions(&s);
	run_garbage(&s);
	run_limits(&s);
	run_names(&s);
	run_runaway(&s);
	run_select();
	schema_release(&s);
	return check_done("expr_random");
}
