/* SPDX-License-Identifier: ISC */
/* Pieces of texts: every length, chunks that end inside of a text. */
#include "step/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check.h"
#include "step/elements.h"

/* The pieces of p[0..len), chunk by chunk, joined by '|', into out. */
static void
cut_all(struct buf *out, const char *p, size_t len, const char *sep, bool keep)
{
	struct pieces s;
	struct pieces_cut c = {.p = p, .len = len};
	bool done = false;

	pieces_init(&s);
	while (!done) {
		done = strlen(sep) == 1
			   ? pieces_at_byte(&s, &c, sep[0], keep)
			   : pieces_at_text(&s, &c, sep, strlen(sep), keep);
		CHECK(done || pieces_full(&s));
		CHECK(s.n == s.text.n && s.n <= PIECES_MAX + 16);
		for (uint32_t i = 0; i < s.n; i++) {
			buf_put(out, s.text.bytes + s.text.off[i],
			    s.text.off[i + 1] - s.text.off[i]);
			buf_putc(out, '|');
		}
		pieces_reset(&s);
	}
	pieces_release(&s);
}

/* The same, the obvious way. */
static void
cut_slowly(
    struct buf *out, const char *p, size_t len, const char *sep, bool keep)
{
	size_t n = strlen(sep), from = 0;

	for (size_t at = 0; at <= len; at++) {
		bool hit = at + n <= len && memcmp(p + at, sep, n) == 0;

		if (!hit && at < len)
			continue;
		if (at < from)
			continue;
		if (keep || at > from) {
			buf_put(out, p + from, at - from);
			buf_putc(out, '|');
		}
		from = at + n;
		at = from - 1;
	}
}

static void
compare(const char *p, size_t len, const char *sep, bool keep)
{
	struct buf got = {.max = 0}, want = {.max = 0};
	/* Its own memory, so that reading behind it shows. */
	char *own = mem_dup(p, len);

	cut_all(&got, own, len, sep, keep);
	cut_slowly(&want, p, len, sep, keep);
	CHECK(got.len == want.len
	      && (got.len == 0 || memcmp(got.data, want.data, got.len) == 0));
	buf_release(&got);
	buf_release(&want);
	free(own);
}

static void
test_lengths(void)
{
	char text[64];

	for (unsigned seed = 0; seed < 3000; seed++) {
		unsigned x = seed * 2654435761u + 1;
		size_t len = 1 + seed % (sizeof(text) - 1);

		for (size_t i = 0; i < len; i++) {
			x = x * 1103515245u + 12345;
			text[i] = "a  b,\xa0\x20-"[x >> 16 & 7];
		}
		compare(text, len, " ", false);
		compare(text, len, ",", true);
		compare(text, len, "  ", true);
		compare(text, len, "ab", false);
	}
}

static void
test_chunks(void)
{
	size_t len = 3 * PIECES_MAX + 5;
	char *text = mem_alloc(len);

	memset(text, ' ', len);
	compare(text, len, " ", true);
	compare(text, len, " ", false);
	for (size_t i = 0; i < len; i += 2)
		text[i] = 'x';
	compare(text, len, " ", true);
	compare(text, len, " ", false);
	memset(text, 'y', len);
	compare(text, len, " ", false);
	free(text);
}

static void
test_elements(void)
{
	static const char *const wrong[] = {"", "{}", "1", "[", "[1,]", "[1]]",
	    "[\"a]", "[1] [2]", "null", "[01]", "[\"\t\"]"};
	static const char *const right[] = {"[]", " [ ] ", "[1]", "[[],{}]"};
	struct elements e;

	elements_init(&e);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK(elements_begin(&e, 0, wrong[i], strlen(wrong[i])) == -1);
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		CHECK(elements_begin(&e, 0, right[i], strlen(right[i])) == 0);
	CHECK(elements_begin(&e, 0, "[1]\0", 4) == -1);
	elements_release(&e);
}

int
main(void)
{
	test_lengths();
	test_chunks();
	test_elements();
	return check_done("pieces");
}
