/* SPDX-License-Identifier: ISC */
/* Signals: stop, drain, status. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "tool/tool.h"

#define DRAIN_SECONDS 30

/* The one piece of state that a handler must share with the program. */
static volatile sig_atomic_t n_stops, first_stop, wants_status;
static volatile sig_atomic_t draining;
static const char *volatile unfinished;

/* A signal ends the process: take the unfinished output along. */
static void
end_by(int sig)
{
	if (unfinished != NULL)
		unlink(unfinished);
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
	static const char text[] =
	    "millrace: 30 s after the signal the input still goes on\n";

	(void)sig;
	if (unfinished != NULL)
		unlink(unfinished);
	io_write(STDERR_FILENO, text, sizeof(text) - 1);
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

void
tool_drain(void)
{
	draining = 1;
	catch (SIGALRM, on_alarm);
	tool_signals();
}

/* A filter that drains its input has handlers of its own for two of them. */
void
tool_remove(const char *path)
{
	bool first = unfinished == NULL && path != NULL;

	unfinished = path;
	if (!first)
		return;
	catch (SIGHUP, end_by);
	if (draining == 0) {
		catch (SIGINT, end_by);
		catch (SIGTERM, end_by);
	}
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
