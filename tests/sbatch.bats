# SPDX-License-Identifier: ISC
# sbatch(1): sources, batches, bad records, every option and diagnostic.
# What the formats make of text is in tests/text.bats.

# shellcheck disable=SC2016 # what bash -c is given is expanded there
# shellcheck disable=SC2094 # no pipeline reads the file that it writes
# shellcheck disable=SC2154 # bats sets stderr and stderr_lines
# shellcheck disable=SC2317 # until_true calls these functions

load helper

# The frames of a stream without the rows: kind, part, rows, batch, L for LAST.
frames() {
	python3 "$TOP/tests/decode.py" | awk '
		/^\[/ { next }
		{ for (i = 2; i < 11; i++) { split($i, p, "="); v[p[1]] = p[2] } }
		$1 == "ROWS" {
			print $1, v["part"], v["rows"], v["batch"] \
			    (v["flags"] % 2 ? " L" : "")
			next
		}
		$1 == "MARK" { print $1, v["part"], v["batch"], $11, $12; next }
		$1 == "END" || $1 == "FAIL" {
			sub(/^.* filtered=0 /, "")
			print v["batch"], $0
		}'
}

# The rows alone, one JSON list a line.
rows() {
	python3 "$TOP/tests/decode.py" | grep '^\[' || :
}

@test "standard input is read when no source is given" {
	run -0 --separate-stderr bash -c 'seq 3 | sbatch | ssink -N'
	[ "$output" = $'1\n2\n3' ]
	[ -z "$stderr" ]
	seq 3 | sbatch - | frames >out
	cat >want <<-'EOF'
		MARK 1 0 ["open", "stdin"]
		ROWS 1 3 0
		MARK 1 0 ["close", ""]
		MARK 0 0 ["eof", ""]
		ROWS 0 0 0 L
		0 ["eof", 2, 3, [["sbatch", 3, 3, 0, 0, 0, 3, 0, 2]]]
	EOF
	same want out
}

@test "an empty input is a stream without rows" {
	run -0 --separate-stderr bash -c 'sbatch </dev/null | ssink'
	[ "$output" = line ]
	[ -z "$stderr" ]
}

@test "an unterminated last line is a row" {
	printf 'a\nb' >in
	run -0 bash -c 'sbatch in | ssink -N'
	[ "$output" = $'a\nb' ]
	run -0 bash -c 'sbatch <in | ssink -N'
	[ "$output" = $'a\nb' ]
}

@test "files are parts in the order given, announced before any row" {
	echo a >one
	printf 'b\nc\n' >two
	: >three
	sbatch two one three | frames >out
	cat >want <<-'EOF'
		MARK 1 0 ["open", "two"]
		MARK 2 0 ["open", "one"]
		MARK 3 0 ["open", "three"]
		ROWS 1 2 0
		MARK 1 0 ["close", ""]
		ROWS 2 1 0
		MARK 2 0 ["close", ""]
		MARK 3 0 ["close", ""]
		MARK 0 0 ["eof", ""]
		ROWS 0 0 0 L
		0 ["eof", 3, 3, [["sbatch", 3, 3, 0, 0, 0, 3, 0, 3]]]
	EOF
	same want out
}

@test "a pattern stands for its files in sorted order" {
	for i in 3 1 2; do echo "$i" >"f$i.txt"; done
	run -0 bash -c "sbatch 'f*.txt' | ssink -N"
	[ "$output" = $'1\n2\n3' ]
	echo star >'f*.txt'
	run -0 bash -c "sbatch 'f*.txt' | ssink -N"
	[ "$output" = star ]
	run -66 --separate-stderr sbatch 'g*.txt'
	[ "$stderr" = "sbatch: g*.txt: no file matches" ]
}

@test "NAME= names a source, and --source puts the name in a column" {
	echo a >one
	echo b >two
	run -0 bash -c 'sbatch --source src x.1=one ./two | ssink'
	[ "$output" = $'line\tsrc\na\tx.1\nb\t./two' ]
	echo c >a=b
	run -0 bash -c 'sbatch --source src ./a=b | ssink -N'
	[ "$output" = $'c\t./a=b' ]
	run -64 --separate-stderr bash -c 'sbatch --source line one | ssink'
	[ "$stderr" = "sbatch: --source: 'line' is taken, or no name for a column" ]
	run -64 --separate-stderr bash -c 'sbatch --source "" one | ssink'
	[ "$stderr" = "sbatch: --source: '' is taken, or no name for a column" ]
}

@test "gzip data are unpacked, all members, from files and pipes" {
	seq 1 50000 | gzip >n.gz
	seq 50001 60000 | gzip -1 >>n.gz
	seq 1 60000 >want
	sbatch n.gz | ssink -N >out
	same want out
	sbatch <n.gz | ssink -N >out
	same want out
	# Bytes come one by one, zeros as padding behind.
	{ seq 1 3 | gzip; head -c 100 /dev/zero; } >small.gz
	python3 "$TOP/tests/trickle.py" 7 1 <small.gz | sbatch | ssink -N >out
	seq 1 3 >want
	same want out
	cp small.gz plainname
	run -0 bash -c 'sbatch plainname | ssink -N'
	[ "$output" = $'1\n2\n3' ]
}

@test "a lone first byte of the magic is data" {
	printf '\x1f' >x
	run -0 bash -c 'sbatch x | ssink -f json'
	[ "$output" = '{"line":"\u001f"}' ]
}

@test "gzip data that are cut short are an error that names the file" {
	seq 1 50000 | gzip >n.gz
	size=$(stat -c %s n.gz)
	for len in 2 9 20 $((size / 2)) $((size - 1)); do
		head -c "$len" n.gz >cut.gz
		run -74 --separate-stderr bash -c 'sbatch cut.gz | ssink -N >/dev/null'
		[ "$stderr" = "sbatch: cut.gz: the gzip data are cut short" ]
	done
	run -74 --separate-stderr bash -c 'sbatch <cut.gz | ssink -N >/dev/null'
	[ "$stderr" = "sbatch: stdin: the gzip data are cut short" ]
}

@test "damaged gzip data and what stands behind them are refused" {
	seq 1 50000 | gzip >n.gz
	{ head -c 3000 n.gz; head -c 100 /dev/zero; tail -c 3000 n.gz; } >bad.gz
	run -65 --separate-stderr bash -c 'sbatch bad.gz | ssink -N >/dev/null'
	[ "$stderr" = "sbatch: bad.gz: the gzip data are damaged" ]
	{ cat n.gz; echo tail; } >tail.gz
	run -65 --separate-stderr bash -c 'sbatch tail.gz | ssink -N >/dev/null'
	[ "$stderr" = "sbatch: tail.gz: there is something else behind the gzip data" ]
}

@test "a source that is missing or unreadable stops before any data" {
	echo a >one
	run -66 --separate-stderr bash -c 'sbatch one nothere | ssink'
	[ -z "$output" ]
	[ "$stderr" = "sbatch: nothere: No such file or directory" ]
	run -66 --separate-stderr bash -c 'sbatch a=nothere | ssink'
	[ "$stderr" = "sbatch: a: nothere: No such file or directory" ]
	touch a=nothere
	run -66 --separate-stderr bash -c 'sbatch a=nothere | ssink'
	[ "$stderr" = "sbatch: a: nothere: No such file or directory; write ./a=nothere for the file of that name" ]
	mkdir dir
	run -66 --separate-stderr bash -c 'sbatch dir | ssink'
	[ "$stderr" = "sbatch: dir: is a directory; write dir/ for the files in it" ]
	run -66 --separate-stderr bash -c 'sbatch "" | ssink'
	[ "$stderr" = "sbatch: '' is no source" ]
	sbatch nothere 2>/dev/null | frames >out || :
	echo '0 [66, "sbatch", "nothere: No such file or directory"]' >want
	same want out
}

@test "a source that cannot be read to its end is an error" {
	run -74 --separate-stderr bash -c 'sbatch /proc/self/mem | ssink -N'
	[ "$stderr" = "sbatch: /proc/self/mem: byte 0: Input/output error" ]
	run -74 --separate-stderr bash -c 'sbatch <. | ssink -N'
	[ "$stderr" = "sbatch: stdin: Is a directory" ]
}

@test "the extension says the format, unless the sources disagree" {
	printf 'a,b\n1,2\n' >x.csv
	printf 'a\tb\n3\t4\n' >y.tsv
	run -0 bash -c 'sbatch x.csv | ssink -f json'
	[ "$output" = '{"a":"1","b":"2"}' ]
	gzip -k x.csv
	run -0 bash -c 'sbatch x.csv.gz y.tsv -f lines | ssink -N | wc -l'
	[ "$output" = 4 ]
	run -64 --separate-stderr bash -c 'sbatch x.csv y.tsv | ssink'
	[ "$stderr" = "sbatch: x.csv looks like csv, but y.tsv like tsv: say -f FORMAT" ]
}

@test "later files may have their columns in another order" {
	printf 'a,b\n1,2\n' >x.csv
	printf 'b,a\n3,4\n' >y.csv
	: >empty.csv
	run -0 bash -c 'sbatch -c a,b x.csv empty.csv y.csv | ssink -N'
	[ "$output" = $'1\t2\n4\t3' ]
	printf 'b\n3\n' >z.csv
	run -65 --separate-stderr bash -c 'sbatch -c a,b x.csv z.csv | ssink -N'
	[[ $stderr == "sbatch: z.csv: "* ]]
}

@test "columns, time, header, delimiter and null reach the format" {
	printf '2026-01-01T00:00:00Z;-;x\n' >in
	run -0 bash -c "sbatch -f csv -N -c 't:time,n:int,s' -d ';' --null - \
		-t t --schema in"
	[ "$output" = $'t\ttime\tevent time\nn\tint\ns\tstr\tuntyped' ]
	run -0 bash -c "sbatch -f csv -N -c 't:time,n:int,s' -d ';' --null - \
		-t t in | ssink -f json"
	[ "$output" = '{"t":"2026-01-01T00:00:00Z","n":null,"s":"x"}' ]
	printf 'a\tb\n' >in
	run -0 bash -c "sbatch -f csv -N -c x,y --delimiter '\\t' in | ssink -N"
	[ "$output" = $'a\tb' ]
}

@test "an empty source without a header has the columns that -c names" {
	: >empty.csv
	printf '1,2,3\n' >more.csv
	run -0 --separate-stderr bash -c ': | sbatch -f csv -N -c a,b:int | ssink'
	[ "$output" = $'a\tb' ]
	[ -z "$stderr" ]
	for j in 1 2; do
		run -0 --separate-stderr bash -c \
			'sbatch -j "$0" -N -c a,b empty.csv more.csv empty.csv | ssink -N' "$j"
		[ "$output" = $'1\t2' ]
		[ -z "$stderr" ]
	done
	for columns in '' '-c a,*' '-c auto' '-c a -S state'; do
		# shellcheck disable=SC2086 # several arguments, or none
		run -65 --separate-stderr bash -c 'sbatch -N "$@" empty.csv | ssink' \
			_ $columns
		[ "$stderr" = \
			'sbatch: empty.csv: it is empty, so its columns are not known' ]
	done
}

@test "--schema prints the columns and reads no further" {
	printf 'a,b\n1,2\nx\n' >x.csv
	run -0 --separate-stderr sbatch --schema -c 'b:int' --source s x.csv
	[ "$output" = $'b\tint\ns\tstr' ]
	[ -z "$stderr" ]
	run -65 --separate-stderr sbatch --schema -c nope x.csv
	[ -z "$output" ]
	[[ $stderr == "sbatch: x.csv: "*nope* ]]
}

@test "wrong options are usage errors that name the option" {
	while IFS='|' read -r args want; do
		# shellcheck disable=SC2086 # several words
		run -64 --separate-stderr bash -c \
			'sbatch "$@" /dev/null | cat >/dev/null; exit "${PIPESTATUS[0]}"' \
			sbatch $args
		echo "$stderr" | grep -Fqx "sbatch: $want" || {
			echo "$args: $stderr"
			false
		}
	done <<-'EOF'
		-i 0|--interval: it must be above 0
		-i fast|--interval: fast is no duration; write 500ms, 5s, 1m, 2h or 1d
		--batch-rows 0|--batch-rows: 0 is not in 1..9223372036854775807
		--batch-bytes 0|--batch-bytes: it must be above 0
		--batch-bytes x|--batch-bytes: x is no size; write 65536, 64K or 1M
		-n x|--rows: x is no whole number
		--max-bad x|--max-bad: 'x' is neither N nor P%
		--max-bad 101%|--max-bad: '101%' is neither N nor P%
		--max-bad -1|--max-bad: '-1' is neither N nor P%
		--bad stop --max-bad 3|--bad stop allows no --max-bad
		--max-field 17M|--max-field: '17M' is not 1..16M
		--max-field 0|--max-field: '0' is not 1..16M
		--invalid-utf8 no|--invalid-utf8: 'no' is none of reject, replace, bytes
		--frame-rows 0|--frame-rows: 0 is not in 1..1048576
		-d ab|--delimiter: ab is not one byte
		--pipe-size x|--pipe-size: x is no size; write 65536, 64K or 1M
		-f no-such|-f no-such: no such format; there are lines, csv, tsv, combined, common, nginx:FORMAT, apache:FORMAT, syslog, regex:RE, grok:PATTERN, w3c, raw, frames, json, journald, logfmt
	EOF
}

@test "bits behind the last row of a bool column are 0" {
	printf 'true\nfalse\ntrue\n' |
		MALLOC_PERTURB_=170 sbatch -f csv -N -c b:bool >s.mill
	run -0 python3 - <<-'EOF'
		import struct
		data, at = open("s.mill", "rb").read(), 0
		while at < len(data):
		    rows, = struct.unpack_from("<I", data, at + 28)
		    n, = struct.unpack_from("<I", data, at + 40)
		    if rows:
		        print(data[at + 96 + 8:at + 96 + n].hex())
		    at += 96 + n
	EOF
	[ "$output" = 0500000000000000 ]
}

@test "a message shows no control characters of the input" {
	printf 'a\033[31mb,c\nx,y\n' >in.csv
	run -65 --separate-stderr sbatch -c nope in.csv
	[ "$stderr" = "sbatch: in.csv: -c: no column nope; the columns are \
a\\x1b[31mb, c" ]
}

@test "what belongs to Slurm is told so" {
	printf '#!/bin/sh\n#SBATCH -N 4\nsrun x\n' >job.sh
	run -64 --separate-stderr bash -c 'sbatch job.sh | ssink'
	[ -z "$output" ]
	[ "$stderr" = "sbatch: job.sh: this is not Slurm's sbatch" ]
	run -64 --separate-stderr bash -c 'sbatch <job.sh | ssink'
	[ "$stderr" = "sbatch: stdin: this is not Slurm's sbatch" ]
	run -64 --separate-stderr sbatch --wrap 'srun x'
	[ "$stderr" = "sbatch: no option --wrap: this is not Slurm's sbatch" ]
	# A script without such lines is text.
	printf '#!/bin/sh\necho\n' >plain.sh
	run -0 bash -c 'sbatch plain.sh | ssink -N | wc -l'
	[ "$output" = 2 ]
}

@test "text that only begins like a saved stream is text" {
	run -0 bash -c 'printf millrac | sbatch | ssink -N'
	[ "$output" = millrac ]
	run -0 bash -c 'printf millrac >in; sbatch in | ssink -N'
	[ "$output" = millrac ]
}

@test "-n reads the first rows of all sources and closes all parts" {
	seq 3 >one
	seq 4 6 >two
	sbatch -n 2 one two | frames >out
	cat >want <<-'EOF'
		MARK 1 0 ["open", "one"]
		MARK 2 0 ["open", "two"]
		ROWS 1 2 0
		MARK 1 0 ["close", ""]
		MARK 2 0 ["close", ""]
		MARK 0 0 ["eof", ""]
		ROWS 0 0 0 L
		0 ["eof", 2, 2, [["sbatch", 2, 2, 0, 0, 0, 2, 0, 2]]]
	EOF
	same want out
	run -0 bash -c 'sbatch -n 5 one two | ssink -N | tail -1'
	[ "$output" = 5 ]
	run -0 bash -c 'sbatch -n 0 one | ssink -N'
	[ -z "$output" ]
	run -0 bash -c 'sbatch -n 9 one | ssink -N | wc -l'
	[ "$output" = 3 ]
}

@test "--batch-rows cuts exactly, over files and frames" {
	seq 5 >one
	seq 6 7 >two
	sbatch --batch-rows 3 --frame-rows 2 one two | frames >out
	cat >want <<-'EOF'
		MARK 1 0 ["open", "one"]
		MARK 2 0 ["open", "two"]
		ROWS 1 2 0
		ROWS 1 1 0 L
		ROWS 1 2 1
		MARK 1 1 ["close", ""]
		ROWS 2 1 1 L
		ROWS 2 1 2
		MARK 2 2 ["close", ""]
		MARK 0 2 ["eof", ""]
		ROWS 0 0 2 L
		2 ["eof", 6, 7, [["sbatch", 7, 7, 0, 0, 0, 7, 0, 6]]]
	EOF
	same want out
}

@test "--batch-bytes ends a batch before the record that would pass it" {
	printf '%s\n' aaa bbb ccccccccccccccc d e f >in
	sbatch --batch-bytes 8 in | frames | grep ROWS >out
	cat >want <<-'EOF'
		ROWS 1 2 0 L
		ROWS 1 1 1 L
		ROWS 1 3 2
		ROWS 0 0 2 L
	EOF
	same want out
	# However the bytes come.
	for seed in 1 2 3; do
		python3 "$TOP/tests/trickle.py" "$seed" 3 <in |
			sbatch --batch-bytes 8 | rows >rows
		python3 "$TOP/tests/trickle.py" "$seed" 3 <in |
			sbatch --batch-bytes 8 | frames |
			awk '$1 == "ROWS" { n[$4] += $3 } END {
				for (i = 0; i < 3; i++) print n[i] }' >got
		[ "$(tr '\n' ' ' <got)" = "2 1 3 " ]
		[ "$(wc -l <rows)" = 6 ]
	done
}

