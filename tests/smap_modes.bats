# SPDX-License-Identifier: ISC
# smap(1), MODES: rows that replace others.
# shellcheck disable=SC2154 # stderr is set by run --separate-stderr

load helper

modes() {
	PYTHONPATH="$TOP/tests" python3 "$TOP/tests/modes.py" "$@"
}

changes() {
	modes stream <<-'EOF'
		upsert k:str* w:int* n:int note:str
		put a 1 5 x
		put b 1 60 y
		|
		put a 1 70 z
		delete b 1
		||
		put b 1 8 u
	EOF
}

@test "-w turns a put that does not pass into a delete" {
	changes | smap -w 'n > 9' >s
	python3 "$TOP/tests/decode.py" -c <s
	run -0 ssink --changelog -N -f csv <s
	[ "$output" = 'delete,a,1,,
put,b,1,60,y
put,a,1,70,z
delete,b,1,,
delete,b,1,,' ]
	# What it makes null no later step sees, so that none fails on it.
	changes | smap -w 'n < 50' -a '9223372036854775757 + n as big' |
		ssink --changelog -N -f csv >out
	[ "$(head -2 out)" = $'put,a,1,5,x,9223372036854775762\ndelete,b,1,,,' ]
}

@test "-w after the changes is -w before them" {
	for seed in $(seq 40); do
		modes random "$seed" | modes stream >s
		smap -w 'n % 3 = 1 or k is null' <s | ssink --changelog -f csv |
			modes final | tail -n +2 | sort >got
		ssink --changelog -f csv <s | modes final | tail -n +2 |
			awk '$3 % 3 == 1 || $1 == "-"' | sort >want
		same want got || { echo "seed $seed" && false; }
	done
}

@test "-s and --rename give the keys their new names" {
	changes | smap -s 'w, n * 2 as m, k as host' --rename w=window |
		ssink -f dump >out
	grep -q 'HEAD mode=upsert' out
	changes | smap -s 'w, n * 2 as m, k as host' --rename w=window |
		ssink -f table >out
	[ "$(cat out)" = $'window    m  host\n     1  140  a\n     1   16  b' ]
	run -0 bash -c "$(declare -f modes changes); changes |
		smap -a 'n as k2' --drop note | ssink -f table"
	[ "$output" = $'k  w   n  k2\na  1  70  70\nb  1   8   8' ]
}

@test "a key cannot be lost" {
	changes >s
	refused() {
		run -65 --separate-stderr smap "${@:2}" <s
		[ "$stderr" = "smap: $1" ]
	}
	refused '-s: the rows replace each other by w (upsert): select that column, too' \
		-s 'k, n'
	refused '-s: the rows replace each other by k (upsert): select that column, too' \
		-s 'upper(k) as k, w'
	refused '-a: the rows replace each other by k (upsert): give the new column another name' \
		-a 'upper(k) as k'
	refused '--drop: the rows replace each other by k (upsert): keep that column' \
		--drop k,n
	refused '--rename: a,b: the name of a key cannot hold a comma' \
		--rename 'k=`a,b`'
}

@test "what looks at several rows takes only rows that are added" {
	changes >s
	text=': it takes rows that are only added, and a row replaces the one before (upsert); put it before the stage that makes them'
	for step in "--explode=split(k, ' ') as c" --sample=1% --head=1 --tail=1 \
	    --dedup=k '--changed=n' '-pnote=json'; do
		run -65 --separate-stderr smap "$step" -k k <s ||
			run -65 --separate-stderr smap "$step" <s
		[[ $stderr == "smap: -"*"$text" ]] || { echo "$stderr" && false; }
	done
	run -65 --separate-stderr smap -x -- cat <s
	[ "$stderr" = "smap: -x$text" ]
	run -65 --separate-stderr smap -k k -a 'sum(n) as s' <s
	[ "$stderr" = "smap: -a: it takes rows that are only added to look at \
those before, and a row replaces the one before (upsert); put it before the \
stage that makes them" ]
}

@test "complete: each batch is chosen from and computed on" {
	printf '%s\n' 'complete k:str n:int' 'a 1' 'b 2' '||' 'a 3' '|' 'c 4' '||' |
		modes stream >s
	run -0 bash -c 'smap -w "n != 4" -a "n * 2 as m" --rename k=key --drop n <s |
		ssink --changelog -f csv'
	[ "$output" = $'batch,key,m\n0,a,2\n0,b,4\n1,a,6' ]
	run -65 --separate-stderr smap --head 1 <s
	[ "$stderr" = "smap: --head: it takes rows that are only added, and each \
batch replaces the batch before (complete); put it before the stage that makes \
them" ]
}
