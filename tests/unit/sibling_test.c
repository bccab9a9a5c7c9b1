/* SPDX-License-Identifier: ISC */
/* Names and ages of rotated files. */
#include "io/sibling.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void
names(void)
{
	static const char *const yes[] = {"log.1", "log.10", "log.0",
	    "log-20261123", "log_2026-11-23T10:00", "log.2026.11.23", "log.old",
	    "log.1-2"};
	static const char *const no[] = {"log", "log1", "log.", "log-",
	    "log.gz", "log.1.gz", "alog.1", "log.1x", "lo", "log.olds", "log.-",
	    ""};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		CHECK(sibling_is_rotated(yes[i], "log"));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		CHECK(!sibling_is_rotated(no[i], "log"));
	CHECK(sibling_is_rotated("app.1.log", "app.log"));
	CHECK(sibling_is_rotated("app-20261123.log", "app.log"));
	CHECK(sibling_is_rotated("app.log.1", "app.log"));
	CHECK(!sibling_is_rotated("app.log", "app.log"));
	CHECK(!sibling_is_rotated("app2.log", "app.log"));
	CHECK(!sibling_is_rotated("app.x.log", "app.log"));
	CHECK(sibling_is_rotated(".log.1", ".log"));
}

static void
make(int dir, const char *name, int64_t mtime)
{
	struct timespec t[2] = {{.tv_sec = mtime}, {.tv_sec = mtime}};
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	CHECK(fd != -1);
	close(fd);
	CHECK(utimensat(dir, name, t, 0) == 0);
}

static void
look(int dir)
{
	static const char *const made[] = {"log.2", "log.1", "log", "other"};
	struct siblings l = {0};
	struct file_id id;
	int64_t mtime;

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		make(dir, made[i], 1000 + (int64_t)i);
	CHECK(mkdirat(dir, "log.3", 0700) == 0);
	CHECK(siblings_look(&l, dir, "log") == 0);
	CHECK(l.n == 3);
	for (size_t i = 0; i < l.n; i++) {
		CHECK(strcmp(l.v[i].name, made[i]) == 0);
		CHECK(l.v[i].current == (i == 2));
		CHECK(l.v[i].mtime_ns == (1000 + (int64_t)i) * 1000000000);
		CHECK(sibling_id(&id, &mtime, dir, made[i]) == 0);
		CHECK(file_id_same(&id, &l.v[i].id));
	}
	CHECK(!file_id_same(&l.v[0].id, &l.v[1].id));
	/* The name goes with the file. */
	CHECK(renameat(dir, "log.1", dir, "log.9") == 0);
	CHECK(sibling_id(&id, &mtime, dir, "log.9") == 0);
	CHECK(file_id_same(&id, &l.v[1].id));
	CHECK(sibling_id(&id, &mtime, dir, "log.3") == -1);
	CHECK(sibling_id(&id, &mtime, dir, "nothere") == -1);
	CHECK(siblings_look(&l, dir, "nothere") == 0 && l.n == 0);
	CHECK(siblings_look(&l, -1, "log") == -1);
	siblings_release(&l);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		unlinkat(dir, i == 1 ? "log.9" : made[i], 0);
	unlinkat(dir, "log.3", AT_REMOVEDIR);
}

int
main(void)
{
	char path[] = "/tmp/sibling-test-XXXXXX";
	int dir;

	names();
	CHECK(mkdtemp(path) != NULL);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	CHECK(dir != -1);
	look(dir);
	close(dir);
	CHECK(rmdir(path) == 0);
	return check_done("sibling");
}
