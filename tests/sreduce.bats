# SPDX-License-Identifier: ISC
# sreduce(1): every option, aggregate, diagnostic and exit status.

load helper

# Five rows in s.mill, three minutes, one part.
rows() {
	cat >s.csv <<-'EOF'
		t,k,v,n,s
		2026-01-01T10:00:05Z,a,1.5,1,x
		2026-01-01T10:00:50Z,b,2,2,y
		2026-01-01T10:00:59Z,a,,3,x
		2026-01-01T10:01:30Z,a,4,,
		2026-01-01T10:04:00Z,,-1,5,z
	EOF
	sbatch -t t -c 't,k,v:float,n:int,s' s.csv >s.mill
}

# reduced ARG...: what sreduce ARG... makes of s.mill, as csv, in out.
reduced() {
	sreduce "$@" <s.mill | ssink -f csv >out
}

# windowed SPEC ARG...: the same behind swindow SPEC.
windowed() {
	local spec=$1
	shift
	swindow "$spec" <s.mill | sreduce "$@" | ssink -f csv >out
}

# printed LINE...: out has exactly these lines.
printed() {
	printf '%s\n' "$@" >want
	same want out
}

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
	[ "$stderr" = "sreduce: sum(x) is beyond the range of int" ]
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
	printf '1\n2\n' >log
	sbatch -F -f csv -N -c x:int -i 50ms log >live.mill &
	pid=$!
	until_true 5 test -s live.mill
	kill "$pid"
	wait "$pid"
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

# dumped ARG...: what sreduce ARG... makes of batches of two rows of s.csv, the
# rows of each batch behind a line "-".
dumped() {
	rows
	sbatch -t t -c 't,k,v:float,n:int,s' --batch-rows 2 s.csv |
		sreduce "$@" | ssink -f dump |
		sed -n 's/^ROWS.* LAST.*/-/p; /^[A-Z]/d; /^ /d; p' | uniq >out
}

@test "--running goes on from batch to batch and sends what changed" {
	dumped -k k::str --running 'count() as n, sum(n) as s'
	printf '%s\n' - $'a\t1\t1\t1' $'b\t1\t2\t1' - $'a\t3\t4\t1' - \
		$'\\N\t1\t5\t1' >want
	same want out
}

@test "HEAD says by which columns rows replace others" {
	rows
	sreduce --running -k 'k, n % 2 as odd' count <s.mill | ssink -f dump >out
	run -0 grep -c '^HEAD mode=upsert' out
	run -0 grep -x '  column op int system' out
	swindow 1m <s.mill | sreduce --emit update -k k count >u.mill
	run -0 python3 -c "import sys; sys.path.insert(0, '$TOP/tests')
import decode
print(decode.Reader(open('u.mill', 'rb')).frame()[2]['mode'])"
	[ "$output" = "(1, 'window_start,window_end,k')" ]
	run -64 --separate-stderr sreduce --running -k 'k as `a,b`' count <s.mill
	[ "$stderr" = 'sreduce: -k: the name a,b has a comma; write "as" and another name' ]
	run -64 --separate-stderr sreduce --running 'count() as op' <s.mill
	[ "$stderr" = 'sreduce: rows that replace others have a column op of their own; write "as" and another name' ]
}

@test "--running --emit complete sends all, final once" {
	rows
	dumped -k k::str --running --emit complete --sort n 'count() as n'
	printf '%s\n' - $'a\t1' $'b\t1' - $'b\t1' $'a\t3' - $'b\t1' \
		$'\\N\t1' $'a\t3' >want
	same want out
	reduced -k k --running --emit final --top 1:n 'count() as n'
	printed k,n a,3
	# Without keys there is a row, rows or none.
	smap -w 'n > 9' <s.mill | sreduce --running --emit final count |
		ssink -f csv -N >out
	printed 0
}

@test "--ttl forgets keys and tells so" {
	dumped -k k::str --running --ttl 41s 'count() as n'
	# The first row is 45 s old when the first batch ends, and not sent.
	printf '%s\n' - $'b\t1\t1' - $'a\t2\t1' - $'\\N\t1\t1' \
		$'a\t\\N\t2' $'b\t\\N\t2' >want
	same want out
}

