#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What windows, groups and joins keep over restarts: sbatch -S.

load helper
load crashed

@test "random pipelines that are resumed answer as if they ran through" {
	PATH=$BIN:$PATH python3 "$BATS_TEST_DIRNAME/resume.py" 12
}

# The rows of in.csv, as far as they are new.
fresh() {
	sbatch -f csv -N -c t:time,k:str,v:int -t t -S d "$@" in.csv
}

# bats test_tags=long
@test "a state above 256 MiB is told of once in each start" {
	# Rows of 3 MB, which wait for the watermark; their columns are found
	# in the first bytes.
	echo 0,a,1 >in.csv
	for i in {1..99}; do
		printf '%s,' "$i"
		head -c 3000000 /dev/zero | tr '\0' x
		echo ,1
	done >>in.csv
	go() {
		sbatch -f csv -N --max-field 4M -c t:time,k:str,v:int -t t \
			-S d --batch-rows 1 --once in.csv |
			swindow --sort --late 1h "$@" |
			sreduce 'count() as n' | ssink -q -N >/dev/null
	}
	run -0 --separate-stderr go
	[[ $stderr =~ ^'swindow: sbatch -S: the state takes '2[78][0-9]' MiB, and each epoch writes it anew; swindow(1), RELIABILITY, says what bounds it'$ ]]
	echo 100,a,1 >>in.csv
	run -0 --separate-stderr go -q
	[ "$stderr" = "" ]
}

@test "two sources that each resume are refused by a join, and lose nothing" {
	printf '%s\n' 1,a 2,b >l.csv
	printf '%s\n' 1,x 2,y >r.csv
	left() { sbatch -f csv -N -c k:int,v -S "$1" --once l.csv; }
	right() { sbatch -f csv -N -c k:int,w -S "$1" --once r.csv; }
	exec 6< <(right b)
	pid=$!
	run -64 --separate-stderr silent_join
	[ "${stderr_lines[0]}" = "sjoin: stdin comes from sbatch -S, and two streams do not resume together: leave -S out, or join a table" ]
	[ "$output" = "" ]
	exec 6<&-
	wait "$pid" || :
	[ ! -e a/committed ]
	[ ! -e b/committed ]
	[ "$(left a | ssink -q -N | paste -sd ' ')" = "1	a 2	b" ]
	[ "$(right b | ssink -q -N | paste -sd ' ')" = "1	x 2	y" ]
}

silent_join() {
	left a | sjoin -k k --unbounded /dev/fd/6 | ssink -q -N
}

# random_rows SEED N: N more rows of in.csv, some late, some bad.
random_rows() {
	awk -v seed="$1" -v n="$2" -v from="$(wc -l <in.csv)" 'BEGIN {
		srand(seed)
		for (i = from; i < from + n; i++)
			printf "%d,k%d,%s\n", i * 3 - (rand() < 0.1 ? 300 : 0),
			    int(rand() * 5), rand() < 0.05 ? "bad" : int(rand() * 100)
	}' >>in.csv
}

# What an account of all starts must say of in.csv: for each stage its name, and
# the rows in, used, filtered, late and invalid.
accounts_of_all() {
	awk -F, '{
		n++
		if ($3 == "bad") { bad++; next }
		rows++
		# The watermark is that of the rows before; a window is a minute.
		if (seen && (int($1 / 60) + 1) * 60 <= top - 5) late++
		else if ($3 > 20) kept++
		else dropped++
		if (!seen || $1 > top) top = $1
		seen = 1
	}
	END {
		print "sbatch", n, rows, 0, 0, bad
		print "swindow", rows, rows - late, 0, late, 0
		print "smap", rows - late, kept, dropped, 0, 0
		print "sreduce", kept, kept, 0, 0, 0
	}' in.csv
}

