# SPDX-License-Identifier: ISC
# For tests of sbatch -F, which runs as $source, its stream in out.mill and
# its messages in err.
# shellcheck disable=SC2154 # the test sets source

rows() {
	python3 "$TOP/tests/decode.py" <out.mill 2>/dev/null |
		sed -n 's/^\["\(.*\)"\]$/\1/p'
}

# The rows are these words, in this order.
rows_are() {
	[ "$(rows | tr '\n' ' ')" = "$*${*:+ }" ]
}

said() {
	grep -Fqx "sbatch: $1" err
}

# End it; all rows that are there count.
stop() {
	kill -TERM "$source"
	wait "$source"
}
