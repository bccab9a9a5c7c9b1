#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Snapshots that are damaged and have a right checksum: a stage refuses them,
or goes on with what it can read, and never crashes.

usage: damage.py TRIES [SEED]

Of each pipeline each stage's state is cut at random places, which must be
refused, and has bits flipped.
"""
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

SOURCE = "sbatch -f csv -N -c t:time,k:str,v:int,x:float -t t --once -S d in.csv"
PIPES = [
    "swindow -q 5m/1m --late 1m | sreduce -k k 'sum(v), count(distinct x), "
    "p50(v), first(x), top(2, v), mode(x)'",
    "swindow -q --sort --late 10m | sreduce --running -k k --emit update "
    "--having 'c > 1' 'count() as c, sum(x), avg(v)'",
    "swindow -q session:40s -k k --late 5m --hold | sreduce --fold "
    "'0 as n, \"\" as s' -k k 'n = n + 1, s = concat(s, k)'",
    "swindow -q session:10m -k k --late 5m | sreduce -k k 'count(), max(x)'",
    "swindow -q cumulate:10m/1m | sreduce -k k 'sum(v)'",
    "swindow -q 5m --late 9m --hold",
    "swindow -q 2m --late 1m | sreduce -k k --emit complete 'sum(v)'",
    "swindow -q 1m --late 5m | sreduce -k k --fill 'sum(v)'",
    "swindow -q 1m --late 5m | sjoin --full --sources k=a,b -k v --prefix r_",
    "swindow -q --late 5m | sjoin --right --within -1m,2m --sources k=a,b "
    "-k v --prefix r_",
    "sjoin --sources k=a,b --unbounded -k v --prefix r_",
    "sjoin --full -k k table.csv",
]


def table():
    t = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
        t.append(i)
    return t


TABLE = table()


def crc(data):
    c = 0xFFFFFFFF
    for byte in data:
        c = c >> 8 ^ TABLE[(c ^ byte) & 255]
    return c ^ 0xFFFFFFFF


def seal(body):
    head = struct.pack("<8sIIQI", b"mr-state", 1, 4, len(body), crc(body))
    return head + struct.pack("<I", crc(head)) + body


def run(line):
    p = subprocess.run(
        ["bash", "-c", f"{line} >/dev/null; echo ${{PIPESTATUS[*]}}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return [int(w) for w in p.stdout.split()], p.stderr.decode()


def changes(pipe):
    return "--changelog" if "emit" in pipe or "fold" in pipe else ""


def make_rows(rnd):
    for i in range(40):
        t = 1_000_000 + i * 20 - rnd.choice([0, 0, 90])
        yield f"{t},{rnd.choice('ab')},{rnd.randrange(9)},{rnd.random()}\n"


def attempt(rnd, pipe, name, body, cut):
    shutil.rmtree("d")
    shutil.copytree("good", "d")
    if cut:
        body = body[:rnd.randrange(len(body))]
    else:
        body = bytearray(body)
        for _ in range(rnd.choice([1, 1, 2, 5])):
            body[rnd.randrange(len(body))] ^= 1 << rnd.randrange(8)
    with open(f"d/{name}", "wb") as f:
        f.write(seal(bytes(body)))
    status, said = run(f"{SOURCE} | {pipe} | ssink -q -N {changes(pipe)}")
    at = int(name.split(".")[2][:2])
    good = (65,) if cut else (0, 65, 70, 74, 78)
    if status[at] not in good or "runtime error" in said \
            or "Sanitizer" in said:
        sys.exit(f"{pipe}: {name}: {status}: {said}: in {os.getcwd()}")


def one(rnd, pipe, tries):
    with open("in.csv", "w", encoding="ascii") as f:
        f.writelines(make_rows(rnd))
    with open("table.csv", "w", encoding="ascii") as f:
        f.write("k,name\na,one\nb,two\nc,three\n")
    shutil.rmtree("d", ignore_errors=True)
    shutil.rmtree("good", ignore_errors=True)
    status, said = run(f"{SOURCE} | {pipe} | ssink -q -N {changes(pipe)}")
    if any(status):
        sys.exit(f"{pipe}: {status}: {said}")
    shutil.copytree("d", "good")
    with open("in.csv", "a", encoding="ascii") as f:
        f.write("1001200,a,1,2\n1002400,b,1,2\n1003600,a,3,4\n")
    names = [n for n in os.listdir("good") if n.startswith("1.1.")
             and n.endswith(("swindow", "sreduce", "sjoin"))]
    for name in sorted(names):
        with open(f"good/{name}", "rb") as f:
            body = f.read()[32:]
        for i in range(tries):
            attempt(rnd, pipe, name, body, i % 3 == 0)


def main():
    tries = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 40)
    print(f"seed {seed}")
    rnd = random.Random(seed)
    work = tempfile.mkdtemp()
    os.chdir(work)
    for pipe in PIPES:
        one(rnd, pipe, tries)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
