#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Random pipelines that are stopped and resumed, compared with ones that run
through: the input comes piece by piece to sbatch -S DIR --once, then a run
without --once ends it.

usage: resume.py CASES [SEED]

Each case is made of one seed, which is printed when it fails.
"""
import os
import random
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile

SOURCE = "sbatch -f csv -N -c t:time,k:str,v:int,x:float -t t --batch-rows {n}"
# As many kinds of states as there are; --partial refuses those that keep
# every value.
PARTIAL = ("count() as c, sum(v) as sv, sum(x) as sx, avg(x) as ax, "
           "min(k) as lk, max(x) as mx, first(v) as fv, last(x) as lx, p90(v) as p90, "
           "stddev(x) as sd, min_by(k, v) as mb, "
           "approx_count_distinct(v) as ad, histogram(v, 5) as hi, "
           "bool_or(v > 3) as bo, covar(v, x) as cov")
AGGS = (f"{PARTIAL}, count(distinct k) as dk, top(2, k) as top, "
        "mode(v) as mo, string_agg(k, '-') as sa")
WINDOWS = ["1m", "1m", "2m/30s", "5m/1m", "session:40s -k k",
           "cumulate:4m/1m", "rows:7", "1d"]


def make_rows(rnd, n):
    """Rows as lines: times mostly go on, some are late."""
    at, lines = 1_000_000, []
    for _ in range(n):
        at += rnd.choice([0, 1, 3, 10, rnd.randrange(90)])
        t = at - rnd.choice([0, 0, 0, 5, rnd.randrange(200)])
        key = rnd.choice(["a", "b", "", "a longer key than others"])
        v = rnd.choice(["", str(rnd.randrange(-5, 9))])
        x = rnd.choice(["", "0.1", "1e16", "-1e16", str(rnd.uniform(-9, 9))])
        lines.append(f"{t},{key},{v},{x}\n")
    return lines


def window(rnd):
    spec = rnd.choice(WINDOWS)
    late = rnd.choice(["", "--late 30s", "--late 2m", "--late 1h"])
    return spec, f"swindow -q {spec} {late}"


def windowed(rnd):
    spec, stage = window(rnd)
    if rnd.random() < 0.2:
        stage += " --sort" if "rows" not in spec else ""
    opts = rnd.choice(["", "", "--emit final", "--top 2:c", "--having 'c > 1'"])
    if "session" not in spec and "cumulate" not in spec:
        opts = rnd.choice([opts, "--emit update", "--emit complete",
                           "--emit update --early 20s",
                           "--emit update --having 'c > 1'"])
        if spec in ("1m", "5m/1m") and rnd.random() < 0.3:
            opts = "--fill"
    keys = "-k k" if "session" in spec else rnd.choice(["", "-k k", "-k k"])
    if opts == "--fill":
        keys = "-k k"
    partial = ""
    if opts == "" and "session" not in spec and rnd.random() < 0.2:
        partial = f"sreduce --partial {keys} {shlex.quote(PARTIAL)} | "
        return f"{stage} | {partial}sreduce --merge"
    return f"{stage} | sreduce {keys} {opts} {shlex.quote(AGGS)}"


def outside(rnd):
    """Groups of which some are in files, by large keys."""
    spec = rnd.choice([w for w in WINDOWS if "session" not in w])
    late = rnd.choice(["", "--late 30s", "--late 2m"])
    length = rnd.choice([1000, 9000, 90000])
    front = "window_start, window_end, "
    if rnd.random() < 0.2:
        before, front = "", ""
    else:
        before = f"swindow -q {spec} {late} | "
    opts = rnd.choice(["", "--top 3:c", "--having 'c > 1'"])
    keys = f"k, v, repeat(coalesce(k, '-'), {length}) as r"
    return (f"{before}sreduce --mem 1M {opts} -k {shlex.quote(keys)} "
            f"{shlex.quote(AGGS)} | smap -s {shlex.quote(front + 'k, v, length(r) as l, c, sv, sx, fv, lx, dk, top')}")


def held(rnd):
    _, stage = window(rnd)
    return stage + " --hold"


def sorted_rows(rnd):
    return f"swindow -q --sort --late {rnd.choice(['30s', '10m', '1h'])}"


def batches(rnd):
    # Without keys a run that finds nothing to begin a batch with has a row.
    return (f"sreduce -k k {rnd.choice(['', '--top 2:c'])} {shlex.quote(AGGS)}")


def running(rnd):
    emit = rnd.choice(["", "--emit update", "--emit complete", "--emit final"])
    keys = rnd.choice(["", "-k k"])
    ttl = rnd.choice(["", "--ttl 2m"]) if keys else ""
    before = rnd.choice(["", "swindow -q --late 1m | "])
    if rnd.random() < 0.3:
        return (f"{before}sreduce --fold '0 as n, \"\" as s' {keys} {emit} "
                "'n = n + coalesce(v, 1), s = concat(k, \"/\", "
                "substr(s, 1, 20))'")
    return (f"{before}sreduce --running {keys} {emit} {ttl} "
            f"{shlex.quote(AGGS)}")


def steps(rnd):
    """smap's steps that look at rows before, or wait for others."""
    past = ["lag(v, 2) as l", "delta(v) as d", "rate(v) as r",
            "ewma(x, 0.5) as e", "row_number() as n", "sum(x) as s",
            "max(k) as m", "p50(v) as p", "count(distinct v) as c",
            "first(x) as f", "last(v) as z"]
    kind = rnd.choice(["history", "history", "over", "dedup", "changed",
                       "head", "tail", "filter"])
    keys = rnd.choice(["-k k", "-k 'k, v div 3'", "-k ''"])
    ttl = rnd.choice(["", "--ttl 1m", "--ttl 10m"])
    some = ", ".join(rnd.sample(past, rnd.choice([1, 3, len(past)])))
    step = {
        "history": f"{keys} {ttl} -a {shlex.quote(some)}",
        "over": f"{keys} --over {rnd.choice(['30s', '5m', '3rows', '1rows'])} "
                "-a 'sum(x) as s, max(v) as m, count(distinct k) as c, "
                "p90(v) as p'",
        "dedup": f"--dedup {rnd.choice(['k', 'v', chr(39) + 'k, v' + chr(39)])}"
                 + rnd.choice(["", " --within 30s", " --within 5m"]),
        "changed": f"-k k {ttl} --changed 'v div 2'",
        "head": f"--head {rnd.choice([1, 3])}",
        "tail": f"--tail {rnd.choice([1, 3, 50])}",
        "filter": "-k '' -w 'v >= avg(v)'"}[kind]
    before = rnd.choice(["", "", "swindow -q --late 1m | ",
                         "swindow -q --sort --late 30s | "])
    around = rnd.choice(["{}", "{}", "-w 'v <> 3' {}", "{} -w 'v <> 3'",
                         "-a 'v * 2 as w' {}"])
    return f"{before}smap {around.format(step)}"


