# SPDX-License-Identifier: ISC
# millrace(7), DSTREAM NAMES: each line of the table does what it says.

load helper

@test "every name of DStreams and Structured Streaming has its command" {
	python3 "$TOP/tests/dstream.py" "$TOP/man/millrace.7" \
		"$TOP/tests/dstream.test"
}

@test "a name without a case fails, and so does another answer" {
	page() {
		printf '.Sh DSTREAM NAMES\n.Bd -literal\n%s\n.Ed\n' "$1" >page
	}
	check() {
		python3 "$TOP/tests/dstream.py" page cases
	}
	printf '# Cases\n\n# Cases\none\n{}\n1 | 2\n' >cases
	page 'one  seq 2'
	run -0 check
	page 'one  seq 3'
	run -1 check
	[ "${lines[0]}" = "one: seq 3" ]
	page 'one  seq 2
two  seq
    2'
	run -1 check
	[ "${lines[0]}" = "two: no case" ]
	page 'two  seq 2'
	run -1 check
	[ "${lines[0]}" = \
		"one: the page has no such name, or two cases have it" ]
}
