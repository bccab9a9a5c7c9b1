# SPDX-License-Identifier: ISC
# Saved streams as sources.  millrace-formats(7), Saved streams.

load helper

two_parts() {
	printf 't,v\n2026-01-01T00:00:00Z,1\n2026-01-01T00:05:00Z,2\n' >a.csv
	printf 't,v\n2026-01-01T00:01:00Z,3\n2026-01-01T00:06:00Z,4\n' >b.csv
	sbatch -c '*,v:int' -t t a.csv b.csv >ab.mill
}

@test "a saved stream is read like any file: columns, types, event time" {
	printf 'a,n,t\nx,1,2026-01-01\n,2,\n"",,2026-01-02\n' >in.csv
	sbatch -c 'a,n:int,t' -t t in.csv >in.mill
	sbatch --schema -c 'a,n:int,t' -t t in.csv >want
	sbatch --schema in.mill >got
	same want got
	ssink -f csv <in.mill >want
	for how in 'sbatch in.mill' 'sbatch -f frames -' 'sbatch' \
		'sbatch --frame-rows 1 in.mill' 'sbatch --batch-rows 2 in.mill'; do
		$how <in.mill | ssink -f csv >got
		same want got
	done
	sbatch -f frames < <(cat in.mill) | ssink -f csv >got
	same want got
	gzip -k in.mill
	sbatch -f frames in.mill.gz | ssink -f csv >got
	same want got
	python3 "$TOP/tests/trickle.py" 1 50 <in.mill |
		sbatch -f frames | ssink -f csv >got
	same want got
}

@test "the parts of a saved stream are parts again, so that no row is late" {
	two_parts
	sbatch -c '*,v:int' -t t a.csv b.csv a.csv b.csv | swindow 1m |
		sreduce 'count(), sum(v)' | ssink >want
	run -0 --separate-stderr bash -c 'sbatch ab.mill ab.mill | swindow 1m |
		sreduce "count(), sum(v)" | ssink'
	[ "$output" = "$(cat want)" ]
	[ -z "$stderr" ]
	run -0 --separate-stderr bash -c 'cat ab.mill | sbatch -f frames |
		swindow 1m | sreduce "count(), sum(v)" | ssink -N'
	[ "${#lines[@]}" = 4 ]
	[ -z "$stderr" ]
	# Frames of mixed parts, too.
	sbatch ab.mill >mixed.mill
	run -0 --separate-stderr bash -c 'sbatch mixed.mill | swindow 1m |
		sreduce "count(), sum(v)" | ssink -N'
	[ "${#lines[@]}" = 4 ]
	[ -z "$stderr" ]
}

@test "windows, batches and checkpoints of a saved stream are left behind" {
	two_parts
	sbatch -i 1h ab.mill | swindow 10m >p.mill
	run -0 bash -c 'sbatch p.mill | ssink -f dump'
	[[ $output == "HEAD mode=append bounded one-batch"* ]]
	[[ $output != *window* ]]
	[[ $output != *pane* ]]
	run -0 bash -c 'sbatch p.mill | swindow 1h | sreduce "sum(v)" |
		ssink -N'
	[ "$output" = "2026-01-01T00:00:00Z	2026-01-01T01:00:00Z	10" ]
}

