#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Run a pipeline and bound the peak memory of all its stages together.

usage: rss.py KIB COMMAND...

Prints what the last command prints, and the peaks on standard error.  Exits 1
when the sum of the peak resident sizes is above KIB, or a command fails.
"""
import os
import shlex
import subprocess
import sys


def main():
    limit, commands = int(sys.argv[1]), sys.argv[2:]
    procs, last = [], None
    for i, command in enumerate(commands):
        out = None if i == len(commands) - 1 else subprocess.PIPE
        proc = subprocess.Popen(shlex.split(command), stdin=last, stdout=out)
        if last is not None:
            last.close()
        last = proc.stdout
        procs.append(proc)
    peaks, status = [], 0
    for proc in procs:
        _, code, usage = os.wait4(proc.pid, 0)
        proc.returncode = code
        peaks.append(usage.ru_maxrss)
        status |= code
    print("peak KiB:", *peaks, "sum", sum(peaks), file=sys.stderr)
    sys.exit(1 if status or sum(peaks) > limit else 0)


if __name__ == "__main__":
    main()