@test "-i closes a batch every interval, empty or not" {
	mkfifo in
	sbatch -i 50ms in >out.mill &
	exec 7>in
	two_batches() { [ "$(frames <out.mill 2>/dev/null | grep -c L)" -ge 2 ]; }
	until_true 5 two_batches
	echo x >&7
	has_row() { rows <out.mill 2>/dev/null | grep -q x; }
	until_true 5 has_row
	exec 7>&-
	wait
	frames <out.mill | grep ROWS >out
	[ "$(head -1 out)" = "ROWS 1 0 0 L" ]
	[ "$(grep -c 'ROWS 1 1 ' out)" = 1 ]
	# Numbered without a gap, each closed once.
	[ "$(grep L out | awk '$4 != NR - 1')" = "" ]
}

@test "--frame-rows bounds frames and changes nothing else" {
	seq 10 >in
	sbatch --frame-rows 3 in | frames | grep ROWS >out
	printf 'ROWS %s\n' '1 3 0' '1 3 0' '1 3 0' '1 1 0' '0 0 0 L' >want
	same want out
}

@test "frames are about 256 KiB" {
	seq 1000000 >in
	sbatch in >s.mill
	run -0 python3 - <<-'EOF'
		import struct
		data = open("s.mill", "rb").read()
		at, sizes = 0, []
		while at < len(data):
		    kind, rows, stored = data[at + 9], *(
		        struct.unpack_from("<I", data, at + o)[0] for o in (28, 40))
		    at += 96 + stored
		    if kind == 2 and rows:
		        sizes.append(stored)
		print(all(250 << 10 < s < 280 << 10 for s in sizes[:-1]), len(sizes) > 9)
	EOF
	[ "$output" = "True True" ]
}

