/* SPDX-License-Identifier: ISC */
/* Output formats: bytes of each, whatever is in the cells. */
#include "text/render.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/zone.h"
#include "check.h"
#include "text/width.h"

static int
collect(void *arg, const void *p, size_t len)
{
	buf_put(arg, p, len);
	return 0;
}

static int
refuse(void *arg, const void *p, size_t len)
{
	(void)arg;
	(void)p;
	(void)len;
	return -1;
}

/* One column named x of one type, rows in build.cols[0]. */
struct one {
	struct head h;
	struct build build;
	struct batch b;
	struct frame f;
};

static void
one_init(struct one *o, enum type type)
{
	memset(o, 0, sizeof(*o));
	head_init(&o->h);
	schema_add(&o->h.schema, "x", 1, type);
	build_init(&o->build, &o->h.schema);
	batch_init(&o->b);
	o->f.h.kind = FRAME_ROWS;
	o->f.h.watermark = TIME_NONE;
}

static void
one_release(struct one *o)
{
	batch_release(&o->b);
	build_release(&o->build);
	head_release(&o->h);
}

/* What the format makes of the rows, NUL-terminated. */
static char *
render(struct one *o, const struct render_opts *opts)
{
	struct buf out;
	struct render *r;
	char *why = NULL, *text;

	buf_init(&out, 0);
	o->build.n_rows = o->build.cols[0].n;
	build_view(&o->b, &o->build);
	r = render_new(opts, &why);
	if (r == NULL)
		return why;
	render_to(r, collect, &out);
	CHECK(render_head(r, &o->h) == 0);
	CHECK(render_frame(r, &o->f, &o->b) == 0);
	CHECK(render_end(r) == 0);
	render_free(r);
	buf_putc(&out, '\0');
	text = strdup((const char *)out.data);
	buf_release(&out);
	return text;
}

static void
check_rows(struct one *o, const char *format, const char *want)
{
	struct render_opts opts = {.format = format, .delim = -1, .tty_fd = -1};
	char *text;

	opts.no_header =
	    strcmp(format, "json") != 0 && strcmp(format, "logfmt") != 0;
	text = render(o, &opts);
	if (strcmp(text, want) != 0)
		fprintf(stderr, "%s: got %s, want %s", format, text, want);
	CHECK(strcmp(text, want) == 0);
	free(text);
}

static void
test_strings(void)
{
	struct one o;

	one_init(&o, TYPE_STR);
	colbuf_push_str(&o.build.cols[0], "plain", 5);
	colbuf_push_str(&o.build.cols[0], "", 0);
	colbuf_push_null(&o.build.cols[0]);
	colbuf_push_str(&o.build.cols[0], "a\tb\nc\rd\\e\"f,g", 13);
	colbuf_push_str(&o.build.cols[0], "\\N", 2);
	colbuf_push_str(&o.build.cols[0], "12345678\"", 9);
	check_rows(&o, "tsv",
	    "plain\n\n\\N\na\\tb\\nc\\rd\\\\e\"f,g\n\\\\N\n12345678\"\n");
	check_rows(&o, "csv",
	    "plain\n\"\"\n\n\"a\tb\nc\rd\\e\"\"f,g\"\n\\N\n\"12345678\"\"\"\n");
	check_rows(&o, "json",
	    "{\"x\":\"plain\"}\n{\"x\":\"\"}\n{\"x\":null}\n"
	    "{\"x\":\"a\\tb\\nc\\rd\\\\e\\\"f,g\"}\n{\"x\":\"\\\\N\"}\n"
	    "{\"x\":\"12345678\\\"\"}\n");
	check_rows(&o, "table",
	    "plain\n\n-\na\\tb\\nc\\rd\\e\"f,g\n\\N\n12345678\"\n");
	one_release(&o);
}

