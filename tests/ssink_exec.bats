# SPDX-License-Identifier: ISC
# ssink(1): --exec, --tee, --expect, SCHEME:// destinations.
# shellcheck disable=SC2154 # stderr is set by run --separate-stderr

load helper

# lines BATCH_ROWS LINE...: a stream of batches of so many rows.
lines() {
	local n=$1
	shift
	printf '%s\n' "$@" | sbatch -f lines --batch-rows "$n"
}

program() {
	cat >"$1"
	chmod +x "$1"
}

@test "--exec runs the command for each batch that has rows" {
	lines 2 a b c >s
	# shellcheck disable=SC2016 # it is the command that expands
	run -0 --separate-stderr ssink \
		--exec 'echo "$MILLRACE_BATCH $MILLRACE_EPOCH $MILLRACE_ROWS"; cat' <s
	[ "$output" = $'0 0 2\nline\na\nb\n1 0 1\nline\nc' ]
	[ "$stderr" = "" ]
	: | sbatch -f lines | ssink --exec 'echo never' >out
	[ "$(cat out)" = "" ]
	printf 'a\nb\n' | sbatch -f lines -i 1ms | ssink -N --exec 'wc -l' >out
	[ "$(awk '{ n += $1 } END { print n }' out)" = 2 ]
}

@test "--exec gives the rows in any format of rows" {
	lines 9 a >s
	[ "$(ssink -f json --exec cat <s)" = '{"line":"a"}' ]
	[ "$(ssink -f csv -N --exec cat <s)" = a ]
	[ "$(ssink -f table --exec cat <s)" = $'line\na' ]
	for f in frames dump; do
		run -64 --separate-stderr ssink -f "$f" --exec cat <s
		[ "$stderr" = "ssink: -f $f shows a stream, and --exec takes a batch of rows" ]
	done
}

@test "--exec tells which windows are in the batch" {
	printf '%s,x\n' 2026-11-23T10:00:30Z 2026-11-23T10:02:10Z |
		sbatch -f csv -N -c at:time,k -t at >s
	# shellcheck disable=SC2016
	cmd='echo "$MILLRACE_WINDOW_START $MILLRACE_WINDOW_END $MILLRACE_ROWS"'
	run -0 bash -c "swindow 1m <s | sreduce 'count()' | ssink --exec '$cmd'"
	[ "$output" = "2026-11-23T10:00:00Z 2026-11-23T10:03:00Z 2" ]
	run -0 bash -c "swindow 1m <s | ssink --exec '$cmd'"
	[ "$output" = "2026-11-23T10:00:00Z 2026-11-23T10:03:00Z 2" ]
	run -0 bash -c "swindow rows:2 <s | ssink --exec '$cmd'"
	[ "$output" = "0 2 2" ]
	run -0 bash -c "swindow 1d --tz Asia/Tokyo <s | ssink --exec '$cmd'"
	[ "$output" = "2026-11-22T15:00:00Z 2026-11-23T15:00:00Z 2" ]
	run -0 bash -c "ssink --exec '$cmd' <s"
	[ "$output" = "  2" ]
}

@test "a command that fails ends the pipe with 74" {
	lines 1 a b c >s
	run -74 --separate-stderr ssink -N --exec 'read -r x; echo $x; [ $x = a ]' <s
	[ "$output" = $'a\nb' ]
	[ "$stderr" = "ssink: --exec: exit status 1 for batch 1" ]
	run -74 --separate-stderr ssink --exec 'kill -9 $$' <s
	[ "$stderr" = "ssink: --exec: exit status 137 for batch 0" ]
	run -74 --separate-stderr ssink --exec no_such_program <s
	[[ $stderr = *"ssink: --exec: exit status 127 for batch 0" ]]
}

@test "a command need not read its rows" {
	seq 100000 | sbatch -f lines >s
	run -0 --separate-stderr ssink --exec 'head -1' <s
	[ "$output" = line ]
	run -0 --separate-stderr ssink --exec true <s
	[ "$output$stderr" = "" ]
}

@test "a batch that breaks off never reaches the command" {
	lines 2 a b c d e >s
	# The row e came, the end of its batch did not.
	head -c -400 s >cut
	run -74 ssink -N --exec 'cat >>got' <cut
	[ "$(cat got)" = $'a\nb\nc\nd' ]
}

@test "the command has a process group of its own" {
	lines 1 a >s
	# shellcheck disable=SC2016
	run -0 ssink --exec 'ps -o pgid= -p $$; echo $$' <s
	[ "$((lines[0]))" = "${lines[1]}" ]
}

@test "the second signal is passed on to the command" {
	mkfifo in
	lines 1 a b >s
	bash -c 'exec ssink --exec "trap \"echo got >got; exit 3\" TERM; echo up >up; while :; do read x <wait; done"' <in &
	pid=$!
	mkfifo wait
	cat s >in &
	until_true 5 test -s up
	until_true 5 signalled TERM "$pid"
	wait "$pid" || status=$?
	[ "$status" = 143 ]
	until_true 5 test -s got
}

