# SPDX-License-Identifier: ISC
# sfan(1): order, failures, accounts, exit statuses.

load helper
load crashed

# 3000 rows of an access log in frames of 100, in in.mill.
rows() {
	gen log 3000 >a.log
	sbatch -f combined --frame-rows 100 --batch-rows 700 a.log >in.mill
}

# fan ARG...: its output as csv, with in.mill as its input.
fan() {
	sfan "$@" <in.mill | ssink -f csv
}

# see COMMAND: what it has written, as text.
see() {
	case $1 in
	*--partial*) sreduce --merge | ssink ;;
	*) ssink -f csv ;;
	esac
}

@test "any number of workers gives what the command alone gives" {
	rows
	printf 'path,area\n/,home\n/about,words\n' >areas.csv
	while read -r cmd; do
		eval "$cmd" <in.mill >alone.mill
		see "$cmd" <alone.mill >want
		for j in 1 2 16; do
			eval "sfan -j $j -- $cmd" <in.mill >fan.mill
			python3 "$TOP/tests/decode.py" -c <fan.mill
			see "$cmd" <fan.mill >got
			cmp want got
			# The frames are the same, but for the stages in HEAD and END.
			cmp <(python3 "$TOP/tests/decode.py" <alone.mill | grep ROWS) \
				<(python3 "$TOP/tests/decode.py" <fan.mill | grep ROWS)
		done
	done <<-'ENDS'
		smap -w true
		smap -w false
		smap -w 'status = 404'
		smap -s 'path, bytes * 2 as twice, now() is null as n'
		smap -a 'upper(path) as up' --drop agent
		smap --rename path=p
		smap --sample 10%:host
		smap --explode 'split(path, "/") as piece'
		smap -p 'path=regex:^/(?<first>[a-z]*)' --bad skip
		sjoin -k path areas.csv
		sjoin --left -k path areas.csv
		sreduce --partial -k path 'count() as n, p95(bytes)'
	ENDS
}

@test "commands in the workers give the same rows" {
	# Into how many pieces an answer is cut depends on the command.
	rows
	smap -x --frame -- sed s/GET/get/ <in.mill | ssink -f csv >want
	for j in 1 2 16; do
		fan -j "$j" -- smap -x --frame -- sed s/GET/get/ >got
		same want got
	done
}

@test "raw blocks are parsed in the workers" {
	gen log 5000 >a.log
	sbatch -f combined a.log | ssink -f csv >want
	for j in 1 3; do
		sbatch -f raw a.log | sfan -j "$j" -- smap -p combined |
			ssink -f csv >got
		same want got
	done
}

@test "windows pass: the watermark comes with the last frame before it" {
	gen log 3000 >a.log
	sbatch -f combined --frame-rows 100 a.log | swindow 1m >w.mill
	smap -w 'status = 200' <w.mill |
		sreduce -k path 'count() as n' | ssink >want
	for args in '' --unordered; do
		# shellcheck disable=SC2086 # no word or one
		sfan $args -j 4 -- smap -w 'status = 200' <w.mill |
			sreduce -k path 'count() as n' | ssink >got
		same <(sort want) <(sort got)
	done
}

@test "--unordered gives the same rows and whole batches" {
	rows
	ssink -f csv <in.mill | sort >want
	for _ in 1 2 3; do
		sfan -j 4 --unordered -- smap -w true <in.mill >u.mill
		python3 "$TOP/tests/decode.py" -c <u.mill
		ssink -f csv <u.mill | sort | cmp - want
	done
	sreduce 'count() as n' <u.mill | ssink >got
	sreduce 'count() as n' <in.mill | ssink | same - got
}

@test "a frame of several pieces stays one" {
	rows
	smap --explode 'split(path, "/") as piece' <in.mill >e.mill
	smap -w 'piece <> ""' <e.mill | ssink >want
	sfan -j 3 -- smap -w 'piece <> ""' <e.mill >f.mill
	python3 "$TOP/tests/decode.py" -c <f.mill
	ssink <f.mill | cmp - want
}

@test "-v has an account of each stage inside, and a line for each worker" {
	rows
	run -0 --separate-stderr bash -c "sfan -v -j 2 -- \
		\"smap -w 'status = 200' | smap -a '1 as x'\" <in.mill | ssink -f csv -N | wc -l"
	n=$output
	[[ $stderr == *"sfan: worker 1: busy "*" frames, 0 retries, "* ]]
	[[ $stderr == *"sfan: worker 2: busy "* ]]
	awk -v n="$n" '/^sbatch/ { ok += $2 == 3000 && $7 == 3000 }
		/^smap/ && !seen++ { ok += $2 == 3000 && $3 == n && $7 == n; next }
		/^smap/ { ok += $2 == n && $7 == n }
		/^sfan  / { ok += $2 == n && $7 == n }
		END { exit ok != 4 }' <<<"$stderr"
}

