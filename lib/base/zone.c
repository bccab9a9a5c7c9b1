/* SPDX-License-Identifier: ISC */
/* Time zones from TZif files, with the rule for times behind their last. */
#include "base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/zonerule.h"

#define FILE_MAX (256u << 10) /* the largest ones have about 4 KiB */
#define HEADER_LEN 44
#define OFFSET_MAX (26 * 3600) /* RFC 9636: -25 h .. 26 h */

struct local_type {
	int32_t offset; /* seconds east */
	uint32_t abbrev; /* offset in abbrevs */
};

/*
 * Invariants: at is ascending; type[i] < n_types says what holds from at[i]
 * on, types[0] what held before at[0]; each abbreviation ends with NUL.
 */
struct zone {
	char *name; /* owned */
	int64_t *at; /* owned; seconds */
	uint8_t *type; /* owned */
	size_t n;
	struct local_type *types; /* owned */
	size_t n_types;
	char *abbrevs; /* owned */
	bool has_rule;
	struct zone_rule rule; /* from the last of at on */
};

static uint64_t
be_get(struct cur *c, unsigned n_bytes)
{
	const uint8_t *p = cur_get(c, n_bytes);
	uint64_t v = 0;

	for (unsigned i = 0; p != NULL && i < n_bytes; i++)
		v = v << 8 | p[i];
	return v;
}

/* The counts of a header.  RFC 9636, section 3.1. */
struct counts {
	uint8_t version;
	size_t isut, isstd, leap, time, type, chars;
};

static int
read_header(struct counts *n, struct cur *c)
{
	const uint8_t *p = cur_get(c, 20);

	if (p == NULL || memcmp(p, "TZif", 4) != 0)
		return -1;
	n->version = p[4];
	n->isut = be_get(c, 4);
	n->isstd = be_get(c, 4);
	n->leap = be_get(c, 4);
	n->time = be_get(c, 4);
	n->type = be_get(c, 4);
	n->chars = be_get(c, 4);
	return c->failed ? -1 : 0;
}

/* Step over the data block whose times have 4 bytes. */
static void
skip_data(struct cur *c, const struct counts *n)
{
	cur_get(c, n->time * 5 + n->type * 6 + n->chars + n->leap * 8 + n->isstd
		       + n->isut);
}

static bool
read_times(struct zone *z, struct cur *c, const struct counts *n)
{
	z->n = n->time;
	z->at = mem_zero(n->time, sizeof(*z->at));
	for (size_t i = 0; i < z->n; i++) {
		z->at[i] = (int64_t)be_get(c, 8);
		if (i > 0 && z->at[i] <= z->at[i - 1])
			return false;
	}
	z->type = mem_zero(n->time, sizeof(*z->type));
	for (size_t i = 0; i < z->n; i++) {
		z->type[i] = (uint8_t)be_get(c, 1);
		if (z->type[i] >= n->type)
			return false;
	}
	return true;
}

static bool
read_types(struct zone *z, struct cur *c, const struct counts *n)
{
	const uint8_t *chars;

	z->n_types = n->type;
	z->types = mem_zero(n->type, sizeof(*z->types));
	for (size_t i = 0; i < z->n_types; i++) {
		struct local_type *t = &z->types[i];

		t->offset = (int32_t)(uint32_t)be_get(c, 4);
		be_get(c, 1);
		t->abbrev = (uint32_t)be_get(c, 1);
		if (t->offset < -OFFSET_MAX || t->offset > OFFSET_MAX
		    || t->abbrev >= n->chars)
			return false;
	}
	chars = cur_get(c, n->chars);
	if (chars == NULL || chars[n->chars - 1] != '\0')
		return false;
	z->abbrevs = mem_dup(chars, n->chars);
	return true;
}

/* The rule between two line ends at the file's end. */
static bool
read_footer(struct zone *z, struct cur *c)
{
	const char *from = (const char *)c->p + 1, *to;

	if (c->left < 2 || *c->p != '\n')
		return false;
	to = memchr(from, '\n', c->left - 1);
	if (to == NULL)
		return false;
	z->has_rule = to > from;
	return to == from
	       || zone_rule_parse(&z->rule, from, (size_t)(to - from)) == 0;
}

