/* SPDX-License-Identifier: ISC */
/* A destination with placeholders: the path of each row.  ssink(1). */
#include "io/outpath.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "io/outpath_int.h"

#define HASH_SEED 1 /* fixed: the name must be the same in every run */
#define HASH_LEN 18 /* "%-" and 16 digits */
#define TIME_VALUE_MAX 256 /* bytes of one strftime conversion */

struct outpath *
outpath_new(const char *text, char **why)
{
	struct outpath *p = mem_zero(1, sizeof(*p));

	if (outpath_parse(p, text, why) == 0)
		return p;
	outpath_free(p);
	return NULL;
}

void
outpath_free(struct outpath *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n; i++)
		free(p->pieces[i].text);
	free(p->pieces);
	free(p);
}

const char *
outpath_plain(const struct outpath *p)
{
	bool plain = p->n == 1 && p->pieces[0].kind == OUTPATH_TEXT;

	return plain ? p->pieces[0].text : NULL;
}

size_t
outpath_n_trusted(const struct outpath *p)
{
	return p->n_trusted;
}

size_t
outpath_ext_len(const struct outpath *p)
{
	return p->ext_len;
}

static bool
has_kind(const struct outpath *p, enum outpath_kind kind)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->pieces[i].kind == kind)
			return true;
	return false;
}

bool
outpath_by_batch(const struct outpath *p)
{
	return has_kind(p, OUTPATH_BATCH);
}

bool
outpath_by_epoch(const struct outpath *p)
{
	return has_kind(p, OUTPATH_EPOCH);
}

void
outpath_epoch(struct outpath *p, uint64_t epoch)
{
	p->epoch = epoch;
}

static char *
no_column(const struct outpath_piece *piece, const struct schema *s)
{
	struct buf b;
	char *why;

	buf_init(&b, 0);
	schema_list(&b, s);
	why = mem_printf("{%s}: no such column; there are %.*s, and date, "
			 "hour, batch, epoch, part",
	    piece->text, (int)b.len, (const char *)b.data);
	buf_release(&b);
	return why;
}

/* A column has its name before anything that is built in. */
static int
bind_piece(struct outpath *p, struct outpath_piece *piece, char **why)
{
	const struct schema *s = p->schema;
	const char *name = piece->text;
	int col = schema_find(s, name, strlen(name));

	if (piece->kind == OUTPATH_TEXT || piece->kind == OUTPATH_TIME)
		return 0;
	if (col != -1 && !s->fields[col].system) {
		piece->kind = OUTPATH_COLUMN;
		piece->col = col;
		if (s->fields[col].type != TYPE_BIN)
			return 0;
		*why = mem_printf("{%s}: it holds states, not values", name);
		return EX_DATAERR;
	}
	if (piece->kind == OUTPATH_PART)
		piece->col = schema_find(s, "part", 4);
	if (piece->kind != OUTPATH_COLUMN)
		return 0;
	if (strcmp(name, "date") == 0 || strcmp(name, "hour") == 0) {
		bool hour = *name == 'h';

		free(piece->text);
		piece->text = mem_strdup(hour ? "%H" : "%F");
		piece->kind = OUTPATH_TIME;
		return 0;
	}
	*why = no_column(piece, s);
	return EX_USAGE;
}

/* All times in the path have one key between them. */
static void
number_key(struct outpath *p, struct outpath_piece *piece)
{
	if (piece->kind == OUTPATH_TIME) {
		int64_t unit = outpath_parse_unit(piece->text[1]);

		if (p->unit == 0)
			p->time_key = p->n_keys++;
		if (p->unit == 0 || unit < p->unit)
			p->unit = unit;
		piece->key = p->time_key;
	} else if (piece->kind != OUTPATH_TEXT
		   && piece->kind != OUTPATH_EPOCH) {
		piece->key = p->n_keys++;
	}
}

int
outpath_bind(struct outpath *p, char **why, const struct schema *s,
    const struct zone *zone)
{
	p->schema = s;
	p->zone = zone;
	for (size_t i = 0; i < p->n; i++) {
		int status = bind_piece(p, &p->pieces[i], why);

		if (status != 0)
			return status;
		number_key(p, &p->pieces[i]);
	}
	if (p->unit == 0 || s->time_col != -1)
		return 0;
	*why = mem_strdup("the date of a row is its event time, and the stream "
			  "has none; write sbatch -t COLUMN");
	return EX_DATAERR;
}

size_t
outpath_n_keys(const struct outpath *p)
{
	return p->n_keys;
}

void
outpath_types(const struct outpath *p, enum type *types)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct outpath_piece *piece = &p->pieces[i];

		if (piece->kind == OUTPATH_COLUMN)
			types[piece->key] = p->schema->fields[piece->col].type;
		else if (piece->kind != OUTPATH_TEXT
			 && piece->kind != OUTPATH_EPOCH)
			types[piece->key] = TYPE_INT;
	}
}

/* A number that is the same for all n rows. */
static void
const_key(struct col *out, int64_t v, uint32_t n, struct arena *a)
{
	*out = (struct col){.type = TYPE_INT,
	    .enc = COL_CONST,
	    .n = n,
	    .n_entries = 1,
	    .i = arena_dup(a, &v, sizeof(v))};
}

