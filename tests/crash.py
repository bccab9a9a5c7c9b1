#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Kill the processes of a pipeline at random until it has read in.csv.

usage: crash.py KILLS SEED -- SBATCH-ARGS... '|' STAGE... '|' SINK...

The pipeline is started again after each kill -9, of one of its processes,
several, all, or the source alone with a restart while the others drain.
in.csv gets more rows as long as kills are left.  Most starts have a sink
whose renames are slow, so that kills land between the steps of a commit.
Files in the folder out, once seen, must not change.  At the end it prints how
many kills there were, and how many of them hit a sink between what it had
prepared and what was published.
"""

import hashlib
import os
import random
import subprocess
import sys
import time

CHUNK = 6000  # rows
SLOW = ["strace", "-f", "-qq", "-o", "/dev/null",
        "-e", "trace=renameat,renameat2",
        "-e", "inject=renameat,renameat2:delay_enter=60000"]
LIMIT_S = 60  # for processes that should end by themselves


def pipeline(words):
    stages = [[]]
    for word in words:
        if word == "|":
            stages.append([])
        else:
            stages[-1].append(word)
    return stages


def start(stages, slow):
    """The processes of one start; what they say is in the file said."""
    said = open("said", "wb")
    # A sanitizer cannot look for leaks in what is traced.
    traced = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    procs, source = [], subprocess.DEVNULL
    for i, argv in enumerate(stages):
        last = i + 1 == len(stages)
        if last and slow:
            argv = SLOW + argv
        p = subprocess.Popen(
            argv, stdin=source, stderr=said,
            stdout=subprocess.DEVNULL if last else subprocess.PIPE,
            env=traced if last and slow else None)
        if source is not subprocess.DEVNULL:
            source.close()
        source = p.stdout
        procs.append(p)
    said.close()
    return procs


def committed():
    """Epoch and whether it is published, of the record in d."""
    try:
        with open("d/committed", "rb") as f:
            body = f.read()[32:]
    except FileNotFoundError:
        return 0, True
    return int.from_bytes(body[:8], "little"), body[16] & 2 != 0


def in_window(sink):
    """Whether something is prepared, or decided, and not published."""
    epoch, published = committed()
    if epoch > 0 and not published:
        return True
    if not os.path.exists("d/generation"):
        return False
    with open("d/generation", "rb") as f:
        generation = int.from_bytes(f.read()[32:40], "little")
    for name in os.listdir("d"):
        word = name.split(".")
        if len(word) == 3 and word[2] == sink and word[0].isdigit() \
                and int(word[0]) > epoch and int(word[1]) == generation:
            return True
    return False


def fail(text):
    with open("said", errors="replace") as f:
        sys.exit(f"crash.py: {text}\n{f.read()}")


def grow(rows):
    with open("in.csv", "a") as f:
        for n in range(rows, rows + CHUNK):
            f.write(f"{n},k{n * 7919 % 13}\n")
    return rows + CHUNK


def check_files(seen):
    for folder, _, names in os.walk("out"):
        for name in names:
            path = os.path.join(folder, name)
            if name.startswith("."):
                continue
            with open(path, "rb") as f:
                digest = hashlib.sha256(f.read()).hexdigest()
            if seen.setdefault(path, digest) != digest:
                fail(f"{path} was changed after it had been published")
    for path in seen:
        if not os.path.exists(path):
            fail(f"{path} was withdrawn")


def name_of(argv):
    """The name of the stage that a sink is."""
    scheme = argv[-1].split("://")
    return argv[0] + ("-" + scheme[0] if len(scheme) > 1 else "")


def victims(rng, procs):
    kind = rng.choice(["one", "one", "several", "all", "sink", "source"])
    if kind == "source":
        return kind, procs[:1]
    if kind == "sink":
        return kind, procs[-1:]
    if kind == "all":
        return kind, list(procs)
    return kind, rng.sample(procs, 1 if kind == "one" else 2)


class Crash:
    def __init__(self, kills, seed, stages):
        self.kills, self.stages = kills, stages
        self.rng = random.Random(seed)
        self.rows = grow(0)
        self.killed = self.windows = self.starts = self.again = 0
        self.old = []  # processes that drain while others start
        self.seen = {}
        self.sink = f"{len(stages) - 1:02}-{name_of(stages[-1])}"

    def reap(self, procs):
        for p in procs:
            try:
                p.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                fail(f"{p.args} does not end")
            if p.returncode not in (0, 74, 75, -9, -13):
                fail(f"{p.args}: status {p.returncode}")

    def run(self):
        """One start; False when all rows are committed."""
        self.starts += 1
        procs = start(self.stages, self.rng.random() < 0.6)
        want = self.killed < self.kills
        end = time.monotonic() + self.rng.uniform(0, 0.7)
        while any(p.poll() is None for p in procs) and \
                not (want and time.monotonic() > end):
            time.sleep(0.002)
        if any(p.poll() is None for p in procs):
            return self.kill(procs)
        self.reap(procs + self.old)
        status = [p.returncode for p in procs]
        if 75 in status and self.again < 100:
            # The ones before were not quite gone.
            self.again += 1
            time.sleep(0.02)
            return True
        if any(status):
            fail(f"a start that nobody killed: {status}")
        self.old = []
        if self.killed < self.kills:
            self.rows = grow(self.rows)
            return True
        return False

    def kill(self, procs):
        kind, which = victims(self.rng, procs)
        live = [p for p in which if p.poll() is None]
        for p in live:
            p.kill()
        if not live:
            self.reap(procs)
            return True
        for p in live:
            p.wait()
        self.killed += 1
        if procs[-1] in live and in_window(self.sink):
            self.windows += 1
        if kind == "source":
            self.old += procs
        else:
            self.reap(procs)
        return True


def main():
    kills, seed = int(sys.argv[1]), sys.argv[2]
    stages = pipeline(sys.argv[4:])
    crash = Crash(kills, seed, stages)
    while crash.run():
        check_files(crash.seen)
    check_files(crash.seen)
    print(crash.killed, crash.windows)


main()
