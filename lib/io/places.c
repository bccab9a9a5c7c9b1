/* SPDX-License-Identifier: ISC */
/* What an intake has kept for a restart, for people.  millrace(1). */
#include "io/places.h"

#include <stdlib.h>

#include "base/mem.h"
#include "io/journal.h"
#include "io/side.h"
#include "text/text.h"
#include "wire/head.h"

void
places_release(struct places *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].path);
		free(p->v[i].gap.name);
	}
	free(p->v);
	free(p->options);
	*p = (struct places){.n = 0};
}

static char *
get_text(struct cur *c, size_t max)
{
	size_t len;
	const char *p = cur_get_str(c, &len, max);

	return p == NULL ? NULL : mem_strndup(p, len);
}

static void
pass(struct cur *c, uint64_t len)
{
	if (len > c->left)
		c->failed = true;
	else
		cur_get(c, (size_t)len);
}

static void
get_lane(struct place_of *at, struct cur *c, uint64_t version)
{
	uint64_t kind = SOURCE_KEEPS_PLACE;
	struct cur source;
	const char *p;
	size_t len;

	uint64_t how = cur_get_int(c, 1);

	at->begun = how == JOURNAL_OPEN;
	if (how == JOURNAL_SETTLED)
		cur_get_str(c, &len, UINT32_MAX);
	if (!at->begun)
		return;
	pass(c, 3 + 8 + 8);
	text_place_pass(c);
	if (version >= 2)
		kind = cur_get_int(c, 1);
	p = cur_get_str(c, &len, UINT32_MAX);
	if (version >= 2) {
		pass(c, 1);
		pass(c, cur_get_int(c, 4));
	}
	at->held = cur_get_int(c, 4);
	if (at->held > 0)
		pass(c, cur_get_int(c, 8));
	at->kind = (enum source_keep)kind;
	if (p == NULL || kind != SOURCE_KEEPS_PLACE) {
		at->gap.off = kind == SOURCE_KEEPS_ENTRY && len >= 8
				  ? le_get((const uint8_t *)p, 8)
				  : 0;
		return;
	}
	cur_init(&source, p, len);
	if (follow_measure(&at->gap, at->path, &source) == -1)
		c->failed = true;
}

static void
get_place(struct places *p, struct cur *c, uint64_t version)
{
	char *path = get_text(c, JOURNAL_MAX_PATH);
	struct place_of *at;
	struct cur lane;
	const char *bytes;
	size_t len;

	if (path == NULL)
		return;
	p->v = mem_grow(p->v, &p->cap, p->n + 1, sizeof(*p->v));
	at = &p->v[p->n++];
	*at = (struct place_of){.path = path};
	at->part = (uint32_t)cur_get_int(c, 4);
	at->open = cur_get_int(c, 1) != 0;
	bytes = cur_get_str(c, &len, UINT32_MAX);
	if (bytes == NULL)
		return;
	cur_init(&lane, bytes, len);
	get_lane(at, &lane, version);
	c->failed |= lane.failed || lane.left > 0;
}

static void
get_counts(struct places *p, struct cur *c, uint64_t version)
{
	struct side_end bad;

	p->rows = cur_get_int(c, 8);
	p->bad = cur_get_int(c, 8);
	p->filtered = cur_get_int(c, 8);
	p->frames = cur_get_int(c, 8);
	p->batch = cur_get_int(c, 8);
	p->batch_rows = cur_get_int(c, 8);
	/* Bytes and time of the batch, parts, mixed; the end of --bad. */
	pass(c, 8 + 8 + 4 + 1);
	if (version >= 5)
		side_get(&bad, c);
	else
		pass(c, 8);
	if (version >= 3)
		pass(c, 8); /* arrival */
}

int
places_read(struct places *p, char **why, struct cur *c)
{
	size_t len;
	uint64_t version = cur_get_int(c, 4);

	*p = (struct places){.n = 0};
	if (version < JOURNAL_OLDEST || version > JOURNAL_VERSION) {
		*why = mem_strdup("it is of another version");
		return -1;
	}
	p->options = get_text(c, HEAD_MAX_TEXT);
	cur_get_int(c, 1);
	cur_get_str(c, &len, JOURNAL_MAX_HEADER);
	get_counts(p, c, version);
	/* The spool, and what of it the epoch before needs. */
	if (version >= 2)
		cur_get_str(c, &len, UINT32_MAX);
	if (version >= 4)
		pass(c, 8);
	for (uint64_t n = cur_get_int(c, 4); n > 0 && !c->failed; n--)
		get_place(p, c, version);
	if (!c->failed && c->left == 0)
		return 0;
	*why = mem_strdup("it is malformed");
	return -1;
}
