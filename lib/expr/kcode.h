/* SPDX-License-Identifier: ISC */
/* Codings that several kernels undo. */
#ifndef MILLRACE_EXPR_KCODE_H
#define MILLRACE_EXPR_KCODE_H

#include "expr/ktext.h"

/*
 * Append t, of a query, in plain: %XX is a byte, + a blank, any other % itself;
 * what is no UTF-8 then becomes U+FFFD.
 */
void kcode_put_decoded(struct strout *s, struct ktext t);

#endif
