# SPDX-License-Identifier: ISC
# The main job on 10,000 real requests, one of which is malformed.  Run only
# where the log lies beside the tree.

load ../helper

setup_file() {
	LOG=$(cd "$BATS_TEST_DIRNAME/../../../shared/data" && pwd)/apache_access.log
	export LOG
}

report() {
	sreduce -k 'status div 100 as class' \
		'count() as hits, sum(bytes) as bytes' | ssink -f csv
}

# Hour, class, hits, bytes; windows in order, classes by first arrival.
oracle() {
	awk '
	BEGIN {
		split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", names)
		for (i in names)
			month[names[i]] = sprintf("%02d", i)
		print "window_start,window_end,class,hits,bytes"
	}
	NR == 8899 { next }	# the malformed one
	{
		split(substr($4, 2), t, "[/:]")
		hour = t[3] "-" month[t[2]] "-" t[1] "T" t[4]
		class = int($9 / 100)
		if (!((hour, class) in hits)) {
			n[hour]++
			order[hour, n[hour]] = class
			if (n[hour] == 1)
				hours[++n_hours] = hour
		}
		hits[hour, class]++
		if ($10 != "-") {
			bytes[hour, class] += $10
			has[hour, class] = 1
		}
	}
	function end_of(hour,	day, h) {
		h = substr(hour, 12) + 1
		day = substr(hour, 1, 8)
		if (h == 24)
			return day sprintf("%02d", substr(hour, 9, 2) + 1) "T00"
		return substr(hour, 1, 11) sprintf("%02d", h)
	}
	END {
		for (i = 1; i <= n_hours; i++)
			for (k = 1; k <= n[hours[i]]; k++) {
				c = order[hours[i], k]
				sum = ""
				if ((hours[i], c) in has)
					sum = sprintf("%d", bytes[hours[i], c])
				printf "%s:00:00Z,%s:00:00Z,%d,%d,%s\n",
				    hours[i], end_of(hours[i]), c,
				    hits[hours[i], c], sum
			}
	}' "$LOG"
}

@test "the hourly report equals awk's, one line invalid, none late" {
	oracle >want
	sbatch -f combined --bad skip -v "$LOG" 2>err | swindow 1h --late 1m \
		2>late | report >got
	same want got
	[ ! -s late ]
	grep -q '1 of 10000 records invalid' err
	[ "$(wc -l <want)" -gt 80 ]
}

@test "late rows are those that the definition says" {
	run -0 --separate-stderr bash -c 'sbatch -f combined --bad skip -q "$LOG" |
		swindow 10s --late 0s | sreduce "count()" | ssink -f csv -N'
	[ "$stderr" = "swindow: 8143 of 9999 rows late, worst by 59s; --late 60s keeps all" ]
	run -0 --separate-stderr bash -c 'sbatch -f combined --bad skip -q "$LOG" |
		swindow 10s --late 5s | sreduce "count()" | ssink -f csv -N'
	[ "$stderr" = "swindow: 8033 of 9999 rows late, worst by 59s; --late 60s keeps all" ]
	run -0 --separate-stderr bash -c 'sbatch -f combined --bad skip -q "$LOG" |
		swindow 10s --late 60s | sreduce "count()" | ssink -f csv -N'
	[ -z "$stderr" ]
}

@test "the malformed line stops the run with its place" {
	run -65 --separate-stderr bash -c 'sbatch -f combined "$LOG" |
		swindow 1h --late 1m | sreduce "count()" | ssink -f csv out.csv'
	case $stderr in
	"sbatch: $LOG:8899:"[0-9]*": "*) ;;
	*) echo "$stderr" && false ;;
	esac
	[ "${#stderr_lines[@]}" = 1 ]
	# A failed run publishes nothing.
	[ ! -e out.csv ]
	[ -z "$output" ]
}

@test "followed over two rotations the log gives the same bytes" {
	oracle >want
	: >access.log
	sbatch -F -f combined --bad skip -q access.log 2>err >live.mill &
	source=$!
	# What was rotated before it looked is none of it.
	until_true 5 test -s live.mill
	python3 "$TOP/tests/replay.py" --rate 20000 --rotate-at 0.3,0.7 \
		"$LOG" access.log
	kill -TERM "$source"
	wait "$source"
	swindow 1h --late 1m <live.mill | report >got
	same want got
}

@test "any frame, batch and split of reads gives the same bytes" {
	oracle >want
	for cut in '--frame-rows 1' '--frame-rows 7' '--frame-rows 1000'; do
		# shellcheck disable=SC2086 # options
		sbatch -f combined --bad skip -q $cut "$LOG" |
			swindow 1h --late 1m | report >got
		same want got
	done
	for cut in '--batch-rows 1' '--batch-rows 999' '--batch-bytes 10K'; do
		# shellcheck disable=SC2086 # options
		sbatch -f combined --bad skip -q $cut "$LOG" |
			swindow 1h --late 1m | report >got
		same want got
	done
	gzip -c "$LOG" >log.gz
	sbatch -f combined --bad skip -q log.gz | swindow 1h --late 1m |
		report >got
	same want got
	dd if="$LOG" bs=4097 status=none |
		sbatch -f combined --bad skip -q - | swindow 1h --late 1m |
		report >got
	same want got
}
