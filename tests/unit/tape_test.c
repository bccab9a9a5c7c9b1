/* SPDX-License-Identifier: ISC */
/* The spool: what is on it comes again, each byte once, or it is refused. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "check.h"
#include "ckpt/segment.h"
#include "ckpt/tape.h"
#include "scratch.h"

#define STREAMS 4
#define MAX (UINT64_C(1) << 20)
#define STATES 2048

/* A directory of its own. */
static void
begin(struct checkpoint *c, const char *name)
{
	checkpoint_init(c);
	c->path = scratch_path(name);
	CHECK(mkdir(c->path, 0700) == 0);
	c->fd = open(c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(c->fd != -1);
}

static uint64_t state;

/* From 0 to n - 1, always the same ones after a seed. */
static uint32_t
dice(uint32_t n)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(state >> 33) % n;
}

/* What must come: all bytes of a stream, and how many a state had taken. */
struct model {
	struct tape_stream *s;
	char path[8];
	struct buf all;
	size_t taken;
};

/* A barrier: what the tape saved, and what had been taken then. */
struct saved {
	struct buf bytes;
	size_t taken[STREAMS];
	uint64_t epoch;
};

struct world {
	struct checkpoint dir;
	struct tape t;
	struct model m[STREAMS];
	struct saved saved[STATES];
	size_t n_saved; /* number 0 is the beginning */
	uint64_t committed; /* one of them */
	uint64_t least; /* the first that a start may still want */
};

static void
check_read(struct world *w, struct model *m, size_t most)
{
	char p[5000], *why;
	size_t len;
	int status;
	enum tape_got got;

	for (size_t n = 0; n < most; n += len) {
		got = tape_read(
		    &w->t, &status, &why, m->s, p, dice(4999) + 1, &len);
		CHECK(got != TAPE_FAILED);
		if (got == TAPE_NOTHING)
			break;
		CHECK(len <= m->all.len - m->taken);
		CHECK(memcmp(p, m->all.data + m->taken, len) == 0);
		m->taken += len;
	}
}

static bool
is_done(struct model *m)
{
	return m->taken == m->all.len;
}

/* Bytes come, of a stream that has nothing to repeat. */
static void
write_some(struct world *w, struct model *m)
{
	char p[20000], *why;
	size_t len = dice(10) == 0 ? dice(sizeof(p)) + 1 : dice(200) + 1;
	bool opens = m->s == NULL || dice(20) == 0;

	if (m->s == NULL)
		m->s = tape_add(&w->t, m->path, "name", false);
	else
		check_read(w, m, SIZE_MAX);
	CHECK(is_done(m));
	for (size_t i = 0; i < len; i++)
		p[i] = (char)dice(256);
	if (opens)
		CHECK(tape_open(&w->t, &why, m->s, 7, false) == 0);
	CHECK(tape_write(&w->t, &why, m->s, p, len) == 0);
	buf_put(&m->all, p, len);
	if (opens)
		check_read(w, m, SIZE_MAX);
	else
		m->taken += len;
	CHECK(is_done(m));
}

static void
barrier(struct world *w)
{
	struct saved *s = &w->saved[w->n_saved];
	char *why;

	buf_reset(&s->bytes);
	CHECK(tape_flush(&w->t, &why) == 0);
	tape_save(&w->t, &s->bytes);
	tape_mark(&w->t, w->n_saved++);
	for (size_t i = 0; i < STREAMS; i++)
		s->taken[i] = w->m[i].taken;
}

/* Some barriers are committed; what only older ones need may go. */
static void
commit(struct world *w)
{
	char *why;

	if (w->committed + 1 < w->n_saved)
		w->committed += dice((uint32_t)(w->n_saved - w->committed));
	if (w->committed == 0)
		return;
	CHECK(tape_trim(&w->t, &why, w->committed - 1) == 0);
	if (w->least < w->committed - 1)
		w->least = w->committed - 1;
}

/* Before the limit is reached, as a pipeline does that is not stalled. */
static void
make_room(struct world *w)
{
	char *why;

	for (size_t i = 0; i < STREAMS; i++)
		if (w->m[i].s != NULL)
			check_read(w, &w->m[i], SIZE_MAX);
	barrier(w);
	barrier(w);
	w->committed = w->n_saved - 1;
	w->least = w->committed - 1;
	CHECK(tape_trim(&w->t, &why, w->committed - 1) == 0);
	CHECK(w->t.at - w->t.files[0].start < MAX / 4);
}

