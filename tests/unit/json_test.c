/* SPDX-License-Identifier: ISC */
/*
 * json: every rule of RFC 8259 by what it allows and what it does not, then
 * what millrace-formats(7) makes of it.
 */
#include "base/mem.h"
#include "story.h"
#include "text/sepidx.h"

static unsigned path; /* enum sepidx_path */

static struct text_opts
json(const char *columns)
{
	struct text_opts o = story_format("json");

	o.columns = columns;
	o.path = path;
	return o;
}

/* Count rows and bad records of p[0..len), -c '.:str'. */
static void
count(size_t *n_rows, size_t *n_bad, const char *p, size_t len)
{
	struct text_opts o = json(".:str");
	struct story s = {.b = {.len = 0}};
	char *why = NULL;
	struct text *t = text_new(&o, &why);

	story_tell(&s, t, p, len, SIZE_MAX / 2);
	*n_rows = s.n_rows;
	*n_bad = s.n_bad;
	text_free(t);
	buf_release(&s.b);
}

/* One value, alone, inside an array, and skipped inside an object. */
static void
check_value(const char *p, size_t len, bool good)
{
	static const struct {
		const char *before, *behind;
	} frames[] = {{"", ""}, {" ", "\t\r\n"}, {"[", "]"}, {"[0 , ", " ,1]"},
	    {"{\"k\":", "}"}, {"{\"a\":1 ,\"k\" : ", ",\"b\":2}"},
	    {"[[[{\"k\":[", "]}]]]"}};

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		struct buf b = {.len = 0};
		size_t n_rows, n_bad;

		buf_puts(&b, frames[i].before);
		buf_put(&b, p, len);
		buf_puts(&b, frames[i].behind);
		count(&n_rows, &n_bad, (const char *)b.data, b.len);
		CHECK(n_rows == good && (n_bad == 0) == good);
		if (n_rows != good || (n_bad == 0) != good)
			fprintf(stderr, "%s: %.*s\n", good ? "good" : "bad",
			    (int)b.len, b.data);
		buf_release(&b);
	}
}

#define GOOD(s) check_value(s, sizeof(s) - 1, true)
#define BAD(s) check_value(s, sizeof(s) - 1, false)

static void
test_literals(void)
{
	GOOD("true");
	GOOD("false");
	GOOD("null");
	BAD("True");
	BAD("NULL");
	BAD("tru");
	BAD("truey");
	BAD("nul");
	BAD("undefined");
	BAD("NaN");
	BAD("Infinity");
	BAD("-Infinity");
	BAD("nan");
	BAD("\x01");
	BAD("\xc2\xa0true");
	BAD("\ftrue");
	BAD("\vtrue");
	BAD("true\f");
	BAD("'a'");
	BAD("a");
	BAD("/* */ 1");
	BAD("// 1");
	BAD("# 1");
}

static void
test_numbers(void)
{
	GOOD("0");
	GOOD("-0");
	GOOD("7");
	GOOD("-1");
	GOOD("1234567890123456789012345678901234567890");
	GOOD("0.0");
	GOOD("-0.50");
	GOOD("10.25");
	GOOD("1e5");
	GOOD("1E+05");
	GOOD("1e-400");
	GOOD("1e999");
	GOOD("0e0");
	GOOD("-12.5E-3");
	BAD("01");
	BAD("-01");
	BAD("00");
	BAD("+1");
	BAD("-");
	BAD("--1");
	BAD("1.");
	BAD(".5");
	BAD("-.5");
	BAD("1.e5");
	BAD("1e");
	BAD("1e+");
	BAD("1e5.0");
	BAD("1.2.3");
	BAD("0x1f");
	BAD("1_000");
	BAD("1a");
	BAD("- 1");
	BAD("1 2");
	BAD("\xef\xbc\x91");
}

