# SPDX-License-Identifier: ISC
# ssink(1): formats, destinations, terminals, exit statuses.
# shellcheck disable=SC2154 # stderr is set by run --separate-stderr

load helper

# rows: a stream of a csv with all kinds of text.
rows() {
	sbatch -f csv -c 'host,ms:float,note' <<-'EOF'
		host,ms,note
		a,12,
		b,7.5,"two, three"
		c,,"say ""hi"""
	EOF
}

# files: what is in the folder, but for the files of bats.
files() {
	find . -mindepth 1 ! -name 'separate-stderr*' -printf '%f\n' | sort |
		tr '\n' ' '
}

has_unfinished() {
	[[ $(files) = *.out.csv.* ]]
}

@test "tsv is the default of a pipe" {
	run -0 --separate-stderr bash -c "$(declare -f rows); rows | ssink"
	want=$'host\tms\tnote\na\t12\t\\N\nb\t7.5\ttwo, three\nc\t\\N\tsay "hi"'
	[ "$output" = "$want" ]
	[ "$stderr" = "" ]
}

@test "csv quotes where it must" {
	rows >s
	run -0 --separate-stderr ssink -f csv <s
	[ "$output" = $'host,ms,note\na,12,\nb,7.5,"two, three"\nc,,"say ""hi"""' ]
	[ "$stderr" = "" ]
}

@test "csv of a csv is the same file" {
	gen csv 2000 3 >a.csv
	sbatch a.csv | ssink -f csv >b.csv
	same a.csv b.csv
}

@test "an empty string is not a null" {
	printf 'a,b\n"",\n' | sbatch -f csv >s
	run -0 ssink -f csv -N <s
	[ "$output" = '"",' ]
	run -0 ssink -f tsv -N <s
	[ "$output" = $'\t\\N' ]
	run -0 ssink -f json <s
	[ "$output" = '{"a":"","b":null}' ]
}

@test "json is valid whatever the bytes" {
	printf '\x01\x1f"\\\x7f\xc3\xa9\xff\xed\xa0\x80\t/\n' |
		sbatch -f lines --invalid-utf8 bytes >s
	ssink -f json <s >out
	python3 -c 'import json, sys
line = open("out", encoding="utf-8").read()
want = "\x01\x1f\"\\\x7f\u00e9" + "\ufffd" * 4 + "\t/"
sys.exit(json.loads(line) != {"line": want})'
}

