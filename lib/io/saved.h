/* SPDX-License-Identifier: ISC */
/* A look into files that may be saved streams.  Inside the intake. */
#ifndef MILLRACE_IO_SAVED_H
#define MILLRACE_IO_SAVED_H

#include <stdbool.h>
#include <stdint.h>

/*
 * path: a file, "-" for standard input; nothing but a regular file is looked
 * into.
 * saved_is_stream: whether it begins as a stream does.
 * saved_parts: the parts that are open before its first row; 1 when that
 * cannot be told.
 */
bool saved_is_stream(const char *path);
uint32_t saved_parts(const char *path);

#endif
