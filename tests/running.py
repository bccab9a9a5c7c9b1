#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""sreduce --running, --fold, --emit and --fill against definitions, on random streams.

usage: running.py CASES [FIRST-SEED]

Rows are cut into batches at random.  Puts and deletes are applied in order;
after each batch what they make must be the answer over all rows so far.
"""
import csv
import io
import struct

import cases
import decode
from cases import run, windows_over

AGGS = ("count() as n, sum(v) as s, max(v) as m, last(v) as l, "
        "count(distinct v) as d, count() filter (where v > 2) as f")
FOLD = ["--fold", "0 as n, null::int as last, 0.5 as w, '' as trail, "
        "false as up",
        "up = v > last, last = coalesce(v, last), n = n + 1, w = w / 2 + n, "
        "trail = if(length(trail) > 30, '', trail || coalesce(v::str, '-'))"]
KEYS = ["a", "b", "c", "key of more than sixteen bytes", None]
PUT = 1


def read(stream):
    """HEAD and, by batch, the lists of rows that came."""
    reader, kind, batches = decode.Reader(io.BytesIO(stream)), "", [[]]
    while kind != "END":
        kind, header, out = reader.frame()
        assert kind != "FAIL", out
        if kind == "ROWS":
            batches[-1] += out
            if header["flags"] & decode.LAST:
                batches.append([])
    assert batches.pop() == [], "rows behind the last batch"
    return reader.head, batches


def make_rows(rnd, disorder, many=False):
    """Rows (seconds, k, v); none more than disorder behind the greatest."""
    rows, at = [], rnd.randrange(-30, 30)
    keys = rnd.sample(KEYS, rnd.choice([1, 2, 5]))
    n = rnd.choice([0, 1, 7, 60, 150])
    if many:
        keys, n = [f"key {i}" for i in range(4000)], 8000
    for _ in range(n):
        at += rnd.choice([0, 0, 0 if many else 1, 2, rnd.randrange(40)]) \
            if not many or rnd.random() < .01 else 0
        t = at - (rnd.randrange(disorder + 1) if rnd.random() < .3 else 0)
        rows.append((t, rnd.choice(keys),
                     rnd.choice([None, 1, 2, 3, -4, rnd.randrange(10**9)])))
    return rows


def write(rows):
    with open("in.csv", "w", newline="", encoding="utf-8") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(["t", "k", "v"])
        w.writerows(["" if x is None else x for x in r] for r in rows)


def sbatch(*options):
    return run(["sbatch", "-c", "t:time(s),k:str,v:int", "-t", "t", *options,
                "in.csv"], None)


def cut(rows, n):
    """The batches that --batch-rows n makes; the last may be left over."""
    out = [rows[i:i + n] for i in range(0, len(rows), n)]
    if not out or len(out[-1]) == n:
        out.append([])
    return out


def answer(rows):
    """The values of AGGS over rows (order, (t, k, v))."""
    placed = sorted(rows, key=lambda r: (r[1][0], r[0]))
    v = [r[1][2] for r in placed if r[1][2] is not None]
    return [len(rows), sum(v) if v else None, max(v, default=None),
            v[-1] if v else None, len(set(v)), sum(x > 2 for x in v)]


def fold(rows):
    """The states of FOLD behind rows (order, (t, k, v)), as they came."""
    n, last, w, trail, up = 0, None, 0.5, "", False
    for _, (_, _, v) in rows:
        up = None if v is None or last is None else v > last
        last = v if v is not None else last
        w = w / 2 + n
        n += 1
        trail = "" if len(trail) > 30 else trail + ("-" if v is None
                                                    else str(v))
    return [n, last, w, trail, up]


def apply(table, rows, n_keys):
    """Puts and deletes in order; each delete has something to delete."""
    for row in rows:
        *cells, op = row
        key = tuple(cells[:n_keys])
        if op == PUT:
            table[key] = cells[n_keys:]
        else:
            assert key in table, f"nothing to delete: {key}"
            assert all(x is None for x in cells[n_keys:]), row
            table.pop(key, None)


def same(what, got, want):
    assert got == want, f"{what}: want {want}, got {got}"


class Running:
    """--running by definition: all rows of a key since it was forgotten."""

    def __init__(self, keyed, ttl, values):
        self.keyed, self.ttl, self.values = keyed, ttl, values
        self.rows = {} if keyed else {(): []}
        self.seen, self.now, self.order = {}, None, 0

    def add(self, rows):
        for row in rows:
            key = (row[1],) if self.keyed else ()
            self.rows.setdefault(key, []).append((self.order, row))
            self.seen[key] = max(self.seen.get(key, row[0]), row[0])
            self.now = row[0] if self.now is None else max(self.now, row[0])
            self.order += 1

    def forget(self, now):
        """What is silent for ttl at that time."""
        if self.ttl is None or now is None:
            return set()
        old = {k for k, t in self.seen.items() if t <= now - self.ttl}
        for k in old:
            del self.rows[k], self.seen[k]
        return old

    def table(self, having):
        out = {k: self.values(r) for k, r in self.rows.items()}
        return {k: a for k, a in out.items() if having(a)}


def segments(rows, early):
    """Rows between the answers that --early asks for."""
    out, until = [[]], None
    for row in rows:
        if until is None or row[0] >= until:
            if until is not None:
                out.append([])
            until = row[0] // early * early + early
        out[-1].append(row)
    return out


def running_case(rnd):
    late = rnd.choice([0, 3, 20])
    # Keys so many that those forgotten are thrown out.
    many = rnd.random() < .05
    rows = make_rows(rnd, late, many)
    write(rows)
    keyed = many or rnd.random() < .8
    ttl = rnd.choice([None, 1, 10, 50]) if keyed else None
    limit = rnd.choice([None, None, 2, 5])
    marked = rnd.random() < .4
    emit = rnd.choice(["update", "update", "complete", "final"])
    values, what = rnd.choice([(answer, [AGGS]), (fold, FOLD)])
    n = rnd.choice([500, 1000] if many else [1, 2, 5, 13, 50, 1000])
    options = ["--running", "--emit", emit]
    options += ["-k", "k"] if keyed else []
    options += ["--ttl", f"{ttl}s"] if ttl is not None else []
    options += ["--having", f"n % {limit} != 0"] if limit else []
    tops = rnd.choice([0, 0, 1, 3]) if emit != "update" else 0
    options += ["--top", f"{tops}:n"] if tops else []

    def having(values):
        return not limit or values[0] % limit != 0

    def reduced(*cuts):
        stream = sbatch("--batch-rows", str(n), *cuts)
        if marked:
            stream = run(["swindow", "--late", f"{late}s"], stream)
        return read(run(["sreduce", *options, *what], stream))

    head, batches = reduced()
    ref, table = Running(keyed, ttl, values), {}
    cuts = cut(rows, n)
    same("batches", len(batches), len(cuts))
    for i, (new, got) in enumerate(zip(cuts, batches)):
        last = i == len(cuts) - 1
        ref.add(new)
        now = ref.now
        if marked:
            now = mark_at(rows, cuts, i, late, last)
        gone = ref.forget(now)
        want = ref.table(having)
        keys = int(keyed)
        if emit == "update":
            apply(table, got, keys)
            same(f"batch {i}", table, want)
            touched = {(r[1],) if keyed else () for r in new} | gone
            sent = [tuple(r[:keys]) for r in got]
            assert len(set(sent)) == len(sent), f"batch {i}: a key twice"
            assert set(sent) <= touched | ({()} if i == 0 else set()), sent
        elif emit == "complete" or last:
            if tops:
                check_top(got, want, keys, tops)
                continue
            same(f"batch {i}", {tuple(r[:keys]): r[keys:] for r in got}, want)
            if ttl is None:
                same("order", [tuple(r[:keys]) for r in got], list(want))
        else:
            same(f"batch {i}", got, [])
    same("mode", (head["mode"] or (0, ""))[0],
         {"final": 0, "update": 1, "complete": 2}[emit])
    same("frames", reduced("--frame-rows", rnd.choice("1379"))[1], batches)


def check_top(got, want, n_keys, tops):
    """The greatest n first, whatever comes first of equal ones."""
    for row in got:
        same("row", row[n_keys:], want.get(tuple(row[:n_keys])))
    same("top", [row[n_keys] for row in got],
         sorted((v[0] for v in want.values()), reverse=True)[:tops])
    assert len({tuple(row[:n_keys]) for row in got}) == len(got), got


def mark_at(rows, cuts, i, late, last):
    """swindow's watermark behind batch i."""
    seen = sum(len(c) for c in cuts[:i + 1])
    if last:
        # The end of the data: the greatest instant and a microsecond.
        return max(r[0] for r in rows) + 1e-6 if rows else None
    return max(r[0] for r in rows[:seen]) - late if seen else None


