# SPDX-License-Identifier: ISC
# sjoin(1) with a table: every option, diagnostic and exit status.

load helper

# A stream of five rows in l.csv, a table of five in r.csv.
rows() {
	printf '%s\n' u,v a,1 b,2 ,3 c,4 a,5 >l.csv
	printf '%s\n' u,n,w a,10,x b,20,y a,11,z ,9,q d,7,r >r.csv
}

# joined ARG...: what sjoin ARG... makes of l.csv, as csv, in out.
joined() {
	sbatch l.csv | sjoin "$@" | ssink -f csv -N >out
}

# printed LINE...: out has exactly these lines.
printed() {
	printf '%s\n' "$@" >want
	same want out
}

# silent COMMAND...: without its frames.
silent() {
	"$@" >/dev/null
}

# refused STATUS TEXT ARG...: sjoin ARG... on l.csv says TEXT.
refused() {
	local status=$1 text=$2
	shift 2
	run "-$status" --separate-stderr silent sjoin "$@" < <(sbatch l.csv)
	[ "$stderr" = "sjoin: $text" ] || {
		echo "$stderr"
		return 1
	}
}

@test "--help prints usage on stdout, --version the version" {
	run -0 --separate-stderr sjoin --help
	[ "${lines[0]}" = "usage: sjoin [options] -k KEYS RIGHT" ]
	[ -z "$stderr" ]
	run -0 --separate-stderr sjoin -V
	[[ $output == "sjoin (millrace) "* ]]
}

@test "wrong usage is answered with 64 and the mend" {
	rows
	refused 64 "no option --nope; try sjoin --help" --nope r.csv
	refused 64 "no option --on: -k KEYS" --on u r.csv
	refused 64 "which keys? such as: sjoin -k user users.csv" r.csv
	refused 64 "one RIGHT, please, such as: sjoin -k user users.csv" -k u
	refused 64 "one RIGHT, please, such as: sjoin -k user users.csv" \
		-k u r.csv r.csv
	refused 64 "--left and --anti: one of them, please" --left --anti -k u r.csv
	refused 64 "--union takes all rows: it has no -k" --union -k u r.csv
	refused 64 "--semi does not show the columns of RIGHT: drop --take and --prefix" \
		--semi --take n -k u r.csv
	refused 64 "--union takes all columns: drop those before by smap" \
		--union --take n r.csv
	refused 64 "--cogroup does not show the columns of RIGHT: drop --take and --prefix" \
		--cogroup --prefix r -k u r.csv
	refused 64 "--within: with a table only together with --asof" \
		--within 5m -k u r.csv
	refused 64 "--asof matches nothing later: write --within -A,0" \
		--asof --within 5m -k u r.csv
	refused 64 "--full does not go with --asof, which asks for the match of each left row" \
		--asof --full -k u r.csv
	refused 64 "--union does not go with --asof" --asof --union r.csv
	refused 64 "--reload does not go with --full, which shows the rows of one table" \
		--reload --full -k u r.csv
	refused 64 "--unbounded: not with a table" --unbounded -k u r.csv
	refused 64 "RIGHT is -, but standard input is the left side" -k u -
	refused 64 "--delimiter: ab is not one byte" -d ab -k u r.csv
}

@test "each pair with the same key is a row, in order of both" {
	rows
	joined -k u r.csv
	printed a,1,10,x a,1,11,z b,2,20,y a,5,10,x a,5,11,z
}

@test "--left keeps the rows without a match" {
	rows
	joined --left -k u r.csv
	printed a,1,10,x a,1,11,z b,2,20,y ,3,, c,4,, a,5,10,x a,5,11,z
}

@test "--right adds what never matched at the end, --full does both" {
	rows
	joined --right -k u r.csv
	printed a,1,10,x a,1,11,z b,2,20,y a,5,10,x a,5,11,z ,,9,q d,,7,r
	joined --full -k u r.csv
	printed a,1,10,x a,1,11,z b,2,20,y ,3,, c,4,, a,5,10,x a,5,11,z ,,9,q \
		d,,7,r
}

@test "--semi and --anti keep or drop rows that have a match" {
	rows
	joined --semi -k u r.csv
	printed a,1 b,2 a,5
	joined --anti -k u r.csv
	printed ,3 c,4
}

