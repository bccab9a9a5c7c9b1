# SPDX-License-Identifier: ISC
# sjoin(1) of two streams: what comes out, what is refused, what never hangs.

load helper

setup_file() {
	export DECODE="$BATS_TEST_DIRNAME/decode.py"
}

# Two saved streams with watermarks, l.mill and r.mill; frames of N rows.
streams() {
	printf '%s\n' t,k,v 1,a,1 2,b,2 5,a,3 9,,4 >l.csv
	printf '%s\n' t,k,w 1,a,10 3,b,20 6,a,30 7,c,40 9,,50 >r.csv
	for s in l r; do
		sbatch -c '*,t:time(s)' -t t --frame-rows "${1-100}" $s.csv >$s.raw
		swindow --late 1s <$s.raw >$s.mill
		swindow 5s --late 1s <$s.raw >$s.win
	done
}

silent() {
	"$@" >/dev/null
}

# refused STATUS TEXT LEFT ARG...: sjoin ARG... on LEFT says TEXT.
refused() {
	local status=$1 text=$2 left=$3
	shift 3
	run "-$status" --separate-stderr silent sjoin "$@" < <(cat "$left")
	[ "$stderr" = "sjoin: $text" ] || {
		echo "$stderr"
		return 1
	}
}

@test "random streams are joined as nested loops would join them" {
	run -0 python3 "$TOP/tests/sjoin_stream.py" 40
	[ "$output" = "40 cases agree" ]
}

@test "the accounts of both sides go into those of the join" {
	streams
	run -0 --separate-stderr silent sjoin -v -k k --within 1s --take w --stream r.mill \
		< <(cat l.mill)
	printf '%s\n' "$stderr" | awk '{ print $1, $2, $3, $4, $7 }' >out
	cat >want <<-'EOF'
		stage in used filtered out
		sbatch 4 4 0 4
		swindow 4 4 0 4
		sbatch 5 5 0 5
		swindow 5 5 0 5
		sjoin 9 7 2 3
	EOF
	same want out
}

@test "what comes out can be windowed and reduced, none of it late" {
	streams 1
	sjoin -k k --within -5s,5s --full --take w --stream r.mill <l.mill |
		swindow 5s --max-late 0 | sreduce 'count() as n' |
		ssink -f csv -N >out
	cat >want <<-'EOF'
		1970-01-01T00:00:00Z,1970-01-01T00:00:05Z,3
		1970-01-01T00:00:05Z,1970-01-01T00:00:10Z,5
	EOF
	same want out
}

@test "a side that does not fit is refused, with what to write" {
	streams
	refused 65 "stdin has windows and r.mill has none: write swindow 5s before it, too" \
		l.win -k k --prefix r_ --stream r.mill
	swindow 3s <r.raw >r.3s
	refused 65 "stdin has windows of 5s and r.3s of 3s: give both the same" \
		l.win -k k --stream r.3s
	refused 65 "stdin has no watermark: write swindow --late D before it" \
		l.raw -k k --within 1s --stream r.mill
	refused 65 "--asof goes by event time, but r.win has windows: write swindow --late D before it, without windows" \
		l.mill -k k --asof --stream r.win
	for s in l r; do
		swindow session:5s -k k <$s.raw >$s.session
		swindow rows:3 <$s.raw >$s.rows
	done
	refused 65 "a session of one side does not know the rows of the other: join before swindow session, or write --union" \
		l.session -k k --stream r.session
	refused 65 "windows of so many rows end at other times on either side: join before swindow rows:N" \
		l.rows -k k --stream r.rows
	sbatch --batch-rows 2 r.csv >r.batches
	refused 65 "r.batches comes in batches and stdin does not: give both sbatch the same -i or --batch-rows, or put swindow before both" \
		l.raw -k k --stream r.batches
}

@test "streams whose rows replace others are refused" {
	streams
	sbatch --batch-rows 2 r.csv | sreduce -k k --running 'count() as n' >r.upsert
	sbatch --batch-rows 2 l.csv >l.batches
	refused 65 "r.upsert changes rows it has sent; only rows that stay can be joined" \
		l.batches -k k --stream r.upsert
	refused 65 "stdin changes rows it has sent; only rows that stay can be joined" \
		r.upsert -k k --stream l.batches
}

