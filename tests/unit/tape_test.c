/* SPDX-License-Identifier: ISC */
/* The spool: what is on it comes again, each byte once, or it is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "check.h"
#include "ckpt/tape.h"
#include "taped.h"

#define STREAMS 4
#define STATES 2048

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
	uint64_t before;
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
	s->before = tape_needed(&w->t);
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
	CHECK(w->t.at - w->t.files[0].start < TAPED_MAX / 4);
}

/* The process dies, and another takes up what was committed. */
static void
restart(struct world *w, size_t from)
{
	struct saved *s = &w->saved[from];
	struct cur c;
	char *why;

	tape_release(&w->t);
	tape_init(&w->t, TAPED_MAX);
	if (from > 0) {
		cur_init(&c, s->bytes.data, s->bytes.len);
		CHECK(tape_load(&w->t, &c, s->before) == 0);
	}
	CHECK(tape_start(&w->t, &why, &w->dir) == 0);
	CHECK(why == NULL);
	w->n_saved = from + 1;
	w->committed = from;
	tape_mark(&w->t, from);
	/* As a start does that spools nothing. */
	if (dice(4) == 0)
		CHECK(tape_rest(&w->t, &why) == 0);
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
	taped_begin(&at->dir, name);
	tape_init(&at->t, TAPED_MAX);
	restart(at, 0);
	for (int i = 0; i < STREAMS; i++)
		snprintf(at->m[i].path, sizeof(at->m[i].path), "p%d", i);
	for (int i = 0; i < 1000; i++) {
		uint32_t what = dice(100);

		if (what < 90 && tape_fresh(&at->t) < TAPED_MAX / 8)
			write_some(at, &at->m[dice(STREAMS)]);
		else if (what < 94 || tape_fresh(&at->t) >= TAPED_MAX / 8)
			barrier(at);
		else if (what < 98)
			commit(at);
		else if (at->committed > at->least && dice(4) == 0)
			restart(at, at->committed - 1);
		else
			restart(at, at->committed);
		if (at->t.n_files > 0
		    && at->t.at - at->t.files[0].start > TAPED_MAX / 2)
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

/* A limit is told of, and nothing is written beyond it. */
static void
test_limit(void)
{
	static char p[TAPE_READ_MAX / 2 - 100];
	struct checkpoint dir;
	struct tape t;
	struct tape_stream *s = taped_start(&t, &dir, "limit");
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
	taped_why(rc, why, EX_IOERR, "--spool-max allows 1048576");
	CHECK(t.at - t.files[0].start <= TAPED_MAX);
	tape_release(&t);
	checkpoint_release(&dir);
}

/* Starts of one epoch each, the last of which spool nothing. */
static void
test_short(void)
{
	static char p[5000];
	struct checkpoint dir;
	struct tape t;
	struct tape_stream *s;
	struct buf saved;
	struct cur c;
	struct stat st;
	uint64_t before = 0;
	char *why;

	buf_init(&saved, 0);
	taped_begin(&dir, "short");
	for (uint64_t epoch = 0; epoch < 30; epoch++) {
		tape_init(&t, TAPED_MAX);
		cur_init(&c, saved.data, saved.len);
		CHECK(epoch == 0 || tape_load(&t, &c, before) == 0);
		CHECK(tape_start(&t, &why, &dir) == 0 && why == NULL);
		tape_mark(&t, epoch);
		if (epoch < 20) {
			s = tape_add(&t, "-", "stdin", false);
			CHECK(tape_open(&t, &why, s, epoch, false) == 0);
			CHECK(tape_write(&t, &why, s, p, sizeof(p)) == 0);
			tape_drop(&t, s);
		} else {
			CHECK(tape_rest(&t, &why) == 0);
		}
		CHECK(tape_flush(&t, &why) == 0);
		buf_reset(&saved);
		tape_save(&t, &saved);
		before = tape_needed(&t);
		/* The one before this one is committed. */
		CHECK(epoch == 0 || tape_trim(&t, &why, epoch - 1) == 0);
		CHECK(t.n_files <= 3);
		tape_release(&t);
	}
	CHECK(fstatat(dir.fd, "spool.000021", &st, 0) == 0);
	CHECK(st.st_size == 32);
	CHECK(faccessat(dir.fd, "spool.000020", F_OK, 0) == -1);
	CHECK(faccessat(dir.fd, "spool.000022", F_OK, 0) == -1);
	buf_release(&saved);
	checkpoint_release(&dir);
}

/* A file that is removed is not kept open, which would keep its room. */
static void
test_room(void)
{
	static char p[100000];
	struct checkpoint dir;
	struct tape t;
	struct tape_stream *s = taped_start(&t, &dir, "room");
	char *why = NULL;
	size_t len;
	int rc;

	for (int i = 0; i < 3; i++)
		CHECK(tape_write(&t, &why, s, p, sizeof(p)) == 0);
	CHECK(tape_read(&t, &rc, &why, s, p, sizeof(p), &len) == TAPE_BYTES);
	CHECK(t.read_fd != -1 && t.read_number < t.files[t.n_files - 1].number);
	tape_drop(&t, s);
	CHECK(tape_flush(&t, &why) == 0);
	tape_mark(&t, 1);
	CHECK(tape_trim(&t, &why, 1) == 0);
	CHECK(t.n_files == 1 && t.read_fd == -1);
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

	taped_begin(&dir, "turns");
	tape_init(&t, TAPED_MAX);
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
	test_turns();
	test_limit();
	test_room();
	test_short();
	for (uint64_t seed = 1; seed <= 20; seed++)
		test_random(seed);
	return check_done("tape_test");
}
