/* SPDX-License-Identifier: ISC */
/* What HEAD says of a stream.  millrace-frame(5), section 3. */
#ifndef MILLRACE_WIRE_HEAD_H
#define MILLRACE_WIRE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "data/schema.h"

#define HEAD_MAX_LEN (1u << 20)
#define HEAD_MAX_STAGES 256
#define HEAD_MAX_TEXT 65535 /* options of a stage, a path, a key list */

enum window_kind {
	WINDOW_NONE, /* no window: no pane column */
	WINDOW_TUMBLING, /* size */
	WINDOW_SLIDING, /* size, slide; the pane is gcd(size, slide) */
	WINDOW_SESSION, /* size is the gap; keys */
	WINDOW_ROWS, /* size in rows */
	WINDOW_CUMULATE, /* size, slide is the step */
	WINDOW_CIVIL /* size units; unit */
};

enum window_unit { UNIT_DAY = 1, UNIT_WEEK, UNIT_MONTH, UNIT_YEAR };

struct window_spec {
	enum window_kind kind;
	enum window_unit unit; /* civil only, else 0 */
	int64_t size; /* us, rows, or units; > 0 unless none */
	int64_t slide; /* us; sliding and cumulate, else 0 */
	int64_t origin; /* us added to the alignment */
	char *tz; /* owned zone name; "" = UTC */
	char *keys; /* owned; session keys by comma, "" = none */
	char *text; /* owned; as the user wrote it */
};

enum head_mode { MODE_APPEND, MODE_UPSERT, MODE_COMPLETE };
/* JOIN: stateful, of two streams; only it has more than one before it. */
enum stage_class {
	CLASS_SOURCE,
	CLASS_FRAME,
	CLASS_BATCH,
	CLASS_STATEFUL,
	CLASS_JOIN
};

/*
 * One process of the pipeline, added by itself as HEAD passes.  The stages of
 * a join's left stream come before those of its right one, and then the join:
 * a source adds a stream to those at hand, a join makes one of the last two.
 */
struct head_stage {
	enum stage_class cls;
	char *program; /* owned */
	char *name; /* owned; --name, else program */
	char *options; /* owned; those that change the answer */
};

/* An aggregate whose partial state is in column col. */
struct head_partial {
	char *text; /* owned; as sreduce --merge would be told: sum(bytes) */
	uint32_t col;
	uint32_t version;
};

struct head {
	struct schema schema;
	struct window_spec window;
	enum head_mode mode;
	char *mode_keys; /* owned; upsert keys by comma, "" = none */
	struct head_partial *partials;
	size_t n_partials;
	bool endless; /* the source has no end of its own */
	bool many; /* the user asked for batches */
	bool windowed; /* a swindow stands upstream, so watermarks come */
	struct head_stage *stages;
	size_t n_stages;
	/* Checkpoint; path "" = none, and the rest is then 0. */
	char *path;
	uint8_t identity[16];
	uint64_t generation;
	uint64_t epoch;
};

void head_init(struct head *h);
void head_release(struct head *h);
void head_copy(struct head *to, const struct head *from);
void window_spec_copy(struct window_spec *to, const struct window_spec *from);
void window_spec_reset(struct window_spec *w); /* back to WINDOW_NONE */
void window_spec_release(struct window_spec *w);

void head_no_partials(struct head *h); /* forget what columns are states */

/* Add a stage at the end of the chain; texts are copied. */
void head_add_stage(struct head *h, enum stage_class cls, const char *program,
    const char *name, const char *options);

/* Add the stages of from, which become those of another stream. */
void head_add_chain(struct head *h, const struct head *from);

void head_forget_checkpoint(struct head *h); /* it names none then */

/* Encode; the caller checks b->failed. */
void head_write(struct buf *b, const struct head *h);

/*
 * Decode len bytes into *h, which is initialised by this call and released by
 * the caller in either case.  0, or -1 with the reason in *why (static).
 */
int head_read(struct head *h, const char **why, const uint8_t *p, size_t len);

#endif
