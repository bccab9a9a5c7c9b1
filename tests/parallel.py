#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""sbatch -j N against sbatch -j 1: the same bytes but for the clock.

usage: parallel.py PART SEED

PART: formats | records | bad | options | sources | faults |
mixes | stalls.  Makes random inputs in the
current directory and compares, for several N, the stream, what is said, the
file of bad records and the exit status.  Prints the seed and the command of a
failure and exits 1.
"""
import fcntl
import gzip
import os
import random
import re
import subprocess
import sys
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import timeless  # noqa: E402

JOBS = ("2", "3", "16")
SIZE = 900_000  # bytes of an input, several blocks of every worker


def sbatch(jobs, args, stdin=None, before=(), view=timeless.strip):
    """A view of the stream, messages, bad records and status."""
    if os.path.exists("rejected"):
        os.remove("rejected")
    run = subprocess.run([*before, "sbatch", "-j", jobs] + args, input=stdin,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=120, check=False)
    bad = b""
    if os.path.exists("rejected"):
        with open("rejected", "rb") as f:
            bad = f.read()
    return view(run.stdout), run.stderr, bad, run.returncode


def shown(stream):
    """What ssink makes of a stream, and its status."""
    run = subprocess.run(["ssink", "-q", "-f", "csv"], input=stream,
                         stdout=subprocess.PIPE, timeout=120, check=False)
    return run.stdout, run.returncode


def check_pipe(args, data, status=0, least=0, jobs=JOBS):
    """Frames end when a pipe pauses, so that only what they hold counts."""
    want = None
    for n in ("1",) + tuple(jobs):
        got = sbatch(n, args, data, view=shown)
        want = want or got
        if got != want or got[3] != status or len(got[0][0]) < least:
            print("from a pipe, -j", n, args, [(len(r[0][0]), *r[1:])
                                               for r in (want, got)])
            sys.exit(1)


def first_difference(a, b):
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), 0)


def check(args, status=0, least=SIZE // 100, jobs=JOBS):
    """All results are those of one process, which are not trivial."""
    want = sbatch("1", args)
    ok = want[3] == status and len(want[0]) >= least
    if not ok:
        print("with -j 1:", args, want[1:], len(want[0]))
    for n in jobs:
        got = sbatch(n, args)
        if got != want:
            print("-j", n, args, "differs:")
            ok = False
            for a, b in zip(want, got):
                print("  ", *(x if isinstance(x, int) else
                              (len(x), x[first_difference(a, b):][:99])
                              for x in (a, b)))
    if not ok:
        sys.exit(1)


def write(name, text):
    data = text if isinstance(text, bytes) else text.encode()
    with (gzip.open if name.endswith(".gz") else open)(name, "wb") as f:
        f.write(data)
    return name


def fill(rand, line, size=SIZE):
    """Lines by line(rand, number) up to a size."""
    out, n = [], 0
    while n < size:
        out.append(line(rand, len(out)))
        n += len(out[-1])
    return "".join(out)


# A line of each format; some are bad, some have what is rare in them.

def word(rand, most=12):
    return "".join(rand.choice("abcdefgh") for _ in range(rand.randrange(most)))


def csv(rand, n):
    s = rand.choice((word(rand),) * 8 + ('"%s"' % word(rand), '"a ""%s"""' % word(rand),
                                         '"%s\n,%s"' % (word(rand), word(rand)),
                                         'a"b', '"\n\n"'))
    k = rand.choice((str(n),) * 60 + ("x", "", '"%d"' % n))
    tail = rand.choice(("\n",) * 20 + ("\r\n", ",extra\n" if rand.random() < .1
                                       else "\n"))
    return "%s,%s,%d%s" % (k, s, rand.randrange(10 ** 6), tail)


def plain_csv(rand, n):
    return "%d,%s,%d\n" % (n, word(rand), rand.randrange(10 ** 6))


def tsv(rand, n):
    return "%d\t%s\t%s\n" % (n, word(rand) + rand.choice(("", "", "\\t", "\\n", "\\N")),
                             rand.choice(("\\N", "1", "2.5", "z", "7")))


