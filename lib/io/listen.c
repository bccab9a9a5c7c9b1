/* SPDX-License-Identifier: ISC */
/* Listeners, from which connections come.  sbatch(1), NETWORK. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/conn.h"

#define FULL_MS 50 /* between two looks for room */
#define SPARE_FDS 64 /* for what is not a connection */

struct listener {
	struct conn_door *door;
	int fd_taken; /* a connection that waits to be taken, or -1 */
	uint64_t n_taken;
	uint32_t max;
	bool full; /* no connection can be taken now */
	bool told_full;
	bool told_place;
	bool stopping;
	ino_t inode; /* of a socket with a path */
	char note[NET_NAME_MAX + 64];
};

/* As many descriptors as are allowed: each connection takes one. */
static uint32_t
raise_fds(uint32_t wanted)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1)
		return wanted;
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) == -1
	    && getrlimit(RLIMIT_NOFILE, &r) == -1)
		return wanted;
	if (r.rlim_cur <= SPARE_FDS)
		return 1;
	return r.rlim_cur - SPARE_FDS < wanted
		   ? (uint32_t)(r.rlim_cur - SPARE_FDS)
		   : wanted;
}

static int
open_door(struct source *s)
{
	struct listener *l = mem_zero(1, sizeof(*l));
	const char *path = s->opts->token_file;
	char *why;

	s->own = l;
	l->fd_taken = -1;
	l->door = mem_zero(1, sizeof(*l->door));
	l->door->n_refs = 1;
	l->door->guarded = path != NULL;
	l->max = raise_fds(s->opts->max_conns);
	if (path != NULL && net_read_token(l->door->token, &why, path) == -1)
		return source_refuse(s, EX_USAGE, why);
	return 0;
}

/* Connections. */

static void
note_full(struct listener *l, const char *why)
{
	l->full = true;
	if (l->told_full)
		return;
	l->told_full = true;
	snprintf(l->note, sizeof(l->note),
	    "%u connections are open, others must wait: %s", l->door->n_open,
	    why);
}

static enum source_got
accept_one(struct source *s)
{
	struct listener *l = s->own;

	l->full = false;
	if (l->stopping)
		return SOURCE_END;
	if (l->door->n_open >= l->max) {
		note_full(l, "--max-conns");
		return SOURCE_WAIT;
	}
	do
		l->fd_taken =
		    accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (l->fd_taken == -1 && (errno == EINTR || errno == ECONNABORTED));
	if (l->fd_taken != -1)
		return SOURCE_PEER;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return SOURCE_WAIT;
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS
	    || errno == ENOMEM) {
		note_full(l, strerror(errno));
		return SOURCE_WAIT;
	}
	source_fail(s, EX_IOERR, "%s", strerror(errno));
	return SOURCE_ERROR;
}

static enum source_got
read_listener(struct source *s, void *p, size_t cap, size_t *len)
{
	struct listener *l = s->own;
	char name[NET_NAME_MAX];
	size_t n = strlen(s->path);

	(void)p;
	(void)cap;
	*len = 0;
	l->note[0] = '\0';
	/* Who lets the kernel choose must be told. */
	if (!l->told_place && n > 2 && strcmp(s->path + n - 2, ":0") == 0) {
		net_name(name, s->fd, false);
		snprintf(l->note, sizeof(l->note), "listening on %s", name);
	}
	l->told_place = true;
	return accept_one(s);
}

/* A connection is named after its listener, if that was given a name. */
static struct source *
take_guest(struct source *s)
{
	struct listener *l = s->own;
	char peer[NET_NAME_MAX], *name;
	struct source *guest;

	l->n_taken++;
	if (s->named) {
		name = mem_strdup(s->name);
	} else if (l->inode != 0) {
		name = mem_printf("%s#%ju", source_url(s->path, "unix"),
		    (uintmax_t)l->n_taken);
	} else {
		net_name(peer, l->fd_taken, true);
		name = mem_strdup(peer);
	}
	guest = conn_new(l->door, s->opts, name, l->fd_taken);
	l->fd_taken = -1;
	free(name);
	return guest;
}

