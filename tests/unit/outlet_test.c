/* SPDX-License-Identifier: ISC */
/* Outlets: what does not go together, and streams that none can show. */
#include "io/outlet.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "check.h"

static size_t n_places;

static void
on_child(pid_t pid)
{
	(void)pid;
}

static void
on_files(char *volatile *paths, size_t n)
{
	(void)paths;
	n_places = n;
}

static void
warn(const char *fmt, ...)
{
	(void)fmt;
}

static struct outlet_opts
opts(const char *format, const char *dest)
{
	return (struct outlet_opts){
	    .render = {.format = format, .delim = -1, .tty_fd = -1},
	    .dest = dest,
	    .max_files = 3,
	    .on_child = on_child,
	    .on_files = on_files,
	    .warn = warn};
}

static void
check_refused(const struct outlet_opts *o, const char *want)
{
	char *why = NULL;

	CHECK(outlet_new(o, &why) == NULL);
	CHECK(why != NULL && strstr(why, want) != NULL);
	free(why);
}

static void
test_refused(void)
{
	struct outlet_opts o = opts("csv", "-");

	o.append = true;
	check_refused(&o, "--append needs a file");
	o.dest = "x";
	o.roll.rows = 1;
	check_refused(&o, "--append does not go with --roll");
	o.append = false;
	o.dest = "-";
	check_refused(&o, "--roll needs a file");
	o = opts("nope", "x");
	check_refused(&o, "no output format");
	o = opts("table", "{x}");
	check_refused(&o, "-f table goes to one file");
	o = opts("csv", "{x");
	check_refused(&o, "{x: '{' without");
}

/* Rows that change others are refused by every kind, and leave no file. */
static void
test_modes(void)
{
	static const char *const dests[] = {"/dev/null", "{x}", NULL};
	struct head h;

	head_init(&h);
	schema_add(&h.schema, "x", 1, TYPE_INT);
	h.mode = MODE_UPSERT;
	for (size_t i = 0; i < 3; i++) {
		struct outlet_opts o = opts("csv", dests[i]);
		struct outlet *t;
		char *why = NULL;

		if (dests[i] == NULL)
			o.command = "exit 1";
		t = outlet_new(&o, &why);
		CHECK(t != NULL);
		CHECK(outlet_head(t, &h) == -1);
		CHECK(outlet_status(t) == EX_DATAERR);
		CHECK(strstr(outlet_error(t), "(upsert)") != NULL);
		outlet_free(t);
		CHECK(n_places == 0);
	}
	head_release(&h);
}

int
main(void)
{
	test_refused();
	test_modes();
	return check_done("outlet_test");
}
