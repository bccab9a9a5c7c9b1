# SPDX-License-Identifier: ISC
# swindow(1): every option, diagnostic and exit status.

load helper

# rows T...: a stream of rows at these seconds.
rows() {
	printf '%s\n' "$@" | sbatch -f csv -N -c 't:time(s)' -t t "${opts[@]}"
}

opts=()

@test "--help prints usage on stdout, --version the version" {
	run -0 --separate-stderr swindow --help
	[ "${lines[0]}" = "usage: swindow [options] [SPEC]" ]
	[ -z "$stderr" ]
	run -0 --separate-stderr swindow -V
	[[ $output == "swindow (millrace) "* ]]
}

@test "wrong usage is answered with 64 and the mend" {
	run -64 --separate-stderr swindow --nope
	[ "$stderr" = "swindow: no option --nope; try swindow --help" ]
	run -64 --separate-stderr swindow 1m 2m
	[ "$stderr" = "swindow: one window, please: 1m and 2m" ]
	run -64 --separate-stderr swindow 1x
	[ "$stderr" = "swindow: window 1x: write 1m (tumbling), 5m/10s (sliding, size and slide), 1w, 1mo or 1y (of the calendar), cumulate:1d/1m, session:30m, rows:1000 or nothing (watermark only)" ]
	run -64 --separate-stderr swindow 0s
	[ "$stderr" = "swindow: window 0s: must be above 0" ]
	run -64 --separate-stderr swindow 1m --late 5
	[ "$stderr" = "swindow: --late: 5 is no duration; write 500ms, 5s, 1m, 2h or 1d" ]
	run -64 --separate-stderr swindow 1m --max-late 101%
	[ "$stderr" = "swindow: --max-late: 101% is not in 0%..100%" ]
	run -64 --separate-stderr swindow 1m --max-late x
	[ "$stderr" = "swindow: --max-late: x is no whole number" ]
}

@test "the pane is the window's start, also before 1970" {
	rows 0 59 60 -1 | swindow 1m --late 1d | ssink -f dump >dump
	grep -v '^[A-Z ]' dump >out
	cat >want <<-'EOF'
		1970-01-01T00:00:00Z	1970-01-01T00:00:00Z
		1970-01-01T00:00:59Z	1970-01-01T00:00:00Z
		1970-01-01T00:01:00Z	1970-01-01T00:01:00Z
		1969-12-31T23:59:59Z	1969-12-31T23:59:00Z
	EOF
	same want out
}

@test "panes of sliding windows are the common divisor" {
	rows 0 19 20 | swindow 60s/40s | ssink -f dump | grep -v '^[A-Z ]' >out
	cut -f2 out >panes
	printf '1970-01-01T00:00:%s0Z\n' 0 0 2 >want
	same want panes
}

@test "rows between windows that lie apart are counted as filtered" {
	rows 0 9 10 19 20 | swindow 10s/20s -v 2>err | ssink -N >out
	[ "$(wc -l <out)" = 3 ]
	awk '$1 == "swindow" { exit !($2 == 5 && $3 == 3 && $4 == 2) }' err
}

@test "--origin shifts the windows" {
	rows 0 70 | swindow 1m --origin 15s | ssink -f dump |
		grep -v '^[A-Z ]' | cut -f2 >out
	printf '%s\n' 1969-12-31T23:59:15Z 1970-01-01T00:00:15Z >want
	same want out
}

@test "windows of the calendar follow the clocks of --tz" {
	printf '%s\n' 2026-03-29T12:00:00Z 2026-10-25T12:00:00Z >t
	sbatch -f csv -N -c t:time -t t t | swindow 1d --tz Europe/Paris |
		sreduce count | ssink -N >out
	printf '%s\t%s\t1\n' 2026-03-28T23:00:00Z 2026-03-29T22:00:00Z \
		2026-10-24T22:00:00Z 2026-10-25T23:00:00Z >want
	same want out
	sbatch -f csv -N -c t:time -t t t | swindow 1w | sreduce count |
		ssink -N >out
	printf '%s\t%s\t1\n' 2026-03-23T00:00:00Z 2026-03-30T00:00:00Z \
		2026-10-19T00:00:00Z 2026-10-26T00:00:00Z >want
	same want out
	sbatch -f csv -N -c t:time -t t t | swindow 3mo | sreduce count |
		ssink -N >out
	printf '%s\t%s\t1\n' 2026-01-01T00:00:00Z 2026-04-01T00:00:00Z \
		2026-10-01T00:00:00Z 2027-01-01T00:00:00Z >want
	same want out
}

