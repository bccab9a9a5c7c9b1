/* SPDX-License-Identifier: ISC */
/*
 * The variables of log formats: nginx.org, ngx_http_log_module and
 * ngx_http_core_module; httpd.apache.org, mod_log_config.
 */
#include "text/accessvar.h"

#include <string.h>

#include "base/mem.h"
#include "text/fields.h"

#define NAME_MAX_LEN 200

/* The variables whose values are no plain text. */
struct nginx_var {
	const char *name;
	enum cell_kind kind;
};

static const struct nginx_var nginx_vars[] = {
    {"body_bytes_sent", CELL_INT},
    {"bytes_received", CELL_INT},
    {"bytes_sent", CELL_INT},
    {"connection", CELL_INT},
    {"connection_requests", CELL_INT},
    {"connection_time", CELL_FLOAT},
    {"content_length", CELL_INT},
    {"gzip_ratio", CELL_FLOAT},
    {"msec", CELL_TIME_S},
    {"pid", CELL_INT},
    {"proxy_protocol_port", CELL_INT},
    {"remote_port", CELL_INT},
    {"request_length", CELL_INT},
    {"request_time", CELL_FLOAT},
    {"server_port", CELL_INT},
    {"status", CELL_INT},
    {"time_iso8601", CELL_TIME_RFC3339},
    {"time_local", CELL_TIME_CLF},
};

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	       || (c >= '0' && c <= '9') || c == '_';
}

static void
set_nginx(struct access_var *v, const char *name, size_t len)
{
	*v = (struct access_var){
	    .name = mem_strndup(name, len), .kind = CELL_STR};
	v->request = strcmp(v->name, "request") == 0;
	for (size_t i = 0; i < sizeof(nginx_vars) / sizeof(*nginx_vars); i++)
		if (strcmp(nginx_vars[i].name, v->name) == 0) {
			v->kind = nginx_vars[i].kind;
			v->known = true;
		}
}

/* $name or ${name} */
int
access_next_nginx(
    struct access_var *v, struct buf *text, const char **p, char **why)
{
	const char *s = *p, *name;
	bool brace;

	for (; *s != '\0' && *s != '$'; s++)
		buf_putc(text, *s);
	*p = s;
	if (*s == '\0')
		return 0;
	brace = s[1] == '{';
	name = s + 1 + brace;
	for (s = name; is_name(*s);)
		s++;
	if (s == name || s - name > NAME_MAX_LEN || (brace && *s != '}')) {
		*why = mem_printf("%s: no name of a variable", *p);
		return -1;
	}
	set_nginx(v, name, (size_t)(s - name));
	*p = s + brace;
	return 1;
}

/* What stands behind a %; those with a {NAME} are further below. */
static const struct {
	char letter;
	const char *name;
	enum cell_kind kind;
} apache_vars[] = {
    {'a', "client_ip", CELL_STR},
    {'A', "local_ip", CELL_STR},
    {'b', "bytes", CELL_INT},
    {'B', "bytes", CELL_INT},
    {'D', "duration_us", CELL_INT},
    {'f', "file", CELL_STR},
    {'h', "host", CELL_STR},
    {'H', "protocol", CELL_STR},
    {'I', "bytes_in", CELL_INT},
    {'k', "keepalives", CELL_INT},
    {'l', "ident", CELL_STR},
    {'L', "log_id", CELL_STR},
    {'m', "method", CELL_STR},
    {'O', "bytes_out", CELL_INT},
    {'p', "port", CELL_INT},
    {'P', "pid", CELL_INT},
    {'q', "query", CELL_STR},
    {'r', "request", CELL_STR},
    {'R', "handler", CELL_STR},
    {'s', "status", CELL_INT},
    {'S', "bytes_all", CELL_INT},
    {'t', "time", CELL_TIME_CLF},
    {'T', "duration_s", CELL_INT},
    {'u', "user", CELL_STR},
    {'U', "path", CELL_STR},
    {'v', "server", CELL_STR},
    {'V', "server_name", CELL_STR},
    {'X', "connection", CELL_STR},
};

