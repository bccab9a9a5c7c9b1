#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# ssink sqlite://...: rows into an SQLite table.
# shellcheck disable=SC2154 # stderr is set by run --separate-stderr

load helper
load database

use sqlite

@test "that a commit has ended outlasts a loss of power" {
	seq 3 >b.log
	sbatch -f csv -N -c n:int b.log | ASAN_OPTIONS=detect_leaks=0 strace \
		-qq -y -o log -e trace=unlink,fsync,fdatasync \
		ssink "$(url t)"
	# The journal's name is gone, and then its directory flushed.
	sed -n '/^unlink.*-journal/,$p' log | tail -n +2 |
		grep -E "^f(data)?sync\([0-9]+<$PWD>\)"
}

@test "each type has its SQLite type" {
	printf '%s\n' 'k,n,f,t,b,d' 'a,1,1.5,2026-01-02T03:04:05Z,true,1m30s' \
		'b,,nan,2026-01-02T03:04:05.25Z,false,' '"",-3,-0.1,,,2s' >a.csv
	sbatch -c 'k,n:int,f:float,t:time,b:bool,d:dur' a.csv | ssink "$(url t)"
	[ "$(query 'SELECT sql FROM sqlite_master')" = \
		'CREATE TABLE "t" ("k" text, "n" integer, "f" real, "t" text, "b" boolean, "d" real)' ]
	query 'SELECT quote(k), n, f, t, b, d FROM t' >out
	diff - out <<-'EOF'
		'a'|1|1.5|2026-01-02T03:04:05.000000Z|1|90.0
		'b'|||2026-01-02T03:04:05.250000Z|0|
		''|-3|-0.1|||2.0
	EOF
}

@test "what the database says is passed on" {
	seq 3 >b.log
	query 'CREATE TABLE t (n integer CHECK (n < 3))'
	run -65 --separate-stderr sink
	[ "$stderr" = "ssink-sqlite: $PWD/x.db: CHECK constraint failed: n < 3" ]
	query 'DROP TABLE t; CREATE TABLE t (m integer)'
	run -65 --separate-stderr sink
	[ "$stderr" = "ssink-sqlite: $PWD/x.db: no such column: t.n" ]
	run -74 --separate-stderr bash -c \
		"sbatch b.log | ssink 'sqlite://no/x.db?table=t'"
	[ "$stderr" = "ssink-sqlite: no/x.db: unable to open database file" ]
	run -64 --separate-stderr bash -c \
		"sbatch b.log | ssink 'sqlite://x.db?table=t&mode=ro'"
	[ "$stderr" = "ssink-sqlite: mode=ro: table= is all that it takes" ]
	sbatch b.log | ssink 'sqlite://a%20b.db?table=t'
	[ -s 'a b.db' ]
}