@test "--ttl goes by the watermark where there is one" {
	rows
	sbatch -t t -c 't,k,v:float,n:int,s' --batch-rows 2 s.csv |
		swindow --late 1m | sreduce -k k --running --ttl 41s count |
		ssink -f dump | grep -c $'\t2$' >out
	printed 2
}

@test "windows are updated while they are open" {
	rows
	sbatch -t t -c 't,k,v:float,n:int,s' --batch-rows 2 s.csv |
		swindow 2m | sreduce -k k --emit update 'count() as n' |
		ssink -f dump | sed -n 's/^2026-01-01T10:0\(.\):00Z/\1/p' |
		cut -f1,3- >out
	printf '%s\n' $'0\ta\t1\t1' $'0\tb\t1\t1' $'0\ta\t3\t1' $'4\t\\N\t1\t1' >want
	same want out
}

@test "--early answers within a batch, by event time" {
	rows
	sreduce -k k::str --running --early 1m count <s.mill | ssink -f dump |
		sed '/^ROWS/s/.*/-/; /^[A-Z]/d; /^ /d' | uniq >out
	printf '%s\n' - $'a\t2\t1' $'b\t1\t1' - $'a\t3\t1' - $'\\N\t1\t1' >want
	same want out
}

@test "--fold applies an update row by row and key by key" {
	rows
	reduced -k k::str --emit final --fold "0 as c, '' as seen, 0.5 as half" \
		"c = c + 1, seen = seen || coalesce(s, '-'), half = c"
	printed k_str,c,seen,half a,3,xx-,2 b,1,y,0 ,1,z,0
	# What comes out is chosen, over keys and states.
	reduced -k k --emit final --fold '0 as sum' \
		'sum = sum + coalesce(n, 0)' 'sum * 10 as tens, k || "!" as kk'
	printed k,tens,kk a,40,a! b,20,b! ,50,
	# Without keys there is one state, which is there from the start.
	smap -w 'n > 9' <s.mill | sreduce --emit final --fold '7 as x' \
		'x = x + n' | ssink -f csv >out
	printed x 7
}

@test "a fold sends what changed, and begins anew behind --ttl" {
	dumped -k k::str --fold '0 as x' 'x = x + 1' --ttl 41s
	printf '%s\n' - $'b\t1\t1' - $'a\t2\t1' - $'\\N\t1\t1' \
		$'a\t\\N\t2' $'b\t\\N\t2' >want
	same want out
}

