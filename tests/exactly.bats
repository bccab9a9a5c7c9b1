#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Sinks of pipelines that resume: each row once, whatever is killed.

load helper

# once ARGS...: what is new in b.log, through ssink ARGS.
once() {
	sbatch -f lines --once -S d b.log | ssink -N "$@"
}

# killed ARGS...: follow b.log into ssink ARGS until its last line is in the
# output file f, in an epoch that does not end, and kill all.
killed() {
	mkfifo p
	ssink -N "$@" <p 2>/dev/null &
	local sink=$!
	sbatch -f lines -F --epoch 1h -S d b.log >p 2>/dev/null &
	local source=$!
	until_true 10 grep -qx "$(tail -n 1 b.log)" f
	kill -9 "$sink" "$source"
	wait "$sink" "$source" || :
	rm p
}

@test "a file that a later epoch would replace is refused with the mend" {
	seq 3 >b.log
	for dest in out/all.csv '{line}.csv'; do
		run -64 --separate-stderr bash -c \
			"sbatch -f lines -S d b.log | ssink '$dest'"
		[[ $stderr == *"ssink: sbatch -S: $dest: a later epoch would replace an earlier one; write '${dest%.csv}/{epoch}.csv', or --append"* ]]
	done
	run -64 --separate-stderr bash -c \
		"sbatch -f lines -S d b.log | ssink -f frames s.mill"
	[[ $stderr == *"ssink: sbatch -S: a saved stream is of one start, from its beginning to its end; write json, csv or tsv"* ]]
	[ ! -e d/committed ]
}

@test "each epoch has a file of its own, one without rows has none" {
	seq 3 >b.log
	once 'out/{epoch}.csv'
	once 'out/{epoch}.csv'
	seq 4 5 >>b.log
	once 'out/{epoch}.csv'
	[ "$(ls -A out)" = "$(printf '1.csv\n2.csv')" ]
	seq 3 | diff - out/1.csv
	seq 4 5 | diff - out/2.csv
}

@test "rolled names go on after a restart" {
	seq 3 >b.log
	once --roll 2rows r.csv
	mv r.000002.csv taken
	seq 4 5 >>b.log
	once --roll 2rows r.csv
	[ "$(echo r.*)" = "r.000001.csv r.000003.csv" ]
	seq 4 5 | diff - r.000003.csv
}

@test "what is appended in an epoch that is not committed is cut off" {
	seq 3 >b.log
	once --append f
	seq 4 5 >>b.log
	killed --append f
	seq 5 | diff - f
	seq 6 7 >>b.log
	once --append f
	seq 7 | diff - f
}

@test "a file that only a killed start has appended to is begun anew" {
	seq 3 >b.log
	killed --append f
	once --append f
	seq 3 | diff - f
	echo before >g
	rm -r d
	cp g f
	killed --append f
	once --append f
	{ echo before; seq 3; } | diff - f
}

@test "an appended file that has been changed is refused" {
	seq 3 >b.log
	once --append f
	seq 4 5 >>b.log
	killed --append f
	cp f keep
	printf '1\n' >f
	run -65 --separate-stderr once --append f
	[[ $stderr == *"ssink: $PWD/f: it has become shorter, where 6 bytes were committed; "* ]]
	printf '1\n2\n4\n5\n' >f
	run -65 --separate-stderr once --append f
	[[ $stderr == *"ssink: $PWD/f: it has been changed, where 6 bytes were committed; "* ]]
	rm f
	run -65 --separate-stderr once --append f
	[[ $stderr == *"ssink: $PWD/f: it is gone, where 6 bytes were committed; "* ]]
	cp keep f
	once --append f
	seq 5 | diff - f
}

@test "an appended file may be moved away while no pipeline runs" {
	seq 3 >b.log
	once --append f
	mv f old
	seq 4 5 >>b.log
	once --append f
	seq 4 5 | diff - f
	echo edited >>f
	seq 6 7 >>b.log
	once --append f
	{ seq 4 5; echo edited; seq 6 7; } | diff - f
}

@test "appended files by value are cut off each" {
	seq 4 >b.log
	sink() {
		sbatch -f lines "$@" -S d b.log |
			smap -s 'line, line::int % 2 as odd' |
			ssink -N --append '{odd}.tsv'
	}
	sink --once
	seq 5 8 >>b.log
	sink -F --epoch 1h 2>/dev/null &
	stages=$!
	until_true 10 grep -q 8 0.tsv
	until_true 10 grep -q 7 1.tsv
	pids=$(pgrep -P "$stages")
	# shellcheck disable=SC2086 # a list of numbers
	kill -9 $pids
	wait
	sink --once
	[ "$(cut -f 1 0.tsv | paste -sd ' ')" = "2 4 6 8" ]
	[ "$(cut -f 1 1.tsv | paste -sd ' ')" = "1 3 5 7" ]
}