# Read from a file in pieces of 1 MiB, unpacked in others.
@test "frames end with the row that fills them, however the bytes came" {
	local seed=$RANDOM
	echo "seed $seed"
	python3 - "$seed" <<-'EOF'
		import gzip, random, sys
		rand = random.Random(int(sys.argv[1]))
		out = ["t,n,s\n"]
		for i in range(120000):
		    n = "x" if rand.random() < .01 else rand.randrange(10 ** rand.randrange(9))
		    if rand.random() < .01:
		        n = ""
		    out.append("%d,%s,%s\n" % (rand.randrange(1000), n, "v" * rand.randrange(9)))
		data = "".join(out).encode()
		open("a.csv", "wb").write(data)
		open("b.gz", "wb").write(gzip.compress(data[:99999]) + gzip.compress(data[99999:]))
	EOF
	for opts in '' '--frame-rows 777' '--batch-rows 20000' \
	    '--from 1970-01-01T00:00:00.3Z --until 1970-01-01T00:00:00.9Z'; do
		for f in a.csv b.gz; do
			# shellcheck disable=SC2086 # options
			sbatch -q -f csv -c 't:time(ms),n:int,s' -t t --bad skip \
				$opts x=$f >$f.mill
			python3 "$TOP/tests/timeless.py" <$f.mill >$f.out
		done
		cmp a.csv.out b.gz.out
		[ "$(ssink -f dump <a.csv.mill | grep -c 'invalid=[^0]')" -gt 5 ]
	done
	# What is bad at once ends the stream behind the frames before it.
	awk 'NR != 90000' a.csv | grep -v x >c.csv
	{ head -n 90000 c.csv && echo 1,x, && tail -n +90001 c.csv; } >bad.csv
	gzip <bad.csv >bad.gz
	for f in bad.csv bad.gz; do
		run -65 bash -c "sbatch -f csv -c 't:int,n:int,s' x=$f >$f.mill"
		[[ $output == *:90001:3:\ n:\ x\ is\ no\ int ]]
		python3 "$TOP/tests/timeless.py" <$f.mill >$f.out
	done
	[ "$(wc -c <bad.csv.out)" -gt 1000000 ]
}

