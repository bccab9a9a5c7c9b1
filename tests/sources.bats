# SPDX-License-Identifier: ISC
# sbatch(1): the order, range and pace of rows; sources other than files.

# shellcheck disable=SC2016 # what bash -c is given is expanded there
# shellcheck disable=SC2030,SC2031 # variables do not outlive their test
# shellcheck disable=SC2154 # bats sets stderr
# shellcheck disable=SC2317 # until_true calls these functions

load helper

rows() {
	python3 "$TOP/tests/decode.py" | grep '^\[' || :
}

marks() {
	python3 "$TOP/tests/decode.py" | sed -n 's/^MARK .* part=\([0-9]*\) .* \(\["[a-z]*", ".*"\]\)$/\1 \2/p'
}

# Lines "T,NAME" of a csv file with times in seconds.
timed() {
	echo 't,v'
	printf '%s\n' "$@"
}

@test "-m takes rows in the order of their event times, ties by part" {
	timed 1,a1 3,a3 3,a3b 5,a5 >a.csv
	timed 2,b2 3,b3 4,b4 9,b9 >b.csv
	timed 3,c3 >c.csv
	run -0 bash -c "sbatch -m -c 't:time(s),v' -t t a.csv b.csv c.csv | ssink -N | cut -f 2 | tr '\n' ' '"
	[ "$output" = "a1 b2 a3 a3b b3 c3 b4 a5 b9 " ]
	# Part 0, and whose each row is.
	sbatch -m -c 't:time(s),v' -t t --source s a.csv b.csv c.csv >m.mill
	rows <m.mill | head -3 >out
	printf '[%s]\n' '1000000, "a1", "a.csv", 1' '2000000, "b2", "b.csv", 2' \
		'3000000, "a3", "a.csv", 1' >want
	same want out
	run -0 bash -c 'python3 "$TOP/tests/decode.py" <m.mill | grep ROWS | grep -vc part=0'  || :
	[ "$output" = 0 ]
	run -0 bash -c "sbatch -m -c 't:time(s),v' -t t c.csv b.csv a.csv | ssink -N | cut -f 2 | tr '\n' ' '"
	[ "$output" = "a1 b2 c3 b3 a3 a3b b4 a5 b9 " ]
}

@test "-m over random files equals a stable sort by time" {
	python3 - <<-'EOF'
		import random
		rng = random.Random(3)
		for name in "abcde":
		    t = 0
		    with open(name + ".csv", "w") as f:
		        f.write("t,v\n")
		        for i in range(rng.randint(0, 4000)):
		            t += rng.randint(0, 3)
		            f.write("%d,%s%d\n" % (t, name, i))
	EOF
	for f in ?.csv; do tail -n +2 "$f"; done | sort -s -t, -k1,1n | cut -d, -f 2 >want
	for opts in "" "--frame-rows 7" "--batch-rows 100"; do
		# shellcheck disable=SC2086 # several words
		sbatch -m $opts -c 't:time(s),v' -t t ./?.csv | ssink -N | cut -f 2 >out
		same want out
	done
	# Of many files each is read in small pieces.
	for i in 1 2 3 4 5; do for f in a b c d e; do cp $f.csv $f$i.csv; done; done
	for f in ?[1-5].csv; do tail -n +2 "$f"; done | sort -s -t, -k1,1n | cut -d, -f 2 >want
	sbatch -m -c 't:time(s),v' -t t ./?[1-5].csv | ssink -N | cut -f 2 >out
	same want out
}

@test "-m waits for files, not for sources that are silent" {
	mkfifo quiet
	timed 1,a 2,b >a.csv
	sbatch -m -f csv -N -c 't:time(s),v' -t t quiet <(tail -n +2 a.csv) >out.mill &
	exec 7>quiet
	shown() { [ "$(ssink -N <out.mill 2>/dev/null | cut -f 2 | tr '\n' ' ')" = "$1" ]; }
	until_true 5 shown "a b "
	echo 1,late >&7
	until_true 5 shown "a b late "
	exec 7>&-
	wait
}

@test "what needs an event time says so" {
	echo a >x
	while IFS='|' read -r args opt; do
		# shellcheck disable=SC2086 # several words
		run -64 --separate-stderr bash -c 'sbatch "$@" x | ssink' - $args
		[ "$stderr" = "sbatch: $opt needs an event time: say which column is it by -t COL" ]
	done <<-'EOF'
		-m|-m
		--speed 2|--speed
		--from 2026-01-01|--from
		--until 2026-01-01|--until
	EOF
}

