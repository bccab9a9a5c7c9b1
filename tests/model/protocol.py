#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Explore every run of the checkpoint protocol, millrace-checkpoint(5).

usage: protocol.py [-v] [--rows N] [--kills N] [NAME...]

A source, a filter that counts, and a sink, joined by short pipes, over a log
that is rotated at some moment, or over a pipe with a spool that is trimmed.  Any process may be killed at any step, or all
of them at once; a new start may come while processes of the old one still
drain their pipes.  The source ends an epoch after one row or after two, so
that no two attempts need agree, and does not wait for a commit, so that
several epochs are under way.

Each state that can be reached is visited.  What is published must always be
the beginning of the right output, must belong to committed epochs, and must
be all of it when nothing can go on.  The protocol must pass; each variant of
it that leaves a rule out must fail.  The status is 1 when one did not.

A write that was flushed is taken for durable; what becomes of writes that were
not is tests/powerloss.py's business.
"""
import argparse
import sys
import time
from collections import deque, namedtuple

PIPE = 2         # items in a pipe

# gen, rec: the files generation and committed.  offs, snaps: snapshots of the
# source and of the filter, ((epoch, generation), value).  pend: output that is
# prepared, (sink, (epoch, generation), rows).  out: what each sink shows, a
# tuple of (epoch, rows); of a database it is one table, db the epoch it is at.
# gone: rows that were read from a pipe, and are in the spool no more.
Disk = namedtuple("Disk", "gen rec offs snaps pend out db rotated gone")
# One start.  head: the generation and what was committed, as HEAD says.  src:
# None when it is gone, else (step, ...).  pipes: to the filter, to each sink.
Start = namedtuple("Start", "gen head src one flt pipes sinks")
State = namedtuple("State", "disk starts kills")

NONE = (0, 0)   # nothing is committed
DEAD, NEW, ENDED = None, "new", "ended"


def put(pairs, key, value):
    """A frozenset of pairs with one of them set."""
    return frozenset(p for p in pairs if p[0] != key) | {(key, value)}


def get(pairs, key):
    for k, v in pairs:
        if k == key:
            return v
    return None


class Protocol:
    """What may happen next; rules holds the names of the rules left out."""

    def __init__(self, rows, kills, without=(), database=False, sinks=1,
                 spool=False):
        self.rows, self.kills = rows, kills
        self.first_file = (rows + 1) // 2  # rows before the rotation
        self.without = frozenset(without)
        self.database, self.n_sinks = database, sinks
        self.spool = spool
        self.right = tuple((i, i) for i in range(1, rows + 1))

    def has(self, rule):
        return rule not in self.without

    # -- starts

    def first(self):
        disk = Disk(0, NONE, frozenset(), frozenset(), frozenset(),
                    ((),) * self.n_sinks, (0,) * self.n_sinks, False, 0)
        return State(disk, (self.begin(),), self.kills)

    def begin(self):
        return Start(0, NONE, ("start",), (), NEW, ((),) * self.n_sinks,
                     (NEW,) * self.n_sinks)

    def steps(self, state):
        """(what, next state) for all that can happen."""
        disk = state.disk
        if not disk.rotated:
            yield "rotate", state._replace(disk=disk._replace(rotated=True))
        for k, start in enumerate(state.starts):
            # A step gives the disk and the start as they are afterwards.
            for what, new_disk, new in self.start_steps(state, k, start):
                yield "%s of start %d" % (what, k + 1), State(
                    new_disk, self.swap(state.starts, k, new), state.kills)
            if state.kills > 0:
                for what, new in self.killed(start):
                    yield "kill %s of start %d" % (what, k + 1), State(
                        disk, self.swap(state.starts, k, new),
                        state.kills - 1)
        if state.kills > 0 and any(map(self.alive, state.starts)):
            yield "kill all", State(disk, (), state.kills - 1)
        if self.may_begin(state):
            yield "start again", state._replace(
                starts=self.living(state.starts) + (self.begin(),))

    def swap(self, starts, k, new):
        return starts[:k] + (new,) + starts[k + 1:]

    def alive(self, start):
        return start.src is not DEAD and start.src != (ENDED,) \
            or start.flt is not DEAD or any(s is not DEAD for s in start.sinks)

    def living(self, starts):
        return tuple(s for s in starts if self.alive(s))

    def may_begin(self, state):
        """Its source holds a lock for life; nobody begins what is done."""
        if any(s.src is not DEAD and s.src != (ENDED,) for s in state.starts):
            return False
        # Who was refused tries again; that it waits bounds the starts.
        if any(map(self.alive, state.starts)) and (
                state.disk.gen >= self.kills + 1
                or state.starts[-1].src == (ENDED,)):
            return False
        return any(self.shown(state.disk, i) != self.right
                   for i in range(self.wanted()))

    def wanted(self):
        """How many sinks there must be output of."""
        return 1 if self.has("one sink") else self.n_sinks

    def killed(self, start):
        if start.src is not DEAD and start.src != (ENDED,):
            yield "source", start._replace(src=DEAD)
        if start.flt is not DEAD:
            yield "filter", start._replace(flt=DEAD, one=())
        for i, sink in enumerate(start.sinks):
            if sink is not DEAD:
                yield "sink", self.with_sink(start, i, DEAD, ())

    def with_sink(self, start, i, sink, pipe):
        return start._replace(sinks=self.swap(start.sinks, i, sink),
                              pipes=self.swap(start.pipes, i, pipe))

    def start_steps(self, state, k, start):
        yield from self.source_steps(state.disk, start)
        yield from self.filter_steps(state, k, start)
        for i in range(self.n_sinks):
            yield from self.sink_steps(state, k, start, i)

    # -- the source

    def source_steps(self, disk, start):
        if start.src is DEAD or start.src == (ENDED,):
            return
        step = start.src[0]
        if step == "start":
            yield from self.source_starts(disk, start)
        elif step == "counted":
            yield "read the record", disk, self.placed(
                disk, start._replace(head=disk.rec))
        elif step == "read":
            gen = disk.gen + 1
            yield "count", disk._replace(gen=gen), self.placed(
                disk, start._replace(gen=gen))
        elif start.flt is DEAD:
            yield "source sees EPIPE", disk, start._replace(src=DEAD)
        else:
            yield from self.source_sends(disk, start)

    def source_starts(self, disk, start):
        """The generation is counted before the record is read."""
        if self.has("count first"):
            gen = disk.gen + 1
            yield "count", disk._replace(gen=gen), start._replace(
                gen=gen, src=("counted",))
        else:
            yield "read the record", disk, start._replace(
                head=disk.rec, src=("read",))

    def placed(self, disk, start):
        """Where the epoch of HEAD ended, or as near as is known."""
        epoch = start.head[0]
        at = get(disk.offs, self.key(*start.head)) if epoch else 0
        if not self.has("first places") and epoch == 0 and start.gen > 1 \
                and disk.rotated:
            at = self.first_file
        if at is None:
            older = [(k, v) for k, v in disk.offs if k[0] <= epoch]
            at = max(older)[1] if older else 0
        if not self.has("identity") and disk.rotated and at <= self.first_file:
            # The same offset of what has the name now.
            at = min(self.first_file + at, self.rows)
        at = max(at, disk.gone)
        return start._replace(src=("send", at, epoch, 0))

    def source_sends(self, disk, start):
        """Rows, and barriers behind one or two of them."""
        _, at, epoch, n = start.src[:4]
        end = self.rows if disk.rotated else self.first_file
        key = self.key(epoch + 1, start.gen)
        if self.spool:
            yield from self.source_trims(disk, start, at)
        if start.src[0] == "saved":
            yield from self.source_bars(disk, start, key, at, epoch)
            return
        if start.src[0] == "barred":
            # The broken order: the places come after the barrier.
            yield "save places", disk._replace(
                offs=put(disk.offs, self.key(epoch, start.gen), at)
            ), start._replace(src=("send", at, epoch, 0))
            return
        if len(start.one) >= PIPE:
            return
        if n == 0:
            for to in range(at + 1, min(at + 2, end) + 1):
                yield "row " * (to - at) + "sent", disk, start._replace(
                    src=("send", to, epoch, to - at),
                    one=start.one + (("rows", at, to),))
        if n > 0 and self.has("places first"):
            yield "save places", disk._replace(
                offs=put(disk.offs, key, at)), start._replace(
                    src=("saved", at, epoch, 0))
        elif n > 0:
            yield from self.source_bars(disk, start, key, at, epoch)
        if n == 0 and at == self.rows:
            yield "end", disk, start._replace(
                src=(ENDED,), one=start.one + (("end",),))

    def source_trims(self, disk, start, at):
        """What was spooled goes, once a record says that it was committed."""
        need = at
        if self.has("trim behind the record"):
            need = get(disk.offs, self.key(*disk.rec)) or 0
        if need > disk.gone:
            yield "trim", disk._replace(gone=need), start

    def source_bars(self, disk, start, key, at, epoch):
        if len(start.one) >= PIPE:
            return
        after = "send" if self.has("places first") else "barred"
        yield "barrier", disk, start._replace(
            src=(after, at, epoch + 1, 0),
            one=start.one + (("bar", epoch + 1),))

    def key(self, epoch, gen):
        return (epoch, gen if self.has("snapshot by attempt") else 0)

    # -- stages

    def joins(self, state, k, start, held):
        """Whether a stage may take part: its lock is free, HEAD is newest."""
        if self.has("stage lock") and any(
                held(s) for j, s in enumerate(state.starts) if j != k):
            return False
        return not self.has("newest") or (
            start.gen == state.disk.gen and start.head == state.disk.rec)

    def running(self, start):
        return start.src is not DEAD and start.src[0] not in (
            "start", "counted", "read")

    def filter_steps(self, state, k, start):
        disk, flt = state.disk, start.flt
        if flt is DEAD:
            return
        if flt == NEW:
            yield from self.filter_joins(state, k, start)
        elif any(s is DEAD for s in start.sinks) and self.n_sinks == 1:
            yield "filter sees EPIPE", disk, start._replace(flt=DEAD, one=())
        elif start.one:
            if all(len(p) < PIPE for p in start.pipes):
                yield from self.filter_takes(disk, start)
        elif start.src is DEAD:
            yield "filter sees EOF", disk, start._replace(flt=DEAD)

    def filter_joins(self, state, k, start):
        disk = state.disk
        if not self.running(start) and not start.one:
            if start.src is DEAD:
                yield "filter sees EOF", disk, start._replace(flt=DEAD)
            return
        if not self.joins(state, k, start,
                          lambda s: s.flt not in (DEAD, NEW)):
            yield "filter is refused", disk, start._replace(flt=DEAD, one=())
            return
        count = 0
        if start.head[0]:
            count = get(disk.snaps, self.key(*start.head))
        yield "filter joins", disk, start._replace(flt=("count", count))

    def filter_takes(self, disk, start):
        item, rest = start.one[0], start.one[1:]
        count = start.flt[1]
        if item[0] == "rows":
            _, at, to = item
            count = -1 if count is None else count
            yield "filter counts", disk, self.forward(
                start._replace(flt=("count", count + to - at), one=rest),
                ("rows", tuple((at + k, count + k)
                               for k in range(1, to - at + 1))))
        elif item[0] == "bar":
            yield "filter saves", disk._replace(snaps=put(
                disk.snaps, self.key(item[1], start.gen), count)
            ), self.forward(start._replace(one=rest), item)
        else:
            yield "filter ends", disk, self.forward(
                start._replace(flt=DEAD, one=rest), item)

    def forward(self, start, item):
        return start._replace(pipes=tuple(
            p + (item,) if s is not DEAD else p
            for p, s in zip(start.pipes, start.sinks)))

    # -- the sink

    def sink_steps(self, state, k, start, i):
        disk, sink, pipe = state.disk, start.sinks[i], start.pipes[i]
        if sink is DEAD:
            return
        if sink == NEW:
            yield from self.sink_joins(state, k, start, i)
            return
        rows, step, last = sink[1:]
        if pipe and pipe[0][0] == "rows":
            yield "sink takes rows", disk, self.with_sink(
                start, i, ("sink", rows + pipe[0][1], step, last), pipe[1:])
        elif pipe and pipe[0][0] == "end":
            yield "sink ends", disk, self.with_sink(start, i, DEAD, ())
        elif pipe:
            yield from self.sink_commits(
                disk, start, i, pipe[0][1], pipe[1:])
        elif start.flt is DEAD:
            if not self.has("EOF is no end") and rows:
                yield from self.sink_commits(disk, start, i, last + 1, ())
            else:
                yield "sink sees EOF", disk, self.with_sink(
                    start, i, DEAD, ())

    def sink_joins(self, state, k, start, i):
        disk = state.disk
        if start.flt is DEAD and not start.pipes[i]:
            yield "sink sees EOF", disk, self.with_sink(start, i, DEAD, ())
            return
        if start.flt == NEW:
            return
        second = i > 0 and self.has("one sink")
        if second or not self.joins(
                state, k, start, lambda s: s.sinks[i] not in (DEAD, NEW)):
            yield "sink is refused", disk, self.with_sink(start, i, DEAD, ())
            return
        yield "sink joins", self.recovered(disk, i), self.with_sink(
            start, i, ("sink", (), "take", start.head[0]), start.pipes[i])

    def recovered(self, disk, i):
        """What was decided is published, what was not is dropped."""
        if self.has("record first"):
            disk = self.published(disk, i, disk.rec)
        return disk._replace(
            pend=frozenset(p for p in disk.pend if p[0] != i))

    def published(self, disk, i, key):
        """A rename takes pending output along; a database leaves it."""
        for sink, of, rows in disk.pend:
            if (sink, of) == (i, key):
                disk = self.show(disk, i, key[0], rows)
                if not self.database:
                    return disk._replace(
                        pend=disk.pend - {(sink, of, rows)})
        return disk

    def show(self, disk, i, epoch, rows):
        if self.database:
            if disk.db[i] >= epoch and self.has("epoch in the transaction"):
                return disk
            return self.append(disk, i, rows)._replace(
                db=self.swap(disk.db, i, epoch))
        # A file of a name of its own; a rename replaces what has the name.
        out = tuple(sorted({**dict(disk.out[i]), epoch: rows}.items()))
        return disk._replace(out=self.swap(disk.out, i, out))

    def append(self, disk, i, rows):
        out = disk.out[i] + ((len(disk.out[i]), rows),)
        return disk._replace(out=self.swap(disk.out, i, out))

    def sink_commits(self, disk, start, i, epoch, rest):
        _, rows, step, last = start.sinks[i]
        key = (epoch, start.gen)
        done = ("sink", (), "take", epoch)
        if not self.has("record first"):
            # The broken order: show, then record.
            if step == "take":
                yield "publish", self.append(disk, i, rows), self.with_sink(
                    start, i, ("sink", rows, "shown", last), start.pipes[i])
            else:
                yield "record", disk._replace(rec=key), self.with_sink(
                    start, i, done, rest)
        elif step == "take":
            yield "prepare", disk._replace(
                pend=disk.pend | {(i, key, rows)}), self.with_sink(
                    start, i, ("sink", rows, "ready", last), start.pipes[i])
        elif step == "ready":
            if self.has("fence") and disk.gen != start.gen:
                yield "fenced", disk, self.with_sink(start, i, DEAD, ())
            else:
                yield "decide", disk._replace(rec=key), self.with_sink(
                    start, i, ("sink", rows, "decided", last),
                    start.pipes[i])
        else:
            yield "publish", self.published(disk, i, key), self.with_sink(
                start, i, done, rest)

    # -- what must hold

    def shown(self, disk, i):
        return tuple(r for _, rows in disk.out[i] for r in rows)

    def wrong(self, state, stuck):
        """What is wrong with a state, or None."""
        for i in range(self.n_sinks):
            shown = self.shown(state.disk, i)
            if shown != self.right[:len(shown)]:
                return "sink %d shows %s" % (i + 1, shown)
            if not self.database and self.has("record first") and any(
                    epoch > state.disk.rec[0]
                    for epoch, _ in state.disk.out[i]):
                return "sink %d shows what is not committed" % (i + 1)
            if stuck and i < self.wanted() and shown != self.right:
                return "sink %d ends with %s" % (i + 1, shown)
            if i >= self.wanted() and shown:
                return "a second sink shows %s" % (shown,)
        return None


# What must have come to pass, or a model that is clean says little.
REACHED = {"two epochs under way", "rotation inside an epoch",
           "kill between decide and publish", "start while others drain"}


def reached(state, what):
    """Of that, what a step shows."""
    rec = state.disk.rec[0]
    running = [s for s in state.starts if s.src is not DEAD
               and s.src[0] in ("send", "saved", "barred")]
    if any(s.src[2] >= rec + 2 for s in running):
        yield "two epochs under way"
    if what == "rotate" and any(s.src[0] == "send" and s.src[3] > 0
                                for s in running):
        yield "rotation inside an epoch"
    if what.startswith("kill") and any(
            sink not in (DEAD, NEW) and sink[2] == "decided"
            for s in state.starts for sink in s.sinks):
        yield "kill between decide and publish"
    if what == "start again" and state.starts:
        yield "start while others drain"


def explore(protocol, way=()):
    """(states, what was reached, what is wrong, how it came to that): all
    behind the steps of way, for what lies so deep that there are millions of
    states before it."""
    first = protocol.first()
    before = {first: None}
    for what in way:
        new = dict(protocol.steps(first))[what]
        before[new] = (first, what)
        first = new
    queue, seen = deque([first]), set()
    while queue:
        state = queue.popleft()
        steps = list(protocol.steps(state))
        wrong = protocol.wrong(state, not steps)
        if wrong is not None:
            return len(before), seen, wrong, trace(before, state)
        for what, new in steps:
            seen.update(reached(state, what))
            if new not in before:
                before[new] = (state, what)
                queue.append(new)
    return len(before), seen, None, []


def trace(before, state):
    out = []
    while before[state] is not None:
        state, what = before[state]
        out.append(what)
    return out[::-1]


# The first start's filter has two rows when its source is killed, and saves
# after the second one, whose epoch 1 has one row and is committed.
LATE_FILTER = [
    "rotate", "count of start 1", "read the record of start 1"] + [
    w + " of start 1" for w in (
        "row row sent", "save places", "barrier", "filter joins",
        "filter counts")] + [
    "kill source of start 1", "start again", "count of start 2",
    "read the record of start 2"] + [
    w + " of start 2" for w in (
        "row sent", "save places", "barrier", "filter joins",
        "filter counts", "filter saves")] + [
    "filter saves of start 1"] + [
    w + " of start 2" for w in (
        "sink joins", "sink takes rows", "prepare", "decide")] + [
    "kill source of start 2"]

# name: what is left out, and other settings; the first ones must pass.
SOUND = {
    "files": {},
    "database": {"database": True},
    "fence alone": {"without": ["stage lock"]},
    "locks, and HEAD must be the newest": {"without": ["fence"]},
    "a second sink is refused": {"sinks": 2},
    "spool": {"spool": True},
}
BROKEN = {
    "publish, then record": {"without": ["record first"]},
    "EOF taken for END": {"without": ["EOF is no end"]},
    "locks alone": {"without": ["fence", "newest"]},
    "no fence, no locks": {"without": ["fence", "stage lock", "newest"]},
    # A filter of an older start writes last; it is read after a second kill.
    "snapshots by epoch only": {
        "without": ["snapshot by attempt", "stage lock"], "kills": 2,
        "way": LATE_FILTER},
    "record read before the count": {
        "without": ["count first", "stage lock", "newest"]},
    "places behind the barrier": {"without": ["places first"]},
    "position by name": {"without": ["identity"]},
    "no places of the first start": {"without": ["first places"]},
    "spool trimmed at the barrier": {
        "spool": True, "without": ["trim behind the record"]},
    "two sinks": {"without": ["one sink"], "sinks": 2},
    "database without its epoch": {
        "database": True, "without": ["epoch in the transaction"]},
}


def run(name, settings, sound, args):
    began = time.monotonic()
    settings = dict(settings)
    kills = max(args.kills, settings.pop("kills", 0))
    way = settings.pop("way", ())
    states, seen, wrong, steps = explore(
        Protocol(args.rows, kills, **settings), way)
    if wrong is None and seen != REACHED:
        wrong = "never: " + ", ".join(sorted(REACHED - seen))
    print("%s %s: %d states, %s" % (
        "ok" if (wrong is None) == sound else "not ok", name, states,
        wrong or "always right"))
    if args.verbose:
        print("  %.1f s%s" % (time.monotonic() - began, "".join(
            "\n  " + s for s in steps)))
    elif wrong is not None and sound:
        print("".join("  %s\n" % s for s in steps), end="")
    return (wrong is None) == sound


def main():
    p = argparse.ArgumentParser()
    p.add_argument("-v", "--verbose", action="store_true")
    p.add_argument("--rows", type=int, default=2)
    p.add_argument("--kills", type=int, default=1)
    p.add_argument("names", nargs="*")
    args = p.parse_args()
    good = True
    for known, sound in ((SOUND, True), (BROKEN, False)):
        for name, settings in known.items():
            if not args.names or name in args.names:
                good &= run(name, settings, sound, args)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
