#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Run every command of the table in millrace(7) and compare what it answers.

usage: dstream.py PAGE CASES

The table is what stands in .Bd -literal blocks below .Sh "DSTREAM NAMES": a
name, two blanks or more, and the command; a line that begins with a blank
goes on with the one before.

CASES has three lines a name: the name; the line that runs it, in which {} is
the command of the page; the lines that come out, apart by " | ", after the
dates of SHORT are left out.  The lines before the first case are a script that
makes the files and functions that all cases use.  Every name of the page must
have one case, and every case a name.
"""
import re
import subprocess
import sys
import tempfile

from examples import plain

SHORT = "2026-01-01T"


def table(path):
    """The commands of the page, by name."""
    out, name, inside, literal = {}, None, False, False
    with open(path, encoding="utf-8") as f:
        for line in f.read().splitlines():
            if line.startswith(".Sh "):
                inside = line == ".Sh DSTREAM NAMES"
            elif line.startswith("."):
                literal = line == ".Bd -literal"
            elif inside and literal and line.startswith(" "):
                out[name] = (out[name] + " " + plain(line).strip()).strip()
            elif inside and literal:
                name, _, command = plain(line).partition("  ")
                if name in out:
                    sys.exit("%s: %s stands there twice" % (path, name))
                out[name] = command.strip()
    return out


def cases(path):
    """(script, (name, line, expected) ...) of a file of cases."""
    with open(path, encoding="utf-8") as f:
        script, _, rest = f.read().partition("\n# Cases\n")
    out = []
    for group in re.split(r"\n\n+", rest.strip()):
        lines = group.split("\n")
        if len(lines) != 3:
            sys.exit("%s: no three lines: %s" % (path, group))
        out.append(lines)
    return script, out


def answer(script, line):
    """What a line prints, errors too, as a case has it."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["bash", "-c", script + "\n" + line],
                              cwd=folder, timeout=300, check=False,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    text = done.stdout.decode("utf-8", "replace").replace(SHORT, "")
    status = " (status %d)" % done.returncode if done.returncode else ""
    return " | ".join(text.splitlines()) + status


def main(page, path):
    commands = table(page)
    script, groups = cases(path)
    bad = 0
    for name, line, want in groups:
        command = commands.pop(name, None)
        if command is None:
            problem = "the page has no such name, or two cases have it"
        elif "{}" not in line:
            problem = "the case does not run the command of the page"
        else:
            got = answer(script, line.replace("{}", command))
            if got == want:
                continue
            problem = "%s\n  want %s\n  got  %s" % (command, want, got)
        bad += 1
        print("%s: %s" % (name, problem))
    for name in commands:
        bad += 1
        print("%s: no case" % name)
    print("%d names, %d wrong" % (len(groups), bad))
    return 0 if bad == 0 and groups else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