@test "logfmt and markdown escape what would be markup" {
	rows >s
	run -0 --separate-stderr ssink -f logfmt <s
	[ "$output" = 'host=a ms=12 note=
host=b ms=7.5 note="two, three"
host=c ms= note="say \"hi\""' ]
	[ "$stderr" = "" ]
	run -0 ssink -f logfmt --null - <s
	[ "${lines[0]}" = 'host=a ms=12 note=-' ]
	run -0 --separate-stderr ssink -f markdown <s
	[ "$output" = '| host | ms | note |
| --- | ---: | --- |
| a | 12 | - |
| b | 7.5 | two, three |
| c | - | say "hi" |' ]
	ssink a.md <s
	ssink -f markdown <s | same - a.md
	printf 'a|b\n' | sbatch -f lines | ssink -f markdown -N | same - <(echo '| a\|b |')
}

@test "logfmt refuses columns whose keys would be the same" {
	printf 'a b,c,a_b,\n1,2,3,4\n' | sbatch -f csv >s
	for dest in '' out.logfmt '{batch}.logfmt' '--exec cat'; do
		# shellcheck disable=SC2086 # of two words
		run -65 --separate-stderr ssink -f logfmt $dest <s
		[ "$output" = "" ]
		[ "$stderr" = "ssink: columns 'a b' and 'a_b' have the same key \
in logfmt: write smap --rename '\`a b\`=NAME' before" ]
		[ -z "$(find . -name '*logfmt*')" ]
	done
	run -0 --separate-stderr bash -c \
		"smap --rename '\`a b\`=b' <s | ssink -f logfmt"
	[ "$output" = 'b=1 c=2 a_b=3 c4=4' ]
}

@test "--csv-safe marks text that a spreadsheet would run" {
	printf 'a,b\n=cmd(),-1\n-2,+3\n' | sbatch -f csv -c 'a,b:int' >s
	run -0 --separate-stderr ssink -f csv --csv-safe <s
	[ "$output" = $'a,b\n\'=cmd(),-1\n\'-2,3' ]
	[ "$stderr" = "" ]
	run -0 ssink -f csv <s
	[ "${lines[1]}" = '=cmd(),-1' ]
}

@test "--tz prints times with the offset of a zone" {
	printf '2026-03-29T00:59:59Z\n2026-03-29T01:00:00Z\n' |
		sbatch -f csv -N -c at:time >s
	run -0 --separate-stderr ssink -f csv -N --tz Europe/Paris <s
	[ "$output" = $'2026-03-29T01:59:59+01:00\n2026-03-29T03:00:00+02:00' ]
	[ "$stderr" = "" ]
	run -0 ssink -f json --tz -02:30 <s
	[ "${lines[0]}" = '{"at":"2026-03-28T22:29:59-02:30"}' ]
	run -0 ssink -N --tz UTC <s
	[ "${lines[0]}" = 2026-03-29T00:59:59Z ]
}

@test "json of every type, name and number is valid" {
	python3 -c 'import csv, sys
w = csv.writer(sys.stdout)
w.writerow(["f", "i", "t", "d", "b", "a\"\\\n\x01\u00e9"])
for f in ["nan", "inf", "-inf", "-0", "1e300", "1e-300", "0.1", "1e22", ""]:
    w.writerow([f, "-9223372036854775808", "0001-01-01", "1.5", "true", f])' |
		sbatch -f csv -c 'f:float,i:int,t:time,d:dur,b:bool,*' >s
	ssink -f json <s >out
	python3 -c 'import json
def refuse(x): raise ValueError(x)
rows = [json.loads(l, parse_constant=refuse) for l in open("out")]
assert [r["f"] for r in rows] == [None] * 3 + [0, 1e300, 1e-300, 0.1, 1e22, None]
assert all(r["i"] == -2**63 and r["d"] == 1.5 and r["b"] is True for r in rows)
assert set(rows[0]) == {"f", "i", "t", "d", "b", "a\"\\\n\x01\u00e9"}'
}

@test "-N leaves the names out, --null and -d change csv" {
	rows >s
	run -0 --separate-stderr ssink -f csv -N -d ';' --null NA <s
	[ "$output" = $'a;12;NA\nb;7.5;two, three\nc;NA;"say ""hi"""' ]
	[ "$stderr" = "" ]
}

@test "a table without a terminal is whole and plain" {
	rows >s
	run -0 --separate-stderr ssink -f table <s
	[ "$output" = $'host   ms  note\na      12  -\nb     7.5  two, three\nc       -  say "hi"' ]
	[ "$stderr" = "" ]
	COLUMNS=10 run -0 ssink -f table -N --null '' <s
	[ "${lines[1]}" = 'b     7.5  two, three' ]
}

@test "a table has the same bytes for any cut of frames" {
	gen csv 3000 >a.csv
	sbatch a.csv | ssink -f table >want
	sbatch --batch-rows 7 a.csv | ssink -f table >got
	same want got
	[ "$(wc -l <want)" = 3001 ]
}

@test "a table shows what could act on a terminal by its number" {
	printf '\x1b[31mred\x1b[0m\x07\xe2\x80\xae\xc2\x9b\xff\n' |
		sbatch -f lines --invalid-utf8 bytes >s
	run -0 ssink -f table -N <s
	[ "$output" = '\x1b[31mred\x1b[0m\a\u{202e}\u{9b}\xff' ]
}

@test "on a terminal the table is the default, bold on top and cut to fit" {
	rows >s
	run -0 on_terminal 'ssink <s'
	bold=$'\e[1m' plain=$'\e[22m' dim=$'\e[2m'
	[ "${lines[0]}" = "${bold}host   ms  note$plain" ]
	[ "${lines[1]}" = "a      12  ${dim}-$plain" ]
	[ "${lines[2]}" = 'b     7.5  two, three' ]
	printf 'a,b\n%070d,%070d\n' 1 2 | sbatch -f csv >s
	run -0 on_terminal 'NO_COLOR=1 ssink <s'
	[ "${lines[0]}" = "a                              b" ]
	[ "${lines[1]}" = "0000000000000000000000000000…  0000000000000000000000000000…" ]
}

@test "a command on a terminal shows the table" {
	printf 'k,v\na,1\n' >a.csv
	run -0 on_terminal 'NO_COLOR=1 sbatch a.csv'
	[ "$output" = $'k  v\na  1' ]
}

@test "the status line of a live table is gone at the end" {
	mkfifo in
	{
		printf 'a\n'
		until_true 5 grep -qa '1 rows  .* rows/s' screen
		printf 'b\n'
	} >in &
	run -0 on_terminal 'NO_COLOR=1 sbatch -f lines in | ssink'
	[[ $output = *'1 rows  '*' rows/s'* ]]
	# It is erased before the row that came after it.
	[[ $output = *$'\r\e[Jb' ]]
	wait
}

@test "frames never reach a terminal" {
	rows >s
	run -64 on_terminal 'ssink -f frames <s'
	[ "$output" = "ssink: frames never reach a terminal; write ssink -f frames FILE" ]
}

@test "frames save the stream as it is" {
	rows | ssink day.mill
	run -0 --separate-stderr ssink -f csv <day.mill
	[ "$output" = $'host,ms,note\na,12,\nb,7.5,"two, three"\nc,,"say ""hi"""' ]
	ssink -f frames <day.mill >again.mill
	cmp day.mill again.mill
	ssink -f dump <day.mill | grep '^ROWS' | grep -q PCRC
}

@test "the name of a file chooses the format" {
	rows >s
	for f in a.csv a.tsv a.json a.jsonl a.txt; do ssink "$f" <s; done
	[ "$(head -1 a.csv)" = host,ms,note ]
	[ "$(head -1 a.tsv)" = $'host\tms\tnote' ]
	[ "$(head -1 a.json)" = '{"host":"a","ms":12,"note":null}' ]
	cmp a.json a.jsonl
	cmp a.tsv a.txt
	ssink a.csv.gz <s
	gzip -dc a.csv.gz | cmp - a.csv
	ssink -f json a.csv <s
	cmp a.csv a.json
}

@test "nothing is left beside a file that was published" {
	rows | ssink out.csv
	[ "$(files)" = "out.csv " ]
}

@test "a link is kept, what it points to is replaced" {
	mkdir d
	echo old >d/real.csv
	ln -s d/real.csv link.csv
	rows | ssink link.csv
	[ -L link.csv ]
	[ "$(head -1 d/real.csv)" = host,ms,note ]
}

@test "a FIFO takes the rows as they come" {
	mkfifo out
	rows | ssink -f csv -N out &
	run -0 cat out
	wait
	[ "${lines[0]}" = "a,12," ]
	[ -p out ]
}

@test "a stream cut short leaves the file as it was" {
	rows >s
	echo old >out.csv
	for n in 100 500 $(($(stat -c %s s) - 1)); do
		head -c "$n" s >cut.mill
		run -74 --separate-stderr ssink out.csv <cut.mill
		case $stderr in
		"ssink: stdin: byte "*) ;;
		*) false ;;
		esac
		[ "$(cat out.csv)" = old ]
	done
	[ "$(files)" = "cut.mill out.csv s " ]
}

