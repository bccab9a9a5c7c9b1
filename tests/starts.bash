# SPDX-License-Identifier: ISC
# For tests of starts that are broken off: sbatch runs as $source, the sink
# behind it as $sink.

# launch FILE ARGS...: begin one in the background, of sbatch ARGS with the
# standard input of now; rows in FILE, messages in FILE.err.
launch() {
	local out=$1
	shift
	mkfifo "$out.p"
	ssink -q -N <"$out.p" >"$out" &
	sink=$!
	sbatch "$@" <&0 >"$out.p" 2>"$out.err" &
	source=$!
}

# End it by a signal, all of it at once.
crash() {
	kill -9 "$source" "$sink"
	wait "$source" "$sink" || :
}

stop() {
	kill "$source"
	wait "$source" "$sink"
}

# The rows of a FILE are these words, in this order.
rows_are() {
	local file=$1
	shift
	[ "$(paste -sd ' ' "$file")" = "$*" ]
}
