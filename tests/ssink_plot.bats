# SPDX-License-Identifier: ISC
# ssink(1), PLOT.  The pictures are meant to be read: letters are series.

load helper

modes() {
	PYTHONPATH="$TOP/tests" python3 "$TOP/tests/modes.py" "$@"
}

# shown COLUMNS CSV-OPTION...: the plot of a csv on standard input.
shown() {
	sbatch -f csv "${@:2}" | COLUMNS=$1 ssink -f plot
}

@test "a picture has a panel for each number and a letter for each series" {
	# a rises, b is below zero and ends early; x has a gap where a is null,
	# and no line over NaN or infinity.
	shown 50 -c 'at:time,k,n:int,x:float' -t at >got <<-'CSV'
		at,k,n,x
		2026-01-01T00:00:00Z,a,1,0.1
		2026-01-01T00:00:00Z,b,-4,0.2
		2026-01-01T00:10:00Z,a,4,
		2026-01-01T00:10:00Z,b,-2,0.3
		2026-01-01T00:20:00Z,a,9,NaN
		2026-01-01T00:30:00Z,a,16,0.2
		2026-01-01T00:30:00Z,b,0,inf
	CSV
	cat >want <<-'EOF'
		    n
		 20+
		 15+                                          aaaa
		   |                                  aaaaaaaa
		 10+                       aaaaaaaaaaa
		  5+        aaaaaaaaaaaaaaa
		   |aaaaaaaa
		  0+        bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
		 -5+bbbbbbbb
		    x
		0.3+            bbbb
		   |    bbbbbbbb
		0.2+bbbb                                         a
		   |
		   |
		0.1+a
		   |
		  0+
		   ++--------------+--------------+--------------+
		  00:00          00:10          00:20
		a a  b b
	EOF
	same want got
}

@test "one series is drawn with dots where the locale has them" {
	# A parabola, with its lowest point at row 19.
	export LC_ALL=C.UTF-8
	seq 40 | sbatch | smap -s '(line::int-20)*(line::int-20) as y' |
		COLUMNS=60 ssink -f plot >got
	cat >want <<-'EOF'
		    y
		400┤⡀                                                     ⡠⠊
		   │⠈⠢⡀                                                 ⡠⠊
		300┤  ⠈⠢⢄                                             ⡠⠊
		200┤     ⠣⣀                                        ⢀⡠⠊
		   │       ⠑⠢⣀                                  ⢀⡠⠒⠁
		100┤          ⠑⠢⢄⡀                           ⢀⠤⠒⠁
		   │             ⠈⠒⠤⢄⣀                  ⢀⣀⠤⠔⠊⠁
		  0┤                  ⠉⠑⠒⠤⠤⢄⣀⣀⣀⣀⣀⣀⣀⠤⠤⠔⠒⠉⠁
		   └┬─────────────┬─────────────┬─────────────┬─────────────
		    0            10            20            30
	EOF
	same want got
}

@test "a window stands at its end, by the clocks of --tz" {
	gen log 2000 | sbatch -f combined | swindow 1m | sreduce count |
		COLUMNS=70 ssink -f plot --tz Asia/Tokyo >got
	[[ $(head -1 got) == *"count"*"2025-10-09T18:01:00+09:00 .. 2025-10-09T18:04:00+09:00" ]]
	[[ $(tail -1 got) == *"18:01 "*" 18:03"* ]]
}

@test "constants, single points and the ends of the doubles are drawn" {
	echo 5 | shown 24 -N -c n:int >got
	cat >want <<-'EOF'
		    n
		5.5+
		   |
		   |
		  5+          a
		   |
		   |
		   |
		4.5+
		   +----------+---------
		              0
	EOF
	same want got
	for v in 0 5e-324 1.7976931348623157e308 -1e300 NaN; do
		echo "$v" | shown 40 -N -c n:float >got
		[ "$(wc -l <got)" = 11 ] || { cat got && false; }
	done
	printf '%s\n' -1.7976931348623157e308 1.7976931348623157e308 |
		shown 40 -N -c n:float >got
	[ "$(wc -l <got)" = 11 ]
	printf '%s\n' 'append t:time n:int' '-9223372036854775808 1' \
		'9223372036854775807 2' | modes stream |
		COLUMNS=60 ssink -f plot >got
	[ "$(wc -l <got)" = 11 ]
	run -0 bash -c 'seq 0 | sbatch | smap -s "line::int as n" | ssink -f plot'
	[ "$output" = "no values to draw" ]
}