@test "--cat makes one part of all sources" {
	printf 'a\nb' >one
	printf 'c\n' >two
	sbatch --cat --source s one two >c.mill
	marks <c.mill >out
	printf '%s\n' '1 ["open", "cat"]' '1 ["close", ""]' '0 ["eof", ""]' >want
	same want out
	run -0 ssink -N <c.mill
	[ "$output" = $'a\tone\nb\tone\nc\ttwo' ]
	# The watermark of one part goes through all of them.
	timed 100,a >x.csv
	timed 10,b >y.csv
	run -0 --separate-stderr bash -c "sbatch --cat -c 't:time(s),v' -t t x.csv y.csv | swindow 10s | sreduce count | ssink -N | wc -l"
	[ "$output" = 1 ]
	[ "$stderr" = "swindow: 1 of 2 rows late, worst by 90s; --late 91s keeps all" ]
	run -0 --separate-stderr bash -c "sbatch -c 't:time(s),v' -t t x.csv y.csv | swindow 10s | sreduce count | ssink -N | wc -l"
	[ "$output" = 2 ]
	[ -z "$stderr" ]
	# Several at once, too: rows of any, one part.
	sbatch --cat --source s <(seq 3) <(seq 4 6) >c.mill
	[ "$(marks <c.mill | wc -l)" = 3 ]
	[ "$(ssink -N <c.mill | cut -f 1 | sort | tr '\n' ' ')" = "1 2 3 4 5 6 " ]
	[ "$(rows <c.mill | grep -c '/dev/fd/')" = 6 ]
}

@test "--from and --until keep what is between, and count the rest" {
	timed 10,a 20,b ,n 30,c 40,d >x.csv
	run -0 --separate-stderr bash -c "sbatch -v -c 't:time(s),v' -t t \
		--from 1970-01-01T00:00:20Z --until 1970-01-01T00:00:40Z x.csv | ssink -N | cut -f 2"
	[ "$output" = $'b\nc' ]
	# in, used, filtered
	[[ ${stderr_lines[1]} =~ ^sbatch\ +5\ +2\ +3\ +0\ +0\ +2\  ]]
	run -0 bash -c "sbatch -c 't:time(s),v' -t t --from start x.csv | ssink -N | wc -l"
	[ "$output" = 5 ]
	now=$(date +%s)
	timed $((now - 1000)),old $((now - 100)),new $((now + 9000)),next >x.csv
	run -0 bash -c "sbatch -c 't:time(s),v' -t t --from -10m x.csv | ssink -N | cut -f 2"
	[ "$output" = $'new\nnext' ]
	run -0 bash -c "sbatch -c 't:time(s),v' -t t --from -10m --until -1s x.csv | ssink -N | cut -f 2"
	[ "$output" = new ]
	for opt in from until; do
		run -64 --separate-stderr bash -c "sbatch --$opt noon x.csv | ssink"
		[ "$stderr" = "sbatch: --$opt: noon is no time; write 2026-11-23T10:00:00Z or -15m" ]
	done
	run -64 --separate-stderr bash -c "sbatch --from end x.csv | ssink"
	[ "$stderr" = "sbatch: --from end: nothing comes behind the end without -F" ]
}

# A log of 120,000 s, up to half an hour out of order, with the seed $1.
disorder() {
	python3 - "$1" "$2" <<-'EOF'
		import random, sys
		rng = random.Random(int(sys.argv[1]))
		print("t,v")
		for i in range(0, 120000):
		    t = 1000000 + i - rng.randint(0, 1800)
		    v = "%d-%s" % (i, "x" * rng.randint(20, 60))
		    if sys.argv[2] == "quotes" and rng.random() < 0.3:
		        v = '"%s\n%d,%d"' % (v, rng.randint(0, 2000000), i)
		    print("%d,%s" % (t, v))
	EOF
}

@test "a range in a file about in order is found without reading all of it" {
	disorder 1 plain >x.csv
	for from in 0 1000000 1001000 1055555 1100000 1119000 1200000; do
		until=$((from + 2000))
		tail -n +2 x.csv | awk -F, "\$1 >= $from && \$1 < $until" >want
		sbatch -v -c 't:time(s),v' -t t x.csv --from "$(date -u -d "@$from" +%FT%TZ)" \
			--until "$(date -u -d "@$until" +%FT%TZ)" 2>err |
			smap -s 't::int as t, v' | ssink -f csv -N >out || cat err
		same want out
		# In a file of 6 MB most of the lines were passed over.
		[ "$from" = 0 ] || [ "$(awk '$1 == "sbatch" { print $2 }' err)" -lt 70000 ]
	done
}

