#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Copy standard input to standard output in pieces of random length.

usage: trickle.py SEED MOST

Each piece has 1 to MOST bytes; after about every tenth one a millisecond
passes, so that the reader sees some of them alone.
"""
import os
import random
import sys
import time


def main():
    seed, most = (int(a) for a in sys.argv[1:])
    rng = random.Random(seed)
    data = sys.stdin.buffer.read()
    while data:
        n = rng.randint(1, most)
        os.write(1, data[:n])
        data = data[n:]
        if rng.random() < 0.1:
            time.sleep(0.001)


if __name__ == "__main__":
    main()
