/* SPDX-License-Identifier: ISC */
/* What a > that nobody quoted has done. */
#ifndef MILLRACE_TOOL_REDIRECT_H
#define MILLRACE_TOOL_REDIRECT_H

#include <stdbool.h>

#include "tool/tool.h"

/*
 * Whether the shell seems to have cut an argument at a > or >=, so that text
 * is what was left of it: standard output is a file with a name that looks
 * like the rest of a comparison, or such a file, beginning with =, stands in
 * the current directory.  Its name, quoted for a message, goes into out.
 */
bool redirect_target(char out[TOOL_QUOTE_MAX], const char *text);

#endif
