/* SPDX-License-Identifier: ISC */
/* Watermarks of parts. */
#include "window/mark.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"

void
marks_init(struct marks *m, int64_t late)
{
	*m = (struct marks){.late = late,
	    .combined = TIME_NONE,
	    .mono_us = TIME_NONE,
	    .holder = -1};
}

void
marks_release(struct marks *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->parts[i].name);
	free(m->parts);
	marks_init(m, m->late);
}

/* Where a part of that number is or belongs. */
static size_t
find(const struct marks *m, uint32_t number)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->parts[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct mark_part *
marks_part(struct marks *m, uint32_t number)
{
	size_t at = find(m, number);

	if (at < m->n && m->parts[at].number == number)
		return &m->parts[at];
	if (m->n == MARK_MAX_PARTS)
		return NULL;
	m->parts = mem_grow(m->parts, &m->cap, m->n + 1, sizeof(*m->parts));
	memmove(
	    m->parts + at + 1, m->parts + at, (m->n - at) * sizeof(*m->parts));
	m->n++;
	m->parts[at] = (struct mark_part){.number = number,
	    .max_us = TIME_NONE,
	    .floor_us = m->started ? m->combined : TIME_NONE,
	    .heard_us = m->clock_us};
	return &m->parts[at];
}

void
marks_name(struct mark_part *p, const char *name, size_t len)
{
	free(p->name);
	p->name = mem_strndup(name, len);
}

void
marks_hear(struct marks *m, struct mark_part *p)
{
	m->started = true;
	p->heard_us = m->clock_us;
	if (p->idle && m->combined > p->floor_us)
		p->floor_us = m->combined;
	p->idle = false;
}

void
marks_close(struct marks *m, uint32_t number)
{
	size_t at = find(m, number);

	if (at == m->n || m->parts[at].number != number)
		return;
	/* A closed part only needs to be known until all hear of its rows. */
	marks_combine(m);
	free(m->parts[at].name);
	m->quiet_us = m->clock_us;
	memmove(m->parts + at, m->parts + at + 1,
	    (m->n - at - 1) * sizeof(*m->parts));
	m->n--;
}

int64_t
marks_of(const struct marks *m, const struct mark_part *p)
{
	int64_t own;

	if (p->max_us == TIME_NONE)
		return p->floor_us;
	if (!num_sub(&own, p->max_us, m->late))
		own = TIME_NONE + 1;
	return own > p->floor_us ? own : p->floor_us;
}

/* Whether the clock has gone on by idle since then. */
static bool
is_silent(const struct marks *m, int64_t since)
{
	return m->idle > 0 && m->clock_us - since >= m->idle;
}

/* Nothing has held combined since then: it goes on as the clock does. */
static void
grow(struct marks *m, int64_t since)
{
	int64_t grown;

	if (m->combined == TIME_NONE)
		return;
	if (m->grown_us > since)
		since = m->grown_us;
	if (num_add(&grown, m->combined, m->clock_us - since))
		m->combined = grown;
	m->grown_us = m->clock_us;
}

/* Remember the part behind which all others wait, and since when. */
static void
note_holder(struct marks *m, const struct mark_part *p, bool rose)
{
	int64_t number = p == NULL ? -1 : (int64_t)p->number;

	if (!rose && number == m->holder)
		return;
	m->holder = number;
	m->holds_us = m->clock_us;
}

/* What the open parts say, each looked at once. */
struct view {
	size_t n; /* that hold combined */
	int64_t least, second; /* of those, INT64_MAX = none */
	const struct mark_part *holder; /* who is least */
	/* Of those that are idle. */
	int64_t heard_us; /* the last one that has become so and has a mark */
	int64_t last; /* least of those that were heard then */
	int64_t since; /* on the clock: when the last of all became so */
};

static void
view_idle(struct view *v, const struct marks *m, struct mark_part *p)
{
	int64_t own = marks_of(m, p);
	bool is_new = !p->idle && own != TIME_NONE;

	p->idle = true;
	if (p->heard_us + m->idle > v->since)
		v->since = p->heard_us + m->idle;
	if (is_new && p->heard_us > v->heard_us) {
		v->heard_us = p->heard_us;
		v->last = own;
	} else if (is_new && p->heard_us == v->heard_us && own < v->last) {
		v->last = own;
	}
}

static void
view_part(struct view *v, const struct marks *m, const struct mark_part *p)
{
	int64_t own = marks_of(m, p);

	v->n++;
	if (own < v->least) {
		v->second = v->least;
		v->least = own;
		v->holder = p;
	} else if (own < v->second) {
		v->second = own;
	}
}

int64_t
marks_combine(struct marks *m)
{
	struct view v = {.least = INT64_MAX,
	    .second = INT64_MAX,
	    .heard_us = -1,
	    .last = TIME_NONE,
	    .since = m->quiet_us + m->idle};
	int64_t before = m->combined;

	for (size_t i = 0; i < m->n; i++) {
		struct mark_part *p = &m->parts[i];

		if (p->idle || is_silent(m, p->heard_us))
			view_idle(&v, m, p);
		else
			view_part(&v, m, p);
	}
	/* Those that went last have held it until then. */
	if (v.n == 0 && v.last > m->combined)
		m->combined = v.last;
	if (v.n > 0 && v.least > m->combined)
		m->combined = v.least;
	if (v.n == 0 && is_silent(m, v.since - m->idle))
		grow(m, v.since);
	note_holder(m, v.n > 1 && v.second > m->combined ? v.holder : NULL,
	    m->combined > before);
	return m->combined;
}

void
marks_tick(struct marks *m, int64_t mono_us)
{
	int64_t step;

	if (m->mono_us != TIME_NONE && mono_us > m->mono_us) {
		step = mono_us - m->mono_us;
		m->clock_us += step < MARK_STEP_US ? step : MARK_STEP_US;
	}
	m->mono_us = mono_us;
}

int64_t
marks_wait_us(const struct marks *m)
{
	int64_t wait = MARK_STEP_US, left;
	bool held = false;

	if (m->idle == 0)
		return wait;
	for (size_t i = 0; i < m->n; i++) {
		if (m->parts[i].idle)
			continue;
		held = true;
		left = m->parts[i].heard_us + m->idle - m->clock_us;
		if (left < wait)
			wait = left;
	}
	if (!held && m->combined != TIME_NONE)
		wait = MARK_GROW_US;
	return wait > 0 ? wait : 0;
}

const struct mark_part *
marks_holder(struct marks *m)
{
	struct mark_part *p;

	if (m->holder == -1 || m->clock_us - m->holds_us < MARK_HELD_US)
		return NULL;
	p = marks_part(m, (uint32_t)m->holder);
	if (p == NULL || p->named)
		return NULL;
	p->named = true;
	return p;
}

void
marks_save(const struct marks *m, struct buf *out)
{
	buf_put_int(out, (uint64_t)m->combined, 8);
	buf_put_int(out, m->started, 1);
	buf_put_int(out, m->n, 4);
	for (size_t i = 0; i < m->n; i++) {
		const struct mark_part *p = &m->parts[i];
		const char *name = p->name == NULL ? "" : p->name;

		buf_put_int(out, p->number, 4);
		buf_put_int(out, p->idle, 1);
		buf_put_int(out, p->named, 1);
		buf_put_int(out, (uint64_t)p->max_us, 8);
		buf_put_int(out, (uint64_t)p->floor_us, 8);
		buf_put_str(out, name, strlen(name));
	}
}

static int
load_part(struct marks *m, struct cur *in)
{
	uint32_t number = (uint32_t)cur_get_int(in, 4);
	struct mark_part *p;
	const char *name;
	size_t len;

	if (m->n > 0 && number <= m->parts[m->n - 1].number)
		return -1;
	p = marks_part(m, number);
	if (p == NULL)
		return -1;
	p->idle = cur_get_int(in, 1) != 0;
	p->named = cur_get_int(in, 1) != 0;
	p->max_us = (int64_t)cur_get_int(in, 8);
	p->floor_us = (int64_t)cur_get_int(in, 8);
	name = cur_get_str(in, &len, in->left);
	if (name == NULL)
		return -1;
	if (len > 0)
		marks_name(p, name, len);
	return 0;
}

int
marks_load(struct marks *m, struct cur *in)
{
	uint64_t n;

	m->combined = (int64_t)cur_get_int(in, 8);
	m->started = cur_get_int(in, 1) != 0;
	n = cur_get_int(in, 4);
	for (uint64_t i = 0; i < n; i++)
		if (load_part(m, in) == -1)
			return -1;
	return in->failed ? -1 : 0;
}
