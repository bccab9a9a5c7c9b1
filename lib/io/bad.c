/* SPDX-License-Identifier: ISC */
/* What becomes of records that are no rows.  sbatch(1), BAD RECORDS. */
#include "io/bad.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/begun.h"

#define KEPT_MAX (64u << 10) /* bytes held before they are written */
#define SHARE_FROM 1000 /* records before a share of them means anything */

void
bad_init(struct bad *b)
{
	*b = (struct bad){.fd = -1, .max = {.n = UINT64_MAX, .share = -1}};
	buf_init(&b->kept, 0);
}

void
bad_release(struct bad *b)
{
	if (b->fd != -1)
		close(b->fd);
	buf_release(&b->kept);
	free(b->why);
	bad_init(b);
}

void
bad_parse(struct bad *b, const char *arg)
{
	b->path = NULL;
	if (strcmp(arg, "stop") == 0) {
		b->policy = BAD_STOP;
	} else if (strcmp(arg, "skip") == 0) {
		b->policy = BAD_SKIP;
	} else {
		b->policy = BAD_KEEP;
		b->path = arg;
	}
}

int
bad_parse_max(struct bad *b, const char *arg)
{
	size_t len = strlen(arg);
	int64_t n;
	double percent;

	if (len > 0 && arg[len - 1] == '%') {
		if (num_parse_float(&percent, arg, len - 1) == -1
		    || !(percent >= 0 && percent <= 100))
			return -1;
		b->max = (struct bad_max){UINT64_MAX, percent / 100};
		return 0;
	}
	if (num_parse_int(&n, arg, len) == -1 || n < 0)
		return -1;
	b->max = (struct bad_max){(uint64_t)n, -1};
	return 0;
}

static int
fail(struct bad *b, int status, char *why)
{
	free(b->why);
	b->why = why;
	b->status = status;
	return -1;
}

static int
fail_errno(struct bad *b)
{
	return fail(
	    b, EX_IOERR, mem_printf("%s: %s", b->path, strerror(errno)));
}