@test "streams that would resume are refused" {
	streams
	run -64 --separate-stderr silent sjoin -k k --take w --stream r.raw \
		< <(sbatch -S dir -c '*,t:time(s)' -t t l.csv)
	[ "$stderr" = "sjoin: stdin comes from sbatch -S, and two streams do not resume together: leave -S out, or join a table" ]
}

@test "options that do not go together are refused" {
	streams
	refused 64 "--union does not go with --within" l.mill \
		--union --within 1s --stream r.mill
	refused 64 "--full does not go with --asof, which asks for the match of each left row" \
		l.mill -k k --full --asof --stream r.mill
	refused 64 "--asof matches nothing later: write --within -A,0" l.mill \
		-k k --asof --within -1s,1s --stream r.mill
	refused 64 "--unbounded knows no end of anything: it goes with an inner join alone" \
		l.mill -k k --left --unbounded --stream r.mill
	refused 64 "--within: 5s,1s is not [-A,]B, such as 10m, or -1m,10m with the lesser one first" \
		l.mill -k k --within 5s,1s --stream r.mill
	refused 64 "--within: x is not [-A,]B, such as 10m, or -1m,10m with the lesser one first" \
		l.mill -k k --within x --stream r.mill
	refused 64 "--sources: a is not A,B, two names of sources" l.mill \
		-k k --sources a
	refused 64 "--sources: both sides are on standard input; drop r.mill" \
		l.mill -k k --sources a,b r.mill
	refused 64 "--format: RIGHT is a stream; options of text are sbatch's" \
		l.mill -k k -f csv --stream r.mill
	refused 64 "--reload: RIGHT is a stream, whose rows come as they are written; leave it out, or give a table" \
		l.mill -k k --reload --stream r.mill
}

@test "--sources wants a column that says whose a row is" {
	streams
	refused 65 "--sources: no column says whose a row is: write sbatch --source COL, and keep COL, or --sources COL=a,b" \
		l.mill -k k --sources a,b
	printf '%s\n' 1,x,a 1,y,b 1,z,c >abc.csv
	sbatch -N -c k:int,n,s abc.csv |
		sjoin -k k --take 'm=n' --sources s=a,b -v 2>err | ssink -N >out
	printf '1\tx\ta\ty\n' >want
	same want out
	grep -Eq '^sjoin +3 +2 +1 ' err
}

# endless FILE: a stream without batches that says it has no end.
endless() {
	sbatch -c '*,t:time(s)' -t t "$1" | cat >whole
	head -c 104 whole
	printf '\1'
	tail -c +106 whole
}

@test "two endless streams without batches need --unbounded" {
	streams
	endless l.csv >l.endless
	endless r.csv >r.endless
	refused 65 "stdin has no end, no batches and no windows: its rows would be kept for ever.  Write sbatch -i D, swindow SPEC or sjoin --within D; or --unbounded, if it fits" \
		l.endless -k k --take w --stream r.endless
	sjoin -k k --take w --unbounded --stream r.endless <l.endless |
		ssink -N >out
	[ "$(wc -l <out)" = 5 ]
}

@test "--unbounded joins each row with all that came before" {
	streams
	sjoin -k k --take w --unbounded --stream r.raw <l.raw | ssink -f csv -N |
		sort >out
	cat >want <<-'EOF'
		a,1,1970-01-01T00:00:01Z,10
		a,1,1970-01-01T00:00:01Z,30
		a,3,1970-01-01T00:00:05Z,10
		a,3,1970-01-01T00:00:05Z,30
		b,2,1970-01-01T00:00:02Z,20
	EOF
	same want out
}

@test "a tee whose branches meet again does not deadlock" {
	seq 1 200000 | sed 's/.*/&,k&/' >big.csv
	mkfifo branch
	sbatch -N -c 't:time(s),k' -t t big.csv | swindow --late 1s |
		tee >(smap -w "k like '%7'" >branch) |
		timeout 60 sjoin -k k --within 0s --semi branch |
		sreduce 'count() as n' | ssink -N >out
	[ "$(cat out)" = 20000 ]
}

@test "so it is when the branches meet in one batch" {
	seq 1 300000 | sed 's/.*/&,k&/' >big.csv
	mkfifo branch
	sbatch -N -c 'n:int,k' big.csv |
		tee >(smap -w "k like '%7'" >branch) |
		timeout 60 sjoin -k k --semi --spool 1M branch |
		sreduce 'count() as n' | ssink -N >out
	[ "$(cat out)" = 30000 ]
	mkfifo again
	sbatch -N -c 'n:int,k' big.csv |
		tee >(smap -w "k like '%7'" >again) |
		timeout 60 sjoin -k k --take 'm=n' --unbounded --spool 1M again |
		sreduce 'count() as n' | ssink -N >out
	[ "$(cat out)" = 30000 ]
}

