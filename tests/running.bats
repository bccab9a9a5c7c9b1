# SPDX-License-Identifier: ISC
# sreduce(1): states that go on, results that change, windows that are filled.

load helper
load sreduce

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
	live
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
