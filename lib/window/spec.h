/* SPDX-License-Identifier: ISC */
/* The text of a window into its spec.  swindow(1), WINDOWS. */
#ifndef MILLRACE_WINDOW_SPEC_H
#define MILLRACE_WINDOW_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "wire/head.h"

/*
 * Parse "1m" (tumbling), "5m/10s" (sliding) or "" (no window) into *w, which
 * window_spec_reset or head_init has set up; origin is in microseconds.
 * 0, or -1 with a message in why[0..why_cap) that lists what can be written.
 */
int spec_parse(struct window_spec *w, char *why, size_t why_cap,
    const char *text, int64_t origin);

#endif