# bats test_tags=long
@test "an epoch is durable in all files that are appended to, closed or open" {
	for i in {1..20}; do
		printf '%s,%09000d\n' "$i" 0
	done >b.log
	# So few descriptors that four files at most are open at a time.
	sbatch -f csv -N -c k,v --once -S d b.log | (
		ulimit -n 36
		strace -qq -y -o log -e trace=fsync,renameat \
			ssink -N --append 'out/{k}.csv'
	)
	sed '/"committed") = 0$/,$d' log |
		sed -n 's|^fsync([0-9]*<.*/out/\(.*\)\.csv>) = 0$|\1|p' |
		sort -nu | diff <(seq 20) -
}

@test "a list of dot files that cannot be opened is named" {
	seq 3 >b.log
	once --append f
	mkdir x
	rm d/01-ssink.litter
	ln -s ../x d/01-ssink.litter
	seq 4 >b.log
	run -74 --separate-stderr once --append f
	[[ $stderr == *"ssink: $PWD/d/01-ssink.litter: Too many levels of symbolic links" ]]
}

@test "dot files of a killed start are removed" {
	seq 3 >b.log
	mkfifo p
	ssink -N --roll 1rows 'o/{line}' <p 2>/dev/null &
	sink=$!
	sbatch -f lines -F --epoch 1h -S d b.log >p 2>/dev/null &
	source=$!
	has_three() { [ "$(ls -A o 2>/dev/null | wc -l)" -ge 3 ]; }
	until_true 10 has_three
	kill -9 "$sink" "$source"
	wait "$sink" "$source" || :
	once --roll 1rows 'o/{line}'
	[ "$(ls -A o | paste -sd ' ')" = "1.000001 2.000001 3.000001" ]
}

# bats test_tags=long
@test "a flush that fails ends the sink, with the file and the reason" {
	seq 3 >b.log
	for to in 'o/{epoch}' '--append o/f' "sqlite://$PWD/x.db?table=t"; do
		for n in 1 2 3 4 5 6 7; do
			rm -rf d o
			mkdir o
			# shellcheck disable=SC2086 # two words
			run -74 bash -c "sbatch -f lines --once -S d b.log 2>&- |
				strace -qq -o log -e trace=fsync \
				-e inject=fsync:error=EIO:when=$n ssink $to"
			grep -q INJECTED log
			[[ $output =~ ^ssink(-sqlite)?:\ .*[do]/.*:\ Input/output\ error$ ]]
		done
	done
}

# bats test_tags=long
@test "names that were given before a kill are no error without renameat2" {
	seq 3 >b.log
	# The sink's fourth rename says that its output is in place.
	sbatch -f lines --once -S d b.log | {
		strace -qq -o /dev/null -e trace=renameat \
			-e inject=renameat:signal=KILL:when=4 \
			ssink -N --roll 2rows r.csv || [ $? -eq 137 ]
	}
	[ "$(echo r.*)" = "r.000001.csv r.000002.csv" ]
	seq 4 5 >>b.log
	sbatch -f lines --once -S d b.log |
		strace -qq -o /dev/null -e trace=renameat2 \
			-e inject=renameat2:error=ENOSYS \
			ssink -N --roll 2rows r.csv
	cat r.*.csv | diff <(seq 5) -
	[ "$(ls -A)" = "$(printf '%s\n' b.log d r.00000{1,2,3}.csv)" ]
}

# bats test_tags=long
@test "a published file that was taken away before a recovery is no error" {
	for to in '5 o/{epoch}.csv' '7 o/{line}/{epoch}.csv' '4 --roll 2rows o/r.csv'; do
		rm -rf d o
		mkdir o
		seq 3 >b.log
		# The names are given; the last rename would record that.
		n=${to%% *}
		to=${to#* }
		# shellcheck disable=SC2086 # two words
		sbatch -f lines --once -S d b.log | {
			strace -qq -o /dev/null -e trace=renameat \
				-e inject=renameat:signal=KILL:when=$n \
				ssink -N $to || [ $? -eq 137 ]
		}
		run -0 millrace status d
		[[ $output == "committed epoch 1 of generation 1, output not in place"* ]]
		find o -type f | sort >had
		[ "$(wc -l <had)" -ge 1 ]
		find o -name '.*' | diff /dev/null -
		xargs cat <had | sort >was
		seq 3 | diff - was
		# Its folder goes, too, where nothing else is in it.
		taken=$(head -n 1 had)
		grep -vxf "$taken" was >left || :
		rm "$taken"
		rmdir "$(dirname "$taken")" 2>/dev/null || :
		mkdir -p o
		seq 4 5 >>b.log
		# shellcheck disable=SC2086 # two words
		once $to
		find o -type f -exec cat {} + | sort | diff <(cat left; seq 4 5) -
		run -0 millrace status d
		[[ $output == "committed epoch 2 of generation 2"* ]]
		[[ $output != *"not in place"* ]]
	done
}

@test "a start without new rows prints nothing, not even names" {
	seq 3 >b.log
	for format in tsv csv markdown table; do
		show() {
			sbatch -f lines --once -S "$format" b.log | ssink -q -f "$format"
		}
		[ "$(show | wc -l)" -ge 4 ]
		[ "$(show | wc -c)" = 0 ]
		echo new >>b.log
		run -78 --separate-stderr bash -c "set -o pipefail
			sbatch -f lines --once -S $format b.log | smap -w true |
			ssink -q -f $format"
		[ "$output" = "" ]
	done
}

@test "what cannot be taken back is said once" {
	seq 3 >b.log
	again=' cannot be taken back: after a restart rows may come a second time; ssink(1), RELIABILITY'
	once >out 2>err
	[ "$(cat err)" = "ssink: standard output$again" ]
	once -q 2>err
	[ ! -s err ]
	rm -r d
	run -0 --separate-stderr once /dev/null
	[ "$stderr" = "ssink: /dev/null$again" ]
	rm -r d
	run -0 --separate-stderr once --exec 'echo epoch $MILLRACE_EPOCH'
	[ "$stderr" = "ssink: what --exec does$again" ]
	[ "$output" = "epoch 1" ]
}

@test "rows that only a killed start has appended go, whatever its stages were" {
	seq 3 >b.log
	for sink in 'smap -w true | ssink -q -N --append f' \
		'ssink -q -N --append f --name last' \
		'smap -w true | ssink -q -N g/{epoch}' 'smap -w true | ssink -q -N'; do
		rm -rf d f g
		echo before >f
		killed --append f
		[ -e d/01-ssink.pending ]
		bash -c "sbatch -f lines --once -S d b.log | $sink" >out 2>&1
		case $sink in
		*append*) { echo before; seq 3; } | diff - f ;;
		*) echo before | diff - f ;;
		esac
		run ! ls d/01-ssink.pending d/01-ssink.litter
		[ -e d/committed ]
	done
}

