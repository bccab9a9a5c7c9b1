/* SPDX-License-Identifier: ISC */
/*
 * Formats of logs on lines made wrong at random: a text means the same whole
 * and in pieces, and what grok knows by name takes what it should.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "rnd.h"
#include "story.h"
#include "text/grokpat.h"

#define N_TEXTS 60
#define N_LINES 40

static size_t
below(size_t n)
{
	return (size_t)(rnd() >> 11) % n;
}

struct sample {
	const char *format;
	const char *start; /* --record-start, or NULL */
	const char *columns;
	const char *head; /* of the text */
	const char *lines[9];
};

static const struct sample samples[] = {
    {"syslog", NULL, "*,procid", "",
	{"<34>Oct 11 22:14:15 host su[71]: failed", "Dec 31 23:59:59 h a: b",
	    "Jan  1 00:00:00.5 h a: b", "Jan 2 2003 00:00:00: %A-1: x",
	    "<165>1 2003-10-11T22:14:15.003Z h app 12 ID [a@1 b=\"c\\\"]\"] m",
	    "<1>1 - - - - - [x][y z=\"\x01\"]",
	    "2026-11-23T14:05:06Z h s[7]: x", "Feb 29 10:00:00 cron[1]: y",
	    "1 - - - - - - \xef\xbb\xbfz"}},
    {"syslog", "^<", "time,message,sd", "",
	{"<34>Oct 11 22:14:15 host su[71]: failed", "  at a()", "", "\tat b()",
	    "<165>1 - - - - - [a b=\"c\"] m", "x"}},
    {"nginx:$a - $b [$time_local] \"$request\" $status x=$request_time \"$r\"",
	NULL, "*,request", "",
	{"1.2.3.4 - - [23/Nov/2026:10:00:00 +0100] \"GET /a HTTP/1.1\" 200 "
	 "x=0.5 \"-\"",
	    "::1 - a b [23/Nov/2026:10:00:00 +0100] \"\\x16\" 400 x=- \"\\\"\"",
	    "- - - [-] \"-\" - x=- \"\"", "", "junk"}},
    {"apache:%h %t \"%r\" %>s %b \\\"%{User-Agent}i\\\" %D", NULL, "*,request",
	"",
	{"h [23/Nov/2026:10:00:00 +0100] \"GET /a\\\" b HTTP/1\" 200 - \"x\" 1",
	    "h [-] \"\" - - \"-\" -", "h [x] \"y\" 1 2 \"z\" 3"}},
    {"combined", "^[0-9:.]+ - ", "*", "",
	{"1.2.3.4 - - [23/Nov/2026:10:00:00 +0100] \"GET /a HTTP/1.1\" 200 1 "
	 "\"-\" \"-\"",
	    "more", "", "and \"more\""}},
    {"regex:^(?<a>\\w+)(?: (?<b>\\d+))?(?: (?<c>.*))?$", NULL, "*,b:int", "",
	{"get 12 rest of it", "put", "12 13", "x y z", "",
	    "caf\xc3\xa9 7 \xff"}},
    {"grok:^%{IPORHOST:host} %{NUMBER:n:float} %{QS:q}", NULL, NULL, "",
	{"10.0.0.1 1.5 \"a\\\"b\" x", "h -7 'x'", "::1 .5 \"\"", "? 1 \"\""}},
    {"w3c", NULL, NULL, "#Fields: date time c-ip x-y sc-status\n",
	{"2026-11-23 10:00:00 1.2.3.4 \"a \"\"b\"\"\" 200", "#Fields: time a b",
	    "10:00:00 c d", "#Date: 2026-11-23", "#Fields: a time date c-ip",
	    "x 10:00:01 2026-11-24 -", "#Fields: date time c-ip x-y sc-status",
	    "2026-11-23 10:00:00 - - -", "# a remark"}},
    {"raw", NULL, NULL, "", {"a", "", "b \"", "c", "d\"e", "ffff"}},
    {"raw:csv", NULL, NULL, "", {"a,b", "\"x,", "y\"", "\"\"", "c", "d"}},
    {"lines", "^[a-z]", NULL, "", {"abc", "  x", "", "def", "Y"}},
};

