# SPDX-License-Identifier: ISC
# ssink(1), MODES: streams whose rows replace earlier ones.
# shellcheck disable=SC2154 # stderr is set by run --separate-stderr

load helper

# modes WORD...: tests/modes.py.
modes() {
	PYTHONPATH="$TOP/tests" python3 "$TOP/tests/modes.py" "$@"
}

changes() {
	modes stream <<-'EOF'
		upsert k:str* w:int* n:int x:float
		put a 1 5 0.5
		put b 1 6 -
		|
		put a 1 7 -
		delete b 1
		||
		put b 1 8 2
		delete zz -
	EOF
}

batches() {
	modes stream <<-'EOF'
		complete k:str n:int
		a 1
		b 2
		||
		a 3
		|
		c 4
		||
	EOF
}

@test "upsert: text is refused, and what to write is said" {
	changes >s
	for f in tsv csv json logfmt markdown; do
		run -65 --separate-stderr ssink -f "$f" <s
		[ "$output" = "" ]
		[ "$stderr" = "ssink: rows of this stream replace earlier ones \
(upsert), which $f cannot show: write --changelog to print each change, or \
-f table for the rows that stand" ]
	done
	run -65 ssink out.csv <s
	[ ! -e out.csv ]
	run -65 ssink --exec cat <s
	run -65 ssink '{k}.csv' <s
	run -65 ssink --append out.csv <s
}

