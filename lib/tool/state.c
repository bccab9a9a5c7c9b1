/* SPDX-License-Identifier: ISC */
/* What every stage keeps in its snapshot.  millrace-checkpoint(5), FILES. */
#include "tool/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define VERSION 2
#define NO_KEEPS 1 /* the version before */
#define KEEPS_MAX (1u << 20)

void
state_init(struct state *s)
{
	*s = (struct state){.watermark = INT64_MIN};
	head_init(&s->in);
	head_init(&s->out);
}

void
state_release(struct state *s)
{
	head_release(&s->in);
	head_release(&s->out);
	free(s->keeps);
}

static void
put_head(struct buf *b, const struct head *h)
{
	struct head plain;
	struct buf bytes;

	head_copy(&plain, h);
	head_forget_checkpoint(&plain);
	buf_init(&bytes, 0);
	head_write(&bytes, &plain);
	buf_put_str(b, bytes.data, bytes.len);
	buf_release(&bytes);
	head_release(&plain);
}

static int
get_head(struct head *h, char **why, struct cur *c)
{
	const char *text, *bytes;
	size_t len;

	bytes = cur_get_str(c, &len, HEAD_MAX_LEN);
	if (bytes == NULL) {
		*why = mem_strdup("it is cut");
		return -1;
	}
	head_release(h);
	if (head_read(h, &text, (const uint8_t *)bytes, len) == 0)
		return 0;
	*why = mem_strdup(text);
	return -1;
}

static void
put_account(struct buf *b, const struct account *a)
{
	const uint64_t v[] = {a->in, a->used, a->filtered, a->late, a->invalid,
	    a->out, a->in_frames, a->out_frames};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		buf_put_int(b, v[i], 8);
}

static void
get_account(struct account *a, struct cur *c)
{
	uint64_t *v[] = {&a->in, &a->used, &a->filtered, &a->late, &a->invalid,
	    &a->out, &a->in_frames, &a->out_frames};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		*v[i] = cur_get_int(c, 8);
}

void
state_write(struct buf *b, const struct state *s)
{
	buf_put_int(b, VERSION, 4);
	put_head(b, &s->in);
	put_head(b, &s->out);
	put_account(b, &s->acct);
	buf_put_int(b, (uint64_t)s->watermark, 8);
	buf_put_int(b, s->batch, 8);
	buf_put_int(b, s->n_unparsed, 8);
	buf_put_int(b, s->own, 4);
	buf_put_str(b, s->keeps, strlen(s->keeps));
}

int
state_read(struct state *s, char **why, struct cur *c)
{
	uint64_t version = cur_get_int(c, 4);
	const char *keeps;
	size_t len;

	if (version != VERSION && version != NO_KEEPS) {
		*why = mem_strdup("it is of another version");
		return -1;
	}
	if (get_head(&s->in, why, c) == -1 || get_head(&s->out, why, c) == -1)
		return -1;
	get_account(&s->acct, c);
	s->watermark = (int64_t)cur_get_int(c, 8);
	s->batch = cur_get_int(c, 8);
	s->n_unparsed = cur_get_int(c, 8);
	s->own = (uint32_t)cur_get_int(c, 4);
	if (version == VERSION) {
		keeps = cur_get_str(c, &len, KEEPS_MAX);
		s->keeps = keeps == NULL ? NULL : mem_strndup(keeps, len);
	}
	if (!c->failed)
		return 0;
	*why = mem_strdup("it is cut");
	return -1;
}
