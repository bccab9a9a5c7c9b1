/* SPDX-License-Identifier: ISC */
/* The wanted paths as a tree, and the keys that were seen on the way. */
#include "text/jsontree.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "text/jsonstr.h"

#define MORE_KEYS 1024 /* kept of those that lead nowhere */

static struct jsontree_node *
add_node(struct jsontree *t)
{
	struct jsontree_node *node = mem_zero(1, sizeof(*node));

	map_init(&node->map);
	node->keys = mem_grow(NULL, &node->cap_keys, 1, sizeof(*node->keys));
	node->n_keys = 1;
	/* No key begins with NULs, so this one is never met. */
	node->keys[0] = (struct jsontree_key){.mask = {UINT64_MAX, UINT64_MAX}};
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
		free(node->keys);
		map_release(&node->map);
		free(node->hashes);
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

/* What a key as it is written leads to. */
static struct jsontree_node *
child_of(const struct jsontree_node *node, const char *s, size_t len)
{
	struct jsonpath_step step = {.key = NULL};
	struct jsontree_node *child = NULL;
	char few[256], *text = len <= sizeof(few) ? few : mem_alloc(len);

	step.len = jsonstr_plain(text, s + 1, len - 2);
	step.key = text;
	for (size_t i = 0; i < node->n_steps && child == NULL; i++)
		if (is_step(&node->steps[i].step, &step))
			child = node->steps[i].child;
	if (text != few)
		free(text);
	return child;
}

/* Keep the key, whose hash is h, at the map's free place. */
static uint32_t
keep(struct jsontree_node *node, size_t at, uint64_t h, const char *s,
    size_t len)
{
	struct jsontree_key *k;

	node->keys = mem_grow(
	    node->keys, &node->cap_keys, node->n_keys + 1, sizeof(*node->keys));
	node->hashes = mem_grow(node->hashes, &node->cap_hashes, node->n_keys,
	    sizeof(*node->hashes));
	node->hashes[map_insert(&node->map, at, h)] = h;
	k = &node->keys[node->n_keys];
	*k = (struct jsontree_key){
	    .len = (uint32_t)len, .child = child_of(node, s, len)};
	memcpy(k->text, s, len);
	memset(k->mask, 0xff, len < 16 ? len : 16);
	memcpy(k->word, k->text, 16);
	for (size_t i = 0; i < 2; i++) {
		k->mask[i] = cell_load((const char *)&k->mask[i]);
		k->word[i] = cell_load((const char *)&k->word[i]);
	}
	return (uint32_t)node->n_keys++;
}

uint32_t
jsontree_find(struct jsontree_node *node, struct jsontree_node **child,
    uint32_t prev, const char *s, size_t len)
{
	uint64_t h = hash_bytes(s, len, hash_seed());
	uint32_t i;
	size_t at;

	if (len > JSONTREE_KEY_MAX) {
		*child = child_of(node, s, len);
		return 0;
	}
	for (at = map_first(&node->map, h, node->hashes);
	     (i = map_at(&node->map, &at, h)) != MAP_NONE; at++)
		if (node->keys[i + 1].len == len
		    && memcmp(node->keys[i + 1].text, s, len) == 0)
			break;
	if (i == MAP_NONE && node->n_keys > MORE_KEYS + 2 * node->n_steps) {
		*child = child_of(node, s, len);
		return 0;
	}
	i = i == MAP_NONE ? keep(node, at, h, s, len) : i + 1;
	node->keys[prev].next = i;
	*child = node->keys[i].child;
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
