#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Break sbatch --spool at every place, and compare with what it spooled.

usage: spool.py [--sample N] [--seed N] kill|fail|power|connect

Rows come through a pipe, in pieces, the last of them without its end; sbatch
--spool -S writes them to files of a smap and an ssink.  sbatch or ssink is
killed at one of its system calls, or one of these fails, or the power goes.
Then a start with another pipe and other rows follows, unbroken.
What all starts have published must be, each row once and in order: the whole
rows that the spool had (read here from its files), then the other rows.
connect: connections come and go, with lines in pieces, while starts that listen
are killed at random.
--sample takes so many of the places, chosen by the seed; else all are tried.
The status is 1 when something was wrong.
"""
import argparse
import collections
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import decode
import powerloss

HEAD, REC = 32, 40
PIECES = ["1\n2\n3\n", "4\n5\n", "6\n7\n8\n9", "9\n10\n1"]
FIRST = [str(i) for i in (1, 2, 3, 4, 5, 6, 7, 8, 99, 10, 1)]
LAST = [str(i) for i in range(101, 104)]
EPOCHS = "--epoch 200ms --batch-rows 2".split()
STAGES = [
    ["sbatch", "-q", "-f", "lines", "--spool", "-S", "d"] + EPOCHS,
    ["smap", "-w", "line <> 'none'"],
    ["ssink", "-N", "out/{epoch}.tsv"],
]
CALLS = ("openat write writev fsync renameat unlinkat mkdir read pread64 "
         "close").split()
IO = 74
LIMIT_S = 300  # for processes that should end by themselves


def records(data, number, end):
    """(kind, stream, bytes) of a file of the spool, up to place end."""
    assert int.from_bytes(data[12:16], "little") == number
    at = int.from_bytes(data[16:24], "little")
    off = HEAD
    while end is None or at < end:
        head = data[off:off + REC]
        if len(head) < REC or head[:4] != b"mr>>":
            break
        kind, stream, size = (int.from_bytes(head[i:i + 4], "little")
                              for i in (4, 8, 12))
        body = data[off + REC:off + REC + size]
        if len(body) < size or int.from_bytes(head[16:24], "little") != at:
            break
        yield kind, stream, body
        off += REC + size
        at += REC + size


def is_begun(data):
    """Whether its header is there, and whole."""
    return len(data) >= HEAD and data[:8] == b"mr-spool" \
        and int.from_bytes(data[28:32], "little") == decode.crc32c(data[:28])


class Stream:
    """What a source or a connection has brought, as rows."""

    def __init__(self):
        self.rows, self.rest, self.origin, self.ended = [], b"", None, False

    def open(self, origin):
        if self.ended and self.rest:
            self.rows.append(self.rest.decode())
        if self.ended or origin != self.origin:
            self.rest = b""
        self.origin, self.ended = origin, False

    def add(self, data):
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        self.rows += [x.decode() for x in lines]

    def all(self):
        last = self.ended and self.rest
        return self.rows + ([self.rest.decode()] if last else [])


def streams(files):
    """The rows of each stream of a spool; files are {number: bytes}."""
    found = {}
    for n in sorted(files):
        if not is_begun(files[n]):
            continue
        after = files.get(n + 1, b"")
        end = int.from_bytes(after[16:24], "little") \
            if is_begun(after) else None
        for kind, stream, body in records(files[n], n, end):
            s = found.setdefault(stream, Stream())
            if kind == 1:
                s.open(body[:8])
            elif kind == 2:
                s.add(body)
            else:
                s.ended = True
    return {n: s.all() for n, s in found.items()}


def whole_rows(files):
    """Those of a spool that has one stream, or none yet."""
    found = list(streams(files).values())
    assert len(found) < 2
    return found[0] if found else []


def shown(where):
    """The rows of the published files, in the order of their epochs."""
    out, rows = os.path.join(where, "out"), []
    names = [n for n in os.listdir(out) if re.fullmatch(r"\d+\.tsv", n)] \
        if os.path.isdir(out) else []
    for name in sorted(names, key=lambda n: int(n[:-4])):
        with open(os.path.join(out, name), encoding="utf-8") as f:
            rows += f.read().split("\n")[:-1]
    return rows


class Run:
    """One start: its statuses, and what was said."""

    def __init__(self, where, pieces, prefixes=((), (), ()), once=False):
        procs = []
        errors = open(os.path.join(where, "errors"), "w+b")
        feed, write = os.pipe()
        before = feed
        for i, stage in enumerate(STAGES):
            last = i == len(STAGES) - 1
            args = list(prefixes[i]) + stage
            if i == 0 and once:
                args.append("--once")
            p = subprocess.Popen(
                args, cwd=where, stdin=before, stderr=errors,
                stdout=subprocess.DEVNULL if last else subprocess.PIPE)
            if i == 0:
                os.close(feed)
            else:
                before.close()
            before = p.stdout
            procs.append(p)
        for piece in pieces:
            # A reader that is gone is the point.
            try:
                os.write(write, piece.encode())
            except BrokenPipeError:
                break
            self.pause(where, procs[0])
        os.close(write)
        self.statuses = [p.wait(LIMIT_S) for p in procs]
        errors.seek(0)
        self.said = errors.read().decode("utf-8", "replace")
        errors.close()

    @staticmethod
    def pause(where, source):
        """Until another epoch is committed, or that will not come."""
        def record():
            try:
                with open(os.path.join(where, "d/committed"), "rb") as f:
                    return f.read()
            except FileNotFoundError:
                return b""
        was, until = record(), time.monotonic() + 0.5
        while record() == was and source.poll() is None \
                and time.monotonic() < until:
            time.sleep(0.005)


class Spool:
    def __init__(self, args):
        self.args = args
        self.random = random.Random(args.seed)
        self.top = tempfile.mkdtemp(prefix="spool.")
        self.log = os.path.join(self.top, "log")
        self.bad = self.done = self.again = self.rows = 0

    def place(self):
        where = os.path.join(self.top, "run")
        shutil.rmtree(where, ignore_errors=True)
        os.makedirs(os.path.join(where, "out"))
        return where

    def object(self, what, text):
        self.bad += 1
        print("%s: %s (seed %d)" % (what, text, self.args.seed))

    def chosen(self, places, n=0):
        """So many, --sample or all, and more while none of them had rows to
        commit again."""
        places = list(places)
        n = n or self.args.sample or len(places)
        for place in self.random.sample(places, len(places)):
            if n <= 0 and self.again > 0:
                return
            yield place
            n -= 1

    @staticmethod
    def files(where, known):
        """Those of the spool, besides those that were seen before."""
        d = os.path.join(where, "d")
        for name in os.listdir(d) if os.path.isdir(d) else []:
            m = re.fullmatch(r"spool\.(\d+)", name)
            if m:
                with open(os.path.join(d, name), "rb") as f:
                    known[int(m.group(1))] = f.read()
        return known

    def check(self, what, where):
        """Another start, and all rows are there."""
        self.done += 1
        before = shown(where)
        spooled = whole_rows(self.files(where, {}))
        known = self.files(where, {})
        r = Run(where, ["".join(x + "\n" for x in LAST)])
        if r.statuses != [0, 0, 0]:
            self.object(what, "then %s: %s" % (r.statuses, r.said))
        rows = shown(where)
        n = len(rows) - len(LAST)
        if rows[:len(before)] != before:
            self.object(what, "withdrawn: %s, then %s" % (before, rows))
        if rows[n:] != LAST or rows[:n] != FIRST[:n]:
            self.object(what, "ends with %s" % rows)
        # What is on the spool no more had been committed before.
        if rows[:n][len(rows[:n]) - len(spooled):] != spooled:
            self.object(what, "spooled %s, but %s" % (spooled, rows))
        everything = whole_rows(self.files(where, known))
        if rows[len(rows) - len(everything):] != everything:
            self.object(what, "in all %s, but %s" % (everything, rows))
        self.again += n > len(before)

    def calls(self):
        for i in (0, 2):
            where = self.place()
            prefixes = [(), (), ()]
            prefixes[i] = ["strace", "-o", self.log, "-e",
                           "trace=" + ",".join(CALLS)]
            r = Run(where, PIECES, prefixes)
            assert r.statuses == [0, 0, 0], r.said
            seen = {}
            with open(self.log, encoding="utf-8", errors="replace") as f:
                for line in f:
                    name = line.split("(")[0]
                    if name in CALLS:
                        seen[name] = seen.get(name, 0) + 1
                        yield i, name, seen[name]

    def inject(self, i, call, n, what):
        where = self.place()
        prefixes = [(), (), ()]
        prefixes[i] = ["strace", "-o", self.log, "-e", "trace=" + call,
                       "-e", "inject=%s:%s:when=%d" % (call, what, n)]
        return where, Run(where, PIECES, prefixes)

    def injected(self):
        """Whether the last run came to that call: a slow one ends less
        epochs."""
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return "(INJECTED)" in f.read()

    def kill(self):
        for i, call, n in self.chosen(self.calls()):
            where, _ = self.inject(i, call, n, "signal=KILL")
            self.check("%s killed at %s %d" % (STAGES[i][0], call, n), where)

    def fail(self):
        places = [c + (e,) for c in self.calls()
                  if c[0] == 0 and c[1] not in ("close", "mkdir")
                  for e in ("EIO", "ENOSPC")]
        for i, call, n, error in self.chosen(places):
            where, r = self.inject(i, call, n, "error=" + error)
            what = "%s: %s %d: %s" % (STAGES[i][0], call, n, error)
            if r.statuses[0] != 0 and not r.said:
                self.object(what, "status %d without a word" % r.statuses[0])
            if call == "fsync" and self.injected() and (
                    r.statuses[0] != IO or r.statuses[-1] != IO):
                self.object(what, "statuses %s" % r.statuses)
            self.check(what, where)

    def power(self):
        where = self.place()
        files = powerloss.Files(where)
        logs = os.path.join(self.top, "logs")
        os.makedirs(logs)
        trace = ["strace", "-ff", "-ttt", "-y", "-xx", "-s", "1048576",
                 "-e", "trace=" + ",".join(powerloss.CALLS), "-o"]
        r = Run(where, PIECES, [trace + [os.path.join(logs, str(i))]
                                for i in range(len(STAGES))])
        assert r.statuses == [0, 0, 0], r.said
        ops = powerloss.read(logs)
        places = [(k, how) for k in range(len(ops) + 1)
                  for how in ("lost", "kept", "some", "some", "some")]
        for k, how in self.chosen(places):
            where = self.place()
            powerloss.build(files, where, ops[:k], how, self.random)
            self.check("power lost behind %d of %d calls, unflushed %s" % (
                k, len(ops), how), where)

    def connect(self):
        rounds = self.args.sample or 50
        for n in self.chosen(range(10 * rounds), rounds):
            where, known = self.place(), {}
            clients = Clients(self.random, os.path.join(where, "s"))
            starts = self.random.randrange(2, 7)
            for k in range(starts):
                self.listen(where, clients, k == starts - 1)
                self.files(where, known)
            self.done += 1
            got = shown(where)
            self.rows += len(got)
            found = streams(known)
            want = collections.Counter(r for s in found.values() for r in s)
            have = collections.Counter(got)
            if have != want:
                self.object("round %d" % n, "missing %s, too much %s" % (
                    want - have, have - want))
            for rows in found.values():
                mine = set(rows)
                if [r for r in got if r in mine] != rows:
                    self.object("round %d" % n, "not in order: %s" % rows)

    def listen(self, where, clients, last):
        """One start, with what comes and goes meanwhile."""
        errors = open(os.path.join(where, "errors"), "w+b")
        source = subprocess.Popen(
            STAGES[0][:7] + ["--epoch", "200ms", "unix://s"], cwd=where,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        sink = subprocess.Popen(STAGES[2], cwd=where, stdin=source.stdout,
                                stdout=subprocess.DEVNULL, stderr=errors)
        source.stdout.close()
        until = time.monotonic() + LIMIT_S
        # A signal before it listens would end it as any process.
        while last and not clients.call() and time.monotonic() < until:
            time.sleep(0.005)
        clients.talk(0.3 if last else self.random.uniform(0.05, 0.6))
        # On a slow machine nothing is committed so soon.
        until = time.monotonic() + (
            LIMIT_S if self.random.random() < 0.8 else 0)
        while not last and not shown(where) and time.monotonic() < until:
            clients.talk(0.05)
        before = shown(where)
        how = "stop" if last else self.random.choice(
            ["stop", "source", "sink", "both"])
        if how == "stop":
            source.terminate()
        if how in ("source", "both"):
            source.kill()
        if how in ("sink", "both"):
            sink.kill()
        if how == "sink":
            # Without rows it need not notice.
            sink.wait(LIMIT_S)
            source.kill()
        status = [source.wait(LIMIT_S), sink.wait(LIMIT_S)]
        if last and status != [0, 0]:
            errors.seek(0)
            self.object("stop", "%s: %s" % (status, errors.read()))
        errors.close()
        self.again += how != "stop" and len(before) > 0


class Clients:
    """Connections that write lines, each with a number of its own."""

    def __init__(self, rnd, path):
        self.rnd, self.path = rnd, path
        self.open, self.n, self.lines = [], 0, 0

    def call(self):
        """Open one; whether somebody listens."""
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(5)
        # The path of a temporary directory may be too long for an address.
        here = os.getcwd()
        os.chdir(os.path.dirname(self.path))
        try:
            s.connect("s")
            self.open.append(s)
        except OSError:
            s.close()
        os.chdir(here)
        return s in self.open

    def write(self, s):
        text = ""
        for _ in range(self.rnd.choice([0, 1, 5, 300])):
            self.lines += 1
            text += "%d\n" % self.lines
        if self.rnd.random() < 0.3:
            # Half of a line; what follows it begins another number.
            self.lines += 1
            text += "%d-" % self.lines
        s.sendall(text.encode())

    def talk(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            what = self.rnd.random()
            if what < 0.3 or not self.open:
                self.call()
            elif what < 0.9:
                self.send(self.rnd.choice(self.open))
            else:
                self.hang_up(self.rnd.choice(self.open))
            time.sleep(0.005)

    def send(self, s):
        try:
            self.write(s)
        except OSError:
            self.hang_up(s)

    def hang_up(self, s):
        s.close()
        self.open.remove(s)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--sample", type=int, default=0)
    p.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    p.add_argument("what", choices="kill fail power connect".split())
    args = p.parse_args()
    s = Spool(args)
    try:
        getattr(s, args.what)()
    finally:
        shutil.rmtree(s.top, ignore_errors=True)
    print("%s: %d places, of which %d had rows to commit again, %d rows of "
          "connections, %d wrong" % (args.what, s.done, s.again, s.rows, s.bad))
    return 0 if s.bad == 0 and s.again > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
