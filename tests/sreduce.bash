# SPDX-License-Identifier: ISC
# What the files that test sreduce share.

# Five rows in s.mill, three minutes, one part.
rows() {
	cat >s.csv <<-'EOF'
		t,k,v,n,s
		2026-01-01T10:00:05Z,a,1.5,1,x
		2026-01-01T10:00:50Z,b,2,2,y
		2026-01-01T10:00:59Z,a,,3,x
		2026-01-01T10:01:30Z,a,4,,
		2026-01-01T10:04:00Z,,-1,5,z
	EOF
	sbatch -t t -c 't,k,v:float,n:int,s' s.csv >s.mill
}

# reduced ARG...: what sreduce ARG... makes of s.mill, as csv, in out.
reduced() {
	sreduce "$@" <s.mill | ssink -f csv >out
}

# windowed SPEC ARG...: the same behind swindow SPEC.
windowed() {
	local spec=$1
	shift
	swindow "$spec" <s.mill | sreduce "$@" | ssink -f csv >out
}

# printed LINE...: out has exactly these lines.
printed() {
	printf '%s\n' "$@" >want
	same want out
}

# Two rows of a source without end, which was stopped, in live.mill.
live() {
	local pid
	printf '1\n2\n' >log
	sbatch -F -f csv -N -c x:int -i 50ms log >live.mill &
	pid=$!
	until_true 5 test -s live.mill
	kill "$pid"
	wait "$pid"
}
