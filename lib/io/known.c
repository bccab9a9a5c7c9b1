/* SPDX-License-Identifier: ISC */
/* Files of a rotated log that are not to be read again. */
#include "io/known.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
known_release(struct known *k)
{
	free(k->v);
	*k = (struct known){0};
}

static struct known_file *
place(struct known *k, const struct file_id *id)
{
	for (size_t i = 0; i < k->n; i++)
		if (file_id_same(&k->v[i].id, id))
			return &k->v[i];
	k->v = mem_grow(k->v, &k->cap, k->n + 1, sizeof(*k->v));
	k->v[k->n].id = *id;
	return &k->v[k->n++];
}

void
known_add(struct known *k, const struct held *h)
{
	struct known_file *file = place(k, &h->id);

	file->unread = held_head(&file->head, h) == -1;
}

void
known_add_unread(struct known *k, const struct file_id *id)
{
	place(k, id)->unread = true;
}

static bool
is_file(const struct known_file *file, int dir_fd, const struct sibling *s)
{
	struct head_id head;
	struct held h;
	bool same;

	if (!file_id_same(&file->id, &s->id))
		return false;
	if (s->id.born_ns != 0 || file->unread)
		return true;
	if (held_open(&h, dir_fd, s->name) == -1)
		return true; /* what cannot be read is no other file */
	same = held_head(&head, &h) == 0 && head.n >= file->head.n
	       && (file->head.n > 0 || head.n == 0)
	       && memcmp(head.head, file->head.head, file->head.n) == 0;
	held_release(&h);
	return same;
}

bool
known_has(const struct known *k, int dir_fd, const struct sibling *s)
{
	for (size_t i = 0; i < k->n; i++)
		if (is_file(&k->v[i], dir_fd, s))
			return true;
	return false;
}

bool
known_has_packed(const struct known *k, const struct head_id *packed)
{
	for (size_t i = 0; i < k->n; i++)
		if (!k->v[i].unread && head_id_same(packed, &k->v[i].head))
			return true;
	return false;
}

void
known_keep(struct known *k, const struct siblings *l)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		for (size_t j = 0; j < l->n; j++)
			if (file_id_same(&k->v[i].id, &l->v[j].id)) {
				k->v[n++] = k->v[i];
				break;
			}
	k->n = n;
}

void
known_put(struct known *k, const struct known_file *file)
{
	*place(k, &file->id) = *file;
}

void
known_forget(struct known *k, const struct file_id *id)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		if (!file_id_same(&k->v[i].id, id))
			k->v[n++] = k->v[i];
	k->n = n;
}
