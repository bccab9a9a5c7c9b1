/* SPDX-License-Identifier: ISC */
/* Commands that the user gave, as children in groups of their own. */
#include "io/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"

#define MAX_STEP_MS 50 /* between two looks for an end */

/* In the child: become the command, or tell the parent why not. */
_Noreturn static void
become(const struct spawn *s, int tell_fd, pid_t parent)
{
	int e;

	setpgid(0, 0);
#ifdef __linux__
	if (s->last_signal != 0)
		prctl(PR_SET_PDEATHSIG, s->last_signal);
	/* It may have ended before that. */
	if (s->last_signal != 0 && getppid() != parent)
		raise(SIGKILL);
#endif
	signal(SIGXFSZ, SIG_DFL);
	for (size_t i = 0; s->env != NULL && s->env[i] != NULL; i++)
		putenv(s->env[i]);
	if (dup2(s->in_fd, STDIN_FILENO) != -1
	    && (s->out_fd == -1 || dup2(s->out_fd, STDOUT_FILENO) != -1)
	    && (s->err_fd == 0 || dup2(s->err_fd, STDERR_FILENO) != -1))
		execvp(s->argv[0], s->argv);
	e = errno;
	_exit(io_write(tell_fd, &e, sizeof(e)) == 0 ? 127 : 126);
}

pid_t
spawn_start(const struct spawn *s)
{
	int tell[2], e = 0;
	ssize_t n;
	pid_t pid, parent = getpid();

	if (pipe2(tell, O_CLOEXEC) == -1)
		return -1;
	pid = fork();
	if (pid == 0)
		become(s, tell[1], parent);
	e = errno;
	close(tell[1]);
	if (pid == -1) {
		close(tell[0]);
		errno = e;
		return -1;
	}
	/* Both do it, so that it is done for whoever comes first. */
	setpgid(pid, pid);
	n = io_read_full(tell[0], &e, sizeof(e));
	close(tell[0]);
	if (n != sizeof(e))
		return pid;
	spawn_wait(pid);
	errno = e;
	return -1;
}

int
spawn_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static int
next_step(int ms)
{
	return ms < MAX_STEP_MS / 2 ? 2 * ms : MAX_STEP_MS;
}

bool
spawn_is_over(pid_t pid, int wait_ms)
{
	const int flags = WEXITED | WNOHANG | WNOWAIT;
	siginfo_t info;

	/* Who waits knows that the end is near: ask often at first. */
	for (int ms = 0, step = 1;; ms += step, step = next_step(step)) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &info, flags) == 0
		    && info.si_pid == pid)
			return true;
		if (ms > wait_ms - step)
			return false;
		poll(NULL, 0, step);
	}
}

int
spawn_stopped(pid_t pid)
{
	const int flags = WSTOPPED | WNOHANG | WNOWAIT;
	siginfo_t info = {.si_pid = 0};

	if (waitid(P_PID, (id_t)pid, &info, flags) == -1 || info.si_pid != pid)
		return 0;
	return info.si_status;
}
