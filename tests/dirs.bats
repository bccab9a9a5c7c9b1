#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Directories whose files are read once, over restarts: sbatch -S d DIR/.

# shellcheck disable=SC2154 # bats sets stderr
# shellcheck disable=SC2317 # until_true calls these functions

load helper
load starts

# What is new in in/, with the names of the files, on one line.
new() {
	sbatch -f lines --source f --once -S d "$@" in/ |
		ssink -q -N | tr '\t' '@' | paste -sd ' '
}

# follow FILE ARGS...: follow in/ in the background, rows in FILE.
follow() {
	launch "$1" -f lines -F -S d "${@:2}" in/
}

setup_dir() {
	mkdir in
	seq 3 >in/a
	seq 4 5 | gzip >in/b.gz
	touch -d 2026-01-01 in/b.gz
}

@test "--once reads the files that came since the last run, oldest first" {
	setup_dir
	[ "$(new)" = "4@in/b.gz 5@in/b.gz 1@in/a 2@in/a 3@in/a" ]
	[ "$(new)" = "" ]
	seq 6 7 >in/new
	seq 8 >in/.hidden
	seq 8 >in/not.tmp
	seq 8 9 | gzip >in/older.gz
	touch -d 2026-01-02 in/older.gz
	echo 8 >in/older
	touch -d 2026-01-01 in/older
	[ "$(new)" = "8@in/older 8@in/older.gz 9@in/older.gz 6@in/new 7@in/new" ]
	run -0 millrace status d
	[[ $output == *"source in/ and the files in it"* ]]
	[[ $output == *"source in/new#5 read up to byte 4"* ]]
}

@test "what has another name is the same file, and one that is gone is none" {
	setup_dir
	new >/dev/null
	mv in/a in/z
	rm in/b.gz
	[ "$(new)" = "" ]
	echo 6 >in/a
	[ "$(new)" = "6@in/a" ]
}

@test "--once reads on in a file that has grown, over a line without an end" {
	setup_dir
	new >/dev/null
	printf '4\nha' >>in/a
	[ "$(new)" = "4@in/a" ]
	[ "$(new)" = "" ]
	mv in/a in/q
	printf 'lf\n' >>in/q
	seq 6 | gzip >>in/b.gz
	[ "$(new | tr ' ' '\n' | sort | paste -sd ' ')" = "1@in/b.gz 2@in/b.gz 3@in/b.gz 4@in/b.gz 5@in/b.gz 6@in/b.gz half@in/q" ]
}

@test "each file is a part, which a later run goes on with" {
	mkdir in
	parts() {
		sbatch -f lines --once -S d in/ | cat >s.mill
		python3 "$TOP/tests/decode.py" <s.mill | sed -n \
			's/^MARK.* part=\([0-9]*\) .*\["open", "\(.*\)"\]/\1:\2/p' |
			paste -sd ' '
	}
	commit() { sbatch -f lines --once -S d in/ | ssink -q -N; }
	echo 1 >in/a
	[ "$(parts)" = 1:in/a ]
	commit >/dev/null
	echo 2 >>in/a
	echo 3 >in/b
	[ "$(parts)" = "1:in/a 2:in/b" ]
}

@test "a file that grows while its end is found is read on" {
	mkdir in
	seq 300000 >in/a
	# Its third read finds its end, and then it has more.
	ASAN_OPTIONS=detect_leaks=0 strace -qq -o log -P "$PWD/in/a" \
		-e trace=pread64 -e inject=pread64:retval=0:when=3 \
		sbatch -f lines --once -S d in/ | ssink -q -N >got
	[ "$(wc -l <got)" -gt 100000 ]
	[ "$(wc -l <got)" -lt 200000 ]
	sbatch -f lines --once -S d in/ | ssink -q -N >>got
	seq 300000 | cmp - got
}

