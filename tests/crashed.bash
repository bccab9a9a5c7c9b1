# SPDX-License-Identifier: ISC
# For tests of pipelines that are killed at random, see crash.py.

# What reads the log of crash.py.
LOG=(sbatch -q -f csv -N -c 'n:int,k,t:time(s),m:int' -t t)

# crashed KILLS ARGS... '|' STAGE...: through sbatch ARGS and each STAGE; what
# came out of all starts in the file got, the log as one in whole.csv.
crashed() {
	local kills=$1 seed=${MILLRACE_SEED-$RANDOM}
	shift
	echo "seed $seed"
	mkdir out
	python3 "$TOP/tests/crash.py" "$kills" "$seed" -- "${LOG[@]}" \
		--rate 6000/s --epoch 200ms -S d "$@" '|' \
		ssink -q -N 'out/{epoch}.tsv' >counts
	find out -name '*.tsv' | sort -t / -k 2n | xargs cat >got
	python3 - "$TOP/tests" "$(awk '{ print $NF }' counts)" >whole.csv <<-'ENDS'
		import sys
		sys.path.insert(0, sys.argv[1])
		from crash import line
		sys.stdout.writelines(map(line, range(int(sys.argv[2]))))
	ENDS
}
