/* SPDX-License-Identifier: ISC */
/* Two inputs of which neither holds up the other. */
#include "tool/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "io/spool.h"
#include "tool/tool.h"
#include "wire/frame.h"

struct input {
	struct pair *pair;
	enum pair_side side;
	char *name; /* owned */
	struct spool spool;
	struct stream_feed feed;
	struct stream_reader *reader;
	int64_t
	    since_us; /* when waiting for it began; 0 = it is not waited for */
	bool patient; /* a file: its bytes wait where they are */
	bool started; /* HEAD was read */
	bool told; /* that it is waited for */
	bool looked; /* what it ended with */
};

struct pair {
	struct input in[2];
	int64_t stall_us;
	int out_fd;
	struct fail fail;
	bool has_fail;
	char *error; /* owned */
};

bool
pair_is_stream(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && !S_ISREG(s.st_mode)
	       && !S_ISDIR(s.st_mode);
}

/*
 * A descriptor that was handed over knows whether its writer has gone; opened
 * anew by its name it would not.
 */
static int
open_right(const char *path)
{
	const char dev_fd[] = "/dev/fd/";
	size_t n = sizeof(dev_fd) - 1;
	int64_t fd;

	if (strncmp(path, dev_fd, n) == 0
	    && num_parse_int(&fd, path + n, strlen(path + n)) == 0 && fd >= 0
	    && fd <= INT32_MAX)
		return fcntl((int)fd, F_DUPFD_CLOEXEC, 3);
	/* Whoever writes may come later. */
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

struct pair *
pair_open(const struct pair_opts *o, char **why)
{
	struct pair *p;
	struct stat s;
	int fd = open_right(o->right);

	if (fd == -1) {
		*why = mem_printf("%s: %s", o->right, strerror(errno));
		return NULL;
	}
	p = mem_zero(1, sizeof(*p));
	p->stall_us = o->stall_us;
	spool_init(&p->in[PAIR_LEFT].spool, STDIN_FILENO, o->spool);
	spool_init(&p->in[PAIR_RIGHT].spool, fd, o->spool);
	p->in[PAIR_LEFT].name = mem_strdup("stdin");
	p->in[PAIR_RIGHT].name = mem_strdup(o->right);
	for (int i = 0; i < 2; i++)
		p->in[i].patient =
		    fstat(p->in[i].spool.fd, &s) == 0 && S_ISREG(s.st_mode);
	return p;
}

void
pair_free(struct pair *p)
{
	if (p == NULL)
		return;
	for (int i = 0; i < 2; i++) {
		stream_reader_free(p->in[i].reader);
		spool_release(&p->in[i].spool);
		free(p->in[i].name);
	}
	free(p->error);
	free(p);
}

static int
fail(struct pair *p, char *why)
{
	free(p->error);
	p->error = why;
	errno = EIO;
	return -1;
}

/*
 * A side whose turn it is not has ended.  When that was no good end, waiting
 * for the other one is in vain.  What is no frame its reader will name.
 */
static int
look_at_end(struct pair *p, struct input *in)
{
	const struct spool *s = &in->spool;
	struct frame_header h = {.kind = FRAME_HEAD};
	const uint8_t *at = s->data + s->from;
	size_t left = s->len;
	const char *why;

	in->looked = true;
	while (left >= FRAME_HEADER_LEN) {
		if (frame_parse(&h, &why, at) == -1)
			return 0;
		at += FRAME_HEADER_LEN;
		left -= FRAME_HEADER_LEN;
		if (h.kind == FRAME_FAIL && h.stored_len <= left
		    && (h.flags & FRAME_DEFLATE) == 0
		    && fail_read(&p->fail, at, h.stored_len) == 0) {
			p->has_fail = true;
			errno = EIO;
			return -1;
		}
		if (h.stored_len > left)
			break;
		at += h.stored_len;
		left -= h.stored_len;
	}
	if (left == 0 && h.kind == FRAME_END)
		return 0;
	if (s->len > 0 && memcmp(s->data + s->from, FRAME_MAGIC, 1) != 0)
		return 0;
	return fail(p, mem_printf("%s: cut before END", in->name));
}

/* Waiting has taken too long: say so, or give up when both stand still. */
static int
stalled(struct pair *p, struct input *in, struct input *other)
{
	char took[NUM_TEXT_MAX];
	size_t len = num_format_dur(took, p->stall_us);

	if (!other->patient && !other->spool.ended && spool_full(&other->spool))
		return fail(
		    p, mem_printf(
			   "%s: nothing came for %.*ss, and %s is held up: "
			   "%zu bytes of it wait, which is all that --spool "
			   "allows",
			   in->name, (int)len, took, other->name,
			   other->spool.len));
	if (in->told || (in->started && other->spool.len == 0))
		return 0;
	in->told = true;
	if (in->started)
		tool_warn("%s: nothing came for %.*ss while %zu bytes of %s "
			  "wait for it",
		    in->name, (int)len, took, other->spool.len, other->name);
	else
		tool_warn("%s: no stream came for %.*ss; is a command writing "
			  "to it?",
		    in->name, (int)len, took);
	return 0;
}

/* The milliseconds to wait in one go, of left_ms (-1: for ever). */
static int
wait_step(const struct pair *p, const struct input *in, int64_t left_ms)
{
	int64_t until_us = in->since_us + p->stall_us - time_mono_us();
	int64_t ms = until_us > 0 ? until_us / 1000 + 1 : 1000;

	if (left_ms >= 0 && left_ms < ms)
		ms = left_ms;
	return ms > 60000 ? 60000 : (int)ms;
}

/*
 * Wait once: 1 in can be read; 0 it cannot; 3 and a signal came; -1, 2 as
 * io_wait.  What the other side has is read.
 */
static int
wait_once(struct pair *p, struct input *in, struct input *other, int ms)
{
	bool ahead = !other->patient && !spool_full(&other->spool);
	struct pollfd fds[3] = {{.fd = in->spool.fd, .events = POLLIN},
	    {.fd = ahead ? other->spool.fd : -1, .events = POLLIN},
	    {.fd = p->out_fd, .events = 0}};
	int n = poll(fds, 3, ms);

	if (n == -1)
		return errno == EINTR ? 3 : -1;
	if ((fds[2].revents & POLLERR) != 0)
		return 2;
	if (fds[0].revents != 0)
		return 1;
	if (fds[1].revents == 0)
		return 0;
	if (spool_fill(&other->spool) == -1)
		return fail(
		    p, mem_printf("%s: %s", other->name, strerror(errno)));
	if (other->spool.ended && !other->looked)
		return look_at_end(p, other);
	return 0;
}

static int
wait_input(void *arg, int timeout_ms)
{
	struct input *in = arg;
	struct pair *p = in->pair;
	struct input *other = &p->in[in->side == PAIR_LEFT];
	int64_t left_ms = timeout_ms, now_us, began_us;
	int rc = 0;

	if (in->spool.len > 0 || in->spool.ended)
		return 1;
	other->since_us = 0;
	began_us = time_mono_us();
	if (in->since_us == 0)
		in->since_us = began_us;
	for (;;) {
		rc = wait_once(p, in, other, wait_step(p, in, left_ms));
		if (rc == 1)
			in->since_us = 0;
		if (rc != 0)
			return rc == 3 ? 0 : rc;
		now_us = time_mono_us();
		if (now_us - in->since_us >= p->stall_us
		    && stalled(p, in, other) == -1)
			return -1;
		if (timeout_ms < 0)
			continue;
		left_ms = timeout_ms - (now_us - began_us) / 1000;
		if (left_ms <= 0)
			return 0;
	}
}

static ssize_t
read_input(void *arg, void *data, size_t len)
{
	struct input *in = arg;

	return spool_read(&in->spool, data, len);
}

void
pair_begin(struct pair *p, int out_fd)
{
	p->out_fd = out_fd;
	for (int i = 0; i < 2; i++) {
		struct input *in = &p->in[i];

		in->pair = p;
		in->side = (enum pair_side)i;
		in->feed = (struct stream_feed){
		    .wait = wait_input, .read = read_input, .arg = in};
		in->reader = stream_reader_new(-1, -1);
		stream_reader_feed(in->reader, &in->feed, in->name);
	}
}

struct stream_reader *
pair_reader(struct pair *p, enum pair_side side)
{
	return p->in[side].reader;
}

const char *
pair_name(const struct pair *p, enum pair_side side)
{
	return p->in[side].name;
}

void
pair_started(struct pair *p, enum pair_side side)
{
	p->in[side].started = true;
}

const char *
pair_error(const struct pair *p)
{
	return p->error;
}

const struct fail *
pair_fail(const struct pair *p)
{
	return p->has_fail ? &p->fail : NULL;
}
