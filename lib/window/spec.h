/* SPDX-License-Identifier: ISC */
/* The text of a window into its spec.  swindow(1), WINDOWS. */
#ifndef MILLRACE_WINDOW_SPEC_H
#define MILLRACE_WINDOW_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "wire/head.h"

/* What stands beside the text. */
struct spec_opts {
	const char *tz; /* a zone name, "" = UTC */
	const char *keys; /* of sessions, "" = none */
	int64_t origin; /* microseconds */
};

/*
 * Parse "1m" (tumbling), "5m/10s" (sliding), "1w", "1mo", "1y" (of the
 * calendar of tz), "cumulate:1d/1m", "session:30m", "rows:1000" or "" (no
 * window) into *w, which is set up by head_init or holds zeros.
 * 0, or -1 with a message in why[0..why_cap) that says what can be written.
 */
int spec_parse(struct window_spec *w, char *why, size_t why_cap,
    const char *text, const struct spec_opts *o);

#endif
