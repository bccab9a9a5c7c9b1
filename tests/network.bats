# SPDX-License-Identifier: ISC
# sbatch(1), NETWORK: listeners, connections, datagrams.  All on loopback.

# shellcheck disable=SC2016 # what bash -c is given is expanded there
# shellcheck disable=SC2030,SC2031 # variables do not outlive their test
# shellcheck disable=SC2154 # bats sets stderr
# shellcheck disable=SC2317 # until_true calls these functions

load helper

# Listen with sbatch in the background; rows appear in out.mill.
listen() {
	sbatch "$@" >out.mill 2>err &
	source=$!
}

# The place that the kernel has chosen.
place() {
	until_true 5 grep -q 'listening on' err
	sed -n 's/^sbatch: listening on //p' err
}

rows() {
	ssink -N <out.mill 2>/dev/null
}

has_rows() {
	[ "$(rows | sort | tr '\n' ' ')" = "$1" ]
}

# counted -l|-c N: there are so many rows, or bytes of them.
counted() {
	[ "$(rows | wc "$1")" -eq "$2" ]
}

stop() {
	kill -TERM "$source"
	wait "$source"
}

# send PLACE: write stdin over one connection.
send() {
	python3 -c 'import socket, sys
where = sys.argv[1]
if "/" in where:
    s = socket.socket(socket.AF_UNIX)
    s.connect(where)
else:
    host, port = where.rsplit(":", 1)
    s = socket.create_connection((host.strip("[]"), int(port)))
s.sendall(sys.stdin.buffer.read())
s.shutdown(socket.SHUT_WR)
s.recv(1)' "$1"
}

@test "each connection to tcp-listen is a part, from its first byte to its end" {
	listen --source peer tcp-listen://:0
	at=$(place)
	[[ $at == 127.0.0.1:* ]]
	until_true 5 test -s out.mill # HEAD does not wait for anybody
	send "$at" </dev/null # who sends nothing is no part
	printf 'a\nb\nunended' | send "$at"
	printf 'c\n' | send "$at"
	until_true 5 counted -l 4
	stop
	python3 "$TOP/tests/decode.py" <out.mill | grep -o '^MARK.*part=.*\["[a-z]*' |
		sed 's/flags.*part=/part=/; s/seq.*\[/[/' >out
	printf 'MARK part=%s ["%s\n' 1 open 1 close 2 open 2 close 0 eof >want
	same want out
	python3 "$TOP/tests/decode.py" <out.mill | grep '^\[' |
		sed 's/"127.0.0.1:[0-9]*"/PEER/' >out
	printf '["%s", PEER, %s]\n' a 1 b 1 unended 1 c 2 >want
	same want out
	python3 "$TOP/tests/decode.py" <out.mill | head -1 | grep -q '"flags": 3'
	tail -c 3000 err | grep -qx "sbatch: listening on $at"
	[ "$(wc -l <err)" = 1 ]
}

@test "a name given to a listener is that of its connections" {
	listen --source s app=tcp-listen://:0 -i 1h
	at=$(place)
	printf 'a\n' | send "$at"
	until_true 5 has_rows "a	app "
	stop
}

@test "1,000 connections at once lose nothing to one that never ends a line" {
	listen tcp-listen://:0
	python3 "$TOP/tests/clients.py" "$(place)" 1000 20 4000000
	until_true 10 counted -l 20000
	# The bytes of that one were dropped as they came.
	[ "$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$source/status")" -lt 65536 ] ||
		[ -n "${SAN-}" ]
	stop
	python3 -c 'for i in range(1000):
    for k in range(20):
        print("%d-%d" % (i, k))' | sort >want
	rows | sort >out
	same want out
	grep -q ': record longer than 1048576 bytes$' err
	grep -qx 'sbatch: 1 of 20001 records invalid, skipped' err
	run -0 bash -c 'python3 "$TOP/tests/decode.py" <out.mill | grep -c "\[\"close"'
	[ "$output" = 1001 ]
}

@test "a long record is dropped up to its end, and the next one is read" {
	listen --max-field 64K tcp-listen://:0
	{
		echo before
		head -c 200000 /dev/zero | tr '\0' x
		echo
		echo after
	} | send "$(place)"
	until_true 5 has_rows "after before "
	stop
	grep -q ':2: record longer than 65536 bytes$' err
	# What is below the limit may come in any pieces.
	listen tcp-listen://:0
	{
		head -c 900000 /dev/zero | tr '\0' y
		echo
	} | send "$(place)"
	until_true 5 counted -c 900001
	stop
	[ "$(wc -l <err)" = 1 ]
}

@test "csv over connections: each has its header, a wrong one is sent away" {
	listen -f csv -c a,b:int tcp-listen://:0
	at=$(place)
	printf 'a,b\n1,2\n' | send "$at"
	printf 'b,a\n4,3\n' | send "$at"
	printf 'x,y\n4,3\n' | send "$at"
	printf 'a,b\n5,6\n7,z\n' | send "$at"
	until_true 5 has_rows "1	2 3	4 5	6 "
	stop
	[ "$(grep -c "no column" err)" = 1 ]
	grep -q ':3:3: b: z is no int$' err
	grep -qx 'sbatch: 2 of 5 records invalid, skipped' err
}

