/* SPDX-License-Identifier: ISC */
/* The variables of the log formats of nginx and Apache. */
#ifndef MILLRACE_TEXT_ACCESSVAR_H
#define MILLRACE_TEXT_ACCESSVAR_H

#include <stdbool.h>

#include "base/buf.h"
#include "text/cell.h"

struct access_var {
	char *name; /* of its column; owned */
	enum cell_kind kind;
	bool known; /* the format says what its values are */
	bool bracket; /* its value stands between brackets of its own */
	bool request; /* it is a request line, of which parts are columns */
};

/*
 * Read a format string from *p on: its text is appended to text, *p is moved
 * behind the variable that ends it.  1 with the variable in *v; 0 at the end;
 * -1 with the reason in *why, to be freed.
 */
typedef int (*access_next_fn)(
    struct access_var *v, struct buf *text, const char **p, char **why);
int access_next_nginx(
    struct access_var *v, struct buf *text, const char **p, char **why);
int access_next_apache(
    struct access_var *v, struct buf *text, const char **p, char **why);

#endif
