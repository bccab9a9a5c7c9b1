/* SPDX-License-Identifier: ISC */
/* Options, help, messages, and the table on a terminal. */
#include "tool/tool.h"

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#ifdef __linux__
#include <sched.h>
#endif
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/schema.h"
#include "wire/note.h"

enum common_opt {
	OPT_NAME = TOOL_LONG + 1000,
	OPT_SCHEMA,
	OPT_COLOR,
};

static const struct tool_opt common[] = {
    {'h', "help", NULL, "print this help"},
    {'V', "version", NULL, "print the version"},
    {'v', "verbose", NULL, "show progress, and the accounts at the end"},
    {'q', "quiet", NULL, "no warnings"},
    {OPT_NAME, "name", "NAME", "name of this stage in messages"},
    {OPT_SCHEMA, "schema", NULL, "print the columns that come out"},
    {OPT_COLOR, "color", "WHEN", "always, never or auto"},
};

#define N_COMMON (sizeof(common) / sizeof(common[0]))

static void
add_opt(struct tool *t, struct buf *shorts, size_t at, const struct tool_opt *o)
{
	bool optional = o->arg != NULL && o->arg[0] == '[';
	const char *colons = o->arg == NULL ? "" : optional ? "::" : ":";

	t->longs[at].name = o->name;
	t->longs[at].val = o->ch;
	t->longs[at].has_arg = o->arg == NULL ? no_argument
			       : optional     ? optional_argument
					      : required_argument;
	if (o->ch < TOOL_LONG)
		buf_printf(shorts, "%c%s", o->ch, colons);
}

void
tool_init(struct tool *t, const char *program, const char *synopsis,
    const char *summary, const struct tool_opt *opts, size_t n_opts)
{
	struct buf shorts = {.max = 0};

	*t = (struct tool){.program = program,
	    .synopsis = synopsis,
	    .summary = summary,
	    .opts = opts,
	    .n_opts = n_opts,
	    .name = program,
	    .color = -1};
	tool_message_name(program);
	tool_stdout(true);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error of write */
	mem_last_words(tool_last_words);
	if (io_fill_std() == -1)
		tool_die(TOOL_IO, "/dev/null: %s", strerror(errno));
	t->longs = mem_zero(n_opts + N_COMMON + 1, sizeof(*t->longs));
	buf_puts(&shorts, ":");
	for (size_t i = 0; i < n_opts; i++)
		add_opt(t, &shorts, i, &opts[i]);
	for (size_t i = 0; i < N_COMMON; i++)
		add_opt(t, &shorts, n_opts + i, &common[i]);
	buf_putc(&shorts, '\0');
	t->shorts = (char *)shorts.data;
	opterr = 0;
}

static void
print_opt(const struct tool_opt *o)
{
	char left[64], letter[8] = "    ";
	const char *eq = o->arg == NULL || o->arg[0] == '[' ? "" : "=";

	if (o->ch < TOOL_LONG)
		snprintf(letter, sizeof(letter), "-%c, ", o->ch);
	snprintf(left, sizeof(left), "%s--%s%s%s", letter, o->name, eq,
	    o->arg == NULL ? "" : o->arg);
	printf("  %-30s %s\n", left, o->help);
}

_Noreturn static void
help(const struct tool *t)
{
	printf("usage: %s %s\n%s\n\n", t->program, t->synopsis, t->summary);
	for (size_t i = 0; i < t->n_opts; i++)
		print_opt(&t->opts[i]);
	for (size_t i = 0; i < N_COMMON; i++)
		print_opt(&common[i]);
	printf("\nSee %s(1) and millrace(7).\n", t->program);
	if (fflush(stdout) == EOF)
		err(TOOL_IO, "standard output");
	exit(TOOL_OK);
}

_Noreturn static void
version(const struct tool *t)
{
	printf("%s (millrace) %s\n", t->program, TOOL_VERSION);
	if (fflush(stdout) == EOF)
		err(TOOL_IO, "standard output");
	exit(TOOL_OK);
}

/* The hint for an option that is not known, or "". */
static const char *
hint(const struct tool *t, const char *opt)
{
	for (const struct tool_hint *h = t->hints; h != NULL && h->opt != NULL;
	     h++)
		if (strcmp(h->opt, opt) == 0)
			return h->text;
	return "";
}

/*
 * Whether getopt complains of a letter in the middle of several, of which
 * optind does not tell yet: the option before that may be a long one.
 */
static bool
is_unknown_letter(const struct tool *t)
{
	if (optopt == 0)
		return false;
	for (const struct option *o = t->longs; o->name != NULL; o++)
		if (o->val == optopt)
			return false;
	return true;
}

_Noreturn static void
wrong_option(const struct tool *t, int ch, char *argv[])
{
	char letter[2] = {(char)optopt, '\0'}, quoted[TOOL_QUOTE_MAX];
	const char *arg = argv[optind - 1], *name, *dash = "--";
	const char *text;

	name = strncmp(arg, "--", 2) != 0 || is_unknown_letter(t) ? letter
								  : arg + 2;
	if (name == letter)
		dash = "-";
	if (ch == ':')
		tool_die(
		    TOOL_USAGE, "option %s%s needs an argument", dash, name);
	text = hint(t, name);
	tool_quote(quoted, name, strlen(name));
	if (*text != '\0')
		tool_die(TOOL_USAGE, "no option %s%s: %s", dash, quoted, text);
	tool_die(TOOL_USAGE, "no option %s%s; try %s --help", dash, quoted,
	    t->program);
}

