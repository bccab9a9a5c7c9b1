#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# sbatch --spool: pipes and sockets whose rows come once, over any restart.

# shellcheck disable=SC2016 # what bash -c is given is expanded there
# shellcheck disable=SC2030,SC2031 # variables do not outlive their test
# shellcheck disable=SC2154 # bats sets stderr
# shellcheck disable=SC2317 # until_true calls these functions

load helper
load starts

# One start with standard input, its rows on one line.
take() {
	sbatch -f lines --spool -S d "$@" | ssink -q -N | paste -sd ' '
}

# start FILE ARGS...: begin one in the background, rows in FILE.
start() {
	launch "$@" --spool -S d
}

has_lines() {
	[ "$(wc -l <"$2")" = "$1" ]
}

# The place that the kernel has chosen, of start FILE.
place() {
	until_true 10 grep -q 'listening on' "$1.err"
	sed -n 's/^sbatch: listening on //p' "$1.err"
}

# talk N PLACE: a connection as descriptor N.
talk() {
	eval "exec $1<>/dev/tcp/${2/://}"
}

@test "each start reads another standard input, and no row comes twice" {
	[ "$(seq 3 | take --once)" = "1 2 3" ]
	[ "$(seq 4 6 | take --once)" = "4 5 6" ]
	[ "$(: | take --once)" = "" ]
	[ "$(printf '7\nunended' | take --once)" = "7 unended" ]
	[ "$(seq 8 9 | take)" = "8 9" ]
	[ "$(seq 10 11 | take)" = "10 11" ]
	[ "$(stat -c %a d/spool.* | sort -u)" = 600 ]
}

@test "what was read and not committed comes again, then what is new" {
	mkfifo in
	exec 7<>in
	start one -f lines --epoch 1h <in
	seq 3 >&7
	printf 'ha' >&7
	until_true 10 rows_are one 1 2 3
	crash
	# The same pipe: its line goes on.  Nothing of it is lost.
	printf 'lf\n4\n' >&7
	start two -f lines --epoch 1h <in
	until_true 10 rows_are two 1 2 3 half 4
	crash
	start three -f lines <in
	until_true 10 rows_are three 1 2 3 half 4
	echo 5 >&7
	until_true 10 rows_are three 1 2 3 half 4 5
	stop
	start four -f lines <in
	echo 6 >&7
	until_true 10 rows_are four 6
	stop
}

@test "a line whose end was lost with its pipe is a bad record" {
	mkfifo in
	exec 7<>in
	start one -f lines --epoch 1h <in
	seq 3 >&7
	printf 'ha' >&7
	until_true 10 rows_are one 1 2 3
	until_true 10 grep -q ha d/spool.000001
	crash
	run -0 --separate-stderr bash -c \
		'seq 4 5 | sbatch -f lines --spool -S d --bad cut | ssink -q -N'
	[ "${lines[*]}" = "1 2 3 4 5" ]
	[ "${stderr_lines[0]}" = "sbatch: 1 of 6 records invalid, kept in cut" ]
	[ "$(cat cut)" = ha ]
}

@test "and it stops nothing, where bad records do" {
	mkfifo in
	exec 7<>in
	start one -f csv -N -c n:int --epoch 1h <in
	printf '1\n2' >&7
	until_true 10 rows_are one 1
	spooled() { [ "$(tail -c 1 d/spool.000001)" = 2 ]; }
	until_true 10 spooled
	crash
	run -0 --separate-stderr bash -c \
		'seq 4 5 | sbatch -f csv -N -c n:int --spool -S d | ssink -q -N'
	[ "${lines[*]}" = "1 4 5" ]
	[ "${stderr_lines[0]}" = "sbatch: stdin:2: its end was lost when an earlier start ended" ]
}

@test "SIGTERM ends an epoch, with a line that has no end in it" {
	mkfifo in
	exec 7<>in
	start one -f lines --epoch 1h <in
	printf '1\n2\nha' >&7
	until_true 10 rows_are one 1 2
	until_true 10 grep -q ha d/spool.000001
	stop
	printf 'lf\n' >&7
	start two -f lines <in
	until_true 10 rows_are two half
	stop
}

@test "the header comes with each standard input" {
	c() { sbatch -f csv --once --spool -S d | ssink -q -N -f csv; }
	[ "$(printf 'a,b\n1,2\n' | c)" = "1,2" ]
	[ "$(printf 'b,a\n4,3\n' | c)" = "3,4" ]
	run -65 --separate-stderr bash -c \
		"printf 'x,y\n5,6\n' | sbatch -f csv --once --spool -S d | ssink"
	[[ $stderr == *"sbatch: stdin: no column a; the columns are x, y"* ]]
}

