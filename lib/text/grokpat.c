/* SPDX-License-Identifier: ISC */
/* The patterns that grok knows by name.  millrace-formats(7), Patterns. */
#include "text/grokpat.h"

#include <string.h>

/* One to four hexadecimal digits, and IPv4 at the end of IPv6: RFC 4291. */
#define H "[0-9A-Fa-f]{1,4}"
#define OCTET "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"
#define QUAD "(?:" OCTET "\\.){3}" OCTET

static const struct grokpat patterns[] = {
    /* Numbers. */
    {"INT", "[+-]?\\d+"},
    {"NONNEGINT", "\\d+"},
    {"POSINT", "[1-9]\\d*"},
    {"BASE10NUM", "[+-]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)"},
    {"NUMBER", "%{BASE10NUM}(?:[eE][+-]?\\d+)?"},
    {"BASE16NUM", "[+-]?(?:0[xX])?[0-9A-Fa-f]+"},
    {"BASE16FLOAT", "[+-]?(?:0[xX])?[0-9A-Fa-f]*\\.?[0-9A-Fa-f]+"},

    /* Words. */
    {"WORD", "\\b\\w+\\b"},
    {"NOTSPACE", "\\S+"},
    {"SPACE", "\\s*"},
    {"DATA", ".*?"},
    {"GREEDYDATA", ".*"},
    {"QUOTEDSTRING", "\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'"},
    {"QS", "%{QUOTEDSTRING}"},
    {"UUID", "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"},
    {"LOGLEVEL", "(?i:\\b(?:trace|debug|info(?:rmation)?|notice|warn(?:ing)?|"
		 "err(?:or)?|crit(?:ical)?|severe|fatal|alert|"
		 "emerg(?:ency)?)\\b)"},

    /* People and hosts. */
    {"USERNAME", "[\\w.-]+"},
    {"USER", "%{USERNAME}"},
    {"EMAILLOCALPART", "[\\w!#$%&'*+/=?^`{|}~.-]{1,64}"},
    {"EMAILADDRESS", "%{EMAILLOCALPART}@%{HOSTNAME}"},
    {"IPV4", "(?<![\\d.])" QUAD "(?!\\d)"},
    {"IPV6", "(?<![\\w:])(?:(?:" H ":){7}(?:" H "|:)|(?:" H ":){6}(?::" H
	     "|" QUAD "|:)|(?:" H ":){5}(?:(?::" H "){1,2}|:" QUAD "|:)|(?:" H
	     ":){4}(?:(?::" H "){1,3}|(?::" H ")?:" QUAD "|:)|(?:" H
	     ":){3}(?:(?::" H "){1,4}|(?::" H "){0,2}:" QUAD "|:)|(?:" H
	     ":){2}(?:(?::" H "){1,5}|(?::" H "){0,3}:" QUAD "|:)|" H
	     ":(?:(?::" H "){1,6}|(?::" H "){0,4}:" QUAD "|:)|:(?:(?::" H
	     "){1,7}|(?::" H "){0,5}:" QUAD "|:))(?:%\\w+)?"},
    {"IP", "%{IPV6}|%{IPV4}"},
    {"HOSTNAME", "\\b[0-9A-Za-z](?:[\\w-]{0,62})"
		 "(?:\\.[0-9A-Za-z][\\w-]{0,62})*\\.?"},
    {"HOST", "%{HOSTNAME}"},
    {"IPORHOST", "%{IP}|%{HOSTNAME}"},
    {"HOSTPORT", "%{IPORHOST}:%{POSINT}"},
    {"MAC", "%{COMMONMAC}|%{CISCOMAC}"},
    {"COMMONMAC", "(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}"},
    {"CISCOMAC", "(?:[0-9A-Fa-f]{4}\\.){2}[0-9A-Fa-f]{4}"},

    /* Paths and addresses of pages. */
    {"UNIXPATH", "(?:/[^\\s/]*)+"},
    {"WINPATH", "(?:[A-Za-z]:|\\\\)(?:\\\\[^\\\\?*\\s]*)+"},
    {"PATH", "%{UNIXPATH}|%{WINPATH}"},
    {"TTY", "/dev/\\w+(?:/\\w+)?"},
    {"URIPROTO", "[A-Za-z][A-Za-z0-9+.-]*"},
    {"URIHOST", "%{IPORHOST}(?::%{POSINT})?"},
    {"URIPATH", "/[^\\s?#]*"},
    {"URIQUERY", "[^\\s#]*"},
    {"URIPARAM", "\\?%{URIQUERY}"},
    {"URIPATHPARAM", "%{URIPATH}(?:%{URIPARAM})?"},
    {"URI", "%{URIPROTO}://(?:[^\\s@/]*@)?(?:\\[%{IPV6}\\]|%{URIHOST})?"
	    "(?:%{URIPATHPARAM})?"},

    /* Dates and times. */
    {"MONTH", "\\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|"
	      "June?|July?|Aug(?:ust)?|Sep(?:t(?:ember)?)?|Oct(?:ober)?|"
	      "Nov(?:ember)?|Dec(?:ember)?)\\b"},
    {"MONTHNUM", "0?[1-9]|1[0-2]"},
    {"MONTHNUM2", "0[1-9]|1[0-2]"},
    {"MONTHDAY", "0[1-9]|[12]\\d|3[01]|[1-9]"},
    {"DAY", "\\b(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|"
	    "Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)\\b"},
    {"YEAR", "\\d\\d(?:\\d\\d)?"},
    {"HOUR", "2[0-3]|[01]?\\d"},
    {"MINUTE", "[0-5]\\d"},
    {"SECOND", "(?:60|[0-5]?\\d)(?:[:.,]\\d+)?"},
    {"TIME", "(?<!\\d)%{HOUR}:%{MINUTE}:%{SECOND}(?!\\d)"},
    {"TZ", "[A-Z]{3,4}"},
    {"DATE_US", "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}"},
    {"DATE_EU", "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}"},
    {"DATE", "%{DATE_US}|%{DATE_EU}"},
    {"DATESTAMP", "%{DATE}[- ]%{TIME}"},
    {"ISO8601_TIMEZONE", "Z|[+-]%{HOUR}(?::?%{MINUTE})?"},
    {"ISO8601_SECOND", "%{SECOND}"},
    {"TIMESTAMP_ISO8601", "\\d{4}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}"
			  "(?::?%{SECOND})?(?:%{ISO8601_TIMEZONE})?"},
    {"DATESTAMP_RFC822", "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}"},
    {"DATESTAMP_RFC2822",
	"%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}"},
    {"DATESTAMP_OTHER", "%{DAY} %{MONTH} +%{MONTHDAY} %{TIME} %{TZ} %{YEAR}"},
    {"DATESTAMP_EVENTLOG",
	"\\d{4}%{MONTHNUM2}(?:0[1-9]|[12]\\d|3[01])(?:[01]\\d|2[0-3])"
	"%{MINUTE}[0-5]\\d"},
    {"HTTPDATE", "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}"},

    /* Whole lines. */
    {"SYSLOGTIMESTAMP", "%{MONTH} +%{MONTHDAY} %{TIME}"},
    {"SYSLOGHOST", "%{IPORHOST}"},
    {"SYSLOGFACILITY", "<%{NONNEGINT:facility}\\.%{NONNEGINT:priority}>"},
    {"PROG", "[^\\s\\[\\]]*[^\\s\\[\\]:]"},
    {"SYSLOGPROG", "%{PROG:program}(?:\\[%{POSINT:pid}\\])?"},
    {"SYSLOGBASE", "%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?"
		   "%{SYSLOGHOST:logsource} %{SYSLOGPROG}:"},
    {"SYSLOGLINE", "%{SYSLOGBASE} %{GREEDYDATA:message}"},
    {"HTTPDUSER", "%{EMAILADDRESS}|%{USER}"},
    {"COMMONAPACHELOG",
	"%{IPORHOST:clientip} (?:-|%{HTTPDUSER:ident}) "
	"(?:-|%{HTTPDUSER:auth}) \\[%{HTTPDATE:timestamp}\\] "
	"\"(?:%{WORD:verb} %{NOTSPACE:request}"
	"(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})\" "
	"%{INT:response} (?:-|%{INT:bytes})"},
    {"COMBINEDAPACHELOG", "%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}"},
};

#define N_PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

const struct grokpat *
grokpat_find(const char *name, size_t len)
{
	for (size_t i = 0; i < N_PATTERNS; i++)
		if (strlen(patterns[i].name) == len
		    && memcmp(patterns[i].name, name, len) == 0)
			return &patterns[i];
	return NULL;
}

const struct grokpat *
grokpat_at(size_t i)
{
	return i < N_PATTERNS ? &patterns[i] : NULL;
}
