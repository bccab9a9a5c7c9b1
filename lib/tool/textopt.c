/* SPDX-License-Identifier: ISC */
/* The options that say how text is read. */
#include "tool/textopt.h"

#include "text/text.h"
#include "tool/tool.h"

bool
textopt_take(struct text_opts *o, int ch, const char *arg)
{
	switch (ch) {
	case 'f':
		o->format = arg;
		return true;
	case 'c':
		o->columns = arg;
		return true;
	case 't':
		o->time = arg;
		return true;
	case 'N':
		o->no_header = true;
		return true;
	case 'd':
		o->delim = tool_byte("delimiter", arg);
		return true;
	case TEXTOPT_NULL:
		o->null_str = arg;
		return true;
	default:
		return false;
	}
}