@test "the event time of results is that of their windows" {
	two_parts
	sbatch ab.mill | swindow 1m | sreduce 'sum(v) as v' >result.mill
	run -0 bash -c 'sbatch result.mill | swindow 5m | sreduce "sum(v)" |
		ssink -N'
	[ "$output" = "2026-01-01T00:00:00Z	2026-01-01T00:05:00Z	4
2026-01-01T00:05:00Z	2026-01-01T00:10:00Z	6" ]
}

@test "-n, --source and -m work on saved streams" {
	two_parts
	run -0 bash -c 'sbatch -n 3 ab.mill | ssink -N'
	[ "${#lines[@]}" = 3 ]
	run -0 bash -c 'sbatch --source s one=ab.mill two=ab.mill |
		sreduce -k s "count()" | ssink -N'
	[ "$output" = $'one\t4\ntwo\t4' ]
	sbatch -c '*,v:int' -t t a.csv >a.mill
	sbatch -c '*,v:int' -t t b.csv >b.mill
	run -0 bash -c 'sbatch -m b.mill a.mill | smap -s v | ssink -N'
	[ "$output" = $'1\n3\n2\n4' ]
}

@test "what is no whole saved stream is told" {
	two_parts
	try() {
		run "-$1" --separate-stderr bash -c "$2 | ssink -N"
		[ "$stderr" = "sbatch: $3" ]
	}
	head -c 500 ab.mill >cut.mill
	try 74 'sbatch cut.mill' \
		"cut.mill: byte 500: cut inside a frame header"
	head -c 96 ab.mill >cut.mill
	try 74 'sbatch cut.mill' \
		"cut.mill: byte 96: cut inside the payload of a HEAD frame"
	head -c -1 ab.mill >cut.mill
	[[ $(sbatch cut.mill 2>&1 >/dev/null) == *"cut inside the payload of a END frame" ]]
	cat ab.mill ab.mill >twice.mill
	try 65 'sbatch twice.mill' "twice.mill: bytes behind its end"
	echo text >text.mill
	try 65 'sbatch -f frames text.mill' "text.mill: this is no saved stream"
	seq 3 | sbatch -c n:int >n.mill
	try 65 'sbatch ab.mill n.mill' \
		"n.mill: its columns are not those of ab.mill"
	try 65 'cat ab.mill | sbatch' \
		"stdin: this is a saved stream; write -f frames"
	echo x >x.csv
	(sbatch -c n:int x.csv || :) 2>/dev/null | cat >failed.mill
	run -64 --separate-stderr bash -c 'sbatch -c n ab.mill >/dev/null'
	[ "$stderr" = "sbatch: -c and -t: a saved stream has its columns; smap -s selects" ]
	run -64 --separate-stderr bash -c 'sbatch --batch-bytes 1M ab.mill >out'
	[ "$stderr" = "sbatch: --batch-bytes: not with -f frames" ]
	run -64 --separate-stderr bash -c 'sbatch ab.mill x.csv >/dev/null'
	[ "$stderr" = "sbatch: ab.mill looks like frames, but x.csv like csv: say -f FORMAT" ]
}

@test "a stream that failed is no source" {
	printf 'n\n1\nx\n' >in.csv
	run -65 --separate-stderr bash -c \
		'set -o pipefail; sbatch -c n:int in.csv | cat >failed.mill'
	run -74 --separate-stderr bash -c 'sbatch failed.mill | ssink'
	[ "$stderr" = "sbatch: failed.mill: it ends with a failure: sbatch: in.csv:3:1: n: x is no int" ]
}

@test "partial results are told of, changes are refused" {
	python3 "$TOP/tests/wire/make.py" golden >golden.mill
	run -0 --separate-stderr bash -c 'sbatch golden.mill | ssink -f json'
	[ "${#lines[@]}" = 9 ]
	[ "${lines[0]}" = '{"ok":false,"n":7,"x":0.1,"s":null,"t":"2025-10-09T09:00:00Z","d":-1.5,"b":null}' ]
	[ "$stderr" = "sbatch: golden.mill: partial results become plain columns; sreduce --merge < FILE merges them" ]
	PYTHONPATH="$TOP/tests/wire" python3 - >changes.mill <<-'END'
		import sys
		from make import *
		head = (SOURCE + col(2, "n") + col(2, "op", 1)
			+ field(5, b"\1" + text("n")) + stage())
		sys.stdout.buffer.write(stream(frame(END, end(), seq=1), head=head))
	END
	run -65 --separate-stderr bash -c 'sbatch changes.mill | ssink'
	[ "$stderr" = "sbatch: changes.mill: it holds changes of rows; give it to ssink" ]
}
