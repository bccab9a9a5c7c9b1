/* SPDX-License-Identifier: ISC */
/* A look into files that may be saved streams. */
#include "io/saved.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "wire/stream.h"

/* Its descriptor, or -1; it is not to be read by its own offset. */
static int
open_file(const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode)
			   ? STDIN_FILENO
			   : -1;
	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode))
		return -1;
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void
close_file(int fd)
{
	if (fd > STDERR_FILENO)
		close(fd);
}

bool
saved_is_stream(const char *path)
{
	char magic[sizeof(FRAME_MAGIC) - 1];
	int fd = open_file(path);
	off_t at = fd == STDIN_FILENO ? lseek(fd, 0, SEEK_CUR) : 0;
	bool is =
	    fd != -1 && at != -1
	    && io_pread_full(fd, magic, sizeof(magic), at) == sizeof(magic)
	    && memcmp(magic, FRAME_MAGIC, sizeof(magic)) == 0;

	close_file(fd);
	return is;
}

uint32_t
saved_parts(const char *path)
{
	int fd = strcmp(path, "-") == 0 ? -1 : open_file(path);
	struct stream_reader *r;
	struct head h;
	struct frame f;
	struct mark m;
	uint32_t n = 0;

	if (fd == -1)
		return 1;
	r = stream_reader_new(fd, -1);
	if (stream_read_head(r, &h) == 1)
		while (stream_read(r, &f, -1) == 1 && f.h.kind == FRAME_MARK
		       && mark_read(&m, f.data, f.len) == 0)
			n += m.what == MARK_OPEN;
	head_release(&h);
	stream_reader_free(r);
	close_file(fd);
	return n > 0 ? n : 1;
}
