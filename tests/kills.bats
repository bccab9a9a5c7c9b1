#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Pipelines that resume, killed at random: each row once, in each sink.

load helper
load postgres

# MILLRACE_KILLS is how many kills, MILLRACE_SEED which.
@test "200 kills -9: files and databases hold each row once" {
	local args=()
	[ -z "${MILLRACE_SEED-}" ] || args=(--seed "$MILLRACE_SEED")
	python3 "$TOP/tests/kills.py" "${args[@]}" "${MILLRACE_KILLS-200}" \
		>counts || {
		cat counts
		false
	}
	# They belong into the log of a run that is right, too.
	tail -n 1 counts | sed 's/^/# /' >&3
}

@test "a run without kills within a commit is no proof" {
	run -1 python3 "$TOP/tests/kills.py" 0 files
	[[ $output == *"fewer than one kill in twenty was within a commit" ]]
}
