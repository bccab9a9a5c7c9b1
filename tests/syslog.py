#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Random system logs and what they mean, by Python's own calendar and zones.

usage: syslog.py SEED ROWS ZONE YEAR LOG WANT

Writes the log to LOG and the rows as JSON lines to WANT.  The messages of RFC
3164 run from YEAR on, over several turns of the year.
"""
import datetime
import json
import random
import sys
import zoneinfo

UTC = datetime.timezone.utc
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
FACILITIES = ("kern user mail daemon auth syslog lpr news uucp cron authpriv "
              "ftp ntp audit alert clock local0 local1 local2 local3 local4 "
              "local5 local6 local7").split()
SEVERITIES = "emerg alert crit err warning notice info debug".split()
COLUMNS = ("time host ident pid facility severity msgid message sd").split()


def utc_text(when):
    when = when.astimezone(UTC)
    text = when.strftime("%Y-%m-%dT%H:%M:%S")
    if when.microsecond:
        text += (".%06d" % when.microsecond).rstrip("0")
    return text + "Z"


def word(rng, letters="abcdefghijklmnop-_./0123456789"):
    return "x" + "".join(rng.choices(letters, k=rng.randint(0, 9)))


def message(rng):
    return " ".join(word(rng, "abc:[]=\"\\{}<>~ ") for _ in range(3))


def bsd(rng, row, local, zone):
    """A line of RFC 3164 at a local time, which has whole seconds."""
    row["time"] = utc_text(local.replace(tzinfo=zone))
    line = "%s %2d %s" % (MONTHS[local.month - 1], local.day,
                          local.strftime("%H:%M:%S"))
    if rng.random() < 0.9:
        row["host"] = word(rng)
        line += " " + row["host"]
    row["ident"] = word(rng)
    line += " " + row["ident"]
    if rng.random() < 0.6:
        row["pid"] = rng.randint(1, 99999)
        line += "[%d]" % row["pid"]
    row["message"] = message(rng)
    return line + ": " + row["message"]


def structured(rng):
    """Text of structured data, and the same as JSON text."""
    value = rng.choice(["", "a b", 'q"q', "b\\s", "c]d", "\u00e9", "\t"])
    escaped = "".join("\\" + c if c in '"\\]' else c for c in value)
    data = {word(rng) + "@1": {"k": value, "l": "1"}, word(rng) + "@2": {}}
    text = "".join(
        "[%s%s]" % (name, ' k="%s" l="1"' % escaped if params else "")
        for name, params in data.items())
    return text, data


def ietf(rng, row):
    """A line of RFC 5424."""
    when = datetime.datetime.fromtimestamp(
        rng.randint(0, 4000000000), UTC).replace(
            microsecond=rng.randint(0, 999999))
    east = datetime.timezone(datetime.timedelta(
        minutes=rng.choice([0, 60, -330])))
    row["time"] = utc_text(when)
    fields = [when.astimezone(east).isoformat()]
    for name in "host", "ident", "pid", "msgid":
        if rng.random() < 0.2:
            fields.append("-")
            continue
        row[name] = rng.randint(1, 9999) if name == "pid" else word(rng)
        fields.append(str(row[name]))
    text = "-"
    if rng.random() < 0.7:
        text, row["sd"] = structured(rng)
    line = "1 " + " ".join(fields) + " " + text
    if rng.random() < 0.8:
        row["message"] = message(rng)
        line += " " + row["message"]
    return line


def main():
    seed, n_rows = int(sys.argv[1]), int(sys.argv[2])
    zone = zoneinfo.ZoneInfo(sys.argv[3])
    local = datetime.datetime(int(sys.argv[4]), 1, 1)
    rng = random.Random(seed)
    with open(sys.argv[5], "w") as log, open(sys.argv[6], "w") as want:
        for _ in range(n_rows):
            row = dict.fromkeys(COLUMNS)
            old = rng.random() < 0.7
            local += datetime.timedelta(seconds=rng.randint(0, 200000))
            line = bsd(rng, row, local, zone) if old else ietf(rng, row)
            if not old or rng.random() < 0.5:
                pri = rng.randint(0, 191)
                row["facility"] = FACILITIES[pri // 8]
                row["severity"] = SEVERITIES[pri % 8]
                line = "<%d>%s" % (pri, line)
            log.write(line + "\n")
            want.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
