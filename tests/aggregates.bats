# SPDX-License-Identifier: ISC
# The aggregates of sreduce(1) that look at two columns, take a constant or
# keep every value: what they print, what they refuse, and with which words.
# Their values against a reference are tests/reduce.py's.

load helper

# Five rows in s.mill.
rows() {
	printf '%s\n' t,k,v,n,s 10,a,1.5,1,x 20,b,2,2,y 15,a,,3,x 40,a,4,, \
		5,b,-1,5,z >s.csv
	sbatch -t t -c 't:time(s),k,v:float,n:int,s:str' s.csv >s.mill
}

# prints LIST LINE...: LIST over s.mill gives these lines, as csv.
prints() {
	sreduce "$1" <s.mill | ssink -f csv -N >out
	shift
	printf '%s\n' "$@" >want
	same want out
}

# refuses LIST MESSAGE: with 64, the message and the place.
refuses() {
	run -64 bash -c 'sreduce "$1" <s.mill 2>&1 >/dev/null' - "$1"
	[ "${lines[0]}" = "sreduce: $2" ]
	[ "${lines[1]}" = "  $1" ]
}

@test "any is the first value that is not null" {
	rows
	prints 'any(v), any(s), any_value(n)' -1,z,5
}

@test "min_by and max_by give the value of another row's extreme" {
	rows
	prints 'min_by(s, v), max_by(n, v), max_by(k, t), min_by(v, s)' z,,a,1.5
}

@test "of equal extremes min_by and max_by take the first row" {
	printf '%s\n' t,x,y 30,a,1 10,b,1 10,c,1 40,d,0 >s.csv
	sbatch -t t -c 't:time(s),x,y:int' s.csv >s.mill
	prints 'min_by(x, -y), max_by(x, y)' b,b
	# Without event times, by arrival.
	sbatch -c 'x,y:int' s.csv >s.mill
	prints 'min_by(x, -y), max_by(x, y)' a,a
}

@test "variance and its like divide by n - 1 or n" {
	printf '%s\n' x,y 2,1 4,3 4,2 6,7 >s.csv
	sbatch -c x:int,y:float s.csv >s.mill
	prints 'variance(x), var_samp(x), var_pop(x), stddev_pop(x)' \
		2.6666666666666665,2.6666666666666665,2,1.4142135623730951
	prints 'covar(x, y), covar_samp(x, y), covar_pop(x, y)' 4,4,3
	prints 'std(x) = stddev(x), stddev_samp(x) = stddev(x)' true,true
}

@test "of one value there is no variance, of values that stay no correlation" {
	printf '%s\n' x,y 5,1 >s.csv
	sbatch -c x:int,y:int s.csv >s.mill
	prints 'variance(x), stddev(x), var_pop(x), covar(x, y), corr(x, y)' ,,0,,
	printf '%s\n' 5,2 >>s.csv
	sbatch -c x:int,y:int s.csv >s.mill
	prints 'variance(x), corr(x, y)' 0,
}

@test "variance loses nothing beside a large value" {
	printf '%s\n' x 1000000000.25 1000000000.75 1000000000.5 >s.csv
	sbatch -c x:float s.csv >s.mill
	prints 'variance(x), var_pop(x) * 24' 0.0625,1
}

@test "stddev and median of durations are durations" {
	printf '%s\n' d 1s 2s 4s 5s >s.csv
	sbatch -c d:dur s.csv >s.mill
	prints 'stddev(d), median(d), percentile(d, 0.1)' 1.825742,3,1.3
}

@test "median and percentile lie between two values" {
	rows
	prints 'median(n), percentile(n, 0), percentile(n, 1)' 2.5,1,5
	prints 'percentile(n, 0.25), percentile(v, 0.5)' 1.75,1.75
}

@test "approx_percentile takes any rank" {
	seq 1000 | sbatch -f csv -N -c x:int >s.mill
	prints 'approx_percentile(x, 0), approx_percentile(x, 1),
		p50(x) = approx_percentile(x, 0.5),
		abs(approx_percentile(x, 0.123) - 123) <= 123 / 256' \
		1,1000,true,true
}

@test "approx_count_distinct is exact for few values and near for many" {
	rows
	prints 'approx_count_distinct(s), approx_count_distinct(v)' 3,4
	{ seq 50000 && seq 50000; } | sbatch -f csv -N -c x:int >s.mill
	prints 'abs(approx_count_distinct(x) - 50000) < 50000 * 0.05' true
}

