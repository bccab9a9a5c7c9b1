#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Run sfan with workers that fail, and compare with the filter alone.

usage: sfan.py faults CASES SEED
       sfan.py leaks REPLACED
       sfan.py slow RUNS
       sfan.py stall SECONDS
       sfan.py fault KIND AFTER MARK CMD   (a worker that fails once; MARK
                                            "": whenever it is started)
       sfan.py delay MS CMD                (one that is slow at each frame)
A failure prints the seed of its case.
"""
import io
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HEAD, ROWS = 1, 2  # kinds of frames
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
        if mark:
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
    if mark:
        os.unlink(mark)
    sys.exit(child.wait())


def run(args, data, **more):
    return subprocess.run(args, input=data, capture_output=True, timeout=600,
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


def broken(rng, seed, command):
    """Commands of workers of which some fail; the marks of those."""
    n = rng.choice([2, 3, 4])
    # Of four, three may fail as often as they are started.
    dead = n == 4 and rng.random() < 0.5
    commands = [command] * (n - (3 if dead else 2))
    marks = [""] * 3 if dead else [f"mark{seed}.{i}" for i in range(2)]
    for mark in marks:
        commands.append(
            f"exec python3 {os.path.abspath(__file__)} fault "
            f"{rng.choice(FAULTS)} {rng.randrange(1, 900 if dead else 9000)} "
            f"'{mark}' \"$CMD\"")
    rng.shuffle(commands)
    return commands, marks


def one_case(seed):
    """Whether a fault has struck."""
    rng = random.Random(seed)
    data = stream(rng, rng.randrange(500, 4000))
    command = rng.choice(FILTERS)
    want = rows_of(run(["sh", "-c", command], data).stdout).stdout
    commands, marks = broken(rng, seed, command)
    args = ["sfan", "-q"] + ["--once-only"] * (rng.random() < 0.3)
    args += [f"--worker={c}" for c in commands]
    # On a busy machine a sound worker may need more than 3 s, too.
    for limit in "3s", "30s":
        for mark in marks:
            if os.path.exists(mark):
                os.unlink(mark)
        got = run(args + ["--timeout", limit], data,
                  env={**os.environ, "CMD": command})
        if b"has not answered" not in got.stderr:
            break
    table = rows_of(got.stdout)
    if got.returncode or table.returncode or table.stdout != want:
        sys.exit(f"seed {seed}: {args}: {command}: status "
                 f"{got.returncode}, {table.returncode}; "
                 f"{got.stderr.decode()}{table.stderr.decode()}")
    return any(not mark or os.path.exists(mark) for mark in marks)


def faults(cases, seed):
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        struck = sum(one_case(seed + i) for i in range(cases))
        os.chdir("/")
    if struck < cases / 3:
        sys.exit(f"seed {seed}: only {struck} of {cases} cases had a fault")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return f.read().split()


def resident(pid):
    """KiB."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * 4


def feed(process, data):
    """Write all of it, while others look on."""
    def write():
        process.stdin.write(data)
        process.stdin.close()
    thread = threading.Thread(target=write)
    thread.start()
    return thread


def watched(process):
    """What it has, again and again until it ends: descriptors, children, KiB.
    Before its workers are there it may not even be sfan."""
    pid, sizes = process.pid, []
    while process.poll() is None:
        try:
            size = (len(os.listdir(f"/proc/{pid}/fd")), len(children(pid)),
                    resident(pid))
        except (OSError, IndexError):
            continue  # it ends
        if size[1] >= 3:
            sizes.append(size)
        time.sleep(0.005)
    return sizes


