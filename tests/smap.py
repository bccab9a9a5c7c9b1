#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Compare smap with slow references on random streams.

usage: smap2.py WHAT CASES SEED
  WHAT  explode, sample, ends, history, dedup, changed, crowd
Each case writes a small CSV, runs it through sbatch | smap | ssink with
several frame sizes, and compares every output with the reference.  A failure
prints the seed of its case.
"""
import csv
import io
import math
import random
import subprocess
import sys

FRAMES = ["1", "3", "1000"]


def pipe(rows, names, sbatch, smap, between=()):
    """The rows that the pipe gives, as lists of text."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    out.writerow(names)
    for row in rows:
        out.writerow(row)
    data = text.getvalue().encode()
    for args in (["sbatch"] + sbatch, *between, ["smap"] + smap):
        run = subprocess.run(args, input=data, capture_output=True,
                             timeout=60, check=False)
        if run.returncode != 0:
            sys.exit(f"{args}: {run.returncode} {run.stderr.decode()}")
        data = run.stdout
    run = subprocess.run(["ssink", "-f", "csv", "-N"], input=data,
                         capture_output=True, timeout=60, check=True)
    return [row for row in csv.reader(io.StringIO(run.stdout.decode()))]


def expect(seed, what, got, want):
    if got != want:
        print(f"{what}: seed {seed} differs", file=sys.stderr)
        for i in range(max(len(got), len(want))):
            a = got[i] if i < len(got) else None
            b = want[i] if i < len(want) else None
            if a != b:
                sys.exit(f"row {i}: smap {a}, reference {b}")


def word(rng, letters, most):
    return "".join(rng.choice(letters) for _ in range(rng.randrange(most)))


def explode(rng, seed):
    sep = rng.choice([" ", ",", ";", "--", "ab"])
    rows = [[str(i), word(rng, "ab ,;-", 30)] for i in range(rng.randrange(40))]
    want = []
    for i, text in rows:
        for piece in text.split(sep) if text else []:
            if piece or sep != " ":
                want.append([i, text, piece])
    for n in FRAMES:
        got = pipe(rows, ["i", "t"], ["-f", "csv", "--frame-rows", n],
                   ["--explode", f"split(t, '{sep}') as p"])
        expect(seed, f"explode {sep!r} by {n}", got, want)


def sample(rng, seed):
    rows = [[str(rng.randrange(30)), str(rng.randrange(9))]
            for _ in range(rng.randrange(60))]
    share = rng.choice(["0", "10", "50", "100"])
    outs = []
    for n in FRAMES:
        outs.append(pipe(rows, ["k", "v"], ["-f", "csv", "--frame-rows", n],
                         ["--sample", f"{share}%:k"]))
    for out in outs:
        expect(seed, "sample by frame", out, outs[0])
    # All rows of a key, or none, in their order.
    keys = {row[0] for row in outs[0]}
    expect(seed, "sample", outs[0], [r for r in rows if r[0] in keys])
    if share in ("0", "100"):
        expect(seed, "sample", outs[0], rows if share == "100" else [])


def ends(rng, seed):
    rows = [[str(i), "x" * rng.randrange(5) + "y"]
            for i in range(rng.randrange(50))]
    size = rng.randrange(1, 12)
    n = rng.randrange(0, 6)
    which = rng.choice(["--head", "--tail"])
    want = []
    for at in range(0, len(rows), size):
        batch = rows[at:at + size]
        want += batch[:n] if which == "--head" else batch[len(batch) - n:] \
            if n < len(batch) else batch
    for f in FRAMES:
        got = pipe(rows, ["k", "v"], ["-f", "csv", "--frame-rows", f,
                                      "--batch-rows", str(size)],
                   [which, str(n)])
        expect(seed, f"{which} {n} of {size} by {f}", got, want)


