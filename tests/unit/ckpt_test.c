/* SPDX-License-Identifier: ISC */
/* The directory of a pipeline that resumes: files, locks, starts, commits. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "check.h"
#include "ckpt/checkpoint.h"
#include "ckpt/commit.h"
#include "ckpt/durable.h"
#include "ckpt/lock.h"
#include "ckpt/snapshot.h"
#include "scratch.h"

static bool
holds(const char *dir, const char *name)
{
	char *path;
	bool is;

	if (asprintf(&path, "%s/%s", dir, name) == -1)
		abort();
	is = access(path, F_OK) == 0;
	free(path);
	return is;
}

static void
make(const char *dir, const char *name)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s/%s", dir, name) == -1)
		abort();
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	CHECK(fd != -1 && close(fd) == 0);
	free(path);
}

/* Every file whose bytes were changed anywhere, or cut, is refused. */
static void
test_damage(int dir)
{
	uint8_t bytes[64], flipped[64];
	struct buf b;
	ssize_t len;
	int fd;

	CHECK(durable_write(dir, "d", DURABLE_COMMIT, "some state", 10) == 0);
	buf_init(&b, 0);
	CHECK(durable_read(&b, dir, "d", DURABLE_COMMIT) == 1);
	CHECK(b.len == 10 && memcmp(b.data, "some state", 10) == 0);
	CHECK(durable_read(&b, dir, "d", DURABLE_SNAPSHOT) == -1);
	CHECK(errno == EBADMSG);
	CHECK(durable_read(&b, dir, "none", DURABLE_COMMIT) == 0);
	fd = openat(dir, "d", O_RDWR);
	len = io_pread(fd, bytes, sizeof(bytes), 0);
	CHECK(len == 42);
	for (int i = 0; i < len * 8; i++) {
		memcpy(flipped, bytes, sizeof(flipped));
		flipped[i / 8] ^= (uint8_t)(1 << i % 8);
		CHECK(pwrite(fd, flipped, (size_t)len, 0) == len);
		CHECK(durable_read(&b, dir, "d", DURABLE_COMMIT) == -1);
		CHECK(errno == EBADMSG);
	}
	CHECK(pwrite(fd, bytes, (size_t)len, 0) == len);
	CHECK(durable_read(&b, dir, "d", DURABLE_COMMIT) == 1);
	for (int i = (int)len - 1; i >= 0; i--) {
		CHECK(ftruncate(fd, i) == 0);
		CHECK(durable_read(&b, dir, "d", DURABLE_COMMIT) == -1);
	}
	close(fd);
	buf_release(&b);
}

static void
test_leftovers(int dir)
{
	struct buf b;
	int fd = openat(dir, ".e.new", O_WRONLY | O_CREAT, 0600);

	/* What a killed writer left does not keep the next one from it. */
	CHECK(io_write(fd, "torn", 4) == 0);
	close(fd);
	CHECK(durable_write(dir, "e", DURABLE_IDENTITY, "", 0) == 0);
	CHECK(faccessat(dir, ".e.new", F_OK, 0) == -1);
	buf_init(&b, 0);
	CHECK(durable_read(&b, dir, "e", DURABLE_IDENTITY) == 1 && b.len == 0);
	buf_release(&b);
	/* A link is neither read nor written through. */
	CHECK(symlinkat("e", dir, "link") == 0);
	CHECK(durable_read(&b, dir, "link", DURABLE_IDENTITY) == -1);
	CHECK(errno == ELOOP);
	/* A FIFO is not waited for. */
	CHECK(mkfifoat(dir, "fifo", 0600) == 0);
	CHECK(durable_read(&b, dir, "fifo", DURABLE_IDENTITY) == -1);
	CHECK(errno == EBADMSG);
	fd = openat(dir, "fifo", O_RDWR | O_CLOEXEC);
	CHECK(durable_read(&b, dir, "fifo", DURABLE_IDENTITY) == -1);
	CHECK(errno == EBADMSG);
	close(fd);
}

