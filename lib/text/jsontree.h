/* SPDX-License-Identifier: ISC */
/*
 * The wanted paths as a tree, and the keys that were seen on the way: records
 * of a file have the same keys in the same order, so that the next one is
 * guessed and compared instead of looked up.
 */
#ifndef MILLRACE_TEXT_JSONTREE_H
#define MILLRACE_TEXT_JSONTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/map.h"
#include "text/cellfast.h"
#include "text/jsonpath.h"

#define JSONTREE_KEY_MAX CELL_PAD /* bytes of a known key with its quotes */

struct jsontree_node;

/*
 * A key as it is written, with its quotes.  Its first 16 bytes are word under
 * mask; number 0 of a node's is no key, but stands before the first one.
 */
struct jsontree_key {
	uint64_t word[2];
	uint64_t mask[2];
	uint32_t len;
	uint32_t next; /* the key that came after it last time, or 0 */
	struct jsontree_node *child; /* NULL: nothing below it is wanted */
	char text[JSONTREE_KEY_MAX];
};

/* A step of some path. */
struct jsontree_step {
	struct jsonpath_step step;
	struct jsontree_node *child;
};

/* What some paths lead to. */
struct jsontree_node {
	struct jsontree_step *steps;
	size_t n_steps;
	size_t cap_steps;
	bool has_keys, has_indexes; /* among the steps */
	uint32_t *cols; /* columns whose path ends here */
	size_t n_cols;
	size_t cap_cols;
	uint32_t *below; /* columns whose path goes on from here */
	size_t n_below;
	size_t cap_below;
	uint64_t seen; /* number of the last record that has it */
	struct jsontree_key *keys;
	size_t n_keys;
	size_t cap_keys;
	struct map map; /* of the keys but number 0, by text */
	uint64_t *hashes;
	size_t cap_hashes;
};

struct jsontree {
	struct jsontree_node **nodes; /* the first is the root */
	size_t n;
	size_t cap;
};

void jsontree_init(struct jsontree *t);
void jsontree_release(struct jsontree *t);

/* Column col is what stands at the path. */
void jsontree_add(
    struct jsontree *t, const struct jsonpath *path, uint32_t col);

/*
 * The number of the key s[0..len), quotes included, that follows key number
 * prev, or 0 for one that is not kept; *child is what it leads to.
 */
uint32_t jsontree_find(struct jsontree_node *node, struct jsontree_node **child,
    uint32_t prev, const char *s, size_t len);

/* What element index of an array leads to, or NULL. */
struct jsontree_node *jsontree_element(
    const struct jsontree_node *node, size_t index);

/* Whether s, of which CELL_PAD bytes may be read, begins with the key. */
static inline bool
jsontree_is_key(const struct jsontree_key *k, const char *s)
{
	uint64_t a = (cell_load(s) ^ k->word[0]) & k->mask[0];
	uint64_t b = (cell_load(s + 8) ^ k->word[1]) & k->mask[1];

	return (a | b) == 0
	       && (k->len <= 16
		   || memcmp(s + 16, k->text + 16, k->len - 16) == 0);
}

#endif
