/* SPDX-License-Identifier: ISC */
/* Outlet: a command for each batch that has rows.  ssink(1), --exec. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "base/zone.h"
#include "io/outlet_int.h"
#include "io/spawn.h"
#include "window/grid.h"

#define ENV_MAX 5

/*
 * The rows of a batch are kept in a file without a name until the batch is
 * complete: their number is known when the command starts, a batch that breaks
 * off is never seen by it, and it may leave its input unread.
 */
struct outexec {
	struct outlet *t;
	const struct head *head;
	struct render *render; /* of the batch at hand, or NULL */
	int fd; /* its rows, or -1 */
	uint64_t rows;
	int start_col, end_col; /* window_start, window_end; or both pane */
	bool by_pane;
	bool ordinal; /* bounds are numbers of rows, not times */
	struct zone *zone; /* of a calendar's windows */
	struct grid grid; /* of panes */
	bool windowed; /* start and end mean something */
	int64_t start, end;
};

static void *
exec_make(struct outlet *t, char **why)
{
	struct outexec *x;

	if (strcmp(t->o.render.format, "frames") == 0
	    || strcmp(t->o.render.format, "dump") == 0) {
		*why = mem_printf("-f %s shows a stream, and --exec takes a "
				  "batch of rows",
		    t->o.render.format);
		return NULL;
	}
	x = mem_zero(1, sizeof(*x));
	x->t = t;
	x->fd = -1;
	return x;
}

/* The column of that name if its values have an order in time, or -1. */
static int
bound_col(const struct outexec *x, const char *name)
{
	const struct schema *s = &x->head->schema;
	int col = schema_find(s, name, strlen(name));

	if (col == -1
	    || (s->fields[col].type != TYPE_TIME
		&& s->fields[col].type != TYPE_INT))
		return -1;
	return col;
}

/* Find out where the rows say which windows they belong to. */
static int
learn_windows(struct outexec *x)
{
	const struct window_spec *w = &x->head->window;
	char *why;

	x->start_col = bound_col(x, "window_start");
	x->end_col = bound_col(x, "window_end");
	x->by_pane = x->start_col == -1 || x->end_col == -1;
	if (x->by_pane && w->kind != WINDOW_NONE)
		x->start_col = x->end_col = bound_col(x, "pane");
	if (x->start_col == -1 || x->end_col == -1) {
		x->start_col = x->end_col = -1;
		return 0;
	}
	x->ordinal = x->head->schema.fields[x->start_col].type == TYPE_INT;
	if (!x->by_pane)
		return 0;
	if (*w->tz != '\0') {
		x->zone = zone_open(w->tz, &why);
		if (x->zone == NULL) {
			outlet_fail(x->t, EX_DATAERR, "%s", why);
			free(why);
			return -1;
		}
	}
	grid_init(&x->grid, w, x->zone);
	return 0;
}

static int
exec_head(struct outlet *t, const struct head *h)
{
	struct outexec *x = t->own;

	x->head = h;
	if (learn_windows(x) == -1)
		return -1;
	/* Only to learn whether the format can show such a stream. */
	if (render_start(t->render, h) == -1)
		return outlet_fail(
		    t, EX_DATAERR, "%s", render_error(t->render));
	return 0;
}

static int
spool(void *arg, const void *p, size_t len)
{
	struct outexec *x = arg;

	if (io_write(x->fd, p, len) == 0)
		return 0;
	return outlet_fail(
	    x->t, EX_IOERR, "rows kept for --exec: %s", strerror(errno));
}

static int
open_spool(struct outexec *x)
{
	const char *dir;

	x->fd = io_scratch(&dir);
	if (x->fd == -1)
		return outlet_fail(
		    x->t, EX_IOERR, "%s: %s", dir, strerror(errno));
	return 0;
}

static int
begin(struct outexec *x)
{
	char *why = NULL;

	if (open_spool(x) == -1)
		return -1;
	/* The same options made one before, so that it cannot fail. */
	x->render = render_new(&x->t->o.render, &why);
	if (x->render == NULL) {
		outlet_fail(x->t, EX_SOFTWARE, "%s", why);
		free(why);
		return -1;
	}
	render_to(x->render, spool, x);
	x->rows = 0;
	x->windowed = false;
	return render_head(x->render, x->head);
}

/* What a pane covers, by its start or number; false if that is no time. */
static bool
pane_bounds(const struct outexec *x, int64_t *start, int64_t *end, int64_t pane)
{
	int64_t size = x->head->window.size;

	switch (x->head->window.kind) {
	case WINDOW_SESSION:
		*start = pane;
		return num_add(end, pane, size);
	case WINDOW_ROWS:
		return num_mul(start, pane, size) && num_add(end, *start, size);
	default:
		return grid_pane(&x->grid, start, end, pane);
	}
}