/* Local time, floored to the unit; what leaves int64 stays as it is. */
static int64_t
local_unit(struct outpath *p, int64_t us)
{
	int64_t local;

	if (p->zone != NULL
	    && (us < p->date_span.from_us || us >= p->date_span.to_us))
		zone_find(&p->date_span, p->zone, us);
	if (!num_add(&local, us, p->date_span.offset_us))
		local = us;
	us = local;
	if (!num_sub(&local, local, num_floor_mod(local, p->unit)))
		return us;
	return local;
}

static void
time_key(
    struct outpath *p, struct col *out, const struct col *in, struct arena *a)
{
	int64_t *v = arena_alloc(a, in->n_entries * sizeof(*v) + 1);

	for (uint32_t e = 0; e < in->n_entries; e++) {
		int64_t us;

		if (!num_add(&us, in->i[e], p->schema->time_off))
			us = in->i[e];
		v[e] = local_unit(p, us);
	}
	*out = *in;
	out->type = TYPE_INT;
	out->i = v;
}

void
outpath_keys(struct outpath *p, struct col *cols, const struct frame *f,
    const struct batch *b, struct arena *a)
{
	uint32_t n = b->n_rows;

	if (p->unit != 0)
		time_key(
		    p, &cols[p->time_key], &b->cols[p->schema->time_col], a);
	for (size_t i = 0; i < p->n; i++) {
		const struct outpath_piece *piece = &p->pieces[i];

		switch (piece->kind) {
		case OUTPATH_COLUMN:
			cols[piece->key] = b->cols[piece->col];
			break;
		case OUTPATH_BATCH:
			const_key(&cols[piece->key], (int64_t)f->h.batch, n, a);
			break;
		case OUTPATH_PART:
			if (f->h.part == 0 && piece->col != -1)
				cols[piece->key] = b->cols[piece->col];
			else
				const_key(&cols[piece->key], f->h.part, n, a);
			break;
		case OUTPATH_TEXT:
		case OUTPATH_TIME:
		case OUTPATH_EPOCH:
		default:
			break;
		}
	}
}

static bool
is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	       || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

void
outpath_value(struct buf *out, const char *p, size_t len)
{
	size_t from = out->len, cut = from, n, i;

	for (i = 0; i < len && out->len - from <= OUTPATH_MAX_VALUE; i++) {
		unsigned char c = (unsigned char)p[i];

		if (is_plain(c) && (i > 0 || c != '.'))
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
		n = out->len - from;
		if (n <= OUTPATH_MAX_VALUE - HASH_LEN)
			cut = out->len;
	}
	if (len == 0)
		buf_puts(out, "%empty");
	if (out->len - from <= OUTPATH_MAX_VALUE)
		return;
	out->len = cut;
	buf_printf(out, "%%-%016llx",
	    (unsigned long long)hash_bytes(p, len, HASH_SEED));
}

static void
put_cell(struct outpath *p, struct buf *out, const struct col *c, uint32_t row)
{
	char text[TIME_TEXT_MAX > NUM_TEXT_MAX ? TIME_TEXT_MAX : NUM_TEXT_MAX];
	uint32_t e = col_entry(c, row);
	const char *s = text;
	size_t len = 0;

	switch (c->type) {
	case TYPE_BOOL:
		s = bit_get(c->bits, e) ? "true" : "false";
		len = strlen(s);
		break;
	case TYPE_INT:
		len = num_format_int(text, c->i[e]);
		break;
	case TYPE_FLOAT:
		len = num_format_float(text, c->f[e]);
		break;
	case TYPE_DUR:
		len = num_format_dur(text, c->i[e]);
		break;
	case TYPE_TIME:
		len = p->zone == NULL
			  ? time_format_rfc3339(text, c->i[e])
			  : zone_format(text, &p->text_span, p->zone, c->i[e]);
		break;
	case TYPE_STR:
	case TYPE_BIN:
	default:
		s = col_str(c, row, &len);
		break;
	}
	outpath_value(out, s, len);
}

static void
put_time(struct buf *out, const char *format, int64_t local_us)
{
	char text[TIME_VALUE_MAX];
	size_t len = time_format(text, sizeof(text), local_us, format);

	outpath_value(out, text, len < sizeof(text) ? len : sizeof(text));
}

void
outpath_text(
    struct outpath *p, struct buf *out, const struct col *keys, uint32_t row)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct outpath_piece *piece = &p->pieces[i];
		const struct col *c = &keys[piece->key];

		if (piece->kind == OUTPATH_TEXT)
			buf_puts(out, piece->text);
		else if (piece->kind == OUTPATH_EPOCH)
			buf_printf(out, "%llu", (unsigned long long)p->epoch);
		else if (!col_is_valid(c, row))
			buf_puts(out, "%null");
		else if (piece->kind == OUTPATH_TIME)
			put_time(out, piece->text, c->i[col_entry(c, row)]);
		else
			put_cell(p, out, c, row);
	}
}
