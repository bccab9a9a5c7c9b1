# SPDX-License-Identifier: ISC
# json, journald and logfmt by sbatch(1), and types that follow from values.
# What a text means is in tests/unit/json_test.c.

# shellcheck disable=SC2016 # what bash -c is given is expanded there
# shellcheck disable=SC2154 # bats sets stderr and stderr_lines

load helper

@test "a stream that fails before its columns are known prints no line" {
	run -65 --separate-stderr bash -c "echo '{\"a\":1}{' | sbatch -f json | ssink"
	[ -z "$output" ]
	[ "$stderr" = "sbatch: stdin:1:8: text behind the value" ]
}

@test "the extension makes a file json" {
	for ext in json jsonl ndjson JSON; do
		echo '{"a":1,"b":"x"}' >"in.$ext"
		run -0 --separate-stderr bash -c "sbatch in.$ext | ssink -f csv"
		[ "$output" = $'a,b\n1,x' ]
		[ -z "$stderr" ]
	done
	echo '{"a":1}' | gzip >in.json.gz
	run -0 bash -c 'sbatch in.json.gz | ssink -f csv'
	[ "$output" = $'a\n1' ]
}

@test "a bad record of json is named with its place" {
	printf '{"a":1}\n{"a":01}\n' >in.json
	run -65 --separate-stderr bash -c 'set -o pipefail; sbatch in.json | ssink'
	[ "$stderr" = 'sbatch: in.json:2:6: no number of JSON' ]
	run -0 --separate-stderr bash -c 'sbatch --bad skip in.json | ssink -N'
	[ "$output" = 1 ]
	[ "$stderr" = 'sbatch: 1 of 2 records invalid, skipped' ]
}

@test "nothing but bad records of json is told as bad records" {
	printf 'x\n' >in.json
	run -65 --separate-stderr bash -c 'sbatch in.json | ssink'
	[ "$stderr" = 'sbatch: in.json:1:1: no value of JSON' ]
	run -0 --separate-stderr bash -c 'sbatch --bad skip in.json | ssink'
	[ "$stderr" = 'sbatch: 1 of 1 records invalid, skipped' ]
}

@test "an empty json file without -c has no columns, with typed ones no rows" {
	: >in.json
	run -65 --separate-stderr bash -c 'sbatch in.json | ssink'
	[ "$stderr" = \
		'sbatch: in.json: it is empty, so its columns are not known' ]
	run -0 --separate-stderr bash -c 'sbatch -c a:int in.json | ssink'
	[ "$output" = a ]
	[ -z "$stderr" ]
}

@test "a value that does not fit the type of the first record says the mend" {
	printf '{"n":1}\n{"n":1.5}\n' >in.json
	run -65 --separate-stderr bash -c 'sbatch in.json | ssink'
	[ "$stderr" = "sbatch: in.json:2:6: n: 1.5 is no int, which earlier \
values are: write -c '*,n:float'" ]
	run -0 bash -c "sbatch -c '*,n:float' in.json | ssink -N"
	[ "$output" = $'1\n1.5' ]
	run -0 bash -c 'sbatch -c auto in.json | ssink -N'
	[ "$output" = $'1\n1.5' ]
}

@test "columns whose types are all given need no first record" {
	mkfifo pipe
	sbatch -f json -c 'a:int,b.c:str' -t t:ms --schema <pipe >out 3>&- &
	pid=$!
	exec 9>pipe
	until_true 5 grep -q t out
	exec 9>&-
	wait "$pid"
	[ "$(cat out)" = $'a\tint\nc\tstr\nt\ttime\tevent time' ]
}

@test "auto waits for 1,000 rows and no more" {
	seq 1500 | sed 's/.*/{"n":&}/; 1001s/1001/1.5/' >in
	run -65 --separate-stderr bash -c 'sbatch -f json -c auto in | ssink -N'
	[[ $stderr == 'sbatch: in:1001:6: n: 1.5 is no int,'* ]]
	mkfifo pipe
	sbatch -f json -c auto --schema <pipe >out 3>&- &
	pid=$!
	exec 9>pipe
	head -1000 in >&9
	until_true 5 grep -q int out
	exec 9>&-
	wait "$pid"
}

