/* SPDX-License-Identifier: ISC */
/*
 * One JSON text, checked in every part and taken apart where it is wanted.
 * RFC 8259.  A line end stops everything but blanks between tokens, so that
 * only those look for the end of the bytes.
 */
#include "text/jsonwalk.h"

#include "base/utf8.h"
#include "text/jsonscan.h"
#include "text/jsonstr.h"

#define INLINE static inline __attribute__((always_inline))

/* An object or array that is open. */
struct level {
	struct jsontree_node *node; /* or NULL */
	struct jsontree_node
	    *inner; /* the same; NULL: nothing in it is wanted */
	const char *open;
	bool object;
	uint32_t key; /* number of the last key of the node */
	size_t index; /* of the last element */
};

struct walk {
	struct jsonwalk *w;
	const char *p;
	const char *limit;
	uint32_t *row;
	bool escaped; /* some string has an escape */
	unsigned depth;
	struct level levels[JSONWALK_DEPTH];
};

static __attribute__((noinline)) const char *
fail(struct walk *k, const char *s, const char *what)
{
	k->w->at = (uint32_t)(s - k->p);
	k->w->what = what;
	return NULL;
}

static __attribute__((noinline)) const char *
skip_blanks(struct walk *k, const char *s)
{
	for (;; s++) {
		if (*s == '\n') {
			/* No token begins with it: the walk fails there. */
			k->w->more = s + 1 == k->limit;
			if (k->w->more)
				return s;
			k->w->lines++;
		} else if (*s != ' ' && *s != '\t' && *s != '\r') {
			return s;
		}
	}
}

INLINE const char *
skip(struct walk *k, const char *s)
{
	return (unsigned char)*s > ' ' ? s : skip_blanks(k, s);
}

static const char *
take_escape(struct walk *k, const char *s)
{
	uint32_t cp;
	size_t n = jsonstr_escape(&cp, s, (size_t)(k->limit - s));

	if (n == 0)
		return fail(k, s, "no escape of JSON");
	if (k->w->utf8 && jsonstr_is_surrogate(cp))
		return fail(k, s, "half of a surrogate pair");
	k->escaped = true;
	return s + n;
}

/* A string from s on that has something else than ASCII in it. */
static __attribute__((noinline)) const char *
string_slowly(struct walk *k, const char *s, jsonscan_fn find)
{
	uint32_t cp;
	size_t n;

	while (*s != '"') {
		if (*s == '\\') {
			s = take_escape(k, s);
		} else if ((unsigned char)*s < 0x20) {
			return fail(k, s,
			    *s == '\n' ? "a string is not closed in its line"
				       : "a control character in a string");
		} else if (!k->w->utf8) {
			s++;
		} else {
			n = utf8_decode(&cp, s, (size_t)(k->limit - s));
			s = n == 0 ? fail(k, s, "not UTF-8") : s + n;
		}
		if (s == NULL)
			return NULL;
		if ((signed char)*s >= 0)
			s = find(s);
	}
	return s;
}

/* The quote that closes the string whose opening one is at s. */
INLINE const char *
string(struct walk *k, const char *s, jsonscan_fn find)
{
	const char *end = find(s + 1);

	return *end == '"' ? end : string_slowly(k, end, find);
}

/* What a key or element leads to is null again when it comes once more. */
INLINE void
enter(struct walk *k, struct jsontree_node *node)
{
	if (node == NULL || node->n_below == 0)
		return;
	if (node->seen == k->w->n)
		for (size_t i = 0; i < node->n_below; i++) {
			uint32_t *edge = k->row + 2 * node->below[i];

			edge[0] = edge[1] = 0;
		}
	node->seen = k->w->n;
}

INLINE void
set(struct walk *k, const struct jsontree_node *node, uint32_t before,
    uint32_t end)
{
	if (node == NULL)
		return;
	for (size_t i = 0; i < node->n_cols; i++) {
		uint32_t *edge = k->row + 2 * node->cols[i];

		edge[0] = before;
		edge[1] = end;
	}
}

