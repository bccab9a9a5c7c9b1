#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Run sfan with workers that fail, and compare with the filter alone.

usage: sfan.py faults CASES SEED
       sfan.py leaks REPLACED
       sfan.py fault KIND AFTER MARK CMD...   (a worker that fails once)
A failure prints the seed of its case.
"""
import os
import random
import signal
import subprocess
import sys
import time

FAULTS = ["kill", "stop", "hang", "garbage", "partial", "exit0", "close"]
FILTERS = ["smap -w 'v::int % 3 > 0'", "smap -a 'v::int * 2 as twice'",
           "smap --explode 'split(t, \" \") as piece'",
           "smap -w 'v <> \"7\"' | smap -s 't, v'"]


def pump(source, sink):
    """Copy all that comes, as it comes."""
    while piece := os.read(source, 1 << 16):
        while piece:
            piece = piece[os.write(sink, piece):]


def fail(kind, out, piece):
    """What a broken worker does in place of the rest of its answers."""
    if kind == "partial":
        os.write(out, piece[:len(piece) // 2])
    if kind == "garbage":
        os.write(out, random.Random(1).randbytes(5000))
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    if kind == "close":
        os.close(out)
    if kind in ("hang", "close", "garbage"):
        time.sleep(600)
    os._exit(0)


def fault(kind, after, mark, command):
    """Run the filter; whoever makes the mark fails after so many bytes."""
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        os.execvp("sh", ["sh", "-c", command])
    child = subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE)
    left = int(after)
    while piece := child.stdout.read1(1 << 16):
        if len(piece) >= left:
            os.write(1, piece[:left])
            child.kill()
            fail(kind, 1, piece[left:])
        left -= len(piece)
        os.write(1, piece)
    # It has answered less than that: it fails at the end.
    os.unlink(mark)
    sys.exit(child.wait())


def run(args, data, **more):
    return subprocess.run(args, input=data, capture_output=True, timeout=120,
                          check=False, **more)


def stream(rng, rows):
    """A stream of several batches and small frames."""
    text = "".join(f"{i},{rng.choice(['a', 'a b', 'b c d', ''])}\n"
                   for i in range(rows))
    args = ["sbatch", "-f", "csv", "-N", "-c", "v,t", "--frame-rows",
            str(rng.choice([7, 50, 200])), "--batch-rows",
            str(rng.choice([500, 10000]))]
    return run(args, text.encode()).stdout


def rows_of(data):
    return run(["ssink", "-f", "csv"], data)


def one_case(seed):
    """Whether a fault has struck."""
    rng = random.Random(seed)
    data = stream(rng, rng.randrange(500, 4000))
    command = rng.choice(FILTERS)
    want = rows_of(run(["sh", "-c", command], data).stdout).stdout
    marks, workers = [], []
    n = rng.choice([2, 3, 4])
    for i in range(n):
        if i >= 2:
            workers += ["--worker", command]
            continue
        mark = f"mark{seed}.{i}"
        if os.path.exists(mark):
            os.unlink(mark)
        marks.append(mark)
        workers += ["--worker", f"exec python3 {os.path.abspath(__file__)} "
                    f"fault {rng.choice(FAULTS)} {rng.randrange(1, 9000)} "
                    f"{mark} \"$CMD\""]
    args = ["sfan", "-q", "--timeout", "3s"]
    if rng.random() < 0.3:
        args.append("--once-only")
    got = run(args + workers, data, env={**os.environ, "CMD": command})
    table = rows_of(got.stdout)
    if got.returncode or table.returncode or table.stdout != want:
        sys.exit(f"seed {seed}: {args + workers}: {command}: status "
                 f"{got.returncode}, {table.returncode}; "
                 f"{got.stderr.decode()}{table.stderr.decode()}")
    return any(os.path.exists(mark) for mark in marks)


def faults(cases, seed):
    struck = sum(one_case(seed + i) for i in range(cases))
    if struck < cases / 3:
        sys.exit(f"seed {seed}: only {struck} of {cases} cases had a fault")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return f.read().split()


def leaks(replaced):
    """Workers that die after a few frames, as often as is asked for."""
    frames = replaced * 4
    text = "".join(f"{i}\n" for i in range(frames))
    data = run(["sbatch", "--frame-rows", "1"], text.encode()).stdout
    fan = subprocess.Popen(
        ["sfan", "-v", "-j", "3", "--once-only", "--", "smap -w true | dd bs=1 count=700 status=none"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out = subprocess.Popen(["ssink", "-N"], stdin=fan.stdout,
                           stdout=subprocess.PIPE)
    fan.stdout.close()
    sizes = []

    def look():
        sizes.append((len(os.listdir(f"/proc/{fan.pid}/fd")),
                      len(children(fan.pid))))
    step = len(data) // 10
    for i in range(0, len(data) - step, step):
        fan.stdin.write(data[i:i + step])
        fan.stdin.flush()
        look()
    fan.stdin.write(data[i + step:])
    err = subprocess.Popen(["cat"], stdin=fan.stderr, stdout=subprocess.PIPE)
    fan.stdin.close()
    got = out.communicate()[0].decode()
    log = err.communicate()[0].decode()
    if fan.wait() or got != text:
        sys.exit(f"leaks: status {fan.returncode}, {len(got)} bytes of "
                 f"{len(text)}: {log[-500:]}")
    n = int(log.split(" workers replaced")[0].split()[-1])
    if n < replaced / 2:
        sys.exit(f"leaks: only {n} workers were replaced")
    if max(s[0] for s in sizes) > 3 + 3 * 3 + 4 \
            or max(s[1] for s in sizes) > 3:
        sys.exit(f"leaks: descriptors and children: {sizes}")


def main(what, *args):
    if what == "fault":
        fault(*args)
    elif what == "faults":
        faults(int(args[0]), int(args[1]))
    elif what == "leaks":
        leaks(int(args[0]))
    else:
        sys.exit(__doc__)


main(*sys.argv[1:])
