# SPDX-License-Identifier: ISC
# sbatch -j: the same as without, and no process is left behind.

load helper

# Who is alive of this test's processes that carry the mark, by pid.
marked() {
	local file
	for file in $(grep -lsz "^MARK=$BATS_TEST_TMPDIR\$" /proc/[0-9]*/environ); do
		file=${file%/environ}
		ended "${file#/proc/}" || echo "${file#/proc/}"
	done
}

nobody() {
	[ -z "$(marked)" ]
}

# A sbatch with workers that waits for its reader, fd 9.  Sets pid.
start_waiting() {
	seq 2000000 >lines
	rm -f out
	mkfifo out
	MARK=$BATS_TEST_TMPDIR setsid sbatch -j 3 -f lines lines >out 2>err 9<&- &
	pid=$!
	exec 9<out
	has_workers() { [ "$(marked | wc -l)" -eq 3 ]; }
	until_true 20 has_workers
}

# The workers of pid.
workers() {
	marked | grep -vx "$pid"
}

ended_with() {
	local rc=0
	wait "$pid" || rc=$?
	[ "$rc" -eq "$1" ]
	until_true 20 nobody
}

@test "any number of processes gives the bytes of one, in every format" {
	python3 "$TOP/tests/parallel.py" formats "$RANDOM"
}

@test "so it does with long records, records of several lines and hardly any" {
	python3 "$TOP/tests/parallel.py" records "$RANDOM"
}

@test "bad records are found, told and kept as by one process" {
	python3 "$TOP/tests/parallel.py" bad "$RANDOM"
}

@test "frames, batches and ranges are cut as by one process" {
	python3 "$TOP/tests/parallel.py" options "$RANDOM"
}

@test "files, rotated logs and a pipe are read as by one process" {
	python3 "$TOP/tests/parallel.py" sources "$RANDOM"
}

@test "any options and sources together give the bytes of one process" {
	python3 "$TOP/tests/parallel.py" mixes "$RANDOM"
}

@test "what came before a fault of the source comes out as by one process" {
	python3 "$TOP/tests/parallel.py" faults "$RANDOM"
}

@test "a pause of the input is not its end, however full a block is" {
	python3 "$TOP/tests/parallel.py" stalls "$RANDOM"
}

@test "-j wants a number of processes" {
	for n in 0 -1 x 65 2.5 99999999999999999999 ''; do
		run -64 --separate-stderr sbatch -j "$n" in
		[ "$stderr" = "sbatch: --jobs: '$n' is none of 1..64; write a number of processes, or auto" ]
	done
	seq 3 >in
	[ "$(sbatch -j auto -f lines in | ssink -N)" = $'1\n2\n3' ]
}

@test "rows from a pipe do not wait for a block of them" {
	seq 300000 >lines
	mkfifo in
	MARK=$BATS_TEST_TMPDIR sbatch -j 3 -f lines in >out.mill 9>&- &
	pid=$!
	exec 9>in
	cat lines >&9
	echo last >&9
	has_last() { ssink -f tsv <out.mill 2>/dev/null | grep -qx last; }
	until_true 20 has_last
	exec 9>&-
	ended_with 0
	ssink -N <out.mill >got
	echo last >>lines
	cmp lines got
}

@test "a worker that dies ends the stream with an error that names it" {
	start_waiting
	victim=$(workers | head -1)
	kill -9 "$victim"
	cat <&9 >out.mill
	ended_with 74
	[[ $(cat err) =~ ^"sbatch: -j: worker "[12]" of 2 (process $victim) was ended by SIGKILL"$ ]]
	run -74 ssink -q -N <out.mill
}

@test "all workers can die" {
	start_waiting
	# shellcheck disable=SC2046 # a list of numbers
	kill -9 $(workers)
	cat <&9 >out.mill
	ended_with 74
	[[ $(cat err) == "sbatch: -j: worker "[12]" of 2 "* ]]
}

@test "workers end with a sbatch that is killed" {
	start_waiting
	kill -9 "$pid"
	# Nobody else holds the pipe, or this would wait.
	cat <&9 >out.mill
	ended_with 137
}

@test "a signal ends sbatch and its workers, from the terminal, too" {
	for sig in INT:130 TERM:143; do
		start_waiting
		kill "-${sig%:*}" -- "-$pid"
		cat <&9 >out.mill
		ended_with "${sig#*:}"
		[ "$(cat err)" = "sbatch: stopped by SIG${sig%:*} before the end of the input" ]
	done
}

@test "workers end when the reader has gone" {
	seq 2000000 >lines
	run bash -c "MARK=$BATS_TEST_TMPDIR sbatch -j 3 -f lines lines |
		head -c 300000 >/dev/null; echo \${PIPESTATUS[0]}"
	[ "$output" = 141 ]
	until_true 20 nobody
}

