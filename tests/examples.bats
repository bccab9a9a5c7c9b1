# SPDX-License-Identifier: ISC
# What the pages show is what the commands print.

load helper

@test "every man page has examples, and they print what the page says" {
	for page in "$TOP"/man/*.[157]; do
		python3 "$TOP/tests/examples.py" "$page" || bad=1
	done
	[ -z "${bad-}" ]
}

@test "the examples of README.md print what it says" {
	python3 "$TOP/tests/examples.py" "$TOP/README.md"
}
