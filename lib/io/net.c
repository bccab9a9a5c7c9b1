/* SPDX-License-Identifier: ISC */
/* Addresses, listeners and tokens. */
#include "io/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

#define BACKLOG 4096 /* the kernel takes what it allows */
#define CONNECT_MS 10000
#define UDP_ROOM (4 << 20) /* bytes that may wait; the kernel may give less */

static int
fail(char **why, int fd, const char *text)
{
	*why = mem_strdup(text);
	if (fd != -1)
		close(fd);
	return -1;
}

static bool
is_loopback(const struct sockaddr *a)
{
	const struct sockaddr_in6 *six = (const void *)a;
	const struct sockaddr_in *four = (const void *)a;

	if (a->sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
	return a->sa_family == AF_INET
	       && ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

/* Cut "ADDRESS:PORT" in two, both to be freed; [ADDRESS] has colons. */
static int
cut(char **host, char **port, char **why, const char *where)
{
	const char *colon = strrchr(where, ':');
	size_t len;

	*host = *port = NULL;
	if (colon == NULL || colon[1] == '\0'
	    || strspn(colon + 1, "0123456789") != strlen(colon + 1)
	    || strlen(colon) > 6 || atol(colon + 1) > UINT16_MAX)
		return fail(why, -1, "write ADDRESS:PORT, the port a number");
	len = (size_t)(colon - where);
	if (len > 1 && where[0] == '[' && where[len - 1] == ']')
		*host = mem_strndup(where + 1, len - 2);
	else if (memchr(where, ':', len) != NULL)
		return fail(why, -1, "write an address of IPv6 in [...]");
	else
		*host = mem_strndup(where, len);
	*port = mem_strdup(colon + 1);
	return 0;
}

int
net_check(char **why, const char *where)
{
	char *host, *port;

	if (cut(&host, &port, why, where) == -1)
		return -1;
	free(host);
	free(port);
	return 0;
}

static struct addrinfo *
resolve(char **why, const char *where, bool listening)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	char *host, *port;
	const char *node;
	int rc;

	if (cut(&host, &port, why, where) == -1)
		return NULL;
	node = host;
	if (listening && strcmp(host, "*") == 0) {
		hints.ai_flags = AI_PASSIVE;
		node = NULL;
	} else if (listening && host[0] == '\0') {
		node = "127.0.0.1";
	}
	if (node != NULL && node[0] == '\0')
		rc = EAI_NONAME;
	else
		rc = getaddrinfo(node, port, &hints, &list);
	if (rc != 0)
		fail(why, -1, gai_strerror(rc));
	free(host);
	free(port);
	return rc == 0 ? list : NULL;
}

int
net_find(struct net_addr *a, char **why, const char *where, bool listening)
{
	struct addrinfo *list = resolve(why, where, listening);

	if (list == NULL)
		return -1;
	memcpy(&a->addr, list->ai_addr, list->ai_addrlen);
	a->len = list->ai_addrlen;
	a->loopback = is_loopback(list->ai_addr);
	freeaddrinfo(list);
	return 0;
}

static int
open_bound(const struct net_addr *a, int type)
{
	const struct sockaddr *addr = (const void *)&a->addr;
	int on = 1;
	int fd =
	    socket(addr->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0
	    && bind(fd, addr, a->len) == 0)
		return fd;
	return io_close(fd, -1);
}

int
net_listen(const struct net_addr *a, char **why)
{
	int fd = open_bound(a, SOCK_STREAM);

	if (fd == -1 || listen(fd, BACKLOG) == -1)
		return fail(why, fd, strerror(errno));
	return fd;
}

int
net_bind(const struct net_addr *a, char **why)
{
	int fd = open_bound(a, SOCK_DGRAM), room = UDP_ROOM, on = 1;

	if (fd == -1)
		return fail(why, fd, strerror(errno));
	/* Less room and no count of what was lost are no reason to fail. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
	return fd;
}

/* Make room for a socket at a path; 0, or -1 with errno. */
static int
clear_path(const struct sockaddr_un *a)
{
	struct stat st;
	int fd, rc, e;

	if (lstat(a->sun_path, &st) == -1)
		return errno == ENOENT ? 0 : -1;
	errno = EEXIST;
	if (!S_ISSOCK(st.st_mode))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	rc = connect(fd, (const void *)a, sizeof(*a));
	e = rc == 0 ? EADDRINUSE : errno;
	close(fd);
	if (e == ECONNREFUSED)
		return unlink(a->sun_path);
	errno = e;
	return -1;
}

int
net_listen_unix(const char *path, char **why)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd, rc;

	if (path[0] == '\0' || strlen(path) >= sizeof(a.sun_path))
		return fail(why, -1, "a path has 1 to 107 bytes here");
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (clear_path(&a) == -1)
		return fail(why, -1, strerror(errno));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return fail(why, fd, strerror(errno));
	mask = umask(0177);
	rc = bind(fd, (const void *)&a, sizeof(a));
	umask(mask);
	if (rc == -1 || listen(fd, BACKLOG) == -1)
		return fail(why, fd, strerror(errno));
	return fd;
}

/* 0 when a connection that was begun stands in time, or -1 with errno. */
static int
await(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(int);
	int n = poll(&p, 1, CONNECT_MS), e = 0;

	if (n == -1)
		return -1;
	if (n == 0)
		e = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) == -1)
		return -1;
	errno = e;
	return e == 0 ? 0 : -1;
}

int
net_connect(const char *where, char **why)
{
	struct addrinfo *list = resolve(why, where, false), *a;
	int fd = -1, e = 0;

	if (list == NULL)
		return -1;
	for (a = list; a != NULL && fd == -1; a = a->ai_next) {
		fd = socket(a->ai_family,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd != -1
		    && (connect(fd, a->ai_addr, a->ai_addrlen) == 0
			|| (errno == EINPROGRESS && await(fd) == 0)))
			break;
		e = errno;
		if (fd != -1)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	return fd == -1 ? fail(why, -1, strerror(e)) : fd;
}

void
net_name(char out[NET_NAME_MAX], int fd, bool peer)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	char host[INET6_ADDRSTRLEN] = "?", port[8] = "?";
	int rc = peer ? getpeername(fd, (void *)&a, &len)
		      : getsockname(fd, (void *)&a, &len);

	if (rc == 0)
		getnameinfo((void *)&a, len, host, sizeof(host), port,
		    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(out, NET_NAME_MAX,
	    strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
}

int
net_read_token(char token[NET_TOKEN_MAX], char **why, const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd == -1 || fstat(fd, &st) == -1)
		return fail(why, fd, strerror(errno));
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0)
		return fail(why, fd,
		    "others may read it; say chmod 600, and choose a new "
		    "token");
	n = io_read_full(fd, token, NET_TOKEN_MAX);
	if (n == -1)
		return fail(why, fd, strerror(errno));
	close(fd);
	if (n > 0 && token[n - 1] == '\n')
		n--;
	if (n < 16 || n == NET_TOKEN_MAX
	    || memchr(token, '\n', (size_t)n) != NULL
	    || memchr(token, '\0', (size_t)n) != NULL)
		return fail(why, -1, "a token is one line of 16 to 255 bytes");
	token[n] = '\0';
	return 0;
}

bool
net_token_same(const char *token, const char *p, size_t len)
{
	size_t n = strlen(token);
	unsigned char diff = n != len;

	for (size_t i = 0; i < len; i++)
		diff |= (unsigned char)(p[i] ^ token[i < n ? i : n]);
	return diff == 0;
}