@test "cumulative windows begin together and grow" {
	rows 0 5 12 19 61 | swindow cumulate:20s/10s | sreduce count |
		ssink -N >out
	printf '1970-01-01T00:%sZ\t1970-01-01T00:%sZ\t%s\n' \
		00:00 00:10 2 00:00 00:20 4 01:00 01:10 1 01:00 01:20 1 >want
	same want out
}

@test "windows of rows count, whatever the times and the cuts" {
	seq 25 | awk '{ print 100 - $1 }' >t
	for o in '--frame-rows 1' '--frame-rows 7' '--batch-rows 4' ''; do
		# shellcheck disable=SC2086 # options
		sbatch -f csv -N -c 't:int' $o t | swindow rows:10 |
			sreduce 'count, max(t) as m' | ssink -N >out
		printf '%s\t%s\t%s\t%s\n' 0 10 10 99 10 20 10 89 20 30 5 79 >want
		same want out
	done
}

@test "sessions are the rows of a key that are less than the gap apart" {
	printf '%s\n' 0,a 9,a 12,b 19,a 100,a 29,b 15,a |
		sbatch -f csv -N -c 't:time(s),k' -t t >s.mill
	swindow session:10s -k k --late 1h <s.mill |
		sreduce -k k 'count() as n' | ssink -N >out
	printf '1970-01-01T00:%sZ\t1970-01-01T00:%sZ\t%s\t%s\n' \
		00:12 00:22 b 1 00:00 00:29 a 4 00:29 00:39 b 1 \
		01:40 01:50 a 1 >want
	same want out
	run -64 --separate-stderr bash -c \
		'swindow session:10s -k k --late 1h <s.mill | sreduce count | ssink'
	[ "$stderr" = "sreduce: sessions are of k: write -k k" ]
	run -64 --separate-stderr bash -c \
		'swindow session:10s -k x <s.mill | ssink'
	[ "$stderr" = "swindow: -k: no column x; the columns are t, k" ]
}

@test "a spec that cannot be is refused with the reason" {
	run -64 --separate-stderr swindow 1h --tz Europe/Paris
	[ "$stderr" = "swindow: window 1h: --tz is for days and longer: 1d, 1w, 1mo, 1y" ]
	run -64 --separate-stderr swindow 1d --tz Nowhere/City
	[[ $stderr == "swindow: --tz: "* ]]
	run -64 --separate-stderr swindow 1w --origin 1h
	[ "$stderr" = "swindow: window 1w: the calendar has no --origin" ]
	run -64 --separate-stderr swindow cumulate:1h/7m
	[ "$stderr" = "swindow: window cumulate:1h/7m: write size/step, of which the step divides the size" ]
	run -64 --separate-stderr swindow session:30m
	[ "$stderr" = "swindow: window session:30m: sessions are of somebody: -k user" ]
	run -64 --separate-stderr swindow 1m -k user
	[ "$stderr" = "swindow: window 1m: -k is for sessions" ]
	run -64 --separate-stderr swindow rows:0
	[ "$stderr" = "swindow: window rows:0: write a number of rows, 1 or more" ]
}

@test "late rows are dropped, counted and told" {
	run -0 --separate-stderr bash -c "$(declare -f rows); opts=();
		rows 5 70 30 69 | swindow 1m | ssink -N"
	[ "${#lines[@]}" = 3 ]
	[ "$stderr" = "swindow: 1 of 4 rows late, worst by 40s; --late 41s keeps all" ]
	run -0 --separate-stderr bash -c "$(declare -f rows); opts=();
		rows 5 70 30 69 | swindow 1m -q | ssink -N"
	[ -z "$stderr" ]
	run -0 --separate-stderr bash -c "$(declare -f rows); opts=();
		rows 5 70 30 69 | swindow 1m --late 41s | ssink -N"
	[ "${#lines[@]}" = 4 ]
	[ -z "$stderr" ]
}

