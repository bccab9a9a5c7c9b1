/* SPDX-License-Identifier: ISC */
/*
 * Locks of the processes of a pipeline.  millrace-checkpoint(5), FILES.
 * They belong to the open file, so that they end with the process that took
 * them; their descriptors are closed at exec.
 */
#ifndef MILLRACE_CKPT_LOCK_H
#define MILLRACE_CKPT_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * lock_take: the file name in dir_fd, created where need be, locked for as
 * long as the descriptor is open; its text is our number, for people.
 * timeout_ms is how long to wait for another holder, 0 not at all.  Returns
 * the descriptor, or -1 with errno; EAGAIN when somebody holds it, *holder is
 * then the number that stands there, 0 if none.
 * lock_held: whether somebody holds it, without taking it; false when there
 * is no such file.
 * lock_note: replace the text of a lock that we hold.  0 or -1.
 * lock_text: the text, cut to cap - 1 bytes, "" without a file.  0, or -1 with
 * errno when it cannot be read, the text is then "".
 * lock_holder: the number in it, 0 if none.
 * lock_sign: the text is our number, and below it that of the start that we
 * belong to; 0 or -1.  lock_signed: that of who took it last, 0 if none.  0,
 * or -1 with errno: who cannot be asked may have signed.  lock_is_of: whether
 * who took it belongs to that start, 0, 1, or -1 with errno; who has taken it
 * just now has timeout_ms to sign.
 */
int lock_take(int dir_fd, const char *name, int timeout_ms, pid_t *holder);
bool lock_held(int dir_fd, const char *name);
int lock_note(int fd, const char *text);
int lock_text(char *out, size_t cap, int dir_fd, const char *name);
pid_t lock_holder(int dir_fd, const char *name);
int lock_sign(int fd, uint64_t generation);
int lock_signed(uint64_t *generation, int dir_fd, const char *name);
int lock_is_of(
    uint64_t generation, int dir_fd, const char *name, int timeout_ms);

#endif