static void
test_bytes(void)
{
	static const char bad[] = "\x01 \x7f \x85 \xff \xed\xa0\x80 \xc3\xa9";
	static const char bidi[] = "\xe2\x80\xae \xc2\x85 \xef\xbb\xbf z";
	struct one o;

	one_init(&o, TYPE_STR);
	colbuf_push_str(&o.build.cols[0], bad, sizeof(bad) - 1);
	colbuf_push_str(&o.build.cols[0], bidi, sizeof(bidi) - 1);
	colbuf_push_str(&o.build.cols[0], "\0x", 2);
	check_rows(&o, "json",
	    "{\"x\":\"\\u0001 \x7f \\ufffd \\ufffd \\ufffd\\ufffd\\ufffd "
	    "\xc3\xa9\"}\n{\"x\":\"\xe2\x80\xae \xc2\x85 \xef\xbb\xbf z\"}\n"
	    "{\"x\":\"\\u0000x\"}\n");
	check_rows(&o, "table",
	    "\\x01 \\x7f \\x85 \\xff \\xed\\xa0\\x80 \xc3\xa9\n"
	    "\\u{202e} \\u{85} \\u{feff} z\n\\x00x\n");
	one_release(&o);
}

static void
test_numbers(void)
{
	struct one o;

	one_init(&o, TYPE_FLOAT);
	colbuf_push_float(&o.build.cols[0], 12);
	colbuf_push_float(&o.build.cols[0], 0.1);
	colbuf_push_float(&o.build.cols[0], NAN);
	colbuf_push_float(&o.build.cols[0], -INFINITY);
	check_rows(&o, "tsv", "12\n0.1\nnan\n-inf\n");
	check_rows(&o, "json",
	    "{\"x\":12}\n{\"x\":0.1}\n{\"x\":null}\n{\"x\":null}\n");
	one_release(&o);
	one_init(&o, TYPE_TIME);
	colbuf_push_int(&o.build.cols[0], 1500000);
	colbuf_push_int(&o.build.cols[0], 1500000);
	colbuf_push_int(&o.build.cols[0], -1);
	check_rows(&o, "csv",
	    "1970-01-01T00:00:01.5Z\n1970-01-01T00:00:01.5Z\n"
	    "1969-12-31T23:59:59.999999Z\n");
	one_release(&o);
	one_init(&o, TYPE_DUR);
	colbuf_push_int(&o.build.cols[0], 1500000);
	check_rows(&o, "json", "{\"x\":1.5}\n");
	one_release(&o);
	one_init(&o, TYPE_BIN);
	colbuf_push_str(&o.build.cols[0], "\x00\xff", 2);
	check_rows(&o, "tsv", "00ff\n");
	check_rows(&o, "json", "{\"x\":\"00ff\"}\n");
	one_release(&o);
}

static void
test_logfmt(void)
{
	struct one o;

	one_init(&o, TYPE_STR);
	colbuf_push_str(&o.build.cols[0], "plain/1", 7);
	colbuf_push_str(&o.build.cols[0], "two words", 9);
	colbuf_push_str(&o.build.cols[0], "", 0);
	colbuf_push_null(&o.build.cols[0]);
	colbuf_push_str(&o.build.cols[0], "a=b", 3);
	colbuf_push_str(&o.build.cols[0], "q\\\"\n\t\r\x01", 7);
	colbuf_push_str(&o.build.cols[0], "c:\\d", 4);
	check_rows(&o, "logfmt",
	    "x=plain/1\nx=\"two words\"\nx=\"\"\nx=\nx=\"a=b\"\n"
	    "x=\"q\\\\\\\"\\n\\t\\r\\u0001\"\nx=\"c:\\\\d\"\n");
	one_release(&o);
	one_init(&o, TYPE_INT);
	free(o.h.schema.fields[0].name);
	o.h.schema.fields[0].name = strdup("a b=\"c\x7f");
	colbuf_push_int(&o.build.cols[0], -1);
	check_rows(&o, "logfmt", "a_b__c_=-1\n");
	one_release(&o);
}

