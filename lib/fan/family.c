/* SPDX-License-Identifier: ISC */
/* What a process has started. */
#include "fan/family.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

struct family {
	pid_t *v;
	size_t n;
	size_t cap;
};

/* Children of the first thread, which is what starts commands. */
static void
add_children(struct family *f, pid_t pid)
{
	char path[64];
	long child;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)pid,
	    (long)pid);
	in = fopen(path, "re");
	while (in != NULL && fscanf(in, "%ld", &child) == 1) {
		f->v = mem_grow(f->v, &f->cap, f->n + 1, sizeof(*f->v));
		f->v[f->n++] = (pid_t)child;
	}
	if (in != NULL)
		fclose(in);
}

void
family_end(pid_t pid)
{
	struct family f = {.n = 0};

	/* Nothing new begins while it is looked for. */
	kill(-pid, SIGSTOP);
	add_children(&f, pid);
	for (size_t i = 0; i < f.n; i++)
		add_children(&f, f.v[i]);
	kill(-pid, SIGKILL);
	/* Who leads no group has the one of another that is here. */
	for (size_t i = 0; i < f.n; i++)
		kill(-f.v[i], SIGKILL);
	free(f.v);
}