/* %{FORMAT}t: a unit of the time since 1970, or brackets are not there. */
static bool
set_time(struct access_var *v, const char *arg, size_t len)
{
	static const struct {
		const char *name;
		enum cell_kind kind;
	} units[] = {{"sec", CELL_TIME_S}, {"msec", CELL_TIME_MS},
	    {"usec", CELL_TIME_US}};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strlen(units[i].name) == len
		    && memcmp(units[i].name, arg, len) == 0) {
			*v = (struct access_var){mem_strdup("time"),
			    units[i].kind, true, false, false};
			return true;
		}
	return false;
}

/* %{UNIT}T */
static bool
set_duration(struct access_var *v, const char *arg, size_t len)
{
	if (!(len == 1 && *arg == 's')
	    && !(len == 2 && (*arg == 'm' || *arg == 'u') && arg[1] == 's'))
		return false;
	*v = (struct access_var){mem_printf("duration_%.*s", (int)len, arg),
	    CELL_INT, true, false, false};
	return true;
}

/* %{NAME}i and the like: a header, a cookie, ...; false: no such variable. */
static bool
set_named(struct access_var *v, char letter, const char *arg, size_t len)
{
	char name[NAME_MAX_LEN];
	size_t n;

	if (letter == 't')
		return set_time(v, arg, len);
	if (letter == 'T')
		return set_duration(v, arg, len);
	if (strchr("aceinopP^C", letter) == NULL || len > NAME_MAX_LEN)
		return false;
	n = fields_tidy(name, arg, len);
	if (n == 0)
		return false;
	*v = (struct access_var){.kind = CELL_STR};
	v->kind = letter == 'p' || letter == 'P' ? CELL_INT : CELL_STR;
	v->known = v->kind == CELL_INT;
	/* As in the format combined. */
	if (letter == 'i' && n == 10 && memcmp(name, "user_agent", 10) == 0)
		v->name = mem_strdup("agent");
	else if (letter == 'a' || letter == 'p' || letter == 'P')
		v->name = mem_printf("%.*s_%s", (int)n, name,
		    letter == 'a'   ? "ip"
		    : letter == 'p' ? "port"
				    : "id");
	else
		v->name = mem_strndup(name, n);
	return true;
}

static bool
set_apache(struct access_var *v, char letter)
{
	for (size_t i = 0; i < sizeof(apache_vars) / sizeof(*apache_vars); i++)
		if (apache_vars[i].letter == letter) {
			*v =
			    (struct access_var){mem_strdup(apache_vars[i].name),
				apache_vars[i].kind, true, letter == 't',
				letter == 'r'};
			return true;
		}
	return false;
}

/* %, conditions (400,!501), < or >, {NAME}, a letter or ^ti and ^to. */
static int
take_directive(struct access_var *v, const char **p, char **why)
{
	const char *s = *p + 1, *arg = NULL;
	size_t len = 0;
	bool ok;

	s += strspn(s, "0123456789,!<>");
	if (*s == '{') {
		arg = s + 1;
		len = strcspn(arg, "}");
		s = arg[len] == '}' ? arg + len + 1 : arg + len;
		s += strspn(s, "<>");
	}
	if (*s == '\0')
		ok = false;
	else if (arg != NULL)
		ok = set_named(v, *s, arg, len);
	else
		ok = set_apache(v, *s);
	if (!ok) {
		*why = mem_printf("%s: no variable that is known here", *p);
		return -1;
	}
	s += *s == '^' ? strspn(s + 1, "tio") : 0;
	*p = s + 1;
	return 1;
}

/* Texts are written as in the configuration: \" \\ \t. */
int
access_next_apache(
    struct access_var *v, struct buf *text, const char **p, char **why)
{
	const char *s = *p;

	for (; *s != '\0' && (*s != '%' || s[1] == '%'); s++) {
		if (*s == '%') {
			s++;
			buf_putc(text, '%');
		} else if (*s == '\\' && strchr("\"\\t", s[1]) != NULL
			   && s[1] != '\0') {
			s++;
			buf_putc(text, *s == 't' ? '\t' : *s);
		} else {
			buf_putc(text, *s);
		}
	}
	*p = s;
	return *s == '\0' ? 0 : take_directive(v, p, why);
}