static void
test_strings(void)
{
	GOOD("\"\"");
	GOOD("\"a b\"");
	GOOD("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"");
	GOOD("\"\\u0000\\u00e9\\u00E9\\uABCD\"");
	GOOD("\"\\ud83d\\ude00\"");
	GOOD("\"\x7f\"");
	GOOD("\"{[,:]}\"");
	GOOD("\"a string of more than sixteen bytes, and then some more\"");
	GOOD("\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf\"");
	BAD("\"");
	BAD("\"a");
	BAD("\"a\\\"");
	BAD("\"\\a\"");
	BAD("\"\\x41\"");
	BAD("\"\\0\"");
	BAD("\"\\'\"");
	BAD("\"\\U0041\"");
	BAD("\"\\\0\"");
	BAD("\"\\u004\"");
	BAD("\"\\u004g\"");
	BAD("\"\\u\"");
	BAD("\"\\\"");
	BAD("\"\0\"");
	BAD("\"\x1f\"");
	BAD("\"\t\"");
	BAD("\"\n\"");
	BAD("\"\r\"");
	BAD("\"a\" \"b\"");
	BAD("\"more than sixteen bytes\x01 before it\"");
}

/* Bytes that are no UTF-8, and halves of pairs: --invalid-utf8 reject. */
static void
test_encoding(void)
{
	BAD("\"\\ud800\"");
	BAD("\"\\udc00\"");
	BAD("\"\\ud800\\u0041\"");
	BAD("\"\\ude00\\ud83d\"");
	BAD("\"\\ud800\\ud800\\udc00\"");
	BAD("\"\x80\"");
	BAD("\"\xff\"");
	BAD("\"\xc3\"");
	BAD("\"\xc0\x80\"");
	BAD("\"\xe0\x80\x80\"");
	BAD("\"\xed\xa0\x80\"");
	BAD("\"\xf4\x90\x80\x80\"");
	BAD("\"\xf8\x88\x80\x80\x80\"");
	BAD("\"\xe2\x82\"");
	BAD("\"sixteen bytes, and \xe2\x82\"");
	BAD("\xef\xbb\xbf\xef\xbb\xbf"
	    "1");
	BAD("\xff");
}

static void
test_arrays(void)
{
	GOOD("[]");
	GOOD("[ ]");
	GOOD("[\t1 ,\r2\n, 3 ]");
	GOOD("[[],[[]]]");
	GOOD("[1,\"a\",null,true,{},[]]");
	BAD("[");
	BAD("]");
	BAD("[,]");
	BAD("[1,]");
	BAD("[,1]");
	BAD("[1,,2]");
	BAD("[1 2]");
	BAD("[1");
	BAD("[1}");
	BAD("[1]]");
	BAD("[[1]");
	BAD("[1:2]");
	BAD("[\"a\":1]");
	BAD("[1;2]");
}

static void
test_objects(void)
{
	GOOD("{}");
	GOOD("{ }");
	GOOD("{\"a\":1}");
	GOOD("{ \"a\" : 1 , \"b\" : { \"c\" : [ ] } }");
	GOOD("{\"\":0}");
	GOOD("{\"a\":1,\"a\":2}");
	GOOD("{\"\\u0061\\u0000\":1}");
	BAD("{");
	BAD("}");
	BAD("{a:1}");
	BAD("{'a':1}");
	BAD("{1:1}");
	BAD("{null:1}");
	BAD("{\"a\"}");
	BAD("{\"a\":}");
	BAD("{\"a\" 1}");
	BAD("{\"a\"::1}");
	BAD("{:1}");
	BAD("{\"a\":1,}");
	BAD("{,\"a\":1}");
	BAD("{\"a\":1,,\"b\":2}");
	BAD("{\"a\":1 \"b\":2}");
	BAD("{\"a\":1]");
	BAD("{\"a\":1}}");
	BAD("{\"a\":1}x");
	BAD("{\"a\",\"b\"}");
	BAD("{\"\\ud800\":1}");
	BAD("{\"a\x01\":1}");
	BAD("{[]:1}");
}

/* 64 levels, with the frames of check_value left out. */
static void
test_depth(void)
{
	static const size_t depths[] = {1, 63, 64, 65, 66, 5000};

	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++)
		for (int object = 0; object < 2; object++) {
			struct buf b = {.len = 0};
			size_t n = depths[i], n_rows, n_bad;

			for (size_t k = 0; k < n; k++)
				buf_puts(&b, object ? "{\"k\":" : "[");
			buf_puts(&b, "1");
			for (size_t k = 0; k < n; k++)
				buf_putc(&b, object ? '}' : ']');
			count(&n_rows, &n_bad, (const char *)b.data, b.len);
			CHECK(n_rows == (n <= 64) && n_bad == (n > 64));
			buf_release(&b);
		}
}