/* The next key of an object, and the value's place behind its colon. */
INLINE const char *
take_key(struct walk *k, struct level *level, const char *s,
    struct jsontree_node **child, jsonscan_fn find)
{
	struct jsontree_node *node = level->inner;
	const struct keyguess_key *keys;
	uint32_t guess;
	const char *end;

	keys = node == NULL ? NULL : node->keys.keys;
	guess = node == NULL ? 0 : keys[level->key].next;
	if (node != NULL && keyguess_is(&keys[guess], s)) {
		level->key = guess;
		*child = jsontree_child(node, keys[guess].value);
		s += keys[guess].len;
	} else {
		if (*s != '"')
			return fail(k, s,
			    "no key in quotes, nor the end of "
			    "the object");
		end = string(k, s, find);
		if (end == NULL)
			return NULL;
		*child = NULL;
		if (node != NULL)
			level->key = jsontree_find(
			    node, child, level->key, s, (size_t)(end + 1 - s));
		s = end + 1;
	}
	enter(k, *child);
	s = skip(k, s);
	if (*s != ':')
		return fail(k, s, "no colon behind a key");
	return skip(k, s + 1);
}

INLINE void
take_element(
    struct walk *k, const struct level *level, struct jsontree_node **child)
{
	*child = NULL;
	if (level->inner != NULL)
		*child = jsontree_element(level->inner, level->index);
	enter(k, *child);
}

/* The first value in an object or array, or its end. */
INLINE const char *
open_level(struct walk *k, const char *s, struct jsontree_node **node,
    bool *opened, jsonscan_fn find)
{
	struct level *level = &k->levels[k->depth];
	bool object = *s == '{';

	if (k->depth == JSONWALK_DEPTH)
		return fail(k, s, "more than 64 levels");
	level->node = level->inner = *node;
	level->open = s;
	level->object = object;
	level->key = 0;
	level->index = 0;
	if (*node != NULL
	    && !(object ? (*node)->has_keys : (*node)->has_indexes))
		level->inner = NULL;
	if (!object && *node != NULL && k->w->arrays)
		k->w->marked = true;
	s = skip(k, s + 1);
	*opened = *s != (object ? '}' : ']');
	if (!*opened) {
		set(k, *node, (uint32_t)(level->open - k->p) - 1,
		    (uint32_t)(s + 1 - k->p));
		return s + 1;
	}
	k->depth++;
	if (object)
		return take_key(k, level, s, node, find);
	take_element(k, level, node);
	return s;
}

INLINE const char *
number(struct walk *k, const char *s)
{
	const char *from;

	s += *s == '-';
	from = s;
	s = jsonscan_digits(s);
	if (s == from || (*from == '0' && s > from + 1))
		return fail(k, from, "no number of JSON");
	if (*s == '.') {
		from = ++s;
		s = jsonscan_digits(s);
		if (s == from)
			return fail(k, s, "no digit behind the point");
	}
	if ((*s | 0x20) == 'e') {
		s++;
		s += *s == '+' || *s == '-';
		from = s;
		s = jsonscan_digits(s);
		if (s == from)
			return fail(k, s, "no digit in the exponent");
	}
	return s;
}

INLINE const char *
literal(struct walk *k, const char *s)
{
	if (memcmp(s, "true", 4) == 0 || memcmp(s, "null", 4) == 0)
		return s + 4;
	if (memcmp(s, "false", 5) == 0)
		return s + 5;
	return fail(k, s, "no value of JSON");
}

/*
 * A value at s, for *node.  When it is an object or array with something
 * inside, that comes next: *opened, and s and *node are those of its first
 * value.
 */
