#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# ssink postgres://...: rows into a PostgreSQL table.
# shellcheck disable=SC2154 # stderr is set by run --separate-stderr

load helper
load database
load postgres

teardown() {
	stop_jobs
	clear_postgres
}

use postgres

@test "a commit is flushed, though the server is set to put it off" {
	seq 3 >b.log
	query 'CREATE TABLE seen (v text)'
	query 'CREATE TABLE t (n integer)'
	query "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \$\$
		BEGIN INSERT INTO seen VALUES (
			current_setting('synchronous_commit'));
		RETURN NULL; END \$\$"
	query 'CREATE TRIGGER note AFTER INSERT ON t EXECUTE FUNCTION note()'
	for set in off local remote_write; do
		PGOPTIONS="-c synchronous_commit=$set" sink -S d --once
		echo 4 >>b.log
	done
	[ "$(query 'SELECT * FROM seen' | paste -sd ' ')" = \
		"on local remote_write" ]
}

@test "each type has its PostgreSQL type" {
	printf '%s\n' 'k,n,f,t,b,d' 'a,1,1.5,2026-01-02T03:04:05Z,true,1m30s' \
		'b,,nan,2026-01-02T03:04:05.25Z,false,' '"",-3,-0.1,,,2s' \
		'"x	\N",4,inf,1969-12-31T23:59:59Z,,-1.5s' >a.csv
	sbatch -c 'k,n:int,f:float,t:time,b:bool,d:dur' a.csv | ssink "$(url t)"
	query "SELECT string_agg(data_type, ',' ORDER BY ordinal_position)
		FROM information_schema.columns WHERE table_name = 't'" >out
	query "SET timezone = 'UTC'; SELECT * FROM t" >>out
	diff - out <<-'EOF'
		text,bigint,double precision,timestamp with time zone,boolean,interval
		a|1|1.5|2026-01-02 03:04:05+00|t|00:01:30
		b||NaN|2026-01-02 03:04:05.25+00|f|
		|-3|-0.1|||00:00:02
		x	\N|4|Infinity|1969-12-31 23:59:59+00||-00:00:01.5
	EOF
}

@test "what the server says is passed on" {
	seq 3 >b.log
	query 'CREATE TABLE t (n integer CHECK (n < 3))'
	run -65 --separate-stderr sink
	[[ $stderr == 'ssink-postgres: ERROR:  new row for relation "t" violates check constraint "t_n_check"'* ]]
	query 'DROP TABLE t; CREATE TABLE t (m integer)'
	run -65 --separate-stderr sink
	[[ $stderr == 'ssink-postgres: ERROR:  column t.n does not exist'* ]]
	run -74 --separate-stderr bash -c \
		"sbatch b.log | ssink 'postgres:///sink?host=$PWD&table=t'"
	[[ $stderr == "ssink-postgres: connection to server on socket \"$PWD/.s.PGSQL.5432\" failed: No such file or directory"* ]]
	query 'CREATE SCHEMA logs'
	sbatch b.log | ssink "$(url logs.hits)"
	[ "$(query 'SELECT count(*) FROM logs.hits')" = 3 ]
	query 'DROP SCHEMA logs CASCADE'
}

@test "rows are durable where the server would rather not wait" {
	query 'ALTER DATABASE sink SET synchronous_commit = off'
	query "CREATE TABLE t (n integer,
		how text DEFAULT current_setting('synchronous_commit'))"
	echo 1 >b.log
	sink
	query 'ALTER DATABASE sink SET synchronous_commit = local'
	sink
	query 'ALTER DATABASE sink RESET synchronous_commit'
	[ "$(query 'SELECT how FROM t')" = "$(printf 'on\nlocal')" ]
}

@test "a password goes to the server and nowhere else" {
	seq 3 >b.log
	sbatch -f csv -N -c n:int -S d --once b.log | ssink \
		"postgres://sink:S3cret@/sink?host=$PGHOST&password=S3cret&table=t"
	[ "$(query 'SELECT count(*) FROM t')" = 3 ]
	run ! grep -r S3cret d
	run -0 bash -c "millrace dump d 01-ssink-postgres | grep '^chain 01'"
	[ "$output" = "chain 01-ssink-postgres ssink-postgres postgres://sink@/sink?host=$PGHOST&table=t" ]
}
