/* SPDX-License-Identifier: ISC */
/* What tells rotated files apart when names and numbers do not. */
#include "io/known.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/io.h"
#include "check.h"

static void
put(int dir, const char *name, const char *text, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd != -1);
	CHECK(io_write(fd, text, len) == 0);
	close(fd);
}

static void
put_packed(int dir, const char *name, const char *text, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	gzFile z = gzdopen(fd, "wb");

	CHECK(z != NULL);
	CHECK(gzwrite(z, text, (unsigned)len) == (int)len);
	CHECK(gzclose(z) == Z_OK);
}

static struct sibling
sibling(int dir, char *name)
{
	struct sibling s = {.name = name};

	CHECK(sibling_id(&s.id, &s.mtime_ns, dir, name) == 0);
	return s;
}

/* As on a filesystem that does not know when files were born. */
static void
without_birth(int dir)
{
	static char name[] = "log";
	struct known k = {0};
	struct held h;
	struct sibling s;

	put(dir, name, "first\n", 6);
	CHECK(held_open(&h, dir, name) == 0);
	h.id.born_ns = 0;
	known_add(&k, &h);
	held_release(&h);
	s = sibling(dir, name);
	s.id.born_ns = 0;
	CHECK(known_has(&k, dir, &s));
	/* It grew. */
	put(dir, name, "first\nsecond\n", 13);
	CHECK(known_has(&k, dir, &s));
	/* Another one got the same number. */
	put(dir, name, "other\nsecond\n", 13);
	CHECK(!known_has(&k, dir, &s));
	put(dir, name, "fir", 3);
	CHECK(!known_has(&k, dir, &s));
	/* Nothing was read of an empty one. */
	put(dir, name, "", 0);
	CHECK(held_open(&h, dir, name) == 0);
	h.id.born_ns = 0;
	known_add(&k, &h);
	CHECK(k.n == 1);
	CHECK(known_has(&k, dir, &s));
	put(dir, name, "x\n", 2);
	CHECK(!known_has(&k, dir, &s));
	held_release(&h);
	known_add_unread(&k, &s.id);
	CHECK(k.n == 1 && known_has(&k, dir, &s));
	known_release(&k);
	unlinkat(dir, name, 0);
}

static bool
packed_is_known(const struct known *k, int dir, const char *name)
{
	struct head_id id;
	struct held h;
	bool known;

	CHECK(held_open(&h, dir, name) == 0);
	CHECK(held_head(&id, &h) == 0);
	known = known_has_packed(k, &id);
	held_release(&h);
	return known;
}

static void
packed(int dir)
{
	char text[5000];
	struct known k = {0};
	struct siblings none = {0};
	struct held h;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 23);
	put(dir, "log", text, 3000);
	put(dir, "short", "head\n1\n", 7);
	CHECK(held_open(&h, dir, "log") == 0);
	known_add(&k, &h);
	held_release(&h);
	CHECK(held_open(&h, dir, "short") == 0);
	known_add(&k, &h);
	held_release(&h);
	put_packed(dir, "log.gz", text, 3000);
	CHECK(packed_is_known(&k, dir, "log.gz"));
	/* With more at its end. */
	put_packed(dir, "log.gz", text, 5000);
	CHECK(packed_is_known(&k, dir, "log.gz"));
	text[1000] = '!';
	put_packed(dir, "log.gz", text, 3000);
	CHECK(!packed_is_known(&k, dir, "log.gz"));
	put_packed(dir, "log.gz", "head\n1\n", 7);
	CHECK(packed_is_known(&k, dir, "log.gz"));
	/* Short heads are often the same. */
	put_packed(dir, "log.gz", "head\n1\n2\n", 9);
	CHECK(!packed_is_known(&k, dir, "log.gz"));
	known_keep(&k, &none);
	CHECK(k.n == 0);
	known_release(&k);
	unlinkat(dir, "log", 0);
	unlinkat(dir, "short", 0);
	unlinkat(dir, "log.gz", 0);
}

static void
reading(int dir)
{
	struct held h, copy;
	struct head_id id;
	char p[100];

	put(dir, "log", "one\ntwo\n", 8);
	CHECK(held_open(&h, dir, "log") == 0);
	CHECK(held_read(&h, p, 4) == 4 && h.off == 4);
	put_packed(dir, "copy", "one\ntwo\nthree\n", 14);
	CHECK(held_open(&copy, dir, "copy") == 0);
	CHECK(held_skip(&copy, &h));
	CHECK(held_read(&copy, p, 100) == 10 && memcmp(p, "two\nth", 6) == 0);
	CHECK(held_read(&copy, p, 100) == 0);
	held_release(&copy);
	put(dir, "copy", "won\ntwo\n", 8);
	CHECK(held_open(&copy, dir, "copy") == 0);
	CHECK(!held_skip(&copy, &h));
	held_release(&copy);
	put(dir, "log", "xxx\nyyy\n", 8);
	CHECK(held_read(&h, p, 100) == -1 && errno == ESTALE);
	put(dir, "log", "one", 3);
	CHECK(held_read(&h, p, 100) == -1 && errno == ESTALE);
	held_rewind(&h);
	CHECK(held_read(&h, p, 100) == 3);
	CHECK(held_read(&h, p, 100) == 0);
	held_release(&h);
	held_release(&h);
	/* What gzip is still writing. */
	put(dir, "log", "\x1f\x8b\x08\0\0\0", 6);
	CHECK(held_open(&h, dir, "log") == 0);
	CHECK(held_head(&id, &h) == -1 && errno == EBADMSG);
	CHECK(held_read(&h, p, 100) == -1 && errno == EBADMSG);
	held_release(&h);
	CHECK(held_open(&h, dir, "nothere") == -1 && h.fd == -1);
	CHECK(held_open(&h, dir, ".") == -1 && errno == EISDIR);
	unlinkat(dir, "log", 0);
	unlinkat(dir, "copy", 0);
}

int
main(void)
{
	char path[] = "/tmp/known-test-XXXXXX";
	int dir;

	CHECK(mkdtemp(path) != NULL);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	CHECK(dir != -1);
	without_birth(dir);
	packed(dir);
	reading(dir);
	close(dir);
	CHECK(rmdir(path) == 0);
	return check_done("known");
}
