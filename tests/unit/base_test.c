/* SPDX-License-Identifier: ISC */
/* Numbers, times, checksums, maps, buffers: against libc and by laws. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crc.h"
#include "base/digits.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/quote.h"
#include "base/sha256.h"
#include "base/time.h"
#include "base/utf8.h"
#include "base/xxh64.h"
#include "check.h"

static uint64_t state = 1;

static uint64_t
rnd(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return state ^ state >> 29;
}

static const char *
float_text(double v)
{
	static char text[NUM_TEXT_MAX];

	text[num_format_float(text, v)] = '\0';
	return text;
}

/* Significant digits in a text. */
static int
n_digits(const char *s)
{
	int n = 0, zeros = 0;

	for (; *s != '\0' && *s != 'e'; s++) {
		if (*s < '0' || *s > '9' || (n == 0 && *s == '0'))
			continue;
		n++;
		zeros = *s == '0' ? zeros + 1 : 0;
	}
	return n - zeros;
}

static void
test_float_text(void)
{
	static const double scales[] = {1, 10, 100, 1000, 1e6};
	char want[40];
	double v, back;
	uint64_t bits;

	CHECK(strcmp(float_text(12), "12") == 0);
	CHECK(strcmp(float_text(0.1), "0.1") == 0);
	CHECK(strcmp(float_text(-0.0), "-0") == 0);
	CHECK(strcmp(float_text(1e22), "1e+22") == 0);
	CHECK(strcmp(float_text(1e-7), "1e-07") == 0);
	CHECK(strcmp(float_text(1e20), "100000000000000000000") == 0);
	CHECK(strcmp(float_text(5e-324), "5e-324") == 0);
	CHECK(strcmp(float_text(0.1 + 0.2), "0.30000000000000004") == 0);
	CHECK(strcmp(float_text(NAN), "nan") == 0);
	CHECK(strcmp(float_text(-INFINITY), "-inf") == 0);
	for (int i = 0; i < 300000; i++) {
		bits = rnd();
		memcpy(&v, &bits, sizeof(v));
		if (i % 2 == 0)
			v = (double)(int64_t)(bits >> 22) / scales[bits % 5];
		if (isnan(v))
			continue;
		if (num_parse_float(&back, float_text(v), strlen(float_text(v)))
			== -1
		    || back != v)
			FAIL("a float reads back as another");
		if (i % 50 > 0 || isinf(v) || v == 0)
			continue;
		for (int p = 0; p < 17; p++) {
			snprintf(want, sizeof(want), "%.*e", p, v);
			if (strtod(want, NULL) == v)
				break;
		}
		if (n_digits(float_text(v)) > n_digits(want))
			FAIL("a float's text is not the shortest");
	}
}

/* What printf and strtod find, for the doubles at powers of two, too. */
static void
test_digits(void)
{
	static const uint64_t edges[] = {0, 1, (UINT64_C(1) << 52) - 1};
	char want[40], got[40];
	uint64_t bits, d;
	unsigned scale;
	double v;

	for (int i = 0; i < 40000; i++) {
		bits = i % 4 < 3 ? edges[i % 4] : rnd() >> 12;
		bits |= (1016 + rnd() % 57) << 52;
		memcpy(&v, &bits, sizeof(v));
		if (v < DIGITS_MIN || v >= DIGITS_END)
			continue;
		for (int p = 14; p < 17; p++) {
			snprintf(want, sizeof(want), "%.*e", p, v);
			if (strtod(want, NULL) == v)
				break;
		}
		digits_find(&d, &scale, v);
		snprintf(got, sizeof(got), "%" PRIu64 "e-%u", d, scale);
		CHECK(strtod(got, NULL) == v);
		snprintf(got, sizeof(got), "%" PRIu64, d);
		if (scale > 0 && n_digits(want) != n_digits(got))
			FAIL("the digits are not the shortest");
		for (size_t k = 0, n = 0; got[k] != '\0'; n++) {
			if (want[n] == '.')
				continue;
			if (want[n] != got[k++])
				FAIL("the digits are not the nearest");
		}
	}
}

