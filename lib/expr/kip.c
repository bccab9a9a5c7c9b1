/* SPDX-License-Identifier: ISC */
/* Kernels of IP addresses and networks.  millrace-expr(7). */
#include <arpa/inet.h>
#include <stdlib.h>

#include "base/num.h"
#include "expr/kernels.h"
#include "expr/ktext.h"

/* An address of 4 or 16 bytes in network order. */
struct ip {
	uint8_t bytes[16];
	unsigned len; /* 4 or 16 */
};

struct net {
	struct ip ip;
	unsigned bits; /* 0 .. 8 * ip.len */
};

/* Four decimal numbers without leading zeros, as inet_pton(3) takes them. */
static bool
read_v4(struct ip *ip, struct ktext t)
{
	size_t i = 0;

	for (size_t k = 0; k < 4; k++) {
		unsigned v = 0;
		size_t from;

		if (k > 0 && (i == t.len || t.p[i++] != '.'))
			return false;
		from = i;
		while (
		    i < t.len && i - from < 3 && t.p[i] >= '0' && t.p[i] <= '9')
			v = v * 10 + (unsigned)(t.p[i++] - '0');
		if (i == from || v > 255 || (t.p[from] == '0' && i - from > 1))
			return false;
		ip->bytes[k] = (uint8_t)v;
	}
	ip->len = 4;
	return i == t.len;
}

static bool
read_ip(struct ip *ip, struct ktext t)
{
	char text[INET6_ADDRSTRLEN];

	if (memchr(t.p, ':', t.len) == NULL)
		return read_v4(ip, t);
	if (t.len >= sizeof(text) || memchr(t.p, '\0', t.len) != NULL)
		return false;
	memcpy(text, t.p, t.len);
	text[t.len] = '\0';
	ip->len = 16;
	return inet_pton(AF_INET6, text, ip->bytes) == 1;
}

static void
put_ip(struct strout *s, const struct ip *ip)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(
	    ip->len == 4 ? AF_INET : AF_INET6, ip->bytes, text, sizeof(text));
	strout_put(s, text, strlen(text));
}

/* An address with /bits, or alone for itself. */
static bool
read_net(struct net *net, struct ktext t)
{
	const char *slash = memchr(t.p, '/', t.len);
	int64_t bits;

	if (slash == NULL) {
		if (!read_ip(&net->ip, t))
			return false;
		net->bits = net->ip.len * 8;
		return true;
	}
	if (!read_ip(&net->ip, (struct ktext){t.p, (size_t)(slash - t.p)})
	    || slash[1] == '+'
	    || num_parse_int(
		   &bits, slash + 1, t.len - (size_t)(slash + 1 - t.p))
		   == -1
	    || bits < 0 || bits > net->ip.len * 8)
		return false;
	net->bits = (unsigned)bits;
	return true;
}

/* The first bits of a and b are equal. */
static bool
same_front(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;

	return memcmp(a, b, bits / 8) == 0
	       && (rest == 0
		   || ((a[bits / 8] ^ b[bits / 8]) >> (8 - rest)) == 0);
}

/* An IPv4 address is in an IPv4 network also when it is written ::ffff:a. */
static bool
is_inside(const struct ip *ip, const struct net *net)
{
	static const uint8_t mapped[12] = {
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (ip->len == net->ip.len)
		return same_front(ip->bytes, net->ip.bytes, net->bits);
	return ip->len == 16 && memcmp(ip->bytes, mapped, 12) == 0
	       && same_front(ip->bytes + 12, net->ip.bytes, net->bits);
}

/* n->aux: the networks of the arguments behind the first. */
int
kip_match_prepare(struct unit *u, struct node *n, struct expr_error *err)
{
	struct net *nets = mem_zero(n->n_kids, sizeof(*nets));

	(void)u;
	n->aux = nets;
	n->aux_free = free;
	for (size_t i = 1; i < n->n_kids; i++) {
		const struct node *k = n->kids[i];

		if (k->is_null)
			continue;
		if (k->kind != NODE_LIT)
			return expr_fail(err, k->at, k->len,
			    "the network must be a constant");
		if (!read_net(&nets[i - 1], ktext_at(&k->lit, 0)))
			return expr_fail(err, k->at, k->len,
			    "this is no network such as 10.0.0.0/8 or "
			    "2001:db8::/32");
	}
	return 0;
}

int
kip_match(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	const struct net *nets = n->aux;
	uint8_t *bits = eval_bits(r, out);
	struct ip ip;
	bool hit;

	memset(bits, 0, bits_words(r->n) * 8);
	for (uint32_t row = 0; row < r->n; row++) {
		if (!read_ip(&ip, ktext_at(&arg[0], row))) {
			eval_null(r, out, row);
			continue;
		}
		hit = false;
		for (size_t i = 0; i + 1 < n->n_kids && !hit; i++)
			hit = is_inside(&ip, &nets[i]);
		bits_or(bits, row, hit);
	}
	return 0;
}

int
kip_is(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	uint8_t *bits = eval_bits(r, out);
	struct ip ip;

	(void)n;
	memset(bits, 0, bits_words(r->n) * 8);
	for (uint32_t row = 0; row < r->n; row++)
		bits_or(bits, row, read_ip(&ip, ktext_at(&arg[0], row)));
	return 0;
}

int
kip_version(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	int64_t *o = eval_ints(r, out);
	struct ip ip;

	(void)n;
	for (uint32_t row = 0; row < r->n; row++) {
		o[row] = 0;
		if (read_ip(&ip, ktext_at(&arg[0], row)))
			o[row] = ip.len == 4 ? 4 : 6;
		else
			eval_null(r, out, row);
	}
	return 0;
}

int
kip_parse(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, {
		struct ip ip;

		if (read_ip(&ip, ktext_at(&arg[0], row)))
			put_ip(&s, &ip);
		else
			eval_null(r, out, row);
	});
}

/* Zeros behind the first bits; false when there are not so many. */
static bool
mask(struct ip *ip, int64_t bits)
{
	if (bits < 0 || bits > ip->len * 8)
		return false;
	for (unsigned i = 0; i < ip->len; i++) {
		int64_t keep = bits - i * 8;
		unsigned v = ip->bytes[i];

		if (keep < 8)
			v &= keep <= 0 ? 0 : 0xff00u >> keep;
		ip->bytes[i] = (uint8_t)v;
	}
	return true;
}

/* arg[1] is for IPv4, arg[2], or else arg[1], for IPv6. */
int
kip_mask(
    struct run *r, const struct node *n, struct col *out, const struct col *arg)
{
	KTEXT_MAKE(r, n, out, 16, {
		const struct col *bits = &arg[1];
		struct ip ip;
		bool good = read_ip(&ip, ktext_at(&arg[0], row));

		if (good && ip.len == 16 && n->n_kids == 3)
			bits = &arg[2];
		if (good && mask(&ip, bits->i[eval_at(bits, row)]))
			put_ip(&s, &ip);
		else
			eval_null(r, out, row);
	});
}
