#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Write a log as a server would: line by line, rotated by rename meanwhile.

usage: replay.py [--rate LINES/s] [--rotate-at F,F...] [--truncate-at F,F...]
                 SRC DEST

The lines of SRC are appended to DEST, --rate of them a second (0: as fast as
possible).  --rotate-at renames DEST to DEST.1 (DEST.1 to DEST.2 and so on)
when each fraction F of the lines has been written, and goes on in a new DEST;
--truncate-at empties DEST instead.
"""

import argparse
import os
import sys
import time

TICK = 0.01  # seconds between writes


def fractions(text):
    values = sorted(float(word) for word in text.split(",") if word)
    if any(not 0 <= v <= 1 for v in values):
        raise argparse.ArgumentTypeError(f"{text}: not all in 0..1")
    return values


def rotate(dest):
    last = 1
    while os.path.exists(f"{dest}.{last}"):
        last += 1
    for n in range(last, 1, -1):
        os.rename(f"{dest}.{n - 1}", f"{dest}.{n}")
    os.rename(dest, f"{dest}.1")


def replay(lines, dest, rate, events):
    """events: (line number before which it happens, function of dest)."""
    out = open(dest, "ab", buffering=0)
    start = time.monotonic()
    at = 0
    while at < len(lines):
        while events and events[0][0] <= at:
            out.close()
            events.pop(0)[1](dest)
            out = open(dest, "ab", buffering=0)
        due = len(lines)
        if rate > 0:
            due = int((time.monotonic() - start) * rate)
        due = min([due, len(lines)] + [e[0] for e in events])
        if due > at:
            data = b"".join(lines[at:due])
            while data:
                data = data[out.write(data):]
            at = due
        else:
            time.sleep(TICK)
    out.close()
    for _, event in events:
        event(dest)
        open(dest, "ab").close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--rotate-at", type=fractions, default=[])
    parser.add_argument("--truncate-at", type=fractions, default=[])
    parser.add_argument("src")
    parser.add_argument("dest")
    args = parser.parse_args()
    with open(args.src, "rb") as src:
        lines = src.readlines()
    events = [(int(f * len(lines)), rotate) for f in args.rotate_at]
    events += [(int(f * len(lines)), lambda dest: os.truncate(dest, 0))
               for f in args.truncate_at]
    events.sort(key=lambda event: event[0])
    replay(lines, args.dest, args.rate, events)


if __name__ == "__main__":
    sys.exit(main())
