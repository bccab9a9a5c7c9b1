/* SPDX-License-Identifier: ISC */
/*
 * Seeded test data, the same bytes everywhere: the demo's and tests' input.
 *
 * usage: gen log ROWS [SEED] [--start EPOCH] [--bad N] [--rate ROWS/s]
 *        gen csv ROWS [SEED] [--start EPOCH] [--rate ROWS/s]
 *        gen json ROWS [SEED] [--start EPOCH] [--rate ROWS/s]
 *        gen words|stations|users ROWS [SEED]
 *
 * log: an access log in the combined format.  One line in ten is up to 30 s
 * out of order, one in 500 is a scanner's garbage request, which is a valid
 * line.  --bad puts N malformed lines between the ROWS good ones.
 * csv: ts_ms,user,item,category,price,qty, up to 2 s out of order.
 * json: events of a shop, one object a line.
 * words: lines of 6 to 15 words out of 200,000, few of them frequent.
 * stations: station;temperature with one decimal, of 413 stations.
 * users: user,country,segment of the users of csv; ROWS of them.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LOG_DISORDER_S 30
#define CSV_DISORDER_MS 2000

struct gen {
	uint64_t state;
	uint64_t rows;
	uint64_t seed;
	int64_t start; /* seconds since 1970 */
	uint64_t rate; /* rows in a second of the data's clock */
	uint64_t bad;
};

/*
 * A counter passed through a bijection that mixes its bits well.  Callers
 * draw one number an expression: C leaves the order within one open.
 */
static uint64_t
next(struct gen *g)
{
	uint64_t x = g->state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
	return x ^ x >> 32;
}

static uint64_t
below(struct gen *g, uint64_t n)
{
	return next(g) % n;
}

/* Small numbers are frequent, as hosts and pages are in real life. */
static uint64_t
skewed(struct gen *g, uint64_t n)
{
	uint64_t a = below(g, n), b = below(g, n);

	return a * b / n;
}

static const char *
pick(struct gen *g, const char *const *v, size_t n)
{
	return v[skewed(g, n)];
}

