#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""sreduce --partial | sreduce --merge gives what one sreduce gives, to the last
byte, for random streams, windows, batches, keys and frames, and whichever
workers of sfan have which frames; the states do not tell.

usage: partial.py CASES [SEED]

Each case is made of one seed, which is printed when it fails.
"""

import os
import shlex

import cases
from cases import run

CSV = ["ssink", "-f", "csv"]
CHANGES = ["ssink", "--changelog"]
HERE = os.path.dirname(os.path.abspath(__file__))

AGGS = ["count() as c", "count(v) as cv, avg(v) as av",
        "sum(n) / count() as mean", "sum(v) as sv", "avg(n) as an",
        "min(v) as lo, max(v) as hi", "first(v) as fv, last(n) as ln",
        "first(s) as fs, last(s) as ls", "min(s) as ms, max(s) as xs",
        "p50(n) as p50, p90(v) as p90", "count_if(n > 2) as ci",
        "sum(n) filter (where s = 'x') as fx", "min(t) as t0",
        "coalesce(max(u), 'none') as u", "any(s) as ys, any_value(n) as yn",
        "min_by(s, 1) as b1, max_by(n, 1) as b2",
        "min_by(v, s) as b3, max_by(s, n div 2) as b4",
        "max_by(n, s::str) as b5, min_by(s, t) as b6",
        "last(t) as lt, first(n + 0.5) as ff, last(n > 2) as lb",
        "variance(n) as va, stddev(v) as sd, var_pop(v) as vp",
        "covar(n, v) as co, corr(n, n % 7) as cr",
        "approx_percentile(n, 0.3) as ap, approx_count_distinct(s) as ad",
        "histogram(n, 1000) as hg, bool_and(n > 1) as ba, bool_or(n > 9) as bo"]
COLS = "t:time(s),k,v:float,n:int,s:str,u:str"
KEYS = ["k", "n % 3 as m", "v", "`t` as at", "s == 'x' as is_x"]


def make_files(rnd):
    paths, span = [], rnd.choice([1, 10, 100, 1000])
    for i in range(rnd.choice([1, 1, 2, 3])):
        paths.append(f"part{i}.csv")
        with open(paths[-1], "w", encoding="utf-8") as f:
            f.write("t,k,v,n,s,u\n")
            for _ in range(rnd.choice([0, 1, 30, 300])):
                f.write("{},{},{},{},{},{}\n".format(
                    rnd.choice(["", rnd.randrange(span)]) if rnd.random() < 0.1
                    else rnd.randrange(span),
                    rnd.choice(["a", "b", "c", "", "long key over 16 bytes"]),
                    rnd.choice(["", "nan", "inf", 0.1, 1e16, -1e16, 3e-300,
                                1e300, rnd.uniform(-9, 9)]),
                    rnd.choice(["", 1, 2, 3, -7, rnd.randrange(10**12)]),
                    rnd.choice(["", "x", "y", "xyz"]),
                    rnd.choice(["", "q" * rnd.randrange(40)])))
    return paths


def make_window(rnd):
    size = rnd.choice([1, 7, 10, 60])
    spec = rnd.choice([
        None, None, f"{size}s", f"{size}s/{rnd.choice([1, 2, 5, 30])}s",
        f"cumulate:{size * 3}s/{size}s", f"rows:{rnd.choice([1, 5, 50])}",
        "1d --tz Europe/Paris"])
    return spec and ["swindow", "-q", *spec.split(), "--late", "5000s"]


def answer(rnd, window):
    """Options of an answer, and what prints it."""
    kept = [[], ["--having", "c > 1"], ["--max-state", "100000"]]
    ordered = kept + [["--sort", "c desc"], ["--top", "2:c"],
                      ["--top", "3:c", "--sort", "c"]]
    kinds = [[], [], ["--mem"], ["--running"] if window is None else []]
    spec = "" if window is None else window[2]
    if window is None or not spec.startswith("cumulate"):
        kinds += [["--emit"], ["--emit"]]
    if window is not None and not spec.startswith(("cumulate", "rows")):
        kinds += [["--fill"], ["--fill=r.csv"]]
    more = rnd.choice(kinds)
    if more == ["--mem"]:
        return ["--mem", "1M", *rnd.choice(ordered[:2] + ordered[3:])], CSV
    if more not in (["--emit"], ["--running"]):
        return more + rnd.choice(ordered), CSV
    front = ["--running"] if window is None else []
    emit = rnd.choice(["update", "complete"] + (["final"] if front else []))
    if emit == "update":
        return [*front, "--emit", emit, *rnd.choice(kept)], CHANGES
    return ([*front, "--emit", emit, *rnd.choice(ordered)],
            CSV if emit == "final" else CHANGES)


def make_roster(rnd):
    """Keys to be filled in."""
    names, rows = rnd.choice([("k", ["a", "new"]), ("k,m", ["b,1", "c,0"])])
    with open("r.csv", "w", encoding="utf-8") as f:
        f.write("\n".join([names, *rows, ""]))
    return ["-k", "k" if names == "k" else "k, n % 3 as m"]


def fan_out(rnd, data, partial):
    """Reduce to states in several processes, of which one is slow, or ends in
    the middle of an answer and is started again."""
    command = shlex.join(partial)
    mark = "mark"
    if os.path.exists(mark):
        os.unlink(mark)
    bad = rnd.choice(["delay 1", f"fault kill {rnd.randrange(9000)} {mark}"])
    bad = f"exec python3 {HERE}/sfan.py {bad} {shlex.quote(command)}"
    workers = [bad] + [command] * rnd.choice([1, 2])
    rnd.shuffle(workers)
    return run(["sfan", "-q", *[f"--worker={w}" for w in workers]], data)


def shown(stream):
    """Frames and states, without who made them."""
    lines = run(["ssink", "-f", "dump"], stream).split(b"\n")
    return [x for x in lines if not x.startswith((b"  stage ", b"  account "))]


def one_case(rnd):
    paths, window = make_files(rnd), make_window(rnd)
    cut = rnd.choice([[], ["--batch-rows", "1"], ["--batch-rows", "40"]])
    keys = ", ".join(rnd.sample(KEYS, rnd.choice([0, 1, 1, 2])))
    keys = ["-k", keys] if keys else []
    aggs = ", ".join(rnd.sample(AGGS, rnd.randrange(1, len(AGGS) + 1)))
    more, sink = answer(rnd, window)
    if "--fill=r.csv" in more:
        keys = make_roster(rnd)
    if more and "c" not in [a.split()[-1] for a in aggs.split(", ")]:
        aggs += ", count() as c"

    def stream(frame_rows):
        out = run(["sbatch", "-q", "-c", COLS, "-t", "t", *cut, "--bad",
                   "skip", "--frame-rows", str(frame_rows), *paths])
        return run(window, out) if window else out

    want = run(["sreduce", *keys, *more, aggs], stream(100000))
    want = run(sink, want)
    for frame_rows in (100000, rnd.choice([1, 2, 7, 64])):
        partial = ["sreduce", "--partial", *keys, aggs]
        data = stream(frame_rows)
        part = run(partial, data)
        what = f"{window} {cut} {keys} {more} {aggs}, frames of {frame_rows}"
        if frame_rows < 100000:
            fanned = fan_out(rnd, data, partial)
            assert shown(fanned) == shown(part), f"{what}: other states"
            part = fanned
        got = run(["sreduce", "--merge", *more], part)
        got = run(sink, got)
        assert got == want, (
            f"{what}:\n{want.decode()}is not\n{got.decode()}")


cases.main(one_case)
