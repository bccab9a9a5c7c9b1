/* SPDX-License-Identifier: ISC */
/* Destinations with placeholders: what is refused, paths, values. */
#include "io/outpath.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "check.h"
#include "io/outlet.h"

#define MAY_17 INT64_C(1431857103000000) /* 2015-05-17T10:05:03Z */

static void
check_refused(const char *pattern, const char *want)
{
	char *why = NULL;
	struct outpath *p = outpath_new(pattern, &why);

	CHECK(p == NULL && why != NULL && strstr(why, want) != NULL);
	outpath_free(p);
	free(why);
}

static void
test_refused(void)
{
	check_refused("", "an empty name");
	check_refused("a/", "a directory");
	check_refused("{a}/", "a directory");
	check_refused("{", "'{' without");
	check_refused("a{b", "'{' without");
	check_refused("{}", "'{' without");
	check_refused("a}b", "'}' without");
	check_refused("%", "no part of a date");
	check_refused("a%{b}", "%{ is no part");
	check_refused("%z", "%z is no part");
	check_refused("%\x01", "%  is no part");
}

static void
check_shape(const char *pattern, size_t n_trusted, size_t ext_len)
{
	char *why;
	struct outpath *p = outpath_new(pattern, &why);

	CHECK(p != NULL);
	CHECK(outpath_n_trusted(p) == n_trusted);
	CHECK(outpath_ext_len(p) == ext_len);
	outpath_free(p);
}

static void
test_shape(void)
{
	char *why;
	struct outpath *p;

	check_shape("a/b/c{d}e/f.csv.gz", 4, 7);
	check_shape("{a}.csv", 0, 4);
	check_shape("/{a}", 1, 0);
	check_shape("{a}/.csv", 0, 0);
	check_shape("{a}.b.csv", 0, 4);
	check_shape("a.b/c", 5, 0);
	check_shape("a.b/c.gz", 8, 3);
	check_shape(".x", 2, 0);
	check_shape("a/.x.y", 6, 2);
	p = outpath_new("50%%{{x}}", &why);
	CHECK(strcmp(outpath_plain(p), "50%{x}") == 0);
	outpath_free(p);
	p = outpath_new("{x}{batch}", &why);
	CHECK(outpath_plain(p) == NULL);
	CHECK(outpath_by_batch(p));
	outpath_free(p);
}

static void
check_value(const char *s, size_t len, const char *want)
{
	struct buf b;

	buf_init(&b, 0);
	outpath_value(&b, s, len);
	buf_putc(&b, '\0');
	if (strcmp((const char *)b.data, want) != 0)
		fprintf(
		    stderr, "got %s, want %s\n", (const char *)b.data, want);
	CHECK(strcmp((const char *)b.data, want) == 0);
	buf_release(&b);
}

static void
test_values(void)
{
	char long_value[300], text[2][OUTPATH_MAX_VALUE + 1];
	struct buf b;

	check_value("aZ09_.-", 7, "aZ09_.-");
	check_value("", 0, "%empty");
	check_value(".", 1, "%2E");
	check_value("..", 2, "%2E.");
	check_value("../x", 4, "%2E.%2Fx");
	check_value("\0\xff ~", 4, "%00%FF%20%7E");
	check_value("%41", 3, "%2541");
	memset(long_value, 'x', sizeof(long_value));
	for (int i = 0; i < 2; i++) {
		buf_init(&b, 0);
		outpath_value(&b, long_value, 299 + (size_t)i);
		CHECK(b.len == OUTPATH_MAX_VALUE);
		CHECK(memcmp(b.data + 182, "%-", 2) == 0);
		memcpy(text[i], b.data, b.len);
		buf_release(&b);
	}
	CHECK(memcmp(text[0], text[1], 184) == 0);
	CHECK(memcmp(text[0], text[1], OUTPATH_MAX_VALUE) != 0);
	/* An escape is never cut in two. */
	memset(long_value, '/', sizeof(long_value));
	buf_init(&b, 0);
	outpath_value(&b, long_value, 300);
	CHECK(b.len == 180 + 18 && memcmp(b.data + 177, "%2F%-", 5) == 0);
	buf_release(&b);
}

/* One row of every type, event time in column at. */
struct row {
	struct schema schema;
	struct build build;
	struct batch b;
	struct frame f;
};

static void
row_init(struct row *r)
{
	memset(r, 0, sizeof(*r));
	schema_init(&r->schema);
	schema_add(&r->schema, "at", 2, TYPE_TIME);
	schema_add(&r->schema, "s", 1, TYPE_STR);
	schema_add(&r->schema, "i", 1, TYPE_INT);
	schema_add(&r->schema, "f", 1, TYPE_FLOAT);
	schema_add(&r->schema, "b", 1, TYPE_BOOL);
	schema_add(&r->schema, "d", 1, TYPE_DUR);
	schema_add(&r->schema, "none", 4, TYPE_STR);
	schema_add(&r->schema, "part", 4, TYPE_INT)->system = true;
	schema_add(&r->schema, "bin", 3, TYPE_BIN);
	r->schema.time_col = 0;
	build_init(&r->build, &r->schema);
	colbuf_push_int(&r->build.cols[0], MAY_17);
	colbuf_push_str(&r->build.cols[1], "x/y", 3);
	colbuf_push_int(&r->build.cols[2], -5);
	colbuf_push_float(&r->build.cols[3], 1e22);
	colbuf_push_bool(&r->build.cols[4], true);
	colbuf_push_int(&r->build.cols[5], 1500000);
	colbuf_push_null(&r->build.cols[6]);
	colbuf_push_int(&r->build.cols[7], 3);
	colbuf_push_str(&r->build.cols[8], "", 0);
	r->build.n_rows = 1;
	batch_init(&r->b);
	build_view(&r->b, &r->build);
	r->f.h.batch = 12;
}

