# SPDX-License-Identifier: ISC
# sbatch -F: one file followed by name over rotation, truncation and absence.

# shellcheck disable=SC2016 # what bash -c is given is expanded there
# shellcheck disable=SC2030,SC2031 # source does not outlive its test
# shellcheck disable=SC2317 # until_true calls these functions
# shellcheck disable=SC2154 # bats sets stderr

load helper
load following

# Follow log in the background; rows appear in out.mill, messages in err.
follow() {
	sbatch -F "$@" log >out.mill 2>err &
	source=$!
	# HEAD and the mark of the part: the file was looked for.
	until_true 5 test -s out.mill
}

@test "several files are followed at once, each a part" {
	printf '1\n2\n' >log
	printf 'x\n' >other
	sbatch -F --source src log other new >out.mill 2>err &
	source=$!
	pairs() {
		[ "$(python3 "$TOP/tests/decode.py" <out.mill 2>/dev/null |
			sed -n 's/^\["\(.*\)", "\(.*\)", \(.\)\]$/\1\2\3/p' |
			sort | tr '\n' ' ')" = "$* " ]
	}
	until_true 5 pairs 1log1 2log1 xother2
	echo y >>other
	echo z >new
	echo 3 >>log
	until_true 5 pairs 1log1 2log1 3log1 xother2 yother2 znew3
	mv other other.1
	echo w >other
	until_true 5 pairs 1log1 2log1 3log1 wother2 xother2 yother2 znew3
	stop
	said "new: is not there, waiting for it"
	[ "$(wc -l <err)" = 1 ]
	python3 "$TOP/tests/decode.py" <out.mill | grep -c '^MARK' >n
	[ "$(cat n)" = 7 ] # three opens, three closes, eof
}

@test "what is there and what is appended is read, until a signal" {
	printf 'a\nb\n' >log
	follow
	until_true 5 rows_are a b
	echo c >>log
	until_true 5 rows_are a b c
	stop
	[ ! -s err ]
	python3 "$TOP/tests/decode.py" <out.mill >frames
	grep -q '^HEAD .*"flags": 3' frames # endless, many batches
	grep -q '^MARK .* part=1 .*\["open", "log"\]' frames
	grep -q '^MARK .*\["eof", ""\]' frames
	tail -1 frames | grep -q '^END .*\["stop", '
	tail -2 frames | grep -q '^ROWS flags=9 ' # LAST, with a checksum
}

@test "SIGINT ends it as well" {
	echo a >log
	# A background job of a script ignores SIGINT; python restores it.
	python3 -c 'import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp("sbatch", ["sbatch", "-F", "log"])' >out.mill 2>err &
	source=$!
	until_true 5 rows_are a
	kill -INT "$source"
	wait "$source"
	[ ! -s err ]
}

@test "what was written before the signal is read, rotated or not" {
	: >log
	follow
	for i in 1 2 3 4 5 6; do
		printf '%s\n' "a$i" "b$i" >>log
		# Of files of one tick of the clock the numbers tell the order.
		mv log "log.$((7 - i))"
	done
	echo end >log
	stop
	rows_are a1 b1 a2 b2 a3 b3 a4 b4 a5 b5 a6 b6 end
}

# bats test_tags=long
@test "what was written before the signal is read, however slow that is" {
	echo a1 >log
	# Each read takes longer than all of them may.
	strace -D -qq -o /dev/null -e trace=pread64 \
		-e inject=pread64:delay_enter=1100000 \
		sbatch -F log >out.mill 2>err &
	source=$!
	until_true 10 rows_are a1
	kill -STOP "$source"
	for i in 2 3; do
		mv log "log.$((4 - i))"
		echo "a$i" >log
	done
	kill -TERM "$source"
	kill -CONT "$source"
	wait "$source"
	rows_are a1 a2 a3
}

@test "an unterminated last line waits for its end" {
	printf 'a\nb' >log
	follow
	until_true 5 rows_are a
	printf 'c\nd' >>log
	until_true 5 rows_are a bc
	stop
	rows_are a bc
}