@test "lateness does not depend on batches or frames" {
	seq 3000 | awk '{ print $1 - ($1 * 7919 % 45) }' >times
	for o in '--frame-rows 1' '--frame-rows 7' '--batch-rows 1' \
		'--batch-rows 64' '--batch-bytes 300' ''; do
		# shellcheck disable=SC2086 # options
		sbatch -f csv -N -c 't:time(s)' -t t $o times |
			swindow 20s --late 5s 2>err | ssink -N >out
		[ -s want ] || cp out want
		[ -s want-err ] || cp err want-err
		same want out
		same want-err err
	done
	[ -s want-err ]
}

@test "--max-late fails with 65, by number at once, by share at the end" {
	rows 5 70 30 31 69 >s.mill
	run -65 --separate-stderr swindow 1m --max-late 1 <s.mill
	[ "$stderr" = "swindow: 2 rows late, more than --max-late 1" ]
	swindow 1m -q --max-late 2 <s.mill >ok.mill
	run -65 --separate-stderr swindow 1m -q --max-late 39% <s.mill
	[ "$stderr" = "swindow: 2 of 5 rows late, more than --max-late 39%" ]
	swindow 1m -q --max-late 40% <s.mill >ok.mill
}

@test "--late eof waits for the end, and only where there is one" {
	rows 500 5 70 | swindow 1m --late eof | ssink -f dump >dump
	[ "$(grep -c '^ROWS.*watermark=none' dump)" -ge 1 ]
	grep -q '^MARK.*watermark=1970-01-01T00:09:00Z eof' dump
	[ "$(grep -vc '^[A-Z ]' dump)" = 3 ]
	echo 5 >log
	sbatch -F -t t -f csv -N -c 't:time(s)' log >live.mill &
	pid=$!
	until_true 5 test -s live.mill
	run -65 --separate-stderr swindow 1m --late eof <live.mill
	[ "$stderr" = "swindow: --late eof would wait for ever: the source has no end; write how long, such as --late 1h" ]
	kill "$pid"
	wait "$pid"
}

@test "--late-to saves the late rows as a stream" {
	rows 5 70 30 31 | swindow 1m -q --late-to late.mill | ssink -N >out
	[ "$(wc -l <out)" = 2 ]
	ssink -N <late.mill >late
	printf '1970-01-01T00:00:%s\n' 30Z 31Z >want
	same want late
	python3 "$TOP/tests/decode.py" -c <late.mill
	# They have no watermark: what reads them makes one of its own.
	swindow 10s <late.mill | sreduce count | ssink -N >out
	[ "$(cut -f 3 out)" = 2 ]
	swindow <late.mill | ssink -f dump | grep -q '^ROWS.*watermark=1970'
	run -74 --separate-stderr bash -c "$(declare -f rows); opts=();
		rows 5 | swindow 1m --late-to no/such/late.mill | ssink"
	[ "$stderr" = "swindow: no/such/late.mill: No such file or directory" ]
}

@test "--late-to writes into a device or a FIFO, and behind a link" {
	rows 5 70 30 31 >s.mill
	mkfifo fifo
	ssink -N <fifo >late &
	swindow 1m -q --late-to fifo <s.mill >out.mill
	wait
	[ -p fifo ]
	printf '1970-01-01T00:00:%s\n' 30Z 31Z >want
	same want late
	ln -s real.mill link.mill
	touch real.mill
	swindow 1m -q --late-to link.mill <s.mill >out.mill
	[ -L link.mill ]
	ssink -N <real.mill >late
	same want late
	swindow 1m -q --late-to /dev/null <s.mill >out.mill
	[ -c /dev/null ]
	run -64 --separate-stderr bash -c \
		'swindow 1m --late-to late.gz <s.mill | ssink'
	[ "$stderr" = "swindow: --late-to: a stream is not compressed; write FILE.mill" ]
}

