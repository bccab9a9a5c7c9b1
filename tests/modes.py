#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Streams whose rows replace earlier ones, and what is left of them.

usage: modes.py stream < TEXT   a stream: see below
       modes.py random SEED     such a TEXT, of an upsert stream
       modes.py batches N < STREAM
                                its bytes up to the end of batch N
       modes.py final < CSV     the rows that stand behind the changes, in the
                                order of the first arrival of their keys; the
                                changes are of ssink -f csv --changelog, the
                                keys its columns k and w

TEXT: the first line is the mode and the columns, name:type, a * behind the
keys; an @ behind the event time.  Then a line for each row, its cells by
blanks, - for null; with upsert the first is put or delete.  A line | ends a
frame, || a batch.
"""
import csv
import random
import struct
import sys

from wire import make

TYPES = {"bool": 1, "int": 2, "float": 3, "str": 4, "time": 5, "dur": 6}
OPS = {"put": 1, "delete": 2}


def head(mode, names):
    cols, keys, time = b"", [], b""
    for i, name in enumerate(names):
        name, kind = name.split(":")
        if kind.endswith("@"):
            kind = kind[:-1]
            time = make.field(3, struct.pack("<Iq", i, 0))
        if kind.endswith("*"):
            kind = kind[:-1]
            keys.append(name)
        cols += make.col(TYPES[kind], name)
        names[i] = kind
    if mode == "upsert":
        cols += make.col(2, "op", 1)
    number = ["append", "upsert", "complete"].index(mode)
    return make.SOURCE + cols + time + make.field(
        5, bytes([number]) + make.text(",".join(keys))) + make.stage()


def column(kind, cells):
    """A plain column, with a validity bitmap if there is a null."""
    valid = b""
    if "-" in cells:
        bits = [cell != "-" for cell in cells]
        valid = make.pad(bytes(
            sum(bits[at + i] << i for i in range(min(8, len(bits) - at)))
            for at in range(0, len(bits), 8)))
    if kind == "str":
        body = make.strs(*["" if c == "-" else c for c in cells])
    elif kind == "float":
        body = struct.pack("<%dd" % len(cells),
                           *[0 if c == "-" else float(c) for c in cells])
    else:
        body = make.ints(*[0 if c == "-" else int(c) for c in cells])
    return make.desc(0, int(valid != b"")), valid + body


def stream(lines):
    first = lines[0].split()
    mode, kinds = first[0], first[1:]
    out = [make.frame(make.HEAD, head(mode, kinds))]
    counts = {"frames": 0, "rows": 0, "batch": 0}
    rows = []

    def close(last):
        cols = []
        if rows and mode == "upsert":
            ops = [str(OPS[r[0]]) for r in rows]
            cells = [r[1:] + ["-"] * (len(kinds) - len(r) + 1) for r in rows]
        else:
            cells = rows
        for i, kind in enumerate(kinds if rows else []):
            cols.append(column(kind, [r[i] for r in cells]))
        if rows and mode == "upsert":
            cols.append(column("int", ops))
        body = b"".join(c[0] for c in cols) + b"".join(c[1] for c in cols)
        out.append(make.frame(
            make.ROWS, body, seq=len(out), rows=len(rows),
            batch=counts["batch"], flags=make.LAST if last else 0))
        counts["frames"] += 1
        counts["rows"] += len(rows)
        counts["batch"] += last
        rows.clear()

    for line in lines[1:]:
        if line in ("|", "||"):
            close(line == "||")
        else:
            rows.append(line.split())
    out.append(make.frame(make.MARK, b"\3" + make.text(""), seq=len(out)))
    close(True)
    account = make.text("sbatch") + struct.pack(
        "<8Q", counts["rows"], counts["rows"], 0, 0, 0, counts["rows"], 0,
        counts["frames"])
    out.append(make.frame(
        make.END, make.end(counts["frames"], counts["rows"], 1, account, 1),
        seq=len(out)))
    return b"".join(out)


def random_text(seed):
    """Every value, nulls in keys, deletes of what is not there."""
    rnd = random.Random(seed)
    print("upsert k:str* w:int* n:int x:float note:str")
    for _ in range(rnd.randrange(400)):
        k = rnd.choice(["a", "b", "long-key", "-", "\u00e9"])
        w = rnd.choice(["1", "2", "-", "-3"])
        what = rnd.random()
        if what < 0.1:
            print(rnd.choice(["|", "||"]))
        elif what < 0.35:
            print("delete", k, w)
        else:
            print("put", k, w, rnd.randrange(-5, 1000),
                  rnd.choice(["-", "0.5", "1e300"]),
                  rnd.choice(["-", "x", "y" * rnd.randrange(1, 30)]))


def final(rows):
    """The rows that stand, by key; a dict keeps the order of arrival."""
    stand, names = {}, next(rows)
    keys = [names.index(name) for name in ("k", "w")]
    for row in rows:
        key = tuple(row[i] for i in keys)
        if row[0] == "put":
            stand[key] = row[1:]
        else:
            stand.pop(key, None)
    return [names[1:]] + list(stand.values())


def batches(data, n):
    at = 0
    while n > 0:
        n -= struct.unpack("<H", data[at + 10:at + 12])[0] & make.LAST
        at += 96 + struct.unpack("<I", data[at + 40:at + 44])[0]
    return data[:at]


def main():
    words = sys.argv[1:]
    if words == ["stream"]:
        lines = sys.stdin.read().splitlines()
        sys.stdout.buffer.write(stream(lines))
    elif len(words) == 2 and words[0] == "random":
        random_text(int(words[1]))
    elif len(words) == 2 and words[0] == "batches":
        sys.stdout.buffer.write(
            batches(sys.stdin.buffer.read(), int(words[1])))
    elif words == ["final"]:
        for row in final(csv.reader(sys.stdin)):
            print(*[cell or "-" for cell in row])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
