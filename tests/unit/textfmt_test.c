/* SPDX-License-Identifier: ISC */
/*
 * Each sentence of millrace-formats(7) by an example: what a text means in a
 * format, and what is said of options and text that mean nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "story.h"

static void
test_csv(void)
{
	struct text_opts o = story_format("csv");

	SAYS(&o, "a,b\n1,x y\n,\"\"\n", "a:str? b:str?\n1|x y\n~|\n");
	SAYS(&o, "\xef\xbb\xbf\"a\",\"b,\"\"c\"\"\"\r\n1,\"2\n3\"\r\n",
	    "a:str? b,\"c\":str?\n1|2\n3\n");
	SAYS(&o, "a,b\n1,2", "a:str? b:str?\n1|2\n");
	SAYS(&o, "a,b\n\n1,2\n\n", "a:str? b:str?\n1|2\n");
	SAYS(&o, "a\n\nx\n", "a:str?\n~\nx\n");
	SAYS(&o, "a,,a,a\n1,2,3,4\n",
	    "a:str? c2:str? a_2:str? a_3:str?\n"
	    "1|2|3|4\n");
	SAYS(&o, "a,b\n1\n2,3,4\n5,6\n",
	    "a:str? b:str?\n"
	    "!2:0 after 0: 1 field instead of 2 [1]\n"
	    "!3:0 after 0: 3 fields instead of 2 [2,3,4]\n"
	    "5|6\n");
	SAYS(&o, "a,b\n1,\"x\"y\n2,\"open\n3,4\n",
	    "a:str? b:str?\n"
	    "!2:3 after 0: text after a closing quote [1,\"x\"y]\n"
	    "!3:3 after 0: a quote is not closed [2,\"open\n3,4\n]\n");
	SAYS(&o, "", "error: it is empty, so its columns are not known\n");
	SAYS(&o, "\n1\n", "error: the first line is empty\n");
	SAYS(&o, "a,\"b\n", "error: the header's quotes do not pair\n");
	SAYS(&o, "a,\xff\n", "error: column 2: name is not UTF-8 text\n");
	SAYS2(&o, "a,b\n1,2\n", "b,c,a\n3,4,5\n",
	    "a:str? b:str?\n1|2\na:str? b:str?\n5|3\n");
	SAYS2(&o, "a,b\n1,2\n", "", "a:str? b:str?\n1|2\na:str? b:str?\n");
	SAYS2(&o, "a,b\n1,2\n", "b,c\n3,4\n",
	    "a:str? b:str?\n1|2\n"
	    "error: no column a; the columns are b, c\n");
}

static void
test_csv_options(void)
{
	struct text_opts o = story_format("csv");

	o.delim = ';';
	SAYS(&o, "a;b\n1,5;\"2;\"\n", "a:str? b:str?\n1,5|2;\n");
	o = story_format("csv");
	o.null_str = "NA";
	o.columns = "a,b:int";
	SAYS(&o, "a,b\nNA,NA\n\"NA\",\n,7\n", "a:str? b:int\n~|~\nNA|~\n|7\n");
	o = story_format("csv");
	o.no_header = true;
	SAYS(&o, "1,2\n3,4\n", "c1:str? c2:str?\n1|2\n3|4\n");
	o.columns = "a:int,_,b";
	SAYS(&o, "1,2,3,4\n", "a:int b:str?\n1|3\n");
	SAYS(&o, "", "error: it is empty, so its columns are not known\n");
	o.named = true;
	SAYS(&o, "", "a:int b:str?\n");
	SAYS(&o, "\xef\xbb\xbf", "a:int b:str?\n");
	SAYS2(&o, "", "1,2,3,4\n1,2,3\n",
	    "a:int b:str?\na:int b:str?\n"
	    "!2:0 after 1: 3 fields instead of 4 [1,2,3]\n1|3\n");
	SAYS2(&o, "", "1,2\n",
	    "a:int b:str?\nerror: no column c3; the columns are c1, c2\n");
	SAYS2(&o, "", "", "a:int b:str?\na:int b:str?\n");
	o.columns = "a:int,_,*";
	SAYS(&o, "", "error: it is empty, so its columns are not known\n");
	SAYS(&o, "1,2,3,4\n", "a:int c3:str? c4:str?\n1|3|4\n");
	o.columns = "a,b";
	SAYS(&o, "1\n", "error: -c: b is column 2, and there are only 1\n");
	o.columns = "x=a";
	SAYS(&o, "1\n", "error: -c: NEW= needs a header\n");
	o.columns = "*,a";
	SAYS(&o, "1,2\n", "error: -c: without a header * stands last\n");
	o = story_format("csv");
	o.columns = "a:int";
	o.max_field = 4;
	SAYS(&o, "a\n123456\n", "a:int\n123456\n");
	o.columns = "a";
	SAYS(&o, "a\n1234\n12345\n",
	    "a:str?\n!3:1 after 1: a: longer than --max-field 4 [12345]\n"
	    "1234\n");
	o.delim = '"';
	SAYS(&o, "", "refused: -d: this byte cannot separate fields\n");
}

static void
test_columns(void)
{
	struct text_opts o = story_format("csv");

	o.columns = "b:int,x=a";
	SAYS(&o, "a,b,c\n1,2,3\n", "b:int x:str?\n2|1\n");
	o.columns = "*,b:float";
	SAYS(&o, "a,b,c\n1,2.5,3\n", "a:str? c:str? b:float\n1|3|2.5\n");
	o.columns = "`a,b`:str,`c:d`";
	SAYS(&o, "\"a,b\",c:d\n1,2\n", "a,b:str c:d:str?\n1|2\n");
	o.columns = "t:time(%d/%m/%Y, %H:%M),n:int";
	SAYS(&o, "t,n\n\"17/05/2015, 10:05\",1\n",
	    "t:time n:int\n2015-05-17T10:05:00Z|1\n");
	o.columns = "a:int,b:float,c:bool,d:dur,e:time";
	SAYS(&o,
	    "a,b,c,d,e\n 7,1e3,yes,1.5s,1431857103\n,,,,\n"
	    "1,2,3,4,5\n0x1,2,t,4,5\n",
	    "a:int b:float c:bool d:dur e:time\n"
	    "!4:5 after 2: c: 3 is no bool [1,2,3,4,5]\n"
	    "!5:1 after 2: a: 0x1 is no int [0x1,2,t,4,5]\n"
	    "7|1000|true|1500000|2015-05-17T10:05:03Z\n~|~|~|~|~\n");
	o.columns = "d";
	SAYS(
	    &o, "a,b,c\n", "error: -c: no column d; the columns are a, b, c\n");
	o.columns = "a,a";
	SAYS(&o, "a\n", "error: -c: column a stands there twice\n");
	o.columns = "a:flot";
	SAYS(&o, "",
	    "refused: -c: flot is no type (bool int float str time dur)\n");
	o.columns = "a,,b";
	SAYS(&o, "", "refused: -c: a column name is missing\n");
	o.columns = "*:int";
	SAYS(&o, "", "refused: -c: * takes no name and no type\n");
	o.columns = "*,*";
	SAYS(&o, "", "refused: -c: * stands there twice\n");
	o.columns = "`a";
	SAYS(&o, "", "refused: -c: a backquote is not closed\n");
	o.columns = "`a`b";
	SAYS(&o, "", "refused: -c: b: a comma is missing before it\n");
	o.columns = "a:time(ms";
	SAYS(&o, "", "refused: -c: a parenthesis is not closed\n");
}

static void
test_time(void)
{
	struct text_opts o = story_format("csv");

	o.time = "t:ms";
	SAYS(&o, "n,t\n1,1431857103250\n",
	    "n:str? t:time!\n1|2015-05-17T10:05:03.25Z\n");
	o.columns = "n:int";
	SAYS(&o, "n,t\n1,1431857103250\n",
	    "n:int t:time!\n1|2015-05-17T10:05:03.25Z\n");
	o.columns = "when=t,n";
	SAYS(&o, "n,t\n1,1431857103250\n",
	    "when:time! n:str?\n2015-05-17T10:05:03.25Z|1\n");
	o.time = "when";
	SAYS(&o, "n,t\n1,2015-05-17 10:05:03+02:00\n",
	    "when:time! n:str?\n2015-05-17T08:05:03Z|1\n");
	o.columns = "t:time(s)";
	o.time = "t:ms";
	SAYS(
	    &o, "t\n", "error: -t: column t already has another time format\n");
	o.columns = "t:int";
	SAYS(&o, "t\n", "error: -t: column t is int\n");
	o.columns = NULL;
	o.time = "x";
	SAYS(&o, "t,u\n", "error: -t: no column x; the columns are t, u\n");
	o.time = "t:hour";
	SAYS(&o, "",
	    "refused: -t: hour is no time format (s ms us ns clf rfc3339 or a "
	    "pattern like %Y-%m-%d)\n");
}

static void
test_utf8(void)
{
	struct text_opts o = story_format("csv");

	SAYS(&o, "a,b\n\xc3\xa9,x\xff\ny,z\n",
	    "a:str? b:str?\n!2:4 after 0: b: not UTF-8, which sbatch "
	    "--invalid-utf8 can pass [\xc3\xa9,x\xff]\n"
	    "y|z\n");
	o.utf8 = TEXT_UTF8_REPLACE;
	SAYS(&o, "a,b\n\xc3\xa9,x\xff\xc3\n,z\n",
	    "a:str? b:str?\n\xc3\xa9|x\xef\xbf\xbd\xef\xbf\xbd\n~|z\n");
	o.utf8 = TEXT_UTF8_BYTES;
	SAYS(&o, "a\n\xff\n", "a:str?\n\xff\n");
}

static void
test_tsv_and_lines(void)
{
	struct text_opts o = story_format("tsv");

	SAYS(&o, "a\tb\n\\N\t\nx\\ty\\\\n\\r\\q\t\\\\N\n\"q\"\t\\\n",
	    "a:str? b:str?\n~|\nx\ty\\n\r\\q|\\N\n\"q\"|\\\n");
	o.columns = "b:int,a";
	SAYS(&o, "a\tb\n1\t\\N\n2\t\n3\tx\n4\t5\r\n",
	    "b:int a:str?\n!4:3 after 2: b: x is no int [3\tx]\n"
	    "~|1\n~|2\n5|4\n");
	o = story_format("tsv");
	o.delim = ',';
	SAYS(&o, "", "refused: -d: not with -f tsv\n");
	o = story_format("lines");
	SAYS(&o, "a,b\n\n\"x\\n\r\ny", "line:str?\na,b\n\n\"x\\n\ny\n");
	o.columns = "n:int";
	SAYS(&o, "1\n\nx\n3\n",
	    "n:int\n!3:1 after 2: n: x is no int [x]\n1\n~\n3\n");
	o.columns = NULL;
	o.time = "line:s";
	SAYS(&o, "5\n", "line:time!\n1970-01-01T00:00:05Z\n");
	o.columns = "a,b";
	o.time = NULL;
	SAYS(&o, "", "refused: -c: b is column 2, and there are only 1\n");
	o = story_format("lines");
	o.null_str = "x";
	SAYS(&o, "", "refused: --null: not with -f lines\n");
}

static void
test_unknown(void)
{
	static const char want[] =
	    "-f lies: no such format; there are lines, csv, tsv, ";
	struct text_opts o = story_format("lies");
	char *why = NULL;

	CHECK(text_new(&o, &why) == NULL);
	CHECK(why != NULL && strncmp(why, want, strlen(want)) == 0);
	free(why);
}

#define LOG_HEAD "1.2.3.4 - bob [17/May/2015:10:05:03 +0000] "
#define LOG_COLS                                                               \
	"host:str ident:str user:str time:time! method:str path:str "          \
	"protocol:str status:int bytes:int"
#define ROW_HEAD "1.2.3.4|~|bob|2015-05-17T10:05:03Z|"

static void
test_clf(void)
{
	struct text_opts o = story_format("combined");
	static const char head[] = LOG_COLS " referer:str agent:str\n";
	char want[400];

#define SAYS_LOG(text, rest)                                                   \
	snprintf(want, sizeof(want), "%s%s", head, rest);                      \
	SAYS(&o, text, want)
	SAYS_LOG(LOG_HEAD "\"GET /a?b HTTP/1.1\" 200 123 \"-\" \"Moz (X)\"\n",
	    ROW_HEAD "GET|/a?b|HTTP/1.1|200|123|~|Moz (X)\n");
	SAYS_LOG(LOG_HEAD "\"GET / HTTP/1.1\" 200 - \"\" \"a\" 0.123 x\r\n\n",
	    ROW_HEAD "GET|/|HTTP/1.1|200|~||a\n");
	SAYS_LOG(LOG_HEAD "\"GET /\\\"q\\\" x HTTP/1.1\" 200 1 "
			  "\"\\\\\" \"\\x41\"\n",
	    ROW_HEAD "GET|/\"q\" x|HTTP/1.1|200|1|\\|\\x41\n");
	SAYS_LOG(LOG_HEAD "\"\\x16\\x03\" 400 0 \"-\" \"-\"\n" LOG_HEAD
			  "\"-\" 408 - \"-\" \"-\"\n" LOG_HEAD
			  "\"GET /\" 400 - \"-\" \"-\"\n" LOG_HEAD
			  "\"\" 400 - \"-\" \"-\"\n",
	    ROW_HEAD "~|~|~|400|0|~|~\n" ROW_HEAD "~|~|~|408|~|~|~\n" ROW_HEAD
		     "~|~|~|400|~|~|~\n" ROW_HEAD "~|~|~|400|~|~|~\n");
	SAYS_LOG("h - a b [17/May/2015:10:05:03 +0200] \"- - X/1\" - - \"-\" "
		 "\"-\"",
	    "h|~|a b|2015-05-17T08:05:03Z|~|~|X/1|~|~|~|~\n");
	SAYS_LOG(LOG_HEAD "\"GET / HTTP/1.1\" 200 5 \"-\" \"Moz\nx\n",
	    "!1:71 after 0: agent: its quote is not closed [" LOG_HEAD
	    "\"GET / HTTP/1.1\" 200 5 \"-\" \"Moz]\n"
	    "!2:2 after 0: ident: missing [x]\n");
	SAYS_LOG(LOG_HEAD "\"GET / HTTP/1.1\" OK 5 \"-\" \"Moz\"\n",
	    "!1:61 after 0: status: OK is no int [" LOG_HEAD
	    "\"GET / HTTP/1.1\" OK 5 \"-\" \"Moz\"]\n");
	SAYS_LOG("h - - [17/Foo/2015:10:05:03 +0000] \"-\" 1 1 \"-\" \"-\"\n",
	    "!1:8 after 0: time: 17/Foo/2015:10:05:03 +0000 is no time "
	    "[h - - [17/Foo/2015:10:05:03 +0000] \"-\" 1 1 \"-\" \"-\"]\n");
	SAYS_LOG("h - -\n", "!1:5 after 0: time: missing [h - -]\n");
	SAYS_LOG("h - - [17/May\n",
	    "!1:7 after 0: time: its bracket is not closed [h - - [17/May]\n");
	SAYS_LOG(LOG_HEAD "\"-\" 1 1 \"-\"x \"-\"\n",
	    "!1:55 after 0: referer: no blank behind it [" LOG_HEAD
	    "\"-\" 1 1 \"-\"x \"-\"]\n");
	SAYS_LOG(LOG_HEAD "\"-\" 1 1\n",
	    "!1:51 after 0: referer: no quote where it should begin [" LOG_HEAD
	    "\"-\" 1 1]\n");
#undef SAYS_LOG
}

static void
test_clf_columns(void)
{
	struct text_opts o = story_format("common");

	SAYS(&o, LOG_HEAD "\"GET / HTTP/1.1\" 200 5\n",
	    LOG_COLS "\n" ROW_HEAD "GET|/|HTTP/1.1|200|5\n");
	o.columns = "request,bytes:float,when=time";
	SAYS(&o, LOG_HEAD "\"GET \\\\x\" 200 5 more\n",
	    "request:str bytes:float when:time!\n"
	    "GET \\x|5|2015-05-17T10:05:03Z\n");
	o.columns = "status";
	SAYS(&o, LOG_HEAD "\"GET / HTTP/1.1\" 200 x\n", "status:int\n200\n");
	SAYS(&o, LOG_HEAD "\"GET / HTTP/1.1 200 5\n",
	    "status:int\n!1:44 after 0: request: its quote is not closed "
	    "[" LOG_HEAD "\"GET / HTTP/1.1 200 5]\n");
	o.columns = "agent";
	SAYS(&o, "",
	    "refused: -c: no column agent; the columns are host, ident, user, "
	    "time, method, path, protocol, status, bytes, request\n");
	o.columns = NULL;
	o.no_header = true;
	SAYS(&o, "", "refused: -N: not with -f common\n");
}

static void
test_stop(void)
{
	struct text_opts o = story_format("csv");
	struct story s = {.b = {.len = 0}, .stop_after = 2};
	static const char text[] = "a:int\n1\nx\n2\ny\n3\n";
	char *why = NULL;
	struct text *t;

	o.columns = "`a:int`:int";
	t = text_new(&o, &why);
	story_tell(&s, t, text, strlen(text), SIZE_MAX / 2);
	story_expect(&s,
	    "a:int:int\n!3:1 after 1: a:int: x is no int [x]\n"
	    "!5:1 after 2: a:int: y is no int [y]\n1\n2\n"
	    "stop, line 5, 4 left\n",
	    __LINE__);
	text_free(t);
	buf_release(&s.b);
}

/* Records longer than a block, and one longer than any may be. */
static void
test_long(void)
{
	struct text_opts o = story_format("csv");
	struct buf text, want;

	buf_init(&text, 0);
	buf_init(&want, 0);
	buf_puts(&text, "a,b\n1,\"");
	buf_puts(&want, "a:str? b:str?\n1|");
	for (int i = 0; i < 30000; i++) {
		buf_printf(&text, "%d,\n\"\"", i);
		buf_printf(&want, "%d,\n\"", i);
	}
	buf_puts(&text, "\"\n2,z\n");
	buf_puts(&want, "\n2|z\n");
	buf_put(&text, "", 1);
	buf_put(&want, "", 1);
	for (size_t step = 60000; step < 300000; step += 70001) {
		struct story s = {.b = {.len = 0}};
		char *why;
		struct text *t = text_new(&o, &why);

		story_tell(&s, t, (char *)text.data, text.len - 1, step);
		story_expect(&s, (char *)want.data, __LINE__);
		text_free(t);
		buf_release(&s.b);
	}
	buf_reset(&text);
	buf_puts(&text, "a,b\n1,\"");
	while (text.len <= TEXT_MAX_RECORD)
		buf_puts(&text, "no end to this field, not in 16 megabytes\n");
	buf_puts(&text, "\"\n");
	buf_put(&text, "", 1);
	story_check_text(&o, (char *)text.data, NULL,
	    "a:str? b:str?\nline 2: record longer than 16777216 bytes, line 2, "
	    "16777241 left\n",
	    __LINE__);
	buf_release(&text);
	buf_release(&want);
}

static void
test_paths(void)
{
	CHECK(strcmp(text_by_path("x/day.csv"), "csv") == 0);
	CHECK(strcmp(text_by_path("day.TSV.gz"), "tsv") == 0);
	CHECK(strcmp(text_by_path("access.log"), "lines") == 0);
	CHECK(strcmp(text_by_path(".csv"), "lines") == 0);
	CHECK(strcmp(text_by_path("-"), "lines") == 0);
}

int
main(void)
{
	test_csv();
	test_csv_options();
	test_columns();
	test_time();
	test_utf8();
	test_tsv_and_lines();
	test_clf();
	test_clf_columns();
	test_stop();
	test_long();
	test_paths();
	test_unknown();
	return check_done("textfmt_test");
}
