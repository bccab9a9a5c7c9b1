# SPDX-License-Identifier: ISC
# Databases as sinks: PostgreSQL by postgres.bash, SQLite in the file x.db.

# use KIND: sqlite or postgres is what the others speak of.
use() {
	kind=$1
}

# url [TABLE]: a destination.
url() {
	"url_$kind" "${1:+?table=$1}"
}

url_sqlite() {
	echo "sqlite://$PWD/x.db$1"
}

url_postgres() {
	echo "postgres:///sink$1"
}

# query SQL: rows, cells separated by |.
query() {
	"query_$kind" "$1"
}

query_sqlite() {
	sqlite3 x.db "$1"
}

query_postgres() {
	psql -qAt -v ON_ERROR_STOP=1 -c 'SET client_min_messages = error' -c "$1"
}

# Tables of one case are not those of another.
clear_postgres() {
	query_postgres 'DROP SCHEMA public CASCADE' &&
		query_postgres 'CREATE SCHEMA public'
}

# each CASE: with each of them, in a folder of its own.
each() {
	for kind in sqlite postgres; do
		mkdir "$kind"
		cd "$kind" || return
		"$1"
		cd ..
	done
}

# modes WORD...: tests/modes.py.
modes() {
	PYTHONPATH="$TOP/tests" python3 "$TOP/tests/modes.py" "$@"
}

# sink ARGS...: b.log through sbatch ARGS into the table t.
sink() {
	sbatch -f csv -N -c n:int "$@" b.log | ssink "$(url t)"
}

case_append() {
	seq 3 >b.log
	sink
	sink
	[ "$(query 'SELECT count(*), sum(n) FROM t')" = "6|12" ]
	# Columns are found by name; the others of a table keep what they have.
	query 'CREATE TABLE w (x integer DEFAULT 7, b text, a integer)'
	printf 'a,b\n1,one\n2,\n' | sbatch -f csv -c 'a:int,b' | ssink "$(url w)"
	[ "$(query 'SELECT x, a, b FROM w ORDER BY a')" = "$(printf '7|1|one\n7|2|')" ]
	[ "$(query 'SELECT count(*) FROM w WHERE b IS NULL')" = 1 ]
}