def with_batch_times(stream, step_us):
    """The stream with batch b having the time b * step_us."""
    out, at = bytearray(stream), 0
    while at < len(out):
        batch, stored = struct.unpack_from("<QI", out, at + 32)
        struct.pack_into("<q", out, at + 56, batch * step_us)
        struct.pack_into("<I", out, at + 92, decode.crc32c(out[at:at + 92]))
        at += 96 + stored
    return bytes(out)


def clock_case(rnd):
    """Without event times --ttl goes by the times of the batches."""
    rows = make_rows(rnd, 0)
    write(rows)
    n, step, ttl = rnd.choice([1, 3, 10]), rnd.choice([1, 5]), \
        rnd.choice([1, 4, 12])
    stream = run(["sbatch", "-c", "t:int,k:str,v:int", "--batch-rows", str(n),
                  "in.csv"], None)
    _, batches = read(run(["sreduce", "-k", "k", "--running", "--ttl",
                           f"{ttl}s", AGGS],
                          with_batch_times(stream, step * 10**6)))
    ref, table = Running(True, ttl, answer), {}
    for i, (new, got) in enumerate(zip(cut(rows, n), batches)):
        ref.add([(i * step, k, v) for _, k, v in new])
        ref.forget(i * step)
        apply(table, got, 1)
        same(f"batch {i}", table, ref.table(lambda _: True))


