# SPDX-License-Identifier: ISC
# What only whole pipelines show: latency of windows, ends, failures, memory.

load helper

report() {
	swindow 1m | sreduce -k k 'count() as n' | ssink -f csv -N
}

@test "a window is printed when the watermark passes, input still open" {
	mkfifo in
	sbatch -f csv -N -c 't:time,k' -t t in | report >out &
	exec 7>in
	printf '2026-01-01T00:00:01Z,a\n2026-01-01T00:00:59Z,a\n' >&7
	printf '2026-01-01T00:01:00Z,b\n' >&7
	until_true 5 grep -q a,2 out
	[ "$(cat out)" = "2026-01-01T00:00:00Z,2026-01-01T00:01:00Z,a,2" ]
	printf '2026-01-01T00:05:00Z,b\n' >&7
	until_true 5 grep -qx '2026-01-01T00:01:00Z,2026-01-01T00:02:00Z,b,1' out
	[ "$(wc -l <out)" = 2 ]
	exec 7>&-
	wait
	[ "$(wc -l <out)" = 3 ]
}

@test "head ends the pipe quietly, even when the source is idle" {
	mkfifo in
	# It has its writer for as long as the test goes on.
	exec 7<>in
	printf 'a\nb\nc\n' >&7
	run -0 --separate-stderr timeout 60 bash -c \
		'sbatch -f lines in | smap -w true | ssink -N | head -1'
	[ "$output" = a ]
	[ -z "$stderr" ]
}

@test "the last command tells the truth about the whole pipe" {
	run -66 --separate-stderr bash -c \
		'sbatch nothere.csv | smap -w true | sreduce count | ssink'
	[ "$output" = "" ]
	[ "$stderr" = "sbatch: nothere.csv: No such file or directory" ]
	run -64 --separate-stderr bash -c \
		'echo 1 | sbatch --no-such | smap -w true | ssink'
	[ "$stderr" = "sbatch: no option --no-such; try sbatch --help" ]
	run -64 --separate-stderr sbatch --verbose -Zq
	[ "$stderr" = "sbatch: no option -Z; try sbatch --help" ]
	run -64 --separate-stderr sbatch --verbose=3
	[ "$stderr" = "sbatch: no option --verbose=3; try sbatch --help" ]
}

@test "text on a filter's stdin is answered with the mend" {
	for filter in 'smap -w true' 'swindow 1m' 'sreduce count' ssink; do
		run -65 --separate-stderr bash -c "echo hello | $filter"
		[ "$stderr" = "${filter%% *}: stdin is text, put sbatch before me" ]
	done
}

@test "a stage that is killed makes the pipe fail, and nothing is published" {
	echo old >out.csv
	mkfifo in
	bash -c 'echo $$ >pid; exec sbatch -f lines in' |
		sreduce count 2>err | ssink -f csv out.csv &
	sink=$!
	exec 7>in
	echo x >&7
	until_true 5 test -s pid
	kill -9 "$(cat pid)"
	exec 7>&-
	status=0
	wait "$sink" || status=$?
	[ "$status" = 74 ]
	[ "$(cat out.csv)" = old ]
	grep -Eq '^sreduce: stdin: byte [0-9]+: (cut before END|no stream came)$' err
}

@test "a signal that all stages get at once loses no row" {
	mkfifo a b
	seq 1000 >b.log
	sbatch -f lines -F b.log >a &
	pids=$!
	smap -w true <a >b &
	pids+=" $!"
	ssink -N --append f <b &
	sink=$!
	until_true 10 grep -qsx 1000 f
	seq 1001 2000 >>b.log
	# shellcheck disable=SC2086 # a list of numbers
	kill -TERM $pids "$sink"
	wait "$sink"
	seq 2000 | diff - f
}

# bats test_tags=long
@test "a filter drains for 30 s after a signal, and ends at a second one" {
	mkfifo in
	seq 3 | sbatch -f lines >s
	for second in ALRM:74 TERM:143; do
		# The signal comes as soon as HEAD is seen.
		strace -D -qq -o log -e trace=alarm,writev \
			-e inject=writev:delay_exit=200000:when=1 \
			smap -w true <in >out 2>err &
		pid=$!
		exec 7>in
		# A stream without its END.
		head -c -100 s >&7
		until_true 10 test -s out
		kill -TERM "$pid"
		until_true 10 grep -q '^alarm(30)' log
		kill "-${second%:*}" "$pid"
		rc=0
		wait "$pid" || rc=$?
		exec 7>&-
		[ "$rc" -eq "${second#*:}" ]
		rm log out
		[ "$second" = TERM:143 ] ||
			[ "$(cat err)" = "smap: 30 s after the signal the stream still goes on" ]
	done
}

