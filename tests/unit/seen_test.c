/* SPDX-License-Identifier: ISC */
/* Which files of a directory were given, over a restart. */
#include <string.h>

#include "check.h"
#include "io/seen.h"

/* What is read back of l, and whether it is malformed. */
static int
load(struct seen *to, const struct seen *l)
{
	struct buf b;
	struct cur c;
	int rc;

	*to = (struct seen){0};
	buf_init(&b, 0);
	seen_save(l, &b);
	cur_init(&c, b.data, b.len);
	rc = seen_load(to, &c);
	buf_release(&b);
	return rc;
}

static int
try_load(const struct seen *l)
{
	struct seen to;
	int rc = load(&to, l);

	seen_release(&to);
	return rc;
}

static void
test_same(const struct seen *l)
{
	struct seen to;

	CHECK(load(&to, l) == 0);
	CHECK(to.n == 2 && to.n_given == 3);
	CHECK(to.v[0]->number == 1 && strcmp(to.v[0]->key, "a") == 0);
	CHECK(to.v[1]->number == 3 && to.v[1]->state == SEEN_DONE);
	CHECK(to.v[1]->id.ino == 7 && to.v[1]->size == 9);
	seen_release(&to);
}

int
main(void)
{
	struct seen l = {0};
	struct file_id id = {.ino = 7};
	struct seen_file *f;

	seen_add(&l, &id, "a");
	seen_add(&l, &id, "b");
	f = seen_add(&l, &id, "c");
	f->state = SEEN_DONE;
	f->size = 9;
	seen_drop(&l, 1);
	test_same(&l);
	/* Numbers that were not given, or not in this order, or twice. */
	l.v[1]->number = 4;
	CHECK(try_load(&l) == -1);
	l.v[1]->number = 1;
	CHECK(try_load(&l) == -1);
	l.v[0]->number = 2;
	CHECK(try_load(&l) == -1);
	l.v[0]->number = 0;
	CHECK(try_load(&l) == -1);
	l.v[0]->number = 1;
	l.v[1]->number = 2;
	CHECK(try_load(&l) == 0);
	l.v[0]->state = SEEN_DONE + 1;
	CHECK(try_load(&l) == -1);
	seen_release(&l);
	return check_done("seen_test");
}
