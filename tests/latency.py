#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Milliseconds from a line written into a live pipe to its frame.

usage: latency.py COMMAND...

Starts COMMAND with pipes on both sides, writes 20 lines one after the other,
each when the frame of the one before has come, and prints the median.
"""
import os
import select
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from decode import KINDS, header  # noqa: E402

LINES, HEADER = 20, 96
LIMIT = 5.0  # seconds without a byte: a failure, not a measurement


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


def main():
    p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)
    ms = []
    for i in range(LINES + 1):
        start = time.monotonic()
        os.write(p.stdin.fileno(), b"line %d\n" % i)
        rows(p.stdout.fileno())
        ms.append((time.monotonic() - start) * 1e3)
    p.stdin.close()
    p.stdout.read()
    if p.wait() != 0:
        sys.exit("status %d" % p.returncode)
    # The first line waits for the program to start.
    print("%.1f" % statistics.median(ms[1:]))


if __name__ == "__main__":
    main()
