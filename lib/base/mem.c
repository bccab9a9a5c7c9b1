/* SPDX-License-Identifier: ISC */
/* Allocate or exit; arenas. */
#include "base/mem.h"

#include <err.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_MEMORY 71 /* EX_OSERR in sysexits(3) */
#define ARENA_ALIGN 64
#define ARENA_BLOCK (64u << 10)

/* The bytes that follow are the block's memory, taken from its end. */
struct arena_block {
	struct arena_block *next;
	size_t size;
	char pad[ARENA_ALIGN - sizeof(void *) - sizeof(size_t)];
};

/* Set once by the program, not by the library. */
static void (*last_words)(void);

void
mem_last_words(void (*fn)(void))
{
	last_words = fn;
}

_Noreturn static void
give_up(void)
{
	if (last_words == NULL)
		errx(EXIT_MEMORY, "out of memory");
	last_words();
	exit(EXIT_MEMORY);
}

static void *
checked(void *p)
{
	if (p == NULL)
		give_up();
	return p;
}

void *
mem_alloc(size_t size)
{
	return checked(malloc(size > 0 ? size : 1));
}

void *
mem_zero(size_t n, size_t size)
{
	return checked(calloc(n > 0 ? n : 1, size > 0 ? size : 1));
}

void *
mem_resize(void *p, size_t n, size_t size)
{
	return checked(reallocarray(p, n > 0 ? n : 1, size > 0 ? size : 1));
}

void *
mem_dup(const void *p, size_t len)
{
	void *q = mem_alloc(len);

	if (len > 0)
		memcpy(q, p, len);
	return q;
}

char *
mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *
mem_strndup(const char *s, size_t len)
{
	char *q = mem_alloc(len + 1);

	if (len > 0)
		memcpy(q, s, len);
	q[len] = '\0';
	return q;
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return checked(n == -1 ? NULL : s);
}

void
mem_give_back(void)
{
	/* Setting it keeps it from rising to the largest block freed. */
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
}

void *
mem_grow(void *p, size_t *cap, size_t need, size_t size)
{
	size_t n = *cap;

	if (need <= n)
		return p;
	n = n > SIZE_MAX / 2 ? need : n * 2;
	if (n < need)
		n = need;
	if (n < 8)
		n = 8;
	p = mem_resize(p, n, size);
	*cap = n;
	return p;
}

static void
arena_add(struct arena *a, size_t need)
{
	struct arena_block *b;
	size_t size = a->total > ARENA_BLOCK ? a->total : ARENA_BLOCK;

	if (size < need)
		size = need;
	b = checked(aligned_alloc(ARENA_ALIGN, sizeof(*b) + size));
	b->next = a->blocks;
	b->size = size;
	a->blocks = b;
	a->left = size;
	a->total += size;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	char *base;

	if (size > SIZE_MAX / 4)
		give_up();
	size = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	if (size == 0)
		size = ARENA_ALIGN;
	if (a->left < size)
		arena_add(a, size);
	base = (char *)a->blocks + sizeof(*a->blocks);
	a->left -= size;
	return base + a->left;
}

void *
arena_dup(struct arena *a, const void *p, size_t len)
{
	void *q = arena_alloc(a, len);

	if (len > 0)
		memcpy(q, p, len);
	return q;
}

void
arena_reset(struct arena *a)
{
	size_t total = a->total;

	if (a->blocks == NULL)
		return;
	if (a->blocks->next != NULL) {
		arena_release(a);
		arena_add(a, total);
	}
	a->left = a->blocks->size;
}

void
arena_release(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->blocks; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	a->blocks = NULL;
	a->left = 0;
	a->total = 0;
}
