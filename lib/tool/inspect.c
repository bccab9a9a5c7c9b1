/* SPDX-License-Identifier: ISC */
/* A checkpoint as text.  millrace(1). */
#include "tool/inspect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/opttext.h"
#include "base/quote.h"
#include "base/time.h"
#include "ckpt/checkpoint.h"
#include "ckpt/durable.h"
#include "io/places.h"
#include "tool/state.h"
#include "tool/tool.h"

#define SOURCE "00-sbatch"

static char *
name_of(const struct survey_file *f)
{
	return mem_printf("%ju.%ju.%s", (uintmax_t)f->epoch,
	    (uintmax_t)f->generation, f->stage);
}

/* The bytes of a snapshot. */
static int
load(struct buf *b, char **why, const struct checkpoint *c,
    const struct survey_file *f)
{
	char *name = name_of(f);
	int rc = durable_read(b, c->fd, name, DURABLE_SNAPSHOT);

	if (rc == 0) {
		errno = ENOENT;
		rc = -1;
	}
	rc = rc == 1 ? 0 : checkpoint_failed(c, why, name);
	free(name);
	return rc;
}

/* What is wrong inside of a file whose checksum is right. */
static int
malformed(char **why, const struct checkpoint *c, const struct survey_file *f,
    char *text)
{
	char *name = name_of(f);

	*why = mem_printf("%s/%s: %s", c->path, name, text);
	free(name);
	free(text);
	return EX_DATAERR;
}

static int
load_places(struct places *p, char **why, const struct checkpoint *c,
    const struct survey_file *f)
{
	struct buf b;
	struct cur cur;
	char *text = NULL;
	int rc;

	*p = (struct places){.n = 0};
	buf_init(&b, 0);
	rc = load(&b, why, c, f);
	if (rc == 0) {
		cur_init(&cur, b.data, b.len);
		if (places_read(p, &text, &cur) == -1)
			rc = malformed(why, c, f, text);
	}
	buf_release(&b);
	return rc;
}

static void
put_path(struct buf *out, const char *path)
{
	char quoted[TOOL_QUOTE_MAX];

	buf_puts(out, tool_quote(quoted, path, strlen(path)));
}

/* A file that is read further under the name that rotation gave it. */
static void
put_other_name(struct buf *out, const struct place_of *at)
{
	const char *slash = strrchr(at->path, '/');
	const char *base = slash == NULL ? at->path : slash + 1;

	if (strcmp(base, at->gap.name) == 0)
		return;
	buf_puts(out, " of ");
	put_path(out, at->gap.name);
}

/* What is no place in a log. */
static bool
put_other_place(struct buf *out, const struct place_of *at)
{
	if (!at->begun || at->kind == SOURCE_KEEPS_PLACE)
		return false;
	if (at->kind == SOURCE_KEEPS_ENTRY)
		buf_printf(
		    out, " read up to byte %ju\n", (uintmax_t)at->gap.off);
	else if (at->kind == SOURCE_KEEPS_FILES)
		buf_puts(out, " and the files in it\n");
	else
		buf_puts(out, " from the spool\n");
	return true;
}

/* How far a source was read, and how much there is. */
static void
put_place(struct buf *out, const struct place_of *at)
{
	const struct follow_gap *g = &at->gap;
	uint64_t left = g->size > g->off ? g->size - g->off : 0;

	buf_puts(out, "source ");
	put_path(out, at->path);
	if (put_other_place(out, at))
		return;
	if (!g->begun) {
		buf_printf(out, " nothing read");
	} else if (!g->found) {
		buf_printf(out, " read up to byte %ju of a file that is gone",
		    (uintmax_t)g->off);
		left = 0;
	} else {
		buf_printf(out, " read %ju of %ju bytes", (uintmax_t)g->off,
		    (uintmax_t)g->size);
		put_other_name(out, at);
	}
	buf_printf(out, ", behind by %ju", (uintmax_t)(left + g->unread));
	if (g->n_unread > 0)
		buf_printf(out, " with %zu more file%s", g->n_unread,
		    g->n_unread == 1 ? "" : "s");
	buf_putc(out, '\n');
}

static void
put_commit(struct buf *out, const struct checkpoint *c)
{
	const struct commit *m = &c->last;

	if (m->epoch == 0)
		buf_puts(out, "committed nothing\n");
	else
		buf_printf(out, "committed epoch %ju of generation %ju%s%s\n",
		    (uintmax_t)m->epoch, (uintmax_t)m->generation,
		    m->published ? "" : ", output not in place",
		    m->finished ? ", data ended" : "");
}

/* Those that run now; sbatch's lock is not named as its state is. */
static const struct survey_file *
holder(const struct survey *s, const char *stage)
{
	return survey_holder(
	    s, strcmp(stage, SOURCE) == 0 ? CHECKPOINT_SOURCE : stage);
}

