/* SPDX-License-Identifier: ISC */
/* logfmt: each sentence of millrace-formats(7) by an example. */
#include "story.h"

static struct text_opts
logfmt(const char *columns)
{
	struct text_opts o = story_format("logfmt");

	o.columns = columns;
	return o;
}

static void
test_pairs(void)
{
	struct text_opts o = logfmt(NULL);

	SAYS(&o, "a=1 b=\"x y\" c=x=y\"z d= e=\"\" f\n",
	    "a:str? b:str? c:str? d:str? e:str? f:str?\n"
	    "1|x y|x=y\"z|~||true\n");
	SAYS(&o, "  a=1\tb=2 \r\n\r\n \t \nb=3 new=4 a=\"5\"",
	    "a:str? b:str?\n1|2\n5|3\n");
	SAYS(&o, "a=\"\\\"\\\\\\n\\t\\u00e9\\q\" b=\\n\nb a=\"\\\\\"\n",
	    "a:str? b:str?\n\"\\\n\t\xc3\xa9\\q|\\n\n\\|true\n");
	SAYS(&o, "a=1 a=2 a=3\nb=1\na=1 a=\n", "a:str?\n3\n~\n~\n");
	SAYS(&o, "b c=0\nc b=0\nb=1\n", "b:str? c:str?\ntrue|0\n0|true\n1|~\n");
	SAYS(&o, "caf\xc3\xa9=1 http.x-y_z=2\n",
	    "caf\xc3\xa9:str? "
	    "http.x-y_z:str?\n1|2\n");
	SAYS(&o,
	    "a_key_that_is_longer_than_sixteen_bytes=1 k=2\n"
	    "a_key_that_is_longer_than_sixteen_bytfs=3 k=4\n",
	    "a_key_that_is_longer_than_sixteen_bytes:str? k:str?\n1|2\n~|4\n");
}

static void
test_bad(void)
{
	struct text_opts o = logfmt(NULL);

	SAYS(&o, "a=1\na=\"x\nb=2 a=\"\\\"\na=\"x\"y\n=5\na=1 b\"c\na=2\n",
	    "a:str?\n"
	    "!2:3 after 1: a quote is not closed [a=\"x]\n"
	    "!3:7 after 1: a quote is not closed [b=2 a=\"\\\"]\n"
	    "!4:6 after 1: text behind a closing quote [a=\"x\"y]\n"
	    "!5:1 after 1: no key before the equals sign [=5]\n"
	    "!6:6 after 1: a quote in a key [a=1 b\"c]\n1\n2\n");
	SAYS(&o, "\"x\"\na=1\n",
	    "a:str?\n!1:1 after 0: a quote in a key [\"x\"]\n1\n");
	SAYS(&o, "=\n", "\n!1:1 after 0: no key before the equals sign [=]\n");
	SAYS(&o, "", "error: it is empty, so its columns are not known\n");
	SAYS(&o, "\n \n", "error: it is empty, so its columns are not known\n");
	o = logfmt("a:int");
	SAYS(&o, "a=1\na=x\na=\"7\"\na=\n",
	    "a:int\n!2:3 after 1: a: x is no int [a=x]\n1\n7\n~\n");
	o = logfmt("a");
	SAYS(&o, "a=\xff\n",
	    "a:str?\n!1:3 after 0: a: not UTF-8, which sbatch --invalid-utf8 "
	    "can pass [a=\xff]\n");
}

static void
test_columns(void)
{
	struct text_opts o = logfmt("n=ms:int,b:bool,when=ts");

	o.time = "when";
	SAYS(&o, "b ms=5 ts=2026-11-23T01:02:03Z\nms=6 b=false\n",
	    "n:int b:bool when:time!\n5|true|2026-11-23T01:02:03Z\n"
	    "6|false|~\n");
	SAYS2(&o, "ms=1\n", "ms=2 b",
	    "n:int b:bool when:time!\n1|~|~\n"
	    "n:int b:bool when:time!\n2|true|~\n");
	SAYS(&o, "", "n:int b:bool when:time!\n");
	o = logfmt("*,b:int");
	SAYS(&o, "a=x b=1 c=y\n", "a:str? c:str? b:int\nx|y|1\n");
	o = logfmt("auto");
	SAYS(&o,
	    "i=1 f=1 b t=\"2026-11-23 10:00\" s=\"7\" z=07\n"
	    "f=2.5 b=false i= s=x n=\"\"\n",
	    "i:int f:float b:bool t:time s:str z:str n:str?\n"
	    "1|1|true|2026-11-23T10:00:00Z|7|07|~\n"
	    "~|2.5|false|~|x|~|\n");
	o = logfmt(NULL);
	o.null_str = "-";
	SAYS(&o, "a=- b=\"-\" c=\n", "a:str? b:str? c:str?\n~|-|\n");
	o.null_str = "";
	SAYS(&o, "a=- b=\"\" c=\n", "a:str? b:str? c:str?\n-||~\n");
	o = logfmt("`a,b`");
	SAYS(&o, "a,b=1\n", "a,b:str?\n1\n");
}

/* Many keys alone share their text; long records pass the blocks. */
static void
test_blocks(void)
{
	struct text_opts o = logfmt("k,v:int");
	struct buf b = {.len = 0}, want = {.len = 0};

	buf_puts(&want, "k:str? v:int\n");
	for (int i = 0; i < 900; i++) {
		buf_puts(&b, "k\n");
		buf_puts(&want, "true|~\n");
	}
	buf_puts(&b, "x=\"");
	for (int i = 0; i < 20000; i++)
		buf_puts(&b, "0123\\\"4567");
	buf_puts(&b, "\" k=\"\\\"\" v=5\n");
	buf_puts(&want, "\"|5\n");
	buf_put(&b, "", 1);
	buf_put(&want, "", 1);
	o.max_field = 1000;
	for (size_t step = 7777; step < b.len * 9; step *= 9) {
		struct story s = {.b = {.len = 0}};
		char *why = NULL;
		struct text *t = text_new(&o, &why);

		story_tell(&s, t, (const char *)b.data, b.len - 1, step);
		story_expect(&s, (const char *)want.data, __LINE__);
		text_free(t);
		buf_release(&s.b);
	}
	buf_release(&b);
	buf_release(&want);
}

int
main(void)
{
	test_pairs();
	test_bad();
	test_columns();
	test_blocks();
	return check_done("logfmt_test");
}