/* The process dies, and another takes up what was committed. */
static void
restart(struct world *w, size_t from)
{
	struct saved *s = &w->saved[from];
	struct cur c;
	char *why;

	tape_release(&w->t);
	tape_init(&w->t, MAX);
	if (from > 0) {
		cur_init(&c, s->bytes.data, s->bytes.len);
		CHECK(tape_load(&w->t, &c) == 0);
	}
	CHECK(tape_start(&w->t, &why, &w->dir) == 0);
	CHECK(why == NULL);
	w->n_saved = from + 1;
	w->committed = from;
	tape_mark(&w->t, from);
	for (size_t i = 0; i < STREAMS; i++) {
		struct model *m = &w->m[i];

		m->s = tape_find(&w->t, m->path, false);
		m->taken = from > 0 ? s->taken[i] : 0;
		CHECK((m->s != NULL) == (m->all.len > 0));
		if (m->s != NULL)
			check_read(w, m, dice(2) == 0 ? dice(9000) : SIZE_MAX);
	}
}

static void
test_random(uint64_t seed)
{
	struct world *at = mem_zero(1, sizeof(*at));
	int failed = check_n_failed;
	char name[32];

	state = seed;
	snprintf(name, sizeof(name), "r%ju", (uintmax_t)seed);
	begin(&at->dir, name);
	tape_init(&at->t, MAX);
	restart(at, 0);
	for (int i = 0; i < STREAMS; i++)
		snprintf(at->m[i].path, sizeof(at->m[i].path), "p%d", i);
	for (int i = 0; i < 1000; i++) {
		uint32_t what = dice(100);

		if (what < 90 && tape_fresh(&at->t) < MAX / 8)
			write_some(at, &at->m[dice(STREAMS)]);
		else if (what < 94 || tape_fresh(&at->t) >= MAX / 8)
			barrier(at);
		else if (what < 98)
			commit(at);
		else if (at->committed > at->least && dice(4) == 0)
			restart(at, at->committed - 1);
		else
			restart(at, at->committed);
		if (at->t.n_files > 0
		    && at->t.at - at->t.files[0].start > MAX / 2)
			make_room(at);
	}
	if (check_n_failed > failed)
		printf("seed %ju\n", (uintmax_t)seed);
	tape_release(&at->t);
	for (int i = 0; i < STREAMS; i++)
		buf_release(&at->m[i].all);
	for (int i = 0; i < STATES; i++)
		buf_release(&at->saved[i].bytes);
	checkpoint_release(&at->dir);
	free(at);
}

/* Three streams' worth of records in one file, durable up to the second. */
static uint64_t
make_small(struct checkpoint *dir, const char *name, struct buf *state_out)
{
	struct tape t;
	struct tape_stream *s;
	char *why;
	uint64_t kept;

	begin(dir, name);
	tape_init(&t, MAX);
	CHECK(tape_start(&t, &why, dir) == 0);
	s = tape_add(&t, "-", "stdin", false);
	CHECK(tape_open(&t, &why, s, 7, false) == 0);
	CHECK(tape_write(&t, &why, s, "first", 5) == 0);
	CHECK(tape_flush(&t, &why) == 0);
	kept = t.at;
	/* All of it is to come again, up to here it must be there. */
	tape_save(&t, state_out);
	CHECK(tape_write(&t, &why, s, "second", 6) == 0);
	CHECK(tape_flush(&t, &why) == 0);
	CHECK(tape_write(&t, &why, s, "third", 5) == 0);
	CHECK(tape_write(&t, &why, s, "fourth", 6) == 0);
	tape_release(&t);
	return kept;
}

/* What a start finds: its status, and the text that comes again. */
static int
find_text(struct checkpoint *dir, const struct buf *saved, char text[64])
{
	struct tape t;
	struct tape_stream *s;
	struct cur c;
	char *why = NULL;
	size_t len, n = 0;
	int rc, status = 0;

	tape_init(&t, MAX);
	cur_init(&c, saved->data, saved->len);
	CHECK(tape_load(&t, &c) == 0);
	rc = tape_start(&t, &why, dir);
	free(why);
	if (rc == 0) {
		s = tape_find(&t, "-", false);
		CHECK(s != NULL);
		while (tape_read(&t, &status, &why, s, text + n, 63 - n, &len)
		       == TAPE_BYTES)
			n += len;
		CHECK(status == 0);
	}
	text[n] = '\0';
	tape_release(&t);
	return rc;
}

/*
 * Whatever byte is changed, or missing: what comes again is a beginning of
 * what was written, with all that was durable; or it is refused.
 */
