/* SPDX-License-Identifier: ISC */
/* How fast rows may go. */
#include "io/pace.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/time.h"

#define BURST_US 1e5

/* Within int64, with room for a sum. */
#define FAR_US 4e18

int
pace_parse_rate(double *rate, const char *arg)
{
	const char *slash = strchr(arg, '/');
	size_t len = slash == NULL ? strlen(arg) : (size_t)(slash - arg);
	double v, per = 1;

	if (slash != NULL) {
		if (slash[1] == '\0' || slash[2] != '\0')
			return -1;
		per = slash[1] == 's'   ? 1
		      : slash[1] == 'm' ? 60
		      : slash[1] == 'h' ? 3600
					: 0;
	}
	if (num_parse_float(&v, arg, len) == -1 || !(v > 0) || !(per > 0)
	    || v > 1e12 || v < 1e-9)
		return -1;
	*rate = v / per;
	return 0;
}

int
pace_parse_speed(double *speed, const char *arg)
{
	size_t len = strlen(arg);
	double v;

	if (len > 1 && arg[len - 1] == 'x')
		len--;
	if (num_parse_float(&v, arg, len) == -1 || !(v >= 1e-9) || v > 1e12)
		return -1;
	*speed = v;
	return 0;
}

uint32_t
pace_room(struct pace *p, uint32_t max, int64_t now_us)
{
	double now = (double)now_us, n;

	if (p->rate <= 0)
		return max;
	if (p->next_us < now - BURST_US)
		p->next_us = p->next_us > 0 ? now - BURST_US : now;
	if (p->next_us > now)
		return 0;
	n = floor((now - p->next_us) * p->rate / 1e6) + 1;
	return n < max ? (uint32_t)n : max;
}

void
pace_took(struct pace *p, uint32_t n)
{
	if (p->rate > 0)
		p->next_us += n * (1e6 / p->rate);
}

int64_t
pace_due(struct pace *p, int64_t first_us, int64_t now_us)
{
	double passed;

	if (p->speed <= 0)
		return INT64_MAX;
	if (!p->begun) {
		p->begun = true;
		p->base_us = now_us;
		p->base_event_us = first_us;
	}
	passed = (double)(now_us - p->base_us) * p->speed;
	if (passed >= FAR_US || passed + (double)p->base_event_us >= FAR_US)
		return INT64_MAX;
	return p->base_event_us + (int64_t)passed;
}

int64_t
pace_wait_us(const struct pace *p, int64_t event_us)
{
	double at = p->rate > 0 ? p->next_us : 0, due;

	if (p->speed > 0 && p->begun && event_us != INT64_MIN) {
		due =
		    (double)p->base_us
		    + ((double)event_us - (double)p->base_event_us) / p->speed;
		at = due > at ? due : at;
	}
	return at < FAR_US ? (int64_t)ceil(at) : INT64_MAX;
}
