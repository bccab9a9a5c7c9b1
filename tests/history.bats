# SPDX-License-Identifier: ISC
# smap(1): -k, --over, --ttl, --changed, --dedup, --within.

load helper

# h.mill: two keys, times, an int with a null.
rows() {
	printf '%s\n' t,k,v 2026-01-01T00:00:00Z,a,10 \
		2026-01-01T00:00:10Z,a,30 2026-01-01T00:00:10Z,b,1 \
		2026-01-01T00:00:20Z,a,5 2026-01-01T00:00:30Z,a, \
		2026-01-01T00:00:31Z,b,4 |
		sbatch -f csv -t t -c '*,v:int' >h.mill
}

history() {
	smap "$@" <h.mill | ssink -f csv
}

fails() {
	run -64 --separate-stderr smap "$@" <h.mill
}

@test "-k makes an aggregate mean the key's rows so far" {
	rows
	run -0 --separate-stderr history -k k \
		-s 'k, count() as n, sum(v) as s, avg:v as a, v - min(v) as m'
	[ "$output" = "k,n,s,a,m
a,1,10,10,0
a,2,40,20,20
b,1,1,1,0
a,3,45,15,0
a,4,45,15,
b,2,5,2.5,3" ]
	[ -z "$stderr" ]
}

@test "lag, delta, rate, ewma and row_number look at the key's rows before" {
	rows
	run -0 --separate-stderr history -k k -s 'lag(v) as l, lag(k, 2) as l2,
		delta(v) as d, delta(t) as dt, rate(v) as r, ewma(v, 0.5) as e,
		row_number() as n'
	[ "$output" = "l,l2,d,dt,r,e,n
,,,,,10,1
10,,20,10,2,20,2
,,,,,1,1
30,a,-25,10,0.5,12.5,3
5,a,,10,,12.5,4
1,,3,21,0.14285714285714285,2.5,2" ]
	[ -z "$stderr" ]
}

@test "-w chooses by the history, of all rows that reach it" {
	rows
	run -0 --separate-stderr history -k k -w 'delta(v) < 0 or count = 1' -s k,v
	[ "$output" = "k,v
a,10
b,1
a,5" ]
	run -0 --separate-stderr history -k k -w 'v <> 30' -w 'count() = 2' -s k,v
	[ "$output" = "k,v
a,5
b,4" ]
	[ -z "$stderr" ]
}

@test "-k '' takes all rows together, and a later -k the place of the first" {
	rows
	run -0 --separate-stderr history -k '' -a 'count() as n' -k k \
		-a 'count() as m' -s k,n,m
	[ "$output" = "k,n,m
a,1,1
a,2,2
b,3,1
a,4,3
a,5,4
b,6,2" ]
	run -0 --separate-stderr history -s 'count() as n, k' -k 'upper(k)'
	[ "${lines[6]}" = "2,b" ]
	[ -z "$stderr" ]
}

@test "--over limits aggregates by time or rows, not lag" {
	rows
	run -0 --separate-stderr history -k k --over 20s \
		-s 'k, sum(v) as s, count() as n, lag(v) as l'
	[ "$output" = "k,s,n,l
a,10,1,
a,40,2,10
b,1,1,
a,35,2,30
a,5,2,5
b,4,1,1" ]
	run -0 --separate-stderr history -k k --over 2rows \
		-s 'max(v) as m, count(distinct v) as d'
	[ "$output" = "m,d
10,1
30,2
1,1
30,2
5,1
4,2" ]
	[ -z "$stderr" ]
}

@test "--ttl begins a key anew that was silent" {
	rows
	run -0 --separate-stderr history -k k --ttl 20s \
		-s 'k, count() as n, lag(v) as l'
	[ "$output" = "k,n,l
a,1,
a,2,10
b,1,
a,3,30
a,4,5
b,1," ]
	[ -z "$stderr" ]
}

@test "--changed passes rows unlike the last one of their key" {
	printf 'k,s\na,1\nb,1\na,1\nb,\na,2\nb,\na,1\n' | sbatch -f csv >h.mill
	run -0 --separate-stderr history -k k --changed s
	[ "$output" = "k,s
a,1
b,1
b,
a,2
a,1" ]
	run -0 --separate-stderr history --changed s -s s
	[ "$output" = "s
1

2

1" ]
	[ -z "$stderr" ]
}

@test "--dedup passes the first row of each key" {
	rows
	run -0 --separate-stderr history --dedup k
	[ "$output" = "t,k,v
2026-01-01T00:00:00Z,a,10
2026-01-01T00:00:10Z,b,1" ]
	run -0 --separate-stderr history --dedup 'k, v is null' --within 10s -s v
	[ "$output" = "v
10
1
5

4" ]
	[ -z "$stderr" ]
}

@test "--dedup counts what it drops and is stateful" {
	rows
	smap -v --dedup k <h.mill 2>err | ssink -f dump >out
	grep -Eq '^smap +6 +2 +4 +0 +0 +2 ' err
	grep -q 'stateful.*--dedup k' out
	smap -k k -a 'count()' <h.mill | ssink -f dump | grep -q 'stateful.*-a count() -k k'
}

@test "--dedup on an endless stream wants --within" {
	rows
	touch log
	run -64 --separate-stderr bash -c \
		"timeout 60 sbatch -F -f lines log | smap --dedup line"
	[ "$stderr" = "smap: --dedup: the input has no end, so keys must be forgotten some time; write --within D, such as --within 10m" ]
}

@test "event times are asked for where they are needed" {
	printf 'k,v\na,1\n' | sbatch -f csv -c '*,v:int' >h.mill
	fails -k k -a 'rate(v)'
	[ "$stderr" = "smap: -a: rate goes by event time, and the stream has none; write sbatch -t COL" ]
	fails -k k --over 1m -a 'sum(v)'
	[ "$stderr" = "smap: -a: --over goes by event time, and the stream has none; write sbatch -t COL, or --over 500rows" ]
	fails --dedup k --within 1m
	[ "$stderr" = "smap: --dedup: keys are forgotten by event time, and the stream has none; write sbatch -t COL" ]
}

@test "an aggregate without -k is mended" {
	rows
	fails -a 'sum(v)'
	[ "$stderr" = "smap: -a: sum looks at the rows of a key so far: write -k KEYS, or -k '' for all rows; one row a key is sreduce's" ]
	fails -k k -a 'v * 2 as x'
	[ "$stderr" = "smap: -k: nothing looks at keys; write an aggregate, lag(x) and their like into -s, -a or -w, or --changed" ]
	fails --over 1m -a 'v as x'
	[ "$stderr" = "smap: --over goes with -k KEYS" ]
	fails --within 1m -a 'v as x'
	[ "$stderr" = "smap: --within goes with --dedup" ]
	fails -k k --over 5 -a 'count()'
	[ "$stderr" = "smap: --over: 5 is neither a duration nor a number of rows; write 10m or 500rows" ]
	fails -k nix -a 'count()'
	[[ "$stderr" == "smap: -a: no column nix; the columns are t, k, v"* ]]
}

@test "calls with wrong arguments are mended" {
	rows
	fails -k k -a 'lag(v, 0)'
	[[ "$stderr" == "smap: -a: lag goes back a fixed number of rows, 1..1000000"* ]]
	fails -k k -a 'ewma(v)'
	[[ "$stderr" == "smap: -a: write ewma(x, weight)"* ]]
	fails -k k -a 'ewma(v, 2)'
	[[ "$stderr" == "smap: -a: the weight of ewma is a fixed number above 0, at most 1"* ]]
	fails -k k -a 'delta(v > 1)'
	[[ "$stderr" == "smap: -a: delta takes int or float, this is bool"* ]]
	fails -k k -a 'row_number(v)'
	[[ "$stderr" == "smap: -a: write row_number()"* ]]
	fails -k k -a 'lag(distinct v)'
	[[ "$stderr" == "smap: -a: it looks at rows: no *, distinct or filter goes with it"* ]]
	fails -k k -a 'sum(sum(v))'
	[[ "$stderr" == *"stands inside another aggregate"* ]]
}

@test "an overflow ends the stream and names the call" {
	printf 'v\n9223372036854775807\n-1\n1\n1\n' | sbatch -f csv -c v:int >h.mill
	run -65 --separate-stderr bash -c \
		"smap -k '' -a 'sum(v) as s' <h.mill | ssink -N"
	[ "$stderr" = "smap: -a: sum(v) as s: sum(v): beyond the range of int; floats, as of x::float, are not" ]
	printf 'v\n9223372036854775807\n-2\n' | sbatch -f csv -c v:int >h.mill
	run -65 --separate-stderr bash -c \
		"smap -k '' -a 'delta(v) as s' <h.mill | ssink -N"
	[ "$stderr" = "smap: -a: delta(v) as s: delta(v): overflow" ]
}

@test "histories equal a slow reference, whatever the frames" {
	run -0 python3 "$TOP/tests/smap.py" history 60 1
	run -0 python3 "$TOP/tests/smap.py" dedup 30 1
	run -0 python3 "$TOP/tests/smap.py" changed 30 1
}

@test "keys that were forgotten leave no trace" {
	run -0 python3 "$TOP/tests/smap.py" crowd 2 1
}

# bats test_tags=long
@test "histories equal a slow reference, hundreds of cases" {
	run -0 python3 "$TOP/tests/smap.py" history 600 1000
	run -0 python3 "$TOP/tests/smap.py" dedup 300 1000
	run -0 python3 "$TOP/tests/smap.py" changed 300 1000
	run -0 python3 "$TOP/tests/smap.py" explode 300 1000
	run -0 python3 "$TOP/tests/smap.py" crowd 10 1000
}

# bats test_tags=memory
@test "keys that are forgotten take no memory, however long the input" {
	for n in 1000000 10000000; do
		gen csv "$n" >in.csv
		sbatch -c 'ts_ms:time(ms),user,price:float' -t ts_ms in.csv |
			swindow --late 5s >in.mill
		rm in.csv
		/usr/bin/time -f %M -o "dedup$n" \
			smap --dedup user --within 5s <in.mill >/dev/null
		/usr/bin/time -f %M -o "over$n" smap -k user --over 5s \
			--ttl 10s -a 'avg(price) as m, lag(price) as l' \
			<in.mill >/dev/null
		rm in.mill
	done
	for what in dedup over; do
		echo "$what: $(cat "${what}1000000"), then $(cat "${what}10000000") KiB"
		[ "$(cat "${what}10000000")" -le \
			$(($(cat "${what}1000000") * 105 / 100)) ]
	done
}
