/* SPDX-License-Identifier: ISC */
/* Kernels of URLs, and of the paths with a query that logs have. */
#include <stdlib.h>

#include "base/num.h"
#include "expr/kcode.h"
#include "expr/kernels.h"

enum url_part {
	URL_SCHEME,
	URL_AUTHORITY,
	URL_USER,
	URL_HOST,
	URL_PORT,
	URL_PATH,
	URL_QUERY,
	URL_FRAGMENT,
	URL_FILE, /* path and query */
	URL_N
};

/* A part that is not there has p NULL. */
struct url {
	struct ktext part[URL_N];
};

/* The bytes of t before the first of three stops. */
static size_t
span_until(struct ktext t, const char stops[static 3])
{
	size_t i = 0;

	while (i < t.len && t.p[i] != stops[0] && t.p[i] != stops[1]
	       && t.p[i] != stops[2])
		i++;
	return i;
}

static struct ktext
take(struct ktext *t, size_t len)
{
	struct ktext front = {t->p, len};

	t->p += len;
	t->len -= len;
	return front;
}

/* "scheme" of scheme://, which is passed with its colon. */
static void
split_scheme(struct url *u, struct ktext *t)
{
	size_t n = 0;

	while (n < t->len
	       && ((t->p[n] >= 'a' && t->p[n] <= 'z')
		   || (t->p[n] >= 'A' && t->p[n] <= 'Z')
		   || (n > 0
		       && ((t->p[n] >= '0' && t->p[n] <= '9')
			   || memchr("+-.", t->p[n], 3) != NULL))))
		n++;
	if (n == 0 || t->len < n + 3 || memcmp(t->p + n, "://", 3) != 0)
		return;
	u->part[URL_SCHEME] = take(t, n);
	take(t, 1);
}

/* [user@]host[:port], where host may stand in brackets. */
static void
split_authority(struct url *u, struct ktext t)
{
	const char *at = memrchr(t.p, '@', t.len), *end;

	u->part[URL_AUTHORITY] = t;
	if (at != NULL) {
		u->part[URL_USER] = take(&t, (size_t)(at - t.p));
		take(&t, 1);
	}
	if (t.len > 0 && t.p[0] == '['
	    && (end = memchr(t.p, ']', t.len)) != NULL) {
		take(&t, 1);
		u->part[URL_HOST] = take(&t, (size_t)(end - t.p));
		take(&t, 1);
	} else {
		u->part[URL_HOST] = take(&t, span_until(t, ":::"));
	}
	if (t.len > 1 && t.p[0] == ':') {
		take(&t, 1);
		u->part[URL_PORT] = t;
	}
}

/* RFC 3986, appendix B, with a scheme only before "//". */
static void
split_url(struct url *u, struct ktext t)
{
	const char *file;

	*u = (struct url){0};
	split_scheme(u, &t);
	if (t.len >= 2 && memcmp(t.p, "//", 2) == 0) {
		take(&t, 2);
		split_authority(u, take(&t, span_until(t, "/?#")));
	}
	file = t.p;
	u->part[URL_PATH] = take(&t, span_until(t, "?##"));
	if (t.len > 0 && t.p[0] == '?') {
		take(&t, 1);
		u->part[URL_QUERY] = take(&t, span_until(t, "###"));
	}
	u->part[URL_FILE].p = file;
	u->part[URL_FILE].len = (size_t)(t.p - file);
	if (t.len > 0) {
		take(&t, 1);
		u->part[URL_FRAGMENT] = t;
	}
}

static int
put_parts(struct run *r, const struct node *n, struct col *out,
    const struct col *arg, enum url_part part)
{
	KTEXT_MAKE(r, n, out, 16, {
		struct url u;

		split_url(&u, ktext_at(&arg[0], row));
		if (u.part[part].p == NULL)
			eval_null(r, out, row);
		else
			strout_put(&s, u.part[part].p, u.part[part].len);
	});
}

#define PART(NAME, WHICH)                                                      \
	int NAME(struct run *r, const struct node *n, struct col *out,         \
	    const struct col *arg)                                             \
	{                                                                      \
		return put_parts(r, n, out, arg, WHICH);                       \
	}

