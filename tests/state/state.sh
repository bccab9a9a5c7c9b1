#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Snapshots of old versions.  usage: state.sh make | state.sh check
# make: write those of this build into NAME-VERSION.hex in this folder; do that
# once, when a version is new, and keep the files of those before.
# check: resume from each of them as if it had been written just now, and
# compare the answer with that of a run that was not interrupted.
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
rows=("5,a,1" "65,b,2" "66,a,3" "6,b,4" "70,,5" "131,b,1" "120,a,2")
more=("140,b,3" "150,a,1" "300,a,9" "301,b,2")

# version_of PROGRAM: that of its states now.
version_of() {
	case $1 in
	sbatch) echo 5 ;;
	*) echo 2 ;;
	esac
}

# name, and the stages whose states are kept
pipes=(
	"sliding|swindow -q 2m/1m --late 1m | sreduce -k k 'count() as c, sum(v) as s, first(v) as f'"
	"session|swindow -q session:1m -k k --late 1m | sreduce -k k 'sum(v) as s'"
	"sorted|swindow -q --sort --late 2m | sreduce --running -k k --emit final 'avg(v) as a'"
	"held|swindow -q 1m --late 2m --hold | sreduce --fold '0 as n' -k k --emit final 'n = n + v'"
	"joined|swindow -q 1m --late 1m | sjoin --full -k v --prefix r_ --sources k=a,b"
)

answer() {
	eval "sbatch -f csv -N -c t:time,k:str,v:int -t t $1 in.csv | $2 | ssink -q -N"
}

begin() {
	rm -rf d
	printf '%s\n' "${rows[@]}" >in.csv
	answer "-S d --once" "$1" >got
}

make() {
	local pipe name stage program
	for pipe in "${pipes[@]}"; do
		name=${pipe%%|*}
		begin "${pipe#*|}"
		for stage in d/1.1.0[012]-s[bwrj]*; do
			program=${stage##*-}
			# What is behind sbatch makes its state no other one.
			[ "$program" != sbatch ] || [ "$name" = sliding ] ||
				continue
			{
				echo "# SPDX-License-Identifier: ISC"
				echo "# $stage of: ${pipe#*|}"
				echo "# after the rows ${rows[*]}; state.sh make"
				od -An -v -tx1 "$stage" | sed 's/^ //'
			} >"$here/$name-$program-$(version_of "$program").hex"
		done
	done
}

check() {
	local pipe name stage file
	for pipe in "${pipes[@]}"; do
		name=${pipe%%|*}
		for file in "$here/$name"-*.hex; do
			begin "${pipe#*|}"
			stage=${file#"$here/$name"-}
			python3 "$here/../wire/make.py" unhex <"$file" \
				>"$(ls d/1.1.0?-"${stage%%-*}")"
			printf '%s\n' "${more[@]}" >>in.csv
			answer "-S d" "${pipe#*|}" >>got
			answer "" "${pipe#*|}" | cmp - got || {
				echo "$file: another answer"
				return 1
			}
		done
	done
}

"$1"
