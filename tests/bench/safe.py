#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What it costs to resume: sbatch -S on T3, a state of many keys, a run that
finds nothing new.

usage: safe.py FILE [RUNS]    FILE: rows of gen csv
"""
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

KEYS = 100000
T3 = [["sbatch", "-f", "csv", "-c", "ts_ms:time(ms),category,price:float",
       "-t", "ts_ms"],
      ["swindow", "-q", "1m", "--late", "2s"],
      ["sreduce", "-k", "category",
       "count(), sum(price), avg(price), max(price)"],
      ["ssink", "-f", "csv", "out/{epoch}.csv"]]
NOTHING = [["sbatch", "-f", "csv", "-N", "-c", "t:time(s),k,v:int", "-t", "t",
            "--once", "-S", "d", "in.csv"],
           ["swindow", "-q", "1m"], ["sreduce", "-k", "k", "count(), sum(v)"],
           ["ssink", "-N", "out/{epoch}.tsv"]]


def run(stages, where):
    """Wall and CPU seconds."""
    procs, last = [], subprocess.DEVNULL
    before, began = os.times(), time.monotonic()
    for i, stage in enumerate(stages):
        p = subprocess.Popen(stage, cwd=where, stdin=last, stdout=(
            subprocess.PIPE if i + 1 < len(stages) else subprocess.DEVNULL))
        if last != subprocess.DEVNULL:
            last.close()
        last = p.stdout
        procs.append(p)
    if any([p.wait() for p in procs]):
        sys.exit("a stage failed: %s" % stages)
    wall, after = time.monotonic() - began, os.times()
    return wall, (after.children_user + after.children_system
                  - before.children_user - before.children_system)


def throughput(path, runs):
    """% of wall and of CPU that T3 takes longer with -S: the least of each, of
    runs by turns, and all that -S adds: start, places, one epoch of 10 s."""
    path = os.path.abspath(path)
    with tempfile.TemporaryDirectory() as where:
        plain = [T3[0] + [path]] + T3[1:3] + [T3[3][:3] + ["out/all.csv"]]
        safe = [T3[0] + ["-S", "d", path]] + T3[1:]
        took = {"plain": [], "safe": []}
        for _ in range(runs):
            for name, stages in (("plain", plain), ("safe", safe)):
                for old in ("d", "out"):
                    shutil.rmtree(os.path.join(where, old), True)
                os.mkdir(os.path.join(where, "out"))
                took[name].append(run(stages, where))
    wall, cpu = ([min(t[i] for t in took[n]) for n in ("plain", "safe")]
                 for i in (0, 1))
    return wall, cpu


def snapshot_ms(kind, runs):
    """From the barrier's bytes until the state is durable: (least, median) ms,
    by a trace of the stage."""
    out = []
    with tempfile.TemporaryDirectory() as where:
        with open(os.path.join(where, "in.csv"), "w", encoding="ascii") as f:
            f.writelines("%d,user%d,%d\n" % (i // KEYS, i * 7919 % KEYS, i)
                         for i in range(2 * KEYS))
        source = NOTHING[0][:-3] + ["-S", "d", "in.csv"]
        before = [["swindow", "-q", "1h"]] if kind == "windows" else []
        stage = ["sreduce", "-k", "k", "count(), sum(v), max(v)"] + (
            [] if kind == "windows" else ["--running", "--emit", "final"])
        for _ in range(runs):
            shutil.rmtree(os.path.join(where, "d"), True)
            run([source] + before + [[
                "strace", "-ttt", "-o", "log", "-e",
                "trace=read,openat,renameat,fsync"] + stage, ["ssink", "-q"]],
                where)
            out.append(saved_ms(os.path.join(where, "log")))
            at = os.path.join(where, "d", "1.1.0%d-sreduce" % (
                len(before) + 1))
            if os.path.getsize(at) < KEYS * len("user00000"):
                sys.exit("the state does not have all keys")
    return min(out), statistics.median(out)


def saved_ms(log):
    came, opened, ended = 0.0, False, None
    with open(log, encoding="ascii", errors="replace") as f:
        for line in f:
            at, call = line.split(" ", 1)
            if call.startswith("read(0") and not opened:
                came = float(at)
            elif re.match(r'openat\(\d+, "\.1\.1\.', call):
                opened = True
            elif opened and ended is None and call.startswith("renameat"):
                ended = -1.0
            elif ended == -1.0 and not call.startswith("fsync"):
                ended = float(at)
    return (ended - came) * 1e3


def nothing_ms(runs):
    """Start to exit of four stages that find nothing new: (least, median)."""
    with tempfile.TemporaryDirectory() as where:
        os.mkdir(os.path.join(where, "out"))
        with open(os.path.join(where, "in.csv"), "w", encoding="ascii") as f:
            f.writelines("%d,k%d,%d\n" % (i, i % 10, i) for i in range(1000))
        run(NOTHING, where)
        took = [run(NOTHING, where)[0] * 1e3 for _ in range(runs)]
        if os.listdir(os.path.join(where, "out")) != ["1.tsv"]:
            sys.exit("nothing new, but there is output")
    return min(took), statistics.median(took)


def figures(path, runs):
    """Rows of a table."""
    wall, cpu = throughput(path, runs)
    least, median = nothing_ms(10 * runs)
    rows = [
        ["T3 with -S: %% of wall time more (%.2f s)" % wall[0],
         (wall[1] / wall[0] - 1) * 100],
        ["T3 with -S: % of CPU more", (cpu[1] / cpu[0] - 1) * 100],
        ["nothing new, four stages: least ms", least],
        ["nothing new, four stages: median ms", median]]
    for kind in ("windows", "running"):
        least, median = snapshot_ms(kind, runs)
        rows += [["state of %d keys, %s: least ms" % (KEYS, kind), least],
                 ["state of %d keys, %s: median ms" % (KEYS, kind), median]]
    return rows


if __name__ == "__main__":
    for what, value in figures(sys.argv[1],
                               int(sys.argv[2]) if len(sys.argv) > 2 else 5):
        print("%-45s %8.2f" % (what, value))
