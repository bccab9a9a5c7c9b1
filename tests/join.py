#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Compare sjoin with nested loops over random streams and tables.

usage: join.py WHAT CASES SEED
  WHAT  table, law, crowd, asof, union, cogroup
Each case writes a left and a right csv, joins them with several frame and
batch sizes, and compares every output with the definition.  A failure prints
the seed of its case.
"""
import csv
import io
import os
import random
import subprocess
import sys
import tempfile

FRAMES = [["--frame-rows", "1"], ["--frame-rows", "3"], [],
          ["--batch-rows", "4"]]
KINDS = ["inner", "left", "right", "full", "semi", "anti"]


def write(path, names, rows):
    with open(path, "w", encoding="utf-8") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(names)
        out.writerows([["" if c is None else c for c in r] for r in rows])


def run(seed, args, data=b"", quiet=False):
    done = subprocess.run(args, input=data, capture_output=True, timeout=60,
                          check=False)
    if done.returncode != 0 or (done.stderr and not quiet):
        sys.exit(f"seed {seed}: {args}: {done.returncode} "
                 f"{done.stderr.decode()}")
    return done.stdout


def joined(seed, text, left, args, quiet=False):
    """The rows that come out, nulls as None."""
    data = run(seed, ["sbatch", *text, left])
    data = run(seed, ["sjoin", *args], data, quiet)
    data = run(seed, ["ssink", "-f", "csv", "-N"], data)
    rows = csv.reader(io.StringIO(data.decode()))
    return [[None if c == "" else c for c in r] for r in rows]


def check(seed, what, got, want):
    if got != want:
        for i in range(max(len(got), len(want))):
            g = got[i] if i < len(got) else "nothing"
            w = want[i] if i < len(want) else "nothing"
            if g != w:
                sys.exit(f"seed {seed}: {what}: row {i}: got {g}, want {w}")


# What a cell may hold, by the type it is given; the text is how it prints.
CELLS = {
    "": ["a", "b", "ab", "abcdefghij", "abcdefghijklmnopqrstuvw", "7", "07",
         "2.5", None],
    "str": ["a", "b", "ab", "abcdefghij", "abcdefghijklmnopqrstuvw", "7",
            None],
    "int": ["7", "0", "-3", "9007199254740993", "9007199254740992", None],
    "float": ["7", "2.5", "0", "-0.125", None],
    "bool": ["true", "false", None],
    "time": ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", None],
}
# Types that may stand beside each other, and the one they are compared as.
PAIRS = [("", "", "str"), ("str", "", "str"), ("", "int", "int"),
         ("int", "", "int"), ("int", "int", "int"), ("", "float", "float"),
         ("float", "", "float"), ("float", "float", "float"),
         ("int", "float", "float"), ("float", "int", "float"),
         ("bool", "bool", "bool"), ("time", "time", "time"),
         ("", "time", "time"), ("bool", "", "bool"), ("str", "str", "str")]


def value(cell, type_):
    """A cell as a key of that type; None matches nothing."""
    if cell is None:
        return None
    if type_ == "int":
        return int(cell) if cell.lstrip("-").isdigit() else None
    if type_ == "float":
        try:
            return float(cell)
        except ValueError:
            return None
    if type_ == "bool":
        return {"true": 1, "1": 1, "false": 0, "0": 0}.get(cell)
    if type_ == "time":
        return cell if cell.startswith("2026") else None
    return cell


def shown(cell, right, left):
    """A key of RIGHT in the left side's column."""
    if cell is None or left in ("", "str", right):
        return cell
    v = value(cell, left)
    if v is None:
        return None
    if left == "float":
        return repr(v)[:-2] if v == int(v) else repr(v)
    return {"bool": {1: "true", 0: "false"}}.get(left, {}).get(v, str(v))


def nested(kind, left, right, same, keys, n_left, n_right):
    """The definition.  keys: (left column, right column, their types)."""
    gone = [r for _, r, _, _ in keys]
    rest = [c for c in range(n_right) if c not in gone]
    out, seen = [], set()
    for l in left:
        hits = [j for j, r in enumerate(right) if same(l, r)]
        seen.update(hits)
        if kind == "semi":
            out += [l] if hits else []
        elif kind == "anti":
            out += [] if hits else [l]
        else:
            out += [l + [right[j][c] for c in rest] for j in hits]
            if not hits and kind in ("left", "full"):
                out.append(l + [None] * len(rest))
    for j, r in enumerate(right):
        if kind in ("right", "full") and j not in seen:
            row = [None] * n_left
            for lc, rc, lt, rt in keys:
                if row[lc] is None:
                    row[lc] = shown(r[rc], rt, lt)
            out.append(row + [r[c] for c in rest])
    return out