/* Learn from the rows which windows the batch covers. */
static void
note_windows(struct outexec *x, const struct batch *b)
{
	const struct col *starts, *ends;

	if (x->start_col == -1)
		return;
	starts = &b->cols[x->start_col];
	ends = &b->cols[x->end_col];
	for (uint32_t r = 0; r < b->n_rows; r++) {
		int64_t start, end;

		if (!col_is_valid(starts, r) || !col_is_valid(ends, r))
			continue;
		start = starts->i[col_entry(starts, r)];
		end = ends->i[col_entry(ends, r)];
		if (x->by_pane && !pane_bounds(x, &start, &end, start))
			continue;
		if (!x->windowed || start < x->start)
			x->start = start;
		if (!x->windowed || end > x->end)
			x->end = end;
		x->windowed = true;
	}
}

/* NAME=value of a bound of windows. */
static char *
bound_env(const struct outexec *x, const char *name, int64_t v)
{
	char text[TIME_TEXT_MAX];
	size_t len;

	if (x->ordinal)
		return mem_printf("%s=%" PRId64, name, v);
	len = time_format_rfc3339(text, v);
	return mem_printf("%s=%.*s", name, (int)len, text);
}

static void
make_env(const struct outexec *x, const struct frame *f, char **env)
{
	size_t n = 0;

	env[n++] = mem_printf("MILLRACE_BATCH=%" PRIu64, f->h.batch);
	env[n++] = mem_printf("MILLRACE_EPOCH=%" PRIu64, x->t->epoch);
	env[n++] = mem_printf("MILLRACE_ROWS=%" PRIu64, x->rows);
	if (x->windowed) {
		env[n++] = bound_env(x, "MILLRACE_WINDOW_START", x->start);
		env[n++] = bound_env(x, "MILLRACE_WINDOW_END", x->end);
	}
	env[n] = NULL;
}

static void
drop(struct outexec *x)
{
	render_free(x->render);
	x->render = NULL;
	if (x->fd != -1)
		close(x->fd);
	x->fd = -1;
}

static int
run(struct outexec *x, const struct frame *f)
{
	struct outlet *t = x->t;
	char sh[] = "sh", c[] = "-c", *command = mem_strdup(t->o.command);
	char *env[ENV_MAX + 1], *argv[] = {sh, c, command, NULL};
	struct spawn s = {
	    .argv = argv, .env = env, .in_fd = x->fd, .out_fd = -1};
	int status = -1;
	pid_t pid;

	if (lseek(x->fd, 0, SEEK_SET) == -1)
		return outlet_fail(
		    t, EX_IOERR, "rows kept for --exec: %s", strerror(errno));
	make_env(x, f, env);
	pid = spawn_start(&s);
	if (pid != -1) {
		t->o.on_child(pid);
		status = spawn_wait(pid);
		t->o.on_child(0);
	}
	for (size_t i = 0; env[i] != NULL; i++)
		free(env[i]);
	free(command);
	if (status == 0)
		return 0;
	if (status == -1)
		return outlet_fail(
		    t, EX_IOERR, "--exec: sh: %s", strerror(errno));
	return outlet_fail(t, EX_IOERR,
	    "--exec: exit status %d for batch %" PRIu64, status, f->h.batch);
}

/* The batch is complete. */
static int
end(struct outexec *x, const struct frame *f)
{
	int rc = 0;

	if (x->render == NULL)
		return 0;
	rc = render_end(x->render);
	if (rc == 0)
		rc = run(x, f);
	drop(x);
	return rc;
}

static int
exec_frame(struct outlet *t, const struct frame *f, const struct batch *b)
{
	struct outexec *x = t->own;

	if (b != NULL && b->n_rows > 0) {
		if (x->render == NULL && begin(x) == -1)
			return -1;
		note_windows(x, b);
		x->rows += b->n_rows;
		if (render_frame(x->render, f, b) == -1)
			return -1;
	}
	return (f->h.flags & FRAME_LAST) != 0 ? end(x, f) : 0;
}

static void
exec_free(void *own)
{
	struct outexec *x = own;

	drop(x);
	zone_close(x->zone);
	free(x);
}

const struct outlet_kind outexec_kind = {.make = exec_make,
    .head = exec_head,
    .frame = exec_frame,
    .free = exec_free};
