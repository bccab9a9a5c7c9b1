/* SPDX-License-Identifier: ISC */
/*
 * The live table, on a terminal that is imitated here: what stands on it and
 * in its history at the end is every row once, in order.
 */
#include "text/live.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/utf8.h"
#include "check.h"
#include "text/width.h"

#define COLUMNS 80 /* what screen.c assumes when it cannot ask */
#define LINES 24
#define HISTORY 4000

/* Lines as they were typed, one cell a column; the last LINES are visible. */
struct terminal {
	char text[HISTORY][COLUMNS + 1];
	size_t top; /* the first visible line */
	size_t row; /* of the cursor, in text */
	size_t column;
	bool odd; /* a sequence that no line should hold */
};

static void
line_feed(struct terminal *s)
{
	s->row++;
	if (s->row == s->top + LINES)
		s->top++;
	CHECK(s->row < HISTORY);
}

static void
erase_line(struct terminal *s, size_t row, size_t from)
{
	memset(s->text[row] + from, ' ', COLUMNS - from);
}

/* ESC [ n letter; returns its length. */
static size_t
control(struct terminal *s, const char *p)
{
	char *end;
	size_t n = strtoul(p + 2, &end, 10);

	switch (*end) {
	case 'A':
		n = n == 0 ? 1 : n;
		/* Above the top there is nothing to go to. */
		s->odd |= s->row - s->top < n;
		s->row -= n;
		break;
	case 'J':
		erase_line(s, s->row, s->column);
		for (size_t r = s->row + 1; r < s->top + LINES; r++)
			erase_line(s, r, 0);
		break;
	case 'K':
		erase_line(s, s->row, s->column);
		break;
	default:
		s->odd |= *end != 'm';
	}
	return (size_t)(end - p) + 1;
}

static void
print(struct terminal *s, const char *p, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c;

		n = utf8_decode(&c, p + i, len - i);
		s->odd |= n == 0;
		if (n == 0)
			return;
		if (c == '\n') {
			line_feed(s);
			s->column = 0;
		} else if (c == '\r') {
			s->column = 0;
		} else if (c == '\033') {
			n = control(s, p + i);
		} else {
			/* Nothing may wrap. */
			s->odd |= s->column == COLUMNS;
			if (s->column == COLUMNS)
				return;
			s->text[s->row][s->column++] =
			    c == 0x2026 ? '~' : (char)c;
		}
	}
}

static void
flush(struct terminal *s, struct buf *out)
{
	print(s, (const char *)out->data, out->len);
	buf_reset(out);
}

/* Row n: its number, and text whose length goes up and down. */
static void
add(struct live *l, struct buf *out, size_t n)
{
	struct table_row *row;

	live_room(l, out);
	l->screen.n_rows++;
	row = table_add(l->table);
	buf_printf(&row->text, "%zu", n);
	table_cell(l->table, row, 0, false);
	buf_printf(&row->text, "%.*s", (int)(n * 7 % 100),
	    "....................................................."
	    ".....................................................");
	table_cell(l->table, row, 1, n % 5 == 0);
	buf_printf(&row->text, "end%zu", n);
	table_cell(l->table, row, 2, false);
}

static void
check_screen(const struct terminal *s, size_t n_rows)
{
	size_t next = 0, names = 0;

	CHECK(!s->odd);
	for (size_t r = 0; r < s->row; r++) {
		if (strncmp(s->text[r], "   n  text", 10) == 0) {
			names++;
			continue;
		}
		CHECK(strtoul(s->text[r], NULL, 10) == next);
		next++;
	}
	CHECK(next == n_rows);
	CHECK(names >= 1);
	/* Below the last row the screen is clean. */
	for (size_t r = s->row; r < s->top + LINES; r++)
		CHECK(strspn(s->text[r], " ") == COLUMNS);
	CHECK(s->column == 0);
}

/* idle_every: how many rows come between two moments without input. */
static void
test_rows(size_t n_rows, size_t idle_every)
{
	static const char *const names[] = {"n", "text", "last"};
	static const struct table_align align[] = {
	    {true, true}, {false, false}, {false, false}};
	struct terminal *s = calloc(1, sizeof(*s));
	struct table *t = table_new(3, names, align, 1000);
	struct live l;
	struct buf out = {.max = 0};
	int ms;

	for (size_t r = 0; r < HISTORY; r++)
		memset(s->text[r], ' ', COLUMNS);
	t->color = idle_every % 2 == 0;
	/* Four columns keep the numbers in place while they grow. */
	t->need[0] = 4;
	live_init(&l, t, -1, false);
	for (size_t n = 0; n < n_rows; n++) {
		add(&l, &out, n);
		flush(s, &out);
		if (n % idle_every != 0)
			continue;
		/* As if time had passed. */
		l.screen.start_us -= TIME_US;
		l.screen.drawn_us -= TIME_US;
		live_idle(&l, &out, &ms);
		CHECK(ms > 0 && ms <= 1000);
		flush(s, &out);
	}
	live_end(&l, &out);
	flush(s, &out);
	check_screen(s, n_rows);
	buf_release(&out);
	table_free(t);
	free(s);
}

int
main(void)
{
	for (size_t n = 0; n < 60; n++)
		test_rows(n, 1);
	for (size_t every = 1; every < 50; every += 3)
		test_rows(200, every);
	test_rows(1500, 1000);
	return check_done("live_test");
}