@test "dot files and states of a stage that is gone are removed" {
	seq 5 >b.log
	mkfifo p q
	ssink -N --roll 1rows 'o/{line}' <q 2>/dev/null &
	sink=$!
	smap -w true <p >q 2>/dev/null &
	stage=$!
	sbatch -f lines -F --epoch 1h -S d b.log >p 2>/dev/null &
	source=$!
	has_three() { [ "$(ls -A o 2>/dev/null | wc -l)" -ge 3 ]; }
	until_true 10 has_three
	kill -9 "$sink" "$source" "$stage"
	wait "$sink" "$source" "$stage" || :
	[ -e d/02-ssink.litter ]
	touch d/1.1.01-smap d/.1.1.01-smap.new d/01-smap.1.runs d/01-smap.begun
	once --roll 1rows 'o/{line}'
	[ "$(ls -A o | paste -sd ' ')" = "1.000001 2.000001 3.000001 4.000001 5.000001" ]
	run ! ls d/*01-smap d/.*.new d/*.runs d/*.begun d/02-ssink.litter
}

@test "uncommitted rows go, though nothing is appended any more" {
	seq 3 >b.log
	once --append f
	seq 4 5 >>b.log
	killed --append f
	sbatch -f lines --once -S d --accept-changes 01-ssink b.log | ssink -q -N >out
	seq 3 | diff - f
	seq 4 5 | diff - out
}

# overlap N: a line is added to b.log, and a start made, which may wait before
# its last stage begins; the three statuses become a line of the file statuses.
overlap() {
	echo "$1" >>b.log
	sbatch -f lines --once -S d b.log 2>>said | smap -w true 2>>said | {
		[ $(($1 % 3)) -gt 0 ] || read -r -t 0.03 <> <(:) || :
		ssink -q -N --append f 2>>said
	}
	echo "${PIPESTATUS[*]}" >>statuses
}

@test "starts that overlap leave each other alone, and no row comes twice" {
	for i in {1..50}; do
		overlap "$i" &
		[ $((i % 5)) -gt 0 ] || wait -n || :
	done
	wait
	echo last >>b.log
	overlap 0
	[ "$(tail -n 1 statuses)" = "0 0 0" ]
	sort b.log | diff <(sort f) -
	diff b.log f
	sort -u statuses >kinds
	grep -qx '0 0 0' kinds
	run ! grep -qvxE '(0|75) (0|75) (0|75)' kinds
	sed 's/[0-9]* *$//' said | sort -u >kinds
	# A stage may need long to end.
	run ! grep -vxE "sbatch: -S: $PWD/d: (this pipeline is running already|0[12]-s(map|sink) of an earlier start is running still)(, as process )?" kinds
}

@test "a start that comes right after another one finds its rows committed" {
	: >b.log
	for i in {1..12}; do
		echo "$i" >>b.log
		# The shell does not wait for what is behind >( ).
		sbatch -f lines --once -S d b.log > >(smap -w true | ssink -q -N --append f)
	done
	# The last sink may not have begun within the second that it is given.
	all_there() { seq 12 | cmp -s - f; }
	until_true 10 all_there
}

@test "--tee commits, and what comes behind it knows of no checkpoint" {
	seq 3 >b.log
	t() {
		sbatch -f lines --once -S d b.log | ssink -N --tee 'o/{epoch}' |
			ssink -f dump
	}
	t >out
	grep -q '^HEAD' out
	run ! grep -q checkpoint out
	seq 4 5 >>b.log
	t >out
	grep -v '[= ]' out | diff <(seq 4 5) -
	seq 4 5 | diff - o/2
}