@test "top counts values, the lesser ones first where counts are equal" {
	rows
	prints 'top(2, s), top(5, n), mode(n), mode(s)' \
		'"[[""x"",2],[""y"",1]]","[[1,1],[2,1],[3,1],[5,1]]",1,x'
	prints 'top(1, n > 1), top(1, t)' \
		'"[[true,3]]","[[""1970-01-01T00:00:05Z"",1]]"'
}

@test "histogram counts by bins of one width" {
	rows
	prints 'histogram(n, 2), histogram(v, 1), histogram(t, 10s)' \
		'"[[0,1],[2,2],[4,1]]","[[-1,1],[1,1],[2,1],[4,1]]","[[""1970-01-01T00:00:00Z"",1],[""1970-01-01T00:00:10Z"",2],[""1970-01-01T00:00:20Z"",1],[""1970-01-01T00:00:40Z"",1]]"'
	printf '%s\n' x 0.3 0.35 -0.05 nan 0.7 >s.csv
	sbatch -c x:float s.csv >s.mill
	prints 'histogram(x, 0.1)' \
		'"[[-0.1,1],[0.3,2],[0.7,1],[""nan"",1]]"'
}

@test "histogram has a bound of bins" {
	seq 0 65536 | sbatch -f csv -N -c x:int >s.mill
	run -65 bash -c "sreduce 'histogram(x, 1)' <s.mill 2>&1 >/dev/null"
	[ "$output" = "sreduce: more than 65536 bins in one group; write a greater width" ]
	sreduce 'histogram(x, 2)' <s.mill >/dev/null
}

@test "bool_and and bool_or skip nulls" {
	rows
	prints 'bool_and(n > 0), bool_or(n > 4), bool_and(v > 0), bool_or(n > 5)' \
		true,true,false,false
	prints 'bool_and(n > 0) filter (where n > 100)' ''
}

@test "string_agg goes by event time, whatever the order of arrival" {
	rows
	prints "string_agg(s, ', '), string_agg(s, '')" '"z, x, x, y",zxxy'
}

@test "string_agg has a bound of bytes" {
	head -c 1000000 /dev/zero | tr '\0' x >line
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do
		cat line && echo
	done | sbatch --max-field 2M >s.mill
	run -65 bash -c "sreduce \"string_agg(line::str, '')\" <s.mill 2>&1 >/dev/null"
	[ "$output" = "sreduce: more than 16 MiB of text in one group" ]
}

@test "funnel counts steps in order, within the time of the first" {
	printf '%s\n' t,p 0,a 10,b 30,c 40,a 45,c 50,b 59,c >s.csv
	sbatch -t t -c t:time\(s\),p:str s.csv >s.mill
	prints "funnel(30s, p = 'a', p = 'b', p = 'c'),
		funnel(19s, p = 'a', p = 'b', p = 'c'),
		funnel(18s, p = 'a', p = 'b', p = 'c'),
		funnel(9s, p = 'a', p = 'b'), funnel(1h, p = 'd'),
		funnel(1h, true, p = 'c', p = 'a')" 3,3,2,1,0,3
	# The same rows in another order.
	{ head -1 s.csv && tail -n +2 s.csv | tac; } |
		sbatch -f csv -t t -c t:time\(s\),p:str >s.mill
	prints "funnel(19s, p = 'a', p = 'b', p = 'c')" 3
}

@test "one row takes one step of a funnel" {
	printf '%s\n' t,p 0,a 1,a >s.csv
	sbatch -t t -c t:time\(s\),p:str s.csv >s.mill
	prints "funnel(1m, p = 'a', p = 'a', p = 'a')" 2
}

@test "funnel needs event times" {
	printf '%s\n' p a >s.csv
	sbatch -c p:str s.csv >s.mill
	run -64 bash -c "sreduce \"funnel(1m, p = 'a')\" <s.mill 2>&1 >/dev/null"
	[ "$output" = "sreduce: funnel goes by event time, and the stream has none; write sbatch -t COL" ]
	run -64 bash -c "smap -k p -a \"n = funnel(1m, p = 'a')\" <s.mill 2>&1 >/dev/null"
	[ "$output" = "smap: -a: funnel goes by event time, and the stream has none; write sbatch -t COL" ]
}

