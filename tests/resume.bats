#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What windows, groups and joins keep over restarts: sbatch -S.

load helper

@test "random pipelines that are resumed answer as if they ran through" {
	PATH=$BIN:$PATH python3 "$BATS_TEST_DIRNAME/resume.py" 12
}

# The rows of in.csv, as far as they are new.
fresh() {
	sbatch -f csv -N -c t:time,k:str,v:int -t t -S d "$@" in.csv
}

# bats test_tags=long
@test "a state above 256 MiB is told of once in each start" {
	# Rows of 15 MB, which wait for the watermark.
	for i in {1..19}; do
		printf '%s,' "$i"
		head -c 15000000 /dev/zero | tr '\0' x
		echo ,1
	done >in.csv
	go() {
		sbatch -f csv -N --max-field 16M -c t:time,k:str,v:int -t t \
			-S d --batch-rows 1 --once in.csv |
			swindow --sort --late 1h "$@" |
			sreduce 'count() as n' | ssink -q -N >/dev/null
	}
	run -0 --separate-stderr go
	[[ $stderr =~ ^'swindow: sbatch -S: the state takes '2[78][0-9]' MiB, and each epoch writes it anew; swindow(1), RELIABILITY, says what bounds it'$ ]]
	echo 21,a,1 >>in.csv
	run -0 --separate-stderr go -q
	[ "$stderr" = "" ]
}

@test "a window across two starts comes out once, in the one that ends it" {
	counts() {
		fresh "$@" | swindow 1m -q | sreduce 'sum(v) as s' | ssink -q -N \
			| cut -f 1,3
	}
	printf '%s\n' 5,a,1 50,a,2 >in.csv
	[ "$(counts --once)" = "" ]
	printf '%s\n' 55,a,4 65,a,8 >>in.csv
	[ "$(counts --once)" = "1970-01-01T00:00:00Z	7" ]
	echo 70,a,16 >>in.csv
	[ "$(counts)" = "1970-01-01T00:01:00Z	24" ]
	[ "$(counts)" = "" ]
}