static void
test_numbers(void)
{
	int64_t n = 5;
	uint64_t size;
	double v;
	char out[NUM_TEXT_MAX];

	CHECK(num_parse_int(&n, "-9223372036854775808", 20) == 0
	      && n == INT64_MIN);
	CHECK(num_parse_int(&n, "9223372036854775808", 19) == -1
	      && n == INT64_MIN);
	CHECK(num_parse_int(&n, "", 0) == -1);
	CHECK(num_parse_int(&n, "-", 1) == -1);
	CHECK(num_parse_int(&n, "1 ", 2) == -1);
	CHECK(num_format_int(out, INT64_MIN) == 20
	      && memcmp(out, "-9223372036854775808", 20) == 0);
	CHECK(num_parse_float(&v, "0x10", 4) == -1);
	CHECK(num_parse_float(&v, "1e", 2) == -1);
	CHECK(num_parse_float(&v, ".", 1) == -1);
	CHECK(num_parse_float(&v, ".5", 2) == 0 && v == 0.5);
	CHECK(num_parse_float(&v, "-Infinity", 9) == 0 && isinf(v));
	CHECK(num_parse_dur(&n, "1h30m", 5) == 0 && n == 5400 * TIME_US);
	CHECK(num_parse_dur(&n, "1.5s", 4) == 0 && n == 1500000);
	CHECK(num_parse_dur(&n, "-2d", 3) == 0 && n == -172800 * TIME_US);
	CHECK(num_parse_dur(&n, "0", 1) == 0 && n == 0);
	CHECK(num_parse_dur(&n, "10", 2) == -1);
	CHECK(num_parse_dur(&n, "1.s", 3) == -1);
	CHECK(num_parse_dur(&n, "99999999999999d", 15) == -1);
	CHECK(
	    num_format_dur(out, -1500000) == 4 && memcmp(out, "-1.5", 4) == 0);
	CHECK(num_format_dur(out, 1) == 8 && memcmp(out, "0.000001", 8) == 0);
	CHECK(num_parse_size(&size, "64K", 3) == 0 && size == 65536);
	CHECK(num_parse_size(&size, "K", 1) == -1);
	CHECK(num_parse_size(&size, "-1", 2) == -1);
	CHECK(num_floor_div(-1, 10) == -1 && num_floor_mod(-1, 10) == 9);
}

/* Against gmtime_r and strftime. */
static void
test_calendar(void)
{
	static const char format[] = "%G-%V %j %a %B %I %p %T %u";
	char mine[80], libc[80];
	struct civil c;
	struct tm tm;
	int64_t us, back;
	time_t s;
	size_t n;

	for (int i = 0; i < 200000; i++) {
		us = (int64_t)(rnd() % 200000000000000000u) - 60000000000000000;
		time_to_civil(&c, us);
		if (time_from_civil(&back, &c) == -1 || back != us)
			FAIL("civil time does not come back");
		s = num_floor_div(us, TIME_US);
		gmtime_r(&s, &tm);
		n = time_format(mine, sizeof(mine) - 1, us, format);
		mine[n] = '\0';
		strftime(libc, sizeof(libc), format, &tm);
		if (tm.tm_year + 1900 > 999 && strcmp(mine, libc) != 0)
			FAIL("strftime differs");
		n = time_format_rfc3339(mine, us);
		if (c.year >= 0 && c.year <= 9999
		    && (time_parse_rfc3339(&back, mine, n) == -1 || back != us))
			FAIL("RFC 3339 does not come back");
	}
}

static bool
is_time(const char *text, const char *format, const char *want)
{
	char out[TIME_TEXT_MAX];
	size_t len = strlen(text), n;
	int64_t us;
	int rc = format == NULL ? time_parse_rfc3339(&us, text, len)
				: time_parse_format(&us, text, len, format);

	if (rc == -1)
		return want == NULL;
	n = time_format_rfc3339(out, us);
	return want != NULL && strlen(want) == n && memcmp(out, want, n) == 0;
}

