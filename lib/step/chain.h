/* SPDX-License-Identifier: ISC */
/* The steps of smap between its input and its output.  smap(1). */
#ifndef MILLRACE_STEP_CHAIN_H
#define MILLRACE_STEP_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "step/step.h"
#include "tool/stage.h"

struct chain_note; /* a mark that waits */

struct chain {
	struct step **steps; /* owned, each */
	size_t n;
	size_t cap;
	struct stage *st; /* set by chain_plan */
	enum stage_class cls; /* of all steps together; chain_plan */
	bool holds; /* some step holds rows until the batch ends */
	bool keys_used; /* some step looks at the rows of a key */
	bool partless; /* rows go out without a part, marks of parts end here */
	struct buf text; /* the options, for HEAD */
	struct expr_env env; /* of the frame at hand */
	uint64_t filtered; /* rows of the frame at hand */
	uint64_t invalid;
	uint32_t part; /* of the rows being passed */
	uint64_t n_rows; /* that the batch has had so far */
	bool closing; /* the batch at hand ends with what is passed now */
	bool answered; /* this batch, at the end of the data */
	bool again; /* it ends, having been answered before */
	struct chain_note *notes; /* marks that wait for the batch's end */
	size_t n_notes;
	size_t cap_notes;
};

void chain_init(struct chain *c);
void chain_release(struct chain *c);

/* Add a step; source is borrowed.  Returns it, for its opts. */
struct step *chain_add(
    struct chain *c, const struct step_kind *kind, const char *source);

/*
 * As the functions of struct stage_ops, whose arg is the chain.  chain_head
 * sets *cls.  0 or -1.
 */
int chain_head(struct chain *c, struct stage *st, enum stage_class *cls);
int chain_rows(struct chain *c, const struct frame *f, const struct batch *b);
int chain_mark(struct chain *c, const struct frame *f, const struct mark *m);
int chain_end(struct chain *c);

/*
 * As the functions of struct stage_ops with those names.
 * chain_no_resume: why there is no state that could be saved, or NULL; after
 * chain_head.
 */
void chain_save(const struct chain *c, struct buf *out);
int chain_load(struct chain *c, struct cur *in);
const char *chain_no_resume(const struct chain *c);

/* What leaves the last step. */
int chain_out(struct chain *c, const struct batch *b, bool more);

#endif
