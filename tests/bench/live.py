# SPDX-License-Identifier: ISC
"""How soon a live pipeline prints a window, and what it costs while idle."""
import os
import subprocess
import threading
import time

RATE, TICK_MS, WINDOW_MS, SECONDS = 100000, 10, 50, 10
STAGES = [["sbatch", "-f", "csv", "-N", "-c", "t:time(ms),v:int", "-t", "t",
           "-i", "1s", "-"],
          ["swindow", "%dms" % WINDOW_MS], ["sreduce", "sum(v)"],
          ["ssink", "-f", "csv", "-N"]]
IDLE_S = 3.0


def start():
    procs, last = [], subprocess.PIPE
    for stage in STAGES:
        procs.append(subprocess.Popen(stage, stdin=last,
                                      stdout=subprocess.PIPE))
        last = procs[-1].stdout
    for p in procs[:-1]:
        p.stdout.close()
    return procs


def feed(fd, sent):
    """Rows of the time they are sent at; sent: ms of the data -> seconds."""
    begin = time.monotonic()
    for tick in range(SECONDS * 1000 // TICK_MS):
        wait = begin + tick * TICK_MS / 1e3 - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        ms = tick * TICK_MS
        sent[ms] = time.monotonic()
        data = b"%d,1\n" % ms * (RATE * TICK_MS // 1000)
        while data:
            data = data[os.write(fd, data):]


def cpu_s(procs):
    total = 0
    for p in procs:
        with open("/proc/%d/stat" % p.pid, encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def end_ms(line):
    """The end of a printed window, in milliseconds since 1970."""
    clock = line.split(b",")[1].decode()[11:].rstrip("Z")
    h, m, s = clock.split(":")
    return (int(h) * 60 + int(m)) * 60000 + round(float(s) * 1000)


def measure():
    """99 of 100 windows are printed within so many ms of the line that lets
    the watermark pass; and the % of a core that the idle pipeline takes."""
    procs, sent, came = start(), {}, {}

    def collect():
        for line in procs[-1].stdout:
            came[end_ms(line)] = time.monotonic()
    reader = threading.Thread(target=collect)
    reader.start()
    fd = procs[0].stdin.fileno()
    feed(fd, sent)
    time.sleep(0.5)
    before = cpu_s(procs)
    time.sleep(IDLE_S)
    idle = (cpu_s(procs) - before) / IDLE_S * 100
    procs[0].stdin.close()
    reader.join()
    if any([p.wait() for p in procs]):
        raise SystemExit("a live stage failed")
    # The last window is closed by the end, not by a line.
    delays = sorted((came[ms] - sent[ms]) * 1e3 for ms in came if ms in sent)
    return delays[len(delays) * 99 // 100], idle