static void
test_markdown(void)
{
	static const char odd[] = "a|b*<i>\r\nc_d _e_ `f` \\";
	struct one o;
	struct render_opts opts = {
	    .format = "markdown", .delim = -1, .tty_fd = -1};
	char *text;

	one_init(&o, TYPE_STR);
	colbuf_push_str(&o.build.cols[0], odd, sizeof(odd) - 1);
	colbuf_push_null(&o.build.cols[0]);
	colbuf_push_str(&o.build.cols[0], "\0", 1);
	check_rows(&o, "markdown",
	    "| a\\|b\\*\\<i\\><br>c_d \\_e\\_ \\`f\\` \\\\ |\n| - |\n| ");
	text = render(&o, &opts);
	CHECK(strncmp(text, "| x |\n| --- |\n| a", 17) == 0);
	free(text);
	one_release(&o);
	one_init(&o, TYPE_INT);
	colbuf_push_int(&o.build.cols[0], 7);
	text = render(&o, &opts);
	CHECK(strcmp(text, "| x |\n| ---: |\n| 7 |\n") == 0);
	free(text);
	one_release(&o);
}

/* What a spreadsheet would take for a formula; numbers stay numbers. */
static void
test_safe(void)
{
	static const char *const cells[] = {
	    "=1+1", "+1", "-1", "@x", "\tx", "\rx", "x=", "", "=\"a\""};
	struct one o;
	struct render_opts opts = {
	    .format = "csv", .safe = true, .delim = -1, .tty_fd = -1};
	char *text;

	one_init(&o, TYPE_STR);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		colbuf_push_str(&o.build.cols[0], cells[i], strlen(cells[i]));
	text = render(&o, &opts);
	CHECK(strcmp(text, "x\n'=1+1\n'+1\n'-1\n'@x\n\"'\tx\"\n\"'\rx\"\nx=\n"
			   "\"\"\n\"'=\"\"a\"\"\"\n")
	      == 0);
	free(text);
	one_release(&o);
	one_init(&o, TYPE_INT);
	free(o.h.schema.fields[0].name);
	o.h.schema.fields[0].name = strdup("-x");
	colbuf_push_int(&o.build.cols[0], -1);
	text = render(&o, &opts);
	CHECK(strcmp(text, "'-x\n-1\n") == 0);
	free(text);
	one_release(&o);
}

static void
check_refused(struct render_opts o, const char *want)
{
	char *why = NULL;

	o.tty_fd = -1;
	CHECK(render_new(&o, &why) == NULL);
	CHECK(why != NULL && strcmp(why, want) == 0);
	free(why);
}

static void
test_zone(void)
{
	struct one o;
	char *text, *why;
	struct zone *paris = zone_open("Europe/Paris", &why);
	struct zone *west = zone_open("-03:30", &why);
	struct render_opts opts = {.format = "csv",
	    .no_header = true,
	    .delim = -1,
	    .tty_fd = -1,
	    .zone = paris};

	one_init(&o, TYPE_TIME);
	colbuf_push_int(&o.build.cols[0], INT64_C(1774745999500000));
	colbuf_push_int(&o.build.cols[0], INT64_C(1774746000000000));
	colbuf_push_int(&o.build.cols[0], INT64_C(1774746000000000));
	/* Before 1911 Paris was 9 min 21 s ahead of Greenwich. */
	colbuf_push_int(&o.build.cols[0], INT64_C(-2000000000000000));
	colbuf_push_int(&o.build.cols[0], INT64_MAX);
	text = render(&o, &opts);
	CHECK(strcmp(text, "2026-03-29T01:59:59.5+01:00\n"
			   "2026-03-29T03:00:00+02:00\n"
			   "2026-03-29T03:00:00+02:00\n"
			   "1906-08-16T20:35:40+00:09\n"
			   "294247-01-10T04:00:54.775807Z\n")
	      == 0);
	free(text);
	opts.zone = west;
	opts.format = "json";
	opts.no_header = false;
	text = render(&o, &opts);
	CHECK(strncmp(text, "{\"x\":\"2026-03-28T21:29:59.5-03:30\"}\n", 36)
	      == 0);
	free(text);
	one_release(&o);
	check_refused(
	    (struct render_opts){.format = "dump", .delim = -1, .zone = west},
	    "--tz does not go with -f dump");
	zone_close(paris);
	zone_close(west);
}