def sides(rng, pairs):
    """Rows of both sides: the keys, then a number of its own."""
    left, right = [], []
    for rows, at, n in ((left, 0, rng.randrange(0, 14)),
                        (right, 1, rng.randrange(0, 14))):
        pools = [rng.sample(CELLS[p[at]], min(len(CELLS[p[at]]), 4))
                 for p in pairs]
        for i in range(n):
            rows.append([rng.choice(p) for p in pools]
                        + [f"{'lr'[at]}{i % 3}"])
    return left, right


def spec(names, types):
    return ",".join(n + (":" + t if t else "") for n, t in zip(names, types))


def table(rng, seed):
    n = rng.choice([1, 1, 1, 2, 3])
    pairs = [rng.choice(PAIRS) for _ in range(n)]
    kind = rng.choice(KINDS)
    if kind in ("right", "full"):
        pairs = [p for p in pairs if p[:2] != ("int", "float")] or [PAIRS[0]]
        n = len(pairs)
    left, right = sides(rng, pairs)
    lnames = [f"k{i}" for i in range(n)] + ["v"]
    rnames = [f"k{i}" if rng.random() < 0.5 else f"r{i}" for i in range(n)]
    keys = ",".join(f"k{i}" if r == f"k{i}" else f"k{i}={r}"
                    for i, r in enumerate(rnames))
    rnames += ["w"]
    order = list(range(n + 1))
    rng.shuffle(order)
    ltypes = [p[0] for p in pairs] + [""]
    rtypes = [p[1] for p in pairs] + [""]
    write("left.csv", lnames, left)
    write("right.csv", [rnames[c] for c in order],
          [[r[c] for c in order] for r in right])

    def same(l, r):
        for i, (_, _, t) in enumerate(pairs):
            a, b = value(l[i], t), value(r[i], t)
            if a is None or b is None or a != b:
                return False
        return True

    want = nested(kind, left, right, same,
                  [(i, i, p[0], p[1]) for i, p in enumerate(pairs)], n + 1,
                  n + 1)
    args = ["-k", keys, "-c",
            spec([rnames[c] for c in order], [rtypes[c] for c in order])]
    args += [] if kind == "inner" else ["--" + kind]
    if rng.random() < 0.3:
        data = run(seed, ["sbatch", *args[2:4], "right.csv"])
        with open("right.mill", "wb") as f:
            f.write(data)
        args = args[:2] + args[4:] + ["right.mill"]
    else:
        args += ["right.csv"]
    for frames in FRAMES:
        got = joined(seed, ["-c", spec(lnames, ltypes), *frames], "left.csv",
                     args, True)
        check(seed, f"{args} {frames}", got, want)


def law(rng, seed):
    """An inner join commutes; semi and anti part the left side."""
    pair = rng.choice([p for p in PAIRS if p[0] == p[1]])
    left, right = sides(rng, [pair])
    write("left.csv", ["k", "v"], left)
    write("right.csv", ["k", "w"], right)
    lc, rc = spec(["k", "v"], [pair[0], ""]), spec(["k", "w"], [pair[1], ""])
    ab = joined(seed, ["-c", lc], "left.csv",
                ["-k", "k", "-c", rc, "right.csv"])
    ba = joined(seed, ["-c", rc], "right.csv",
                ["-k", "k", "-c", lc, "left.csv"])
    check(seed, "commutes", sorted(ab), sorted([k, v, w] for k, w, v in ba))
    semi, anti = (joined(seed, ["-c", lc], "left.csv",
                         ["-k", "k", kind, "-c", rc, "right.csv"])
                  for kind in ("--semi", "--anti"))

    def text(rows):
        return sorted(str(r) for r in rows)

    check(seed, "parts", text(semi + anti), text(left))