@test "rows behind the end of the data are late when it goes on" {
	late() {
		fresh | swindow 1m --late eof | sreduce 'sum(v) as s' \
			| ssink -q -N | cut -f 1,3
	}
	printf '%s\n' 5,a,1 150,a,2 >in.csv
	[ "$(late)" = "1970-01-01T00:00:00Z	1
1970-01-01T00:02:00Z	2" ]
	printf '%s\n' 170,a,4 200,a,8 >>in.csv
	run -0 --separate-stderr late
	[ "$output" = "1970-01-01T00:03:00Z	8" ]
	[ "$stderr" = "swindow: 1 of 4 rows late, worst by 10s; --late 11s keeps all" ]
}

@test "--max-late counts the late rows of all starts" {
	printf '%s\n' 5,a,1 150,a,2 6,a,3 >in.csv
	fresh --once | swindow 1m -q --max-late 1 | ssink -q >/dev/null
	printf '%s\n' 7,a,3 >>in.csv
	run -65 --separate-stderr bash -c "$(declare -f fresh);
		fresh --once | swindow 1m -q --max-late 1 | ssink -q"
	[ "${stderr_lines[0]}" = "swindow: 2 rows late, more than --max-late 1" ]
}

@test "--late-to grows over restarts to one stream" {
	go() {
		fresh "$@" | swindow 1m -q --late-to late.mill | ssink -q >/dev/null
	}
	printf '%s\n' 5,a,1 150,a,2 6,a,3 >in.csv
	go --once
	run -74 ssink -N <late.mill
	printf '%s\n' 7,a,4 >>in.csv
	# What no epoch has committed is cut off.
	echo "something" >>late.mill
	go --once
	printf '%s\n' 300,a,5 8,a,6 >>in.csv
	go
	[ "$(ssink -N <late.mill | cut -f 3 | paste -sd ' ')" = "3 4 6" ]
	printf '%s\n' 9,a,7 >>in.csv
	go
	[ "$(ssink -N <late.mill | cut -f 3 | paste -sd ' ')" = "3 4 6 7" ]
	printf '%s\n' 9,a,8 >>in.csv
	truncate -s 10 late.mill
	run -65 --separate-stderr go
	[[ ${stderr_lines[0]} == "swindow: --late-to: late.mill has "*" bytes, and had "*": it is another file; move it away to begin one anew" ]]
	# One that is long enough, with other bytes in it.
	head -c 100000 /dev/zero >late.mill
	run -65 --separate-stderr go
	[ "${stderr_lines[0]}" = "swindow: --late-to: late.mill is another file than it was, or was changed; move it away to begin one anew" ]
	[ "$(stat -c %s late.mill)" = 100000 ]
	for mend in "rm late.mill" "truncate -s 0 late.mill"; do
		$mend
		echo 9,a,9 >>in.csv
		go
	done
	[ "$(ssink -N <late.mill | cut -f 3)" = 9 ]
}

@test "--late-to behind sbatch -S wants a file" {
	echo 5,a,1 >in.csv
	run -64 --separate-stderr bash -c "$(declare -f fresh);
		fresh --once | swindow 1m -q --late-to /dev/null | ssink -q"
	[ "${stderr_lines[0]}" = "swindow: --late-to: sbatch -S: /dev/null is no file, which could be cut" ]
}

# Groups of 20 keys of 60 KB, so that --mem 1M has some of them in files.
big() {
	sbatch -f csv -N -c t:time,v:int -t t -S d "$@" in.csv |
		swindow -q 2m/1m --late 1m |
		sreduce --mem 1M -k 'v, repeat(v::str, 30000) as r' \
			'count() as n, sum(v) as s, count(distinct t) as d' |
		smap -s 'window_end, v, length(r) as l, n, s, d' | ssink -q -N
}

# Five times 60 rows of in.csv, each read by a start of its own, into got.
begin_big() {
	: >in.csv
	: >got
	for i in 0 1 2 3 4; do
		for ((n = i * 60; n < i * 60 + 60; n++)); do
			echo "$((n * 3)),$((n * 7 % 20 + 10))"
		done >>in.csv
		big --once >>got
	done
}

@test "--mem: groups in files are part of the state" {
	begin_big
	[ "$(ls d/02-sreduce.*.runs | wc -l)" -ge 2 ]
	big >>got
	sbatch -f csv -N -c t:time,v:int -t t in.csv | swindow -q 2m/1m --late 1m |
		sreduce -k 'v, repeat(v::str, 30000) as r' \
			'count() as n, sum(v) as s, count(distinct t) as d' |
		smap -s 'window_end, v, length(r) as l, n, s, d' |
		ssink -q -N >want
	[ "$(wc -l <want)" -gt 200 ]
	cmp want got
	# What no state that is kept needs is removed.
	for n in 1 2 3; do
		echo "$((9000 + n)),1" >>in.csv
		big >/dev/null
	done
	[ "$(ls d/02-sreduce.*.runs | wc -l)" -le 1 ]
}

@test "--mem: a file of groups that is cut, changed or gone is refused" {
	begin_big
	file=d/02-sreduce.5.runs
	cp "$file" keep
	LC_ALL=C tr '\000-\377' '\377\000-\376' <keep >"$file"
	run -65 --separate-stderr big --once
	[ "$stderr" = "sreduce: $PWD/$file: it is damaged" ]
	head -c 100 keep >"$file"
	run -65 --separate-stderr big --once
	[ "$stderr" = "sreduce: $PWD/$file: it is damaged" ]
	rm "$file"
	run -65 --separate-stderr big --once
	[ "$stderr" = "sreduce: $PWD/$file: it is not there" ]
	cp keep "$file"
	big --once
}

@test "--mem: what is in files wants --mem, of any size" {
	begin_big
	run -64 --separate-stderr bash -c 'set -o pipefail
		sbatch -f csv -N -c t:time,v:int -t t -S d in.csv |
		swindow -q 2m/1m --late 1m |
		sreduce -k "v, repeat(v::str, 30000) as r" \
			"count() as n, sum(v) as s, count(distinct t) as d" |
		smap -s "window_end, v, length(r) as l, n, s, d" | ssink -q -N'
	[ "$stderr" = "sreduce: what is kept in $PWD/d is partly in files: write --mem SIZE" ]
	cp -rp d e
	big >one
	rm -r d
	mv e d
	eval "$(declare -f big | sed 's/--mem 1M/--mem 9M/')"
	big >two
	[ -s one ]
	cmp one two
}

@test "a changed table is refused with 78, until it is back" {
	names() {
		fresh --once | sjoin --left -k k table.csv | ssink -q -N
	}
	printf 'k,name\na,one\n' >table.csv
	echo 5,a,1 >in.csv
	[ "$(names | cut -f 4)" = one ]
	cp table.csv was.csv
	printf 'b,two\n' >>table.csv
	echo 6,a,2 >>in.csv
	run -78 --separate-stderr names
	[ "${stderr_lines[0]}" = "sjoin: table.csv is not the table that $PWD/d was made with: put that one back; sbatch --accept-changes 01-sjoin goes on with this one" ]
	cp table.csv new.csv
	mv was.csv table.csv
	[ "$(names | cut -f 4)" = one ]
	echo 7,b,3 >>in.csv
	mv new.csv table.csv
	[ "$(fresh --once --accept-changes 01-sjoin |
		sjoin --left -k k table.csv | ssink -q -N | cut -f 4)" = two ]
	echo 8,a,4 >>in.csv
	[ "$(names | cut -f 4)" = one ]
}

@test "of a table of which rows are kept no other is accepted" {
	printf 'k,name\na,one\n' >table.csv
	echo 5,a,1 >in.csv
	fresh --once | sjoin --full -k k table.csv | ssink -q
	printf 'b,two\n' >>table.csv
	echo 6,a,2 >>in.csv
	run -78 --separate-stderr bash -c "$(declare -f fresh);
		fresh --once --accept-changes 01-sjoin |
		sjoin --full -k k table.csv | ssink -q"
	[ "${stderr_lines[0]}" = "sjoin: table.csv is not the table that $PWD/d was made with: put that one back, or begin with another -S DIR" ]
}

@test "rows of a table without a match come out at the first end only" {
	rest() {
		fresh "$@" | sjoin --right -k k table.csv | ssink -q -N \
			| cut -f 3,4 | paste -sd ' '
	}
	printf 'k,name\na,one\nb,two\nc,three\n' >table.csv
	echo 5,a,1 >in.csv
	[ "$(rest --once)" = "1	one" ]
	echo 6,b,2 >>in.csv
	[ "$(rest)" = "2	two \N	three" ]
	echo 7,b,3 >>in.csv
	[ "$(rest)" = "3	two" ]
}

@test "--reload is refused with -S" {
	printf 'k,name\na,one\n' >table.csv
	echo 5,a,1 >in.csv
	run -64 --separate-stderr bash -c "$(declare -f fresh);
		fresh | sjoin --reload -k k table.csv | ssink -q"
	[ "${stderr_lines[0]}" = "sjoin: sbatch -S: which rows met which table could not be repeated; leave --reload out" ]
}

@test "snapshots of every version so far are read" {
	PATH=$BIN:$PATH "$BATS_TEST_DIRNAME/state/state.sh" check
}

# bats test_tags=long
@test "a damaged state is refused, or read, and crashes nothing" {
	PATH=$BIN:$PATH python3 "$BATS_TEST_DIRNAME/damage.py" 3
}