@test "a failure upstream is the status of ssink, which says nothing" {
	echo old >out.csv
	run -65 --separate-stderr bash -c \
		"printf 'a\n1\nx\n' | sbatch -f csv -c a:int | ssink out.csv"
	[ "$output" = "" ]
	[ "$stderr" = "sbatch: stdin:3:1: a: x is no int" ]
	[ "$(cat out.csv)" = old ]
	[ "$(files)" = "out.csv " ]
}

@test "a signal takes the unfinished file along" {
	mkfifo in
	echo old >out.csv
	for sig in TERM INT HUP; do
		# A file as stdin is not drained: the signal ends ssink.
		bash -c "trap - INT; exec env python3 -c '
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(\"ssink\", [\"ssink\", \"out.csv\"])'" <in &
		pid=$!
		exec 7>in
		rows | head -c 300 >&7
		until_true 5 has_unfinished
		[ "$sig" != HUP ] || kill -HUP "$pid"
		# A pipe as stdin is drained: a second one, or its end, does.
		[ "$sig" = HUP ] || until_true 5 signalled "$sig" "$pid"
		exec 7>&-
		wait "$pid" || status=$?
		[ "$status" -gt 128 ] || [ "$status" = 74 ]
		[ "$(files)" = "in out.csv " ]
		[ "$(cat out.csv)" = old ]
	done
}

@test "what cannot be written is named" {
	rows >s
	run -74 --separate-stderr ssink /dev/full <s
	[ "$stderr" = "ssink: /dev/full: No space left on device" ]
	run -74 --separate-stderr bash -c 'ssink <s >/dev/full'
	[ "$stderr" = "ssink: standard output: No space left on device" ]
	run -74 --separate-stderr ssink no/such/out.csv <s
	[ "$stderr" = "ssink: no/such/out.csv: No such file or directory" ]
	mkdir dir
	run -74 --separate-stderr ssink dir <s
	[ "$stderr" = "ssink: dir: Is a directory" ]
}

@test "wrong usage is refused with 64" {
	for case in \
		"-f xml|no output format is called 'xml'; there are table, tsv, csv, json, logfmt, markdown, plot, dump, frames" \
		"-f tsv -d ,|-d goes with -f csv, not tsv" \
		"-f csv -d ab|--delimiter: ab is not one byte" \
		"-f json -N|-N does not go with -f json" \
		"-f json --null x|--null does not go with -f json" \
		"-f logfmt -N|-N does not go with -f logfmt" \
		"-f markdown -d ;|-d goes with -f csv, not markdown" \
		"--tz UTC+1 -f tsv|--tz: UTC+1: no such time zone; names are like Europe/Paris" \
		"--tz Asia/Tokyo -f frames|--tz does not go with -f frames" \
		"--csv-safe -f tsv|--csv-safe goes with -f csv, not tsv" \
		"a b|there is one destination at most" \
		"-o x|no option -o: the destination is an operand: ssink out.csv" \
		"--nope|no option --nope; try ssink --help"; do
		read -ra args <<<"${case%%|*}"
		run -64 --separate-stderr ssink "${args[@]}" </dev/null
		[ "$output" = "" ]
		[ "$stderr" = "ssink: ${case#*|}" ]
	done
}

@test "text on stdin is answered with the mend" {
	echo hello >text
	run -65 --separate-stderr ssink <text
	[ "$output" = "" ]
	[ "$stderr" = "ssink: stdin is text, put sbatch before me" ]
}

@test "--schema prints the columns and writes nothing" {
	rows >s
	run -0 --separate-stderr ssink --schema out.csv <s
	[ "$output" = $'host\tstr\tuntyped\nms\tfloat\nnote\tstr\tuntyped' ]
	[ ! -e out.csv ]
}

@test "-v prints the accounts of all stages" {
	rows >s
	run -0 --separate-stderr ssink -v -f csv -N <s
	[ "${#lines[@]}" = 3 ]
	want='stage   in  used  filtered  late  invalid  out  frames
sbatch   3     3         0     0        0    3       2
ssink    3     3         0     0        0    0       0'
	[ "$stderr" = "$want" ]
}

@test "the progress of -v does not break its line on a narrow terminal" {
	python3 - <<-'EOF'
		import fcntl, os, pty, re, struct, termios
		pid, fd = pty.fork()
		if pid == 0:
		    os.execvp("sh", ["sh", "-c", "read go; "
		        "sbatch -v -n 90 gen:50/s | smap -w true 2>/dev/null >/dev/null"])
		fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("4H", 24, 30, 0, 0))
		os.write(fd, b"go\n")
		seen = b""
		try:
		    while True:
		        seen += os.read(fd, 4096)
		except OSError:
		    pass
		assert os.waitpid(pid, 0)[1] == 0
		lines = re.findall(rb"\r(sbatch: [^\r\x1b]*)\x1b", seen)
		assert lines and all(len(line) == 29 for line in lines), seen
	EOF
}