static void
make_text(struct buf *b, const struct sample *s)
{
	static const char junk[] = "\"\\ []-<>:#=1\r\t\xff";
	size_t n = 0;

	while (n < sizeof(s->lines) / sizeof(*s->lines) && s->lines[n] != NULL)
		n++;
	buf_reset(b);
	buf_puts(b, s->head);
	for (size_t i = 0; i < N_LINES; i++) {
		const char *line = s->lines[below(n)];
		size_t from = b->len, len = strlen(line);

		buf_put(b, line, len);
		for (size_t k = below(3); len > 0 && k > 1; k--)
			b->data[from + below(len)] =
			    (uint8_t)junk[below(sizeof(junk) - 1)];
		if (len > 0 && below(12) == 0)
			b->len = from + below(len);
		buf_puts(b, below(8) == 0 ? "\r\n" : "\n");
	}
	b->len -= below(2);
}

/* The story without how many rows stood before a bad record. */
static void
tell(struct buf *out, const struct sample *sample, const struct buf *text,
    size_t step)
{
	struct text_opts o = story_format(sample->format);
	struct story s = {.b = {.len = 0}};
	const char *p, *end, *cut;
	char *why = NULL;
	struct text *t;

	o.year = 2020;
	o.columns = sample->columns;
	o.record_start = sample->start;
	t = text_new(&o, &why);
	CHECK(t != NULL);
	if (t == NULL) {
		fprintf(stderr, "%s\n", why);
		free(why);
		return;
	}
	story_tell(&s, t, (const char *)text->data, text->len, step);
	buf_putc(&s.b, '\0');
	end = (const char *)s.b.data + s.b.len - 1;
	for (p = (const char *)s.b.data; p < end; p = cut) {
		cut = strstr(p, " after ");
		if (cut == NULL)
			cut = end;
		buf_put(out, p, (size_t)(cut - p));
		if (cut < end)
			cut += strcspn(cut, ":");
	}
	text_free(t);
	buf_release(&s.b);
}

static void
test_pieces(void)
{
	static const size_t steps[] = {1, 3, 17, 400};
	struct buf text = {.len = 0};

	for (size_t k = 0; k < sizeof(samples) / sizeof(*samples); k++) {
		bool good = true;

		for (size_t i = 0; i < N_TEXTS && good; i++) {
			struct buf want = {.len = 0}, got = {.len = 0};

			make_text(&text, &samples[k]);
			tell(&want, &samples[k], &text, SIZE_MAX / 2);
			tell(&got, &samples[k], &text, steps[i % 4]);
			good = want.len == got.len
			       && memcmp(want.data, got.data, got.len) == 0;
			if (!good)
				fprintf(stderr,
				    "%s\n%.*s\nwant %.*s\ngot %.*s\n",
				    samples[k].format, (int)text.len, text.data,
				    (int)want.len, want.data, (int)got.len,
				    got.data);
			buf_release(&want);
			buf_release(&got);
		}
		CHECK(good);
	}
	buf_release(&text);
}

/* A text that the whole of a pattern takes, and one that it does not. */
struct example {
	const char *name;
	const char *yes;
	const char *no;
};

