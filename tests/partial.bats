# SPDX-License-Identifier: ISC
# sreduce --partial and --merge.

load helper

setup_file() {
	printf 'k,n\na,1\nb,2\na,3\nc,4\nb,5\n' >"$BATS_FILE_TMPDIR/in.csv"
}

rows() {
	sbatch -c 'k,n:int' "$@" "$BATS_FILE_TMPDIR/in.csv"
}

# refused STATUS MESSAGE SREDUCE-OPTION...
refused() {
	local status=$1 message=$2
	shift 2
	rows >in.mill
	run "-$status" --separate-stderr \
		bash -c 'sreduce "$@" <in.mill | ssink' _ "$@"
	[ "${stderr_lines[0]}" = "sreduce: $message" ]
}

@test "partial and merge give what one sreduce gives, however frames are cut" {
	run -0 python3 "$TOP/tests/partial.py" 80
	[ "$output" = "80 cases agree" ]
}

# bats test_tags=long
@test "partial and merge agree with one sreduce, a thousand cases" {
	run -0 python3 "$TOP/tests/partial.py" 1000 100
	[ "$output" = "1000 cases agree" ]
}

@test "first, last and their like do not depend on which worker has a frame" {
	seq 120 | sbatch -c line:int --frame-rows 1 |
		smap -a '(line - 1) div 40 as k' >f.mill
	aggs='first(line) as f, last(line) as l, any(line) as a'
	aggs+=', max_by(line, 1) as mx, min_by(line, 1) as mn'
	frames() {
		ssink -f dump | grep '^[A-Z0-9]'
	}
	sreduce --partial -k k "$aggs" <f.mill | frames >want
	part="sreduce --partial -k k '$aggs'"
	# The second worker has about one frame in many.
	sfan --worker="$part" \
		--worker="exec python3 $TOP/tests/sfan.py delay 20 ${part@Q}" \
		<f.mill >p.mill
	frames <p.mill >out
	[ -s want ]
	same want out
	sreduce --merge <p.mill | ssink -N >out
	printf '%s\n' $'0\t1\t40\t1\t1\t1' $'1\t41\t80\t41\t41\t41' \
		$'2\t81\t120\t81\t81\t81' >want
	same want out
}

@test "--merge --emit update sends what changed of each window" {
	printf 't,k\n0,a\n300,a\n1,b\n301,b\n302,a\n' |
		sbatch -f csv -t t -c 't:time(s),k' --batch-rows 2 |
		swindow 1m --late 10m >w.mill
	sreduce -k k --emit update count <w.mill | ssink --changelog >want
	sreduce --partial -k k count <w.mill | sreduce --merge --emit update |
		ssink --changelog >out
	same want out
	[ "$(wc -l <out)" -eq 6 ]
}

@test "--partial answers each frame with its number, pane and watermark" {
	printf 't,k\n1,a\n2,b\n2,a\n9,a\n3,b\n' >t.csv
	sbatch -c 't:time(s),k' -t t --frame-rows 3 t.csv |
		swindow 5s --late 9s | tee w.mill |
		sreduce --partial -k k count >p.mill
	frames() {
		ssink -f dump <"$1" | grep '^ROWS' | sed 's/ PCRC//; s/ rows=[0-9]*//'
	}
	frames w.mill >want
	frames p.mill >out
	[ -s want ]
	same want out
	ssink -f dump <p.mill | grep '^  partial' >out
	printf '  partial count() column=3 version=1\n' >want
	same want out
	sreduce --merge <p.mill | ssink -N >out
	sreduce -k k count <w.mill | ssink -N >want
	same want out
}

@test "states may be saved, and merged later" {
	rows --frame-rows 2 | sreduce --partial -k k 'sum(n) / count() as m' >p.mill
	sreduce --merge --sort 'm desc' <p.mill | ssink >out
	printf 'k\tm\nc\t4\nb\t3.5\na\t2\n' >want
	same want out
}

@test "keys of states can be filtered on the way" {
	rows --frame-rows 2 | sreduce --partial -k k count |
		smap -w "k <> 'b'" | sreduce --merge | ssink -N >out
	printf 'a\t2\nc\t1\n' >want
	same want out
}

@test "an empty batch without keys has its row, by way of states, too" {
	printf 'n\n' | sbatch -f csv -c n:int |
		sreduce --partial 'count() as c, sum(n) as s' |
		sreduce --merge | ssink -f csv >out
	printf 'c,s\n0,\n' >want
	same want out
}

@test "what has no partial states says so" {
	rows >in.mill
	run -64 --separate-stderr \
		bash -c "sreduce --partial 'count(distinct n)' <in.mill | ssink"
	[[ $stderr == "sreduce: --partial: count(distinct n): "* ]]
	refused 64 "--partial reduces each frame, which has no answer yet; --top goes with --merge" \
		--partial -k k --top 1:c 'count() as c'
	refused 64 "--partial reduces each frame, which has no answer yet; --running goes with --merge" \
		--partial -k k --running count
	for opt in --early --ttl; do
		refused 64 "$opt goes by the time of each row, and states are of whole frames; reduce the rows without --partial and --merge" \
			--partial -k k "$opt" 1m count
		rows | sreduce --partial -k k count >p.mill
		run -64 --separate-stderr bash -c \
			'sreduce --merge --running --emit update "$1" 1m <p.mill | ssink' _ "$opt"
		[ "$stderr" = "sreduce: $opt goes by the time of each row, and states are of whole frames; reduce the rows without --partial and --merge" ]
	done
	refused 64 "--partial: a fold takes the rows of a key one after the other, and two of its states make none; leave --partial out" \
		--partial -k k --fold '0 as n' 'n = n + 1'
	refused 64 "--merge computes what --partial was told; leave out --fold, and go on with smap -a" \
		--merge --fold '0 as c' 'c = c + 1'
	refused 64 "--merge makes answers of states, --partial states of rows; write one of them" \
		--merge --partial count
	refused 64 "--merge computes what --partial was told; leave out count, and go on with smap -a" \
		--merge count
	run -64 --separate-stderr bash -c 'sbatch -c "t=n:time(s),k" -t t "$1" |
		swindow session:1s -k k --late 9s | sreduce --partial -k k count | ssink' _ \
		"$BATS_FILE_TMPDIR/in.csv"
	[ "$stderr" = "sreduce: --partial: which session a row is in shows only when all rows of its key are together; leave --partial out" ]
}

@test "states and rows are not taken for each other" {
	refused 65 "the input has no partial states to merge; write sreduce --partial before it, or leave out --merge" --merge
	rows | sreduce --partial -k k count >p.mill
	for how in "-k k count" "--partial -k k count"; do
		# shellcheck disable=SC2086 # words
		run -65 --separate-stderr bash -c 'sreduce "$@" <p.mill | ssink' _ $how
		[ "$stderr" = "sreduce: the input has partial states already; write sreduce --merge" ]
	done
}

@test "states of another version are refused" {
	rows | sreduce --partial -k k count | cat >p.mill
	python3 - <<-'END'
		data = open("p.mill", "rb").read()
		at = data.index(b"\x07\x00\x00\x00count()")
		assert data[at - 4:at] == b"\x01\x00\x00\x00"
		open("v.mill", "wb").write(data[:at - 4] + b"\x09" + data[at - 3:])
	END
	run -65 --separate-stderr bash -c 'sreduce --merge <v.mill | ssink'
	[ "$stderr" = "sreduce: the partial states of count() have version 9, and this sreduce reads 1; reduce the rows again" ]
}