@test "after a rename the old file is read to its end, then the new one" {
	echo a >log
	follow
	until_true 5 rows_are a
	exec 7>>log
	mv log log.1
	echo b >&7 # the writer was not told yet
	printf c >&7
	until_true 5 rows_are a b
	echo d >log
	exec 7>&-
	# The unterminated line counts once its file is rotated away.
	until_true 5 rows_are a b c d
	stop
	[ ! -s err ]
}

@test "files rotated away between two looks are read, oldest first" {
	echo a >log
	follow
	until_true 5 rows_are a
	kill -STOP "$source"
	mv log log.1
	echo b >log
	mv log.1 log.2
	mv log log.1
	echo c >log
	mv log.2 log.3
	mv log.1 log.2
	mv log log.1
	echo d >log
	kill -CONT "$source"
	until_true 5 rows_are a b c d
	# And again, by date, with the middle one gone from its first name.
	kill -STOP "$source"
	echo e >>log
	mv log log-20260101
	echo f >log
	mv log log-20260102
	kill -CONT "$source"
	until_true 5 rows_are a b c d e f
	echo g >log
	until_true 5 rows_are a b c d e f g
	stop
	[ ! -s err ]
}

@test "siblings that are there at the start are not read" {
	echo old >log.1
	echo older >log.2
	echo a >log
	follow
	until_true 5 rows_are a
	mv log.2 log.3
	mv log.1 log.2
	mv log log.1
	echo b >log
	until_true 5 rows_are a b
	# What is no rotated sibling is never read.
	echo x >log.txt
	echo x >log1
	echo x >alog.1
	mv log log.0
	echo c >log
	until_true 5 rows_are a b c
	stop
}

@test "a truncated file is reported, counted, and read from its start" {
	printf '%s\n' a b c >log
	follow
	until_true 5 rows_are a b c
	printf 'd\n' >log
	until_true 5 rows_are a b c d
	said "log: truncated after byte 6 (time 1), reading it from the start"
	: >log
	said_twice() {
		said "log: truncated after byte 2 (time 2), reading it from the start"
	}
	until_true 5 said_twice
	echo e >>log
	until_true 5 rows_are a b c d e
	stop
	[ "$(wc -l <err)" = 2 ]
}

@test "a truncation that was outgrown is seen by what stands there" {
	printf '%s\n' a b c >log
	follow
	until_true 5 rows_are a b c
	kill -STOP "$source"
	printf '%s\n' d e f g h >log
	kill -CONT "$source"
	until_true 5 rows_are a b c d e f g h
	said "log: truncated after byte 6 (time 1), reading it from the start"
	stop
}

@test "the copy that copytruncate leaves is not read again" {
	printf '%s\n' a b >log
	follow
	until_true 5 rows_are a b
	cp log log.1
	: >log
	echo c >>log
	until_true 5 rows_are a b c
	mv log.1 log.2
	mv log log.1
	echo d >log
	until_true 5 rows_are a b c d
	stop
	rows_are a b c d
}

@test "a file that is deleted and made again is read from its start" {
	echo a >log
	follow
	until_true 5 rows_are a
	rm log
	echo b >log
	until_true 5 rows_are a b
	rm log
	echo c >log
	until_true 5 rows_are a b c
	stop
	[ ! -s err ]
}

@test "a file that is missing is waited for, and that is said once" {
	follow
	until_true 5 said "log: is not there, waiting for it"
	echo a >log
	until_true 5 rows_are a
	stop
	[ "$(wc -l <err)" = 1 ]
	# The same in a folder that does not exist yet.
	sbatch -q -F new/log >out.mill 2>err &
	source=$!
	until_true 5 test -s out.mill
	mkdir new
	echo b >new/log
	until_true 5 rows_are b
	stop
	[ ! -s err ]
}

@test "a signal while the file is missing ends an empty stream" {
	follow
	stop
	python3 "$TOP/tests/decode.py" <out.mill | tail -1 |
		grep -q '^END .*"stop"'
}

