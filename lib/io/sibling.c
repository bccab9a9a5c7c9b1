/* SPDX-License-Identifier: ISC */
/* A log file and what rotation made of its predecessors. */
#include "io/sibling.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

#define LOOKS 100 /* pictures taken until two agree */
#define NS INT64_C(1000000000)
#define PACKED ".gz"

static void
forget(struct siblings *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].name);
	l->n = 0;
}

void
siblings_release(struct siblings *l)
{
	forget(l);
	free(l->v);
	*l = (struct siblings){0};
}

int
sibling_id(struct file_id *id, int64_t *mtime_ns, int dir_fd, const char *name)
{
	struct statx s;
	int flags = name[0] == '\0' ? AT_EMPTY_PATH : 0;

	if (statx(dir_fd, name, flags, STATX_BASIC_STATS | STATX_BTIME, &s)
	    == -1)
		return -1;
	if (!S_ISREG(s.stx_mode)) {
		errno = S_ISDIR(s.stx_mode) ? EISDIR : ENOTSUP;
		return -1;
	}
	*id = (struct file_id){
	    .dev = makedev(s.stx_dev_major, s.stx_dev_minor), .ino = s.stx_ino};
	if ((s.stx_mask & STATX_BTIME) != 0)
		id->born_ns = s.stx_btime.tv_sec * NS + s.stx_btime.tv_nsec;
	*mtime_ns = s.stx_mtime.tv_sec * NS + s.stx_mtime.tv_nsec;
	return 0;
}

/* The length of a name without .gz. */
static size_t
plain_len(const char *name)
{
	size_t len = strlen(name), n = strlen(PACKED);

	return len > n && strcmp(name + len - n, PACKED) == 0 ? len - n : len;
}

/* Whether s[0..len) is what rotation puts in: .1, -20261123, _2026-11-23. */
static bool
is_suffix(const char *s, size_t len)
{
	bool digit = false;

	if (len == 4 && memcmp(s, ".old", 4) == 0)
		return true;
	if (len < 2 || strchr(".-_", s[0]) == NULL)
		return false;
	for (size_t i = 1; i < len; i++) {
		if (isdigit((unsigned char)s[i]))
			digit = true;
		else if (strchr(".-_:TZ", s[i]) == NULL)
			return false;
	}
	return digit;
}

bool
sibling_is_rotated(const char *name, const char *base)
{
	const char *dot = strrchr(base, '.');
	size_t len = plain_len(name), n = strlen(base), stem, ext;

	if (len > n && memcmp(name, base, n) == 0
	    && is_suffix(name + n, len - n))
		return true;
	if (dot == NULL || dot == base)
		return false;
	stem = (size_t)(dot - base);
	ext = n - stem;
	return len > n && memcmp(name, base, stem) == 0
	       && memcmp(name + len - ext, dot, ext) == 0
	       && is_suffix(name + stem, len - n);
}

/* The rotation number in a name, or -1: those that count are up to 9999. */
static long
rotation(const char *name)
{
	const char *p = name + plain_len(name);
	size_t n = 0;

	while (p > name && !isdigit((unsigned char)p[-1]))
		p--;
	for (; p > name && isdigit((unsigned char)p[-1]); p--)
		n++;
	return n > 0 && n < 5 ? strtol(p, NULL, 10) : -1;
}

