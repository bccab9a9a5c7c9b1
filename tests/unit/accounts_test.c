/* SPDX-License-Identifier: ISC */
/* The laws that every row is accounted for. */
#include "tool/accounts.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static void
check(const struct account *v, size_t n, const char *want)
{
	const struct head_stage stages[] = {
	    {.cls = CLASS_SOURCE}, {.cls = CLASS_FRAME}};
	char *why = accounts_check(v, n, stages, n);

	CHECK((why == NULL) == (want == NULL));
	CHECK(why == NULL || want == NULL || strcmp(why, want) == 0);
	free(why);
}

static void
check_join(const struct account *v, size_t skip, const char *want)
{
	const struct head_stage stages[] = {{.cls = CLASS_SOURCE},
	    {.cls = CLASS_FRAME}, {.cls = CLASS_SOURCE}, {.cls = CLASS_JOIN}};
	char *why = accounts_check(v + skip, 4 - skip, stages, 4);

	CHECK((why == NULL) == (want == NULL));
	CHECK(why == NULL || want == NULL || strcmp(why, want) == 0);
	free(why);
}

/* What both streams brought went into the join. */
static void
test_join(void)
{
	struct account v[4] = {{.name = "a", .in = 3, .used = 3, .out = 3},
	    {.name = "b", .in = 3, .used = 3, .out = 2, .out_frames = 1},
	    {.name = "c", .in = 5, .used = 5, .out = 5, .out_frames = 2},
	    {.name = "d", .in = 7, .used = 7, .in_frames = 3}};

	check_join(v, 0, NULL);
	v[3].in_frames = 2;
	check_join(v, 0, "3 frames out of b and c, but 2 into d");
	check_join(v, 1, "3 frames out of b and c, but 2 into d");
	check_join(v, 2, NULL);
	v[3].in = v[3].used = 8;
	check_join(v, 0, "7 rows out of b and c, but 8 into d");
	v[1].in = 2;
	check_join(
	    v, 0, "b: 2 rows in, but 3 used, 0 filtered, 0 late, 0 invalid");
}

static void
test_too_many(void)
{
	const struct account v[2] = {{.name = "a"}, {.name = "b"}};
	const struct head_stage stage = {.cls = CLASS_SOURCE};
	char *why = accounts_check(v, 2, &stage, 1);

	CHECK(why != NULL && strcmp(why, "2 accounts of 1 stages") == 0);
	free(why);
}

int
main(void)
{
	struct account v[2] = {{.name = "sbatch",
				   .in = 10,
				   .used = 7,
				   .invalid = 3,
				   .out = 7,
				   .out_frames = 2},
	    {.name = "smap",
		.in = 7,
		.used = 4,
		.filtered = 2,
		.late = 1,
		.out = 5,
		.in_frames = 2}};

	check(v, 0, NULL);
	check(v, 1, NULL);
	check(v, 2, NULL);
	v[1].late = 0;
	check(v, 1, NULL);
	check(
	    v, 2, "smap: 7 rows in, but 4 used, 2 filtered, 0 late, 0 invalid");
	v[1].late = 1;
	v[0].out = 8;
	check(v, 2, "8 rows out of sbatch, but 7 into smap");
	v[0].out = 7;
	v[1].in_frames = 3;
	check(v, 2, "2 frames out of sbatch, but 3 into smap");
	strcpy(v[1].name, "\x1b[31m\nx");
	check(v, 2, "2 frames out of sbatch, but 3 into \\x1b[31m\\x0ax");
	test_join();
	test_too_many();
	return check_done("accounts_test");
}
