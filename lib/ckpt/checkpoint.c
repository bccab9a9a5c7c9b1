/* SPDX-License-Identifier: ISC */
/* The directory of a pipeline that resumes.  millrace-checkpoint(5). */
#include "ckpt/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "ckpt/await.h"
#include "ckpt/commit.h"
#include "ckpt/durable.h"
#include "ckpt/entries.h"
#include "ckpt/lock.h"

#define SOURCE_LOCK CHECKPOINT_SOURCE ".lock"
#define ENDED "ended " /* what the lock's text says after an orderly end */
#define GRACE_MS 2000 /* in which a source that was killed is gone */
#define MAX_STAGE 128 /* bytes of a stage's name in a file's */

/* File systems whose locks and renames may not mean what they should. */
static const struct {
	long magic;
	const char *name;
} networks[] = {
    {NFS_SUPER_MAGIC, "NFS"},
    {SMB_SUPER_MAGIC, "SMB"},
    {0xff534d42, "CIFS"},
    {0xfe534d42, "SMB2"},
    {0x01021997, "9P"},
    {0x00c36400, "Ceph"},
    {AFS_SUPER_MAGIC, "AFS"},
    {0x65735546, "FUSE"},
    {0x0bd00bd0, "Lustre"},
    {0x01161970, "GFS2"},
};

void
checkpoint_init(struct checkpoint *c)
{
	*c = (struct checkpoint){.fd = -1, .lock_fd = -1, .sink_fd = -1};
}

void
checkpoint_release(struct checkpoint *c)
{
	if (c->lock_fd != -1)
		close(c->lock_fd);
	if (c->sink_fd != -1)
		close(c->sink_fd);
	if (c->fd != -1)
		close(c->fd);
	free(c->path);
	free(c->stage);
	checkpoint_init(c);
}

int
checkpoint_failed(const struct checkpoint *c, char **why, const char *name)
{
	bool damaged = errno == EBADMSG;

	*why = mem_printf("%s/%s: %s", c->path, name,
	    damaged ? "it is damaged, or of a later version" : strerror(errno));
	return damaged ? EX_DATAERR : EX_IOERR;
}

static int
refuse(char **why, int status, const char *dir, const char *text)
{
	*why = mem_printf("%s: %s", dir, text);
	return status;
}

/* Whether the directory may be believed and written to. */
static int
check_owner(char **why, int status, const char *dir, const struct stat *st)
{
	if (!S_ISDIR(st->st_mode))
		return refuse(why, status, dir, "it is no directory");
	if (st->st_uid != geteuid())
		return refuse(why, status, dir,
		    "it belongs to somebody else; a checkpoint is for its "
		    "owner alone");
	/* Below a directory with a group of its own there is a set-group-ID. */
	if ((st->st_mode & 0777) != 0700)
		return refuse(why, status, dir,
		    "its mode is not 0700; a checkpoint holds the data of its "
		    "owner: chmod 700 it");
	return 0;
}

static int
check_file_system(
    const struct checkpoint *c, char **why, const char *dir, bool any_fs)
{
	struct statfs fs;

	if (fstatfs(c->fd, &fs) == -1)
		return refuse(why, EX_IOERR, dir, strerror(errno));
	if (fs.f_type == TMPFS_MAGIC)
		*why = mem_printf(
		    "%s: is in memory and does not survive a reboot", dir);
	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		if (fs.f_type != networks[i].magic || any_fs)
			continue;
		*why = mem_printf("%s: is on %s, where a checkpoint can be "
				  "lost or used twice; --force-fs takes it "
				  "all the same",
		    dir, networks[i].name);
		return EX_USAGE;
	}
	return 0;
}

