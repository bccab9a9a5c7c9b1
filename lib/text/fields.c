/* SPDX-License-Identifier: ISC */
/* Columns that the argument of a format says, or a line of a log. */
#include "text/fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/type.h"

void
fields_release(struct fields *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->names[i]);
	free(f->names);
	free(f->v);
	free(f->origins);
	*f = (struct fields){0};
}

size_t
fields_find(const struct fields *f, const char *name, size_t len)
{
	size_t i = 0;

	while (i < f->n
	       && (strlen(f->v[i].name) != len
		   || memcmp(f->v[i].name, name, len) != 0))
		i++;
	return i;
}

size_t
fields_add(struct fields *f, const char *name, size_t len, enum cell_kind kind,
    bool untyped)
{
	char *copy = mem_strndup(name, len);

	for (unsigned k = 2; fields_find(f, copy, strlen(copy)) < f->n; k++) {
		free(copy);
		copy = mem_printf("%.*s_%u", (int)len, name, k);
	}
	f->v = mem_grow(f->v, &f->cap, f->n + 1, sizeof(*f->v));
	f->origins = mem_grow(
	    f->origins, &f->cap_origins, f->n + 1, sizeof(*f->origins));
	f->names =
	    mem_grow(f->names, &f->cap_names, f->n + 1, sizeof(*f->names));
	f->names[f->n] = copy;
	f->v[f->n] = (struct cols_field){copy, kind};
	f->origins[f->n] = (struct cols_origin){.untyped = untyped};
	return f->n++;
}

size_t
fields_tidy(char *out, const char *name, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			out[n++] = c;
		else if (n > 0 && out[n - 1] != '_')
			out[n++] = '_';
	}
	while (n > 0 && out[n - 1] == '_')
		n--;
	return n;
}

struct cols_source
fields_source(const struct fields *f)
{
	struct cols_source s = {
	    .fields = f->v, .origins = f->origins, .n = f->n, .n_star = f->n};

	for (size_t i = 0; i < f->n && s.time == NULL; i++)
		if (cell_type(f->v[i].kind) == TYPE_TIME)
			s.time = f->v[i].name;
	return s;
}
