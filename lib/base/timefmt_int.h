/* SPDX-License-Identifier: ISC */
/* For timeparse.c and timeprint.c: time patterns, without locale or TZ. */
#ifndef MILLRACE_BASE_TIMEFMT_INT_H
#define MILLRACE_BASE_TIMEFMT_INT_H

/* From January, from Monday. */
extern const char *const timefmt_months[12];
extern const char *const timefmt_weekdays[7];

/* The pattern that a conversion stands for, or NULL. */
const char *timefmt_composed(char conv);

#endif
