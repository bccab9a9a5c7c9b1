/* SPDX-License-Identifier: ISC */
/* Writing a stream to one descriptor, HEAD to END.  millrace-frame(5). */
#ifndef MILLRACE_WIRE_WRITER_H
#define MILLRACE_WIRE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "data/batch.h"
#include "wire/frame.h"
#include "wire/head.h"
#include "wire/note.h"

struct stream_writer;

enum stream_option {
	STREAM_PCRC = 1, /* checksum payloads; files and sockets always do */
	STREAM_DEFLATE = 2 /* compress payloads that get smaller by it */
};

#define STREAM_PIPE_SIZE (512u << 10) /* a frame and the next one */

/*
 * Headers given to a writer need flags LAST and MORE, part, batch, watermark,
 * times and counts; the writer sets kind, seq, sub, rows, lengths and
 * checksums: a frame has the next seq, or after a MORE the same seq and the
 * next sub. stream_write_seq makes the next frame carry that seq, sub 0
 * (frame-wise stages answer with the seq they read).  In BARRIER and END the
 * frames and rows of this pipe are set.
 * All return 0, or -1 with errno from the write, or EMSGSIZE when the rows do
 * not fit into a frame (nothing was written then, and fewer may fit).  After
 * another -1 every later call returns -1.  A pipe whose reader has gone ends
 * the process by SIGPIPE.
 * stream_write_payload: h->rows rows as the payload that rows_read takes.
 * stream_writer_checksum: from now on as with STREAM_PCRC.
 * stream_writer_pipe: ask the kernel for a pipe of that many bytes (the
 * default is STREAM_PIPE_SIZE); what it refuses stays as it is.
 */
struct stream_writer *stream_writer_new(int fd, unsigned options);
void stream_writer_free(struct stream_writer *w);
void stream_writer_pipe(struct stream_writer *w, uint64_t size);
void stream_writer_checksum(struct stream_writer *w);
int stream_write_head(struct stream_writer *w, const struct head *h);
void stream_write_seq(struct stream_writer *w, uint64_t seq);
int stream_write_rows(struct stream_writer *w, const struct frame_header *h,
    const struct batch *b);
int stream_write_payload(struct stream_writer *w, const struct frame_header *h,
    const void *p, size_t len);
int stream_write_mark(struct stream_writer *w, const struct frame_header *h,
    const struct mark *m);
int stream_write_barrier(
    struct stream_writer *w, const struct frame_header *h, struct barrier *m);
int stream_write_end(
    struct stream_writer *w, const struct frame_header *h, struct end *e);
int stream_write_fail(struct stream_writer *w, const struct fail *f);
uint64_t stream_writer_n_rows(const struct stream_writer *w);
uint64_t stream_writer_n_frames(const struct stream_writer *w);

/*
 * How far a writer is, behind a frame without MORE.  stream_writer_continue:
 * another writer goes on there in place of writing HEAD.
 */
struct stream_place {
	uint64_t seq;
	uint64_t n_rows;
	uint64_t n_frames;
};
void stream_writer_place(
    const struct stream_writer *w, struct stream_place *place);
void stream_writer_continue(
    struct stream_writer *w, const struct stream_place *place);

#endif