@test "quotes that may hide line ends keep a range from jumping" {
	disorder 2 quotes >x.csv
	python3 - <<-'EOF' >want
		import csv
		for r in list(csv.reader(open("x.csv")))[1:]:
		    if 1060000 <= int(r[0]) < 1061000:
		        print(r[0], r[1].replace("\n", "|"))
	EOF
	[ "$(wc -l <want)" -gt 500 ]
	sbatch -c 't:time(s),v' -t t x.csv --from 1970-01-13T06:26:40Z --until 1970-01-13T06:43:20Z |
		smap -s "t::int as t, replace(v, e'\n', '|') as v" | ssink -d ' ' -f csv -N >out
	same want out
}

@test "what comes behind a jump is told by the byte it began at" {
	disorder 1 plain >x.csv
	echo 1120001,x,y >>x.csv
	run -65 --separate-stderr bash -c "sbatch -c 't:time(s),v' -t t x.csv --from 1970-01-13T23:00:00Z | ssink -N >/dev/null"
	[[ $stderr =~ ^sbatch:\ x.csv\+([0-9]+):([0-9]+):\  ]]
	[ "$(tail -c "+$((BASH_REMATCH[1] + 1))" x.csv | sed -n "${BASH_REMATCH[2]}p")" = 1120001,x,y ]
}

@test "--from end follows from the last line end on" {
	printf 'h\nold\npart' >log
	sbatch -F -f csv -c h --from end log >out.mill &
	source=$!
	until_true 5 test -s out.mill
	echo ial >>log
	echo new >>log
	is() { [ "$(ssink -N <out.mill 2>/dev/null | tr '\n' ' ')" = "$1" ]; }
	until_true 5 is "partial new "
	mv log log.1
	printf 'h\nafter\n' >log
	until_true 5 is "partial new after "
	kill "$source"
	wait "$source"
}

# takes LEAST MOST COMMAND...: no run takes less than LEAST ms, and one of a few
# less than MOST: what else the machine does makes no run faster.
takes() {
	local least=$1 most=$2 start ms
	shift 2
	for _ in {1..20}; do
		start=$(date +%s%N)
		"$@"
		ms=$((($(date +%s%N) - start) / 1000000))
		[ "$ms" -ge "$least" ] || return
		[ "$ms" -ge "$most" ] || return 0
	done
	return 1
}

@test "--rate lets no more rows through, and no fewer" {
	go() { seq 30 | sbatch --rate 100/s | ssink -N >out; }
	takes 285 2000 go
	seq 30 >want
	same want out
	run -64 --separate-stderr sbatch --rate 0 out
	[ "$stderr" = "sbatch: --rate: 0 is no rate; write 100/s or 5/m" ]
}

@test "--speed replays by event time" {
	timed 1000,a 1001,b 1000,late 1003,c >x.csv
	go() {
		sbatch --speed 10x -c 't:time(s),v' -t t x.csv | ssink -N |
			cut -f 2 >out
	}
	takes 295 2000 go
	printf '%s\n' a b late c >want
	same want out
	# Merged, and rows leave when they are due.
	timed 1000,d 1002,e >y.csv
	sbatch -m --speed 10 -c 't:time(s),v' -t t x.csv y.csv | ssink -N | cut -f 2 | tr '\n' ' ' >out
	[ "$(cat out)" = "a d b late e c " ]
	run -64 --separate-stderr sbatch --speed 0 x.csv
	[ "$stderr" = "sbatch: --speed: 0 is no number above 0" ]
	run -64 --separate-stderr sbatch -m --batch-bytes 9 x.csv
	[ "$stderr" = "sbatch: --batch-bytes: not with -m or --speed, which take rows apart from their bytes; write --batch-rows" ]
	run -64 --separate-stderr sbatch -m --cat x.csv
	[ "$stderr" = "sbatch: -m and --cat: one order, please" ]
}

