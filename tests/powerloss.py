# SPDX-License-Identifier: ISC
"""What a file system may hold when the power goes, from a log of calls.

A file system keeps what was flushed.  Of everything later it may have any
part: a write, half of it, or nothing; a new name, or not; in no order.  Only a
rename is whole: the old name's file or the new one's, and both names never
tell of half of one.  Names are kept when their directory was flushed, bytes
when their file was.
"""
import os
import re

CALLS = ("openat", "write", "writev", "pwrite64", "fsync", "fdatasync", "rename",
         "renameat", "renameat2", "unlinkat", "unlink", "ftruncate", "mkdir",
         "mkdirat", "linkat", "lseek", "close", "dup", "dup2", "dup3", "fcntl",
         "sendto")
LINE = re.compile(r"^(\d+\.\d+) (\w+)\((.*)\)\s+= (-?\d+)")
FD = re.compile(r"^(?:AT_FDCWD|(\d+))(?:<(.*?)>)?$")


class Op:
    """One call that succeeded: what, and its arguments as text."""

    def __init__(self, pid, what, args, result):
        self.pid, self.what, self.args, self.result = pid, what, args, result


def split(text):
    """Arguments of a call; strings are all \\xNN, so commas are commas."""
    out, depth, now = [], 0, ""
    for ch in text:
        if ch in "[{<(":
            depth += 1
        elif ch in "]}>)":
            depth -= 1
        if ch == "," and depth == 0:
            out.append(now.strip())
            now = ""
        else:
            now += ch
    return out + [now.strip()]


def string(arg):
    """The bytes of a string as strace -xx writes it."""
    if arg.endswith("..."):
        raise ValueError("a string was cut")
    return bytes.fromhex(arg.strip('"').replace("\\x", ""))


def path(arg):
    return os.fsdecode(string(arg))


def number(arg):
    """The descriptor in 3</path>."""
    m = FD.match(arg)
    return None if m is None or m.group(1) is None else int(m.group(1))


def read(folder):
    """The calls of all processes, in the order in which they began."""
    lines = []
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="ascii") as f:
            for line in f:
                m = LINE.match(line)
                if m is not None and int(m.group(4)) >= 0:
                    lines.append((float(m.group(1)), len(lines), Op(
                        name, m.group(2), split(m.group(3)),
                        int(m.group(4)))))
                elif m is None and not re.match(
                        r"^\d+\.\d+ (---|\+\+\+|\w+\(.*\) += -?\d+|"
                        r"exit|\w+\(.*= \?)", line):
                    raise ValueError("cannot read: " + line)
    return [op for _, _, op in sorted(lines, key=lambda x: x[:2])]


class Inode:
    """safe: the bytes that were flushed; later: writes since, (off, bytes)."""

    def __init__(self, data=b""):
        self.safe = self.now = data
        self.later = []

    def write(self, off, data):
        self.later.append((off, data))
        self.now = patched(self.now, off, data)

    def cut(self, size):
        self.later.append((size, None))
        self.now = patched(self.now, size, None)

    def flush(self):
        self.safe, self.later = self.now, []


def patched(data, off, new):
    before = data[:off] + b"\0" * (off - len(data))
    return before if new is None else before + new + data[off + len(new):]


class Files:
    """The tree below a folder: what is safe, and what came later."""

    def __init__(self, where):
        self.top = os.path.realpath(where)
        self.safe, self.dirs = {}, {""}
        for at, names, files in os.walk(self.top):
            for name in names:
                self.dirs.add(self.below(os.path.join(at, name)))
            for name in files:
                with open(os.path.join(at, name), "rb") as f:
                    self.safe[self.below(os.path.join(at, name))] = \
                        Inode(f.read())

    def below(self, name):
        """A path from the top on, or None outside of it."""
        name = os.path.normpath(os.path.join(self.top, name))
        if name != self.top and not name.startswith(self.top + "/"):
            return None
        return os.path.relpath(name, self.top).replace(".", "", 1) \
            if name == self.top else os.path.relpath(name, self.top)


