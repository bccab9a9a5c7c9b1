/* SPDX-License-Identifier: ISC */
/* Names of columns in the text of an option. */
#include "data/name.h"

#include <string.h>

#include "base/mem.h"

char *
name_take(const char **p, const char *stops)
{
	const char *from = *p;
	size_t len;

	if (*from == '`') {
		from++;
		len = strcspn(from, "`");
		if (from[len] == '\0' || len == 0)
			return NULL;
		*p = from + len + 1;
	} else {
		len = strcspn(from, stops);
		*p = from + len;
		while (len > 0 && *from == ' ') {
			from++;
			len--;
		}
		while (len > 0 && from[len - 1] == ' ')
			len--;
	}
	return len == 0 ? NULL : mem_strndup(from, len);
}
