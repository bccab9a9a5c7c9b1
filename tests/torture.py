#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Break a pipeline that resumes at every place, and see what it makes of it.

usage: torture.py [--sample N] [--seed N] kill|fail|alloc|damage|power

A log is read by two runs of sbatch --once -S | smap | ssink, and is rotated
between them.  The second run is broken:
  kill    a stage is killed at one of its system calls
  fail    one system call fails, with EIO, ENOSPC or EINTR
  alloc   one allocation fails
  damage  before it, a file of the directory is changed or cut
  power   the power goes, and what was not flushed is there, or not, or torn
Then the same line runs again, unbroken.  The output of all runs together must
be that of a run which nothing happened to; at each moment it must be the
beginning of it.  --sample takes so many of the places, chosen by the seed;
else all are tried.  The status is 1 when something was wrong.
"""
import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

FIRST = "".join("%d\n" % i for i in range(1, 4))
MORE = "".join("%d\n" % i for i in range(4, 7))
LAST = "".join("%d\n" % i for i in range(7, 10))
RIGHT = [str(i) for i in range(1, 10) if i != 2]
STAGES = [
    ["sbatch", "-f", "lines", "--once", "-S", "d", "a.log"],
    ["smap", "-w", 'line <> "2"'],
    ["ssink", "-N", "out/{epoch}.tsv"],
]
# What changes a file, or tells whether it has been changed.
CALLS = ("openat write writev pwrite64 fsync rename renameat renameat2 "
         "unlinkat ftruncate mkdir mkdirat linkat read pread64 close").split()
FATAL = ("fsync", "renameat", "rename", "renameat2")  # these must not fail
DATA, IO, MEMORY = 65, 74, 71

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static long n, at = -1;

static int
fails(void)
{
	if (at == -1) {
		const char *s = getenv("FAIL_AT");
		at = s == NULL ? 0 : atol(s);
	}
	if (__atomic_add_fetch(&n, 1, __ATOMIC_RELAXED) != at)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t a) { return fails() ? NULL : __libc_malloc(a); }
void *calloc(size_t a, size_t b) { return fails() ? NULL : __libc_calloc(a, b); }
void *realloc(void *p, size_t a) { return fails() ? NULL : __libc_realloc(p, a); }
void *
reallocarray(void *p, size_t a, size_t b)
{
	size_t len;

	if (__builtin_mul_overflow(a, b, &len)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, len);
}

__attribute__((destructor)) static void
tell(void)
{
	const char *path = getenv("COUNT_TO");
	char text[32];
	int fd = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd == -1)
		return;
	snprintf(text, sizeof(text), "%ld", n);
	if (write(fd, text, strlen(text)) == -1)
		abort();
	close(fd);
}
"""


class Run:
    """One run of the pipeline: statuses, and what was said."""

    def __init__(self, where, broken=None, prefix=(), env=None):
        procs, before = [], subprocess.DEVNULL
        errors = open(os.path.join(where, "errors"), "w+b")
        for i, stage in enumerate(STAGES):
            args = list(prefix) + stage if i == broken else stage
            last = i == len(STAGES) - 1
            p = subprocess.Popen(
                args, cwd=where, stdin=before, stderr=errors,
                stdout=subprocess.DEVNULL if last else subprocess.PIPE,
                env={**os.environ, **env} if env and i == broken else None)
            if before != subprocess.DEVNULL:
                before.close()
            before = p.stdout
            procs.append(p)
        self.statuses = [p.wait(timeout=60) for p in procs]
        errors.seek(0)
        self.said = errors.read().decode("utf-8", "replace")
        errors.close()


def shown(where):
    """The rows of the published files, in the order of their epochs."""
    out = os.path.join(where, "out")
    rows = []
    if os.path.isdir(out):
        names = [n for n in os.listdir(out) if re.fullmatch(r"\d+\.tsv", n)]
        for name in sorted(names, key=lambda n: int(n[:-4])):
            with open(os.path.join(out, name), encoding="utf-8") as f:
                rows += f.read().split("\n")[:-1]
    return rows