@test "--help and --version go to stdout" {
	run -0 --separate-stderr ssink --help
	[ "${lines[0]}" = "usage: ssink [options] [DEST]" ]
	[ "$stderr" = "" ]
	run -0 --separate-stderr ssink --version
	[ "$output" = "ssink (millrace) 0.1.0" ]
}

@test "a file is written though nobody reads standard output" {
	mkfifo in gone
	exec 8<>gone 9>gone 8<&-
	(sbatch in | ssink out.csv >&9) &
	pid=$!
	exec 9>&- 7>in
	echo a >&7
	exec 7>&-
	wait "$pid"
	[ "$(cat out.csv)" = $'line\na' ]
}

@test "text of any length is quoted or escaped where one byte needs it, nowhere else" {
	python3 - <<-'EOS'
		import csv, io, json
		odd = ['"', ",", "\n"]
		texts = ["x" * i + o + "y" * j
		         for o in odd for i in range(19) for j in range(19)]
		texts += ["z" * n for n in range(1, 40)]
		with open("in.json", "w") as f:
		    for t in texts:
		        f.write(json.dumps({"a": t, "n": 1}) + "\n")
		with open("want.csv", "w", newline="") as f:
		    f.write("a,n\n")
		    w = csv.writer(f, lineterminator="\n")
		    for t in texts:
		        w.writerow([t, 1])
		with open("want.json", "w") as f:
		    for t in texts:
		        f.write(json.dumps({"a": t, "n": 1},
		                           separators=(",", ":")) + "\n")
	EOS
	sbatch -c a:str,n:int in.json >s
	ssink -f csv <s >out.csv
	cmp want.csv out.csv
	ssink -f json <s >out.json
	cmp want.json out.json
}
