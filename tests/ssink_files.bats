# SPDX-License-Identifier: ISC
# ssink(1): files by the values of rows, rolled files, --append.
# shellcheck disable=SC2154 # stderr is set by run --separate-stderr

load helper

# stream COLUMNS: csv on stdin to a stream, event time in column at.
stream() {
	sbatch -f csv -c "$1" -t at
}

# hits: two days, three classes.
hits() {
	stream 'at:time,class,v:int' <<-'EOF'
		at,class,v
		2026-11-23T23:30:00Z,a,1
		2026-11-23T23:59:59Z,b,2
		2026-11-24T00:00:00Z,a,3
		2026-11-24T01:15:00Z,a,4
	EOF
}

# numbers N: one column n, from 1.
numbers() {
	seq "$1" | sbatch -f csv -N -c n:int
}

# wide: rows of two classes, more than is held in memory.
wide() {
	python3 -c 'print("class,x")
for i in range(400): print("%s,%0100d" % ("ab"[i % 2], i))' | sbatch -f csv
}

# has_temp NAME: an unfinished file of that name is in o.
has_temp() {
	compgen -G "o/.$1.*" >/dev/null
}

# tree [DIR]: all files in it, sorted, one a line.
tree() {
	find "${1:-.}" -mindepth 1 ! -name 'separate-stderr*' ! -type d \
		-printf '%P\n' | sort
}

@test "a row goes to the file that its values and its event time name" {
	hits >s
	run -0 --separate-stderr ssink 'hits/{date}/{class}.csv' <s
	[ "$output" = "" ]
	[ "$stderr" = "" ]
	[ "$(tree hits)" = $'2026-11-23/a.csv\n2026-11-23/b.csv\n2026-11-24/a.csv' ]
	[ "$(cat hits/2026-11-24/a.csv)" = \
		$'at,class,v\n2026-11-24T00:00:00Z,a,3\n2026-11-24T01:15:00Z,a,4' ]
	[ "$(cat hits/2026-11-23/b.csv)" = \
		$'at,class,v\n2026-11-23T23:59:59Z,b,2' ]
}

@test "a pattern ends in the extension of its format, .gz packs it" {
	hits >s
	ssink '{class}.json' <s
	[ "$(head -1 b.json)" = '{"at":"2026-11-23T23:59:59Z","class":"b","v":2}' ]
	ssink '{class}.json.gz' <s
	gzip -dc a.json.gz | same - a.json
	ssink -N '{class}.tsv' <s
	[ "$(cat b.tsv)" = $'2026-11-23T23:59:59Z\tb\t2' ]
}

@test "parts of the date are those of strftime, in --tz" {
	hits >s
	ssink '%Y/%m-%d/{hour}.csv' <s
	[ "$(tree 2026)" = $'11-23/23.csv\n11-24/00.csv\n11-24/01.csv' ]
	ssink --tz Asia/Kolkata 'i/{date}T%H%%{{x}}.csv' <s
	[ "$(tree i)" = $'2026-11-24T05%{x}.csv\n2026-11-24T06%{x}.csv' ]
	[ "$(sed -n 2p 'i/2026-11-24T06%{x}.csv')" = 2026-11-24T06:45:00+05:30,a,4 ]
}

@test "a pattern of escapes alone is one file, also without rows" {
	printf 'a\n' | sbatch -f csv | ssink 'full 100%%.csv'
	[ "$(cat 'full 100%.csv')" = a ]
	printf 'a\n' | sbatch -f csv | ssink '{a}.csv'
	[ "$(tree)" = 'full 100%.csv' ]
}

@test "{batch} files are there when their batch is complete" {
	mkfifo in
	sbatch -f lines --batch-rows 2 in | ssink 'b/{batch}-{epoch}.tsv' &
	exec 7>in
	printf '1\n2\n3\n' >&7
	until_true 5 test -e b/0-0.tsv
	[ "$(tree b | grep -v '^\.')" = 0-0.tsv ]
	exec 7>&-
	wait
	[ "$(tree b)" = $'0-0.tsv\n1-0.tsv' ]
	[ "$(cat b/1-0.tsv)" = $'line\n3' ]
}

@test "{part} is the number of the source" {
	echo x >a.log
	echo y >b.log
	sbatch -f lines a.log b.log | ssink -N '{part}.txt'
	[ "$(cat 1.txt 2.txt)" = $'x\ny' ]
}

@test "a column is meant before what is built in" {
	printf 'date,part\nmonday,front\n' | sbatch -f csv |
		ssink '{date}-{part}.csv'
	[ "$(tree)" = monday-front.csv ]
}

