# SPDX-License-Identifier: ISC
# The measured tasks still have the answers that other tools have.

load helper

@test "every task of make bench has the answer that mawk has" {
	run -0 python3 "$TOP/tests/bench/bench.py" --smoke --rows 20000 "$BIN/.."
	[ "$(grep -c ' right' <<<"$output")" -eq 12 ]
	! grep -E ' right *$' <<<"$output" | grep -v '^T3pipe ' | grep .
}

@test "the answers of make bench are compared: a wrong one fails" {
	mkdir -p b/bin
	ln -s "$BIN/../tests" b/tests
	for c in sbatch sjoin smap swindow ssink; do ln -s "$BIN/$c" b/bin; done
	cat >b/bin/sreduce <<-EOS
		#!/bin/sh
		"$BIN/smap" --head 1000 | "$BIN/sreduce" "\$@"
	EOS
	chmod +x b/bin/sreduce
	run -1 python3 "$TOP/tests/bench/bench.py" --smoke --rows 20000 \
		--tasks T1csv,T5 b
	[[ $output == *"T1csv wrong"*"T5 wrong"* ]]
}
