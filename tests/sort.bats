# SPDX-License-Identifier: ISC
# swindow --sort: rows in the order of event time, as far as the watermark is.

# shellcheck disable=SC2016 # what bash -c is given is expanded there
# shellcheck disable=SC2030,SC2031 # variables do not outlive their test
# shellcheck disable=SC2154 # bats sets stderr
# shellcheck disable=SC2317 # until_true calls these functions

load helper

# Two logs of N rows, up to 30 s out of order, and what sort makes of them.
logs() {
	python3 - "$1" "$2" <<-'EOF'
		import random, sys
		rng = random.Random(int(sys.argv[2]))
		for name in "ab":
		    t = 1000000
		    with open(name + ".csv", "w") as f:
		        f.write("t,v\n")
		        for i in range(int(sys.argv[1])):
		            t += rng.randint(0, 2)
		            f.write("%d,%s%d\n" % (t - rng.randint(0, 30), name, i))
	EOF
	{
		tail -n +2 a.csv
		tail -n +2 b.csv
	} | sort -s -t, -k1,1n | cut -d, -f 2 >want
}

read_logs() {
	sbatch -c 't:time(s),v' -t t "$@"
}

@test "two logs merged and sorted equal a stable sort of both" {
	for seed in 1 2; do
		logs 20000 "$seed"
		read_logs -m a.csv b.csv | swindow --sort --late 1m |
			ssink -N | cut -f 2 >out
		same want out
		# Whatever the frames, and the order in which files are read.
		read_logs --frame-rows 77 -m a.csv b.csv |
			swindow --sort --late 31s | ssink -N | cut -f 2 >out
		same want out
		read_logs a.csv b.csv | swindow --sort --late eof |
			ssink -N | cut -f 2 >out
		same want out
		read_logs -i 1ms a.csv b.csv | swindow --sort --late 1m |
			ssink -N | cut -f 2 >out
		same want out
	done
}

@test "nulls, text and bools go with their rows" {
	printf '%s\n' t,s,b '3,"x
	y",true' 1,,false 2,z, '1,"",true' >x.csv
	sbatch -c 't:time(s),s,b:bool' -t t x.csv | swindow --sort --late eof |
		ssink -f json >out
	cat >want <<-'EOF'
		{"t":"1970-01-01T00:00:01Z","s":null,"b":false}
		{"t":"1970-01-01T00:00:01Z","s":"","b":true}
		{"t":"1970-01-01T00:00:02Z","s":"z","b":null}
		{"t":"1970-01-01T00:00:03Z","s":"x\n\ty","b":true}
	EOF
	same want out
}

@test "rows leave when the watermark passes, those that are late never" {
	mkfifo in
	sbatch -f csv -N -c 't:time(s),v' -t t -i 1h in | swindow --sort --late 10s >out.mill 2>err &
	exec 7>in
	shown() { [ "$(ssink -N <out.mill 2>/dev/null | cut -f 2 | tr '\n' ' ')" = "$1" ]; }
	printf '%s\n' 100,a 95,b 105,c >&7
	echo 106,d >&7
	until_true 5 shown "b "
	printf '%s\n' 110,e 95,late 96,late >&7
	until_true 5 shown "b "
	echo 115.5,f >&7
	until_true 5 shown "b a c "
	exec 7>&-
	wait
	shown "b a c d e f "
	# Late is what the watermark had passed: 110 - 10.
	grep -qx 'swindow: 2 of 8 rows late, worst by 15s; --late 16s keeps all' err
}

@test "with windows, rows leave with their pane, and the windows are the same" {
	logs 5000 3
	for spec in 1m 5m/1m 1h session:5s; do
		keys=
		[ "$spec" != session:5s ] || keys='-k v'
		# shellcheck disable=SC2086 # an option and its argument
		read_logs -m a.csv b.csv | swindow "$spec" $keys --late 31s |
			sreduce $keys 'count(), min(v::str), max(v::str)' | ssink -N | sort >want
		# shellcheck disable=SC2086 # an option and its argument
		read_logs -m a.csv b.csv | swindow "$spec" $keys --late 31s --sort |
			sreduce $keys 'count(), min(v::str), max(v::str)' | ssink -N | sort >out
		same want out
	done
	read_logs -m a.csv b.csv | swindow 1m --late 31s --sort | ssink -N |
		cut -f 1 >times
	sort -c times
}

@test "the marks of parts come behind their rows, and the watermark last" {
	printf '%s\n' t,v 10,a 30,b >x.csv
	printf '%s\n' t,v 20,c 25,d >y.csv
	read_logs x.csv y.csv | swindow --sort |
		python3 "$TOP/tests/decode.py" >frames
	sed -n 's/^\(MARK\) .* part=\([0-9]\) .*watermark=\([0-9-]*\) .*\[\("[a-z]*"\).*/\1 \2 \3 \4/p
		s/^\(ROWS\) .* rows=\([1-9]\) .*watermark=\([0-9-]*\) .*/\1 \2 \3/p
		s/^\[[0-9]*, "\(.\)", \(.\)\]$/\1\2/p' frames |
		sed 's/-9223372036854775808/none/' >out
	cat >want <<-'EOF'
		MARK 1 none "open"
		MARK 2 none "open"
		ROWS 2 25000000
		a1
		c2
		ROWS 2 25000000
		d2
		b1
		MARK 1 25000000 "close"
		MARK 2 25000000 "close"
		MARK 0 30000001 "eof"
	EOF
	same want out
}

@test "what cannot be sorted is refused" {
	printf '%s\n' t,part 1,x >x.csv
	run -65 --separate-stderr bash -c "sbatch -c 't:time(s),part' -t t x.csv | swindow --sort | ssink"
	[ "$stderr" = "swindow: the stream has a column part; rename it" ]
	run -64 --separate-stderr bash -c "sbatch -c 't:time(s)' -t t x.csv | swindow rows:2 --sort | ssink"
	[ "$stderr" = "swindow: --sort: rows are numbered as they come; write swindow --sort | swindow rows:2" ]
	run -0 bash -c "sbatch -c 't:time(s)' -t t x.csv | swindow --sort | swindow rows:2 | sreduce count | ssink -N"
	[ "$output" = "0	1	1" ] || echo "$output"
}

# bats test_tags=memory
@test "what is held is bounded by the watermark" {
	logs 20000 1
	read_logs -m a.csv b.csv >small.mill
	logs 200000 1
	read_logs -m a.csv b.csv >big.mill
	for f in small big; do
		/usr/bin/time -f %M -o "$f.kb" swindow --sort --late 1m <$f.mill >/dev/null
	done
	[ "$(cat big.kb)" -lt $(($(cat small.kb) * 11 / 10 + 1024)) ]
}
