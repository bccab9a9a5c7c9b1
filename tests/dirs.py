#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Read a directory that changes by many starts, and count its rows.

usage: dirs.py once|follow STARTS [SEED]

Between starts of sbatch -S d, and while they run, files come into the
directory in/, plain or compressed; they are renamed, and taken away when all
their rows are committed; with once, which reads by --once, they also grow.
Many starts are killed, some by a signal that lets them end.  In the end each
row must have been committed once, those of a file in their order, and a file
that was there whole before another one came before it.
"""
import collections
import gzip
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SINK = ["ssink", "-q", "-N", "out/{epoch}.tsv"]
LIMIT_S = 60


def committed():
    """The rows of the published files, in the order of their epochs."""
    rows = []
    names = [n for n in os.listdir("out") if re.fullmatch(r"\d+\.tsv", n)] \
        if os.path.isdir("out") else []
    for name in sorted(names, key=lambda n: int(n[:-4])):
        with open(os.path.join("out", name), encoding="ascii") as f:
            rows += f.read().split()
    return rows


class Directory:
    def __init__(self, rnd, grows):
        self.rnd, self.grows = rnd, grows
        self.rows = collections.defaultdict(list)  # by number of a file
        self.names = {}
        self.n = 0

    def lines(self, i, n):
        new = [f"{i}-{len(self.rows[i]) + k}" for k in range(n)]
        self.rows[i] += new
        return "".join(x + "\n" for x in new)

    def add(self):
        self.n += 1
        i = self.n
        name = f"in/f{self.rnd.randrange(1000)}-{i}"
        packed = self.rnd.random() < 0.3
        # Many rows take several frames, and a kill may come among them.
        text = self.lines(i, self.rnd.choice([0, 1, 3, 50, 3000]))
        temp = name + ".tmp"
        with (gzip.open if packed else open)(temp, "wt") as f:
            f.write(text)
        os.rename(temp, name + (".gz" if packed else ""))
        self.names[i] = name + (".gz" if packed else "")

    def rename(self):
        if self.names:
            i = self.rnd.choice(list(self.names))
            name = f"in/r{self.rnd.randrange(10**9)}"
            os.rename(self.names[i], name)
            self.names[i] = name

    def grow(self):
        plain = [i for i, n in self.names.items() if not self.is_packed(n)]
        if plain and self.grows:
            i = self.rnd.choice(plain)
            with open(self.names[i], "a", encoding="ascii") as f:
                f.write(self.lines(i, self.rnd.choice([1, 20])))

    @staticmethod
    def is_packed(name):
        with open(name, "rb") as f:
            return f.read(2) == b"\x1f\x8b"

    def remove(self):
        got = [r.split("-")[0] for r in committed()]
        done = collections.Counter(got)
        for i in list(self.names):
            # One without rows may not have been looked at, and of the last
            # one an epoch may have ended before its end was found.
            if self.rows[i] and done[str(i)] == len(self.rows[i]) \
                    and str(i) != got[-1] and self.rnd.random() < 0.3:
                os.remove(self.names.pop(i))

    def change(self):
        for _ in range(self.rnd.randrange(4)):
            self.rnd.choice([self.add, self.add, self.rename, self.grow])()


def start(rnd, d, how, last):
    args = ["sbatch", "-f", "lines", "-S", "d", "--epoch", "200ms"]
    if rnd.random() < 0.7 and not last:
        args += ["--rate", "20000/s"]
    args += ["-F"] if how == "follow" and not last else ["--once"]
    said = open("said", "wb")
    source = subprocess.Popen(args + ["in/"], stdout=subprocess.PIPE,
                              stderr=said)
    sink = subprocess.Popen(SINK, stdin=source.stdout, stderr=said)
    source.stdout.close()
    said.close()
    if not last:
        end = time.monotonic() + rnd.uniform(0, 0.5)
        while time.monotonic() < end and source.poll() is None:
            time.sleep(0.02)
            if rnd.random() < 0.2:
                # What grows or moves meanwhile is another test's.
                d.add()
        kill = rnd.choice([signal.SIGTERM, signal.SIGKILL])
        which = rnd.choice([[source], [sink], [source, sink]])
        if how == "follow" or rnd.random() < 0.5:
            for p in which if kill == signal.SIGKILL else [source]:
                p.send_signal(kill)
            if sink in which and kill == signal.SIGKILL:
                # An idle source need not notice.
                source.kill()
    status = [source.wait(LIMIT_S), sink.wait(LIMIT_S)]
    if any(s not in (0, 74, 75, 130, 143, -9, -15) for s in status) \
            or last and any(status):
        with open("said", errors="replace", encoding="utf-8") as f:
            raise AssertionError(f"{args}: {status}: {f.read()}")


def check(d, got):
    want = [r for rows in d.rows.values() for r in rows]
    many = [r for r, n in collections.Counter(got).items() if n > 1]
    if sorted(want) != sorted(got):
        raise AssertionError(
            f"missing {sorted(set(want) - set(got))[:5]}, twice {many[:5]}")
    by_file = collections.defaultdict(list)
    for r in got:
        by_file[int(r.split("-")[0])].append(r)
    for i, rows in by_file.items():
        if rows != d.rows[i]:
            raise AssertionError(f"file {i} is not in order")


def main():
    how, starts = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else \
        random.randrange(1 << 40)
    rnd = random.Random(seed)
    work = tempfile.mkdtemp()
    os.chdir(work)
    os.makedirs("in")
    os.makedirs("out")
    d = Directory(rnd, how == "once")
    try:
        for _ in range(starts):
            d.change()
            start(rnd, d, how, False)
            d.remove()
        d.change()
        start(rnd, d, how, True)
        check(d, committed())
    except AssertionError as e:
        sys.exit(f"seed {seed}: {e}: in {work}")
    shutil.rmtree(work)
    print(f"{len(d.rows)} files")


if __name__ == "__main__":
    main()