INLINE const char *
take_value(struct walk *k, const char *s, struct jsontree_node **node,
    bool *opened, jsonscan_fn find)
{
	uint32_t before = (uint32_t)(s - k->p);
	const char *end;

	*opened = false;
	if (*s == '"') {
		end = string(k, s, find);
		if (end == NULL)
			return NULL;
		if (k->escaped && *node != NULL && (*node)->n_cols > 0)
			k->w->marked |=
			    memchr(s, '\\', (size_t)(end - s)) != NULL;
		set(k, *node, before, (uint32_t)(end - k->p));
		return end + 1;
	}
	if (*s == '{' || *s == '[')
		return open_level(k, s, node, opened, find);
	if (*s == '-' || (*s >= '0' && *s <= '9'))
		end = number(k, s);
	else
		end = literal(k, s);
	if (end == NULL)
		return NULL;
	if (*s == 'n')
		set(k, *node, 0, 0);
	else
		set(k, *node, before - 1, (uint32_t)(end - k->p));
	return end;
}

/* Behind a value: close what ends here, up to the place of the next one. */
INLINE const char *
after_value(struct walk *k, const char *s, struct jsontree_node **node,
    jsonscan_fn find)
{
	while (k->depth > 0) {
		struct level *level = &k->levels[k->depth - 1];

		s = skip(k, s);
		if (*s == ',') {
			s = skip(k, s + 1);
			if (level->object)
				return take_key(k, level, s, node, find);
			level->index++;
			take_element(k, level, node);
			return s;
		}
		if (*s != (level->object ? '}' : ']'))
			return fail(k, s,
			    level->object ? "neither a comma nor }"
					  : "neither a comma nor ]");
		s++;
		k->depth--;
		set(k, level->node, (uint32_t)(level->open - k->p) - 1,
		    (uint32_t)(s - k->p));
	}
	return s;
}

/* Returns the byte behind the value at s. */
INLINE const char *
walk(struct walk *k, const char *s, jsonscan_fn find)
{
	struct jsontree_node *node = k->w->tree.nodes[0];
	bool opened;

	do {
		s = take_value(k, s, &node, &opened, find);
		if (s != NULL && !opened)
			s = after_value(k, s, &node, find);
	} while (s != NULL && k->depth > 0);
	return s;
}

static __attribute__((noinline)) const char *
walk_portable(struct walk *k, const char *s)
{
	return walk(k, s, jsonscan_portable);
}

static __attribute__((noinline)) const char *
walk_best(struct walk *k, const char *s)
{
	return walk(k, s, jsonscan_best);
}

/* Columns can only come from what has keys, or elements, as their paths do. */
static bool
is_kind(struct walk *k, const char *s)
{
	const struct jsontree_node *root = k->w->tree.nodes[0];

	if (root->n_cols > 0 || (*s == '{' && !root->has_indexes)
	    || (*s == '{' && root->has_keys)
	    || (*s == '[' && root->has_indexes))
		return true;
	fail(k, s,
	    root->has_keys || !root->has_indexes ? "it is no object"
						 : "it is no array");
	return false;
}

void
jsonwalk_init(struct jsonwalk *w)
{
	*w = (struct jsonwalk){.utf8 = true};
	jsontree_init(&w->tree);
}

void
jsonwalk_release(struct jsonwalk *w)
{
	jsontree_release(&w->tree);
}

uint32_t
jsonwalk_record(struct jsonwalk *w, uint32_t *row, uint32_t n_cols,
    const char *p, uint32_t at, uint32_t limit)
{
	struct walk k;
	const char *s = p + at;

	k.w = w;
	k.p = p;
	k.limit = p + limit;
	k.row = row;
	k.depth = 0;
	k.escaped = false;
	w->n++;
	w->marked = w->more = false;
	w->lines = 0;
	memset(row, 0, 2 * n_cols * sizeof(*row));
	s = w->portable ? walk_portable(&k, s) : walk_best(&k, s);
	if (s == NULL)
		return 0;
	while (*s == ' ' || *s == '\t' || *s == '\r')
		s++;
	if (*s != '\n') {
		fail(&k, s, "text behind the value");
		return 0;
	}
	if (!is_kind(&k, p + at))
		return 0;
	return (uint32_t)(s + 1 - p);
}
