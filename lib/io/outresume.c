/* SPDX-License-Identifier: ISC */
/* The outlet of a pipeline that resumes.  ssink(1), RELIABILITY. */
#include "io/outresume.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/mem.h"
#include "io/outlet_int.h"
#include "io/outpath.h"

void
outresume_set(struct outlet *t)
{
	t->resumes = true;
	prepared_init(&t->prepared);
	appended_init(&t->appended);
}

static int
warn_again(struct outlet *t, const char *what)
{
	t->o.warn("%s cannot be taken back: after a restart rows may come "
		  "a second time; ssink(1), RELIABILITY",
	    what);
	return 0;
}

static int
refuse_replace(struct outlet *t)
{
	size_t len = strlen(t->o.dest) - outpath_ext_len(t->path);

	return outlet_fail(t, EX_USAGE,
	    "sbatch -S: %s: a later epoch would replace an earlier one; write "
	    "'%.*s/{epoch}%s', or --append",
	    t->o.dest, (int)len, t->o.dest, t->o.dest + len);
}

int
outresume_check(struct outlet *t, bool whole)
{
	struct stat st;
	const char *plain;

	if (strcmp(t->o.render.format, "frames") == 0)
		return outlet_fail(t, EX_USAGE,
		    "sbatch -S: a saved stream is of one start, from its "
		    "beginning to its end; write json, csv or tsv");
	if (t->o.command != NULL)
		return warn_again(t, "what --exec does");
	if (t->path == NULL)
		return warn_again(t, "standard output");
	plain = outpath_plain(t->path);
	if (plain != NULL && stat(plain, &st) == 0 && !S_ISREG(st.st_mode))
		return warn_again(t, plain);
	if (whole || t->o.append || outlet_rolls(&t->o.roll)
	    || outpath_by_epoch(t->path))
		return 0;
	return refuse_replace(t);
}

int
outresume_load(struct outlet *t, struct cur *in)
{
	t->number = cur_get_int(in, 8);
	if (prepared_load(&t->prepared, in) == -1)
		return -1;
	return appended_load(&t->appended, in);
}

int
outresume_publish(struct outlet *t)
{
	char *why = NULL;
	int rc = prepared_publish(&t->prepared, &why);

	return outlet_checked(t, rc, &why);
}

static void
set_epoch(struct outlet *t, uint64_t epoch)
{
	t->epoch = epoch;
	if (t->path != NULL)
		outpath_epoch(t->path, epoch);
}

int
outresume_begin(struct outlet *t, const struct checkpoint *c)
{
	char *why = NULL;
	int status;

	set_epoch(t, c->last.epoch + 1);
	prepared_reset(&t->prepared);
	/* Even without a file: there may have been one. */
	if (outlet_checked(t, prepared_begin(&t->prepared, &why, c), &why)
	    == -1)
		return -1;
	status = appended_begin(&t->appended, &why, c);
	if (status == 0)
		return 0;
	outlet_fail(t, status, "%s", why);
	free(why);
	return -1;
}

int
outresume_save(struct outlet *t, struct buf *out)
{
	char *why = NULL;

	if (t->kind->prepare != NULL && t->kind->prepare(t) == -1)
		return -1;
	if (outlet_checked(t, prepared_sync(&t->prepared, &why), &why) == -1)
		return -1;
	if (outlet_checked(t, appended_mark(&t->appended, &why), &why) == -1)
		return -1;
	set_epoch(t, t->epoch + 1);
	buf_put_int(out, t->number, 8);
	prepared_save(&t->prepared, out);
	appended_save(&t->appended, out);
	return 0;
}