PART(kurl_scheme, URL_SCHEME)
PART(kurl_host, URL_HOST)
PART(kurl_path, URL_PATH)
PART(kurl_query, URL_QUERY)
PART(kurl_fragment, URL_FRAGMENT)

int
kurl_port(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);
	struct url u;

	(void)n;
	for (uint32_t row = 0; row < r->n; row++) {
		struct ktext *port = &u.part[URL_PORT];

		split_url(&u, ktext_at(&arg[0], row));
		o[row] = 0;
		if (port->p == NULL || *port->p == '+' || *port->p == '-'
		    || num_parse_int(&o[row], port->p, port->len) == -1
		    || o[row] > 65535)
			eval_null(r, out, row);
	}
	return 0;
}

/* Whether two names are equal once they are decoded. */
static bool
same_name(struct ktext raw, struct ktext name, struct strout *scratch)
{
	size_t len = scratch->len;
	bool same;

	if (raw.len == name.len && memcmp(raw.p, name.p, raw.len) == 0)
		return true;
	if (memchr(raw.p, '%', raw.len) == NULL
	    && memchr(raw.p, '+', raw.len) == NULL)
		return false;
	kcode_put_decoded(scratch, raw);
	same = scratch->len - len == name.len
	       && memcmp(scratch->bytes + len, name.p, name.len) == 0;
	scratch->len = len;
	return same;
}

/* The value of the first field of a query that has the name. */
static struct ktext
find_field(struct ktext query, struct ktext name, struct strout *scratch)
{
	struct ktext none = {NULL, 0}, field, key;

	while (query.p != NULL && query.len > 0) {
		field = take(&query, span_until(query, "&&&"));
		take(&query, query.len > 0);
		key = take(&field, span_until(field, "==="));
		if (!same_name(key, name, scratch))
			continue;
		take(&field, field.len > 0);
		return field;
	}
	return none;
}

int
kurl_param(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 8, {
		struct url u;
		struct ktext v;

		split_url(&u, ktext_at(&arg[0], row));
		v = find_field(u.part[URL_QUERY], ktext_at(&arg[1], row), &s);
		if (v.p == NULL)
			eval_null(r, out, row);
		else
			kcode_put_decoded(&s, v);
	});
}

int
kurl_parse_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	static const struct {
		const char *name;
		enum url_part part;
	} parts[] = {{"PROTOCOL", URL_SCHEME}, {"AUTHORITY", URL_AUTHORITY},
	    {"USERINFO", URL_USER}, {"HOST", URL_HOST}, {"PATH", URL_PATH},
	    {"QUERY", URL_QUERY}, {"REF", URL_FRAGMENT}, {"FILE", URL_FILE}};
	const struct node *k = n->kids[1];

	(void)u;
	if (k->is_null)
		return 0;
	for (size_t i = 0;
	     k->kind == NODE_LIT && i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strlen(parts[i].name) == k->lit.off[1]
		    && memcmp(parts[i].name, k->lit.bytes, k->lit.off[1])
			   == 0) {
			n->aux = mem_dup(&parts[i].part, sizeof(parts[i].part));
			n->aux_free = free;
			break;
		}
	}
	if (n->aux == NULL)
		return expr_fail(err, k->at, k->len,
		    "the part must be one of PROTOCOL, AUTHORITY, USERINFO, "
		    "HOST, PATH, QUERY, REF, FILE");
	if (n->n_kids == 3 && *(enum url_part *)n->aux != URL_QUERY)
		return expr_fail(
		    err, k->at, k->len, "only QUERY takes the name of a field");
	return 0;
}

int
kurl_parse(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	return put_parts(r, n, out, arg, *(const enum url_part *)n->aux);
}

/* The field as it is written. */
int
kurl_parse_field(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 8, {
		struct url u;
		struct ktext v;

		split_url(&u, ktext_at(&arg[0], row));
		v = find_field(u.part[URL_QUERY], ktext_at(&arg[2], row), &s);
		if (v.p == NULL)
			eval_null(r, out, row);
		else
			strout_put(&s, v.p, v.len);
	});
}
