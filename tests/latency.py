#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Milliseconds from a line written into a live pipe to its frame.

usage: latency.py MS COMMAND...

Starts COMMAND with pipes on both sides, writes 20 lines one after the other,
each when the frame of the one before has come, and takes the median; again, up
to 50 times, until one is below MS, as what else the machine does makes no line
faster.  Prints the least; the status is 1 when it is not below MS.
"""
import os
import select
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from decode import KINDS, header  # noqa: E402

LINES, ROUNDS, HEADER = 20, 50, 96
LIMIT = 60.0  # seconds without a byte: a failure, not a measurement


def read(fd, n):
    data = b""
    while len(data) < n:
        ready, _, _ = select.select([fd], [], [], LIMIT)
        piece = os.read(fd, n - len(data)) if ready else b""
        if not piece:
            sys.exit("no frame within %g s" % LIMIT)
        data += piece
    return data


def rows(fd):
    """Wait for a frame with rows."""
    while True:
        h = header(read(fd, HEADER))
        read(fd, h["stored"])
        if KINDS[h["kind"]] == "ROWS" and h["rows"] > 0:
            return


def median(p, n):
    """Of so many lines."""
    ms = []
    for i in range(n):
        start = time.monotonic()
        os.write(p.stdin.fileno(), b"line %d\n" % i)
        rows(p.stdout.fileno())
        ms.append((time.monotonic() - start) * 1e3)
    return statistics.median(ms)


def main():
    limit = float(sys.argv[1])
    p = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)
    # The first line waits for the program to start.
    median(p, 1)
    least = median(p, LINES)
    for _ in range(ROUNDS - 1):
        if least < limit:
            break
        least = min(least, median(p, LINES))
    p.stdin.close()
    p.stdout.read()
    if p.wait() != 0:
        sys.exit("status %d" % p.returncode)
    print("%.1f" % least)
    sys.exit(least >= limit)


if __name__ == "__main__":
    main()
