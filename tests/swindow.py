#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Random streams through swindow, compared frame by frame with its definition.

usage: swindow.py CASES [SEED]

A case is made of one seed, which is printed when it fails; its files are made
as small as they still fail with, and left in the current directory.
"""
import io
import math
import random
import re
import struct
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import decode

NONE = decode.NONE
MAX = (1 << 63) - 1
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
US = timedelta(microseconds=1)
S = 1000000
ZONES = ["Europe/Paris", "America/Havana", "America/Sao_Paulo", "Asia/Kolkata",
         "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]


class Wrong(Exception):
    """The program and the definition differ."""


def check(cond, why):
    if not cond:
        raise Wrong(why)


def run(argv, data, rnd=None):
    """Output and messages; with rnd the input comes in random pieces."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as p:
        if rnd is None:
            out, err = p.communicate(data)
        else:
            at = 0
            while at < len(data):
                n = rnd.choice([1, 50, 96, 100, 1000, 5000])
                p.stdin.write(data[at:at + n])
                p.stdin.flush()
                at += n
            out, err = p.communicate()
        check(p.returncode == 0, f"{argv}: {p.returncode}: {err.decode()}")
    return out, err.decode()


def frames_of(data):
    reader = decode.Reader(io.BytesIO(data))
    out, kind = [], ""
    while kind not in ("END", "FAIL"):
        out.append(reader.frame())
        kind = out[-1][0]
    return out


# Windows by definition.

