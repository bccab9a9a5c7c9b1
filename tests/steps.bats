# SPDX-License-Identifier: ISC
# smap(1): --rename, --drop, --explode, --sample, --head, --tail.

load helper

# steps ARG...: s.mill through smap and out as csv.
steps() {
	smap "$@" <s.mill | ssink -f csv
}

lines_stream() {
	printf '%s\n' "$@" | sbatch -f lines >s.mill
}

abc() {
	printf 'a,b,c\n1,x,\n2,y,9\n' | sbatch -f csv >s.mill
}

@test "--rename gives columns other names, all at once" {
	abc
	run -0 --separate-stderr steps --rename 'a=b, b=a,c=`the c`'
	[ "$output" = "b,a,the c
1,x,
2,y,9" ]
	[ -z "$stderr" ]
}

@test "--rename keeps the event time with its column" {
	printf 't,v\n2026-01-01T00:00:00Z,1\n' | sbatch -f csv -t t >s.mill
	run -0 --separate-stderr smap --schema --rename t=at <s.mill
	[ "$output" = "at	time	event time
v	str	untyped" ]
	[ -z "$stderr" ]
}

@test "--rename and --drop name the columns that there are" {
	abc
	run -64 --separate-stderr smap --rename x=y <s.mill
	[ "$stderr" = "smap: --rename: no column x; the columns are a, b, c" ]
	run -64 --separate-stderr smap --rename a=b <s.mill
	[ "$stderr" = "smap: --rename: two columns would be named b" ]
	run -64 --separate-stderr smap --rename a,b <s.mill
	[ "$stderr" = "smap: --rename: a,b is not old=new,..." ]
	run -64 --separate-stderr smap --drop a,x <s.mill
	[ "$stderr" = "smap: --drop: no column x; the columns are a, b, c" ]
	run -64 --separate-stderr smap --drop a,a <s.mill
	[ "$stderr" = "smap: --drop: a stands there twice" ]
	run -64 --separate-stderr smap --drop a, <s.mill
	[ "$stderr" = "smap: --drop: a, is not a list of columns" ]
}

@test "--drop leaves columns out, in sight of the options behind it" {
	abc
	run -0 --separate-stderr steps --drop a,c -a 'n = length(b)'
	[ "$output" = "b,n
x,1
y,1" ]
	[ -z "$stderr" ]
	run -64 --separate-stderr smap --drop a -w 'a = 1' <s.mill
	[[ "$stderr" == "smap: -w: no column a; the columns are b, c"* ]]
	run -64 --separate-stderr bash -c \
		'echo "{\"a\":1,\"a-b\":2,\"b-c\":3}" | sbatch -f json |
			smap -w "a = 1 and b-c > 2" | ssink'
	[ "$stderr" = "smap: -w: the column b-c needs backquotes
  a = 1 and b-c > 2
            ^~~" ]
}

@test "a column of the system stays" {
	printf 't,v\n2026-01-01T00:00:00Z,1\n' | sbatch -f csv -t t |
		swindow 1m >s.mill
	run -64 --separate-stderr smap --drop pane <s.mill
	[ "$stderr" = "smap: --drop: pane is a column of the system, which stays" ]
	run -64 --separate-stderr smap --explode "split(v, ' ') as pane" <s.mill
	[ "$stderr" = 'smap: --explode: pane is a name of the system; write "as" and another name' ]
}

@test "--explode makes a row of each word, however many blanks there are" {
	lines_stream 'a b  c' '' ' d ' '  '
	run -0 --separate-stderr steps --explode 'split(line, " ") as word'
	[ "$output" = "line,word
a b  c,a
a b  c,b
a b  c,c
 d ,d" ]
	[ -z "$stderr" ]
}

@test "--explode keeps empty pieces between other separators" {
	lines_stream 'a,,b' '' ','
	run -0 --separate-stderr steps --explode "split(line, ',') as p" -s p
	[ "$output" = 'p
a
""
b
""
""' ]
	run -0 --separate-stderr steps --explode "split(line, ',,') as line"
	[ "$output" = 'line
a
b
","' ]
	[ -z "$stderr" ]
}

@test "--explode computes with each piece" {
	lines_stream 'a=1;b=2' 'c=3'
	run -0 --separate-stderr steps \
		--explode "split_part(split(line, ';'), '=', 2)::int * 10 as v"
	[ "$output" = "line,v
a=1;b=2,10
a=1;b=2,20
c=3,30" ]
}

@test "--explode keeps panes, constants, nulls and typed columns" {
	printf 't,k,n,v\n2026-01-01T00:00:01Z,x,1,a b\n2026-01-01T00:01:01Z,,2,c\n2026-01-01T00:01:02Z,,,d e f\n' |
		sbatch -f csv -t t -c '*,n:int' | swindow 1m >s.mill
	run -0 --separate-stderr bash -c \
		"smap --explode \"split(v, ' ') as w\" <s.mill | smap -s 'k, n + 1 as m, w' | ssink -f csv"
	[ "$output" = "k,m,w
x,2,a
x,2,b
,3,c
,,d
,,e
,,f" ]
	run -0 --separate-stderr bash -c \
		"smap --explode \"split(v, ' ') as w\" <s.mill | sreduce 'count(w)' | ssink -f csv -N"
	[ "$output" = "2026-01-01T00:00:00Z,2026-01-01T00:01:00Z,2
2026-01-01T00:01:00Z,2026-01-01T00:02:00Z,4" ]
	[ -z "$stderr" ]
}

@test "--explode of a long line goes out in several frames, in order" {
	seq 200000 | tr '\n' ' ' | sbatch -f lines --max-field 2M >s.mill
	run -0 --separate-stderr bash -c \
		"smap --explode 'split(line, \" \") as n' -s n <s.mill | ssink -N | cmp - <(seq 200000)"
	[ -z "$output$stderr" ]
}

@test "--explode refuses what is no list" {
	abc
	run -64 --separate-stderr smap --explode b <s.mill
	[ "$stderr" = "smap: --explode: b is not one list with a name; write 'split(line, \" \") as word' or 'json_each(items) as item'" ]
	run -64 --separate-stderr smap --explode "split(b, '-', 2) as x" <s.mill
	[ "$stderr" = "smap: --explode: split with 3 arguments is no list; write split(text, separator)
  split(b, '-', 2) as x
  ^~~~~~~~~~~~~~~~" ]
	run -64 --separate-stderr smap --explode "split(b, '') as x" <s.mill
	[ "$stderr" = "smap: --explode: the separator is empty
  split(b, '') as x
  ^~~~~~~~~~~~" ]
	run -64 --separate-stderr smap --explode "split(b, c) as x" <s.mill
	[ "$stderr" = "smap: --explode: the separator must be a fixed text
  split(b, c) as x
  ^~~~~~~~~~~" ]
}

@test "--explode takes JSON arrays apart" {
	printf '%s\n' '["a","b \u00e9\n\"]",1.50, null ,true,{"x":[1,2]},[ ]]' ' [ ] ' '' |
		sbatch -f lines >s.mill
	run -0 --separate-stderr bash -c \
		"smap --explode 'json_each(line) as x' -s x <s.mill | ssink -N"
	[ "$output" = 'a
b é\n"]
1.50
\N
true
{"x":[1,2]}
[ ]' ]
	[ -z "$stderr" ]
}

@test "--explode counts texts that are no JSON arrays" {
	printf '%s\n' '{"a":[1]}' '[1,]' '[1] 2' '["a]' 7 '[1]' |
		sbatch -f lines >s.mill
	run -0 --separate-stderr bash -c \
		"smap --explode 'json_each(line) as x' -s 'x + 1 as y' <s.mill | ssink -N"
	[ "$output" = 2 ]
	[ "$stderr" = "smap: 5 cells did not read as the type wanted and became null" ]
	run -64 --separate-stderr smap --explode 'json_each(1) as x' <s.mill
	[[ "$stderr" == "smap: --explode: json_each takes one text, a JSON array"* ]]
}

@test "--explode of a long array goes out in several frames, in order" {
	seq -s, 100000 | sed 's/.*/[&]/' | sbatch -f lines --max-field 2M >s.mill
	run -0 --separate-stderr bash -c \
		"smap --explode 'json_each(line) as n' -s n <s.mill | ssink -N | cmp - <(seq 100000)"
	[ -z "$output$stderr" ]
}

@test "rows without a piece are filtered" {
	lines_stream 'a b' '' c
	smap -v --explode 'split(line, " ") as w' <s.mill 2>err | ssink >out
	grep -Eq '^smap +3 +2 +1 +0 +0 +3 ' err
}

@test "--explode equals a slow reference" {
	run -0 python3 "$TOP/tests/smap.py" explode 40 1
}

@test "--sample passes the same rows whatever the frames, all of a key or none" {
	run -0 python3 "$TOP/tests/smap.py" sample 40 1
}

@test "--sample passes about the share that it was told" {
	seq 100000 | sbatch -f lines >s.mill
	n=$(smap --sample 1% <s.mill | ssink -N | wc -l)
	[ "$n" -gt 900 ]
	[ "$n" -lt 1100 ]
	n=$(smap --sample '25%:line div 10' <s.mill | ssink -N | wc -l)
	[ "$n" -gt 23000 ]
	[ "$n" -lt 27000 ]
}

@test "--sample refuses what is no share" {
	abc
	for arg in 5 0.1 101% -1% 'x%' '5%x' '5%:'; do
		run -64 --separate-stderr smap --sample "$arg" <s.mill
		[ "$stderr" = "smap: --sample: $arg is not P% or P%:KEYS, such as 1% or 10%:user" ]
	done
}

@test "--head and --tail take the ends of each batch" {
	run -0 python3 "$TOP/tests/smap.py" ends 40 1
}

@test "--tail counts what it leaves out, and is batch-wise" {
	seq 10 | sbatch -f lines --batch-rows 4 >s.mill
	smap -v --tail 1 <s.mill 2>err | ssink -f dump >out
	grep -Eq '^smap +10 +3 +7 +0 +0 +3 ' err
	grep -q 'batch.*--tail 1' out
	smap --head 1 <s.mill | ssink -f dump | grep -q 'batch.*--head 1'
	smap --sample 5% <s.mill | ssink -f dump | grep -q 'frame.*--sample 5%'
}

@test "--tail holds the watermark until its rows go out" {
	printf '2026-01-01T00:00:%02dZ\n' 1 2 3 4 |
		sbatch -N -f csv -c t:time -t t --frame-rows 1 | swindow 1s |
		smap --tail 2 >s.mill
	run -0 --separate-stderr bash -c \
		"sreduce 'count()' <s.mill | ssink -f csv -N"
	[ "$output" = "2026-01-01T00:00:03Z,2026-01-01T00:00:04Z,1
2026-01-01T00:00:04Z,2026-01-01T00:00:05Z,1" ]
	[ -z "$stderr" ]
}

@test "--head refuses what is no number" {
	abc
	run -64 --separate-stderr smap --head x <s.mill
	[ "$stderr" = "smap: --head: x is no number of rows" ]
}

@test "a comparison that the shell took apart is named" {
	printf 'status\n500\n' | sbatch -f csv -c status:int >s.mill
	run -64 bash -c "smap -w status>=500 <s.mill"
	[[ "$output" == "smap: -w: status alone is no condition: the shell has taken >=500 for a file to write to; quote it, as in -w 'status >=500', and remove the file =500" ]]
	rm ./=500
	run -64 bash -c "smap -w status>500 <s.mill"
	[[ "$output" == *"taken >500 for a file"* ]]
	touch ./=400
	run -64 bash -c "smap -w status -w 'status < 9' <s.mill | cat >/dev/null; exit \${PIPESTATUS[0]}"
	[[ "$output" == *"taken >=400 for a file"* ]]
}

@test "options of other programs are mended in smap" {
	run -64 --separate-stderr smap -S dir -w true </dev/null
	[ "$stderr" = "smap: no option -S: only sbatch takes a directory; the stream tells the stages" ]
	printf 'a\n1\n' | sbatch -f csv >s.mill
	run -64 --separate-stderr smap -w '(a > 1) || (a < 0)' <s.mill
	[[ "$stderr" == *"or"* ]]
}