static void
test_times(void)
{
	char bad;
	int64_t us;

	CHECK(is_time("2024-02-29", NULL, "2024-02-29T00:00:00Z"));
	CHECK(is_time("2023-02-29", NULL, NULL));
	CHECK(is_time("2024-01-01 10:00", NULL, "2024-01-01T10:00:00Z"));
	CHECK(is_time("2024-01-01T10:00:60Z", NULL, "2024-01-01T10:01:00Z"));
	CHECK(is_time("2024-01-01T10:00:00.1234567+02:00", NULL,
	    "2024-01-01T08:00:00.123456Z"));
	CHECK(is_time("2024-01-01T24:00:00Z", NULL, NULL));
	CHECK(is_time("2024-01-01T10:00:00Zx", NULL, NULL));
	CHECK(is_time("Mar  7 2024 11:05 PM", "%b %e %Y %I:%M %p",
	    "2024-03-07T23:05:00Z"));
	CHECK(is_time("1700000000", "%s", "2023-11-14T22:13:20Z"));
	CHECK(is_time("2024-366", "%Y-%j", "2024-12-31T00:00:00Z"));
	CHECK(is_time("2023-366", "%Y-%j", NULL));
	CHECK(is_time("2024-03-01 061", "%Y-%m-%d %j", "2024-03-01T00:00:00Z"));
	CHECK(is_time("1.5", "%s.%f", "1970-01-01T00:00:01.5Z"));
	CHECK(is_time("-1.5", "%s.%f", "1969-12-31T23:59:58.5Z"));
	CHECK(is_time("-0.5", "%s.%f", "1969-12-31T23:59:59.5Z"));
	CHECK(is_time("9223372036854.999999", "%s.%f", NULL));
	CHECK(is_time("13", "%I %p", NULL));
	CHECK(time_parse_clf(&us, "17/May/2015:10:05:03 +0200", 26) == 0
	      && us == INT64_C(1431849903) * TIME_US);
	CHECK(time_parse_clf(&us, "17/Mai/2015:10:05:03 +0200", 26) == -1);
	CHECK(time_check_format("%Y-%m-%d", &bad) == 0);
	CHECK(time_check_format("%Q", &bad) == -1 && bad == 'Q');
	CHECK(time_check_format("%", &bad) == -1);
	CHECK(time_format_wants_year("%b %d %H:%M"));
	CHECK(time_format_wants_year("%j") && time_format_wants_year("%%%e"));
	CHECK(!time_format_wants_year("%H:%M:%S%%m"));
	CHECK(!time_format_wants_year("%d/%m/%y"));
	CHECK(
	    !time_format_wants_year("%d %D") && !time_format_wants_year("%s"));
}

static void
test_crc(void)
{
	static uint8_t data[3 * 3072]; /* lanes of 1024, more than once */

	CHECK(crc32c(0, "123456789", 9) == 0xe3069283);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)rnd();
	for (size_t n = 0; n < sizeof(data); n += n < 300 ? 1 : 37) {
		uint32_t half = crc32c(0, data, n / 2);

		CHECK(crc32c(0, data, n) == crc32c_portable(0, data, n));
		CHECK(crc32c(half, data + n / 2, n - n / 2)
		      == crc32c(0, data, n));
	}
}

/* n numbers in, all found again, nothing else found. */
static void
test_map(void)
{
	enum { N = 50000 };
	static uint64_t keys[N], hashes[N];
	uint64_t seed = hash_seed();
	struct map m;
	uint32_t i;
	size_t at;

	map_init(&m);
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t k = 0; k < N; k++) {
			uint64_t h = hash_u64(k, seed);

			for (at = map_first(&m, h, hashes);
			     (i = map_at(&m, &at, h)) != MAP_NONE; at++)
				if (keys[i] == k)
					break;
			CHECK((i != MAP_NONE) == (round == 1));
			if (i != MAP_NONE)
				continue;
			i = map_insert(&m, at, h);
			keys[i] = k;
			hashes[i] = h;
		}
	CHECK(m.n == N);
	map_reset(&m);
	CHECK(m.n == 0);
	map_release(&m);
}

/* Bytes chosen with the source at hand, not the seed, do not collide. */
static void
test_hash_bytes(void)
{
	const uint64_t known[] = {
	    0xe7037ed1a0b428dbu, 0xa0761d6478bd642fu, 0x8ebc6af09c88c6e3u, 0};
	uint64_t seed = hash_seed(), text[3], one, other;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		for (size_t len = 16; len <= 24; len += 8) {
			text[0] = rnd();
			text[1] = text[2] = known[i];
			one = hash_bytes(text, len, seed);
			text[0]++;
			other = hash_bytes(text, len, seed);
			CHECK(one != other);
		}
	}
}

