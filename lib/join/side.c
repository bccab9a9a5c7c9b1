/* SPDX-License-Identifier: ISC */
/* Keeping the rows of one side. */
#include "join/side.h"

#include <stdlib.h>

#include "base/mem.h"
#include "wire/pack.h"

/* So few rows are not looked through. */
#define SLACK_ROWS (32u << 10)

void
side_init(struct side *s, const struct schema *schema)
{
	*s = (struct side){.at = NULL};
	build_init(&s->rows, schema);
}

void
side_release(struct side *s)
{
	build_release(&s->rows);
	free(s->at);
	free(s->group);
	free(s->next);
}

void
side_reset(struct side *s)
{
	build_reset(&s->rows);
	s->n_kept = 0;
}

static void
grow(struct side *s, uint32_t need)
{
	size_t cap = s->cap;

	if (need <= cap)
		return;
	s->at = mem_grow(s->at, &cap, need, sizeof(*s->at));
	s->group = mem_resize(s->group, cap, sizeof(*s->group));
	s->next = mem_resize(s->next, cap, sizeof(*s->next));
	s->cap = (uint32_t)cap;
}

/* Whether the text of all columns stays in range with that of b. */
static bool
text_fits(const struct side *s, const struct batch *b, uint32_t n)
{
	for (size_t c = 0; c < b->n_cols; c++) {
		const struct col *in = &b->cols[c];
		uint64_t add;

		if (!type_is_bytes(in->type))
			continue;
		add = in->off[in->n_entries] - in->off[0];
		/* Every row of another encoding may be the longest entry. */
		if (in->enc != COL_PLAIN)
			add *= n;
		if (s->rows.cols[c].bytes_len + add > SIDE_MAX_TEXT)
			return false;
	}
	return true;
}

int
side_add(struct side *s, const char **why, const struct batch *b,
    const uint32_t *sel, uint32_t n, const int64_t *at, const uint32_t *group)
{
	uint32_t from = s->rows.n_rows;

	if (n > SIDE_MAX_ROWS - from || !text_fits(s, b, n)) {
		*why = "more rows are to be kept than there is room for";
		return -1;
	}
	grow(s, from + n);
	for (size_t c = 0; c < b->n_cols; c++)
		colbuf_push_rows(&s->rows.cols[c], &b->cols[c], sel, n);
	s->rows.n_rows += n;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = sel == NULL ? i : sel[i];

		s->at[from + i] = at == NULL ? 0 : at[row];
		s->group[from + i] = group[row];
		s->next[from + i] = SIDE_NONE;
	}
	return 0;
}

bool
side_is_due(const struct side *s)
{
	return s->rows.n_rows / 2 > s->n_kept + SLACK_ROWS;
}

void
side_keep(struct side *s, uint32_t *map, const uint8_t *live)
{
	uint32_t n = s->rows.n_rows, k = 0;
	uint32_t *keep = mem_resize(NULL, n, sizeof(*keep));

	for (uint32_t i = 0; i < n; i++)
		if (bit_get(live, i)) {
			map[i] = k;
			keep[k++] = i;
		}
	build_keep(&s->rows, 0, keep, k);
	/* No row's new number is above its old one. */
	for (uint32_t i = 0; i < k; i++) {
		uint32_t next = s->next[keep[i]];

		s->at[i] = s->at[keep[i]];
		s->group[i] = s->group[keep[i]];
		s->next[i] = next == SIDE_NONE ? SIDE_NONE : map[next];
	}
	s->n_kept = k;
	free(keep);
}

void
side_save(const struct side *s, struct buf *out)
{
	pack_build(out, &s->rows);
	for (uint32_t i = 0; i < s->rows.n_rows; i++) {
		buf_put_int(out, (uint64_t)s->at[i], 8);
		buf_put_int(out, s->group[i], 4);
		buf_put_int(out, s->next[i], 4);
	}
}

int
side_load(struct side *s, struct cur *in)
{
	uint32_t n;

	if (unpack_build(&s->rows, in) == -1)
		return -1;
	n = s->rows.n_rows;
	if (n > SIDE_MAX_ROWS || in->left / 16 < n) {
		build_reset(&s->rows);
		return -1;
	}
	grow(s, n);
	for (uint32_t i = 0; i < n; i++) {
		s->at[i] = (int64_t)cur_get_int(in, 8);
		s->group[i] = (uint32_t)cur_get_int(in, 4);
		s->next[i] = (uint32_t)cur_get_int(in, 4);
	}
	return 0;
}