@test "twelve series are drawn, of the others the number is told" {
	for i in $(seq 300); do echo "$((i % 2)),series$i"; done |
		shown 80 -N -c 'n:int,s' >got
	[ "$(tail -1 got)" = "a series1  b series2  c series3  d series4  e series5  295 more" ]
	! grep -q '^ *[01|]*[+|].*[m-z]' got
}

@test "labels are safe for a terminal" {
	printf '%b\n' '1,a\033[31m' '2,b' | shown 40 -N -c 'n:int,s' >got
	[ "$(tail -1 got)" = 'a a\x1b[31m  b b' ]
}

@test "text alone cannot be drawn" {
	run -65 bash -c 'seq 3 | sbatch | ssink -f plot'
	[ "$output" = "ssink: plot draws numbers, and no column is one: write \
smap -a 'COLUMN::float as y' before" ]
}

@test "upsert: a put takes the place of the point, a delete takes it away" {
	printf '%s\n' 'upsert t:time* k:str* n:int' 'put 0 a 1' \
		'put 60000000 a 900' 'put 120000000 a 3' 'put 180000000 a 7' \
		'put 60000000 a 2' 'delete 180000000 a' |
		modes stream | COLUMNS=40 ssink -f plot >got
	printf '%s\n' 'append t:time k:str n:int' '0 a 1' '60000000 a 2' \
		'120000000 a 3' | modes stream | COLUMNS=40 ssink -f plot >want
	same want got
	printf '%s\n' 'complete t:time k:str n:int' '0 x 9' '||' '0 a 1' \
		'60000000 a 2' '120000000 a 3' '||' |
		modes stream | COLUMNS=40 ssink -f plot >got
	same want got
}

@test "points that come out of order are joined in order" {
	seq 50 | shuf --random-source=<(yes) |
		awk '{ printf "%d,%d\n", $1 * 1000000, $1 % 9 }' >mixed
	sort -n mixed >sorted
	for f in mixed sorted; do
		sbatch -f csv -N -c 't:time(us),n:int' "$f" |
			ssink -f plot >"$f.plot"
	done
	same mixed.plot sorted.plot
}

@test "a plot on a terminal is drawn again in its place" {
	mkfifo in
	on_terminal 'LC_ALL=C.UTF-8 ssink -f plot <in' >out &
	pid=$!
	exec 7>in
	printf '%s\n' 'append n:int' 1 4 2 '||' 9 '||' | modes stream >s
	modes batches 1 <s >&7
	drawn() { grep -q '⠤' screen; }
	until_true 10 drawn
	tail -c +$(($(modes batches 1 <s | wc -c) + 1)) s >&7
	exec 7>&-
	wait "$pid"
	# Up over the seven lines of the picture before.
	grep -q $'\e\\[7A' out
	grep -q $'10┤.*\e\\[K$' out
}

@test "-k says which numbers name the series" {
	printf '%s\n' 1,2,10 1,4,3 2,2,12 2,4,1 >in.csv
	sbatch -N -c 't:time(s),class:int,n:int' -t t in.csv >in.mill
	ssink -f plot -k class <in.mill >got
	run ! grep -q class got
	grep -q '^ *n ' got
	grep -q '1970-01-01T00:00:01Z .. 1970-01-01T00:00:02Z' got
	ssink -f plot <in.mill >got
	grep -q class got
	run -65 --separate-stderr ssink -f plot -k clas <in.mill
	[ "$stderr" = "ssink: -k: no column clas; the columns are t, class, n" ]
	run -64 --separate-stderr ssink -f csv -k class <in.mill
	[ "$stderr" = "ssink: -k names the series of -f plot; to group rows write sreduce -k KEYS AGGREGATES before" ]
}