static void
test_damage(void)
{
	const char *right = "firstsecondthirdfourth";
	uint8_t good[1024], bad[1024];
	struct checkpoint dir;
	struct buf saved;
	char text[64];
	ssize_t n;
	size_t len;
	int fd, rc, n_cut = 0, n_refused = 0;

	buf_init(&saved, 0);
	make_small(&dir, "damage", &saved);
	fd = openat(dir.fd, "spool.000001", O_RDWR);
	n = io_pread(fd, good, sizeof(good), 0);
	CHECK(n > 0 && n < (ssize_t)sizeof(good));
	len = (size_t)n;
	CHECK(find_text(&dir, &saved, text) == 0);
	CHECK(strcmp(text, right) == 0);
	for (size_t i = 0; i < 8 * len; i++) {
		memcpy(bad, good, len);
		bad[i / 8] ^= (uint8_t)(1 << i % 8);
		CHECK(pwrite(fd, bad, len, 0) == n);
		rc = find_text(&dir, &saved, text);
		CHECK(rc == 0 || rc == EX_DATAERR);
		CHECK(strncmp(text, right, strlen(text)) == 0);
		/* The third was written when the second was durable. */
		CHECK(rc != 0 || strlen(text) >= strlen("firstsecond"));
		n_cut += rc == 0;
		n_refused += rc != 0;
	}
	/* The third and the fourth may be torn, and nothing else. */
	CHECK(n_cut == 8 * (2 * SEGMENT_REC + 5 + 6));
	CHECK(n_refused == (int)(8 * len) - n_cut);
	for (size_t i = len; i-- > 0;) {
		CHECK(pwrite(fd, good, len, 0) == n);
		CHECK(ftruncate(fd, (off_t)i) == 0);
		rc = find_text(&dir, &saved, text);
		CHECK(rc == 0 || rc == EX_DATAERR);
		CHECK(strncmp(text, right, strlen(text)) == 0);
		/* Nothing says that what is missing was there. */
		CHECK(rc == 0 || i < SEGMENT_HEAD + 2 * SEGMENT_REC + 30);
		CHECK(rc != 0 || strlen(text) >= strlen("first"));
	}
	CHECK(unlinkat(dir.fd, "spool.000001", 0) == 0);
	CHECK(find_text(&dir, &saved, text) == EX_DATAERR);
	close(fd);
	buf_release(&saved);
	checkpoint_release(&dir);
}

/* A new tape in a directory of its own, with one stream, which is open. */
static struct tape_stream *
start_one(struct tape *t, struct checkpoint *dir, const char *name)
{
	struct tape_stream *s;
	char *why;

	begin(dir, name);
	tape_init(t, MAX);
	CHECK(tape_start(t, &why, dir) == 0 && why == NULL);
	s = tape_add(t, "-", "stdin", false);
	CHECK(tape_open(t, &why, s, 7, false) == 0);
	return s;
}

/* A call has failed with that status, and gave this reason. */
static void
check_why(int rc, char *why, int status, const char *part)
{
	CHECK(rc == status && why != NULL && strstr(why, part) != NULL);
	free(why);
}

/* A limit is told of, and nothing is written beyond it. */
static void
test_limit(void)
{
	static char p[TAPE_READ_MAX / 2 - 100];
	struct checkpoint dir;
	struct tape t;
	struct tape_stream *s = start_one(&t, &dir, "limit");
	char *why = NULL;
	size_t len;
	int rc;

	CHECK(tape_write(&t, &why, s, p, sizeof(p)) == 0);
	CHECK(tape_write(&t, &why, s, p, sizeof(p) - 100) == 0);
	while (tape_read(&t, &rc, &why, s, p, sizeof(p), &len) == TAPE_BYTES)
		;
	/* A barrier, and its commit, make room. */
	CHECK(tape_flush(&t, &why) == 0);
	tape_mark(&t, 1);
	CHECK(tape_trim(&t, &why, 1) == 0);
	CHECK(tape_write(&t, &why, s, p, sizeof(p)) == 0);
	why = NULL;
	rc = tape_write(&t, &why, s, p, sizeof(p));
	check_why(rc, why, EX_IOERR, "--spool-max allows 1048576");
	CHECK(t.at - t.files[0].start <= MAX);
	tape_release(&t);
	checkpoint_release(&dir);
}

/* No file grows beyond len bytes, where len is not 0. */
static void
bound_files(rlim_t len)
{
	struct rlimit r;

	getrlimit(RLIMIT_FSIZE, &r);
	r.rlim_cur = len > 0 ? len : r.rlim_max;
	CHECK(setrlimit(RLIMIT_FSIZE, &r) == 0);
}