def early_case(rnd):
    """Within a batch, what --early sends, whatever the frames."""
    many = rnd.random() < .05
    rows = make_rows(rnd, rnd.choice([0, 5, 100]), many)
    write(rows)
    early, ttl = rnd.choice([1, 7, 30]), rnd.choice([None, 1, 10, 50])
    argv = ["sreduce", "-k", "k", "--running", "--early", f"{early}s",
            *(["--ttl", f"{ttl}s"] if ttl else []), AGGS]
    _, batches = read(run(argv, sbatch()))
    assert len(batches) == 1, len(batches)
    ref, table, left = Running(True, ttl, answer), {}, batches[0]
    for part in segments(rows, early):
        ref.add(part)
        ref.forget(ref.now)
        want = ref.table(lambda _: True)
        # Puts of what has rows, then deletes of what had been sent.
        puts = {(r[1],) for r in part} & set(want)
        n = len(puts) + len(set(table) - set(want))
        got, left = left[:n], left[n:]
        same("puts", {tuple(r[:1]) for r in got[:len(puts)]}, puts)
        apply(table, got, 1)
        same("early", table, want)
        if ttl is None:
            same("order", [tuple(r[:1]) for r in got],
                 [k for k in want if k in puts])
    same("left", left, [])
    frames = rnd.choice("1379")
    same("frames", read(run(argv, sbatch("--frame-rows", frames)))[1],
         batches)


def window_answers(rows, size, slide, keyed):
    """By window and key, ordered as sreduce does, the values of AGGS."""
    of = {}
    for order, row in enumerate(rows):
        for start, end in windows_over(row[0], (size, slide)):
            w = (start * 10**6, end * 10**6)
            key = (*w, row[1]) if keyed else w
            of.setdefault(key, []).append((order, row))
    keys = sorted(of, key=lambda k: (k[1], of[k][0][0]))
    return {k: answer(of[k]) for k in keys}


