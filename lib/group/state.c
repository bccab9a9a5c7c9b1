/* SPDX-License-Identifier: ISC */
/*
 * The state of sreduce at a barrier.  millrace-checkpoint(5).  No result waits
 * then: each frame has been answered.
 */
#include <assert.h>

#include "group/group_int.h"
#include "wire/pack.h"

void
group_save(struct stage *st, void *arg, struct buf *out)
{
	struct group *g = arg;

	(void)st;
	assert(group_n_waiting(g) == 0);
	buf_put_int(out, g->order, 8);
	buf_put_int(out, (uint64_t)g->early.until_us, 8);
	buf_put_int(out, g->early.begun, 1);
	g->way->save(g, out);
	reduce_save(g->reduce, out);
	if (g->emit == GROUP_COMPLETE)
		buf_put_int(out, g->kept.cols != NULL, 1);
	if (g->emit == GROUP_COMPLETE && g->kept.cols != NULL)
		pack_build(out, &g->kept);
	if (g->update.choosy)
		update_save(&g->update, out);
	if (g->fill.on)
		fill_save(&g->fill, out);
}

int
group_load(struct stage *st, void *arg, struct cur *in)
{
	struct group *g = arg;

	g->order = cur_get_int(in, 8);
	g->early.until_us = (int64_t)cur_get_int(in, 8);
	g->early.begun = cur_get_int(in, 1) != 0;
	if (g->way->load(st, g, in) == -1 || reduce_load(g->reduce, in) == -1)
		return -1;
	if (g->emit == GROUP_COMPLETE && cur_get_int(in, 1) != 0) {
		group_begin_kept(g);
		if (unpack_build(&g->kept, in) == -1)
			return -1;
	}
	if (g->update.choosy && update_load(&g->update, in) == -1)
		return -1;
	return g->fill.on ? fill_load(&g->fill, st, g, in) : 0;
}