static bool
has(const struct checkpoint *c, const char *name)
{
	return faccessat(c->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Open dir itself, which must be no link, and learn its one true path. */
static int
open_own(struct checkpoint *c, char **why, const char *dir)
{
	struct stat st;

	c->fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->fd == -1 && (errno == ELOOP || errno == ENOTDIR)
	    && lstat(dir, &st) == 0 && S_ISLNK(st.st_mode))
		return refuse(why, EX_USAGE, dir,
		    "it is a link; name the directory itself");
	if (c->fd == -1 || fstat(c->fd, &st) == -1)
		return refuse(why, EX_NOINPUT, dir, strerror(errno));
	c->path = realpath(dir, NULL);
	if (c->path == NULL)
		return refuse(why, EX_IOERR, dir, strerror(errno));
	/* To close one of other use to others is no advice to give. */
	if ((st.st_mode & 0777) != 0700 && !has(c, "identity"))
		return refuse(why, EX_USAGE, dir,
		    "it is no checkpoint, which has the mode 0700: name a "
		    "directory that is not there yet, or an empty one of that "
		    "mode");
	return check_owner(why, EX_USAGE, dir, &st);
}

static int
read_identity(struct checkpoint *c, char **why, uint8_t id[16])
{
	struct buf b;
	int rc, status = 0;

	buf_init(&b, 0);
	rc = durable_read(&b, c->fd, "identity", DURABLE_IDENTITY);
	if (rc == 1 && b.len != 16) {
		errno = EBADMSG;
		rc = -1;
	}
	if (rc == 1)
		memcpy(id, b.data, 16);
	if (rc == -1)
		status = checkpoint_failed(c, why, "identity");
	if (rc == 0)
		status = refuse(why, EX_NOINPUT, c->path,
		    "it is no checkpoint: it has no identity");
	buf_release(&b);
	return status;
}

/* Whether a name is none that a start before its identity may have left. */
static int
find_foreign(void *arg, const char *name)
{
	static const char *const own[] = {
	    ".", "..", ".identity.new", SOURCE_LOCK, "lost+found"};
	char **foreign = arg;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(name, own[i]) == 0)
			return 0;
	*foreign = mem_strdup(name);
	return 1;
}

/* What is in it already must not be taken for ours later, and removed. */
static int
check_empty(const struct checkpoint *c, char **why)
{
	char *foreign = NULL;
	int rc = entries_each(c, why, find_foreign, &foreign);

	if (rc == 0 && foreign != NULL) {
		*why = mem_printf("%s: there is %s in it, and it is no "
				  "checkpoint; name a directory for it alone",
		    c->path, foreign);
		rc = EX_USAGE;
	}
	free(foreign);
	return rc;
}

/* Before a lock is made in it: a directory that is refused stays as it is. */
static int
check_before(const struct checkpoint *c, char **why)
{
	int rc;

	if (has(c, "identity") || has(c, "generation"))
		return 0;
	rc = check_empty(c, why);
	/* Another start may have made it a checkpoint meanwhile. */
	if (rc != EX_USAGE || !has(c, "identity"))
		return rc;
	free(*why);
	*why = NULL;
	return 0;
}

