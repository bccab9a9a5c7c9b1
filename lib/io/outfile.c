/* SPDX-License-Identifier: ISC */
/* One of the files that the rows of a stream are spread over. */
#include "io/outfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/gzout.h"
#include "io/outdir.h"

#define NUMBER_DIGITS 6 /* at least, of the number in a name */

void
outfile_init(struct outfile *o, const char *path, size_t n_trusted, bool append,
    char **temp)
{
	*o = (struct outfile){.path = mem_strdup(path),
	    .n_trusted = n_trusted,
	    .append = append,
	    .temp = temp,
	    .fd = -1};
}

/* Whether the last component of path is the user's. */
static bool
is_trusted(const struct outfile *o)
{
	return (size_t)(outdir_name(o->path) - o->path) < o->n_trusted;
}

/*
 * A line that a kill has cut short must not swallow the first row.  What
 * cannot be read is left as it is.
 */
static int
mend_line(const struct outfile *o, int dir_fd, struct outfile_state *state)
{
	int fd = openat(dir_fd, outdir_name(o->path),
	    O_RDONLY | O_NONBLOCK | O_CLOEXEC
		| (is_trusted(o) ? 0 : O_NOFOLLOW));
	struct stat st;
	char last = '\n';

	if (fd == -1)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0
	    && io_pread(fd, &last, 1, st.st_size - 1) == -1)
		last = '\n';
	close(fd);
	state->is_mended = last != '\n';
	return state->is_mended ? io_write(o->fd, "\n", 1) : 0;
}

