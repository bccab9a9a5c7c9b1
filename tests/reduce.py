#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Random small streams through sbatch | swindow | sreduce | ssink, compared
with a slow and obvious reference.

usage: reduce.py CASES [SEED]

Each case is made of one seed, which is printed when it fails.
"""
import collections
import csv
import decimal
import io
import json
import math
from datetime import datetime, timedelta, timezone
from fractions import Fraction

import cases
from cases import run, run_both, windows_over

AGGS = ("count() as c, count(v) as cv, count_if(n > 2) as ci, sum(n) as sn, "
        "avg(n) as an, sum(v) as sv, avg(v) as av, min(v) as lo, "
        "max(v) as hi, first(v) as fv, last(n) as ln, min(s) as ls, "
        "max(s) as hs, count(distinct s) as ds, p50(n) as p50, p90(v) as p90, "
        "sum(n) filter (where s = 'x') as fx, any(s) as vs, "
        "min_by(s, v) as bv, max_by(v, n) as bn, variance(v) as var, "
        "var_pop(n) as vp, stddev(n) as sd, covar(v, n) as cov, "
        "corr(v, n) as cor, median(n) as med, percentile(v, 0.3) as pc, "
        "approx_percentile(v, 0.37) as ap, approx_count_distinct(s) as ad, "
        "top(2, s) as top, mode(n) as mo, histogram(n, 5) as hn, "
        "histogram(v, 0.5) as hv, bool_and(n > 2) as ba, bool_or(v > 0) as bo, "
        "string_agg(s, '-') as sa, funnel(20s, n > 1, s = 'x', v > 0) as fu")
# Not to the last bit: rounded more than once, or a sketch.
NEAR = {"var": 1e-15, "vp": 1e-15, "sd": 1e-15, "cov": 1e-15, "cor": 1e-15,
        "p50": 1 / 256, "p90": 1 / 256, "ap": 1 / 256}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def make_case(rnd):
    """Rows (time in s, key, v, n, s) of one to three files, and options."""
    span = rnd.choice([20, 100, 1000])
    files = []
    for _ in range(rnd.choice([1, 1, 2, 3])):
        at, rows = rnd.randrange(-50, 50), []
        for _ in range(rnd.choice([0, 1, 5, 40, 120])):
            at += rnd.choice([0, 0, 1, 3, rnd.randrange(span)])
            t = at - rnd.choice([0, 0, 0, 1, 5, rnd.randrange(span)])
            rows.append((
                t, rnd.choice(["a", "b", "long key over sixteen bytes", None]),
                rnd.choice([None, 0.1, 1e16, -1e16, 1.0, -2.5, 3e-300,
                            rnd.uniform(-100, 100)]),
                rnd.choice([None, 1, 2, 3, -7, rnd.randrange(10**12)]),
                rnd.choice([None, "x", "y", "xyz"])))
        files.append(rows)
    size = rnd.choice([1, 7, 10, 60])
    shape = rnd.random()
    if shape < 0.4:
        spec = (size, size)
    elif shape < 0.6:
        step = rnd.choice([1, 2, 5, 10])
        spec = (step * rnd.choice([1, 2, 3, 6]), step, "cumulate")
    else:
        spec = (size, rnd.choice([1, 2, 3, 5, 10, 30]))
    late = rnd.choice([0, 0, 1, 5, 60, 5000])
    if shape > 0.85:
        return (files, (size, size, "session"), late,
                rnd.choice([["k"], ["k", "n % 2 as odd"], ["n", "k"]]))
    keys = rnd.choice([[], ["k"], ["k", "n % 2 as odd"], ["n"], ["v"]])
    return files, spec, late, keys


def panes(files, spec, late):
    """Rows that are kept, each with its pane; and how many are late."""
    width = math.gcd(*spec[:2])
    kept, n_late = [], 0
    for part, rows in enumerate(files):
        top = None
        for row in rows:
            pane = row[0] // width * width
            if spec[2:] == ("session",):
                pane = row[0]
                is_late = top is not None and pane < top - late
            else:
                is_late = top is not None and pane + width <= top - late
            if is_late:
                n_late += 1
            elif pane % spec[1] < spec[0]:
                kept.append((pane, part, len(kept), row))
            top = row[0] if top is None else max(top, row[0])
    return kept, n_late


def key_of(keys, row):
    _, k, v, n, _ = row
    known = {"k": k, "n": n, "v": v,
             "n % 2 as odd": None if n is None else int(math.fmod(n, 2))}
    return tuple(known[name] for name in keys)


def total(values):
    return None if not values else float(sum(map(Fraction, values)))


def rank(values, percent):
    values = sorted(values)
    return values[(len(values) * percent + 99) // 100 - 1] if values else None


def rooted(x):
    """The root of a fraction."""
    with decimal.localcontext() as c:
        c.prec = 50
        return float((decimal.Decimal(x.numerator)
                      / decimal.Decimal(x.denominator)).sqrt())


def moments(pairs, less):
    """The covariance of pairs, dividing by n - less."""
    n = len(pairs)
    if n <= less:
        return None
    x, y = ([Fraction(p[i]) for p in pairs] for i in (0, 1))
    product = sum(a * b for a, b in zip(x, y))
    return (n * product - sum(x) * sum(y)) / n / (n - less)


def corr(pairs):
    if len(pairs) < 2:
        return None
    xx = moments([(a, a) for a, _ in pairs], 0)
    yy = moments([(b, b) for _, b in pairs], 0)
    xy = moments(pairs, 0)
    if xx == 0 or yy == 0:
        return None
    return math.copysign(rooted(xy * xy / xx / yy), xy)


def between(values, p):
    """As Spark's percentile has it."""
    if not values:
        return None
    values, at = sorted(values), (len(values) - 1) * p
    low, high = values[math.floor(at)], values[math.ceil(at)]
    if low == high:
        return float(low)
    return (math.ceil(at) - at) * low + (at - math.floor(at)) * high