@test "auto gives the columns of csv and tsv types" {
	cat >in.csv <<-'EOF'
		b,i,f,t,s,zip,none,mixed
		true,1,1,2026-11-23T10:00:00Z,x,012,,1
		FALSE,-2,.5,,"",345,,true
		,,1e3,2026-11-24,,,,
	EOF
	sed -i 's/,\.5,/,0.5,/' in.csv
	run -0 --separate-stderr sbatch -c auto --schema in.csv
	cat >want <<-EOF
		b	bool
		i	int
		f	float
		t	time
		s	str
		zip	str
		none	str	untyped
		mixed	str
	EOF
	echo "$output" | same want -
	tr , '\t' <in.csv >in.tsv
	run -0 sbatch -c 'auto,i:float' -t t --schema in.tsv
	[[ $output == *$'mixed\tstr\ni\tfloat'* ]]
	[[ $output == *$'t\ttime\tevent time'* ]]
	run -0 sbatch -N -c 'n,auto' --schema -f csv <<<'5,x'
	[ "$output" = $'n\tint\nc2\tstr' ]
}

@test "auto is refused where the columns are fixed" {
	for f in lines combined journald; do
		run -64 --separate-stderr sbatch -f "$f" -c auto /dev/null
		[ "$stderr" = "sbatch: -c auto: not with -f $f" ]
	done
	printf '`auto`\n1\n' | tr -d '`' >in.csv
	run -0 bash -c "sbatch -c '\`auto\`:int' in.csv | ssink -f csv"
	[ "$output" = $'auto\n1' ]
}

@test "the journal has its time, unit and message, binary ones too" {
	cat >in <<-'EOF'
		{"__REALTIME_TIMESTAMP":"1760000000000001","PRIORITY":"6","_SYSTEMD_UNIT":"ssh.service","_PID":"7","MESSAGE":"hi","_UID":"0"}
		{"__REALTIME_TIMESTAMP":"1760000001000000","MESSAGE":[27,91,109,111,107]}
	EOF
	run -0 --separate-stderr bash -c \
		'sbatch -f journald -c time,unit,pid,message,uid=_UID:int in | ssink -f json'
	[ "${lines[0]}" = '{"time":"2025-10-09T08:53:20.000001Z","unit":"ssh.service","pid":7,"message":"hi","uid":0}' ]
	[ "${lines[1]}" = '{"time":"2025-10-09T08:53:21Z","unit":null,"pid":null,"message":"\u001b[mok","uid":null}' ]
	[ -z "$stderr" ]
	run -0 sbatch -f journald --schema in
	[[ $output == $'time\ttime\tevent time'* ]]
}

@test "logfmt has the keys of its first record as columns" {
	printf 'level=info msg="a \\"b\\"" ok\nms=5 level=warn\n' >in.logfmt
	run -0 --separate-stderr bash -c 'sbatch in.logfmt | ssink -f csv'
	[ "$output" = $'level,msg,ok\ninfo,"a ""b""",true\nwarn,,' ]
	[ -z "$stderr" ]
	run -0 bash -c \
		'sbatch -f logfmt -c "ms:int,level" <in.logfmt | ssink -f json'
	[ "${lines[0]}" = '{"ms":null,"level":"info"}' ]
	[ "${lines[1]}" = '{"ms":5,"level":"warn"}' ]
	run -0 sbatch -c auto --schema in.logfmt
	[ "$output" = \
		$'level\tstr\nmsg\tstr\nok\tbool\nms\tint' ]
}

@test "a bad line of logfmt is named with its place" {
	printf 'a=1\na="2\n' >in.logfmt
	run -65 --separate-stderr bash -c 'sbatch in.logfmt | ssink'
	[ "$stderr" = 'sbatch: in.logfmt:2:3: a quote is not closed' ]
}

@test "what ssink writes as json and logfmt reads back the same" {
	printf 'a,b,c\n"x ""y""\t\\z\n2",,é\n"=",-1,"true"\n' >in.csv
	sbatch in.csv | ssink -f csv >want
	sbatch in.csv | ssink -f json | sbatch -f json | ssink -f csv >out
	same want out
	sbatch in.csv | ssink -f logfmt | sbatch -f logfmt -c a,b,c |
		ssink -f csv >out
	same want out
}

@test "random JSON means what python3 says, cut wherever it may be" {
	random=$TOP/tests/json_random.py
	columns='k:str,x=o.k:str,y="a b"[1].z:str'
	for seed in 1 2 3; do
		python3 "$random" gen "$seed" 2000 >in.json
		sbatch --bad skip -q -c "$columns" in.json | ssink -f json >out
		python3 "$random" check in.json out
	done
	python3 "$TOP/tests/trickle.py" 5 20000 <in.json |
		sbatch --bad skip -q -f json -c "$columns" |
		ssink -f json >again
	same out again
}
