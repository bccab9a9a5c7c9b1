/* SPDX-License-Identifier: ISC */
/* Files of a directory that is read again. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "check.h"
#include "io/source.h"
#include "scratch.h"

static const struct source_opts opts = {.mode = SOURCE_KEPT, .kept = true};

static void
add_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	CHECK(fd != -1 && io_write(fd, text, strlen(text)) == 0);
	close(fd);
}

/* A start that reads a directory, from where the one before was. */
static struct source *
start(struct source_list *l, const char *dir, const struct buf *saved)
{
	char *why = NULL;

	source_list_init(l);
	CHECK(source_list_add(l, dir, &opts, &why) == 0 && l->n == 1);
	CHECK(source_check(l->v[0]) == 0);
	if (saved->len > 0)
		source_load(l->v[0], saved->data, saved->len);
	CHECK(source_open(l->v[0]) == 0);
	return l->v[0];
}

/* The next file of it, open. */
static struct source *
take(struct source *dir)
{
	struct source *file;
	size_t len;

	CHECK(source_read(dir, NULL, 0, &len) == SOURCE_PEER);
	file = source_take(dir);
	CHECK(source_open(file) == 0);
	return file;
}

/* To its end, which is told. */
static void
finish(struct source *file, const char *text)
{
	char got[64];
	size_t n = 0, len;

	while (
	    source_read(file, got + n, sizeof(got) - n, &len) == SOURCE_BYTES)
		n += len;
	CHECK(n == strlen(text) && memcmp(got, text, n) == 0);
	source_done(file, true);
	source_free(file);
}

/* A file is removed while an earlier one's growth is read. */
static void
test_removed(void)
{
	struct source_list l;
	struct source *dir, *file;
	struct buf saved;
	size_t len;
	char *path = scratch_path("in/"), *a = scratch_path("in/a"), *key;

	buf_init(&saved, 0);
	CHECK(mkdir(path, 0700) == 0);
	add_text(a, "one\n");
	dir = start(&l, path, &saved);
	finish(take(dir), "one\n");
	CHECK(source_read(dir, NULL, 0, &len) == SOURCE_END);
	source_save(dir, &saved, 0);
	source_list_release(&l);

	add_text(a, "two\n");
	dir = start(&l, path, &saved);
	file = take(dir);
	key = scratch_path("in/a#1");
	CHECK(strcmp(source_path(file), key) == 0);
	CHECK(unlink(a) == 0);
	/* What came is looked at once more, and it is not there. */
	CHECK(source_read(dir, NULL, 0, &len) == SOURCE_WAIT);
	CHECK(source_wants(dir, key));
	finish(file, "one\ntwo\n");
	CHECK(source_read(dir, NULL, 0, &len) == SOURCE_END);
	CHECK(!source_wants(dir, key));
	source_list_release(&l);
	buf_release(&saved);
	free(path);
	free(a);
	free(key);
}

int
main(void)
{
	scratch_make();
	test_removed();
	return check_done("entry_test");
}