static int
is_leap(int64_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

/* 09/Oct/2025:09:00:00 +0000 */
static void
put_clf_time(int64_t t)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static const int lengths[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t day = t / 86400, s = t % 86400, year = 1970;
	int month = 0;

	for (; day >= 365 + is_leap(year); year++)
		day -= 365 + is_leap(year);
	for (;; month++) {
		int n = lengths[month] + (month == 1 && is_leap(year));

		if (day < n)
			break;
		day -= n;
	}
	printf("%02" PRId64 "/%.3s/%" PRId64 ":%02" PRId64 ":%02" PRId64
	       ":%02" PRId64 " +0000",
	    day + 1, names + (size_t)month * 3, year, s / 3600, s / 60 % 60,
	    s % 60);
}

/* Addresses that are set aside for documentation. */
static void
put_host(struct gen *g)
{
	static const char *const nets[] = {
	    "203.0.113", "198.51.100", "192.0.2"};
	uint64_t host = skewed(g, 900);

	if (host < 750)
		printf("%s.%" PRIu64, nets[host / 250], host % 250 + 1);
	else
		printf("2001:db8::%" PRIx64, host);
}

static void
put_path(struct gen *g)
{
	static const char *const pages[] = {"/", "/index.html", "/style.css",
	    "/app.js", "/favicon.ico", "/images/logo.png", "/robots.txt",
	    "/about", "/feed.xml", "/login", "/search?q=streams",
	    "/images/banner.jpg", "/contact", "/downloads/millrace.tar.gz"};
	uint64_t kind = below(g, 10);

	if (kind < 5)
		fputs(pick(g, pages, COUNT(pages)), stdout);
	else if (kind < 8)
		printf("/articles/%" PRIu64, skewed(g, 400) + 1);
	else
		printf("/shop/item/%05" PRIu64 "?ref=mail", skewed(g, 5000));
}

static int
status(struct gen *g)
{
	static const struct {
		unsigned per_1000;
		int status;
	} mix[] = {{840, 200}, {60, 304}, {45, 404}, {20, 301}, {10, 206},
	    {8, 403}, {8, 500}, {5, 503}, {4, 302}};
	uint64_t at = below(g, 1000);
	size_t i = 0;

	for (; at >= mix[i].per_1000; i++)
		at -= mix[i].per_1000;
	return mix[i].status;
}

static void
put_bytes(struct gen *g, int code)
{
	uint64_t size = 200 + below(g, 8000);

	if (code == 304) {
		fputs("-", stdout);
		return;
	}
	if (code >= 300)
		size = 150 + below(g, 400);
	else if (below(g, 20) == 0)
		size += skewed(g, 40) * 40000;
	printf("%" PRIu64, size);
}

static void
put_request(struct gen *g)
{
	static const char *const garbage[] = {"\\x16\\x03\\x01\\x02", "-",
	    "\\x00", "HELP", "SSH-2.0-Go", "GET / HTTP/1.1\\\" OR 1=1"};
	uint64_t kind;
	int code;

	if (below(g, 500) == 0) {
		printf("\"%s\" 400 226", garbage[below(g, COUNT(garbage))]);
		return;
	}
	kind = below(g, 100);
	printf("\"%s ", kind < 92 ? "GET" : kind < 98 ? "POST" : "HEAD");
	put_path(g);
	code = status(g);
	printf(" HTTP/1.1\" %d ", code);
	put_bytes(g, code);
}

static void
put_log_line(struct gen *g, int64_t t)
{
	static const char *const referrers[] = {"-", "https://example.org/",
	    "https://search.example.com/?q=millrace",
	    "https://news.example.net/today"};
	static const char *const agents[] = {
	    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
	    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
	    "curl/8.9.1", "Mozilla/5.0 (compatible; ExampleBot/2.1)", "-"};

	put_host(g);
	printf(" - %s [", below(g, 50) == 0 ? "alice" : "-");
	put_clf_time(t);
	fputs("] ", stdout);
	put_request(g);
	printf(" \"%s\"", pick(g, referrers, COUNT(referrers)));
	printf(" \"%s\"\n", pick(g, agents, COUNT(agents)));
}

static void
put_bad_line(uint64_t n)
{
	static const char *const lines[] = {
	    "203.0.113.7 - - [09/Oct/2025:09:00:00 +0000] \"GET / HTTP/1.1",
	    "kernel: oom-killer invoked",
	    "203.0.113.7 - - [09/Oct/2025 09:00] \"GET /\" 200 1 \"-\" "
	    "\"-\"",
	    "203.0.113.7 - - [09/Oct/2025:09:00:00 +0000] \"GET / "
	    "HTTP/1.1\" abc 12 \"-\" \"-\""};

	puts(lines[n % COUNT(lines)]);
}

static void
put_log(struct gen *g)
{
	uint64_t n_bad = 0;

	for (uint64_t i = 0; i < g->rows; i++) {
		int64_t t = g->start + (int64_t)(i / g->rate);

		/* The first line is the earliest. */
		if (below(g, 10) == 0)
			t -= (int64_t)below(g, LOG_DISORDER_S + 1);
		put_log_line(g, t < g->start ? g->start : t);
		while (
		    n_bad < g->bad && n_bad < (i + 1) * (g->bad + 1) / g->rows)
			put_bad_line(n_bad++);
	}
}

static void
put_csv(struct gen *g)
{
	puts("ts_ms,user,item,category,price,qty");
	for (uint64_t i = 0; i < g->rows; i++) {
		int64_t ms = (int64_t)(i * 1000 / g->rate);
		uint64_t user = skewed(g, 100000), item = skewed(g, 20000);
		uint64_t price = below(g, 70000), qty = skewed(g, 9) + 1;

		if (below(g, 10) == 0)
			ms -= (int64_t)below(g, CSV_DISORDER_MS + 1);
		ms = ms < 0 ? 0 : ms;
		printf("%" PRId64 ",u%06" PRIu64 ",i%05" PRIu64 ",cat%03" PRIu64
		       ",%" PRIu64 ".%02" PRIu64 ",%" PRIu64 "\n",
		    g->start * 1000 + ms, user, item, item % 200, price / 100,
		    price % 100, qty);
	}
}

static const char *const countries[] = {"US", "IN", "BR", "DE", "JP", "GB",
    "FR", "NG", "MX", "ID", "TR", "VN", "IT", "ES", "KR", "CA", "PL", "AR",
    "ZA", "EG"};

static void
put_users(struct gen *g)
{
	static const char *const segments[] = {
	    "free", "basic", "pro", "team", "enterprise"};

	puts("user,country,segment");
	for (uint64_t i = 0; i < g->rows; i++) {
		const char *country = countries[below(g, COUNT(countries))];

		printf("u%06" PRIu64 ",%s,%s\n", i, country,
		    segments[below(g, COUNT(segments))]);
	}
}

static void
put_json(struct gen *g)
{
	static const char *const events[] = {"view", "view", "view", "view",
	    "click", "click", "cart", "purchase", "error", "login"};

	for (uint64_t i = 0; i < g->rows; i++) {
		uint64_t cents = below(g, 50000), geo = below(g, 20);

		printf("{\"ts\":%" PRId64 ",\"user\":\"u%06" PRIu64 "\"",
		    g->start * 1000 + (int64_t)(i * 1000 / g->rate),
		    skewed(g, 100000));
		printf(",\"event\":\"%s\"", events[below(g, COUNT(events))]);
		printf(",\"url\":\"/p/%" PRIu64 "%s\"", skewed(g, 20000),
		    below(g, 16) == 0 ? "?q=\\\"caf\\u00e9\\\"" : "");
		printf(",\"ms\":%" PRIu64 ",\"price\":%" PRIu64 ".%02" PRIu64,
		    below(g, 900) + 1, cents / 100, cents % 100);
		printf(",\"tags\":[\"t%" PRIu64 "\",\"x\"]", below(g, 40));
		printf(",\"geo\":{\"country\":\"%s\",\"lat\":%" PRIu64 "}",
		    countries[geo], below(g, 90));
		printf(",\"ok\":%s}\n", below(g, 50) > 0 ? "true" : "false");
	}
}

/* Each number has syllables of its own; small ones are short. */
static void
put_word(uint64_t n)
{
	static const char consonants[] = "bcdfghjklmnprstvwz";
	static const char vowels[] = "aeiou";

	for (uint64_t more = 1; more > 0; n = more - 1) {
		putchar(consonants[n % 18]);
		putchar(vowels[n / 18 % 5]);
		more = n / 90;
	}
}

static void
put_words(struct gen *g)
{
	for (uint64_t i = 0; i < g->rows; i++) {
		for (uint64_t left = 6 + below(g, 10); left > 0; left--) {
			put_word(skewed(g, skewed(g, 200000) + 1));
			putchar(left > 1 ? ' ' : '\n');
		}
	}
}

static void
put_stations(struct gen *g)
{
	static const char *const starts[] = {"Alta", "Bel", "Cor", "Dar", "El",
	    "Fort", "Gran", "Hohen", "Isla", "Jar", "Kal", "Lima", "Monte",
	    "Nova", "Ost", "Puerto", "Quel", "Rio", "San", "Tor"};
	static const char *const ends[] = {"burg", "dale", "ford", "grad",
	    "ham", "istan", "kirk", "lund", "mouth", "nes", "opol", "port",
	    "quay", "ridge", "stad", "ton", "ur", "ville", "wick", "yar",
	    " City"};

	for (uint64_t i = 0; i < g->rows; i++) {
		uint64_t k = below(g, 413);
		int mean = (int)(k * 97 % 500) - 150;
		int tenths = mean + (int)below(g, 200);

		tenths += (int)below(g, 200) - 200;
		printf("%s%s;%s%d.%d\n", starts[k % COUNT(starts)],
		    ends[k / COUNT(starts)], tenths < 0 ? "-" : "",
		    abs(tenths) / 10, abs(tenths) % 10);
	}
}

static const struct kind {
	const char *name;
	void (*put)(struct gen *g);
	uint64_t rate; /* unless --rate says another */
} kinds[] = {{"log", put_log, 10}, {"csv", put_csv, 1000},
    {"json", put_json, 1000}, {"words", put_words, 1},
    {"stations", put_stations, 1}, {"users", put_users, 1}};

static const struct kind *
find_kind(const char *name)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static uint64_t
number(const char *what, const char *s)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno != 0 || *s < '0' || *s > '9' || *end != '\0'
	    || v > INT64_MAX / 100000)
		errx(64, "%s: %s is no number", what, s);
	return v;
}

