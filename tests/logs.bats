# SPDX-License-Identifier: ISC
# Formats of logs.  millrace-formats(7).

load helper

# sbatch OPTION...: without a pipe that would get the failure, too.
refused() {
	sbatch "$@" /dev/null >/dev/null
}

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

@test "--record-start: a record may be longer than what is parsed at once" {
	{
		for i in 1 2 3; do
			echo "START $i"
			yes "   line" | head -$((i * 20000))
		done
	} >in
	timeout -s KILL 60 sbatch --record-start ^START in | ssink -f csv >got
	python3 - <<-'EOF'
		text = open("in").read().split("START")[1:]
		want = "line\n" + "".join('"START%s"\n' % t[:-1] for t in text)
		assert open("got").read() == want
	EOF
}

@test "--record-start is refused where records are no lines" {
	run -64 --separate-stderr refused --record-start x -f csv
	[ "$stderr" = "sbatch: --record-start: not with -f csv" ]
	run -64 --separate-stderr refused --record-start '('
	[ "$stderr" = "sbatch: --record-start: byte 2: missing closing parenthesis" ]
}

@test "regex: named groups are columns; those that take no part are null" {
	printf 'GET /a 12\nPUT /b\n\nGET /c 7 \xff\n' >in
	run -0 --separate-stderr bash -c "sbatch --invalid-utf8 bytes \
		-f 'regex:^(?<method>[A-Z]+) (\S+)( (?<ms>\d+))?' \
		-c '*,ms:int' in | ssink -f csv"
	[ "$output" = "method,ms
GET,12
PUT,
GET,7" ]
	[ -z "$stderr" ]
	run -0 sbatch -f 'regex:(?<a>x)|(?<b>y)|(?<a>z)' -c 'b,n=a' --schema in
	[ "$output" = $'b\tstr\tuntyped\nn\tstr\tuntyped' ]
	run -0 bash -c "printf 'z\nx\ny\n' |
		sbatch -f 'regex:(?<a>x)|(?<b>y)|(?<a>z)' | ssink -f csv"
	[ "$output" = $'a,b\nz,\nx,\n,y' ]
}

@test "regex: a line that does not match is bad; a wrong pattern says where" {
	printf 'a 1\nb\n' >in
	run -65 --separate-stderr bash -c "sbatch -f 'regex:(?<n>\d)' in | ssink"
	[ "$stderr" = "sbatch: in:2:1: the pattern does not match" ]
	run -64 --separate-stderr refused -f 'regex:(?<n>\d'
	[ "$stderr" = "sbatch: -f regex: byte 8: missing closing parenthesis" ]
	run -64 --separate-stderr refused -f 'regex:\d+'
	[ "$stderr" = "sbatch: -f regex: it names no column; write (?<NAME>...)" ]
	run -64 --separate-stderr refused -f regex
	[ "$stderr" = "sbatch: -f regex: write regex:RE" ]
}

@test "regex: a pattern that backtracks without end makes a bad record" {
	printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n' >in
	run -65 --separate-stderr bash -c \
		"timeout 60 sbatch -f 'regex:^(?<n>(a+)+)\$' in | ssink"
	[ "$stderr" = "sbatch: in:1:1: the pattern takes too many steps" ]
}

@test "grok: names of patterns, of columns, and types" {
	echo '2001:db8::7 says 12.5 "hi there" 404' >in
	run -0 bash -c "sbatch -f \
		'grok:^%{IP:client} \w+ %{NUMBER:ms:float} %{QS:q} %{INT:status:int}\$' \
		in | ssink -f json"
	[ "$output" = '{"client":"2001:db8::7","ms":12.5,"q":"\"hi there\"","status":404}' ]
	echo '55.3.244.1 - bob [17/May/2015:10:05:03 +0000] "GET /x HTTP/1.1" 200 12 "-" "curl"' >in
	run -0 bash -c "sbatch -f 'grok:%{COMBINEDAPACHELOG}' -t timestamp:clf \
		-c 'clientip,auth,timestamp,verb,request,response:int,bytes:int' in |
		ssink -f csv -N"
	[ "$output" = "55.3.244.1,bob,2015-05-17T10:05:03Z,GET,/x,200,12" ]
	echo 'Oct 11 22:14:15 h sshd[71]: hi' >in
	run -0 bash -c "sbatch -f 'grok:%{SYSLOGLINE}' in | ssink -f csv"
	[ "$output" = "timestamp,facility,priority,logsource,program,pid,message
Oct 11 22:14:15,,,h,sshd,71,hi" ]
	run -0 bash -c "echo 1700000000500 | sbatch -f 'grok:%{INT:t:time(ms)}' |
		ssink -N"
	[ "$output" = "2023-11-14T22:13:20.5Z" ]
}

@test "grok: what is wrong in a pattern is told" {
	while IFS='|' read -r pattern want; do
		run -64 --separate-stderr refused -f "grok:$pattern"
		[ "$stderr" = "sbatch: -f grok: $want" ]
	done <<-'END'
		%{NOPE:x}|%{NOPE}: there is no such pattern
		a %{INT:x|%{INT:x: a } is missing
		%{INT:x:number}|number is no type (bool int float str time dur)
		%{INT:x:time(%Y)}|x: give the column its pattern of a time by -c
		%{INT}|it names no column; write (?<NAME>...)
		(%{INT:x}|missing closing parenthesis
	END
}

@test "nginx: the variables of a log_format are columns" {
	cat >in <<-'END'
		10.0.0.1 - al ice [23/Nov/2026:10:00:00 +0100] "GET /a?b=1 HTTP/1.1" 200 512 rt=0.125 up="0.001, 0.2" "x \x22y"
		10.0.0.2 - - [23/Nov/2026:10:00:01 +0100] "\x16\x03" 400 0 rt=0.000 up="-" "-"
	END
	format='nginx:$remote_addr - $remote_user [$time_local] "$request" '
	format+='$status ${body_bytes_sent} rt=$request_time '
	format+='up="$upstream_response_time" "$http_user_agent"'
	run -0 bash -c 'sbatch -f "$1" in | ssink -f csv' _ "$format"
	[ "$output" = 'remote_addr,remote_user,time_local,method,path,protocol,status,body_bytes_sent,request_time,upstream_response_time,http_user_agent
10.0.0.1,al ice,2026-11-23T09:00:00Z,GET,/a?b=1,HTTP/1.1,200,512,0.125,"0.001, 0.2",x \x22y
10.0.0.2,,2026-11-23T09:00:01Z,,,,400,0,0,,' ]
	run -0 bash -c 'sbatch -f "$1" -c request,status in | ssink -N' _ "$format"
	[ "$output" = $'GET /a?b=1 HTTP/1.1\t200\n\\\\x16\\\\x03\t400' ]
	run -0 sbatch -f 'nginx:$msec $pid' --schema /dev/null
	[ "$output" = $'msec\ttime\tevent time\npid\tint' ]
}

@test "apache: the directives of a LogFormat are columns" {
	cat >in <<-'END'
		www:80 ::1 - bob [23/Nov/2026:10:00:00 +0000] "GET /a\"b HTTP/1.1" 200 - "http://r/" "A\\B" 1234 [x] 7
	END
	run -0 bash -c 'sbatch -f "$1" in | ssink -f csv' _ \
		'apache:%v:%p %h %l %u %t \"%r\" %>s %b "%{Referer}i" \"%400,!501{User-Agent}i\" %D [%{X-Id}o] %{ms}T'
	[ "$output" = 'server,port,host,ident,user,time,method,path,protocol,status,bytes,referer,agent,duration_us,x_id,duration_ms
www,80,::1,,bob,2026-11-23T10:00:00Z,GET,"/a""b",HTTP/1.1,200,,http://r/,A\B,1234,x,7' ]
	run -0 bash -c 'echo "100% 1700000000123 a b" |
		sbatch -f "apache:100%% %{msec}t %m %m" | ssink -f csv'
	[ "$output" = "time,method,method_2
2023-11-14T22:13:20.123Z,a,b" ]
}

@test "apache: %h %l %u %t ... is what combined is" {
	for i in $(seq 500); do
		echo "10.0.0.$i - u$((i % 7)) [23/Nov/2026:10:$((i % 50 + 10)):00 +0000]" \
			"\"GET /p$((i % 5)) x HTTP/1.$((i % 2))\" $((200 + i % 9)) $i" \
			"\"r\\\"$i\" \"a [$i]\""
	done >in
	sbatch -f combined in | ssink -f csv >want
	sbatch -f 'apache:%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"' \
		in | ssink -f csv >got
	same want got
}

@test "format strings: what is wrong in them, and in lines, is told" {
	while IFS='|' read -r format want; do
		run -64 --separate-stderr refused -f "$format"
		[ "$stderr" = "sbatch: -f $want" ]
	done <<-'END'
		nginx:$a$b|nginx: b: no text between it and the variable before it
		nginx:abc|nginx: there is no variable in it
		nginx:a $-|nginx: $-: no name of a variable
		nginx:${a|nginx: ${a: no name of a variable
		apache:%h %Z|apache: %Z: no variable that is known here
		apache:%{%Y}t|apache: %{%Y}t: no variable that is known here
		apache:%{a}h|apache: %{a}h: no variable that is known here
		apache:|apache: write apache:FORMAT
	END
	while IFS='|' read -r line want; do
		echo "$line" >in
		run -65 --separate-stderr bash -c \
			'sbatch -f "nginx:\$a [\$time_local] \"\$request\" \$status" in | ssink'
		[ "$stderr" = "sbatch: in:1:$want" ]
	done <<-'END'
		 [x] "y" 1|1: a: missing
		a x "y" 1|10: time_local: no ' [' in front of it
		a [23/Nov/2026:10:00:00 +0000] "y 1|33: request: its quote is not closed
		a [23/Nov/2026:10:00:00 +0000] "y"|34: status: no '" ' in front of it
		a [23/Nov/2026:10:00:00 +0000] "y" |36: status: missing
		a [x] "y" 1|4: time_local: x is no time
	END
	printf '1 "a" b\n' >in
	run -65 --separate-stderr bash -c 'sbatch -f "nginx:\$a \"\$b\"" in | ssink'
	[ "$stderr" = "sbatch: in:1:6: text behind the last field" ]
	run -65 --separate-stderr bash -c 'sbatch -f "apache:%t" in | ssink'
	[ "$stderr" = "sbatch: in:1:1: time: its bracket is missing" ]
}

@test "w3c: #Fields says the columns; date and time become one" {
	cat >in <<-'END'
		#Software: Microsoft Internet Information Services 10.0
		#Date: 2026-11-23 10:00:00
		#Fields: date time s-ip cs-uri-query s-port cs(User-Agent) sc-status time-taken

		2026-11-23 10:00:01 10.0.0.1 - 80 Mozilla/5.0+(x) 200 15
		2026-11-23 10:00:02 10.0.0.1 q=1 - "a ""b""" 404 0.25
	END
	run -0 --separate-stderr bash -c 'sbatch -f w3c in | ssink -f csv'
	[ "$output" = 'time,s_ip,cs_uri_query,s_port,cs_user_agent,sc_status,time_taken
2026-11-23T10:00:01Z,10.0.0.1,,80,Mozilla/5.0+(x),200,15
2026-11-23T10:00:02Z,10.0.0.1,q=1,,"a ""b""",404,0.25' ]
	[ -z "$stderr" ]
	run -0 sbatch -f w3c -c time,date,sc_status --schema in
	[ "$output" = $'time\ttime\tevent time\ndate\tstr\tuntyped\nsc_status\tint' ]
	run -0 bash -c 'sbatch -f w3c --tz +01:00 -c time,date in | ssink -N'
	[ "${lines[0]}" = $'2026-11-23T09:00:01Z\t2026-11-23' ]
}

@test "w3c: #Fields changes in mid file; what is missing then is null" {
	printf '%s\n' '#Fields: date time c-ip sc-status' \
		'2026-11-23 10:00:01 1.2.3.4 200' \
		'#Fields: sc-status time x date' \
		'500 10:00:02 y 2026-11-23' \
		$'#Date: 2026-11-24 00:00:00\r' $'#Fields: time\tsc-status' \
		$'10:00:03.5\t301\r' >in
	cat >want <<-'END'
		time,c_ip,sc_status
		2026-11-23T10:00:01Z,1.2.3.4,200
		2026-11-23T10:00:02Z,,500
		2026-11-24T10:00:03.5Z,,301
	END
	sbatch -f w3c in | ssink -f csv >got
	same want got
	sbatch -f w3c --frame-rows 1 in | ssink -f csv >got
	same want got
	python3 "$TOP/tests/trickle.py" 1 9 <in | sbatch -f w3c | ssink -f csv >got
	same want got
	tail -n +2 want | cat want - >want2
	sbatch -f w3c in in | ssink -f csv >got
	same want2 got
}

@test "w3c: what is wrong is told" {
	while IFS='|' read -r text want; do
		printf "$text" >in
		run -65 --separate-stderr bash -c 'sbatch -f w3c in | ssink'
		[ "$stderr" = "sbatch: in:$want" ]
	done <<-'END'
		#Version: 1\na b\n| line 2: no #Fields line before the first record
		#Version: 1\n| it has no #Fields line
		#Fields: \n| line 1: #Fields: no field is named
		#Fields: a b\n1 2\n1\n|3:2: fewer fields than #Fields
		#Fields: a b\n1 2 3\n|2:5: more fields than #Fields
		#Fields: time\n10:00:00\n|2:9: time: no date and no #Date
		#Fields: date time\n- 10:00:00\n|2:11: date: no yyyy-mm-dd
		#Fields: date time\n2026-01-01 25:00:00\n|2:1: time: 2026-01-01 25:00:00 is no time
	END
}

@test "raw: blocks of whole lines that are the file" {
	seq -f '%.0f some text that makes a line' 20000 >in
	sbatch -f raw in | ssink -f csv -N >out
	python3 - <<-'END'
		import csv
		rows = list(csv.reader(open("out", newline="")))
		data = open("in").read()
		assert len(rows) == len(data) // 131072 + 1, len(rows)
		assert "".join(r[0] for r in rows) == data
		off = line = 0
		for text, name, offset, first in rows:
		    assert text.endswith("\n") and len(text) <= 131072
		    assert name == "in" and int(offset) == off
		    assert int(first) == line + 1
		    off += len(text)
		    line += text.count("\n")
	END
	printf 'a\nb' >in
	run -0 bash -c "sbatch -f raw -c offset,d=data,f=file,line in | ssink -f csv"
	[ "$output" = $'offset,d,f,line\n0,"a\nb",in,1' ]
}

@test "raw: a block does not end inside quotes with raw:csv" {
	python3 - <<-'END'
		import random
		rng = random.Random(3)
		with open("in", "w") as f:
		    for i in range(6000):
		        f.write(f'{i};"' + "x\n" * rng.randint(0, 40) + '";5" disk\n')
	END
	sbatch -f raw:csv -d ';' in | ssink -f json >out
	python3 - <<-'END'
		import json
		rows = [json.loads(r)["data"] for r in open("out")]
		assert "".join(rows) == open("in").read()
		assert len(rows) > 2
		for r in rows:
		    assert r.endswith('disk\n'), r[-20:]
	END
}

@test "raw: a line longer than a block is one; more than 16 MiB is refused" {
	python3 -c 'print("a" * 300000); print("b")' >in
	run -0 bash -c "sbatch -f raw in | smap -s 'length(data) as n,offset,line' |
		ssink -N"
	[ "$output" = $'300001\t0\t1\n2\t300001\t2' ]
	python3 -c 'print("a" * (17 << 20))' >in
	run -65 --separate-stderr bash -c "sbatch -f raw in | ssink"
	[ "$stderr" = "sbatch: in: line 1: record longer than 16777216 bytes" ]
}

@test "raw: the offset is that in the file, wherever reading begins" {
	printf 'one\ntwo\n' >in
	sbatch -F --from end -f raw in >out.mill 3>&- &
	pid=$!
	until_true 5 bash -c 'echo three >>in; grep -q three out.mill'
	kill -TERM $pid
	wait $pid
	ssink -N <out.mill >out
	read -r data file offset _ <out
	[ "$file" = in ]
	[[ $data == 'three\n'* ]]
	[ "$offset" -ge 8 ]
	[ "$(tail -c +$((offset + 1)) in | head -1)" = three ]
}

@test "raw: rows of a pipe do not wait for a whole block" {
	mkfifo pipe
	(
		exec 3>&-
		sbatch -f raw <pipe | ssink -N >out
	) &
	exec 9>pipe
	echo hello >&9
	until_true 5 test -s out
	exec 9>&-
	wait
	[ "$(cat out)" = 'hello\n	stdin	0	1' ]
}

@test "raw: its columns keep their types" {
	run -64 --separate-stderr refused -f raw -c line:str
	[ "$stderr" = "sbatch: -c: line: the format gives it its type" ]
	run -64 --separate-stderr refused -f raw:tsv
	[ "$stderr" = "sbatch: -f raw:tsv: there are raw and raw:csv" ]
}

@test "syslog: random messages mean what a second implementation says" {
	for zone in Europe/Paris America/Havana; do
		python3 "$TOP/tests/syslog.py" 1 5000 $zone 2019 log want
		sbatch -f syslog --year 2019 --tz $zone log | ssink -f json >got
		python3 - <<-'END'
			import json
			n = 0
			with open("want") as want, open("got") as got:
			    for w, g in zip(want, got, strict=True):
			        w, g = json.loads(w), json.loads(g)
			        if g["sd"] is not None:
			            g["sd"] = json.loads(g["sd"])
			        assert w == g, (n + 1, w, g)
			        n += 1
			assert n == 5000
		END
	done
}

@test "csv and patterns of times: local times mean what Python's zones say" {
	python3 - <<-'END'
		import datetime, random, zoneinfo
		rng = random.Random(5)
		zone = zoneinfo.ZoneInfo("America/Sao_Paulo")
		utc = datetime.timezone.utc
		with open("in.csv", "w") as f, open("want", "w") as w:
		    f.write("a,b\n")
		    for _ in range(20000):
		        t = datetime.datetime(1990, 1, 1) + datetime.timedelta(
		            seconds=rng.randint(0, 2 * 10**9))
		        f.write("%s,%s\n" % (t.isoformat(" "),
		                             t.strftime("%d/%m/%Y %H-%M-%S")))
		        u = t.replace(tzinfo=zone).astimezone(utc)
		        u = u.strftime("%Y-%m-%dT%H:%M:%SZ")
		        w.write(f"{u},{u}\n")
	END
	sbatch --tz America/Sao_Paulo -c 'a:time,b:time(%d/%m/%Y %H-%M-%S)' in.csv |
		ssink -f csv -N >got
	same want got
}

@test "zones: twice and never, a leap second, and names that are none" {
	printf '%s\n' t 2026-10-25T02:30:00 2026-10-25T02:30:00+01:00 \
		2026-03-29T02:30:00 2026-06-30T23:59:60 1780000000 >in.csv
	run -0 bash -c 'sbatch --tz Europe/Berlin -c t:time in.csv | ssink -N'
	[ "$output" = "2026-10-25T00:30:00Z
2026-10-25T01:30:00Z
2026-03-29T01:30:00Z
2026-06-30T22:00:00Z
2026-05-28T20:26:40Z" ]
	run -64 --separate-stderr refused --tz Europe/Nowhere
	[ "$stderr" = "sbatch: --tz: Europe/Nowhere: no such time zone; names are like Europe/Paris" ]
	run -64 --separate-stderr refused --tz ../../etc/passwd
	[ "$stderr" = "sbatch: --tz: ../../etc/passwd: this is no name of a time zone" ]
	run -64 --separate-stderr refused --year 0
	[[ $stderr == "sbatch: --year: "* ]]
}

@test "a time pattern without a year wants --year" {
	printf '%s\n' 'Feb 29 10:00:00 a' 'Dec 31 23:59:59 b' >in
	re='regex:^(?<t>.{15}) (?<m>.*)'
	of='t:%b %d %T'
	run -0 bash -c "sbatch -f '$re' -t '$of' --year 2024 in | ssink -N"
	[ "$output" = $'2024-02-29T10:00:00Z\ta\n2024-12-31T23:59:59Z\tb' ]
	run -0 bash -c "sbatch in | smap -p '$re' -t '$of' --year 2024 | ssink -N"
	[ "$output" = $'2024-02-29T10:00:00Z\ta\n2024-12-31T23:59:59Z\tb' ]
	run -64 --separate-stderr bash -c "sbatch -f '$re' -t '$of' in | ssink"
	[ "$stderr" = "sbatch: column t: %b %d %T has no year: say which it is by --year of sbatch or smap" ]
	run -0 bash -c 'echo 10:30 | sbatch -c "line:time(%H:%M)" --year 2024 |
		ssink -N'
	[ "$output" = 1970-01-01T10:30:00Z ]
}

@test "smap -p reads raw blocks as sbatch would, with its zone and year" {
	for i in $(seq 3000); do
		echo "Dec 31 23:$((i % 50 + 10)):00 host app$((i % 7))[$i]: line $i of it"
	done >in
	sbatch -f syslog --year 2019 --tz Europe/Paris in | ssink -f csv >want
	sbatch -f raw in | smap -p syslog --year 2019 --tz Europe/Paris |
		ssink -f csv >got
	same want got
	run -0 bash -c 'seq 2 | sbatch | smap --tz Europe/Paris \
		-p "line=grok:%{INT:n:int}" | ssink -N'
	[ "$output" = $'1\n2' ]
	run -64 --separate-stderr bash -c 'seq 2 | sbatch | smap --tz X -p lines >/dev/null'
	[ "$stderr" = "smap: -p: --tz: X: no such time zone; names are like Europe/Paris" ]
	run -64 --separate-stderr bash -c 'seq 2 | sbatch | smap -w true --year 2000 >/dev/null'
	[ "$stderr" = "smap: --year goes with -p" ]
}
