/* SPDX-License-Identifier: ISC */
/* A spool that is torn, damaged, or cannot be written. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/io.h"
#include "check.h"
#include "ckpt/segment.h"
#include "ckpt/tape.h"
#include "taped.h"

/* Three streams' worth of records in one file, durable up to the second. */
static uint64_t
make_small(struct checkpoint *dir, const char *name, struct buf *state_out)
{
	struct tape t;
	struct tape_stream *s;
	char *why;
	uint64_t kept;

	taped_begin(dir, name);
	tape_init(&t, TAPED_MAX);
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

/* What a start finds: its status, what it says, the text that comes again. */
static int
find_told(
    struct checkpoint *dir, const struct buf *saved, char text[64], char **told)
{
	struct tape t;
	struct tape_stream *s;
	struct cur c;
	char *why;
	size_t len, n = 0;
	int rc, status = 0;

	tape_init(&t, TAPED_MAX);
	cur_init(&c, saved->data, saved->len);
	CHECK(tape_load(&t, &c, 0) == 0);
	rc = tape_start(&t, told, dir);
	if (rc == 0) {
		s = tape_find(&t, "-", false);
		CHECK(s != NULL);
		while (
		    n < 63
		    && tape_read(&t, &status, &why, s, text + n, 63 - n, &len)
			   == TAPE_BYTES)
			n += len;
		CHECK(status == 0);
	}
	text[n] = '\0';
	tape_release(&t);
	return rc;
}

static int
find_text(struct checkpoint *dir, const struct buf *saved, char text[64])
{
	char *told = NULL;
	int rc = find_told(dir, saved, text, &told);

	free(told);
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

/* A file of that name with these bytes. */
static void
put_file(
    const struct checkpoint *dir, const char *name, const void *p, size_t n)
{
	int fd = openat(
	    dir->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd != -1 && io_write(fd, p, n) == 0 && close(fd) == 0);
}

/* The beginning of a file, with a right checksum whatever it says. */
static void
put_head(const struct checkpoint *dir, uint32_t number, uint64_t start,
    uint32_t spare)
{
	uint8_t h[SEGMENT_HEAD] = "mr-spool";
	char name[SEGMENT_NAME_MAX];

	le_put(h + 8, 1, 4);
	le_put(h + 12, number, 4);
	le_put(h + 16, start, 8);
	le_put(h + 24, spare, 4);
	le_put(h + 28, crc32c(0, h, 28), 4);
	segment_name(name, number);
	put_file(dir, name, h, sizeof(h));
}

/* A start says what it has dropped. */
static void
test_dropped(void)
{
	struct checkpoint dir;
	struct buf saved;
	char text[64], *told = NULL;
	struct stat st;

	buf_init(&saved, 0);
	make_small(&dir, "dropped", &saved);
	put_file(&dir, "spool.000002", "mr-spo", 6);
	CHECK(find_told(&dir, &saved, text, &told) == 0);
	CHECK(strcmp(text, "firstsecondthirdfourth") == 0);
	CHECK(told != NULL
	      && strstr(told, "dropped/spool.000002: the last file of the spool"
			      " was not whole and is removed")
		     != NULL);
	free(told);
	CHECK(faccessat(dir.fd, "spool.000002", F_OK, 0) == -1);
	CHECK(find_told(&dir, &saved, text, &told) == 0 && told == NULL);
	/* Both at once. */
	put_file(&dir, "spool.000002", "", 0);
	CHECK(fstatat(dir.fd, "spool.000001", &st, 0) == 0);
	told = scratch_path("dropped/spool.000001");
	CHECK(truncate(told, st.st_size - 1) == 0);
	free(told);
	CHECK(find_told(&dir, &saved, text, &told) == 0);
	CHECK(strcmp(text, "firstsecondthird") == 0);
	CHECK(strstr(told, "the last 45 bytes of the spool were not whole and "
			   "are cut off; ")
	      != NULL);
	CHECK(strstr(told, "spool.000002: the last file of the spool") != NULL);
	free(told);
	buf_release(&saved);
	checkpoint_release(&dir);
}

/* A start is refused, and names what it is refused for. */
static void
check_refused(struct checkpoint *dir, const struct buf *saved, const char *part)
{
	char text[64], *told = NULL;
	int rc = find_told(dir, saved, text, &told);

	taped_why(rc, told, EX_DATAERR, part);
}

/* What is no file, or begins as none does, is named, and nobody waits. */
static void
test_files(void)
{
	struct checkpoint dir;
	struct buf saved;

	buf_init(&saved, 0);
	make_small(&dir, "files", &saved);
	CHECK(mkfifoat(dir.fd, "spool.000002", 0600) == 0);
	check_refused(&dir, &saved, "files/spool.000002: it is damaged");
	CHECK(unlinkat(dir.fd, "spool.000002", 0) == 0);
	/* Its checksum is right, but something in it is not. */
	put_head(&dir, 3, 0, 0);
	for (int i = 0; i < 3; i++) {
		put_head(&dir, 2, i == 1 ? UINT64_MAX : 0, i == 2);
		if (i == 0)
			put_file(&dir, "spool.000002", "mr-spool", 8);
		check_refused(
		    &dir, &saved, "files/spool.000002: it is damaged");
	}
	buf_release(&saved);
	checkpoint_release(&dir);
}

/*
 * A record of len bytes is torn, in its header or behind it, and perhaps one
 * follows that was written when it was durable.
 */
static int
find_behind(const void *p, size_t len, bool head, bool proof)
{
	static unsigned n;
	struct checkpoint dir;
	struct tape t;
	struct tape_stream *s;
	struct buf saved;
	char name[16], text[64], *why;
	uint64_t at;
	int fd, rc;

	snprintf(name, sizeof(name), "p%u", n++);
	s = taped_start(&t, &dir, name);
	t.max = TAPE_MAX; /* so that all is in one file */
	buf_init(&saved, 0);
	tape_save(&t, &saved);
	at = t.at;
	CHECK(tape_write(&t, &why, s, p, len) == 0);
	CHECK(!proof || tape_flush(&t, &why) == 0);
	CHECK(tape_write(&t, &why, s, "behind", 6) == 0);
	tape_release(&t);
	fd = openat(dir.fd, "spool.000001", O_RDWR | O_CLOEXEC);
	at += SEGMENT_HEAD + (head ? 9u : SEGMENT_REC);
	CHECK(pwrite(fd, "\xff", 1, (off_t)at) == 1);
	close(fd);
	rc = find_text(&dir, &saved, text);
	CHECK(rc != 0 || text[0] == '\0');
	buf_release(&saved);
	checkpoint_release(&dir);
	return rc;
}

/*
 * Whether something was durable is told by records, wherever they stand, and
 * not by data that look like records.
 */
static void
test_proofs(void)
{
	static char p[300000];
	struct checkpoint dir;
	struct tape t;
	struct tape_stream *s = taped_start(&t, &dir, "other");
	char *why = NULL;
	ssize_t n;
	int fd;

	/* What is in the steps of a search, and where two of them meet. */
	for (size_t len = (256 << 10) - 130; len < (256 << 10); len += 9)
		CHECK(find_behind(p, len, true, true) == EX_DATAERR);
	CHECK(find_behind(p, sizeof(p), false, true) == EX_DATAERR);
	CHECK(find_behind(p, sizeof(p), true, false) == 0);
	/* Another tape as data, whose records prove much there. */
	t.max = TAPE_MAX;
	for (int i = 0; i < 100; i++) {
		CHECK(tape_write(&t, &why, s, p, 500) == 0);
		CHECK(tape_flush(&t, &why) == 0);
	}
	tape_release(&t);
	fd = openat(dir.fd, "spool.000001", O_RDONLY | O_CLOEXEC);
	n = io_pread_full(fd, p, sizeof(p), 0);
	close(fd);
	CHECK(n > 50000);
	CHECK(find_behind(p, (size_t)n, true, false) == 0);
	CHECK(find_behind(p, (size_t)n, false, false) == 0);
	CHECK(find_behind(p, (size_t)n, true, true) == EX_DATAERR);
	checkpoint_release(&dir);
}

/* Data that say where they stand are data, where a header says so. */
static void
test_forged(void)
{
	uint8_t h[SEGMENT_REC] = "mr>>";
	/* Behind the open, and the header of the record that it is in. */
	const uint64_t at = 2 * SEGMENT_REC + 23 + 1;
	char p[SEGMENT_REC + 1] = "";

	le_put(h + 4, SEGMENT_DATA, 4);
	le_put(h + 8, 1, 4);
	le_put(h + 16, at, 8);
	le_put(h + 24, at, 8);
	le_put(h + 36, crc32c(0, h, 36), 4);
	memcpy(p + 1, h, sizeof(h));
	CHECK(find_behind(p, sizeof(p), false, false) == 0);
	/* Where none does, a start is rather refused. */
	CHECK(find_behind(p, sizeof(p), true, false) == EX_DATAERR);
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

	taped_why(rc, why, EX_IOERR, part);
	why = NULL;
	rc = tape_write(t, &why, s, "more", 4);
	taped_why(rc, why, EX_IOERR, part);
	why = NULL;
	rc = tape_end(t, &why, s);
	taped_why(rc, why, EX_IOERR, part);
	CHECK(!s->ended);
	why = NULL;
	rc = tape_flush(t, &why);
	taped_why(rc, why, EX_IOERR, part);
	why = NULL;
	rc = tape_trim(t, &why, 1);
	taped_why(rc, why, EX_IOERR, part);
	why = NULL;
	CHECK(tape_read(t, &rc, &why, s, p, sizeof(p), &len) == TAPE_FAILED);
	taped_why(rc, why, EX_IOERR, part);
}

/* Nothing goes behind half a record, where no start would find it. */
static void
test_full(void)
{
	struct checkpoint dir;
	struct tape t;
	struct tape_stream *s = taped_start(&t, &dir, "full");
	struct buf saved;
	char text[64], *why = NULL;
	int rc;

	buf_init(&saved, 0);
	tape_save(&t, &saved);
	CHECK(tape_write(&t, &why, s, "first", 5) == 0);
	bound_files(SEGMENT_HEAD + t.at + SEGMENT_REC / 2);
	rc = tape_write(&t, &why, s, "second", 6);
	taped_why(rc, why, EX_IOERR, "full/spool.000001: File too large");
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
	struct tape_stream *s = taped_start(&t, &dir, "end");
	char *why = NULL, p[8];
	size_t len;
	int rc;

	CHECK(tape_read(&t, &rc, &why, s, p, sizeof(p), &len) == TAPE_NOTHING);
	bound_files(SEGMENT_HEAD + t.at);
	rc = tape_end(&t, &why, s);
	bound_files(0);
	taped_why(rc, why, EX_IOERR, "end/spool.000001: File too large");
	CHECK(!s->ended);
	tape_release(&t);
	checkpoint_release(&dir);
}

/* A state with one stream, of these numbers. */
struct state {
	uint64_t at;
	uint32_t next_id, id;
	uint8_t flags;
	uint64_t from;
	uint32_t skip;
	unsigned n; /* times the stream is there */
	uint64_t before;
};

static void
put_state(struct buf *b, const struct state *s)
{
	buf_reset(b);
	buf_put_int(b, s->at, 8);
	buf_put_int(b, s->next_id, 4);
	buf_put_int(b, s->n, 4);
	for (unsigned i = 0; i < s->n; i++) {
		buf_put_int(b, s->id, 4);
		buf_put_int(b, s->flags, 1);
		buf_put_int(b, 7, 8);
		buf_put_int(b, s->from, 8);
		buf_put_int(b, s->skip, 4);
		buf_put_str(b, "-", 1);
		buf_put_str(b, "stdin", 5);
	}
}

/* Whether a state is malformed, before any file is looked at. */
static int
load_state(const struct state *s)
{
	struct tape t;
	struct buf b;
	struct cur c;
	int rc;

	buf_init(&b, 0);
	put_state(&b, s);
	tape_init(&t, TAPED_MAX);
	cur_init(&c, b.data, b.len);
	rc = tape_load(&t, &c, s->before);
	tape_release(&t);
	buf_release(&b);
	return rc;
}

/* A state whose numbers cannot be. */
static void
test_states(void)
{
	const struct state right = {108, 2, 1, 15, 63, 3, 1, 108};
	struct state s = right;

	CHECK(load_state(&s) == 0);
	s.flags = 16;
	CHECK(load_state(&s) == -1);
	s = right;
	s.id = 2;
	CHECK(load_state(&s) == -1);
	s.id = 0;
	CHECK(load_state(&s) == -1);
	s = right;
	s.n = 2;
	CHECK(load_state(&s) == -1);
	s = right;
	s.from = 109;
	CHECK(load_state(&s) == -1);
	s.from = 108;
	CHECK(load_state(&s) == -1);
	s.skip = 0;
	CHECK(load_state(&s) == 0);
	s.next_id = 0;
	CHECK(load_state(&s) == -1);
	s = right;
	s.before = 109;
	CHECK(load_state(&s) == -1);
}

/* A state that the records do not agree with. */
static void
test_places(void)
{
	struct state s = {108, 2, 1, 8, 63, 3, 1, 0};
	struct checkpoint dir;
	struct buf b;
	char text[64];

	buf_init(&b, 0);
	CHECK(make_small(&dir, "places", &b) == 108);
	put_state(&b, &s);
	CHECK(find_text(&dir, &b, text) == 0);
	CHECK(strcmp(text, "stsecondthirdfourth") == 0);
	/* All of a record was read, or more. */
	for (s.skip = 5; s.skip < 7; s.skip++) {
		put_state(&b, &s);
		check_refused(&dir, &b, "places/spool.000001: it is damaged");
	}
	/* A part of what is no data. */
	s.skip = 1;
	s.from = 0;
	put_state(&b, &s);
	check_refused(&dir, &b, "places/spool.000001: it is damaged");
	/* Where no record begins, or the stream has none. */
	s.skip = 0;
	s.from = 62;
	put_state(&b, &s);
	check_refused(&dir, &b, "places/spool.000001: it is damaged");
	s.from = 63;
	s.id = 2;
	s.next_id = 3;
	put_state(&b, &s);
	check_refused(&dir, &b, "places/spool.000001: it is damaged");
	buf_release(&b);
	checkpoint_release(&dir);
}

/* An open, or an end, whose data are no such thing. */
static void
test_records(void)
{
	static const struct {
		enum segment_kind kind;
		const char *data;
		size_t len;
	} all[] = {
	    {SEGMENT_OPEN, "12345678\0\1\0\0\0-\1\0\0\0s", 19},
	    {SEGMENT_OPEN, "12345678\4\1\0\0\0-\1\0\0\0s", 19},
	    {SEGMENT_OPEN, "12345678\0\1\0\0\0-\1\0\0\0s-", 20},
	    {SEGMENT_OPEN, "12345678\0\1\0\0\0-\1\0\0\0s", 18},
	    {SEGMENT_OPEN, "", 0},
	    {SEGMENT_END, "-", 1},
	};
	struct segment_rec r = {.id = 1};
	struct checkpoint dir;
	struct buf none;
	char text[64];
	int fd;

	buf_init(&none, 0);
	put_state(&none, &(struct state){0, 1, 0, 0, 0, 0, 0, 0});
	taped_begin(&dir, "records");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		fd = segment_create(dir.fd, 1, 0);
		r.at = 0;
		for (size_t j = 0; j <= i; j += i > 0 ? i : 1) {
			r.kind = all[j].kind;
			r.len = (uint32_t)all[j].len;
			CHECK(segment_write(fd, &r, all[j].data) == 0);
			r.at += SEGMENT_REC + r.len;
		}
		close(fd);
		if (i == 0)
			CHECK(find_text(&dir, &none, text) == 0);
		else
			check_refused(
			    &dir, &none, "records/spool.000001: it is damaged");
		CHECK(unlinkat(dir.fd, "spool.000001", 0) == 0);
	}
	buf_release(&none);
	checkpoint_release(&dir);
}

/* What no state could say again is not begun. */
static void
test_names(void)
{
	static char name[70000];
	struct checkpoint dir;
	struct tape t;
	struct tape_stream *s = taped_start(&t, &dir, "names");
	char *why = NULL;
	int rc;

	memset(name, 'n', sizeof(name) - 1);
	s = tape_add(&t, "-", name, false);
	rc = tape_open(&t, &why, s, 7, false);
	taped_why(rc, why, EX_USAGE, "a name of at most 65536 bytes");
	tape_release(&t);
	checkpoint_release(&dir);
}

int
main(void)
{
	scratch_make();
	signal(SIGXFSZ, SIG_IGN);
	test_damage();
	test_dropped();
	test_files();
	test_proofs();
	test_forged();
	test_states();
	test_places();
	test_records();
	test_names();
	test_full();
	test_end();
	return check_done("tape_damage_test");
}
