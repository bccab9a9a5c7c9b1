/* SPDX-License-Identifier: ISC */
/* Unpacking: any split of input and output, members, padding, damage. */
#include "io/gunzip.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "check.h"

#define MAX 4096

static unsigned char packed[MAX];
static char plain[MAX];

/* Append text as one member.  Returns the packed length. */
static size_t
pack(size_t at, const char *text, size_t len)
{
	z_stream z;

	memset(&z, 0, sizeof(z));
	CHECK(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY)
	      == Z_OK);
	z.next_in = (Bytef *)(uintptr_t)text;
	z.avail_in = (uInt)len;
	z.next_out = packed + at;
	z.avail_out = (uInt)(MAX - at);
	CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
	at = MAX - z.avail_out;
	deflateEnd(&z);
	return at;
}

/*
 * Unpack packed[0..len) in pieces of in bytes to pieces of out bytes.  Returns
 * the plain length, or -1 after an error; *whole says whether it may end.
 */
static long
unpack(size_t len, size_t in, size_t out, bool *whole)
{
	struct gunzip *g = gunzip_new();
	size_t at = 0, n, cap, got = 0;
	void *room;
	int rc;

	while ((rc = gunzip_read(g, plain + got, out, &n)) != -1) {
		CHECK(rc == (n > 0));
		got += n;
		if (rc == 1)
			continue;
		if (at == len)
			break;
		n = len - at < in ? len - at : in;
		room = gunzip_room(g, &cap);
		CHECK(cap >= n);
		memcpy(room, packed + at, n);
		gunzip_add(g, n);
		at += n;
	}
	*whole = gunzip_is_whole(g);
	CHECK((rc == -1) == (gunzip_error(g) != NULL));
	if (rc == -1)
		CHECK(gunzip_read(g, plain, out, &n) == -1);
	gunzip_free(g);
	return rc == -1 ? -1 : (long)got;
}

static void
splits(void)
{
	char text[1500];
	bool whole;
	size_t len;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i * i % 26);
	len = pack(0, text, 1000);
	len = pack(len, "", 0);
	len = pack(len, text + 1000, 500);
	memset(packed + len, 0, 30);
	len += 30;
	for (size_t in = 1; in < len; in += in < 40 ? 1 : 97)
		for (size_t out = 1; out < 1600; out = out * 3 + 1) {
			CHECK(unpack(len, in, out, &whole) == 1500 && whole);
			CHECK(memcmp(plain, text, 1500) == 0);
		}
}

static void
cuts(void)
{
	bool whole;
	size_t one = pack(0, "hello", 5), two = pack(one, "world", 5);

	for (size_t len = 1; len <= two; len++) {
		CHECK(unpack(len, 7, 100, &whole) >= 0);
		CHECK(whole == (len == one || len == two));
	}
}

static void
damage(void)
{
	bool whole;
	size_t len = pack(0, "hello", 5);

	packed[len - 8] ^= 1; /* the checksum of the text */
	CHECK(unpack(len, len, 100, &whole) == -1);
	packed[len - 8] ^= 1;
	packed[len] = 'x';
	CHECK(unpack(len + 1, len + 1, 100, &whole) == -1);
	packed[len] = 0;
	packed[len + 1] = 0x1f; /* nothing follows padding */
	CHECK(unpack(len + 2, len + 2, 100, &whole) == -1);
	CHECK(unpack(len + 1, len + 1, 100, &whole) == 5 && whole);
}

int
main(void)
{
	splits();
	cuts();
	damage();
	return check_done("gunzip");
}