/* A name from data must not reach a link, a device or a FIFO. */
static int
open_append(struct outfile *o, int dir_fd, struct outfile_state *state)
{
	const char *name = outdir_name(o->path);
	bool trusted = is_trusted(o);
	struct stat st;

	o->fd = openat(dir_fd, name,
	    O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC
		| (trusted ? 0 : O_NOFOLLOW | O_NONBLOCK),
	    0666);
	if (o->fd == -1 || fstat(o->fd, &st) == -1)
		return -1;
	if (!trusted && !S_ISREG(st.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	state->is_empty = st.st_size == 0;
	if (state->is_empty || !S_ISREG(st.st_mode) || gzout_is_name(o->path))
		return 0;
	return mend_line(o, dir_fd, state);
}

int
outfile_open(struct outfile *o, struct outfile_state *state)
{
	/* Only directories with names from data are made. */
	bool makes = o->n_trusted < strlen(o->path);
	int dir_fd =
	    outdir_open(o->path, o->n_trusted, makes ? &o->made : NULL);
	int rc = 0;

	*state = (struct outfile_state){.is_empty = false};
	if (dir_fd == -1)
		return -1;
	if (o->append) {
		rc = open_append(o, dir_fd, state);
	} else if (*o->temp == NULL) {
		o->fd = io_temp_at(o->temp, dir_fd, o->path);
		state->is_empty = true;
	} else {
		o->fd = openat(dir_fd, outdir_name(*o->temp),
		    O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	}
	io_drop(dir_fd);
	if (o->fd == -1 || rc == -1)
		return -1;
	if (gzout_is_name(o->path))
		o->gz = gzout_new();
	return 0;
}

int
outfile_write(struct outfile *o, const void *p, size_t len)
{
	if (o->gz != NULL)
		return gzout_write(o->gz, o->fd, p, len);
	return io_write(o->fd, p, len);
}

/* End the gzip member, perhaps fsync, close: all of it, whatever fails. */
static int
end(struct outfile *o, bool durably)
{
	int rc = 0, fd = o->fd;

	if (fd == -1)
		return 0;
	if (o->gz != NULL)
		rc = gzout_finish(o->gz, fd);
	gzout_free(o->gz);
	o->gz = NULL;
	o->fd = -1;
	/* EINVAL: a device or a FIFO has nothing to make durable. */
	if (rc == 0 && durably && fsync(fd) == -1 && errno != EINVAL)
		rc = -1;
	return io_close(fd, rc);
}

int
outfile_close(struct outfile *o)
{
	return end(o, false);
}

/* Open again what was appended to, and nothing more is. */
static int
open_appended(struct outfile *o)
{
	int dir_fd = outdir_open(o->path, o->n_trusted, NULL);

	if (dir_fd == -1)
		return -1;
	o->fd = openat(dir_fd, outdir_name(o->path),
	    O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
		| (is_trusted(o) ? 0 : O_NOFOLLOW));
	io_drop(dir_fd);
	return o->fd == -1 ? -1 : 0;
}

int
outfile_finish(struct outfile *o)
{
	struct outfile_state state;
	int rc = 0;

	if (o->fd == -1)
		rc = o->append ? open_appended(o) : outfile_open(o, &state);
	return rc == -1 ? -1 : end(o, true);
}

static void
forget_temp(struct outfile *o)
{
	char *temp = *o->temp;

	*o->temp = NULL;
	free(temp);
}

int
outfile_publish(struct outfile *o)
{
	int dir_fd = outdir_open(o->path, o->n_trusted, NULL), rc;

	if (dir_fd == -1)
		return -1;
	rc = renameat(
	    dir_fd, outdir_name(*o->temp), dir_fd, outdir_name(o->path));
	io_drop(dir_fd);
	if (rc == 0)
		forget_temp(o);
	return rc;
}

/* The number in a name that is stem.NUMBERext, or 0. */
static uint64_t
number_in(const char *name, const char *stem, size_t stem_len, const char *ext)
{
	size_t len = strlen(name), ext_len = strlen(ext);
	const char *digits = name + stem_len + 1;
	int64_t v;

	if (len < stem_len + 1 + NUMBER_DIGITS + ext_len
	    || strncmp(name, stem, stem_len) != 0 || name[stem_len] != '.'
	    || strcmp(name + len - ext_len, ext) != 0)
		return 0;
	len -= stem_len + 1 + ext_len;
	if (strspn(digits, "0123456789") < len
	    || num_parse_int(&v, digits, len) == -1)
		return 0;
	return (uint64_t)v;
}

/* The highest number that a file has; 0 without one, -1 with errno. */
static int
highest(uint64_t *number, int dir_fd, const char *stem, size_t stem_len,
    const char *ext)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *e;

	*number = 0;
	if (dir == NULL) {
		if (fd != -1)
			io_drop(fd);
		return -1;
	}
	while ((errno = 0, e = readdir(dir)) != NULL) {
		uint64_t n = number_in(e->d_name, stem, stem_len, ext);

		if (n > *number)
			*number = n;
	}
	return io_end_list(dir);
}

/* The name that number makes of name, its ext_len last bytes behind. */
static char *
numbered(const char *name, size_t ext_len, uint64_t number)
{
	size_t stem_len = strlen(name) - ext_len;

	return mem_printf("%.*s.%0*" PRIu64 "%s", (int)stem_len, name,
	    NUMBER_DIGITS, number, name + stem_len);
}

int
outfile_publish_numbered(struct outfile *o, size_t ext_len, uint64_t *number)
{
	const char *name = outdir_name(o->path);
	size_t stem_len = strlen(name) - ext_len;
	int dir_fd = outdir_open(o->path, o->n_trusted, NULL), rc = 0;

	if (dir_fd == -1)
		return -1;
	if (*number == 0)
		rc = highest(number, dir_fd, name, stem_len, name + stem_len);
	while (rc == 0) {
		char *to = numbered(name, ext_len, ++*number);

		rc = outdir_rename_new(dir_fd, outdir_name(*o->temp), to);
		free(to);
		if (rc == 0 || errno != EEXIST)
			break;
		rc = 0;
	}
	io_drop(dir_fd);
	if (rc == 0)
		forget_temp(o);
	return rc;
}

char *
outfile_numbered(const struct outfile *o, size_t ext_len, uint64_t *number)
{
	const char *name = outdir_name(o->path);
	size_t stem_len = strlen(name) - ext_len;
	int dir_fd = outdir_open(o->path, o->n_trusted, NULL), rc = 0;
	char *path = NULL;

	if (dir_fd == -1)
		return NULL;
	if (*number == 0)
		rc = highest(number, dir_fd, name, stem_len, name + stem_len);
	while (rc == 0) {
		free(path);
		path = numbered(o->path, ext_len, ++*number);
		if (faccessat(
			dir_fd, outdir_name(path), F_OK, AT_SYMLINK_NOFOLLOW)
		    == 0)
			continue;
		rc = errno == ENOENT ? 1 : -1;
	}
	io_drop(dir_fd);
	if (rc == 1)
		return path;
	free(path);
	return NULL;
}

void
outfile_leave(struct outfile *o)
{
	forget_temp(o);
	o->made = 0;
}

int
outfile_sync(struct outfile *o)
{
	if (outdir_sync(o->path, o->n_trusted, o->made) == -1)
		return -1;
	o->made = 0;
	return 0;
}

void
outfile_discard(struct outfile *o)
{
	int dir_fd;

	if (o->fd != -1)
		close(o->fd);
	o->fd = -1;
	gzout_free(o->gz);
	o->gz = NULL;
	if (*o->temp == NULL)
		return;
	dir_fd = outdir_open(o->path, o->n_trusted, NULL);
	if (dir_fd != -1) {
		unlinkat(dir_fd, outdir_name(*o->temp), 0);
		close(dir_fd);
	}
	forget_temp(o);
}

void
outfile_release(struct outfile *o)
{
	outfile_discard(o);
	outdir_remove(o->path, o->n_trusted, o->made);
	free(o->path);
	o->path = NULL;
}