/* Rows by number, a stop at a length, and names for each file. */
static void
test_by_rows(void)
{
	static const uint32_t sel[] = {3, 1, 0};
	struct render_opts opts = {.format = "csv", .delim = -1, .tty_fd = -1};
	struct one o;
	struct render *r;
	struct buf out;
	char *why;

	one_init(&o, TYPE_INT);
	for (int i = 0; i < 4; i++)
		colbuf_push_int(&o.build.cols[0], 10 * i);
	o.build.n_rows = 4;
	build_view(&o.b, &o.build);
	buf_init(&out, 0);
	r = render_new(&opts, &why);
	CHECK(render_is_lines(r));
	render_to(r, collect, &out);
	CHECK(render_start(r, &o.h) == 0);
	render_bind(r, &o.b);
	CHECK(render_names(r) == 0);
	CHECK(render_rows(r, sel, 3, UINT64_MAX) == 3);
	CHECK(render_names(r) == 0);
	CHECK(render_rows(r, NULL, 4, 4) == 2);
	CHECK(render_rows(r, sel, 3, 1) == 1);
	CHECK(render_rows(r, sel, 3, 0) == 0);
	CHECK(out.len == 20);
	CHECK(memcmp(out.data, "x\n30\n10\n0\nx\n0\n10\n30\n", 20) == 0);
	render_free(r);
	buf_release(&out);
	one_release(&o);
	opts.format = "table";
	r = render_new(&opts, &why);
	CHECK(!render_is_lines(r));
	render_free(r);
}

/* Every length around the output buffer's, and a cell far above it. */
static void
test_long(void)
{
	struct one o;
	size_t len = (1u << 20) + 7;
	char *s = malloc(len), *want = malloc(2 * len + 2);

	memset(s, 'y', len);
	s[len - 3] = '\\';
	one_init(&o, TYPE_STR);
	colbuf_push_str(&o.build.cols[0], s, len);
	memset(want, 'y', len);
	memcpy(want + len - 3, "\\\\yy\n", 6);
	check_rows(&o, "tsv", want);
	one_release(&o);
	free(s);
	free(want);
}

static void
test_encodings(void)
{
	static const int64_t values[] = {7, -9};
	static const uint8_t codes[] = {1, 0, 1, 1};
	static const uint8_t valid[] = {0x0b};
	struct one o;
	struct col c = {.type = TYPE_INT,
	    .enc = COL_DICT,
	    .n = 4,
	    .n_entries = 2,
	    .code_width = 1,
	    .valid = valid,
	    .i = values,
	    .codes = codes};
	struct render_opts opts = {.format = "csv", .delim = -1, .tty_fd = -1};
	struct render *r;
	struct buf out;
	char *why;

	one_init(&o, TYPE_INT);
	batch_reset(&o.b, 1);
	o.b.cols[0] = c;
	o.b.n_rows = 4;
	buf_init(&out, 0);
	r = render_new(&opts, &why);
	render_to(r, collect, &out);
	render_head(r, &o.h);
	render_frame(r, &o.f, &o.b);
	o.b.cols[0].enc = COL_CONST;
	o.b.cols[0].n_entries = 1;
	render_frame(r, &o.f, &o.b);
	render_end(r);
	render_free(r);
	CHECK(out.len == 18);
	CHECK(memcmp(out.data, "x\n-9\n7\n\n-9\n7\n7\n\n7\n", 18) == 0);
	buf_release(&out);
	one_release(&o);
}