@test "a fold that does not fit says what to write" {
	rows
	fold() {
		run -64 --separate-stderr sreduce -k k --fold "$@" <s.mill
		message=${stderr_lines[0]#sreduce: }
	}
	fold '0 as x'
	[ "$message" = "--fold goes with UPDATE [EMIT], such as: sreduce -k user --fold '0 as n' 'n = n + 1'" ]
	fold '0 as x' 'x = 1' x 2
	[[ $message == "--fold goes with "* ]]
	fold '0 as x' --fold '1 as y' 'x = 1'
	[ "$message" = "--fold: only once; a comma is between states" ]
	fold 'n as x' 'x = 1'
	[ "$message" = "--fold: no column n; there are none " ]
	fold '0 as n' 'n = 1'
	[ "$message" = '--fold: n is a column of the input, too; write "as" and another name' ]
	fold '0 as x' 'x = x + v'
	[ "$message" = "x began as int and would become float; write (...)::int, or begin with another type" ]
	fold '0 as x, 1 as y' 'z = 1'
	[ "$message" = "z is no state; --fold has x, y: write STATE = EXPR" ]
	fold '0 as x' 'x = nope'
	[ "$message" = "the update of --fold: no column nope; the columns are t, k, v, n, s, x" ]
	fold '0 as x' 'x = 1' '*'
	[ "$message" = "the keys come out by themselves; write the states, or nothing for all of them" ]
	fold '*' 'x = 1'
	[ "$message" = "--fold: states begin with values, such as 0 as n" ]
	run -64 --separate-stderr sreduce -k 'n as x' --fold '0 as x' 'x = 1' \
		<s.mill
	[ "$stderr" = 'sreduce: --fold: x is a key, too; write "as" and another name' ]
	run -64 --separate-stderr bash -c "swindow 1m <s.mill |
		sreduce --fold '0 as x' 'x = 1'"
	[[ $stderr == "sreduce: --fold keeps one state for all batches"* ]]
	run -65 --separate-stderr sreduce --fold '9223372036854775806 as x' \
		'x = x + n' <s.mill
	[ "$stderr" = "sreduce: row 2: int overflow in x + n" ]
}

# refused MESSAGE ARG...: sreduce ARG... count refuses stdin with it, and 64.
refused() {
	local want=$1
	shift
	run -64 --separate-stderr sreduce "$@" count
	[ -z "$output" ] || [[ $output == millrace* ]]
	[ "$stderr" = "sreduce: $want" ]
}

@test "answers that do not go together are refused, with the mend" {
	rows
	swindow 1m <s.mill >w.mill
	swindow session:1m -k k <s.mill >session.mill
	swindow cumulate:2m/1m <s.mill >cumulate.mill
	sbatch -n 3 s.csv >untimed.mill
	refused "--emit: now is not final, update or complete" --emit now
	refused "each batch has an answer of its own; --emit update is for windows and for --running" --emit update <s.mill
	refused "each batch has an answer of its own; --emit complete is for windows and for --running" --emit complete <s.mill
	refused "--ttl is for --running; windows and batches forget by themselves" --ttl 1m <w.mill
	refused "--ttl forgets keys, and there are none; write -k KEYS" --ttl 1m --running <s.mill
	refused "--ttl: 0s must be above 0" --ttl 0s
	refused "--top would have to take rows back that others overtake; write --emit complete, or --having" --running --top 1:count <s.mill
	refused "--running keeps one state for all batches, and windows have states of their own; leave the window out: swindow --late 5s makes watermarks alone" --running <w.mill
	refused "a row may make one session of two that were sent: sessions have final answers alone; write --emit final" --emit update -k k <session.mill
	refused "cumulative windows are intermediate results already; write --emit final" --emit complete <cumulate.mill
	refused "--early sends rows that later ones replace; write --emit update" --early 1s <w.mill
	refused "--early sends rows that later ones replace; write --emit update" --early 1s --running --emit complete <s.mill
	refused "--early goes by event time, and the stream has none; write sbatch -t COL, or sbatch -i D for an answer each D" --early 1s --running <untimed.mill
	sreduce --running -k k count <s.mill >u.mill
	run -65 --separate-stderr sreduce count <u.mill
	[ "$stderr" = "sreduce: the input changes rows it has sent; only rows that stay can be reduced" ]
}

@test "a source without end has no final answer" {
	printf '1\n2\n' >log
	sbatch -F -f csv -N -c x:int -i 50ms log >live.mill &
	pid=$!
	until_true 5 test -s live.mill
	kill "$pid"
	wait "$pid"
	refused "--emit final answers at the end of the data, and this source has none; write --emit update or --emit complete" --running --emit final <live.mill
	sreduce --running 'sum(x) as s' <live.mill | ssink -f dump |
		sed -n 's/^\([0-9]*\)\t1$/\1/p' | tail -1 >out
	printed 3
}

@test "--fill gives windows without rows a row for each key" {
	rows
	windowed 1m -k k --fill 'count() as n, sum(n) as s'
	cut -d, -f1,3- out | sed 's/.*T10://' >cells
	printf '%s\n' window_start,k,n,s 00:00Z,a,2,4 00:00Z,b,1,2 01:00Z,a,1, \
		01:00Z,b,0, 02:00Z,a,0, 02:00Z,b,0, 03:00Z,a,0, 03:00Z,b,0, \
		04:00Z,,1,5 04:00Z,a,0, 04:00Z,b,0, >want
	same want cells
	windowed 1m --fill --having 'n = 0' 'count() as n'
	cut -d, -f1,3- out | sed 's/.*T10://' >cells
	printf '%s\n' window_start,n 02:00Z,0 03:00Z,0 >want
	same want cells
	# Those listed are there from the first window on.
	printf 'b\nz\n' >list.txt
	windowed 1m -k k --fill=list.txt 'count() as n'
	cut -d, -f1,3- out | sed 's/.*T10://' >cells
	printf '%s\n' window_start,k,n 00:00Z,a,2 00:00Z,b,1 00:00Z,z,0 \
		01:00Z,a,1 01:00Z,b,0 01:00Z,z,0 02:00Z,b,0 02:00Z,z,0 \
		03:00Z,b,0 03:00Z,z,0 04:00Z,,1 04:00Z,b,0 04:00Z,z,0 >want
	same want cells
}

@test "--fill goes by the calendar, too" {
	printf '%s\n' t,v 2026-01-15,1 2026-03-01,2 >s.csv
	sbatch -t t s.csv | swindow 1mo | sreduce --fill 'count() as n' |
		ssink -f csv | sed 's/T00:00:00Z//g' >out
	printed window_start,window_end,n 2026-01-01,2026-02-01,1 \
		2026-02-01,2026-03-01,0 2026-03-01,2026-04-01,1
}

@test "what --fill cannot fill is refused" {
	rows
	swindow 1m <s.mill >w.mill
	swindow session:1m -k k <s.mill >session.mill
	swindow rows:2 <s.mill >rows.mill
	swindow cumulate:2m/1m <s.mill >cumulate.mill
	refused "--fill is for windows; put swindow 1m before" --fill <s.mill
	refused "--fill: no session is without rows; it is for windows such as 1m, 5m/1m or 1d" --fill -k k <session.mill
	refused "--fill: windows of rows are never empty; it is for windows such as 1m, 5m/1m or 1d" --fill <rows.mill
	refused "--fill: cumulative windows overlap; it is for windows such as 1m, 5m/1m or 1d" --fill <cumulate.mill
	refused "--fill knows what a window lacks when it is closed; write --emit final" --fill --emit update <w.mill
	refused "--fill lists keys, and there are none; write -k KEYS" --fill=x.csv <w.mill
	refused "--fill: standard input is the stream already; write the name of a file" --fill=- -k k <w.mill
	printf 'x,y\n1,2\n' >list.csv
	refused "--fill: list.csv has no column k, which is a key" --fill=list.csv -k k <w.mill
	printf 'n\n1\nx\n' >list.csv
	run -65 --separate-stderr sreduce --fill=list.csv -k n count <w.mill
	[ "$stderr" = "sreduce: --fill: list.csv: 1 cells of n do not read as int" ]
	run -66 --separate-stderr sreduce --fill=none.csv -k n count <w.mill
	[ "$stderr" = "sreduce: --fill: none.csv: No such file or directory" ]
	refused "--partial reduces each frame, which has no answer yet; --fill goes with --merge" --fill --partial -k k <w.mill
	refused "--mem: the keys of --fill stay in memory; write --max-state N to bound them" --fill --mem 64M -k k <w.mill
	# A gap that is too wide, before anything of it is sent.
	printf '%s\n' t,v 1,1 1048579,2 >s.csv
	sbatch -t t -c 't:time(s),v' s.csv | swindow 1s >w.mill
	run -65 --separate-stderr bash -c "sreduce --fill count <w.mill | ssink"
	[ "$stderr" = "sreduce: --fill: more than 1048576 windows in a row have no rows; is a time wrong?" ]
	sed -i 's/1048579/1048578/' s.csv
	sbatch -t t -c 't:time(s),v' s.csv | swindow 1s |
		sreduce --fill 'count() as n' | sreduce 'count() as w, sum(n) as n' |
		ssink -f csv -N >out
	printed 1048578,2
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

# bats test_tags=memory
@test "keys that --ttl forgets take no memory, in one batch with --early" {
	seq 1000000 | awk '{ print int($1 / 1000) "," $1 }' >in.csv
	run -0 --separate-stderr python3 "$TOP/tests/rss.py" 16384 \
		"sbatch -N -c t:time(s),k in.csv -t t" \
		"sreduce -k k --running --ttl 2s --early 1s count" \
		"ssink --changelog -f csv out"
	# Those of the last two seconds stay.
	[ "$(grep -c ^put out) $(grep -c ^delete out)" = "1000000 998999" ]
}

@test "running states agree with definitions, on random streams" {
	run -0 python3 "$TOP/tests/running.py" 40
	[ "$output" = "40 cases agree" ]
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