@test "upsert: --changelog prints each change with what it does first" {
	changes >s
	run -0 ssink --changelog <s
	[ "$output" = $'op\tk\tw\tn\tx
put\ta\t1\t5\t0.5
put\tb\t1\t6\t\\N
put\ta\t1\t7\t\\N
delete\tb\t1\t\\N\t\\N
put\tb\t1\t8\t2
delete\tzz\t\\N\t\\N\t\\N' ]
	run -0 ssink --changelog -N -f csv <s
	[ "${lines[3]}" = "delete,b,1,," ]
	run -0 ssink --changelog -f json <s
	[ "${lines[3]}" = '{"op":"delete","k":"b","w":1,"n":null,"x":null}' ]
	run -0 ssink --changelog -f logfmt <s
	[ "${lines[0]}" = 'op=put k=a w=1 n=5 x=0.5' ]
	run -0 ssink --changelog -f table <s
	[ "${lines[0]}" = 'op      k   w  n    x' ]
	[ "${lines[6]}" = 'delete  zz  -  -    -' ]
}

@test "upsert: changes go to files, patterns and commands" {
	changes >s
	ssink --changelog -N out.csv <s
	[ "$(cat out.csv)" = "$(ssink --changelog -N -f csv <s)" ]
	ssink --changelog --append out.csv <s
	[ "$(wc -l <out.csv)" = 12 ]
	ssink --changelog -N '{op}.csv' <s
	[ "$(cat delete.csv)" = $'delete,b,1,,\ndelete,zz,,,' ]
	# shellcheck disable=SC2016 # for the command
	run -0 ssink --changelog -N --exec 'echo $MILLRACE_ROWS; tail -1' <s
	[ "$output" = $'4\ndelete\tb\t1\t\\N\t\\N\n2\ndelete\tzz\t\\N\t\\N\t\\N' ]
}

@test "upsert: frames, dump and --tee pass the changes on" {
	changes >s
	ssink -f frames <s >saved.mill
	ssink --changelog <s >want
	ssink --changelog <saved.mill >got
	same want got
	ssink --tee --changelog -f tsv log <s | ssink --changelog >passed
	same want log
	same want passed
	run -0 ssink -f dump <s
	[[ $output == "HEAD mode=upsert"* ]]
	run -64 --separate-stderr ssink -f frames --changelog <s
	[ "$stderr" = "ssink: --changelog does not go with -f frames, which \
shows changes as they are" ]
}

@test "upsert: a table holds the rows that stand, by first arrival" {
	changes >s
	run -0 ssink -f table <s
	[ "$output" = $'k  w  n  x\na  1  7  -\nb  1  8  2' ]
	run -0 ssink -f table -N --null NULL t.txt <s
	[ "$(cat t.txt)" = $'a  1  7  NULL\nb  1  8     2' ]
}

@test "upsert: without keys there is one row" {
	printf '%s\n' 'upsert n:int' 'put 1' 'put 2' '||' 'put 3' |
		modes stream >s
	run -0 ssink -f table <s
	[ "$output" = $'n\n3' ]
	printf '%s\n' 'upsert n:int' 'put 1' 'delete' | modes stream >s
	run -0 ssink -f table <s
	[ "$output" = 'n' ]
}

@test "upsert: the table is the changelog applied, whatever the stream" {
	for seed in $(seq 40); do
		modes random "$seed" | modes stream >s
		ssink --changelog -f csv <s | modes final >want
		ssink -f table <s | awk '{ $1 = $1 } 1' >got
		same want got || { echo "seed $seed" && false; }
	done
}

@test "upsert: rows that come and go do not stay in memory" {
	{
		echo 'upsert k:int* n:int'
		for i in $(seq 20000); do
			echo "put $i 1"
			[ "$i" -lt 4 ] || echo "delete $((i - 3))"
		done
	} | modes stream >s
	run -0 ssink -f table <s
	[ "$output" = $'    k  n\n19998  1\n19999  1\n20000  1' ]
}

@test "complete: text on standard output is refused unless all is wanted" {
	batches >s
	run -65 --separate-stderr ssink -f csv <s
	[ "$output" = "" ]
	[ "$stderr" = "ssink: each batch of this stream replaces the one before \
(complete), which csv cannot show: write --changelog to print each batch, \
-f table for the last one, or a file, which each batch replaces" ]
	run -0 ssink --changelog -f csv <s
	[ "$output" = $'batch,k,n\n0,a,1\n0,b,2\n1,a,3\n1,c,4' ]
	printf '%s\n' 'complete batch:int' 1 | modes stream >s
	run -65 --separate-stderr ssink --changelog <s
	[ "$stderr" = "ssink: --changelog adds the column batch, which is there: \
put smap --rename batch=OTHER before" ]
}

@test "complete: the last batch is the table, and the file" {
	batches >s
	run -0 ssink -f table <s
	[ "$output" = $'k  n\na  3\nc  4' ]
	ssink out.csv <s
	[ "$(cat out.csv)" = $'k,n\na,3\nc,4' ]
	ssink out.json.gz <s
	[ "$(zcat out.json.gz)" = $'{"k":"a","n":3}\n{"k":"c","n":4}' ]
	# shellcheck disable=SC2016 # for the command
	run -0 ssink --exec 'echo $MILLRACE_BATCH; cat' -N <s
	[ "$output" = $'0\na\t1\nb\t2\n1\na\t3\nc\t4' ]
	ssink '{batch}.csv' <s
	[ "$(cat 0.csv)" = $'k,n\na,1\nb,2' ]
	run -65 ssink '{k}.csv' <s
	run -65 ssink --append out.csv <s
	run -65 ssink --roll 1rows out.csv <s
}

@test "complete: an empty batch empties the result, the end of data does not" {
	printf '%s\n' 'complete n:int' 1 '||' '||' 2 '||' | modes stream >s
	run -0 ssink -f table <s
	[ "$output" = $'n\n2' ]
	printf '%s\n' 'complete n:int' 1 '||' '||' | modes stream >s
	run -0 ssink -f table <s
	[ "$output" = 'n' ]
	ssink out.csv <s
	[ "$(cat out.csv)" = 'n' ]
}

@test "complete: a file has each result while the stream goes on" {
	mkfifo in
	ssink out.csv <in &
	pid=$!
	printf '%s\n' 'complete n:int' 1 '||' 2 '||' 3 | modes stream >s
	has() { [ "$(cat out.csv 2>/dev/null)" = $'n\n'"$1" ]; }
	exec 7>in
	modes batches 2 <s >two
	cat two >&7
	until_true 10 has 2
	# A stream that breaks off leaves the file as it was.
	tail -c +$(($(wc -c <two) + 1)) s | head -c 150 >&7
	exec 7>&-
	status=0
	wait "$pid" || status=$?
	[ "$status" = 74 ]
	has 2
	[ "$(echo out* .out*)" = "out.csv .out*" ]
}

@test "append: there is nothing to log" {
	run -65 --separate-stderr ssink --changelog < <(seq 3 | sbatch)
	[ "$stderr" = "ssink: the rows of this stream change nothing that came \
before: leave out --changelog" ]
}

@test "--expect counts puts" {
	changes >s
	run -0 ssink --expect rows --changelog <s
	printf '%s\n' 'upsert k:str*' 'delete a' | modes stream >s
	run -0 ssink --expect none --changelog -N <s
	[ "$output" = $'delete\ta' ]
	run -1 --separate-stderr ssink --expect rows -f table <s
	[ "$stderr" = "ssink: no row came, and some were expected" ]
}

@test "a table on a terminal is drawn again in its place" {
	changes >s
	on_terminal 'ssink <s' >out
	[ "$(cat out)" = $'\e[1mk  w  n  x\e[22m\na  1  7  \e[2m-\e[22m\nb  1  8  2' ]
	mkfifo in
	on_terminal 'ssink --color never <in' >out &
	pid=$!
	exec 7>in
	modes batches 1 <s >&7
	shown() { grep -q 'a  1  7' screen; }
	until_true 10 shown
	tail -c +$(($(modes batches 1 <s | wc -c) + 1)) s >&7
	exec 7>&-
	wait "$pid"
	# Up over the two lines, and each erases the rest of its own.
	grep -q $'\e\\[2Ak  w  n  x\e\\[K$' out
	[[ $(tail -3 out) == *$'a  1  7  -\e[K\nb  1  8  2\e[K\n\e[J' ]]
}

@test "a table on a terminal shows what fits, and at the end all" {
	{
		echo 'upsert k:int* n:int'
		for i in $(seq 30); do echo "put $i 1"; done
		echo '||'
	} | modes stream >s
	mkfifo in
	on_terminal 'ssink --color never <in' >out &
	pid=$!
	exec 7>in
	modes batches 1 <s >&7
	shown() { grep -q '23 more rows' screen; }
	until_true 10 shown
	tail -c +$(($(modes batches 1 <s | wc -c) + 1)) s >&7
	exec 7>&-
	wait "$pid"
	[[ $(tail -2 out) == *$'30  1\e[K\n\e[J' ]]
}