@test "a failed run leaves what --late-to had written before" {
	echo old >late.mill
	rows 5 70 30 >s.mill
	size=$(wc -c <s.mill)
	head -c $((size - 10)) s.mill >cut.mill
	run -74 swindow 1m -q --late-to late.mill <cut.mill
	[ "$(cat late.mill)" = old ]
	[ "$(find . -name '.late*' | wc -l)" = 0 ]
}

@test "--late-to leaves nothing behind when the reader of the stream goes" {
	# shellcheck disable=SC2046
	rows $(seq 50000) >s.mill
	swindow 1m --late-to late.mill <s.mill | head -c 100 >/dev/null
	[ "$(find . -name '*late*')" = "" ]
	mkfifo in
	swindow 1m --late-to late.mill <in | true &
	exec 7>in
	head -c 1000 s.mill >&7 || :
	gone() { [ "$(find . -name '*late*')" = "" ]; }
	until_true 5 gone
	exec 7>&-
}

@test "--hold gives each window as a batch, sorted" {
	printf '%s\n' 5,a 3,b 25,c 12,d 70,e 71,a |
		sbatch -f csv -N -c 't:time(s),k' -t t --frame-rows 2 >s.mill
	swindow 10s --hold --late 20s <s.mill >h.mill
	python3 "$TOP/tests/decode.py" -c <h.mill
	ssink -f dump <h.mill >dump
	grep -q '^HEAD mode=append bounded many-batches windowed' dump
	grep -q '^  column window_end time event-time-1us' dump
	run -1 grep -q 'column pane' dump
	# shellcheck disable=SC2016
	ssink -N --exec 'cut -f 4 | paste -sd" " -; echo $MILLRACE_WINDOW_START' \
		<h.mill >out
	printf '%s\n' 'b a' 1970-01-01T00:00:00Z d 1970-01-01T00:00:10Z \
		c 1970-01-01T00:00:20Z 'e a' 1970-01-01T00:01:10Z >want
	same want out
	[ "$(grep -c '^ROWS.* LAST' dump)" = 4 ]
	[ "$(swindow 10s --hold --late 20s <s.mill | sreduce count | ssink -N | tr '\n' ' ')" = "2 1 1 2 " ]
	swindow 10s --hold --late 20s <s.mill | smap -x -c n:int -- wc -l |
		ssink -N >out
	[ "$(tr '\n' ' ' <out)" = "2 1 1 2 " ]
	# The answers of swindow are windows again.
	swindow 10s --hold --late 20s <s.mill | swindow 1m | sreduce count |
		ssink -N >out
	printf '1970-01-01T00:0%s:00Z\t1970-01-01T00:0%s:00Z\t%s\n' \
		0 1 4 1 2 2 >want
	same want out
}

@test "--hold: a row is in each of its windows, of every kind" {
	printf '%s\n' 5,a 3,b 25,a 28,a | sbatch -f csv -N -c 't:time(s),k' -t t >s.mill
	held() { swindow "$@" --hold --late eof <s.mill | ssink -N | cut -f 2,3,4; }
	[ "$(held 20s/10s | cut -c 18- | cut -f 1,3 | tr '\t\n' ', ')" = \
		"10Z,b 10Z,a 20Z,b 20Z,a 30Z,a 30Z,a 40Z,a 40Z,a " ]
	[ "$(held cumulate:20s/10s | cut -c 18- | cut -f 1,3 | tr '\t\n' ', ')" = \
		"10Z,b 10Z,a 20Z,b 20Z,a 30Z,a 30Z,a 40Z,a 40Z,a " ]
	[ "$(held session:5s -k k | cut -c 18- | cut -f 1,3 | tr '\t\n' ', ')" = \
		"08Z,b 10Z,a 33Z,a 33Z,a " ]
	[ "$(held 1y --tz Europe/Paris | cut -f 1 | uniq -c | xargs)" = \
		"4 1970-12-31T23:00:00Z" ]
	swindow rows:3 --hold <s.mill | ssink -N | cut -f 1,2,4 >out
	printf '%s\t%s\t%s\n' 0 3 b 0 3 a 0 3 a 3 6 a >want
	same want out
	swindow rows:3 --hold --schema <s.mill >out
	printf '%s\n' 'window_start	int' 'window_end	int' 't	time' \
		'k	str	untyped' >want
	same want out
}