def best_by(placed, i, j, sign):
    """Column i of the first row with the least sign * column j."""
    rows = [r[2] for r in placed if r[2][j] is not None]
    return min(rows, key=lambda r: sign * r[j])[i] if rows else None


def counted(values, key):
    """[[value, count], ...] in order of key, or null."""
    pairs = sorted(collections.Counter(values).items(), key=key)
    return [list(p) for p in pairs] or None


def funnel(placed, within, steps):
    """The most steps that rows take in order, within a time of the first."""
    best = 0
    for i, (_, _, first) in enumerate(placed):
        taken = 0
        for _, _, row in placed[i:]:
            if row[0] > first[0] + within or taken == len(steps):
                break
            if steps[taken](row):
                taken += 1
            elif taken == 0:
                break
        best = max(best, taken)
    return best


def more_aggregates(placed, v, n, s):
    pairs = [(r[2][2], r[2][3]) for r in placed if None not in r[2][2:4]]
    sd = moments([(x, x) for x in n], 1)
    steps = [lambda r: r[3] is not None and r[3] > 1, lambda r: r[4] == "x",
             lambda r: r[2] is not None and r[2] > 0]
    most = counted(n, lambda p: (-p[1], p[0]))
    top = counted(s, lambda p: (-p[1], p[0]))
    return [s[0] if s else None, best_by(placed, 4, 2, 1),
            best_by(placed, 2, 3, -1), moments([(x, x) for x in v], 1),
            moments([(x, x) for x in n], 0),
            None if sd is None else rooted(sd), moments(pairs, 1),
            corr(pairs), between(n, 0.5), between(v, 0.3), rank(v, 37),
            len(set(s)), top and top[:2], most and most[0][0],
            counted([x // 5 * 5 for x in n], lambda p: p[0]),
            counted([math.floor(x * 2) / 2 for x in v], lambda p: p[0]),
            all(x > 2 for x in n) if n else None,
            any(x > 0 for x in v) if v else None,
            "-".join(s) if s else None, funnel(placed, 20, steps)]


def aggregates(rows):
    """The expected values of AGGS over rows (part, order, row)."""
    placed = sorted(rows, key=lambda r: (r[2][0], r[0], r[1]))
    v = [r[2][2] for r in placed if r[2][2] is not None]
    n = [r[2][3] for r in placed if r[2][3] is not None]
    s = [r[2][4] for r in placed if r[2][4] is not None]
    fx = [r[2][3] for r in placed if r[2][4] == "x" and r[2][3] is not None]
    return [len(rows), len(v), sum(x > 2 for x in n), sum(n) if n else None,
            float(sum(n)) / len(n) if n else None, total(v),
            total(v) / len(v) if v else None, min(v, default=None),
            max(v, default=None), v[0] if v else None, n[-1] if n else None,
            min(s, default=None), max(s, default=None), len(set(s)),
            rank(n, 50), rank(v, 90), sum(fx) if fx else None,
            *more_aggregates(placed, v, n, s)]


def group(keys, rows):
    """Rows (part, order, row) by key, in order of arrival."""
    groups = {}
    for r in sorted(rows, key=lambda r: r[1]):
        groups.setdefault(key_of(keys, r[2]), []).append(r)
    return groups


def expect_sessions(kept, gap, keys):
    """Rows of one k that are less than gap apart, by definition."""
    out = []
    for k in {r[3][1] for r in kept}:
        mine = sorted((r for r in kept if r[3][1] == k), key=lambda r: r[0])
        while mine:
            n = 1
            while n < len(mine) and mine[n][0] - mine[n - 1][0] < gap:
                n += 1
            some, mine = mine[:n], mine[n:]
            start, end = some[0][0], some[-1][0] + gap
            arrived = min(r[2] for r in some)
            for i, (key, of) in enumerate(
                    group(keys, [r[1:] for r in some]).items()):
                out.append((end, arrived, i,
                            [start, end, *key, *aggregates(of)]))
    return [row for _, _, _, row in sorted(out, key=lambda o: o[:3])]


def expect(files, spec, late, keys):
    kept, n_late = panes(files, spec, late)
    if spec[2:] == ("session",):
        return expect_sessions(kept, spec[0], keys), n_late
    windows = set()
    for pane, _, _, _ in kept:
        windows |= windows_over(pane, spec)
    out = []
    for start, end in sorted(windows, key=lambda w: (w[1], w[0])):
        rows = [r[1:] for r in kept if start <= r[0] < end]
        for key, of_key in group(keys, rows).items():
            out.append([start, end, *key, *aggregates(of_key)])
    return out, n_late


def expect_batches(files, batch_rows, keys):
    rows = [(part, row) for part, rows in enumerate(files) for row in rows]
    out = []
    for at in range(0, max(len(rows), 1), batch_rows):
        some = [(p, i, r) for i, (p, r) in enumerate(rows)][at:at + batch_rows]
        groups = group(keys, some)
        if not keys:
            groups = {(): some}
        out += [[*key, *aggregates(of)] for key, of in groups.items()]
    return out


def parse(text, like, name):
    """A cell of the output as the type of what is expected."""
    if text == "":
        return None
    if name in ("window_start", "window_end"):
        t = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (t - EPOCH) // timedelta(seconds=1)
    if isinstance(like, bool):
        return {"true": True, "false": False}[text]
    if isinstance(like, list):
        return json.loads(text)
    if isinstance(like, Fraction):
        return float(text)
    if isinstance(like, (int, float)):
        return type(like)(text)
    return text


def close(name, want, got):
    if want == got:
        return True
    return (name in NEAR and want is not None and got is not None
            and abs(want - got) <= abs(want) * NEAR[name])


def compare(text, want):
    rows = list(csv.reader(io.StringIO(text.decode())))
    header, rows = rows[0], rows[1:]
    assert len(rows) == len(want), f"{len(rows)} rows, want {len(want)}"
    for i, (row, w) in enumerate(zip(rows, want)):
        assert len(row) == len(w) == len(header), f"row {i}: {len(row)} cells"
        got = [parse(x, y, name) for x, y, name in zip(row, w, header)]
        for name, x, y in zip(header, w, got):
            assert close(name, x, y), f"row {i}: {name}: want {x}, got {y}"


def write_files(files):
    paths = []
    for i, rows in enumerate(files):
        paths.append(f"part{i}.csv")
        with open(paths[-1], "w", newline="", encoding="utf-8") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(["t", "k", "v", "n", "s"])
            w.writerows(["" if x is None else x for x in r] for r in rows)
    return paths


def sbatch(paths, *options):
    return run(["sbatch", "-c", "t:time(s),k,v:float,n:int,s:str", "-t", "t",
                *options, *paths])


def reduce_stream(stream, spec, late, keys):
    text = f"{spec[0]}s" if spec[0] == spec[1] else f"{spec[0]}s/{spec[1]}s"
    whose = []
    if spec[2:] == ("cumulate",):
        text = f"cumulate:{spec[0]}s/{spec[1]}s"
    elif spec[2:] == ("session",):
        text, whose = f"session:{spec[0]}s", ["-k", "k"]
    windows, said = run_both(
        ["swindow", text, *whose, "--late", f"{late}s"], stream)
    k = ["-k", ", ".join(keys)] if keys else []
    table = run(["sreduce", *k, AGGS], windows)
    return run(["ssink", "-f", "csv"], table), said


def one_case(rnd):
    files, spec, late, keys = make_case(rnd)
    paths = write_files(files)
    want, n_late = expect(files, spec, late, keys)
    out, said = reduce_stream(sbatch(paths), spec, late, keys)
    compare(out, want)
    told = int(said.split()[1]) if " late, " in said else 0
    assert told == n_late, f"told {told} late, want {n_late}"
    # Neither frames nor batches show in the answer.
    cut = rnd.choice([["--frame-rows", "1"], ["--frame-rows", "9"],
                      ["--batch-rows", "1"], ["--batch-rows", "13"]])
    again, said_again = reduce_stream(sbatch(paths, *cut), spec, late, keys)
    assert again == out and said_again == said, f"differs with {cut}"
    # Without windows each batch is reduced.
    n = rnd.choice([3, 50, 1000])
    k = ["-k", ", ".join(keys)] if keys else []
    table = run(["sreduce", *k, AGGS], sbatch(paths, "--batch-rows", str(n)))
    compare(run(["ssink", "-f", "csv"], table),
            expect_batches(files, n, keys))


cases.main(one_case)