def json(rand, n):
    return rand.choice(('{"n":%d,"s":"%s","o":{"a":[1,2]}}\n',) * 30 +
                       ('{\n  "n": %d,\n  "s": "%s"\n}\n',
                        '{"n":%d,"s":"}\\n{%s"}\n',
                        '{"n":%d,"s":"%s"\n', '\n{"n":%d , "s":"%s"} \n',
                        '{"s":{"b":[{\n},{\n}]},"n":%d,"x":"%s"}\n')) % (n, word(rand))


def pretty(rand, n):
    return '{\n  "n": %d,\n  "o": [\n    {\n      "s": "%s"\n    }\n  ]\n}\n' % (
        n, word(rand))


def arrays(rand, n):
    return '[%d,\n%d,"%s"\n]\n' % (n, n, word(rand))


def logfmt(rand, n):
    return rand.choice(('n=%d s="%s \\"q\\""\n',) * 20 + ('n=%d %s\n', 'n=%dx s=%s\n',
                                                      '=%d%s\n')) % (n, word(rand))


def clf(rand, n):
    return rand.choice((
        '10.0.0.%d - - [09/Oct/2025:09:%02d:00 +0000] "GET /%s HTTP/1.1" 200 17 "-" "a"\n',
    ) * 40 + ('10.0.0.%d - - [09/Oct/2025:09:%02d:00 +0000] "\\x16%s" 400 0 "-" "-"\n',
              '%d %d garbage %s\n')) % (n % 250, n % 60, word(rand))


def common(rand, n):
    return clf(rand, n).replace(' "-" "a"', "").replace(' "-" "-"', "")


