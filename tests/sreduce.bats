# SPDX-License-Identifier: ISC
# sreduce(1): every option, aggregate, diagnostic and exit status.

load helper
load sreduce

@test "--help prints usage on stdout, --version the version" {
	run -0 --separate-stderr sreduce --help
	[ "${lines[0]}" = "usage: sreduce [options] AGG ..." ]
	[ -z "$stderr" ]
	run -0 --separate-stderr sreduce -V
	[[ $output == "sreduce (millrace) "* ]]
}

@test "wrong usage is answered with 64 and the mend" {
	run -64 --separate-stderr sreduce --nope count
	[ "$stderr" = "sreduce: no option --nope; try sreduce --help" ]
	run -64 --separate-stderr sreduce -k host
	[ "$stderr" = "sreduce: what to compute? such as: sreduce -k host 'count()'" ]
	run -64 --separate-stderr sreduce --top hits count
	[ "$stderr" = "sreduce: --top: hits is not N:EXPR, such as 10:hits" ]
	run -64 --separate-stderr sreduce --top 0:hits count
	[ "$stderr" = "sreduce: --top: 0:hits is not N:EXPR, such as 10:hits" ]
	run -64 --separate-stderr sreduce --top 3: count
	[ "$stderr" = "sreduce: --top: 3: is not N:EXPR, such as 10:hits" ]
	run -64 --separate-stderr sreduce --top 1:a --top 1:a count
	[ "$stderr" = "sreduce: --top: only once" ]
}

@test "a bounded input without batches gives one answer" {
	rows
	reduced 'count() as n, sum(v) as v'
	printed n,v 5,6.5
}

@test "keys come in order of arrival, null being one of them" {
	rows
	reduced -k k 'count() as n'
	printed k,n a,3 b,1 ,1
}

@test "keys are expressions with names, several make one group" {
	rows
	reduced -k "n > 1 as big, upper(k) as u" count
	printed big,u,count false,A,1 true,B,1 true,A,1 ,A,1 true,,1
}

@test "floats that are equal are one key" {
	printf '%s\n' x 0 -0.0 nan NaN 1 >f.csv
	sbatch -c x:float f.csv | sreduce -k x count | ssink -f csv -N >out
	printed 0,2 nan,2 1,1
}

@test "windows are reduced one by one, in order of their end" {
	rows
	windowed 1m -k k 'count() as n, max(v) as v'
	printed window_start,window_end,k,n,v \
		2026-01-01T10:00:00Z,2026-01-01T10:01:00Z,a,2,1.5 \
		2026-01-01T10:00:00Z,2026-01-01T10:01:00Z,b,1,2 \
		2026-01-01T10:01:00Z,2026-01-01T10:02:00Z,a,1,4 \
		2026-01-01T10:04:00Z,2026-01-01T10:05:00Z,,1,-1
}

@test "sliding windows share rows; a window without rows gives none" {
	rows
	windowed 2m/1m 'count() as n'
	cut -d, -f2,3 out >ends
	printf '%s\n' window_end,n 2026-01-01T10:01:00Z,3 \
		2026-01-01T10:02:00Z,4 2026-01-01T10:03:00Z,1 \
		2026-01-01T10:05:00Z,1 2026-01-01T10:06:00Z,1 >want
	same want ends
}

@test "the keys of a sliding window come by first arrival in the window" {
	printf '%s\n' t,k 65,b 5,a 66,a >s.csv
	sbatch -t t -c 't:time(s),k' s.csv >s.mill
	swindow 2m/1m --late 2m <s.mill | sreduce -k k count | ssink -f csv -N |
		cut -d, -f3,4 >out
	printed a,1 b,1 a,2 b,1 a,1
}

@test "count counts rows, or values that are not null" {
	rows
	reduced 'count, count(*), count(v), count_if(n > 1), count(distinct s)'
	printed count,count_2,count_v,count_if_n_1,count_distinct_s 5,5,4,3,3
}

