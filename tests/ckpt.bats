#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Pipelines that resume from a directory: sbatch -S.

load helper
load starts

# The lines that are new in b.log, on one line.
new() {
	sbatch -f lines --once -S d "$@" b.log | ssink -N | paste -sd ' '
}

@test "--once reads what is new since the last run" {
	seq 1 3 >b.log
	[ "$(new)" = "1 2 3" ]
	[ "$(new)" = "" ]
	seq 4 5 >>b.log
	[ "$(new)" = "4 5" ]
	[ "$(stat -c %a d)" = 700 ]
}

@test "--once leaves a line without an end for the next run" {
	printf '1\n2' >b.log
	[ "$(new)" = "1" ]
	printf '2\n3\n' >>b.log
	[ "$(new)" = "22 3" ]
}

@test "a last line that was taken without its end must not go on" {
	all() { sbatch -f lines -S d "$@" | ssink -q -N | paste -sd ' '; }
	go() { sbatch -f lines -S d "$@" | ssink -q -N; }
	why() {
		echo "sbatch: $1: the line that ended the file at byte $2," \
			"without a line end, was taken as it was, and goes on" \
			"now; --once leaves such a line to a later start"
	}
	for args in "" "-j 2"; do
		rm -rf d b.log b.log.* in
		printf '10\n2' >b.log
		# shellcheck disable=SC2086 # words
		[ "$(all $args b.log)" = "10 2" ]
		[ "$(all $args b.log)" = "" ]
		cp -r d d.1
		cp b.log b.log.keep
		printf '5\n30\n' >>b.log
		# shellcheck disable=SC2086 # words
		run -66 --separate-stderr go $args b.log
		[ "$output" = "" ]
		[ "${stderr_lines[0]}" = "$(why b.log 4)" ]
		# Wherever the file is by now.
		mv b.log b.log.1
		gzip b.log.1
		echo 4 >b.log
		# shellcheck disable=SC2086 # words
		run -66 --separate-stderr go $args --once b.log
		[ "${stderr_lines[0]}" = "$(why b.log 4)" ]
		# An end that comes later is the one of that line.
		rm -rf d b.log.1.gz
		mv d.1 d
		mv b.log.keep b.log.1
		printf '\n30\n' >>b.log.1
		# shellcheck disable=SC2086 # words
		[ "$(all $args b.log)" = "30 4" ]
	done
}

@test "--once goes on in a rotated file, and then in the one after it" {
	seq 1 3 >b.log
	[ "$(new)" = "1 2 3" ]
	printf '4\nlast' >>b.log
	mv b.log b.log.1
	seq 5 6 >b.log
	[ "$(new)" = "4 last 5 6" ]
}

@test "--once finds a file that was rotated, and compressed at once" {
	seq 1 3 >b.log
	new >/dev/null
	echo 4 >>b.log
	mv b.log b.log.1
	gzip b.log.1
	seq 5 6 >b.log
	mv b.log.1.gz b.log.2.gz
	mv b.log b.log.1
	gzip b.log.1
	seq 7 8 >b.log
	[ "$(new)" = "4 5 6 7 8" ]
	[ "$(new)" = "" ]
}

@test "what was there before the first run is not read" {
	seq 90 99 >b.log.1
	seq 1 3 >b.log
	[ "$(new)" = "1 2 3" ]
	mv b.log b.log.2
	seq 4 5 >b.log
	[ "$(new)" = "4 5" ]
}

# killed SOURCE...: a start that reads these, and is killed before a commit.
killed() {
	mkfifo p
	ssink -q -N --append f <p 2>/dev/null &
	local sink=$!
	sbatch -f lines --rate 10/s -S d --epoch 1h "$@" >p 2>/dev/null &
	local source=$!
	until_true 10 test -s f
	kill -9 "$sink" "$source"
	wait "$sink" "$source" || :
	rm p
	[ ! -e d/committed ]
}

# all SOURCE...: what the start after it commits.
all() {
	sbatch -f lines --once -S d "$@" | ssink -q -N --append f
}