@test "keys have other names on the right, and may be several" {
	rows
	joined -k 'v = n' -c 'k=u,n,w' r.csv
	: >want
	same want out
	printf '%s\n' a,b,c 1,a,one 5,a,five 1,b,none >t.csv
	joined -k 'v=a, u=b' t.csv
	printed a,1,one a,5,five
}

@test "--take chooses and renames columns, --prefix avoids a clash" {
	rows
	sbatch l.csv | sjoin -k u --take 'w, k=u' --prefix r_ r.csv |
		ssink -f csv | head -2 >out
	printed u,v,r_w,r_k a,1,x,a
	refused 64 "both sides have a column u: write --prefix STR for those of RIGHT, or choose some of them by --take" -k v=n r.csv
	printf -v text '%s\n  %s\n  %s' \
		"--take: no column zz; RIGHT has u, n, w" "n, k=w, zz" "        ^~"
	refused 64 "$text" -k u --take 'n, k=w, zz' r.csv
	printf -v text '%s\n  %s\n  %s' \
		"--take: this is not 'COL, NEW=COL, ...'" "n,,w" "  ^"
	refused 64 "$text" -k u --take 'n,,w' r.csv
}

@test "keys are looked for with a caret" {
	rows
	printf -v text '%s\n  %s\n  %s' \
		"-k: no column x; the left side has u, v" "u, x" "   ^"
	refused 64 "$text" -k 'u, x' r.csv
	printf -v text '%s\n  %s\n  %s' \
		"-k: no column x; RIGHT has u, n, w" "u, v=x" "   ^~~"
	refused 64 "$text" -k 'u, v=x' r.csv
	printf -v text '%s\n  %s\n  %s' \
		"-k: this is not 'COL, LEFT=RIGHT, ...'" "u,v=" "    ^"
	refused 64 "$text" -k 'u,v=' r.csv
}

@test "text without a type becomes what it stands beside" {
	printf '%s\n' k 1 02 x 3 >l.csv
	printf '%s\n' k,w 1,a 2,b 3,c >r.csv
	run -0 --separate-stderr bash -c \
		"sbatch l.csv | sjoin -k k -c k:int,w r.csv | ssink -f csv -N"
	[ "$output" = $'1,a\n02,b\n3,c' ]
	[ "$stderr" = "sjoin: 1 cell did not read as the type wanted and became null" ]
	sbatch -c k:int l.csv 2>/dev/null --bad skip |
		sjoin -k k --full r.csv | ssink -f csv -N >out
	printed 1,a 2,b 3,c
	printf '%s\n' k 1.0 2 >l.csv
	sbatch -c k:float l.csv | sjoin -k k -c k:int,w r.csv | ssink -N -f csv >out
	printed 1,a 2,b
	sbatch -c k:int r.csv | sjoin -k k -c k:float l.csv | ssink -N -f csv >out
	printed 1 2
}

@test "keys of types that do not mix are refused" {
	rows
	sbatch -c 'u:str,v:int' l.csv >l.mill
	printf -v text '%s\n  %s\n  %s' "sjoin: -k: u is str on the left side, but n is int in RIGHT: write smap -a 'u = u::int' before" \
		"u=n" "^~~"
	run -64 --separate-stderr silent sjoin -k u=n -c 'n:int,w' r.csv <l.mill
	[ "$stderr" = "$text" ]
	run -64 --separate-stderr silent sjoin -k v=n --full -c 'n:float,w' r.csv <l.mill
	[ "$stderr" = "sjoin: v would show the floats of RIGHT, but is int: write smap -a 'v = v::float' before" ]
}

@test "the table is any file that sbatch reads" {
	rows
	sbatch r.csv >r.mill
	sbatch r.csv | ssink -f json >r.json
	sbatch r.csv | ssink -f tsv >r.tsv
	gzip -k r.csv
	for file in r.mill r.json r.tsv r.csv.gz; do
		joined -k u "$file"
		printed a,1,10,x a,1,11,z b,2,20,y a,5,10,x a,5,11,z
	done
	sed -n '2,$s/,/;/gp' r.csv | sed 's/^;/NIL;/' >plain
	joined -f csv -N -d ';' --null NIL -c u,n,w --left -k u plain
	printed a,1,10,x a,1,11,z b,2,20,y ,3,, c,4,, a,5,10,x a,5,11,z
	: >plain
	joined -f csv -N -c u,n,w --left -k u plain
	printed a,1,, b,2,, ,3,, c,4,, a,5,,
}