static void
test_first_record(void)
{
	struct text_opts o = json(NULL);

	SAYS(&o,
	    "{\"i\":1,\"f\":1.5,\"e\":1e2,\"s\":\"x\",\"b\":true,\"n\":null,"
	    "\"o\":{\"a\":[1]},\"a\":[1, 2],\"big\":18446744073709551616}\n"
	    "{\"s\":5,\"f\":2,\"n\":7,\"new\":1,\"o\":false,\"b\":null}\n",
	    "i:int f:float e:float s:str b:bool n:str? o:str a:str big:float\n"
	    "1|1.5|100|x|true|~|{\"a\":[1]}|[1, 2]|1.84467e+19\n"
	    "~|2|~|5|~|7|false|~|~\n");
	SAYS(&o, "{\"a\":9223372036854775807,\"b\":-9223372036854775809}\n",
	    "a:int b:float\n9223372036854775807|-9.22337e+18\n");
	SAYS(&o, "{\"a\":1}\n{\"a\":1.5}\n{\"a\":\"x\"}\n{\"a\":\"3\"}\n{}\n",
	    "a:int\n"
	    "!2:6 after 1: a: 1.5 is no int, which earlier values are: write "
	    "-c '*,a:float' [{\"a\":1.5}]\n"
	    "!3:7 after 1: a: x is no int, which earlier values are: write "
	    "-c '*,a:str' [{\"a\":\"x\"}]\n"
	    "1\n3\n~\n");
	SAYS(&o, "{\"\":1,\"a\\u0000b\":2,\"a.b\":3,\"c1\":4,\"\\u0061\":5}\n",
	    "c1:int c2:int a.b:int c1_2:int a:int\n1|2|3|4|5\n");
	SAYS(&o, "{}\n{\"a\":1}\n", "\n\n\n");
	SAYS(&o, "", "error: it is empty, so its columns are not known\n");
	SAYS(&o, " \n\n", "error: it is empty, so its columns are not known\n");
	SAYS(&o, "\xef\xbb\xbf{\"a\":1}\n", "a:int\n1\n");
	SAYS(&o, "[1,\"x\"]\n5\n{\"a\":1}\n",
	    "value:str\n[1,\"x\"]\n5\n{\"a\":1}\n");
	SAYS(&o, "5\n-6\n", "value:int\n5\n-6\n");
	SAYS(&o, "{\"a\":1}\n[2]\n3\n",
	    "a:int\n!2:1 after 1: it is no object [[2]]\n"
	    "!3:1 after 1: it is no object [3]\n1\n");
	SAYS2(&o, "{\"a\":1}\n", "{\"b\":2,\"a\":3}\n", "a:int\n1\na:int\n3\n");
	SAYS2(&o, "{\"a\":1}\n", "", "a:int\n1\na:int\n");
}

static void
test_records(void)
{
	struct text_opts o = json("a:int,b:str");

	SAYS(&o, "{\"a\":1}\r\n\r\n  {\"a\":2} \t\r\n{\"a\":3}",
	    "a:int b:str\n1|~\n2|~\n3|~\n");
	SAYS(&o, "{\"a\":\n1,\n\"b\":{\n}}\n{\"a\":2}",
	    "a:int b:str\n1|{\n}\n2|~\n");
	SAYS(&o, "{\"a\":1} {\"a\":2}\n{\"a\":3}\n",
	    "a:int b:str\n!1:9 after 0: text behind the value "
	    "[{\"a\":1} {\"a\":2}]\n3|~\n");
	SAYS(&o, "{\"a\":1,\"b\":\n{\"a\":2}\n{\"a\":3}\n",
	    "a:int b:str\n!3:1 after 0: neither a comma nor } "
	    "[{\"a\":1,\"b\":]\n2|~\n3|~\n");
	SAYS(&o, "{\"a\":1,\r\n{\"a\":2}\n",
	    "a:int b:str\n!2:1 after 0: no key in quotes, nor the end of the "
	    "object [{\"a\":1,]\n2|~\n");
	SAYS(&o, "{\"a\":1}\n{\"a\":2,\"b\":\"x",
	    "a:int b:str\n!2:14 after 1: a string is not closed in its line "
	    "[{\"a\":2,\"b\":\"x]\n1|~\n");
	SAYS(&o, "{\"a\":1}\n{\"a\":2,",
	    "a:int b:str\n!2:8 after 1: the end is missing [{\"a\":2,]\n1|~\n");
	SAYS(&o, "\xef\xbb\xbf{\"a\":1}", "a:int b:str\n1|~\n");
	SAYS(&o, "", "a:int b:str\n");
}