BASE = 1767225600  # 2026-01-01T00:00:00Z
CALLS = [
    ("lag(v)", "lag1"), ("lag(v, 3)", "lag3"), ("lag(s, 2)", "lag_s"),
    ("delta(v)", "delta"), ("delta(f)", "delta_f"), ("rate(v)", "rate"),
    ("ewma(f, 0.25)", "ewma"), ("row_number()", "number"),
    ("count()", "count"), ("count(v)", "count_v"), ("sum(v)", "sum"),
    ("avg(f)", "avg"), ("sum(f)", "sum_f"), ("min(f)", "min"),
    ("max(s)", "max_s"), ("first(v)", "first"), ("last(s)", "last"),
    ("count(distinct v)", "distinct"), ("min(s)", "min_s"),
    ("sum(v) filter (where v > 2)", "sum_filter"),
    ("count() filter (where s = 'a')", "count_filter"),
]


def events(rng):
    """Rows of event time, key, int, float, text; any but the time null."""
    out, t = [], 0
    for _ in range(rng.randrange(60)):
        t += rng.choice([0, 1, 1, 2, 7, 30])
        late = rng.choice([0, 0, 0, 1, 5, 40])
        out.append((max(0, t - late), rng.choice(["x", "y", "z", None]),
                    rng.choice([None, 0, 1, 2, 3, 4, -7, 1000]),
                    rng.choice([None, 0.1, 0.2, 0.3, 1e16, -1e16, 1.0]),
                    rng.choice([None, "a", "b", "abcdefghijklmnopqrs"])))
    return out


def texts(rows):
    return [["" if c is None else repr(c) if isinstance(c, float) else str(c)
             for c in row] for row in rows]


def forget(rows, keep, extend):
    """For each row whether its key begins, when keys are forgotten that are
    older than keep before the greatest time so far."""
    clock, seen, out = None, {}, []
    for t, key, *_ in rows:
        clock = t if clock is None else max(clock, t)
        old = seen.get(key)
        begins = old is None or (keep is not None and old < clock - keep)
        if begins:
            seen[key] = t
        elif extend:
            seen[key] = max(old, t)
        out.append(begins)
    return out


def aggregate(name, rows):
    v = [r[2] for r in rows if r[2] is not None]
    f = [r[3] for r in rows if r[3] is not None]
    s = [r[4] for r in rows if r[4] is not None]
    more = [x for x in v if x > 2]
    return {
        "count": lambda: len(rows), "count_v": lambda: len(v),
        "sum": lambda: sum(v) if v else None,
        "sum_f": lambda: math.fsum(f) if f else None,
        "avg": lambda: math.fsum(f) / len(f) if f else None,
        "min": lambda: min(f) if f else None,
        "max_s": lambda: max(s) if s else None,
        "min_s": lambda: min(s) if s else None,
        "first": lambda: v[0] if v else None,
        "last": lambda: s[-1] if s else None,
        "distinct": lambda: len(set(v)),
        "sum_filter": lambda: sum(more) if more else None,
        "count_filter": lambda: s.count("a"),
    }[name]()


def one_call(name, past, here, window):
    """The value at row here after the key's rows past."""
    before = past[-1] if past else None
    t, _, v, f, _ = here
    if name in ("lag1", "lag3", "lag_s"):
        n, c = {"lag1": (1, 2), "lag3": (3, 2), "lag_s": (2, 4)}[name]
        return past[-n][c] if len(past) >= n else None
    if name == "delta":
        return None if before is None or None in (v, before[2]) \
            else v - before[2]
    if name == "delta_f":
        return None if before is None or None in (f, before[3]) \
            else f - before[3]
    if name == "rate":
        if before is None or None in (v, before[2]) or t <= before[0]:
            return None
        grown = v if v < before[2] else v - before[2]
        return grown / float(t - before[0])
    if name == "ewma":
        value = None
        for x in [r[3] for r in past] + [f]:
            if x is not None:
                value = x if value is None else 0.25 * x + 0.75 * value
        return value
    if name == "number":
        return len(past) + 1
    return aggregate(name, window)


def in_sight(rows, over):
    """The last of a key's rows that --over shows, the last one included."""
    if over is None:
        return rows
    n, unit = over
    if unit == "rows":
        return rows[-n:]
    times, latest = [], None
    for row in rows:
        latest = row[0] if latest is None else max(latest, row[0])
        times.append(latest)
    return [r for r, t in zip(rows, times) if t > times[-1] - n]