@test "compressed input is unpacked, but not read on from its middle" {
	[ "$(seq 3 | gzip | take --once)" = "1 2 3" ]
	[ "$(seq 4 5 | gzip | take --once)" = "4 5" ]
	seq 100000 | gzip >big.gz
	mkfifo in
	exec 7<>in
	start one -f lines --epoch 1h <in
	head -c 60000 big.gz >&7
	until_true 10 test -s one
	crash
	tail -c +60001 big.gz >&7 &
	run -65 --separate-stderr bash -c \
		'sbatch -f lines --spool -S d <in | ssink -q -N'
	[[ $stderr == *"stdin: compressed data cannot be read on from their middle; unpack them before they come here"* ]]
}

@test "two connections are parts of their own, and end with their process" {
	start one -f lines --source who --epoch 1h x=tcp-listen://:0
	at=$(place one)
	talk 7 "$at"
	echo a1 >&7
	until_true 10 grep -q a1 one
	talk 8 "$at"
	printf 'b1\nb2\nha' >&8
	until_true 10 grep -q b2 one
	printf 'a2\na3' >&7
	until_true 10 grep -q a2 one
	has() { cat d/spool.* | grep -q "$1"; }
	until_true 10 has a3
	until_true 10 has ha
	crash
	exec 7>&- 8>&-
	start two -f lines --source who --epoch 200ms x=tcp-listen://:0
	at=$(place two)
	until_true 10 has_lines 4 two
	talk 7 "$at"
	echo c1 >&7
	until_true 10 grep -q c1 two
	stop
	[ "$(cut -f 1 two | sort | paste -sd ' ')" = "a1 a2 b1 b2 c1" ]
	[ "$(cut -f 2 two | sort -u)" = x ]
	grep -q 'its end was lost when an earlier start ended' two.err
	exec 7>&-
	# All was committed.
	start three -f lines --source who x=tcp-listen://:0
	at=$(place three)
	talk 7 "$at"
	echo d1 >&7
	until_true 10 rows_are three "d1	x"
	stop
}

@test "connections that ended before are whole, and gone for good" {
	start one -f lines --epoch 1h "unix://$PWD/s"
	until_true 10 test -S s
	for i in 1 2 3; do
		printf '%s\nend' "$i" | python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect("s")
s.sendall(sys.stdin.buffer.read())
s.shutdown(socket.SHUT_WR)
s.recv(1)'
	done
	until_true 10 has_lines 6 one
	crash
	start two -f lines --epoch 200ms "unix://$PWD/s"
	until_true 10 has_lines 6 two
	until_true 10 test -e d/committed
	stop
	[ "$(sort two | paste -sd ' ')" = "1 2 3 end end end" ]
	run -0 millrace status d
	[[ $output == *"source unix://$PWD/s from the spool"* ]]
	[[ $output != *"#"* ]]
	start three -f lines "unix://$PWD/s"
	until_true 10 test -S s
	stop
	[ ! -s three ]
}

