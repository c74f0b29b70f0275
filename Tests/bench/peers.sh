#!/bin/bash
# peers.sh PEER…: measures the release build beside other CalDAV servers, in one run, each in turn.
#
# Peers: radicale xandikos (PyPI), sabre cyrus davical sogo (Debian; need root). One that cannot be installed or started is
# left out, and that is said. Settings as in run.sh: BENCH_N (sizes, "1000"), BENCH_RUNS, BENCH_SECONDS, BENCH_SUITE,
# BENCH_QUIET, KALENDS; BENCH_PORT is the first of the ports taken, ten for each server (23100).
# Prints a table with ratios, writes .build/bench/peers.json. Exit: 0 measured, 1 otherwise.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${BENCH_OUT:-$root/.build/bench}
export KALENDS=${KALENDS:-$root/.build/release/kalends}
export BENCH_ENVIRONMENTS=$out/environments
sizes=${BENCH_N:-1000}
runs=${BENCH_RUNS:-3}
seconds=${BENCH_SECONDS:-2}
quiet=${BENCH_QUIET:-0}
port=${BENCH_PORT:-23100}
suite=${BENCH_SUITE:-W2:1 W2:8 W10:1 W10:8 W9 W7:1 W7:8 W5:1 W6:1 W12:1 W4:1 W8:1 W3:1 W3:8 W13:8 W1:1 W1:8 W1:32}
warm_up="W2:8 W10:8 W5:1 W8:1 W4:1 W3:1"
request_limit=120
run_limit=1200

[ -x "$KALENDS" ] || {
	echo "peers: no program at $KALENDS; make release builds it" >&2
	exit 1
}
mkdir -p "$out"
# Servers that run under a user of their own must reach their folders, wherever the checkout is.
work=$(mktemp -d /tmp/kalends-peers.XXXXXX)
chmod 755 "$work"
servers=()
generator=

stop() {
	[ -z "$generator" ] || { kill -TERM "$generator" 2>/dev/null && wait "$generator"; } || true
	for server in "${servers[@]}"; do "$here/peers/stop.sh" "$work/$server" || true; done
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM

# load SERVER SIZE ARGUMENTS…: the generator against one server, whose calendar it fills or measures.
load() {
	local server=$1 size=$2
	shift 2
	(
		. "$work/$server/peer"
		exec timeout --kill-after=30 "$run_limit" "$out/cdload" -u "$account" -p "$secret" -n "$size" -l "$server" \
			-P "$roots" -T "$request_limit" "${@//CALENDAR/${home}n$size/}"
	) &
	generator=$!
	local status=0
	wait "$generator" || status=$?
	generator=
	return $status
}

# leave_out SERVER WHY: one server less.
leave_out() {
	echo "peers: $1 is left out: $2" >&2
	echo "$1: $2" >>"$out/peers.left-out"
	"$here/peers/stop.sh" "$work/$1" || true
	local rest=()
	for server in "${servers[@]}"; do [ "$server" = "$1" ] || rest+=("$server"); done
	servers=("${rest[@]}")
}

cc -O2 -Wall -Wextra -o "$out/cdload" "$here/cdload.c"
: >"$out/peers.jsonl"
: >"$out/peers.left-out"
for server in kalends "$@"; do
	[ -f "$here/peers/$server.sh" ] || {
		echo "peers: no peer is called $server" >&2
		exit 1
	}
	echo "peers: starting $server" >&2
	servers+=("$server")
	"$here/peers/$server.sh" "$port" "$work/$server" 2>"$out/peer-$server.log" ||
		leave_out "$server" "$(tail -1 "$out/peer-$server.log")"
	port=$((port + 10))
done
for size in $sizes; do
	for server in "${servers[@]}"; do
		echo "peers: $server takes $size events" >&2
		load "$server" "$size" -R 0 CALENDAR MKCAL IFEMPTY LOAD:4 >>"$out/peers.jsonl" &&
			load "$server" "$size" -t 0.5 -r 200 CALENDAR $warm_up >/dev/null || leave_out "$server" "it could not be filled"
	done
	for run in $(seq "$runs"); do
		for server in "${servers[@]}"; do
			echo "peers: $size events, run $run of $runs, $server" >&2
			# shellcheck disable=SC2086  # the suite is a list
			load "$server" "$size" -W "$quiet" -t "$seconds" -r 2000 -m 3 -R "$run" CALENDAR $suite >>"$out/peers.jsonl" ||
				leave_out "$server" "its run was broken off"
		done
	done
done
for server in "${servers[@]}"; do
	(. "$work/$server/peer" && echo "$server: $note")
done >"$out/peers.notes"
python3 "$here/peers_report.py" "$out/peers.jsonl" "$out/peers.notes" "$out/peers.left-out" "$out/peers.json"
