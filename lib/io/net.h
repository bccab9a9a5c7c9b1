/* SPDX-License-Identifier: ISC */
/* Addresses, listeners and tokens.  sbatch(1), NETWORK. */
#ifndef MILLRACE_IO_NET_H
#define MILLRACE_IO_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define NET_NAME_MAX 64 /* "[address]:port" with its NUL */
#define NET_TOKEN_MAX 256 /* bytes */

struct net_addr {
	struct sockaddr_storage addr;
	socklen_t len;
	bool loopback; /* no other machine can reach it */
};

/*
 * Functions that fail give -1 with the reason in *why, to be freed.
 * net_check: whether where has the form "ADDRESS:PORT".
 * net_find: where that is.  To listen, the address may be missing,
 * which means loopback, or "*", which means all.
 * net_listen, net_bind: a socket for streams or datagrams there, which does
 * not block.  net_listen_unix: the same for a path, for its owner alone; what
 * nobody listens to any more is replaced.
 * net_connect: a stream to there, within a time.
 * net_name: the address of a socket's peer, or its own.
 */
int net_check(char **why, const char *where);
int net_find(struct net_addr *a, char **why, const char *where, bool listen);
int net_listen(const struct net_addr *a, char **why);
int net_bind(const struct net_addr *a, char **why);
int net_listen_unix(const char *path, char **why);
int net_connect(const char *where, char **why);
void net_name(char out[NET_NAME_MAX], int fd, bool peer);

/*
 * net_read_token: the line in a file that only its owner may read, NUL-ended
 * in token.  0 or -1.
 * net_token_same: in a time that does not tell how much of it is right.
 */
int net_read_token(char token[NET_TOKEN_MAX], char **why, const char *path);
bool net_token_same(const char *token, const char *p, size_t len);

#endif