@test "a full output device is an error that names it" {
	run -74 --separate-stderr bash -c \
		'seq 100000 | sbatch -f lines | ssink >/dev/full'
	[ "$stderr" = "ssink: standard output: No space left on device" ]
	run -74 --separate-stderr bash -c \
		'seq 100000 | sbatch -f lines | smap -w true >/dev/full'
	[ "$stderr" = "smap: standard output: No space left on device" ]
}

@test "a saved stream is a file like any other" {
	seq 1000 | sbatch -f lines >day.mill
	smap -w 'line::int % 2 = 0' <day.mill | ssink -N >out
	[ "$(wc -l <out)" = 500 ]
	head -c 500 day.mill >cut.mill
	run -74 --separate-stderr smap -w true <cut.mill
	case $stderr in
	"smap: stdin: byte 500: cut"*) ;;
	*) false ;;
	esac
}

@test "accounts add up over all stages" {
	gen log 5000 7 --bad 3 >log
	sbatch -f combined --bad skip -q log | swindow 1m -q |
		smap -w 'status < 500' |
		sreduce -k status 'count() as n, sum(bytes)' |
		ssink -f csv -v >out 2>accounts
	cat accounts
	good=$(awk 'NR > 1 { n += $(NF) } END { print n }' accounts)
	[ -n "$good" ]
	grep -q '^ *sbatch ' accounts
	grep -q '^ *ssink ' accounts
}

# bats test_tags=memory,long
@test "2 GB through the main job stay under 64 MiB for all stages together" {
	gen log 14000000 >big.log
	[ "$(stat -c %s big.log)" -gt 2000000000 ]
	python3 "$TOP/tests/rss.py" 65536 \
		"sbatch -f combined --bad skip -q big.log" \
		"swindow 1h --late 1m" \
		"sreduce -k 'status div 100 as class' 'count() as hits, sum(bytes) as bytes'" \
		"ssink -f csv" >out
	[ "$(awk -F, 'NR > 1 { n += $4 } END { print n }' out)" = 14000000 ]
	rm big.log
}

# bats test_tags=memory
@test "a process without memory tells the pipe" {
	gen csv 1000000 >big.csv
	run -71 --separate-stderr bash -c 'ulimit -v 60000
		sbatch -c user,item,ts_ms big.csv |
		sreduce -k user,item,ts_ms count | smap -w true | ssink /dev/null'
	[ "$stderr" = "sreduce: out of memory" ]
}

@test "closed descriptors fail, and no file gets their numbers" {
	echo x >in
	run -74 --separate-stderr bash -c 'sbatch in | ssink >&-'
	[ "$stderr" = "ssink: standard output: Bad file descriptor" ]
	run -74 --separate-stderr bash -c 'sbatch <&- | ssink'
	[ "$stderr" = "sbatch: stdin: Bad file descriptor" ]
}

@test "a file at its limit is an error of output" {
	run -74 --separate-stderr bash -c 'ulimit -f 10
		seq 100000 | sbatch | ssink out.tsv'
	[ "$stderr" = "ssink: out.tsv: File too large" ]
	[ ! -e out.tsv ]
	[ -z "$(find . -name '.out*')" ]
}

@test "compressed input of a filter is named as such" {
	run -65 --separate-stderr bash -c 'echo hi | gzip | smap -w true'
	[ "$stderr" = "smap: stdin is compressed, put zcat before me" ]
}

@test "what is too long for HEAD is refused by the stage that says it" {
	long=$(seq -s " or n = " 4500)
	echo 1 | sbatch -f csv -N -c n:int >s.mill
	run -64 --separate-stderr smap -w "n = $long" -w "n = $long" <s.mill
	[ "$stderr" = "smap: the options have more than 65535 bytes" ]
	long=$(printf 'n%.0s' {1..5000})
	run -64 --separate-stderr smap --name "$long" -w 'n = 1' <s.mill
	[ "$stderr" = "smap: --name: longer than 63 bytes" ]
	echo a >in
	run -74 --separate-stderr bash -c "sbatch $long=in | ssink"
	[ "$stderr" = "sbatch: standard output: Message too long" ]
}