def syslog(rand, n):
    return "<34>Oct %2d 22:%02d:15 host su[%d]: %s\n" % (
        1 + n * 27 // 20000 % 28, n % 60, n, word(rand))


def w3c(rand, n):
    if n % 3000 == 0:
        return "#Fields: time %s\n#Date: 2025-10-%02d\n" % (
            "a b" if n % 2 else "b a", 1 + n // 3000)
    return "10:%02d:00 %s %d\n" % (n % 60, word(rand, 5) + "w", n)


def blocks(rand, n):
    return "2025-10-09 %d %s\n" % (n, word(rand)) + "".join(
        rand.choice(("  at ", "", "20 ")) + word(rand) + "\n"
        for _ in range(rand.randrange(4)))


FORMATS = (
    ("csv", csv, "n,s,v\n", []),
    ("csv", csv, "n,s,v\n", ["-c", "v:int,n:int"]),
    ("csv", plain_csv, "n,s,v\n", ["-c", "auto"]),
    ("csv", plain_csv, "", ["-N", "-c", "n:int,_,*"]),
    ("csv", lambda rand, n: csv(rand, n).replace(",", ";"), "n;s;v\n",
     ["-d", ";"]),
    ("tsv", tsv, "n\ts\tv\n", ["-c", "n:int,s,v:float"]),
    ("lines", clf, "", []),
    ("json", json, "", []),
    ("json", json, "", ["-c", "o.a,n:int,s"]),
    ("json", pretty, "", ["-c", "n:int,o"]),
    ("json", arrays, "", ["-c", "[0]:int"]),
    ("journald", json, "", ["-c", "n:int,s"]),
    ("logfmt", logfmt, "", ["-c", "n:int,s"]),
    ("combined", clf, "", []),
    ("common", common, "", ["-c", "time,path,bytes"]),
    ("nginx:$remote_addr - - [$time_local] \"$request\" $status $body_bytes_sent "
     "\"$http_referer\" \"$http_user_agent\"", clf, "", []),
    ("apache:%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\"", clf, "", []),
    ("syslog", syslog, "", []),
    ("w3c", w3c, "", ["-c", "b"]),
    ("regex:^(?<a>\\S+) - - \\[(?<t>[^]]*)\\]", clf, "", []),
    ("grok:%{IPORHOST:h} - - \\[%{HTTPDATE:t}\\] \"%{DATA:r}\" %{INT:s:int}",
     clf, "", []),
    ("raw", clf, "", []),
    ("raw:csv", csv, "n,s,v\n", []),
)


def formats(rand):
    for name, line, head, opts in FORMATS:
        path = write("in" + rand.choice(("", ".gz")), head + fill(rand, line))
        check(["-f", name, "--bad", "skip", *opts, "x=" + path])


def records(rand):
    """Records of several lines, long ones, hardly any."""
    start = ["--record-start", "^2025"]
    path = write("in", fill(rand, blocks))
    check(["-f", "lines", *start, path])
    check(["-f", "grok:%{YEAR:y}-%{DATA:rest} %{INT:n}", *start, "--bad", "skip",
           path])
    long = '"%s"' % ("many\nlines," * 60000)
    for text in ("", "n,s,v\n", "n,s,v\n1,2,3", "n,s,v\r\n1,2,3\r\n",
                 fill(rand, csv) + "1," + long + ",3\n" + fill(rand, csv),
                 fill(rand, csv) + '1,"2,3\n' + fill(rand, plain_csv),
                 fill(rand, csv) + '1,"2'):
        path = write("in.csv", text if len(text) < 20 else "n,s,v\n" + text)
        check(["-c", "n:int,s,v", "--bad", "rejected", path], least=0,
              status=65 if text == "" else 0)
    line = "x" * 700_000
    for text in ("", "\n", "a", "a\nb", line, line + "\n" + line + "\n",
                 fill(rand, clf) + line + "\n" + fill(rand, clf) + line):
        check(["-f", "lines", write("in", text)], least=0)
    write("in", fill(rand, clf) + "y" * (17 << 20) + "\nz\n")
    check(["-f", "lines", "--max-field", "16M", "in"], status=65, jobs=("2",))
    text = '{"a":"' + "z" * 600_000 + '"}\n'
    write("in", fill(rand, json) + text + fill(rand, pretty) + text)
    check(["-f", "json", "-c", "n:int,a", "--bad", "skip", "in"])


def bad(rand):
    """Where bad records end the stream, and what is kept of them."""
    lines = [plain_csv(rand, n) for n in range(50000)]
    for share in (1, 20, 5000):
        for i in rand.sample(range(1000, 50000), share):
            lines[i] = rand.choice(("%d,a\n", "x%d,,0\n", "1,\xff%d,2\n", '1,"%d"b,2\n',
                                    '%d,"a\nb",y\n')) % i
        path = write("in.csv", ("n,s,v\n" + "".join(lines)).encode("latin-1"))
        args = ["-c", "n:int,s,v:int", path]
        check(args, status=65, least=0)
        with open(path, "rb") as whole:
            check_pipe(["-f", "csv", *args[:2]], whole.read(), status=65)
        check(["--bad", "skip", *args])
        check(["--bad", "rejected", *args])
        check(["--bad", "rejected", "--max-bad", str(share // 2), *args],
              status=65, least=0)
        check(["--max-bad", "0.01%", *args], status=0 if share == 1 else 65)
        check(["--bad", "rejected", "--invalid-utf8", "replace", *args])
    write("in.csv", "n,s,v\n" + "x,y\n" * 90000)
    check(["--bad", "rejected", "-c", "n:int", "in.csv"], least=0)
    check(["--max-bad", "70000", "-c", "n:int", "in.csv"], status=65, least=0)


def options(rand):
    """What cuts frames and batches, and what keeps one process."""
    path = write("in.csv", "n,s,v\n" + fill(rand, csv))
    times = ["-t", "v:ms", "-c", "n:int,s,v:time(ms)"]
    for opts in (["--frame-rows", "7"], ["--frame-rows", "1000"],
                 ["--batch-rows", "5000"], ["--batch-rows", "13", "--frame-rows", "4"],
                 ["--batch-bytes", "100K"], ["-n", "20000"], ["-n", "0"],
                 ["--source", "f"], ["--cat"], ["--deflate"], ["--checksum"],
                 ["-m", "-t", "v:ms"],
                 [*times, "--from", "1970-01-01T00:02:00Z"],
                 [*times, "--from", "1970-01-01T00:05:00Z", "--until",
                  "1970-01-01T00:14:00Z", "--batch-rows", "999"],
                 ["--max-field", "9"], ["--null", "7"]):
        check(["--bad", "skip", "-q", *opts, path], least=0)
    # A value takes many times the room of its text.
    write("in.csv", "a\n" + "1\n" * 300000)
    check(["-c", ",".join("c%d=a:int" % i for i in range(60)), "in.csv"])


def sources(rand):
    """Files one after the other, each with a place of its own."""
    names = [write("a.csv", "n,s,v\n" + fill(rand, plain_csv)),
             write("b.csv", "v,s,n\n" + fill(rand, csv)),
             write("c.csv", "v,s,n,more\n"),
             write("d.csv.gz", "x,n,v,s\n" + "".join(
                 "9," + plain_csv(rand, i) for i in range(50000))),
             write("e.csv", "n,s,v\n1,2,3\n")]
    for opts in ([], ["--cat"], ["--source", "f"], ["--batch-rows", "30000"]):
        check(["-c", "n:int,s,v", "--bad", "rejected", *opts, *names])
        rand.shuffle(names)
    whole = fill(rand, clf)
    for i in range(3, 0, -1):
        cut = len(whole) * (3 - i) // 3 + rand.randrange(99)
        write("log.%d" % i, whole[cut:cut + 400_000 + rand.randrange(99)])
    write("log", fill(rand, clf))
    check(["-f", "lines", "log*"])
    check(["-f", "combined", "--bad", "skip", "log*"])
    text = ("n,s,v\n" + fill(rand, csv)).encode()
    for opts in (["-c", "n:int,s,v"], ["-c", "v,s", "--rate", "1000000/s"]):
        check_pipe(["-f", "csv", "--bad", "rejected", *opts], text,
                   least=SIZE // 2)


def shuffled(rand, line):
    """Lines of the columns n, s, v behind a header, in any order."""
    order = rand.sample(range(3), 3)
    if line is not plain_csv or rand.random() < .3:
        order = [0, 1, 2]

    def in_order(r, n):
        cells = line(r, n).rstrip("\n").split(",")
        return ",".join(cells[i] for i in order) + "\n" if order != [0, 1, 2] else (
            line(r, n))
    return ",".join("nsv"[i] for i in order) + "\n", in_order


# Options of each format, its lines, and those that give it an event time.
MIXES = (
    ("csv", ["-c", "n:int,s,v:time(ms)"], csv, ["-t", "v"]),
    ("csv", ["-c", "s,v:time(ms),n"], plain_csv, ["-t", "v"]),
    ("csv", ["-c", "*,n:int"], csv, []),
    ("tsv", ["-N", "-c", "n:time(s),s,v:float"], tsv, ["-t", "n"]),
    ("lines", [], clf, []),
    ("lines", ["--record-start", "^2025"], blocks, []),
    ("json", ["-c", "n:time(s),s"], json, ["-t", "n"]),
    ("json", ["-c", "n:int,o"], pretty, []),
    ("logfmt", ["-c", "n:time(s),s"], logfmt, ["-t", "n"]),
    ("combined", [], clf, [""]),
    ("common", ["-c", "time,path,bytes:int"], common, [""]),
    ("syslog", [], syslog, [""]),
    ("syslog", ["--year", "2024", "--record-start", "^<"], syslog, [""]),
    ("regex:^(?<a>\\S+) - - \\[(?<t>[^]]*)\\] (?<r>.*)",
     ["-c", "a,t:time(%d/%b/%Y:%H:%M:%S %z),r"], clf, ["-t", "t"]),
    ("grok:%{YEAR:y}-%{DATA:rest} %{INT:n:int}", ["--record-start", "^2025"],
     blocks, []),
    ("grok:%{COMMONAPACHELOG}", [], clf, []),
)


def some_files(rand, name, line):
    """Up to 4 files, some of them rotated ones of a log, or packed."""
    names = []
    for i in range(rand.choice((1, 1, 2, 3, 4))):
        head, make = ("", line)
        if name == "csv":
            head, make = shuffled(rand, line)
        size = rand.choice((0, 1, 300, 70_000, 400_000, 900_000))
        path = "log" + ("." + str(i) if i > 0 else "")
        if rand.random() < .5:
            path = "file%d" % i
        text = head + fill(rand, make, size)
        names.append(write(path + rand.choice(("", ".gz")), text))
    return names


def some_options(rand, name, times):
    """Any of those that may be together, but for those of time."""
    opts = ["--bad", rand.choice(("skip", "skip", "rejected", "rejected"))]
    if rand.random() < .2:
        opts = rand.choice(([], ["--bad", "stop"]))
    elif rand.random() < .3:
        opts += ["--max-bad", rand.choice(("0", "3", "100", "2000", "1%", "9%"))]
    for chance, some in (
            (.3, (["--frame-rows", "3"], ["--frame-rows", "900"])),
            (.3, (["--batch-rows", "7"], ["--batch-rows", "5000"])),
            (.2, (["--source", "src"],)), (.1, (["--deflate"], ["--checksum"])),
            (.2, (["--max-field", "8"], ["--max-field", "60"])),
            (.2, (["--invalid-utf8", "bytes"], ["--invalid-utf8", "replace"])),
            (.1, (["--tz", "Europe/Paris"],)),
            (.1, (["-n", "0"], ["-n", "1"], ["-n", "9000"])),
            (.05, (["--batch-bytes", "9K"],))):
        if rand.random() < chance:
            opts += rand.choice(some)
    if name in ("csv", "tsv") and rand.random() < .2:
        opts += ["--null", rand.choice(("7", "abc"))]
    if "--batch-bytes" not in opts:
        opts += rand.choice(([], [], ["--cat"], ["-m"] if times else []))
    elif rand.random() < .3:
        opts += ["--cat"]
    if times and rand.random() < .4:
        at = rand.choice(TIMES)
        opts += rand.choice((["--from", at], ["--until", at],
                             ["--from", "1970-01-01T00:07:00Z", "--until", at]))
    return opts


TIMES = ("1970-01-01T00:03:00Z", "1970-01-01T00:14:00Z", "2025-10-09T09:20:00Z",
         "2024-10-13T22:00:30Z", "2026-10-13T22:00:30Z")


def mixes(rand):
    """Any options together, with any sources of one format."""
    for _ in range(12):
        mix(rand)


def mix(rand):
    for old in os.listdir():
        if old.startswith(("log", "file")):
            os.remove(old)
    name, args, line, times = rand.choice(MIXES)
    names = some_files(rand, name, line)
    args = ["-f", name, *args, *(t for t in times if t)]
    args += some_options(rand, name, times) + names
    status = sbatch("1", args)[3]
    if status not in (0, 65):
        print("with -j 1:", args, sbatch("1", args)[1:])
        sys.exit(1)
    check(args, status, least=0, jobs=(rand.choice(("2", "3")), "5"))
    if len(names) == 1 and "-m" not in args:
        with open(names[0], "rb") as f:
            check_pipe(args[:-1], f.read(), status, jobs=("3",))


def unpacked(data):
    """The bytes of gzip data before their fault."""
    unpack, out = zlib.decompressobj(31), []
    try:
        for i in range(len(data)):
            out.append(unpack.decompress(data[i:i + 1]))
    except zlib.error:
        pass
    return b"".join(out)


def lines_before(text):
    """As ssink shows the whole lines of a text without quotes or commas."""
    return b"line\n" + text[:text.rfind(b"\n") + 1]


def faults(rand):
    """What came before a fault comes out, and the same with every N."""
    some = ((["-f", "lines"], "", lambda r, n: "%d %s\n" % (n, word(r))),
            (["-f", "csv", "-c", "n:int,s,v", "--bad", "rejected"], "n,s,v\n", csv),
            (["-f", "json", "-c", "n:int,s", "--bad", "skip"], "", json),
            (["-f", "lines", "--record-start", "^2025"], "", blocks))
    for args, head, line in some:
        data = gzip.compress((head + fill(rand, line)).encode())
        for i in range(6):
            cut = bytearray(data[:rand.randrange(200, len(data))])
            # Two are damaged, in the middle and in the checksum.
            if i > 3:
                cut = bytearray(data)
                cut[rand.randrange(200, len(data)) if i == 4 else -6] ^= 16
            with open("cut", "wb") as f:
                f.write(cut)
            status = sbatch("1", args + ["cut"])[3]
            assert status in (65, 74)
            check(args + ["cut"], status, least=0, jobs=("2", "4"))
            check_pipe(args, bytes(cut), status, jobs=("2", "4"))
            check_pipe(args + ["cut"], None, status, jobs=("2", "4"))
            if args == ["-f", "lines"] and i != 4:
                rows = sbatch("2", args + ["cut"], view=shown)[0][0]
                assert rows == lines_before(unpacked(cut))
    bad_disk(rand, *some[0])


def bad_disk(rand, args, head, line):
    """A read fails; the message says where."""
    text = (head + fill(rand, line, 3 * SIZE)).encode()
    write("in", text)
    os.environ["ASAN_OPTIONS"] = "detect_leaks=0"
    for jobs in ("1", "2", "4"):
        rows, told, _, status = sbatch(
            jobs, args + ["in"], view=shown, before=(
                "strace", "-qq", "-o", "calls", "-P", os.path.abspath("in"),
                "-e", "inject=pread64:error=EIO:when=%d+" % rand.randrange(2, 5)))
        at = re.fullmatch(rb"sbatch: in: byte (\d+): Input/output error\n", told)
        want = at and lines_before(text[:int(at[1])])
        if status != 74 or rows != (want, 74):
            print("EIO, -j", jobs, status, told, len(rows[0]), len(want or ""))
            sys.exit(1)


def stall(first, rest, args, hold_us):
    """Rows, and whether the first answer came just when nothing was to be read.

    That is so when the poll behind the one of the input that found nothing,
    which is held up so long, tells of the answer; meanwhile the rest is
    written."""
    pipe, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 1 << 20)
    os.write(writer, first)
    with open("calls", "wb"), open("out", "wb") as out:
        run = subprocess.Popen(
            ["strace", "-qq", "-o", "calls", "-e", "trace=poll,read", "-e",
             "inject=poll:delay_enter=%d:when=7" % hold_us, "sbatch", "-j", "2"]
            + args, stdin=pipe, stdout=out,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    os.close(pipe)
    calls = ""
    while run.poll() is None and not re.search("fd=0.*Timeout", calls):
        with open("calls") as f:
            calls = f.read()
    try:
        os.write(writer, rest)
    except BrokenPipeError:
        pass
    os.close(writer)
    if run.wait() != 0:
        sys.exit("a stalled input: status %d" % run.returncode)
    with open("out", "rb") as f:
        rows = subprocess.run(["ssink", "-q", "-f", "csv"], stdin=f, check=True,
                              stdout=subprocess.PIPE).stdout
    with open("calls") as f:
        hit = re.search(r"fd=0.*Timeout\)\n.*= 1 .*DELAYED", f.read())
    return rows, hit


def stalls(rand):
    """The input pauses while a block is full, without an end of a record.

    So many rows come of the first block that blocks are halved from then on,
    and what was read of a long record is a whole one by then."""
    args = ["-f", "json", "-c", ",".join("c%d" % i for i in range(40)), "-"]
    long = b'{"c2":"%s"}\n' % (b"x" * 260_000)
    cut = rand.randrange(200_000, 250_000)
    first, rest = b"{}\n" * 80_000 + long[:cut], long[cut:] + b'{"c3":"last"}\n'
    want = subprocess.run("sbatch -j 1 %s | ssink -q -f csv" % " ".join(args),
                          shell=True, input=first + rest, check=True,
                          stdout=subprocess.PIPE).stdout
    for i in range(20):
        # On a busy machine the answer needs longer.
        rows, hit = stall(first, rest, args, min(200_000 << i, 6_400_000))
        if rows != want:
            sys.exit("a stalled input: %d bytes, not %d" % (len(rows), len(want)))
        if hit:
            return
    sys.exit("no answer came in the pause")


def main():
    part, seed = sys.argv[1:]
    print(part, "seed", seed)
    parts = (formats, records, bad, options, sources, faults, mixes,
             stalls)
    {f.__name__: f for f in parts}[part](random.Random(int(seed)))


main()
