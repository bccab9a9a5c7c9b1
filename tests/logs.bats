# SPDX-License-Identifier: ISC
# Formats of logs.  millrace-formats(7).

load helper

@test "syslog: the times of RFC 3164 get the year that is given" {
	cat >in <<-'END'
		<34>Oct 11 22:14:15 mymachine su[71]: 'su root' failed on /dev/pts/8
		Oct  1 02:03:04.25 10.1.2.3 kernel: [ 12.5] up
		Oct 21 02:03:04 host last message repeated 2 times
		Oct 21 02:03:04 cron[12]: no host
		Oct 21 2003 02:03:04: %ASA-6-302013: Built
	END
	run -0 --separate-stderr bash -c 'sbatch -f syslog --year 2020 in |
		ssink -f csv'
	[ "$output" = "time,host,ident,pid,facility,severity,msgid,message,sd
2020-10-11T22:14:15Z,mymachine,su,71,auth,crit,,'su root' failed on /dev/pts/8,
2020-10-01T02:03:04.25Z,10.1.2.3,kernel,,,,,[ 12.5] up,
2020-10-21T02:03:04Z,host,,,,,,last message repeated 2 times,
2020-10-21T02:03:04Z,,cron,12,,,,no host,
2003-10-21T02:03:04Z,,%ASA-6-302013,,,,,Built," ]
	[ -z "$stderr" ]
}

@test "syslog: RFC 5424 with structured data as JSON" {
	cat >in <<-'END'
		<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="App\"li\\cation\]"][x@1] an event
		<0>1 - - - p7 - - -
		<191>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - -
		1 2003-10-11T22:14:15Z h app 1 - -
	END
	printf '<1>1 2003-10-11T22:14:15Z h a 1 m - \xef\xbb\xbfmarked\n' >>in
	run -0 --separate-stderr bash -c 'sbatch -f syslog -c "*,procid" in |
		ssink -f tsv -N'
	[ "${lines[0]}" = "2003-10-11T22:14:15.003Z	mymachine.example.com	evntslog	\\N	local4	notice	ID47	an event	{\"exampleSDID@32473\":{\"iut\":\"3\",\"eventSource\":\"App\\\\\"li\\\\\\\\cation]\"},\"x@1\":{}}	\\N" ]
	[ "${lines[1]}" = "\\N	\\N	\\N	\\N	kern	emerg	\\N	-	\\N	p7" ]
	[ "${lines[2]}" = "2003-08-24T12:14:15.000003Z	192.0.2.1	myproc	8710	local7	debug	\\N	\\N	\\N	8710" ]
	[ "${lines[3]}" = "2003-10-11T22:14:15Z	h	app	1	\\N	\\N	\\N	\\N	\\N	1" ]
	[ "${lines[4]}" = "2003-10-11T22:14:15Z	h	a	1	kern	alert	m	marked	\\N	1" ]
}

@test "syslog: times of RFC 3339 in the old form, and levels as numbers" {
	echo '<13>2026-11-23T14:05:06.123456+01:00 h sshd[7]: hi' >in
	run -0 bash -c 'sbatch -f syslog -c time,facility:int,severity:int,pid,message in |
		ssink -N'
	[ "$output" = "2026-11-23T13:05:06.123456Z	1	5	7	hi" ]
}