static int
sign(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
by_change(const void *va, const void *vb)
{
	const struct sibling *a = va, *b = vb;
	int c = sign(a->current, b->current);

	if (c == 0)
		c = sign(a->mtime_ns, b->mtime_ns);
	/* The higher the number the older: file.2 was file.1 before. */
	if (c == 0)
		c = sign(rotation(b->name), rotation(a->name));
	return c != 0 ? c : strcmp(a->name, b->name);
}

static int
by_birth(const void *va, const void *vb)
{
	const struct sibling *a = va, *b = vb;
	int c = sign(a->current, b->current);

	if (c == 0)
		c = sign(a->id.born_ns, b->id.born_ns);
	return c != 0 ? c : by_change(a, b);
}

/* A packed file was born when it was packed, perhaps long after. */
static void
sort_by_age(struct siblings *l)
{
	bool packed = false;

	for (size_t i = 0; i < l->n; i++)
		packed |= l->v[i].packed;
	if (l->n > 0)
		qsort(l->v, l->n, sizeof(*l->v), packed ? by_change : by_birth);
}

static int
look_once(struct siblings *l, int dir_fd, const char *base)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct sibling s;
	struct dirent *e;
	int rc;

	forget(l);
	if (dir == NULL && fd != -1)
		close(fd);
	if (dir == NULL)
		return -1;
	while ((errno = 0, e = readdir(dir)) != NULL) {
		s.current = strcmp(e->d_name, base) == 0;
		if (!s.current && !sibling_is_rotated(e->d_name, base))
			continue;
		if (sibling_id(&s.id, &s.mtime_ns, dir_fd, e->d_name) == -1)
			continue;
		s.name = mem_strdup(e->d_name);
		s.packed = e->d_name[plain_len(e->d_name)] != '\0';
		l->v = mem_grow(l->v, &l->cap, l->n + 1, sizeof(*l->v));
		l->v[l->n++] = s;
	}
	rc = io_end_list(dir);
	if (rc == 0)
		sort_by_age(l);
	return rc;
}

static bool
same_picture(const struct siblings *a, const struct siblings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!file_id_same(&a->v[i].id, &b->v[i].id)
		    || strcmp(a->v[i].name, b->v[i].name) != 0)
			return false;
	return true;
}

int
siblings_look(struct siblings *l, int dir_fd, const char *base)
{
	struct siblings before = {0};
	struct siblings swap;
	bool agree = false;
	int rc = look_once(l, dir_fd, base);

	for (int i = 0; rc == 0 && !agree && i < LOOKS; i++) {
		swap = before;
		before = *l;
		*l = swap;
		rc = look_once(l, dir_fd, base);
		agree = same_picture(&before, l);
	}
	siblings_release(&before);
	return rc;
}

/* Whether s[0..len) is a date as rotation writes it, perhaps with a time. */
static bool
is_date(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (isdigit((unsigned char)s[i]))
			n++;
		else if (strchr("-_:.TZ", s[i]) == NULL)
			return false;
	}
	return n >= 8 && len >= 8
	       && (memcmp(s, "19", 2) == 0 || memcmp(s, "20", 2) == 0);
}

/* Whether s[0..len) is a number as rotation counts: no zeros before it. */
static bool
is_number(long *v, const char *s, size_t len)
{
	*v = 0;
	if (len == 0 || len > 4 || (len > 1 && s[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)s[i]))
			return false;
		*v = *v * 10 + (s[i] - '0');
	}
	return true;
}

void
rotation_read(struct rotation *r, const char *name)
{
	size_t len = plain_len(name);

	*r = (struct rotation){.stem = strlen(name)};
	for (size_t i = 1; i < len; i++) {
		const char *s = name + i + 1;
		size_t n = len - i - 1;

		if (strchr(".-_", name[i]) == NULL)
			continue;
		if (is_date(s, n)) {
			r->kind = ROTATION_DATE;
			r->date = s;
		} else if (name[i] == '.'
			   && (is_number(&r->number, s, n)
			       || (n == 3 && memcmp(s, "old", 3) == 0))) {
			r->kind = ROTATION_NUMBER;
			r->number = s[0] == 'o' ? 1 : r->number;
		} else {
			continue;
		}
		r->stem = i;
		return;
	}
}

/* The next digit of a date, 0 at its end. */
static char
next_digit(const char **s)
{
	while (**s != '\0' && !isdigit((unsigned char)**s))
		(*s)++;
	return **s == '\0' ? '\0' : *(*s)++;
}

int
rotation_compare(const struct rotation *a, const struct rotation *b)
{
	const char *p = a->date, *q = b->date;
	char x, y;

	if (a->kind == ROTATION_NONE || b->kind == ROTATION_NONE)
		return (a->kind == ROTATION_NONE) - (b->kind == ROTATION_NONE);
	if (a->kind == ROTATION_NUMBER || b->kind == ROTATION_NUMBER)
		return (a->number < b->number) - (a->number > b->number);
	do {
		x = next_digit(&p);
		y = next_digit(&q);
	} while (x == y && x != '\0');
	return (x > y) - (x < y);
}