class Replay:
    """Files after some calls."""

    def __init__(self, files):
        self.files = files
        copies = {id(i): Inode(i.safe) for i in files.safe.values()}
        self.now = {n: copies[id(i)] for n, i in files.safe.items()}
        self.safe = dict(self.now)
        self.dirs, self.safe_dirs = set(files.dirs), set(files.dirs)
        self.later = []  # (directory, kind, ...) of names, since a flush
        self.open = {}   # (pid, fd): [path or None, Inode or None, offset]

    def at(self, op, i):
        """The path that stands in arguments i, i + 1 of an *at call."""
        m = FD.match(op.args[i])
        base = os.fsdecode(bytes.fromhex(m.group(2).replace("\\x", ""))) \
            if m.group(2) and "\\x" in m.group(2) else m.group(2)
        name = path(op.args[i + 1])
        return self.files.below(os.path.join(base or self.files.top, name))

    def name(self, kind, *names):
        self.later.append((os.path.dirname(names[-1]), kind) + names)

    def run(self, op):
        known = getattr(self, "on_" + op.what, None)
        if known is not None:
            known(op)

    def on_openat(self, op):
        name = self.at(op, 0)
        key = (op.pid, op.result)
        self.open[key] = [None, None, 0]
        if name is None:
            return
        if name in self.dirs:
            self.open[key] = [name, None, 0]
            return
        inode = self.now.get(name)
        if inode is None:
            if "O_CREAT" not in op.args[2]:
                return
            inode = self.now[name] = Inode()
            self.name("link", inode, name)
        if "O_TRUNC" in op.args[2]:
            inode.cut(0)
        end = len(inode.now) if "O_APPEND" in op.args[2] else 0
        self.open[key] = [name, inode, end]

    def held(self, op):
        return self.open.get((op.pid, number(op.args[0])), [None, None, 0])

    def on_write(self, op):
        self.put(op, string(op.args[1])[:op.result])

    def on_writev(self, op):
        data = b"".join(string(s) for s in re.findall(
            r'iov_base=("[^"]*")', op.args[1]))
        self.put(op, data[:op.result])

    def put(self, op, data):
        at = self.held(op)
        if at[1] is not None:
            at[1].write(at[2], data)
            at[2] += len(data)

    def on_pwrite64(self, op):
        at = self.held(op)
        if at[1] is not None:
            at[1].write(int(op.args[3]), string(op.args[1])[:op.result])

    def on_lseek(self, op):
        self.held(op)[2] = op.result

    def on_ftruncate(self, op):
        at = self.held(op)
        if at[1] is not None:
            at[1].cut(int(op.args[1]))

    def on_fsync(self, op):
        name, inode, _ = self.held(op)
        if inode is not None:
            inode.flush()
        elif name is not None:
            mine = [x for x in self.later if x[0] == name]
            self.later = [x for x in self.later if x[0] != name]
            for change in mine:
                self.change(self.safe, self.safe_dirs, change)

    on_fdatasync = on_fsync

    def on_close(self, op):
        self.open.pop((op.pid, number(op.args[0])), None)

    def on_fcntl(self, op):
        if op.args[1].startswith("F_DUPFD"):
            self.open[op.pid, op.result] = self.held(op)

    def on_dup(self, op):
        self.open[op.pid, op.result] = self.held(op)

    on_dup2 = on_dup3 = on_dup

    def moved(self, old, new):
        if old is not None and new is not None and old in self.now:
            self.now[new] = self.now.pop(old)
            self.name("move", self.now[new], old, new)

    def on_rename(self, op):
        self.moved(*(self.files.below(path(a)) for a in op.args[:2]))

    def on_renameat(self, op):
        self.moved(self.at(op, 0), self.at(op, 2))

    on_renameat2 = on_renameat

    def removed(self, name):
        if name in self.now:
            self.name("unlink", self.now.pop(name), name)

    def on_unlink(self, op):
        self.removed(self.files.below(path(op.args[0])))

    def on_unlinkat(self, op):
        self.removed(self.at(op, 0))

    def on_linkat(self, op):
        old, new = self.at(op, 0), self.at(op, 2)
        if new is not None and old in self.now:
            self.now[new] = self.now[old]
            self.name("link", self.now[new], new)

    def made(self, name):
        if name is not None:
            self.dirs.add(name)
            self.name("mkdir", None, name)

    def on_mkdir(self, op):
        self.made(self.files.below(path(op.args[0])))

    def on_mkdirat(self, op):
        self.made(self.at(op, 0))

    @staticmethod
    def change(names, dirs, change):
        kind, inode, name = change[1], change[2], change[-1]
        if kind == "mkdir":
            dirs.add(name)
        elif kind == "unlink":
            names.pop(name, None)
        else:
            if kind == "move":
                names.pop(change[3], None)
            names[name] = inode

    def left(self, how, random):
        """Names and bytes that are there after the power went."""
        names, dirs = dict(self.safe), set(self.safe_dirs)
        for change in self.later:
            if how == "kept" or how == "some" and random.random() < 0.5:
                self.change(names, dirs, change)
        return {n: self.bytes(i, how, random) for n, i in names.items()
                if os.path.dirname(n) in dirs}, dirs

    def bytes(self, inode, how, random):
        data = inode.safe
        for off, new in inode.later:
            if how == "lost" or how == "some" and random.random() < 0.4:
                continue
            if how == "some" and new and random.random() < 0.5:
                new = new[:random.randrange(len(new))]
            data = patched(data, off, new)
        return data


def build(files, where, ops, how, random):
    """
    Make the folder hold what may be left of files behind the calls; how is
    lost, kept or some of what was not flushed.  A file that was not changed is
    not touched, and so stays the same one.
    """
    replay = Replay(files)
    for op in ops:
        replay.run(op)
    left, dirs = replay.left(how, random)
    for name in dirs:
        os.makedirs(os.path.join(where, name), mode=0o700, exist_ok=True)
    for name in files.safe:
        if name not in left:
            os.remove(os.path.join(where, name))
    for name, data in left.items():
        if name not in files.safe or files.safe[name].safe != data:
            with open(os.path.join(where, name), "wb") as f:
                f.write(data)
            os.chmod(os.path.join(where, name), 0o600)
