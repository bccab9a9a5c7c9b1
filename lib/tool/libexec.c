/* SPDX-License-Identifier: ISC */
/* Programs that serve SCHEME:// operands: found and run. */
#include "tool/libexec.h"

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

void
libexec_exec(char **why, const char *program, const char *operand, char *argv[])
{
	char *name = mem_printf(
	    "%s-%.*s", program, (int)libexec_scheme(operand), operand);
	char *dir = directory();
	char *path = mem_printf("%s/%s", dir, name);
	char *first = argv[0];

	argv[0] = name;
	execv(path, argv);
	if (errno == ENOENT || errno == ENOTDIR)
		execvp(name, argv);
	argv[0] = first;
	if (errno == ENOENT || errno == ENOTDIR)
		*why = mem_printf("%s: no program %s is in %s or in PATH",
		    operand, name, dir);
	else
		*why = mem_printf(
		    "%s: cannot run %s: %s", operand, name, strerror(errno));
	free(path);
	free(dir);
	free(name);
}