@test "--hold: windows leave as soon as the watermark passes them" {
	mkfifo in
	sbatch -f csv -N -c 't:time(s),v' -t t -i 1h in | swindow 10s --hold >out.mill &
	exec 7>in
	batches() { [ "$(ssink -f dump <out.mill 2>/dev/null | grep -c '^ROWS.* LAST')" = "$1" ]; }
	printf '%s\n' 5,a 6,b >&7
	echo 12,c >&7
	until_true 5 batches 1
	echo 22,d >&7
	until_true 5 batches 2
	exec 7>&-
	wait
	batches 3
}

@test "--hold is refused where there is nothing to hold" {
	run -64 --separate-stderr swindow --hold
	[ "$stderr" = "swindow: --hold: which windows? write swindow 1m --hold" ]
	run -64 --separate-stderr swindow 1m --hold --sort
	[ "$stderr" = "swindow: --sort: with --hold the rows of a window are in that order already" ]
	rows 5 | swindow 1s | sreduce count >s.mill
	run -65 --separate-stderr swindow 1m --hold <s.mill
	[ "$stderr" = "swindow: the stream has a column window_start; write smap --rename window_start=NAME before swindow" ]
	# No window is a batch without rows, as every bounded stream has.
	rows 5 | smap -w false | swindow 1m --hold >e.mill
	python3 "$TOP/tests/decode.py" -c <e.mill
	[ "$(ssink -f dump <e.mill | grep -c '^ROWS.* LAST')" = 1 ]
}

# live SPEC ARG...: follow a and b; windows that are complete go to out.
live() {
	sbatch -F -f csv -N -c 't:time(s)' -t t a b |
		swindow "$@" 2>err | sreduce count | ssink -N >out &
}

@test "--idle: a silent part holds the windows no more" {
	printf '%s\n' 5 25 >a
	: >b
	live 10s --idle 200ms
	until_true 20 grep -q '^1970-01-01T00:00:00Z.*1$' out
}

@test "--idle: when all are silent time goes on, and who wakes is late" {
	printf '%s\n' 5 5.5 >a
	: >b
	live 1s --idle 200ms
	# The watermark is 5.5 s, and comes to 6 s by itself.
	until_true 20 grep -q '^1970-01-01T00:00:05Z.*2$' out
	echo 5.7 >>b
	echo 100 >>b
	until_true 20 grep -q '^1970-01-01T00:01:40Z' out
	[ "$(wc -l <out)" = 2 ]
	kill %1
	wait
	grep -q '^swindow: 1 of 4 rows late' err
}

# bats test_tags=long,time
@test "a part that alone holds the watermark is named once" {
	printf '%s\n' 5 25 >a
	: >b
	live 10s
	until_true 100 test -s err
	[ "$(cat err)" = "swindow: the watermark has waited 60 s for b alone; --idle 10s goes on without a source that is silent for so long" ]
}

@test "--idle goes with a watermark that is made here" {
	run -64 --separate-stderr swindow --idle 0s
	[ "$stderr" = "swindow: --idle: write how long, such as 10s" ]
	run -64 --separate-stderr swindow --idle 1s --late eof
	[ "$stderr" = "swindow: --idle: with --late eof no watermark comes before the end" ]
	rows 5 | swindow 1s | sreduce count >s.mill
	run -64 --separate-stderr swindow 1m --idle 1s <s.mill
	[ "$stderr" = "swindow: --idle: the watermark comes from the swindow before this; write it there" ]
	run -64 --separate-stderr swindow 1m --arrival <s.mill
	[ "$stderr" = "swindow: --arrival: the watermark comes from the swindow before this; write it there" ]
}

