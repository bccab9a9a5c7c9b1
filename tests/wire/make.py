#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Streams written from millrace-frame(5) alone, good and bad.

usage: make.py golden       the golden stream: every kind, encoding and type
       make.py hex          the same as commented hexadecimal digits
       make.py unhex < F    bytes from such digits
       make.py list         the names of the bad streams, one a line
       make.py bad NAME     that bad stream
       make.py why NAME     what a reader says of it

A bad stream breaks one rule of the page and has right checksums, so that the
rule itself must be checked.
"""
import struct
import sys
import zlib

NONE = -(1 << 63)
LAST, MORE, DEFLATE, PCRC = 1, 2, 4, 8
HEAD, ROWS, MARK, BARRIER, END, FAIL = range(1, 7)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def text(s):
    data = s if isinstance(s, bytes) else s.encode()
    return struct.pack("<I", len(data)) + data


def pad(data):
    return data + bytes(-len(data) % 8)


def frame(kind, body=b"", **over):
    """A frame; over replaces header fields after lengths and pcrc are set."""
    h = dict(magic=b"millrace", version=1, kind=kind, flags=0, part=0, seq=0,
             sub=0, rows=0, batch=0, raw=len(body), watermark=NONE,
             batch_us=0, arrival_us=0, invalid=0, filtered=0, pcrc=0)
    h.update({k: over[k] for k in over if k in h})
    if h["flags"] & DEFLATE:
        body = zlib.compress(body, 1)
    h["stored"] = over.get("stored", len(body))
    if h["flags"] & PCRC and "pcrc" not in over:
        h["pcrc"] = crc32c(body)
    raw = struct.pack(
        "<8sBBHIQIIQIIqqqQQI", h["magic"], h["version"], h["kind"],
        h["flags"], h["part"], h["seq"], h["sub"], h["rows"], h["batch"],
        h["stored"], h["raw"], h["watermark"], h["batch_us"],
        h["arrival_us"], h["invalid"], h["filtered"], h["pcrc"])
    return raw + struct.pack("<I", over.get("hcrc", crc32c(raw))) + body


def field(tag, body, zero=0, length=None):
    n = len(body) if length is None else length
    return struct.pack("<HHI", tag, zero, n) + body


def col(kind, name, flags=0):
    return field(2, struct.pack("<BB", kind, flags) + text(name))


def stage(cls=0, program="sbatch"):
    return field(7, struct.pack("<B", cls) + text(program) + text(program)
                 + text(""))


def window(kind=1, unit=0, size=60000000, slide=0):
    return field(4, struct.pack("<BBqqq", kind, unit, size, slide, 0)
                 + text("") + text("") + text("1m"))


SOURCE = field(1, b"\0")
MODE = field(5, b"\0" + text(""))
TAIL = MODE + stage()
COLUMNS = [(1, "ok"), (2, "n"), (3, "x"), (4, "s"), (5, "t"), (6, "d"),
           (7, "b")]
GOOD_HEAD = (SOURCE + b"".join(col(k, n) for k, n in COLUMNS)
             + field(3, struct.pack("<Iq", 4, 0)) + window() + MODE
             + field(6, struct.pack("<II", 6, 1) + text("sum(x)"))
             + stage() + stage(3, "swindow"))
INT_HEAD = SOURCE + col(2, "n") + TAIL
STR_HEAD = SOURCE + col(4, "s") + TAIL
NAME_AND_OP = SOURCE + col(2, "n") + col(2, "op", 1)
UPSERT_HEAD = NAME_AND_OP + field(5, b"\1" + text("n")) + stage()


def desc(enc=0, flags=0, n=0, zero=0):
    return struct.pack("<BBHI", enc, flags, zero, n)


def ints(*v):
    return struct.pack("<%dq" % len(v), *v)


def strs(*v):
    data = [s.encode() for s in v]
    off = [sum(map(len, data[:i])) for i in range(len(data) + 1)]
    return pad(struct.pack("<%dI" % len(off), *off)) + pad(b"".join(data))


def golden_rows(n_first):
    """Three rows: plain with and without nulls, const, every dict width."""
    i = n_first
    return (desc(0, 1) + desc(0) + desc(1) + desc(2, 1, 2) + desc(3, 0, 1)
            + desc(4, 0, 1) + desc(1, 2)
            + pad(b"\x05") + pad(b"\x04")
            + ints(i, -i, 1 << 62)
            + struct.pack("<d", 0.1)
            + pad(b"\x06") + strs("", "h\u00e9llo") + pad(bytes([0, 1, 0]))
            + ints(1760000400000000) + pad(struct.pack("<3H", 0, 0, 0))
            + ints(-1500000) + pad(struct.pack("<3I", 0, 0, 0)))


def account(name, n):
    return text(name) + struct.pack("<8Q", n, n, 0, 0, 0, n, 4, 4)


def end(frames=0, rows=0, reason=1, accounts=b"", n=0):
    return struct.pack("<BQQI", reason, frames, rows, n) + accounts


def golden():
    rows = golden_rows(7)
    return b"".join([
        frame(HEAD, GOOD_HEAD, flags=PCRC),
        frame(MARK, b"\1" + text("access.log"), seq=1, part=1),
        frame(ROWS, rows, seq=2, sub=0, rows=3, part=1, flags=MORE),
        frame(ROWS, golden_rows(8), seq=2, sub=1, rows=3, part=1, invalid=2,
              filtered=3, watermark=5, flags=PCRC),
        frame(ROWS, rows, seq=3, rows=3, part=1, watermark=6, batch_us=11,
              arrival_us=12, flags=DEFLATE | PCRC | LAST),
        frame(BARRIER, bytes(range(16)) + struct.pack("<5Q", 2, 3, 1, 3, 9),
              seq=4, watermark=6),
        frame(MARK, b"\0" + text(""), seq=5, watermark=9),
        frame(MARK, b"\2" + text(""), seq=6, part=1, watermark=9),
        frame(MARK, b"\3" + text(""), seq=7, watermark=9, batch=1),
        frame(ROWS, seq=8, batch=1, watermark=9, flags=LAST),
        frame(END, end(4, 9, 1, account("sbatch", 9) + account("sw", 9), 2),
              seq=9, watermark=9)])


def stream(*frames, head=INT_HEAD):
    return frame(HEAD, head) + b"".join(frames)


def one(body, rows=1, head=INT_HEAD, **over):
    return stream(frame(ROWS, body, seq=1, rows=rows, **over), head=head)


PLAIN = desc() + ints(5)
OVER = 64 << 20
BARRIER_BODY = bytes(16) + struct.pack("<5Q", 1, 1, 0, 0, 0)

BAD = {
    # The header.
    "magic": (one(PLAIN, magic=b"millrace"[::-1]), "no frame magic"),
    "version": (one(PLAIN, version=2), "unknown format version"),
    "hcrc": (one(PLAIN, hcrc=1), "bad header checksum"),
    "kind-0": (stream(frame(0, seq=1)), "unknown frame kind"),
    "kind-7": (stream(frame(7, seq=1)), "unknown frame kind"),
    "flag": (one(PLAIN, flags=16), "unknown frame flag"),
    "stored": (one(PLAIN, stored=OVER + 1, raw=OVER + 1),
               "frame over 64 MiB"),
    "raw": (one(PLAIN, raw=15), "lengths differ without deflate"),
    "rows": (one(PLAIN, rows=(1 << 20) + 1),
             "frame of more than 1048576 rows"),
    "deflate-ratio": (one(bytes(1 << 20), flags=DEFLATE, raw=OVER),
                      "inflated length beyond what deflate can do"),
    "deflate-empty": (one(b"", rows=0, flags=DEFLATE, raw=0),
                      "deflate of nothing"),
    "deflate-short": (one(PLAIN, flags=DEFLATE, raw=15),
                      "broken deflate stream"),
    "deflate-long": (one(PLAIN, flags=DEFLATE, raw=17),
                     "broken deflate stream"),
    "pcrc": (one(PLAIN, flags=PCRC, pcrc=1), "bad payload checksum"),
    "pcrc-unasked": (one(PLAIN, pcrc=1),
                     "payload checksum without its flag"),
    "last-more": (one(PLAIN, flags=LAST | MORE), "LAST together with MORE"),
    "more-counts": (one(PLAIN, flags=MORE, invalid=1),
                    "counts together with MORE"),
    "mark-last": (stream(frame(MARK, b"\3" + text(""), seq=1, flags=LAST)),
                  "only ROWS may have LAST, MORE, sub, rows and counts"),
    "mark-rows": (stream(frame(MARK, b"\3" + text(""), seq=1, rows=1)),
                  "only ROWS may have LAST, MORE, sub, rows and counts"),
    # What ties frames together.
    "seq": (stream(frame(ROWS, PLAIN, seq=2, rows=1)),
            "frame 2.0 where 1.0 was due"),
    "sub": (one(PLAIN, sub=1), "frame 1.1 where 1.0 was due"),
    "after-more": (stream(frame(ROWS, PLAIN, seq=1, rows=1, flags=MORE),
                          frame(ROWS, PLAIN, seq=2, rows=1)),
                   "frame 2.0 where 1.1 was due"),
    "batch": (one(PLAIN, batch=1), "batch out of order"),
    "watermark": (stream(frame(ROWS, PLAIN, seq=1, rows=1, watermark=9),
                         frame(ROWS, PLAIN, seq=2, rows=1, watermark=8)),
                  "the watermark falls"),
    "head-twice": (stream(frame(HEAD, INT_HEAD, seq=1)), "a second HEAD"),
    "no-head": (frame(ROWS, PLAIN, rows=1),
                "the stream does not begin with HEAD"),
    "behind-end": (stream(frame(END, end(), seq=1)) + b"x",
                   "bytes behind END"),
    "no-end": (one(PLAIN), "cut before END"),
    # HEAD.
    "head-empty": (stream(head=b""), "HEAD: no stage is named"),
    "head-no-stage": (stream(head=SOURCE + MODE), "HEAD: no stage is named"),
    "head-cut": (stream(head=INT_HEAD + b"\7\0"), "HEAD: a field is cut"),
    "head-tag": (stream(head=INT_HEAD + field(9, b"")),
                 "HEAD: unknown field"),
    "head-zero": (stream(head=INT_HEAD + field(7, b"", 1)),
                  "HEAD: unknown field"),
    "head-order": (stream(head=MODE + SOURCE + stage()),
                   "HEAD: fields out of order or twice"),
    "head-twice-mode": (stream(head=MODE + TAIL),
                        "HEAD: fields out of order or twice"),
    "head-source": (stream(head=field(1, b"\x08") + TAIL),
                    "HEAD: unknown source flag"),
    "head-length": (stream(head=field(1, b"\0\0") + TAIL),
                    "HEAD: wrong length of a field"),
    "head-type": (stream(head=col(8, "n") + TAIL),
                  "HEAD: unknown column type"),
    "head-column-flag": (stream(head=col(2, "n", 4) + TAIL),
                         "HEAD: unknown column flag"),
    "head-pane": (stream(head=col(4, "pane", 1) + TAIL),
                  "HEAD: flags that a type does not allow"),
    "head-part": (stream(head=col(4, "part", 1) + TAIL),
                  "HEAD: flags that a type does not allow"),
    "head-untyped": (stream(head=col(2, "n", 2) + TAIL),
                     "HEAD: flags that a type does not allow"),
    "head-name": (stream(head=col(2, "") + TAIL),
                  "HEAD: a column name is empty or twice, or too many"),
    "head-name-twice": (stream(head=col(2, "n") + col(3, "n") + TAIL),
                        "HEAD: a column name is empty or twice, or too many"),
    "head-name-long": (stream(head=col(2, "n" * 256) + TAIL),
                       "HEAD: a column is cut or its name too long"),
    "head-columns": (stream(head=b"".join(col(2, "c%d" % i)
                                          for i in range(4097)) + TAIL),
                     "HEAD: a column name is empty or twice, or too many"),
    "head-time": (stream(head=col(2, "n") + field(3, struct.pack("<Iq", 0, 0))
                         + TAIL), "HEAD: the event time is no time column"),
    "head-window": (stream(head=window(7) + TAIL),
                    "HEAD: unknown window kind"),
    "head-window-unit": (stream(head=window(1, 1) + TAIL),
                         "HEAD: impossible window"),
    "head-window-size": (stream(head=window(1, 0, 0) + TAIL),
                         "HEAD: impossible window"),
    "head-window-slide": (stream(head=window(2, 0, 5, 0) + TAIL),
                          "HEAD: impossible window"),
    "head-mode": (stream(head=field(5, b"\3" + text("")) + stage()),
                  "HEAD: unknown mode"),
    "head-op": (stream(head=col(4, "op", 1) + TAIL),
                "HEAD: flags that a type does not allow"),
    "head-op-append": (stream(head=NAME_AND_OP + TAIL),
                       "HEAD: column op without upsert, or upsert without it"),
    "head-upsert": (stream(head=col(2, "n") + field(5, b"\1" + text("n"))
                           + stage()),
                    "HEAD: column op without upsert, or upsert without it"),
    "head-keys": (stream(head=col(2, "n") + field(5, b"\2" + text("n"))
                         + stage()), "HEAD: keys without upsert"),
    "head-key": (stream(head=NAME_AND_OP + field(5, b"\1" + text("n,m"))
                        + stage()), "HEAD: an upsert key is no column"),
    "head-key-empty": (stream(head=NAME_AND_OP + field(
        5, b"\1" + text("n,")) + stage()), "HEAD: an upsert key is no column"),
    "head-key-twice": (stream(head=NAME_AND_OP + field(
        5, b"\1" + text("n,n")) + stage()), "HEAD: an upsert key is no column"),
    "head-key-system": (stream(head=NAME_AND_OP + field(
        5, b"\1" + text("op")) + stage()), "HEAD: an upsert key is no column"),
    "head-partial": (stream(head=col(7, "p") + MODE + field(
        6, struct.pack("<II", 1, 1) + text("sum(x)")) + stage()),
        "HEAD: partial state of no column"),
    "head-class": (stream(head=stage(5)), "HEAD: unknown class of a stage"),
    "head-join": (stream(head=stage() + stage(4, "sjoin")),
                  "HEAD: a stage has no stream to read"),
    "head-filter": (stream(head=stage(1, "smap") + stage()),
                    "HEAD: a stage has no stream to read"),
    "head-apart": (stream(head=stage() + stage()),
                   "HEAD: two streams that nothing joins"),
    "head-stages": (stream(head=stage() * 257),
                    "HEAD: more than 256 stages"),
    "head-path": (stream(head=stage() + field(
        8, bytes(32) + text("relative"))),
        "HEAD: checkpoint path not absolute"),
    "head-nul": (stream(head=field(5, b"\0" + text("a\0b")) + stage()),
                 "HEAD: wrong length of a field"),
    # ROWS.
    "rows-desc": (one(b"\0" * 4), "ROWS: column descriptors are cut"),
    "rows-encoding": (one(desc(5) + ints(5)), "ROWS: unknown encoding"),
    "rows-flags": (one(desc(0, 4) + ints(5)), "ROWS: unknown column flag"),
    "rows-both": (one(desc(1, 3)), "ROWS: unknown column flag"),
    "rows-zero": (one(desc(0, 0, 0, 1) + ints(5)),
                  "ROWS: unknown column flag"),
    "rows-null": (one(desc(0, 2)), "ROWS: null flag without const"),
    "rows-n-plain": (one(desc(0, 0, 1) + ints(5)),
                     "ROWS: impossible dictionary size"),
    "rows-n-dict": (one(desc(2, 0, 0)), "ROWS: impossible dictionary size"),
    "rows-valid": (one(desc(0, 1)), "ROWS: validity is cut"),
    "rows-values": (one(desc() + b"\0" * 4), "ROWS: values are cut"),
    "rows-off-cut": (one(desc() + b"\0" * 4, head=STR_HEAD),
                     "ROWS: offsets are cut"),
    "rows-off-first": (one(desc() + struct.pack("<II", 1, 1) + pad(b"a"),
                           head=STR_HEAD), "ROWS: offsets fall"),
    "rows-off-fall": (one(desc() + pad(struct.pack("<III", 0, 2, 1))
                          + pad(b"ab"), 2, STR_HEAD), "ROWS: offsets fall"),
    "rows-text": (one(desc() + struct.pack("<II", 0, 9) + pad(b"a"),
                      head=STR_HEAD), "ROWS: text is cut"),
    "rows-codes": (one(desc(2, 0, 1) + ints(5)), "ROWS: codes are cut"),
    "rows-code": (one(desc(2, 0, 1) + ints(5) + pad(b"\1")),
                  "ROWS: a code is outside of the dictionary"),
    "rows-op": (one(desc() + desc() + ints(5, 6) + ints(1, 3), 2, UPSERT_HEAD),
                "ROWS: op is neither put nor delete"),
    "rows-op-null": (one(desc() + desc(1, 2) + ints(5), 1, UPSERT_HEAD),
                     "ROWS: op is neither put nor delete"),
    "rows-left": (one(PLAIN + bytes(8)), "ROWS: bytes left over"),
    "rows-none": (one(PLAIN, rows=0), "ROWS: bytes without rows"),
    # The others.
    "mark": (stream(frame(MARK, b"\4" + text(""), seq=1)),
             "malformed MARK"),
    "mark-name": (stream(frame(MARK, b"\2" + text("x"), seq=1)),
                  "malformed MARK"),
    "mark-left": (stream(frame(MARK, b"\3" + text("") + b"x", seq=1)),
                  "malformed MARK"),
    "barrier": (stream(frame(BARRIER, BARRIER_BODY + b"x", seq=1)),
                "malformed BARRIER"),
    "barrier-counts": (stream(frame(BARRIER, BARRIER_BODY[:-8] + ints(1),
                                    seq=1)),
                       "rows were lost before this BARRIER"),
    "end-reason": (stream(frame(END, end(reason=3), seq=1)),
                   "malformed END"),
    "end-account": (stream(frame(END, end(n=1), seq=1)), "malformed END"),
    "end-name": (stream(frame(END, end(accounts=account("x" * 64, 0), n=1),
                              seq=1)), "malformed END"),
    "end-left": (stream(frame(END, end() + b"x", seq=1)), "malformed END"),
    "end-rows": (stream(frame(END, end(0, 1), seq=1)),
                 "rows were lost before END"),
    "end-frames": (stream(frame(END, end(1, 0), seq=1)),
                   "rows were lost before END"),
    "fail-status": (stream(frame(FAIL, b"\0" + text("a") + text("b"),
                                 seq=1)), "malformed FAIL"),
}


def hex_lines(data, what):
    print("# " + what)
    for at in range(0, len(data), 16):
        print(" ".join("%02x" % b for b in data[at:at + 16]))


def print_hex():
    data, at = golden(), 0
    names = ["", "HEAD", "ROWS", "MARK", "BARRIER", "END", "FAIL"]
    print("# SPDX-License-Identifier: ISC\n"
          "# One stream with every kind, type and encoding: make.py hex.")
    while at < len(data):
        seq, sub = struct.unpack("<QI", data[at + 16:at + 28])
        stored = struct.unpack("<I", data[at + 40:at + 44])[0]
        name = "%s %d.%d" % (names[data[at + 9]], seq, sub)
        hex_lines(data[at:at + 96], name + ", header")
        hex_lines(data[at + 96:at + 96 + stored], name + ", payload")
        at += 96 + stored


def unhex():
    digits = [line for line in sys.stdin if not line.startswith("#")]
    sys.stdout.buffer.write(bytes.fromhex("".join(digits)))


def main():
    words = sys.argv[1:]
    if words == ["golden"]:
        sys.stdout.buffer.write(golden())
    elif words == ["hex"]:
        print_hex()
    elif words == ["unhex"]:
        unhex()
    elif words == ["list"]:
        print("\n".join(BAD))
    elif len(words) == 2 and words[0] == "bad":
        sys.stdout.buffer.write(BAD[words[1]][0])
    elif len(words) == 2 and words[0] == "why":
        print(BAD[words[1]][1])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