@test "--worker runs different commands that do the same" {
	rows
	cat >ssh <<-'ENDS'
		#!/bin/sh
		shift
		exec sh -c "$*"
	ENDS
	chmod +x ssh
	ssink -f csv <in.mill >want
	PATH="$PWD:$PATH" fan --worker 'smap -w true' \
		--worker 'ssh two smap -w true' --worker 'ssh three smap -w true' >got
	same want got
}

@test "workers that do different things are refused before data flow" {
	seq 3 >numbers
	mkdir one two
	printf 'line,v\n1,a\n' >one/t.csv
	printf 'line,w\n1,a\n' >two/t.csv
	rule=': all must run the same stages with the same options, in one version'
	while IFS='|' read -r one two message; do
		# Who refuses has sent nothing, though rows are there.
		run -64 --separate-stderr bash -c "sbatch numbers |
			sfan --worker '${one//;/|}' --worker '${two//;/|}' |
			python3 $TOP/tests/decode.py; exit \${PIPESTATUS[1]}"
		[ "$stderr" = "sfan: worker 2 $message$rule" ]
		[ "$(cut -d ' ' -f 1 <<<"$output")" = FAIL ]
	done <<-'ENDS'
		smap -w true|smap -s line|runs smap -s line, worker 1 smap -w true
		smap -s line|smap -s line,1|runs smap -s line,1, worker 1 smap -s line
		smap -w true|smap --name x -w true|runs smap --name x -w true, worker 1 smap -w true
		smap -w true|smap -w true; smap -w true|runs smap -w true, worker 1 nothing more
		smap -w true; smap -w true|smap -w true|runs nothing more, worker 1 smap -w true
		cd one && sjoin -k line t.csv|cd two && sjoin -k line t.csv|answers with the columns line str, w str, worker 1 with line str, v str
	ENDS
}

@test "a worker that begins late is compared when it does" {
	mkfifo go
	{
		seq 3
		until_true 20 test -s out.mill
		echo >go
		until_true 20 test -s err
	} | sbatch | {
		sfan --worker 'smap -w true' --worker 'read x <go; smap -s line' \
			2>err || echo "$?" >status
	} >out.mill
	[ "$(cat status)" = 64 ]
	[ "$(cat err)" = "sfan: worker 2 runs smap -s line, worker 1 smap -w true: all must run the same stages with the same options, in one version" ]
}

@test "what is not frame-wise is refused before data flow" {
	rows
	for cmd in 'swindow 1m' 'sreduce count' 'smap --tail 1' 'smap -x -- cat' \
		'smap --dedup path'; do
		run -64 --separate-stderr sfan -j 2 -- "$cmd" <in.mill
		[ "$stderr" = "sfan: ${cmd%% *} is not frame-wise: its rows depend on frames that other workers have; put it behind sfan (swindow: before it), or reduce in two steps: sfan -j N -- sreduce --partial -k KEYS AGG | sreduce --merge" ]
	done
	run -64 --separate-stderr sfan -j 2 -- sbatch a.log <in.mill
	[ "$stderr" = "sfan: worker 1 does not answer the stream it is given: it must read standard input, such as: sfan -j 4 -- smap -w PRED" ]
}

@test "a mistake in the command is told once, with its status" {
	rows
	run -64 --separate-stderr bash -c \
		"sfan -j 4 -- smap -s nosuch <in.mill | ssink; exit \${PIPESTATUS[0]}"
	[ -z "$output" ]
	[ "$(head -1 <<<"$stderr")" = "sfan[1]: smap: -s: no column nosuch; the columns are host, ident, user, time, method, path, protocol, status, bytes, referer, agent" ]
	[ "$(grep -c nosuch <<<"$stderr")" -eq 2 ]
}

@test "bad data in a worker end the pipe with 65, behind all earlier frames" {
	seq 400 | sed 's/^350$/x/' | sbatch --frame-rows 10 >in.mill
	run -65 --separate-stderr bash -c \
		"sfan -j 3 -- smap -p line=csv -N -c v:int <in.mill | ssink -N | tail -1
			exit \${PIPESTATUS[0]}"
	[ "$output" = 340 ]
	[[ $stderr == "sfan["[123]"]: smap: -p: row:"*": v: x is no int" ]]
}

