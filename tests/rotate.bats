# SPDX-License-Identifier: ISC
# Rotated logs: at rest as one set, and followed, whatever rotation does.

# shellcheck disable=SC2030,SC2031 # source does not outlive its test
# shellcheck disable=SC2317 # until_true calls these functions
# shellcheck disable=SC2154 # bats sets stderr

load helper
load following

# Follow sources in the background; rows appear in out.mill, messages in err.
follow() {
	sbatch -F "$@" >out.mill 2>err &
	source=$!
	until_true 5 test -s out.mill
}

@test "a rotated set is one part, oldest first, in whatever order it is given" {
	echo e >log
	echo d >log.1
	echo c | gzip >log.2.gz
	echo b | gzip >log.3.gz
	echo a | gzip >log.10.gz
	echo x >log.txt
	for order in 'log log.1 log.10.gz log.2.gz log.3.gz' \
		'log.3.gz log.10.gz log log.2.gz log.1'; do
		# shellcheck disable=SC2086 # several names
		run -0 bash -c 'sbatch --source s "$@" | ssink -N' - $order
		[ "$output" = $'a\tlog\nb\tlog\nc\tlog\nd\tlog\ne\tlog' ]
	done
	# The pattern is sbatch's or the shell's; what does not belong is a part.
	run -0 bash -c 'sbatch --source s "log*" | ssink -N | tail -2'
	[ "$output" = $'e\tlog\nx\tlog.txt' ]
	sbatch log* >s.mill
	run -0 bash -c 'python3 "$TOP/tests/decode.py" <s.mill | grep -c "\[\"open"'
	[ "$output" = 2 ]
}

@test "dates in names order a set, and without the log itself it is one, too" {
	echo a >x.log-20251230
	echo b | gzip >x.log-20251231.gz
	echo c >x.log-2026010112
	run -0 bash -c 'sbatch --source s x.log-2026* x.log-2025* | ssink -N'
	[ "$output" = $'a\tx.log\nb\tx.log\nc\tx.log' ]
	# Numbers and dates together: the time of the last change says.
	echo d >x.log.1
	touch -d 2025-12-30T12:00:00Z x.log-20251230
	touch -d 2025-12-31T12:00:00Z x.log.1
	touch -d 2026-01-01T12:00:00Z x.log-20251231.gz
	touch -d 2026-01-02T12:00:00Z x.log-2026010112
	run -0 bash -c 'sbatch x.log* | ssink -N'
	[ "$output" = $'a\nd\nb\nc' ]
}

@test "a bad last line is told of by the name of its file" {
	printf 'n\n1\nx' >log.2
	printf 'n\n2\n' >log.1
	printf 'n\n3\n' >log
	for jobs in 1 2; do
		run -65 --separate-stderr sbatch -j "$jobs" -f csv -c n:int 'log*'
		[ "$stderr" = "sbatch: log.2:3:1: n: x is no int" ]
	done
	printf 'n\n1\nx\n' >log.2
	run -65 --separate-stderr sbatch -j 2 -f csv -c n:int 'log*'
	[ "$stderr" = "sbatch: log.2:3:1: n: x is no int" ]
}

@test "names that only look rotated are parts of their own" {
	for n in part.0001 part.0002 d-2025.csv d-2026.csv y-20260101.csv; do
		printf 'h\n%s\n' "$n" >"$n"
	done
	run -0 bash -c 'sbatch -f csv --source s -- p* d* y* | ssink -N | cut -f 2'
	[ "$output" = $'part.0001\npart.0002\nd-2025.csv\nd-2026.csv\ny-20260101.csv' ]
	# Sets of two folders, and of two names given, are two.
	mkdir a b
	for f in a/log a/log.1 b/log b/log.1; do echo "$f" >$f; done
	run -0 bash -c 'sbatch --source s */log* | ssink -N | cut -f 2 | uniq'
	[ "$output" = $'a/log\nb/log' ]
	run -0 bash -c 'sbatch --source s x=a/log x=a/log.1 y=b/log | ssink -N'
	[ "$output" = $'a/log.1\tx\na/log\tx\nb/log\ty' ]
}

@test "what is in a set twice is read once" {
	seq 1 5 >log.2
	gzip -k log.2
	seq 6 9 >log.1
	ln log.1 log
	run -0 bash -c 'sbatch log* | ssink -N | tr "\n" " "'
	[ "$output" = "1 2 3 4 5 6 7 8 9 " ]
	# gzip has not finished yet.
	head -c 12 log.2.gz >part
	mv part log.2.gz
	run -0 bash -c 'sbatch log* | ssink -N | tr "\n" " "'
	[ "$output" = "1 2 3 4 5 6 7 8 9 " ]
	# Alike at the start is not the same.
	seq 1 7 | gzip >log.2.gz
	run -0 bash -c 'sbatch log* | ssink -N | wc -l'
	[ "$output" = 16 ]
}

