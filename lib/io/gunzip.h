/* SPDX-License-Identifier: ISC */
/* Unpacking of gzip data that arrives in pieces.  RFC 1952. */
#ifndef MILLRACE_IO_GUNZIP_H
#define MILLRACE_IO_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

#define GUNZIP_MAGIC "\x1f\x8b" /* 2 bytes */
#define GUNZIP_INPUT (256u << 10) /* packed bytes held at a time */

struct gunzip;

struct gunzip *gunzip_new(void);
void gunzip_free(struct gunzip *g);

/*
 * gunzip_room: where the next packed bytes go, at most *cap of them; asked
 * for only when gunzip_read gave 0.  gunzip_add: so many have been put there.
 * gunzip_read: up to cap (> 0) unpacked bytes into p, their number in *len.
 * 1 when there are some, 0 when packed bytes are needed first, -1 with
 * gunzip_error.  Members follow each other; zero bytes may follow the last.
 * gunzip_is_whole: whether the packed bytes may end here.
 */
void *gunzip_room(struct gunzip *g, size_t *cap);
void gunzip_add(struct gunzip *g, size_t len);
int gunzip_read(struct gunzip *g, void *p, size_t cap, size_t *len);
bool gunzip_is_whole(const struct gunzip *g);
const char *gunzip_error(const struct gunzip *g);

#endif
