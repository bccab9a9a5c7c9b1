#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Kill the processes of a pipeline at random until it has read its log.

usage: crash.py KILLS SEED -- SBATCH-ARGS... '|' STAGE... '|' SINK...

The pipeline reads in.csv, which is rotated to in.csv.1 and so on, while the
pipeline runs and while it does not, and gets more rows as long as kills are
left; its last line may have no end yet.  It is started again after each kill
-9, of one of its processes, several, all, or the source alone with a restart
while the others drain; or of the sink when it is within a commit.  Most starts
have a sink whose steps of a commit are slow, so that kills land between them.
A source with -F is stopped by SIGTERM now and then, too.  The last start has
neither -F nor --once, so that the data end.  Files in the folder out, once
seen, must not change.

At the end it prints how many kills there were, how many of them hit a sink
between what it had prepared and what was published, how many orderly stops
and rotations there were, and how many rows.
"""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time

CHUNK = 3000  # rows
# -D: the process that is started, and killed, is the sink, not its tracer.
SLOW = ["strace", "-D", "-f", "-qq", "-o", "/dev/null",
        "-e", "trace=renameat,renameat2,fdatasync,unlink,sendto",
        "-e", "inject=renameat,renameat2:delay_enter=60000",
        "-e", "inject=fdatasync,unlink,sendto:delay_enter=10000"]
LIMIT_S = 60  # for processes that should end by themselves
LONGEST_S = 0.7  # of a start until a kill


def row(n):
    """Row n: number, key, time in seconds, number of the group of 13.

    The times are not in order, by up to 20 seconds; behind each 50 rows there
    is a gap of a minute."""
    return n, f"k{n * 7919 % 13}", 100 + n + 60 * (n // 50) - n * 7 % 20, \
        n // 13


def line(n):
    return "%d,%s,%d,%d\n" % row(n)


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


def has_begun(p):
    """Whether a process is past its tracer's start: what dies before leaves a
    tracer that waits for ever, and holds a pipe."""
    try:
        with open(f"/proc/{p.pid}/comm", encoding="ascii") as f:
            return f.read() != "strace\n"
    except FileNotFoundError:
        return True


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
        sys.exit(f"crash.py: {text}: in {os.getcwd()}\n{f.read()}")


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
    kind = rng.choice(["one", "several", "all", "all", "sink", "sink", "source"])
    if kind == "source":
        return kind, procs[:1]
    if kind == "sink":
        return kind, procs[-1:]
    if kind == "all":
        return kind, list(procs)
    return kind, rng.sample(procs, 1 if kind == "one" else 2)


class Log:
    """in.csv and what it has been rotated to; cuts: its last line may have no
    end, for which a source waits that does not end with the data."""

    def __init__(self, rng, cuts):
        self.rng, self.cuts = rng, cuts
        self.rows = self.rotations = 0
        self.rest = ""  # of the last line

    def write(self, text):
        with open("in.csv", "a", encoding="ascii") as f:
            f.write(text)

    def grow(self, chunk):
        text = self.rest + "".join(
            map(line, range(self.rows, self.rows + chunk)))
        self.rows += chunk
        at = len(text) - (self.rng.choice([0, 0, 1, 4]) if self.cuts else 0)
        self.rest = text[at:]
        self.write(text[:at])

    def complete(self):
        if self.rest:
            self.write(self.rest)
        self.rest = ""

    def rotate(self):
        # What was rotated before the first start is not read.
        if committed()[0] == 0 and not os.path.exists("d/0.0.00-sbatch"):
            return
        self.complete()
        self.rotations += 1
        for n in range(self.rotations - 1, 0, -1):
            os.rename(f"in.csv.{n}", f"in.csv.{n + 1}")
        os.rename("in.csv", "in.csv.1")
        self.grow(self.rng.randrange(1, 300))


class Crash:
    def __init__(self, kills, seed, stages):
        self.kills, self.stages = kills, stages
        self.follows = "-F" in stages[0]
        self.rng = random.Random(seed)
        self.log = Log(self.rng, self.follows or "--once" in stages[0])
        self.log.grow(CHUNK)
        self.killed = self.windows = self.stops = self.again = 0
        self.old = []  # processes that drain while others start
        self.seen = {}
        self.sink = f"{len(stages) - 1:02}-{name_of(stages[-1])}"

    def reap(self, procs, stopped=()):
        """Wait for all; those that were stopped may die of it, while they have
        nothing to end in order."""
        for p in procs:
            try:
                p.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                fail(f"{p.args} does not end")
            if p.returncode not in (0, 74, 75, -9, -13) and not (
                    p in stopped and p.returncode in (143, -15)):
                fail(f"{p.args}: status {p.returncode}")

    def words(self):
        """The stages of the next start."""
        if self.killed < self.kills:
            return self.stages
        source = [w for w in self.stages[0] if w not in ("-F", "--once")]
        return [source] + self.stages[1:]

    def wait(self, procs, aimed):
        """Until it is time to kill, or all have ended: whether it is.  aimed:
        not before the sink is within a commit, to which the rows that come
        until then bring it."""
        took = self.rng.uniform(0, LONGEST_S)
        end = time.monotonic() + took
        change = end - self.rng.uniform(0, 2) * took
        want = self.killed < self.kills
        while any(p.poll() is None for p in procs):
            now = time.monotonic()
            if want and now > end and not (
                    aimed and now < end + LIMIT_S
                    and not in_window(self.sink)):
                time.sleep(self.rng.uniform(0, 0.1) if aimed else 0)
                return True
            if want and now > change:
                change = end + 1
                self.log.grow(self.rng.randrange(1, 1000))
                if self.rng.random() < 0.3:
                    self.log.rotate()
            time.sleep(0.002)
        return False

    def run(self):
        """One start; False when all rows are committed."""
        if self.killed == self.kills:
            self.log.complete()
        aimed = self.rng.random() < 0.2
        procs = start(self.words(), aimed or self.rng.random() < 0.6)
        if self.wait(procs, aimed):
            return self.stop(procs) if self.follows \
                and self.rng.random() < 0.2 else self.kill(procs, aimed)
        self.reap(procs + self.old)
        return self.settled([p.returncode for p in procs])

    def settled(self, status):
        """A start has ended by itself: whether there is to be another."""
        if 75 in status and self.again < 100:
            # The ones before were not quite gone.
            self.again += 1
            time.sleep(0.02)
            return True
        if any(status):
            fail(f"a start that nobody killed: {status}")
        self.old = []
        if self.killed == self.kills:
            return False
        self.log.grow(CHUNK)
        if self.rng.random() < 0.2:
            self.log.rotate()
        return True

    def stop(self, procs):
        """An orderly end."""
        if procs[0].poll() is None:
            procs[0].send_signal(signal.SIGTERM)
        self.stops += 1
        self.reap(procs, procs)
        if procs[0].returncode in (143, -15):
            return True
        return self.settled([p.returncode for p in procs])

    def kill(self, procs, aimed):
        kind, which = victims(self.rng, procs)
        if aimed:
            kind, which = "sink", procs[-1:]
        live = [p for p in which if p.poll() is None]
        for p in live:
            while not has_begun(p):
                time.sleep(0.002)
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
        if self.rng.random() < 0.2:
            self.log.rotate()
        return True


def main():
    kills, seed = int(sys.argv[1]), sys.argv[2]
    stages = pipeline(sys.argv[4:])
    crash = Crash(kills, seed, stages)
    while crash.run():
        check_files(crash.seen)
    check_files(crash.seen)
    print(crash.killed, crash.windows, crash.stops, crash.log.rotations,
          crash.log.rows)


if __name__ == "__main__":
    main()
