/* SPDX-License-Identifier: ISC */
/* What of a pipeline has changed.  millrace-checkpoint(5), CHANGES. */
#include "tool/changes.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/opttext.h"
#include "ckpt/checkpoint.h"
#include "ckpt/survey.h"

#define FAN "sfan" /* its file has the number of its workers' first stage */

static bool
ask(bool (*fn)(const struct accepted *a, const char *stage),
    const struct accepted *a, const char *name, size_t n)
{
	char *stage = checkpoint_stage(name, n);
	bool found = fn(a, stage);

	free(stage);
	return found;
}

static bool
is_fan(const struct head_stage *s)
{
	return strcmp(s->program, FAN) == 0;
}

/*
 * By its own name, or as one that the workers of an sfan run: the name that
 * this has in the directory tells where they begin.
 */
static bool
is_accepted(const struct accepted *a, const struct head *h, size_t i)
{
	size_t fan = i;

	if (a->n == 0)
		return false;
	if (ask(accepted_has, a, h->stages[i].name, i))
		return true;
	while (fan < h->n_stages && !is_fan(&h->stages[fan]))
		fan++;
	if (fan == h->n_stages)
		return false;
	for (; i > 0; i--) {
		if (ask(accepted_joined, a, h->stages[fan].name, i))
			return true;
		if (is_fan(&h->stages[i - 1]))
			break;
	}
	return false;
}

/*
 * The stage of c, and what its workers run, go by the name that it has in the
 * directory.
 */
static char *
to_accept(const struct changes *c, const struct head *h, size_t i)
{
	size_t own = c->in->n_stages;

	return i < own ? checkpoint_stage(h->stages[i].name, i)
		       : checkpoint_stage(h->stages[h->n_stages - 1].name, own);
}

static char *
options_differ(const struct changes *c, const struct head_stage *was,
    const struct head *h, size_t i)
{
	const struct head_stage *is = &h->stages[i];
	char *stage = checkpoint_stage(is->name, i);
	char *accept = to_accept(c, h, i);
	char *now = opttext_show(is->options);
	char *then = opttext_show(was->options);
	char *why = mem_printf("%s has the options \"%s\", and had \"%s\"; "
			       "sbatch --accept-changes %s goes on with it",
	    stage, now, then, accept);

	free(then);
	free(now);
	free(accept);
	free(stage);
	return why;
}

/*
 * Position, program and name are what a stage is known by; only what it is
 * told may change.
 */
static char *
compare_stages(const struct changes *c, bool *any, const struct head *was,
    const struct head *is, bool sinks_told)
{
	for (size_t i = 0; i < was->n_stages && i < is->n_stages; i++) {
		const struct head_stage *a = &was->stages[i];
		const struct head_stage *b = &is->stages[i];

		if (strcmp(a->program, b->program) != 0)
			return mem_printf(
			    "%s (%s) stands where %s (%s) was; " CHANGES_STEP,
			    b->name, b->program, a->name, a->program);
		if (strcmp(a->name, b->name) != 0)
			return mem_printf("%s stands where %s was; a stage is "
					  "known by its name: write --name %s",
			    b->name, a->name, a->name);
		if (strcmp(a->options, b->options) == 0
		    || (!sinks_told && a->options[0] == '\0'))
			continue;
		if (!is_accepted(c->accepted, is, i))
			return options_differ(c, a, is, i);
		*any = true;
	}
	if (was->n_stages != is->n_stages)
		return mem_printf("there are %zu stages up to here, and were "
				  "%zu",
		    is->n_stages, was->n_stages);
	return NULL;
}

static char *
compare_columns(const struct schema *was, const struct schema *is)
{
	for (size_t i = 0; i < was->n && i < is->n; i++) {
		const struct field *a = &was->fields[i], *b = &is->fields[i];

		if (strcmp(a->name, b->name) != 0 || a->type != b->type)
			return mem_printf(
			    "column %zu is %s (%s), and was %s (%s)", i + 1,
			    b->name, type_name(b->type), a->name,
			    type_name(a->type));
	}
	if (was->n != is->n)
		return mem_printf(
		    "there are %zu columns, and were %zu", is->n, was->n);
	return NULL;
}

