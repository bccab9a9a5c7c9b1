/* SPDX-License-Identifier: ISC */
/* Outlet: rows to files by their values, rolled, appended.  ssink(1). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/time.h"
#include "io/outfile.h"
#include "io/outgroup.h"
#include "io/outlet_int.h"
#include "io/outpath.h"

#define HELD_MAX 8192 /* bytes of a file that wait in memory */
#define OPEN_MAX_FILES 256 /* descriptors, and packers of 270 KB each */
#define OPEN_MIN_FILES 4
#define OTHER_FILES 32 /* descriptors left to the rest of the program */

/* A file that is not complete yet; published ones are forgotten. */
struct target {
	struct outfile file;
	size_t slot; /* in temps */
	struct buf held; /* bytes not written yet */
	bool begun; /* has its names, and perhaps rows */
	uint64_t n_rows;
	uint64_t len; /* bytes, before packing */
	uint64_t number; /* of the last one published, 0 = not known */
	int64_t begun_us; /* monotonic */
	TAILQ_ENTRY(target) open; /* when file.fd is not -1 */
};

TAILQ_HEAD(target_list, target);

struct outset {
	struct outlet *t;
	struct outgroup group;
	struct target **targets;
	size_t cap_targets;
	struct map map; /* path to number of target */
	uint64_t *hashes;
	size_t cap_hashes;
	char **temps; /* max_files of them; some NULL */
	size_t *free_slots;
	size_t n_free;
	struct target_list open; /* most recently used first */
	size_t n_open;
	size_t max_open;
	struct target *now; /* that is written to */
	int64_t due_us; /* when the oldest is to be rolled, monotonic */
};

static size_t
open_max(void)
{
	struct rlimit lim;
	size_t n = OPEN_MAX_FILES;

	if (getrlimit(RLIMIT_NOFILE, &lim) == 0
	    && lim.rlim_cur < OPEN_MAX_FILES + OTHER_FILES)
		n = lim.rlim_cur > OPEN_MIN_FILES + OTHER_FILES
			? (size_t)lim.rlim_cur - OTHER_FILES
			: OPEN_MIN_FILES;
	return n;
}

static void *
set_make(struct outlet *t, char **why)
{
	struct outset *s;

	if (!render_is_lines(t->render)) {
		*why = mem_printf("-f %s goes to one file as a whole, not to "
				  "a pattern, --roll or --append",
		    t->o.render.format);
		return NULL;
	}
	s = mem_zero(1, sizeof(*s));
	s->t = t;
	s->temps = mem_zero(t->o.max_files, sizeof(*s->temps));
	s->free_slots = mem_zero(t->o.max_files, sizeof(*s->free_slots));
	for (size_t i = t->o.max_files; i > 0; i--)
		s->free_slots[s->n_free++] = i - 1;
	TAILQ_INIT(&s->open);
	s->max_open = open_max();
	s->due_us = INT64_MAX;
	t->o.on_files(s->temps, t->o.max_files);
	return s;
}

static int
failed(struct outset *s, const struct target *g)
{
	return outlet_fail(
	    s->t, EX_IOERR, "%s: %s", g->file.path, strerror(errno));
}

static bool
rolls(const struct outset *s)
{
	const struct outlet_roll *r = &s->t->o.roll;

	return r->len > 0 || r->rows > 0 || r->us > 0;
}

/* It is closed, or about to be. */
static void
leave_open(struct outset *s, struct target *g)
{
	TAILQ_REMOVE(&s->open, g, open);
	s->n_open--;
}

/* Have g open, and the least recently used one closed if need be. */
static int
open_target(struct outset *s, struct target *g, struct outfile_state *state)
{
	struct target *last;

	if (g->file.fd != -1) {
		TAILQ_REMOVE(&s->open, g, open);
		TAILQ_INSERT_HEAD(&s->open, g, open);
		return 0;
	}
	if (s->n_open == s->max_open) {
		last = TAILQ_LAST(&s->open, target_list);
		leave_open(s, last);
		if (outfile_close(&last->file) == -1)
			return failed(s, last);
	}
	if (outfile_open(&g->file, state) == -1)
		return failed(s, g);
	TAILQ_INSERT_HEAD(&s->open, g, open);
	s->n_open++;
	return 0;
}

