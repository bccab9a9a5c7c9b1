/* SPDX-License-Identifier: ISC */
/* Files beside the output that were begun.  millrace-checkpoint(5), FILES. */
#include "io/begun.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ckpt/durable.h"

static char *
note_name(const struct checkpoint *c)
{
	return mem_printf("%s.begun", c->stage);
}

int
begun_save(const struct checkpoint *c, char **why, int fd, uint64_t epoch)
{
	char *name = note_name(c);
	struct side_end e;
	struct buf b;
	int rc;

	buf_init(&b, DURABLE_MAX);
	rc = side_measure(&e, fd, 0);
	side_put(&b, &e);
	buf_put_int(&b, epoch, 8);
	if (rc == 0)
		rc = durable_write(c->fd, name, DURABLE_BEGUN, b.data, b.len);
	rc = rc == -1 ? checkpoint_failed(c, why, name) : 0;
	buf_release(&b);
	free(name);
	return rc;
}

/* Which one it was; all zero bytes where none was. */
static int
load(struct file_id *id, char **why, const struct checkpoint *c)
{
	char *name = note_name(c);
	struct side_end e = {.len = 0};
	uint64_t epoch = 0;
	struct buf b;
	struct cur in;
	int rc;

	buf_init(&b, 0);
	rc = durable_read(&b, c->fd, name, DURABLE_BEGUN);
	cur_init(&in, b.data, b.len);
	if (rc == 1) {
		side_get(&e, &in);
		epoch = cur_get_int(&in, 8);
	}
	if (in.failed || in.left > 0) {
		errno = EBADMSG;
		rc = -1;
	}
	/* What came into it since may be committed. */
	*id = epoch >= c->last.epoch ? e.id : (struct file_id){0};
	rc = rc == -1 ? checkpoint_failed(c, why, name) : 0;
	buf_release(&b);
	free(name);
	return rc;
}

int
begun_is(bool *is, char **why, const struct checkpoint *c, int fd,
    const struct side_end *end)
{
	struct file_id begun, now;
	int64_t mtime_ns;
	int rc = load(&begun, why, c);

	*is = false;
	if (rc != 0)
		return rc;
	if (sibling_id(&now, &mtime_ns, fd, "") == -1) {
		*why = mem_strdup(strerror(errno));
		return EX_IOERR;
	}
	*is = file_id_same(&now, &begun) && !file_id_same(&now, &end->id);
	return 0;
}