/* A directory that has none gets one, if nothing else is in it. */
static int
make_identity(struct checkpoint *c, char **why)
{
	int rc;

	if (has(c, "identity"))
		return read_identity(c, why, c->identity);
	if (errno != ENOENT)
		return checkpoint_failed(c, why, "identity");
	if (faccessat(c->fd, "generation", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return refuse(why, EX_DATAERR, c->path,
		    "its identity is gone; remove the directory to begin "
		    "anew");
	rc = check_empty(c, why);
	if (rc != 0)
		return rc;
	/* An output must not outlive the directory that knows of it. */
	if (io_sync_directory(c->path) == -1)
		return checkpoint_failed(c, why, "..");
	arc4random_buf(c->identity, sizeof(c->identity));
	if (durable_write(c->fd, "identity", DURABLE_IDENTITY, c->identity,
		sizeof(c->identity))
	    == -1)
		return checkpoint_failed(c, why, "identity");
	return 0;
}

/* Take the lock of the source for life. */
static int
lock_source(struct checkpoint *c, char **why)
{
	pid_t holder;

	c->lock_fd = lock_take(c->fd, SOURCE_LOCK, GRACE_MS, &holder);
	if (c->lock_fd != -1)
		return 0;
	if (errno != EAGAIN)
		return checkpoint_failed(c, why, SOURCE_LOCK);
	/* It writes its number once it has the lock. */
	if (holder == 0)
		*why =
		    mem_printf("%s: this pipeline is running already", c->path);
	else
		*why = mem_printf("%s: this pipeline is running already, as "
				  "process %ld",
		    c->path, (long)holder);
	return EX_TEMPFAIL;
}

int
checkpoint_start(struct checkpoint *c, char **why, const char *dir, bool any_fs)
{
	int rc;

	*why = NULL;
	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		return refuse(why, EX_IOERR, dir, strerror(errno));
	rc = open_own(c, why, dir);
	if (rc == 0)
		rc = check_file_system(c, why, dir, any_fs);
	if (rc == 0)
		rc = check_before(c, why);
	if (rc == 0)
		rc = lock_source(c, why);
	if (rc == 0)
		rc = make_identity(c, why);
	if (rc == 0)
		rc = await_earlier(c, why);
	if (rc == 0)
		rc = commit_bump(c, why);
	if (rc == 0)
		c->stage = mem_strdup("00-sbatch");
	return rc;
}

int
checkpoint_look(struct checkpoint *c, char **why, const char *dir)
{
	int rc = open_own(c, why, dir);

	if (rc == 0)
		rc = read_identity(c, why, c->identity);
	if (rc == 0)
		rc = commit_newest(c, why);
	return rc == 0 ? commit_read(c, why) : rc;
}

int
checkpoint_end(struct checkpoint *c, char **why)
{
	char text[64];

	snprintf(text, sizeof(text), ENDED "%ju\n", (uintmax_t)c->generation);
	if (lock_note(c->lock_fd, text) == -1)
		return checkpoint_failed(c, why, SOURCE_LOCK);
	return 0;
}

/* Open an absolute path without following a link anywhere on it. */
static int
open_strictly(const char *path)
{
	int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd;
	const int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

	while (at != -1 && *path == '/') {
		size_t len = strcspn(++path, "/");
		char *name = mem_strndup(path, len);
		bool last = path[len] == '\0';

		errno = EINVAL;
		fd = len == 0 || strcmp(name, "..") == 0
			 ? -1
			 : openat(at, name, flags | (last ? O_RDONLY : O_PATH));
		free(name);
		close(at);
		at = fd;
		path += len;
	}
	return at;
}

static int
join_directory(struct checkpoint *c, char **why, const struct head *h)
{
	struct stat st;
	uint8_t id[16];
	int rc;

	c->path = mem_strdup(h->path);
	if (h->path[0] != '/')
		return refuse(why, EX_DATAERR, h->path, "it is no full path");
	c->fd = open_strictly(h->path);
	if (c->fd == -1 || fstat(c->fd, &st) == -1)
		return refuse(why, EX_DATAERR, h->path, strerror(errno));
	rc = check_owner(why, EX_DATAERR, h->path, &st);
	if (rc == 0)
		rc = read_identity(c, why, id);
	if (rc == 0 && memcmp(id, h->identity, sizeof(id)) != 0)
		rc = refuse(why, EX_DATAERR, h->path,
		    "the stream names it, but not its identity");
	memcpy(c->identity, h->identity, sizeof(c->identity));
	return rc;
}

/*
 * The start that HEAD speaks of must be the newest, and its source must hold
 * its lock, or have ended in order: with little to do it is gone before a
 * later stage has read its HEAD.
 */
static int
check_start(struct checkpoint *c, char **why, const struct head *h)
{
	char text[64], ended[64];
	bool runs = lock_held(c->fd, SOURCE_LOCK);
	int rc = commit_newest(c, why);

	if (rc == 0)
		rc = commit_read(c, why);
	if (rc != 0)
		return rc;
	snprintf(ended, sizeof(ended), ENDED "%ju\n", (uintmax_t)h->generation);
	/* What it says last it says before it lets go, so this comes second. */
	if (lock_text(text, sizeof(text), c->fd, SOURCE_LOCK) == -1)
		return checkpoint_failed(c, why, SOURCE_LOCK);
	if (c->generation != h->generation || c->last.epoch != h->epoch)
		return refuse(why, EX_TEMPFAIL, c->path,
		    "the stream is of a start that another one has followed");
	if (!runs && strcmp(text, ended) != 0)
		return refuse(why, EX_TEMPFAIL, c->path,
		    "the stream is of a start whose source is gone");
	return 0;
}

static int
sign(const struct checkpoint *c, char **why, int fd, const char *name)
{
	return lock_sign(fd, c->generation) == 0
		   ? 0
		   : checkpoint_failed(c, why, name);
}

/* Letters, digits, '-' and '_' stay; other bytes become %XX. */
char *
checkpoint_stage(const char *name, size_t n)
{
	struct buf b;
	char *s;

	buf_init(&b, 0);
	buf_printf(&b, "%02zu-", n);
	for (; *name != '\0' && b.len < MAX_STAGE; name++) {
		char ch = *name;

		if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
		    || (ch >= '0' && ch <= '9') || ch == '-' || ch == '_')
			buf_putc(&b, ch);
		else
			buf_printf(&b, "%%%02X", (unsigned char)ch);
	}
	s = mem_strndup((const char *)b.data, b.len);
	buf_release(&b);
	return s;
}

/*
 * Take the lock of a stage for life.  The source has waited for those of
 * earlier starts, but one may have been too slow to be seen.
 */
static int
lock_stage(struct checkpoint *c, char **why, const char *name)
{
	pid_t holder;
	int ours;

	c->lock_fd = lock_take(c->fd, name, 0, &holder);
	if (c->lock_fd != -1)
		return sign(c, why, c->lock_fd, name);
	if (errno != EAGAIN)
		return checkpoint_failed(c, why, name);
	ours = lock_is_of(c->generation, c->fd, name, GRACE_MS);
	if (ours == -1)
		return checkpoint_failed(c, why, name);
	if (ours == 1)
		*why = mem_printf("%s: %s is running already, as process %ld; "
				  "of two branches behind tee(1) name one by "
				  "--name",
		    c->path, c->stage, (long)holder);
	else
		*why = mem_printf("%s: %s of an earlier start is running "
				  "still, as process %ld",
		    c->path, c->stage, (long)holder);
	return EX_TEMPFAIL;
}

int
checkpoint_join(struct checkpoint *c, char **why, const struct head *h,
    const char *name, size_t n)
{
	char *lock;
	int rc;

	*why = NULL;
	rc = join_directory(c, why, h);
	if (rc == 0)
		rc = check_start(c, why, h);
	if (rc != 0)
		return rc;
	c->stage = checkpoint_stage(name, n);
	lock = mem_printf("%s.lock", c->stage);
	rc = lock_stage(c, why, lock);
	free(lock);
	return rc;
}

int
checkpoint_decides(struct checkpoint *c, char **why)
{
	pid_t holder;

	c->sink_fd = lock_take(c->fd, CHECKPOINT_SINK_LOCK, 0, &holder);
	if (c->sink_fd != -1)
		return sign(c, why, c->sink_fd, CHECKPOINT_SINK_LOCK);
	if (errno != EAGAIN)
		return checkpoint_failed(c, why, CHECKPOINT_SINK_LOCK);
	*why = mem_printf("%s: process %ld is its sink already; one record "
			  "cannot decide for two sinks",
	    c->path, (long)holder);
	return EX_TEMPFAIL;
}
