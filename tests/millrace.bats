#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Looking into the directory of a pipeline that resumes.

load helper

# A run over what is new in a.log.
go() {
	sbatch -f lines --once -S d a.log | smap -w 'line <> "2"' | ssink -q -N
}

two_epochs() {
	seq 3 >a.log
	go >out
	seq 4 6 >>a.log
	go >>out
}

@test "status says what is committed and how far behind the sources are" {
	two_epochs
	seq 7 99 >>a.log
	millrace status d >got
	grep -qx 'committed epoch 2 of generation 2.*' got
	grep -qx 'started 2 times' got
	grep -qx "stage 00-sbatch $(stat -c %s d/2.2.00-sbatch) bytes" got
	grep -qx "stage 01-smap $(stat -c %s d/2.2.01-smap) bytes" got
	grep -qx "stage 02-ssink $(stat -c %s d/2.2.02-ssink) bytes" got
	size=$(stat -c %s a.log)
	grep -qx "source a.log read 12 of $size bytes, behind by $((size - 12))" got
	[ "$(wc -l <got)" -eq 6 ]
}

@test "status counts the files that rotation put between" {
	seq 3 >a.log
	go >/dev/null
	echo 4 >>a.log
	mv a.log a.log.2
	seq 10 19 >a.log.1
	gzip a.log.1
	seq 20 29 >a.log
	touch -d '2 minutes ago' a.log.2
	touch -d '1 minute ago' a.log.1.gz
	run -0 millrace status d
	[[ $output == *"source a.log read 6 of 8 bytes of a.log.2, behind by 62 with 2 more files" ]]
	[ "$(go | wc -l)" -eq 21 ]
	run -0 millrace status d
	[[ $output == *"source a.log read 30 of 30 bytes, behind by 0" ]]
}

@test "status names the processes, and a source that is gone" {
	seq 3 >a.log
	mkfifo go
	sbatch -F -f lines -S d --epoch 200ms a.log | tee go | ssink -q -N >out &
	cat go >/dev/null &
	until_true 10 test -e d/committed
	run -0 millrace status d
	[[ $output == *"stage 00-sbatch "*" bytes, runs as "*"stage 01-ssink "*" bytes, runs as "* ]]
	pid=$(sed -n 1p d/source.lock)
	[[ $output == *"stage 00-sbatch "*", runs as $pid"* ]]
	run -75 --separate-stderr millrace reset d --to 1
	[[ $stderr == "millrace: $PWD/d: "*" is running, as process "*"; stop the pipeline first" ]]
	kill "$pid"
	wait
	rm a.log
	run -0 millrace status d
	[[ $output == *"source a.log read up to byte 6 of a file that is gone, behind by 0" ]]
}