static void
test_buf(void)
{
	struct buf b;
	struct cur c;
	size_t len;

	buf_init(&b, 20);
	buf_put_int(&b, 0x0102030405060708, 8);
	buf_put_str(&b, "abc", 3);
	CHECK(b.len == 15 && b.data[0] == 8 && !b.failed);
	buf_put(&b, "123456", 6);
	CHECK(b.failed && b.len == 15);
	cur_init(&c, b.data, b.len);
	CHECK(cur_get_int(&c, 8) == 0x0102030405060708);
	CHECK(memcmp(cur_get_str(&c, &len, 3), "abc", 3) == 0 && len == 3);
	CHECK(cur_get_int(&c, 1) == 0 && c.failed);
	cur_init(&c, b.data + 8, 7);
	CHECK(cur_get_str(&c, &len, 2) == NULL && c.failed);
	buf_release(&b);

	buf_init(&b, 0);
	buf_put(&b, NULL, 0);
	CHECK(buf_reserve(&b, 0) != NULL && b.len == 0 && !b.failed);
	buf_release(&b);
}

static void
test_arena(void)
{
	struct arena a = {.blocks = NULL};

	for (int round = 0; round < 3; round++) {
		for (size_t n = 1; n < 300000; n *= 3) {
			char *p = arena_alloc(&a, n);

			CHECK((uintptr_t)p % 64 == 0);
			memset(p, 7, n);
		}
		arena_reset(&a);
	}
	arena_release(&a);
	CHECK(a.total == 0);
}

static void
test_utf8(void)
{
	uint32_t cp;

	CHECK(utf8_decode(&cp, "\xe2\x82\xac", 3) == 3 && cp == 0x20ac);
	CHECK(utf8_decode(&cp, "\xc0\x80", 2) == 0);
	CHECK(utf8_decode(&cp, "\xed\xa0\x80", 3) == 0);
	CHECK(utf8_decode(&cp, "\xf4\x90\x80\x80", 4) == 0);
	CHECK(utf8_decode(&cp, "\xe2\x82", 2) == 0);
	CHECK(utf8_valid("a\xe2\x82\xac", 4) && !utf8_valid("a\xe2\x82", 3));
	for (uint32_t c = 1; c < 0x110000; c = c * 3 + 1) {
		char text[4];
		size_t n = utf8_encode(text, c);

		CHECK(utf8_decode(&cp, text, n) == n && cp == c);
	}
	CHECK(utf8_is_hostile(0x202e) && utf8_is_hostile(0x9b));
	CHECK(!utf8_is_hostile('a') && !utf8_is_hostile(0xe9));
}

static bool
quoted_as(struct buf *b, const char *want)
{
	bool same =
	    b->len == strlen(want) && memcmp(b->data, want, b->len) == 0;

	buf_reset(b);
	return same;
}

static void
test_quote(void)
{
	struct buf b;

	buf_init(&b, 0);
	quote_put(&b, "a\x1b[\t\xff\xc3\xa9\xe2\x80\xae", 10);
	CHECK(quoted_as(&b, "a\\x1b[\\x09\\xff\xc3\xa9\\xe2\\x80\\xae"));
	quote_put(&b, "\0\xe2\x80", 3);
	CHECK(quoted_as(&b, "\\x00\\xe2\\x80"));
	quote_lines(&b, "a\n\tb\r\0", 6);
	CHECK(quoted_as(&b, "a\n\tb\\x0d\\x00"));
	quote_cut(&b, "abc", 3, 3);
	CHECK(quoted_as(&b, "abc"));
	quote_cut(&b, "ab\xc3\xa9z", 5, 3);
	CHECK(quoted_as(&b, "ab\xc3\xa9..."));
	buf_release(&b);
}

