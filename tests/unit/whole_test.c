/* SPDX-License-Identifier: ISC */
/* The end of the last whole record is where a parse ends. */
#include "text/whole.h"

#include <stdlib.h>
#include <string.h>

#include "story.h"

#define LEN 600000

/* A format, and pieces to make text of. */
struct sample {
	const char *format;
	const char *start; /* --record-start, or NULL */
	const char *head;
	const char *pieces[12]; /* ends with NULL */
	bool exact; /* all whole records are seen */
};

static const struct sample samples[] = {
    {"lines", NULL, "", {"a", "bc\n", "\n", "\r\n"}, true},
    {"tsv", NULL, "a\tb\n", {"a", "\t", "\\", "\n", "x\ty\n"}, true},
    {"csv", NULL, "a,b\n", {"a", ",", "\"", "\n", "\r\n", "\"b\"", "1,2\n"},
	true},
    {"csv", NULL, "a,b\n",
	{"ab,\"c\nd\"\n", "1,2\n", "\"x\"\"\n\",\n", ",\r\n"}, true},
    {"csv", NULL, "a,b\n", {"1,2\n", "3,4\r\n", "long,"}, true},
    {"logfmt", NULL, "a=1\n", {"a=", "1", " ", "b=\"x y\"", "\n"}, true},
    {"lines", "^[0-9]", "", {"1", "a", "\n", "\n2", " x\n"}, true},
    {"regex:(?<a>.*)", "^-", "", {"- 1", "a\n", "\n- 2\n"}, true},
    {"json", NULL, "{\"a\":1}\n",
	{"{\"a\":2}\n", "{\"a\":\"x\"}\n", "{\"b\":[1,2]}\n"}, false},
    {"json", NULL, "{\"a\":1}\n",
	{"{\n\"a\": 2\n}\n", "{\"a\":[{\n},\n3]\n}\n",
	    "{\"b\":1,\n"
	    "\"a\":2}\n"},
	false},
    {"json", NULL, "{\"a\":1}\n", {"{", "}", "\n", "\"a\"", ":", "1", "[", "]"},
	false},
};

static bool
pass_over(void *arg, const struct text_bad *bad)
{
	(void)arg;
	(void)bad;
	return true;
}

static size_t
add_text(char *p, const struct sample *s, size_t len)
{
	size_t at = 0, n = 0, piece;

	while (s->pieces[n] != NULL)
		n++;
	for (;;) {
		const char *text = s->pieces[(size_t)rand() % n];

		piece = strlen(text);
		if (at + piece > len)
			return at;
		memcpy(p + at, text, piece);
		at += piece;
	}
}

/* Bytes that a parse takes. */
static size_t
taken(struct text *t, const char *p, size_t len, bool eof)
{
	struct text_goal goal = {
	    .max_rows = UINT32_MAX, .max_bytes = SIZE_MAX, .bad = pass_over};
	struct build rows;

	build_init(&rows, text_schema(t));
	text_set_line(t, 2);
	CHECK(text_parse(t, &rows, &goal, p, len, eof) == 0);
	text_set_line(t, 2);
	build_release(&rows);
	return goal.used;
}

static void
check_sample(const struct sample *s, char *p, size_t most)
{
	struct text_opts o = story_format(s->format);
	size_t len = add_text(p, s, (size_t)rand() % most), used, end;
	char *why = NULL;
	struct text *t;

	o.record_start = s->start;
	t = text_new(&o, &why);
	text_open(t);
	CHECK(text_header(t, &used, s->head, strlen(s->head), false) == 1);
	CHECK(whole_can(t));
	end = whole_end(t, p, len);
	used = taken(t, p, len, false);
	CHECK(s->exact ? end == used : end <= len);
	used = taken(t, p, end, whole_is_sure(t));
	CHECK(whole_is_sure(t) ? used == end : used <= end);
	text_free(t);
}

static void
refused(void)
{
	static const char *const formats[] = {
	    "raw", "raw:csv", "syslog", "w3c", "frames"};
	char *why = NULL;

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct text_opts o = story_format(formats[i]);
		struct text *t = text_new(&o, &why);

		CHECK(!whole_can(t));
		text_free(t);
	}
}

int
main(void)
{
	char *p = calloc(LEN + WHOLE_PAD, 1);

	for (unsigned seed = 1; seed <= 54; seed++)
		for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]);
		     i++) {
			int failed = check_n_failed;

			srand(seed);
			check_sample(&samples[i], p, seed > 50 ? LEN : 200);
			if (check_n_failed > failed)
				fprintf(
				    stderr, "seed %u, sample %zu\n", seed, i);
		}
	refused();
	free(p);
	return check_done("whole");
}
