/* SPDX-License-Identifier: ISC */
/* Files of a rotated log that are not to be read again. */
#ifndef MILLRACE_IO_KNOWN_H
#define MILLRACE_IO_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "io/held.h"
#include "io/sibling.h"

struct known_file {
	struct file_id id;
	struct head_id head;
	bool unread; /* it cannot be read; head means nothing */
};

/* All zero bytes is an empty list. */
struct known {
	struct known_file *v;
	size_t n;
	size_t cap;
};

void known_release(struct known *k);

/*
 * known_add: h, as it is now; in place of what was known of the same file.
 * known_add_unread: one that cannot be opened.
 * known_has: whether sibling s, in dir_fd, is one.  Where the filesystem does
 * not tell when a file was born, a later file may have got its number: its
 * first bytes tell.
 * known_has_packed: whether one was packed into what has that head.
 * known_keep: forget all but those in l.
 * known_put: one that was known before.  known_forget: one that is no more.
 */
void known_add(struct known *k, const struct held *h);
void known_add_unread(struct known *k, const struct file_id *id);
bool known_has(const struct known *k, int dir_fd, const struct sibling *s);
bool known_has_packed(const struct known *k, const struct head_id *packed);
void known_keep(struct known *k, const struct siblings *l);
void known_put(struct known *k, const struct known_file *file);
void known_forget(struct known *k, const struct file_id *id);

#endif