def table(rnd):
    # A cogroup has an answer for the batch that a run does not begin.
    kind = rnd.choice(["", "--left", "--right", "--full", "--semi", "--anti",
                       "--union"])
    take = "" if kind == "--union" else "-k k"
    return f"sjoin {kind} {take} table.csv"


def sources(rnd):
    """Two streams in one, told apart by the key."""
    kind = rnd.choice(["", "--left", "--right", "--full", "--semi", "--anti",
                       "--union", "--cogroup"])
    on = "" if kind == "--union" else "-k v"
    late = rnd.choice(["0s", "30s", "5m"])
    time = rnd.choice(["window", "window", "within", "asof", "batch",
                       "unbounded"])
    before = f"swindow -q {rnd.choice(['1m', '5m/1m'])} --late {late} | "
    if time in ("within", "asof"):
        before = f"swindow -q --late {late} | "
        if kind in ("--union", "--cogroup"):
            on, time = ("", "") if kind == "--union" else ("-k v", "batch")
        elif time == "within":
            on += " --within -20s,40s"
        else:
            kind = rnd.choice(["", "--left", "--semi", "--anti"])
            on += " --asof" + rnd.choice(["", " --within -1m,0s"])
    if time in ("batch", "unbounded"):
        before = ""
    if time == "unbounded":
        kind, on = "", "-k v --unbounded"
    shows = kind in ("", "--left", "--right", "--full")
    prefix = "--prefix r_" if shows else ""
    return f"{before}sjoin {kind} {on} {prefix} --sources k=a,b"


KINDS = {"windowed": windowed, "held": held, "sorted": sorted_rows,
         "batches": batches, "running": running, "steps": steps, "outside": outside,
         "table": table, "sources": sources}


def changes(stages):
    """Rows that replace others are shown as the changes they are."""
    updates = "--emit update" in stages or "complete" in stages or (
        ("--running" in stages or "--fold" in stages)
        and "--emit" not in stages)
    return " --changelog" if updates else ""


def run(line):
    p = subprocess.run(["bash", "-c", "set -o pipefail; " + line],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       check=False)
    if p.returncode != 0:
        raise AssertionError(f"{line}: {p.returncode}: {p.stderr.decode()}")
    return p.stdout.decode()