@test "a table that cannot be read is an error with its place" {
	rows
	refused 66 "nope.csv: No such file or directory" -k u nope.csv
	refused 65 "r.csv:2:3: n: 10 is no bool" -k u -c '*,n:bool' r.csv
	refused 65 "r.csv: -c: no column zz; the columns are u, n, w" -k u -c zz r.csv
	: >none.csv
	refused 65 "none.csv: it is empty, so its columns are not known" -k u none.csv
	cp r.csv l2.csv
	refused 64 "[lr]*.csv names 3 files, but a table is one" -k u '[lr]*.csv'
	sbatch r.csv | head -c 200 >cut.mill
	run -74 --separate-stderr silent sjoin -k u cut.mill < <(sbatch l.csv)
	[[ $stderr == "sjoin: cut.mill: "* ]]
}

@test "only rows that stay, and whole ones, are joined" {
	rows
	run -65 --separate-stderr silent sjoin -k u r.csv <l.csv
	[ "$stderr" = "sjoin: stdin is text, put sbatch before me" ]
	printf '%s\n' t,u 2026-01-01T00:00:00Z,a >t.csv
	sbatch -t t t.csv | swindow 1m >t.mill
	run -64 --separate-stderr silent sjoin --right -k u r.csv <t.mill
	[ "$stderr" = "sjoin: --right: the rows of a table are in no window; join before swindow" ]
	run -64 --separate-stderr silent sjoin --full -k u r.csv < <(sbatch -F l.csv)
	[ "$stderr" = "sjoin: --full: what never matched is known at the end, which this stream does not have" ]
}

@test "windows pass through a join" {
	rows
	printf '%s\n' t,u 2026-01-01T00:00:00Z,a 2026-01-01T00:01:00Z,b >t.csv
	sbatch -t t t.csv | swindow 1m | sjoin -k u r.csv |
		sreduce 'count() as n' | ssink -f csv -N >out
	printed 2026-01-01T00:00:00Z,2026-01-01T00:01:00Z,2 \
		2026-01-01T00:01:00Z,2026-01-01T00:02:00Z,1
}

@test "rows without a match are filtered, and the accounts say so" {
	rows
	sbatch l.csv | sjoin -k u r.csv | ssink -v -f csv 2>err >/dev/null
	grep -E '^sjoin +5 +3 +2 +0 +0 +5 ' err
	sbatch l.csv | sjoin --left -k u r.csv | ssink -v -f csv 2>err >/dev/null
	grep -E '^sjoin +5 +5 +0 +0 +0 +7 ' err
	sbatch l.csv | sjoin --anti -k u r.csv | ssink -v -f csv 2>err >/dev/null
	grep -E '^sjoin +5 +2 +3 +0 +0 +2 ' err
}

@test "--schema prints the columns that come out" {
	rows
	run -0 sjoin --schema -k u --prefix r_ r.csv < <(sbatch l.csv)
	[ "$output" = $'u\tstr\tuntyped\nv\tstr\tuntyped\nr_n\tstr\tuntyped\nr_w\tstr\tuntyped' ]
}

@test "a join with a table equals nested loops, whatever the frames" {
	run -0 python3 "$TOP/tests/join.py" table 60 1
	run -0 python3 "$TOP/tests/join.py" law 15 1
	run -0 python3 "$TOP/tests/join.py" asof 25 1
	run -0 python3 "$TOP/tests/join.py" union 10 1
	run -0 python3 "$TOP/tests/join.py" cogroup 15 1
}

@test "matches beyond a frame and tables beyond one are all found" {
	run -0 python3 "$TOP/tests/join.py" crowd 1 1
}

