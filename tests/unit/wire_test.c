/* SPDX-License-Identifier: ISC */
/* The stream: what is written is read, and damage is never accepted. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"
#include "check.h"
#include "wire/rows.h"
#include "wire/stream.h"
#include "wire/writer.h"

static uint64_t state = 42;

static uint32_t
below(uint32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((state >> 33) % n);
}

static const enum type types[] = {
    TYPE_BOOL, TYPE_INT, TYPE_FLOAT, TYPE_STR, TYPE_TIME, TYPE_DUR, TYPE_BIN};

#define N_TYPES (sizeof(types) / sizeof(types[0]))

static void
make_head(struct head *h)
{
	head_init(h);
	for (size_t i = 0; i < N_TYPES; i++)
		schema_add(&h->schema, type_name(types[i]),
		    strlen(type_name(types[i])), types[i]);
	h->schema.fields[3].untyped = true;
	h->schema.fields[6].system = true;
	h->schema.time_col = 4;
	h->schema.time_off = -1;
	h->windowed = true;
	h->window.kind = WINDOW_SLIDING;
	h->window.size = 300;
	h->window.slide = 10;
	free(h->window.text);
	h->window.text = mem_strdup("5m/10s");
	head_add_stage(h, CLASS_SOURCE, "sbatch", "reader", "-f csv");
	head_add_stage(h, CLASS_STATEFUL, "swindow", "swindow", "");
	h->partials = mem_alloc(sizeof(*h->partials));
	h->n_partials = 1;
	h->partials[0].col = 6;
	h->partials[0].version = 3;
	h->partials[0].text = mem_strdup("sum(x)");
	free(h->path);
	h->path = mem_strdup("/var/lib/ck");
	h->identity[15] = 9;
	h->generation = 7;
	h->epoch = 8;
}

static void
push_random(struct colbuf *b, bool nulls)
{
	char text[20];
	uint32_t len = below(20);

	if (nulls && below(4) == 0) {
		colbuf_push_null(b);
	} else if (type_is_bytes(b->type)) {
		for (uint32_t i = 0; i < len; i++)
			text[i] = (char)('a' + below(26));
		colbuf_push_str(b, text, len);
	} else if (b->type == TYPE_BOOL) {
		colbuf_push_bool(b, below(2) == 1);
	} else if (b->type == TYPE_FLOAT) {
		colbuf_push_float(b, (double)below(1000) / 7);
	} else {
		colbuf_push_int(b, (int64_t)below(1000) - 500);
	}
}

/* Make column c, n rows, in one of the five encodings. */
static void
make_col(struct col *c, struct arena *a, struct colbuf *b, enum type t,
    uint32_t n, int enc)
{
	uint32_t n_entries = enc == 0 ? n : enc == 1 ? 1 : 1 + below(200);
	uint8_t *codes;

	colbuf_init(b, t);
	colbuf_reserve(b, n_entries, 1);
	for (uint32_t e = 0; e < n_entries; e++)
		push_random(b, enc == 0);
	colbuf_view(c, b);
	if (enc == 0)
		return;
	c->n = n;
	c->enc = enc == 1 ? COL_CONST : COL_DICT;
	if (enc > 1) {
		c->code_width = 1u << (enc - 2);
		codes = arena_alloc(a, (size_t)n * c->code_width);
		memset(codes, 0, (size_t)n * c->code_width);
		for (uint32_t r = 0; r < n; r++)
			codes[r * c->code_width] = (uint8_t)below(n_entries);
		c->codes = codes;
	}
	if (below(2) == 0) {
		uint8_t *valid = arena_alloc(a, bit_bytes(n));

		for (size_t i = 0; i < bit_bytes(n); i++)
			valid[i] = (uint8_t)below(256);
		c->valid = valid;
	}
}

static bool
same_cell(const struct col *a, const struct col *b, uint32_t r)
{
	size_t n, m;
	const char *p, *q;

	if (col_is_valid(a, r) != col_is_valid(b, r))
		return false;
	if (!col_is_valid(a, r))
		return true;
	if (type_is_bytes(a->type)) {
		p = col_str(a, r, &n);
		q = col_str(b, r, &m);
		return n == m && memcmp(p, q, n) == 0;
	}
	if (a->type == TYPE_BOOL)
		return bit_get(a->bits, col_entry(a, r))
		       == bit_get(b->bits, col_entry(b, r));
	return a->i[col_entry(a, r)] == b->i[col_entry(b, r)];
}

