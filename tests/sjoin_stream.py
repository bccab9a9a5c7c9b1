#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Random pairs of small streams through sjoin, compared with nested loops.

usage: sjoin_stream.py CASES [SEED]

Each case is made of one seed, which is printed when it fails.
"""
import csv
import io
import json
import math
import os
import subprocess
from datetime import datetime, timezone

import cases
from cases import run, windows_over

KINDS = ["inner", "left", "right", "full", "semi", "anti"]
NONE = (None, None, None, None)


def make_rows(rnd, name):
    """Rows (time in s, key, value, source), in the order of the file."""
    at, rows = rnd.randrange(-50, 50), []
    for _ in range(rnd.choice([0, 1, 4, 30, 80])):
        at += rnd.choice([0, 0, 1, 2, rnd.randrange(30)])
        t = at - rnd.choice([0, 0, 0, 1, 4, rnd.randrange(40)])
        rows.append((t, rnd.choice(["a", "b", "c", "a long key of 20 bytes",
                                    None]),
                     rnd.choice([None, 1, rnd.randrange(1000)]), name))
    return rows


def make_case(rnd):
    """What to join by, and the options that say so."""
    rows = [make_rows(rnd, "l"), make_rows(rnd, "r")]
    kind, late = rnd.choice(KINDS), rnd.choice([0, 1, 5, 60, 5000])
    way = rnd.choice(["within", "within", "asof", "window", "window", "batch",
                      "whole", "union"])
    case = {"rows": rows, "kind": kind, "late": late, "way": way}
    if way == "within":
        lo = rnd.choice([0, -1, -5, -30, 3, -1000])
        case["reach"] = lo, lo + rnd.choice([0, 1, 10, 60, 1000])
    elif way == "asof":
        case["kind"] = rnd.choice(["inner", "left", "semi", "anti"])
        case["reach"] = rnd.choice([None, -5, -40]), 0
    elif way == "window":
        step = rnd.choice([1, 5, 10])
        case["spec"] = rnd.choice([
            (step, step), (step * rnd.choice([2, 3, 6]), step), (step, 3),
            (step * 3, step, "cumulate")])
        case["kind"] = rnd.choice(KINDS + ["cogroup"])
    elif way == "batch":
        case["cut"] = rnd.choice([1, 3, 10])
        case["kind"] = rnd.choice(KINDS + ["cogroup"])
    elif way == "union":
        case["kind"] = "union"
    return case


def kept(case, rows):
    """Rows that are not late, each as (pane, row)."""
    if case["way"] in ("batch", "whole"):
        return [(0, row) for row in rows]
    width = math.gcd(*case["spec"][:2]) if "spec" in case else 0
    out, top = [], None
    for row in rows:
        pane = row[0] // width * width if width else row[0]
        end = pane + width if width else pane + 0.5
        if top is None or end > top - case["late"]:
            if "spec" not in case or windows_over(pane, case["spec"]):
                out.append((pane, row))
        top = row[0] if top is None else max(top, row[0])
    return out


def columns(left, right, shared=None):
    """A row that comes out: the columns of both sides, the key once."""
    if left is None:
        return [shared, right[1], None, None, right[0], *right[2:]]
    right = right or NONE
    return [*left, right[0], *right[2:]]


def scope(kind, left, right):
    """The join of the rows of one window or batch."""
    out = []
    for row in left:
        found = [r for r in right if r[1] == row[1] and row[1] is not None]
        if kind in ("semi", "anti"):
            if bool(found) == (kind == "semi"):
                out.append(list(row))
            continue
        out += [columns(row, r) for r in found]
        if not found and kind in ("left", "full"):
            out.append(columns(row, None))
    for row in right if kind in ("right", "full") else []:
        if row[1] is None or row[1] not in [r[1] for r in left]:
            out.append(columns(None, row))
    return out


def text(t):
    return datetime.fromtimestamp(t, timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def expect_time(case, left, right):
    """Joins by event time: left and right are rows in the order they came."""
    lo, hi = case["reach"]
    kind, out, matched = case["kind"], [], set()
    for i, row in enumerate(left):
        found = [(j, r) for j, r in enumerate(right)
                 if r[1] == row[1] and row[1] is not None
                 and (lo is None or row[0] + lo <= r[0])
                 and r[0] <= row[0] + hi]
        matched |= {j for j, _ in found}
        if case["way"] == "asof" and found:
            found = [max(found, key=lambda f: (f[1][0], f[0]))]
        at = (row[0], 0, i)
        if kind in ("semi", "anti"):
            if bool(found) == (kind == "semi"):
                out.append((at, list(row)))
            continue
        out += [(at, columns(row, r)) for _, r in found]
        if not found and kind in ("left", "full"):
            out.append((at, columns(row, None)))
    for j, row in enumerate(right if kind in ("right", "full") else []):
        if j not in matched:
            out.append(((row[0], 1, j), columns(None, row, row[0])))
    return [row for _, row in sorted(out, key=lambda o: o[0])]


def expect(case):
    left, right = (kept(case, rows) for rows in case["rows"])
    if case["way"] == "window":
        out, windows = [], set()
        for pane, _ in left + right:
            windows |= windows_over(pane, case["spec"])
        for start, end in sorted(windows, key=lambda w: (w[1], w[0])):
            some = [[r for p, r in side if start <= p < end]
                    for side in (left, right)]
            out += [[text(start), text(end), *row]
                    for row in joined(case, *some)]
        return out
    left, right = [r for _, r in left], [r for _, r in right]
    if case["way"] == "batch":
        n, out = case["cut"], []
        for at in range(0, max(len(left), len(right)), n):
            out += joined(case, left[at:at + n], right[at:at + n])
        return out
    if case["way"] == "whole":
        return joined(case, left, right)
    if case["way"] == "union":
        rows = [((r[0], s, i), r) for s, side in enumerate((left, right))
                for i, r in enumerate(side)]
        return [list(r) for _, r in sorted(rows, key=lambda o: o[0])]
    return expect_time(case, left, right)


def cogroups(left, right):
    """A row a key: the rows of both sides as JSON, without the key."""
    out = []
    for key in dict.fromkeys(r[1] for r in left + right):
        if key is not None:
            out.append([key] + [json.dumps(
                [{"t": text(r[0]), "v": r[2], "src": r[3]} for r in side
                 if r[1] == key], separators=(",", ":"))
                for side in (left, right)])
    return out


def joined(case, left, right):
    if case["kind"] == "cogroup":
        return cogroups(left, right)
    return scope(case["kind"], left, right)


def options(case):
    if case["kind"] == "union":
        return ["--union"]
    out = ["-k", "k"]
    if case["kind"] not in ("inner",):
        out.append("--" + case["kind"])
    if case["kind"] not in ("semi", "anti", "cogroup"):
        out += ["--prefix", "r_"]
    if case["way"] == "asof":
        out.append("--asof")
    if case.get("reach", (None,))[0] is not None:
        out += ["--within", "%ds,%ds" % case["reach"]]
    return out


def swindow(case, stream):
    if case["way"] in ("batch", "whole"):
        return stream
    spec = []
    if "spec" in case:
        size, slide = case["spec"][:2]
        spec = [f"{size}s" if size == slide else f"{size}s/{slide}s"]
        if len(case["spec"]) == 3:
            spec = [f"cumulate:{size}s/{slide}s"]
    return run(["swindow", "-q", *spec, "--late", f"{case['late']}s"], stream)


def sbatch(case, *args):
    cut = ["--batch-rows", str(case["cut"])] if "cut" in case else []
    return run(["sbatch", "-c", "t:time(s),k,v:int", "-t", "t", "--source",
                "src", *cut, *args])


def feed(rnd, argv, streams):
    """Both streams in pieces, in random order."""
    (lr, lw), (rr, rw) = os.pipe(), os.pipe()
    with subprocess.Popen(
            [*argv, f"/dev/fd/{rr}"], stdin=lr, pass_fds=[rr],
            stdout=subprocess.PIPE) as p:
        os.close(lr)
        os.close(rr)
        left = {lw: streams[0], rw: streams[1]}
        while left:
            fd = rnd.choice(list(left))
            n = rnd.choice([1, 50, 96, 300, 5000])
            if not left[fd]:
                del left[fd]
                os.close(fd)
                continue
            os.write(fd, left[fd][:n])
            left[fd] = left[fd][n:]
        out = p.stdout.read()
    assert p.returncode == 0, f"{argv}: {p.returncode}"
    return out


def table(stream):
    return run(["ssink", "-f", "csv"], stream)


def same(want, got, what):
    rows = list(csv.reader(io.StringIO(got.decode())))[1:]
    want = [["" if x is None else str(x) for x in row] for row in want]
    for i, (w, g) in enumerate(zip(want, rows)):
        assert w == g, f"{what}: row {i}: want {w}, got {g}"
    assert len(rows) == len(want), f"{what}: {len(rows)}, want {len(want)}"


def shown(case, rows):
    """Times of the columns t and r_t as ssink prints them."""
    first = 2 if case["way"] == "window" else 0
    for row in rows:
        for c in (first, first + 4):
            if c < len(row) and isinstance(row[c], int):
                row[c] = text(row[c])
    return rows


def one_case(rnd):
    case = make_case(rnd)
    for name, rows in zip("lr", case["rows"]):
        with open(name + ".csv", "w", newline="", encoding="utf-8") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(["t", "k", "v"])
            w.writerows(["" if x is None else x for x in r[:3]] for r in rows)
    want = shown(case, expect(case))
    streams = [swindow(case, sbatch(case, f"{n}={n}.csv")) for n in "lr"]
    argv = ["sjoin", *options(case)]
    with open("r.mill", "wb") as f:
        f.write(streams[1])
    out = run([*argv, "--stream", "r.mill"], streams[0])
    run([os.environ["DECODE"], "-c"], out)
    same(want, table(out), json.dumps({**case, "rows": ""}))
    # Neither frames nor the interleaving of the two pipes show.
    again = [swindow(case, sbatch(case, f"{n}={n}.csv", "--frame-rows",
                                  str(rnd.choice([1, 2, 7, 50]))))
             for n in "lr"]
    same(want, table(feed(rnd, argv, again)), "fed in pieces")
    # Nor does it whether one pipe brings both.
    if case["way"] != "batch":
        both = swindow(case, sbatch(case, "l=l.csv", "r=r.csv",
                                    *rnd.choice([[], ["--frame-rows", "3"]])))
        same(want, table(run([*argv, "--sources", "l,r"], both)), "--sources")


cases.main(one_case)