@test "hostile values stay in their place" {
	python3 - >in.csv <<-'EOF'
		values = ["../../etc", "", ".hidden", "..", "a/b", "a b\n", "%2E",
		    "\u00e9", "-rf", "CON", "%null", "%empty"]
		import csv, sys
		w = csv.writer(sys.stdout, lineterminator="\n",
		    quoting=csv.QUOTE_ALL)
		w.writerow(["k"])
		for v in values:
		    w.writerow([v])
		sys.stdout.write("\0nul\n")
	EOF
	mkdir safe
	run -0 --separate-stderr ssink -N 'safe/{k}.csv' \
		< <(sbatch -f csv <in.csv)
	[ "$stderr" = "" ]
	[ "$(tree safe)" = '%00nul.csv
%252E.csv
%25empty.csv
%25null.csv
%2E.%2F..%2Fetc.csv
%2E..csv
%2Ehidden.csv
%C3%A9.csv
%empty.csv
-rf.csv
CON.csv
a%20b%0A.csv
a%2Fb.csv' ]
	[ "$(tree | grep -vc '^safe/')" = 1 ]
	printf 'k,v\n,1\n' | sbatch -f csv | ssink 'safe/{k}/x.csv'
	[ "$(cat safe/%null/x.csv)" = $'k,v\n,1' ]
}

@test "a long value is cut and keeps apart from others" {
	python3 -c 'print("k"); print("x" * 5000); print("x" * 5000 + "y")
print("x" * 200); print("/" * 201)' | sbatch -f csv >s
	ssink -N '{k}' <s
	[ "$(tree | grep -c '^x\{182\}%-[0-9a-f]\{16\}$')" = 2 ]
	[ "$(tree | grep -c '^x\{200\}$')" = 1 ]
	[ "$(tree | grep -c '^\(%2F\)\{60\}%-[0-9a-f]\{16\}$')" = 1 ]
	rm s
	tree >before
	python3 -c 'print("k"); print("x" * 5000)' | sbatch -f csv | ssink -N '{k}'
	tree | same before -
}

@test "no link is followed that a value names" {
	mkdir out elsewhere
	ln -s ../elsewhere out/a
	hits >s
	run -74 --separate-stderr ssink 'out/{class}/x.csv' <s
	[ "$stderr" = "ssink: out/a/x.csv: Not a directory" ]
	ln -s "$PWD/elsewhere/f" out/b.csv
	run -74 --separate-stderr ssink --append 'out/{class}.csv' <s
	[ "$stderr" = "ssink: out/b.csv: Too many levels of symbolic links" ]
	[ "$(tree elsewhere)" = "" ]
	# The user's own part of the pattern may be one.
	ln -s elsewhere mine
	ssink 'mine/{class}.csv' <s
	[ "$(tree elsewhere)" = $'a.csv\nb.csv' ]
	# A link in the place of the file is replaced, not followed.
	rm -r out/a
	ssink 'out/{class}.csv' <s
	[ ! -L out/b.csv ]
	[ ! -e elsewhere/f ]
}

@test "a thousand files at once, with few descriptors" {
	python3 -c 'print("k,n")
for i in range(5000): print("k%d,%d" % (i % 1000, i))' | sbatch -f csv >s
	run -0 --separate-stderr bash -c "ulimit -n 40; ssink 'o/{k}.csv' <s"
	[ "$stderr" = "" ]
	[ "$(tree o | wc -l)" = 1000 ]
	[ "$(cat o/k7.csv)" = $'k,n\nk7,7\nk7,1007\nk7,2007\nk7,3007\nk7,4007' ]
}

@test "packed files that were closed in between are whole" {
	python3 -c 'print("k,n")
for i in range(3000): print("k%d,%s" % (i % 30, "x" * 1000))' |
		sbatch -f csv >s
	bash -c "ulimit -n 36; ssink 'o/{k}.csv.gz' <s"
	for k in 0 7 29; do
		[ "$(gzip -dc "o/k$k.csv.gz" | wc -l)" = 101 ]
		[ "$(gzip -dc "o/k$k.csv.gz" | sed 1d | sort -u)" = \
			"k$k,$(printf 'x%.0s' {1..1000})" ]
	done
}

@test "the cut of frames does not show in the files" {
	gen csv 3000 5 >in.csv
	sbatch in.csv | ssink 'want/{category}.csv'
	sbatch --batch-rows 7 in.csv | ssink 'got/{category}.csv'
	diff -r want got
	[ "$(cat want/*.csv | wc -l)" = $((3000 + $(tree want | wc -l))) ]
	sbatch in.csv | ssink --roll 10K want.csv
	sbatch --batch-rows 7 in.csv | ssink --roll 10K got.csv
	for f in want.0*.csv; do same "$f" "got${f#want}"; done
}

@test "more files than --max-files is an error that publishes none" {
	printf 'k\na\nb\nc\n' | sbatch -f csv >s
	run -65 --separate-stderr ssink --max-files 2 'o/{k}.csv' <s
	[ "$stderr" = "ssink: o/c.csv: more than 2 files that are not complete; --max-files allows more" ]
	[ ! -e o ]
	ssink --max-files 3 'o/{k}.csv' <s
	[ "$(tree o)" = $'a.csv\nb.csv\nc.csv' ]
}

@test "a run that fails publishes nothing and leaves nothing" {
	hits >s
	mkdir old
	echo old >old/a.csv
	head -c -100 s >cut
	run -74 ssink 'old/{class}.csv' <cut
	[ "$(tree old)" = a.csv ]
	[ "$(cat old/a.csv)" = old ]
	run -74 ssink 'new/{date}/{class}.csv.gz' <cut
	[ ! -e new ]
	# These had their files and directories before the end.
	wide >s
	head -c -100 s >cut
	mkdir kept
	run -74 ssink 'kept/{class}/a/b.csv' <cut
	[ "$(find kept)" = kept ]
}

@test "a full disk shows none of the files" {
	python3 -c 'print("k,v")
for i in range(4000): print("%s,%0100d" % ("ab"[i > 10], i))' |
		sbatch -f csv >s
	run -74 --separate-stderr bash -c "ulimit -f 64; ssink 'o/{k}.csv' <s"
	[ "$stderr" = "ssink: o/b.csv: File too large" ]
	[ ! -e o ]
	run -74 --separate-stderr ssink --append /dev/full <s
	[ "$stderr" = "ssink: /dev/full: No space left on device" ]
}

@test "kill -9 in the middle publishes nothing" {
	mkfifo in
	wide >s
	bash -c 'exec ssink "o/{class}.csv"' <in &
	pid=$!
	exec 7>in
	head -c -100 s >&7
	until_true 5 has_temp a.csv
	kill -9 "$pid"
	exec 7>&-
	wait "$pid" || :
	run compgen -G 'o/*'
	[ "$output" = "" ]
}

@test "signals take the unfinished files along" {
	mkfifo in
	wide >s
	bash -c 'exec ssink "o/{class}.csv"' <in &
	pid=$!
	exec 7>in
	head -c -100 s >&7
	until_true 5 has_temp b.csv
	# The first only asks to drain the pipe.
	until_true 5 signalled TERM "$pid"
	wait "$pid" || status=$?
	[ "$status" = 143 ]
	exec 7>&-
	[ "$(tree o)" = "" ]
}

@test "--roll numbers files of so many rows" {
	numbers 7 >s
	run -0 --separate-stderr ssink --roll 3rows n.csv <s
	[ "$stderr" = "" ]
	[ "$(tree)" = $'n.000001.csv\nn.000002.csv\nn.000003.csv\ns' ]
	[ "$(cat n.000002.csv)" = $'n\n4\n5\n6' ]
	[ "$(cat n.000003.csv)" = $'n\n7' ]
}

@test "--roll goes on behind the numbers that are there" {
	numbers 2 >s
	touch n.000007.csv.gz n.9.csv.gz n.000009.csv n.00000x.csv.gz
	ssink --roll 1rows n.csv.gz <s
	[ "$(tree | grep gz)" = 'n.000007.csv.gz
n.000008.csv.gz
n.000009.csv.gz
n.00000x.csv.gz
n.9.csv.gz' ]
	[ "$(gzip -dc n.000009.csv.gz)" = $'n\n2' ]
	ssink --roll 1rows noext <s
	[ -e noext.000002 ]
}

@test "--roll by size ends a file with the row that reaches it" {
	numbers 9 >s
	ssink --roll 6 -N n.csv <s
	[ "$(cat n.000001.csv)" = $'1\n2\n3' ]
	[ "$(cat n.000003.csv)" = $'7\n8\n9' ]
	# One row at least, however small the bound.
	ssink --roll 1 m.csv <s
	[ "$(tree | grep -c '^m')" = 9 ]
	[ "$(cat m.000009.csv)" = $'n\n9' ]
}

@test "--roll by time publishes while no row comes" {
	mkfifo in
	sbatch -f lines -i 10ms in | ssink --roll 20ms 'o/{line}.txt' &
	exec 7>in
	echo a >&7
	until_true 5 test -e o/a.000001.txt
	echo a >&7
	until_true 5 test -e o/a.000002.txt
	[ "$(tree o)" = $'a.000001.txt\na.000002.txt' ]
	exec 7>&-
	wait
	[ "$(cat o/a.000002.txt)" = $'line\na' ]
}

@test "rolled files of a pattern have a number each" {
	hits >s
	ssink --roll 1rows 'r/{class}.csv' <s
	[ "$(tree r)" = $'a.000001.csv\na.000002.csv\na.000003.csv\nb.000001.csv' ]
}

@test "--append writes names into an empty file only" {
	numbers 2 >s
	run -0 --separate-stderr ssink --append n.csv <s
	ssink --append n.csv <s
	[ "$(cat n.csv)" = $'n\n1\n2\n1\n2' ]
	[ "$stderr" = "" ]
	ssink --append 'p/{n}.csv' <s
	ssink --append 'p/{n}.csv' <s
	[ "$(cat p/1.csv)" = $'n\n1\n1' ]
	ssink --append n.csv.gz <s
	ssink --append n.csv.gz <s
	gzip -dc n.csv.gz | same - n.csv
	run -74 --separate-stderr ssink --append no/n.csv <s
	[ "$stderr" = "ssink: no/n.csv: No such file or directory" ]
}

@test "--append mends a line that was cut" {
	numbers 1 >s
	printf 'n\n12' >n.csv
	run -0 --separate-stderr ssink --append n.csv <s
	[ "$stderr" = "ssink: n.csv: its last line had no end, and got one" ]
	[ "$(cat n.csv)" = $'n\n12\n1' ]
}

@test "--append shows rows at once, and SIGHUP opens the file anew" {
	mkfifo in
	mkfifo stream
	bash -c 'exec ssink --append out.csv' <stream &
	pid=$!
	sbatch -f lines in >stream &
	exec 7>in
	echo a >&7
	until_true 5 grep -q a out.csv
	mv out.csv out.csv.1
	kill -HUP "$pid"
	until_true 5 test -e out.csv
	echo b >&7
	until_true 5 grep -q b out.csv
	exec 7>&-
	wait
	[ "$(cat out.csv.1)" = $'line\na' ]
	[ "$(cat out.csv)" = $'line\nb' ]
}

@test "what is appended to may be moved away while it is closed" {
	mkfifo in
	sbatch -f lines in | (
		ulimit -n 36
		ssink -N --append 'out/{line}.txt'
	) &
	pid=$!
	exec 7>in
	seq 20 >&7
	until_true 5 test -s out/20.txt
	mv out/1.txt moved
	exec 7>&-
	wait "$pid"
	[ "$(cat moved)" = 1 ]
	[ ! -e out/1.txt ]
	cat out/*.txt | sort -n | diff <(seq 2 20) -
}

@test "what does not go together is refused with 64" {
	numbers 1 >s
	for case in \
		"-f table {n}.txt|-f table goes to one file as a whole, not to a pattern, --roll or --append" \
		"{n}.mill|-f frames goes to one file as a whole, not to a pattern, --roll or --append" \
		"--append|--append needs a file; the shell appends standard output: ssink >>FILE" \
		"--roll 1h|--roll needs a file" \
		"--roll 1h --append x|--append does not go with --roll" \
		"--roll 5x x|--roll: 5x is no bound; write 100M, 1000000rows or 1h" \
		"--roll 0rows x|--roll: 0rows is no bound; write 100M, 1000000rows or 1h" \
		"--max-files 0 x|--max-files: 0 is not in 1..1000000" \
		"{n|{n: '{' without a name and '}'; write {{ for the character" \
		"{}x|{}x: '{' without a name and '}'; write {{ for the character" \
		"x}|x}: '}' without '{'; write }} for the character" \
		"%Q.csv|%Q.csv: %Q is no part of a date; write %% for the character" \
		"{n}/|{n}/: it names a directory" \
		"{m}.csv|{m}.csv: {m}: no such column; there are n, and date, hour, batch, epoch, part"; do
		read -ra args <<<"${case%%|*}"
		run -64 --separate-stderr ssink "${args[@]}" <s
		[ "$output" = "" ]
		[ "$stderr" = "ssink: ${case#*|}" ]
	done
	run -65 --separate-stderr ssink '{date}.csv' <s
	[ "$stderr" = "ssink: {date}.csv: the date of a row is its event time, and the stream has none; write sbatch -t COLUMN" ]
	[ "$(tree)" = s ]
}
