#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A pipeline that resumes, broken at some of the places where it can be broken;
# make torture tries them all.

load helper

torture() {
	python3 "$TOP/tests/torture.py" --sample "$1" "$2"
}

@test "a stage is killed at a system call" {
	torture 30 kill
}

@test "a system call fails" {
	torture 20 fail
}

@test "an allocation fails" {
	torture 20 alloc
}

@test "a file of the directory is damaged" {
	torture 150 damage
}

@test "the power goes" {
	torture 25 power
}