@test "smap gives the aggregates of a key's rows so far, or of the last" {
	printf '%s\n' t,p,x 0,a,1 10,b,2 20,c,3 30,b,9 >s.csv
	sbatch -t t -c 't:time(s),p:str,x:int' s.csv >s.mill
	smap -k '' -s "p, median(x) as m, top(1, p) as t, string_agg(p, '') as s,
		max_by(p, x) as w, variance(x) as v,
		funnel(15s, p = 'a', p = 'b', p = 'c') as f" <s.mill |
		ssink -f csv -N >out
	printf '%s\n' 'a,1,"[[""a"",1]]",a,a,,1' \
		'b,1.5,"[[""a"",1]]",ab,b,0.5,2' 'c,2,"[[""a"",1]]",abc,c,1,2' \
		'b,2.5,"[[""b"",2]]",abcb,b,12.916666666666666,2' >want
	same want out
	smap -k '' --over 2rows -s "p, median(x) as m, string_agg(p, '') as s,
		corr(x, x) as r, funnel(15s, p = 'a', p = 'b') as f" <s.mill |
		ssink -f csv -N >out
	printf '%s\n' a,1,a,,1 b,1.5,ab,1,2 c,2.5,bc,1,0 b,6,cb,1,0 >want
	same want out
}

@test "calls that do not fit are refused with how to write them" {
	rows
	refuses 'top(s)' 'top is written top(k, x)'
	refuses top 'top is written top(k, x)'
	refuses 'min_by(v)' 'min_by is written min_by(x, y)'
	refuses 'funnel(1m)' 'funnel is written funnel(time, step1, step2, ...)'
	refuses 'top(0, s)' \
		'top wants how many, from 1 to 10000, such as top(10, s), this is 0'
	refuses 'top(n, s)' \
		'top wants how many, from 1 to 10000, such as top(10, s), this is n'
	refuses 'percentile(v, 2)' \
		'percentile wants a rank from 0 to 1, such as percentile(v, 0.95), this is 2'
	refuses 'approx_percentile(v, n)' \
		'approx_percentile wants a rank from 0 to 1, such as approx_percentile(v, 0.95), this is n'
	refuses 'histogram(n, 0)' \
		'histogram wants the width of a bin, a constant above 0 such as histogram(n, 100), this is 0'
	refuses 'histogram(t, 5)' \
		'histogram wants the width of a bin, a constant above 0 such as histogram(t, 1m), this is 5'
	refuses 'string_agg(s, s)' \
		"string_agg wants a constant text between, such as string_agg(s, ', '), this is s"
	refuses 'funnel(10, n > 1)' \
		'funnel wants the time from the first step to the last, such as 10m, this is 10'
	refuses 'corr(distinct n, v)' \
		'distinct is for count; corr(distinct) is unknown'
}

@test "types that do not fit are refused" {
	rows
	refuses "string_agg(n, ' ')" \
		'string_agg takes str, this is int; write it with ::str'
	refuses 'funnel(10m, n)' 'funnel takes bool, this is int'
	refuses 'funnel(10m, n > 1, s)' 'funnel takes conditions, s is str'
	refuses 'corr(n, t)' 'corr takes two numbers, t is time'
	refuses 'stddev(t)' 'stddev takes int, float or dur, this is time'
	refuses 'median(t)' 'median takes int, dur or float, this is time'
	refuses 'bool_and(n)' 'bool_and takes bool, this is int'
}

@test "text without a type has no order to go by" {
	rows
	refuses 'top(1, k)' \
		'k is text: write top(1, k::float) or sbatch -c "*,k:float"; ::str if it is no number'
	refuses 'mode(k)' \
		'k is text: write mode(k::float) or sbatch -c "*,k:float"; ::str if it is no number'
	refuses 'min_by(v, k)' \
		'k is text: write min_by(v, k::float) or sbatch -c "*,k:float"'
	# Where a number is needed it is one, and a value is just passed on.
	printf '%s\n' x,y 1,2 2,4 z,9 3,5 >s.csv
	sbatch s.csv >s.mill
	run -0 --separate-stderr bash -c \
		'sreduce "corr(x, y) > 0.98, median(x), max_by(x, y::int)" <s.mill | ssink -N'
	[ "$output" = "true	2	z" ]
	[ "$stderr" = "sreduce: 2 cells did not read as the type wanted and became null" ]
}