@test "of several bad records the first one of the input is told" {
	seq 400 | sed 's/^[13]50$/x&/' | sbatch --frame-rows 10 >in.mill
	# Who has x150 waits until another worker has failed.
	cat >gate <<-'ENDS'
		import os, subprocess, sys, time
		child = subprocess.Popen(
		    ["smap", "-p", "line=csv", "-N", "-c", "v:int"],
		    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
		def frame(source):
		    head = source.read(96)
		    return head + source.read(int.from_bytes(head[40:44], "little"))
		sent = frame(sys.stdin.buffer)
		while sent:
		    while b"x150" in sent and not os.path.exists("failed"):
		        time.sleep(0.01)
		    child.stdin.write(sent)
		    child.stdin.flush()
		    answer = frame(child.stdout)
		    if b"x350" in sent:
		        open("failed", "w").close()
		    os.write(1, answer)
		    if b"x150" in sent or b"x350" in sent:
		        break
		    sent = frame(sys.stdin.buffer)
	ENDS
	run -65 --separate-stderr bash -c "sfan -j 3 --once-only -- python3 gate \
		<in.mill | ssink -N | tail -1; exit \${PIPESTATUS[0]}"
	[ "$output" = 140 ]
	[[ $stderr == "sfan["[123]"]: smap: -p: row:"*": v: x150 is no int" ]]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
}

@test "a failure upstream goes on downstream" {
	printf 'a\n1\n2\nx\n' >a.csv
	run -65 --separate-stderr bash -c "sbatch -c a:int a.csv |
		sfan -j 2 -- smap -w true | ssink"
	[ "$output" = $'a\n1\n2' ]
	[ "$stderr" = "sbatch: a.csv:4:1: a: x is no int" ]
}

@test "a command that is not there" {
	rows
	run -74 --separate-stderr sfan -j 2 -- nosuch -x <in.mill
	[ "$stderr" = "sfan: worker 1 is given up: nosuch: No such file or directory
sfan: no worker is left; worker 2: nosuch: No such file or directory" ]
	run -127 --separate-stderr sfan -q -j 2 -- nosuch <in.mill
	grep -qx 'sfan: no worker is left; worker 2: it ended with status 127 before its work was done' <<<"$stderr"
}

@test "the status of a worker that ends badly is kept" {
	rows
	run -3 --separate-stderr bash -c "sfan -j 2 -- 'smap -w true; exit 3' \
		<in.mill >/dev/null"
	[[ $stderr == "sfan: worker "?" ended with status 3" ]]
}

@test "a status is taken for a signal only where there is such a signal" {
	seq 5 | sbatch >in.mill
	for n in 127 128 193 254 255; do
		run "-$n" --separate-stderr bash -c \
			"sfan -j 1 -- 'smap -w true; exit $n' <in.mill >out.mill"
		[ "$stderr" = "sfan: worker 1 ended with status $n" ]
		run "-$n" --separate-stderr sfan -q -j 1 -- "exit $n" <in.mill
		[ "$stderr" = "sfan: no worker is left; worker 1: it ended with status $n before its work was done" ]
	done
	for n in 129 192; do
		run -0 --separate-stderr bash -c \
			"sfan -j 1 -- 'smap -w true; exit $n' <in.mill >out.mill"
		[ "$stderr" = "sfan: worker 1, at the end of the stream: signal $((n - 128)) ended it; all its frames are answered" ]
		run -74 --separate-stderr sfan -q -j 1 -- "exit $n" <in.mill
		[ "$stderr" = "sfan: no worker is left; worker 1: signal $((n - 128)) ended it" ]
	done
}

# fails_late KIND LIMIT WHY: what sfan --timeout LIMIT says of a worker that fails
# so behind $cut bytes, the rows being those in want.
fails_late() {
	run -0 --separate-stderr bash -c "sfan -j 1 --timeout $2 -- \
		python3 $TOP/tests/sfan.py fault $1 $cut mark.$1 \
		'smap -w true' <in.mill >out.$1"
	[ "$stderr" = "sfan: worker 1, at the end of the stream: $3; all its frames are answered" ]
	ssink <"out.$1" | same want -
	python3 "$TOP/tests/decode.py" -c <"out.$1"
}

@test "a worker that fails at the end of the stream is told of" {
	local kind why pids=()
	rows
	ssink <in.mill >want
	sfan -j 1 -- 'smap -w true | tee answers' <in.mill >/dev/null
	cut=$(($(wc -c <answers) - 10))
	while IFS='|' read -r kind why; do
		fails_late "$kind" 60s "$why"
	done <<-'ENDS'
		kill|signal 9 ended it
		exit0|it ended with status 0 before its work was done
		garbage|bad payload checksum
		partial|it ended with status 0 before its work was done
	ENDS
	# Within the limit it must begin, too.
	while IFS='|' read -r kind why; do
		fails_late "$kind" 10s "it has not answered within 10s$why" &
		pids+=("$!")
	done <<-'ENDS'
		hang|
		stop|: it is stopped
		close|
	ENDS
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	run -3 --separate-stderr sfan -j 1 -- \
		"smap -w true | dd bs=1 count=$cut status=none; exit 3" <in.mill
	[ "$stderr" = "sfan: worker 1 ended with status 3" ]
	run -0 --separate-stderr bash -c "sfan -j 1 -- 'smap -w true; kill -9 \$\$' \
		<in.mill >out.mill"
	[ "$stderr" = "sfan: worker 1, at the end of the stream: signal 9 ended it; all its frames are answered" ]
	run -0 --separate-stderr bash -c "sfan -q -j 1 -- 'smap -w true; kill -9 \$\$' \
		<in.mill >out.mill"
	[ -z "$stderr" ]
}

@test "all that a worker says before it fails is shown" {
	rows
	# More than a pipe holds.  Who ends its output in the middle is waited
	# for no longer than a moment, so that it speaks before.
	while IFS='|' read -r at closed n; do
		run -3 --separate-stderr bash -c "sfan -q -j 1 -- \
			'smap -w true | dd bs=1 count=$at status=none
			$closed seq 13000 >&2; printf end >&2; exit 3' \
			<in.mill >/dev/null"
		[ "$(grep -c '^sfan\[1\]: end$' <<<"$stderr")" -eq "$n" ]
		[ "$(grep -c '^sfan\[1\]: [0-9]*$' <<<"$stderr")" -eq $((13000 * n)) ]
	done <<-'ENDS'
		300||3
		100000000|exec >&-;|1
	ENDS
}

@test "who still speaks behind its output is waited for" {
	rows
	speaks() {
		local rc=0
		sfan -q -j 1 -- 'smap -w true | head -c 300; exec >&-
			for i in 1 2 3 4 5 6; do sleep 0.1; echo $i >&2; done
			exit 3' <in.mill >/dev/null 2>err || rc=$?
		[ "$rc" -eq 3 ] && [ "$(grep -c '^sfan\[1\]: [1-6]$' err)" -eq 18 ]
	}
	# Each pause is one that a busy machine may make too long.
	until_true 20 speaks
}

given_up() {
	[ "$(grep -c 'is given up' err)" -eq "$1" ]
}

@test "three of four workers never begin" {
	{
		seq 100
		until_true 20 given_up 3
		seq 101 200
	} | sbatch | sfan --worker 'exit 9' --worker 'echo text' \
		--worker 'smap -w true' --worker 'kill -9 $$' 2>err | ssink -N >got
	seq 200 | same - got
	grep -qx 'sfan: worker 1 is given up: it ended with status 9 before its work was done' err
	grep -qx 'sfan: worker 4 is given up: signal 9 ended it' err
}

# A worker in the file poison, which dies of a frame with that word.
poison_worker() {
	cat >poison <<-'ENDS'
		import sys
		data = sys.stdin.buffer.read1
		out = sys.stdout.buffer
		seen = b""
		while piece := data(1 << 16):
		    seen += piece
		    if b"poison" in seen:
		        sys.exit(7)
		    out.write(piece)
		    out.flush()
	ENDS
}

@test "a frame that no worker can answer ends the pipe after three tries" {
	seq 100 | sed 's/^55$/poison/' | sbatch --frame-rows 10 >in.mill
	poison_worker
	run -7 --separate-stderr bash -c "sfan --once-only -j 2 -- python3 poison <in.mill |
		ssink -N -f csv; exit \${PIPESTATUS[0]}"
	# Once more where no sound worker has answered others meanwhile; its
	# status may come later than the end of its output.
	grep -qEx "sfan: a frame of 10 rows failed [3-9] times; worker [12]: it(s output has ended| ended with status 7 before its work was done)" \
		<<<"$stderr"
	run -0 --separate-stderr bash -c "sfan -v -j 2 --quarantine q.mill -- \
		'python3 poison | smap -w true' <in.mill | ssink -N -f csv"
	[ "$output" = "$(seq 50; seq 61 100)" ]
	grep -qx 'sfan: 1 frame of 10 rows set aside, which no worker could answer' \
		<<<"$stderr"
	awk '/^smap/ { ok = $2 == 100 && $3 == 90 && $6 == 10 && $7 == 90 }
		END { exit !ok }' <<<"$stderr"
	[ "$(ssink -N <q.mill)" = "$(seq 51 54; echo poison; seq 56 60)" ]
	python3 "$TOP/tests/decode.py" -c <q.mill
}

@test "--quarantine replaces a file only by frames, and none behind -S" {
	seq 20 | sbatch --frame-rows 10 >in.mill
	echo old >q.mill
	run -0 bash -c "sfan -j 1 --quarantine q.mill -- smap -w true <in.mill |
		ssink -N"
	[ "$output" = "$(seq 20)" ]
	[ "$(cat q.mill)" = old ]
	[ "$(find . -name '.q*' | wc -l)" = 0 ]
	seq 20 >in
	run -65 --separate-stderr bash -c "sbatch -S d --once in |
		sfan -j 1 --quarantine q.mill -- smap -w true | ssink -q"
	[ "${stderr_lines[0]}" = "sfan: --quarantine: q.mill is there already, and is not of this pipeline; move it away, or name another file" ]
	[ "$(cat q.mill)" = old ]
}

@test "--quarantine behind -S goes on over restarts, where it has frames" {
	poison_worker
	go() {
		sbatch -f lines -S d --frame-rows 1 "$@" in |
			sfan -q -j 1 --quarantine q.mill -- python3 poison |
			ssink -q -N
	}
	seq 3 >in
	[ "$(go --once)" = "$(seq 3)" ]
	[ ! -e q.mill ]
	printf '%s\n' 4 poison1 5 >>in
	[ "$(go --once)" = "$(seq 4 5)" ]
	# The data have not ended.
	run -74 --separate-stderr ssink -N <q.mill
	[ "$output" = poison1 ]
	millrace dump d 01-sfan |
		grep -qx "rows in 6, used 5, filtered 0, late 0, invalid 1, out 5"
	printf '%s\n' 6 poison2 >>in
	[ "$(go)" = 6 ]
	[ "$(ssink -N <q.mill)" = "$(printf '%s\n' poison1 poison2)" ]
	python3 "$TOP/tests/decode.py" -c <q.mill
	# Without new rows it stays as it is.
	cp q.mill keep
	[ "$(go)" = "" ]
	cmp q.mill keep
	# One that was taken away comes again with the next frame.
	rm q.mill
	echo 7 >>in
	[ "$(go)" = 7 ]
	[ ! -e q.mill ]
	echo poison3 >>in
	[ "$(go)" = "" ]
	[ "$(ssink -N <q.mill)" = poison3 ]
	cp keep q.mill
	echo poison4 >>in
	run -65 --separate-stderr go
	[[ ${stderr_lines[0]} == "sfan: --quarantine: q.mill is another file than it was, or was changed; move it away to begin one anew" ]]
	cmp q.mill keep
}

# bats test_tags=long
@test "--quarantine holds each frame once, whatever is killed" {
	local add="case when n % 1500 = 7 then 'poi' || 'son' end as p"
	poison_worker
	crashed 6 -F --frame-rows 1 in.csv '|' smap -a "$add" '|' \
		sfan -q -j 2 --quarantine q.mill -- python3 poison
	"${LOG[@]}" whole.csv | smap -a "$add" | ssink -N >want
	grep -v poison want | cmp - got
	grep poison want >set_aside
	ssink -N <q.mill | cmp - set_aside
}

@test "the account in a state adds up as the one at the end does" {
	seq 21 >in
	sbatch -S d --once --frame-rows 4 in |
		sfan -j 2 -- smap -w 'line > "4"' | ssink -q -N >out
	n=$(wc -l <out)
	[ "$n" -gt 0 ]
	[ "$n" -lt 21 ]
	millrace dump d 01-sfan |
		grep -qx "rows in $n, used $n, filtered 0, late 0, invalid 0, out $n"
	# By the name that status has for it.
	run -0 bash -c "millrace dump d 01-sfan | grep ' sfan'"
	[[ $output == "chain 01-sfan sfan"* ]]
	seq 22 40 >>in
	sbatch -S d --once --frame-rows 4 in |
		sfan -j 2 -- smap -w 'line > "4"' | ssink -q -N >>out
	n=$(wc -l <out)
	millrace dump d 01-sfan |
		grep -qx "rows in $n, used $n, filtered 0, late 0, invalid 0, out $n"
}

@test "commands of smap -x end with the worker that is replaced" {
	: >pids
	seq 5 | sbatch >in.mill
	run -74 --separate-stderr sfan -q -j 2 --timeout 3s -- smap -x --frame -- \
		sh -c 'echo $$ >>pids; sleep 600 & echo $! >>pids; wait' <in.mill
	[[ $stderr == *"it has not answered within 3s" ]]
	# Of three tries one at least has come so far.
	[ "$(wc -l <pids)" -ge 2 ]
	until_true 20 all_ended
}

@test "a worker that begins a stream of its own is told so" {
	seq 5 | sbatch >in.mill
	run -74 --separate-stderr sfan -q -j 1 -- 'ssink | sbatch' <in.mill
	[[ $stderr == *"it answered with a MARK frame: it begins a stream of its own, as sbatch does, which no worker may" ]]
}

@test "an answer to a frame that the worker cannot have read is none" {
	# More than a pipe holds.
	head -c 3000000 /dev/zero | tr '\0' x | sbatch --max-field 4M >in.mill
	cat >hasty <<-'ENDS'
		import os, struct, sys, time
		sys.path.insert(0, os.environ["TOP"] + "/tests")
		from decode import crc32c
		source = sys.stdin.buffer
		head = source.read(96)
		size = int.from_bytes(head[40:44], "little")
		os.write(1, head + source.read(size))
		raw = bytearray(source.read(92))
		raw[10:12] = struct.pack("<H", raw[10] & 1)
		raw[28:32] = raw[40:44] = raw[44:48] = raw[88:92] = bytes(4)
		os.write(1, raw + struct.pack("<I", crc32c(raw)))
		time.sleep(600)
	ENDS
	run -74 --separate-stderr bash -c \
		"sfan -j 1 -- python3 hasty <in.mill >out.mill"
	[ "$stderr" = "sfan: a frame of 1 rows failed 3 times; worker 1: an answer before it has the frame" ]
}

@test "wrong usage" {
	while IFS='|' read -r args message; do
		run -64 --separate-stderr bash -c "sfan $args </dev/null"
		[ "$stderr" = "sfan: $message" ]
	done <<-'ENDS'
		-j 2|what to run? such as: sfan -j 4 -- smap -w PRED
		smap|how many workers? such as: sfan -j auto -- smap -w PRED
		-w x|no option -w: options of the workers stand behind --: sfan -j 4 -- smap -w PRED
		-j 2 --worker a|--worker says what each worker runs, -j N -- CMD what all do: write one of them
		--worker a b|--worker says what each worker runs, -j N -- CMD what all do: write one of them
		--worker ''|--worker: it is empty; write --worker CMD
		--quarantine '' -j 1 -- cat|--quarantine: it is empty; write --quarantine FILE
		--name '' -j 1 -- cat|--name: it is empty; write a name
		-j 0 -- cat|--jobs: '0' is none of 1..256; write a number of processes, or auto
		-j x -- cat|--jobs: 'x' is none of 1..256; write a number of processes, or auto
		--timeout 5 -j 1 -- cat|--timeout: 5 is no duration; write 500ms, 5s, 1m, 2h or 1d
	ENDS
}

@test "--schema prints the columns of what the workers make" {
	rows
	run -0 sfan -j 2 --schema -- smap -s 'status, bytes * 2 as twice' <in.mill
	[ "$output" = "status	int
twice	int" ]
}

@test "a reader that goes away ends it and its workers" {
	gen log 20000 >a.log
	run -0 bash -c "sbatch -f combined --frame-rows 50 a.log |
		sfan -j 3 -- 'echo \$\$ >>pids; exec smap -w true' | head -c 9000 | wc -c"
	[ "$output" = 9000 ]
	while read -r pid; do
		until_true 10 ended "$pid"
	done <pids
}

@test "reduction in parts gives one answer, whatever the number of workers" {
	gen log 4000 >a.log
	sbatch -f combined --frame-rows 100 a.log | swindow 1m --late 30s >w.mill
	sreduce -k path 'count() as n, sum(bytes) as b, p95(bytes)' <w.mill |
		ssink >want
	for j in 1 2 16; do
		sfan -j "$j" -- sreduce --partial -k path \
			'count() as n, sum(bytes) as b, p95(bytes)' <w.mill |
			sreduce --merge | ssink >got
		same want got
	done
}

@test "a pipeline that resumes has its barriers behind all frames" {
	gen log 3000 >a.log
	sbatch -f combined a.log | smap -w 'status = 200' | ssink -f csv -N >want
	head -1000 a.log >b.log
	line() {
		sbatch -S dir --once -f combined --frame-rows 50 b.log |
			sfan -v -j 3 -- smap -w 'status = 200' |
			ssink -f csv -N 'out/{epoch}.csv'
	}
	line
	tail -n +1001 a.log >>b.log
	line 2>err
	cat out/*.csv | cmp - want
	# The account goes on over the restart.
	awk '/^smap/ { ok = $2 == 3000 } END { exit !ok }' err
}

@test "workers that fail cost no row (SFAN_CASES)" {
	python3 "$TOP/tests/sfan.py" faults "${SFAN_CASES-20}" "${SFAN_SEED-1}"
}

@test "workers that are replaced leave nothing behind (SFAN_REPLACED)" {
	python3 "$TOP/tests/sfan.py" leaks "${SFAN_REPLACED-200}"
}

@test "a frame at a worker that is slow is run on another one" {
	seq 300 | sbatch --frame-rows 10 >in.mill
	cat >slow <<-'ENDS'
		#!/bin/sh
		smap -w true | { dd bs=1 count=600 status=none; exec sleep 600; }
	ENDS
	chmod +x slow
	run -0 --separate-stderr bash -c "sfan -v --timeout 0 --worker ./slow \
		--worker 'smap -w true' <in.mill | ssink -N"
	[ "$output" = "$(seq 300)" ]
	[[ $stderr == *"sfan: worker 2: busy "*" 0 retries, "[1-9]*" races won"* ]]
	run -0 --separate-stderr bash -c "sfan -v --once-only --timeout 5s \
		--worker ./slow --worker 'smap -w true' <in.mill | ssink -N"
	[ "$output" = "$(seq 300)" ]
	grep -qE '^sfan: [1-9][0-9]* frames run again, 0 races, 0 won, [1-9]' <<<"$stderr"
}

@test "workers answer with checksums, though none came" {
	seq 100 | sbatch --frame-rows 10 |
		sfan -j 1 -- 'tee asked | smap -w true | tee answers' | ssink -N |
		cmp - <(seq 100)
	ssink -f dump <asked | grep '^ROWS' | run -1 grep PCRC
	ssink -f dump <answers | grep '^ROWS' >rows
	[ -s rows ]
	run -1 grep -v PCRC rows
}

@test "what workers leave behind holds nothing up" {
	rows
	ssink <in.mill >want
	while IFS='|' read -r cmd message; do
		run -0 --separate-stderr bash -c "sfan -j 2 -- '$cmd' <in.mill >out.mill"
		ssink <out.mill | cmp - want
		[ "$(sort -u <<<"${stderr//worker [12]/worker N}")" = "$message" ]
	done <<-'ENDS'
		sleep 600 & smap -w true|
		sleep 600 & exec smap -w true|
		smap -w true; echo bye|sfan: worker N writes behind the end of its stream; that is dropped
	ENDS
	# The process that was started is what counts.
	run -74 --separate-stderr sfan -q -j 1 -- \
		'sleep 600 & exit 0' <in.mill
	[ "$stderr" = "sfan: no worker is left; worker 1: it ended with status 0 before its work was done" ]
}

@test "who writes no stream is told so" {
	rows
	for cmd in 'seq 100' yes; do
		run -74 --separate-stderr sfan -q -j 1 -- "$cmd" <in.mill
		[ "$stderr" = "sfan: no worker is left; worker 1: what it writes is no stream; a worker reads a stream and writes one, such as: smap -w PRED" ]
	done
}

@test "a worker that wants the terminal fails at once" {
	rows
	run -74 on_terminal "sfan -q -j 1 -- \
		'read x </dev/tty; smap -w true' <in.mill >out.mill"
	[ "$output" = "sfan: no worker is left; worker 1: it wants the terminal, which no worker can have" ]
}

@test "more workers than there may be open files are refused" {
	rows
	ulimit -n 60
	run -64 --separate-stderr sfan -j 64 -- smap -w true <in.mill
	[ "$stderr" = "sfan: 64 workers need 208 open files, ulimit -n allows 60" ]
}

@test "-j auto takes a worker for each processor that it may use" {
	rows
	for cpus in 0 "0-$(($(nproc) - 1))"; do
		run -0 --separate-stderr taskset -c "$cpus" bash -c \
			"sfan -v -j auto -- smap -w true <in.mill | ssink >/dev/null"
		[ "$(grep -c '^sfan: worker [0-9]*: busy' <<<"$stderr")" -eq \
			"$(taskset -c "$cpus" nproc)" ]
	done
}

@test "the status of a worker that ends later is waited for" {
	rows
	for t in 0 60s 106751991d; do
		run -3 --separate-stderr bash -c "sfan --timeout $t -j 1 -- \
			'smap -w true; exec >&-; seq 300000 | wc -l >&2; exit 3' \
			<in.mill >/dev/null"
		[ "$stderr" = "sfan[1]: 300000
sfan: worker 1 ended with status 3" ]
	done
}

# bats test_tags=memory
@test "what waits for a slow worker is bounded" {
	gen log 200000 >a.log
	run -0 --separate-stderr python3 "$TOP/tests/rss.py" 32768 \
		'sbatch -f combined a.log' "sfan --once-only \
		--worker='exec python3 $TOP/tests/sfan.py delay 100 \"smap -w true\"' \
		--worker='smap -w true'" 'sreduce "count()"' 'ssink -N'
	[ "$output" = 200000 ]
}

# bats test_tags=time
@test "one worker of eight that is ten times as slow costs 30 % at most" {
	python3 "$TOP/tests/sfan.py" slow 5
}

# bats test_tags=time
@test "a worker that is killed holds up no row for longer than a second" {
	python3 "$TOP/tests/sfan.py" stall 1
}

# recipe NAME: the commands below .Ss NAME in the page.
recipe() {
	awk -v name="$1" '$0 == ".Ss " name { on = 1 }
		on && /^\.Ed/ { exit } show
		on && /^\.Bd/ { show = 1 }' "$TOP/man/sfan.1" | sed 's/\\e/\\/g'
}

@test "the recipes of the page" {
	gen log 3000 | grep '"GET ' >big.log
	cat >ssh <<-'ENDS'
		#!/bin/sh
		while getopts Co: o; do :; done
		shift "$OPTIND"
		exec sh -c "$*"
	ENDS
	chmod +x ssh
	PATH="$PWD:$PATH"
	sbatch -f combined big.log | swindow 1m | sreduce -k path count |
		ssink >want
	# The columns of the pattern have names of their own.
	eval "$(recipe 'A log on eight cores')" | sed 's/request/path/' >got
	cmp want got
	sbatch -f combined big.log | swindow 1m --late 5s |
		sreduce -k path count | ssink >want
	eval "$(recipe 'Three hosts' | sed 's/sbatch -F/sbatch/')" >got
	cmp want got
}

# begun N: whether so many processes have written their id.
begun() {
	[ "$(wc -l <pids)" -ge "$1" ]
}

all_ended() {
	local pid
	while read -r pid; do
		ended "$pid" || return 1
	done <pids
}

@test "a signal to all stages of a bounded input waits for no worker" {
	while IFS='|' read -r sig status; do
		: >pids
		mkfifo in
		# A background job ignores SIGINT; python restores it.
		python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.setpgid(0, 0)
os.execvp("bash", ["bash", "-c", sys.argv[1]])' "trap : INT TERM; sbatch --frame-rows 1 in |
			sfan --timeout 0 -j 1 -- \
			'echo \$\$ >>pids; smap -w true | dd bs=1 count=600 status=none
			sleep 600' | ssink -N >out; echo \${PIPESTATUS[*]} >status" 2>err &
		pid=$!
		exec 5>in
		seq 5 >&5
		until_true 20 test -s out
		kill "-$sig" -- "-$pid"
		wait "$pid" || :
		exec 5>&-
		rm in out
		[ "$(cat status)" = "$status $status $status" ]
		[ "$(cat err)" = "sbatch: stopped by SIG$sig before the end of the input" ]
		until_true 20 all_ended
	done <<-'ENDS'
		TERM|143
		INT|130
	ENDS
}

@test "who writes nothing is told what a worker is" {
	rows
	sfan -j 1 -- 'cat >/dev/null; exec sleep 600' <in.mill >out.mill 2>err &
	until_true 30 test -s err
	[ "$(cat err)" = "sfan: worker 1 has written nothing for 5s; a worker reads a stream and writes one, such as: smap -w PRED" ]
}

# The process of the sfan PID that ends what workers have started.
guard_of() {
	pgrep -P "$1" -x sfan
}

@test "no signal but SIGKILL ends who guards the workers" {
	mkfifo in
	sfan -j 1 -- 'echo $$ >>pids; sleep 600 & echo $! >>pids; wait' \
		<in >out.mill 2>err &
	pid=$!
	exec 5>in
	seq 3 | sbatch | head -c 400 >&5
	touch pids
	until_true 20 begun 2
	for sig in TERM INT HUP; do
		kill "-$sig" "$(guard_of "$pid")"
	done
	kill -KILL "$pid"
	until_true 20 all_ended
}

@test "no worker is started when nobody guards it" {
	{
		seq 3
		until_true 20 test -s err
	} | sbatch | {
		sfan -j 1 -- 'echo $$ >>pids; exec smap -w true' 2>err ||
			echo "$?" >status
	} >out.mill &
	until_true 20 test -s out.mill
	guard=$(guard_of "$(ps -o ppid= -p "$(cat pids)" | tr -d ' ')")
	kill -KILL "$guard"
	until_true 20 ended "$guard"
	kill -KILL "$(cat pids)"
	until_true 20 test -s status
	[ "$(cat status)" -eq 74 ]
	[ "$(cat err)" = "sfan: no worker is left; worker 1: the process that guards it is gone: Broken pipe" ]
	until_true 20 all_ended
}

@test "nothing that workers have started outlives sfan, however it ends" {
	while IFS='|' read -r signal n cmd; do
		: >pids
		mkfifo in
		sfan -j 1 -- "echo \$\$ >>pids; $cmd" <in >/dev/null 2>&1 &
		pid=$!
		exec 5>in
		seq 3 | sbatch | head -c 400 >&5
		until_true 20 begun "$n"
		until_true 20 signalled "$signal" "$pid"
		until_true 20 all_ended
		exec 5>&-
		rm in
	done <<-'ENDS'
		KILL|1|exec smap -w true
		KILL|1|exec sleep 600
		KILL|1|trap "" TERM; exec sleep 600
		KILL|2|sleep 600 & echo $! >>pids; wait
		KILL|3|for i in 1 2; do sh -c 'trap "" TERM; echo $$ >>pids; while :; do sleep 600; done' & done; smap -w true
		TERM|2|sleep 600 & echo $! >>pids; smap -w true
		TERM|2|sleep 600 & echo $! >>pids; wait
	ENDS
}