@test "each file of a set has its header, and messages name the file" {
	printf 'a,b\n1,2\n' | gzip >x.csv.2.gz
	printf 'b,a\n4,3\n' >x.csv.1
	printf 'a,b\n5,x\n' >x.csv
	run -65 --separate-stderr bash -c 'sbatch -f csv -c a,b:int x.csv* | ssink -f csv'
	[ "$stderr" = "sbatch: x.csv:2:3: b: x is no int" ]
	printf 'a,b\n5,6\n' >x.csv
	run -0 bash -c 'sbatch -f csv -c a,b:int x.csv* | ssink -f csv'
	[ "$output" = $'a,b\n1,2\n3,4\n5,6' ]
	chmod 000 x.csv.1
	[ "$(id -u)" = 0 ] || {
		run -66 --separate-stderr bash -c 'sbatch -f csv x.csv* | ssink'
		[ "$stderr" = "sbatch: x.csv: x.csv.1: Permission denied" ]
	}
}

@test "without a header a bad first record of a later file is a bad record" {
	printf '1,1,a\n2,2,b\n' >x.log.2
	printf 'oops\n3,3,c\n' >x.log.1
	printf '4\n' >x.log
	printf '5,5,e\n1,2,3,4\n' >y.log
	: >z.log
	go() {
		sbatch -f csv -N -c 'a:int,b:int,c' --bad bad.txt "$@" |
			ssink -q -N -f csv
	}
	[ "$(go x.log* z.log y.log 2>err)" = "$(printf '%s\n' 1,1,a 2,2,b 3,3,c 5,5,e)" ]
	[ "$(cat bad.txt)" = "$(printf '%s\n' oops 4 1,2,3,4)" ]
	[ "$(tail -n 1 err)" = "sbatch: 3 of 7 records invalid, kept in bad.txt" ]
	run -65 bash -c "sbatch -f csv -N -c 'a:int,b:int,c' x.log* | ssink -q -N"
	[[ $output == *'sbatch: x.log.1:1'* ]]
}

@test "a bad first record of a rotated log is a bad record over restarts" {
	printf '1,1,a\n2,2,b\n' >x.log
	go() {
		sbatch -f csv -N -c 'a:int,b:int,c' --bad bad.txt -S d "$@" x.log |
			ssink -q -N -f csv
	}
	[ "$(go --once)" = "$(printf '%s\n' 1,1,a 2,2,b)" ]
	mv x.log x.log.1
	printf 'oops\n3,3,c\n' >x.log
	[ "$(go --once 2>err)" = 3,3,c ]
	[ "$(tail -n 1 err)" = "sbatch: 1 of 4 records invalid, kept in bad.txt" ]
	[ "$(go --once)" = "" ]
	[ "$(cat bad.txt)" = oops ]
}

@test "at rest, rotated and followed, a log gives the same windows" {
	gen log 3000 7 | grep . >all
	head -1000 all | gzip >log.2.gz
	sed -n 1001,2200p all >log.1
	tail -n +2201 all >log
	reduce() {
		sbatch -f combined "$@" | swindow 1h --late 1m |
			sreduce -k status 'count(), sum(bytes)' | ssink
	}
	reduce all >want 2>err0
	[ "$(wc -l <want)" -gt 3 ]
	reduce log* >got 2>err1
	same want got
	same err0 err1
	mkdir live
	sbatch -F -f combined live/log >out.mill 2>err &
	source=$!
	until_true 5 test -s out.mill
	gzip -dc log.2.gz >live/log
	mv live/log live/log.1
	cat log.1 >live/log
	mv live/log.1 live/log.2
	mv live/log live/log.1
	cat log >live/log
	all_there() { [ "$(ssink -N <out.mill 2>/dev/null | wc -l)" = 3000 ]; }
	until_true 10 all_there
	stop
	swindow 1h --late 1m <out.mill 2>/dev/null |
		sreduce -k status 'count(), sum(bytes)' | ssink >got
	same want got
}

@test "-F with a set reads it, oldest first, and then follows" {
	echo c >log
	echo b >log.1
	echo a | gzip >log.2.gz
	follow log.1 log log.2.gz
	until_true 5 rows_are a b c
	echo d >>log
	until_true 5 rows_are a b c d
	mv log.1 log.2
	mv log log.1
	echo e >log
	until_true 5 rows_are a b c d e
	stop
	[ ! -s err ]
	# One part, named after the log.
	run -0 bash -c 'python3 "$TOP/tests/decode.py" <out.mill | grep "open"'
	[[ $output == *'["open", "log"]' ]]
	[ "$(wc -l <<<"$output")" = 1 ]
}

@test "a log rotated while its set is still being read is read once" {
	seq 1 200000 >log.1
	seq 200001 200010 >log
	mkfifo pipe
	sbatch -F log log.1 >pipe 2>err &
	source=$!
	exec 7<pipe
	opened() { readlink "/proc/$source/fd/"* | grep -q 'log\.1$'; }
	until_true 5 opened
	# Nobody reads from the pipe, so most of log.1 is not read yet.
	mv log.1 log.2
	mv log log.1
	echo 200011 >log
	ssink -N <&7 >out &
	all_there() { [ "$(wc -l <out)" -ge 200011 ]; }
	until_true 5 all_there
	stop
	seq 1 200011 >want
	same want out
	[ ! -s err ]
}

