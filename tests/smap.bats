# SPDX-License-Identifier: ISC
# smap(1): options, diagnostics, exit statuses.

load helper

# A stream of three rows in s.mill.
rows() {
	printf 'time,path,u,status,bytes\n%s\n%s\n%s\n' \
		'2026-01-01T10:00:05Z,/api/a,7,200,1200' \
		'2026-01-01T10:00:09Z,/img/b,x,404,' \
		'2026-01-01T10:01:00Z,/api/c,9,503,340' >s.csv
	sbatch -t time -c '*,status:int,bytes:int' s.csv >s.mill
}

# smap_fails STATUS ARG...: with s.mill as its input.
smap_fails() {
	local status=$1
	shift
	run "-$status" --separate-stderr smap "$@" <s.mill
}

@test "-w passes the rows for which the condition is true" {
	rows
	run -0 --separate-stderr bash -c \
		"smap -w 'bytes > 1000' <s.mill | ssink -N -f csv"
	[ "$output" = "2026-01-01T10:00:05Z,/api/a,7,200,1200" ]
	[ -z "$stderr" ]
}

@test "-w drops rows for which the condition is null" {
	rows
	run -0 --separate-stderr bash -c \
		"smap -w 'not bytes > 1000' <s.mill | ssink -N -f csv"
	[ "$output" = "2026-01-01T10:01:00Z,/api/c,9,503,340" ]
	[ -z "$stderr" ]
}

@test "-w that passes all rows leaves the rows as they are" {
	rows
	run -0 --separate-stderr bash -c "smap -w true <s.mill | ssink -f csv"
	ssink -f csv <s.mill >want
	[ "$output" = "$(cat want)" ]
	[ -z "$stderr" ]
}

@test "-w that passes no row gives an empty stream with its columns" {
	rows
	run -0 --separate-stderr bash -c \
		"smap -w false -s 'path, upper(path) as up' <s.mill | ssink -f csv"
	[ "$output" = "path,up" ]
	[ -z "$stderr" ]
}