@test "--max-future sets aside what is ahead of its arrival" {
	printf '%s\n' 2020-01-01T00:00:00Z 9000-01-01T00:00:00Z \
		2020-01-01T00:00:01Z 8000-01-01T00:00:00Z >t
	for o in '--frame-rows 1' ''; do
		# shellcheck disable=SC2086 # options
		sbatch -f csv -N -c t:time -t t $o t |
			swindow 1m -v --max-future 1h 2>err |
			sreduce count | ssink -N >out
		printf '2020-01-01T00:00:00Z\t2020-01-01T00:01:00Z\t2\n' >want
		same want out
		grep -qE '^swindow: 2 of 4 rows set aside: they are ahead of their arrival, by up to 2[0-9]{11}\.?[0-9]*s more than --max-future$' err
		awk '$1 == "swindow" { exit !($2 == 4 && $3 == 2 && $6 == 2) }' err
	done
	# Windows of rows leave them out, too, and take those without a time.
	printf '%s\n' 1,2020-01-01T00:00:00Z 2,9000-01-01T00:00:00Z 3, |
		sbatch -f csv -N -c n:int,t:time -t t |
		swindow rows:2 -q --max-future 1h | sreduce 'sum(n)' | ssink -N >out
	[ "$(cat out)" = "0	2	4" ]
	seq 3 | sbatch >no.mill
	run -65 --separate-stderr swindow rows:2 --max-future 1h <no.mill
	[ "$stderr" = "swindow: --max-future: the stream has no event time; write sbatch -t COL" ]
	run -64 --separate-stderr swindow --arrival --max-future 1h <no.mill
	[ "$stderr" = "swindow: --max-future: with --arrival no row is ahead of it" ]
}

@test "--arrival is the time of arrival of the frame, as a column" {
	before=$(date +%s)
	seq 3 | sbatch --frame-rows 1 | swindow 1d --arrival >s.mill
	run -0 swindow --schema --arrival < <(seq 1 | sbatch)
	[ "$output" = "$(printf 'line\tstr\tuntyped\narrival\ttime\tevent time')" ]
	ssink -N <s.mill >out
	[ "$(cut -f 1 out | tr '\n' ' ')" = "1 2 3 " ]
	while IFS=$'\t' read -r _ at; do
		s=$(date -d "$at" +%s)
		[ "$s" -ge "$before" ]
		[ "$s" -le "$(date +%s)" ]
	done <out
	sreduce 'count() as n' <s.mill | smap -s n | ssink -N >out
	[ "$(awk '{ n += $1 } END { print n }' out)" = 3 ]
	printf 'arrival\n1\n' | sbatch -f csv >x.mill
	run -65 --separate-stderr swindow --arrival <x.mill
	[ "$stderr" = "swindow: the stream has a column arrival; rename it" ]
}

@test "times at the ends of the range are invalid, not wrapped" {
	printf '%s\n' -9223372036854775807 9223372036854775806 \
		9223372036854775807 0 >t
	sbatch -f csv -N -c 't:time(us)' -t t t >s.mill
	swindow --late eof -v <s.mill 2>err | ssink -N >out
	[ "$(wc -l <out)" = 3 ]
	awk '$1 == "swindow" { exit !($2 == 4 && $3 == 3 && $6 == 1) }' err
	for spec in 1m 5m/7s 7s/5m 1d cumulate:1h/1m 3mo 1y; do
		swindow "$spec" --late eof -q <s.mill | sreduce count |
			ssink -N | cut -f 3 >out
		sort -u out >each
		[ "$(cat each)" = 1 ]
	done
	sbatch -f csv -N -c 't:time(us),k' -t t < <(sed 's/$/,x/' t) >k.mill
	swindow session:1h -k k -q <k.mill | sreduce -k k count | ssink -N >out
	[ "$(cat out)" = "1970-01-01T00:00:00Z	1970-01-01T01:00:00Z	x	1" ]
	swindow rows:2 <s.mill 2>err | sreduce count | ssink -N >out
	[ "$(cut -f 3 out | tr '\n' ' ')" = "2 2 " ]
	[ ! -s err ]
}

