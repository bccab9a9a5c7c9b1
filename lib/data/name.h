/* SPDX-License-Identifier: ISC */
/* Names of columns in the text of an option. */
#ifndef MILLRACE_DATA_NAME_H
#define MILLRACE_DATA_NAME_H

/*
 * Take a name up to a byte of stops, blanks around it cut, or between
 * backquotes, from *p on, which is moved behind it.  Returns it to be freed,
 * or NULL when it is empty or a backquote has no end.
 */
char *name_take(const char **p, const char *stops);

#endif
