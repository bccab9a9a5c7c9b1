/* SPDX-License-Identifier: ISC */
/* What kernels of times find out once: units, formats, zones. */
#ifndef MILLRACE_EXPR_KTIME_H
#define MILLRACE_EXPR_KTIME_H

#include "base/zone.h"
#include "expr/eval.h"

struct ktime_unit;

/* Kept in node.aux. */
struct ktime {
	const struct ktime_unit *unit;
	char *format; /* owned */
	struct zone *zone; /* owned; NULL = UTC */
};

/*
 * ktime_new: an empty one in n->aux, freed with n.
 * ktime_read_zone: *zone is the one that the constant k names.  0, or -1
 * with *err set.
 * ktime_shown: what the clocks show at us, as microseconds; span is the one
 * found last, all zeros at first.  false when it leaves int64.
 */
struct ktime *ktime_new(struct node *n);
int ktime_read_zone(
    struct zone **zone, const struct node *k, struct expr_error *err);
bool ktime_shown(
    int64_t *shown, struct zone_span *span, const struct zone *z, int64_t us);

#endif