def crowd(rng, seed):
    """More matches than a frame has rows, and a table of many rows."""
    left = [[rng.choice("abc"), str(i)] for i in range(500)]
    right = [[rng.choice("abcdef"), str(i), rng.choice(["x", "", "yy"])]
             for i in range(900)]
    write("left.csv", ["k", "v"], left)
    write("right.csv", ["k", "w", "s"], right)
    want = [[k, v, w, s or None] for k, v in left for r, w, s in right
            if k == r]
    for frames in (["--frame-rows", "70"], []):
        got = joined(seed, frames, "left.csv", ["-k", "k", "right.csv"])
        check(seed, f"crowd {frames}", got, want)
    right = [[f"key{i * 7919 % 200003}", str(i)] for i in range(150000)]
    left = [[f"key{rng.randrange(200003)}", str(i)] for i in range(90000)]
    by_key = {k: w for k, w in right}
    write("left.csv", ["k", "v"], left)
    write("right.csv", ["k", "w"], right)
    for kind in ("inner", "left"):
        got = joined(seed, [], "left.csv",
                     ["-k", "k", *(["--left"] if kind == "left" else []),
                      "right.csv"])
        want = [[k, v, by_key.get(k)] for k, v in left
                if kind == "left" or k in by_key]
        check(seed, f"crowd {kind}", got, want)


def stamp(second):
    return None if second is None else f"2026-01-01T00:00:{second:02}Z"


def asof(rng, seed):
    """The latest row at or before; of equal ones the last in the table."""
    def rows(n, mark):
        return [[rng.choice([None, *range(12)]), rng.choice(["a", "b", None]),
                 f"{mark}{i}"] for i in range(n)]

    left = rows(rng.randrange(15), "l")
    right = rows(rng.randrange(15), "r")
    within = rng.choice([None, None, 0, 3])
    kind = rng.choice(["inner", "left", "semi", "anti"])
    write("left.csv", ["t", "k", "v"], [[stamp(r[0]), *r[1:]] for r in left])
    write("right.csv", ["rt", "k", "w"],
          [[stamp(r[0]), *r[1:]] for r in right])
    want = []
    for t, k, v in left:
        hits = [(r[0], i) for i, r in enumerate(right)
                if None not in (t, k, r[0]) and r[1] == k and r[0] <= t
                and (within is None or t - r[0] <= within)]
        l = [stamp(t), k, v]
        if kind == "semi":
            want += [l] if hits else []
        elif kind == "anti":
            want += [] if hits else [l]
        elif hits:
            r = right[max(hits)[1]]
            want.append(l + [stamp(r[0]), r[2]])
        elif kind == "left":
            want.append(l + [None, None])
    args = ["-k", "k", "--asof", "-t", "rt"]
    args += [] if kind == "inner" else ["--" + kind]
    args += [] if within is None else ["--within", f"-{within}s,0s"]
    for frames in FRAMES:
        got = joined(seed, ["-t", "t", *frames], "left.csv",
                     [*args, "right.csv"])
        check(seed, f"{args} {frames}", got, want)


def union(rng, seed):
    """The table, then the stream; columns of one name are one."""
    left, right = sides(rng, [PAIRS[0]])
    name = rng.choice(["v", "w"])
    write("left.csv", ["k", "v"], left)
    write("right.csv", [name, "k"], [[r[1], r[0]] for r in right])
    if name == "v":
        want = right + left
    else:
        want = [[k, None, w] for k, w in right] + [r + [None] for r in left]
    for frames in FRAMES:
        got = joined(seed, frames, "left.csv", ["--union", "right.csv"])
        check(seed, f"union {frames}", got, want)


def cogroup(rng, seed):
    """A row a key of the batch and of the table, without null keys."""
    left, right = sides(rng, [PAIRS[0]])
    batch = rng.choice([3, 100])
    write("left.csv", ["k", "v"], left)
    write("right.csv", ["k", "w"], right)
    want = []
    ends = range(0, max(len(left), 1), batch)
    for at in ends:
        rows = left[at:at + batch]
        keys = dict.fromkeys(k for k, _ in rows + right if k is not None)
        for k in keys:
            want.append([k, *("[" + ",".join(f'{{"{n}":"{x}"}}'
                                             for key, x in part if key == k)
                              + "]" for n, part in (("v", rows),
                                                    ("w", right)))])
    for frames in ("1", "100"):
        got = joined(seed, ["--frame-rows", frames]
                     + (["--batch-rows", "3"] if batch == 3 else []),
                     "left.csv", ["-k", "k", "--cogroup", "right.csv"])
        check(seed, f"cogroup {frames}", got, want)


def main():
    what, cases, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with tempfile.TemporaryDirectory(dir=os.getcwd()) as folder:
        os.chdir(folder)
        for seed in range(first, first + cases):
            globals()[what](random.Random(seed), seed)


main()
