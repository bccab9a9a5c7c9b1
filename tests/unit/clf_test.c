/* SPDX-License-Identifier: ISC */
/*
 * Access logs against regular expressions: lines made wrong at random, read
 * whole and in pieces.
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "check.h"
#include "rnd.h"
#include "text/text.h"

#define N_LOGS 300
#define N_LINES 60
#define N_GROUPS 20

#define WORD "([^ ]+)"
#define STRING "\"((\\\\.|[^\"\\\\])*)\""
#define COMMON                                                                 \
	"^" WORD " " WORD " ([^[]+) \\[([^]]+)\\] " STRING " " WORD " " WORD
#define COMMON_LINE COMMON "( .*)?$"
#define LINE COMMON " " STRING " " STRING "( .*)?$"
#define REQUEST "^([A-Za-z_-]+) (.+) ([A-Za-z_-]+/[0-9][^ ]*)$"

#define COLUMNS                                                                \
	"host:str,ident:str,user:str,time:str,request:str,status:str,"         \
	"bytes:str,method,path,protocol"
#define MAX_COLS 12

/* A format: its columns by groups of its line and, from 100 on, of REQUEST. */
struct kind {
	const char *format, *line, *columns;
	size_t n_cols;
	int groups[MAX_COLS];
	regex_t re[2];
};

static struct kind kinds[] = {
    {.format = "combined",
	.line = LINE,
	.columns = COLUMNS ",referer:str,agent:str",
	.n_cols = 12,
	.groups = {1, 2, 3, 4, 5, 7, 8, 101, 102, 103, 9, 11}},
    {.format = "common",
	.line = COMMON_LINE,
	.columns = COLUMNS,
	.n_cols = 10,
	.groups = {1, 2, 3, 4, 5, 7, 8, 101, 102, 103}}};

struct said {
	struct buf rows;
	size_t n_bad;
};

static size_t
below(size_t n)
{
	return (size_t)(rnd() >> 11) % n;
}

/* A cell without the escapes that are taken off; "-" is null. */
static void
put_cell(struct buf *b, const char *s, size_t len)
{
	if (len == 1 && *s == '-') {
		buf_puts(b, "~|");
		return;
	}
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && i + 1 < len
		    && (s[i + 1] == '"' || s[i + 1] == '\\'))
			i++;
		buf_putc(b, s[i]);
	}
	buf_putc(b, '|');
}

static void
put_group(struct buf *b, const char *s, const regmatch_t *m)
{
	if (m->rm_so == -1)
		buf_puts(b, "~|");
	else
		put_cell(b, s + m->rm_so, (size_t)(m->rm_eo - m->rm_so));
}

/* One line, NUL-terminated. */
static void
ref_line(struct said *said, const struct kind *k, const char *line)
{
	regmatch_t m[N_GROUPS], parts[4];
	char *request;
	int none;

	if (*line == '\0')
		return;
	if (regexec(&k->re[0], line, N_GROUPS, m, 0) != 0) {
		said->n_bad++;
		return;
	}
	request =
	    mem_strndup(line + m[5].rm_so, (size_t)(m[5].rm_eo - m[5].rm_so));
	none = regexec(&k->re[1], request, 4, parts, 0);
	for (size_t i = 0; i < k->n_cols; i++) {
		if (k->groups[i] < 100)
			put_group(&said->rows, line, &m[k->groups[i]]);
		else if (none)
			buf_puts(&said->rows, "~|");
		else
			put_group(
			    &said->rows, request, &parts[k->groups[i] - 100]);
	}
	buf_putc(&said->rows, '\n');
	free(request);
}

static void
ref_log(struct said *said, const struct kind *k, const struct buf *log)
{
	const char *p = (const char *)log->data, *end = p + log->len, *nl;

	for (; p < end; p = nl + 1) {
		size_t len;
		char *line;

		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		len = (size_t)(nl - p);
		if (len > 0 && p[len - 1] == '\r')
			len--;
		line = mem_strndup(p, len);
		ref_line(said, k, line);
		free(line);
	}
}

static bool
note_bad(void *arg, const struct text_bad *bad)
{
	struct said *said = arg;

	(void)bad;
	said->n_bad++;
	return true;
}

static void
note_rows(struct said *said, const struct kind *k, const struct build *out)
{
	struct col c[MAX_COLS];

	for (size_t i = 0; i < k->n_cols; i++) {
		colbuf_view(&c[i], &out->cols[i]);
		col_check(&c[i]);
	}
	for (uint32_t r = 0; r < out->n_rows; r++) {
		for (size_t i = 0; i < k->n_cols; i++) {
			size_t len;
			const char *s = col_str(&c[i], r, &len);

			if (!col_is_valid(&c[i], r))
				buf_puts(&said->rows, "~");
			else
				buf_put(&said->rows, s, len);
			buf_putc(&said->rows, '|');
		}
		buf_putc(&said->rows, '\n');
	}
}

