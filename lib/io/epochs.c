/* SPDX-License-Identifier: ISC */
/* Epochs of a stream that resumes.  millrace-checkpoint(5). */
#include "io/epochs.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"
#include "ckpt/accepted.h"
#include "ckpt/commit.h"
#include "ckpt/durable.h"
#include "ckpt/snapshot.h"
#include "io/intake_int.h"
#include "io/journal.h"

#define SLOW 10 /* intervals after which a commit is late */
#define SPOOL_SHARE 8 /* an epoch's part of the spool */
#define SHARE 10 /* at most one part in so many is spent on saving */

void
epochs_init(struct epochs *e)
{
	*e = (struct epochs){.every_us = EPOCHS_EVERY_US};
	checkpoint_init(&e->dir);
	tape_init(&e->tape, TAPE_MAX);
}

void
epochs_release(struct epochs *e)
{
	free(e->accepted);
	tape_release(&e->tape);
	checkpoint_release(&e->dir);
}

void
epochs_accept(struct epochs *e, const char *stage)
{
	e->accepted = mem_grow(e->accepted, &e->cap_accepted, e->n_accepted + 1,
	    sizeof(*e->accepted));
	e->accepted[e->n_accepted++] = stage;
}

static int
fail(struct intake *in, int status, char *why)
{
	intake_fail(in, status, "-S: %s", why);
	free(why);
	return -1;
}

/* Whatever of it grows, something has come. */
static uint64_t
count(const struct intake *in)
{
	const struct emit *e = &in->emit;

	return e->n_rows + e->build.n_rows + e->n_bad + e->n_filtered;
}

static int
take_up(struct intake *in)
{
	struct epochs *e = &in->epochs;
	struct buf b;
	struct cur c;
	char *why = NULL;
	int rc;

	buf_init(&b, 0);
	rc = snapshot_load(&e->dir, &why, &b);
	if (rc == 0) {
		cur_init(&c, b.data, b.len);
		rc = journal_load(in, &c);
	} else {
		rc = fail(in, rc, why);
	}
	buf_release(&b);
	return rc;
}

/*
 * A start without --spool goes on with the tape, and writes nothing on it: what
 * earlier ones have spooled must neither come again nor stay for ever.
 */
static int
start_spool(struct intake *in)
{
	struct epochs *e = &in->epochs;
	char *why;
	int rc = tape_start(&e->tape, &why, &e->dir);

	if (rc != 0)
		return fail(in, rc, why);
	if (why != NULL)
		buf_printf(&in->notes, "--spool: %s\n", why);
	free(why);
	why = NULL;
	tape_mark(&e->tape, e->epoch);
	if (!in->o.source.spools)
		rc = tape_rest(&e->tape, &why);
	if (rc != 0)
		return fail(in, rc, why);
	in->o.source.tape = &e->tape;
	return 0;
}

int
epochs_start(struct intake *in)
{
	struct epochs *e = &in->epochs;
	char *why;
	int rc = checkpoint_start(&e->dir, &why, e->path, e->any_fs);

	if (rc != 0)
		return fail(in, rc, why);
	if (why != NULL)
		buf_printf(&in->notes, "-S: %s\n", why);
	free(why);
	rc = accepted_write(&e->dir, &why, e->accepted, e->n_accepted);
	if (rc != 0)
		return fail(in, rc, why);
	e->epoch = e->dir.last.epoch;
	e->due_us = time_mono_us() + e->every_us;
	in->resumed = e->epoch > 0 || snapshot_has(&e->dir);
	if (in->resumed && take_up(in) == -1)
		return -1;
	/* Files that have come since are kept, too. */
	e->placed = in->resumed && in->journal.bound;
	e->count = count(in);
	return in->o.source.spools || e->tape.loaded ? start_spool(in) : 0;
}

void
epochs_head(const struct epochs *e, struct head *h)
{
	free(h->path);
	h->path = mem_strdup(e->dir.path);
	memcpy(h->identity, e->dir.identity, sizeof(h->identity));
	h->generation = e->dir.generation;
	h->epoch = e->dir.last.epoch;
}

/* What was spooled is durable before a place in it is. */
static int
flush_spool(struct intake *in)
{
	char *why;
	int rc;

	if (in->o.source.tape == NULL)
		return 0;
	rc = tape_flush(in->o.source.tape, &why);
	return rc == 0 ? 0 : fail(in, rc, why);
}

/* Where the intake is at the end of an epoch. */
static int
save(struct intake *in, uint64_t epoch)
{
	struct buf b;
	char *why = NULL;
	int rc;

	if (flush_spool(in) == -1)
		return -1;
	buf_init(&b, DURABLE_MAX);
	rc = journal_save(in, &b);
	if (rc == 0) {
		rc = snapshot_save(&in->epochs.dir, &why, epoch, &b);
		rc = rc == 0 ? 0 : fail(in, rc, why);
	}
	buf_release(&b);
	return rc;
}

