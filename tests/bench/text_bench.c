/* SPDX-License-Identifier: ISC */
/*
 * How fast a format is parsed, in this process, on one core:
 *	text_bench [-f FORMAT] [-c COLS] [-t COL] [-p PATH] [-r ROUNDS] FILE
 * PATH: 0 the best, 1 portable, 2 AVX2, 3 AVX-512.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "text/text.h"

#define CHUNK (1u << 20) /* bytes given to text_parse at once */

struct result {
	uint64_t rows;
	uint64_t bad;
	int64_t us;
};

static bool
note_bad(void *arg, const struct text_bad *bad)
{
	uint64_t *n = arg;

	if (++*n <= 3)
		fprintf(stderr, "%" PRIu64 ":%zu: %s\n", bad->line, bad->column,
		    bad->why);
	return true;
}

static struct result
parse(struct text *t, const char *p, size_t len)
{
	struct result res = {0, 0, time_mono_us()};
	struct build out;
	size_t at, used;

	text_open(t);
	if (text_header(t, &at, p, len, true) != 1)
		errx(65, "%s", text_error(t));
	build_init(&out, text_schema(t));
	for (; at < len; at += used) {
		size_t n = len - at < CHUNK ? len - at : CHUNK;
		struct text_goal goal = {.max_rows = 1u << 20,
		    .max_bytes = 256u << 10,
		    .bad = note_bad,
		    .arg = &res.bad};

		if (text_parse(t, &out, &goal, p + at, n, at + n == len) == -1)
			errx(65, "%s", text_error(t));
		used = goal.used;
		res.rows += out.n_rows;
		build_reset(&out);
	}
	build_release(&out);
	res.us = time_mono_us() - res.us;
	return res;
}

int
main(int argc, char *argv[])
{
	struct text_opts o = {
	    .format = NULL, .delim = -1, .max_field = TEXT_MAX_FIELD};
	int ch, fd, rounds = 3;
	struct stat st;
	struct text *t;
	char *why, *p;

	while ((ch = getopt(argc, argv, "f:c:t:p:r:")) != -1)
		switch (ch) {
		case 'f':
			o.format = optarg;
			break;
		case 'c':
			o.columns = optarg;
			break;
		case 't':
			o.time = optarg;
			break;
		case 'p':
			o.path = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'r':
			rounds = (int)strtol(optarg, NULL, 10);
			break;
		default:
			errx(64, "wrong option");
		}
	if (optind + 1 != argc)
		errx(64, "one file is needed");
	if (o.format == NULL)
		o.format = text_by_path(argv[optind]);
	fd = open(argv[optind], O_RDONLY);
	if (fd == -1 || fstat(fd, &st) == -1)
		err(66, "%s", argv[optind]);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ,
	    MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (p == MAP_FAILED)
		err(74, "%s", argv[optind]);
	t = text_new(&o, &why);
	if (t == NULL)
		errx(64, "%s", why);
	for (int i = 0; i < rounds; i++) {
		struct result r = parse(t, p, (size_t)st.st_size);

		printf("%s\t%.0f MB/s\t%.2f M rows/s\t%" PRIu64
		       " rows\t%" PRIu64 " bad\n",
		    o.format, (double)st.st_size / (double)r.us,
		    (double)r.rows / (double)r.us, r.rows, r.bad);
	}
	text_free(t);
	return 0;
}