static void
put_stage(struct buf *out, const struct survey *s, const struct survey_file *f)
{
	const struct survey_file *lock = holder(s, f->stage);

	buf_printf(out, "stage %s %ju bytes", f->stage, (uintmax_t)f->size);
	if (lock != NULL)
		buf_printf(out, ", runs as %ld", (long)lock->holder);
	buf_putc(out, '\n');
}

static bool
is_last(const struct checkpoint *c, const struct survey_file *f)
{
	return f->epoch > 0 && f->epoch == c->last.epoch
	       && f->generation == c->last.generation;
}

/* What runs without a committed state yet. */
static void
put_new_stages(
    struct buf *out, const struct checkpoint *c, const struct survey *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct survey_file *f = &s->v[i];
		const char *stage = strcmp(f->stage, CHECKPOINT_SOURCE) == 0
					? SOURCE
					: f->stage;
		bool known = false;

		if (!f->held)
			continue;
		for (size_t j = 0; j < s->n; j++)
			known |= is_last(c, &s->v[j])
				 && strcmp(s->v[j].stage, stage) == 0;
		if (!known)
			buf_printf(out,
			    "stage %s nothing committed, runs as %ld\n", stage,
			    (long)f->holder);
	}
}

/* The newest epoch that a stage has a state of, and the sink not decided. */
static void
put_pending(struct buf *out, const struct checkpoint *c, const struct survey *s)
{
	const struct survey_file *f = NULL;
	bool runs = survey_holder(s, NULL) != NULL, ours;

	for (size_t i = 0; i < s->n; i++) {
		ours = s->v[i].generation == c->generation;
		if (s->v[i].epoch > c->last.epoch
		    && (f == NULL || ours || f->generation != c->generation))
			f = &s->v[i];
	}
	if (f == NULL)
		return;
	/* What an earlier start, or one that was undone, has made is over. */
	buf_printf(out, "%s epoch %ju of generation %ju\n",
	    runs && f->generation == c->generation ? "on its way" : "given up",
	    (uintmax_t)f->epoch, (uintmax_t)f->generation);
}

/* How far each source is, as f says. */
static int
put_sources(struct buf *out, char **why, const struct checkpoint *c,
    const struct survey_file *f)
{
	struct places p;
	int rc = load_places(&p, why, c, f);

	for (size_t i = 0; rc == 0 && i < p.n; i++)
		put_place(out, &p.v[i]);
	places_release(&p);
	return rc;
}

/* The state of sbatch from which the next start goes on, or NULL. */
static const struct survey_file *
find_source(const struct checkpoint *c, const struct survey *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].epoch == c->last.epoch
		    && s->v[i].generation == c->last.generation
		    && strcmp(s->v[i].stage, SOURCE) == 0)
			return &s->v[i];
	return NULL;
}

int
inspect_status(struct buf *out, char **why, const struct checkpoint *c,
    const struct survey *s)
{
	const struct survey_file *source = find_source(c, s);

	put_commit(out, c);
	put_pending(out, c, s);
	buf_printf(out, "started %ju time%s\n", (uintmax_t)c->generation,
	    c->generation == 1 ? "" : "s");
	for (size_t i = 0; i < s->n; i++)
		if (is_last(c, &s->v[i]))
			put_stage(out, s, &s->v[i]);
	put_new_stages(out, c, s);
	if (source != NULL)
		return put_sources(out, why, c, source);
	if (c->last.epoch == 0)
		return 0;
	*why = mem_printf("%s: the state of sbatch at epoch %ju is not there",
	    c->path, (uintmax_t)c->last.epoch);
	return EX_DATAERR;
}

static void
put_text(struct buf *out, const char *s)
{
	quote_put(out, s, strlen(s));
}

static void
put_options(struct buf *out, const char *s)
{
	char *text = opttext_show(s);

	put_text(out, text);
	free(text);
}

/* own: the name in the directory of the last stage, whose state it is. */
static void
put_head(struct buf *out, const struct head *h, const char *own)
{
	for (size_t i = 0; i < h->n_stages; i++) {
		const struct head_stage *st = &h->stages[i];

		buf_puts(out, "chain ");
		/* Workers' stages are counted, but an sfan is named before. */
		if (i + 1 == h->n_stages) {
			buf_puts(out, own);
		} else {
			buf_printf(out, "%02zu-", i);
			put_text(out, st->name);
		}
		buf_printf(out, " %s ", st->program);
		put_options(out, st->options);
		buf_putc(out, '\n');
	}
	for (size_t i = 0; i < h->schema.n; i++) {
		buf_puts(out, "column ");
		put_text(out, h->schema.fields[i].name);
		buf_printf(out, " %s\n", type_name(h->schema.fields[i].type));
	}
}

