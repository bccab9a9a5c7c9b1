/* SPDX-License-Identifier: ISC */
/* A followed file over a restart.  sbatch(1), RESUMING. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "io/follow_int.h"

#define MAX_KNOWN 100000 /* files of one log */

/* The file that was being read. */
struct place {
	struct file_id id;
	struct head_id head;
	struct held at; /* no file: off and tail alone */
};

static void
put_id(struct buf *b, const struct file_id *id)
{
	buf_put_int(b, id->dev, 8);
	buf_put_int(b, id->ino, 8);
	buf_put_int(b, (uint64_t)id->born_ns, 8);
}

static void
get_id(struct file_id *id, struct cur *c)
{
	id->dev = cur_get_int(c, 8);
	id->ino = cur_get_int(c, 8);
	id->born_ns = (int64_t)cur_get_int(c, 8);
}

static void
put_head(struct buf *b, const struct head_id *h)
{
	buf_put_int(b, h->size, 8);
	buf_put_str(b, h->head, h->n);
}

static void
get_head(struct head_id *h, struct cur *c)
{
	const char *p;

	h->size = cur_get_int(c, 8);
	p = cur_get_str(c, &h->n, HELD_HEAD);
	if (p == NULL)
		h->n = 0;
	else
		memcpy(h->head, p, h->n);
}

static bool
is_queued(const struct follow *f, const struct file_id *id)
{
	for (size_t i = 0; i < f->n_queue; i++)
		if (file_id_same(&f->queue[i].id, id))
			return true;
	return false;
}

/* All that were read; the queue is found again. */
static void
put_known(struct buf *b, const struct follow *f)
{
	size_t n_at = b->len;
	uint32_t n = 0;

	buf_put_int(b, 0, 4);
	for (size_t i = 0; i < f->known.n; i++) {
		const struct known_file *k = &f->known.v[i];

		if (is_queued(f, &k->id))
			continue;
		put_id(b, &k->id);
		buf_put_int(b, k->unread, 1);
		put_head(b, &k->head);
		n++;
	}
	if (!b->failed)
		le_put(b->data + n_at, n, 4);
}

void
follow_save(struct buf *out, const struct follow *f, uint64_t off)
{
	struct head_id head = {.n = 0};

	buf_put_int(out, f->now.fd != -1, 1);
	if (f->now.fd != -1) {
		put_id(out, &f->now.id);
		/* What cannot be read now fails at the next read. */
		if (held_head(&head, &f->now) == -1)
			head.n = 0;
		put_head(out, &head);
		held_put_place(out, &f->now, off);
	}
	put_known(out, f);
}

void
follow_rules(struct follow *f, bool strict, bool skips_missing)
{
	f->kept = true;
	f->strict = strict;
	f->skips_missing = skips_missing;
}

static void
get_place(struct place *p, struct cur *c)
{
	get_id(&p->id, c);
	get_head(&p->head, c);
	held_get_place(&p->at, c);
}

static void
get_known(struct follow *f, struct cur *c)
{
	uint64_t n = cur_get_int(c, 4);

	if (n > MAX_KNOWN)
		c->failed = true;
	for (uint64_t i = 0; i < n && !c->failed; i++) {
		struct known_file k = {.unread = false};

		get_id(&k.id, c);
		k.unread = cur_get_int(c, 1) != 0;
		get_head(&k.head, c);
		known_put(&f->known, &k);
	}
}

/*
 * Whether a file begins with what the one that was read began with; -1 when
 * it cannot be read, for which a file with damaged contents does not count.
 */
static int
begins_alike(const struct held *h, const struct head_id *head)
{
	struct head_id now;

	if (held_head(&now, h) == -1)
		return errno == EBADMSG ? 0 : -1;
	return now.n >= head->n && memcmp(now.head, head->head, head->n) == 0;
}

/*
 * Whether h is the file of p, and if so go to its place; -1 when it cannot be
 * read.  What is cut short under its own name is left to the reader, which
 * looks for a copy of it.
 */
static int
take_up(struct held *h, const struct place *p)
{
	bool itself = file_id_same(&h->id, &p->id) && h->gunzip == NULL;
	int rc = begins_alike(h, &p->head);

	if (rc == 1)
		rc = held_skip(h, &p->at);
	else
		itself = false;
	return rc == 0 && itself && p->head.n > 0 ? 1 : rc;
}

/* Why the first sibling that may be the file is not ours to read. */
static void
note_unseen(char **unseen, const struct sibling *s)
{
	if (*unseen == NULL)
		*unseen = mem_printf("%s: %s", s->name, strerror(errno));
}

/* The same of a name, which may be gone by now, or not be ours to read. */
static int
try_sibling(struct held *found, char **unseen, int dir_fd,
    const struct sibling *s, const struct place *p)
{
	int rc, e;

	if (held_open(found, dir_fd, s->name) == -1) {
		if (errno == EACCES)
			note_unseen(unseen, s);
		return errno == ENOENT || errno == EACCES ? 0 : -1;
	}
	rc = take_up(found, p);
	e = errno;
	if (rc != 1)
		held_release(found);
	errno = e;
	return rc;
}

/*
 * The file itself wherever it is, else one with the same contents.  *there:
 * the file is there, but with other contents.  When it is not found, errno
 * tells why it could not be looked for, or is 0; *unseen, to be freed, is of
 * what may be it, or NULL.
 */
