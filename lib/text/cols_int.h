/* SPDX-License-Identifier: ISC */
/* For colsparse.c and cols.c: what -c says. */
#ifndef MILLRACE_TEXT_COLS_INT_H
#define MILLRACE_TEXT_COLS_INT_H

#include "text/cols.h"

/* One item of -c: [NEW=]NAME[:type[(format)]], "*" or "_". */
struct cols_item {
	char *to; /* owned, NULL = the same name */
	char *from; /* owned */
	bool star;
	bool infer; /* a star whose columns have types */
	bool typed;
	struct cell_form form;
	size_t field; /* in the first source */
};

/* Put "opt: " before *why.  Returns -1. */
int cols_blame(char **why, const char *opt);

#endif