static void
put_state(struct buf *out, const struct state *s, const char *own)
{
	const struct account *a = &s->acct;
	char text[TIME_TEXT_MAX];

	put_head(out, &s->out, own);
	buf_printf(out,
	    "rows in %ju, used %ju, filtered %ju, late %ju, invalid %ju, out "
	    "%ju\n",
	    (uintmax_t)a->in, (uintmax_t)a->used, (uintmax_t)a->filtered,
	    (uintmax_t)a->late, (uintmax_t)a->invalid, (uintmax_t)a->out);
	if (s->watermark == INT64_MIN) {
		buf_puts(out, "watermark none\n");
	} else {
		text[time_format_rfc3339(text, s->watermark)] = '\0';
		buf_printf(out, "watermark %s\n", text);
	}
	if (s->batch > 0)
		buf_printf(out, "batch %ju\n", (uintmax_t)s->batch);
}

/* What the program itself keeps. */
static int
put_own(struct buf *out, char **why, struct cur *c, const char *program,
    uint32_t version, const struct inspect_kind *kinds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(kinds[i].program, program) == 0)
			return kinds[i].show(out, why, c, version);
	buf_printf(
	    out, "state %zu bytes, version %ju\n", c->left, (uintmax_t)version);
	return 0;
}

int
inspect_places(struct buf *out, char **why, struct cur *c, uint32_t version)
{
	struct places p;
	int rc = places_read(&p, why, c);

	(void)version; /* is in the bytes */
	if (rc == 0) {
		buf_printf(out, "chain %s ", SOURCE);
		put_options(out, p.options);
		buf_putc(out, '\n');
		buf_printf(out, "rows %ju, invalid %ju, filtered %ju\n",
		    (uintmax_t)p.rows, (uintmax_t)p.bad, (uintmax_t)p.filtered);
		buf_printf(out, "batch %ju with %ju rows so far\n",
		    (uintmax_t)p.batch, (uintmax_t)p.batch_rows);
	}
	for (size_t i = 0; rc == 0 && i < p.n; i++) {
		put_place(out, &p.v[i]);
		buf_printf(out, "part %ju %s, %ju rows wait\n",
		    (uintmax_t)p.v[i].part, p.v[i].open ? "open" : "closed",
		    (uintmax_t)p.v[i].held);
	}
	places_release(&p);
	return rc;
}

/* A stage has HEADs and an account before its own bytes, the source has not. */
static int
put_body(struct buf *out, char **why, struct cur *c,
    const struct survey_file *f, const struct inspect_kind *kinds, size_t n)
{
	struct state s;
	int rc;

	if (strcmp(f->stage, SOURCE) == 0)
		return put_own(out, why, c, "sbatch", 0, kinds, n);
	state_init(&s);
	rc = state_read(&s, why, c);
	if (rc == 0) {
		const struct head *h = &s.out;

		put_state(out, &s, f->stage);
		rc = put_own(out, why, c,
		    h->n_stages == 0 ? "" : h->stages[h->n_stages - 1].program,
		    s.own, kinds, n);
	}
	state_release(&s);
	return rc;
}

int
inspect_dump(struct buf *out, char **why, const struct checkpoint *c,
    const struct survey_file *f, const struct inspect_kind *kinds, size_t n)
{
	struct buf b;
	struct cur cur;
	char *text = NULL;
	int rc;

	buf_init(&b, 0);
	rc = load(&b, why, c, f);
	cur_init(&cur, b.data, b.len);
	if (rc == 0 && put_body(out, &text, &cur, f, kinds, n) == -1)
		rc = malformed(why, c, f, text);
	buf_release(&b);
	return rc;
}

/* Each stage that has a state now must have one of the epoch before. */
static int
check_kept(char **why, const struct checkpoint *c, const struct survey *s)
{
	const struct commit *m = &c->last;
	struct buf b;
	char *text;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->n; i++) {
		const struct survey_file *f;

		if (!is_last(c, &s->v[i]))
			continue;
		f = survey_find(
		    s, &text, m->epoch - 1, m->before, s->v[i].stage);
		if (f == NULL) {
			*why = mem_printf("%s: %s", c->path, text);
			free(text);
			return EX_DATAERR;
		}
		buf_init(&b, 0);
		rc = load(&b, why, c, f);
		buf_release(&b);
	}
	return rc;
}

int
inspect_back(struct buf *out, char **why, const struct checkpoint *c,
    const struct survey *s)
{
	const struct commit *m = &c->last;
	const struct survey_file *f;
	struct places was;
	char *text;
	int rc = check_kept(why, c, s);

	if (rc != 0)
		return rc;
	f = survey_find(s, &text, m->epoch - 1, m->before, SOURCE);
	if (f == NULL) {
		*why = text;
		return EX_DATAERR;
	}
	rc = load_places(&was, why, c, f);
	for (size_t i = 0; rc == 0 && i < was.n; i++) {
		if (was.v[i].begun && was.v[i].kind != SOURCE_KEEPS_PLACE)
			continue;
		put_path(out, was.v[i].path);
		buf_printf(out, ": read again from byte %ju\n",
		    (uintmax_t)was.v[i].gap.off);
	}
	places_release(&was);
	return rc;
}
