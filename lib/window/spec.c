/* SPDX-License-Identifier: ISC */
/* The text of a window into its spec. */
#include "window/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

int
spec_parse(struct window_spec *w, char *why, size_t why_cap, const char *text,
    int64_t origin)
{
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	int64_t size, slide = 0;

	window_spec_reset(w);
	if (*text == '\0')
		return 0;
	if (num_parse_dur(&size, text, len) == -1
	    || (slash != NULL
		&& num_parse_dur(&slide, slash + 1, strlen(slash + 1)) == -1)) {
		snprintf(why, why_cap,
		    "window %.60s: write 1m (tumbling), 5m/10s (sliding, size "
		    "and slide) or nothing (watermark only)",
		    text);
		return -1;
	}
	if (size <= 0 || (slash != NULL && slide <= 0)) {
		snprintf(why, why_cap, "window %.60s: must be above 0", text);
		return -1;
	}
	w->kind =
	    slash == NULL || size == slide ? WINDOW_TUMBLING : WINDOW_SLIDING;
	w->size = size;
	w->slide = w->kind == WINDOW_SLIDING ? slide : 0;
	w->origin = origin;
	free(w->text);
	w->text = mem_strdup(text);
	return 0;
}
