# SPDX-License-Identifier: ISC
"""The pipelines that torture.py breaks.

Each reads a log in two runs, and a third to its end.  before: what shows after
the first run; after: after the second; right: in the end.
"""
import collections
import os
import shutil
import subprocess
import time
import zlib

ONCE = "--once"
LIMIT_S = 300  # for a run that should end by itself


class Run:
    """One run of a pipeline: statuses, and what was said.  Stage broken, or
    with prefixes each, has words before it."""

    def __init__(self, case, where, broken=None, prefix=(), env=None,
                 once=True, prefixes=None):
        procs, before = [], subprocess.DEVNULL
        stages = case.stages
        if not once:
            stages = [[w for w in stage if w != ONCE] for stage in stages]
        if prefixes is None:
            prefixes = [prefix if i == broken else ()
                        for i in range(len(stages))]
        with open(os.path.join(where, "errors"), "w+b") as errors:
            for i, stage in enumerate(stages):
                last = i == len(stages) - 1
                p = subprocess.Popen(
                    list(prefixes[i]) + stage, cwd=where, stdin=before,
                    stdout=subprocess.DEVNULL if last else subprocess.PIPE,
                    stderr=errors,
                    env={**case.env(where),
                         **(env if env and i == broken else {})})
                if before != subprocess.DEVNULL:
                    before.close()
                before = p.stdout
                procs.append(p)
            try:
                self.statuses = [p.wait(LIMIT_S) for p in procs]
            except subprocess.TimeoutExpired:
                for p in procs:
                    p.kill()
                raise
            errors.seek(0)
            self.said = errors.read().decode("utf-8", "replace")


def write(path, text, mode="w"):
    with open(path, mode, encoding="utf-8") as f:
        f.write(text)


class Case:
    database = False
    log = "a.csv"
    others = {}  # files that the pipeline reads, too

    def __init__(self, name):
        self.name = name
        self.parts = ["".join(",".join(map(str, r)) + "\n" for r in rows)
                      for rows in self.rows]
        self.before = self.after = None
        self.right = sorted(self.expected([r for p in self.rows for r in p])) \
            if self.is_set else self.expected([r for p in self.rows for r in p])

    is_set = False  # the order of what shows is nobody's

    def env(self, where):
        return dict(os.environ)

    def prepare(self, where):
        """In folder.base, what a folder is before it is broken: behind a first
        run, and the log rotated.  What a sink keeps has full paths in it."""
        os.makedirs(os.path.join(where, "out"))
        for name, text in self.others.items():
            write(os.path.join(where, name), text)
        log = os.path.join(where, self.log)
        self.begin(where)
        write(log, self.parts[0])
        r = Run(self, where)
        assert not any(r.statuses), r.said
        write(log, self.parts[1], "a")
        os.rename(log, log + ".1")
        write(log, self.parts[2])
        self.settle(where)
        os.rename(where, where + ".base")

    def learn(self, where):
        """What shows when nothing is broken."""
        self.place(where)
        self.before = self.shown(where)
        r = Run(self, where)
        assert not any(r.statuses), r.said
        self.after = self.shown(where)
        assert self.before != self.after, self.after
        r = Run(self, where, once=False)
        assert not any(r.statuses), r.said
        assert self.shown(where) == self.right, (
            self.shown(where), self.right)

    def begin(self, where):
        """Before the first run."""

    def settle(self, where):
        """Behind it."""

    def place(self, where):
        """What prepare has made, again; the log's files stay the same ones."""
        base = where + ".base"
        if not os.path.isdir(base):
            self.prepare(where)
        shutil.rmtree(where, ignore_errors=True)
        shutil.copytree(base, where)
        for name in (self.log, self.log + ".1"):
            os.remove(os.path.join(where, name))
            os.link(os.path.join(base, name), os.path.join(where, name))

    def keep(self, where, ops):
        """After a run whose calls are ops: what is not in files."""

    def restore(self, where, k, chance):
        """Of that, what there is behind k calls."""

    def may_show(self, now):
        return now in (self.before, self.after)

    def shown(self, where):
        """The rows of the published files, in the order of their epochs."""
        out = os.path.join(where, "out")
        rows = []
        names = [n for n in os.listdir(out) if not n.startswith(".")]
        for name in sorted(names, key=lambda n: int(n[:-4])):
            with open(os.path.join(out, name), encoding="utf-8") as f:
                rows += f.read().split("\n")[:-1]
        return rows


class Files(Case):
    rows = [[(i, "ab"[i % 2]) for i in range(*r)]
            for r in ((1, 4), (4, 7), (7, 10))]
    stages = [
        ["sbatch", "-f", "csv", "-N", "-c", "n:int,k", ONCE, "-S", "d",
         "a.csv"],
        ["smap", "-w", "n <> 2"],
        ["ssink", "-N", "out/{epoch}.tsv"]]

    def expected(self, rows):
        return ["%d\t%s" % r for r in rows if r[0] != 2]


class Append(Files):
    """Readers see rows that are cut off again."""
    stages = Files.stages[:2] + [["ssink", "-N", "--append", "out/1.tsv"]]

    def may_show(self, now):
        return now == self.after[:len(now)] or now[:len(self.before)] \
            == self.before