@test "a directory whose record is gone is refused, not begun anew" {
	seq 3 >a.log
	all a.log
	cp -r d one
	seq 4 5 >>a.log
	all a.log
	cp -r d two
	for from in one two; do
		for what in committed generation "committed generation"; do
			rm -r d
			cp -r "$from" d
			chmod 700 d
			(cd d && rm $what)
			cp f before
			ls -A d >names
			run -65 --separate-stderr bash -c "set -o pipefail; sbatch -f lines --once -S d a.log | cat >/dev/null"
			name=${what##* }
			[[ ${stderr_lines[0]} == "sbatch: -S: $PWD/d/$name: it is gone, and "*"; put it back, or remove the directory to begin anew" ]]
			cmp before f
			ls -A d | diff names -
			[[ $what == "committed generation" ]] && continue
			run -65 --separate-stderr millrace status d
			[[ $stderr == "millrace: $PWD/d/$name: it is gone, and epochs were committed; "* ]]
		done
	done
	# One of before the last start is none of this directory either.
	rm -r d
	cp -r two d
	chmod 700 d
	cp one/generation d
	run -65 --separate-stderr bash -c "set -o pipefail; sbatch -f lines --once -S d a.log | cat >/dev/null"
	[[ ${stderr_lines[0]} == "sbatch: -S: $PWD/d/generation: it is damaged, or of a later version" ]]
}

@test "a start after one that was killed before its first commit begins" {
	seq 3000 >a.log
	killed a.log
	rm -f f
	all a.log
	same a.log f
	[[ $(millrace status d) == "committed epoch 1 of generation 2"* ]]
}

@test "a directory that is refused stays as it was" {
	seq 3 >a.log
	mkdir -m 700 d
	touch d/mine
	run -64 --separate-stderr sbatch -f lines -S d a.log
	[[ $stderr == *"there is mine in it, and it is no checkpoint"* ]]
	[ "$(ls -A d)" = mine ]
}

@test "bad records go to no file that is read, or that another stage writes" {
	printf '%s\n' 1 x 2 >a.log
	ln -s a.log b
	mkdir in
	cp a.log in
	for bad in a.log b; do
		run -64 --separate-stderr sbatch -f lines -c n:int --bad "$bad" a.log
		[ "$stderr" = "sbatch: --bad $bad: it is the source a.log, which is read; name another file" ]
	done
	# shellcheck disable=SC2094 # the case in question
	run -64 --separate-stderr sbatch -f lines -c n:int --bad b <a.log
	[ "$stderr" = "sbatch: --bad b: it is the source standard input, which is read; name another file" ]
	run -64 --separate-stderr sbatch -F -f lines -c n:int --bad in/bad in/
	[ "$stderr" = "sbatch: --bad in/bad: it is in the source in/, which is read; name another file" ]
	[ "$(wc -l <a.log)" = 3 ]
	# With -F none has ended before another one begins.
	both() {
		sbatch -f lines -c n:int "$1" -S d --bad "$2" a.log | ssink -q -N --append o
	}
	run -64 --separate-stderr both -F o
	[[ $stderr == *"ssink: o: another stage writes to it, and a restart would cut off what is not its own; name another file"* ]]
	rm -r o d
	both --once e
	printf '%s\n' 1 2 | cmp - o
	# The file of the sink is not cut by the end of that of sbatch.
	echo 3 >>a.log
	run ! both -F o
	printf '%s\n' 1 2 | cmp - o
	[ "$(cat e)" = x ]
}

@test "bad records of smap go to no file that another stage writes" {
	printf '%s\n' 1 x 2 >a.log
	# With -F none has ended before another one begins.
	both() {
		sbatch -f lines "$1" -S d ${2:+--bad "$2"} -c line a.log |
			smap -q -a 'b = line' -p line=csv -c n:int --bad o "${@:4}" |
			ssink -q -N --append "$3"
	}
	why="o: another stage writes to it, and a restart would cut off what is not its own; name another file"
	run ! --separate-stderr both -F o out
	[[ $stderr == *"smap: -p: --bad: $why"* ]]
	run ! --separate-stderr both -F "" o
	[[ $stderr == *": $why"* ]]
	run -64 --separate-stderr both -F "" out -p b=csv -c m --bad o
	[[ $stderr == *"smap: -p: --bad: $why"* ]]
	rm -rf d o out
	both --once e out
	[ "$(cat o)" = x ]
	[ "$(cut -f 1 out | paste -sd ' ')" = "1 2" ]
	# Without -S all just add to it.
	sbatch -f lines a.log | smap -q -a 'b = line' -p line=csv -c n:int --bad o \
		-p b=csv -c m:int --bad o | smap -q -w true | ssink -q -N
	[ "$(paste -sd ' ' o)" = "x x" ]
}

@test "late rows go to no file that another stage writes" {
	printf '%s\n' 100 1 200 >a.log
	both() {
		sbatch -f lines -c t:time -t t -F -S d --epoch 200ms a.log |
			swindow 10s -q --late-to o | ssink -q -N --append o
	}
	run ! --separate-stderr both
	[[ $stderr == *": o: another stage writes to it, "* ]]
}

@test "a log whose name is a link to its newest file is read once" {
	echo 1 >b.log.2026-11-27
	ln b.log.2026-11-27 b.log
	[ "$(new)" = 1 ]
	echo 2 >>b.log
	echo 3 >b.log.2026-11-28
	ln -f b.log.2026-11-28 b.log
	[ "$(new)" = "2 3" ]
	echo 4 >>b.log
	[ "$(new)" = 4 ]
}

@test "what the first start begins with is read, wherever it is rotated to" {
	seq 1 3 >b.log
	killed -F b.log
	echo 4 >>b.log
	mv b.log b.log.1
	seq 5 6 >b.log
	mv b.log.1 b.log.2
	mv b.log b.log.1
	seq 7 8 >b.log
	all b.log
	seq 8 | diff - f
}

@test "rows that the first start found are not lost without a word" {
	seq 1 3 >b.log
	run -74 bash -c 'sbatch -f lines --once -S d b.log | ssink -q --exec false'
	[ -e d/0.0.00-sbatch ]
	rm b.log
	echo 6 >b.log
	run -66 --separate-stderr bash -c \
		'sbatch -f lines --once -S d b.log | ssink -q -N'
	[ "$output" = "" ]
	[[ $stderr == "sbatch: b.log: the file that was read up to byte 0 is gone, "* ]]
	[ "$(new --on-missing skip)" = 6 ]
}

@test "a file that waits for its turn may be rotated before a commit" {
	seq 1 5000 >a.log
	seq 5001 5003 >b.log
	seq 1 3 >b.log.1
	killed a.log b.log
	mv b.log.1 b.log.2
	mv b.log b.log.1
	seq 5004 5005 >b.log
	all a.log b.log
	seq 5005 | diff - f
}

@test "a file that waits for its turn is missed when another has its name" {
	seq 1 5000 >a.log
	seq 5001 5003 >b.log
	killed a.log b.log
	rm b.log
	seq 7001 7002 >new
	mv new b.log
	cp -a d before
	run -66 --separate-stderr all a.log b.log
	[[ $stderr == "sbatch: b.log: the file that was read up to byte 0 is gone, and what stood behind it; --on-missing skip goes on without it" ]]
	[ ! -e d/committed ]
	rm -r d
	mv before d
	all --on-missing skip a.log b.log 2>/dev/null
	{ seq 5000; seq 7001 7002; } | diff - f
	# The same file, with other bytes in it.
	rm -r d f
	cp b.log keep
	killed a.log b.log
	tr 7 8 <keep >b.log
	run -66 --separate-stderr all a.log b.log
	[[ $stderr == "sbatch: b.log: it was truncated after byte 0 had been read, "* ]]
	cp keep b.log
	echo 7003 >>b.log
	all a.log b.log
	{ seq 5000; seq 7001 7003; } | diff - f
}

@test "a followed file that was replaced before a commit is missed" {
	seq 1 3 >b.log
	killed -F b.log
	rm b.log
	seq 7 9 >new
	mv new b.log
	run -66 --separate-stderr all b.log
	[[ $stderr == "sbatch: b.log: the file that was read up to byte 0 is gone, "* ]]
	all --on-missing skip b.log
	seq 7 9 | diff - f
}

@test "rows that came before a commit are not passed over by --from end" {
	seq 1 3 >b.log
	mkfifo p
	ssink -q -N <p >out &
	sbatch -f lines -F --from end -S d --epoch 1h b.log >p &
	source=$!
	until_true 10 test -e d/0.0.00-sbatch
	echo 4 >>b.log
	until_true 10 test -s out
	kill -9 "$source"
	wait || :
	echo 5 >>b.log
	ssink -q -N <p >out &
	sbatch -f lines -F --from end -S d b.log >p &
	source=$!
	until_true 10 grep -q 5 out
	kill "$source"
	wait
	seq 4 5 | diff - out
}

@test "a first start that finds nothing counts, too" {
	: >b.log
	[ "$(new)" = "" ]
	seq 1 2 >>b.log
	mv b.log b.log.1
	seq 3 4 >b.log
	[ "$(new)" = "1 2 3 4" ]
	echo 5 >>b.log
	[ "$(new)" = "5" ]
}

@test "a source that was never there is named, with 66" {
	seq 3 >b.log
	for sources in "none.log" "b.log none.log" "none.log b.log"; do
		run -66 --separate-stderr bash -c "sbatch --once -S d $sources | ssink -q"
		[ "$stderr" = "sbatch: none.log: No such file or directory" ]
	done
	seq 4 5 >none.log
	run -0 --separate-stderr bash -c "sbatch --once -S d none.log b.log | ssink -q -N"
	[ "$output" = "$(seq 4 5; seq 3)" ]
}

@test "nothing new costs no epoch" {
	seq 1 3 >b.log
	new >/dev/null
	cp -p d/committed before
	ls d >files
	[ "$(new)" = "" ]
	cmp before d/committed
	ls d | diff files -
}

# accepted N WORDS ARGS...: a run of ARGS has no row and tells WORDS; it commits
# epoch N, without a file, and one without options goes on from there.
accepted() {
	local n=$1 words=$2
	shift 2
	once() {
		sbatch -f lines --once -S d "$@" a.log | ssink -q -N 'o/{epoch}'
	}
	once "$@" 2>err
	[[ $(cat err) == "sbatch: "*"$words"* ]]
	[[ $(millrace status d) == "committed epoch $n of "* ]]
	[ ! -e "o/$n" ]
	cp -p d/committed before
	once
	cmp before d/committed
	echo "$n" >>a.log
	once
	[[ $(cat "o/$((n + 1))") == *"$n" ]]
}

@test "what was accepted is committed, also without a row" {
	seq 3 >a.log
	seq 4 >b.log
	sbatch -f lines --once -S d a.log b.log | ssink -q -N 'o/{epoch}'
	accepted 2 "b.log: was read before" --on-missing skip
	: >a.log
	accepted 4 "it was truncated after byte 8" --on-truncate restart
	rm a.log
	: >a.log
	accepted 6 "is gone, and what stood" --on-missing skip
	# Cut short within a line, with its first bytes as they were.
	printf '%05000d\n' 0 >a.log
	sbatch -f lines --once --on-truncate restart -S d a.log 2>/dev/null |
		ssink -q -N 'o/{epoch}'
	truncate -s 4500 a.log
	accepted 9 "truncated after byte 5001 (time 1)" --on-truncate restart
}

@test "what was accepted ends data that had ended once more" {
	seq 3 >a.log
	seq 4 >b.log
	all() {
		sbatch -f lines -S d "$@" | sreduce count | ssink -q -N --append o
	}
	all a.log b.log
	all --on-missing skip a.log 2>/dev/null
	run -0 millrace status d
	[[ ${lines[0]} == "committed epoch 2 of generation 2, data ended" ]]
	all a.log
	[[ $(millrace status d) == "committed epoch 2 of "* ]]
	[ "$(cat o)" = 7 ]
}

@test "-F commits what was accepted while nothing comes" {
	seq 3 >b.log
	new >/dev/null
	: >b.log
	launch out -f lines -F -S d --epoch 200ms --on-truncate restart b.log
	is_committed() { [[ $(millrace status d) == "committed epoch 2 of "* ]]; }
	until_true 10 is_committed
	crash
	[ "$(new)" = "" ]
	[[ $(millrace status d) == "committed epoch 2 of "* ]]
}

# bats test_tags=long
@test "nothing new flushes the count of the start, and nothing else" {
	seq 1 50 200 >b.log
	four() {
		"$@" bash -c "sbatch -f csv -N -c 't:time(s)' -t t --once \
			-S d b.log | swindow -q 1m | sreduce count |
			ssink -N 'o/{epoch}'"
	}
	four env
	[ -s o/1 ]
	ls -l --time-style=full-iso o d >before
	four strace -f -qq -y -o log -e trace=fsync,fdatasync,syncfs,sync
	ls -l --time-style=full-iso o d >after
	[ "$(grep -oE '<[^ ]*>' log)" = \
		"$(printf '<%s>\n' "$PWD/d/.generation.new" "$PWD/d")" ]
	# Locks have the numbers of the new processes in them, litter is cut.
	diff <(grep -vE 'generation|lock|litter' before) \
		<(grep -vE 'generation|lock|litter' after)
}

@test "a truncated file is an error, unless it is to be read from the start" {
	seq 1 30 >b.log
	new >/dev/null
	seq 71 72 >b.log
	run -66 --separate-stderr bash -c \
		'sbatch -f lines --once -S d b.log | ssink -q -N'
	[[ $stderr == *"truncated after byte "*"--on-truncate restart reads it from the start" ]]
	[ "$(new --on-truncate restart)" = "71 72" ]
}

@test "a copy of a truncated file is read to its end first" {
	seq 1 30 >b.log
	new >/dev/null
	seq 31 32 >>b.log
	cp b.log b.log.1
	: >b.log
	seq 71 72 >>b.log
	[ "$(new)" = "31 32 71 72" ]
}

@test "a file that is gone is an error, unless it is to be passed over" {
	seq 1 3 >b.log
	new >/dev/null
	rm b.log
	seq 7 8 >other
	mv other b.log
	run -66 --separate-stderr bash -c \
		'sbatch -f lines --once -S d b.log | ssink -q -N'
	[[ $stderr == *"read up to byte 6 is gone"*"--on-missing skip goes on without it" ]]
	[ "$(new --on-missing skip)" = "7 8" ]
}

@test "what is passed over is told of, and the next file has places of its own" {
	go() {
		sbatch --once -S d "$@" log.csv | ssink -q -N
	}
	printf '%s\n' n 1 2 3 >log.csv
	go --on-missing stop >/dev/null
	printf '%s\n' n 7 8 >other
	mv other log.csv
	run -0 --separate-stderr go --on-missing skip
	[ "$output" = "$(seq 7 8)" ]
	[ "$stderr" = "sbatch: log.csv: the file that was read up to byte 8 is gone, and what stood behind it" ]
	echo 9 >>log.csv
	[ "$(go)" = 9 ]
	printf '%s\n' n 10 >log.csv
	run -0 --separate-stderr go --on-truncate restart
	[ "$output" = 10 ]
	[[ $stderr == "sbatch: log.csv: "*"truncated after byte 8"* ]]
	echo 11 >>log.csv
	[ "$(go)" = 11 ]
	run -0 millrace status d
	[[ $output == *"source log.csv read 8 of 8 bytes, behind by 0" ]]
}

# bats test_tags=long
@test "a file that cannot be read is not taken for one that is gone" {
	seq 1 3 >b.log
	part() {
		"$@" sbatch -f lines --once --on-missing skip \
			--on-truncate restart -S d b.log 2>err | ssink -N 'o/{epoch}'
	}
	part
	seq 4 6 >>b.log
	mv b.log b.log.1
	seq 7 9 >b.log
	cp -a d before
	failed=0
	for n in {1..16}; do
		rm -rf d o/[2-9]
		cp -a before d
		part strace -qq -o log -e trace=pread64 \
			-e inject=pread64:error=EIO:when="$n" || :
		[ ! -s err ] || failed=$((failed + 1))
		part
		cat o/* | diff <(seq 9) -
	done
	[ "$failed" -gt 6 ]
}

# bats test_tags=long
@test "a rotated file that cannot be opened is an error, or told of" {
	seq 1 3 >b.log
	new >/dev/null
	mv b.log b.log.2
	seq 4 6 >b.log.1
	seq 7 9 >b.log
	part() {
		strace -qq -o log -P "$PWD/b.log.1" -e trace=pread64 \
			-e inject=pread64:error=EIO sbatch -f lines --once \
			"$@" -S d b.log | ssink -q -N
	}
	run -74 --separate-stderr part
	[ "$output" = "" ]
	[ "${stderr_lines[0]}" = "sbatch: b.log: b.log.1: Input/output error; --on-missing skip goes on without it" ]
	run -0 --separate-stderr part --on-missing skip
	[ "$output" = "$(seq 7 9)" ]
	[ "$stderr" = "sbatch: b.log.1: Input/output error" ]
}

# bats test_tags=long
@test "a rotated file that is not ours to read is named, not called gone" {
	echo 1 >b.log
	new >/dev/null
	echo 2 >>b.log
	mv b.log b.log.1
	echo 3 >b.log
	part() {
		strace -qq -o log -P b.log.1 -e trace=openat \
			-e inject=openat:error=EACCES sbatch -f lines --once \
			"$@" -S d b.log | ssink -q -N
	}
	run -66 --separate-stderr part --on-truncate restart
	[ "$output" = "" ]
	[[ $stderr == *"sbatch: b.log: the file that was read up to byte 2 is gone, and what stood behind it, unless in b.log.1: Permission denied" ]]
	[ "$(new)" = "2 3" ]
}

# bats test_tags=long
@test "a log may be rotated while it is looked for" {
	seq 1 3 >b.log
	new >/dev/null
	mv b.log b.log.1
	seq 4 6 >b.log
	cp -a d before
	# The name is gone at one of the looks whether it may be read.
	for n in 1 2 3; do
		rm -r d
		cp -a before d
		ASAN_OPTIONS=detect_leaks=0 strace -qq -o log -P b.log \
			-e trace=access,faccessat,faccessat2 -e \
			inject=access,faccessat,faccessat2:error=ENOENT:when=$n \
			sbatch -f lines --once -S d b.log 2>err |
			ssink -q -N | diff <(seq 4 6) -
		[ "$n" -gt 1 ] || grep -q INJECTED log
	done
}

@test "a pipeline that has changed is refused with the difference" {
	seq 1 3 >b.log
	new >/dev/null
	run -78 --separate-stderr bash -c \
		'sbatch -f csv --once -S d b.log | ssink -N'
	[[ $stderr == "sbatch: -S: the options are \"-f csv\", and were \"-f lines\"; write these again, or another -S DIR" ]]
	seq 4 5 >>b.log
	run -78 --separate-stderr bash -c \
		'sbatch -f lines --once -S d b.log | smap -w true | ssink -N'
	[[ $stderr == *": $PWD/d: the pipeline has changed: 01-smap stands where 01-ssink was"* ]]
	[ "$(new)" = "4 5" ]
}

@test "a second pipeline on the directory is refused with 75" {
	mkfifo go
	seq 1 3 >b.log
	sbatch -F -f lines -S d b.log | ssink -N >out &
	until_true 10 test -s out
	run -75 --separate-stderr bash -c \
		'sbatch -F -f lines -S d b.log | ssink -N'
	[[ $stderr == "sbatch: -S: $PWD/d: this pipeline is running already, as process "* ]]
	kill %1
	wait
}

@test "a start takes nothing from a stage of an earlier one that works on" {
	seq 1 3 >b.log
	mkfifo go
	sbatch --once -f lines -S d b.log | ssink -q --exec 'cat go >out' &
	until_true 10 test -e d/1.1.00-sbatch
	source=$(cat d/source.lock)
	# It has let go of the pipe, but its rows are not committed yet.
	until_true 10 test "/proc/$source/fd/1" -ef /dev/null
	run -75 --separate-stderr bash -c \
		'sbatch --once -f lines -S d b.log | ssink -q -N'
	[[ $stderr == "sbatch: -S: $PWD/d: this pipeline is running already, as process "* ]]
	kill -9 "$source"
	run -75 --separate-stderr bash -c \
		'sbatch --once -f lines -S d b.log | ssink -q -N'
	[[ $stderr == "sbatch: -S: $PWD/d: 01-ssink of an earlier start is running still, as process "* ]]
	echo >go
	wait %1
	[ "$(millrace status d | head -n 2)" = "committed epoch 1 of generation 1
started 1 time" ]
}

@test "a directory that holds something else is no place for states" {
	seq 1 3 >b.log
	mkdir -m 700 mine
	echo secret >mine/key
	run -64 --separate-stderr bash -c \
		'sbatch --once -f lines -S mine b.log | ssink -q'
	[ "$stderr" = "sbatch: -S: $PWD/mine: there is key in it, and it is no checkpoint; name a directory for it alone" ]
	rm mine/key
	[ "$(sbatch --once -f lines -S mine b.log | ssink -q -N)" = "$(seq 3)" ]
}

@test "the directory may be below one with a group of its own" {
	seq 1 3 >b.log
	mkdir shared
	chmod g+s shared
	for _ in 1 2; do
		sbatch --once -f lines -S shared/d b.log | ssink -q -N >>out
	done
	seq 1 3 | diff - out
}

@test "SIGTERM ends an epoch, and the next start goes on behind it" {
	seq 1 3 >b.log
	mkfifo p
	ssink -N <p >out &
	sbatch -F -f lines -i 1s -S e b.log >p &
	source=$!
	until_true 10 grep -qx 3 out
	kill "$source"
	wait
	seq 4 5 >>b.log
	sbatch -f lines --once -S e b.log | ssink -N >out2
	[ "$(paste -sd ' ' out2)" = "4 5" ]
}

@test "SIGTERM ends an epoch while files wait for their turn" {
	seq 1 20000 >a.log
	seq 20001 20010 >b.log
	mkfifo p
	ssink -N --append o <p &
	local sink=$!
	sbatch -f lines --rate 10000 -S d a.log b.log >p 2>err &
	local source=$!
	until_true 10 test -s d/0.0.00-sbatch
	kill -TERM "$source"
	wait "$source"
	wait "$sink"
	[ ! -s err ]
	sbatch -f lines -S d a.log b.log | ssink -N --append o
	seq 1 20010 | diff - o
}

@test "a file that is read as two sources has two places" {
	seq 1 2000 >a.log
	echo 0 >b.log
	local args=(-f lines --epoch 200ms -S d --source s b.log x=a.log y=a.log)
	mkfifo p
	ssink -N --append o <p &
	local sink=$!
	sbatch --rate 1000 "${args[@]}" >p &
	local source=$!
	until_true 10 grep -qs 'y$' o
	kill "$source"
	wait "$source"
	wait "$sink"
	sbatch "${args[@]}" | ssink -N --append o
	{
		printf '0\tb.log\n'
		seq 1 2000 | sed 's/$/\tx/'
		seq 1 2000 | sed 's/$/\ty/'
	} | cmp - o
}

@test "columns that were found by the first bytes stay over rotation" {
	printf '{"a":1,"b":"x"}\n' >b.json
	sbatch --once -S d b.json | ssink -f csv >out
	mv b.json b.json.1
	printf '{"b":"y","c":3,"a":2}\n' >b.json
	sbatch --once -S d b.json | ssink -f csv -N >>out
	printf 'a,b\n1,x\n2,y\n' | diff - out

	printf 'k,v\n1,2.5\n' >t.csv
	sbatch --once -S e -c auto t.csv | smap -a 'k + 1 as n' |
		ssink -f csv >out
	printf '2,3.5\n' >>t.csv
	sbatch --once -S e -c auto t.csv | smap -a 'k + 1 as n' |
		ssink -f csv -N >>out
	printf 'k,v,n\n1,2.5,2\n2,3.5,3\n' | diff - out
}

@test "--once without a byte that would tell the columns says so" {
	: >b.csv
	run -66 --separate-stderr bash -c 'sbatch --once -S d b.csv | ssink'
	[ "$stderr" = "sbatch: -S: there is no whole header or record yet to tell the columns; nothing was taken, start again when there is one" ]
	run -66 --separate-stderr bash -c \
		'sbatch --once -S e -N -c a:int,b b.csv | ssink'
	[ "$stderr" = "sbatch: -S: there is no whole record yet to tell the columns; nothing was taken, start again when there is one" ]
	: >b.log
	[ "$(new)" = "" ]
}

# Two starts without columns; then rows, a rotation, and more rows.  $1 is what
# the file begins with; the rest are options, and other files.
rotate_before_columns() {
	local first=$1 row
	shift
	go() { sbatch --once -S d x.log "$@" | ssink -f csv -N >>out; }
	rm -rf d out x.log*
	printf '%s' "${first:0:1}" >x.log
	run -66 go "$@"
	run -66 go "$@"
	run -0 millrace status d
	[[ $output == "committed nothing"*"source x.log read 0 of "* ]]
	printf '%s%s' "${first:1}" $'1,2\n2,3\n' >>x.log
	mv x.log x.log.1
	printf '%s%s' "$first" $'3,4\n' >x.log
	go "$@"
	for row in 4,5 5,6; do
		echo "$row" >>x.log
		go "$@"
	done
	printf '%s\n' 1,2 2,3 3,4 4,5 5,6 | diff - out
}

@test "files that told no columns are read though they were rotated since" {
	: >y.log
	rotate_before_columns '' -f csv -N -c n:int,k
	rotate_before_columns '' -f csv -N -c n:int,k -i 1s
	rotate_before_columns $'n,k\n' -f csv -c n:int,k
	rotate_before_columns $'n,k\n' -f csv -c auto
	rotate_before_columns $'n,k\n' -f csv -c n:int,k y.log
	rotate_before_columns $'n,k\n' -f csv -c n:int,k -j 2
}

@test "of several files that told no columns each keeps its place" {
	go() {
		sbatch --once --source s -S d -f csv '*.csv' |
			ssink -N >out
	}
	: >a.csv
	: >b.csv
	run -66 go
	printf 'n\n1\n' >>a.csv
	printf 'n\n2\n' >>b.csv
	mv b.csv b.csv.1
	printf 'n\n3\n' >b.csv
	printf 'n\n4\n' >c.csv
	go
	printf '%s\n' 1,a.csv 2,b.csv 3,b.csv 4,c.csv | tr , '\t' |
		diff - <(sort out)
	go
	[ ! -s out ]
}

@test "a follower that is ended before the columns are known keeps its place" {
	for how in KILL TERM; do
		rm -rf d p x.log*
		: >x.log
		mkfifo p
		ssink -N <p >out 2>err &
		sbatch -F -S d -f csv x.log >p 2>>err &
		source=$!
		until_true 10 test -e d/0.0.00-sbatch
		kill -s "$how" "$source"
		wait
		printf 'n,k\n1,a\n' >>x.log
		mv x.log x.log.1
		printf 'n,k\n2,b\n' >x.log
		sbatch --once -S d -f csv x.log | ssink -N >out
		printf '%s\n' 1,a 2,b | tr , '\t' | diff - out
	done
}

@test "several files, each from its own place" {
	seq 1 3 >a.txt
	seq 11 13 >c.txt
	sbatch --once -S d a.txt c.txt | ssink -N >out
	seq 4 5 >>a.txt
	seq 14 15 >>c.txt
	sbatch --once -S d a.txt c.txt | ssink -N >>out
	{ seq 1 3; seq 11 13; seq 4 5; seq 14 15; } | diff - out
	run -78 --separate-stderr bash -c \
		'sbatch --once -S d a.txt | ssink -N'
	[[ $stderr == "sbatch: -S: c.txt was read before and is no source any more; write its path as it was, or "* ]]
	echo 6 >>a.txt
	run -0 --separate-stderr bash -c \
		'sbatch --once --on-missing skip -S d a.txt | ssink -q -N'
	[ "$output" = 6 ]
	[ "$stderr" = "sbatch: c.txt: was read before and is no source any more" ]
}

@test "logs that are merged keep the rows that wait" {
	seq 1 2 99 | sed 's/$/,a/' >a.csv
	seq 2 2 98 | sed 's/$/,b/' >b.csv
	m() {
		sbatch -m -N -c 't:time(s),k' -t t --once -S d a.csv b.csv |
			smap -s 'epoch_ms(t) div 1000, k' | ssink -N
	}
	m >out
	seq 101 2 199 | sed 's/$/,a/' >>a.csv
	seq 102 2 198 | sed 's/$/,b/' >>b.csv
	m >>out
	awk 'BEGIN { for (i = 1; i < 100; i++) print i "\t" (i % 2 ? "a" : "b")
		for (i = 101; i < 200; i++) print i "\t" (i % 2 ? "a" : "b") }' |
		diff - out
}

@test "bad records are kept once" {
	printf '1\nx\n2\n' >n.csv
	go() {
		sbatch -N -c 'n:int' --bad bad.txt --once -S d n.csv |
			ssink -N
	}
	go >out 2>/dev/null
	# As if a run had been killed after it wrote, before it committed.
	echo half >>bad.txt
	printf 'y\n3\n' >>n.csv
	go >>out 2>/dev/null
	printf 'x\ny\n' | diff - bad.txt
	printf '1\n2\n3\n' | diff - out
	mv bad.txt taken
	printf 'z\n4\n' >>n.csv
	go >>out 2>/dev/null
	printf 'z\n' | diff - bad.txt
	printf '1\n2\n3\n4\n' | diff - out
}

@test "a file that stands in the place of that of --bad is never cut" {
	printf 'x\n1\n' >n.csv
	go() {
		sbatch -q -N -c 'n:int' --bad bad.txt --once -S d n.csv |
			ssink -q -N
	}
	go
	printf 'y\n2\n' >>n.csv
	for other in 'mine, and longer' ' '; do
		printf '%s\n' "$other" >bad.txt
		[ "$other" != ' ' ] || printf 1 >bad.txt
		cp bad.txt mine
		run -65 --separate-stderr go
		[ "$output" = "" ]
		[[ $stderr == "sbatch: --bad: bad.txt "*"; move it away to begin one anew" ]]
		cmp mine bad.txt
	done
	[[ $stderr == "sbatch: --bad: bad.txt has 1 bytes, and had 2: it is another file; "* ]]
	rm bad.txt
	[ "$(go)" = 2 ]
	echo y | diff - bad.txt
	# Nothing was in it yet: only which file it is tells.
	rm -r d bad.txt
	echo 3 >n.csv
	go
	echo 4 >>n.csv
	rm bad.txt
	echo mine >bad.txt
	run -65 --separate-stderr go
	[ "$stderr" = "sbatch: --bad: bad.txt is another file than it was, or was changed; move it away to begin one anew" ]
	echo mine | diff - bad.txt
	# A start without it has no place in it.
	rm -r d
	echo 5 >n.csv
	sbatch -N -c 'n:int' --bad skip --once -S d n.csv | ssink -q -N
	printf 'z\n6\n' >>n.csv
	run -65 --separate-stderr go
	[ "$stderr" = "sbatch: --bad: bad.txt has 5 bytes, and the last start did not write to it; move it away to begin one anew" ]
	echo mine | diff - bad.txt
	rm bad.txt
	# What a killed start has begun is none of this.
	printf 'y\n7\n' >>n.csv
	launch out -N -c 'n:int' --bad bad.txt --epoch 1h -F -S d n.csv
	until_true 10 test -s bad.txt
	crash
	[ "$(go | paste -sd ' ')" = "6 7" ]
	printf 'z\ny\n' | diff - bad.txt
	printf 'x\n8\n' >>n.csv
	[ "$(go)" = 8 ]
	printf 'z\ny\nx\n' | diff - bad.txt
}

# bats test_tags=long
@test "bad records that are committed outlast a loss of power" {
	printf '1\nx\n2\n' >n.csv
	mkdir side
	strace -qq -y -o log -e trace=fsync,renameat \
		sbatch -N -c 'n:int' --bad side/bad.txt --once -S d n.csv |
		ssink -N >out
	# Before the epoch has a state, which a commit may name.
	sed '/"1\.1\.00-sbatch")/,$d' log >before
	grep -E "^fsync\([0-9]+<$PWD/side/bad.txt>\)" before
	grep -E "^fsync\([0-9]+<$PWD/side>\)" before
}

# bats test_tags=long
@test "groups outside of memory outlast a loss of power before their state does" {
	seq 100000 | sed 's/^/5,/' >b.csv
	sbatch -f csv -N -c 't:time(s),k' -t t --once -S d b.csv |
		swindow -q 1h |
		strace -qq -y -o log -e trace=fsync,renameat \
			sreduce --mem 1M -k k count | ssink -q -N
	sed '/"1\.1\.02-sreduce")/,$d' log >before
	grep -E "^fsync\([0-9]+<$PWD/d/02-sreduce.1.runs>\)" before
	grep -E "^fsync\([0-9]+<$PWD/d>\)" before
}

@test "what cannot be read again, or is no safe place, is refused" {
	seq 3 >b.log
	run -64 --separate-stderr bash -c 'seq 3 | sbatch -S d | ssink'
	[[ $stderr == "sbatch: '-' cannot be read again after a restart; --spool keeps in DIR what is read from it" ]]
	run -64 --separate-stderr bash -c 'sbatch -S d gen:5 | ssink'
	[[ $stderr == "sbatch: 'gen:5' cannot be read again after a restart; -S takes files, and with --spool standard input, pipes and sockets" ]]
	run -64 --separate-stderr sbatch -S d --epoch 100ms b.log
	[[ $stderr == "sbatch: --epoch: 100ms: "* ]]
	run -64 --separate-stderr sbatch --once b.log
	[ "$stderr" = "sbatch: --once goes with -S DIR, where the places are kept" ]
	run -64 --separate-stderr sbatch --epoch 1s b.log
	[ "$stderr" = "sbatch: --epoch goes with -S DIR, where the places are kept" ]
	run -64 --separate-stderr sbatch -S "" b.log
	[ "$stderr" = "sbatch: -S: '' is no directory; is the variable set?" ]
	run -64 --separate-stderr sbatch -S d --once -F b.log
	run -64 --separate-stderr sbatch -S d --from -1h b.log
	mkdir -m 700 real
	ln -s real link
	run -64 --separate-stderr bash -c 'sbatch -S link b.log | ssink'
	[[ $stderr == "sbatch: -S: link: it is a link; "* ]]
	mkdir -m 755 open
	run -64 --separate-stderr bash -c 'sbatch -S open b.log | ssink'
	[ "$stderr" = "sbatch: -S: open: it is no checkpoint, which has the mode 0700: name a directory that is not there yet, or an empty one of that mode" ]
	chmod 700 open
	sbatch -S open --once -f lines b.log | ssink -q >/dev/null
	chmod 755 open
	run -64 --separate-stderr millrace status open
	[ "$stderr" = "millrace: open: its mode is not 0700; a checkpoint holds the data of its owner: chmod 700 it" ]
}

@test "a directory in memory is warned of" {
	seq 3 >b.log
	mem=$(mktemp -d /dev/shm/millrace.XXXXXX)
	run -0 --separate-stderr bash -c \
		"sbatch -f lines --once -S '$mem' b.log | ssink -N --append f"
	rm -r "$mem"
	[ "$stderr" = "sbatch: -S: $mem: is in memory and does not survive a reboot" ]
	seq 3 | diff - f
}

# bats test_tags=long
@test "a directory on a network is refused unless --force-fs takes it" {
	seq 3 >b.log
	# Its file system says that it is NFS.
	go() {
		strace -qq -o /dev/null -e trace=fstatfs \
			-e inject=fstatfs:poke_exit=@arg2=6969000000000000 \
			sbatch -f lines --once -S d "$@" b.log |
			ssink -q -N --append f
	}
	run -64 --separate-stderr go
	[ "$stderr" = "sbatch: -S: d: is on NFS, where a checkpoint can be lost or used twice; --force-fs takes it all the same" ]
	[ ! -e d/identity ]
	[ ! -e f ]
	go --force-fs
	seq 3 | diff - f
}

# growing RE FILE: one row more; whether RE stands in FILE by now.
growing() {
	echo "$RANDOM" >>b.log
	grep -q "$1" "$2"
}

@test "no more than four epochs are open, and a sink that commits none is named" {
	seq 3 >b.log
	sbatch -f lines -F --epoch 200ms -S d b.log 2>err | cat >stream &
	source=$(jobs -p %%)
	until_true 60 growing 'committed' err
	kill "$source"
	wait
	[ "$(cat err)" = "sbatch: -S: epoch 1 is not committed since 10 intervals of --epoch" ]
	[ ! -e d/committed ]
	# The end of the stream ends an epoch, too.
	[ "$(echo d/[1-9]*.1.00-sbatch)" = "$(echo d/{1,2,3,4,5}.1.00-sbatch)" ]
}

# bats test_tags=long
@test "no row arrives before another one, whatever becomes of the clock" {
	cat >back.c <<-'EOF'
		#define _GNU_SOURCE
		#include <sys/syscall.h>
		#include <time.h>
		#include <unistd.h>
		/* The wall clock loses an hour whenever it is read. */
		int
		clock_gettime(clockid_t id, struct timespec *ts)
		{
			static long n;
			int rc = (int)syscall(SYS_clock_gettime, id, ts);

			if (id == CLOCK_REALTIME)
				ts->tv_sec -= 3600 * ++n;
			return rc;
		}
	EOF
	cc -shared -fPIC -o back.so back.c
	# Instants are late as soon as they are not the newest.
	go() {
		LD_PRELOAD="$1" sbatch -f lines --frame-rows 1 --batch-rows 1 \
			--once -S d b.log | swindow --arrival | ssink -q -N
	}
	seq 3 >b.log
	go '' >out
	seq 4 6 >>b.log
	go "$PWD/back.so" >>out
	seq 7 9 >>b.log
	go "$PWD/back.so" >>out
	cut -f1 out | diff <(seq 9) -
	cut -f2 out | sort -c
}

@test "a saved stream resumes nothing" {
	seq 3 >b.log
	sbatch -S d b.log | cat >s.mill
	ssink -N <s.mill >out
	seq 3 | diff - out
	[ ! -e d/committed ]
}

@test "a pipeline in which nothing could commit is refused" {
	seq 3 >b.log
	why="standard output is no pipe, so nothing behind it commits what was read: write ... | ssink DEST, or leave -S out"
	for to in s.mill /dev/null; do
		run -64 --separate-stderr bash -c "sbatch --once -S d b.log >$to"
		[ "$stderr" = "sbatch: -S: $why" ]
		[ ! -e d ]
		run -64 --separate-stderr bash -c \
			"sbatch --once -S d b.log | smap -w true >$to"
		[ "$stderr" = "smap: sbatch -S: $why" ]
		[ ! -e d/committed ]
		rm -r d
	done
	sbatch --once -S d b.log | smap -w true | ssink -q -N >out
	seq 3 | diff - out
}

@test "a damaged state is refused, never passed over" {
	seq 3 >b.log
	new >/dev/null
	for f in d/1.*.00-sbatch d/1.*.01-ssink d/committed d/generation d/identity; do
		cp -p "$f" keep
		size=$(stat -c %s "$f")
		head -c $((size - 1)) keep >"$f"
		run -65 --separate-stderr bash -c \
			'sbatch -f lines --once -S d b.log | ssink -N'
		[[ $stderr == *"it is damaged"* ]] || { echo "$f: $stderr"; false; }
		cp -p keep "$f"
	done
}

# A pipeline in many small runs prints what one run over all of it prints.
# in_pieces ARG...: smap with those, over the rows of all.csv.
in_pieces() {
	local from=2
	rm -rf d part.csv
	head -1 all.csv >part.csv
	: >pieces
	while [ "$from" -le "$(wc -l <all.csv)" ]; do
		tail -n "+$from" all.csv | head -n 37 >>part.csv
		from=$((from + 37))
		sbatch --once -S d -c 't:time(s),k:str,v:int,w:float' -t t \
			part.csv | smap "$@" | ssink -N >>pieces
	done
	sbatch -c 't:time(s),k:str,v:int,w:float' -t t all.csv | smap "$@" |
		ssink -N >whole
	same whole pieces
}

@test "the history of keys goes on over restarts" {
	awk 'BEGIN { srand(7); print "t,k,v,w"
		for (i = 0; i < 300; i++)
			printf "%d,%s,%s,%s\n", 1000 + i - int(rand() * 5),
			    rand() < 0.1 ? "" : "k" int(rand() * 9),
			    rand() < 0.1 ? "" : int(rand() * 100), rand() }' >all.csv
	in_pieces -k k -a 'lag(v, 2) as l, delta(v) as d, rate(v) as r' \
		-a 'ewma(w, 0.5) as e, row_number() as n, lag(k) as lk'
	in_pieces -k k -a 'sum(v) as s, avg(w) as a, max(k) as m, p50(v) as p' \
		-a 'count(distinct v) as c, first(w) as f, last(v) as l'
	in_pieces -k k --over 20s -a 'sum(v) as s, max(w) as m, count(distinct v) as c'
	in_pieces -k k --over 5rows -a 'sum(v) as s, p90(w) as m' --ttl 100s
	in_pieces --dedup 'k, v' --within 50s
	in_pieces -k k --changed 'v div 20'
	in_pieces -k '' -w 'v > avg(v)'
}

