#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A second implementation of millrace-frame(5), written from that page alone.

usage: decode.py [-c] < STREAM

Prints every frame of a stream as one line, and rows as JSON lists.  With -c
it only checks.  Exits 1, naming the byte, at the first violation.
"""
import json
import struct
import sys
import zlib

KINDS = {1: "HEAD", 2: "ROWS", 3: "MARK", 4: "BARRIER", 5: "END", 6: "FAIL"}
LAST, MORE, DEFLATE, PCRC = 1, 2, 4, 8
NONE = -(1 << 63)
TYPES = {1: "bool", 2: "int", 3: "float", 4: "str", 5: "time", 6: "dur",
         7: "bin"}
MAX_LEN, MAX_ROWS = 64 << 20, 1 << 20


class Bad(Exception):
    """A violation of the format."""


def crc_table():
    table = []
    for i in range(256):
        for _ in range(8):
            i = (i >> 1) ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    return table


TABLE = crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ TABLE[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def need(cond, why):
    if not cond:
        raise Bad(why)


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        need(n <= len(self.data) - self.at, "cut")
        out = self.data[self.at:self.at + n]
        self.at += n
        return out

    def unpack(self, fmt):
        return struct.unpack("<" + fmt, self.take(struct.calcsize("<" + fmt)))

    def text(self, most):
        (n,) = self.unpack("I")
        need(n <= most, "text too long")
        return self.take(n).decode("utf-8", "surrogateescape")

    def padded(self, n):
        out = self.take(n)
        self.take(-n % 8)
        return out

    def end(self):
        need(self.at == len(self.data), "bytes left over")


def header(raw):
    need(raw[:8] == b"millrace", "magic")
    need(struct.unpack("<I", raw[92:])[0] == crc32c(raw[:92]), "header crc")
    names = ("version kind flags part seq sub rows batch stored raw watermark "
             "batch_us arrival_us invalid filtered pcrc").split()
    h = dict(zip(names, struct.unpack("<BBHIQIIQIIqqqQQI", raw[8:92])))
    need(h["version"] == 1, "version")
    need(h["kind"] in KINDS, "kind")
    need(h["flags"] < 16, "flags")
    need(h["stored"] <= MAX_LEN and h["raw"] <= MAX_LEN, "length")
    need(h["rows"] <= MAX_ROWS, "rows")
    if h["flags"] & DEFLATE:
        need(0 < h["raw"] <= 1032 * (h["stored"] + 16), "ratio")
    else:
        need(h["stored"] == h["raw"], "lengths differ")
    need(h["flags"] & PCRC or h["pcrc"] == 0, "pcrc without its flag")
    if KINDS[h["kind"]] != "ROWS":
        need(not h["flags"] & (LAST | MORE), "flags of ROWS")
        need(h["rows"] == h["invalid"] == h["filtered"] == h["sub"] == 0,
             "counts of ROWS")
    if h["flags"] & MORE:
        need(not h["flags"] & LAST, "LAST with MORE")
        need(h["invalid"] == h["filtered"] == 0, "counts with MORE")
    return h


def body_of(h, stored):
    if h["flags"] & PCRC:
        need(crc32c(stored) == h["pcrc"], "payload crc")
    if not h["flags"] & DEFLATE:
        return stored
    z = zlib.decompressobj()
    out = z.decompress(stored, h["raw"] + 1)
    need(z.eof and not z.unused_data and len(out) == h["raw"], "deflate")
    return out


def read_head(body):
    head = {"columns": [], "stages": [], "partials": [], "time": None,
            "window": None, "mode": None, "flags": 0, "checkpoint": None}
    cur, last = Cursor(body), 0
    while cur.at < len(body):
        tag, zero, n = cur.unpack("HHI")
        field = Cursor(cur.take(n))
        need(zero == 0 and 1 <= tag <= 8, "tag")
        need(tag > last or (tag == last and tag in (2, 6, 7)), "tag order")
        last = tag
        if tag == 1:
            (head["flags"],) = field.unpack("B")
            need(head["flags"] < 8, "source flags")
        elif tag == 2:
            kind, flags = field.unpack("BB")
            need(kind in TYPES and flags < 4, "column")
            name = field.text(255)
            need(name and name not in [c[0] for c in head["columns"]], "name")
            need(not flags & 2 or TYPES[kind] == "str", "untyped")
            need(not flags & 1 or TYPES[kind] in {
                "pane": ("time", "int"), "part": ("int",), "op": ("int",)
            }.get(name, TYPES.values()), "type")
            head["columns"].append((name, TYPES[kind], flags))
        elif tag == 3:
            head["time"] = field.unpack("Iq")
            col = head["time"][0]
            need(col < len(head["columns"])
                 and head["columns"][col][1] == "time", "event time")
        elif tag == 4:
            spec = field.unpack("BBqqq")
            need(1 <= spec[0] <= 6 and (spec[0] == 6) == (spec[1] != 0)
                 and spec[1] <= 4 and spec[2] > 0 and spec[3] >= 0
                 and (spec[0] in (2, 5)) == (spec[3] > 0), "window")
            head["window"] = spec + tuple(field.text(65535) for _ in "zkt")
        elif tag == 5:
            (mode,) = field.unpack("B")
            need(mode <= 2, "mode")
            head["mode"] = (mode, field.text(65535))
        elif tag == 6:
            col, version = field.unpack("II")
            need(col < len(head["columns"]), "partial")
            head["partials"].append((col, version, field.text(65535)))
        elif tag == 7:
            (cls,) = field.unpack("B")
            need(cls <= 4, "class")
            head["stages"].append(
                (cls,) + tuple(field.text(65535) for _ in "pno"))
        else:
            head["checkpoint"] = (field.take(16).hex(),) + field.unpack("QQ") \
                + (field.text(65535),)
            need(head["checkpoint"][3].startswith("/"), "checkpoint")
        field.end()
    need(1 <= len(head["stages"]) <= 256, "stages")
    need(len(streams(head["stages"], head["stages"])) == 1, "joined")
    check_mode(head)
    return head


def check_mode(head):
    """Fills in head["op"]: the column op, or None."""
    mode, text = head["mode"] or (0, "")
    system = [c[0] for c in head["columns"] if c[2] & 1]
    plain = [c[0] for c in head["columns"] if not c[2] & 1]
    need((mode == 1) == ("op" in system), "op")
    keys = text.split(",") if text else []
    need(mode == 1 or not keys, "keys")
    need(set(keys) <= set(plain) and len(set(keys)) == len(keys), "keys")
    head["op"] = [c[0] for c in head["columns"]].index("op") \
        if mode == 1 else None


def streams(stages, items, check=None):
    """The last item of each stream that is left; check(inputs, item)."""
    at_hand = []
    for (cls, *_), item in zip(stages, items):
        n = {0: 0, 4: 2}.get(cls, 1)
        need(n <= len(at_hand) or check, "a stage without a stream")
        if check and n <= len(at_hand):
            check(at_hand[len(at_hand) - n:], item)
        del at_hand[max(len(at_hand) - n, 0):]
        at_hand.append(item)
    return at_hand


def check_account(inputs, account):
    """The laws: an account is name, in, used, .., out, in and out frames."""
    need(account[1] == sum(account[2:6]), "stage law")
    if inputs:
        need(account[1] == sum(a[6] for a in inputs), "hop law, rows")
        need(account[7] == sum(a[8] for a in inputs), "hop law, frames")


def bit(bits, r):
    return bits[r >> 3] >> (r & 7) & 1


def entries(cur, kind, n):
    if kind == "bool":
        bits = cur.padded((n + 7) // 8)
        return [bool(bit(bits, e)) for e in range(n)]
    if kind in ("str", "bin"):
        off = struct.unpack("<%dI" % (n + 1), cur.padded(4 * (n + 1)))
        need(off[0] == 0 and list(off) == sorted(off), "offsets")
        heap = cur.padded(off[n])
        return [heap[off[e]:off[e + 1]].decode("utf-8", "surrogateescape")
                for e in range(n)]
    return list(struct.unpack("<%d%s" % (n, "d" if kind == "float" else "q"),
                              cur.padded(8 * n)))


def column(cur, desc, kind, rows):
    enc, flags, zero, n = struct.unpack("<BBHI", desc)
    need(enc <= 4 and flags <= 2 and zero == 0, "descriptor")
    need((enc >= 2) == (n > 0) and n <= MAX_ROWS, "dictionary size")
    if flags == 2:
        need(enc == 1, "null flag")
        return [None] * rows
    valid = cur.padded((rows + 7) // 8) if flags == 1 else None
    values = entries(cur, kind, rows if enc == 0 else 1 if enc == 1 else n)
    if enc == 1:
        values = values * rows
    elif enc >= 2:
        width = 1 << (enc - 2)
        codes = struct.unpack("<%d%s" % (rows, " BH I"[width]),
                              cur.padded(rows * width))
        need(all(c < n for c in codes), "code")
        values = [values[c] for c in codes]
    return [v if valid is None or bit(valid, r) else None
            for r, v in enumerate(values)]


def read_rows(body, head, rows):
    cur = Cursor(body)
    if rows == 0:
        cur.end()
        return []
    kinds = [c[1] for c in head["columns"]]
    descs = cur.take(8 * len(kinds))
    cols = [column(cur, descs[8 * i:8 * i + 8], kind, rows)
            for i, kind in enumerate(kinds)]
    cur.end()
    need(head["op"] is None or set(cols[head["op"]]) <= {1, 2}, "op")
    return [[c[r] for c in cols] for r in range(rows)]


def read_note(kind, body):
    cur = Cursor(body)
    if kind == "MARK":
        (what,) = cur.unpack("B")
        name = cur.text(4096)
        need(what <= 3 and (what == 1 or name == ""), "mark")
        out = (("heartbeat", "open", "close", "eof")[what], name)
    elif kind == "BARRIER":
        out = (cur.take(16).hex(),) + cur.unpack("QQQQQ")
    elif kind == "END":
        reason, frames, rows, n = cur.unpack("BQQI")
        need(reason in (1, 2) and n <= 256, "end")
        accounts = [(cur.text(63),) + cur.unpack("8Q") for _ in range(n)]
        out = (("eof", "stop")[reason - 1], frames, rows, accounts)
    else:
        (status,) = cur.unpack("B")
        need(status > 0, "status")
        out = (status, cur.text(4096), cur.text(4096))
    cur.end()
    return out


class Reader:
    """Reads frames and checks what ties them together."""

    def __init__(self, f):
        self.f, self.off, self.head = f, 0, None
        self.due, self.batch, self.mark = (0, 0), 0, NONE
        self.frames = self.rows = self.b_frames = self.b_rows = 0

    def get(self, n):
        data = self.f.read(n)
        need(len(data) == n, "cut")
        self.off += n
        return data

    def follow(self, kind, h):
        need((h["seq"], h["sub"]) == self.due, "numbers")
        self.due = (h["seq"], h["sub"] + 1) if h["flags"] & MORE \
            else (h["seq"] + 1, 0)
        if kind != "HEAD":
            need(h["watermark"] >= self.mark, "watermark")
            self.mark = h["watermark"]
        if kind == "ROWS":
            if self.batch is None:
                self.batch = h["batch"]
            need(h["batch"] == self.batch, "batch")
            self.batch += h["flags"] & LAST
            self.frames += 1
            self.rows += h["rows"]

    def frame(self):
        h = header(self.get(96))
        body = body_of(h, self.get(h["stored"]))
        kind = KINDS[h["kind"]]
        need((kind == "HEAD") == (self.head is None) or kind == "FAIL", "HEAD")
        if kind != "FAIL":
            self.follow(kind, h)
        if kind == "HEAD":
            need(len(body) <= 1 << 20, "HEAD too long")
            self.head = out = read_head(body)
            if out["checkpoint"] and out["checkpoint"][2] > 0:
                self.batch = None
        elif kind == "ROWS":
            out = read_rows(body, self.head, h["rows"])
        else:
            out = read_note(kind, body)
        if kind == "BARRIER":
            need(out[4:] == (self.frames - self.b_frames,
                             self.rows - self.b_rows), "counts")
            self.b_frames, self.b_rows = self.frames, self.rows
        if kind == "END":
            need(out[1:3] == (self.frames, self.rows), "counts")
            stages, n = self.head["stages"], len(out[3])
            need(n <= len(stages), "accounts")
            streams(stages[len(stages) - n:], out[3], check_account)
            need(self.f.read(1) == b"", "bytes behind END")
        return kind, h, out


def main():
    quiet = sys.argv[1:] == ["-c"]
    reader, kind = Reader(sys.stdin.buffer), ""
    try:
        while kind not in ("END", "FAIL"):
            kind, h, out = reader.frame()
            if quiet:
                continue
            keys = "flags part seq sub rows batch watermark invalid filtered"
            print(kind, *("%s=%d" % (k, h[k]) for k in keys.split()),
                  "" if kind == "ROWS" else json.dumps(out))
            if kind == "ROWS":
                for row in out:
                    print(json.dumps(row))
    except Bad as why:
        sys.exit("byte %d: %s" % (reader.off, why))


if __name__ == "__main__":
    main()