@test "the end of the data moves the watermark to the last end" {
	last() { ssink -f dump | sed -n 's/^MARK.*watermark=\([^ ]*\) .*eof$/\1/p'; }
	printf '%s\n' 5,a 70,a | sbatch -f csv -N -c 't:time(s),k' -t t >s.mill
	[ "$(swindow 1m <s.mill | last)" = 1970-01-01T00:02:00Z ]
	[ "$(swindow 1m/10s <s.mill | last)" = 1970-01-01T00:02:10Z ]
	[ "$(swindow cumulate:1h/1m <s.mill | last)" = 1970-01-01T01:00:00Z ]
	[ "$(swindow session:1m -k k <s.mill | last)" = 1970-01-01T00:02:10Z ]
	[ "$(swindow <s.mill | last)" = 1970-01-01T00:01:10.000001Z ]
	[ "$(swindow rows:7 <s.mill | last)" = 1970-01-01T00:01:10.000001Z ]
}

@test "rows without event time are invalid and told" {
	printf 't,k\n5,a\n,b\n' | sbatch -f csv -c 't:time(s),k' -t t --bad skip \
		-q >s.mill || :
	printf '5,a\n6,b\n' | sbatch -f csv -N -c 't:time(s),k' -t t |
		smap -s 'if(k = "a", t, null) as t, k' >nulls.mill
	smap --schema <nulls.mill >schema
	run -65 --separate-stderr swindow 1m <nulls.mill
	[ "$stderr" = "swindow: the stream has no event time; write sbatch -t COL, and keep COL in smap -s" ]
}

@test "a stream without event time, or with windows, is refused" {
	seq 3 | sbatch >no.mill
	run -65 --separate-stderr swindow 1m <no.mill
	[ "$stderr" = "swindow: the stream has no event time; write sbatch -t COL, and keep COL in smap -s" ]
	rows 5 | swindow 1m >yes.mill
	run -65 --separate-stderr swindow 5m <yes.mill
	[ "$stderr" = "swindow: the stream has windows already (1m); put sreduce between two swindow" ]
	rows 5 | smap -a '1 as pane' >pane.mill
	run -65 --separate-stderr swindow 1m <pane.mill
	[ "$stderr" = "swindow: the stream has a column pane; rename it" ]
}

@test "rows that replace others are refused, with what to write" {
	rows 5 | sreduce --running 'count()' >upsert.mill
	rows 5 | swindow 1m | sreduce --emit complete 'count()' >complete.mill
	for spec in 1m rows:2; do
		for in in upsert complete; do
			run -65 --separate-stderr swindow "$spec" <$in.mill
			[ "$stderr" = "swindow: the input changes rows it has sent; windows need rows that stay: put swindow before sreduce, or write sreduce --emit final" ]
		done
	done
}

@test "without windows only the watermark comes" {
	rows 5 70 30 | swindow 2>err | ssink -f dump >dump
	grep -q '^  column t time' dump
	run -1 grep -q 'column pane' dump
	[ "$(cat err)" = "swindow: 1 of 3 rows late, worst by 40s; --late 41s keeps all" ]
	grep -q '^MARK.*watermark=1970-01-01T00:01:10.000001Z eof' dump
}

@test "files in order hold the watermark until the last one has rows" {
	printf '5\n500\n' >a
	printf '6\n' >b
	sbatch -f csv -N -c 't:time(s)' -t t a b | swindow 1m >s.mill 2>err
	[ ! -s err ]
	ssink -f dump <s.mill | grep '^ROWS' | head -1 >first
	grep -q 'watermark=none' first
}

@test "--schema prints the columns, --name names the stage" {
	rows 5 >s.mill
	run -0 swindow 1m --schema <s.mill
	[ "$output" = "$(printf 't\ttime\tevent time')" ]
	run -64 --separate-stderr swindow --name win 1x
	[[ $stderr == "win: window 1x"* ]]
}

@test "random streams agree with the definition, frame by frame" {
	run -0 python3 "$TOP/tests/swindow.py" 100
	[ "$output" = "100 cases agree" ]
}

# bats test_tags=long
@test "thousands of random streams agree with the definition" {
	run -0 python3 "$TOP/tests/swindow.py" 2000 1001
	[ "$output" = "2000 cases agree" ]
}
