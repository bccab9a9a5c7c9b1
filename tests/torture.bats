#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Pipelines that resume, broken at some of the places where they can be broken;
# make torture tries them all.  Those that need a tracer or an allocator of
# their own have tags that leave them out where a sanitizer has both.

load helper
load postgres

# torture N WHAT...: N places of each pipeline.
torture() {
	python3 "$TOP/tests/torture.py" --sample "$@"
}

# bats test_tags=long
@test "a stage is killed at a system call" {
	torture 25 kill
}

# bats test_tags=long
@test "a system call fails" {
	torture 12 fail
}

# bats test_tags=long
@test "a system call does half of what it was to do" {
	torture 4 short
}

# bats test_tags=memory
@test "an allocation fails" {
	torture 8 alloc
}

@test "a file of the directory is damaged" {
	torture 100 --case files --case state damage
}

# bats test_tags=long
@test "the power goes" {
	torture 16 power
}