@test "what --exec does not go with is refused" {
	for case in \
		"--exec cat x|--exec takes the rows: no DEST beside it" \
		"--exec cat --tee|--tee does not go with --exec, whose command has standard output" \
		"--exec cat --append|--append does not go with --exec" \
		"--exec cat --roll 1h|--roll needs a file" \
		"--tee|--tee passes the stream on to standard output: name a file for the rows" \
		"--tee -|--tee passes the stream on to standard output: name a file for the rows" \
		"--expect some|--expect: some is neither rows nor none"; do
		read -ra args <<<"${case%%|*}"
		run -64 --separate-stderr ssink "${args[@]}" </dev/null
		[ "$stderr" = "ssink: ${case#*|}" ]
	done
}

@test "--tee writes the rows and passes the stream on" {
	lines 2 a b c >s
	run -0 --separate-stderr bash -c \
		"ssink --tee out.csv <s | smap -w \"line <> 'b'\" | ssink --tee '{line}.json' | ssink -v -N"
	[ "$output" = $'a\nc' ]
	[ "$(cat out.csv)" = $'line\na\nb\nc' ]
	[ "$(cat c.json)" = '{"line":"c"}' ]
	[ ! -e b.json ]
	# Nothing is lost between the stages.
	[ "$(grep -c '^ssink' <<<"$stderr")" = 3 ]
	run -0 bash -c "ssink --tee x.csv <s | ssink -f dump"
	[[ $output = *$'\n  stage frame-wise ssink'* ]]
	[[ $output = *'batch=1'* ]]
}

@test "--tee publishes before the end is passed on" {
	lines 9 a >s
	run -0 bash -c "ssink --tee x.csv <s | { ssink >/dev/null; cat x.csv; }"
	[ "$output" = $'line\na' ]
	mkdir ro.csv
	run -74 --separate-stderr bash -c "ssink --tee ro.csv <s | ssink y.csv"
	[ "$stderr" = "ssink: ro.csv: Is a directory" ]
	[ ! -e y.csv ]
	run -74 --separate-stderr bash -c "ssink --tee /dev/full <s | ssink y.csv"
	[ "$stderr" = "ssink: /dev/full: No space left on device" ]
	[ ! -e y.csv ]
}

@test "--expect answers by the exit status, and writes all the same" {
	lines 9 a b >s
	: | sbatch -f lines >none
	run -0 --separate-stderr ssink --expect rows -N <s
	[ "$output" = $'a\nb' ]
	[ "$stderr" = "" ]
	run -1 --separate-stderr ssink --expect none -N x.csv <s
	[ "$stderr" = "ssink: 2 rows came, and none was expected" ]
	[ "$(cat x.csv)" = $'a\nb' ]
	run -1 --separate-stderr ssink -q --expect rows <none
	[ "$output$stderr" = line ]
	run -1 --separate-stderr ssink --expect rows <none
	[ "$stderr" = "ssink: no row came, and some were expected" ]
	run -0 ssink --expect none <none
	# A failure is more than an unexpected result.
	head -c -10 s >cut
	run -74 ssink --expect none <cut
}

@test "SCHEME:// runs the helper with the stream on its stdin" {
	mkdir bin
	program bin/ssink-demo <<-'EOF'
		#!/bin/sh
		printf 'arg %s\n' "$@"
		exec ssink -f csv
	EOF
	lines 9 a >s
	PATH=$PWD/bin:$PATH run -0 --separate-stderr ssink -N demo://host/x <s
	[ "$output" = $'arg -N\narg demo://host/x\nline\na' ]
	[ "$stderr" = "" ]
	# What stands beside the program comes first.
	mkdir -p tree/bin tree/libexec/millrace
	cp "$BIN/ssink" tree/bin
	program tree/libexec/millrace/ssink-demo <<-'EOF'
		#!/bin/sh
		echo mine
	EOF
	PATH=$PWD/bin:$PATH run -0 tree/bin/ssink demo://host/x <s
	[ "$output" = mine ]
	program bin/ssink-fails <<-'EOF'
		#!/bin/sh
		exit 75
	EOF
	PATH=$PWD/bin:$PATH run -75 ssink fails:// <s
}

@test "a scheme without a helper is refused with 64" {
	run -64 --separate-stderr ssink nope://x </dev/null
	[[ $stderr = "ssink: nope://x: no program ssink-nope is in "*"/libexec/millrace or in PATH" ]]
	# No scheme: a path.
	lines 9 a >s
	mkdir -p ./x:/y
	ssink ./x://y/z.csv <s
	[ -e x:/y/z.csv ]
}
