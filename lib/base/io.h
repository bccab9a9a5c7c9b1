/* SPDX-License-Identifier: ISC */
/* Reading and writing in full, and publishing files by rename. */
#ifndef MILLRACE_BASE_IO_H
#define MILLRACE_BASE_IO_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * The only callers of read(2) and write(2) in the tree.  EINTR is retried;
 * EAGAIN on a descriptor that somebody made non-blocking is waited for.
 * io_read: one read, like read(2).  io_read_full: until len or the end of
 * the file; returns the bytes read.  io_pread: one pread, io_pread_full: as
 * io_read_full; any read, of a file too, may give less than is there.
 * io_write, io_writev: all bytes, 0 or -1; io_writev changes iov.
 * On -1 errno says why.
 */
ssize_t io_read(int fd, void *p, size_t len);
ssize_t io_read_full(int fd, void *p, size_t len);
ssize_t io_pread(int fd, void *p, size_t len, off_t off);
ssize_t io_pread_full(int fd, void *p, size_t len, off_t off);
int io_write(int fd, const void *p, size_t len);
int io_writev(int fd, struct iovec *iov, int n_iov);

/*
 * io_take: one read that does not wait, on a non-blocking descriptor: the
 * bytes, 0 at the end, or -1 with errno, which is EAGAIN when none are there.
 */
ssize_t io_take(int fd, void *p, size_t len);

/*
 * One write that does not wait, on a non-blocking descriptor: the bytes taken,
 * 0 when there is no room now, or -1 with errno.  A reader that has gone is
 * EPIPE and no signal.
 * io_lend: the same on a pipe whose reader sees the bytes where they are: they
 * must not change before it has read them.
 */
ssize_t io_offer(int fd, const void *p, size_t len);
ssize_t io_lend(int fd, const void *p, size_t len);

/*
 * Wait until fd can be read or has ended.  While waiting, watch out_fd (or
 * -1) for a reader that has gone.  timeout_ms -1 waits for ever.
 * Returns 1 readable, 0 timeout or a signal arrived, -1 error, 2 when the
 * reader of out_fd has gone.
 */
int io_wait(int fd, int out_fd, int timeout_ms);

/*
 * The reader of our output has gone: end as a write to it would, by SIGPIPE,
 * or, where that is ignored, return with errno EPIPE.
 */
void io_end_without_reader(void);

/*
 * io_drop: close; errno stays.
 * io_close: close what was written, which went as rc says, 0 or -1 with errno.
 * 0, or -1 with the errno of what failed first.
 */
void io_drop(int fd);
int io_close(int fd, int rc);

/*
 * Close a directory of which (errno = 0, e = readdir(dir)) gave NULL: 0 when
 * that was its end, -1 with errno when it cannot be read.
 */
int io_end_list(DIR *dir);

/* Whether fd is a pipe or a socket, with a process at its other end. */
bool io_flows(int fd);

/*
 * Open the null device on those of 0, 1, 2 that are closed, the wrong way
 * round: no file gets their numbers, and their use still fails with EBADF.
 * 0 or -1.
 */
int io_fill_std(void);

/*
 * A file without a name, to write and read, in $TMPDIR or else /tmp; *dir is
 * which.  A descriptor, or -1 with errno.
 */
int io_scratch(const char **dir);

/*
 * Publish a file: io_temp creates (exclusively, mode 0666 less the umask) a
 * dot-named file beside path and gives its name, to be freed.  No signal is
 * handled between the creation and the assignment to *temp, so that a handler
 * which removes *temp misses no file.
 * io_temp_at: the same when path's directory is open as dir_fd.
 * io_publish: fsync, close, rename temp over path, fsync the directory.
 * io_sync_directory: that last, of the directory where path is.
 * All: a descriptor or 0, or -1 with errno; io_publish closes fd always.
 */
int io_temp(char **temp, const char *path);
int io_temp_at(char **temp, int dir_fd, const char *path);
int io_publish(int fd, const char *temp, const char *path);
int io_sync_directory(const char *path);

#endif
