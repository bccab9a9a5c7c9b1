/* SPDX-License-Identifier: ISC */
/* HEAD as an object: init, copy, release.  Its bytes are in headio.c. */
#include "wire/head.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
window_spec_release(struct window_spec *w)
{
	free(w->tz);
	free(w->keys);
	free(w->text);
	*w = (struct window_spec){.kind = WINDOW_NONE};
}

void
window_spec_reset(struct window_spec *w)
{
	window_spec_release(w);
	w->tz = mem_strdup("");
	w->keys = mem_strdup("");
	w->text = mem_strdup("");
}

void
window_spec_copy(struct window_spec *to, const struct window_spec *from)
{
	*to = *from;
	to->tz = mem_strdup(from->tz);
	to->keys = mem_strdup(from->keys);
	to->text = mem_strdup(from->text);
}

void
head_no_partials(struct head *h)
{
	for (size_t i = 0; i < h->n_partials; i++)
		free(h->partials[i].text);
	free(h->partials);
	h->partials = NULL;
	h->n_partials = 0;
}

void
head_init(struct head *h)
{
	*h = (struct head){.mode = MODE_APPEND};
	schema_init(&h->schema);
	window_spec_reset(&h->window);
	h->mode_keys = mem_strdup("");
	h->path = mem_strdup("");
}

void
head_release(struct head *h)
{
	schema_release(&h->schema);
	window_spec_release(&h->window);
	free(h->mode_keys);
	head_no_partials(h);
	for (size_t i = 0; i < h->n_stages; i++) {
		free(h->stages[i].program);
		free(h->stages[i].name);
		free(h->stages[i].options);
	}
	free(h->stages);
	free(h->path);
	*h = (struct head){.path = NULL};
}

void
head_copy(struct head *to, const struct head *from)
{
	*to = *from;
	schema_copy(&to->schema, &from->schema);
	window_spec_copy(&to->window, &from->window);
	to->mode_keys = mem_strdup(from->mode_keys);
	to->path = mem_strdup(from->path);
	to->partials =
	    mem_resize(NULL, from->n_partials, sizeof(*to->partials));
	for (size_t i = 0; i < from->n_partials; i++) {
		to->partials[i] = from->partials[i];
		to->partials[i].text = mem_strdup(from->partials[i].text);
	}
	to->stages = NULL;
	to->n_stages = 0;
	head_add_chain(to, from);
}

void
head_forget_checkpoint(struct head *h)
{
	free(h->path);
	h->path = mem_strdup("");
	memset(h->identity, 0, sizeof(h->identity));
	h->generation = 0;
	h->epoch = 0;
}

void
head_add_chain(struct head *h, const struct head *from)
{
	for (size_t i = 0; i < from->n_stages; i++)
		head_add_stage(h, from->stages[i].cls, from->stages[i].program,
		    from->stages[i].name, from->stages[i].options);
}

void
head_add_stage(struct head *h, enum stage_class cls, const char *program,
    const char *name, const char *options)
{
	struct head_stage *s;

	h->stages = mem_resize(h->stages, h->n_stages + 1, sizeof(*h->stages));
	s = &h->stages[h->n_stages++];
	s->cls = cls;
	s->program = mem_strdup(program);
	s->name = mem_strdup(name);
	s->options = mem_strdup(options);
}
