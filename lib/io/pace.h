/* SPDX-License-Identifier: ISC */
/* How fast rows may go: --rate and --speed.  sbatch(1), PACE. */
#ifndef MILLRACE_IO_PACE_H
#define MILLRACE_IO_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Times are monotonic, unless they are event times. */
struct pace {
	double rate; /* rows a second; 0 = any */
	double speed; /* seconds of event time a second; 0 = any */
	/* Private. */
	double next_us; /* when the next row may go, by rate */
	bool begun; /* by speed: base is set */
	int64_t base_us;
	int64_t base_event_us; /* what was due at base_us */
};

static inline bool
pace_is_set(const struct pace *p)
{
	return p->rate > 0 || p->speed > 0;
}

/*
 * pace_parse_rate: "1000/s", "5/m", "100/h", or "1000", a second.
 * pace_parse_speed: "10" or "10x", above 0.
 * 0, or -1.
 */
int pace_parse_rate(double *rate, const char *arg);
int pace_parse_speed(double *speed, const char *arg);

/*
 * pace_room: how many rows may go now by the rate, at most max.  After a pause
 * no more than those of a tenth of a second go at once.
 * pace_took: so many went.
 * pace_due: up to which event time rows may go now by the speed; the first
 * call, with the event time of the first row, begins the replay.
 * pace_wait_us: when the next row may go; event_us: its event time, or
 * INT64_MIN.
 */
uint32_t pace_room(struct pace *p, uint32_t max, int64_t now_us);
void pace_took(struct pace *p, uint32_t n);
int64_t pace_due(struct pace *p, int64_t first_us, int64_t now_us);
int64_t pace_wait_us(const struct pace *p, int64_t event_us);

#endif
