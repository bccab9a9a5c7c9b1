#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What holds of each database that is a sink; the cases are in database.bash.

load helper
load database
load postgres

teardown() {
	stop_jobs
	clear_postgres
}

@test "rows are added to a table, which is made when it is missing" {
	each case_append
}

@test "names are what they are, whatever is in them" {
	each case_names
}

@test "a run that fails leaves the table as it was" {
	each case_whole
}

@test "what does not fit is refused before a row is written" {
	each case_refused
}

@test "upsert: rows replace and remove those with their keys" {
	each case_upsert
}

@test "complete: the last batch is the table" {
	each case_complete
}

@test "an endless stream shows batch by batch" {
	each case_endless
}

@test "-S: each epoch is in the table once" {
	each case_epochs
}

@test "-S: an epoch that is there already is passed over" {
	each case_again
}

@test "-S: rows that are damaged before they are put in are refused" {
	each case_damaged
}

# bats test_tags=long
@test "millrace reset that is killed anywhere leaves the old or the new" {
	each case_reset
}

@test "several pipelines may make the table at once" {
	each case_together
}