/* n rows of every type in random encodings; written, read, compared. */
static void
test_round_trip(uint32_t n, unsigned options)
{
	int fd = memfd_create("stream", 0);
	struct stream_writer *w = stream_writer_new(fd, options);
	struct stream_reader *r = stream_reader_new(fd, -1);
	struct frame_header h = {.watermark = 5, .part = 3, .arrival_us = 6};
	struct colbuf bufs[N_TYPES];
	struct batch in, out, flat;
	struct head head, got;
	struct frame f;

	batch_init(&in);
	batch_init(&out);
	batch_init(&flat);
	make_head(&head);
	CHECK(stream_write_head(w, &head) == 0);
	batch_reset(&in, N_TYPES);
	in.n_rows = n;
	for (size_t i = 0; i < N_TYPES; i++)
		make_col(&in.cols[i], &in.arena, &bufs[i], types[i], n,
		    (int)below(5));
	CHECK(stream_write_rows(w, &h, &in) == 0);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	CHECK(stream_read_head(r, &got) == 1);
	CHECK(got.schema.n == N_TYPES && got.n_stages == 2);
	CHECK(strcmp(got.stages[0].options, "-f csv") == 0);
	CHECK(strcmp(got.window.text, "5m/10s") == 0 && got.windowed);
	CHECK(got.generation == 7 && got.identity[15] == 9);
	CHECK(got.schema.time_off == -1 && got.partials[0].version == 3);
	CHECK(stream_read(r, &f, -1) == 1 && f.h.rows == n && f.h.part == 3);
	CHECK(stream_rows(r, &out) == 0);
	batch_check(&out, &got.schema);
	batch_reset(&flat, N_TYPES);
	for (size_t i = 0; i < N_TYPES; i++) {
		col_flatten(&flat.cols[i], &flat.arena, &out.cols[i]);
		for (uint32_t k = 0; k < n; k++)
			if (!same_cell(&in.cols[i], &out.cols[i], k)
			    || !same_cell(&in.cols[i], &flat.cols[i], k))
				FAIL("cells differ");
		colbuf_release(&bufs[i]);
	}
	head_release(&head);
	head_release(&got);
	batch_release(&in);
	batch_release(&out);
	batch_release(&flat);
	stream_reader_free(r);
	stream_writer_free(w);
	close(fd);
}

/* A short stream with every kind of frame, payloads checksummed. */
static size_t
reference(uint8_t *p, size_t cap)
{
	int fd = memfd_create("stream", 0);
	struct stream_writer *w = stream_writer_new(fd, STREAM_PCRC);
	struct frame_header h = {.watermark = TIME_NONE, .part = 1};
	struct mark m = {.what = MARK_OPEN, .name = "log", .name_len = 3};
	struct barrier bar = {.epoch = 1};
	struct end e = {.reason = END_EOF};
	struct account acct = {.name = "sbatch", .in = 9};
	struct colbuf bufs[N_TYPES];
	struct batch b;
	struct head head;
	ssize_t len;

	make_head(&head);
	batch_init(&b);
	CHECK(stream_write_head(w, &head) == 0);
	CHECK(stream_write_mark(w, &h, &m) == 0);
	batch_reset(&b, N_TYPES);
	b.n_rows = 9;
	for (size_t i = 0; i < N_TYPES; i++)
		make_col(
		    &b.cols[i], &b.arena, &bufs[i], types[i], 9, (int)(i % 5));
	h.flags = FRAME_MORE;
	CHECK(stream_write_rows(w, &h, &b) == 0);
	h.flags = FRAME_LAST;
	h.watermark = 8;
	CHECK(stream_write_rows(w, &h, &b) == 0);
	CHECK(stream_write_barrier(w, &h, &bar) == 0 && bar.rows == 18);
	end_add(&e, &acct);
	CHECK(stream_write_end(w, &h, &e) == 0);
	end_release(&e);
	len = io_pread(fd, p, cap, 0);
	CHECK(len > 0 && (size_t)len < cap);
	for (size_t i = 0; i < N_TYPES; i++)
		colbuf_release(&bufs[i]);
	batch_release(&b);
	head_release(&head);
	stream_writer_free(w);
	close(fd);
	return (size_t)len;
}

