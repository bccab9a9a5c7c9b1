/* SPDX-License-Identifier: ISC */
/* MARK, BARRIER, END and FAIL as bytes.  millrace-frame(5), 5 to 8. */
#include "wire/note.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/head.h"

static int
whole(const struct cur *c)
{
	return !c->failed && c->left == 0 ? 0 : -1;
}

void
mark_write(struct buf *b, const struct mark *m)
{
	buf_put_int(b, m->what, 1);
	/* No reader would take it. */
	if (m->name_len > NOTE_MAX_TEXT)
		b->failed = true;
	buf_put_str(b, m->name, m->name_len);
}

int
mark_read(struct mark *m, const uint8_t *p, size_t len)
{
	struct cur c;
	uint64_t what;

	cur_init(&c, p, len);
	what = cur_get_int(&c, 1);
	if (what > MARK_EOF)
		return -1;
	m->what = (enum mark_what)what;
	m->name = cur_get_str(&c, &m->name_len, NOTE_MAX_TEXT);
	if (m->what != MARK_OPEN && m->name_len > 0)
		return -1;
	return whole(&c);
}

void
barrier_write(struct buf *b, const struct barrier *m)
{
	buf_put(b, m->identity, sizeof(m->identity));
	buf_put_int(b, m->generation, 8);
	buf_put_int(b, m->epoch, 8);
	buf_put_int(b, m->committed, 8);
	buf_put_int(b, m->frames, 8);
	buf_put_int(b, m->rows, 8);
}

int
barrier_read(struct barrier *m, const uint8_t *p, size_t len)
{
	struct cur c;
	const uint8_t *id;

	cur_init(&c, p, len);
	id = cur_get(&c, sizeof(m->identity));
	if (id != NULL)
		memcpy(m->identity, id, sizeof(m->identity));
	m->generation = cur_get_int(&c, 8);
	m->epoch = cur_get_int(&c, 8);
	m->committed = cur_get_int(&c, 8);
	m->frames = cur_get_int(&c, 8);
	m->rows = cur_get_int(&c, 8);
	return whole(&c);
}

/* The counts of an account in their order on the wire. */
static uint64_t *
account_count(struct account *a, int i)
{
	uint64_t *const counts[] = {&a->in, &a->used, &a->filtered, &a->late,
	    &a->invalid, &a->out, &a->in_frames, &a->out_frames};

	return counts[i];
}

#define N_COUNTS 8

void
end_write(struct buf *b, const struct end *e)
{
	buf_put_int(b, e->reason, 1);
	buf_put_int(b, e->frames, 8);
	buf_put_int(b, e->rows, 8);
	buf_put_int(b, e->n_accounts, 4);
	for (size_t i = 0; i < e->n_accounts; i++) {
		struct account a = e->accounts[i];

		buf_put_str(b, a.name, strlen(a.name));
		for (int k = 0; k < N_COUNTS; k++)
			buf_put_int(b, *account_count(&a, k), 8);
	}
}

static int
read_account(struct end *e, struct cur *c)
{
	struct account a = {.in = 0};
	size_t len;
	const char *name = cur_get_str(c, &len, sizeof(a.name) - 1);

	if (name == NULL || memchr(name, '\0', len) != NULL)
		return -1;
	memcpy(a.name, name, len);
	for (int k = 0; k < N_COUNTS; k++)
		*account_count(&a, k) = cur_get_int(c, 8);
	if (c->failed)
		return -1;
	end_add(e, &a);
	return 0;
}

int
end_read(struct end *e, const uint8_t *p, size_t len)
{
	struct cur c;
	uint64_t reason, n;

	*e = (struct end){.accounts = NULL};
	cur_init(&c, p, len);
	reason = cur_get_int(&c, 1);
	e->frames = cur_get_int(&c, 8);
	e->rows = cur_get_int(&c, 8);
	n = cur_get_int(&c, 4);
	if (c.failed || reason < END_EOF || reason > END_STOP
	    || n > HEAD_MAX_STAGES)
		return -1;
	e->reason = (enum end_reason)reason;
	for (uint64_t i = 0; i < n; i++)
		if (read_account(e, &c) == -1)
			return -1;
	return whole(&c);
}

void
end_add(struct end *e, const struct account *a)
{
	e->accounts = mem_resize(e->accounts, e->n_accounts + 1, sizeof(*a));
	e->accounts[e->n_accounts++] = *a;
}

void
end_release(struct end *e)
{
	free(e->accounts);
	*e = (struct end){.accounts = NULL};
}

void
fail_write(struct buf *b, const struct fail *f)
{
	buf_put_int(b, (uint64_t)f->status, 1);
	buf_put_str(b, f->stage, f->stage_len);
	buf_put_str(b, f->text, f->text_len);
}

int
fail_read(struct fail *f, const uint8_t *p, size_t len)
{
	struct cur c;

	cur_init(&c, p, len);
	f->status = (int)cur_get_int(&c, 1);
	f->stage = cur_get_str(&c, &f->stage_len, NOTE_MAX_TEXT);
	f->text = cur_get_str(&c, &f->text_len, NOTE_MAX_TEXT);
	if (f->status == 0)
		return -1;
	return whole(&c);
}