static int
write_out(struct outset *s, struct target *g, const void *p, size_t len)
{
	struct outfile_state state;

	if (open_target(s, g, &state) == -1)
		return -1;
	if (outfile_write(&g->file, p, len) == -1)
		return failed(s, g);
	return 0;
}

/* Write what is held. */
static int
drain(struct outset *s, struct target *g)
{
	size_t len = g->held.len;

	if (len == 0)
		return 0;
	g->held.len = 0;
	return write_out(s, g, g->held.data, len);
}

/* Takes what is rendered: into memory, until it is worth a write. */
static int
put(void *arg, const void *p, size_t len)
{
	struct outset *s = arg;
	struct target *g = s->now;

	g->len += len;
	if (g->held.len + len > HELD_MAX && drain(s, g) == -1)
		return -1;
	if (len > HELD_MAX)
		return write_out(s, g, p, len);
	buf_put(&g->held, p, len);
	return 0;
}

/* The first rows come: a file that is empty gets its names. */
static int
begin(struct outset *s, struct target *g)
{
	struct outfile_state state = {.is_empty = true};

	if (s->t->o.append && open_target(s, g, &state) == -1)
		return -1;
	if (state.is_mended)
		s->t->o.warn(
		    "%s: its last line had no end, and got one", g->file.path);
	g->begun = true;
	g->begun_us = time_mono_us();
	if (s->t->o.roll.us > 0 && g->begun_us + s->t->o.roll.us < s->due_us)
		s->due_us = g->begun_us + s->t->o.roll.us;
	if (!state.is_empty)
		return 0;
	s->now = g;
	render_names(s->t->render);
	render_rows(s->t->render, NULL, 0, 0);
	return s->t->why != NULL ? -1 : 0;
}

static struct target *
add_target(struct outset *s, const char *path)
{
	struct target *g = mem_zero(1, sizeof(*g));

	g->slot = s->free_slots[--s->n_free];
	outfile_init(&g->file, path, outpath_n_trusted(s->t->path),
	    s->t->o.append, &s->temps[g->slot]);
	return g;
}

/* The number of the target of a path: one that is there, or a new one. */
static int
find_target(void *arg, uint32_t *number, const char *path)
{
	struct outset *s = arg;
	uint64_t h = hash_bytes(path, strlen(path), hash_seed());
	size_t at = map_first(&s->map, h, s->hashes);
	uint32_t i;

	while ((i = map_at(&s->map, &at, h)) != MAP_NONE) {
		if (strcmp(s->targets[i]->file.path, path) == 0)
			break;
		at++;
	}
	if (i == MAP_NONE) {
		if (s->n_free == 0)
			return outlet_fail(s->t, EX_DATAERR,
			    "%s: more than %zu files that are not complete; "
			    "--max-files allows more",
			    path, s->t->o.max_files);
		i = map_insert(&s->map, at, h);
		s->hashes = mem_grow(
		    s->hashes, &s->cap_hashes, (size_t)i + 1, sizeof(h));
		s->hashes[i] = h;
		s->targets = mem_grow(s->targets, &s->cap_targets,
		    (size_t)i + 1, sizeof(struct target *));
		s->targets[i] = add_target(s, path);
	}
	*number = i;
	return 0;
}

/* Everything of it in the file, closed and durable. */
static int
complete(struct outset *s, struct target *g)
{
	if (drain(s, g) == -1)
		return -1;
	if (g->file.fd != -1)
		leave_open(s, g);
	else if (s->t->o.append)
		return 0;
	return outfile_finish(&g->file) == -1 ? failed(s, g) : 0;
}