static bool
find(struct follow *f, struct held *found, bool *there, char **unseen,
    const struct place *p)
{
	struct siblings l = {0};
	int dir_fd, e = 0, got = 0;

	*there = false;
	*unseen = NULL;
	if (follow_look(f, &l, &dir_fd) == 0) {
		for (size_t i = 0; got != 1 && i < l.n; i++) {
			if (!file_id_same(&l.v[i].id, &p->id))
				continue;
			got = try_sibling(found, unseen, dir_fd, &l.v[i], p);
			*there = p->id.born_ns != 0 && *unseen == NULL;
			e = got == -1 ? errno : e;
		}
		for (size_t i = 0; got != 1 && p->head.n > 0 && i < l.n; i++) {
			if (file_id_same(&l.v[i].id, &p->id))
				continue;
			got = try_sibling(found, unseen, dir_fd, &l.v[i], p);
			e = got == -1 ? errno : e;
		}
	} else if (dir_fd != -1 || errno != ENOENT)
		e = errno;
	if (dir_fd != -1)
		close(dir_fd);
	siblings_release(&l);
	errno = e;
	return got == 1;
}

/* Nothing is left of what was read; that which has its name is another one. */
static int
on_missing(struct follow *f, const struct place *p, bool there,
    const char *unseen, char **why)
{
	bool fatal = there ? f->strict : !f->skips_missing;
	char text[128];

	known_forget(&f->known, &p->id);
	/* One that was empty may have been packed by now: nobody can tell. */
	if (p->at.off == 0 && p->head.n == 0)
		return 0;
	snprintf(text, sizeof(text),
	    there ? "it was truncated after byte %ju had been read, and no "
		    "copy has what stood behind it"
		  : "the file that was read up to byte %ju is gone, and what "
		    "stood behind it",
	    (uintmax_t)p->at.off);
	if (!fatal) {
		follow_tell(f, f->path, text);
		f->lost = true;
		return 0;
	}
	if (unseen != NULL)
		*why = mem_printf("%s, unless in %s", text, unseen);
	else
		*why = mem_printf("%s; %s", text,
		    there ? "--on-truncate restart reads it from the start"
			  : "--on-missing skip goes on without it");
	return EX_NOINPUT;
}

int
follow_resume(struct follow *f, struct cur *in, char **why)
{
	struct place p = {.at = {.fd = -1}};
	struct held h;
	bool has_now = cur_get_int(in, 1) != 0, there, got;
	char *unseen;
	int rc;

	if (has_now)
		get_place(&p, in);
	get_known(f, in);
	if (in->failed || in->left > 0) {
		*why = mem_strdup("the place in it is malformed");
		return EX_DATAERR;
	}
	if (!has_now)
		return 0;
	got = find(f, &h, &there, &unseen, &p);
	if (!got && errno != 0) {
		*why = mem_printf("%s: %s", f->dir, strerror(errno));
		rc = EX_IOERR;
	} else {
		rc = got ? 0 : on_missing(f, &p, there, unseen, why);
	}
	free(unseen);
	if (!got)
		return rc;
	if (!file_id_same(&h.id, &p.id))
		known_forget(&f->known, &p.id);
	known_add(&f->known, &h);
	follow_hold(f, &h);
	return 0;
}

bool
follow_in_line(const struct follow *f)
{
	return f->now.fd != -1 && held_in_line(&f->now);
}

/* What of the log is neither being read nor was read before. */
static void
add_unread(struct follow_gap *g, struct follow *f, const struct siblings *l,
    int dir_fd)
{
	struct head_id id;
	struct held h;

	for (size_t i = 0; i < l->n; i++) {
		if (known_has(&f->known, dir_fd, &l->v[i])
		    || held_open(&h, dir_fd, l->v[i].name) == -1)
			continue;
		if (held_head(&id, &h) == 0
		    && !(
			h.gunzip != NULL && known_has_packed(&f->known, &id))) {
			g->unread += id.size;
			g->n_unread++;
		}
		held_release(&h);
	}
}

static void
measure(struct follow_gap *g, struct follow *f, const struct place *p)
{
	struct siblings l = {0};
	struct head_id id;
	struct held h;
	char *unseen;
	bool there;
	int dir_fd;

	g->found = find(f, &h, &there, &unseen, p);
	free(unseen);
	if (g->found) {
		known_add(&f->known, &h);
		g->name = mem_strdup(h.name);
		g->size = held_head(&id, &h) == 0 ? id.size : 0;
		held_release(&h);
	}
	if (follow_look(f, &l, &dir_fd) == 0)
		add_unread(g, f, &l, dir_fd);
	if (dir_fd != -1)
		close(dir_fd);
	siblings_release(&l);
}

int
follow_measure(struct follow_gap *g, const char *path, struct cur *in)
{
	struct follow *f = follow_begin(path);
	struct place p = {.at = {.fd = -1}};

	*g = (struct follow_gap){.begun = cur_get_int(in, 1) != 0};
	if (g->begun)
		get_place(&p, in);
	get_known(f, in);
	if (!in->failed && in->left == 0) {
		g->off = p.at.off;
		measure(g, f, &p);
	}
	follow_free(f);
	return in->failed || in->left > 0 ? -1 : 0;
}
