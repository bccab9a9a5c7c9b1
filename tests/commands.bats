# SPDX-License-Identifier: ISC
# smap(1): -x and -X, real filters; -p, text that came as rows.

load helper

# x.mill: every type, nulls, bytes that a text must escape.
rows() {
	printf 'k,v,f,b,t,d,e\na,1,0.5,true,2026-01-01T00:00:00Z,1s,""\nb c,2,,false,2026-01-01T00:00:01.5Z,,x\n,3,1e300,,,,y\n"x\ty\\z\nq",4,-2,true,2026-01-01T00:00:03Z,90s,ü\n' |
		sbatch -f csv -t t -c 'k,v:int,f:float,b:bool,t:time,d:dur,e' >x.mill
	ssink -f csv <x.mill >x.csv
}

# through ARG...: x.mill through smap and out as csv.
through() {
	timeout 60 smap "$@" <x.mill | ssink -f csv
}

fails() {
	local status=$1
	shift
	run "-$status" --separate-stderr bash -c \
		'timeout 60 smap "$@" <x.mill | ssink -N' _ "$@"
}

@test "-x gives back what the command gives back, of every type" {
	rows
	through -x -- cat >out
	same x.csv out
	run -0 --separate-stderr smap --schema -x -- cat <x.mill
	[ "$output" = "k	str	untyped
v	int
f	float
b	bool
t	time	event time
d	dur
e	str	untyped" ]
	for format in json 'csv' 'tsv' 'csv -N'; do
		# shellcheck disable=SC2086
		through -x -f $format -- cat >out
		same x.csv out
	done
}

@test "-x runs grep, sed, sort, awk, jq and mlr" {
	rows
	through -x -- grep -v b >out
	grep -v 'b c' x.csv | same out -
	run -0 --separate-stderr through -s k -x -- sed 's/^a/A/'
	[ "${lines[1]}" = A ]
	run -0 --separate-stderr bash -c \
		"smap -s v -x -- sort -rn <x.mill | ssink -f csv -N | cut -c1"
	[ "${lines[0]}${lines[1]}" = 43 ]
	run -0 --separate-stderr through -x -c 'n:int,k' -- \
		awk -F'\t' '{ print NR * 10 "\t" $1 }'
	[ "${lines[2]}" = "20,b c" ]
	run -0 --separate-stderr through -x -f json -s v -- jq -c 'select(.v > 2)'
	[ "$output" = "v
3
4" ]
	run -0 --separate-stderr through -x -f csv -c v:int,w:int -- \
		mlr --icsv --ocsv put '$w = $v * 2' 'then' cut -o -f v,w
	[ "${lines[4]}" = "4,8" ]
	[ -z "$stderr" ]
}

@test "-x runs the command once a batch, with its number" {
	seq 10 | sbatch -f lines --batch-rows 4 >x.mill
	run -0 --separate-stderr through -x -c n:int -- wc -l
	[ "$output" = "n
4
4
2" ]
	run -0 --separate-stderr through -x -c 'b:int,n:int' -- sh -c \
		'n=$(wc -l); printf "%s\t%s\n" "$MILLRACE_BATCH" "$n"'
	[ "$output" = "b,n
0,4
1,4
2,2" ]
	seq 8 | sbatch -f lines --batch-rows 4 >x.mill
	run -0 --separate-stderr through -x -c n:int -- wc -l
	[ "$output" = "n
4
4" ]
	sbatch -f lines /dev/null >x.mill
	run -0 --separate-stderr through -x -c n:int -- wc -l
	[ "$output" = "n
0" ]
	[ -z "$stderr" ]
}

@test "-x --frame runs it once a frame, and is frame-wise" {
	seq 10 | sbatch -f lines --frame-rows 4 >x.mill
	run -0 --separate-stderr through -x --frame -c n:int -w 'n > 0' -- wc -l
	[ "$output" = "n
4
4
2" ]
	[ -z "$stderr" ]
	smap -x --frame -- cat <x.mill | ssink -f dump | grep -q 'frame.*-x'
	smap -x -- cat <x.mill | ssink -f dump | grep -q 'batch.*-x cat'
	smap -X -- cat <x.mill | ssink -f dump | grep -q 'stateful.*-X'
}

@test "the exit status of a command is checked" {
	rows
	fails 74 -x -- grep nope
	[ "$stderr" = "smap: -x: grep: exit status 1; where that is well, write --ok 0,1" ]
	run -0 --separate-stderr through -x --ok 0,1 -- grep nope
	[ "$output" = "k,v,f,b,t,d,e" ]
	fails 74 -x -- sh -c 'cat; kill -9 $$'
	[ "$stderr" = "smap: -x: sh: ended by signal 9" ]
	fails 64 -x --ok 0,x -- cat
	[ "$stderr" = "smap: -x: --ok: 0,x is no list of exit statuses" ]
	[ -z "$output" ]
}

@test "a command may leave its input unread" {
	seq 300000 | sbatch -f lines >x.mill
	run -0 --separate-stderr through -x -- head -2
	[ "$output" = "line
1
2" ]
	[ -z "$stderr" ]
}

@test "a command may answer before it has read all, and with more" {
	seq 200000 | sbatch -f lines >x.mill
	through -x -- cat | tail -n +2 | cmp - <(seq 200000)
	through -x -c n:int -- awk '{ print; print }' | tail -n +2 | sort -nu |
		cmp - <(seq 200000)
	through -x -- tac | tail -n +2 | cmp - <(seq 200000 -1 1)
}

@test "options behind -x work on what came back" {
	seq 5 | sbatch -f lines >x.mill
	run -0 --separate-stderr through -w 'line > 1' -x -c n:int -a 'm = n * 2' \
		-w 'm < 10' -- sort -rn
	[ "$output" = "n,m
4,8
3,6
2,4" ]
	[ -z "$stderr" ]
}

@test "output that is no row ends the stream" {
	rows
	fails 65 -s k,v -x -- sed 's/2/two/'
	[ "$stderr" = "smap: -x: sed: its output: line 2:5: v: two is no int" ]
}

@test "-x refuses windows, a missing command, a lost --" {
	rows
	run -65 --separate-stderr bash -c \
		"swindow -q 1m <x.mill | smap -x -- cat | ssink"
	[ "$stderr" = "smap: -x: a command cannot say which row is of which window; put it before swindow, or behind sreduce" ]
	fails 64 -x -- no-such-program
	[ "$stderr" = "smap: -x: no-such-program: no such command" ]
	fails 64 -x
	[ "$stderr" = "smap: -x: which command? write it behind --, as in smap -x -- grep x" ]
	run -64 --separate-stderr smap -x grep </dev/null
	[ "$stderr" = "smap: the command stands behind --: smap -x -- grep ..." ]
	run -64 --separate-stderr smap -x -X -- cat </dev/null
	[ "$stderr" = "smap: one command only: put another smap behind this" ]
	fails 64 -x -f nix -- cat
	[[ "$stderr" == "smap: -x: -f nix: write tsv, csv or json"* ]]
	run -64 --separate-stderr smap --frame -w true </dev/null
	[ "$stderr" = "smap: --frame goes with -x" ]
}

@test "windows go on behind -x, of several parts" {
	printf 't,v\n2026-01-01T00:00:01Z,1\n2026-01-01T00:01:01Z,2\n' >a.csv
	printf 't,v\n2026-01-01T00:00:02Z,3\n2026-01-01T00:01:02Z,4\n' >b.csv
	run -0 --separate-stderr bash -c \
		"sbatch -t t a.csv b.csv | smap -x -- sort | swindow 1m |
			sreduce 'count() as n' | ssink -N -f csv"
	[ "$output" = "2026-01-01T00:00:00Z,2026-01-01T00:01:00Z,2
2026-01-01T00:01:00Z,2026-01-01T00:02:00Z,2" ]
	[ -z "$stderr" ]
}

@test "-X asks one command line for line, and lets panes pass" {
	rows
	through -X -- cat >out
	same x.csv out
	run -0 --separate-stderr bash -c \
		"swindow 1s <x.mill | smap -s v,t -X -c v:int,t:time -- sed -u 's/\t/0\t/' |
			sreduce 'sum(v) as s' | ssink -N -f csv"
	[ "${lines[0]}" = "2026-01-01T00:00:00Z,2026-01-01T00:00:01Z,10" ]
	run -0 --separate-stderr through -s v -X -f json -- jq -c --unbuffered '.v += 1'
	[ "$output" = "v
2
3
4
5" ]
}

@test "-X keeps one process for all frames" {
	seq 10 | sbatch -f lines --frame-rows 3 >x.mill
	run -0 --separate-stderr through -X -c n:int -- \
		python3 -uc 'import sys
s = 0
for line in iter(sys.stdin.readline, ""):
    s += int(line)
    print(s)'
	[ "$output" = "n
1
3
6
10
15
21
28
36
45
55" ]
	[ -z "$stderr" ]
}

@test "-X names a command that does not answer" {
	seq 3 | sbatch -f lines >x.mill
	fails 74 -X --timeout 200ms -- sed 's/x/y/'
	[ "$stderr" = "smap: -X: sed: 3 rows went in, 0 came back, and then nothing for 0.2s; it must answer each line at once: sed -u, grep --line-buffered, jq --unbuffered, mawk -W interactive, or stdbuf -oL" ]
	fails 74 -X -- head -1
	[ "$stderr" = "smap: -X: head: it ended when 3 rows had gone in and 1 come back" ]
	fails 65 -X -- sed -u p
	[[ "$stderr" == "smap: -X: sed: 3 rows went in and "*" came back; a line out for each line in is wanted" ]] ||
		[ "$stderr" = "smap: -X: sed: it wrote more lines than it read" ]
	fails 74 -X -- sh -c 'cat; exit 3'
	[[ "$stderr" == "smap: -X: sh: exit status 3"* ]]
}

@test "-p parses a column of lines as sbatch would" {
	printf '{"a":1,"b":{"c":"x"}}\n{"a":2}\n' | sbatch -f lines >x.mill
	run -0 --separate-stderr through -p json -c 'a:int,b.c'
	[ "$output" = "a,c
1,x
2," ]
	printf '1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET /x HTTP/1.1" 200 9 "-" "y"\n' |
		sbatch -f lines >x.mill
	run -0 --separate-stderr smap --schema -p combined -c time,path,status <x.mill
	[ "$output" = "time	time	event time
path	str
status	int" ]
	run -0 --separate-stderr bash -c \
		"smap -p combined <x.mill | swindow 1m | sreduce 'count()' | ssink -N"
	[ "$output" = "2015-05-17T10:05:00Z	2015-05-17T10:06:00Z	1" ]
	[ -z "$stderr" ]
}

@test "-p COL= keeps the other columns, and nulls" {
	printf 'k,v,n\na,"1,x",7\nb,,8\nc,"3,""y\nz""",9\n' |
		sbatch -f csv -c '*,n:int' >x.mill
	run -0 --separate-stderr through -p v=csv -c 'p:int,q'
	[ "$output" = 'k,p,q,n
a,1,x,7
b,,,8
c,3,"y
z",9' ]
	fails 64 -p v=csv -c 'k,q'
	[ "$stderr" = "smap: -p: two columns would be named k; write -c NEW=NAME, or --rename before it" ]
	fails 64 -p n=json -c a
	[ "$stderr" = "smap: -p: n is int, and only text can be parsed" ]
	fails 64 -p x=json -c a
	[ "$stderr" = "smap: -p: no column x; the columns are k, v, n" ]
	fails 64 -p json -c a
	[ "$stderr" = "smap: -p: which column is to be parsed? write -p COL=json" ]
}

@test "-p stops at a bad row, or does what --bad says" {
	printf 'a,1\nb,x\n"q\n\nc,3\n' | sbatch -f lines >x.mill
	fails 65 -p csv -c 'k,v:int'
	[ "$stderr" = "smap: -p: row:2:3: v: x is no int" ]
	run -0 --separate-stderr through -p csv -c 'k,v:int' --bad skip
	[ "$output" = "k,v
a,1
c,3" ]
	[ "$stderr" = "smap: 3 of 5 records invalid, skipped" ]
	through -p csv -c 'k,v:int' --bad bad.txt -q >out
	[ "$(cat bad.txt)" = 'b,x
"q' ]
	fails 65 -p csv -c 'k,v:int' --max-bad 2
	[[ "$stderr" == *"3 of 4 records invalid, more than the 2 of --max-bad"* ]]
	smap -v -p csv -c 'k,v:int' --bad skip <x.mill 2>err | ssink >out
	grep -Eq '^smap +5 +2 +0 +0 +3 +2 ' err
	for format in csv tsv json logfmt w3c; do
		fails 64 -p "$format"
		[ "$stderr" = "smap: -p: the columns of $format are not known before a row comes; write -c COLS" ]
	done
}

@test "-p parses raw blocks, counting lines as their file does" {
	printf 'data,file,offset,line\n"k,v\na,1\nb,x\n",f1,0,1\n"c,3\nd,4\n",f1,14,4\n"k,v\ne,5",f2,0,1\n' |
		sbatch -f csv -c data:str,file:str,offset:int,line:int >x.mill
	run -0 --separate-stderr through -p csv -c 'k,v:int' --bad skip
	[ "$output" = "k,v
a,1
c,3
d,4
e,5" ]
	[ "$stderr" = "smap: 1 of 5 records invalid, skipped" ]
	fails 65 -p csv -c 'k,v:int'
	[ "$stderr" = "smap: -p: f1:3:3: v: x is no int" ]
}

@test "-x knows three formats" {
	printf 'a\n1\n' | sbatch -f csv >x.mill
	fails 64 -x -f logfmt -- cat
	[ "$stderr" = "smap: -x: -f logfmt: write tsv, csv or json" ]
}

@test "-p takes a cell that is cut short for bad, not the one behind it" {
	printf '%s\n' n,t '1,[' '2,[1]' '3,[2]' '4,"{"' '5,{}' '6,"{""a"":"' '7,7' |
		sbatch -f csv >x.mill
	run -0 --separate-stderr through -p t=json -c v=. --bad rest
	[ "$output" = "n,v
2,[1]
3,[2]
5,{}
7,7" ]
	printf '[\n{\n{"a":\n' | same - rest
	fails 65 -p t=json -c v=.
	[ "$stderr" = "smap: -p: row:1:2: the end is missing" ]
}

@test "-p of raw blocks equals sbatch on the files" {
	seq 30000 | awk '{
		printf "10.0.0.%d - - [17/May/2015:10:%02d:%02d +0000] ", \
			$1 % 250, $1 / 60 % 60, $1 % 60
		printf "\"GET /p/%d HTTP/1.1\" %d %d \"-\" \"a b\"\n", \
			$1 % 90, $1 % 50 ? 200 : 503, $1 }' >a.log
	sbatch -f combined a.log | ssink -f csv >want
	sbatch -f raw a.log | smap -p combined | ssink -f csv | same want -
	printf 'k,"v\n2"\na,"1\n1"\nb,2\n' >b.csv
	printf 'k,"v\n2"\nc,3\n' >c.csv
	run -0 --separate-stderr bash -c \
		"sbatch -f raw:csv b.csv c.csv | smap -p csv -c k,v | ssink -f json"
	[ "$output" = '{"k":"a","v":"1\n1"}
{"k":"b","v":"2"}
{"k":"c","v":"3"}' ]
	[ -z "$stderr" ]
}

@test "-p gives the same for any frame size" {
	seq 2000 | awk '{ print $1 "," ($1 % 7 ? $1 * 2 : "bad") }' >in.txt
	for n in 1 7 5000; do
		sbatch -f lines --frame-rows "$n" in.txt |
			smap -q -p csv -c 'k:int,v:int' --bad skip | ssink -f csv >"out$n"
	done
	awk -F, 'BEGIN { print "k,v" } $2 != "bad"' in.txt >want
	for n in 1 7 5000; do same want "out$n"; done
}
