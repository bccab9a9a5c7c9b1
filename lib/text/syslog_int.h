/* SPDX-License-Identifier: ISC */
/* For syslog.c and syslogcells.c. */
#ifndef MILLRACE_TEXT_SYSLOG_INT_H
#define MILLRACE_TEXT_SYSLOG_INT_H

#include "text/text_int.h"

enum syslog_field {
	SYSLOG_TIME,
	SYSLOG_HOST,
	SYSLOG_IDENT,
	SYSLOG_PID,
	SYSLOG_FACILITY,
	SYSLOG_SEVERITY,
	SYSLOG_MSGID,
	SYSLOG_MESSAGE,
	SYSLOG_SD,
	SYSLOG_PROCID,
	SYSLOG_N_FIELDS
};

static inline bool
syslog_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The number of the month whose three letters s is: 1..12, or 0. */
int syslog_month(const char *s);

/* The derive() of the format: cells that the line says in another form. */
bool syslog_derive(struct text *t, uint32_t *out, struct side *side,
    const struct cells *in, const struct cols_col *col);

#endif