static int
publish(struct outset *s, struct target *g)
{
	int rc = 0;

	if (rolls(s))
		rc = outfile_publish_numbered(
		    &g->file, outpath_ext_len(s->t->path), &g->number);
	else if (!s->t->o.append)
		rc = outfile_publish(&g->file);
	return rc == -1 ? failed(s, g) : 0;
}

/* It is complete: show it, and begin anew when more rows come. */
static int
roll(struct outset *s, struct target *g)
{
	if (complete(s, g) == -1 || publish(s, g) == -1)
		return -1;
	if (outfile_sync(&g->file) == -1)
		return failed(s, g);
	g->begun = false;
	g->n_rows = 0;
	g->len = 0;
	return 0;
}

static void
free_target(struct outset *s, struct target *g)
{
	if (g->file.fd != -1)
		leave_open(s, g);
	outfile_release(&g->file);
	s->free_slots[s->n_free++] = g->slot;
	buf_release(&g->held);
	free(g);
}

/* Forget the targets that have nothing to be published. */
static void
forget_idle(struct outset *s)
{
	uint32_t n = s->map.n;

	map_reset(&s->map);
	for (uint32_t i = 0; i < n; i++) {
		struct target *g = s->targets[i];
		uint64_t h = s->hashes[i];
		size_t at = map_first(&s->map, h, s->hashes);

		if (!g->begun) {
			free_target(s, g);
			continue;
		}
		while (map_at(&s->map, &at, h) != MAP_NONE)
			at++;
		s->hashes[s->map.n] = h;
		s->targets[s->map.n] = g;
		map_insert(&s->map, at, h);
	}
	outgroup_reset(&s->group);
}

/* Roll what has been open for long enough. */
static int
roll_due(struct outset *s)
{
	int64_t now;

	if (s->due_us == INT64_MAX || (now = time_mono_us()) < s->due_us)
		return 0;
	s->due_us = INT64_MAX;
	for (uint32_t i = 0; i < s->map.n; i++) {
		struct target *g = s->targets[i];
		int64_t due = g->begun_us + s->t->o.roll.us;

		if (!g->begun)
			continue;
		if (due > now)
			s->due_us = due < s->due_us ? due : s->due_us;
		else if (roll(s, g) == -1)
			return -1;
	}
	forget_idle(s);
	return 0;
}

/* The rows sel[0..n) of the frame at hand, to as many files as it takes. */
static int
write_rows(struct outset *s, struct target *g, const uint32_t *sel, uint32_t n)
{
	const struct outlet_roll *r = &s->t->o.roll;

	while (n > 0) {
		uint64_t len = UINT64_MAX;
		uint32_t want = n, done;

		if (!g->begun && begin(s, g) == -1)
			return -1;
		if (r->rows > 0 && want > r->rows - g->n_rows)
			want = (uint32_t)(r->rows - g->n_rows);
		if (r->len > 0)
			len = g->len < r->len ? r->len - g->len : 1;
		s->now = g;
		done = render_rows(s->t->render, sel, want, len);
		if (s->t->why != NULL)
			return -1;
		g->n_rows += done;
		sel += done;
		n -= done;
		if (((r->rows > 0 && g->n_rows >= r->rows)
			|| (r->len > 0 && g->len >= r->len))
		    && roll(s, g) == -1)
			return -1;
	}
	return 0;
}

/* A file that is appended to by its plain name is there from the start. */
static int
begin_plain(struct outset *s)
{
	const char *path = outpath_plain(s->t->path);
	uint32_t i;

	if (!s->t->o.append || path == NULL)
		return 0;
	if (find_target(s, &i, path) == -1)
		return -1;
	return begin(s, s->targets[i]);
}

static int
set_head(struct outlet *t, const struct head *h)
{
	struct outset *s = t->own;
	char *why;
	int status =
	    outpath_bind(t->path, &why, &h->schema, t->o.render.zone, h->epoch);

	if (status != 0) {
		outlet_fail(t, status, "%s: %s", t->o.dest, why);
		free(why);
		return -1;
	}
	outgroup_init(&s->group, t->path);
	render_to(t->render, put, s);
	if (render_start(t->render, h) == -1)
		return outlet_fail(
		    t, EX_DATAERR, "%s", render_error(t->render));
	return begin_plain(s);
}