@test "DIR/ is the files in it, oldest first, but for unfinished ones" {
	mkdir d d/sub
	printf 'h\nb\n' >d/b.csv
	printf 'h\na\n' >d/a.csv
	printf 'h\nz\n' >d/z.csv
	printf 'h\nx\n' | tee d/.hidden.csv d/x.csv.tmp >d/x.csv~
	touch -d 2026-01-02 d/b.csv d/a.csv
	touch -d 2026-01-01 d/z.csv
	run -0 bash -c 'sbatch --source f d/ | ssink -N'
	[ "$output" = $'z\td/z.csv\na\td/a.csv\nb\td/b.csv' ]
	run -66 --separate-stderr bash -c 'sbatch d/sub/ | ssink'
	[ "$stderr" = "sbatch: d/sub/: no file is in it" ]
	run -66 --separate-stderr bash -c 'sbatch nothere/ | ssink'
	[ "$stderr" = "sbatch: nothere/: No such file or directory" ]
}

# Follow the directory d; rows appear in out.mill.
follow_dir() {
	sbatch -F "$@" d/ >out.mill 2>err &
	source=$!
}

dir_rows() {
	[ "$(ssink -N <out.mill 2>/dev/null | tr '\n' ' ')" = "$1" ]
}

# write FILE TEXT: it is opened, written and closed before the source looks: of
# a writer that is slow for a second it would believe what is there.
write() {
	kill -STOP "$source"
	printf '%b' "$2" >"$1"
	kill -CONT "$source"
}

@test "-F DIR/ reads each new file once, when it is finished" {
	mkdir d
	printf 'h\n1\n' >d/1.csv
	printf 'h\n2\n' | gzip >d/2.csv.gz
	touch -d 2026-01-01 d/1.csv
	touch -d 2026-01-02 d/2.csv.gz
	follow_dir
	until_true 5 dir_rows "1 2 "
	# Written and closed: at once.
	write d/3.csv 'h\n3\n'
	until_true 5 dir_rows "1 2 3 "
	# Written under another name and moved.
	printf 'h\n4\n' >d/4.csv.tmp
	printf 'h\n5\n' >d/.5.csv
	mv d/.5.csv d/5.csv
	until_true 5 dir_rows "1 2 3 5 "
	mv d/4.csv.tmp d/4.csv
	until_true 5 dir_rows "1 2 3 5 4 "
	# What was read is not read again by another name, or when it grows.
	mv d/3.csv d/33.csv
	echo 9 >>d/1.csv
	rm d/5.csv
	write d/5.csv 'h\n6\n'
	until_true 5 dir_rows "1 2 3 5 4 6 "
	# A writer that stays is believed when it is silent for a second.
	printf 'h\n7\n' >7.csv
	exec 7>>7.csv
	ln 7.csv d
	until_true 5 dir_rows "1 2 3 5 4 6 7 "
	exec 7>&-
	kill "$source"
	wait "$source"
	[ ! -s err ]
	# Each file is a part; those there at the start are announced first.
	marks <out.mill | head -3 >out
	printf '%s\n' '1 ["open", "d/1.csv"]' '2 ["open", "d/2.csv.gz"]' '1 ["close", ""]' >want
	same want out
	[ "$(marks <out.mill | grep -c open)" = 7 ]
}

@test "-F DIR/ tells of a file that cannot be read, and goes on" {
	mkdir d
	printf 'a,b\n1,2\n' >d/1.csv
	follow_dir -c a,b:int
	until_true 5 dir_rows "1	2 "
	write d/2.csv 'x\n1\n'
	head -c 30 /dev/zero | gzip | head -c 20 >3.csv
	mv 3.csv d
	ln -s nothere d/4.csv
	write d/5.csv 'b,a\n4,3\n'
	until_true 5 dir_rows "1	2 3	4 "
	kill "$source"
	wait "$source"
	grep -q '^sbatch: d/2.csv:1: ' err
	grep -q '^sbatch: d/3.csv:1: the gzip data are cut short$' err
	grep -q '^sbatch: 2 of 4 records invalid, skipped$' err
	[ "$(wc -l <err)" = 3 ]
}

@test "-F DIR/ must be told the format of files to come" {
	mkdir d
	run -64 --separate-stderr bash -c 'sbatch -F d/ | ssink'
	[ "$stderr" = "sbatch: d/: no file is in it yet that says its format: say -f FORMAT" ]
	follow_dir -f csv -c v:int
	write d/x 'v\n1\n'
	until_true 5 dir_rows "1 "
	kill "$source"
	wait "$source"
	[ ! -s err ]
}