@test "a directory in another one has places of its own" {
	mkdir -p in/sub
	both() {
		sbatch -f lines --once -S d in/ in/sub/ | ssink -q -N | paste -sd ' '
	}
	seq 3 >in/a
	seq 4 6 >in/sub/b
	seq 7 9 >in/sub/c
	[ "$(both)" = "1 2 3 4 5 6 7 8 9" ]
	# There is no second file in the outer one.
	echo 10 >>in/sub/c
	[ "$(both)" = 10 ]
	[ "$(both)" = "" ]
}

@test "a header is that of each file, and need not be found again" {
	mkdir in
	h() { sbatch --once -S d in/ | ssink -q -N -f csv; }
	printf 'a,b\n1,2\n' >in/x.csv
	[ "$(h)" = "1,2" ]
	printf '3,4\n' >>in/x.csv
	printf 'b,a\n6,5\n' >in/y.csv
	[ "$(h)" = "3,4
5,6" ]
}

@test "a file that was truncated stops the run, or is read again" {
	setup_dir
	new >/dev/null
	echo 9 >in/a
	run -66 --separate-stderr bash -c 'sbatch -f lines --source f --once -S d in/ | ssink -q -N'
	[[ ${stderr_lines[0]} == "sbatch: in/a: truncated after byte 6; --on-truncate restart reads it from the start" ]]
	[ "$(new --on-truncate restart 2>err)" = "9@in/a" ]
	[ "$(cat err)" = "sbatch: in/a: truncated after byte 6, reading it from the start" ]
	[ "$(new)" = "" ]
}

@test "a file that is gone half read stops the run, or is passed over" {
	mkdir in
	seq 5000 >in/a
	follow one --rate 100/s --epoch 200ms
	until_true 10 grep -q '^100$' one
	until_true 10 test -e d/committed
	crash
	mv in/a keep
	run -66 --separate-stderr bash -c 'sbatch -f lines --once -S d in/ | ssink -q -N'
	[[ ${stderr_lines[0]} == "sbatch: in/: a is gone and was not read to its end; --on-missing skip goes on without it" ]]
	cp -r d d2
	echo 7 >in/b
	run -0 --separate-stderr bash -c 'sbatch -f lines --once -S d2 --on-missing skip in/ | ssink -q -N'
	[ "$output" = 7 ]
	[ "${stderr_lines[0]}" = "sbatch: in/a: is gone and was not read to its end" ]
	rm in/b
	mv keep in/c
	run -0 bash -c 'sbatch -f lines --once -S d in/ | ssink -q -N'
	[ "$(tail -n 1 <<<"$output")" = 5000 ]
	[ "${#lines[@]}" -lt 5000 ]
}

@test "what was accepted is committed, also without a row" {
	once() {
		sbatch -f lines --once -S d "$@" in/ | ssink -q -N 'o/{epoch}'
	}
	accepted() {
		run -66 once
		once "${@:3}" 2>err
		[ "$(cat err)" = "sbatch: $2" ]
		once
		[[ $(millrace status d) == "committed epoch $1 of "* ]]
	}
	mkdir in
	printf '1\n2' >in/a
	seq 3 >in/b
	once
	rm in/a
	accepted 2 "in/a: is gone and was not read to its end" \
		--on-missing skip
	: >in/b
	accepted 3 "in/b: truncated after byte 6, reading it from the start" \
		--on-truncate restart
	[ "$(ls o)" = 1 ]
	echo 4 >>in/b
	once
	[ "$(cat o/4)" = 4 ]
}

@test "a last line that was taken without its end must not go on" {
	mkdir in
	printf '10\n2' >in/a
	go() { sbatch -f lines -S d in/ | ssink -q -N; }
	[ "$(go | paste -sd ' ')" = "10 2" ]
	cp -r d d.1
	printf '5\n30\n' >>in/a
	run -66 --separate-stderr go
	[ "$output" = "" ]
	[ "${stderr_lines[0]}" = "sbatch: in/a: the line that ended the file at byte 4, without a line end, was taken as it was, and goes on now; --once leaves such a line to a later start" ]
}

@test "a file that is gone with a line that had no end was not read" {
	mkdir in
	printf '1\n2' >in/a
	[ "$(new)" = "1@in/a" ]
	[ "$(new)" = "" ]
	gzip -k in/a
	rm in/a
	echo 3 >in/b
	run -66 --separate-stderr bash -c 'sbatch -f lines --source f --once -S d in/ | ssink -q -N'
	[ "$output" = "" ]
	[[ ${stderr_lines[0]} == "sbatch: in/: a is gone and was not read to its end; --on-missing skip goes on without it" ]]
	rm in/a.gz
	[ "$(new --on-missing skip 2>err)" = "3@in/b" ]
	[ "$(cat err)" = "sbatch: in/a: is gone and was not read to its end" ]
	[ "$(new)" = "" ]
}

@test "-F reads what comes once, over kills and stops" {
	setup_dir
	follow one --epoch 1h
	until_true 10 rows_are one 4 5 1 2 3
	crash
	follow two --epoch 200ms
	until_true 10 rows_are two 4 5 1 2 3
	echo 6 >in/c.tmp
	mv in/c.tmp in/c
	until_true 10 rows_are two 4 5 1 2 3 6
	stop
	echo 7 >>in/c # it was read, and is whole
	rm in/a
	echo 8 >in/d
	follow three
	until_true 10 rows_are three 8
	stop
	run -0 millrace status d
	[[ $output != *"#"* ]]
	[ "$(sbatch -f lines --once -S d in/ | ssink -q -N)" = "" ]
}

@test "an empty directory has nothing yet" {
	mkdir in
	[ "$(new)" = "" ]
	run -64 --separate-stderr sbatch --once -S e in/
	[[ $stderr == *"in/: no file is in it yet that says its format: say -f FORMAT" ]]
	echo 1 >in/a
	[ "$(new)" = "1@in/a" ]
}

@test "a pattern that matches more at each run has new parts" {
	mkdir in
	g() {
		sbatch -f lines --source f --once -S d "$@" 'in/*.log' |
			ssink -q -N | tr '\t' '@' | paste -sd ' '
	}
	echo 1 >in/b.log
	[ "$(g)" = "1@in/b.log" ]
	echo 2 >in/a.log
	echo 3 >>in/b.log
	[ "$(g)" = "2@in/a.log 3@in/b.log" ]
	rm in/a.log
	run -78 --separate-stderr bash -c "sbatch -f lines --source f --once -S d 'in/*.log' | ssink -q -N"
	[[ ${stderr_lines[0]} == "sbatch: -S: in/a.log was read before and is no source any more; "*"--on-missing skip"* ]]
	echo 4 >>in/b.log
	[ "$(g --on-missing skip)" = "4@in/b.log" ]
}

@test "directories that change and pipelines that are killed: each row once" {
	python3 "$TOP/tests/dirs.py" once 8 "${MILLRACE_SEED-$RANDOM}"
	python3 "$TOP/tests/dirs.py" follow 8 "${MILLRACE_SEED-$RANDOM}"
}

@test "a file that is refused is refused once, until it changes" {
	mkdir in
	b() { sbatch --bad skip --once -S d in/ | ssink -q -N -f csv; }
	printf 'a,b\n1,2\n' >in/x.csv
	b >/dev/null
	printf 'c,d\n3,4\n' >in/y.csv
	b 2>err
	[ "$(tail -n 1 err)" = "sbatch: 1 of 2 records invalid, skipped" ]
	printf 'a,b\n5,6\n' >in/z.csv
	[ "$(b 2>err)" = "5,6" ]
	[ ! -s err ]
	# However much of it there is.
	seq 1000000 | sed '1s/.*/c,d/' >in/y.csv
	b 2>err
	[ "$(tail -n 1 err)" = "sbatch: 2 of 4 records invalid, skipped" ]
	echo 7,8 >>in/z.csv
	[ "$(b 2>err)" = "7,8" ]
	[ ! -s err ]
}