def make_windows(rnd):
    """Rows, how late they may be, windows, and whether there are keys."""
    late = rnd.choice([0, 3, 20])
    rows = make_rows(rnd, late)
    write(rows)
    size = rnd.choice([1, 7, 10, 60])
    slide = rnd.choice([size, size, 2, 5, 25])
    return rows, late, (size, slide), rnd.random() < .8


def window_case(rnd):
    rows, late, (size, slide), keyed = make_windows(rnd)
    limit = rnd.choice([None, None, 2, 3])
    emit = rnd.choice(["update", "update", "complete"])
    early = rnd.choice([None, None, 5, 30]) if emit == "update" else None
    n = rnd.choice([1, 2, 5, 13, 50, 1000])
    options = ["--emit", emit, *(["-k", "k"] if keyed else [])]
    options += ["--having", f"n % {limit} != 0"] if limit else []
    options += ["--early", f"{early}s"] if early else []

    def reduced(*cuts):
        stream = run(["swindow", f"{size}s/{slide}s", "--late", f"{late}s"],
                     sbatch("--batch-rows", str(n), *cuts))
        return read(run(["sreduce", *options, AGGS], stream))

    head, batches = reduced()
    cuts, table, keys = cut(rows, n), {}, 2 + int(keyed)
    same("batches", len(batches), len(cuts))
    same("mode", head["mode"],
         (1, "window_start,window_end" + ",k" * keyed) if emit == "update"
         else (2, ""))
    for i, got in enumerate(batches):
        so_far = sum(cuts[:i + 1], [])
        want = window_answers(so_far, size, slide, keyed)
        want = {k: a for k, a in want.items()
                if not limit or a[0] % limit != 0}
        if emit == "complete":
            same(f"batch {i}", got, [[*k, *a] for k, a in want.items()])
            continue
        apply(table, got, keys)
        same(f"batch {i}", table, want)
        touched = set(window_answers(cuts[i], size, slide, keyed))
        sent = [tuple(r[:keys]) for r in got]
        assert set(sent) <= touched, f"batch {i}: {sent}"
        assert early or len(set(sent)) == len(sent), f"batch {i}: twice"
    same("frames", reduced("--frame-rows", rnd.choice("1379"))[1], batches)


def expect_fill(rows, spec, late, keyed, listed):
    """Rows by window, and those that --fill adds."""
    size, slide = spec
    of = window_answers(rows, size, slide, keyed)
    by_end = {}
    for key in of:
        by_end.setdefault(key[1], []).append(key)
    if not rows or not by_end:
        return []
    until = max(max(by_end), (max(r[0] for r in rows) - late) * 10**6)
    roster, out, end = list(listed or []), [], min(by_end)
    while end <= until:
        w = (end - size * 10**6, end)
        here = by_end.get(end, [])
        out += [[*key, *of[key]] for key in here]
        if keyed:
            out += [[*w, k, *answer([])] for k in roster
                    if (*w, k) not in of]
        elif not here:
            out.append([*w, *answer([])])
        if listed is None:
            roster += [key[2] for key in here if keyed
                       and key[2] not in roster]
        end += slide * 10**6
    return out


def fill_case(rnd):
    rows, late, (size, slide), keyed = make_windows(rnd)
    listed = rnd.choice([None, rnd.sample(KEYS + ["z", "zz"], 3)]) \
        if keyed else None
    options = ["-k", "k"] if keyed else []
    if listed is None:
        options += ["--fill"]
    else:
        options += ["--fill=roster.csv"]
        with open("roster.csv", "w", encoding="utf-8") as f:
            f.write("n,k\n")
            f.writelines(f"{i},{k or ''}\n" for i, k in enumerate(listed))

    def reduced(*cuts):
        stream = run(["swindow", f"{size}s/{slide}s", "--late", f"{late}s"],
                     sbatch(*cuts))
        return sum(read(run(["sreduce", *options, AGGS], stream))[1], [])

    want = expect_fill(rows, (size, slide), late, keyed, listed)
    same("fill", reduced(), want)
    same("batches", reduced("--batch-rows", rnd.choice("1379")), want)
    same("frames", reduced("--frame-rows", rnd.choice("1379")), want)


cases.main(running_case, clock_case, early_case, window_case, fill_case)