static int
color(const char *arg)
{
	if (strcmp(arg, "always") == 0)
		return 1;
	if (strcmp(arg, "never") == 0)
		return 0;
	if (strcmp(arg, "auto") != 0)
		tool_die(TOOL_USAGE,
		    "--color: %s is none of always, never, auto", arg);
	return -1;
}

int
tool_next(struct tool *t, int argc, char *argv[], const char **arg)
{
	int ch;

	for (;;) {
		errno = 0;
		ch = getopt_long(argc, argv, t->shorts, t->longs, NULL);
		if (ch == '?' && errno == ENOMEM)
			tool_die(TOOL_MEMORY, "out of memory");
		*arg = optarg;
		switch (ch) {
		case 'h':
			help(t);
		case 'V':
			version(t);
		case 'v':
			t->verbose++;
			break;
		case 'q':
			t->verbose--;
			break;
		case OPT_NAME:
			if (*optarg == '\0')
				tool_die(TOOL_USAGE,
				    "--name: it is empty; write a name");
			if (strlen(optarg) > ACCOUNT_MAX_NAME)
				tool_die(TOOL_USAGE,
				    "--name: longer than %d bytes",
				    ACCOUNT_MAX_NAME);
			t->name = optarg;
			tool_message_name(optarg);
			break;
		case OPT_SCHEMA:
			t->schema_only = true;
			break;
		case OPT_COLOR:
			t->color = color(optarg);
			break;
		case '?':
		case ':':
			wrong_option(t, ch, argv);
		case -1:
			free(t->longs);
			free(t->shorts);
			return -1;
		default:
			return ch;
		}
	}
}

int64_t
tool_dur(const char *opt, const char *arg)
{
	int64_t us;

	if (num_parse_dur(&us, arg, strlen(arg)) == -1 || us < 0)
		tool_die(TOOL_USAGE,
		    "--%s: %s is no duration; write 500ms, 5s, 1m, 2h or 1d",
		    opt, arg);
	return us;
}

uint64_t
tool_size(const char *opt, const char *arg)
{
	uint64_t v;

	if (num_parse_size(&v, arg, strlen(arg)) == -1)
		tool_die(TOOL_USAGE,
		    "--%s: %s is no size; write 65536, 64K or 1M", opt, arg);
	return v;
}

int64_t
tool_int(const char *opt, const char *arg, int64_t min, int64_t max)
{
	int64_t v;

	if (num_parse_int(&v, arg, strlen(arg)) == -1)
		tool_die(TOOL_USAGE, "--%s: %s is no whole number", opt, arg);
	if (v < min || v > max)
		tool_die(TOOL_USAGE, "--%s: %s is not in %lld..%lld", opt, arg,
		    (long long)min, (long long)max);
	return v;
}

int
tool_byte(const char *opt, const char *arg)
{
	if (strcmp(arg, "\\t") == 0)
		return '\t';
	if (strlen(arg) != 1)
		tool_die(TOOL_USAGE, "--%s: %s is not one byte", opt, arg);
	return (unsigned char)arg[0];
}

/* Processors on which this process may run. */
static long
n_processors(void)
{
#ifdef __linux__
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		return CPU_COUNT(&set);
#endif
	return sysconf(_SC_NPROCESSORS_ONLN);
}

unsigned
tool_jobs(const char *opt, const char *arg, unsigned max)
{
	int64_t v;
	long n;

	if (strcmp(arg, "auto") != 0) {
		if (num_parse_int(&v, arg, strlen(arg)) == -1 || v < 1
		    || v > max)
			tool_die(TOOL_USAGE,
			    "--%s: '%s' is none of 1..%u; write a number of "
			    "processes, or auto",
			    opt, arg, max);
		return (unsigned)v;
	}
	n = n_processors();
	return n < 1 ? 1 : n > max ? max : (unsigned)n;
}

/* The ssink beside this program, else the one in PATH. */
_Noreturn static void
exec_ssink(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL
	    && strlcpy(slash + 1, "ssink",
		   sizeof(path) - (size_t)(slash + 1 - path))
		   < sizeof(path) - (size_t)(slash + 1 - path))
		execl(path, "ssink", (char *)NULL);
	execlp("ssink", "ssink", (char *)NULL);
	err(TOOL_IO, "ssink, which shows a stream on a terminal");
}

void
tool_show(struct tool *t)
{
	int fds[2];
	pid_t pid;

	if (!isatty(STDOUT_FILENO))
		return;
	if (pipe(fds) == -1)
		tool_die(TOOL_IO, "%s: pipe: %s", t->name, strerror(errno));
	pid = fork();
	if (pid == -1)
		tool_die(TOOL_IO, "%s: fork: %s", t->name, strerror(errno));
	/*
	 * The parent becomes the sink, so that the shell waits for it and
	 * sees its exit status, as in a pipe typed in full.
	 */
	if (dup2(pid > 0 ? fds[0] : fds[1],
		pid > 0 ? STDIN_FILENO : STDOUT_FILENO)
	    == -1)
		tool_die(TOOL_IO, "%s: dup2: %s", t->name, strerror(errno));
	close(fds[0]);
	close(fds[1]);
	if (pid > 0)
		exec_ssink();
}