static const struct example examples[] = {{"INT", "-12", "1.5"},
    {"NONNEGINT", "0", "-1"}, {"POSINT", "10", "0"},
    {"BASE10NUM", "-.5", "1e3"}, {"NUMBER", "1.5e-3", "1.5e"},
    {"BASE16NUM", "0xFf", "0xg"}, {"BASE16FLOAT", "1.aF", "1."},
    {"WORD", "a_1", "a-1"}, {"NOTSPACE", "a-1!", "a b"}, {"SPACE", " \t", "x"},
    {"DATA", "any thing", NULL}, {"GREEDYDATA", "", NULL},
    {"QUOTEDSTRING", "\"a \\\" b\"", "\"a"}, {"QS", "'x'", "x"},
    {"UUID", "01234567-89ab-cdef-0123-456789abcdef", "0123"},
    {"LOGLEVEL", "Warning", "warned"}, {"USERNAME", "ann.b-c_d", "a b"},
    {"USER", "ann", "a@b"}, {"EMAILLOCALPART", "a+b", "a@b"},
    {"EMAILADDRESS", "a.b+c@example.org", "a@"}, {"HTTPDUSER", "a@b.c", "a b"},
    {"IPV4", "255.10.0.1", "256.1.1.1"}, {"IPV6", "2001:db8::1%eth0", "1::2::"},
    {"IP", "::ffff:1.2.3.4", "1.2.3"}, {"HOSTNAME", "a-b.example.org", "-a"},
    {"HOST", "localhost", ".a"}, {"IPORHOST", "fe80::1", "a b"},
    {"HOSTPORT", "a.b:80", "a.b"}, {"MAC", "00:1B:44:11:3a:b7", "00:1B"},
    {"COMMONMAC", "00-1b-44-11-3a-b7", "001b.4411.3ab7"},
    {"CISCOMAC", "001b.4411.3ab7", "00:1b:44:11:3a:b7"},
    {"UNIXPATH", "/usr/lib/", "usr"}, {"WINPATH", "C:\\a\\b.txt", "C:/"},
    {"PATH", "\\\\host\\share", "x"}, {"TTY", "/dev/pts/3", "tty1"},
    {"URIPROTO", "git+ssh", "1a"}, {"URIHOST", "a.b:8080", "a:0b"},
    {"URIPATH", "/a/b", "/a?b"}, {"URIQUERY", "a=1&b", "a#"},
    {"URIPARAM", "?a=1", "a"}, {"URIPATHPARAM", "/a?b=c", "?b"},
    {"URI", "https://u:p@[::1]/a?b", "http//a"}, {"MONTH", "September", "Foo"},
    {"MONTHNUM", "12", "13"}, {"MONTHNUM2", "01", "1"},
    {"MONTHDAY", "31", "32"}, {"DAY", "Tue", "Tues"}, {"YEAR", "2026", "202"},
    {"HOUR", "23", "24"}, {"MINUTE", "59", "60"}, {"SECOND", "60.25", "61"},
    {"TIME", "23:59:60", "24:00:00"}, {"TZ", "CEST", "Z"},
    {"DATE_US", "11/23/2026", "23/11/2026"},
    {"DATE_EU", "23.11.2026", "11.23.2026"}, {"DATE", "23-11-26", "2026"},
    {"DATESTAMP", "11/23/2026 10:00:00", "11/23/2026"},
    {"ISO8601_TIMEZONE", "+05:30", "05:30"}, {"ISO8601_SECOND", "59,5", "x"},
    {"TIMESTAMP_ISO8601", "2026-11-23T10:00:00.5Z", "10:00"},
    {"DATESTAMP_RFC822", "Mon Nov 23 2026 10:00:00 UTC", "Mon"},
    {"DATESTAMP_RFC2822", "Mon, 23 Nov 2026 10:00:00 +0000", "Mon"},
    {"DATESTAMP_OTHER", "Mon Nov 23 10:00:00 UTC 2026", "Mon"},
    {"DATESTAMP_EVENTLOG", "20261123100000", "2026112310000"},
    {"HTTPDATE", "23/Nov/2026:10:00:00 +0100", "23/11/2026:10:00:00 +0100"},
    {"SYSLOGTIMESTAMP", "Nov  3 10:00:00", "3 Nov 10:00:00"},
    {"SYSLOGHOST", "10.0.0.1", "a b"}, {"SYSLOGFACILITY", "<1.2>", "<1>"},
    {"PROG", "postfix/smtpd", "a["}, {"SYSLOGPROG", "sshd[12]", "sshd[]"},
    {"SYSLOGBASE", "Nov  3 10:00:00 h sshd[12]:", "Nov  3 h sshd:"},
    {"SYSLOGLINE", "Nov  3 10:00:00 h sshd[12]: hi there", "hi"},
    {"COMMONAPACHELOG",
	"h - - [23/Nov/2026:10:00:00 +0100] \"GET / HTTP/1.1\" 200 -", "h"},
    {"COMBINEDAPACHELOG",
	"h - u [23/Nov/2026:10:00:00 +0100] \"x\" 200 1 \"-\" \"curl\"", "h"}};

