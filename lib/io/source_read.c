/* SPDX-License-Identifier: ISC */
/* The bytes of a source, unpacked if need be.  sbatch(1), SOURCES. */
#include <string.h>
#include <sysexits.h>

#include "io/gunzip.h"
#include "io/source_int.h"

/* The next file of a set has a form of its own. */
static void
forget_form(struct source *s)
{
	gunzip_free(s->gunzip);
	s->gunzip = NULL;
	s->n_first = 0;
	s->form = s->kind->unpack ? FORM_UNKNOWN : FORM_PLAIN;
}

int
source_open(struct source *s)
{
	forget_form(s);
	return s->kind->open(s);
}

/* Whether a connection of an earlier start is there, which goes first. */
static bool
comes_back(struct source *s)
{
	if (s->opts->tape == NULL || s->kind->spools != SOURCE_SPOOL_PEERS)
		return false;
	s->back = spooled_guest(s);
	return s->back != NULL;
}

/* Hand the first bytes on, as they are or to the unpacker. */
static enum source_got
begin(struct source *s, void *p, size_t *len)
{
	void *room;
	size_t cap;

	s->form = FORM_PLAIN;
	if (*len < 2 || memcmp(p, GUNZIP_MAGIC, 2) != 0)
		return SOURCE_BYTES;
	s->form = FORM_GZIP;
	s->gunzip = gunzip_new();
	room = gunzip_room(s->gunzip, &cap);
	memcpy(room, p, *len);
	gunzip_add(s->gunzip, *len);
	*len = 0;
	return SOURCE_BYTES;
}

/* Read until there are two bytes, or fewer that cannot be the magic. */
static enum source_got
read_first(struct source *s, void *p, size_t cap, size_t *len)
{
	enum source_got got;
	size_t n;

	/* What is gzip must fit into the unpacker. */
	cap = cap < GUNZIP_INPUT ? cap : GUNZIP_INPUT;
	for (;;) {
		if (s->n_first > 0)
			*(unsigned char *)p = s->first;
		n = 0;
		got = s->kind->read(
		    s, (char *)p + s->n_first, cap - s->n_first, &n);
		*len = s->n_first + n;
		if (got == SOURCE_WAIT || got == SOURCE_ERROR || *len == 0) {
			*len = 0;
			return got;
		}
		if (*len > 1 || got != SOURCE_BYTES
		    || *(unsigned char *)p != (unsigned char)GUNZIP_MAGIC[0])
			break;
		s->first = *(unsigned char *)p;
		s->n_first = 1;
	}
	s->n_first = 0;
	s->ended = got;
	return begin(s, p, len);
}

static enum source_got
read_gzip(struct source *s, void *p, size_t cap, size_t *len)
{
	enum source_got got;
	size_t room_cap, n;
	void *room;
	int rc;

	while ((rc = gunzip_read(s->gunzip, p, cap, len)) == 0) {
		room = gunzip_room(s->gunzip, &room_cap);
		got = s->kind->read(s, room, room_cap, &n);
		if (got == SOURCE_BYTES) {
			gunzip_add(s->gunzip, n);
			continue;
		}
		if ((got == SOURCE_END || got == SOURCE_NEXT)
		    && !gunzip_is_whole(s->gunzip)) {
			source_fail(s, EX_IOERR, "the gzip data are cut short");
			return SOURCE_ERROR;
		}
		return got;
	}
	if (rc == 1)
		return SOURCE_BYTES;
	source_fail(s, EX_DATAERR, "%s", gunzip_error(s->gunzip));
	return SOURCE_ERROR;
}

enum source_got
source_read(struct source *s, void *p, size_t cap, size_t *len)
{
	enum source_got got;

	*len = 0;
	if (s->error != NULL)
		return SOURCE_ERROR;
	if (comes_back(s))
		return SOURCE_PEER;
	if (s->ended != SOURCE_BYTES) {
		/* It came behind a lone first byte. */
		got = s->ended;
		s->ended = SOURCE_BYTES;
	} else if (s->form == FORM_UNKNOWN)
		got = read_first(s, p, cap, len);
	else if (s->form == FORM_PLAIN)
		got = s->kind->read(s, p, cap, len);
	else
		got = SOURCE_BYTES;
	if (got == SOURCE_BYTES && s->form == FORM_GZIP)
		got = read_gzip(s, p, cap, len);
	if (got == SOURCE_NEXT)
		forget_form(s);
	return got;
}