@test "untyped empty cells of a csv are null" {
	rows
	reduced 'count(k)'
	printed count_k 4
}

@test "sum, avg, min and max keep their types" {
	rows
	reduced 'sum(n), avg(n), min(n), max(n), min(v), avg(v), max(s::str) as s'
	printed sum_n,avg_n,min_n,max_n,min_v,avg_v,s 11,2.75,1,5,-1,1.625,z
	sbatch -t t -c t:time s.csv |
		sreduce "sum(t - '2026-01-01T10:00:00Z'::time) as s,
			avg(t - '2026-01-01T10:00:00Z'::time) as a, max(t) as m" |
		ssink -f csv >out
	printed s,a,m 444,88.8,2026-01-01T10:04:00Z
}

@test "of no values count is 0 and the others are null" {
	rows
	smap -w 'n > 100' <s.mill |
		sreduce 'count, count(v), sum(n), avg(v), min(v), p50(n), first(s)' |
		ssink -f csv -N >out
	printed 0,0,,,,,
}

@test "first and last go by event time" {
	printf '%s\n' t,v 30,1 10,2 10,3 40,4 40,5 20,6 >s.csv
	sbatch -t t -c 't:time(s),v:int' s.csv | sreduce 'first(v), last(v)' |
		ssink -f csv -N >out
	printed 2,5
	# Without event time, by arrival.
	sbatch -c 't,v:int' s.csv | sreduce 'first(v), last(v)' |
		ssink -f csv -N >out
	printed 1,6
}

@test "ties of first and last go by part" {
	printf '%s\n' t,v 10,1 >a.csv
	printf '%s\n' t,v 10,2 >b.csv
	sbatch -t t -c 't:time(s),v:int' a.csv b.csv |
		sreduce 'first(v), last(v)' | ssink -f csv -N >out
	printed 1,2
}

@test "the sum of floats is exact in any order" {
	printf '%s\n' x 1e16 1 -1e16 >a.csv
	printf '%s\n' x 1 1e16 -1e16 >b.csv
	for f in a.csv b.csv; do
		sbatch -c x:float $f | sreduce 'sum(x), avg(x)' |
			ssink -f csv -N >out
		printed 1,0.3333333333333333
	done
}

@test "NaN and infinities show in sums and extremes" {
	printf '%s\n' k,x a,1 a,nan b,inf b,-inf c,inf c,1 >a.csv
	sbatch -c k,x:float a.csv | sreduce -k k 'sum(x), min(x), max(x)' |
		ssink -f csv -N >out
	printed a,nan,1,nan b,nan,-inf,inf c,inf,1,inf
}

@test "an int sum beyond 64 bits is an error, avg is not" {
	printf '%s\n' x 9223372036854775807 1 >a.csv
	run -65 --separate-stderr bash -c \
		"sbatch -c x:int a.csv | sreduce 'sum(x)' | ssink"
	[ "$stderr" = "sreduce: sum(x) is beyond the range of int; floats, as of x::float, are not" ]
	sbatch -c x:int a.csv | sreduce 'avg(x)' | ssink -N >out
	printed 4611686018427388000
	printf '%s\n' -1 >>a.csv
	sbatch -c x:int a.csv | sreduce 'sum(x)' | ssink -N >out
	printed 9223372036854775807
}

@test "percentiles are those of the nearest rank, within 1/256" {
	seq 1000 | sbatch -f csv -N -c x:int >s.mill
	reduced 'p50(x), p90(x), p95(x), p99(x)'
	awk -F, 'NR == 2 {
		split("500 900 950 990", want, " ")
		for (i = 1; i <= 4; i++) {
			d = $i - want[i]
			if (d < 0) d = -d
			if (d > want[i] / 256) exit 1
			n++
		}
	} END { exit n != 4 }' out
	# Exact for small ints, and for a single value.
	seq 100 | sbatch -f csv -N -c x:int | sreduce 'p95:x, p99:x' |
		ssink -N >out
	printed "$(printf '95\t99')"
	echo 1234.5678 | sbatch -f csv -N -c x:float | sreduce p50:x |
		ssink -N >out
	printed 1234.5678
}

