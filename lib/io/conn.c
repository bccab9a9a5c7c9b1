/* SPDX-License-Identifier: ISC */
/* Connections and datagrams.  sbatch(1), NETWORK. */
#include "io/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/time.h"

#define TOKEN_US (10 * INT64_C(1000000)) /* to send the token */
#define DATAGRAM_MAX 65536 /* more than a datagram of UDP can have */

void
conn_door_leave(struct conn_door *door)
{
	if (--door->n_refs == 0)
		free(door);
}

int
conn_check_token(struct source *s)
{
	char token[NET_TOKEN_MAX], *why;
	int rc;

	if (s->opts->token_file == NULL
	    || net_read_token(token, &why, s->opts->token_file) == 0)
		return 0;
	rc = source_fail(
	    s, EX_USAGE, "--token-file %s: %s", s->opts->token_file, why);
	free(why);
	return rc;
}

static int
check_nothing(struct source *s)
{
	(void)s;
	return 0;
}

static int
open_nothing(struct source *s)
{
	(void)s;
	return 0;
}

/* One read of what does not block. */
static enum source_got
receive(struct source *s, void *p, size_t cap, size_t *len)
{
	ssize_t n;

	do
		n = recv(s->fd, p, cap, 0);
	while (n == -1 && errno == EINTR);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return SOURCE_WAIT;
	if (n == -1) {
		source_fail(s, EX_IOERR, "%s", strerror(errno));
		return SOURCE_ERROR;
	}
	*len = (size_t)n;
	return n > 0 ? SOURCE_BYTES : SOURCE_END;
}

/* A connection that was accepted. */

struct guest {
	struct conn_door *door;
	bool trusted; /* it has sent the token, or need not */
	int64_t last_us; /* when it came or last wrote, monotonic */
	size_t at, len; /* bytes of p that were not handed on */
	char p[NET_TOKEN_MAX]; /* what came until the token was whole */
	char note[NET_NAME_MAX + 64];
};

struct source *
conn_new(struct conn_door *door, const struct source_opts *o, const char *name,
    int fd)
{
	struct source *s = source_new(&conn_guest, o, name, name);
	struct guest *g = mem_zero(1, sizeof(*g));

	door->n_refs++;
	door->n_open++;
	g->door = door;
	g->trusted = !door->guarded;
	g->last_us = time_mono_us();
	s->fd = fd;
	s->own = g;
	return s;
}

static enum source_got
send_away(struct source *s, const char *why)
{
	struct guest *g = s->own;

	if (g->door->n_told < CONN_TOLD)
		snprintf(g->note, sizeof(g->note), "%s: %s, sent away", s->name,
		    why);
	g->door->n_told++;
	return SOURCE_END;
}

/* The first line is the token.  SOURCE_BYTES: it was. */
static enum source_got
read_token(struct source *s)
{
	struct guest *g = s->own;
	const char *nl;
	size_t n;
	enum source_got got =
	    receive(s, g->p + g->len, sizeof(g->p) - g->len, &n);

	if (got == SOURCE_BYTES)
		g->len += n;
	nl = memchr(g->p, '\n', g->len);
	if (nl == NULL) {
		if (got == SOURCE_ERROR || got == SOURCE_END)
			return SOURCE_END;
		if (g->len < sizeof(g->p)
		    && time_mono_us() < g->last_us + TOKEN_US)
			return SOURCE_WAIT;
		return send_away(s, "no token");
	}
	if (!net_token_same(g->door->token, g->p, (size_t)(nl - g->p)))
		return send_away(s, "wrong token");
	g->at = (size_t)(nl + 1 - g->p);
	g->trusted = true;
	return SOURCE_BYTES;
}

/* What came together with the token. */
static enum source_got
hand_on(struct guest *g, void *p, size_t cap, size_t *len)
{
	*len = g->len - g->at < cap ? g->len - g->at : cap;
	memcpy(p, g->p + g->at, *len);
	g->at += *len;
	return SOURCE_BYTES;
}