@test "status before anything is committed" {
	seq 3 >a.log
	sbatch -f lines -S d a.log | cat >/dev/null
	run -0 millrace status d
	[ "$output" = "committed nothing
given up epoch 1 of generation 1
started 1 time
source a.log read 0 of 6 bytes, behind by 6" ]
	run -66 --separate-stderr millrace dump d sbatch
	[ "$stderr" = "millrace: $PWD/d: nothing is committed" ]
}

@test "status while nothing is committed yet names what runs and waits" {
	seq 3 >a.log
	sbatch -F -f lines -S d --epoch 1h a.log | smap -w true | ssink -q -N >out &
	until_true 10 test -s out
	run -0 millrace status d
	[ "${lines[0]}" = "committed nothing" ]
	[ "${lines[1]}" = "started 1 time" ]
	[[ ${lines[2]} =~ ^'stage 00-sbatch nothing committed, runs as '[0-9]+$ ]]
	[[ ${lines[3]} =~ ^'stage 01-smap nothing committed, runs as '[0-9]+$ ]]
	[[ ${lines[4]} =~ ^'stage 02-ssink nothing committed, runs as '[0-9]+$ ]]
	[ "${lines[5]}" = "source a.log read 0 of 6 bytes, behind by 6" ]
	[ "${#lines[@]}" -eq 6 ]
	kill "$(sed -n 1p d/source.lock)"
	wait
}

@test "dump shows where rows went, and where the source is" {
	two_epochs
	run -0 millrace dump d 01-smap
	[[ $output == 'chain 00-sbatch sbatch -f lines
chain 01-smap smap -w line <> "2"
column line str
rows in 6, used 5, filtered 1, late 0, invalid 0, out 5
watermark none
state '*' bytes, version '* ]]
	run -0 millrace dump d sbatch
	[ "$output" = "chain 00-sbatch -f lines
rows 6, invalid 0, filtered 0
batch 2 with 0 rows so far
source a.log read 12 of 12 bytes, behind by 0
part 1 open, 0 rows wait" ]
	run -64 --separate-stderr millrace dump d sjoin
	[ "$stderr" = "millrace: $PWD/d: no stage sjoin has a state of epoch 2, generation 2" ]
	seq 3 >b.log
	sbatch -f lines --once -S e b.log | smap -w true | smap -w true | ssink -q -N
	run -64 --separate-stderr millrace dump e smap
	[ "$stderr" = "millrace: $PWD/e: smap may be 01-smap or 02-smap; write one of them" ]
}

@test "what a dump shows stays on its line, and off the terminal" {
	printf 'a\033b,c\n1,2\n' >t.csv
	sbatch --once -S d t.csv | smap -w "c <>
	'x'" | ssink -q >/dev/null
	run -0 millrace dump d smap
	[[ $output == *"
chain 01-smap smap -w c <>\x0a\x09'x'
column a\x1bb str
"* ]]
}

@test "dump shows the watermark and nothing behind it" {
	printf '%s\n' t 2026-01-01T10:00:05Z 2026-01-01T10:02:00Z >t.csv
	sbatch -t t --once -S d t.csv | swindow 1m --late 5s \
		| sreduce count | ssink -q >/dev/null
	for stage in swindow sreduce; do
		run -0 millrace dump d $stage
		[ "$(grep -a ^watermark <<<"$output")" = "watermark 2026-01-01T10:01:55Z" ]
	done
}

@test "dump finds columns of a header, and rows that wait" {
	printf 'k,v\n1,2\n3,4\n' >t.csv
	printf 'k,v\n9,2\n' >u.csv
	sbatch -m -c k:time'(s)',v -t k --once -S d t.csv u.csv | ssink >/dev/null
	run -0 millrace dump d sbatch
	[[ $output == *"source t.csv read "*"part 1 open, "*" rows wait"*"source u.csv read "* ]]
}

@test "reset goes back by one epoch, whose rows come again" {
	two_epochs
	cp d/identity identity
	run -64 --separate-stderr millrace reset d --to 1 </dev/null
	[ "$stderr" = "millrace: reset: --yes does it" ]
	run -0 millrace status d
	[[ $output == "committed epoch 2 "* ]]
	run -0 millrace reset d --to 1 --yes
	[ "$output" = "a.log: read again from byte 6
output of epoch 2 is not withdrawn: what is made again comes again" ]
	run -0 millrace status d
	[[ $output == "committed epoch 1 of generation 1
"*"source a.log read 6 of 12 bytes, behind by 6" ]]
	cmp identity d/identity
	[ "$(go | paste -sd ' ')" = "4 5 6" ]
	[ "$(go)" = "" ]
	run -0 millrace status d
	[[ $output == "committed epoch 2 of generation 4"* ]]
	run -64 --separate-stderr millrace reset d --to 2 --yes
	[ "$stderr" = "millrace: $PWD/d: epoch 2 is the last one already" ]
}

@test "reset asks at a terminal" {
	two_epochs
	python3 - <<-'EOF'
		import os, pty
		def ask(answer):
		    pid, fd = pty.fork()
		    if pid == 0:
		        os.execvp("millrace", "millrace reset d --to 1".split())
		    os.write(fd, answer)
		    try:
		        while os.read(fd, 4096):
		            pass
		    except OSError:
		        pass
		    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
		assert ask(b"n\n") == 1
		assert ask(b"y\n") == 0
	EOF
	run -0 millrace status d
	[[ $output == "committed epoch 1 "* ]]
}

@test "reset only where the states are kept, and whole" {
	seq 3 >a.log
	go >/dev/null
	run -64 --separate-stderr millrace reset d --to 0 --yes
	[ "$stderr" = "millrace: $PWD/d: remove the directory to begin anew" ]
	run -64 --separate-stderr millrace reset d --to 5 --yes
	[ "$stderr" = "millrace: $PWD/d: no states of a committed epoch 5 are kept" ]
	for i in 4 5; do
		echo "$i" >>a.log
		go >/dev/null
	done
	run -64 --separate-stderr millrace reset d --to 1 --yes
	[ "$stderr" = "millrace: $PWD/d: no states of a committed epoch 1 are kept; only the last two are" ]
	mv d/2.2.01-smap keep
	run -65 --separate-stderr millrace reset d --to 2 --yes
	[ "$stderr" = "millrace: $PWD/d: no stage 01-smap has a state of epoch 2, generation 2" ]
	head -c 100 keep >d/2.2.01-smap
	run -65 --separate-stderr millrace reset d --to 2 --yes
	[[ $stderr == "millrace: $PWD/d/2.2.01-smap: it is damaged, or of a later version" ]]
	cp keep d/2.2.01-smap
	millrace reset d --to 2 --yes
	# The state of the epoch before is that of no known start.
	run -64 --separate-stderr millrace reset d --to 1 --yes
	[[ $stderr == *"no states of a committed epoch 1 are kept" ]]
}

@test "an epoch that was gone back from is not on its way" {
	two_epochs
	millrace reset d --to 1 --yes
	sbatch -F -f lines -S d --epoch 1h a.log |
		smap -w 'line <> "2"' | ssink -q -N >again &
	until_true 10 test -s again
	run -0 millrace status d
	kill "$(sed -n 1p d/source.lock)"
	wait
	[[ $output != *"on its way"* ]]
	[[ $output == *"given up epoch 2 of generation 2"* ]]
}

@test "what is no checkpoint, or a damaged one, is refused" {
	run -66 --separate-stderr millrace status d
	[ "$stderr" = "millrace: d: No such file or directory" ]
	mkdir -m 700 d
	run -66 --separate-stderr millrace status d
	[ "$stderr" = "millrace: $PWD/d: it is no checkpoint: it has no identity" ]
	two_epochs
	for f in d/identity d/generation d/committed d/2.2.00-sbatch; do
		cp -p "$f" keep
		head -c 20 keep >"$f"
		run -65 --separate-stderr millrace status d
		[ "$stderr" = "millrace: $PWD/$f: it is damaged, or of a later version" ]
		cp -p keep "$f"
	done
	rm d/2.2.00-sbatch
	run -65 --separate-stderr millrace status d
	[ "$stderr" = "millrace: $PWD/d: the state of sbatch at epoch 2 is not there" ]
}

@test "a wrong line says what to write" {
	run -64 --separate-stderr millrace
	[[ $stderr == "millrace: what to do with the directory? write millrace status DIR, "* ]]
	run -64 --separate-stderr millrace status
	[ "$stderr" = "millrace: write millrace status DIR" ]
	run -64 --separate-stderr millrace dump d
	[ "$stderr" = "millrace: write millrace dump DIR STAGE" ]
	run -64 --separate-stderr millrace reset d
	[[ $stderr == "millrace: reset: --to which epoch? "* ]]
	run -64 --separate-stderr millrace status d --yes
	[ "$stderr" = "millrace: --to and --yes go with millrace reset" ]
}
