/* SPDX-License-Identifier: ISC */
/* Which files of a followed log there are.  sbatch(1), FOLLOWING. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/follow_int.h"

#define LOOKS 100 /* at a directory whose names keep changing */

static bool
is_known(const struct follow *f, int dir_fd, const struct sibling *s)
{
	return (f->now.fd != -1 && file_id_same(&s->id, &f->now.id))
	       || (f->truncated.fd != -1
		   && file_id_same(&s->id, &f->truncated.id))
	       || known_has(&f->known, dir_fd, s);
}

/* Whether h is what gzip made of a file that is read or known. */
static bool
is_known_packed(const struct follow *f, const struct head_id *packed)
{
	struct head_id now;

	if (f->now.fd != -1 && f->now.gunzip == NULL
	    && held_head(&now, &f->now) == 0 && head_id_same(packed, &now))
		return true;
	return known_has_packed(&f->known, packed);
}

int
follow_look(struct follow *f, struct siblings *l, int *dir_fd)
{
	*dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*dir_fd == -1)
		return -1;
	return siblings_look(l, *dir_fd, f->base);
}

/* Whether s is what the log's own name is a link to, or that itself. */
static bool
is_current(const struct siblings *l, const struct sibling *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].current && file_id_same(&l->v[i].id, &s->id))
			return true;
	return false;
}

void
follow_learn(struct follow *f)
{
	struct siblings l = {0};
	struct held h;
	int dir_fd;

	if (follow_look(f, &l, &dir_fd) == 0)
		for (size_t i = 0; i < l.n; i++)
			if (!is_current(&l, &l.v[i])
			    && !is_known(f, dir_fd, &l.v[i])
			    && held_open(&h, dir_fd, l.v[i].name) == 0) {
				known_add(&f->known, &h);
				held_release(&h);
			}
	if (dir_fd != -1)
		close(dir_fd);
	siblings_release(&l);
}

static void
enqueue(struct follow *f, const struct held *h)
{
	f->queue = mem_grow(
	    f->queue, &f->cap_queue, f->n_queue + 1, sizeof(*f->queue));
	f->queue[f->n_queue++] = *h;
}

void
follow_take_files(struct follow *f, char *const files[], size_t n)
{
	struct held h;

	for (size_t i = 0; i < n; i++)
		if (held_open(&h, AT_FDCWD, files[i]) == -1) {
			follow_tell(f, files[i], strerror(errno));
		} else {
			known_add(&f->known, &h);
			enqueue(f, &h);
		}
}

/* Whether sibling s is a copy of what is held that goes on behind it. */
static bool
is_copy(const struct follow *f, struct held *copy, int dir_fd,
    const struct sibling *s)
{
	if (s->current || is_known(f, dir_fd, s)
	    || held_open(copy, dir_fd, s->name) == -1)
		return false;
	/* Of the file itself nothing is left; its tail stands for it. */
	if (f->now.n_tail > 0 && held_skip(copy, &f->now) == 1)
		return true;
	held_release(copy);
	return false;
}

bool
follow_find_copy(struct follow *f, struct held *copy)
{
	struct siblings l = {0};
	bool found = false;
	int dir_fd;

	if (follow_look(f, &l, &dir_fd) == 0)
		for (size_t i = l.n; !found && i-- > 0;)
			found = is_copy(f, copy, dir_fd, &l.v[i]);
	if (dir_fd != -1)
		close(dir_fd);
	siblings_release(&l);
	return found;
}

/*
 * A sibling cannot be opened, for which errno is.  Its name may become
 * readable; a rotated file is lost, which must not pass where none may be.
 */
static void
not_opened(struct follow *f, const struct sibling *s)
{
	const char *why = strerror(errno);

	if (!s->current && f->kept && !f->skips_missing) {
		f->status = errno == EACCES ? EX_NOINPUT : EX_IOERR;
		f->error =
		    mem_printf("%s: %s; --on-missing skip goes on without it",
			s->name, why);
		return;
	}
	if (!s->current || !f->told)
		follow_tell(f, s->name, why);
	if (s->current)
		f->told = true;
	else
		known_add_unread(&f->known, &s->id);
}

/*
 * Open a sibling into the queue.  -1 when its name is another file by now.
 * What gzip is still writing is left for later: its original is there, too.
 */
static int
take(struct follow *f, int dir_fd, const struct sibling *s)
{
	struct head_id head;
	struct held h;

	if (held_open(&h, dir_fd, s->name) == -1) {
		if (errno == ENOENT)
			return -1;
		not_opened(f, s);
		return 0;
	}
	if (!file_id_same(&h.id, &s->id)) {
		held_release(&h);
		return -1;
	}
	if (h.gunzip != NULL && held_head(&head, &h) == -1) {
		held_release(&h);
		return 0;
	}
	if (h.gunzip != NULL && is_known_packed(f, &head)) {
		known_add(&f->known, &h);
		held_release(&h);
		return 0;
	}
	known_add(&f->known, &h);
	enqueue(f, &h);
	return 0;
}

static int
take_unknown(struct follow *f, int dir_fd, const struct siblings *l)
{
	for (size_t i = 0; i < l->n && f->error == NULL; i++)
		if (!is_known(f, dir_fd, &l->v[i])
		    && take(f, dir_fd, &l->v[i]) == -1)
			return -1;
	return 0;
}

int
follow_scan(struct follow *f)
{
	struct siblings l = {0};
	int dir_fd = -1, rc = 0, e = 0;
	bool done = false;

	for (int i = 0; rc == 0 && !done && i < LOOKS; i++) {
		rc = follow_look(f, &l, &dir_fd);
		e = errno;
		if (rc == 0)
			done = take_unknown(f, dir_fd, &l) == 0;
		if (dir_fd != -1)
			close(dir_fd);
	}
	if (done)
		known_keep(&f->known, &l);
	siblings_release(&l);
	errno = e;
	return rc;
}
