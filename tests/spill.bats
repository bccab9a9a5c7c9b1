# SPDX-License-Identifier: ISC
# sreduce --mem, and what sreduce costs in memory.

load helper

AGGS='count() as n, sum(price) as s, avg(qty) as a, min(item) as l,
	max(price) as h, first(category) as f, last(qty) as z, p90(price) as p,
	count(distinct qty) as d'
COLS='ts_ms:time(ms),user,item:str,category,price:float,qty:int'

# agree SREDUCE-OPTION...: in.mill reduced with and without a bound.
agree() {
	sreduce "$@" "$AGGS" <in.mill | ssink -f csv >want
	sreduce --mem 1M "$@" "$AGGS" <in.mill | ssink -f csv >out
	[ "$(wc -l <want)" -gt 5000 ]
	cmp want out
	# It does not fit into memory.
	TMPDIR=$PWD/none run -74 --separate-stderr \
		bash -c 'sreduce --mem 1M "$@" <in.mill | cat >/dev/null
			exit "${PIPESTATUS[0]}"' _ "$@" "$AGGS"
	[ "$stderr" = "sreduce: --mem: $PWD/none: No such file or directory" ]
}

@test "--mem: groups beyond it give the same answer" {
	gen csv 40000 >in.csv
	sbatch -c "$COLS" in.csv >in.mill
	agree -k 'user, item'
	agree -k "nullif(item, 'i00001') as i, price, qty == 2 as q"
	agree -k 'user, item' --sort h --sort 'p desc'
	sbatch -c "$COLS" --batch-rows 15000 in.csv >in.mill
	agree -k 'user, item'
}

@test "--mem: windows of all shapes give the same answer" {
	gen csv 40000 >in.csv
	sbatch -c "$COLS" -t ts_ms --frame-rows 5000 in.csv >rows.mill
	for spec in 20s 20s/5s 7s/2s cumulate:20s/5s rows:15000 1d; do
		swindow "$spec" --late 30s <rows.mill >in.mill
		agree -k 'user, item'
	done
}

@test "--mem: many runs are merged in several rounds" {
	seq 1 300000 >lines
	sbatch lines >in.mill
	sreduce -k 'line::int % 150000 as k' 'count() as n, max(line::str) as m' \
		<in.mill | ssink >want
	sreduce --mem 1M -k 'line::int % 150000 as k' \
		'count() as n, max(line::str) as m' <in.mill | ssink >out
	cmp want out
}

@test "--mem: a full disk is told of" {
	gen csv 40000 >in.csv
	run -74 --separate-stderr bash -c 'trap "" XFSZ
		sbatch -c user,item in.csv | {
			ulimit -f 100
			sreduce --mem 1M -k user,item count
		} | ssink'
	[ "$stderr" = "sreduce: --mem: ${TMPDIR:-/tmp}: File too large" ]
}

@test "--mem: what cannot be bounded is refused" {
	run -64 --separate-stderr sreduce --mem 1000 -k a count
	[ "$stderr" = "sreduce: --mem: at least 1M" ]
	run -64 --separate-stderr sreduce --mem much -k a count
	[ "$stderr" = "sreduce: --mem: much is no size; write 65536, 64K or 1M" ]
	gen csv 10 >in.csv
	run -64 --separate-stderr bash -c 'sbatch -c "ts_ms:time(ms),user" -t ts_ms in.csv |
		swindow session:1s -k user --late 5s | sreduce --mem 1M -k user count | ssink'
	[ "$stderr" = "sreduce: --mem: sessions are merged in memory; leave it out" ]
}

@test "--mem: states that are looked at again are refused" {
	seq 1 10 | sbatch >in.mill
	run -64 --separate-stderr bash -c 'sreduce --mem 1M -k line --running \
		count <in.mill | ssink'
	[ "$stderr" = "sreduce: --mem: states that are looked at again and again stay in memory; write --max-state N to bound them" ]
	run -64 --separate-stderr bash -c 'sreduce --mem 1M --max-state 5 -k line \
		count <in.mill | ssink'
	[ "$stderr" = "sreduce: --mem has no bound on keys; leave out --max-state" ]
}

# bats test_tags=memory
@test "5 million keys fit into 1 GiB, and by way of a file into --mem" {
	awk 'BEGIN { for (i = 0; i < 5000000; i++)
		print i * 7919 % 5000011 "," i % 1000 "." i % 97 }' >in.csv
	sbatch -N -c 'key,v:float' in.csv >in.mill
	rm in.csv
	for mem in '' 64M; do
		/usr/bin/time -f %M -o "kb$mem" sreduce ${mem:+--mem $mem} \
			-k key 'count() as n, sum(v) as s, max(v) as m' <in.mill |
			ssink | cksum >"sum$mem"
	done
	same sum sum64M
	[ "$(cat kb)" -lt 1048576 ]
	[ "$(cat kb64M)" -lt 98304 ]
}

# bats test_tags=memory
@test "windows are forgotten: ten times the input takes no more memory" {
	for n in 500000 5000000; do
		gen csv "$n" |
			sbatch -f csv -c 'ts_ms:time(ms),user,price:float' -t ts_ms |
			swindow 1m/10s --late 5s >in.mill
		/usr/bin/time -f %M -o "kb$n" sreduce -k user \
			'count() as n, sum(price) as s, p90(price) as p' \
			<in.mill >/dev/null
	done
	[ "$(cat kb5000000)" -lt $(($(cat kb500000) * 105 / 100)) ]
}

# bats test_tags=memory
@test "a million open sessions fit into 256 MiB" {
	awk 'BEGIN { for (i = 0; i < 1000000; i++)
		print i * 7919 % 1000003 "," 1000 + i / 100000 "," i % 97 }' >in.csv
	sbatch -f csv -N -c 'k:int,t:time(s),v:int' -t t in.csv |
		swindow session:30m -k k >in.mill
	/usr/bin/time -f %M -o kb sreduce -k k 'count() as n, sum(v) as s' \
		<in.mill | ssink -N | wc -l >rows
	[ "$(cat rows)" = 1000000 ]
	[ "$(cat kb)" -lt 262144 ]
}
