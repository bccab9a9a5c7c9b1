#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Run the examples of a page and compare what they print.

usage: examples.py PAGE...

In a man page an example is a .Bd -literal block below .Sh EXAMPLES, in
README.md a fenced block marked console.  A line that begins with "$ " is a
command, one that begins with "> " continues it, the lines after are its exact
output, standard error included, in either order.  A line "..." stands for any lines.  The
commands of a page run in order in one empty folder.
"""
import difflib
import re
import subprocess
import sys
import tempfile


def blocks(path):
    """The example blocks of a page, as lists of lines."""
    inside, block, out = False, None, []
    man = not path.endswith(".md")
    with open(path, encoding="utf-8") as f:
        for line in f:
            line = line.rstrip("\n")
            if man and line.startswith(".Sh "):
                inside = line == ".Sh EXAMPLES"
            begins = inside and line.startswith(".Bd -literal") if man \
                else line == "```console"
            ends = line == ".Ed" if man else line == "```"
            if block is None and begins:
                block = []
            elif block is not None and ends:
                out.append(block)
                block = None
            elif block is not None:
                block.append(plain(line) if man else line)
    return out


def plain(line):
    """A line of roff as it is typed."""
    line = re.sub(r"^\\&", "", line)
    for roff, char in (("\\(aq", "'"), ("\\(dq", '"'), ("\\(ha", "^"),
                       ("\\(ti", "~"), ("\\(ga", "`"), ("\\-", "-"),
                       ("\\&", ""), ("\\e", "\\")):
        line = line.replace(roff, char)
    return line


def examples(block):
    """(command, lines of output) of a block."""
    out = []
    for line in block:
        if line.startswith("$ "):
            out.append((line[2:], []))
        elif line.startswith("> ") and out and not out[-1][1]:
            out[-1] = (out[-1][0] + "\n" + line[2:], [])
        elif out:
            out[-1][1].append(line)
    return out


def matches(want, got):
    if "..." not in want:
        return want == got
    pattern = "".join("(.*\n)*?" if w == "..." else re.escape(w) + "\n"
                      for w in want)
    return re.fullmatch(pattern, "".join(g + "\n" for g in got)) is not None


def run(command, folder):
    """What a command prints: lines of errors, lines of output."""
    done = subprocess.run(["bash", "-c", command], cwd=folder, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, check=False)
    return [text.decode("utf-8", "replace").splitlines()
            for text in (done.stderr, done.stdout)]


def check(path):
    bad = n = 0
    with tempfile.TemporaryDirectory() as folder:
        for block in blocks(path):
            for command, want in examples(block):
                errors, output = run(command, folder)
                got = errors + output
                while want and want[-1] == "":
                    want.pop()
                # Which of the two a terminal shows first is chance.
                want = [w for w in want if w in errors] \
                    + [w for w in want if w not in errors]
                n += 1
                if not matches(want, got):
                    bad += 1
                    print("%s: $ %s" % (path, command))
                    print("\n".join(difflib.unified_diff(
                        want, got, "page", "run", lineterm="")))
    print("%s: %d examples, %d wrong" % (path, n, bad))
    return bad == 0 and n > 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(0 if all([check(p) for p in sys.argv[1:]]) else 1)