char *
changes_names(const struct schema *was, const struct schema *is)
{
	for (size_t i = 0; i < was->n && i < is->n; i++)
		if (strcmp(was->fields[i].name, is->fields[i].name) != 0)
			return mem_printf("column %zu is %s, and was %s", i + 1,
			    is->fields[i].name, was->fields[i].name);
	return was->n == is->n ? NULL : compare_columns(was, is);
}

/* Other columns are what an accepted change may lead to. */
static char *
check_columns(const struct changes *c, bool *any, const struct state *was)
{
	char *why = compare_columns(&was->in.schema, &c->in->schema);
	bool accepted = false;

	if (why == NULL)
		why = compare_columns(&was->out.schema, &c->out->schema);
	if (why == NULL)
		return NULL;
	for (size_t i = 0; i < c->out->n_stages && !accepted; i++)
		accepted = is_accepted(c->accepted, c->out, i);
	if (!accepted)
		return why;
	free(why);
	*any = true;
	return NULL;
}

static char *
keeps_differ(const char *stage, const char *was, const char *is)
{
	char *now = opttext_show(is);
	char *then = opttext_show(was);
	char *why = mem_printf("what %s keeps is of \"%s\", and would be of "
			       "\"%s\"; begin with another -S DIR",
	    stage, then, now);

	free(then);
	free(now);
	return why;
}

static char *
check_keeps(const struct changes *c, bool any, const struct state *was)
{
	const struct head *h = c->out;
	char *stage, *why;

	if (was->keeps == NULL && !any)
		return NULL;
	if (was->keeps != NULL && strcmp(was->keeps, c->keeps) == 0)
		return NULL;
	stage =
	    checkpoint_stage(h->stages[h->n_stages - 1].name, c->in->n_stages);
	if (was->keeps == NULL)
		why = mem_printf("what %s keeps does not say what it depends "
				 "on; start once without the change",
		    stage);
	else
		why = keeps_differ(stage, was->keeps, c->keeps);
	free(stage);
	return why;
}

char *
changes_refuse(const struct changes *c, bool *any, const struct state *was)
{
	/* Before states said what they depend on, sinks had no options. */
	bool sinks_told = was->keeps != NULL;
	char *why;

	*any = false;
	why = compare_stages(c, any, &was->out, c->out, sinks_told);
	if (why == NULL)
		why = check_columns(c, any, was);
	if (why == NULL)
		why = check_keeps(c, *any, was);
	return why;
}

/* The stages that there are, by the names that they have in the directory. */
static void
put_stages(struct buf *b, const struct survey *s, uint64_t generation)
{
	const char *between = "";

	for (size_t i = 0; i < s->n; i++) {
		const struct survey_file *f = &s->v[i];

		if (f->epoch != 0 || f->generation != generation
		    || strcmp(f->stage, CHECKPOINT_SOURCE) == 0)
			continue;
		buf_printf(b, "%s%s", between, f->stage);
		between = ", ";
	}
}

static int
refuse_unknown(char **why, const char *name, const struct checkpoint *dir)
{
	struct survey s = {.v = NULL};
	struct buf b;
	int rc = survey_read(&s, why, dir);

	buf_init(&b, 0);
	put_stages(&b, &s, dir->generation);
	if (rc == 0) {
		*why = mem_printf("--accept-changes: no stage is %s; there "
				  "are %.*s",
		    name, (int)b.len, (const char *)b.data);
		rc = EX_USAGE;
	}
	buf_release(&b);
	survey_release(&s);
	return rc;
}

int
changes_check_names(const struct accepted *a, char **why, const struct head *h,
    const struct checkpoint *dir)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct accepted one = {
		    .names = &a->names[i], .joined = &a->joined[i], .n = 1};
		bool known = false;

		for (size_t k = 0; k < h->n_stages && !known; k++)
			known = is_accepted(&one, h, k);
		if (!known)
			return refuse_unknown(why, a->names[i], dir);
	}
	return 0;
}
