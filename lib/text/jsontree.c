/* SPDX-License-Identifier: ISC */
/* The wanted paths as a tree, and the keys that were seen on the way. */
#include "text/jsontree.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/jsonstr.h"

#define MORE_KEYS 1024 /* kept of those that lead nowhere */

static struct jsontree_node *
add_node(struct jsontree *t)
{
	struct jsontree_node *node = mem_zero(1, sizeof(*node));

	keyguess_init(&node->keys);
	t->nodes = mem_grow(t->nodes, &t->cap, t->n + 1, sizeof(*t->nodes));
	t->nodes[t->n++] = node;
	return node;
}

void
jsontree_init(struct jsontree *t)
{
	*t = (struct jsontree){.n = 0};
	add_node(t);
}

void
jsontree_release(struct jsontree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct jsontree_node *node = t->nodes[i];

		for (size_t k = 0; k < node->n_steps; k++)
			free(node->steps[k].step.key);
		free(node->steps);
		free(node->cols);
		free(node->below);
		keyguess_release(&node->keys);
		free(node);
	}
	free(t->nodes);
	*t = (struct jsontree){.n = 0};
}

static bool
is_step(const struct jsonpath_step *a, const struct jsonpath_step *b)
{
	if (a->is_index || b->is_index)
		return a->is_index && b->is_index && a->index == b->index;
	return a->len == b->len && memcmp(a->key, b->key, a->len) == 0;
}

/* The child of that step, made when there is none. */
static struct jsontree_node *
step_to(struct jsontree *t, struct jsontree_node *node,
    const struct jsonpath_step *step)
{
	struct jsontree_step *s;

	for (size_t i = 0; i < node->n_steps; i++)
		if (is_step(&node->steps[i].step, step))
			return node->steps[i].child;
	node->steps = mem_grow(node->steps, &node->cap_steps, node->n_steps + 1,
	    sizeof(*node->steps));
	s = &node->steps[node->n_steps++];
	s->step = *step;
	if (step->is_index) {
		node->has_indexes = true;
	} else {
		node->has_keys = true;
		s->step.key = mem_dup(step->key, step->len);
	}
	s->child = add_node(t);
	return s->child;
}

void
jsontree_add(struct jsontree *t, const struct jsonpath *path, uint32_t col)
{
	struct jsontree_node *node = t->nodes[0];

	for (size_t i = 0; i < path->n; i++) {
		node->below = mem_grow(node->below, &node->cap_below,
		    node->n_below + 1, sizeof(*node->below));
		node->below[node->n_below++] = col;
		node = step_to(t, node, &path->steps[i]);
	}
	node->cols = mem_grow(
	    node->cols, &node->cap_cols, node->n_cols + 1, sizeof(*node->cols));
	node->cols[node->n_cols++] = col;
}

/* The number of the step that a key as it is written is. */
static uint32_t
step_of(const struct jsontree_node *node, const char *s, size_t len)
{
	struct jsonpath_step step = {.key = NULL};
	char few[256], *text = len <= sizeof(few) ? few : mem_alloc(len);
	uint32_t value = KEYGUESS_NONE;

	step.len = jsonstr_plain(text, s + 1, len - 2);
	step.key = text;
	for (uint32_t i = 0; i < node->n_steps && value == KEYGUESS_NONE; i++)
		if (is_step(&node->steps[i].step, &step))
			value = i;
	if (text != few)
		free(text);
	return value;
}

uint32_t
jsontree_find(struct jsontree_node *node, struct jsontree_node **child,
    uint32_t prev, const char *s, size_t len)
{
	uint32_t i = keyguess_find(&node->keys, prev, s, len), value;

	if (i > 0) {
		value = node->keys.keys[i].value;
	} else {
		value = step_of(node, s, len);
		i = keyguess_add(
		    &node->keys, MORE_KEYS + 2 * node->n_steps, s, len, value);
	}
	*child = jsontree_child(node, value);
	return i;
}

struct jsontree_node *
jsontree_element(const struct jsontree_node *node, size_t index)
{
	for (size_t i = 0; i < node->n_steps; i++)
		if (node->steps[i].step.is_index
		    && node->steps[i].step.index == index)
			return node->steps[i].child;
	return NULL;
}
