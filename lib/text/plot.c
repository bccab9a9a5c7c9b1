/* SPDX-License-Identifier: ISC */
/* The points of a plot. */
#include "text/plot.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "text/plot_int.h"

struct plot *
plot_new(const struct plot_opts *o)
{
	struct plot *p = mem_zero(1, sizeof(*p));

	p->o = *o;
	p->names = mem_zero(o->n_panels, sizeof(*p->names));
	for (size_t i = 0; i < o->n_panels; i++)
		p->names[i] = mem_strdup(o->names[i]);
	map_init(&p->map);
	return p;
}

void
plot_reset(struct plot *p)
{
	for (size_t i = 0; i < plot_n_series(p); i++) {
		free(p->series[i].name);
		free(p->series[i].x);
		free(p->series[i].y);
		p->series[i] = (struct plot_series){.name = NULL};
	}
	map_release(&p->map);
}

void
plot_free(struct plot *p)
{
	if (p == NULL)
		return;
	plot_reset(p);
	for (size_t i = 0; i < p->o.n_panels; i++)
		free(p->names[i]);
	free(p->names);
	free(p->hashes);
	free(p);
}

/*
 * The series of that name, or NULL when it is not drawn.  Those are only
 * counted: by hashes, of 64 bits, alone.
 */
static struct plot_series *
find(struct plot *p, const struct buf *name)
{
	uint64_t h = hash_bytes(name->len > 0 ? (const void *)name->data : "",
	    name->len, hash_seed());
	size_t at;
	uint32_t i;

	for (at = map_first(&p->map, h, p->hashes);
	     (i = map_at(&p->map, &at, h)) != MAP_NONE; at++)
		if (p->hashes[i] == h)
			break;
	if (i == MAP_NONE) {
		i = map_insert(&p->map, at, h);
		p->hashes = mem_grow(
		    p->hashes, &p->cap_hashes, i + 1, sizeof(*p->hashes));
		p->hashes[i] = h;
		if (i < PLOT_MAX_SERIES)
			p->series[i].name = mem_strndup(
			    name->len > 0 ? (const char *)name->data : "",
			    name->len);
	}
	return i < PLOT_MAX_SERIES ? &p->series[i] : NULL;
}

/* The first point behind x. */
static size_t
behind(const struct plot_series *s, int64_t x)
{
	size_t lo = 0, hi = s->n;

	/* Points come in order, or nearly. */
	if (s->n == 0 || s->x[s->n - 1] <= x)
		return s->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->x[mid] <= x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Move the points from on by so many places, down if back. */
static void
shift(const struct plot *p, struct plot_series *s, size_t to, size_t from)
{
	size_t n = s->n - from, w = p->o.n_panels;

	if (n == 0)
		return;
	memmove(s->x + to, s->x + from, n * sizeof(*s->x));
	memmove(s->y + to * w, s->y + from * w, n * w * sizeof(*s->y));
}

void
plot_put(struct plot *p, const struct buf *name, int64_t x, const double *y,
    bool replace)
{
	struct plot_series *s = find(p, name);
	size_t w = p->o.n_panels, at;

	if (s == NULL)
		return;
	at = behind(s, x);
	if (replace && at > 0 && s->x[at - 1] == x) {
		memcpy(s->y + (at - 1) * w, y, w * sizeof(*y));
		return;
	}
	/* Twice as many before the old ones go: each is moved once. */
	if (s->n >= 2 * p->o.keep) {
		size_t old = s->n - p->o.keep;

		shift(p, s, 0, old);
		s->n -= old;
		if (at < old)
			return;
		at -= old;
	}
	s->x = mem_grow(s->x, &s->cap_x, s->n + 1, sizeof(*s->x));
	s->y = mem_grow(s->y, &s->cap_y, (s->n + 1) * w, sizeof(*s->y));
	shift(p, s, at + 1, at);
	s->x[at] = x;
	memcpy(s->y + at * w, y, w * sizeof(*y));
	s->n++;
}

void
plot_remove(struct plot *p, const struct buf *name, int64_t x)
{
	struct plot_series *s = find(p, name);
	size_t at = s == NULL ? 0 : behind(s, x);

	if (at == 0 || s->x[at - 1] != x)
		return;
	shift(p, s, at - 1, at);
	s->n--;
}
