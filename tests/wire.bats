# SPDX-License-Identifier: ISC
# millrace-frame(5): golden and bad streams, a second implementation.

load helper

setup_file() {
	export WIRE="$BATS_TEST_DIRNAME/wire/make.py"
	export DECODE="$BATS_TEST_DIRNAME/decode.py"
}

golden() {
	python3 "$WIRE" unhex <"$BATS_TEST_DIRNAME/wire/golden.hex"
}

@test "the golden digits are the stream that the page describes" {
	golden >from-hex
	python3 "$WIRE" golden >from-page
	cmp from-hex from-page
}

@test "the second implementation reads the golden stream" {
	golden | python3 "$DECODE" >out
	run -0 grep -c '^ROWS' out
	[ "$output" = 4 ]
	run -0 grep -c '^\[.*"h\\u00e9llo", 1760000400000000, -1500000, null\]$' out
	[ "$output" = 3 ]
}

@test "ssink reads the golden stream as the second implementation does" {
	golden | ssink -f json >out
	cat >want <<-'EOF'
		{"ok":false,"n":7,"x":0.1,"s":null,"t":"2025-10-09T09:00:00Z","d":-1.5,"b":null}
		{"ok":null,"n":-7,"x":0.1,"s":"héllo","t":"2025-10-09T09:00:00Z","d":-1.5,"b":null}
		{"ok":true,"n":4611686018427387904,"x":0.1,"s":"","t":"2025-10-09T09:00:00Z","d":-1.5,"b":null}
	EOF
	head -3 out >first
	same want first
	[ "$(wc -l <out)" = 9 ]
}

@test "a frame-wise filter answers the golden stream frame by frame" {
	golden | smap -w true | python3 "$DECODE" >out
	golden | python3 "$DECODE" >in
	# HEAD and END name one more stage; flags of compression may differ.
	cut='/^HEAD/d;/^END/d;s/flags=[0-9]*//'
	sed "$cut" in >want
	sed "$cut" out >got
	same want got
}

@test "every bad stream is refused by name, by both implementations" {
	for name in $(python3 "$WIRE" list); do
		python3 "$WIRE" bad "$name" >bad
		why=$(python3 "$WIRE" why "$name")
		status=0
		ssink -f frames <bad 2>err >/dev/null || status=$?
		case $name,$status,$(cat err) in
		magic,65,"ssink: stdin is text, put sbatch before me") ;;
		*,74,"ssink: stdin: byte "*"$why") ;;
		*) echo "$name: want $why, got $status $(cat err)" && false ;;
		esac
		run -1 python3 "$DECODE" -c <bad
	done
}

@test "what sbatch writes the second implementation reads" {
	printf 'a,b\n1,x\n2,\n,"y,""z"\n' |
		sbatch -f csv -c 'a:int,b' | python3 "$DECODE" >out
	grep -v '^[A-Z]' out >rows
	cat >want <<-'EOF'
		[1, "x"]
		[2, null]
		[null, "y,\"z"]
	EOF
	same want rows
}

@test "deflate and payload checksums change the bytes, not the rows" {
	for i in $(seq 1000); do echo "$i,word$((i % 7))"; done >in.csv
	sbatch -f csv -N in.csv >plain.mill
	sbatch -f csv -N --deflate in.csv >small.mill
	[ "$(wc -c <small.mill)" -lt "$(wc -c <plain.mill)" ]
	python3 "$DECODE" <plain.mill | grep -v '^[A-Z]' >a
	python3 "$DECODE" <small.mill | grep -v '^[A-Z]' >b
	same a b
	ssink <small.mill >c
	ssink <plain.mill >d
	same d c
}

@test "a stream cut at any byte is named and never accepted" {
	golden >g
	size=$(wc -c <g)
	for n in 0 1 7 8 95 96 97 200 500 $((size - 1)); do
		status=0
		head -c "$n" g | smap -w true >/dev/null 2>err || status=$?
		case $status,$(cat err) in
		74,"smap: stdin: byte $n: "*) ;;
		*) echo "$n: $status $(cat err)" && false ;;
		esac
	done
}

@test "accounts that do not add up are a broken stream" {
	PYTHONPATH="$TOP/tests/wire" python3 >accounts.mill <<-'EOF'
		import sys
		from make import *
		odd = text("x") + struct.pack("<8Q", 2, 1, 0, 0, 0, 1, 1, 1)
		sys.stdout.buffer.write(one(PLAIN, flags=LAST)
		    + frame(END, end(1, 1, 1, odd, 1), seq=2))
	EOF
	run -74 --separate-stderr ssink -N <accounts.mill
	[ "$stderr" = "ssink: accounts do not add up: x: 2 rows in, but 1 used, \
0 filtered, 0 late, 0 invalid" ]
}

@test "a status line takes any watermark" {
	PYTHONPATH="$TOP/tests/wire" python3 >least.mill <<-'EOF'
		import sys
		from make import *
		sys.stdout.buffer.write(one(PLAIN, watermark=NONE + 1))
	EOF
	mkfifo in
	smap -w true <in 2>err >out.mill &
	pid=$!
	exec 7>in
	cat least.mill >&7
	until_true 10 test -s out.mill
	asked() { kill -USR1 "$pid" && grep -q 'watermark -290308-' err; }
	until_true 10 asked
	exec 7>&-
}