case_names() {
	printf 'a "b",select\n1,2\n' | sbatch -f csv |
		ssink "$(url 'odd"; name')"
	[ "$(query 'SELECT "a ""b""", "select" FROM "odd""; name"')" = "1|2" ]
}

case_whole() {
	printf '%s\n' 1 2 x >b.log
	run -65 --separate-stderr sink
	[ "$(query 'SELECT count(*) FROM t')" = 0 ]
	query 'DROP TABLE t'
	query 'CREATE TABLE t (n integer UNIQUE)'
	query 'INSERT INTO t VALUES (3)'
	seq 5 >b.log
	run -65 --separate-stderr sink
	[ "$(query 'SELECT * FROM t')" = 3 ]
}

case_refused() {
	seq 3 >b.log
	query 'CREATE TABLE t (x integer)'
	run -65 --separate-stderr sink
	run -64 --separate-stderr bash -c "sbatch b.log | ssink '$(url "")'"
	[ "$stderr" = "ssink-$kind: the destination names no table; write ?table=NAME behind it" ]
	run -64 --separate-stderr bash -c "sbatch b.log | ssink '$(url "")?a=b'"
	[ "$stderr" = "ssink-$kind: the destination names no table; write &table=NAME behind it" ]
	run -64 --separate-stderr bash -c "sbatch b.log | ssink -f csv '$(url t)'"
	sbatch -f csv -N -c n:int b.log | sreduce --partial 'p95(n) as p' >s
	run -65 --separate-stderr bash -c "ssink '$(url s)' <s"
	[[ $stderr == *": it holds states, not values" ]]
}

case_upsert() {
	modes stream >s <<-'EOF'
		upsert k:str* w:int* n:int
		put a 1 5
		put b 1 6
		put - 1 1
		|
		put a 1 7
		delete b 1
		||
		put b 2 8
		put - 1 2
		put - - 3
		delete zz -
	EOF
	ssink "$(url u)" <s
	# A null is a key like any other.
	[ "$(query 'SELECT k, w, n FROM u ORDER BY n')" = \
		"$(printf '|1|2\n||3\na|1|7\nb|2|8')" ]
	modes stream >s <<-'EOF'
		upsert k:str* w:int* n:int
		delete - -
		put a 1 9
		put - 1 4
	EOF
	ssink "$(url u)" <s
	[ "$(query 'SELECT k, w, n FROM u ORDER BY n')" = \
		"$(printf '|1|4\nb|2|8\na|1|9')" ]
}

case_complete() {
	modes stream >s <<-'EOF'
		complete k:str n:int
		a 1
		b 2
		||
		a 3
		|
		c 4
		||
	EOF
	ssink "$(url c)" <s
	[ "$(query 'SELECT k, n FROM c ORDER BY k')" = "$(printf 'a|3\nc|4')" ]
	printf '%s\n' 'complete k:str n:int' 'a 1' '||' '||' | modes stream >s
	ssink "$(url c)" <s
	[ "$(query 'SELECT count(*) FROM c')" = 0 ]
}

case_endless() {
	seq 3 >b.log
	sbatch -F -f csv -N -i 200ms -c n:int b.log | ssink "$(url t)" &
	source=$(jobs -p %%)
	has() { [ "$(query 'SELECT count(*) FROM t' 2>/dev/null)" = "$1" ]; }
	until_true 10 has 3
	seq 4 5 >>b.log
	until_true 10 has 5
	kill "$source"
	wait
}

case_epochs() {
	seq 3 >b.log
	sink -S d --once
	sink -S d --once
	seq 4 5 >>b.log
	sink -S d --once
	[ "$(query 'SELECT count(*), sum(n) FROM t')" = "5|15" ]
	[ "$(query 'SELECT epoch FROM millrace_epoch')" = 2 ]
	run ! ls d/*.rows
	# What is decided is put in by the next start, once.
	query 'ALTER TABLE t RENAME TO away'
	query 'CREATE TABLE t (n integer CHECK (n <> 7))'
	seq 6 8 >>b.log
	run -65 --separate-stderr sink -S d --once
	[ "$(query 'SELECT count(*) FROM t')" = 0 ]
	ls d/*.rows
	query 'DROP TABLE t'
	query 'ALTER TABLE away RENAME TO t'
	seq 9 10 >>b.log
	sink -S d --once
	[ "$(query 'SELECT count(*), sum(n) FROM t')" = "10|55" ]
	[ "$(query 'SELECT epoch FROM millrace_epoch')" = 4 ]
	run ! ls d/*.rows
}

# Rows that are decided, and were changed or cut before they were put in.
case_damaged() {
	query 'CREATE TABLE t (n integer CHECK (n <> 2))'
	seq 3 >b.log
	run -65 --separate-stderr sink -S d --once
	query 'DROP TABLE t'
	query 'CREATE TABLE t (n integer)'
	local rows=(d/01-ssink-*.1.1.rows)
	cp "${rows[0]}" whole
	# The last byte is one of the checksum of END.
	head -c -1 whole >"${rows[0]}"
	run -65 --separate-stderr sink -S d --once
	[[ $stderr == "ssink-$kind: $PWD/${rows[0]}: byte "*": cut inside "* ]]
	[ "$(query 'SELECT count(*) FROM t')" = 0 ]
	# Of the rows 1, 2, 3 the last.
	sed 's/\(\x02\x00\{7\}\)\x03/\1\x04/' whole >"${rows[0]}"
	run -65 --separate-stderr sink -S d --once
	[[ $stderr == "ssink-$kind: $PWD/${rows[0]}: byte "*"checksum"* ]]
	: >"${rows[0]}"
	run -65 --separate-stderr sink -S d --once
	[[ $stderr == "ssink-$kind: $PWD/${rows[0]}: "* ]]
	rm "${rows[0]}"
	run -65 --separate-stderr sink -S d --once
	[ "$stderr" = "ssink-$kind: $PWD/${rows[0]}: it is not there, though its epoch is committed" ]
	[ "$(query 'SELECT count(*) FROM t')" = 0 ]
	cp whole "${rows[0]}"
	sink -S d --once
	[ "$(query 'SELECT count(*), sum(n) FROM t')" = "3|6" ]
}

# An epoch that the database has is not put in a second time.
case_again() {
	seq 3 >b.log
	sink -S d --once
	query 'UPDATE millrace_epoch SET epoch = 2'
	seq 4 5 >>b.log
	sink -S d --once
	[ "$(query 'SELECT count(*) FROM t')" = 3 ]
	seq 6 7 >>b.log
	sink -S d --once
	[ "$(query 'SELECT count(*) FROM t')" = 5 ]
}

# A reset that is killed has been made, or has not: an epoch that the database
# has, and no record says so, comes again in the first case alone.
case_reset() {
	seq 3 >b.log
	sink -S d --once
	# It is put in, which the third rename of the sink would say.
	seq 4 5 >>b.log
	sbatch -f csv -N -c n:int -S d --once b.log |
		strace -f -qq -o log -e trace=renameat \
			-e inject=renameat:signal=KILL:when=3 ssink "$(url t)" ||
		[ "$?" -eq 137 ]
	[ "$(query 'SELECT count(*) FROM t')" = 5 ]
	run -0 millrace status d
	[[ $output == *"committed epoch 2 of generation 2, output not in place"* ]]
	rm -rf before
	cp -a d before
	local call n rc old=0 new=0 id
	id=$(query 'SELECT identity FROM millrace_epoch')
	for call in write openat unlinkat fsync renameat ftruncate; do
		for ((n = 1, rc = 137; rc == 137; n++)); do
			rm -rf d
			cp -a before d
			rc=0
			strace -qq -o log -e trace="$call" \
				-e inject="$call:signal=KILL:when=$n" \
				millrace reset d --to 1 --yes >said || rc=$?
			reset_left
		done
		[ "$rc" -eq 0 ]
		[ "$n" -gt 2 ]
	done
	[ "$old" -gt 4 ]
	[ "$new" -gt 4 ]
}

# What a start adds to the 5 rows, behind a reset that may have been killed.
reset_left() {
	query 'DROP TABLE t'
	query 'CREATE TABLE t (n integer)'
	query 'INSERT INTO t VALUES (1), (2), (3), (4), (5)'
	query "DELETE FROM millrace_epoch WHERE identity <> '$id'"
	query 'UPDATE millrace_epoch SET epoch = 2'
	local expected=5
	if millrace status d | grep -q '^committed epoch 1 '; then
		expected=7
		new=$((new + 1))
	else
		old=$((old + 1))
	fi
	sink -S d --once
	[ "$(query 'SELECT count(*) FROM t')" = "$expected" ]
}

# Pipelines that find no table all make it, and none of them fails.
case_together() {
	seq 3 >b.log
	for i in 1 2 3 4 5 6; do
		sink -S "d$i" --once &
	done
	for i in 1 2 3 4 5 6; do
		wait -n
	done
	[ "$(query 'SELECT count(*), sum(n) FROM t')" = "18|36" ]
	[ "$(query 'SELECT count(*), sum(epoch) FROM millrace_epoch')" = "6|6" ]
}