/* Read bytes to their end: 0, or the status of the failure. */
static int
read_all(const uint8_t *p, size_t len, char *why, size_t why_cap)
{
	int fd = memfd_create("stream", 0), rc, status = 0;
	struct stream_reader *r = stream_reader_new(fd, -1);
	struct head head;
	struct frame f;
	struct batch b;

	batch_init(&b);
	if (io_write(fd, p, len) == -1 || lseek(fd, 0, SEEK_SET) == -1)
		abort();
	rc = stream_read_head(r, &head);
	while (rc == 1) {
		rc = stream_read(r, &f, -1);
		if (rc == 1 && f.h.kind == FRAME_ROWS
		    && stream_rows(r, &b) == -1)
			rc = -1;
	}
	if (rc == -1) {
		status = stream_reader_status(r);
		snprintf(why, why_cap, "%s", stream_reader_error(r));
		CHECK(stream_read(r, &f, -1) == -1);
	}
	head_release(&head);
	batch_release(&b);
	stream_reader_free(r);
	close(fd);
	return status;
}

static void
test_damage(void)
{
	static uint8_t good[1 << 16], bad[1 << 16];
	size_t len = reference(good, sizeof(good));
	char why[256], want[64];
	int status;

	CHECK(read_all(good, len, why, sizeof(why)) == 0);
	for (size_t cut = 0; cut < len; cut++) {
		status = read_all(good, cut, why, sizeof(why));
		snprintf(want, sizeof(want), "byte %zu: ", cut);
		CHECK(status == 74);
		CHECK(strncmp(why, want, strlen(want)) == 0);
	}
	memcpy(bad, good, len);
	for (size_t bit = 0; bit < len * 8; bit++) {
		bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
		status = read_all(bad, len, why, sizeof(why));
		CHECK(status == (bit < 64 ? 65 : 74));
		bad[bit / 8] = good[bit / 8];
	}
	for (size_t at = 0; at < len; at++) {
		memcpy(bad, good, at);
		memcpy(bad + at, good + at + 1, len - at - 1);
		CHECK(read_all(bad, len - 1, why, sizeof(why)) != 0);
		memcpy(bad + at + 1, good + at, len - at);
		CHECK(read_all(bad, len + 1, why, sizeof(why)) != 0);
	}
}

static void
test_limits(void)
{
	int fd = memfd_create("stream", 0);
	struct stream_writer *w = stream_writer_new(fd, 0);
	struct frame_header h = {.watermark = TIME_NONE};
	struct batch b;
	struct colbuf c;

	batch_init(&b);
	b.n_rows = FRAME_MAX_ROWS;
	CHECK(stream_write_rows(w, &h, &b) == 0);
	b.n_rows = FRAME_MAX_ROWS + 1;
	CHECK(stream_write_rows(w, &h, &b) == -1);
	colbuf_init(&c, TYPE_STR);
	colbuf_reserve(&c, 1, FRAME_MAX_LEN);
	memset(c.bytes, 'x', FRAME_MAX_LEN);
	c.bytes_len = FRAME_MAX_LEN;
	c.off[1] = FRAME_MAX_LEN;
	c.n = 1;
	batch_reset(&b, 1);
	colbuf_view(&b.cols[0], &c);
	b.n_rows = 1;
	CHECK(stream_write_rows(w, &h, &b) == -1);
	c.off[1] -= 32;
	CHECK(stream_write_rows(w, &h, &b) == 0);
	colbuf_release(&c);
	batch_release(&b);
	stream_writer_free(w);
	close(fd);
}

/* One offset below the one before it, at every place. */
static void
test_offsets(void)
{
	enum { MAX_ROWS = 21 };
	uint32_t buf[2 + MAX_ROWS + 2] = {0}, *off = buf + 2;
	struct schema s;
	struct batch b;
	const char *why;

	schema_init(&s);
	schema_add(&s, "s", 1, TYPE_STR);
	batch_init(&b);
	for (uint32_t n = 1; n <= MAX_ROWS; n++)
		for (uint32_t bad = 0; bad <= n; bad++) {
			size_t len = 8 + (n + 1) * 4;

			memset(off, 0, (MAX_ROWS + 2) * sizeof(*off));
			/* bad 0 is none; the others fall behind a high one. */
			if (bad > 0)
				off[bad - 1] = bad == 1 ? 1 : 0xffffffff;
			len += (8 - len % 8) % 8;
			CHECK((rows_read(&b, &why, &s, n, (uint8_t *)buf, len)
				  == 0)
			      == (bad == 0));
			CHECK(
			    bad == 0 || strcmp(why, "ROWS: offsets fall") == 0);
		}
	batch_release(&b);
	schema_release(&s);
}

int
main(void)
{
	static const uint32_t sizes[] = {
	    0, 1, 7, 8, 9, 63, 64, 65, 1000, 70000};

	for (int round = 0; round < 40; round++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			if (sizes[i] < 70000 || round < 2)
				test_round_trip(sizes[i], below(4));
	test_damage();
	test_offsets();
	test_limits();
	return check_done("wire");
}
