# SPDX-License-Identifier: ISC
# A PostgreSQL server of the test's own, on a Unix socket: its folder is
# $PGHOST, its only user and database are named sink.  Who loads this has one
# for the whole file.

# as_server COMMAND...: the server refuses to run as root.
as_server() {
	if [ "$(id -u)" -eq 0 ]; then
		(cd / && runuser -u postgres -- "$@")
	else
		"$@"
	fi
}

postgres_bin() {
	local dirs=(/usr/lib/postgresql/*/bin)
	echo "${dirs[-1]}"
}

postgres_start() {
	PGHOST=$(mktemp -d)
	export PGHOST PGUSER=sink PGDATABASE=sink
	[ "$(id -u)" -ne 0 ] || chown postgres "$PGHOST"
	as_server "$(postgres_bin)/initdb" -D "$PGHOST/data" -U sink -A trust \
		-E UTF8 --locale=C.UTF-8 -N >/dev/null
	as_server "$(postgres_bin)/pg_ctl" -D "$PGHOST/data" -s -w \
		-l "$PGHOST/log" -o "-k $PGHOST -h '' -F" start \
		</dev/null >/dev/null 2>&1 3>&-
	psql -q -d postgres -c 'CREATE DATABASE sink'
}

postgres_stop() {
	as_server "$(postgres_bin)/pg_ctl" -D "$PGHOST/data" -s -w \
		-m immediate stop
	rm -rf "$PGHOST"
}

setup_file() {
	postgres_start
}

teardown_file() {
	postgres_stop
}