@test "the columns of a csv file are read again after each rotation" {
	printf 'a,b\n1,2\n' >log
	sbatch -F -f csv -c a,b log >out.mill 2>err &
	source=$!
	csv_rows() {
		[ "$(python3 "$TOP/tests/decode.py" <out.mill 2>/dev/null |
			grep '^\[' | tr -d '\n')" = "$1" ]
	}
	until_true 5 csv_rows '["1", "2"]'
	mv log log.1
	printf 'b,a\n3,4\n' >log
	until_true 5 csv_rows '["1", "2"]["4", "3"]'
	# A file rotated away empty is no error.
	mv log log.2
	: >log
	mv log log.3
	printf 'a,b\n5,6\n' >log
	until_true 5 csv_rows '["1", "2"]["4", "3"]["5", "6"]'
	stop
	[ ! -s err ]
}

@test "bad records are skipped, three of them shown" {
	printf '%s\n' n 1 x 2 y z w 3 >log
	sbatch -F -f csv -c n:int log >out.mill 2>err &
	source=$!
	seen() { grep -q ' invalid=4 ' <(python3 "$TOP/tests/decode.py" \
		<out.mill 2>/dev/null); }
	until_true 5 seen
	stop
	cat >want <<-'EOF'
		sbatch: log:3:1: n: x is no int
		sbatch: log:5:1: n: y is no int
		sbatch: log:6:1: n: z is no int
		sbatch: 4 of 7 records invalid, skipped
	EOF
	same want err
	# Unless one is one too many.
	run -65 --separate-stderr bash -c \
		'sbatch -F -f csv -c n:int --bad stop log | cat >/dev/null
		exit "${PIPESTATUS[0]}"'
	[ "$stderr" = "sbatch: log:3:1: n: x is no int" ]
	run -65 --separate-stderr bash -c \
		'sbatch -q -F -f csv -c n:int --max-bad 3 log | cat >/dev/null
		exit "${PIPESTATUS[0]}"'
	[ "$stderr" = "sbatch: 4 of 6 records invalid, more than the 3 of --max-bad" ]
}

@test "a share of bad records is judged from the 1,000th on" {
	{ echo n && seq 500 && yes x | head -501; } >log
	run -65 --separate-stderr bash -c \
		'sbatch -q -F -f csv -c n:int --max-bad 50% log | cat >/dev/null
		exit "${PIPESTATUS[0]}"'
	[ "$stderr" = "sbatch: 501 of 1001 records invalid, more than the 50% of --max-bad" ]
}

@test "what cannot be followed is refused" {
	mkdir dir
	mkfifo fifo
	echo a | gzip >log.gz
	while IFS='|' read -r want status args; do
		# shellcheck disable=SC2086 # several words
		run "-$status" --separate-stderr bash -c \
			'sbatch -F "$@" | cat >/dev/null; exit "${PIPESTATUS[0]}"' \
			sbatch $args
		[ "$stderr" = "sbatch: $want" ]
	done <<-'EOF'
		dir: is a directory; write dir/ for the files in it|66|dir
		fifo: is no regular file|66|fifo
		'-' is no source that can be followed|66|-
		log.gz: a compressed file cannot be followed|65|log.gz
		dir: is a directory; write dir/ for the files in it|66|log dir
	EOF
}

@test "a reader that goes ends an idle follower by SIGPIPE" {
	echo a >log
	{
		sbatch -F log || echo "$?" >status
	} | head -c 1 >/dev/null &
	until_true 2 test -s status
	[ "$(cat status)" = 141 ]
	wait
}

@test "lines written in any pieces over many rotations come out as they are" {
	gen csv 3000 9 | tail -n +2 >want
	: >log
	follow -f lines
	python3 - <<-'EOF'
		import os, random
		rng, n = random.Random(5), 0
		data = open("want", "rb").read()
		out = open("log", "ab", buffering=0)
		while data:
		    size = rng.randint(1, 4000)
		    out.write(data[:size])
		    data = data[size:]
		    # Servers rotate at line ends.
		    if rng.random() < 0.2:
		        cut = data.find(b"\n") + 1
		        out.write(data[:cut])
		        data = data[cut:]
		        n += 1
		        os.rename("log", "log-2026%04d" % n)
		        out = open("log", "ab", buffering=0)
	EOF
	all_there() { [ "$(rows | wc -l)" = 3000 ]; }
	until_true 10 all_there
	stop
	ssink -N <out.mill >got
	same want got
}