@test "smap saves no command" {
	seq 3 >b.log
	run -64 --separate-stderr bash -c \
		'sbatch -f lines --once -S d b.log | smap -X -- cat | ssink'
	[[ $stderr == *"sbatch -S: -X keeps one command running"* ]]
	run -64 --separate-stderr bash -c \
		'sbatch -f lines --once -S e b.log | smap -x -- cat | ssink'
	[[ $stderr == *"sbatch -S: -x runs once a batch, and the stream is one batch"* ]]
	sbatch -f lines --batch-rows 2 --once -S f b.log |
		smap -x -- sed s/^/x/ | ssink -N >out
	printf 'x1\nx2\nx3\n' | diff - out
}

@test "--head counts on in a batch that an epoch has cut" {
	seq 1 3 >b.log
	mkfifo p
	ssink -N <p >out &
	sbatch -F -f lines --batch-rows 1000 -S d b.log | smap --head 4 >p &
	until_true 10 grep -qx 3 out
	kill "$(cat d/source.lock)"
	wait
	[ "$(paste -sd ' ' out)" = "1 2 3" ]
}

# bats test_tags=long
@test "a directory that cannot be read to its end is no short one" {
	# unread DIR COMMAND...: what it reads of the names there fails.
	unread() {
		local -
		set -o pipefail
		strace -qq -o /dev/null -P "$1" -e trace=getdents64 \
			-e inject=getdents64:error=EIO "${@:2}" | cat >out
	}
	mkdir in
	seq 3 >in/b.log
	run -66 --separate-stderr unread "$PWD/in" sbatch -f lines in/
	[ "$stderr" = "sbatch: in/: Input/output error" ]
	sbatch -f lines in/b.log >s
	run -74 --separate-stderr unread "$PWD" ssink -N --roll 2rows r.csv <s
	[ "$stderr" = "ssink: r.csv: Input/output error" ]
	sbatch -f lines --once -S d in/b.log | ssink -q -N
	mv in/b.log in/b.log.1
	run -74 --separate-stderr \
		unread "$PWD/in" sbatch -f lines --once -S d in/b.log
	[ "$stderr" = "sbatch: in/b.log: in/: Input/output error" ]
}