@test "-s makes its list the columns, in its order, with names" {
	rows
	run -0 --separate-stderr bash -c \
		"smap -s 'bytes, n = status div 100, upper(path)' <s.mill |
			ssink -f csv"
	[ "$output" = "bytes,n,upper_path
1200,2,/API/A
,4,/IMG/B
340,5,/API/C" ]
	[ -z "$stderr" ]
}

@test "-s takes a star for all columns" {
	rows
	run -0 --separate-stderr bash -c \
		"smap -s 'length(path) as l, *' <s.mill | ssink -f csv | head -2"
	[ "$output" = "l,time,path,u,status,bytes
6,2026-01-01T10:00:05Z,/api/a,7,200,1200" ]
	[ -z "$stderr" ]
}

@test "-a adds columns at the end and replaces those of the same name" {
	rows
	run -0 --separate-stderr bash -c \
		"smap -a 'kb = bytes / 1000, status = status div 100' <s.mill |
			ssink -f csv | head -2"
	[ "$output" = "time,path,u,status,bytes,kb
2026-01-01T10:00:05Z,/api/a,7,2,1200,1.2" ]
	[ -z "$stderr" ]
}

@test "options apply from left to right" {
	rows
	run -0 --separate-stderr bash -c \
		"smap -s 'status as s' -w 's > 200' -a 't = s + 1' -w 't < 500' \
			<s.mill | ssink -f csv"
	[ "$output" = "s,t
404,405" ]
	[ -z "$stderr" ]
}

@test "rows dropped are filtered and the accounts add up" {
	rows
	smap -w 'status >= 400' -v <s.mill 2>err | ssink >out
	grep -Eq '^smap +3 +2 +1 +0 +0 +2 ' err
}

@test "cells that do not parse are null and counted once at the end" {
	rows
	run -0 --separate-stderr bash -c \
		"smap -s 'u * 2 as d' <s.mill | ssink -f csv"
	[ "$output" = "d
14

18" ]
	[ "$stderr" = \
		"smap: 1 cell did not read as the type wanted and became null" ]
	run -0 --separate-stderr bash -c \
		"smap -q -s 'u * 2 as d' <s.mill | ssink -f csv"
	[ -z "$stderr" ]
}

@test "the event time stays with its column under another name" {
	rows
	run -0 --separate-stderr smap --schema -s 'time as t, u' <s.mill
	[ "$output" = "t	time	event time
u	str	untyped" ]
	[ -z "$stderr" ]
}

@test "without the event time a window further down is refused" {
	rows
	run -65 --separate-stderr bash -c \
		"smap -s 'path' <s.mill | swindow 1m | ssink"
	[[ "$stderr" == swindow:*"event time"* ]]
	[ -z "$output" ]
}

@test "panes pass -s though the event time does not" {
	rows
	run -0 --separate-stderr bash -c \
		"swindow 1m <s.mill | smap -s 'status' | sreduce 'sum(status)' |
			ssink -f csv -N"
	[ "$output" = "2026-01-01T10:00:00Z,2026-01-01T10:01:00Z,604
2026-01-01T10:01:00Z,2026-01-01T10:02:00Z,503" ]
	[ -z "$stderr" ]
}

@test "a system column cannot be named" {
	rows
	swindow 1m <s.mill >w.mill
	run -64 --separate-stderr smap -a 'pane = 1' <w.mill
	[ "$stderr" = 'smap: -a: pane is a name of the system; write "as" and another name' ]
}

@test "an unknown column lists the columns, with a caret" {
	rows
	smap_fails 64 -w 'status > 1 and size > 0'
	[ "$stderr" = "smap: -w: no column size; the columns are time, path, u, status, bytes
  status > 1 and size > 0
                 ^~~~" ]
}

@test "a column name with an escape sequence does not reach the terminal" {
	printf 'a\033[31m,b\n1,2\n' | sbatch -f csv >s.mill
	smap_fails 64 -w 'x = 1'
	[ "$stderr" = 'smap: -w: no column x; the columns are a\x1b[31m, b
  x = 1
  ^' ]
	smap_fails 64 -s '*, *'
	[ "$stderr" = 'smap: -s: two columns would be named a\x1b[31m; write "as" and another name' ]
}

@test "a condition must be bool" {
	rows
	smap_fails 64 -w 'status'
	[ "$stderr" = "smap: -w: a condition must be bool, this is int
  status
  ^~~~~~" ]
}

@test "the caret stands under the character, not the byte" {
	rows
	smap_fails 64 -w "path = 'é' and nix"
	[ "$stderr" = "smap: -w: no column nix; the columns are time, path, u, status, bytes
  path = 'é' and nix
                 ^~~" ]
}

@test "two columns of one name are refused" {
	rows
	smap_fails 64 -s '*, status'
	[ "$stderr" = 'smap: -s: two columns would be named status; write "as" and another name' ]
	smap_fails 64 -s 'path as a, u as a'
	[ "$stderr" = "smap: -s: two items are named a
  path as a, u as a
                  ^" ]
}

@test "-a refuses a star" {
	rows
	smap_fails 64 -a '*'
	[ "$stderr" = 'smap: -a: * stands for the columns that are there; write -s' ]
}

@test "a failure at a row names the expression and the row, status 65" {
	rows
	run -65 --separate-stderr bash -c \
		"smap -a 'x = status * 22862077500000000' <s.mill | ssink -N -f csv"
	[ "$stderr" = "smap: -a x = status * 22862077500000000: row 2: int overflow in status * 22862077500000000" ]
}

@test "options of other programs are mended" {
	run -64 --separate-stderr smap -e 'x > 1' </dev/null
	[ "$stderr" = "smap: no option -e: write -w for a condition, -s or -a for columns" ]
	run -64 --separate-stderr smap -f csv -w true </dev/null
	[ "$stderr" = "smap: -f goes with -x or -X; formats belong to sbatch and ssink, and a condition to -w" ]
	run -64 --separate-stderr smap --filter x </dev/null
	[ "$stderr" = "smap: no option --filter: write -w or --where" ]
	run -64 --separate-stderr smap -F </dev/null
	[ "$stderr" = "smap: no option -F: sbatch has it: sbatch -F FILE | smap ..." ]
	run -64 --separate-stderr sbatch -w 'x > 1' a.csv
	[ "$stderr" = "sbatch: no option -w: smap has it: sbatch FILE | smap -w PRED" ]
	run -64 --separate-stderr ssink -c x </dev/null
	[ "$stderr" = "ssink: no option -c: columns are chosen before: smap -s LIST | ssink" ]
}

@test "a file operand is mended" {
	run -64 --separate-stderr smap -w true a.csv </dev/null
	[ "$stderr" = "smap: smap reads a stream: sbatch a.csv | smap ..." ]
	run -64 --separate-stderr smap 'x > 1' </dev/null
	[ "$stderr" = "smap: 'x > 1' belongs to no option: a condition stands behind -w, columns behind -s or -a, files behind sbatch" ]
}

@test "nothing to do is a usage error" {
	run -64 --separate-stderr smap </dev/null
	[ "$stderr" = "smap: nothing to do: give -w, -s or -a" ]
}

@test "text on stdin is refused" {
	run -65 --separate-stderr smap -w true < <(echo a,b)
	[[ "$stderr" == *"sbatch"* ]]
}

@test "a stream cut short is a failure of the whole pipe" {
	rows
	head -c 300 s.mill >cut.mill
	run -74 --separate-stderr bash -c "smap -w true <cut.mill | ssink"
	[[ "$stderr" == "smap: stdin: "* ]]
}

@test "--schema prints the columns that come out" {
	rows
	run -0 --separate-stderr smap --schema -s 'bytes / 2, status::str as s' <s.mill
	[ "$output" = "bytes_2	float
s	str" ]
	[ -z "$stderr" ]
}

@test "text that grows beyond a frame goes out in several, in order" {
	seq 200 >in.txt
	run -0 --separate-stderr bash -c \
		"sbatch -f lines in.txt |
			smap -s 'line, repeat(line, 300000 div length(line)) as x' |
			smap -s 'line, length(x) as n' | ssink -N"
	[ "${#lines[@]}" -eq 200 ]
	[ "${lines[0]}" = "1	300000" ]
	[ "${lines[199]}" = "200	300000" ]
	[ -z "$stderr" ]
}

@test "the answer is the same for any frame and batch size" {
	seq 1 5000 | awk '{ print "k" $1 % 7 "," $1 }' >in.csv
	sql='v % 3 <> 0 and k in ("k1", "k2", "k5")'
	for opts in "" "--batch-rows 1" "--batch-rows 64" "--batch-rows 999"; do
		# shellcheck disable=SC2086
		sbatch -N -c 'k,v:int' $opts in.csv |
			smap -w "$sql" -a 'x = v * v % 97, up = upper(k)' |
			ssink -f csv >"out$opts"
	done
	awk -F, 'BEGIN { print "k,v,x,up" }
		$2 % 3 && $1 ~ /k[125]/ {
			print $1 "," $2 "," $2 * $2 % 97 "," toupper($1) }' in.csv >want
	for out in out*; do same want "$out"; done
}

@test "text of a dictionary is not repeated for each row" {
	PYTHONPATH="$TOP/tests/wire" python3 >dict.mill <<-'EOF'
		import sys
		from make import *
		n = 1 << 20
		rows = (desc(2, 0, 2) + desc(2, 0, 1) + strs("x" * 5000, "y" * 5000)
		        + pad(bytes(n)) + strs("z") + pad(bytes(n)))
		sys.stdout.buffer.write(stream(
		    frame(ROWS, rows, seq=1, rows=n, flags=LAST),
		    frame(END, end(1, n), seq=2),
		    head=SOURCE + col(4, "s") + col(4, "t") + TAIL))
	EOF
	smap -w 's in (t, s)' -s 'nullif(s, t) as x' -w 'length(x) = 5000' \
		<dict.mill | sreduce count >count.mill
	run -0 ssink -N <count.mill
	[ "$output" = 1048576 ]
}
