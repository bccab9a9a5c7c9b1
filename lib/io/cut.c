/* SPDX-License-Identifier: ISC */
/* Where batches end.  sbatch(1), BATCHES. */
#include "io/cut.h"

void
cut_init(
    struct cut *c, const struct cut_opts *o, int64_t mono_us, int64_t now_us)
{
	*c = (struct cut){.max = *o, .batch_us = now_us};
	c->next_us = mono_us + o->every_us;
}

uint32_t
cut_rows(const struct cut *c, uint32_t max)
{
	uint64_t left = c->max.rows - c->rows;

	return c->max.rows == 0 || left > max ? max : (uint32_t)left;
}

size_t
cut_bytes(const struct cut *c, size_t len)
{
	uint64_t left;

	if (c->max.bytes == 0)
		return len;
	left = c->bytes < c->max.bytes ? c->max.bytes - c->bytes : 0;
	return left < len ? (size_t)left : len;
}

void
cut_add(struct cut *c, uint64_t rows, uint64_t bytes)
{
	c->rows += rows;
	c->bytes += bytes;
}

void
cut_shut(struct cut *c)
{
	c->shut = true;
}

bool
cut_is_set(const struct cut *c)
{
	return c->max.every_us > 0 || c->max.rows > 0 || c->max.bytes > 0;
}

void
cut_resume(struct cut *c, const struct cut *was)
{
	c->batch = was->batch;
	c->rows = was->rows;
	c->bytes = was->bytes;
	/* Clocks may have been put back; batches do not go back with them. */
	if (was->batch_us > c->batch_us)
		c->batch_us = was->batch_us;
}

bool
cut_is_due(const struct cut *c, int64_t mono_us)
{
	return c->shut || (c->max.rows > 0 && c->rows >= c->max.rows)
	       || (c->max.bytes > 0 && c->bytes >= c->max.bytes)
	       || (c->max.every_us > 0 && mono_us >= c->next_us);
}

void
cut_next(struct cut *c, int64_t mono_us, int64_t now_us)
{
	int64_t every = c->max.every_us;

	c->batch++;
	c->rows = c->bytes = 0;
	c->shut = false;
	c->batch_us = now_us;
	if (every > 0 && mono_us >= c->next_us)
		c->next_us += (mono_us - c->next_us) / every * every + every;
}