@test "any split of reads gives the same bytes" {
	gen log 400 5 --bad 3 >log
	sbatch -f combined --bad skip -q log | ssink >want
	[ "$(wc -l <want)" = 401 ]
	for seed in 1 2 3; do
		python3 "$TOP/tests/trickle.py" "$seed" 200 <log |
			sbatch -f combined --bad skip -q | ssink >out
		same want out
	done
	printf 'a,b\r\n"x\n\ny",1\r\n"q""r",2\r\n' >q.csv
	sbatch q.csv | ssink -f json >want
	[ "$(cat want)" = '{"a":"x\n\ny","b":"1"}
{"a":"q\"r","b":"2"}' ]
	for seed in 1 2 3; do
		python3 "$TOP/tests/trickle.py" "$seed" 1 <q.csv |
			sbatch -f csv | ssink -f json >out
		same want out
	done
}

@test "a bad record ends bounded input with file, line and column" {
	printf 'n,s\n1,a\nx,b\n2,c\n' >in.csv
	run -65 --separate-stderr bash -c 'sbatch -c n:int,s in.csv | ssink -f csv o.csv'
	[ "$stderr" = "sbatch: in.csv:3:1: n: x is no int" ]
	[ ! -e o.csv ]
	run -65 --separate-stderr bash -c 'sbatch -f csv -c n:int,s <in.csv | ssink'
	[ "$stderr" = "sbatch: stdin:3:1: n: x is no int" ]
	run -65 --separate-stderr bash -c 'sbatch --bad stop -c n:int in.csv | ssink'
	[ "$stderr" = "sbatch: in.csv:3:1: n: x is no int" ]
}

@test "--bad skip counts, in frames and at the end" {
	printf 'n\n1\nx\n2\ny\n' >in.csv
	run -0 --separate-stderr bash -c 'sbatch --bad skip -c n:int in.csv | ssink -N'
	[ "$output" = $'1\n2' ]
	[ "$stderr" = "sbatch: 2 of 4 records invalid, skipped" ]
	run -0 --separate-stderr bash -c 'sbatch -q --bad skip -c n:int in.csv | ssink -N'
	[ -z "$stderr" ]
	sbatch -q --bad skip -c n:int in.csv | python3 "$TOP/tests/decode.py" >out
	grep -q '^ROWS .* rows=2 .* invalid=2 ' out
	grep -q '"sbatch", 4, 2, 0, 0, 2, 2, 0, 2' out
	# Only bad ones: their count travels with an empty frame.
	printf 'n\nx\n' >in.csv
	sbatch -q --bad skip -c n:int in.csv | python3 "$TOP/tests/decode.py" >out
	grep -q '^ROWS .* rows=0 .* invalid=1 ' out
}

@test "--bad FILE appends the records as they are" {
	printf 'n\n1\n"x\n,"\n2\ny\n' >in.csv
	echo old >kept
	run -0 --separate-stderr bash -c \
		'sbatch --bad kept -c n:int in.csv | ssink -N'
	[ "$output" = $'1\n2' ]
	[ "$stderr" = "sbatch: 2 of 4 records invalid, kept in kept" ]
	printf 'old\n"x\n,"\ny\n' >want
	same want kept
	run -74 --separate-stderr bash -c 'sbatch --bad no/dir in.csv | ssink -N'
	[ "$stderr" = "sbatch: no/dir: No such file or directory" ]
	run -74 --separate-stderr bash -c \
		'sbatch --bad /dev/full -c n:int in.csv | ssink -N >/dev/null'
	[ "$stderr" = "sbatch: /dev/full: No space left on device" ]
}

@test "--max-bad fails past its bound and keeps the evidence" {
	printf 'n\n1\nx\n2\ny\n' >in.csv
	run -0 --separate-stderr bash -c 'sbatch --max-bad 2 -c n:int in.csv | ssink -N'
	[ "$output" = $'1\n2' ]
	run -65 --separate-stderr bash -c \
		'sbatch --bad kept --max-bad 1 -c n:int in.csv | ssink -N >/dev/null'
	[ "$stderr" = "sbatch: 2 of 4 records invalid, more than the 1 of --max-bad" ]
	[ "$(cat kept)" = $'x\ny' ]
	run -0 --separate-stderr bash -c \
		'sbatch -q --max-bad 50% -c n:int in.csv | ssink -N >/dev/null'
	[ -z "$stderr" ]
	run -65 --separate-stderr bash -c \
		'sbatch --max-bad 49.5% -c n:int in.csv | ssink -N >/dev/null'
	[ "$stderr" = "sbatch: 2 of 4 records invalid, more than the 49.5% of --max-bad" ]
}

@test "--max-field and --invalid-utf8 decide what is bad" {
	printf 'aaaa\nb\xff\n' >in
	run -65 --separate-stderr bash -c 'sbatch --max-field 3 in | ssink'
	[[ $stderr == "sbatch: in:1:"* ]]
	run -65 --separate-stderr bash -c 'sbatch in | ssink'
	[[ $stderr == "sbatch: in:2:"* ]]
	run -0 bash -c 'sbatch --invalid-utf8 reject --bad skip -q in | ssink -N'
	[ "$output" = aaaa ]
	run -0 bash -c 'sbatch --invalid-utf8 replace in | ssink -N | tail -1'
	[ "$output" = $'b\xef\xbf\xbd' ]
	run -0 bash -c 'sbatch --invalid-utf8 bytes in | ssink -N | tail -1'
	[ "$output" = $'b\xff' ]
}

@test "a long line that begins with byte 255 ends where it ends" {
	{
		printf '\377'
		head -c 100000 /dev/zero | tr '\0' a
		printf '\n'
		yes 'a good line' | head -n 1500000
	} >in
	run -0 --separate-stderr bash -c \
		'sbatch --bad skip in | sreduce count | ssink -N'
	[ "$output" = 1500000 ]
	[ "$stderr" = "sbatch: 1 of 1500001 records invalid, skipped" ]
}

@test "--deflate and --checksum change frames, not rows" {
	seq 100000 >in
	sbatch in | cat >plain.mill
	sbatch --deflate in | cat >small.mill
	[ "$(stat -c %s small.mill)" -lt $(($(stat -c %s plain.mill) / 2)) ]
	ssink -N <small.mill >out
	same in out
	sbatch -n 3 in | cat | python3 "$TOP/tests/decode.py" |
		grep -c '^ROWS flags=[01] ' >n
	[ "$(cat n)" = 2 ]
	sbatch -n 3 --checksum in | cat | python3 "$TOP/tests/decode.py" |
		grep -c '^ROWS flags=[89] ' >n
	[ "$(cat n)" = 2 ]
}

@test "--pipe-size asks for that pipe" {
	seq 10 >in
	size='import fcntl; print(fcntl.fcntl(0, 1032))'
	run -0 bash -c "sbatch in | { cat >/dev/null; python3 -c '$size'; }"
	[ "$output" = 524288 ]
	run -0 bash -c "sbatch --pipe-size 1M in |
		{ cat >/dev/null; python3 -c '$size'; }"
	[ "$output" = 1048576 ]
}

@test "HEAD says what the source is" {
	seq 3 | sbatch --name first --batch-rows 2 -n 3 |
		python3 "$TOP/tests/decode.py" | head -1 >out
	grep -Fq '"stages": [[0, "sbatch", "first", "-f lines -n 3"]]' out
	grep -Fq '"flags": 2' out # many, not endless
	printf '1;2\n' | sbatch -f csv -N -c a,b:int -d ';' --null - -v \
		--max-field 9 --invalid-utf8 bytes --source s 2>/dev/null |
		python3 "$TOP/tests/decode.py" | head -1 >out
	grep -Fq "\"-f csv -c 'a,b:int' -N -d ';' --null '-' --max-field 9 \
--invalid-utf8 bytes --source 's'\"" out
	grep -Fq '"flags": 0' out
}

@test "columns that are fixed are announced before the first byte" {
	mkfifo in
	sbatch in >out.mill &
	exec 7>in
	announced() { grep -q open <(frames <out.mill 2>/dev/null); }
	until_true 5 announced
	exec 7>&-
	wait
}

@test "a line written into a live pipe leaves within 10 ms" {
	run -0 python3 "$TOP/tests/latency.py" 15 sbatch
	echo "# median $output ms" >&3
	run -0 python3 "$TOP/tests/latency.py" 15 sbatch -i 1s
}

@test "a signal fails bounded input with its status and publishes nothing" {
	mkfifo in
	for sig in INT:130 TERM:143; do
		# A background job of a script ignores SIGINT; python restores it.
		python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp("sbatch", ["sbatch", "in"])' 2>err >out.mill &
		pid=$!
		exec 7>in
		until_true 5 test -s out.mill
		kill -s "${sig%:*}" "$pid"
		rc=0
		wait "$pid" || rc=$?
		[ "$rc" = "${sig#*:}" ]
		exec 7>&-
		[ "$(cat err)" = "sbatch: stopped by SIG${sig%:*} before the end of the input" ]
		frames <out.mill | grep -Fq "[${sig#*:}, "
	done
}

@test "a reader that goes ends an idle sbatch by SIGPIPE" {
	mkfifo in
	{
		sbatch in || echo "$?" >status
	} | head -c 1 >/dev/null &
	exec 7>in
	until_true 2 test -s status
	[ "$(cat status)" = 141 ]
	exec 7>&-
	wait
}

@test "a FIFO without a writer holds up neither HEAD nor signals nor the end" {
	mkfifo in
	sbatch in >out.mill 2>err &
	pid=$!
	until_true 5 test -s out.mill
	kill -TERM "$pid"
	rc=0
	wait "$pid" || rc=$?
	[ "$rc" = 143 ]
	{
		sbatch in || echo "$?" >status
	} | head -c 1 >/dev/null &
	until_true 2 test -s status
	[ "$(cat status)" = 141 ]
	wait
	# Writers one after the other: the first one's end is the end.
	sbatch in | ssink -N >out &
	echo a >in
	wait
	[ "$(cat out)" = a ]
	# Several are read side by side, as rows come.
	: >out
	sbatch <(echo b) <(until_true 10 grep -q b out && echo c) | ssink -N >>out
	[ "$(cat out)" = $'b\nc' ]
}

@test "a full output is an error" {
	run -74 --separate-stderr bash -c 'seq 100000 | sbatch >/dev/full'
	[ "$stderr" = "sbatch: standard output: No space left on device" ]
}

@test "-v prints the account, SIGUSR1 one line" {
	run -0 --separate-stderr bash -c 'seq 3 | sbatch -v | ssink -N'
	[ "$output" = $'1\n2\n3' ]
	[[ ${stderr_lines[0]} == "stage "*in*used*filtered*late*invalid*out*frames ]]
	[[ ${stderr_lines[1]} =~ ^sbatch\ +3\ +3\ +0\ +0\ +0\ +3\ +2$ ]]
	mkfifo in
	sbatch in 2>err >out.mill &
	pid=$! # what polls starts processes, too
	exec 7>in
	echo a >&7
	has_row() { rows <out.mill 2>/dev/null | grep -q a; }
	until_true 5 has_row
	kill -USR1 "$pid"
	until_true 5 test -s err
	exec 7>&-
	wait
	[[ $(cat err) =~ ^sbatch:\ 1\ rows,\ [0-9]+\ rows/s,\ batch\ 0$ ]]
}

@test "help and version go to standard output" {
	run -0 --separate-stderr sbatch --help
	[ "${lines[0]}" = "usage: sbatch [options] [SOURCE ...]" ]
	[ -z "$stderr" ]
	run -0 --separate-stderr sbatch -V
	[[ $output == "sbatch (millrace) "* ]]
}
