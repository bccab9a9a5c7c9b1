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

static void
on_stop(int sig)
{
	if (n_stops++ > 0) {
		signal(sig, SIG_DFL);
		raise(sig);
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
