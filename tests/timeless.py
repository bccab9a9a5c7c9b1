#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A stream without what the clock put into it: millrace-frame(5), section 2.

usage: timeless.py < STREAM

Copies the stream; in each header the time of the batch, the arrival time and
the checksum over them are zero.
"""
import sys

HEADER, STORED, TIMES, CRC = 96, slice(40, 44), slice(56, 72), slice(92, 96)


def strip(stream):
    """The bytes of a stream without the clock's."""
    data = bytearray(stream)
    at = 0
    while at < len(data):
        stored = int.from_bytes(data[at:at + HEADER][STORED], "little")
        data[at + TIMES.start:at + TIMES.stop] = bytes(16)
        data[at + CRC.start:at + CRC.stop] = bytes(4)
        at += HEADER + stored
    return bytes(data)


if __name__ == "__main__":
    sys.stdout.buffer.write(strip(sys.stdin.buffer.read()))
