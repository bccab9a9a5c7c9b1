/* SPDX-License-Identifier: ISC */
/* Programs that serve SCHEME:// operands: found and run. */
#include "io/libexec.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"

size_t
libexec_scheme(const char *s)
{
	size_t len = strspn(s, LETTERS "0123456789-");

	if (strspn(s, LETTERS) == 0 || strncmp(s + len, "://", 3) != 0)
		return 0;
	return len;
}

/* ../libexec/millrace, seen from this program; to be freed. */
static char *
directory(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	for (int up = 0; up < 2; up++) {
		slash = strrchr(path, '/');
		if (slash == NULL)
			break;
		*slash = '\0';
	}
	return mem_printf("%s/libexec/millrace", path);
}

/* The first in PATH that can be run, to be freed, or NULL. */
static char *
in_path(const char *name)
{
	const char *dir = getenv("PATH"), *end;
	char *path;

	for (; dir != NULL && *dir != '\0'; dir = end + (*end != '\0')) {
		end = strchrnul(dir, ':');
		/* An empty entry is the current folder. */
		path = mem_printf("%.*s%s%s", (int)(end - dir), dir,
		    end > dir ? "/" : "./", name);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

char *
libexec_find(char **why, const char *program, const char *operand)
{
	char *name = mem_printf(
	    "%s-%.*s", program, (int)libexec_scheme(operand), operand);
	char *dir = directory();
	char *path = mem_printf("%s/%s", dir, name);

	if (access(path, X_OK) == -1) {
		free(path);
		path = in_path(name);
	}
	if (path == NULL)
		*why =
		    mem_printf("no program %s is in %s or in PATH", name, dir);
	free(dir);
	free(name);
	return path;
}

void
libexec_exec(char **why, const char *program, const char *operand, char *argv[])
{
	char *path = libexec_find(why, program, operand), *reason;
	char *first = argv[0];

	if (path == NULL) {
		reason = *why;
		*why = mem_printf("%s: %s", operand, reason);
		free(reason);
		return;
	}
	argv[0] = path;
	execv(path, argv);
	argv[0] = first;
	*why =
	    mem_printf("%s: cannot run %s: %s", operand, path, strerror(errno));
	free(path);
}