@test "syslog: the year turns from December to January, and back for latecomers" {
	cat >in <<-'END'
		Dec 31 23:59:58 h a: 1
		Jan  1 00:00:01 h a: 2
		Dec 31 23:59:59 h a: 3
		Jan  1 00:00:02 h a: 4
		Feb 29 00:00:00 h a: 5
		Feb 28 00:00:00 h a: 6
		Dec  1 00:00:00 h a: 7
		Feb  1 00:00:00 h a: 8
	END
	run -0 bash -c 'sbatch -f syslog --year 2019 -c time in | ssink -N'
	[ "$output" = "2019-12-31T23:59:58Z
2020-01-01T00:00:01Z
2019-12-31T23:59:59Z
2020-01-01T00:00:02Z
2020-02-29T00:00:00Z
2020-02-28T00:00:00Z
2020-12-01T00:00:00Z
2021-02-01T00:00:00Z" ]
}

@test "syslog: without --year the file's own time tells it, once" {
	printf 'Dec 30 10:00:00 h a: 1\nJan 2 10:00:00 h a: 2\n' >in
	touch -d 2024-01-02T11:00:00Z in
	run -0 --separate-stderr bash -c 'sbatch -f syslog -c time in in | ssink -N'
	[ "$output" = "2023-12-30T10:00:00Z
2024-01-02T10:00:00Z
2023-12-30T10:00:00Z
2024-01-02T10:00:00Z" ]
	[ "$stderr" = "sbatch: in: times without a year are taken to be of 2023; --year sets it" ]
	printf 'Feb 29 10:00:00 h a: 1\n' >in
	touch -d 2026-11-02T11:00:00Z in
	run -0 --separate-stderr bash -c 'sbatch -q -f syslog -c time in | ssink -N'
	[ "$output" = "2024-02-29T10:00:00Z" ]
	[ -z "$stderr" ]
}

@test "syslog: what is no record is told" {
	try() {
		printf '%s\n' "$1" >in
		run -65 --separate-stderr bash -c \
			'sbatch -f syslog --year 2020 in | ssink'
		[ "$stderr" = "sbatch: $2" ]
	}
	try '<192>Oct 11 22:14:15 h a: b' 'in:1:1: the priority is not <0> .. <191>'
	try 'hello' 'in:1:1: time: none begins here'
	try 'Oct 11 22:14:15' 'in:1:16: host: missing'
	try 'Feb 30 22:14:15 h a: b' 'in:1:1: time: Feb 30 22:14:15 is no time'
	try '<1>1 2020-01-01T00:00:00Z h a 1 m [x' \
		'in:1:35: sd: no [id name="value" ...] begins here'
	try '<1>1 2020-01-01T00:00:00Z h a' 'in:1:30: procid: missing'
	try '<1>1 - h a 1 m [x a=1] b' \
		'in:1:16: sd: no [id name="value" ...] begins here'
	try '<1>1 - h a 1 m [x a="1"]b' 'in:1:25: sd: no blank behind it'
}

@test "--record-start joins the lines of a stack trace" {
	cat >in <<-'END'
		leftover
		2026-01-01 boom
		  at a()

		  at b()
		2026-01-02 fine
	END
	run -0 bash -c "sbatch --record-start '^2026-' -c msg in | ssink -f csv"
	[ "$output" = 'msg
leftover
"2026-01-01 boom
  at a()

  at b()"
2026-01-02 fine' ]
}

@test "--record-start works on system logs; positions are those of lines" {
	cat >in <<-'END'
		Oct 11 22:14:15 h java[1]: boom
			at a()
			at b()
		Oct 11 22:14:16 h x: fine
	END
	read_it() {
		sbatch -f syslog --year 2020 --record-start '^[A-Z]' \
			-c time,message in | ssink -f csv
	}
	run -0 --separate-stderr read_it
	[ "$output" = 'time,message
2020-10-11T22:14:15Z,"boom
at a()
at b()"
2020-10-11T22:14:16Z,fine' ]
	[ -z "$stderr" ]
	printf 'Oct 11 22:14:61 h x: bad\n and more\n' >>in
	run -65 --separate-stderr read_it
	[ "$stderr" = "sbatch: in:5:1: time: Oct 11 22:14:61 is no time" ]
}

@test "--record-start: a record is the same however it is read" {
	for i in $(seq 300); do
		echo "START $i"
		for _ in $(seq $((i % 40))); do
			echo "   line of record $i, which goes on for a while"
		done
	done >in
	sbatch --record-start ^START in | ssink -f csv >want
	[ "$(grep -c START want)" = 300 ]
	sbatch --record-start ^START <in | ssink -f csv >got
	same want got
	python3 "$TOP/tests/trickle.py" 1 777 <in |
		sbatch --record-start ^START | ssink -f csv >got
	same want got
	sbatch --record-start ^START --frame-rows 1 in | ssink -f csv >got
	same want got
}

@test "--record-start is refused where records are no lines" {
	echo a >in.csv
	run -64 --separate-stderr sbatch --record-start x in.csv
	[ "$stderr" = "sbatch: --record-start: not with -f csv" ]
	run -64 --separate-stderr sbatch -f lines --record-start '(' in.csv
	[ "$stderr" = "sbatch: --record-start: byte 2: missing closing parenthesis" ]
}
