#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A pipeline that resumes, broken at some of the places where it can be broken;
# make torture tries them all.  Those that need a tracer or an allocator of
# their own have tags that leave them out where a sanitizer has both.

load helper

torture() {
	python3 "$TOP/tests/torture.py" --sample "$1" "$2"
}

# bats test_tags=long
@test "a stage is killed at a system call" {
	torture 30 kill
}

# bats test_tags=long
@test "a system call fails" {
	torture 20 fail
}

# bats test_tags=memory
@test "an allocation fails" {
	torture 20 alloc
}

@test "a file of the directory is damaged" {
	torture 150 damage
}

# bats test_tags=long
@test "the power goes" {
	torture 25 power
}