static void
read_options(struct gen *g, int argc, char *argv[])
{
	for (int i = 3; i < argc; i++) {
		const char *arg = argv[i];

		if (arg[0] != '-') {
			g->seed = number("SEED", arg);
			continue;
		}
		if (i + 1 == argc)
			errx(64, "%s needs an argument", arg);
		i++;
		if (strcmp(arg, "--start") == 0)
			g->start = (int64_t)number(arg, argv[i]);
		else if (strcmp(arg, "--bad") == 0)
			g->bad = number(arg, argv[i]);
		else if (strcmp(arg, "--rate") == 0)
			g->rate = number(arg, argv[i]);
		else
			errx(64, "no option %s", arg);
	}
	if (g->rate == 0)
		errx(64, "--rate: 0 rows a second");
}

int
main(int argc, char *argv[])
{
	struct gen g = {.start = 1760000400, .seed = 1};
	const struct kind *kind = argc < 3 ? NULL : find_kind(argv[1]);

	if (kind == NULL)
		errx(64, "usage: gen log|csv|json|words|stations|users ROWS "
			 "[SEED] [--start EPOCH] [--rate ROWS/s] [--bad N]");
	g.rows = number("ROWS", argv[2]);
	g.rate = kind->rate;
	read_options(&g, argc, argv);
	g.state = g.seed * 0x9e3779b97f4a7c15u;
	kind->put(&g);
	if (fflush(stdout) == EOF)
		err(74, "standard output");
	return 0;
}