@test "a branch that holds up the other one is named" {
	seq 1 100000 | sed 's/.*/&,k&/' >big.csv
	mkfifo branch
	# The branch has no watermark before its end.
	run -74 --separate-stderr timeout 60 bash -c '
		set -o pipefail
		sbatch -N -c "t:time(s),k" -t t big.csv | swindow --late 1s |
			tee >(swindow --late eof >branch) |
			sjoin -k k --within 0s --semi --spool 64K \
				--stall-timeout 200ms branch | cat >/dev/null'
	# A side that begins late is told of before.
	[[ "${stderr_lines[-1]}" = "sjoin: branch: nothing came for 0.2s, and stdin is held up: "*" bytes of it wait, which is all that --spool allows" ]]
}

@test "a side for which nothing comes is named, once" {
	streams
	mkfifo r
	sjoin -k k --within 1s --take w --stall-timeout 50ms r <l.mill >out.mill \
		2>err &
	pid=$!
	until_true 10 grep -q . err
	[ "$(cat err)" = "sjoin: r: no stream came for 0.05s; is a command writing to it?" ]
	cat r.mill >r
	wait $pid
	[ "$(ssink -N <out.mill | wc -l)" = 3 ]
	[ "$(grep -c 'no stream came' err)" = 1 ]
}

@test "a side that stands still while the other one waits is named, once" {
	streams
	mkfifo l
	sjoin -k k --within 1s --take w --stall-timeout 50ms <(cat r.mill) <l \
		>out.mill 2>err &
	pid=$!
	exec 7>l
	head -c 700 l.mill >&7
	until_true 10 grep -Eq '^sjoin: stdin: nothing came for 0.05s while [0-9]+ bytes of /dev/fd/[0-9]+ wait for it$' err
	tail -c +701 l.mill >&7
	exec 7>&-
	wait $pid
	[ "$(ssink -N <out.mill | wc -l)" = 3 ]
	[ "$(grep -c "stdin: nothing" err)" = 1 ]
}

@test "a failure of either side goes on, its status kept" {
	streams
	printf 't,k\n1,a\nx,b\n' >bad.csv
	run -65 --separate-stderr silent sjoin -k k --prefix r_ \
		<(sbatch -t t:%s bad.csv 2>/dev/null) < <(cat l.raw)
	[ "$stderr" = "" ]
	run -65 --separate-stderr silent sjoin -k k --prefix r_ --stream r.raw \
		< <(sbatch -t t:%s bad.csv 2>/dev/null)
	[ "$stderr" = "" ]
}

@test "a failure of the right side is seen while the left one is silent" {
	streams
	mkfifo l r
	sjoin -k k --within 1s --take w r <l >/dev/null 2>err &
	pid=$!
	exec 7>l 8>r
	head -c 700 l.mill >&7
	head -c 700 r.mill >&8
	exec 8>&-
	until_true 10 ended $pid
	rc=0
	wait $pid || rc=$?
	[ "$rc" = 74 ]
	exec 7>&-
	[ "$(cat err)" = "sjoin: r: cut before END" ] ||
		grep -q '^sjoin: r: byte 700: cut' err
}

@test "RIGHT that is text, or missing, is named" {
	streams
	refused 65 "r.csv is text, put sbatch before me" l.mill -k k --within 1s \
		--stream r.csv
	refused 66 "none.mill: No such file or directory" l.mill -k k --within 1s \
		--stream none.mill
}

# bats test_tags=memory
@test "state does not grow with the length of the streams" {
	peak() {
		seq 1 "$1" | awk '{ print int($1 / 500) ",k" $1 % 1000 }' >rows.csv
		for s in l r; do
			sbatch -N -c 't:time(s),k' -t t rows.csv |
				swindow --late 10s >$s.mill
		done
		python3 "$TOP/tests/rss.py" 1000000 \
			"sjoin -k k --prefix r_ --within -20s,20s --stream r.mill" ssink \
			2>&1 >/dev/null <l.mill | sed 's/^peak KiB: \([0-9]*\) .*/\1/'
	}
	small=$(peak 300000)
	large=$(peak 3000000)
	echo "$small KiB, then $large KiB"
	[ "$large" -le $((small * 105 / 100)) ]
}