def tables(text):
    """What a complete stream shows one after the other: runs that found no
    batch to begin show it once more."""
    shown = []
    for line in text.splitlines():
        batch, row = line.split("\t", 1)
        if not shown or shown[-1][0] != batch:
            shown.append((batch, []))
        shown[-1][1].append(row)
    rows = [table for _, table in shown]
    return [t for i, t in enumerate(rows) if i == 0 or t != rows[i - 1]]


def same(want, got, stages):
    if "--emit complete" in stages:
        return tables(want) == tables(got)
    return want == got


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def number(name):
    return int(re.search(r"\d+", name)[0])


def in_folder(stages, got):
    del stages, got
    return "".join(read(os.path.join("out", name))
                   for name in sorted(os.listdir("out"), key=number))


def in_table(stages, got):
    del stages, got
    with sqlite3.connect("x.db") as db:
        rows = db.execute("SELECT * FROM t").fetchall()
    db.close()
    return "".join(f"{row}\n" for row in sorted(rows, key=repr))


def in_file(name):
    return lambda stages, got: read(name) if os.path.exists(name) else ""


# What is committed where: ssink's destination, and how it is read.
STDOUT = ("-N", lambda stages, got: got)
LISTS = [STDOUT, STDOUT,
         ("-N 'out/{epoch}.tsv'", in_folder),
         ("-N --roll 3rows out/r.tsv", in_folder),
         ("-N --append all.tsv", in_file("all.tsv"))]
RESULTS = [("'sqlite://x.db?table=t'", in_table)]
WHOLES = [(f"-f {fmt} whole.out", in_file("whole.out"))
          for fmt in ("csv", "table", "json", "markdown")]


def sink(rnd, stages):
    """Of rows that replace others there is a list of changes, or what is left
    of them."""
    how = rnd.choice(LISTS)
    if not changes(stages):
        return rnd.choice([how, how, RESULTS[0]])
    if rnd.random() < 0.6:
        return how[0] + changes(stages), how[1]
    return rnd.choice(RESULTS + WHOLES if "complete" in stages else RESULTS)


def clear():
    for name in ("d", "out"):
        shutil.rmtree(name, ignore_errors=True)
    for name in ("all.tsv", "whole.out", "x.db"):
        if os.path.exists(name):
            os.remove(name)
    os.mkdir("out")


def pieces(rnd, lines, n):
    """The lines in pieces, each of which ends a batch."""
    at = 0
    while at < len(lines):
        size = n * rnd.choice([0, 1, 1, 2, 5] if at > 0 else [1, 2, 5])
        yield lines[at:at + size]
        at += size


def one(seed, kinds):
    rnd = random.Random(seed)
    n = rnd.choice([1, 2, 5, 20])
    kind = rnd.choice(kinds)
    lines = make_rows(rnd, n * rnd.choice([1, 3, 10, 20]))
    source = SOURCE.format(n=n)
    stages = KINDS[kind](rnd)
    dest, found = sink(rnd, stages)
    # What is replaced is not to be compared as a list of tables.
    whole = found not in [how[1] for how in LISTS]
    stages += f" | ssink -q {dest}"
    with open("whole.csv", "w", encoding="ascii") as f:
        f.writelines(lines)
    with open("table.csv", "w", encoding="ascii") as f:
        f.write("k,name\na,one\nb,two\na,three\n,none\nzz,never\n")
    clear()
    want = found(stages, run(f"{source} whole.csv | {stages.replace('{epoch}', '1')}"))
    clear()
    got = ""
    with open("in.csv", "w", encoding="ascii") as f:
        for piece in pieces(rnd, lines, n):
            f.writelines(piece)
            f.flush()
            got += run(f"{source} --once -S d in.csv | {stages}")
    got += run(f"{source} -S d in.csv | {stages}")
    got = found(stages, got)
    again = run(f"{source} -S d in.csv | {stages}")
    if found(stages, got) != got:
        again += "what was committed has changed"
    if again != "" or (want != got if whole else not same(want, got, stages)):
        sys.exit(f"seed {seed}: {kind}: {source} | {stages}: in "
                 f"{os.getcwd()}\n--- want\n{want}--- got\n{got}"
                 f"--- and again\n{again}")


def main():
    n = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else \
        random.randrange(1 << 40)
    kinds = sys.argv[3:] or list(KINDS)
    work = tempfile.mkdtemp()
    os.chdir(work)
    for seed in range(first, first + n):
        try:
            one(seed, kinds)
        except AssertionError as e:
            sys.exit(f"seed {seed}: {e}")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