static enum source_got
read_guest(struct source *s, void *p, size_t cap, size_t *len)
{
	struct guest *g = s->own;
	int64_t idle = s->opts->max_idle_us;
	enum source_got got;

	g->note[0] = '\0';
	if (!g->trusted && (got = read_token(s)) != SOURCE_BYTES)
		return got;
	if (g->at < g->len)
		return hand_on(g, p, cap, len);
	got = receive(s, p, cap, len);
	if (got == SOURCE_BYTES)
		g->last_us = time_mono_us();
	else if (got == SOURCE_WAIT && idle > 0
		 && time_mono_us() >= g->last_us + idle)
		return send_away(s, "silent for too long");
	return got;
}

static int
guest_wait_ms(const struct source *s)
{
	const struct guest *g = s->own;
	int64_t left, us = g->trusted ? s->opts->max_idle_us : TOKEN_US;

	if (us == 0)
		return -1;
	left = g->last_us + us - time_mono_us();
	return left > 0 ? (int)(left / 1000) + 1 : 0;
}

static const char *
guest_note(const struct source *s)
{
	const struct guest *g = s->own;

	return g->note[0] != '\0' ? g->note : NULL;
}

static void
close_guest(struct source *s)
{
	struct guest *g = s->own;

	source_close_fd(s);
	if (g == NULL)
		return;
	g->door->n_open--;
	conn_door_leave(g->door);
	free(g);
	s->own = NULL;
}

const struct source_kind conn_guest = {
    .name = "connection",
    .traits = SOURCE_LIVE | SOURCE_BATCHED | SOURCE_NETWORK,
    .check = check_nothing,
    .open = open_nothing,
    .read = read_guest,
    .close = close_guest,
    .wait_ms = guest_wait_ms,
    .note = guest_note,
};

/* tcp://HOST:PORT: one connection that is made here. */

static bool
is_tcp(const char *path, enum source_mode mode)
{
	(void)mode;
	return source_url(path, "tcp") != NULL;
}

static int
send_token(struct source *s)
{
	char token[NET_TOKEN_MAX], *why;

	if (s->opts->token_file == NULL)
		return 0;
	if (net_read_token(token, &why, s->opts->token_file) == -1) {
		return source_refuse(s, EX_USAGE, why);
	}
	if (io_write(s->fd, token, strlen(token)) == -1
	    || io_write(s->fd, "\n", 1) == -1)
		return source_fail(s, EX_IOERR, "%s", strerror(errno));
	return 0;
}

static int
open_tcp(struct source *s)
{
	char *why;

	s->fd = net_connect(source_url(s->path, "tcp"), &why);
	if (s->fd != -1)
		return send_token(s);
	return source_refuse(s, EX_NOINPUT, why);
}

static int
check_tcp(struct source *s)
{
	char *why;

	if (net_check(&why, source_url(s->path, "tcp")) == -1)
		return source_refuse(s, EX_USAGE, why);
	return conn_check_token(s);
}

const struct source_kind conn_tcp = {
    .name = "tcp",
    .traits = SOURCE_LIVE | SOURCE_BATCHED | SOURCE_NETWORK,
    .spools = SOURCE_SPOOL_STREAM,
    .claims = is_tcp,
    .check = check_tcp,
    .open = open_tcp,
    .read = receive,
    .close = source_close_fd,
};

/* udp://[ADDRESS]:PORT: datagrams of one or more lines. */

struct udp {
	uint32_t n_lost; /* as the kernel counts */
	uint32_t n_told;
	bool stopping;
	bool told_place;
	size_t at, len; /* what did not fit into the last read */
	char note[NET_NAME_MAX + 64];
	char p[DATAGRAM_MAX + 1];
};

static bool
is_udp(const char *path, enum source_mode mode)
{
	(void)mode;
	return source_url(path, "udp") != NULL;
}

static int
find_udp(struct source *s, struct net_addr *a)
{
	char *why;

	if (net_find(a, &why, source_url(s->path, "udp"), true) == 0)
		return 0;
	return source_refuse(s, EX_USAGE, why);
}

static int
check_udp(struct source *s)
{
	struct net_addr a;

	if (find_udp(s, &a) == -1)
		return -1;
	if (!a.loopback && !s->opts->insecure)
		return source_fail(s, EX_USAGE,
		    "other machines could send, and nobody knows who: say "
		    "--insecure if that is meant");
	return 0;
}

