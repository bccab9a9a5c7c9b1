# SPDX-License-Identifier: ISC
# Loaded by every .bats file: the built commands in PATH, a directory of the
# test's own as the current one.

bats_require_minimum_version 1.5.0

setup() {
	TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
	BIN=${BIN:-$TOP/build/bin}
	export PATH="$BIN:$BIN/../tests:$PATH" TOP LC_ALL=C NO_COLOR=1
	unset TZ COLUMNS
	umask 022
	cd "$BATS_TEST_TMPDIR" || return 1
}

# until_true SECONDS COMMAND...: poll until it succeeds or time is up: a minute
# and four times the SECONDS that it should need, for a machine with more to
# do, and some looks more, for one that stood still meanwhile.  The limit ends
# a test that hangs; it asks nothing of speed.
until_true() {
	local deadline=$((SECONDS + 60 + 4 * $1)) looks=$((10 * $1))
	shift
	while ! "$@"; do
		if [ "$SECONDS" -ge "$deadline" ] && [ $((looks--)) -le 0 ]; then
			echo "timed out: $*" >&2
			return 1
		fi
		read -r -t 0.02 <> <(:) || :
	done
}

# ended PID: whether a process is over, waited for or not.
ended() {
	! grep -qs '^State:.[^Z]' "/proc/$1/status"
}

# signalled SIGNAL PID: send it, again at each call; whether it is over.  Two
# signals sent at once may arrive as one.
signalled() {
	kill "-$1" "$2" 2>/dev/null || :
	ended "$2"
}

# same FILE FILE: fail with the difference.
same() {
	diff -u "$1" "$2"
}

# on_terminal COMMAND: run it on a terminal of 60 x 12 and print what it gets,
# which goes to the file screen meanwhile.
on_terminal() {
	env -u NO_COLOR TERM=xterm python3 - "$@" <<-'EOF'
		import fcntl, os, pty, struct, sys, termios
		pid, fd = pty.fork()
		if pid == 0:
		    os.execvp("bash", ["bash", "-c", sys.argv[1]])
		fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 60, 0, 0))
		out = b""
		screen = open("screen", "wb", 0)
		while True:
		    try:
		        piece = os.read(fd, 65536)
		    except OSError:
		        break
		    if not piece:
		        break
		    out += piece
		    screen.write(piece)
		sys.stdout.buffer.write(out.replace(b"\r\n", b"\n"))
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	EOF
}

no_jobs() {
	[ -z "$(jobs -pr)" ]
}

# A background process would keep a failed test from ending, and what it still
# writes the folder of the test from being removed.
stop_jobs() {
	local jobs
	jobs=$(jobs -p)
	[ -n "$jobs" ] || return 0
	# shellcheck disable=SC2086 # a list of numbers
	kill $jobs 2>/dev/null || :
	# shellcheck disable=SC2046 # a list of numbers
	until_true 5 no_jobs || kill -9 $(jobs -p) 2>/dev/null || :
}

teardown() {
	stop_jobs
}
