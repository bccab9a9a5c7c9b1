/* SPDX-License-Identifier: ISC */
/* What a > that nobody quoted has done. */
#include "tool/redirect.h"

#include <dirent.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The name of the file that standard output is, or "". */
static void
output_name(char *name, size_t cap)
{
	char path[PATH_MAX];
	struct stat st;
	const char *slash;
	ssize_t n;

	name[0] = '\0';
	if (fstat(STDOUT_FILENO, &st) == -1 || !S_ISREG(st.st_mode))
		return;
	n = readlink("/proc/self/fd/1", path, sizeof(path) - 1);
	if (n <= 0)
		return;
	path[n] = '\0';
	slash = strrchr(path, '/');
	strlcpy(name, slash == NULL ? path : slash + 1, cap);
}

/* A file of the current directory that begins with =, or "". */
static void
stray_name(char *name, size_t cap)
{
	DIR *dir = opendir(".");
	const struct dirent *e;

	name[0] = '\0';
	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '=') {
			strlcpy(name, e->d_name, cap);
			break;
		}
	}
	closedir(dir);
}

/* Whether a name may be the right side of a comparison. */
static bool
looks_like_value(const char *name)
{
	return name[0] == '=' || name[0] == '-'
	       || (name[0] >= '0' && name[0] <= '9'
		   && strspn(name, "0123456789.") == strlen(name));
}

bool
redirect_target(char out[TOOL_QUOTE_MAX], const char *text)
{
	char name[NAME_MAX + 1];

	if (*text == '\0')
		return false;
	output_name(name, sizeof(name));
	if (!looks_like_value(name))
		stray_name(name, sizeof(name));
	if (name[0] == '\0')
		return false;
	tool_quote(out, name, strlen(name));
	return true;
}
