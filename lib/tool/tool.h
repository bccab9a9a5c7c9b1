/* SPDX-License-Identifier: ISC */
/* What every command shares: options, help, exit statuses, messages. */
#ifndef MILLRACE_TOOL_TOOL_H
#define MILLRACE_TOOL_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct schema;

#define TOOL_VERSION "0.1.0"

/* Exit statuses, as sysexits(3) where it has one. */
enum tool_status {
	TOOL_OK = 0,
	TOOL_NEGATIVE = 1, /* own negative result */
	TOOL_USAGE = 64,
	TOOL_DATA = 65, /* bad data */
	TOOL_NOSOURCE = 66, /* a source is missing */
	TOOL_BUG = 70,
	TOOL_MEMORY = 71,
	TOOL_IO = 74, /* input, output, or a broken stream */
	TOOL_TEMP = 75, /* locked or fenced: try again */
	TOOL_CHANGED = 78 /* the pipeline changed */
};

/* Why a pipeline that resumes is refused when its last stage is no sink. */
#define TOOL_NO_SINK                                                           \
	"standard output is no pipe, so nothing behind it commits what was "   \
	"read: write ... | ssink DEST, or leave -S out"

/*
 * One option.  ch: its letter, or a number from TOOL_LONG up when it has only
 * a long name.  arg: the argument's name for the help, NULL without one;
 * "[X]" is optional.  help: one line, no full stop.  The table is the one
 * source of getopt's strings, --help and the check against the man page.
 */
#define TOOL_LONG 256
struct tool_opt {
	int ch;
	const char *name;
	const char *arg;
	const char *help;
};

/* What to write instead of an option that other programs have. */
struct tool_hint {
	const char *opt; /* "e" or "expression" */
	const char *text;
};

struct tool {
	const char *program; /* "sbatch" */
	const char *synopsis; /* "[options] [SOURCE ...]" */
	const char *summary; /* one line for --help */
	const struct tool_opt *opts; /* the command's own */
	size_t n_opts;
	const struct tool_hint *hints; /* ends with a NULL opt; or NULL */
	/* Set by tool_next. */
	const char *name; /* --name, else program */
	int verbose; /* -v, -q takes one away */
	bool schema_only; /* --schema */
	int color; /* 1 always, 0 never, -1 when a terminal */
	/* Private. */
	struct option *longs;
	char *shorts;
};

/*
 * tool_init: fill the standard descriptors, remember the table.
 * tool_stdout: whether this command's stdout is a stream, which it is until
 * said otherwise.
 * tool_next: the next option's letter with its argument in *arg (NULL without
 * one), or -1 at the operands, which then begin at optind.  It answers -h -V
 * -v -q --name --schema --color itself; a wrong option ends the process with
 * 64 and one line that points to --help.
 */
void tool_init(struct tool *t, const char *program, const char *synopsis,
    const char *summary, const struct tool_opt *opts, size_t n_opts);
void tool_stdout(bool is_stream);
int tool_next(struct tool *t, int argc, char *argv[], const char **arg);

/*
 * Arguments of options; a bad one ends the process with 64 and a message that
 * names the option (by its long name) and the text.
 */
int64_t tool_dur(const char *opt, const char *arg); /* us, >= 0 */
uint64_t tool_size(const char *opt, const char *arg); /* 64K */
int64_t tool_int(const char *opt, const char *arg, int64_t min, int64_t max);
int tool_byte(const char *opt, const char *arg); /* one, or \t */
/* A number of processes from 1 on, or "auto": that of the CPUs, at most max. */
unsigned tool_jobs(const char *opt, const char *arg, unsigned max);

/*
 * tool_die: print "program: message" as errx(3) does and exit with status;
 * when stdout is a pipe that takes a stream, tell the next stage by FAIL.
 * tool_warn: the message alone.  Both show what could move a terminal's cursor
 * as \xNN.
 * tool_notes: each line of b as a warning; b is reset.
 * tool_message_name: the program's name in them.
 * tool_last_words: for mem_last_words: the message of a process without
 * memory, and FAIL, without an allocation.
 */
_Noreturn void tool_die(enum tool_status status, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void tool_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void tool_notes(struct buf *b);
void tool_message_name(const char *name);
void tool_last_words(void);

/*
 * Quote data for a message by quote_cut, at 200 bytes; returns out.
 */
#define TOOL_QUOTE_MAX 1024
const char *tool_quote(char out[TOOL_QUOTE_MAX], const char *p, size_t len);

/*
 * What --schema prints: name, type and remarks of each column that is not a
 * system column, separated by tabs.  0, or -1 with errno.
 */
int tool_print_schema(const struct schema *s);

/*
 * When stdout is a terminal: start ssink on it, so that what this process
 * writes to stdout arrives there as a table.  The calling process goes on as
 * ssink's child.  Dies when ssink cannot be found.
 */
void tool_show(struct tool *t);

#endif