def leaks(replaced):
    """Workers that die after a few frames, as often as is asked for."""
    frames = replaced * 4
    text = "".join(f"{i}\n" for i in range(frames))
    data = run(["sbatch", "--frame-rows", "1"], text.encode()).stdout
    # A sanitizer keeps what was freed for a while, unless told not to.
    asan = os.environ.get("ASAN_OPTIONS", "")
    env = {**os.environ, "ASAN_OPTIONS": f"{asan}:quarantine_size_mb=0:"
           "thread_local_quarantine_size_kb=0"}
    # What comes out waits in files: who writes here does not read.
    with tempfile.TemporaryFile() as table, tempfile.TemporaryFile() as told:
        fan = subprocess.Popen(
            ["sfan", "-v", "-j", "3", "--once-only", "--",
             "smap -w true | dd bs=1 count=700 status=none"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told,
            env=env)
        out = subprocess.Popen(["ssink", "-N"], stdin=fan.stdout, stdout=table)
        fan.stdout.close()
        writer = feed(fan, data)
        sizes = watched(fan)
        writer.join()
        status = fan.wait() or out.wait()
        table.seek(0)
        told.seek(0)
        got, log = table.read().decode(), told.read().decode()
    if status or got != text:
        sys.exit(f"leaks: status {status}, {len(got)} bytes of "
                 f"{len(text)}: {log[-500:]}")
    n = int(log.split(" workers replaced")[0].split()[-1])
    if n < replaced / 2:
        sys.exit(f"leaks: only {n} workers were replaced")
    # Three workers and who guards them; five while one is started.
    if max(s[0] for s in sizes) > 3 + 3 * 3 + 1 + 5 \
            or max(s[1] for s in sizes) > 3 + 1:
        sys.exit(f"leaks: descriptors and children: {sizes}")
    half, most = sizes[len(sizes) // 2][2], max(s[2] for s in sizes)
    print(f"# {n} workers replaced; resident {half} KiB in the middle, "
          f"{most} KiB at most")
    if most > 1.1 * half + 512:
        sys.exit(f"leaks: memory: {sizes}")


def read_frame(source):
    """A frame whole, and its kind; b"" at the end."""
    head = source.read(96)
    if not head:
        return b"", 0
    return head + source.read(int.from_bytes(head[40:44], "little")), head[9]


def delay(ms, command):
    """Run the filter on frames that come late."""
    child = subprocess.Popen(["sh", "-c", command], stdin=subprocess.PIPE)
    while (frame := read_frame(sys.stdin.buffer))[0]:
        if frame[1] == ROWS:
            time.sleep(int(ms) / 1000)
        child.stdin.write(frame[0])
        child.stdin.flush()
        if frame[1] == HEAD:
            with open("ready", "a", encoding="ascii") as f:
                f.write("ready\n")
    child.stdin.close()
    sys.exit(child.wait())


def seconds(data, args, delays):
    """From the first row that goes in, once all are ready, to the end."""
    open("ready", "w", encoding="ascii").close()
    this = os.path.abspath(__file__)
    args = ["sfan", "-q", *args] + [
        f"--worker=exec python3 {this} delay {ms} 'smap -w true'"
        for ms in delays]
    fan = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    n_head = len(read_frame(io.BytesIO(data))[0])
    fan.stdin.write(data[:n_head])
    fan.stdin.flush()
    while os.path.getsize("ready") < len("ready\n") * len(delays):
        time.sleep(0.01)
    begun = time.monotonic()
    feed(fan, data[n_head:])
    out = fan.stdout.read()
    took = time.monotonic() - begun
    if fan.wait() or rows_of(out).stdout != rows_of(data).stdout:
        sys.exit(f"{args}: status {fan.returncode}, or other rows")
    return took


def slow(runs):
    """One of eight workers needs ten times as long as the others."""
    text = "".join(f"{i}\n" for i in range(120))
    data = run(["sbatch", "--frame-rows", "1"], text.encode()).stdout
    even, one = [100] * 8, [100] * 7 + [1000]
    took = {"even": [], "raced": [], "not raced": []}
    for _ in range(runs):
        took["even"].append(seconds(data, [], even))
        took["raced"].append(seconds(data, [], one))
        took["not raced"].append(seconds(data, ["--once-only"], one))
        # What else the machine does makes no run faster.
        even_s, raced, patient = (min(v) for v in took.values())
        if raced <= 1.3 * even_s < patient:
            break
    print(f"# {even_s:.2f} s; one worker 10 times as slow: "
          f"{raced / even_s:.2f} times that; never run twice: "
          f"{patient / even_s:.2f}")
    if raced > 1.3 * even_s or patient <= 1.3 * even_s:
        sys.exit(f"slow: {took}")


def stalled():
    """The greatest age of rows on leaving, in a live stream in batches of 1 s;
    each worker ends by SIGKILL in the middle of every tenth answer or so."""
    this = os.path.abspath(__file__)
    source = subprocess.Popen(
        ["sbatch", "-i", "1s"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    fan = subprocess.Popen(
        ["sfan", "-v", "-j", "3", "--",
         f"exec python3 {this} fault kill 2000 '' 'smap -w true'"],
        stdin=source.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    source.stdout.close()

    def write():
        for i in range(200):
            source.stdin.write(b"%d\n" % i)
            source.stdin.flush()
            time.sleep(0.04)
        source.stdin.close()
    read_frame(fan.stdout)
    threading.Thread(target=write).start()
    ages, rows = [], 0
    while (frame := read_frame(fan.stdout))[0]:
        n = int.from_bytes(frame[0][28:32], "little")
        if frame[1] == ROWS and n > 0:
            rows += n
            read = int.from_bytes(frame[0][64:72], "little") / 1e6
            ages.append(time.time() - read)
    log = fan.stderr.read().decode()
    again = int(log.split(" frames run again")[0].split()[-1])
    print(f"# {again} frames run again; ages of rows on leaving: median "
          f"{statistics.median(ages):.3f} s, most {max(ages):.3f} s")
    if fan.wait() or source.wait() or rows != 200 or again < 3:
        sys.exit(f"stall: {rows} rows; {log}")
    return max(ages)


def stall(limit):
    # What else the machine does makes no row younger.
    if not any(stalled() <= limit for _ in range(5)):
        sys.exit(f"stall: older than {limit} s")


def main(what, *args):
    if what == "fault":
        fault(*args)
    elif what == "faults":
        faults(int(args[0]), int(args[1]))
    elif what == "slow":
        slow(int(args[0]))
    elif what == "stall":
        stall(float(args[0]))
    elif what == "delay":
        delay(*args)
    elif what == "leaks":
        leaks(int(args[0]))
    else:
        sys.exit(__doc__)


main(*sys.argv[1:])
