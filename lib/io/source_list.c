/* SPDX-License-Identifier: ISC */
/* The sources that operands name.  sbatch(1), SOURCES. */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/mem.h"
#include "io/newfiles.h"
#include "io/source_int.h"

void
source_list_init(struct source_list *l)
{
	*l = (struct source_list){0};
}

void
source_list_release(struct source_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		source_free(l->v[i]);
	free(l->v);
	source_list_init(l);
}

/* The length of the name in "NAME=PATH": letters, digits, '_', '.', '-'. */
static size_t
name_len(const char *operand)
{
	size_t n = strspn(operand, "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	return operand[n] == '=' ? n : 0;
}

static bool
can_resume(const struct source_kind *kind, const struct source_opts *o)
{
	if (kind == NULL)
		return false;
	return kind->save != NULL
	       || (o->spools && kind->spools != SOURCE_SPOOL_NOT);
}

static int
add_one(struct source_list *l, const char *name, const char *path,
    const struct source_opts *o, char **why)
{
	const struct source_kind *kind = source_find_kind(path, o->mode);
	struct source *s;

	if (o->kept && !can_resume(kind, o)) {
		*why = mem_printf("'%s' cannot be read again after a restart; "
				  "%s",
		    path,
		    kind != NULL && kind->spools != SOURCE_SPOOL_NOT
			? "--spool keeps in DIR what is read from it"
			: "-S takes files, and with --spool standard input, "
			  "pipes and sockets");
		return EX_USAGE;
	}
	if (kind == NULL) {
		*why = mem_printf("'%s' is no source%s", path,
		    o->mode == SOURCE_FOLLOW ? " that can be followed" : "");
		return EX_NOINPUT;
	}
	if (l->n == SOURCE_MAX) {
		*why = mem_printf("more than %d sources", SOURCE_MAX);
		return EX_USAGE;
	}
	l->v = mem_grow(l->v, &l->cap, l->n + 1, sizeof(*l->v));
	s = source_new(kind, o,
	    name != NULL             ? name
	    : strcmp(path, "-") == 0 ? "stdin"
				     : path,
	    path);
	s->named = name != NULL;
	if (o->kept && kind->save == NULL && kind->spools != SOURCE_SPOOL_PEERS)
		s = spooled_new(s, path);
	l->v[l->n++] = s;
	return 0;
}

static int
add_pattern(struct source_list *l, const char *name, const char *pattern,
    const struct source_opts *o, char **why)
{
	glob_t g;
	int rc = glob(pattern, 0, NULL, &g);

	if (rc != 0) {
		*why = mem_printf("%s: %s", pattern,
		    rc == GLOB_NOMATCH ? "no file matches"
				       : "cannot read the directory");
		return EX_NOINPUT;
	}
	for (size_t i = 0; rc == 0 && i < g.gl_pathc; i++)
		rc = add_one(l, name, g.gl_pathv[i], o, why);
	globfree(&g);
	return rc;
}

/* The files of a directory that are there. */
static int
add_directory(struct source_list *l, const char *name, const char *path,
    const struct source_opts *o, char **why)
{
	struct newfiles files = {0};
	char **names, *file;
	size_t n;
	int rc = newfiles_look(&files, &names, &n, path, true);

	if (rc == -1)
		*why = mem_printf("%s: %s", path, strerror(errno));
	else if (n == 0)
		*why = mem_printf("%s: no file is in it", path);
	if (n == 0)
		rc = EX_NOINPUT;
	for (size_t i = 0; i < n; i++) {
		file = mem_printf("%s%s", path, names[i]);
		if (rc == 0)
			rc = add_one(l, name, file, o, why);
		free(file);
		free(names[i]);
	}
	free(names);
	newfiles_release(&files);
	return rc;
}

static bool
is_directory(const char *path)
{
	size_t len = strlen(path);
	struct stat st;

	return len > 0 && path[len - 1] == '/' && stat(path, &st) == 0
	       && S_ISDIR(st.st_mode);
}

int
source_list_add(struct source_list *l, const char *operand,
    const struct source_opts *o, char **why)
{
	size_t n = name_len(operand);
	char *name = n > 0 ? mem_strndup(operand, n) : NULL;
	const char *path = n > 0 ? operand + n + 1 : operand;
	struct stat st;
	int rc;

	/* A file may have the characters of a pattern in its name. */
	if (strpbrk(path, "*?[") != NULL && strstr(path, "://") == NULL
	    && lstat(path, &st) == -1)
		rc = add_pattern(l, name, path, o, why);
	else if (o->mode == SOURCE_ONCE && is_directory(path))
		rc = add_directory(l, name, path, o, why);
	else
		rc = add_one(l, name, path, o, why);
	free(name);
	return rc;
}

void
source_list_join(struct source_list *l)
{
	set_join(l);
}
