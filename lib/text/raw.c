/* SPDX-License-Identifier: ISC */
/*
 * Blocks of whole lines, or of whole records of csv, to be parsed later.
 * millrace-formats(7), Raw blocks.
 */
#include <string.h>

#include "base/mem.h"
#include "text/cellfast.h"
#include "text/text_int.h"

#define RAW_LEN                                                                \
	(128u << 10) /* a block ends before so many bytes, if it can           \
		      */

enum raw_field { DATA, FILE_NAME, OFFSET, LINE };

static const struct cols_field fields[] = {{"data", CELL_STR},
    {"file", CELL_STR}, {"offset", CELL_INT}, {"line", CELL_INT}};

/* The end of the last line of p[0..len), 0 for none. */
static size_t
last_line(const char *p, size_t len)
{
	const char *nl = memrchr(p, '\n', len);

	return nl == NULL ? 0 : (size_t)(nl - p) + 1;
}

/* The end of the last record of csv, byte by byte. */
static size_t
last_record_slowly(const struct text *t, const char *p, size_t len)
{
	struct scan s = {.at = 0};
	size_t end = 0;

	while (scan_next(&s, p, len, t->delim, '"')) {
		if (p[s.at] == '\n')
			end = s.at + 1;
		scan_field(&s);
	}
	return end;
}

static size_t
last_record(struct text *t, const char *p, size_t len)
{
	struct sepidx_found f;

	t->own = mem_grow(t->own, &t->cap_own, len + CELL_PAD, 1);
	memcpy(t->own, p, len);
	memset(t->own + len, 0, CELL_PAD);
	sepidx_scan(t->idx, &f, t->own, len);
	if (f.odd)
		return last_record_slowly(t, p, len);
	while (f.n > 0 && p[f.pos[f.n - 1]] != '\n')
		f.n--;
	return f.n == 0 ? 0 : (size_t)f.pos[f.n - 1] + 1;
}

/* The end of the first line or record, which is longer than a block. */
static size_t
first_end(struct text *t, const char *p, size_t len)
{
	const char *nl;

	if (t->idx == NULL) {
		nl = memchr(p, '\n', len);
		return nl == NULL ? 0 : (size_t)(nl - p) + 1;
	}
	while (scan_next(&t->scan, p, len, t->delim, '"')) {
		bool end = p[t->scan.at] == '\n';

		scan_field(&t->scan);
		if (end)
			return t->scan.at;
	}
	return 0;
}

/* Where the block at the front of p[0..len) ends, 0 = not known yet. */
static size_t
block_end(struct text *t, const char *p, size_t len, bool eager, bool eof)
{
	size_t n = len < RAW_LEN ? len : RAW_LEN, end;

	if (len <= RAW_LEN && eof)
		return len;
	if (len < RAW_LEN && !eager)
		return 0;
	end = t->idx == NULL ? last_line(p, n) : last_record(t, p, n);
	if (end == 0 && len > n)
		end = first_end(t, p, len);
	return end == 0 && eof ? len : end;
}

static void
push_cell(struct text *t, struct colbuf *c, enum raw_field field, const char *p,
    size_t len)
{
	switch (field) {
	case DATA:
		colbuf_push_str(c, p, len);
		break;
	case FILE_NAME:
		colbuf_push_str(c, t->from.name, strlen(t->from.name));
		break;
	case OFFSET:
		colbuf_push_int(c, (int64_t)t->memo.off);
		break;
	case LINE:
		colbuf_push_int(c, (int64_t)t->line);
		break;
	}
}

static int
parse(struct text *t, struct build *out, struct text_goal *goal, const char *p,
    size_t len, bool eof)
{
	size_t end = block_end(t, p, len, goal->eager, eof);

	if (end == 0 && len <= TEXT_MAX_RECORD)
		return 0;
	t->scan = (struct scan){.at = 0};
	if (end == 0 || end > TEXT_MAX_RECORD)
		return text_fail(
		    t, mem_printf("line %llu: record longer than %u bytes",
			   (unsigned long long)t->line, TEXT_MAX_RECORD));
	for (size_t i = 0; i < t->cols.n; i++)
		push_cell(t, &out->cols[i],
		    (enum raw_field)t->cols.cols[i].field, p, end);
	out->n_rows++;
	t->memo.off += end;
	t->line += sepidx_count(p, end, '\n');
	goal->used += end;
	return 1;
}

static int
init(struct text *t, char **why, const char *arg)
{
	if (arg == NULL) {
		sepidx_free(t->idx);
		t->idx = NULL;
		return 0;
	}
	if (strcmp(arg, "csv") == 0)
		return 0;
	*why = mem_printf("-f raw:%s: there are raw and raw:csv", arg);
	return -1;
}

const struct text_fmt raw_fmt = {.name = "raw",
    .arg = "csv",
    .arg_optional = true,
    .takes = TAKES_DELIM,
    .delim = ',',
    .mark = '"',
    .quoting = true,
    .source = {.fields = fields, .n = 4, .n_star = 4, .fixed = true},
    .init = init,
    .parse = parse};
