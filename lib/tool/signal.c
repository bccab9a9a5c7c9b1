/* SPDX-License-Identifier: ISC */
/* Signals: stop, drain, status. */
#include "tool/signal.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/quote.h"
#include "tool/tool.h"

#define DRAIN_SECONDS 30
#define LINE_LEN 256

/* The one piece of state that a handler must share with the program. */
static volatile sig_atomic_t n_stops, first_stop, wants_status, wants_reopen;
static volatile sig_atomic_t draining;
static char *volatile *volatile unfinished;
static volatile size_t n_unfinished;
static volatile pid_t child;
static char last_line[LINE_LEN]; /* written before its handler is set */

/* The process ends: take the unfinished output and the child along. */
static void
take_along(int sig)
{
	for (size_t i = 0; i < n_unfinished; i++)
		if (unfinished[i] != NULL)
			unlink(unfinished[i]);
	if (child != 0)
		kill(-child, sig);
}

static void
end_by(int sig)
{
	take_along(sig);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
on_stop(int sig)
{
	if (n_stops++ > 0) {
		end_by(sig);
		return;
	}
	first_stop = sig;
	if (draining != 0)
		alarm(DRAIN_SECONDS);
}

static void
on_alarm(int sig)
{
	(void)sig;
	take_along(SIGTERM);
	io_write(STDERR_FILENO, last_line, strlen(last_line));
	_exit(TOOL_IO);
}

static void
on_status(int sig)
{
	(void)sig;
	wants_status = 1;
}

static void catch (int sig, void (*handler)(int))
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = handler;
	sigemptyset(&sa.sa_mask);
	if (sigaction(sig, &sa, NULL) == -1)
		tool_die(TOOL_BUG, "sigaction");
}

void
tool_status_signal(void)
{
	catch (SIGUSR1, on_status);
}

void
tool_signals(void)
{
	catch (SIGINT, on_stop);
	catch (SIGTERM, on_stop);
	catch (SIGUSR1, on_status);
}

/* A handler may not format, nor quote. */
static void
make_last_line(const char *name)
{
	struct buf b = {.max = 0};

	quote_cut(&b, name, strlen(name), LINE_LEN / 8);
	buf_printf(&b, ": %d s after the signal the stream still goes on\n",
	    DRAIN_SECONDS);
	buf_putc(&b, '\0');
	strlcpy(last_line, (const char *)b.data, sizeof(last_line));
	buf_release(&b);
}

void
tool_drain(const struct tool *t)
{
	make_last_line(t->name);
	draining = 1;
	catch (SIGALRM, on_alarm);
	tool_signals();
}

static void
on_reopen(int sig)
{
	(void)sig;
	wants_reopen = 1;
}

static bool
is_default(int sig)
{
	struct sigaction sa;

	return sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL;
}

/*
 * What has a handler, or is ignored, stays so: a filter that drains its input
 * has its own for two of them, nohup(1) wants no SIGHUP.
 */
static void
catch_ends(void)
{
	static const int ends[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (is_default(ends[i]))
			catch (ends[i], end_by);
}

/* The handler may run between any two of these lines. */
void
tool_remove(char *volatile *paths, size_t n)
{
	n_unfinished = 0;
	unfinished = paths;
	n_unfinished = n;
	catch_ends();
}

void
tool_child(pid_t pid)
{
	child = pid;
	catch_ends();
}

void
tool_reopen_signal(void)
{
	catch (SIGHUP, on_reopen);
}

bool
tool_wants_reopen(void)
{
	bool yes = wants_reopen != 0;

	wants_reopen = 0;
	return yes;
}

int
tool_stopped(void)
{
	return (int)n_stops;
}

int
tool_stop_signal(void)
{
	return (int)first_stop;
}

bool
tool_wants_status(void)
{
	bool yes = wants_status != 0;

	wants_status = 0;
	return yes;
}