def civil_start(spec, n):
    """The instant at which run n of so many units of the calendar begins."""
    n *= spec["size"]
    if spec["unit"] == "d":
        day = date(1970, 1, 1) + timedelta(days=n)
    elif spec["unit"] == "w":
        day = date(1969, 12, 29) + timedelta(weeks=n)
    elif spec["unit"] == "mo":
        day = date(n // 12, n % 12 + 1, 1)
    else:
        day = date(n, 1, 1)
    local = datetime(day.year, day.month, day.day,
                     tzinfo=ZoneInfo(spec["tz"] or "UTC"))
    return (local.astimezone(timezone.utc) - EPOCH) // US


def civil_pane(spec, t):
    """The latest run that begins at or before t; a skipped one is empty."""
    local = (EPOCH + t * US).astimezone(ZoneInfo(spec["tz"] or "UTC"))
    days = (local.date() - date(1970, 1, 1)).days
    n = {"d": days, "w": (days + 3) // 7,
         "mo": local.year * 12 + local.month - 1,
         "y": local.year}[spec["unit"]] // spec["size"]
    n = max(i for i in range(n - 3, n + 4) if civil_start(spec, i) <= t)
    return civil_start(spec, n), civil_start(spec, n + 1)


def pane_of(spec, t):
    kind = spec["kind"]
    if kind == "civil":
        return civil_pane(spec, t)
    if kind in ("none", "rows", "session"):
        return t, t + 1
    width = math.gcd(spec["size"], spec["slide"])
    start = (t - spec["origin"]) // width * width + spec["origin"]
    return start, start + width


def windows_of(spec, t):
    """All windows (start, end) over a time."""
    kind, size, origin = spec["kind"], spec["size"], spec["origin"]
    if kind == "civil":
        return [civil_pane(spec, t)]
    if kind == "cumulate":
        start = (t - origin) // size * size + origin
        return [(start, e) for e in range(start, start + size + 1,
                                          spec["slide"]) if e > t]
    start, out = (t - origin) // spec["slide"] * spec["slide"] + origin, []
    while start + size > t:
        out.append((start, start + size))
        start -= spec["slide"]
    return out


class Model:
    """What swindow says of a stream, from DESIGN's sentences alone."""

    def __init__(self, case, head):
        self.spec, self.case = case["spec"], case
        names = [c[0] for c in head["columns"]]
        self.col, self.off = head["time"]
        if case["arrival"]:
            self.off = 0
        self.id = names.index("id")
        self.key = names.index("k")
        self.part = names.index("part") if "part" in names else None
        self.chained = bool(head["flags"] & 4)
        self.late = 0 if case["late"] == "eof" else case["late"]
        self.mark = self.before = self.combined = NONE
        self.end = NONE
        self.parts = {}
        self.started = False
        self.kept, self.n = [], 0
        self.late_ids, self.gaps, self.invalid, self.n_in = [], 0, 0, 0

    def open(self, number):
        return self.parts.setdefault(
            number, [None, self.combined if self.started else NONE])

    def own(self, part):
        top, floor = part
        return floor if top is None else max(top - self.late, floor, NONE + 1)

    def combine(self):
        if self.parts:
            self.combined = max(
                self.combined, min(map(self.own, self.parts.values())))

    def watermark(self):
        if self.case["late"] == "eof":
            return self.end if self.ended else NONE
        now = self.before if self.chained else self.combined
        return max(now, self.end) if self.ended else now

    def row(self, row, number, arrival):
        """The row as it is kept, or None."""
        part = self.open(number)
        self.started = True
        self.n_in += 1
        t = arrival if self.case["arrival"] else row[self.col]
        kind = self.spec["kind"]
        if t is not None:
            t += self.off
            future = self.case["future"]
            if future is not None and t > arrival + future:
                self.invalid += 1
                return None
        elif kind != "rows":
            self.invalid += 1
            return None
        pane = None
        if t is not None:
            own = self.before if self.chained else self.own(part)
            pane, end = pane_of(self.spec, t)
            if self.case["late"] != "eof" and kind != "rows" and end <= own:
                self.late_ids.append(row[self.id])
                return None
            part[0] = t if part[0] is None else max(t, part[0])
            last = t + 1
            if kind == "session":
                last = t + self.spec["size"]
            elif kind not in ("none", "rows"):
                over = windows_of(self.spec, t)
                if not over:
                    self.gaps += 1
                    return None
                last = max(e for _, e in over)
            self.last = max(self.last, last)
        if kind == "rows":
            pane = self.n // self.spec["size"]
        self.n += 1
        kept = {"id": row[self.id], "pane": pane, "t": t, "part": number,
                "k": row[self.key], "n": len(self.kept)}
        self.kept.append(kept)
        return kept

    def play(self, frames):
        """The frames that come out when rows are passed on at once."""
        out = []
        self.last, self.ended = NONE, False
        for kind, h, body in frames:
            if kind == "ROWS":
                kept = [self.row(r, h["part"] or (
                    r[self.part] if self.part is not None else 0),
                    h["arrival_us"]) for r in body]
                self.combine()
                self.hear(h)
                out.append((kind, h["part"], bool(h["flags"] & decode.LAST),
                            self.watermark(),
                            [(x["id"], x["pane"]) for x in kept if x]))
            elif kind == "MARK":
                if body[0] == "open":
                    self.open(h["part"])
                elif body[0] == "close":
                    self.combine()
                    self.parts.pop(h["part"], None)
                self.combine()
                self.hear(h)
                if body[0] == "eof":
                    self.end, self.ended = self.last, True
                out.append((kind, h["part"], body[0], self.watermark()))
        return out

    def hear(self, h):
        if h["watermark"] != NONE:
            self.before = h["watermark"] - self.late

    def windows(self):
        """(start, end, ids) of all windows that hold rows."""
        kind = self.spec["kind"]
        if kind == "session":
            return self.sessions()
        found = {}
        for x in self.kept:
            over = [(x["pane"] * self.spec["size"],
                     (x["pane"] + 1) * self.spec["size"])] \
                if kind == "rows" else windows_of(self.spec, x["t"])
            for w in over:
                found.setdefault(w, []).append(x)
        return [(*w, ids(found[w])) for w in sorted(
            found, key=lambda w: (w[1], w[0]))]

    def sessions(self):
        out, gap = [], self.spec["size"]
        for k in {x["k"] for x in self.kept}:
            mine = sorted((x for x in self.kept if x["k"] == k),
                          key=lambda x: x["t"])
            while mine:
                n = 1
                while n < len(mine) and mine[n]["t"] - mine[n - 1]["t"] < gap:
                    n += 1
                some, mine = mine[:n], mine[n:]
                out.append((some[-1]["t"] + gap, min(x["n"] for x in some),
                            some[0]["t"], ids(some)))
        return [(start, end, rows) for end, _, start, rows in sorted(out)]


def ids(rows):
    return [x["id"] for x in sorted(rows, key=order)]


def order(x):
    return (NONE if x["t"] is None else x["t"], x["part"], x["n"])


# Cases.

def make_spec(rnd):
    kind = rnd.choice(["none", "tumbling", "sliding", "sliding", "cumulate",
                       "session", "session", "rows", "civil", "civil"])
    spec = {"kind": kind, "size": 0, "slide": 0, "origin": 0, "tz": ""}
    args = []
    unit = rnd.choice([1, S, 3600 * S])
    if kind == "tumbling":
        spec["size"] = spec["slide"] = unit * rnd.choice([1, 7, 10, 60])
        args = [f"{spec['size']}us"]
    elif kind == "sliding":
        spec["size"] = unit * rnd.choice([1, 7, 10, 60])
        spec["slide"] = unit * rnd.choice([1, 2, 3, 5, 10, 30])
        args = [f"{spec['size']}us/{spec['slide']}us"]
    elif kind == "cumulate":
        spec["slide"] = unit * rnd.choice([1, 2, 5])
        spec["size"] = spec["slide"] * rnd.choice([1, 2, 3, 6])
        args = [f"cumulate:{spec['size']}us/{spec['slide']}us"]
    elif kind == "session":
        spec["size"] = unit * rnd.choice([1, 2, 10])
        args = [f"session:{spec['size']}us", "-k", "k"]
    elif kind == "rows":
        spec["size"] = rnd.choice([1, 2, 7, 1000])
        args = [f"rows:{spec['size']}"]
    elif kind == "civil":
        unit = rnd.choice([S, 600 * S, 3600 * S])
        spec["unit"] = rnd.choice(["d", "w", "mo", "y"])
        spec["size"] = rnd.choice([1, 1, 2, 3])
        spec["tz"] = rnd.choice(ZONES)
        args = [f"{spec['size']}{spec['unit']}", "--tz", spec["tz"]]
    if kind in ("tumbling", "sliding", "cumulate") and rnd.random() < .3:
        spec["origin"] = rnd.randrange(100) * unit
        args += ["--origin", f"{spec['origin']}us"]
    return spec, args, unit


def base_of(rnd, spec):
    """Where the rows of a case begin: 1970, its other side, days of DST."""
    if spec["kind"] == "civil":
        return rnd.choice([
            0, -86400 * S, 1774742400 * S, 1792972800 * S, 1325203200 * S,
            -1 * 10**15, 1540000000 * S, rnd.randrange(2 * 10**9) * S])
    return rnd.choice([0, 0, -50, 10**15, -10**15, 1795867000 * S])


def make_case(rnd):
    spec, args, unit = make_spec(rnd)
    span = rnd.choice([2, 20, 100, 1000])
    base = base_of(rnd, spec)
    files, number = [], 0
    for _ in range(rnd.choice([1, 1, 2, 3, 4])):
        at, rows = base + rnd.randrange(-50, 50) * unit, []
        for _ in range(rnd.choice([0, 1, 5, 40, 120])):
            at += rnd.choice([0, 0, 1, unit, rnd.randrange(span) * unit])
            t = at - rnd.choice([0, 0, 0, 1, unit, rnd.randrange(span) * unit])
            if rnd.random() < .03:
                t = None
            elif rnd.random() < .02:
                t += 10**14
            rows.append((t, number, rnd.choice("aab")))
            number += 1
        files.append(rows)
    case = {
        "spec": spec, "args": args, "files": files, "base": base,
        "unit": unit, "arrival": rnd.random() < .1,
        "some": rnd.random() < .1,
        "late": rnd.choice([0, 0, 1, unit, 5 * unit, 60 * unit, 10**15,
                            "eof"]),
        "future": rnd.choice([None, None, None, 0, 86400 * S]),
        "read": rnd.choice([[], [], ["-m"], ["--cat"]]),
        "cut": rnd.choice([[], ["--frame-rows", "1"], ["--frame-rows", "7"],
                           ["--batch-rows", "1"], ["--batch-rows", "13"]]),
        "how": rnd.choice(["plain", "plain", "sort", "hold", "hold"]),
        "chain": rnd.choice([None, None, None, "hold", "reduce"]),
        "open": rnd.random() < .35, "pieces": rnd.random() < .1,
        "seed": rnd.random()}
    if case["arrival"]:
        case["future"] = case["chain"] = None
    if spec["kind"] == "rows" and case["how"] == "sort":
        case["how"] = "plain"
    if spec["kind"] == "none" and case["how"] == "hold":
        case["how"] = "sort"
    return case


def read_files(case):
    paths = []
    for i, rows in enumerate(case["files"]):
        paths.append(f"part{i}.csv")
        with open(paths[-1], "w", encoding="utf-8") as f:
            f.write("t,id,k\n")
            f.writelines("%s,%d,%s\n" % ("" if t is None else t, n, k)
                         for t, n, k in rows)
    return run(["sbatch", "-c", "t:time(us),id:int,k", "-t", "t",
                *case["read"], *case["cut"], *paths], None)[0]


def rewrite(case, data):
    """The same stream, but rows arrive when the seed says, and, of some
    cases, parts open when their first rows come, or have not been opened."""
    rnd, frames, at = random.Random(case["seed"]), [], 0
    while at < len(data):
        h = decode.header(data[at:at + 96])
        frames.append((h, bytearray(data[at:at + 96 + h["stored"]])))
        at += 96 + h["stored"]
    if case["open"]:
        frames = open_late(frames, rnd)
    for i, (_, raw) in enumerate(frames):
        arrival = case["base"] + rnd.randrange(2000) * case["unit"]
        raw[16:24] = struct.pack("<Q", i)
        raw[64:72] = struct.pack("<q", arrival)
        raw[92:96] = struct.pack("<I", decode.crc32c(bytes(raw[:92])))
    return b"".join(bytes(raw) for _, raw in frames)


def open_late(frames, rnd):
    opens = [f for f in frames if decode.KINDS[f[0]["kind"]] == "MARK"
             and f[1][96] == 1]
    rest = [f for f in frames if not any(f is o for o in opens)]
    for o in opens:
        first = next((i for i, f in enumerate(rest)
                      if f[0]["part"] == o[0]["part"]), len(rest) - 1)
        if rnd.random() < .8:
            rest.insert(max(first, 1), o)
    return rest


def chain(case, data):
    """The stream behind a first swindow, with id and k still there."""
    if case["chain"] == "hold":
        out = run(["swindow", "-q", "10s", "--late", "5s", "--hold"], data)[0]
        return run(["smap", "--rename", "window_start=s,window_end=e"],
                   out)[0]
    out = run(["swindow", "-q", "5s", "--late", "2s"], data)[0]
    out = run(["sreduce", "-k", "id, k", "count"], out)[0]
    return run(["smap", "--rename", "window_start=s,window_end=e"], out)[0]


def arguments(case):
    late = case["late"] if case["late"] == "eof" else f"{case['late']}us"
    args = ["swindow", *case["args"], "--late", late, "--late-to", "late.mill"]
    if case["future"] is not None:
        args += ["--max-future", f"{case['future']}us"]
    if case["arrival"]:
        args.append("--arrival")
    if case["how"] != "plain":
        args.append("--" + case["how"])
    return args


# Comparisons.

def compare_plain(want, frames, head):
    names = [c[0] for c in head["columns"]]
    at = names.index("id")
    pane = names.index("pane") if "pane" in names else None
    got = []
    for kind, h, body in frames:
        if kind == "ROWS":
            got.append((kind, h["part"], bool(h["flags"] & decode.LAST),
                        h["watermark"],
                        [(r[at], r[pane] if pane is not None else None)
                         for r in body]))
        elif kind == "MARK":
            got.append((kind, h["part"], body[0], h["watermark"]))
    if pane is None:
        want = [w if w[0] == "MARK" else
                (*w[:4], [(i, None) for i, _ in w[4]]) for w in want]
    for i, (x, y) in enumerate(zip(want, got)):
        check(x == y, f"frame {i + 1}: want {x}, got {y}")
    check(len(want) == len(got), f"{len(got)} frames, want {len(want)}")


def watermarks(want):
    return {w[3] for w in want} | {NONE}


def compare_sorted(model, want, frames, head):
    names = [c[0] for c in head["columns"]]
    at, rows, seen = names.index("id"), [], NONE
    by_id = {x["id"]: x for x in model.kept}
    allowed = watermarks(want)
    for kind, h, body in frames:
        if kind == "ROWS":
            for r in body:
                x = by_id[r[at]]
                check(pane_of(model.spec, x["t"])[1] > seen,
                      f"row {r[at]} comes behind the watermark {seen}")
                rows.append(r[at])
        if kind in ("ROWS", "MARK"):
            check(h["watermark"] in allowed,
                  f"watermark {h['watermark']} that no frame has")
            seen = h["watermark"]
    check(rows == ids(model.kept), f"want {ids(model.kept)}, got {rows}")


def compare_held(model, want, frames, head):
    names = [c[0] for c in head["columns"]]
    check(names[:2] == ["window_start", "window_end"], f"columns {names}")
    at, got, seen, batch, due = names.index("id"), [], NONE, [], None
    allowed, eof = watermarks(want), False
    by_number = model.spec["kind"] == "rows"
    for kind, h, body in frames:
        if kind not in ("ROWS", "MARK"):
            continue
        check(h["watermark"] in allowed,
              f"watermark {h['watermark']} that no frame has")
        if h["watermark"] > seen and due is not None and not by_number:
            check(due <= h["watermark"], f"window {due} left early")
            due = None
        seen = h["watermark"]
        eof = eof or (kind == "MARK" and body[0] == "eof")
        if kind == "MARK":
            continue
        for r in body:
            check(by_number or r[1] > seen, f"window {r[1]} behind {seen}")
            if not eof:
                due = r[1]
        batch += body
        if h["flags"] & decode.LAST:
            check(batch or eof, "an empty batch before the end")
            if batch:
                got.append((batch[0][0], batch[0][1], [r[at] for r in batch]))
                check({(r[0], r[1]) for r in batch} == {got[-1][:2]},
                      "two windows in a batch")
            batch = []
    check(not batch, "rows behind the last batch")
    windows = model.windows()
    for i, (x, y) in enumerate(zip(windows, got)):
        check(x == y, f"window {i}: want {x}, got {y}")
    check(len(windows) == len(got), f"{len(got)} windows, not {len(windows)}")


def compare_rest(model, frames, said):
    """Counts, messages and the late rows that were saved."""
    name, n_in, used, filtered, late, invalid = frames[-1][2][3][-1][:6]
    check(name == "swindow" and
          (n_in, used, filtered, late, invalid) ==
          (model.n_in, len(model.kept), model.gaps, len(model.late_ids),
           model.invalid), f"account {frames[-1][2][3][-1]}")
    told = re.search(r"swindow: (\d+) of (\d+) rows late", said)
    check((int(told[1]) if told else 0) == late, f"told {said}")
    with open("late.mill", "rb") as f:
        saved = frames_of(f.read())
    at = [c[0] for c in saved[0][2]["columns"]].index("id")
    got = [r[at] for kind, _, body in saved if kind == "ROWS" for r in body]
    check(got == model.late_ids, f"saved {got}, late {model.late_ids}")
    return told and int(re.search(r"--late (\d+)s", said)[1])


def rows_of(frames):
    """The rows without their numbers of frames and batches."""
    return [r for kind, _, body in frames if kind == "ROWS" for r in body]


def check_again(case, data, frames, enough):
    """What must not change the rows, and what the message has promised."""
    rnd = random.Random(case["seed"])
    if case["pieces"]:
        again = frames_of(run(arguments(case), data, rnd)[0])
        check(again[1:] == frames[1:], "differs when read in pieces")
    if enough is not None and case["late"] != "eof" and not case["open"]:
        more = {**case, "late": enough * S}
        said = run(arguments(more), data)[1]
        check(" rows late" not in said, f"--late {enough}s does not keep all")
    # What arrives when is in the frames, and so are parts that open late.
    if case["open"] or case["chain"] or case["arrival"] or case["some"] \
            or case["future"] is not None:
        return
    cut = rnd.choice([[], ["--frame-rows", "2"], ["--frame-rows", "11"],
                      ["--batch-rows", "5"]])
    other = read_files({**case, "cut": cut})
    again = rows_of(frames_of(run(arguments(case), other)[0]))
    check(again == rows_of(frames), f"differs with {cut}")
    if case["read"] == [] and case["how"] == "hold" \
            and case["spec"]["kind"] != "rows":
        other = read_files({**case, "read": ["-m"]})
        again = rows_of(frames_of(run(arguments(case), other)[0]))
        check(sorted(map(str, again)) == sorted(map(str, rows_of(frames))),
              "differs with -m")


def one_case(case):
    data = read_files(case)
    data = rewrite(case, data)
    if case["chain"]:
        data = chain(case, data)
    if case["some"]:
        data = run(["smap", "-w", "id % 5 = 0"], data)[0]
    into = frames_of(data)
    out, said = run(arguments(case), data)
    frames = frames_of(out)
    model = Model(case, into[0][2])
    want = model.play(into[1:])
    if case["how"] == "plain":
        compare_plain(want, frames[1:], frames[0][2])
    elif case["how"] == "sort":
        compare_sorted(model, want, frames[1:], frames[0][2])
    else:
        compare_held(model, want, frames[1:], frames[0][2])
    enough = compare_rest(model, frames, said)
    check_again(case, data, frames, enough)


def why_wrong(case):
    try:
        one_case(case)
    except (Wrong, decode.Bad) as why:
        return str(why)
    return None


def shrink(case, why):
    """Leave out rows, then files, while the case still fails."""
    step = max(map(len, case["files"]), default=0)
    tries = 0
    while step > 0 and tries < 300:
        smaller = False
        for i in range(len(case["files"])):
            at = 0
            while at < len(case["files"][i]) and tries < 300:
                files = [list(f) for f in case["files"]]
                del files[i][at:at + step]
                tries += 1
                other = why_wrong({**case, "files": files})
                if other is None:
                    at += step
                else:
                    case, why, smaller = {**case, "files": files}, other, True
        if not smaller:
            step //= 2
    return case, why


def main():
    cases = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for seed in range(first, first + cases):
        case = make_case(random.Random(seed))
        why = why_wrong(case)
        if why is None:
            continue
        case, why = shrink(case, why)
        read_files(case)
        print(f"seed {seed}: {why}")
        for key in ("read", "cut", "open", "chain", "some", "pieces", "base",
                    "unit"):
            print(f"  {key}: {case[key]}")
        print(" ", " ".join(arguments(case)))
        for i, rows in enumerate(case["files"]):
            print(f"  part{i}.csv: {rows}")
        return 1
    print(f"{cases} cases agree")
    return 0


sys.exit(main())