@test "files that were rotated and compressed unseen are unpacked" {
	echo a >log
	follow log
	until_true 5 rows_are a
	kill -STOP "$source"
	echo b >>log
	mv log log.1
	echo c >log
	mv log.1 log.2
	gzip log.2
	mv log log.1
	gzip log.1
	echo d >log
	kill -CONT "$source"
	until_true 5 rows_are a b c d
	mv log log.0
	gzip log.0
	echo e >log
	until_true 5 rows_are a b c d e
	stop
	[ ! -s err ]
}

@test "a file that was read and is compressed later is not read again" {
	seq 1 400 >log.1
	echo a >log
	follow log
	until_true 5 rows_are a
	gzip log.1 # old, and stays so
	mv log.1.gz log.2.gz
	mv log log.1
	echo b >log
	until_true 5 rows_are a b
	gzip log.1 # was read
	mv log.2.gz log.3.gz
	mv log.1.gz log.2.gz
	mv log log.1
	echo c >log
	until_true 5 rows_are a b c
	stop
	rows_are a b c
	[ ! -s err ]
}

@test "what copytruncate copied before it was read is read from the copy" {
	printf '%s\n' a b >log
	follow log
	until_true 5 rows_are a b
	kill -STOP "$source"
	printf 'c\npart' >>log
	cp log log.1
	printf 'ly\nd\n' >log
	kill -CONT "$source"
	until_true 5 rows_are a b c part ly d
	said "log: truncated after byte 4 (time 1), reading its copy to the end and it from the start"
	# Packed at once, too.
	kill -STOP "$source"
	echo e >>log
	mv log.1 log.2
	gzip -c log >log.1.gz
	echo f >log
	kill -CONT "$source"
	until_true 5 rows_are a b c part ly d e f
	stop
	rows_are a b c part ly d e f
	[ "$(wc -l <err)" = 2 ]
}

@test "a truncation without a copy is told of, with the place and a count" {
	seq 100 >log
	follow log
	all_there() { [ "$(rows | wc -l)" = "$1" ]; }
	until_true 5 all_there 100
	# What is written and truncated away between two looks is the gap.
	kill -STOP "$source"
	seq 101 200 >>log
	echo 201 >log
	kill -CONT "$source"
	until_true 5 all_there 101
	said "log: truncated after byte 292 (time 1), reading it from the start"
	stop
}

@test "a new file with the inode number of an old one is read" {
	echo a >log
	follow log
	until_true 5 rows_are a
	want=a
	for i in 1 2 3 4 5; do
		rm -f log.1
		mv log log.1
		echo "$i" >log
		want="$want $i"
		# shellcheck disable=SC2086 # several words
		until_true 5 rows_are $want
	done
	rm log.1 log
	echo z >log
	# shellcheck disable=SC2086 # several words
	until_true 5 rows_are $want z
	stop
	[ ! -s err ]
}

@test "the log's name may be a link to the dated file that is written" {
	for how in -s ''; do
		rm -f log* out.mill
		echo a >log.2026-11-27
		# shellcheck disable=SC2086 # an option, or none
		ln $how log.2026-11-27 log
		follow log
		until_true 5 rows_are a
		echo b >>log
		echo c >log.2026-11-28
		# shellcheck disable=SC2086
		ln $how -f log.2026-11-28 log
		until_true 5 rows_are a b c
		echo d >>log
		until_true 5 rows_are a b c d
		stop
		rows_are a b c d
	done
}

@test "more events than the kernel keeps lose no file" {
	echo a >log
	follow log
	until_true 5 rows_are a
	kill -STOP "$source"
	python3 - <<-'EOF'
		import os
		# The queue holds 16384 events unless told otherwise.
		for i in range(9000):
		    open("f%d" % i, "w").close()
		    os.unlink("f%d" % i)
		for i in range(3):
		    with open("log", "a") as f:
		        f.write("x%d\n" % i)
		    os.rename("log", "log-2026010%d" % (i + 1))
		open("log", "w").write("end\n")
	EOF
	kill -CONT "$source"
	until_true 5 rows_are a x0 x1 x2 end
	stop
	[ ! -s err ]
}

@test "a directory that cannot be looked at is told of once, then read again" {
	mkdir logs
	echo a >logs/log
	follow logs/log
	until_true 5 rows_are a
	# Not a directory meanwhile: what came in it is read when it is back.
	mv logs away
	echo b >away/log.new
	mv away/log away/log.1
	mv away/log.new away/log
	echo "in the way" >logs
	until_true 5 said "logs/: Not a directory"
	rm logs
	mv away logs
	until_true 5 rows_are a b
	stop
	[ "$(wc -l <err)" = 1 ]
}

@test "the end of what is followed fails where its directory cannot be seen" {
	mkdir logs
	echo a >logs/log
	follow logs/log
	until_true 5 rows_are a
	mv logs away
	echo "in the way" >logs
	until_true 5 said "logs/: Not a directory"
	kill -TERM "$source"
	wait "$source" || status=$?
	[ "$status" = 74 ]
	said "logs/: Not a directory"
	rows_are a
}