static void
parse(
    struct said *said, const struct kind *k, const struct buf *log, size_t step)
{
	struct text_opts o = {.format = k->format,
	    .columns = k->columns,
	    .delim = -1,
	    .max_field = TEXT_MAX_FIELD,
	    .utf8 = TEXT_UTF8_BYTES};
	struct text_goal goal = {.max_rows = 1 + (uint32_t)below(50),
	    .max_bytes = 1 + below(9000),
	    .bad = note_bad,
	    .arg = said};
	char *why;
	struct text *t = text_new(&o, &why);
	size_t at = 0, end = 0;
	struct build out;

	text_open(t);
	build_init(&out, text_schema(t));
	while (at < log->len) {
		char *copy;

		end = end + step > log->len ? log->len : end + step;
		copy = mem_dup(log->data + at, end - at);
		CHECK(
		    text_parse(t, &out, &goal, copy, end - at, end == log->len)
		    == 0);
		free(copy);
		note_rows(said, k, &out);
		build_reset(&out);
		at += goal.used;
	}
	build_release(&out);
	text_free(t);
}

static void
make_log(struct buf *b)
{
	static const char *const lines[] = {
	    "83.149.9.216 - - [17/May/2015:10:05:03 +0000] \"GET /a/b.png "
	    "HTTP/1.1\" 200 203023 \"http://x.com/\" \"Mozilla/5.0 (X) [y]\"",
	    "10.0.0.1 - al [9/Oct/2025:09:00:00 +0000] \"GET / HTTP/1.1\" 200 "
	    "1 "
	    "\"-\" \"curl/8\"",
	    "10.0.0.1 - - [09/Oct/2025:09:00:00 +0000] \"GET /x HTTP/1.1\" 200 "
	    "1370",
	    "h - bob the user [17/May/2015:10:05:03 +0000] \"POST /a b\\\"c "
	    "HTTP/2\" 404 - \"-\" \"a\\\\\" 12 \"x\" y",
	    "::1 i u [t] \"\\x16\\x03 / \\\\ A/1\" - - \"\" \"-\"",
	    "- - - [z] \"-\" 1 2 \"r\" \"s\"",
	    "h i u [t] \"GET  A/1\" 1 2 \"r\" \"s\"", ""};
	static const char junk[] = "\"\\ []-/A1\r\xff";

	buf_reset(b);
	for (size_t i = 0; i < N_LINES; i++) {
		const char *s = lines[below(sizeof(lines) / sizeof(*lines))];
		size_t from = b->len, len = strlen(s);

		buf_put(b, s, len);
		for (size_t k = below(3); len > 0 && k > 0; k--)
			b->data[from + below(len)] =
			    (uint8_t)junk[below(sizeof(junk) - 1)];
		if (len > 0 && below(10) == 0)
			b->len = from + below(len);
		buf_puts(b, below(10) == 0 ? "\r\n" : "\n");
	}
	b->len -= below(2);
}

static bool
same(const struct said *a, const struct said *b)
{
	return a->n_bad == b->n_bad && a->rows.len == b->rows.len
	       && memcmp(a->rows.data, b->rows.data, a->rows.len) == 0;
}

/* How many bytes of rows there were, and how many bad lines. */
static void
compare(size_t n[2], const struct kind *k, const struct buf *log)
{
	struct said want = {.n_bad = 0};

	ref_log(&want, k, log);
	for (size_t step = 1; step < 100000; step = step * 9 + 3) {
		struct said got = {.n_bad = 0};

		parse(&got, k, log, step);
		CHECK(same(&want, &got));
		if (!same(&want, &got))
			fprintf(stderr,
			    "%s: %.*s\nwant %zu bad\n%.*sgot %zu bad\n%.*s",
			    k->format, (int)log->len, log->data, want.n_bad,
			    (int)want.rows.len, want.rows.data, got.n_bad,
			    (int)got.rows.len, got.rows.data);
		buf_release(&got.rows);
	}
	n[0] += want.rows.len;
	n[1] += want.n_bad;
	buf_release(&want.rows);
}

int
main(void)
{
	struct buf log = {.len = 0};

	for (struct kind *k = kinds; k < kinds + 2; k++) {
		size_t n[2] = {0, 0};

		CHECK(regcomp(&k->re[0], k->line, REG_EXTENDED) == 0);
		CHECK(regcomp(&k->re[1], REQUEST, REG_EXTENDED) == 0);
		for (size_t i = 0; i < N_LOGS && check_n_failed == 0; i++) {
			make_log(&log);
			compare(n, k, &log);
		}
		CHECK(n[0] > 0 && n[1] > N_LOGS);
		regfree(&k->re[0]);
		regfree(&k->re[1]);
	}
	buf_release(&log);
	return check_done("clf_test");
}
