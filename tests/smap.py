#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Compare smap with slow references on random streams.

usage: smap2.py WHAT CASES SEED
  WHAT  explode, sample, ends
Each case writes a small CSV, runs it through sbatch | smap | ssink with
several frame sizes, and compares every output with the reference.  A failure
prints the seed of its case.
"""
import csv
import io
import random
import subprocess
import sys

FRAMES = ["1", "3", "1000"]


def pipe(rows, names, sbatch, smap, env=None):
    """The rows that the pipe gives, as lists of text."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    out.writerow(names)
    for row in rows:
        out.writerow(row)
    data = text.getvalue().encode()
    for args, tool in ((sbatch, "sbatch"), (smap, "smap")):
        run = subprocess.run([tool] + args, input=data, capture_output=True,
                             timeout=60, check=False)
        if run.returncode != 0:
            sys.exit(f"{tool} {args}: {run.returncode} {run.stderr.decode()}")
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


def main():
    what, cases, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    for seed in range(first, first + cases):
        globals()[what](random.Random(seed), seed)


main()
