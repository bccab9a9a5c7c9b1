#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Measure the tasks of tasks.py against the peers found on this machine.

usage: bench.py [--smoke] [--rows N] [--runs N] [--tasks T3,T5] [--data DIR]
                [--growth N] [--out FILE] BUILD

BUILD is the output folder of make tests.  Peers are the commands mawk, mlr,
jq and clickhouse, and the modules duckdb and chdb of this Python; nothing is
installed.  --smoke only compares answers, on small data, with the peers that
need no module.  --growth times T3 on N and on 10 N rows.  Status 1 when an
answer differs; no time makes it fail.
"""
import argparse
import csv
import importlib.util
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
import live  # noqa: E402
import safe  # noqa: E402
import tasks  # noqa: E402

DUCKDB = ("import duckdb,sys;c=duckdb.connect();c.execute('set threads=2');"
          "c.execute('copy ('+sys.argv[1]+\") to '/dev/stdout'"
          " (format csv,header false)\")")
CHDB = "import chdb,sys;sys.stdout.write(str(chdb.query(sys.argv[1],'CSV')))"
# Rows of each file for a row of events.csv, and its arguments of gen.
FILES = {"events.csv": (1, ["csv"], ["--rate", "2800"]),
         "access.log": (0.5, ["log"], ["--rate", "700"]),
         "words.txt": (0.5, ["words"], []),
         "stations.txt": (2.5, ["stations"], []),
         "events.jsonl": (0.15, ["json"], ["--rate", "400"])}
POLL_S = 0.01
TOOLS = ("mawk", "sort", "mlr", "jq")


def make_data(folder, rows):
    """The files, and a quarter of each, unless they are there already."""
    os.makedirs(folder, exist_ok=True)
    counts = {}
    wanted = [(name, int(rows * part), *args)
              for name, (part, *args) in FILES.items()]
    wanted.append(("users.csv", 100000, ["users"], []))
    for name, n, kind, rest in wanted:
        counts[name] = n
        for path, lines in ((name, n), ("quarter." + name, n // 4)):
            path = os.path.join(folder, path)
            if not os.path.exists(path):
                with open(path + ".part", "wb") as out:
                    subprocess.run(["gen", *kind, str(lines), *rest],
                                   stdout=out, check=True)
                os.rename(path + ".part", path)
    with open(os.path.join(folder, "words.txt"), "rb") as f:
        counts["words.txt"] = sum(len(line.split()) for line in f)
    return counts


def has_module(name):
    return importlib.util.find_spec(name) is not None


def peer_command(peer, text):
    """The shell command of a peer, or None where it is not found."""
    if peer in TOOLS:
        return text if shutil.which(peer) else None
    before, sql = text.split("|", 1) if text.startswith("cat|") else ("", text)
    if peer == "duckdb":
        if not has_module("duckdb"):
            return None
        # It writes no standard output that is a file.
        command = shlex.join([sys.executable, "-c", DUCKDB, sql]) + " | cat"
        return "cat @F | " + command if before else command
    sql += (", " if " settings " in sql else " settings ") + "max_threads=2"
    if shutil.which("clickhouse"):
        return shlex.join(["clickhouse", "local", "-q", sql])
    if has_module("chdb"):
        return shlex.join([sys.executable, "-c", CHDB, sql])
    return None


def peak_kib(group):
    """Peak resident KiB of each process of a group that still runs, but for
    the shell."""
    peaks = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getpgid(int(pid)) != group:
                continue
            with open("/proc/%s/status" % pid, encoding="ascii") as f:
                facts = dict(line.split(":", 1) for line in f)
            if facts["Name"].strip() != "bash" and "VmHWM" in facts:
                peaks[pid] = int(facts["VmHWM"].split()[0])
        except (OSError, ProcessLookupError):
            pass
    return peaks


class Failed(Exception):
    """A command's exit status is not 0."""


class Run:
    """One run of a shell command: wall and CPU seconds, answer, memory."""

    def __init__(self, command, watch=False):
        peaks = {}
        done = threading.Event()
        with tempfile.TemporaryFile() as out:
            start = time.monotonic()
            p = subprocess.Popen(["bash", "-o", "pipefail", "-c", command],
                                 stdout=out, start_new_session=True)

            def watcher():
                while not done.wait(POLL_S):
                    for pid, kib in peak_kib(p.pid).items():
                        peaks[pid] = max(kib, peaks.get(pid, 0))
            thread = threading.Thread(target=watcher)
            if watch:
                thread.start()
            _, status, usage = os.wait4(p.pid, 0)
            self.wall = time.monotonic() - start
            done.set()
            p.returncode = os.waitstatus_to_exitcode(status)
            if watch:
                thread.join()
            out.seek(0)
            self.answer = out.read()
        if p.returncode != 0:
            raise Failed("status %d: %s" % (p.returncode, command))
        self.cpu = usage.ru_utime + usage.ru_stime
        self.mib = sum(peaks.values()) / 1024


