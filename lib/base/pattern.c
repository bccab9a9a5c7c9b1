/* SPDX-License-Identifier: ISC */
/* Patterns: regular expressions of PCRE2, and those of like. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/pattern.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define JIT_STACK_MAX (1u << 20)

struct pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	unsigned n_groups;
};

void
pattern_free(struct pattern *p)
{
	if (p == NULL)
		return;
	pcre2_jit_stack_free(p->stack);
	pcre2_match_context_free(p->context);
	pcre2_match_data_free(p->data);
	pcre2_code_free(p->code);
	free(p);
}

static void *
must(void *p)
{
	return p == NULL ? mem_alloc(SIZE_MAX / 2) : p;
}

struct pattern *
pattern_new(const char *re, size_t len, char *why, size_t cap, size_t *at)
{
	struct pattern *p;
	pcre2_code *code;
	PCRE2_SIZE where = 0;
	uint32_t groups = 0;
	int rc;

	/* Text may hold any bytes under --invalid-utf8 bytes. */
	code = pcre2_compile((PCRE2_SPTR)re, len,
	    PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C
		| PCRE2_DOLLAR_ENDONLY,
	    &rc, &where, NULL);
	*at = where;
	if (code == NULL) {
		if (pcre2_get_error_message(rc, (PCRE2_UCHAR *)why, cap) < 0)
			snprintf(why, cap, "error %d", rc);
		return NULL;
	}
	p = mem_zero(1, sizeof(*p));
	p->code = code;
	/* Without JIT the interpreter gives the same answers, more slowly. */
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	p->n_groups = groups;
	p->data = must(pcre2_match_data_create_from_pattern(code, NULL));
	p->context = must(pcre2_match_context_create(NULL));
	p->stack = pcre2_jit_stack_create(32768, JIT_STACK_MAX, NULL);
	pcre2_jit_stack_assign(p->context, NULL, p->stack);
	pcre2_set_match_limit(p->context, PATTERN_MATCH_LIMIT);
	pcre2_set_depth_limit(p->context, PATTERN_DEPTH_LIMIT);
	return p;
}

unsigned
pattern_groups(const struct pattern *p)
{
	return p->n_groups;
}

/* A row of the table of names: the group in two bytes, the name and NUL. */
const char *
pattern_group_name(const struct pattern *p, unsigned group)
{
	uint32_t n = 0, size = 0;
	PCRE2_SPTR table = NULL;

	pcre2_pattern_info(p->code, PCRE2_INFO_NAMECOUNT, &n);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMETABLE, &table);
	for (; n > 0; n--, table += size)
		if (((unsigned)table[0] << 8 | table[1]) == group)
			return (const char *)table + 2;
	return NULL;
}

int
pattern_match(struct pattern *p, struct pattern_span *spans, size_t n,
    const char *s, size_t len, size_t from)
{
	const PCRE2_SIZE *v;
	int rc = pcre2_match(
	    p->code, (PCRE2_SPTR)s, len, from, 0, p->data, p->context);

	if (rc < 0)
		return rc == PCRE2_ERROR_NOMATCH ? 0 : -1;
	v = pcre2_get_ovector_pointer(p->data);
	for (size_t i = 0; i < n; i++) {
		bool took_part = i < (size_t)rc && v[2 * i] != PCRE2_UNSET;

		spans[i].from = took_part ? v[2 * i] : 1;
		spans[i].to = took_part ? v[2 * i + 1] : 0;
	}
	return 1;
}

struct slice {
	const char *p;
	size_t len;
};

/* Whether the pattern's next step, not %, takes the front of s; *used bytes
 * of s and *step bytes of the pattern. */
static bool
like_step(
    size_t *step, size_t *used, struct slice like, char escape, struct slice s)
{
	*step = 1;
	*used = 1;
	if (s.len == 0)
		return false;
	if (*like.p == escape && like.len > 1) {
		*step = 2;
		return like.p[1] == *s.p;
	}
	if (*like.p != '_')
		return *like.p == *s.p;
	while (*used < s.len && (s.p[*used] & 0xc0) == 0x80)
		++*used;
	return true;
}

/* After a failure only the last % need take more: the ones before it have
 * their shortest match. */
bool
pattern_like(
    const char *like, size_t like_len, char escape, const char *s, size_t len)
{
	const char any = escape == '%' ? '\0' : '%';
	size_t i = 0, k = 0, step, used, back_i = 0, back_k = SIZE_MAX;

	while (i < len) {
		if (any != '\0' && k < like_len && like[k] == any) {
			back_k = ++k;
			back_i = i;
		} else if (k < like_len
			   && like_step(&step, &used,
			       (struct slice){like + k, like_len - k}, escape,
			       (struct slice){s + i, len - i})) {
			k += step;
			i += used;
		} else if (back_k != SIZE_MAX) {
			k = back_k;
			i = ++back_i;
		} else {
			return false;
		}
	}
	while (any != '\0' && k < like_len && like[k] == any)
		k++;
	return k == like_len;
}