static void
test_paths(void)
{
	struct text_opts o =
	    json("n=requests.total:int,p=up.\"hg.nginx.org\".peers[0].server:"
		 "str,up.x:str,`a.b`:int");

	SAYS(&o,
	    "{\"requests\":{\"total\":5,\"x\":[]},\"up\":{\"x\":1,"
	    "\"hg.nginx.org\":{\"peers\":[{\"id\":0,\"server\":\"s1\"},{"
	    "\"server\":\"s2\"}]}},\"a.b\":7,\"a\":{\"b\":8}}\n"
	    "{\"requests\":null,\"up\":{\"hg.nginx.org\":{\"peers\":[]}}}\n"
	    "{\"requests\":[{\"total\":5}],\"up\":{\"hg.nginx.org\":{\"peers\":"
	    "{\"server\":1}}}}\n",
	    "n:int p:str x:str a.b:int\n5|s1|1|7\n~|~|~|~\n~|~|~|~\n");
	o = json("a:str,a.b:str,b2=a.b:str,c=a.c[1][0]:str");
	SAYS(&o, "{\"a\":{\"b\":1,\"c\":[0,[2,3],4]}}\n{\"a\":{}}\n",
	    "a:str b:str b2:str c:str\n"
	    "{\"b\":1,\"c\":[0,[2,3],4]}|1|1|2\n{}|~|~|~\n");
	o = json("first=[0]:int,[2]:str,rest=.:str");
	SAYS(&o, "[1,\"x\",\"y\"]\n[]\n{\"a\":1}\n",
	    "first:int c3:str rest:str\n1|y|[1,\"x\",\"y\"]\n~|~|[]\n"
	    "~|~|{\"a\":1}\n");
	o = json("[0]:int");
	SAYS(&o, "[1]\n{\"a\":1}\n",
	    "c1:int\n!2:1 after 1: it is no array [{\"a\":1}]\n1\n");
	o = json(".a.\"b\\\"\\u0063\":int,[\"d e\"]:int");
	SAYS(&o, "{\"a\":{\"b\\\"c\":1},\"d\\u0020e\":2}\n",
	    "b\"c:int d e:int\n1|2\n");
	o = json("*,geo.country,n:float");
	SAYS(&o, "{\"n\":1,\"geo\":{\"country\":\"X\"},\"z\":true}\n",
	    "geo:str z:bool country:str n:float\n"
	    "{\"country\":\"X\"}|true|X|1\n");
}

static void
test_duplicates(void)
{
	struct text_opts o = json("a:str,b=a.b:str,x=l[0].y:str");

	SAYS(&o,
	    "{\"a\":1,\"a\":{\"b\":2},\"a\":{\"c\":3}}\n"
	    "{\"a\":{\"b\":2},\"a\":5}\n{\"a\":5,\"a\":null}\n"
	    "{\"a\":{\"b\":1,\"b\":2}}\n"
	    "{\"l\":[{\"y\":1}],\"l\":[{}]}\n{\"l\":[{\"y\":1}],\"l\":[]}\n"
	    "{\"a\":1,\"\\u0061\":2}\n",
	    "a:str b:str x:str\n{\"c\":3}|~|~\n5|~|~\n~|~|~\n"
	    "{\"b\":1,\"b\":2}|2|~\n~|~|~\n~|~|~\n2|~|~\n");
}