@test "datagrams come again" {
	start one -f lines --epoch 1h udp://:0
	at=$(place one)
	port=${at##*:}
	for i in 1 2 3; do echo "d$i" >"/dev/udp/127.0.0.1/$port"; done
	until_true 10 rows_are one d1 d2 d3
	crash
	start two -f lines udp://:0
	at=$(place two)
	port=${at##*:}
	until_true 10 rows_are two d1 d2 d3
	echo d4 >"/dev/udp/127.0.0.1/$port"
	until_true 10 rows_are two d1 d2 d3 d4
	stop
}

@test "a FIFO and a log go on side by side" {
	mkfifo in
	exec 7<>in
	seq 3 >b.log
	start one -f lines --epoch 1h in b.log
	echo x >&7
	until_true 10 grep -q x one
	until_true 10 grep -q 3 one
	crash
	seq 4 5 >>b.log
	start two -f lines --epoch 1h in b.log
	echo y >&7
	until_true 10 grep -q y two
	until_true 10 grep -q 5 two
	stop
	[ "$(sort two | paste -sd ' ')" = "1 2 3 4 5 x y" ]
	run -78 --separate-stderr bash -c \
		'sbatch -f lines --spool -S d b.log | ssink -N'
	[[ $stderr == "sbatch: -S: in was read before and is no source any more; write its path as it was, or --on-missing skip, which goes on without it and reads other paths from their starts" ]]
}

@test "files of the spool go when no commit needs them, within the bound" {
	gen csv 300000 9 | tail -n +2 >rows
	# The size is looked at behind each of a hundred pieces.
	split -n l/100 --filter='cat; du -bc d/spool.* 2>/dev/null | tail -n 1 >>sizes' rows |
		sbatch -f lines --spool --spool-max 2M --epoch 200ms -S d |
		ssink -q -N --append got
	cmp rows got
	[ "$(stat -c %s rows)" -gt 8000000 ]
	[ "$(sort -n sizes | tail -n 1 | cut -f 1)" -lt 2200000 ]
	[ "$(find d -name 'spool.*' | wc -l)" -lt 17 ]
	[ ! -e d/spool.000001 ]
}

@test "what cannot be kept of one connection ends all of them" {
	# Nothing is committed, so that its bytes do not fit.
	start one -f lines --spool-max 1M --batch-rows 100000000 tcp-listen://:0
	at=$(place one)
	talk 7 "$at"
	echo a1 >&7
	until_true 10 grep -q a1 one
	talk 8 "$at"
	yes | head -c 2000000 >&8 2>/dev/null || :
	until_true 10 ended "$source"
	rc=0
	wait "$source" || rc=$?
	[ "$rc" = 74 ]
	# It is told once, and nothing was read after it.
	[ "$(grep -c 'the spool has' one.err)" = 1 ]
	[[ $(tail -n 1 one.err) == "sbatch: 127.0.0.1:"*": $PWD/d: the spool has "* ]]
	exec 7>&- 8>&-
	wait "$sink" || :
}

@test "starts of one epoch each keep within the bound, too" {
	for i in {1..25}; do
		seq "${i}0000" "${i}9999" | take --once --spool-max 1M |
			tr ' ' '\n' | cmp - <(seq "${i}0000" "${i}9999")
		echo "$(cat d/spool.* | wc -c)" >>sizes
	done
	[ "$(sort -n sizes | tail -n 1)" -lt 300000 ]
}

@test "a start without --spool goes on behind what was spooled" {
	seq 10 11 >b.log
	plain() {
		sbatch -f lines --once -S d "$@" b.log | ssink -q -N | paste -sd ' '
	}
	[ "$(seq 3 | take --once)" = "1 2 3" ]
	run -78 --separate-stderr bash -c 'sbatch -f lines -S d b.log | ssink'
	[ "$stderr" = "sbatch: -S: - was read before and is no source any more; write its path as it was, or --on-missing skip, which goes on without it and reads other paths from their starts" ]
	cp -r d old
	[ "$(plain --on-missing skip 2>err)" = "10 11" ]
	[ "$(cat err)" = "sbatch: -: was read before and is no source any more" ]
	# It may be gone back to.
	cp -r d back
	millrace reset back --to 1 --yes
	run -0 bash -c "seq 7 8 | sbatch -f lines --once --spool -S back | ssink -q -N"
	[ "${lines[*]}" = "7 8" ]
	[ "$(seq 4 5 | take --once - b.log)" = "4 5" ]
	# What nobody wants any more goes.
	for i in 12 13 14; do
		echo "$i" >>b.log
		[ "$(plain --on-missing skip 2>/dev/null)" = "$i" ]
	done
	[ "$(stat -c %s d/spool.*)" = 32 ]
	[ "$(plain)" = "" ]
	[ "$(stat -c %s d/spool.*)" = 32 ]
	[ "$(seq 6 7 | take --once - b.log)" = "6 7" ]
}

@test "a start without --spool needs what was spooled and not committed" {
	mkfifo in
	exec 7<>in
	echo 9 >b.log
	start one -f lines --epoch 1h in b.log
	seq 3 >&7
	until_true 10 grep -q 3 one
	crash
	run -78 --separate-stderr bash -c \
		'sbatch -f lines --once -S d b.log | ssink -N'
	[[ $stderr == "sbatch: -S: in was read before and is no source any more; "* ]]
	printf X | dd of=d/spool.000001 bs=1 seek=80 conv=notrunc status=none
	run -65 --separate-stderr bash -c \
		'sbatch -f lines --once -S d b.log | ssink -N'
	[ "${stderr_lines[0]}" = "sbatch: -S: $PWD/d/spool.000001: it is damaged, or of a later version" ]
}

@test "a spool that nobody commits fails at its bound" {
	run -74 --separate-stderr bash -c \
		'yes | sbatch -f lines --spool --spool-max 1M --batch-rows 100000000 -S d |
		ssink -q -N /dev/null'
	[[ ${stderr_lines[0]} == "sbatch: stdin: $PWD/d: the spool has "*" bytes, and --spool-max allows 1048576: what is in it is not committed, because the sink does not keep up or no batch ends" ]]
}

@test "a damaged spool is refused, one that is torn is told of" {
	mkfifo in
	exec 7<>in
	start one -f lines --epoch 200ms <in
	seq 3 >&7
	until_true 10 rows_are one 1 2 3
	settled() { millrace status d 2>&1 | grep -q '^committed epoch 1 of generation 1$'; }
	until_true 10 settled
	# Who is stopped commits nothing more.
	kill -STOP "$sink"
	echo 4 >&7
	spooled() { [ "$(tail -c 2 d/spool.000001)" = 4 ]; }
	until_true 10 spooled
	crash
	# The last record is not whole: it was never durable.
	cp d/spool.000001 whole
	truncate -s -1 d/spool.000001
	cp -r d torn
	run -0 --separate-stderr bash -c \
		'echo 5 | sbatch -f lines --spool -S torn | ssink -q -N'
	[ "${stderr_lines[0]}" = "sbatch: --spool: $PWD/torn: the last 41 bytes of the spool were not whole and are cut off" ]
	[ "${lines[*]}" = 5 ]
	# So with a file that was being made.
	printf mr- >torn/spool.000003
	[ "$(echo 6 | sbatch -f lines --spool -S torn 2>err | ssink -q -N)" = 6 ]
	[ "$(cat err)" = "sbatch: --spool: $PWD/torn/spool.000003: the last file of the spool was not whole and is removed" ]
	# The first was committed.
	cp whole d/spool.000001
	printf X | dd of=d/spool.000001 bs=1 seek=120 conv=notrunc status=none
	run -65 --separate-stderr bash -c \
		'echo 5 | sbatch -f lines --spool -S d | ssink -q -N'
	[ "${stderr_lines[0]}" = "sbatch: -S: $PWD/d/spool.000001: it is damaged, or of a later version" ]
	rm d/spool.000001
	run -65 --separate-stderr bash -c \
		'echo 5 | sbatch -f lines --spool -S d | ssink -q -N'
	[[ ${stderr_lines[0]} == "sbatch: -S: $PWD/d: byte "*" of the spool, which an epoch needs, is gone" ]]
}

@test "a state that cannot be is refused by its name, whatever its checksum" {
	seq 3 | take --once >/dev/null
	# Flags of the stream that nobody knows.
	PYTHONPATH=$TOP/tests python3 - <<-'EOF'
		import damage
		with open("d/1.1.00-sbatch", "r+b") as f:
		    body = bytearray(f.read()[32:])
		    at = body.index(b"\2\0\0\0\1\0\0\0\1\0\0\0") + 12
		    body[at] |= 64
		    f.seek(0)
		    f.write(damage.seal(bytes(body)))
	EOF
	run -65 --separate-stderr bash -c \
		'echo 4 | sbatch -f lines --spool --once -S d | ssink -N'
	[ "${stderr_lines[0]}" = "sbatch: -S: $PWD/d/1.1.00-sbatch: it is damaged, or of a later version" ]
}

@test "what cannot be spooled, or makes no sense, is refused" {
	seq 3 >f
	run -64 --separate-stderr bash -c 'sbatch --spool -S d <f | ssink'
	[[ $stderr == "sbatch: stdin: it is a file, which the next start would read again; name it as a SOURCE instead"* ]]
	run -64 --separate-stderr sbatch --spool f
	[ "$stderr" = "sbatch: --spool goes with -S DIR, where the places are kept" ]
	run -64 --separate-stderr sbatch --spool-max 1M -S d f
	[ "$stderr" = "sbatch: --spool-max goes with --spool" ]
	run -64 --separate-stderr sbatch --spool --spool-max 1K -S d f
	[ "$stderr" = "sbatch: --spool-max: '1K' is less than 1M" ]
	run -64 --separate-stderr sbatch --spool -S d gen:5
	[ "$stderr" = "sbatch: 'gen:5' cannot be read again after a restart; -S takes files, and with --spool standard input, pipes and sockets" ]
	run -64 --separate-stderr sbatch --spool --once -S d tcp-listen://:0
	[ "$stderr" = "sbatch: --once ends, but what listens does not: leave one out" ]
	[ ! -e d ]
}

@test "an epoch before the last one can be gone back to" {
	for i in 1 2 3; do
		seq "$i" "$((i + 1))" | take --once >/dev/null
	done
	millrace reset d --to 2 --yes
	[ "$(: | take --once)" = "3 4" ]
}

spool() {
	python3 "$TOP/tests/spool.py" --sample "$1" "$2"
}

# bats test_tags=long
@test "a stage is killed at a system call" {
	spool 25 kill
}

# bats test_tags=long
@test "a system call of the source fails" {
	spool 15 fail
}

# bats test_tags=long
@test "the power goes" {
	spool 25 power
}

@test "connections come and go while starts are killed" {
	spool 6 connect
}