def history(rng, seed):
    rows = events(rng)
    over = rng.choice([None, (3, "rows"), (1, "rows"), (10, "s"), (40, "s")])
    ttl = rng.choice([None, 5, 30])
    calls = rng.sample(CALLS, 6)
    want, past = [], {}
    for row, begins in zip(rows, forget(rows, ttl, True)):
        if begins:
            past[row[1]] = []
        mine = past[row[1]]
        want.append([one_call(name, mine, row, in_sight(mine + [row], over))
                     for _, name in calls])
        mine.append(row)
    args = ["-k", "k"]
    args += ["--over", "".join(map(str, over))] if over else []
    args += ["--ttl", f"{ttl}s"] if ttl else []
    args += ["-s", ", ".join(f"{c} as c{i}" for i, (c, _) in enumerate(calls))]
    check_events(rng, seed, f"history {args}", rows, args, want)


def check_events(rng, seed, what, rows, args, want):
    del rng
    for n in FRAMES:
        got = pipe(texts(rows), ["t", "k", "v", "f", "s"],
                   ["-f", "csv", "-t", "t", "-c",
                    "t:time(s),k,v:int,f:float,s:str", "--null", "",
                    "--frame-rows", n], args)
        expect(seed, f"{what} by {n}", [[value(c) for c in r] for r in got],
               [[value(c) for c in r] for r in texts(want)])


def value(cell):
    try:
        return float(cell)
    except ValueError:
        return cell


def shown(row):
    at = row[0]
    time = f"2026-01-01T{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}Z"
    return (time,) + row[1:]


def passed(rng, seed, what, rows, args, keep):
    at = [(r[0] + BASE,) + r[1:] for r in rows]
    want = [shown(r) for r, k in zip(rows, keep) if k]
    check_events(rng, seed, f"{what} {args}", at, args, want)


def dedup(rng, seed):
    rows = events(rng)
    within = rng.choice([None, 0, 3, 20])
    args = ["--dedup", "k"] + (["--within", f"{within}s"]
                               if within is not None else [])
    passed(rng, seed, "dedup", rows, args, forget(rows, within, False))


def changed(rng, seed):
    rows = events(rng)
    ttl = rng.choice([None, 8])
    col, name = rng.choice([(2, "v"), (3, "f"), (4, "s")])
    last, keep = {}, []
    for row, begins in zip(rows, forget(rows, ttl, True)):
        keep.append(begins or last[row[1]] != row[col])
        last[row[1]] = row[col]
    args = ["-k", "k", "--changed", name]
    args += ["--ttl", f"{ttl}s"] if ttl else []
    passed(rng, seed, "changed", rows, args, keep)


def crowd(rng, seed):
    """Keys that come and go, more than are kept in mind at once."""
    rows, t = [], 0
    for i in range(5000):
        t += rng.choice([0, 0, 1])
        rows.append((max(0, t - rng.choice([0, 0, 0, 9])),
                     f"key{i // 2 + rng.randrange(300)}"))
    names = ["t", "k"]
    text = ["-f", "csv", "-t", "t", "-c", "t:time(s),k", "--frame-rows", "700"]
    within = 60
    keep = forget(rows, within, False)
    got = pipe(rows, names, text, ["--dedup", "k", "--within", "60s", "-s",
                                   "epoch(t)::int as t, k"])
    expect(seed, "crowd, dedup", got,
           [[str(t), k] for (t, k), x in zip(rows, keep) if x])
    number, want = {}, []
    for (t, k), begins in zip(rows, forget(rows, within, True)):
        number[k] = 1 if begins else number[k] + 1
        want.append([k, str(number[k]), str(number[k])])
    got = pipe(rows, names, text, ["-k", "k", "--ttl", "60s", "--over", "1d",
                                   "-s", "k, row_number() as n, count() as c"])
    expect(seed, "crowd, history", got, want)
    # Behind a watermark the time between two rows is what counts.
    last, want = {}, []
    for t, k in rows:
        if k not in last or last[k] < t - 5:
            want.append([str(t), k])
            last[k] = t
    got = pipe(rows, names, text, ["--dedup", "k", "--within", "5s", "-s",
                                   "epoch(t)::int as t, k"],
               [["swindow", "10s", "--late", "9s"]])
    expect(seed, "crowd, dedup behind swindow", got, want)


def main():
    what, cases, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    for seed in range(first, first + cases):
        globals()[what](random.Random(seed), seed)


main()
