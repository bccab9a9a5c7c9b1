/* SPDX-License-Identifier: ISC */
/* What the kinds of outlets share. */
#ifndef MILLRACE_IO_OUTLET_INT_H
#define MILLRACE_IO_OUTLET_INT_H

#include "io/appended.h"
#include "io/outlet.h"
#include "io/prepared.h"

/*
 * A kind.  make: what it keeps, or NULL with *why.  The others are those of
 * outlet.h; they fail by outlet_fail; NULL does nothing.
 * prepare: of a pipeline that resumes, at a barrier: what came since the last
 * one is complete and durable, in t->prepared or t->appended.
 */
struct outlet_kind {
	void *(*make)(struct outlet *t, char **why);
	int (*head)(struct outlet *t, const struct head *h);
	int (*frame)(
	    struct outlet *t, const struct frame *f, const struct batch *b);
	int (*idle)(struct outlet *t, int *timeout_ms);
	int (*reopen)(struct outlet *t);
	int (*commit)(struct outlet *t);
	int (*prepare)(struct outlet *t);
	void (*free)(void *own);
};

struct outlet {
	const struct outlet_kind *kind;
	struct outlet_opts o;
	struct outpath *path; /* owned; NULL for standard output, a command */
	struct render *render; /* owned */
	struct changelog *changelog; /* owned; NULL until there is one */
	void *own; /* of the kind */
	/* Of a pipeline that resumes. */
	bool resumes;
	uint64_t epoch; /* at hand; 0 without */
	uint64_t number; /* last one of a rolled path without placeholders */
	struct prepared prepared;
	struct appended appended;
	char *why; /* sticky */
	int status;
};

/* Keep the reason, if it is the first.  Returns -1. */
int outlet_fail(struct outlet *t, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The same for rc -1, with a reason that is freed.  Returns rc.  The call that
 * gives both may stand among the arguments, in whatever order they are made.
 */
int outlet_checked(struct outlet *t, int rc, char **why);

/* Whether there is any bound. */
bool outlet_rolls(const struct outlet_roll *r);

extern const struct outlet_kind outset_kind;
extern const struct outlet_kind outexec_kind;
extern const struct outlet_kind outwhole_kind;

#endif
