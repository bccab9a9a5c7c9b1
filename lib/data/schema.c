/* SPDX-License-Identifier: ISC */
/* The columns of a stream. */
#include "data/schema.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/quote.h"

void
schema_init(struct schema *s)
{
	*s = (struct schema){.time_col = -1};
}

void
schema_release(struct schema *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->fields[i].name);
	free(s->fields);
	schema_init(s);
}

void
schema_copy(struct schema *to, const struct schema *from)
{
	schema_init(to);
	to->fields = mem_resize(NULL, from->n, sizeof(*to->fields));
	to->cap = from->n;
	to->n = from->n;
	to->time_col = from->time_col;
	to->time_off = from->time_off;
	for (size_t i = 0; i < from->n; i++) {
		to->fields[i] = from->fields[i];
		to->fields[i].name = mem_strdup(from->fields[i].name);
	}
}

void
schema_check(const struct schema *s)
{
	assert(s->n <= s->cap && s->n <= SCHEMA_MAX_COLS);
	assert(s->time_col >= -1 && s->time_col < (int)s->n);
	assert(s->time_col == -1 || s->fields[s->time_col].type == TYPE_TIME);
}

struct field *
schema_add(struct schema *s, const char *name, size_t len, enum type type)
{
	struct field *f;

	if (len == 0 || len > SCHEMA_MAX_NAME || s->n == SCHEMA_MAX_COLS
	    || memchr(name, '\0', len) != NULL
	    || schema_find(s, name, len) != -1)
		return NULL;
	s->fields = mem_grow(s->fields, &s->cap, s->n + 1, sizeof(*s->fields));
	f = &s->fields[s->n++];
	*f = (struct field){.name = mem_strndup(name, len), .type = type};
	return f;
}

int
schema_find(const struct schema *s, const char *name, size_t len)
{
	for (size_t i = 0; i < s->n; i++)
		if (strncmp(s->fields[i].name, name, len) == 0
		    && s->fields[i].name[len] == '\0')
			return (int)i;
	return -1;
}

void
schema_list(struct buf *b, const struct schema *s)
{
	const char *comma = "";

	/* A name may come from the header of a file. */
	for (size_t i = 0; i < s->n; i++) {
		const char *name = s->fields[i].name;

		if (s->fields[i].system)
			continue;
		buf_puts(b, comma);
		quote_put(b, name, strlen(name));
		comma = ", ";
	}
}

void
schema_put_types(struct buf *b, const struct schema *s)
{
	for (size_t i = 0; i < s->n; i++)
		buf_printf(b, "%s%s %s", i == 0 ? "" : ", ", s->fields[i].name,
		    type_name(s->fields[i].type));
}
