#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Break a pipeline that resumes at every place, and see what it makes of it.

usage: torture.py [--sample N] [--seed N] [--jobs N] [--case NAME]... WHAT

There must be a PostgreSQL server in PGHOST, unless no case is postgres.

A log is read by two runs of a pipeline of tortured.py, sbatch --once -S
among its stages, and is rotated between them.  The second run is broken:
  kill    a stage is killed at one of its system calls
  fail    one system call fails, with EIO, ENOSPC or EINTR
  short   one system call reads or writes half of what it was to, or all do
  alloc   one allocation fails
  damage  before it, a file of the directory is changed or cut
  power   the power goes, and what was not flushed is there, or not, or torn
Then the same line runs again, unbroken, up to the end of the data.  What is
committed in the end must be right; behind the broken run there must be the
output of the run before, or that of both, and nothing else.  --sample takes so
many of the places of each pipeline, chosen by the seed; else all are tried.
The status is 1 when something was wrong.
"""
import argparse
import concurrent.futures
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import threading

import powerloss
from tortured import CASES, Run

# What changes a file, or tells whether it has been changed.
CALLS = ("openat write writev pwrite64 fsync fdatasync rename renameat "
         "renameat2 unlink unlinkat ftruncate mkdir mkdirat linkat read "
         "pread64 close sendto recvfrom connect poll").split()
FATAL = ("fsync", "renameat", "rename", "renameat2")  # these must not fail
# A close that fails is told by what it closes; a server answers what it was
# sent, though the sending is said to have failed, and is waited for.
UNTOLD = ("close", "poll", "sendto")
DATA, IO, MEMORY = 65, 74, 71

COUNTED = r"""
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long n, at = -1;