static void
test_locks(int dir)
{
	pid_t holder, child;
	char text[32];
	uint64_t by;
	int fd = lock_take(dir, "l", 0, &holder), status;

	CHECK(fd != -1);
	CHECK(lock_held(dir, "l"));
	CHECK(lock_take(dir, "l", 0, &holder) == -1 && errno == EAGAIN);
	CHECK(holder == getpid());
	child = fork();
	if (child == 0) {
		int other = lock_take(dir, "l", 0, &holder);

		_exit(other == -1 && errno == EAGAIN ? 0 : 1);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	CHECK(lock_note(fd, "ended 7\n") == 0);
	CHECK(lock_text(text, sizeof(text), dir, "l") == 0);
	CHECK(strcmp(text, "ended 7\n") == 0);
	CHECK(lock_sign(fd, 9) == 0);
	CHECK(lock_signed(&by, dir, "l") == 0 && by == 9);
	CHECK(lock_signed(&by, dir, "nothing") == 0 && by == 0);
	CHECK(symlinkat("l", dir, "to-l") == 0);
	CHECK(lock_signed(&by, dir, "to-l") == -1 && errno == ELOOP);
	CHECK(unlinkat(dir, "to-l", 0) == 0);
	close(fd);
	CHECK(!lock_held(dir, "l"));
	CHECK(!lock_held(dir, "nothing"));
	fd = lock_take(dir, "l", 0, &holder);
	CHECK(fd != -1);
	close(fd);
}

static void
refused(const char *dir, int status, const char *part)
{
	struct checkpoint c;
	char *why = NULL;
	int rc;

	checkpoint_init(&c);
	rc = checkpoint_start(&c, &why, dir, true);
	CHECK(rc == status);
	CHECK(why != NULL && strstr(why, part) != NULL);
	free(why);
	checkpoint_release(&c);
}

static void
test_unsafe(void)
{
	char *dir = scratch_path("open"), *link = scratch_path("slink"),
	     *file = scratch_path("file");
	int fd;

	CHECK(mkdir(dir, 0755) == 0);
	refused(dir, EX_USAGE, "it is no checkpoint");
	CHECK(chmod(dir, 0700) == 0);
	CHECK(symlink(dir, link) == 0);
	refused(link, EX_USAGE, "it is a link");
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	close(fd);
	refused(file, EX_NOINPUT, "Not a directory");
	free(file);
	file = scratch_path("no/where");
	refused(file, EX_IOERR, "No such file");
	free(dir);
	free(link);
	free(file);
}

/* HEAD as the source of c writes it. */
static void
make_head(struct head *h, const struct checkpoint *c)
{
	head_init(h);
	head_add_stage(h, CLASS_SOURCE, "sbatch", "sbatch", "");
	free(h->path);
	h->path = strdup(c->path);
	memcpy(h->identity, c->identity, sizeof(h->identity));
	h->generation = c->generation;
	h->epoch = c->last.epoch;
}

static int
join(struct checkpoint *c, const struct head *h, const char *part)
{
	char *why = NULL;
	int rc;

	checkpoint_init(c);
	rc = checkpoint_join(c, &why, h, "sre/duce", 1);
	if (rc != 0)
		CHECK(why != NULL && strstr(why, part) != NULL);
	free(why);
	return rc;
}

static void
start(struct checkpoint *c, const char *dir)
{
	char *why = NULL;

	checkpoint_init(c);
	CHECK(checkpoint_start(c, &why, dir, true) == 0);
	free(why);
}

static void
test_join(const char *dir)
{
	struct checkpoint source, stage, other;
	struct head h, bad;
	char *why = NULL;

	start(&source, dir);
	CHECK(source.generation == 1 && source.last.epoch == 0);
	refused(dir, EX_TEMPFAIL, "is running already");
	make_head(&h, &source);
	CHECK(join(&stage, &h, "") == 0);
	CHECK(strcmp(stage.stage, "01-sre%2Fduce") == 0);
	CHECK(join(&other, &h, "is running already") == EX_TEMPFAIL);
	checkpoint_release(&other);
	checkpoint_release(&stage);

	head_copy(&bad, &h);
	bad.identity[3] ^= 1;
	CHECK(join(&stage, &bad, "not its identity") == EX_DATAERR);
	checkpoint_release(&stage);
	bad.identity[3] ^= 1;
	bad.generation = 2;
	CHECK(join(&stage, &bad, "another one has followed") == EX_TEMPFAIL);
	checkpoint_release(&stage);
	head_release(&bad);

	CHECK(checkpoint_end(&source, &why) == 0);
	checkpoint_release(&source);
	CHECK(join(&stage, &h, "") == 0);
	checkpoint_release(&stage);
	head_release(&h);
	start(&source, dir);
	CHECK(source.generation == 2);
	make_head(&h, &source);
	checkpoint_release(&source);
	CHECK(join(&stage, &h, "whose source is gone") == EX_TEMPFAIL);
	checkpoint_release(&stage);
	head_release(&h);
}

static void
save(struct checkpoint *c, uint64_t epoch, const char *text)
{
	struct buf b;
	char *why = NULL;

	buf_init(&b, 0);
	buf_puts(&b, text);
	CHECK(snapshot_save(c, &why, epoch, &b) == 0);
	buf_release(&b);
}

static void
loads(struct checkpoint *c, const char *text)
{
	struct buf b;
	char *why = NULL;

	buf_init(&b, 0);
	CHECK(snapshot_load(c, &why, &b) == 0);
	CHECK(b.len == strlen(text) && memcmp(b.data, text, b.len) == 0);
	buf_release(&b);
}

/* Two starts: the older one can decide nothing once the newer has begun. */
static void
test_commits(const char *dir)
{
	struct checkpoint source, zombie, sink;
	struct head h;
	char *why = NULL;

	start(&source, dir);
	make_head(&h, &source);
	CHECK(join(&zombie, &h, "") == 0);
	save(&zombie, 1, "one");
	CHECK(commit_decide(&zombie, &why, 1, false) == 0);
	CHECK(!zombie.last.published && zombie.last.epoch == 1);
	CHECK(commit_published(&zombie, &why) == 0 && zombie.last.published);
	save(&zombie, 2, "two of the zombie");
	checkpoint_release(&source);
	head_release(&h);

	refused(
	    dir, EX_TEMPFAIL, "01-sre%2Fduce of an earlier start is running");
	/* Where locks do not hold there is the count of starts. */
	close(zombie.lock_fd);
	zombie.lock_fd = -1;
	start(&source, dir);
	CHECK(source.last.epoch == 1 && source.last.published);
	CHECK(commit_decide(&zombie, &why, 2, false) == EX_TEMPFAIL);
	CHECK(strstr(why, "fenced") != NULL);
	free(why);
	checkpoint_release(&zombie);
	make_head(&h, &source);
	CHECK(join(&sink, &h, "") == 0);
	loads(&sink, "one");
	make(dir, ".2.3.01-sre%2Fduce.new");
	make(dir, ".2.3.02-ssink.new");
	make(dir, ".committed.new");
	CHECK(snapshot_prune(&sink, &why) == 0);
	CHECK(!holds(dir, "2.3.01-sre%2Fduce")
	      && holds(dir, "1.3.01-sre%2Fduce"));
	CHECK(!holds(dir, ".2.3.01-sre%2Fduce.new"));
	CHECK(holds(dir, ".2.3.02-ssink.new") && holds(dir, ".committed.new"));
	save(&sink, 2, "two");
	save(&sink, 3, "three");
	CHECK(commit_decide(&sink, &why, 2, false) == 0);
	loads(&sink, "two");
	CHECK(commit_decide(&sink, &why, 3, true) == 0 && sink.last.finished);
	CHECK(snapshot_prune(&sink, &why) == 0);
	CHECK(!holds(dir, "1.3.01-sre%2Fduce"));
	CHECK(
	    holds(dir, "2.4.01-sre%2Fduce") && holds(dir, "3.4.01-sre%2Fduce"));
	head_release(&h);
	checkpoint_release(&sink);
	checkpoint_release(&source);
}

static void
test_names(void)
{
	uint64_t e, g;
	const char *stage;

	CHECK(snapshot_parse_name(&e, &g, &stage, "12.3.01-x") == 0);
	CHECK(e == 12 && g == 3 && strcmp(stage, "01-x") == 0);
	CHECK(snapshot_parse_name(&e, &g, &stage, "12.3.") == -1);
	CHECK(snapshot_parse_name(&e, &g, &stage, "12..x") == -1);
	CHECK(snapshot_parse_name(&e, &g, &stage, "committed") == -1);
	CHECK(snapshot_parse_name(&e, &g, &stage, "99999999999999999999.1.x")
	      == -1);
}

int
main(void)
{
	char *dir;
	int fd;

	scratch_make();
	fd = open(scratch_top, O_RDONLY | O_DIRECTORY);
	test_damage(fd);
	test_leftovers(fd);
	test_locks(fd);
	test_unsafe();
	dir = scratch_path("ckpt");
	test_join(dir);
	test_commits(dir);
	test_names();
	free(dir);
	close(fd);
	return check_done("ckpt");
}