def write(path, text, mode="w"):
    with open(path, mode, encoding="utf-8") as f:
        f.write(text)


class Torture:
    def __init__(self, args):
        self.args = args
        self.random = random.Random(args.seed)
        self.top = tempfile.mkdtemp(prefix="torture.")
        self.base = os.path.join(self.top, "base")
        self.bad = self.done = 0
        self.prepare()

    def prepare(self):
        """The log behind its first run, and rotated."""
        os.makedirs(os.path.join(self.base, "out"))
        write(os.path.join(self.base, "a.log"), FIRST)
        r = Run(self.base)
        assert r.statuses == [0, 0, 0], r.said
        write(os.path.join(self.base, "a.log"), MORE, "a")
        os.rename(os.path.join(self.base, "a.log"),
                  os.path.join(self.base, "a.log.1"))
        write(os.path.join(self.base, "a.log"), LAST)

    def place(self):
        """What prepare has made, again; the log's files stay the same ones."""
        where = os.path.join(self.top, "run")
        shutil.rmtree(where, ignore_errors=True)
        shutil.copytree(self.base, where)
        for name in ("a.log", "a.log.1"):
            os.remove(os.path.join(where, name))
            os.link(os.path.join(self.base, name), os.path.join(where, name))
        return where

    def object(self, what, text):
        self.bad += 1
        print("%s: %s (seed %d)" % (what, text, self.args.seed))

    def chosen(self, places):
        places = list(places)
        n = self.args.sample
        if n and n < len(places):
            places = self.random.sample(places, n)
        return places

    def check(self, what, where, r=None, later=False):
        """
        Now the beginning of the right output; after a run, all of it.  later:
        an orderly run may have left rows to the next one.
        """
        self.done += 1
        now = shown(where)
        if now != RIGHT[:len(now)]:
            self.object(what, "shows %s" % now)
        again = Run(where)
        if again.statuses != [0, 0, 0]:
            self.object(what, "then %s: %s" % (again.statuses, again.said))
        if shown(where) != RIGHT:
            self.object(what, "ends with %s" % shown(where))
        if r is not None and not later and r.statuses[-1] == 0 \
                and now != RIGHT:
            self.object(what, "status 0, but shows %s" % now)

    def calls(self):
        """(stage, call, n): each call of each stage, loading left out."""
        for i in range(len(STAGES)):
            where = self.place()
            log = os.path.join(self.top, "log")
            Run(where, i, ["strace", "-o", log, "-e",
                           "trace=" + ",".join(CALLS)])
            seen = {}
            with open(log, encoding="utf-8", errors="replace") as f:
                for line in f:
                    name = line.split("(")[0]
                    if name not in CALLS:
                        continue
                    seen[name] = seen.get(name, 0) + 1
                    yield i, name, seen[name]

    def inject(self, i, call, n, what):
        where = self.place()
        return where, Run(where, i, [
            "strace", "-o", os.devnull, "-e", "trace=" + call, "-e",
            "inject=%s:%s:when=%d" % (call, what, n)])

    def kill(self):
        for i, call, n in self.chosen(self.calls()):
            where, r = self.inject(i, call, n, "signal=KILL")
            self.check("%s killed at %s %d" % (STAGES[i][0], call, n),
                       where, r)

    def fail(self):
        places = [c + (e,) for c in self.calls() if c[1] != "close"
                  for e in ("EIO", "ENOSPC", "EINTR")]
        for i, call, n, error in self.chosen(places):
            where, r = self.inject(i, call, n, "error=" + error)
            what = "%s: %s %d: %s" % (STAGES[i][0], call, n, error)
            if r.statuses[i] != 0 and not r.said:
                self.object(what, "status %d without a word" % r.statuses[i])
            if call in FATAL and (r.statuses[i] != IO
                                  or r.statuses[-1] != IO):
                self.object(what, "statuses %s" % r.statuses)
            # A log that cannot be looked for now is read by the next run.
            self.check(what, where, r, later=call == "openat")

    def alloc(self):
        shim = os.path.join(self.top, "fail.so")
        write(shim + ".c", SHIM)
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-fno-builtin",
                        "-o", shim, shim + ".c"], check=True)
        count = os.path.join(self.top, "count")
        places = []
        for i in range(len(STAGES)):
            Run(self.place(), i, env={"LD_PRELOAD": shim, "COUNT_TO": count})
            with open(count, encoding="utf-8") as f:
                places += [(i, n) for n in range(1, int(f.read()) + 1)]
        for i, n in self.chosen(places):
            where = self.place()
            r = Run(where, i, env={"LD_PRELOAD": shim, "FAIL_AT": str(n)})
            what = "%s: allocation %d" % (STAGES[i][0], n)
            if r.statuses[i] not in (MEMORY, 0) and not (
                    r.statuses[i] == IO
                    and "Cannot allocate memory" in r.said):
                self.object(what, "status %d: %s" % (r.statuses[i], r.said))
            if r.statuses[i] != 0 and not r.said:
                self.object(what, "without a word")
            self.check(what, where, r)

    def damage(self):
        d = os.path.join(self.base, "d")
        places = []
        names = [n for n in sorted(os.listdir(d)) if not n.endswith(".lock")
                 and not n.startswith(("0.", "2."))]
        for name in names:
            size = os.path.getsize(os.path.join(d, name))
            places += [(name, "cut", n) for n in range(size)]
            places += [(name, "flip", n) for n in range(8 * size)]
        where = self.place()
        for name, how, n in self.chosen(places):
            self.done += 1
            path = os.path.join(where, "d", name)
            with open(path, "rb") as f:
                good = f.read()
            bad = bytearray(good[:n] if how == "cut" else good)
            if how == "flip":
                bad[n // 8] ^= 1 << n % 8
            with open(path, "wb") as f:
                f.write(bad)
            stage = name.split(".")[2] if "." in name else None
            look = ["millrace", "dump", "d", stage] if stage else [
                "millrace", "status", "d"]
            rc = subprocess.run(look, cwd=where, check=False,
                                capture_output=True).returncode
            if rc != DATA:
                self.object("%s %s %d" % (name, how, n), "status %d" % rc)
            if self.random.random() < 0.02:
                r = Run(where)
                if r.statuses[-1] not in (DATA, IO) or \
                        DATA not in r.statuses or shown(where) != RIGHT[:2]:
                    self.object("%s %s %d" % (name, how, n),
                                "statuses %s: %s" % (r.statuses, r.said))
                where = self.place()
                path = os.path.join(where, "d", name)
            with open(path, "wb") as f:
                f.write(good)

    def power(self):
        import powerloss
        where = self.place()
        files = powerloss.Files(where)
        logs = os.path.join(self.top, "logs")
        os.makedirs(logs)
        trace = ["strace", "-ff", "-ttt", "-y", "-xx", "-s", "1048576",
                 "-e", "trace=" + ",".join(powerloss.CALLS), "-o"]
        tracer = Traced(where, [trace + [os.path.join(logs, str(i))]
                                for i in range(len(STAGES))])
        assert tracer.statuses == [0, 0, 0], tracer.said
        ops = powerloss.read(logs)
        places = [(k, how) for k in range(len(ops) + 1)
                  for how in ("lost", "kept", "some", "some", "some")]
        for k, how in self.chosen(places):
            where = self.place()
            powerloss.build(files, where, ops[:k], how, self.random)
            self.check("power lost behind %d of %d calls, unflushed %s" % (
                k, len(ops), how), where)


class Traced(Run):
    """A run of which all stages have a prefix."""

    def __init__(self, where, prefixes):
        global STAGES
        plain = STAGES
        STAGES = [p + s for p, s in zip(prefixes, plain)]
        try:
            super().__init__(where)
        finally:
            STAGES = plain


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--sample", type=int, default=0)
    p.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    p.add_argument("what", choices="kill fail alloc damage power".split())
    args = p.parse_args()
    t = Torture(args)
    try:
        getattr(t, args.what)()
    finally:
        shutil.rmtree(t.top, ignore_errors=True)
    print("%s: %d places, %d wrong" % (args.what, t.done, t.bad))
    return 0 if t.bad == 0 and t.done > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