/* Whether this call is the one. */
static int
now(void)
{
	if (at == -1) {
		const char *s = getenv("FAIL_AT");
		at = s == NULL ? 0 : strcmp(s, "all") == 0 ? -2 : atol(s);
	}
	return __atomic_add_fetch(&n, 1, __ATOMIC_RELAXED) == at || at == -2;
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
	if (syscall(SYS_write, fd, text, strlen(text)) == -1)
		abort();
	close(fd);
}
"""

ALLOC = COUNTED + r"""
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static int
fails(void)
{
	if (!now())
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
"""

SHORT = COUNTED + r"""
static size_t
half(size_t len)
{
	return now() && len > 1 ? len / 2 : len;
}

ssize_t read(int fd, void *p, size_t len)
{ return syscall(SYS_read, fd, p, half(len)); }
ssize_t write(int fd, const void *p, size_t len)
{ return syscall(SYS_write, fd, p, half(len)); }
ssize_t pread(int fd, void *p, size_t len, off_t off)
{ return syscall(SYS_pread64, fd, p, half(len), off); }
ssize_t pread64(int fd, void *p, size_t len, off_t off)
{ return syscall(SYS_pread64, fd, p, half(len), off); }
ssize_t pwrite(int fd, const void *p, size_t len, off_t off)
{ return syscall(SYS_pwrite64, fd, p, half(len), off); }
ssize_t pwrite64(int fd, const void *p, size_t len, off_t off)
{ return syscall(SYS_pwrite64, fd, p, half(len), off); }
ssize_t send(int fd, const void *p, size_t len, int flags)
{ return syscall(SYS_sendto, fd, p, half(len), flags, NULL, 0); }
ssize_t recv(int fd, void *p, size_t len, int flags)
{ return syscall(SYS_recvfrom, fd, p, half(len), flags, NULL, NULL); }
ssize_t
writev(int fd, const struct iovec *iov, int n_iov)
{
	struct iovec first = iov[0];

	if (!now() || first.iov_len < 2)
		return syscall(SYS_writev, fd, iov, n_iov);
	first.iov_len /= 2;
	return syscall(SYS_writev, fd, &first, 1);
}
"""


class Torture:
    def __init__(self, case, args, top):
        self.case, self.args = case, args
        self.random = random.Random(args.seed)
        self.top = tempfile.mkdtemp(dir=top)
        self.bad = self.done = 0
        self.lock = threading.Lock()
        self.slots = queue.Queue()
        for i in range(args.jobs):
            self.slots.put(os.path.join(self.top, "run%d" % i))
        case.learn(os.path.join(self.top, "run0"))

    def object(self, what, text):
        with self.lock:
            self.bad += 1
            print("%s: %s: %s (seed %d)" % (
                self.case.name, what, text, self.args.seed), flush=True)

    def chosen(self, places):
        places = list(places)
        n = self.args.sample
        if n and n < len(places):
            places = self.random.sample(places, n)
        return places

    def each(self, attempt, places):
        """Try all places, several at a time, each in a folder of its own, of
        which there are as many as slots."""
        def one(place):
            where = self.slots.get()
            try:
                self.case.place(where)
                attempt(where, *place)
            except Exception as why:  # what is wrong is told of with its place
                self.object(" ".join(map(str, place)), repr(why))
            finally:
                self.slots.put(where)
        with concurrent.futures.ThreadPoolExecutor(
                self.slots.qsize()) as pool:
            list(pool.map(one, places))

    def check(self, what, where, r=None, later=False):
        """
        What shows now, and what the next run makes of it.  later: an orderly
        run may have left rows to the next one.
        """
        with self.lock:
            self.done += 1
        if r is not None and ("(null)" in r.said or any(
                s < 0 and s not in (-9, -13) for s in r.statuses)):
            self.object(what, "statuses %s: %s" % (r.statuses, r.said))
        now = self.case.shown(where)
        if not later and not self.case.may_show(now):
            self.object(what, "shows %s" % now)
        if r is not None and not later and r.statuses[-1] == 0 \
                and now != self.case.after:
            self.object(what, "status 0, but shows %s" % now)
        again = Run(self.case, where, once=False)
        if any(again.statuses):
            self.object(what, "then %s: %s, after %s: %s" % (
                again.statuses, again.said, r and r.statuses, r and r.said))
        elif self.case.shown(where) != self.case.right:
            self.object(what, "ends with %s" % self.case.shown(where))

    def counted(self, where, source, name):
        """(stage, n) for each call that a library of that source counts."""
        lib = os.path.join(self.top, name + ".so")
        count = os.path.join(self.top, "count")
        with open(lib + ".c", "w", encoding="ascii") as f:
            f.write(source)
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-fno-builtin",
                        "-o", lib, lib + ".c"], check=True)
        places = []
        for i in range(len(self.case.stages)):
            self.case.place(where)
            Run(self.case, where, i,
                env={"LD_PRELOAD": lib, "COUNT_TO": count})
            with open(count, encoding="utf-8") as f:
                places += [(i, n) for n in range(1, int(f.read()) + 1)]
        return lib, places

    def calls(self, where):
        """(stage, call, n): each call of each stage, loading left out."""
        for i in range(len(self.case.stages)):
            self.case.place(where)
            log = os.path.join(self.top, "log")
            Run(self.case, where, i, ["strace", "-o", log, "-e",
                                      "trace=" + ",".join(CALLS)])
            seen = {}
            with open(log, encoding="utf-8", errors="replace") as f:
                for line in f:
                    name = line.split("(")[0]
                    if name not in CALLS:
                        continue
                    seen[name] = seen.get(name, 0) + 1
                    yield i, name, seen[name]

    def log_of(self, where):
        return os.path.join(self.top, os.path.basename(where) + ".log")

    def inject(self, where, i, call, n, what):
        return Run(self.case, where, i, [
            "strace", "-o", self.log_of(where), "-e", "trace=" + call, "-e",
            "inject=%s:%s:when=%d" % (call, what, n)])

    def injected(self, where):
        """Whether the last run there came to that call."""
        with open(self.log_of(where), encoding="utf-8", errors="replace") as f:
            return "(INJECTED)" in f.read()

    def kill(self, where):
        def attempt(where, i, call, n):
            r = self.inject(where, i, call, n, "signal=KILL")
            self.check("%s killed at %s %d" % (
                self.case.stages[i][0], call, n), where, r)
        self.each(attempt, self.chosen(self.calls(where)))

    def fail(self, where):
        def attempt(where, i, call, n, error):
            r = self.inject(where, i, call, n, "error=" + error)
            what = "%s: %s %d: %s" % (self.case.stages[i][0], call, n, error)
            if r.statuses[i] != 0 and not r.said:
                self.object(what, "status %d without a word" % r.statuses[i])
            # A library may know better of its own files.
            last = i + 1 == len(r.statuses)
            if call in FATAL and not (last and self.case.database) and (
                    r.statuses[i] != IO or r.statuses[-1] != IO) \
                    and self.injected(where):
                self.object(what, "statuses %s" % r.statuses)
            # A log that cannot be looked into now, which is told, is read by
            # the next run.
            self.check(what, where, r, later=i == 0 and call in (
                "openat", "pread64") and r.said != "")
        self.each(attempt, self.chosen(
            c + (e,) for c in self.calls(where) if c[1] not in UNTOLD
            for e in ("EIO", "ENOSPC", "EINTR")))

    def short(self, where):
        lib, places = self.counted(where, SHORT, "short")

        def attempt(where, i, n):
            r = Run(self.case, where, i,
                    env={"LD_PRELOAD": lib, "FAIL_AT": str(n)})
            what = "%s: half of call %s" % (self.case.stages[i][0], n)
            if any(r.statuses):
                self.object(what, "statuses %s: %s" % (r.statuses, r.said))
            self.check(what, where, r)
        self.each(attempt, self.chosen(places) + [
            (i, "all") for i in range(len(self.case.stages))])

    def alloc(self, where):
        lib, places = self.counted(where, ALLOC, "alloc")

        def attempt(where, i, n):
            r = Run(self.case, where, i,
                    env={"LD_PRELOAD": lib, "FAIL_AT": str(n)})
            what = "%s: allocation %d" % (self.case.stages[i][0], n)
            if r.statuses[i] not in (MEMORY, 0) and not (
                    r.statuses[i] == IO
                    and "Cannot allocate memory" in r.said):
                self.object(what, "status %d: %s" % (r.statuses[i], r.said))
            if r.statuses[i] != 0 and not r.said:
                self.object(what, "without a word")
            self.check(what, where, r)
        self.each(attempt, self.chosen(places))

    def damage(self, where):
        d = os.path.join(where + ".base", "d")
        places = []
        # Locks and what the restart does not read tell nothing.
        names = [n for n in sorted(os.listdir(d)) if not n.endswith(
            (".lock", ".rows", ".litter", ".pending"))
                 and not n.startswith(("0.", "2."))]
        for name in names:
            size = os.path.getsize(os.path.join(d, name))
            places += [(name, "cut", n) for n in range(size)]
            places += [(name, "flip", n) for n in range(8 * size)]
        chance = random.Random(self.args.seed)

        def attempt(where, name, how, n):
            self.done += 1
            path = os.path.join(where, "d", name)
            with open(path, "rb") as f:
                bad = bytearray(f.read())
            if how == "cut":
                del bad[n:]
            else:
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
            if chance.random() > 0.02:
                return
            r = Run(self.case, where)
            if r.statuses[-1] not in (DATA, IO) or DATA not in r.statuses \
                    or self.case.shown(where) != self.case.before:
                self.object("%s %s %d" % (name, how, n),
                            "statuses %s: %s" % (r.statuses, r.said))
        self.each(attempt, self.chosen(places))

    def power(self, where):
        self.case.place(where)
        files = powerloss.Files(where)
        logs = os.path.join(self.top, "logs")
        os.makedirs(logs)
        trace = ["strace", "-ff", "-ttt", "-y", "-xx", "-s", "1048576",
                 "-e", "trace=" + ",".join(powerloss.CALLS), "-o"]
        r = Run(self.case, where, prefixes=[
            trace + [os.path.join(logs, str(i))]
            for i in range(len(self.case.stages))])
        assert not any(r.statuses), r.said
        ops = powerloss.read(logs)
        self.case.keep(where, ops)
        places = [(k, how, i) for k in range(len(ops) + 1) for i, how in
                  enumerate(("lost", "kept", "some", "some", "some"))]
        # The calls are those of this folder.
        self.slots = queue.Queue()
        self.slots.put(where)

        def attempt(where, k, how, i):
            chance = random.Random("%d %d %d" % (self.args.seed, k, i))
            powerloss.build(files, where, ops[:k], how, chance)
            self.case.restore(where, k, chance)
            self.check("power lost behind %d of %d calls, unflushed %s %d" % (
                k, len(ops), how, i), where)
        self.each(attempt, self.chosen(places))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--sample", type=int, default=0)
    p.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    p.add_argument("--jobs", type=int, default=3)
    p.add_argument("--case", action="append", choices=list(CASES))
    p.add_argument("what",
                   choices="kill fail short alloc damage power".split())
    args = p.parse_args()
    top = tempfile.mkdtemp(prefix="torture.")
    bad = 0
    try:
        for name in args.case or CASES:
            t = Torture(CASES[name](name), args, top)
            getattr(t, args.what)(os.path.join(t.top, "run0"))
            print("%s, %s: %d places, %d wrong" % (
                args.what, name, t.done, t.bad), flush=True)
            bad += t.bad + (t.done == 0)
    finally:
        shutil.rmtree(top, ignore_errors=True)
    return 0 if bad == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