class State(Case):
    """Sorted, in sliding windows, joined, grouped."""
    rows = [[(t, k, n) for t, k, n in r] for r in (
        [(3, "a", 1), (1, "b", 2), (4, "a", 3), (6, "c", 4), (5, "b", 5)],
        [(8, "a", 6), (7, "a", 7), (11, "c", 8), (10, "b", 9)],
        [(13, "a", 10), (12, "b", 11), (19, "a", 12), (18, "c", 13)])]
    others = {"table.csv": "k,name\na,one\nb,two\nb,zwei\n"}
    stages = [
        ["sbatch", "-f", "csv", "-N", "-c", "t:time(s),k,n:int", "-t", "t",
         ONCE, "-S", "d", "a.csv"],
        ["swindow", "-q", "--sort", "--late", "2s"],
        ["swindow", "-q", "4s/2s"],
        ["sjoin", "--left", "-k", "k", "table.csv"],
        ["sreduce", "-k", "name", "count() as c, sum(n) as s, first(n) as f"],
        ["ssink", "-N", "out/{epoch}.tsv"]]

    def expected(self, rows):
        names = {"a": ["one"], "b": ["two", "zwei"], "c": ["\\N"]}
        windows = collections.OrderedDict()
        rows = sorted(rows)
        for t, k, n in rows:
            for end in range(t // 2 * 2 + 2, t // 2 * 2 + 6, 2):
                for name in names[k]:
                    windows.setdefault((end, name), []).append(n)
        out = []
        for end, name in sorted(windows, key=lambda w: w[0]):
            v = windows[end, name]
            start = "1970-01-01T00:00:%02dZ" % (end - 4) if end >= 4 else \
                "1969-12-31T23:59:%02dZ" % (56 + end)
            out.append("%s\t1970-01-01T00:00:%02dZ\t%s\t%d\t%d\t%d" % (
                start, end, name, len(v), sum(v), v[0]))
        return out


def totals(rows):
    keys = collections.Counter(k for _, k in rows)
    return ["%s|%d|%d" % (k, c, sum(n for n, o in rows if o == k))
            for k, c in keys.items()]


class Sqlite(Files):
    database = is_set = True
    stages = [
        Files.stages[0],
        ["sreduce", "--running", "-k", "k", "count() as c, sum(n) as s"],
        ["ssink", "sqlite://x.db?table=t"]]

    def expected(self, rows):
        return totals(rows)

    def shown(self, where):
        p = subprocess.run(
            ["sqlite3", "x.db", "SELECT * FROM t"], cwd=where, check=True,
            stdout=subprocess.PIPE)
        return sorted(p.stdout.decode().splitlines())


class Postgres(Files):
    """Each folder has a database of its own."""
    database = is_set = True
    stages = Files.stages[:2] + [["ssink", "postgres:///?table=t"]]

    def __init__(self, name):
        super().__init__(name)
        self.dumps = {}
        self.final = None
        self.commit = 0

    def expected(self, rows):
        return ["%d|%s" % r for r in rows if r[0] != 2]

    def env(self, where):
        return {**os.environ, "PGDATABASE": self.name_of(where)}

    def name_of(self, where):
        return "t%s" % zlib.crc32(os.path.abspath(where).encode())

    def sql(self, where, text):
        p = subprocess.run(
            ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1"], check=True,
            env=self.env(where), input=text.encode(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return p.stdout.decode()

    def begin(self, where):
        subprocess.run(
            ["psql", "-qX", "-c", "CREATE DATABASE " + self.name_of(where)],
            check=True, stdout=subprocess.DEVNULL)

    def dumped(self, where):
        return subprocess.run(["pg_dump", "--inserts"], check=True,
                              env=self.env(where),
                              stdout=subprocess.PIPE).stdout.decode()

    def settle(self, where):
        self.dumps[where] = self.dumped(where)

    def alone(self, where):
        return self.sql(where, """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """) == "0\n"

    def fill(self, where, dump):
        # The server may not be done with who was killed.
        until = time.monotonic() + LIMIT_S
        while not self.alone(where) and time.monotonic() < until:
            time.sleep(0.01)
        self.sql(where, "SET client_min_messages = error;"
                 "SET lock_timeout = '30s';"
                 "DROP SCHEMA public CASCADE; CREATE SCHEMA public;" + dump)

    def place(self, where):
        super().place(where)
        self.fill(where, self.dumps[where])

    def keep(self, where, ops):
        self.final = self.dumped(where)
        self.commit = [i for i, op in enumerate(ops) if op.what == "sendto"
                       and "COMMIT".encode().hex() in "".join(
                           op.args[1].strip('"').split("\\x"))][-1]

    def restore(self, where, k, chance):
        """The server keeps what it has said to have committed."""
        if k > self.commit + 1 or (k == self.commit + 1
                                   and chance.random() < 0.5):
            self.fill(where, self.final)

    def shown(self, where):
        return sorted(self.sql(where, "SELECT * FROM t").splitlines())


CASES = {"files": Files, "append": Append, "state": State, "sqlite": Sqlite,
         "postgres": Postgres}
