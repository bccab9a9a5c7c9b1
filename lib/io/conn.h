/* SPDX-License-Identifier: ISC */
/* Connections of a listener as sources. */
#ifndef MILLRACE_IO_CONN_H
#define MILLRACE_IO_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "io/net.h"
#include "io/source_int.h"

#define CONN_TOLD 10 /* refusals that a listener tells of */

/* What a listener and its connections know of each other. */
struct conn_door {
	uint32_t n_refs; /* the listener and its connections */
	uint32_t n_open; /* connections */
	uint32_t n_told; /* of those that were sent away */
	bool guarded; /* by the token */
	char token[NET_TOKEN_MAX];
};

/* A reference to a door is dropped; the last one frees it. */
void conn_door_leave(struct conn_door *door);

/* Whether the token file that s needs, if any, can be used.  0 or -1. */
int conn_check_token(struct source *s);

/* A source of the connection fd, which it owns, behind that door. */
struct source *conn_new(struct conn_door *door, const struct source_opts *o,
    const char *name, int fd);

#endif