@test "workers hold nothing of their sbatch open" {
	start_waiting
	# Its jobs, what is done, and standard error, once it has begun.
	holds_three() { [ "$(find "/proc/$1/fd" -mindepth 1 | wc -l)" -eq 3 ]; }
	for w in $(workers); do
		until_true 20 holds_three "$w"
		[ "$(readlink "/proc/$w/fd/2")" = "$PWD/err" ]
	done
	cat <&9 >out.mill
	ended_with 0
	cmp lines <(ssink -N <out.mill)
}

# forks OPTION...: how many processes sbatch -j 4 starts to read lines.
forks() {
	set -o pipefail
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e signal=none \
		-e trace=clone,clone3,fork,vfork -o calls \
		sbatch -j 4 -f lines "$@" lines | ssink -q -N >/dev/null || return
	wc -l <calls
}

@test "where order of arrival matters there is one process" {
	seq 400000 >lines
	for opts in '-n 300000' '--batch-bytes 1M' '--rate 100000000/s' '-S state' \
		'-m -c line:time(s) -t line'; do
		# shellcheck disable=SC2086 # options
		[ "$(forks $opts)" -eq 0 ]
	done
	[ "$(forks)" -eq 3 ]
}

@test "workers that cannot be started are an error, and leave nobody" {
	seq 400000 >lines
	for n in 1 3; do
		run -71 --separate-stderr env MARK="$BATS_TEST_TMPDIR" \
			ASAN_OPTIONS=detect_leaks=0 strace -qq -e signal=none -o calls \
			-e trace=clone,clone3,fork -e inject=clone,clone3,fork:error=EAGAIN:when=$n \
			sbatch -j 4 -f lines lines
		[ "$stderr" = "sbatch: -j: the workers cannot be started: Resource temporarily unavailable" ]
		nobody
	done
}

@test "more processes than there may be open files are refused" {
	seq 400000 >lines
	run -64 --separate-stderr bash -c 'ulimit -n 60; sbatch -j 64 -f lines lines'
	[ "$stderr" = "sbatch: -j 64 needs 82 open files, ulimit -n allows 60" ]
	# With as many as it says there are enough, also with more to open.
	gzip <lines >lines.1.gz
	run -0 --separate-stderr bash -c 'ulimit -n 22
		sbatch -j 4 -f lines --bad rejected "lines*" x=lines | ssink -N | tail -1'
	[ "$output" = 400000 ]
	[ -z "$stderr" ]
}

@test "what the workers say cannot be read" {
	seq 400000 >lines
	export ASAN_OPTIONS=detect_leaks=0
	strace -qq -e trace=read -o calls sbatch -f lines lines >want
	n=$(wc -l <calls)
	run -74 --separate-stderr bash -c "strace -qq -o calls -e trace=read \
		-e inject=read:error=EIO:when=$((n + 1))+ sbatch -j 2 -f lines lines >out"
	[ "$stderr" = "sbatch: -j: the workers: Input/output error" ]
}

@test "workers start when standard streams are closed" {
	seq 400000 >lines
	sbatch -j 2 -f lines lines <&- | ssink -N >got
	cmp lines got
	sbatch -j 2 -f lines lines <&- 2>&- | ssink -N >got
	cmp lines got
}

@test "batches of an interval have the rows that come, in order" {
	seq 400000 >lines
	sbatch -j 3 -i 1ms -f lines lines | ssink -N >got
	cmp lines got
}

# What two runs at once take from each other the machine takes, not -j.
# bats test_tags=time
@test "two processes parse grok 1.6 times as fast as one, or as two may" {
	gen log 200000 >a.log
	python3 - <<-'EOF'
		import subprocess, sys, time
		alone = ("sbatch -j %d -f 'grok:%%{COMBINEDAPACHELOG}' a.log |"
		         " sreduce 'count()' >out.%d")
		best = {}
		for round in range(40):
		    for name, jobs in ("one", [1]), ("two", [2]), ("apart", [1, 1]):
		        start = time.monotonic()
		        runs = [subprocess.Popen(alone % (j, i), shell=True)
		                for i, j in enumerate(jobs)]
		        if any([run.wait() for run in runs]):
		            sys.exit("a run failed")
		        took = time.monotonic() - start
		        best[name] = min(took, best.get(name, took))
		    gain = best["one"] / best["two"]
		    may = 2 * best["one"] / best["apart"]
		    if gain >= 1.6 or round >= 9 and gain >= 0.8 * may:
		        break
		print("# -j 2: %.2f times as fast; two runs at once: %.2f" % (gain, may))
		sys.exit(gain < min(1.6, 0.8 * may))
	EOF
}
