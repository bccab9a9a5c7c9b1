#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Pipelines that are changed between two starts: sbatch -S --accept-changes.

load helper

# The sums by key of in.csv, each run from where the one before ended.
# sums SBATCH-OPTION SMAP-PRED SREDUCE-ARG...
sums() {
	local option=$1 pred=$2
	shift 2
	# shellcheck disable=SC2086 # words
	sbatch -f csv -N -c t:time,k:str,v:int -t t -S d $option in.csv |
		smap -w "$pred" | swindow 1m -q |
		sreduce "$@" | ssink -q -N
}

@test "a change that is not named is refused, and says how to name it" {
	printf '%s\n' 5,a,1 50,b,2 >in.csv
	sums --once 'v < 9' -k k 'sum(v) as s'
	echo 55,a,4 >>in.csv
	run -78 --separate-stderr sums --once 'v < 99' -k k 'sum(v) as s'
	[ "$stderr" = "smap: the pipeline has changed since $PWD/d was made: 01-smap has the options \"-w v < 99\", and had \"-w v < 9\"; sbatch --accept-changes 01-smap goes on with it" ]
	run -78 --separate-stderr sums "--once --accept-changes 02-swindow" \
		'v < 99' -k k 'sum(v) as s'
	[[ $stderr == *"--accept-changes 01-smap goes on with it" ]]
	[ "$(sums '' 'v < 9' -k k 'sum(v) as s' | cut -f 3,4)" = "a	5
b	2" ]
}

@test "from an accepted change on rows are chosen otherwise" {
	printf '%s\n' 5,a,1 50,a,20 >in.csv
	sums --once 'v < 9' 'sum(v) as s, count() as n'
	printf '%s\n' 55,a,40 >>in.csv
	sums "--once --accept-changes 01-smap" 'v < 99' 'sum(v) as s, count() as n'
	# It is recorded: the option is not needed again.
	printf '%s\n' 56,a,80 >>in.csv
	[ "$(sums '' 'v < 99' 'sum(v) as s, count() as n' | cut -f 3,4)" = "121	3" ]
	run -78 --separate-stderr sums '' 'v < 9' 'sum(v) as s, count() as n'
}

@test "several stages may change at once, and each is named" {
	printf '%s\n' 5,a,1 6,b,1 50,a,2 >in.csv
	sums --once 'v < 9' -k k 'sum(v) as s'
	printf '%s\n' 55,a,40 70,a,1 >>in.csv
	run -78 --separate-stderr sums "--once --accept-changes 01-smap" 'v < 99' \
		-k k --having 's > 9' 'sum(v) as s'
	[[ $stderr == *"--accept-changes 03-sreduce goes on with it" ]]
	sums "--once --accept-changes 01-smap --accept-changes 03-sreduce" \
		'v < 99' -k k --having 's > 9' 'sum(v) as s' >out
	[ "$(cut -f 3,4 out)" = "a	43" ]
}

@test "keys, aggregates and types that a state is of cannot be changed" {
	printf '%s\n' 5,a,1 50,b,2 >in.csv
	sums --once 'v < 9' -k k 'sum(v) as s'
	all="--once --accept-changes 01-smap --accept-changes 02-swindow --accept-changes 03-sreduce"
	run -78 --separate-stderr sums "$all" 'v < 9' -k v 'sum(v) as s'
	[ "$stderr" = "sreduce: the pipeline has changed since $PWD/d was made: what 03-sreduce keeps is of \"1m -k k: k str, sum(v) int v1\", and would be of \"1m -k v: v int, sum(v) int v1\"; begin with another -S DIR" ]
	for aggs in 'sum(v) as s, max(v)' 'sum(t::int) as s' \
		'sum(v) filter (where v > 1) as s' 'sum(v::float) as s'; do
		run -78 --separate-stderr sums "$all" 'v < 9' -k k "$aggs"
		[[ $stderr == *"what 03-sreduce keeps is of"* ]]
	done
	# What is computed of the same state may change.
	echo 70,a,1 >>in.csv
	[ "$(sums "$all" 'v < 9' -k k --top 1:d 'sum(v) * 2 as d' |
		cut -f 3,4)" = "b	4" ]
}

@test "a column that an accepted change makes another spoils a state of it" {
	go() {
		# shellcheck disable=SC2086 # words
		sbatch -f csv -N -c t:time,k:str,v:int -t t -S d --once $1 in.csv |
			smap -s "$2" | swindow 1m -q | sreduce "$3" |
			ssink -q -N
	}
	printf '%s\n' 5,a,1 >in.csv
	go '' 't, v as x' 'sum(x) as s'
	run -78 --separate-stderr go "--accept-changes 01-smap" \
		't, v::float as x' 'sum(x) as s'
	[[ $stderr == *"what 03-sreduce keeps is of "*"sum(x) int"*"would be of "*"sum(x) float"* ]]
	printf '%s\n' 6,b,3 70,a,1 >>in.csv
	[ "$(go "--accept-changes 01-smap" 't, k, v * 10 as x' 'sum(x) as s' |
		cut -f 3)" = 31 ]
}

@test "other columns without an accepted change are refused" {
	echo 'a,b' >in.csv
	echo '1,2' >>in.csv
	printf 'k,name\n1,x\n' >t.csv
	go() {
		# shellcheck disable=SC2086 # words
		sbatch --once -S d -c a,b $1 in.csv | sjoin -k 'a=k' t.csv |
			ssink -f csv -N
	}
	[ "$(go)" = "1,2,x" ]
	printf 'k,name,more\n1,x,y\n' >t.csv
	echo '1,3' >>in.csv
	run -78 --separate-stderr go
	[[ $stderr == *"there are 4 columns, and were 3" ]]
	[ "$(go "--accept-changes 01-sjoin")" = "1,3,x,y" ]
}

@test "swindow may be told another lateness, and no other window" {
	go() {
		# shellcheck disable=SC2086 # words
		sbatch -f csv -N -c t:time,v:int -t t -S d $1 in.csv |
			swindow -q $2 | sreduce 'sum(v) as s' |
			smap -s s | ssink -q -N
	}
	printf '%s\n' 5,1 70,2 >in.csv
	[ "$(go --once 1m)" = 1 ]
	run -78 --separate-stderr go --once '1m --late 1m'
	printf '%s\n' 61,4 110,8 >>in.csv
	accept="--accept-changes 01-swindow"
	[ "$(go "--once $accept" '1m --late 1m')" = "" ]
	printf '%s\n' 130,16 65,32 >>in.csv
	[ "$(go "" '1m --late 1m')" = "46
16" ]
	for window in 2m '1m --origin 5s' '1m --late eof' '1m --hold'; do
		run -78 --separate-stderr go "--once $accept" "$window"
		[[ $stderr == *"what 01-swindow keeps is of"* ]]
	done
}

@test "options are shown as they are written, and those not given are not" {
	go() {
		sbatch -f csv -N -c t:time,k -t t -S d --once "${from[@]}" in.csv |
			swindow -q "$@" | sreduce -k k count | ssink -q -N
	}
	from=()
	echo 5,a >in.csv
	go 1m
	run -78 --separate-stderr go 1m --late 90s --idle 2h --max-future 1d
	[[ ${stderr_lines[0]} == *'01-swindow has the options "1m --late 1m30s --idle 2h --max-future 1d", and had "1m --late 0s"; '* ]]
	run -78 --separate-stderr go 1m --late eof --origin 1500ms --sort
	[[ ${stderr_lines[0]} == *'01-swindow has the options "1m --late eof --origin 1s500ms --sort", and had "1m --late 0s"; '* ]]
	from=(--from 2026-01-01T00:00:00Z --until 2026-01-02T12:30:00.5Z)
	run -78 --separate-stderr go 1m
	[[ ${stderr_lines[0]} == 'sbatch: -S: the options are "'*'--from 2026-01-01T00:00:00Z --until 2026-01-02T12:30:00.5Z", and were "'* ]]
	from=()
	run -0 millrace dump d swindow
	[[ $output == *"
chain 01-swindow swindow 1m --late 0s
"* ]]
	# A word of an expression is left as it is.
	rm -r d
	sbatch -f lines -S d --once in.csv | smap -w 'line <> "--late 60000000us"' |
		ssink -q >/dev/null
	run -0 millrace dump d smap
	[[ $output == *'smap -w line <> "--late 60000000us"'* ]]
}

@test "another name of a stage is called that, where it is and behind it" {
	seq 3 >in
	sbatch -f lines -S d --once in | smap -w true | ssink -q -N
	echo 4 >>in
	run -78 --separate-stderr bash -c "sbatch -f lines -S d --once in |
		smap -w true --name other | ssink -q -N"
	[ "$stderr" = "other: $PWD/d: the pipeline has changed: 01-other stands where 01-smap was; a stage is known by its name, see --name" ]
	run -78 --separate-stderr bash -c "sbatch -f lines -S d --once in |
		sreduce --running count | ssink -q -N"
	[ "$stderr" = "sreduce: $PWD/d: the pipeline has changed: 01-sreduce stands where 01-smap was; to take a step out, or to make room for one, write smap -w true" ]
	[ "$(sbatch -f lines -S d --once in | smap -w true | ssink -q -N)" = 4 ]
}

@test "a calendar and keys of sessions are part of what is compared" {
	go() {
		sbatch -f csv -N -c t:time,k:str,v:int -t t -S d --once in.csv |
			swindow -q "$@" | sreduce -k k,v count | ssink -q -N
	}
	echo 5,a,1 >in.csv
	go 1d --tz Europe/Paris
	run -78 --separate-stderr go 1d --tz Asia/Tokyo
	[[ $stderr == "swindow: "*"what 01-swindow keeps is of \"1d "*"--tz Europe/Paris\", and would be of"* ]]
	rm -r d
	go session:5m -k k
	run -78 --separate-stderr go session:5m -k k,v
	[[ $stderr == "swindow: "*" -k k\", and would be of"* ]]
}

@test "the keys of sreduce --partial are part of what is compared" {
	go() {
		sbatch -f csv -N -c v:int -S d --once --batch-rows 9 in.csv |
			sreduce --partial -k "$1" count | sreduce --merge |
			ssink -q -N
	}
	seq 5 >in.csv
	[ "$(go 'v div 3 as k' | paste -sd ' ')" = "0	2 1	3" ]
	seq 6 9 >>in.csv
	run -78 --separate-stderr go 'v div 2 as k'
	[[ $stderr == "sreduce: "*"01-sreduce has the options"*"--accept-changes 01-sreduce goes on with it" ]]
}

@test "smap: steps without a state may come and go, others may not" {
	go() {
		# shellcheck disable=SC2086 # words
		sbatch -f csv -N -c t:time,k:str,v:int -t t -S d --once $1 in.csv |
			smap "${@:2}" | ssink -q -N
	}
	printf '%s\n' 5,a,1 >in.csv
	[ "$(go '' --dedup k)" = "1970-01-01T00:00:05Z	a	1" ]
	printf '%s\n' 6,a,2 7,b,3 >>in.csv
	accept="--accept-changes 01-smap"
	[ "$(go "$accept" -w 'v > 0' --dedup k --drop t)" = "b	3" ]
	printf '%s\n' 8,a,2 8,b,2 8,c,5 >>in.csv
	run -78 --separate-stderr go "$accept" --dedup v
	[[ $stderr == *'what 01-smap keeps is of "--dedup k of t time, k str, v int", and would be of "--dedup v of'* ]]
	run -78 --separate-stderr go "$accept" -w 'v > 0'
	run -78 --separate-stderr go "$accept" --dedup k -k k -a 'lag(v) as l'
	[ "$(go "$accept" --dedup k -w 'v > 2' -s v)" = 5 ]
}

@test "ssink goes on in another file, and in another format" {
	go() {
		# shellcheck disable=SC2086 # words
		sbatch -f lines -S d --once $1 in | ssink -q "${@:2}"
	}
	seq 3 >in
	go '' 'a/{epoch}.csv'
	seq 4 6 >>in
	run -78 --separate-stderr go '' 'b/{epoch}.json'
	[ "$stderr" = "ssink: the pipeline has changed since $PWD/d was made: 01-ssink has the options \"-f json b/{epoch}.json\", and had \"-f csv a/{epoch}.csv\"; sbatch --accept-changes 01-ssink goes on with it" ]
	[ ! -e b ]
	go "--accept-changes 01-ssink" 'b/{epoch}.json'
	seq 7 8 >>in
	go '' 'b/{epoch}.json'
	[ "$(cat a/1.csv | paste -sd ' ')" = "line 1 2 3" ]
	[ "$(cat b/2.json | paste -sd ' ')" = '{"line":"4"} {"line":"5"} {"line":"6"}' ]
	[ "$(cat b/3.json | paste -sd ' ')" = '{"line":"7"} {"line":"8"}' ]
	[ "$(ls a b | paste -sd ' ')" = "a: 1.csv  b: 2.json 3.json" ]
}

@test "ssink --append leaves the file that it wrote to before as committed" {
	go() {
		# shellcheck disable=SC2086 # words
		sbatch -f lines -S d --once $1 in | ssink -q -N --append "$2"
	}
	seq 3 >in
	go '' one
	seq 4 5 >>in
	mkfifo p
	ssink -q -N --append one <p &
	sink=$!
	sbatch -F --epoch 1h -f lines -S d in >p &
	source=$!
	until_true 10 grep -qx 5 one
	kill -9 "$source" "$sink"
	wait || :
	go "--accept-changes 01-ssink" two
	[ "$(paste -sd ' ' two)" = "4 5" ]
	# Rows that no epoch has committed are cut off there all the same.
	[ "$(paste -sd ' ' one)" = "1 2 3" ]
}

@test "what goes to standard output may be shown in any way" {
	seq 3 >in
	sbatch -f lines -S d --once in | ssink -f csv >out
	seq 4 5 >>in
	sbatch -f lines -S d --once in | ssink -q -f json >>out
	[ "$(paste -sd ' ' out)" = 'line 1 2 3 {"line":"4"} {"line":"5"}' ]
}

@test "position and name make a stage: none can be put in or taken out" {
	seq 3 >in
	sbatch -f lines -S d --once in | smap -w true | ssink -q -N
	seq 4 5 >>in
	run -78 --separate-stderr bash -c \
		'sbatch -f lines -S d --once in | ssink -q -N'
	[[ $stderr == "ssink: $PWD/d: the pipeline has changed: 01-ssink stands where 01-smap was; to take a step out, or to make room for one, write smap -w true" ]]
	run -78 --separate-stderr bash -c \
		'sbatch -f lines -S d --once in |
			smap -w true --name other | ssink -q -N'
	[[ ${stderr_lines[0]} == "other: $PWD/d: the pipeline has changed: 01-other stands where 01-smap was; a stage is known by its name, see --name" ]]
}

@test "--accept-changes wants the name of a stage" {
	seq 3 >in
	run -64 --separate-stderr sbatch -S d --accept-changes smap in
	[ "$stderr" = "sbatch: --accept-changes: smap is no stage; write it as millrace status DIR does, such as 02-sreduce" ]
	run -64 --separate-stderr sbatch -S d --accept-changes 00-sbatch in
	[ "$stderr" = "sbatch: --accept-changes: 00-sbatch: where sbatch has read depends on how it reads; begin with another -S DIR" ]
	run -64 --separate-stderr sbatch --accept-changes 01-smap in
	[ "$stderr" = "sbatch: --accept-changes goes with -S DIR, where the places are kept" ]
	run -64 --separate-stderr bash -c \
		'sbatch -f lines -S d --once --accept-changes 02-smap in |
			smap -w true | ssink -q -N'
	[ "$stderr" = "ssink: --accept-changes: no stage is 02-smap; there are 01-smap, 02-ssink" ]
}

@test "a change is for the start that accepts it alone" {
	seq 3 >in
	sbatch -f lines -S d --once in | smap -w true | ssink -q -N >out
	# Nothing new, so that nothing is committed.
	sbatch -f lines -S d --once --accept-changes 01-smap in |
		smap -w 'line <> "4"' | ssink -q -N >>out
	seq 4 5 >>in
	run -78 --separate-stderr bash -c "sbatch -f lines -S d --once in |
		smap -w 'line <> \"4\"' | ssink -q -N"
	sbatch -f lines -S d --once in | smap -w true | ssink -q -N >>out
	[ "$(paste -sd ' ' out)" = "1 2 3 4 5" ]
	[ ! -e d/accepted ]
}

@test "a roster that has changed is a change of sreduce" {
	go() {
		# shellcheck disable=SC2086 # words
		sbatch -f csv -N -c t:time,k:str -t t -S d $1 in.csv |
			swindow -q 1m | sreduce -k k --fill=roster.txt count |
			smap -s k,count | ssink -q -N
	}
	printf '%s\n' a b >roster.txt
	printf '%s\n' 5,a 65,b >in.csv
	[ "$(go --once)" = "a	1
b	0" ]
	printf '%s\n' a b c >roster.txt
	echo 66,c >>in.csv
	run -78 --separate-stderr go --once
	[[ $stderr == *"02-sreduce has the options "*" --fill roster.txt (keys "*"and had "*"--accept-changes 02-sreduce goes on with it" ]]
	[ "$(go "--accept-changes 02-sreduce")" = "b	1
c	1
a	0" ]
}

@test "rows with other columns are not appended under the names of before" {
	printf '%s\n' a,b 1,2 >in.csv
	go() {
		sbatch -f csv -S d --once $1 in.csv | smap -s "$2" |
			ssink -q -f "$4" --append "$3"
	}
	go "" a,b o csv
	echo 3,4 >>in.csv
	cp o before
	run -78 --separate-stderr go "--accept-changes 01-smap" b,a o csv
	[[ $stderr == *"ssink: o: column 1 is b, and was a, and rows of before are in it: write to another file, and add sbatch --accept-changes 02-ssink"* ]]
	cmp before o
	go "--accept-changes 01-smap --accept-changes 02-ssink" b,a new csv
	printf '%s\n' b,a 4,3 | cmp - new
}

@test "workers of an sfan are accepted by its name" {
	go() {
		# shellcheck disable=SC2086 # words
		sbatch -f lines -S d --once $1 in |
			sfan -j 2 -- smap -w "$2" | ssink -q -N
	}
	seq 3 >in
	[ "$(go '' 'line <> "2"' | paste -sd ' ')" = "1 3" ]
	seq 4 6 >>in
	run -78 --separate-stderr go '' 'line <> "5"'
	[[ $stderr == *'01-smap has the options "-w line <> "5"", and had'* ]]
	[ "$(millrace status d | grep -c 'stage 01-sfan')" = 1 ]
	run -78 --separate-stderr go "" 'line <> "5"'
	[[ $stderr == *": 01-smap has the options "*"; sbatch --accept-changes 01-sfan goes on with it"* ]]
	[ "$(go "--accept-changes 01-sfan" 'line <> "5"' | paste -sd ' ')" = "4 6" ]
}

@test "a stage before an sfan is not accepted by a wrong name of that" {
	go() {
		# shellcheck disable=SC2086 # words
		sbatch -f lines -S d --once $1 in | smap -w "$2" |
			sfan -j 2 -- smap -w "$3" | ssink -q -N
	}
	seq 3 >in
	[ "$(go '' true 'line <> "2"' | paste -sd ' ')" = "1 3" ]
	seq 4 6 >>in
	run -64 --separate-stderr go "--accept-changes 01-sfan" true 'line <> "2"'
	[ "$stderr" = "ssink: --accept-changes: no stage is 01-sfan; there are 01-smap, 02-sfan, 04-ssink" ]
	# What its own worker is told is not accepted by it, either.
	run -78 --separate-stderr go "--accept-changes 01-sfan" true 'line <> "5"'
	[[ $stderr == *'02-smap has the options "-w line <> "5"", and had'* ]]
	run -78 --separate-stderr go "--accept-changes 02-sfan" 'not (line > "9")' 'line <> "2"'
	[[ $stderr == *'01-smap has the options "-w not'* ]]
	[ "$(go "--accept-changes 02-sfan" true 'line <> "5"' | paste -sd ' ')" = "4 6" ]
}
