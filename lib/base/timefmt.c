/* SPDX-License-Identifier: ISC */
/* What the patterns of strptime(3) and strftime(3) have in common. */
#include "base/timefmt_int.h"

#include <string.h>

#include "base/time.h"

const char *const timefmt_months[12] = {"January", "February", "March", "April",
    "May", "June", "July", "August", "September", "October", "November",
    "December"};
const char *const timefmt_weekdays[7] = {"Monday", "Tuesday", "Wednesday",
    "Thursday", "Friday", "Saturday", "Sunday"};

const char *
timefmt_composed(char conv)
{
	switch (conv) {
	case 'T':
		return "%H:%M:%S";
	case 'R':
		return "%H:%M";
	case 'F':
		return "%Y-%m-%d";
	case 'D':
		return "%m/%d/%y";
	default:
		return NULL;
	}
}

int
time_check_format(const char *format, char *bad)
{
	for (const char *f = format; *f != '\0'; f++) {
		if (*f != '%')
			continue;
		f++;
		if (*f == '\0'
		    || strchr("YmdeHMSfLybBhaAjzZpIsTFDRnt%uVG", *f) == NULL) {
			*bad = *f == '\0' ? '%' : *f;
			return -1;
		}
	}
	return 0;
}

bool
time_format_wants_year(const char *format)
{
	bool day = false;

	for (const char *f = format; *f != '\0'; f++) {
		if (*f != '%')
			continue;
		f++;
		if (strchr("YyFDs", *f) != NULL)
			return false;
		if (strchr("mdebBhj", *f) != NULL)
			day = true;
	}
	return day;
}