/* Whether grok takes all of the text. */
static bool
takes(const char *name, const char *text)
{
	char *format = mem_printf("grok:^(?<all>%%{%s})$", name), *why = NULL;
	struct text_opts o = story_format(format);
	struct text *t = text_new(&o, &why);
	struct story s = {.b = {.len = 0}};
	char *line = mem_printf("%s\n", text);

	CHECK(t != NULL);
	if (t == NULL)
		fprintf(stderr, "%s: %s\n", name, why);
	else
		story_tell(&s, t, line, strlen(line), SIZE_MAX / 2);
	text_free(t);
	free(format);
	free(line);
	free(why);
	buf_release(&s.b);
	/* An empty line is no record. */
	return s.n_bad == 0 && (s.n_rows == 1 || *text == '\0');
}

static void
test_grok(void)
{
	const size_t n = sizeof(examples) / sizeof(*examples);
	size_t i;

	for (i = 0; grokpat_at(i) != NULL; i++) {
		size_t k = 0;

		while (
		    k < n && strcmp(examples[k].name, grokpat_at(i)->name) != 0)
			k++;
		CHECK(k < n);
		if (k == n)
			fprintf(
			    stderr, "%s: no example\n", grokpat_at(i)->name);
	}
	CHECK(i == n);
	for (i = 0; i < n; i++) {
		const struct example *e = &examples[i];
		bool good = takes(e->name, e->yes)
			    && (e->no == NULL || !takes(e->name, e->no));

		CHECK(good);
		if (!good)
			fprintf(stderr, "%s: %s, %s\n", e->name, e->yes,
			    e->no == NULL ? "" : e->no);
	}
}

static void
random_address(char *s)
{
	static const char *const pieces[] = {
	    ":", "::", "1", "ab", "fff0", "12345", "1.2.3.4", ":", "0"};
	size_t n = 1 + below(14);

	*s = '\0';
	for (size_t i = 0; i < n; i++)
		strcat(s, pieces[below(sizeof(pieces) / sizeof(*pieces))]);
}

/* The pattern of IPv6 against the C library. */
static void
test_ipv6(void)
{
	const struct grokpat *pat = grokpat_find("IPV6", 4);
	char *re = mem_printf("^(?:%s)$", pat->re), why[100], s[200];
	size_t at, n_yes = 0, n_wrong = 0;
	struct pattern *p = pattern_new(re, strlen(re), why, sizeof(why), &at);
	struct pattern_span span;
	struct in6_addr addr;

	CHECK(p != NULL);
	for (int i = 0; i < 200000 && p != NULL; i++) {
		bool want, got;

		random_address(s);
		want = inet_pton(AF_INET6, s, &addr) == 1;
		got = pattern_match(p, &span, 1, s, strlen(s), 0) == 1;
		n_yes += want;
		if (want != got && n_wrong++ < 5)
			fprintf(stderr, "%s: %d\n", s, got);
	}
	CHECK(n_wrong == 0 && n_yes > 1000);
	pattern_free(p);
	free(re);
}

int
main(void)
{
	test_pieces();
	test_grok();
	test_ipv6();
	return check_done("logs");
}
