/* SPDX-License-Identifier: ISC */
/* Memory: allocate or exit, and arenas that die as a whole. */
#ifndef MILLRACE_BASE_MEM_H
#define MILLRACE_BASE_MEM_H

#include <stddef.h>

/*
 * Allocation.  Each call returns memory that the caller frees with free(3),
 * or prints "out of memory" and exits 71: none returns NULL.  Sizes from
 * outside are bounded by the caller before they get here.
 * mem_alloc: size bytes, not cleared.  mem_zero: n * size bytes, cleared.
 * mem_resize: p (or NULL) grown or shrunk to n * size bytes.
 * mem_dup: a copy of len bytes.  mem_strndup: the same plus a final NUL.
 * mem_printf: a formatted string.
 */
void *mem_alloc(size_t size);
void *mem_zero(size_t n, size_t size);
void *mem_resize(void *p, size_t n, size_t size);
void *mem_dup(const void *p, size_t len);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t len);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * What to do before the exit that follows a failed allocation, in place of
 * the message; it must not allocate.
 */
void mem_last_words(void (*fn)(void));

/*
 * From now on blocks of some 100 KiB and more go back to the system when they
 * are freed or grown, and leave no holes.
 */
void mem_give_back(void);

/*
 * Make room for need elements of the given size in the array p that has
 * *cap of them; at least doubles.  Returns the array, which may have moved,
 * and updates *cap.  p may be NULL with *cap 0.
 */
void *mem_grow(void *p, size_t *cap, size_t need, size_t size);

/* An arena.  All zero bytes is a valid empty arena. */
struct arena {
	struct arena_block *blocks; /* newest first */
	size_t left; /* bytes free in the newest block */
	size_t total; /* bytes in all blocks */
};

/*
 * arena_alloc: size bytes, aligned to 64, not cleared, valid until the next
 * arena_reset or arena_release.
 * arena_reset: forget all, keep the memory for reuse (one block big enough
 * for what was used).
 * arena_release: give the memory back; the arena is empty and usable.
 */
void *arena_alloc(struct arena *a, size_t size);
void *arena_dup(struct arena *a, const void *p, size_t len);
void arena_reset(struct arena *a);
void arena_release(struct arena *a);

#endif