@test "two stages in one place are asked for a name" {
	seq 3 >b.log
	sbatch -F -f lines -S d b.log 2>/dev/null |
		tee >(smap -w true 2>one | cat >/dev/null) |
		{ smap -w true 2>two | cat >/dev/null; } &
	until_true 10 grep -qs 'running already' one two
	cat one two | grep -qx "smap: $PWD/d: 01-smap is running already, as process [0-9]*; of two branches behind tee(1) name one by --name"
	kill "$(head -1 d/source.lock)" || :
	wait
}

@test "a second sink is refused: one record cannot decide for two" {
	seq 3 >b.log
	sbatch -F -f lines -S d b.log 2>/dev/null |
		tee >(ssink -N --name one 'a/{epoch}.txt' 2>one || echo $? >one.rc) |
		{ ssink -N --name two 'b/{epoch}.txt' 2>two || echo $? >two.rc; } &
	until_true 10 grep -qs ' sinks$' one two
	until_true 10 grep -qsx 75 one.rc two.rc
	grep -qx "\(one\|two\): $PWD/d: process [0-9]* is its sink already; one record cannot decide for two sinks" one two
	# It may have ended by itself, for want of a reader.
	kill "$(head -1 d/source.lock)" || :
	wait
	[ "$(ls -d a b 2>/dev/null | wc -l)" -le 1 ]
	run -0 bash -c "sbatch -f lines --once -S e b.log | ssink -N 'c/{epoch}.txt'"
	seq 3 | diff - c/1.txt
	run -0 millrace status e
	[[ $output != *"not in place"* ]]
}

@test "no batch is added where rows end with one" {
	seq 4 >b.log
	go() {
		sbatch -f lines --batch-rows 2 --once -S d b.log |
			sreduce 'count() as n' | ssink -N
	}
	[ "$(go | paste -sd ' ')" = "2 2" ]
	seq 3 >>b.log
	[ "$(go | paste -sd ' ')" = "2 1" ]
}

@test "only the stage that refuses has something to say" {
	seq 3 >in
	run -64 --separate-stderr bash -c 'set -o pipefail
		sbatch -F -f lines -S d in | smap -w true | smap -w true |
		sreduce nothing | ssink -q -N'
	[[ ${stderr_lines[0]} == "sreduce: "* ]]
	[[ $stderr != *"Broken pipe"* ]]
	run -74 --separate-stderr bash -c 'set -o pipefail
		sbatch -v -F -f lines -S e in | true'
	[ "$stderr" = "sbatch: standard output: Broken pipe" ]
}