@test "gen: makes rows at a rate, with their times" {
	go() { sbatch -n 50 gen:200/s >out.mill; }
	takes 240 2000 go
	run -0 bash -c "ssink -N <out.mill | cut -f 2 | tr '\n' ' '"
	[ "$output" = "$(seq 0 49 | tr '\n' ' ')" ]
	# 5 ms apart, in microseconds.
	rows <out.mill | sed 's/^\[\([0-9]*\),.*/\1/' | awk 'NR > 1 && $1 - p != 5000 { print $1 - p } { p = $1 }' >odd
	[ ! -s odd ]
	run -0 sbatch --schema gen:
	[ "$output" = $'timestamp\ttime\tevent time\nvalue\tint' ]
	run -0 bash -c "sbatch -n 2 -c v=value gen:100/s | ssink"
	[ "$output" = $'v\n0\n1' ]
	run -64 --separate-stderr bash -c 'sbatch gen:fast | ssink'
	[ "$stderr" = "sbatch: gen:fast: no rate; write gen: or gen:1000/s" ]
	# Without an end, until a signal.
	sbatch gen:1000/s >out.mill &
	source=$!
	has_rows() { [ "$(ssink -N <out.mill 2>/dev/null | wc -l)" -gt 20 ]; }
	until_true 5 has_rows
	kill "$source"
	wait "$source"
	python3 "$TOP/tests/decode.py" <out.mill | tail -1 | grep -q '"stop"'
}

# program PATH: what stdin says becomes a program.
program() {
	cat >"$1"
	chmod +x "$1"
}

@test "SCHEME:// is the stream of a helper program" {
	mkdir -p tree/bin tree/libexec/millrace path
	cp "$BIN/sbatch" tree/bin
	PATH=$PWD/path:$PATH
	program path/sbatch-demo <<-'EOF'
		#!/bin/sh
		printf 'from PATH\n%s\n' "$1" | sbatch
	EOF
	run -0 --separate-stderr bash -c 'tree/bin/sbatch --source s demo://a/b | ssink -N'
	[ "$output" = $'from PATH\tdemo://a/b\ndemo://a/b\tdemo://a/b' ]
	[ -z "$stderr" ]
	program tree/libexec/millrace/sbatch-demo <<-'EOF'
		#!/bin/sh
		echo from libexec | sbatch
	EOF
	run -0 bash -c 'tree/bin/sbatch demo://x | ssink -N'
	[ "$output" = "from libexec" ]
	# One that fails fails all; what it wrote is not published.
	program path/sbatch-half <<-'EOF'
		#!/bin/sh
		seq 5 | sbatch | head -c 300
		exit 9
	EOF
	run -74 --separate-stderr bash -c 'sbatch half://x | ssink out.tsv'
	[ ! -e out.tsv ]
	program path/sbatch-late <<-'EOF'
		#!/bin/sh
		seq 5 | sbatch
		exit 9
	EOF
	run -74 --separate-stderr bash -c 'sbatch late://x | ssink out.tsv'
	[ "$stderr" = "sbatch: late://x: $PWD/path/sbatch-late: exit status 9" ]
	[ ! -e out.tsv ]
	# Text is a source as well, if that is said.
	program path/sbatch-text <<-'EOF'
		#!/bin/sh
		echo text
	EOF
	run -0 bash -c 'sbatch -f lines text://x | ssink -N'
	[ "$output" = text ]
	run -64 --separate-stderr bash -c 'sbatch nope://x | ssink'
	[[ $stderr == "sbatch: nope://x: no program sbatch-nope is in "*"/libexec/millrace or in PATH" ]]
	run -64 --separate-stderr bash -c 'sbatch https://x | ssink'
	[[ $stderr == *"or in PATH; write curl -s URL | sbatch" ]]
}

@test "a helper that is followed ends its stream at a signal" {
	mkdir path
	PATH=$PWD/path:$PATH
	program path/sbatch-tick <<-'EOF'
		#!/bin/sh
		exec sbatch gen:1000/s
	EOF
	sbatch -F tick://x >out.mill &
	source=$!
	has_rows() { [ "$(ssink -N <out.mill 2>/dev/null | wc -l)" -gt 20 ]; }
	until_true 5 has_rows
	kill "$source"
	wait "$source"
	python3 "$TOP/tests/decode.py" <out.mill | tail -1 | grep -q '"stop"'
	run -1 pgrep -P "$source"
}