def rows_of(answer, key=None):
    """Parsed rows; key: of ours, which begins with a line of names."""
    rows = list(csv.reader(answer.decode().splitlines()))
    return [key(row) for row in rows[1:]] if key else rows


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def same_cell(a, b, error):
    if a == b:
        return True
    x, y = number(a), number(b)
    if x is None or y is None:
        return False
    return abs(x - y) <= error * max(abs(x), abs(y), 1e-3)


def keyed(rows):
    """Rows by their leading cells, numbers in any form: those that name the
    group, and perhaps a value that is exact."""
    def form(cell):
        return cell if number(cell) is None else number(cell)
    return {tuple(form(c) for c in row[:2]) if len(row) > 2 else row[0]: row
            for row in rows}


def objections(task, ours, theirs, peer):
    """What differs between two answers, as text; None when nothing does."""
    if len(ours) != len(theirs) and peer not in task["part"]:
        return "%d rows, %s has %d" % (len(ours), peer, len(theirs))
    if not theirs:
        return "%s has no rows" % peer
    if len(theirs) == 1 and len(theirs[0]) == 1:
        found = {0: ours[0]}
        wanted = {0: theirs[0]}
    else:
        found, wanted = keyed(ours), keyed(theirs)
    for key, row in wanted.items():
        mine = found.get(key)
        if mine is None or len(mine) != len(row) or not all(
                same_cell(a, b, task["error"]) for a, b in zip(mine, row)):
            return "%s, %s has %s" % (mine, peer, row)
    return None


def check(name, answers, commands):
    """Compare our answer with each peer's; returns how many differ."""
    task, bad = tasks.TASKS[name], 0
    for peer in commands:
        if peer in ("ours", "quarter"):
            continue
        split = peer in task["quarter"] and "quarter" in answers
        side = "quarter" if split else "ours"
        why = objections(task, rows_of(answers[side], task["key"]),
                         rows_of(answers[peer]), peer)
        if why is not None:
            print("%s: %s" % (name, why))
            bad += 1
    return bad


def commands_of(name, folder, smoke):
    """tool -> command; quarter is ours on what slow peers are given."""
    task = tasks.TASKS[name]
    slow = () if smoke else task["quarter"]
    texts = {"ours": task["ours"]}
    for peer, text in task["peers"].items():
        command = peer_command(peer, text)
        if command is not None and not (smoke and peer not in TOOLS):
            texts[peer] = command
    if any(peer in slow for peer in texts):
        texts["quarter"] = task["ours"]
    out = {}
    for tool, text in texts.items():
        part = "quarter." if tool == "quarter" or tool in slow else ""
        path = os.path.join(folder, part + task["file"])
        out[tool] = text.replace("@F", path).replace("@D", folder)
    return out


def measure(name, folder, n_rows, n_runs):
    """Lines of the table of one task, and how many answers differ."""
    task = tasks.TASKS[name]
    commands = commands_of(name, folder, False)
    first = {}
    for tool, command in list(commands.items()):
        try:
            first[tool] = Run(command, watch=True)
        except Failed as why:
            if tool in ("ours", "quarter"):
                raise
            print("%s: %s is left out: %s" % (name, tool, why),
                  file=sys.stderr)
            del commands[tool]
    bad = check(name, {t: r.answer for t, r in first.items()}, commands)
    commands.pop("quarter", None)
    runs = {tool: [] for tool in commands}
    for _ in range(n_runs):
        for tool, command in commands.items():
            runs[tool].append(Run(command))
    lines, ours = [], None
    for tool, done in runs.items():
        wall = statistics.median(r.wall for r in done)
        cpu = statistics.median(r.cpu for r in done)
        n = n_rows // 4 if tool in task["quarter"] else n_rows
        rate = n / wall / 1e6
        ours = ours or rate
        lines.append([name, tool, "%.2f" % rate, "%.2f" % (ours / rate),
                      "%.0f" % (cpu / n * 1e9), "%.0f" % first[tool].mib])
    return lines, bad


def spawn_ms(stages, source=os.devnull, n=30):
    """Median milliseconds of a pipeline without a shell."""
    times = []
    for _ in range(n):
        with open(source, "rb") as first:
            start, procs, last = time.monotonic(), [], first
            for i, stage in enumerate(stages):
                out = subprocess.PIPE if i + 1 < len(stages) else \
                    subprocess.DEVNULL
                procs.append(subprocess.Popen(shlex.split(stage), stdin=last,
                                              stdout=out))
                last.close()
                last = procs[-1].stdout
            if any([p.wait() for p in procs]):
                sys.exit("a stage failed: %s" % " | ".join(stages))
            times.append((time.monotonic() - start) * 1e3)
    return statistics.median(times)


