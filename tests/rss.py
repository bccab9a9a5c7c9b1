#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Run a pipeline and bound the peak memory of all its stages together.

usage: rss.py KIB COMMAND...

Prints what the last command prints, and the peaks on standard error.  Exits 1
when the sum of the peak resident sizes is above KIB, or a command fails.
"""
import shlex
import subprocess
import sys
import time


def high_water(pid):
    """Peak resident KiB of a running process, 0 when it has ended."""
    try:
        with open("/proc/%d/status" % pid, encoding="ascii") as f:
            for line in f:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


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
    # A child's own account would begin with the size of this program.
    peaks = [0] * len(procs)
    while any(proc.poll() is None for proc in procs):
        for k, proc in enumerate(procs):
            peaks[k] = max(peaks[k], high_water(proc.pid))
        time.sleep(0.01)
    status = any(proc.returncode for proc in procs)
    print("peak KiB:", *peaks, "sum", sum(peaks), file=sys.stderr)
    sys.exit(1 if status or sum(peaks) > limit else 0)


if __name__ == "__main__":
    main()
