/* SPDX-License-Identifier: ISC */
/* The wanted paths as a tree, and the keys that were seen on the way. */
#ifndef MILLRACE_TEXT_JSONTREE_H
#define MILLRACE_TEXT_JSONTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/jsonpath.h"
#include "text/keyguess.h"

struct jsontree_node;

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
	struct keyguess keys; /* with their quotes; value: of the step */
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

/* What a key of that value leads to, or NULL. */
static inline struct jsontree_node *
jsontree_child(const struct jsontree_node *node, uint32_t value)
{
	return value == KEYGUESS_NONE ? NULL : node->steps[value].child;
}

/*
 * The number of the key s[0..len), quotes included, that follows key number
 * prev, or 0 for one that is not kept; *child is what it leads to.
 */
uint32_t jsontree_find(struct jsontree_node *node, struct jsontree_node **child,
    uint32_t prev, const char *s, size_t len);

/* What element index of an array leads to, or NULL. */
struct jsontree_node *jsontree_element(
    const struct jsontree_node *node, size_t index);

#endif
