/* SPDX-License-Identifier: ISC */
/* Names of the types. */
#include "data/type.h"

#include <string.h>

static const struct {
	const char *name;
	enum type type;
} names[] = {
    {"bool", TYPE_BOOL},
    {"int", TYPE_INT},
    {"float", TYPE_FLOAT},
    {"str", TYPE_STR},
    {"time", TYPE_TIME},
    {"dur", TYPE_DUR},
    {"bin", TYPE_BIN},
    {"boolean", TYPE_BOOL},
    {"integer", TYPE_INT},
    {"bigint", TYPE_INT},
    {"double", TYPE_FLOAT},
    {"string", TYPE_STR},
    {"timestamp", TYPE_TIME},
    {"interval", TYPE_DUR},
};

const char *
type_name(enum type t)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == t)
			return names[i].name;
	return "unknown";
}

int
type_parse(enum type *t, const char *s, size_t len)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == len
		    && memcmp(names[i].name, s, len) == 0) {
			*t = names[i].type;
			return 0;
		}
	return -1;
}