static void
test_text(void)
{
	struct text_opts o = json("a:str,b:str");

	SAYS(&o,
	    "{\"a\":\"x\\u0000y\\n\\\"\",\"b\":"
	    "\"\\u00e9\\u20ac\\ud83d\\ude00\"}"
	    "\n{\"b\":\"\",\"a\":\"\\\\n\"}\n{\"a\":{\"k\":\"\\n\"}}\n",
	    "a:str b:str\nx@y\n\"|\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\n"
	    "\\n|\n{\"k\":\"\\n\"}|~\n");
	o.utf8 = TEXT_UTF8_REPLACE;
	SAYS(&o, "{\"a\":\"\xff\",\"b\":\"\\ud800!\",\"c\":\"\xff\"}\n",
	    "a:str "
	    "b:str\n\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd!\n");
	o.utf8 = TEXT_UTF8_BYTES;
	SAYS(&o, "{\"a\":\"\xff\",\"b\":\"\\ud800!\"}\n",
	    "a:str b:str\n\xff|\xed\xa0\x80!\n");
	o = json("a:str");
	o.max_field = 3;
	SAYS(&o, "{\"a\":\"123\",\"b\":\"1234\"}\n{\"a\":\"1234\"}\n",
	    "a:str\n!2:7 after 1: a: longer than --max-field 3 "
	    "[{\"a\":\"1234\"}]\n123\n");
}

static void
test_types(void)
{
	struct text_opts o = json("b:bool,i:int,f:float,d:dur");

	o.time = "t:ms";
	SAYS(&o,
	    "{\"b\":true,\"i\":-0,\"f\":\"1.5\",\"d\":\"1m\",\"t\":1500}\n"
	    "{\"b\":\"no\",\"i\":\"7\",\"f\":3,\"d\":0.5,\"t\":\"1500\"}\n"
	    "{\"b\":\"\",\"i\":\"\",\"f\":null,\"d\":\"\"}\n{\"i\":true}\n"
	    "{\"i\":[1]}\n{\"b\":{}}\n{\"i\":18446744073709551616}\n",
	    "b:bool i:int f:float d:dur t:time!\n"
	    "!4:6 after 3: i: true is no int [{\"i\":true}]\n"
	    "!5:6 after 3: i: [1] is no int [{\"i\":[1]}]\n"
	    "!6:6 after 3: b: {} is no bool [{\"b\":{}}]\n"
	    "!7:6 after 3: i: 18446744073709551616 is no int "
	    "[{\"i\":18446744073709551616}]\n"
	    "true|0|1.5|60000000|1970-01-01T00:00:01.5Z\n"
	    "false|7|3|500000|1970-01-01T00:00:01.5Z\n~|~|~|~|~\n");
	o = json("x");
	o.time = "a.t";
	SAYS(&o, "{\"x\":2,\"a\":{\"t\":\"2026-11-23T01:02:03Z\"}}\n",
	    "x:int t:time!\n2|2026-11-23T01:02:03Z\n");
	o = json("when=ts");
	o.time = "when:s";
	SAYS(&o, "{\"ts\":1}\n", "when:time!\n1970-01-01T00:00:01Z\n");
	o = json(NULL);
	o.time = "ts:s";
	SAYS(&o, "{\"ts\":1,\"y\":2}\n",
	    "ts:time! y:int\n1970-01-01T00:00:01Z|2\n");
}

static void
test_auto(void)
{
	struct text_opts o = json("auto");

	SAYS(&o,
	    "{\"i\":1,\"f\":1,\"s\":\"7\",\"t\":\"2026-11-23 01:02\",\"m\":1}\n"
	    "{\"i\":2,\"f\":2.5,\"b\":true,\"m\":true,\"n\":null}\n",
	    "i:int f:float s:str t:time m:str b:bool n:str?\n"
	    "1|1|7|2026-11-23T01:02:00Z|1|~|~\n2|2.5|~|~|true|true|~\n");
	o = json("auto,i:float");
	SAYS(&o, "{\"i\":1}\nx\n{\"j\":1}\n",
	    "j:int i:float\n!2:1 after 1: no value of JSON [x]\n~|1\n1|~\n");
	o = json("i:auto");
	SAYS(&o, "",
	    "refused: -c: auto is no type (bool int float str time dur)\n");
}

