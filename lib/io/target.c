/* SPDX-License-Identifier: ISC */
/* The files of an outlet that are not complete: found by path, few open. */
#include "io/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "base/hash.h"
#include "base/mem.h"
#include "io/outpath.h"
#include "io/side.h"

#define HELD_MAX 8192 /* bytes of a file that wait in memory */
#define OPEN_MAX_FILES 256 /* descriptors, and packers of 270 KB each */
#define OPEN_MIN_FILES 4
#define OTHER_FILES 32 /* descriptors left to the rest of the program */

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

void
targets_init(struct targets *s, struct outlet *t)
{
	size_t n = t->o.max_files;

	*s = (struct targets){.t = t, .max_open = open_max()};
	s->temps = mem_zero(n, sizeof(*s->temps));
	s->free_slots = mem_zero(n, sizeof(*s->free_slots));
	while (n > 0)
		s->free_slots[s->n_free++] = --n;
	TAILQ_INIT(&s->open);
	t->o.on_files(s->temps, t->o.max_files);
}

static int
failed(struct targets *s, const struct target *g)
{
	return outlet_fail(
	    s->t, EX_IOERR, "%s: %s", g->file.path, strerror(errno));
}

/* It is closed, or about to be. */
static void
leave_open(struct targets *s, struct target *g)
{
	TAILQ_REMOVE(&s->open, g, open);
	s->n_open--;
}

/* A side file of a stage before us is cut by other ends than ours. */
static int
claim(struct targets *s, const struct target *g)
{
	char *why;
	int status = side_claim(&why, g->file.path, g->file.fd, true);

	if (status == 0)
		return 0;
	outlet_fail(s->t, status, "%s", why);
	free(why);
	return -1;
}

int
targets_open(struct targets *s, struct target *g, struct outfile_state *state)
{
	struct target *last;
	char *why = NULL;

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
	if (s->t->resumes && !g->file.append && *g->file.temp == NULL
	    && outlet_checked(s->t,
		   prepared_note(
		       &s->t->prepared, &why, g->file.path, g->file.n_trusted),
		   &why)
		   == -1)
		return -1;
	if (outfile_open(&g->file, state) == -1)
		return failed(s, g);
	TAILQ_INSERT_HEAD(&s->open, g, open);
	s->n_open++;
	return s->t->resumes && g->file.append ? claim(s, g) : 0;
}

static int
write_out(struct targets *s, struct target *g, const void *p, size_t len)
{
	struct outfile_state state;

	if (targets_open(s, g, &state) == -1)
		return -1;
	if (outfile_write(&g->file, p, len) == -1)
		return failed(s, g);
	return 0;
}

int
targets_drain(struct targets *s, struct target *g)
{
	size_t len = g->held.len;

	if (len == 0)
		return 0;
	g->held.len = 0;
	return write_out(s, g, g->held.data, len);
}

int
targets_put(struct targets *s, struct target *g, const void *p, size_t len)
{
	g->len += len;
	if (g->held.len + len > HELD_MAX && targets_drain(s, g) == -1)
		return -1;
	if (len > HELD_MAX)
		return write_out(s, g, p, len);
	buf_put(&g->held, p, len);
	return 0;
}

static struct target *
add_target(struct targets *s, const char *path)
{
	struct target *g = mem_zero(1, sizeof(*g));

	g->slot = s->free_slots[--s->n_free];
	outfile_init(&g->file, path, outpath_n_trusted(s->t->path),
	    s->t->o.append, &s->temps[g->slot]);
	return g;
}

int
targets_find(struct targets *s, uint32_t *number, const char *path)
{
	uint64_t h = hash_bytes(path, strlen(path), hash_seed());
	size_t at = map_first(&s->map, h, s->hashes);
	uint32_t i;

	while ((i = map_at(&s->map, &at, h)) != MAP_NONE) {
		if (strcmp(s->all[i]->file.path, path) == 0)
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
		s->all = mem_grow(s->all, &s->cap_all, (size_t)i + 1,
		    sizeof(struct target *));
		s->all[i] = add_target(s, path);
	}
	*number = i;
	return 0;
}

int
targets_complete(struct targets *s, struct target *g)
{
	if (targets_drain(s, g) == -1)
		return -1;
	if (g->file.fd != -1)
		leave_open(s, g);
	if (outfile_finish(&g->file) == 0)
		return 0;
	/* It was closed, and somebody has moved it away meanwhile. */
	if (errno == ENOENT && s->t->o.append && !s->t->resumes)
		return 0;
	return failed(s, g);
}

int
targets_publish(struct targets *s, struct target *g)
{
	int rc = 0;

	if (outlet_rolls(&s->t->o.roll))
		rc = outfile_publish_numbered(
		    &g->file, outpath_ext_len(s->t->path), &g->number);
	else if (!s->t->o.append)
		rc = outfile_publish(&g->file);
	return rc == -1 ? failed(s, g) : 0;
}

int
targets_sync(struct targets *s, struct target *g)
{
	return outfile_sync(&g->file) == -1 ? failed(s, g) : 0;
}

/* One above those that are there, and those that are prepared. */
static char *
next_path(struct targets *s, struct target *g)
{
	struct outlet *t = s->t;
	uint64_t *number =
	    outpath_plain(t->path) != NULL ? &t->number : &g->number;
	char *path = NULL;

	do {
		free(path);
		path = outfile_numbered(
		    &g->file, outpath_ext_len(t->path), number);
	} while (path != NULL && prepared_has(&t->prepared, path));
	return path;
}

int
targets_prepare(struct targets *s, struct target *g)
{
	bool rolls = outlet_rolls(&s->t->o.roll);
	char *path = rolls ? next_path(s, g) : mem_strdup(g->file.path);

	if (path == NULL)
		return failed(s, g);
	if (g->file.made > 0 && targets_sync(s, g) == -1) {
		free(path);
		return -1;
	}
	prepared_add(
	    &s->t->prepared, *g->file.temp, path, g->file.n_trusted, rolls);
	outfile_leave(&g->file);
	free(path);
	return 0;
}

static void
free_target(struct targets *s, struct target *g)
{
	if (g->file.fd != -1)
		leave_open(s, g);
	outfile_release(&g->file);
	s->free_slots[s->n_free++] = g->slot;
	buf_release(&g->held);
	free(g);
}

void
targets_forget(struct targets *s)
{
	uint32_t n = s->map.n;

	map_reset(&s->map);
	for (uint32_t i = 0; i < n; i++) {
		struct target *g = s->all[i];
		uint64_t h = s->hashes[i];
		size_t at = map_first(&s->map, h, s->hashes);

		if (!g->begun) {
			free_target(s, g);
			continue;
		}
		while (map_at(&s->map, &at, h) != MAP_NONE)
			at++;
		s->hashes[s->map.n] = h;
		s->all[s->map.n] = g;
		map_insert(&s->map, at, h);
	}
}

void
targets_release(struct targets *s)
{
	struct target *g;

	/* All files go before any directory that may be empty then. */
	while ((g = TAILQ_FIRST(&s->open)) != NULL) {
		leave_open(s, g);
		outfile_discard(&g->file);
	}
	for (uint32_t i = 0; i < s->map.n; i++)
		outfile_discard(&s->all[i]->file);
	for (uint32_t i = 0; i < s->map.n; i++)
		free_target(s, s->all[i]);
	s->t->o.on_files(NULL, 0);
	map_release(&s->map);
	free(s->all);
	free(s->hashes);
	free(s->temps);
	free(s->free_slots);
}
