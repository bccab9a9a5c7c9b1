/* SPDX-License-Identifier: ISC */
/* The names in the directory of a pipeline that resumes. */
#include "ckpt/entries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int
entries_each(const struct checkpoint *c, char **why, entries_fn fn, void *arg)
{
	int fd = openat(c->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *e;
	int got = 0, status = 0;

	if (d == NULL) {
		status = checkpoint_failed(c, why, ".");
		if (fd != -1)
			close(fd);
		return status;
	}
	while (got == 0 && (errno = 0, e = readdir(d)) != NULL) {
		got = fn(arg, e->d_name);
		if (got == -1)
			status = checkpoint_failed(c, why, e->d_name);
	}
	if (got == 0 && errno != 0)
		status = checkpoint_failed(c, why, ".");
	closedir(d);
	return status;
}