def stage_ns(folder, n_rows, n_runs, option=""):
    """CPU ns a row of one more stage that passes T3's columns on."""
    source = "sbatch %s -c 'ts_ms:time(ms),category,price:float' %s" % (
        option, shlex.quote(os.path.join(folder, "events.csv")))
    short, long = source + " | smap -w true >/dev/null", \
        source + " | smap -w true" * 5 + " >/dev/null"
    cpu = {c: statistics.median(Run(c).cpu for _ in range(n_runs))
           for c in (short, long)}
    return (cpu[long] - cpu[short]) / 4 / n_rows * 1e9


def other_figures(folder, n_rows, n_runs):
    """What no peer has: start, latency, one more stage."""
    empty = os.path.join(folder, "empty.mill")
    Run("sbatch -f lines - </dev/null >" + shlex.quote(empty))
    plain = stage_ns(folder, n_rows, n_runs)
    checked = stage_ns(folder, n_rows, n_runs, "--checksum")
    p99, idle = live.measure()
    return [
        ["a program that does nothing (true), ms", spawn_ms(["true"])],
        ["start to exit of sbatch on empty input, ms",
         spawn_ms(["sbatch -f lines -"])],
        ["start to exit of smap on an empty stream, ms",
         spawn_ms(["smap -w true"], empty)],
        ["start to exit of four stages, ms",
         spawn_ms(["sbatch -f combined -", "swindow 1m", "sreduce count",
                   "ssink -f csv"])],
        ["one more stage, ns of CPU a row", plain],
        ["checksums on, ns a row and stage more", checked - plain],
        ["live at 100 k rows/s, p99 ms", p99],
        ["live and idle, % of a core", idle],
        *safe.figures(os.path.join(folder, "events.csv"), n_runs)]


def growth(folder, n_rows, n_runs):
    """T3 and T3u on n_rows and on ten times as many."""
    out = []
    for name in ("T3", "T3u"):
        for n in (n_rows, 10 * n_rows):
            path = os.path.join(folder, "grow%d.csv" % n)
            if not os.path.exists(path):
                Run("gen csv %d --rate 2800 >%s" % (n, shlex.quote(path)))
            command = tasks.TASKS[name]["ours"].replace("@F", path)
            mib = Run(command + " >/dev/null", watch=True).mib
            wall = statistics.median(
                Run(command + " >/dev/null").wall for _ in range(n_runs))
            out.append(["%s, %d rows: ns a row" % (name, n), wall / n * 1e9])
            out.append(["%s, %d rows: MiB" % (name, n), mib])
    return out


def smoke(folder, names, n_rows):
    make_data(folder, n_rows)
    bad = 0
    for name in names:
        commands = commands_of(name, folder, True)
        peers = [tool for tool in commands if tool != "ours"]
        if name != "T3pipe" and not peers:
            sys.exit("%s: mawk is missing" % name)
        wrong = check(name, {t: Run(c).answer for t, c in commands.items()},
                      commands)
        print("%s %s %s" % (name, "wrong" if wrong else "right",
                            " ".join(peers)))
        bad += wrong
    a, b = (Run(commands_of(name, folder, True)["ours"]).answer
            for name in ("T3", "T3pipe"))
    if a != b:
        print("T3pipe: not what T3 prints")
    return bad + (a != b)


def show(rows, out):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(
            cell.ljust(w) if i < 2 and len(row) > 2 or i == 0
            else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths)))
        print(line.rstrip())
        print(line.rstrip(), file=out, flush=True)


def full(o, folder, out):
    counts = make_data(folder, o.rows)
    table, bad = [["task", "tool", "M rows/s", "ours is", "CPU ns/row",
                   "MiB"]], 0
    for name in o.tasks:
        lines, wrong = measure(name, folder, counts[
            tasks.TASKS[name]["file"]], o.runs)
        print("\n".join(" ".join(line) for line in lines), file=sys.stderr)
        table += lines
        bad += wrong
    show(table, out)
    extra = other_figures(folder, o.rows, o.runs)
    if o.growth > 0:
        extra += growth(folder, o.growth, o.runs)
    show([[what, "%.2f" % v] for what, v in extra], out)
    return bad


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--smoke", action="store_true")
    p.add_argument("--rows", type=int, default=2000000)
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--tasks", default=",".join(tasks.TASKS))
    p.add_argument("--data", help="keep the data here")
    p.add_argument("--growth", type=int, default=0)
    p.add_argument("--out", default=os.devnull)
    p.add_argument("build")
    o = p.parse_args()
    o.tasks = o.tasks.split(",")
    build = os.path.abspath(o.build)
    os.environ["PATH"] = os.pathsep.join(
        [build + "/bin", build + "/tests", os.environ["PATH"]])
    os.environ["LC_ALL"] = "C"
    with tempfile.TemporaryDirectory() as scratch, \
            open(o.out, "w", encoding="utf-8") as out:
        folder = os.path.abspath(o.data or scratch)
        try:
            bad = smoke(folder, o.tasks, o.rows) if o.smoke else \
                full(o, folder, out)
        except Failed as why:
            sys.exit(str(why))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
