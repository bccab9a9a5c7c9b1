/* SPDX-License-Identifier: ISC */
/* Nanoseconds a row of expressions over one frame of an access log. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "expr/expr.h"

#define N_ROWS 10000 /* about a frame */
#define N_RUNS 200
#define N_TRIES 5 /* the best counts: others share the machine */

static const char *const usual[] = {"status >= 500", "bytes * 2 + 1",
    "bytes / 2", "status div 100", "status in (404, 500)",
    "status >= 500 and bytes > 100", "if(status >= 500, bytes, 0)",
    "path like '/api/%'", "path like '%item%'", "path ~ 'x+'", "lower(path)",
    "split(path, '/', 2)", "ms + 1", "date_trunc('hour', t)",
    "strftime(t, '%H:%M')", "strftime(t, '%H:%M', 'Europe/Paris')",
    "bytes > 1000.5", "bytes & 255", "round(bytes / 3, 2)", "xxhash64(path)",
    "crc32(path)", "sha256(path)", "format('%s %d', path, status)",
    "url_path(path)", "concat(path, '-', status)", "trim(path)",
    "substr(path, 2, 5)", "regexp_extract(path, '[0-9]+')",
    "regexp_count(path, '[0-9]')", "json_object('p', path) ->> 'p'",
    "lpad(ms, 8, '0')"};

static void
add_rows(struct build *b)
{
	static const int64_t codes[] = {200, 200, 404, 500, 301};
	uint64_t x = 1;
	char s[64];
	int len;

	for (unsigned i = 0; i < N_ROWS; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		colbuf_push_int(&b->cols[0], codes[x >> 40 & 3]);
		colbuf_push_int(&b->cols[1], (int64_t)(x >> 44));
		len = snprintf(s, sizeof(s),
		    x >> 63 ? "/api/v1/item/%u" : "/static/x%u.png",
		    (unsigned)(x >> 33 & 4095));
		colbuf_push_str(&b->cols[2], s, (size_t)len);
		len = snprintf(s, sizeof(s), "%u.%02u",
		    (unsigned)(x >> 50 & 1023), (unsigned)(x >> 40 & 63));
		colbuf_push_str(&b->cols[3], s, (size_t)len);
		colbuf_push_int(&b->cols[4],
		    INT64_C(1779458706000000) + (int64_t)(x >> 24));
	}
	b->n_rows = N_ROWS;
}

static void
measure(const struct schema *s, const struct batch *b, const char *source)
{
	struct expr *e;
	struct expr_error err;
	struct expr_env env = {0};
	struct arena a = {0};
	struct col c;
	int64_t best = INT64_MAX, us;

	if (expr_compile(&e, &err, s, source) == -1) {
		printf("%s: %s\n", source, err.text);
		return;
	}
	for (unsigned k = 0; k < N_TRIES; k++) {
		us = time_mono_us();
		for (unsigned i = 0; i < N_RUNS; i++) {
			arena_reset(&a);
			if (expr_eval(e, &c, &err, &a, &env, b) == -1)
				printf("%s: %s\n", source, err.text);
		}
		us = time_mono_us() - us;
		best = us < best ? us : best;
	}
	printf("%-32s %7.2f ns/row\n", source,
	    (double)best * 1000 / N_RUNS / N_ROWS);
	arena_release(&a);
	expr_free(e);
}

int
main(int argc, char *argv[])
{
	struct schema s;
	struct build rows;
	struct batch b;

	schema_init(&s);
	schema_add(&s, "status", 6, TYPE_INT);
	schema_add(&s, "bytes", 5, TYPE_INT);
	schema_add(&s, "path", 4, TYPE_STR);
	schema_add(&s, "ms", 2, TYPE_STR)->untyped = true;
	schema_add(&s, "t", 1, TYPE_TIME);
	build_init(&rows, &s);
	batch_init(&b);
	add_rows(&rows);
	build_view(&b, &rows);
	for (int i = 1; i < argc; i++)
		measure(&s, &b, argv[i]);
	for (size_t i = 0; argc == 1 && i < sizeof(usual) / sizeof(usual[0]);
	     i++)
		measure(&s, &b, usual[i]);
	batch_release(&b);
	build_release(&rows);
	schema_release(&s);
	return 0;
}