static void
test_options(void)
{
	struct one o;
	struct render_opts opts = {
	    .format = "csv", .delim = ';', .null_str = "NA", .tty_fd = -1};
	char *text;

	one_init(&o, TYPE_STR);
	colbuf_push_str(&o.build.cols[0], "a;b", 3);
	colbuf_push_str(&o.build.cols[0], "a,b", 3);
	colbuf_push_str(&o.build.cols[0], "NA", 2);
	colbuf_push_null(&o.build.cols[0]);
	text = render(&o, &opts);
	CHECK(strcmp(text, "x\n\"a;b\"\na,b\n\"NA\"\nNA\n") == 0);
	free(text);
	one_release(&o);
	check_refused((struct render_opts){.format = "xml", .delim = -1},
	    "no output format is called 'xml'; there are table, tsv, csv, "
	    "json, logfmt, markdown, plot, dump, frames");
	check_refused((struct render_opts){.format = "tsv", .delim = ','},
	    "-d goes with -f csv, not tsv");
	check_refused(
	    (struct render_opts){.format = "tsv", .delim = -1, .safe = true},
	    "--csv-safe goes with -f csv, not tsv");
	check_refused(
	    (struct render_opts){
		.format = "logfmt", .delim = -1, .no_header = true},
	    "-N does not go with -f logfmt");
	check_refused((struct render_opts){.format = "csv", .delim = '.'},
	    "-d takes one ASCII character that is no letter, digit, quote, "
	    "line end or one of + - . :");
	check_refused(
	    (struct render_opts){
		.format = "json", .delim = -1, .null_str = "-"},
	    "--null does not go with -f json");
	check_refused(
	    (struct render_opts){
		.format = "dump", .delim = -1, .no_header = true},
	    "-N does not go with -f dump");
	CHECK(strcmp(render_by_path("a/b.csv"), "csv") == 0);
	CHECK(strcmp(render_by_path("b.jsonl.gz"), "json") == 0);
	CHECK(strcmp(render_by_path("day.mill"), "frames") == 0);
	CHECK(strcmp(render_by_path("a.md"), "markdown") == 0);
	CHECK(render_by_path(".csv") == NULL);
	CHECK(render_by_path("a.csv/b") == NULL);
	CHECK(render_by_path("a") == NULL);
	CHECK(render_by_path("") == NULL);
}

/* A failed write stays failed, and nothing is written after it. */
static void
test_failed_write(void)
{
	struct one o;
	struct render_opts opts = {.format = "tsv", .delim = -1, .tty_fd = -1};
	char *why;
	struct render *r = render_new(&opts, &why);
	int ms = -1;

	one_init(&o, TYPE_INT);
	render_to(r, refuse, NULL);
	CHECK(render_head(r, &o.h) == 0);
	CHECK(render_idle(r, &ms) == -1);
	CHECK(render_idle(r, &ms) == -1);
	CHECK(render_end(r) == -1);
	CHECK(render_error(r) == NULL);
	render_free(r);
	one_release(&o);
}

static void
test_mode(void)
{
	struct one o;
	struct render_opts opts = {.format = "tsv", .delim = -1, .tty_fd = -1};
	char *why;
	struct render *r = render_new(&opts, &why);

	one_init(&o, TYPE_INT);
	o.h.mode = MODE_UPSERT;
	CHECK(render_head(r, &o.h) == -1);
	CHECK(strcmp(render_error(r),
		  "rows of this stream replace earlier ones (upsert), which "
		  "tsv cannot show: write --changelog to print each change, "
		  "or -f table for the rows that stand")
	      == 0);
	render_free(r);
	one_release(&o);
}

static void
test_width(void)
{
	size_t columns;

	CHECK(width_of('a') == 1);
	CHECK(width_of(0x301) == 0);
	CHECK(width_of(0x65e5) == 2);
	CHECK(width_of(0x1f600) == 2);
	CHECK(width_of(0xac00) == 2);
	CHECK(width_of(0x2026) == 1);
	CHECK(width_cut(&columns, "\xe6\x97\xa5\xe6\x9c\xac", 6, 3) == 3);
	CHECK(columns == 2);
	CHECK(width_cut(&columns, "e\xcc\x81x", 4, 1) == 3);
	CHECK(columns == 1);
}

int
main(void)
{
	test_strings();
	test_bytes();
	test_numbers();
	test_logfmt();
	test_markdown();
	test_safe();
	test_zone();
	test_by_rows();
	test_long();
	test_encodings();
	test_options();
	test_failed_write();
	test_mode();
	test_width();
	return check_done("render_test");
}