static int
open_udp(struct source *s)
{
	struct net_addr a;
	char *why;

	if (find_udp(s, &a) == -1)
		return -1;
	s->own = mem_zero(1, sizeof(struct udp));
	s->fd = net_bind(&a, &why);
	if (s->fd != -1)
		return 0;
	return source_refuse(s, EX_NOINPUT, why);
}

/* The kernel counts the datagrams that had no room, and tells with others. */
static void
note_losses(struct udp *u, const struct msghdr *m, const char *name)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(m);

	if (c == NULL || c->cmsg_level != SOL_SOCKET
	    || c->cmsg_type != SO_RXQ_OVFL)
		return;
	memcpy(&u->n_lost, CMSG_DATA(c), sizeof(u->n_lost));
	/* Once for each doubling, so that a flood has few lines. */
	if (u->n_lost == 0 || u->n_lost / 2 < u->n_told)
		return;
	u->n_told = u->n_lost;
	snprintf(u->note, sizeof(u->note),
	    "%.64s: %u datagrams lost so far: they came too fast", name,
	    u->n_lost);
}

/* The next datagram into u->p, its last line ended. */
static enum source_got
receive_datagram(struct source *s)
{
	struct udp *u = s->own;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint32_t))];
	struct iovec iov = {u->p, DATAGRAM_MAX};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof(control)};
	ssize_t n;

	do
		n = recvmsg(s->fd, &m, 0);
	while (n == -1 && errno == EINTR);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return u->stopping ? SOURCE_END : SOURCE_WAIT;
	if (n == -1) {
		source_fail(s, EX_IOERR, "%s", strerror(errno));
		return SOURCE_ERROR;
	}
	note_losses(u, &m, s->name);
	u->at = 0;
	u->len = (size_t)n;
	/* Some senders end it as a string of C. */
	if (u->len > 0 && u->p[u->len - 1] == '\0')
		u->len--;
	if (u->len > 0 && u->p[u->len - 1] != '\n')
		u->p[u->len++] = '\n';
	return SOURCE_BYTES;
}

static void
note_place(struct source *s)
{
	struct udp *u = s->own;
	char name[NET_NAME_MAX];
	size_t len = strlen(s->path);

	/* Who lets the kernel choose must be told. */
	if (u->told_place || len < 2 || strcmp(s->path + len - 2, ":0") != 0)
		return;
	u->told_place = true;
	net_name(name, s->fd, false);
	snprintf(u->note, sizeof(u->note), "listening on %s", name);
}

static enum source_got
read_udp(struct source *s, void *p, size_t cap, size_t *len)
{
	struct udp *u = s->own;
	enum source_got got = SOURCE_BYTES;
	size_t n;

	u->note[0] = '\0';
	note_place(s);
	while (got == SOURCE_BYTES && *len < cap) {
		if (u->at == u->len) {
			got = receive_datagram(s);
			continue;
		}
		n = u->len - u->at < cap - *len ? u->len - u->at : cap - *len;
		memcpy((char *)p + *len, u->p + u->at, n);
		*len += n;
		u->at += n;
	}
	return *len > 0 ? SOURCE_BYTES : got;
}

static void
close_udp(struct source *s)
{
	source_close_fd(s);
	free(s->own);
	s->own = NULL;
}

static void
stop_udp(struct source *s)
{
	struct udp *u = s->own;

	u->stopping = true;
}

static const char *
udp_note(const struct source *s)
{
	const struct udp *u = s->own;

	return u->note[0] != '\0' ? u->note : NULL;
}

const struct source_kind conn_udp = {
    .name = "udp",
    .traits = SOURCE_LIVE | SOURCE_ENDLESS | SOURCE_BATCHED | SOURCE_NETWORK,
    .spools = SOURCE_SPOOL_PIECES,
    .claims = is_udp,
    .check = check_udp,
    .open = open_udp,
    .read = read_udp,
    .close = close_udp,
    .stop = stop_udp,
    .note = udp_note,
};