int
bad_open(struct bad *b)
{
	if (b->policy != BAD_KEEP)
		return 0;
	b->fd = open(b->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	return b->fd == -1 ? fail_errno(b) : 0;
}

/* FILE:LINE:COL: why, or without the column when it is the whole line. */
static void
locate(struct buf *out, const char *name, const struct text_bad *bad)
{
	buf_printf(out, "%s:%ju:", name, (uintmax_t)bad->line);
	if (bad->column > 0)
		buf_printf(out, "%zu:", bad->column);
	buf_printf(out, " %s", bad->why);
}

int
bad_flush(struct bad *b)
{
	if (b->kept.len == 0)
		return 0;
	if (io_write(b->fd, b->kept.data, b->kept.len) == -1)
		return fail_errno(b);
	buf_reset(&b->kept);
	return 0;
}

/* The answer of a call of side.h: 0, or -1 as fail leaves it. */
static int
settle(struct bad *b, int status, char *why)
{
	if (status == 0)
		return 0;
	fail(b, status, mem_printf("--bad: %s", why));
	free(why);
	return -1;
}

/* Whether there is a file, and no device or FIFO: 0, 1, or -1 failed. */
static int
keeps_file(struct bad *b)
{
	struct stat st;

	if (b->policy != BAD_KEEP)
		return 0;
	if (fstat(b->fd, &st) == -1)
		return fail_errno(b);
	return S_ISREG(st.st_mode);
}

int
bad_claim(struct bad *b)
{
	char *why = NULL;
	int is = keeps_file(b), status;

	if (is != 1)
		return is;
	status = side_claim(&why, b->path, b->fd, false);
	return settle(b, status, why);
}

/* The directory that the file is in. */
static int
stat_parent(struct stat *st, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == NULL
			? mem_strdup(".")
			: mem_strndup(path, (size_t)(slash - path) + 1);
	int rc = stat(dir, st);

	free(dir);
	return rc;
}

/* What bad records were appended to would be read for ever. */
int
bad_not_source(struct bad *b, const char *path)
{
	struct stat own, other;
	size_t len = strlen(path);
	bool dir = len > 0 && path[len - 1] == '/';
	bool standard = strcmp(path, "-") == 0;

	if (b->policy != BAD_KEEP
	    || (standard ? fstat(STDIN_FILENO, &other) : stat(path, &other))
		   == -1
	    || (dir ? stat_parent(&own, b->path) : fstat(b->fd, &own)) == -1
	    || own.st_dev != other.st_dev || own.st_ino != other.st_ino
	    || S_ISCHR(own.st_mode))
		return 0;
	return fail(b, EX_USAGE,
	    mem_printf("--bad %s: it is %s %s, which is read; name another "
		       "file",
		b->path, dir ? "in the source" : "the source",
		standard ? "standard input" : path));
}

int
bad_settle(struct bad *b, struct side_end *end)
{
	struct stat st;

	*end = (struct side_end){.len = 0};
	if (b->policy != BAD_KEEP)
		return 0;
	if (bad_flush(b) == -1)
		return -1;
	/* A pipe or a device has no length, and cannot be cut. */
	if (fstat(b->fd, &st) == -1)
		return fail_errno(b);
	if (!S_ISREG(st.st_mode))
		return 0;
	if (fsync(b->fd) == -1
	    || (!b->placed && io_sync_directory(b->path) == -1)
	    || side_measure(end, b->fd, (uint64_t)st.st_size) == -1)
		return fail_errno(b);
	b->placed = true;
	return 0;
}

/* Nothing that counts is in it, and *end is of another file. */
static int
begin_anew(struct bad *b, const struct checkpoint *c)
{
	char *why = NULL;
	int status;

	if (ftruncate(b->fd, 0) == -1)
		return fail_errno(b);
	status = begun_save(c, &why, b->fd, c->last.epoch);
	return settle(b, status, why);
}

int
bad_resume(
    struct bad *b, const struct checkpoint *c, const struct side_end *end)
{
	struct file_id now;
	struct stat st;
	char *why = NULL;
	bool anew;
	int is = keeps_file(b), status;
	int64_t mtime_ns;

	if (is != 1)
		return is;
	if (fstat(b->fd, &st) == -1
	    || sibling_id(&now, &mtime_ns, b->fd, "") == -1)
		return fail_errno(b);
	status = begun_is(&anew, &why, c, b->fd, end);
	if (settle(b, status, why) == -1)
		return -1;
	if (anew || (st.st_size == 0 && !file_id_same(&now, &end->id)))
		return begin_anew(b, c);
	status = side_cut(end, &why, b->path, b->fd);
	return settle(b, status, why);
}

static int
too_many(struct bad *b, uint64_t n_records)
{
	/* They are the evidence. */
	if (bad_flush(b) == -1)
		return -1;
	if (b->n > b->max.n)
		return fail(b, EX_DATAERR,
		    mem_printf("%ju of %ju records invalid, more than the %ju"
			       " of --max-bad",
			(uintmax_t)b->n, (uintmax_t)n_records,
			(uintmax_t)b->max.n));
	return fail(b, EX_DATAERR,
	    mem_printf("%ju of %ju records invalid, more than the %g%%"
		       " of --max-bad",
		(uintmax_t)b->n, (uintmax_t)n_records, b->max.share * 100));
}

static bool
over_share(const struct bad *b, uint64_t n_records)
{
	return b->max.share >= 0
	       && (double)b->n > b->max.share * (double)n_records;
}

bool
bad_take(struct bad *b, struct buf *notes, const char *name,
    const struct text_bad *bad, uint64_t n_records)
{
	struct buf at = {0};

	if (b->policy != BAD_STOP)
		return bad_pass(b, notes, name, bad, n_records);
	b->n++;
	locate(&at, name, bad);
	fail(b, EX_DATAERR, mem_strndup((char *)at.data, at.len));
	buf_release(&at);
	return false;
}

bool
bad_pass(struct bad *b, struct buf *notes, const char *name,
    const struct text_bad *bad, uint64_t n_records)
{
	b->n++;
	if (b->policy == BAD_KEEP) {
		buf_put(&b->kept, bad->p, bad->len);
		buf_putc(&b->kept, '\n');
		if (b->kept.len > KEPT_MAX && bad_flush(b) == -1)
			return false;
	}
	if ((b->endless && b->n <= BAD_SHOWN) || b->policy == BAD_STOP) {
		locate(notes, name, bad);
		buf_putc(notes, '\n');
	}
	if (b->n > b->max.n
	    || (b->endless && n_records >= SHARE_FROM
		&& over_share(b, n_records)))
		return too_many(b, n_records) == 0;
	return true;
}

int
bad_finish(struct bad *b, uint64_t n_records)
{
	if (bad_flush(b) == -1)
		return -1;
	return over_share(b, n_records) ? too_many(b, n_records) : 0;
}
