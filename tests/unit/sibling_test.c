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
	    "log.1-2", "log.1.gz", "log-20261123.gz"};
	static const char *const no[] = {"log", "log1", "log.", "log-",
	    "log.gz", "alog.1", "log.1x", "lo", "log.olds", "log.-", ""};

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

static void
rotations(void)
{
	static const struct {
		const char *name;
		size_t stem;
		enum rotation_kind kind;
		long number;
	} all[] = {
	    {"log", 3, ROTATION_NONE, 0},
	    {"log.gz", 6, ROTATION_NONE, 0},
	    {"log.1", 3, ROTATION_NUMBER, 1},
	    {"log.0", 3, ROTATION_NUMBER, 0},
	    {"log.12.gz", 3, ROTATION_NUMBER, 12},
	    {"log.old", 3, ROTATION_NUMBER, 1},
	    {"my.log-20260101", 6, ROTATION_DATE, 0},
	    {"log.2026-01-01.gz", 3, ROTATION_DATE, 0},
	    {"log_20260101T120000", 3, ROTATION_DATE, 0},
	    {"log-20260101-1767225600", 3, ROTATION_DATE, 0},
	    /* Parts of a whole, data by year, and the like. */
	    {"part.0001", 9, ROTATION_NONE, 0},
	    {"x.12345", 7, ROTATION_NONE, 0},
	    {"data-2026", 9, ROTATION_NONE, 0},
	    {"data-2026.csv", 13, ROTATION_NONE, 0},
	    {"data-20260101.csv", 17, ROTATION_NONE, 0},
	    {"f1.txt", 6, ROTATION_NONE, 0},
	    {".1", 2, ROTATION_NONE, 0},
	    {"log-1", 5, ROTATION_NONE, 0},
	    {"log-99990101", 12, ROTATION_NONE, 0},
	};
	struct rotation r;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		rotation_read(&r, all[i].name);
		CHECK(r.stem == all[i].stem);
		CHECK(r.kind == all[i].kind);
		CHECK(r.number == all[i].number);
	}
}

static void
rotation_order(void)
{
	/* Each is older than the next. */
	static const char *const numbers[] = {
	    "log.11.gz", "log.2.gz", "log.1", "log.0", "log"};
	static const char *const dates[] = {"log-20251231", "log.2026-01-01.gz",
	    "log-2026010112", "log-20260102", "log"};
	const char *const *sets[] = {numbers, dates};
	struct rotation a, b;

	for (size_t s = 0; s < 2; s++)
		for (size_t i = 0; i < 5; i++)
			for (size_t j = 0; j < 5; j++) {
				int c;

				rotation_read(&a, sets[s][i]);
				rotation_read(&b, sets[s][j]);
				c = rotation_compare(&a, &b);
				CHECK((c < 0) == (i < j) && (c > 0) == (i > j));
			}
}

int
main(void)
{
	char path[] = "/tmp/sibling-test-XXXXXX";
	int dir;

	names();
	rotations();
	rotation_order();
	CHECK(mkdtemp(path) != NULL);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	CHECK(dir != -1);
	look(dir);
	close(dir);
	CHECK(rmdir(path) == 0);
	return check_done("sibling");
}