static int
by_path(const void *a, const void *b)
{
	const struct target *const *x = a, *const *y = b;

	return strcmp((*x)->file.path, (*y)->file.path);
}

static bool
same_directory(const char *a, const char *b)
{
	const char *x = strrchr(a, '/'), *y = strrchr(b, '/');
	size_t len = x == NULL ? 0 : (size_t)(x - a);

	return len == (y == NULL ? 0 : (size_t)(y - b))
	       && memcmp(a, b, len) == 0;
}

/*
 * Nothing is published before all files are complete and durable, so that a
 * full disk shows none of them.  Files of a directory share its fsync.
 */
static int
set_commit(struct outlet *t)
{
	struct outset *s = t->own;
	struct target **all =
	    mem_dup(s->targets, s->map.n * sizeof(struct target *));
	size_t n = 0;
	int rc = 0;

	for (uint32_t i = 0; i < s->map.n && rc == 0; i++)
		if (s->targets[i]->begun) {
			rc = complete(s, s->targets[i]);
			all[n++] = s->targets[i];
		}
	if (n > 1)
		qsort(all, n, sizeof(struct target *), by_path);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = publish(s, all[i]);
	for (size_t i = 0; i < n && rc == 0; i++)
		if ((i + 1 == n
			|| !same_directory(
			    all[i]->file.path, all[i + 1]->file.path))
		    && outfile_sync(&all[i]->file) == -1)
			rc = failed(s, all[i]);
	free(all);
	if (rc == -1)
		return -1;
	for (uint32_t i = 0; i < s->map.n; i++)
		s->targets[i]->begun = false;
	forget_idle(s);
	s->due_us = INT64_MAX;
	return 0;
}

static int
set_frame(struct outlet *t, const struct frame *f, const struct batch *b)
{
	struct outset *s = t->own;

	if (b != NULL) {
		if (outgroup_rows(&s->group, f, b, find_target, s) == -1)
			return -1;
		render_bind(t->render, b);
		for (size_t i = 0; i < s->group.n_runs; i++) {
			const struct outgroup_run *run = &s->group.runs[i];

			if (write_rows(
				s, s->targets[run->file], run->sel, run->n)
			    == -1)
				return -1;
		}
	}
	if ((f->h.flags & FRAME_LAST) != 0 && outpath_by_batch(t->path)
	    && set_commit(t) == -1)
		return -1;
	return roll_due(s);
}

/* What is appended shows at once; the rest only when it is complete. */
static int
set_idle(struct outlet *t, int *timeout_ms)
{
	struct outset *s = t->own;
	int64_t left;

	if (t->o.append)
		for (uint32_t i = 0; i < s->map.n; i++)
			if (drain(s, s->targets[i]) == -1)
				return -1;
	if (roll_due(s) == -1)
		return -1;
	if (s->due_us == INT64_MAX)
		return 0;
	left = (s->due_us - time_mono_us()) / 1000 + 1;
	left = left < 0 ? 0 : left < 60000 ? left : 60000;
	if (*timeout_ms == -1 || left < *timeout_ms)
		*timeout_ms = (int)left;
	return 0;
}

static int
set_reopen(struct outlet *t)
{
	if (!t->o.append)
		return 0;
	return set_commit(t) == -1 ? -1 : begin_plain(t->own);
}

static void
set_free(void *own)
{
	struct outset *s = own;

	for (uint32_t i = 0; i < s->map.n; i++)
		free_target(s, s->targets[i]);
	s->t->o.on_files(NULL, 0);
	outgroup_release(&s->group);
	map_release(&s->map);
	free(s->targets);
	free(s->hashes);
	free(s->temps);
	free(s->free_slots);
	free(s);
}

const struct outlet_kind outset_kind = {.make = set_make,
    .head = set_head,
    .frame = set_frame,
    .idle = set_idle,
    .reopen = set_reopen,
    .commit = set_commit,
    .free = set_free};
