/* SPDX-License-Identifier: ISC */
/* From when until when. */
#include "io/range.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"

/* What is read at once anyway need not be narrowed down further. */
#define NEAR (1u << 20)

/* Bytes looked at for a record that begins there, and for its row. */
#define PROBE (64u << 10)

void
range_init(struct range *r)
{
	*r = (struct range){.from = INT64_MIN, .until = INT64_MAX};
}

int
range_parse(int64_t *bound, bool *end, const char *arg, int64_t now_us)
{
	size_t len = strlen(arg);
	int64_t back;

	*end = strcmp(arg, "end") == 0;
	if (*end || strcmp(arg, "start") == 0)
		return 0;
	if (arg[0] == '-' && num_parse_dur(&back, arg, len) == 0)
		return num_add(bound, now_us, back) ? 0 : -1;
	return time_parse_rfc3339(bound, arg, len);
}

static bool
is_inside(const struct range *r, const struct colbuf *c, uint32_t row)
{
	return c->i[row] >= r->from && c->i[row] < r->until
	       && (!c->has_nulls || bit_get(c->valid, row));
}

uint32_t *
range_pick(const struct range *r, uint32_t *n, const struct build *b,
    int time_col, uint32_t before)
{
	const struct colbuf *c = &b->cols[time_col];
	uint32_t *sel, inside = 0;

	for (uint32_t i = before; i < b->n_rows; i++)
		inside += is_inside(r, c, i);
	if (inside == b->n_rows - before)
		return NULL;
	*n = inside;
	sel = mem_alloc((inside + 1) * sizeof(*sel));
	inside = 0;
	for (uint32_t i = before; i < b->n_rows; i++)
		if (is_inside(r, c, i))
			sel[inside++] = i;
	return sel;
}

bool
range_run(const struct range *r, uint32_t *n, const struct build *b,
    int time_col, uint32_t before)
{
	const struct colbuf *c = &b->cols[time_col];
	bool inside = is_inside(r, c, before);
	uint32_t len = 1;

	while (len < *n && is_inside(r, c, before + len) == inside)
		len++;
	*n = len;
	return inside;
}

/* A search in one file. */
struct search {
	struct text *text;
	int fd;
	int time_col;
	uint64_t from; /* where rows begin */
	uint64_t size;
	size_t before; /* bytes shown to text_starts before a record */
	char *p;
	struct build row;
	struct text_place here;
};

static bool
pass_over(void *arg, const struct text_bad *bad)
{
	(void)arg;
	(void)bad;
	return true;
}

/* The event time of the first row in p[0..len).  false: there is none. */
static bool
first_time(int64_t *t, struct search *s, const char *p, size_t len)
{
	struct text_goal goal = {
	    .max_rows = 1, .max_bytes = PROBE, .bad = pass_over};
	const struct colbuf *c = &s->row.cols[s->time_col];
	bool found = false;

	text_enter(s->text, &s->here);
	while (!found && len > 0) {
		build_reset(&s->row);
		if (text_parse(s->text, &s->row, &goal, p, len, false) == -1
		    || s->row.n_rows == 0)
			break;
		found = !c->has_nulls || bit_get(c->valid, 0);
		*t = c->i[0];
		p += goal.used;
		len -= goal.used;
	}
	return found;
}

/*
 * The first record that begins at or behind byte at: its place and event
 * time.  False when none is seen in a probe.
 */
static bool
probe(struct search *s, uint64_t at, uint64_t *place, int64_t *t)
{
	uint64_t start = at > s->from + s->before ? at - s->before : s->from;
	size_t skip = (size_t)(at - start), len;
	ssize_t n = io_pread_full(s->fd, s->p, skip + PROBE, (off_t)start);
	const char *nl;

	if (n <= 0 || (size_t)n <= skip)
		return false;
	len = (size_t)n;
	while ((nl = memchr(s->p + skip, '\n', len - skip)) != NULL) {
		skip = (size_t)(nl + 1 - s->p);
		if (!text_starts(s->text, s->p, skip, len))
			continue;
		*place = start + skip;
		return first_time(t, s, nl + 1, len - skip);
	}
	return false;
}

/*
 * The place of a record of which all before it are older than t, if none is
 * more than the slack out of order; high: of which none behind it is.
 */
static uint64_t
bisect(struct search *s, int64_t t, bool high)
{
	uint64_t lo = s->from, hi = s->size, at, place;
	int64_t got;

	while (hi - lo > NEAR) {
		at = lo + (hi - lo) / 2;
		if (!probe(s, at, &place, &got) || place >= hi)
			break;
		if (got < t)
			lo = place;
		else
			hi = at;
		if (high && got >= t)
			hi = place;
	}
	return high ? hi : lo;
}

static bool
open_search(struct search *s, struct source *src, struct text *t)
{
	const struct schema *schema = text_schema(t);
	struct stat st;

	*s = (struct search){.text = t,
	    .fd = source_plain_fd(src),
	    .time_col = schema->time_col,
	    .before = text_start_window(t)};
	if (s->fd == -1 || s->before == 0 || fstat(s->fd, &st) == -1)
		return false;
	s->size = (uint64_t)st.st_size;
	s->p = mem_alloc(s->before + PROBE);
	build_init(&s->row, schema);
	return true;
}

uint64_t
range_seek(
    const struct range *r, struct source *src, struct text *t, uint64_t at)
{
	struct search s;
	uint64_t to = at, limit;
	int64_t bound;

	if (!open_search(&s, src, t))
		return at;
	text_leave(t, &s.here);
	s.from = at;
	if (r->from != INT64_MIN && num_sub(&bound, r->from, RANGE_SLACK_US))
		to = bisect(&s, bound, false);
	s.from = to;
	if (r->until != INT64_MAX && num_add(&bound, r->until, RANGE_SLACK_US)
	    && (limit = bisect(&s, bound, true)) < s.size)
		source_limit(src, limit);
	text_enter(t, &s.here);
	text_place_release(&s.here);
	build_release(&s.row);
	free(s.p);
	if (to > at)
		source_seek(src, to);
	return to;
}
