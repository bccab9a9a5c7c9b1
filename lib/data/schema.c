/* SPDX-License-Identifier: ISC */
/* The columns of a stream. */
#include "data/schema.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

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

/* A name may come from a file's header: escape what would move a cursor. */
static void
put_name(struct buf *b, const char *name)
{
	size_t len = strlen(name), n;
	uint32_t cp = 0;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_decode(&cp, name + i, len - i);
		if (n != 0 && !utf8_is_hostile(cp)) {
			buf_put(b, name + i, n);
			continue;
		}
		n = n == 0 ? 1 : n;
		for (size_t k = 0; k < n; k++)
			buf_printf(b, "\\x%02x", (unsigned char)name[i + k]);
	}
}

void
schema_list(struct buf *b, const struct schema *s)
{
	const char *comma = "";

	for (size_t i = 0; i < s->n; i++) {
		if (s->fields[i].system)
			continue;
		buf_puts(b, comma);
		put_name(b, s->fields[i].name);
		comma = ", ";
	}
}
