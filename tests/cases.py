# SPDX-License-Identifier: ISC
"""What the oracles of random cases share: commands, and seed after seed."""
import random
import subprocess
import sys


def run_both(argv, stdin=None, **more):
    """What a command that must succeed prints: its output, its messages."""
    p = subprocess.run(argv, input=stdin, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, check=False, timeout=120, **more)
    if p.returncode != 0:
        raise AssertionError(f"{argv}: {p.returncode}: {p.stderr.decode()}")
    return p.stdout, p.stderr.decode()


def run(argv, stdin=None, **more):
    return run_both(argv, stdin, **more)[0]


def windows_over(t, spec):
    """(start, end) of all windows that hold a time, or a pane that begins with
    it.  spec: size and slide, and a third item where windows are cumulative.
    """
    size, slide = spec[:2]
    if len(spec) == 3:
        start = t // size * size
        return {(start, end) for end in range(start, start + size + 1, slide)
                if end > t}
    start, out = t // slide * slide, set()
    while start + size > t:
        out.add((start, start + size))
        start -= slide
    return out


def main(*kinds):
    """Arguments: CASES [FIRST-SEED].  Run each kind of case with the random
    numbers of each seed; of one that fails the seed is printed.
    """
    cases = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for seed in range(first, first + cases):
        for kind in kinds:
            try:
                kind(random.Random(seed))
            except Exception:
                print(f"seed {seed}: {kind.__name__}", file=sys.stderr)
                raise
    print(f"{cases} cases agree")