@test "accounts of all stages add up over kills and restarts" {
	go() {
		sbatch -q -f csv -N -c t:time,k:str,v:int -t t --bad skip \
			-S d "$@" in.csv | swindow -q 1m --late 5s |
			smap -w 'v > 20' | sreduce -k k count |
			ssink -N -v 'o/{epoch}'
	}
	local seed=${MILLRACE_SEED-7} epoch
	: >in.csv
	for round in 1 2 3; do
		random_rows "$seed$round" 700
		go --once 2>table
		epoch=$(millrace status d | sed -n 's/^committed epoch \([0-9]*\).*/\1/p')
		# One that is killed behind a commit, with rows on their way.
		go -F --epoch 200ms 2>/dev/null &
		stages=$!
		random_rows "${seed}0$round" 300
		until_true 20 test -e "d/$((epoch + 1)).$((2 * round)).04-ssink"
		random_rows "${seed}00$round" 100
		pids=$(pgrep -P "$stages")
		# shellcheck disable=SC2086 # a list of numbers
		kill -9 $pids || :
		wait
	done
	go --once 2>table
	sed '1d' table | awk '{ print $1, $2, $3, $4, $5, $6 }' | head -n 4 >got
	accounts_of_all | diff - got || { echo "seed $seed"; false; }
	for stage in swindow smap sreduce; do
		millrace dump d "$stage" | sed -n \
			"s/^rows in \([0-9]*\), used \([0-9]*\), filtered \([0-9]*\), late \([0-9]*\), invalid \([0-9]*\).*/$stage \1 \2 \3 \4 \5/p"
	done | diff <(accounts_of_all | tail -n 3) -
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

@test "what was late, invalid or unread is told by the start that had it" {
	told() {
		sbatch --once --bad skip -f csv -N -c t:time,v -t t -S d in.csv |
			swindow 1m | sreduce 'sum(v) as s' | ssink -q -N >out
	}
	printf '%s\n' 65,1 ,2 x,3 5,4 66,y >in.csv
	run -0 --separate-stderr told
	[ "$(printf '%s\n' "${stderr_lines[@]}" | sort)" = \
		'sbatch: 1 of 5 records invalid, skipped
sreduce: 1 cell did not read as the type wanted and became null
swindow: 1 of 4 rows have no usable event time
swindow: 1 of 4 rows late, worst by 60s; --late 61s keeps all' ]
	run -0 --separate-stderr told
	[ "$stderr" = "" ]
	printf '%s\n' 70,5 >>in.csv
	run -0 --separate-stderr told
	[ "$stderr" = "" ]
	printf '%s\n' 6,6 x,7 130,z ,8 >>in.csv
	run -0 --separate-stderr told
	[ "$(cat out)" = "1970-01-01T00:01:00Z	1970-01-01T00:02:00Z	6" ]
	[ "$(printf '%s\n' "${stderr_lines[@]}" | sort)" = \
		'sbatch: 2 of 10 records invalid, skipped
sreduce: 2 cells did not read as the type wanted and became null
swindow: 2 of 8 rows have no usable event time
swindow: 2 of 8 rows late, worst by 64s; --late 65s keeps all' ]
}

@test "--max-late counts the late rows of all starts" {
	printf '%s\n' 5,a,1 150,a,2 6,a,3 >in.csv
	fresh --once | swindow 1m -q --max-late 1 | ssink -q >/dev/null
	printf '%s\n' 7,a,3 >>in.csv
	run -65 --separate-stderr bash -c "$(declare -f fresh);
		fresh --once | swindow 1m -q --max-late 1 | ssink -q"
	[ "${stderr_lines[0]}" = "swindow: 2 rows late, more than --max-late 1" ]
}

# late OPTIONS...: what is new, its late rows in late.mill.
late() {
	fresh "$@" | swindow 1m -q --late-to late.mill | ssink -q >/dev/null
}

# late_killed TEXT: the same, followed, until TEXT is in late.mill; then killed,
# before anything is committed.
late_killed() {
	late -F --epoch 1h 2>/dev/null &
	stages=$!
	has_row() { grep -qs "$1" late.mill; }
	until_true 20 has_row "$1"
	pids=$(pgrep -P "$stages")
	# shellcheck disable=SC2086 # a list of numbers
	kill -9 $pids
	wait
}

@test "--late-to grows over restarts to one stream" {
	printf '%s\n' 5,a,1 150,a,2 6,a,3 >in.csv
	late --once
	run -74 ssink -N <late.mill
	printf '%s\n' 7,a,4 >>in.csv
	# What no epoch has committed is cut off.
	echo "something" >>late.mill
	late --once
	printf '%s\n' 300,a,5 8,a,6 >>in.csv
	late
	[ "$(ssink -N <late.mill | cut -f 3 | paste -sd ' ')" = "3 4 6" ]
	printf '%s\n' 9,a,7 >>in.csv
	late
	[ "$(ssink -N <late.mill | cut -f 3 | paste -sd ' ')" = "3 4 6 7" ]
	printf '%s\n' 9,a,8 >>in.csv
	truncate -s 10 late.mill
	run -65 --separate-stderr late
	[[ ${stderr_lines[0]} == "swindow: --late-to: late.mill has "*" bytes, and had "*": it is another file; move it away to begin one anew" ]]
	# One that is long enough, with other bytes in it.
	head -c 100000 /dev/zero >late.mill
	run -65 --separate-stderr late
	[ "${stderr_lines[0]}" = "swindow: --late-to: late.mill is another file than it was, or was changed; move it away to begin one anew" ]
	[ "$(stat -c %s late.mill)" = 100000 ]
	for mend in "rm late.mill" "truncate -s 0 late.mill"; do
		$mend
		echo 9,a,9 >>in.csv
		late
	done
	[ "$(ssink -N <late.mill | cut -f 3)" = 9 ]
}

@test "a file that is there is not of --late-to, and never cut" {
	printf '%s\n' 5,a,1 150,a,2 6,late1,3 >in.csv
	echo mine >late.mill
	run -65 --separate-stderr late --once
	[ "${stderr_lines[0]}" = "swindow: --late-to: late.mill is there already, and is not of this pipeline; move it away, or name another file" ]
	[ "$(cat late.mill)" = mine ]
	[ ! -e d/committed ]
	# Nor is one that comes in place of what a killed start has begun.
	mv late.mill mine
	late_killed late1
	for put in "cp -f mine" "cp --remove-destination mine" "mv mine"; do
		$put late.mill
		run -65 --separate-stderr late --once
		[ "${stderr_lines[0]}" = "swindow: --late-to: late.mill is there already, and is not of this pipeline; move it away, or name another file" ]
		[ "$(cat late.mill)" = mine ]
	done
	# An empty file holds nothing.
	: >late.mill
	late
	[ "$(ssink -N <late.mill | cut -f 2)" = late1 ]
}

@test "what a killed start has begun for --late-to is begun again" {
	printf '%s\n' 5,a,1 150,a,2 6,late1,3 >in.csv
	late_killed late1
	[ ! -e d/committed ]
	echo 7,late2,4 >>in.csv
	late_killed late2
	late --once
	echo 7,late3,4 >>in.csv
	late_killed late3
	# Begun anew, where the last state knows of another one.
	mv late.mill first
	for i in 4 5; do
		echo "8,late$i,4" >>in.csv
		late_killed "late$i"
	done
	late
	[ "$(ssink -N <late.mill | cut -f 2 | paste -sd ' ')" = "late3 late4 late5" ]
	# And then it is the one that is known.
	late
	[ "$(ssink -N <late.mill | cut -f 2 | paste -sd ' ')" = "late3 late4 late5" ]
	truncate -s 10 late.mill
	echo 9,late6,4 >>in.csv
	run -65 --separate-stderr late
	[[ ${stderr_lines[0]} == "swindow: --late-to: late.mill has 10 bytes, and had "* ]]
}

@test "a start without --late-to leaves what is committed of it" {
	printf '%s\n' 5,a,1 150,a,2 6,late1,3 >in.csv
	late
	cp late.mill was.mill
	echo 160,a,4 >>in.csv
	fresh | swindow 1m -q | ssink -q >/dev/null
	echo 7,late2,5 >>in.csv
	run -65 --separate-stderr late
	[ "${stderr_lines[0]}" = "swindow: --late-to: late.mill is there already, and is not of this pipeline; move it away, or name another file" ]
	cmp was.mill late.mill
	rm late.mill
	late
	[ "$(ssink -N <late.mill | cut -f 2)" = late2 ]
}

# bats test_tags=long
@test "--late-to holds each late row once, whatever is killed" {
	crashed 6 -F in.csv '|' swindow -q 10s --late-to late.mill
	"${LOG[@]}" whole.csv | swindow -q 10s --late-to want.mill |
		ssink -N | cmp - got
	ssink -N <want.mill >want
	[ "$(wc -l <want)" -gt 100 ]
	ssink -N <late.mill | cmp - want
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