int
epochs_place(struct intake *in)
{
	struct epochs *e = &in->epochs;

	if (e->placed)
		return 0;
	e->placed = true;
	/* Bytes of a file that has ended are at hand: be quick to commit. */
	if (!journal_settled(in)) {
		e->due_us = 0;
		return 0;
	}
	journal_settle(in);
	return save(in, 0);
}

/*
 * Remove what no restart can want.  One may be from the epoch before the last
 * one that is committed.
 */
static int
prune(struct intake *in)
{
	struct epochs *e = &in->epochs;
	char *why;
	int rc = snapshot_prune(&e->dir, &why);

	if (rc == 0 && in->o.source.tape != NULL && e->dir.last.epoch > 0)
		rc = tape_trim(&e->tape, &why, e->dir.last.epoch - 1);
	return rc == 0 ? 0 : fail(in, rc, why);
}

/* All that the barrier says is durable before it is sent. */
static int
end_epoch(struct intake *in)
{
	struct epochs *e = &in->epochs;
	struct barrier m = {.generation = e->dir.generation,
	    .epoch = e->epoch + 1,
	    .committed = e->dir.last.epoch};
	int64_t began = time_mono_us(), took;

	if (intake_flush(in) == -1 || save(in, m.epoch) == -1)
		return -1;
	memcpy(m.identity, e->dir.identity, sizeof(m.identity));
	if (intake_sent(in, emit_barrier(&in->emit, &m)) == -1)
		return -1;
	e->epoch++;
	if (in->o.source.tape != NULL)
		tape_mark(&e->tape, e->epoch);
	e->count = count(in);
	e->changed = false;
	took = time_mono_us() - began;
	e->due_us = began + took
		    + (took * SHARE > e->every_us ? took * SHARE : e->every_us);
	if (e->slow_us == 0)
		e->slow_us = began + SLOW * e->every_us;
	return prune(in);
}

/* Nothing is sent into a pipe that commits nothing any more. */
static bool
is_behind(struct intake *in, int64_t now)
{
	struct epochs *e = &in->epochs;

	if (e->epoch - e->dir.last.epoch < EPOCHS_MAX_OPEN)
		return false;
	e->due_us = now + e->every_us;
	e->full_us = now + EPOCHS_LEAST_US;
	if (e->slow_us > 0 && now > e->slow_us) {
		buf_printf(&in->notes,
		    "-S: epoch %ju is not committed since %d intervals of "
		    "--epoch\n",
		    (uintmax_t)(e->dir.last.epoch + 1), SLOW);
		e->slow_us = INT64_MAX;
	}
	return true;
}

/* Much was spooled: the sooner it is committed, the sooner it goes. */
static bool
is_full(const struct epochs *e, int64_t now)
{
	return tape_fresh(&e->tape) >= e->tape.max / SPOOL_SHARE
	       && now >= e->full_us;
}

int
epochs_step(struct intake *in)
{
	struct epochs *e = &in->epochs;
	struct commit before = e->dir.last;
	int64_t now = time_mono_us();
	char *why = NULL;
	int rc;

	if (epochs_place(in) == -1)
		return -1;
	if (e->tape.dirty_us != 0 && now >= e->tape.dirty_us + TAPE_FLUSH_US
	    && flush_spool(in) == -1)
		return -1;
	if (now < e->due_us && !is_full(e, now))
		return 0;
	if ((count(in) == e->count && !e->changed) || !journal_settled(in))
		return 0;
	/* Where batches are the user's, an epoch is made of whole ones. */
	if (cut_is_set(&in->emit.cut)
	    && (in->emit.cut.rows > 0 || in->emit.build.n_rows > 0))
		return 0;
	rc = commit_read(&e->dir, &why);
	if (rc != 0)
		return fail(in, rc, why);
	if (e->dir.last.epoch != before.epoch)
		e->slow_us = 0;
	return is_behind(in, now) ? 0 : end_epoch(in);
}

int
epochs_end(struct intake *in)
{
	struct epochs *e = &in->epochs;
	char *why = NULL;
	int rc = commit_read(&e->dir, &why);

	return rc == 0 ? end_epoch(in) : fail(in, rc, why);
}

bool
epochs_idle(const struct intake *in, bool eof)
{
	const struct epochs *e = &in->epochs;

	if (count(in) != e->count)
		return false;
	return !eof || (e->epoch > 0 && e->dir.last.finished);
}

bool
epochs_last(struct intake *in)
{
	struct epochs *e = &in->epochs;
	char *why = NULL;
	bool over;

	/* END is believed when the pipe ends behind it. */
	if (e->behind.seen_us == 0) {
		close(STDOUT_FILENO);
		io_fill_std();
	}
	if (await_commit(&e->behind, &why, &over, &e->dir, e->epoch) == 0)
		return over;
	/* What was sent is right all the same. */
	buf_printf(&in->notes, "-S: %s\n", why);
	free(why);
	return true;
}

int
epochs_over(struct intake *in)
{
	char *why = NULL;
	int rc = checkpoint_end(&in->epochs.dir, &why);

	return rc == 0 ? 0 : fail(in, rc, why);
}
