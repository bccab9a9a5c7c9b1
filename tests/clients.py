#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Write lines over many connections at once.

usage: clients.py ADDRESS CLIENTS LINES [ENDLESS]

ADDRESS is HOST:PORT or the path of a socket.  CLIENTS connections are open at
the same time; each writes LINES lines "CLIENT-LINE" in pieces, and ends.  One
more, if ENDLESS is given, writes so many bytes without a line end meanwhile,
and stays open until all others have ended.
"""
import random
import selectors
import socket
import sys


def connect(address):
    if "/" in address:
        s = socket.socket(socket.AF_UNIX)
        s.connect(address)
    else:
        host, port = address.rsplit(":", 1)
        s = socket.create_connection((host, int(port)))
    s.setblocking(False)
    return s


def main():
    address, n, lines = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    endless = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    rng = random.Random(7)
    sel = selectors.DefaultSelector()
    left = {}
    if endless:
        bad = connect(address)
        left[bad] = bytearray(b"x" * endless)
        sel.register(bad, selectors.EVENT_WRITE)
    for i in range(n):
        s = connect(address)
        text = "".join("%d-%d\n" % (i, k) for k in range(lines))
        left[s] = bytearray(text.encode())
        sel.register(s, selectors.EVENT_WRITE)
    while sel.get_map():
        for key, _ in sel.select():
            s = key.fileobj
            data = left[s]
            size = len(data) if endless and s is bad else rng.randint(1, 99)
            try:
                sent = s.send(data[:size])
            except BlockingIOError:
                continue
            del data[:sent]
            if not data:
                sel.unregister(s)
                if not endless or s is not bad:
                    s.close()
    if endless:
        bad.close()


main()