/* Bytes given to fd, whose other end is from_fd, until there is no room. */
static void
test_offers(ssize_t (*offer)(int, const void *, size_t), int fd, int from_fd)
{
	static char out[300000], in[300000];
	size_t n_out = 0, n_in = 0;
	ssize_t n;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)rnd();
	CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	while ((n = offer(fd, out + n_out, sizeof(out) - n_out)) > 0)
		n_out += (size_t)n;
	CHECK(n == 0 && n_out > 0 && n_out < sizeof(out));
	while (
	    n_in < n_out && (n = io_read(from_fd, in + n_in, n_out - n_in)) > 0)
		n_in += (size_t)n;
	CHECK(n_in == n_out && memcmp(in, out, n_in) == 0);
	close(from_fd);
	errno = 0;
	CHECK(offer(fd, out, 1) == -1 && errno == EPIPE);
	close(fd);
}

static void
test_offer(void)
{
	int fds[2];

	CHECK(pipe(fds) == 0);
	test_offers(io_offer, fds[1], fds[0]);
	CHECK(pipe(fds) == 0);
	test_offers(io_lend, fds[1], fds[0]);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	test_offers(io_lend, fds[1], fds[0]);
}

static void
test_publish(void)
{
	char dir[] = "/tmp/millrace-test-XXXXXX", path[64], *temp;
	int fd;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/out", dir);
	fd = io_temp(&temp, path);
	CHECK(fd >= 0 && access(path, F_OK) == -1);
	CHECK(io_write(fd, "x", 1) == 0);
	CHECK(io_publish(fd, temp, path) == 0);
	CHECK(access(path, F_OK) == 0 && access(temp, F_OK) == -1);
	free(temp);
	CHECK(unlink(path) == 0 && rmdir(dir) == 0);
	CHECK(io_temp(&temp, "/nonexistent/out") == -1 && temp == NULL);
}

/* SHA-256 of n letters a begins with these 4 bytes: around its blocks. */
static void
test_sha256(void)
{
	static const struct {
		size_t n;
		uint8_t front[4];
	} known[] = {{0, {0xe3, 0xb0, 0xc4, 0x42}},
	    {1, {0xca, 0x97, 0x81, 0x12}}, {55, {0x9f, 0x43, 0x90, 0xf8}},
	    {56, {0xb3, 0x54, 0x39, 0xa4}}, {63, {0x7d, 0x3e, 0x74, 0xa0}},
	    {64, {0xff, 0xe0, 0x54, 0xfe}}, {65, {0x63, 0x53, 0x61, 0xc4}},
	    {119, {0x31, 0xeb, 0xa5, 0x1c}}};
	uint8_t out[SHA256_LEN];
	char text[128];

	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		sha256(out, text, known[i].n);
		CHECK(memcmp(out, known[i].front, 4) == 0);
	}
}

/* Values that other implementations publish. */
static void
test_xxh64(void)
{
	static const char text[] = "Nobody inspects the spammish repetition";

	CHECK(xxh64("", 0, 0) == UINT64_C(0xef46db3751d8e999));
	CHECK(xxh64("a", 1, 0) == UINT64_C(0xd24ec4f1a98c6e5b));
	CHECK(xxh64("abc", 3, 0) == UINT64_C(0x44bc2cf5ad770999));
	CHECK(xxh64(text, strlen(text), 0) == UINT64_C(0xfbcea83c8a378bf1));
}

/* /dev/full takes no byte, and tells so at the write. */
static void
test_close(void)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	CHECK(fd != -1);
	CHECK(io_close(fd, io_write(fd, "x", 1)) == -1 && errno == ENOSPC);
	CHECK(fcntl(fd, F_GETFD) == -1);
	CHECK(io_close(fd, 0) == -1 && errno == EBADF);
	errno = ENOSPC;
	CHECK(io_close(fd, -1) == -1 && errno == ENOSPC);
	io_drop(fd);
	CHECK(errno == ENOSPC);
}

int
main(void)
{
	test_float_text();
	test_digits();
	test_numbers();
	test_calendar();
	test_times();
	test_crc();
	test_sha256();
	test_xxh64();
	test_map();
	test_hash_bytes();
	test_buf();
	test_arena();
	test_utf8();
	test_quote();
	test_offer();
	test_publish();
	test_close();
	return check_done("base");
}