static bool
counts_fit(const struct counts *n)
{
	return n->time <= FILE_MAX && n->type <= 256 && n->chars <= FILE_MAX
	       && n->leap <= FILE_MAX && n->isstd <= 256 && n->isut <= 256;
}

/* The reason why not, or NULL. */
static const char *
read_file(struct zone *z, const uint8_t *p, size_t len)
{
	static const char damaged[] = "its file is damaged";
	struct counts n;
	struct cur c;

	cur_init(&c, p, len);
	if (read_header(&n, &c) == -1)
		return "it is no time zone";
	if (n.version < '2')
		return "its file is of the first version, without 64-bit times";
	if (!counts_fit(&n))
		return damaged;
	skip_data(&c, &n);
	if (read_header(&n, &c) == -1 || !counts_fit(&n) || n.type == 0
	    || n.chars == 0)
		return damaged;
	if (n.leap > 0)
		return "it counts leap seconds";
	if (!read_times(z, &c, &n) || !read_types(z, &c, &n))
		return damaged;
	cur_get(&c, n.isstd + n.isut);
	return c.failed || !read_footer(z, &c) ? damaged : NULL;
}

/* Relative, without dots: it does not lead out of the folder. */
static bool
is_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= ZONE_NAME_MAX && name[0] != '/'
	       && strspn(name, "abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/")
		      == len;
}