# bats test_tags=long
@test "a join with a table equals nested loops, hundreds of cases" {
	run -0 python3 "$TOP/tests/join.py" table 500 1000
	run -0 python3 "$TOP/tests/join.py" law 100 1000
	run -0 python3 "$TOP/tests/join.py" asof 300 1000
	run -0 python3 "$TOP/tests/join.py" union 100 1000
	run -0 python3 "$TOP/tests/join.py" cogroup 200 1000
	run -0 python3 "$TOP/tests/join.py" crowd 3 1000
}

@test "values of few kinds stay codes, nulls among them stay null" {
	printf 'u,v\n%s\n' a,1 b,2 a,3 >l.csv
	{
		echo u,n,w
		echo a,x,
		echo b,,y
		seq -f 'c%g,x,y' 40
	} >t.csv
	joined -k u t.csv
	printed a,1,x, b,2,,y a,3,x,
}

@test "a table joins with itself" {
	rows
	sbatch r.csv >r.mill
	sjoin -k u --prefix r_ r.mill <r.mill | ssink -f csv -N >out
	printed a,10,x,10,x a,10,x,11,z b,20,y,20,y a,11,z,10,x a,11,z,11,z \
		d,7,r,7,r
}

@test "--asof needs times on both sides" {
	rows
	refused 64 "--asof needs an event time: say sbatch -t COL" --asof -k u r.csv
	printf '%s\n' t,u 2026-01-01T00:00:00Z,a >t.csv
	run -64 --separate-stderr silent sjoin --asof -k u r.csv \
		< <(sbatch -t t t.csv)
	[ "$stderr" = "sjoin: --asof needs the times of r.csv: say -t COL" ]
}

@test "--union shows the table first, then the stream, by names" {
	rows
	joined --union r.csv
	printed a,,10,x b,,20,y a,,11,z ,,9,q d,,7,r a,1,, b,2,, ,3,, c,4,, a,5,,
	printf '%s\n' v,n 7,8 >t.csv
	refused 64 "v is str on the left side, but int in RIGHT" \
		--union -c 'v:int,n' t.csv
}

@test "--cogroup gives a row a key, the rows of each side as JSON" {
	rows
	sbatch --batch-rows 3 l.csv | sjoin --cogroup -k u r.csv |
		ssink -v -f tsv -N >out 2>err
	printed $'a\t[{"v":"1"}]\t[{"n":"10","w":"x"},{"n":"11","w":"z"}]' \
		$'b\t[{"v":"2"}]\t[{"n":"20","w":"y"}]' \
		$'d\t[]\t[{"n":"7","w":"r"}]' \
		$'c\t[{"v":"4"}]\t[]' \
		$'a\t[{"v":"5"}]\t[{"n":"10","w":"x"},{"n":"11","w":"z"}]' \
		$'b\t[]\t[{"n":"20","w":"y"}]' \
		$'d\t[]\t[{"n":"7","w":"r"}]'
	grep -E '^sjoin +5 +4 +1 +0 +0 +7 ' err
	printf '%s\n' t,u 2026-01-01T00:00:00Z,a >t.csv
	run -64 --separate-stderr silent sjoin --cogroup -k u r.csv \
		< <(sbatch -t t t.csv | swindow 1m)
	[ "$stderr" = "sjoin: --cogroup: with a table it is of batches, not of windows" ]
}

# said TEXT: out ends with it.
said() {
	[ "$(tail -n 1 out)" = "$1" ]
}

@test "--reload sees a table that took the place of the old one" {
	printf '%s\n' u,w a,old >t.csv
	mkfifo in
	sbatch -f csv -i 100ms in 2>/dev/null |
		sjoin --reload -k u t.csv 2>err | ssink -f csv -N >out &
	exec 9>in
	printf '%s\n' u,v a,1 >&9
	until_true 20 said a,1,old
	printf '%s\n' u,w a,new >t2.csv
	mv t2.csv t.csv
	echo a,2 >&9
	until_true 20 said a,2,new
	rm t.csv
	echo a,3 >&9
	until_true 20 said a,3,new
	printf '%s\n' u,other a,new >t2.csv
	mv t2.csv t.csv
	echo a,4 >&9
	until_true 20 grep -q . err
	exec 9>&-
	wait
	[ "$(cat err)" = "sjoin: t.csv: its columns are others than before" ]
}