/* All that can fail, after something has. */
static void
check_failed(struct tape *t, struct tape_stream *s, const char *part)
{
	char *why = NULL, p[8];
	size_t len;
	int rc = tape_open(t, &why, s, 8, false);

	check_why(rc, why, EX_IOERR, part);
	why = NULL;
	rc = tape_write(t, &why, s, "more", 4);
	check_why(rc, why, EX_IOERR, part);
	why = NULL;
	rc = tape_end(t, &why, s);
	check_why(rc, why, EX_IOERR, part);
	CHECK(!s->ended);
	why = NULL;
	rc = tape_flush(t, &why);
	check_why(rc, why, EX_IOERR, part);
	why = NULL;
	rc = tape_trim(t, &why, 1);
	check_why(rc, why, EX_IOERR, part);
	why = NULL;
	CHECK(tape_read(t, &rc, &why, s, p, sizeof(p), &len) == TAPE_FAILED);
	check_why(rc, why, EX_IOERR, part);
}

/* Nothing goes behind half a record, where no start would find it. */
static void
test_full(void)
{
	struct checkpoint dir;
	struct tape t;
	struct tape_stream *s = start_one(&t, &dir, "full");
	struct buf saved;
	char text[64], *why = NULL;
	int rc;

	buf_init(&saved, 0);
	tape_save(&t, &saved);
	CHECK(tape_write(&t, &why, s, "first", 5) == 0);
	bound_files(SEGMENT_HEAD + t.at + SEGMENT_REC / 2);
	rc = tape_write(&t, &why, s, "second", 6);
	check_why(rc, why, EX_IOERR, "full/spool.000001: File too large");
	bound_files(0);
	tape_mark(&t, 1);
	check_failed(&t, s, "full/spool.000001: File too large");
	tape_release(&t);
	CHECK(find_text(&dir, &saved, text) == 0);
	CHECK(strcmp(text, "first") == 0);
	buf_release(&saved);
	checkpoint_release(&dir);
}

/* A stream whose end could not be written has none. */
static void
test_end(void)
{
	struct checkpoint dir;
	struct tape t;
	struct tape_stream *s = start_one(&t, &dir, "end");
	char *why = NULL, p[8];
	size_t len;
	int rc;

	CHECK(tape_read(&t, &rc, &why, s, p, sizeof(p), &len) == TAPE_NOTHING);
	bound_files(SEGMENT_HEAD + t.at);
	rc = tape_end(&t, &why, s);
	bound_files(0);
	check_why(rc, why, EX_IOERR, "end/spool.000001: File too large");
	CHECK(!s->ended);
	tape_release(&t);
	checkpoint_release(&dir);
}

/* Who wrote what came, and whether it was all, is told in order. */
static void
test_turns(void)
{
	struct checkpoint dir;
	struct tape t;
	struct tape_stream *s;
	char *why, p[64];
	size_t len;
	int status;

	begin(&dir, "turns");
	tape_init(&t, MAX);
	CHECK(tape_start(&t, &why, &dir) == 0);
	s = tape_add(&t, "-", "stdin", false);
	CHECK(tape_open(&t, &why, s, 1, false) == 0);
	CHECK(tape_write(&t, &why, s, "a", 1) == 0);
	CHECK(tape_open(&t, &why, s, 1, false) == 0);
	CHECK(tape_write(&t, &why, s, "b", 1) == 0);
	CHECK(tape_open(&t, &why, s, 2, false) == 0);
	CHECK(tape_write(&t, &why, s, "c", 1) == 0);
	CHECK(tape_end(&t, &why, s) == 0);
	CHECK(tape_open(&t, &why, s, 3, true) == 0);
	CHECK(tape_write(&t, &why, s, "d", 1) == 0);
	CHECK(tape_read(&t, &status, &why, s, p, 64, &len) == TAPE_BYTES);
	CHECK(tape_read(&t, &status, &why, s, p + 1, 63, &len) == TAPE_BYTES);
	CHECK(memcmp(p, "ab", 2) == 0);
	CHECK(tape_read(&t, &status, &why, s, p, 64, &len) == TAPE_CUT);
	CHECK(tape_read(&t, &status, &why, s, p, 64, &len) == TAPE_BYTES);
	CHECK(tape_read(&t, &status, &why, s, p, 64, &len) == TAPE_WHOLE);
	CHECK(!s->ended && s->packed);
	CHECK(tape_read(&t, &status, &why, s, p, 64, &len) == TAPE_BYTES);
	CHECK(p[0] == 'd' && len == 1);
	CHECK(tape_read(&t, &status, &why, s, p, 64, &len) == TAPE_NOTHING);
	tape_release(&t);
	checkpoint_release(&dir);
}

int
main(void)
{
	scratch_make();
	signal(SIGXFSZ, SIG_IGN);
	test_turns();
	test_damage();
	test_limit();
	test_full();
	test_end();
	for (uint64_t seed = 1; seed <= 20; seed++)
		test_random(seed);
	return check_done("tape_test");
}