static void
test_refused(void)
{
	static const char *const wrong[] = {"a..b", "a[", "a[x]", "a[0", "a.",
	    "\"a", "a[0]b", "a[-1]", "[9999999999]"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct text_opts o = json(wrong[i]);
		char *why = NULL;
		struct text *t = text_new(&o, &why);

		CHECK(t == NULL && why != NULL && strncmp(why, "-c: ", 4) == 0);
		free(why);
		text_free(t);
	}
}

#define JOURNAL                                                                \
	"{\"__REALTIME_TIMESTAMP\":\"1760000000000001\",\"PRIORITY\":\"6\","   \
	"\"_PID\":\"12\",\"_HOSTNAME\":\"h\",\"SYSLOG_IDENTIFIER\":\"sshd\","  \
	"\"_SYSTEMD_UNIT\":\"ssh.service\",\"_UID\":\"0\",\"MESSAGE\":"

static void
test_journald(void)
{
	struct text_opts o = story_format("journald");

	o.path = path;
	SAYS(&o,
	    JOURNAL "\"hi\"}\n" JOURNAL "[27,91,51,109, 104,105]}\n" JOURNAL
		    "null}\n" JOURNAL "[\"a\",\"b\"]}\n" JOURNAL "[]}\n",
	    "time:time! unit:str priority:int pid:int host:str ident:str "
	    "message:str\n"
	    "2025-10-09T08:53:20.000001Z|ssh.service|6|12|h|sshd|hi\n"
	    "2025-10-09T08:53:20.000001Z|ssh.service|6|12|h|sshd|\033[3mhi\n"
	    "2025-10-09T08:53:20.000001Z|ssh.service|6|12|h|sshd|~\n"
	    "2025-10-09T08:53:20.000001Z|ssh.service|6|12|h|sshd|[\"a\",\"b\"]"
	    "\n"
	    "2025-10-09T08:53:20.000001Z|ssh.service|6|12|h|sshd|\n");
	o.columns = "message,uid=_UID:int,_BOOT_ID";
	SAYS(&o, JOURNAL "[195,40]}\n" JOURNAL "\"x\"}\n",
	    "message:str uid:int _BOOT_ID:str?\n"
	    "!1:165 after 0: message: not UTF-8, which sbatch --invalid-utf8 "
	    "can pass [" JOURNAL "[195,40]}]\n"
	    "x|0|~\n");
}

/* What blocks have to do with it: long records, many of them, and both. */
static void
test_blocks(void)
{
	struct text_opts o = json("a:int,s:str");
	struct buf b = {.len = 0}, want = {.len = 0};

	buf_puts(&want, "a:int s:str\n");
	for (int i = 0; i < 300; i++) {
		buf_printf(&b, "{\"a\":%d,\n\"x\":[", i);
		for (int k = 0; k < i % 7 * i % 90; k++)
			buf_printf(&b, "\"%d \\\\\\\"[{\",\n", k);
		buf_printf(&b, "0],\"s\":\"%*d\"}\n\n", i % 50 * i % 997, i);
		buf_printf(&want, "%d|%*d\n", i, i % 50 * i % 997, i);
	}
	b.data[b.len - 1] = '\0';
	buf_put(&want, "", 1);
	SAYS(&o, (const char *)b.data, (const char *)want.data);
	buf_release(&b);
	buf_release(&want);
	buf_puts(&b, "{\"s\":\"");
	for (int i = 0; i < 20000; i++)
		buf_puts(&b, "0123456789");
	buf_puts(&b, "\",\"a\":1}\n[1,\n2\n{}\n{\"a\":2}");
	buf_put(&b, "", 1);
	o = json("a:int");
	SAYS(&o, (const char *)b.data,
	    "a:int\n!4:1 after 1: neither a comma nor ] [[1,]\n"
	    "!3:1 after 1: it is no object [2]\n1\n~\n2\n");
	buf_release(&b);
}

int
main(void)
{
	static const unsigned paths[] = {SEPIDX_BEST, SEPIDX_PORTABLE};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		path = paths[i];
		test_literals();
		test_numbers();
		test_strings();
		test_encoding();
		test_arrays();
		test_objects();
		test_depth();
		test_first_record();
		test_records();
		test_paths();
		test_duplicates();
		test_text();
		test_types();
		test_auto();
		test_refused();
		test_journald();
		test_blocks();
	}
	return check_done("json_test");
}
