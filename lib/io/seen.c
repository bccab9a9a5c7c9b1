/* SPDX-License-Identifier: ISC */
/* Files of a directory that were given.  sbatch(1), DIRECTORIES. */
#include "io/seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MAX_NAME 4096

static void
free_file(struct seen_file *f)
{
	free(f->key);
	free(f->name);
	free(f);
}

void
seen_release(struct seen *l)
{
	for (size_t i = 0; i < l->n; i++)
		free_file(l->v[i]);
	free(l->v);
	*l = (struct seen){0};
}

static struct seen_file *
put(struct seen *l, char *key)
{
	struct seen_file *f = mem_zero(1, sizeof(*f));

	f->key = key;
	l->v = mem_grow(l->v, &l->cap, l->n + 1, sizeof(struct seen_file *));
	return l->v[l->n++] = f;
}

struct seen_file *
seen_add(struct seen *l, const struct file_id *id, const char *name)
{
	struct seen_file *f = put(l, mem_strdup(name));

	f->number = ++l->n_given;
	f->id = *id;
	f->name = mem_strdup(name);
	return f;
}

void
seen_drop(struct seen *l, size_t i)
{
	free_file(l->v[i]);
	memmove(
	    l->v + i, l->v + i + 1, (--l->n - i) * sizeof(struct seen_file *));
}

struct seen_file *
seen_find(const struct seen *l, uint64_t number)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i]->number == number)
			return l->v[i];
	return NULL;
}

void
seen_save(const struct seen *l, struct buf *out)
{
	buf_put_int(out, l->n_given, 8);
	buf_put_int(out, l->n, 8);
	for (size_t i = 0; i < l->n; i++) {
		const struct seen_file *f = l->v[i];

		buf_put_int(out, f->number, 8);
		buf_put_int(out, f->id.dev, 8);
		buf_put_int(out, f->id.ino, 8);
		buf_put_int(out, (uint64_t)f->id.born_ns, 8);
		buf_put_int(out, f->state, 1);
		buf_put_int(out, f->size, 8);
		buf_put_int(out, (uint64_t)f->mtime_ns, 8);
		buf_put_str(out, f->key, strlen(f->key));
	}
}

int
seen_load(struct seen *l, struct cur *c)
{
	uint64_t n, last = 0;

	l->n_given = cur_get_int(c, 8);
	n = cur_get_int(c, 8);
	for (uint64_t i = 0; i < n && !c->failed; i++) {
		struct seen_file f = {.number = cur_get_int(c, 8)};
		struct seen_file *to;
		const char *key;
		size_t len;

		f.id.dev = cur_get_int(c, 8);
		f.id.ino = cur_get_int(c, 8);
		f.id.born_ns = (int64_t)cur_get_int(c, 8);
		f.state = (enum seen_state)cur_get_int(c, 1);
		f.size = cur_get_int(c, 8);
		f.mtime_ns = (int64_t)cur_get_int(c, 8);
		key = cur_get_str(c, &len, MAX_NAME);
		if (key == NULL || f.state > SEEN_DONE || f.number <= last
		    || f.number > l->n_given)
			return -1;
		last = f.number;
		to = put(l, mem_strndup(key, len));
		f.key = to->key;
		*to = f;
	}
	return c->failed || c->left > 0 ? -1 : 0;
}

/*
 * Where the file system does not tell when a file was born, a later one may
 * have got its number: one that was read to its end does not become older.
 */
static bool
is_same(const struct seen_file *f, const struct newfile *now)
{
	return f->id.born_ns != 0 || f->state == SEEN_OPEN
	       || (now->size >= f->size && now->mtime_ns >= f->mtime_ns);
}

void
seen_match(struct seen *l, const struct newfiles *there)
{
	for (size_t i = 0; i < l->n; i++) {
		struct seen_file *f = l->v[i];
		const struct newfile *now = newfiles_find(there, &f->id);

		free(f->name);
		f->name = NULL;
		if (now == NULL || !is_same(f, now))
			continue;
		f->name = mem_strdup(now->name);
		f->changed =
		    f->size != now->size || f->mtime_ns != now->mtime_ns;
	}
}
