/* SPDX-License-Identifier: ISC */
/* The laws that every row is accounted for. */
#include "tool/accounts.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static void
check(const struct account *v, size_t n, const char *want)
{
	char *why = accounts_check(v, n);

	CHECK((why == NULL) == (want == NULL));
	CHECK(why == NULL || want == NULL || strcmp(why, want) == 0);
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
	return check_done("accounts_test");
}