/* While there is no room, connections that wait are not looked at. */
static int
listener_fd(const struct source *s)
{
	const struct listener *l = s->own;

	return l->full ? -1 : s->fd;
}

static int
listener_wait_ms(const struct source *s)
{
	const struct listener *l = s->own;

	return l->full ? FULL_MS : -1;
}

static const char *
listener_note(const struct source *s)
{
	const struct listener *l = s->own;

	return l->note[0] != '\0' ? l->note : NULL;
}

static void
stop_listener(struct source *s)
{
	struct listener *l = s->own;

	l->stopping = true;
}

static void
close_listener(struct source *s)
{
	struct listener *l = s->own;

	source_close_fd(s);
	if (l == NULL)
		return;
	if (l->fd_taken != -1)
		close(l->fd_taken);
	conn_door_leave(l->door);
	free(l);
	s->own = NULL;
}

/* tcp-listen://[ADDRESS]:PORT */

static bool
is_tcp(const char *path, enum source_mode mode)
{
	(void)mode;
	return source_url(path, "tcp-listen") != NULL;
}

static int
find_tcp(struct source *s, struct net_addr *a)
{
	char *why;

	if (net_find(a, &why, source_url(s->path, "tcp-listen"), true) == 0)
		return 0;
	return source_refuse(s, EX_USAGE, why);
}

static int
check_tcp(struct source *s)
{
	struct net_addr a;

	if (find_tcp(s, &a) == -1)
		return -1;
	if (!a.loopback && !s->opts->insecure && s->opts->token_file == NULL)
		return source_fail(s, EX_USAGE,
		    "other machines could connect: say --token-file FILE, or "
		    "--insecure if anybody may; better, put stunnel or ssh "
		    "before a loopback address");
	return conn_check_token(s);
}

static int
open_tcp(struct source *s)
{
	struct net_addr a;
	char *why;

	if (find_tcp(s, &a) == -1 || open_door(s) == -1)
		return -1;
	s->fd = net_listen(&a, &why);
	return s->fd == -1 ? source_refuse(s, EX_NOINPUT, why) : 0;
}

const struct source_kind listen_tcp = {
    .name = "tcp-listen",
    .traits = SOURCE_LIVE | SOURCE_ENDLESS | SOURCE_BATCHED | SOURCE_PARENT,
    .spools = SOURCE_SPOOL_PEERS,
    .claims = is_tcp,
    .check = check_tcp,
    .open = open_tcp,
    .read = read_listener,
    .close = close_listener,
    .stop = stop_listener,
    .fd = listener_fd,
    .wait_ms = listener_wait_ms,
    .note = listener_note,
    .take = take_guest,
};

/* unix://PATH, for its owner alone. */

static bool
is_unix(const char *path, enum source_mode mode)
{
	(void)mode;
	return source_url(path, "unix") != NULL;
}

static int
open_unix(struct source *s)
{
	const char *path = source_url(s->path, "unix");
	struct listener *l;
	struct stat st;
	char *why;

	if (open_door(s) == -1)
		return -1;
	s->fd = net_listen_unix(path, &why);
	if (s->fd == -1)
		return source_refuse(s, EX_NOINPUT, why);
	l = s->own;
	if (lstat(path, &st) == 0)
		l->inode = st.st_ino;
	return 0;
}

/* The path goes with the listener, unless it is another's by now. */
static void
close_unix(struct source *s)
{
	const struct listener *l = s->own;
	const char *path = source_url(s->path, "unix");
	struct stat st;

	if (l != NULL && l->inode != 0 && lstat(path, &st) == 0
	    && st.st_ino == l->inode)
		unlink(path);
	close_listener(s);
}

const struct source_kind listen_unix = {
    .name = "unix",
    .traits = SOURCE_LIVE | SOURCE_ENDLESS | SOURCE_BATCHED | SOURCE_PARENT,
    .spools = SOURCE_SPOOL_PEERS,
    .claims = is_unix,
    .check = conn_check_token,
    .open = open_unix,
    .read = read_listener,
    .close = close_unix,
    .stop = stop_listener,
    .fd = listener_fd,
    .wait_ms = listener_wait_ms,
    .note = listener_note,
    .take = take_guest,
};