@test "connections take turns in one parser" {
	listen -f csv -c k,v tcp-listen://:0
	at=$(place)
	python3 - "$at" <<-'EOF'
		import random, socket, sys
		host, port = sys.argv[1].split(":")
		rng = random.Random(2)
		todo = []
		for i in range(20):
		    s = socket.create_connection((host, int(port)))
		    swap = i % 2
		    text = "v,k\n" if swap else "k,v\n"
		    for j in range(50):
		        k, v = "k%d" % i, '"%d\n%d"' % (j, i)
		        text += "%s,%s\n" % ((v, k) if swap else (k, v))
		    todo.append([s, text.encode()])
		while todo:
		    c = rng.choice(todo)
		    n = rng.randint(1, 30)
		    c[0].sendall(c[1][:n])
		    c[1] = c[1][n:]
		    if not c[1]:
		        c[0].close()
		        todo.remove(c)
	EOF
	until_true 5 counted -l 1000
	stop
	python3 -c 'import json
for i in range(20):
    for j in range(50):
        print(json.dumps({"k": "k%d" % i, "v": "%d\n%d" % (j, i)}, separators=(",", ":")))' | sort >want
	ssink -f json <out.mill | sort >out
	same want out
}

@test "unix:// is a socket for its owner alone, gone at the end" {
	listen --source s unix://sock
	until_true 5 test -s out.mill # its path is there a moment earlier
	[ "$(stat -c %a sock)" = 600 ]
	printf 'a\n' | send ./sock
	printf 'b\n' | send ./sock
	until_true 5 has_rows "a	sock#1 b	sock#2 "
	# It is in use.
	run -66 --separate-stderr bash -c 'sbatch unix://sock | ssink'
	[ "$stderr" = "sbatch: unix://sock: Address already in use" ]
	stop
	[ ! -e sock ]
	# What a killed process left behind is replaced, other things are not.
	listen unix://sock
	until_true 5 test -S sock
	kill -KILL "$source"
	wait "$source" || :
	[ -S sock ]
	listen unix://sock
	until_true 5 test -s out.mill
	printf 'c\n' | send ./sock
	until_true 5 has_rows "c "
	stop
	echo x >file
	run -66 --separate-stderr bash -c 'sbatch unix://file | ssink'
	[ "$stderr" = "sbatch: unix://file: File exists" ]
	[ "$(cat file)" = x ]
}

@test "udp:// takes datagrams of one or more lines" {
	listen udp://:0
	at=$(place)
	python3 -c 'import socket, sys
host, port = sys.argv[1].split(":")
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for p in b"one", b"two\n", b"three\nfour", b"", b"five\0", b"x" * 60000:
    s.sendto(p, (host, int(port)))' "$at"
	until_true 5 counted -l 6
	stop
	rows | head -5 | tr '\n' ' ' >out
	[ "$(cat out)" = "one two three four five " ]
	[ "$(rows | tail -1 | wc -c)" = 60001 ]
	[ "$(wc -l <err)" = 1 ]
}

