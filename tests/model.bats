#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The protocol of checkpoints, in every run that there can be.

load helper

@test "the protocol is right, and none of its rules can be left out" {
	python3 "$TOP/tests/model/protocol.py"
}