@test "filter narrows one aggregate" {
	rows
	reduced "count() filter (where k = 'a') as a, sum(n) filter (where n > 1) as n"
	printed a,n 3,10
}

@test "expressions over aggregates and keys" {
	rows
	reduced -k k 'k || "!" as name, sum(v) / count() * 10 as r'
	printed k,name,r a,a!,18.333333333333332 b,b!,20 ,,-10
}

@test "several operands are one list" {
	rows
	reduced count 'sum(n) as s' p50:n
	printed count,s,p50_n 5,11,2
}

@test "sum of text takes it as float and tells what did not parse" {
	printf '%s\n' k,v a,1 a,x a,2.5 >a.csv
	run -0 --separate-stderr bash -c \
		"sbatch a.csv | sreduce 'sum(v), avg(v), p50(v)' | ssink -N"
	[ "$output" = "$(printf '3.5\t1.75\t1')" ]
	[ "$stderr" = "sreduce: 1 cell did not read as the type wanted and became null" ]
	run -0 --separate-stderr bash -c \
		"sbatch a.csv | sreduce -q 'sum(v)' | ssink -N"
	[ -z "$stderr" ]
}

@test "min and max of text without a type are refused with the mend" {
	rows
	run -64 --separate-stderr sreduce 'max(s)' <s.mill
	[ "$stderr" = 'sreduce: s is text: write max(s::float) or sbatch -c "*,s:float"
  max(s)
  ^~~~~~' ]
	reduced 'max(s::str) as m'
	printed m z
}

@test "an aggregate of the wrong type is refused" {
	rows
	run -64 --separate-stderr sreduce 'sum(t)' <s.mill
	[ "${stderr_lines[0]}" = "sreduce: sum takes int, dur or float, this is time" ]
	run -64 --separate-stderr sreduce 'sum(n > 1)' <s.mill
	[ "${stderr_lines[0]}" = "sreduce: sum takes int, dur or float, this is bool; write count_if(...)" ]
	run -64 --separate-stderr sreduce 'sum()' <s.mill
	[ "${stderr_lines[0]}" = "sreduce: sum takes one argument" ]
	run -64 --separate-stderr sreduce 'sum(distinct n)' <s.mill
	[ "${stderr_lines[0]}" = "sreduce: distinct is for count; sum(distinct) is unknown" ]
}

@test "an unknown column lists the columns, in keys and in aggregates" {
	rows
	run -64 --separate-stderr sreduce -k nope count <s.mill
	[ "$stderr" = "sreduce: -k: no column nope; the columns are t, k, v, n, s
  nope
  ^~~~" ]
	run -64 --separate-stderr sreduce 'sum(nope)' <s.mill
	[ "$stderr" = "sreduce: no column nope; the columns are t, k, v, n, s
  sum(nope)
      ^~~~" ]
}

@test "a column that is no key is refused outside of aggregates" {
	rows
	run -64 --separate-stderr sreduce -k k 'n + count()' <s.mill
	[ "${stderr_lines[0]}" = "sreduce: n is no key: put it inside an aggregate, such as last(n), or among the keys (-k)" ]
}

@test "two columns of one name are refused" {
	rows
	run -64 --separate-stderr sreduce -k k 'count() as k' <s.mill
	[ "$stderr" = 'sreduce: two columns would be named k; write "as" and another name' ]
	run -64 --separate-stderr bash -c \
		"swindow 1m <s.mill | sreduce -k 'k as window_end' count"
	[ "$stderr" = 'sreduce: two columns would be named window_end; write "as" and another name' ]
	run -64 --separate-stderr sreduce -k '*' count <s.mill
	[ "$stderr" = "sreduce: -k takes expressions, not *" ]
}

@test "an error at run time names the row" {
	printf '%s\n' x 1 9223372036854775807 >a.csv
	run -65 --separate-stderr bash -c \
		"sbatch -c x:int a.csv | sreduce 'sum(x + 1)' | ssink"
	[[ $stderr == "sreduce: row 2: "* ]]
}

@test "--top keeps the greatest of each window, in rank order" {
	printf '%s\n' t,k,n 1,a,1 2,b,3 3,c,2 4,d,3 61,a,5 62,b,6 >s.csv
	sbatch -t t -c 't:time(s),k,n:int' s.csv >s.mill
	windowed 1m -k k --top 2:m 'max(n) as m'
	cut -d, -f3- out >cells
	printf '%s\n' k,m b,3 d,3 b,6 a,5 >want
	same want cells
	reduced -k k --top 1:m 'sum(n) as m'
	printed k,m b,9
}

@test "--sort orders each window, first by the first" {
	printf '%s\n' t,k,n 1,b,1 2,a,1 3,c,2 4,d, 61,a,5 >s.csv
	sbatch -t t -c 't:time(s),k:str,n:int' s.csv >s.mill
	windowed 1m -k k --sort 'm desc' --sort k 'max(n) as m'
	cut -d, -f3- out >cells
	printf '%s\n' k,m c,2 a,1 b,1 d, a,5 >want
	same want cells
	reduced -k k --sort m --sort 'k desc' 'max(n) as m'
	printed k,m d, b,1 c,2 a,5
}

@test "text without a type is no rank" {
	rows
	run -64 --separate-stderr sreduce -k k --sort k count <s.mill
	[ "$stderr" = "sreduce: --sort: k is text: write --sort 'k::float', or '::str' for the order of text" ]
	reduced -k k --sort k::str count
	printed k,count ,1 a,3 b,1
	run -64 --separate-stderr sreduce --sort nope count <s.mill
	[ "${stderr_lines[0]}" = "sreduce: --sort: no column nope; the columns are count" ]
}

@test "each batch has its answer, the end of the data none of its own" {
	seq 7 | sbatch -f csv -N -c x:int --batch-rows 3 |
		sreduce 'count() as n, sum(x) as s' | ssink -f csv -N >out
	printed 3,6 3,15 1,7
	seq 6 | sbatch -f csv -N -c x:int --batch-rows 3 |
		sreduce 'count() as n, sum(x) as s' | ssink -f csv -N >out
	printed 3,6 3,15
	echo x | sbatch -f csv -c x:int --batch-rows 3 |
		sreduce 'count() as n' | ssink -f csv -N >out
	printed 0
}

@test "batches of a source without end carry batch_time" {
	live
	sreduce --schema 'sum(x)' <live.mill >out
	printed "$(printf 'batch_time\ttime\tevent time')" "$(printf 'sum_x\tint')"
	sreduce 'sum(x) as s' <live.mill | ssink -N | awk '$2 == 3' >out
	grep -Eq '^20[0-9-]{8}T[0-9:.]*Z' out
}

@test "a second swindow regroups windows" {
	rows
	swindow 1m <s.mill | sreduce -k k 'count() as n' |
		swindow 2m | sreduce 'sum(n) as n, count() as rows' |
		ssink -f csv >out 2>err
	[ ! -s err ]
	printed window_start,window_end,n,rows \
		2026-01-01T10:00:00Z,2026-01-01T10:02:00Z,4,3 \
		2026-01-01T10:04:00Z,2026-01-01T10:06:00Z,1,1
}

@test "a window is sent as soon as the watermark passes, at a part's end too" {
	printf '%s\n' 5 >a
	printf '%s\n' 65 130 >b
	sbatch -f csv -N -c 't:time(s)' -t t a b | swindow 1m |
		sreduce count | ssink -f dump | grep -E '^(ROWS|MARK)' |
		sed 's/ \(seq\|sub\|batch\|time\|invalid\|filtered\)=[^ ]*//g' >out
	printed "MARK part=1 watermark=none open a" \
		"MARK part=2 watermark=none open b" \
		"MARK part=1 watermark=none close" \
		"ROWS part=0 watermark=1970-01-01T00:02:10Z rows=2" \
		"MARK part=2 watermark=1970-01-01T00:02:10Z close" \
		"ROWS part=0 watermark=1970-01-01T00:03:00Z rows=1" \
		"MARK part=0 watermark=1970-01-01T00:03:00Z eof" \
		"ROWS part=0 watermark=1970-01-01T00:03:00Z LAST rows=0"
}

@test "a null item is null for more groups than a frame has rows" {
	seq 1100000 | sbatch -f csv -N -c n:int |
		sreduce -k n 'null as x' 'if(count() = 1, null, 1) as y' |
		ssink -f csv -N | sed 's/^[0-9]*//' | sort | uniq -c >out
	run -0 awk '{ print $1, $2 }' out
	[ "$output" = "1100000 ,," ]
}

@test "an aggregate of the short form nests no deeper than others" {
	rows
	run -64 --separate-stderr sreduce "$(printf 'sum:%.0s' {1..16000})n" \
		<s.mill
	[ "${stderr_lines[0]}" = "sreduce: the expression nests deeper than 256" ]
}

@test "accounts add up" {
	rows
	swindow 1m <s.mill | sreduce -v -k k count 2>err | ssink -v 2>>err >out
	awk '$1 == "sreduce" { ok = $2 == 5 && $3 == 5 } END { exit !ok }' err
}

@test "text on stdin and a cut stream are told apart" {
	run -65 --separate-stderr sreduce count <<<'plain text'
	[ "$stderr" = "sreduce: stdin is text, put sbatch before me" ]
	rows
	head -c 300 s.mill >cut.mill
	run -74 --separate-stderr sreduce count <cut.mill
	[[ $stderr == "sreduce: stdin: byte "* ]]
}

@test "the results of one window may have more text than a frame" {
	seq 200000 299999 >lines
	sbatch lines | sreduce -k line 'repeat(line, 200) as r' >r.mill
	ssink -N -f tsv <r.mill | wc -lc >out
	echo 100000 120800000 >want
	same <(tr -s ' ' <want) <(tr -s ' ' <out | sed 's/^ //')
	# The same when they are sorted.
	sbatch lines | sreduce -k line --sort 'repeat(line, 200)::str desc' \
		'min(line::int) as n' | ssink -N | cut -f 2 >out
	sort -r lines >want
	same want out
}

@test "--top looks at all rows of a window, however many" {
	awk 'BEGIN { for (i = 0; i < 400000; i++) print i * 7919 % 400009 }' >lines
	sbatch lines | sreduce -k line --top 5:n 'max(line::int) as n' |
		ssink -N | cut -f 1 >out
	sort -rn lines | head -n 5 >want
	same want out
}

@test "random streams agree with a slow reference, however they are cut" {
	run -0 python3 "$TOP/tests/reduce.py" 150
	[ "$output" = "150 cases agree" ]
}

@test "one = does not quietly name what was to be compared" {
	printf 'status\n404\n200\n' | sbatch -f csv -c 'status:int' >s.mill
	run -64 --separate-stderr bash -c \
		"sreduce -k 'status = 404' count <s.mill | ssink"
	[ "${stderr_lines[0]}" = 'sreduce: -k: status = names this item, and is a column, too: to compare write ==, to name write "as"' ]
	run -64 --separate-stderr bash -c \
		"smap -s 'status = 404' <s.mill | ssink"
	[[ $stderr == *'to compare write =='* ]]
	smap -a 'status = status + 1' <s.mill | ssink -N >out
	printf '405\n201\n' >want
	same want out
	sreduce -k 'status == 404 as missing' count <s.mill | ssink -N >out
	printf 'true\t1\nfalse\t1\n' >want
	same want out
}

@test "an aggregate of quoted text, or of no such name, says so" {
	printf 'bytes\n1\n' | sbatch -f csv -c 'bytes:int' >s.mill
	run -64 --separate-stderr bash -c \
		"sreduce 'sum(\"bytes\")' <s.mill | ssink"
	[[ $stderr == *'sum("bytes") is of one and the same text; a column stands without quotes, or in `these`'* ]]
	run -64 --separate-stderr bash -c "sreduce 'p75(bytes)' <s.mill | ssink"
	[[ $stderr == *'no function p75; millrace-expr(7) lists them, and sreduce(1) the aggregates'* ]]
}

@test "--having keeps rows of the output for which it holds" {
	rows
	reduced -k k --having 'n > 1 and k is not null' 'count() as n'
	printed k,n a,3
	windowed 1m -k k --having 'n = 1' --top 1:m 'count() as n, max(v) as m'
	cut -d, -f3- out >cells
	printf '%s\n' k,n,m b,1,2 a,1,4 ,1,-1 >want
	same want cells
	run -64 --separate-stderr sreduce --having 'n + 1' 'count() as n' <s.mill
	[ "$stderr" = "sreduce: --having: n + 1 is no condition but int" ]
	run -64 --separate-stderr sreduce --having 'v > 1' 'count() as n' <s.mill
	[ "$stderr" = "sreduce: --having: no column v; the columns are n
  v > 1
  ^" ]
	run -64 --separate-stderr sreduce --having a --having b count
	[ "$stderr" = "sreduce: --having: only once; write and" ]
}

@test "what is computed does not depend on when it is sent" {
	rows
	want='count p50:n "sum(n) / count() as mean" "count(v) filter (where n > 1) as v"'
	for how in '' '--running --emit final' '--fill' '--emit complete'; do
		case $how in
		--fill | '--emit complete') input='swindow 1d <s.mill' ;;
		*) input='cat s.mill' ;;
		esac
		eval "$input" | eval "sreduce -k k $how $want" >r.mill
		python3 "$TOP/tests/decode.py" <r.mill | grep '^\[' |
			sed 's/^\[[0-9]\{16\}, [0-9]\{16\}, /[/' >out
		printf '%s\n' '["a", 3, 1, 1.3333333333333333, 0]' \
			'["b", 1, 2, 2.0, 1]' '[null, 1, 5, 5.0, 1]' >want
		same want out
	done
}

@test "--max-state bounds the keys that are held" {
	rows
	run -65 --separate-stderr sreduce -k n --max-state 4 count <s.mill
	[ "$stderr" = "sreduce: more than 4 keys at a time; --max-state sets the limit" ]
	run -65 --separate-stderr sreduce -k n --max-state 4 --running count <s.mill
	[ "$stderr" = "sreduce: more than 4 keys at a time; --max-state sets the limit" ]
	run -0 sreduce -k n --max-state 5 count <s.mill
	# What windows have closed, and --ttl forgotten, is not held.
	sbatch -t t -c 't,k,n:int,s' --frame-rows 1 s.csv >one.mill
	run -0 bash -c "swindow 1m <one.mill | sreduce -k n --max-state 4 count"
	run -64 --separate-stderr sreduce --max-state 0 count
	[[ $stderr == "sreduce: --max-state: "* ]]
}

@test "sessions of one group each answer as those with tables do" {
	awk 'BEGIN { srand(3); for (i = 0; i < 20000; i++)
		printf "%d,k%d,%d,%d\n", 1000 + i / 9 - rand() * 900,
			rand() * 60, rand() * 9, rand() * 99 }' >in.csv
	for late in 1h 200s; do
		sbatch -f csv -N -c t:time,k,j:int,v:int -t t --frame-rows 900 in.csv |
			swindow -q session:40s -k j,k --late "$late" >in.mill
		aggs='count() as n, sum(v) as s, first(v) as f, count(distinct v) as d,
			string_agg(v::str, "-") as a, median(v) as m'
		# Other keys than those of the sessions make tables.
		sreduce -k 'k, j, 1 as one' "$aggs" <in.mill | smap --drop one |
			ssink >want
		sreduce -k k,j "$aggs" <in.mill | ssink >out
		[ "$(wc -l <want)" -gt 2000 ]
		cmp want out
	done
}