static const char *
load(struct zone *z, const char *name)
{
	char *path = mem_printf("%s/%s", ZONE_DIR, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *why;
	uint8_t *data;
	ssize_t len;

	free(path);
	if (fd == -1 && errno == ENOENT)
		return "no such time zone; names are like Europe/Paris";
	if (fd == -1)
		return strerror(errno);
	data = mem_alloc(FILE_MAX);
	len = io_read_full(fd, data, FILE_MAX);
	if (len == -1)
		why = strerror(errno);
	else
		why = read_file(z, data, (size_t)len);
	free(data);
	close(fd);
	return why;
}

/* +hh:mm, -hhmm or +hh as seconds east of UTC. */
static bool
fixed_offset(int32_t *offset, const char *s)
{
	int64_t h, m = 0;
	size_t len = strlen(s);

	if ((s[0] != '+' && s[0] != '-') || len < 3
	    || strspn(s + 1, "0123456789:") != len - 1
	    || num_parse_int(&h, s + 1, 2) == -1)
		return false;
	if (len == 6 && s[3] == ':' && num_parse_int(&m, s + 4, 2) == 0)
		len = 3;
	else if (len == 5 && num_parse_int(&m, s + 3, 2) == 0)
		len = 3;
	if (len != 3 || h > 23 || m > 59)
		return false;
	*offset = (int32_t)(h * 3600 + m * 60) * (s[0] == '-' ? -1 : 1);
	return true;
}

static void
set_fixed(struct zone *z, int32_t offset, const char *abbrev)
{
	z->n_types = 1;
	z->types = mem_zero(1, sizeof(*z->types));
	z->types[0].offset = offset;
	z->abbrevs = mem_strdup(abbrev);
}

struct zone *
zone_open(const char *name, char **why)
{
	struct zone *z = mem_zero(1, sizeof(*z));
	const char *reason = NULL;
	int32_t offset;

	z->name = mem_strdup(name);
	if (strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0)
		set_fixed(z, 0, "UTC");
	else if (fixed_offset(&offset, name))
		set_fixed(z, offset, name);
	else if (!is_name(name))
		reason = "this is no name of a time zone";
	else
		reason = load(z, name);
	if (reason == NULL)
		return z;
	*why = mem_printf("%s: %s", name, reason);
	zone_close(z);
	return NULL;
}

void
zone_close(struct zone *z)
{
	if (z == NULL)
		return;
	free(z->name);
	free(z->at);
	free(z->type);
	free(z->types);
	free(z->abbrevs);
	free(z);
}

const char *
zone_name(const struct zone *z)
{
	return z == NULL ? "UTC" : z->name;
}

static int64_t
from_sec(int64_t sec)
{
	int64_t us;

	if (num_mul(&us, sec, TIME_US))
		return us;
	return sec < 0 ? INT64_MIN : INT64_MAX;
}

/* How many of the times are at most sec. */
static size_t
count_until(const struct zone *z, int64_t sec)
{
	size_t lo = 0, hi = z->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (z->at[mid] <= sec)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
find_by_rule(struct zone_span *span, const struct zone *z, int64_t sec)
{
	struct zone_rule_span r;
	int64_t last = z->n > 0 ? z->at[z->n - 1] : INT64_MIN;

	zone_rule_find(&r, &z->rule, sec);
	span->from_us = from_sec(r.from < last ? last : r.from);
	span->to_us = from_sec(r.to);
	span->offset_us = r.half->offset * TIME_US;
	span->abbrev = r.half->abbrev;
}

void
zone_find(struct zone_span *span, const struct zone *z, int64_t us)
{
	int64_t sec = num_floor_div(us, TIME_US);
	const struct local_type *t;
	size_t i;

	if (z == NULL) {
		*span = (struct zone_span){INT64_MIN, INT64_MAX, 0, "UTC"};
		return;
	}
	i = count_until(z, sec);
	if (i == z->n && z->has_rule) {
		find_by_rule(span, z, sec);
		return;
	}
	t = &z->types[i > 0 ? z->type[i - 1] : 0];
	span->from_us = i > 0 ? from_sec(z->at[i - 1]) : INT64_MIN;
	span->to_us = i < z->n ? from_sec(z->at[i]) : INT64_MAX;
	span->offset_us = t->offset * TIME_US;
	span->abbrev = z->abbrevs + t->abbrev;
}

int64_t
zone_offset_at(const struct zone *z, int64_t us)
{
	struct zone_span span;

	zone_find(&span, z, us);
	return span.offset_us;
}

void
zone_to_civil(struct civil *c, const struct zone *z, int64_t us)
{
	int64_t local;

	/* At the ends of int64 there is no room for an offset. */
	if (!num_add(&local, us, zone_offset_at(z, us)))
		local = us;
	time_to_civil(c, local);
}

int
zone_local_us(int64_t *us, const struct zone *z, int64_t local_us)
{
	struct zone_span s;
	int64_t early, before, t;

	/* A span that began before every instant which can show that time. */
	if (!num_sub(&early, local_us, OFFSET_MAX * TIME_US))
		early = INT64_MIN;
	zone_find(&s, z, early);
	before = s.offset_us;
	for (;;) {
		if (!num_sub(&t, local_us, s.offset_us))
			return -1;
		if (t < s.from_us)
			break;
		if (t < s.to_us || s.to_us == INT64_MAX) {
			*us = t;
			return 0;
		}
		before = s.offset_us;
		zone_find(&s, z, s.to_us);
	}
	/* Skipped: the clocks count on from what they showed before. */
	return num_sub(us, local_us, before) ? 0 : -1;
}

int
zone_to_utc(int64_t *us, const struct zone *z, const struct civil *c)
{
	int64_t local;

	if (time_from_civil(&local, c) == -1)
		return -1;
	return zone_local_us(us, z, local);
}

/*
 * An offset has whole minutes in RFC 3339; those of before there were zones
 * have not, and the text must still name the same instant.
 */
size_t
zone_format(char *out, struct zone_span *span, const struct zone *z, int64_t us)
{
	int64_t minutes, local;
	char *end;

	if (us < span->from_us || us >= span->to_us)
		zone_find(span, z, us);
	minutes = span->offset_us / (60 * TIME_US);
	if (!num_add(&local, us, minutes * 60 * TIME_US))
		return time_format_rfc3339(out, us);
	end = out + time_format_rfc3339(out, local) - 1;
	*end++ = minutes < 0 ? '-' : '+';
	minutes = minutes < 0 ? -minutes : minutes;
	*end++ = (char)('0' + minutes / 600);
	*end++ = (char)('0' + minutes / 60 % 10);
	*end++ = ':';
	*end++ = (char)('0' + minutes % 60 / 10);
	*end++ = (char)('0' + minutes % 10);
	return (size_t)(end - out);
}