@test "tcp:// reads from a server until it ends" {
	mkfifo port
	python3 -c 'import socket
l = socket.create_server(("127.0.0.1", 0))
with open("port", "w") as f:
    print(l.getsockname()[1], file=f)
s, _ = l.accept()
s.sendall(b"a\nb\nrest")' &
	at=127.0.0.1:$(head -1 port)
	run -0 --separate-stderr bash -c "sbatch --source s tcp://$at | ssink -N"
	[ "$output" = "a	tcp://$at
b	tcp://$at
rest	tcp://$at" ]
	[ -z "$stderr" ]
	# A port that is taken, at which nobody listens.
	run -66 --separate-stderr python3 -c 'import socket, subprocess, sys
s = socket.socket()
s.bind(("127.0.0.1", 0))
at = "tcp://127.0.0.1:%d" % s.getsockname()[1]
print(at)
sys.exit(subprocess.call("sbatch %s | ssink" % at, shell=True))'
	[ "$stderr" = "sbatch: $output: Connection refused" ]
}

@test "other machines are refused unless that is said" {
	echo 0123456789abcdef >token
	chmod 644 token
	while IFS='|' read -r args want; do
		# shellcheck disable=SC2086 # several words
		run -64 --separate-stderr bash -c 'sbatch "$@" | ssink' - $args
		[ "$stderr" = "sbatch: $want" ] || {
			echo "$stderr"
			false
		}
	done <<-'EOF'
		tcp-listen://0.0.0.0:0|tcp-listen://0.0.0.0:0: other machines could connect: say --token-file FILE, or --insecure if anybody may; better, put stunnel or ssh before a loopback address
		tcp-listen://*:0|tcp-listen://*:0: other machines could connect: say --token-file FILE, or --insecure if anybody may; better, put stunnel or ssh before a loopback address
		udp://0.0.0.0:0|udp://0.0.0.0:0: other machines could send, and nobody knows who: say --insecure if that is meant
		tcp-listen://:x|tcp-listen://:x: write ADDRESS:PORT, the port a number
		tcp-listen://:99999|tcp-listen://:99999: write ADDRESS:PORT, the port a number
		tcp-listen://::1:5|tcp-listen://::1:5: write an address of IPv6 in [...]
		tcp://localhost|tcp://localhost: write ADDRESS:PORT, the port a number
		--token-file token tcp-listen://:0|tcp-listen://:0: --token-file token: others may read it; say chmod 600, and choose a new token
		--token-file none tcp-listen://:0|tcp-listen://:0: --token-file none: No such file or directory
		--max-conns 0 tcp-listen://:0|--max-conns: 0 is not in 1..1000000
	EOF
	echo short >token
	chmod 600 token
	run -64 --separate-stderr bash -c 'sbatch --token-file token tcp-listen://:0 | ssink'
	[ "$stderr" = "sbatch: tcp-listen://:0: --token-file token: a token is one line of 16 to 255 bytes" ]
	listen --insecure tcp-listen://0.0.0.0:0
	at=$(place)
	printf 'a\n' | send "127.0.0.1:${at##*:}"
	until_true 5 has_rows "a "
	stop
}

@test "with --token-file who does not send the token is sent away" {
	echo 0123456789abcdef >token
	chmod 600 token
	listen --token-file token tcp-listen://0.0.0.0:0
	at=127.0.0.1:$(place | sed 's/.*://')
	printf '0123456789abcdef\ngood\n' | send "$at"
	printf '0123456789abcdeX\nbad\n' | send "$at" || :
	printf '\nbad\n' | send "$at" || :
	head -c 1000 /dev/zero | send "$at" || :
	# In pieces.
	python3 -c 'import socket, sys
host, port = sys.argv[1].split(":")
s = socket.create_connection((host, int(port)))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for c in b"0123456789abcdef\ntoo\n":
    s.send(bytes([c]))' "$at"
	until_true 5 has_rows "good too "
	[ "$(grep -c ': wrong token, sent away$' err)" = 2 ]
	[ "$(grep -c ': no token, sent away$' err)" = 1 ]
	run -1 grep -q 0123456 err
	stop
	# A client sends it first.
	mkfifo port
	python3 -c 'import socket
l = socket.create_server(("127.0.0.1", 0))
with open("port", "w") as f:
    print(l.getsockname()[1], file=f)
s, _ = l.accept()
s.sendall(b"got " + s.makefile("rb").readline())' &
	run -0 bash -c "sbatch --token-file token tcp://127.0.0.1:$(head -1 port) | ssink -N"
	[ "$output" = "got 0123456789abcdef" ]
}

@test "over --max-conns who connects must wait, and gets its turn" {
	listen --max-conns 2 tcp-listen://:0
	at=$(place)
	python3 - "$at" <<-'EOF'
		import socket, sys, time
		host, port = sys.argv[1].split(":")
		cs = [socket.create_connection((host, int(port))) for i in range(5)]
		# Two of them are taken, and stay until they are closed here.
		end = time.monotonic() + 40
		while "others must wait" not in open("err").read():
		    assert time.monotonic() < end
		    time.sleep(0.01)
		for i, c in enumerate(cs):
		    c.sendall(b"%d\n" % i)
		for c in cs:
		    c.close()
	EOF
	until_true 5 has_rows "0 1 2 3 4 "
	stop
	grep -qx 'sbatch: 2 connections are open, others must wait: --max-conns' err
}

@test "--max-idle ends connections that are silent" {
	listen --max-idle 100ms tcp-listen://:0
	at=$(place)
	# It sees the connection when all of that has been written.
	kill -STOP "$source"
	python3 -c 'import os, signal, socket, sys
host, port = sys.argv[1].split(":")
s = socket.create_connection((host, int(port)))
s.sendall(b"a\nb")
os.kill(int(sys.argv[2]), signal.SIGCONT)
s.recv(1)' "$at" "$source" # returns when it is sent away
	until_true 5 has_rows "a b "
	stop
	grep -q ': silent for too long, sent away$' err
}

@test "a signal ends a listener and what is open as a stop" {
	listen tcp-listen://:0
	at=$(place)
	exec 7<>"/dev/tcp/${at%:*}/${at#*:}"
	printf 'a\nhalf' >&7
	until_true 5 has_rows "a "
	stop
	exec 7>&-
	python3 "$TOP/tests/decode.py" <out.mill | tail -1 | grep -q '^END .*"stop"'
	has_rows "a "
}

@test "columns that are fixed are known before anybody connects" {
	run -0 --separate-stderr sbatch --schema -f combined --source peer tcp-listen://:0
	[[ $output == *"event time"* ]]
	[[ $output == *peer* ]]
}

@test "connections and a file are read together" {
	seq 3 >file
	listen tcp-listen://:0 file
	at=$(place)
	printf 'x\n' | send "$at"
	until_true 5 has_rows "1 2 3 x "
	stop
	rows_of() { python3 "$TOP/tests/decode.py" <out.mill | grep -c "^\[.*, $1\]"; }
	[ "$(rows_of 1)" = 3 ]
	[ "$(rows_of 2)" = 1 ]
}
