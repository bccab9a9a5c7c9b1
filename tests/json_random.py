#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Random JSON, good and broken, and what python3's json makes of it.

usage: json_random.py gen SEED RECORDS >FILE
       json_random.py check FILE OUT

check: OUT is what sbatch -f json -c 'k:str,x=o.k:str,y="a b"[1].z:str' and
ssink -f json made of FILE; each difference is printed.
"""
import json
import random
import sys

SCALARS = ["0", "-0", "7", "-12", "3.25", "1e5", "-1.5E-3", "true", "false",
           "null", "12345678901234567890123", "0.1", '""', '"x"',
           '"caf\u00e9 \u20ac \U0001f600"', r'"\u0000\"\\\/\b\f\n\r\t"',
           r'"\u00e9\ud83d\ude00"', '"a longer text, past sixteen bytes"',
           r'"in the middle of a longer text \u20ac an escape"', '"{[,:]}"']
KEYS = ['"k"', '"o"', '"a b"', '"z"', '"x"', r'"\u006b"', '"k\u00e9"', '""',
        '"a key that is longer than sixteen bytes"', '"z"', '"o"', '"k"']
BROKEN = ["01", "+1", "1.", ".5", "nan", "NaN", "Infinity", "tru", '"\\x41"',
          '"\\ud800"', '"\\udc00\\ud800"', '"\t"', "'k'", "[1,]", '{"k":1,}',
          "{k:1}", "[1 2]", "[", "}", '"', "[" * 70 + "]" * 70, "\u00a0", "1 1",
          "// x", '{"k":"\udcff"}', '"\udc80"', "[" * 63 + "]" * 63]


def blank(r):
    return r.choice(["", "", "", "", " ", "\t", "  ", "\n", "\r\n"])


def value(r, depth):
    kind = r.random()
    if depth == 0 or kind < 0.55:
        return r.choice(SCALARS)
    if kind < 0.75:
        inner = [blank(r) + value(r, depth - 1) + blank(r)
                 for _ in range(r.randrange(4))]
        return "[" + (",".join(inner) or blank(r)) + "]"
    return mapping(r, depth)


def mapping(r, depth):
    inner = [blank(r) + r.choice(KEYS) + blank(r) + ":" + blank(r)
             + value(r, depth - 1) + blank(r) for _ in range(r.randrange(6))]
    return "{" + (",".join(inner) or blank(r)) + "}"


def record(r):
    text = mapping(r, 4) if r.random() < 0.9 else value(r, 3)
    if r.random() < 0.2:
        at = r.randrange(len(text) + 1)
        end = at + r.choice([0, 0, 1, 2, len(text)])
        text = text[:at] + r.choice(BROKEN + ["", ",", ":"]) + text[end:]
    return text + r.choice(["\n", "\n", "\r\n", " \n", "\n\n", " \n \n"])


def refuse(_):
    raise ValueError


def has_surrogate(text):
    return any("\ud800" <= c <= "\udfff" for c in text)


class Number(str):
    pass


def pairs(found):
    if any(has_surrogate(key) for key, _ in found):
        raise ValueError
    for _, v in found:
        check_text(v)
    return dict(found)


def check_text(v):
    if isinstance(v, str) and has_surrogate(v):
        raise ValueError
    if isinstance(v, list):
        for element in v:
            check_text(element)


DECODER = json.JSONDecoder(object_pairs_hook=pairs, parse_int=Number,
                           parse_float=Number, parse_constant=refuse)


def depth_of(text):
    depth = most = 0
    quoted = escaped = False
    for c in text:
        if quoted:
            quoted = escaped or c != '"'
            escaped = c == "\\" and not escaped
            continue
        quoted = c == '"'
        depth += (c in "[{") - (c in "]}")
        most = max(most, depth)
    return most


def records(text):
    """Each good record: its value."""
    at = 0
    while at < len(text):
        begin = at
        while at < len(text) and text[at] in " \t\r\n":
            if text[at] == "\n":
                begin = at + 1
            at += 1
        if at == len(text):
            return
        try:
            v, end = DECODER.raw_decode(text, at)
            check_text(v)
            line = text.index("\n", end)
            if text[end:line].strip(" \t\r") or depth_of(text[at:end]) > 64:
                raise ValueError
            if isinstance(v, dict):
                yield v
            else:
                raise ValueError
            at = line + 1
        except (ValueError, RecursionError):
            at = text.index("\n", begin) + 1


def member(v, key):
    return v.get(key) if isinstance(v, dict) else None


def cells(v):
    ab = member(v, "a b")
    second = ab[1] if isinstance(ab, list) and len(ab) > 1 else None
    return {"k": member(v, "k"), "x": member(member(v, "o"), "k"),
            "y": member(second, "z")}


def same(cell, v):
    if isinstance(v, bool):
        return cell == ("true" if v else "false")
    if isinstance(v, (dict, list)):
        return DECODER.decode(cell) == v
    return cell == v


def check(path, out):
    with open(path, "rb") as f:
        text = f.read().decode("utf-8", "surrogateescape")
    want = [cells(v) for v in records(text)]
    with open(out, encoding="utf-8") as f:
        got = [json.loads(line) for line in f]
    if len(want) != len(got):
        print(f"{len(got)} records instead of {len(want)}")
    bad = len(want) != len(got)
    for i, (w, g) in enumerate(zip(want, got)):
        if not all(same(g[c], w[c]) for c in w):
            print(f"record {i}: {g} instead of {w}")
            return 1
    return int(bad)


def main():
    if sys.argv[1] == "check":
        return check(sys.argv[2], sys.argv[3])
    r = random.Random(int(sys.argv[2]))
    text = "".join(record(r) for _ in range(int(sys.argv[3])))
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    return 0


sys.exit(main())