static void
row_release(struct row *r)
{
	batch_release(&r->b);
	build_release(&r->build);
	schema_release(&r->schema);
}

static void
check_path(struct row *r, const char *pattern, const struct zone *zone,
    const char *want)
{
	char *why = NULL;
	struct outpath *p = outpath_new(pattern, &why);
	struct col *keys;
	enum type *types;
	struct arena a = {.blocks = NULL};
	struct buf out;

	CHECK(p != NULL);
	outpath_epoch(p, 7);
	CHECK(outpath_bind(p, &why, &r->schema, zone) == 0);
	keys = mem_zero(outpath_n_keys(p) + 1, sizeof(*keys));
	types = mem_zero(outpath_n_keys(p) + 1, sizeof(*types));
	outpath_types(p, types);
	outpath_keys(p, keys, &r->f, &r->b, &a);
	for (size_t i = 0; i < outpath_n_keys(p); i++) {
		CHECK(keys[i].type == types[i]);
		col_check(&keys[i]);
	}
	buf_init(&out, 0);
	outpath_text(p, &out, keys, 0);
	buf_putc(&out, '\0');
	if (strcmp((const char *)out.data, want) != 0)
		fprintf(
		    stderr, "got %s, want %s\n", (const char *)out.data, want);
	CHECK(strcmp((const char *)out.data, want) == 0);
	buf_release(&out);
	arena_release(&a);
	free(keys);
	free(types);
	outpath_free(p);
}

static void
test_paths(void)
{
	struct row r;
	char *why;
	struct zone *east = zone_open("+05:30", &why);

	row_init(&r);
	check_path(
	    &r, "{s}-{i}-{f}-{b}-{d}", NULL, "x%2Fy--5-1e%2B22-true-1.5");
	check_path(&r, "{none}/{at}", NULL, "%null/2015-05-17T10%3A05%3A03Z");
	check_path(&r, "{date}/{hour}", NULL, "2015-05-17/10");
	check_path(&r, "%Y%m%d-%H%M%S.%f", NULL, "20150517-100503.000000");
	check_path(&r, "{date}T%H%M %j %b", east, "2015-05-17T1535 137 May");
	check_path(&r, "%D %T", NULL, "05%2F17%2F15 10%3A05%3A03");
	check_path(&r, "{batch}.{epoch}.{part}", NULL, "12.7.3");
	r.f.h.part = 9;
	check_path(&r, "{part}{{%%", NULL, "9{%");
	r.schema.time_off = -MAY_17 - 1;
	check_path(&r, "{date} %f", NULL, "1969-12-31 999999");
	row_release(&r);
	zone_close(east);
}

static void
check_unbound(struct row *r, const char *pattern, int status, const char *want)
{
	char *why = NULL;
	struct outpath *p = outpath_new(pattern, &why);

	CHECK(outpath_bind(p, &why, &r->schema, NULL) == status);
	CHECK(why != NULL && strncmp(why, want, strlen(want)) == 0);
	free(why);
	outpath_free(p);
}

static void
test_unbound(void)
{
	struct row r;

	row_init(&r);
	check_unbound(&r, "{S}", EX_USAGE,
	    "{S}: no such column; there are at, s, i, f, b, d, none, bin, and");
	check_unbound(&r, "{bin}", EX_DATAERR, "{bin}: it holds states");
	r.schema.time_col = -1;
	check_unbound(&r, "%Y", EX_DATAERR, "the date of a row is its event");
	row_release(&r);
}

static void
test_roll(void)
{
	static const char *const wrong[] = {
	    "", "rows", "0", "0rows", "-1rows", "1.5rows", "x", "1x", "-1h"};
	struct outlet_roll roll = {.len = 0};

	CHECK(outlet_parse_roll(&roll, "100M") == 0);
	CHECK(outlet_parse_roll(&roll, "1000000rows") == 0);
	CHECK(outlet_parse_roll(&roll, "1h") == 0);
	CHECK(roll.len == 100u << 20);
	CHECK(roll.rows == 1000000);
	CHECK(roll.us == INT64_C(3600000000));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK(outlet_parse_roll(&roll, wrong[i]) == -1);
}

int
main(void)
{
	test_refused();
	test_shape();
	test_values();
	test_paths();
	test_unbound();
	test_roll();
	return check_done("outpath_test");
}
