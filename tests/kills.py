#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Kill pipelines at random, into files, SQLite and PostgreSQL, and count.

usage: kills.py [--seed N] [--jobs N] [--each] KILLS [SINK...]

So many kills -9, of the kinds and with the logs of crash.py, are spread over
the pipelines below; with --each they are so many for each of the three sinks.
What each pipeline has committed in the end must be, byte for byte, what a run
that nobody kills gives, and its rows those that are counted here from the log.
Of the kills at least one in twenty must have hit a sink between what it had
prepared and what it had published.  Without a server in PGHOST no SINK may be
postgres.  The status is 1 when something was wrong.
"""
import argparse
import collections
import concurrent.futures
import os
import random
import shutil
import subprocess
import sys
import tempfile

from crash import line, row

EPISODE = 25  # kills of one directory, at most
SOURCE = "sbatch -f csv -N -c n:int,k,t:time(s),m:int -t t".split()
RATE = "--rate 6000/s --epoch 200ms -S d".split()
TABLE = [("k0", "zero"), ("k0", "nought"), ("k1", "one"), ("k9", "nine")]


# What there must be of n rows, as lists of cells; None is null.

def stateless(n):
    return [[i, k, i * 7 % 1000] for i, k, _, _ in map(row, range(n)) if i % 3]


def in_order(n):
    return [[i, k] for t, i, k in sorted(
        (t, i, k) for i, k, t, _ in map(row, range(n)))]


def sliding(n):
    windows = collections.defaultdict(list)
    for i, k, t, _ in map(row, range(n)):
        for end in range(t // 60 * 60 + 60, t // 60 * 60 + 360, 60):
            windows[end, k].append((t, i))
    return [[end, k, len(v), sum(i for _, i in v), min(v)[1], max(v)[1]]
            for (end, k), v in windows.items()]


def large(n):
    """Groups of one or two rows."""
    windows = collections.defaultdict(list)
    for i, k, t, _ in map(row, range(n)):
        windows[t // 3600 * 3600 + 3600, i // 2, k].append(i)
    return [[end, h, 500 * len(k), len(v), sum(v)]
            for (end, h, k), v in windows.items()]


def sessions(n):
    """A gap of 40 s ends one."""
    out, open_ = [], {}
    for t, i, k in sorted((t, i, k) for i, k, t, _ in map(row, range(n))):
        s = open_.get(k)
        if s is None or t - s[1] >= 40:
            s = open_[k] = [t, t, 0, 0]
            out.append((k, s))
        s[1:] = [t, s[2] + 1, s[3] + i]
    return [[s[0], s[1] + 40, k, s[2], s[3]] for k, s in out]


def named(n):
    """Windows of rows that have the names of their keys."""
    names = collections.defaultdict(list)
    for k, name in TABLE:
        names[k].append(name)
    windows = collections.defaultdict(list)
    for i, k, t, _ in map(row, range(n)):
        for name in names.get(k, [None]):
            windows[t // 60 * 60 + 60, name].append(i)
    return [[end, name, len(v), max(v)] for (end, name), v in windows.items()]


def totals(n):
    keys = collections.defaultdict(list)
    for i, k, _, _ in map(row, range(n)):
        keys[k].append(i)
    return [[k, len(v), sum(v)] for k, v in keys.items()]


def history(n):
    """The number of each row among those of its key, and from the one before."""
    out, past = [], {}
    for i, k, _, _ in map(row, range(n)):
        count, before = past.get(k, (0, None))
        past[k] = count + 1, i
        out.append([i, k, count + 1, None if before is None else i - before])
    return out


def firsts(n):
    """The first row of each key and minute, as they came."""
    seen, out = set(), []
    for i, k, t, m in map(row, range(n)):
        if (k, m // 4) not in seen:
            seen.add((k, m // 4))
            out.append([i, k])
    return out


def windows(n):
    out = collections.defaultdict(list)
    for i, k, t, _ in map(row, range(n)):
        out[t // 300 * 300 + 300, k].append(i)
    return [[end, k, len(v), sum(v)] for (end, k), v in out.items()]


def near(n, least=-5, most=5):
    """Rows of a group of 13, of two keys, that are near in time."""
    sides = {"k1": {}, "k2": {}}
    for i, k, t, m in map(row, range(n)):
        if k in sides:
            sides[k][m] = i, t
    left, right = sides["k1"], sides["k2"]
    return [[left[m][0], right[m][0]] for m in left.keys() & right.keys()
            if least <= right[m][1] - left[m][1] <= most]


def before(n):
    return near(n, -10 ** 9, 0)


def pairs(n):
    sides = {"k1": {}, "k2": {}}
    for i, k, t, m in map(row, range(n)):
        if k in sides:
            sides[k][t // 60, m] = i
    left, right = sides["k1"], sides["k2"]
    return [[left.get(at), right.get(at)] for at in left.keys() | right.keys()]


SLIDE = ("swindow -q 5m/1m --late 30s | sreduce -k k 'count() as c, "
         "sum(n) as s, first(n) as f, last(n) as l' | "
         "smap -s 'epoch(window_end)::int as e, k, c, s, f, l'")
# A window has some 2 MB of keys, so that most are in files.
OUTSIDE = ("swindow -q 1h --late 30s | sreduce --mem 1M "
           "-k 'n div 2 as h, repeat(k, 500) as r' 'count() as c, sum(n) as s'"
           " | smap -s 'epoch(window_end)::int as e, h, length(r) as l, c, s'")
SESSION = ("swindow -q --sort --late 30s | swindow -q session:40s -k k | "
           "sreduce -k k 'count() as c, sum(n) as s' | smap -s "
           "'epoch(window_start)::int as a, epoch(window_end)::int as b, k, "
           "c, s'")
NAMED = ("sjoin --left -k k table.csv | swindow -q 1m --late 30s | "
         "sreduce -k name 'count() as c, max(n) as n' | "
         "smap -s 'epoch(window_end)::int as e, name, c, n'")
PLAIN = "smap -w 'n % 3 <> 0' -s 'n, k, n * 7 % 1000 as w'"
TOTALS = "sreduce --running -k k 'count() as c, sum(n) as s'"
PAIRS = ("swindow -q 1m --late 30s | sjoin --full -k m --prefix r_ --sources "
         "k=k1,k2 | smap -s 'n, r_n'")
FOLD = ("swindow -q --hold 10m --late 30s | sreduce --fold '0 as c, 0 as s' "
        "-k k --emit final 'c = c + 1, s = s + n'")
HISTORY = "smap -k k -a 'row_number() as i, n - lag(n) as d' -s 'n, k, i, d'"
FIRSTS = "smap -a 'm div 4 as g' --dedup 'k, g' -s 'n, k'"
NEAR = ("swindow -q --late 30s | sjoin -k m --within -5s,5s --prefix r_ "
        "--sources k=k1,k2 | smap -s 'n, r_n'")
BEFORE = ("swindow -q --late 30s | sjoin -k m --asof --prefix r_ "
          "--sources k=k1,k2 | smap -s 'n, r_n'")
# Intermediate results, too.
EARLY = ("swindow -q 5m --late 30s | sreduce -k k --emit update --early 20s "
         "'count() as c, sum(n) as s' | smap -s 'window_start, window_end, "
         "k, epoch(window_end)::int as e, c, s'")
COMPLETE = "sreduce --running -k k --emit complete 'count() as c, sum(n) as s'"
CHANGES, WHOLE = "--changelog out/{epoch}.tsv", "whole.tsv"
EPOCH, ROLL, APPEND = "out/{epoch}.tsv", "--roll 1000rows out/r.tsv", \
    "--append all.tsv"

# name: sink, what reads, stages, what there must be.
PIPES = {
    "each row, bounded": (EPOCH, "", PLAIN, stateless),
    "sorted rows, rolled": (ROLL, "--once",
                            "swindow -q --sort --late 30s | smap -s 'n, k'",
                            in_order),
    "sliding windows, appended": (APPEND, "--once", SLIDE, sliding),
    "windows of groups in files": (EPOCH, "--once", OUTSIDE, large),
    "pairs of two sources, followed": (EPOCH, "-F", PAIRS, pairs),
    "a fold of held windows": (EPOCH, "--once", FOLD, totals),
    "rows with their key's past, rolled": (ROLL, "-F", HISTORY, history),
    "first rows, appended": (APPEND, "", FIRSTS, firsts),
    "rows that are near": (EPOCH, "--once", NEAR, near),
    "latest rows before": (EPOCH, "--once", BEFORE, before),
    "changes of totals": (CHANGES, "--once", TOTALS, totals),
    "changes of windows, followed": (CHANGES, "-F", EARLY, windows),
    "a file that is replaced": (WHOLE, "--once --batch-rows 700", COMPLETE,
                                totals),
    "complete results into SQLite": ("sqlite", "--once --batch-rows 700",
                                     COMPLETE, totals),
    "each row into SQLite, followed": ("sqlite", "-F", PLAIN, stateless),
    "sessions into SQLite": ("sqlite", "--once", SESSION, sessions),
    "upsert into SQLite": ("sqlite", "--once", TOTALS, totals),
    "each row into PostgreSQL, bounded": ("postgres", "", PLAIN, stateless),
    "rows with names into PostgreSQL": ("postgres", "--once", NAMED, named),
    "sliding windows into PostgreSQL, followed": (
        "postgres", "-F", SLIDE, sliding),
    "upsert into PostgreSQL": ("postgres", "--once", TOTALS, totals),
    "complete results into PostgreSQL": (
        "postgres", "-F --batch-rows 700", COMPLETE, totals),
}


# What names a row of a list of changes, and what is shown of it: columns.
KEYS = {"changes of totals": ([0], [0, 1, 2]),
        "changes of windows, followed": ([0, 1, 2], [3, 2, 4, 5])}


def settled(lines, name):
    """What is left of rows that replace others."""
    keys, shown = KEYS[name]
    left = {}
    for text in lines:
        op, *cells = text.split("\t")
        left.pop(tuple(cells[i] for i in keys), None)
        if op == "put":
            left[tuple(cells[i] for i in keys)] = cells
    return ["\t".join(c[i] for i in shown) for c in left.values()]


def sink_of(name):
    dest = PIPES[name][0]
    return dest if dest in ("sqlite", "postgres") else "files"


def shell(command, where):
    p = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=where,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       check=False)
    if p.returncode != 0:
        raise AssertionError("%s: %s" % (command, p.stderr.decode()))
    return p.stdout.decode()


class Episode:
    """Some kills of one pipeline in a folder of its own."""

    def __init__(self, name, kills, seed, top):
        self.name, self.kills, self.seed = name, kills, seed
        self.dest, self.reads, self.stages, self.right = PIPES[name]
        self.where = tempfile.mkdtemp(dir=top)
        self.table = "t" + os.path.basename(self.where).replace("-", "_")

    def sink(self, table):
        if self.dest == "sqlite":
            return "ssink 'sqlite://x.db?table=%s'" % table
        if self.dest == "postgres":
            return "ssink 'postgres:///?table=%s'" % table
        return "ssink -N " + self.dest

    def rows(self, table):
        """Rows that were committed, as lines."""
        sql = "SELECT * FROM %s" % table
        if self.dest == "sqlite":
            sql = "sqlite3 -separator '\t' -nullvalue '\\N' x.db '%s'" % sql
        elif self.dest == "postgres":
            sql = "psql -qAt -F '\t' -P null='\\N' -c '%s'" % sql
        elif self.dest == APPEND:
            sql = "cat all.tsv"
        elif self.dest == WHOLE:
            sql = "cat whole.tsv"
        else:
            # Names of epochs, or with numbers of as many digits.
            sql = "ls out | sort -n | sed s,^,out/, | xargs -r cat"
        return self.left(shell(sql, self.where).splitlines())

    def left(self, lines):
        return settled(lines, self.name) if self.dest == CHANGES else lines

    def uninterrupted(self, n):
        with open(os.path.join(self.where, "whole.csv"), "w",
                  encoding="ascii") as f:
            f.writelines(map(line, range(n)))
        into = self.sink(self.table + "w")
        if sink_of(self.name) == "files":
            into = "ssink -N" + {CHANGES: " --changelog", WHOLE:
                                 " w.tsv && cat w.tsv"}.get(self.dest, "")
        text = shell("%s whole.csv | %s | %s" % (
            " ".join("'%s'" % w for w in SOURCE), self.stages, into),
            self.where)
        return self.left(text.splitlines()) \
            if sink_of(self.name) == "files" else self.rows(self.table + "w")

    def run(self):
        """(kills, windows, stops, rotations), or AssertionError."""
        os.mkdir(os.path.join(self.where, "out"))
        with open(os.path.join(self.where, "table.csv"), "w",
                  encoding="ascii") as f:
            f.writelines("%s,%s\n" % x for x in [("k", "name")] + TABLE)
        words = shell("printf '%%s\\n' %s" % " '|' ".join(
            (self.stages + " | " + self.sink(self.table)).split(" | ")),
            self.where).splitlines()
        p = subprocess.run(
            [sys.executable, os.path.join(os.path.dirname(__file__),
                                          "crash.py"),
             str(self.kills), str(self.seed), "--", *SOURCE, *RATE,
             *self.reads.split(), "in.csv", "|", *words], cwd=self.where,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if p.returncode != 0:
            raise AssertionError(p.stderr.decode())
        *counts, n = map(int, p.stdout.split())
        self.compare(n)
        return counts

    def compare(self, n):
        got, want = self.rows(self.table), self.uninterrupted(n)
        if sink_of(self.name) != "files" or self.dest == CHANGES:
            got, want = sorted(got), sorted(want)
        if got != want:
            raise AssertionError("%d rows, a run without kills gives %d" % (
                len(got), len(want)))
        counted = sorted("\t".join("\\N" if c is None else str(c) for c in r)
                         for r in self.right(n))
        if sorted(got) != counted:
            raise AssertionError("%d rows, and %d are right" % (
                len(got), len(counted)))
        left = [x for x in os.listdir(os.path.join(self.where, "out"))
                if x.startswith(".")]
        if left:
            raise AssertionError("left behind: %s" % left)
        if sink_of(self.name) == "files":
            return
        left = [x for x in os.listdir(os.path.join(self.where, "d"))
                if x.endswith(".rows")]
        if left:
            raise AssertionError("left behind: %s" % left)


def episodes(args, rng, top):
    """Kills by turns to the pipelines of each sink."""
    names = [n for n in PIPES if sink_of(n) in args.sinks]
    if args.each:
        groups = [[n for n in names if sink_of(n) == s] for s in args.sinks]
    else:
        groups = [names]
    out = []
    for group in groups:
        share = [args.kills // len(group) + (i < args.kills % len(group))
                 for i in range(len(group))]
        for name, kills in zip(group, share):
            while kills > 0:
                out.append(Episode(name, min(kills, EPISODE),
                                   rng.randrange(1 << 40), top))
                kills -= EPISODE
    rng.shuffle(out)
    return out


def attempt(e):
    try:
        return e, e.run(), None
    except AssertionError as why:
        return e, [0] * 4, str(why)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=random.randrange(1 << 40))
    p.add_argument("--jobs", type=int, default=6)
    p.add_argument("--each", action="store_true")
    p.add_argument("kills", type=int)
    p.add_argument("sinks", nargs="*",
                   default=["files", "sqlite", "postgres"])
    args = p.parse_args()
    print("seed %d" % args.seed)
    top = tempfile.mkdtemp(prefix="kills.")
    counts = collections.Counter()
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for e, found, why in pool.map(attempt, episodes(
                args, random.Random(args.seed), top)):
            if why is not None:
                bad += 1
                print("%s: seed %d, %d kills, %s: %s" % (
                    e.name, e.seed, e.kills, e.where, why), flush=True)
            else:
                shutil.rmtree(e.where)
            for what, n in zip(("kills", "windows", "stops", "rotations"),
                               found):
                counts[what] += n
                counts[sink_of(e.name), what] += n
    kills, windows = counts["kills"], counts["windows"]
    print("%d kills (%s), %d of them within a commit; %d orderly stops, "
          "%d rotations; %d wrong" % (
              kills, ", ".join("%s %d" % (s, counts[s, "kills"])
                               for s in args.sinks),
              windows, counts["stops"], counts["rotations"], bad))
    if windows * 20 < kills or kills == 0:
        print("fewer than one kill in twenty was within a commit")
        bad += 1
    if not bad:
        shutil.rmtree(top)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
