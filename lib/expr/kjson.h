/* SPDX-License-Identifier: ISC */
/* JSON text being made, for kernels. */
#ifndef MILLRACE_EXPR_KJSON_H
#define MILLRACE_EXPR_KJSON_H

#include "expr/ktext.h"

/*
 * An array: kjson_open, kjson_text for each element, kjson_close.
 * kjson_value: row of c, of any type, as the value that ssink -f json prints.
 */
struct kjson_list {
	struct strout *s;
	bool has_items;
};

void kjson_open(struct kjson_list *l, struct strout *s);
void kjson_text(struct kjson_list *l, struct ktext t);
void kjson_close(struct kjson_list *l);
void kjson_value(struct strout *s, const struct col *c, uint32_t row);

#endif
