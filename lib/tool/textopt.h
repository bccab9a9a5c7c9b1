/* SPDX-License-Identifier: ISC */
/* The options that say how text is read, where a command has them. */
#ifndef MILLRACE_TOOL_TEXTOPT_H
#define MILLRACE_TOOL_TEXTOPT_H

#include <stdbool.h>

struct text_opts;

#define TEXTOPT_NULL 1000 /* ch of --null; others are -f -c -t -N -d */

/* Take one of them into o; false when ch is another option. */
bool textopt_take(struct text_opts *o, int ch, const char *arg);

#endif
