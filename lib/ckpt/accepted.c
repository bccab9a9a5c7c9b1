/* SPDX-License-Identifier: ISC */
/* Which stages may differ.  millrace-checkpoint(5), CHANGES. */
#include "ckpt/accepted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ckpt/durable.h"
#include "ckpt/lock.h"

#define FILE_NAME "accepted"

static int
remove_file(const struct checkpoint *c, char **why)
{
	if (unlinkat(c->fd, FILE_NAME, 0) == -1 && errno != ENOENT)
		return checkpoint_failed(c, why, FILE_NAME);
	return 0;
}

int
accepted_write(
    const struct checkpoint *c, char **why, const char *const *names, size_t n)
{
	struct buf b;
	int rc = 0;

	if (n == 0)
		return remove_file(c, why);
	buf_init(&b, 0);
	buf_put_int(&b, c->generation, 8);
	buf_put_int(&b, n, 4);
	for (size_t i = 0; i < n; i++)
		buf_put_str(&b, names[i], strlen(names[i]));
	if (durable_write(c->fd, FILE_NAME, DURABLE_ACCEPTED, b.data, b.len)
	    == -1)
		rc = checkpoint_failed(c, why, FILE_NAME);
	buf_release(&b);
	return rc;
}

static int
get_names(struct accepted *a, struct cur *in)
{
	uint64_t n = cur_get_int(in, 4);

	if (n > ACCEPTED_MAX)
		return -1;
	a->names = mem_zero(n + 1, sizeof(*a->names));
	a->joined = mem_zero(n + 1, sizeof(*a->joined));
	for (; a->n < n; a->n++) {
		size_t len;
		const char *s = cur_get_str(in, &len, ACCEPTED_MAX_NAME);

		if (s == NULL)
			return -1;
		a->names[a->n] = mem_strndup(s, len);
	}
	return in->failed || in->left > 0 ? -1 : 0;
}

static int
look_for(struct accepted *a, char **why, const struct checkpoint *c)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->n; i++) {
		char *lock = mem_printf("%s.lock", a->names[i]);
		uint64_t generation;

		if (lock_signed(&generation, c->fd, lock) == -1)
			rc = checkpoint_failed(c, why, lock);
		a->joined[i] = rc == 0 && generation == c->generation;
		free(lock);
	}
	return rc;
}

int
accepted_read(struct accepted *a, char **why, const struct checkpoint *c)
{
	struct buf b;
	struct cur in;
	int rc;

	buf_init(&b, 0);
	rc = durable_read(&b, c->fd, FILE_NAME, DURABLE_ACCEPTED);
	cur_init(&in, b.data, b.len);
	/* What an earlier start accepted has no say in this one. */
	if (rc == 1 && cur_get_int(&in, 8) == c->generation
	    && get_names(a, &in) == -1) {
		errno = EBADMSG;
		rc = -1;
	}
	rc = rc == -1 ? checkpoint_failed(c, why, FILE_NAME)
		      : look_for(a, why, c);
	buf_release(&b);
	return rc;
}

void
accepted_release(struct accepted *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->names[i]);
	free(a->names);
	free(a->joined);
	*a = (struct accepted){.n = 0};
}

static size_t
find(const struct accepted *a, const char *stage)
{
	size_t i = 0;

	while (i < a->n && strcmp(a->names[i], stage) != 0)
		i++;
	return i;
}

bool
accepted_has(const struct accepted *a, const char *stage)
{
	return find(a, stage) < a->n;
}

bool
accepted_joined(const struct accepted *a, const char *stage)
{
	size_t i = find(a, stage);

	return i < a->n && a->joined[i];
}
