#!/bin/bash
# Measures the release build under the workloads of cdload.c; prints a table, writes .build/bench/results.json.
# One gateway, one data folder and one calendar per size; the folder lies on the checkout's disk, so commits are real.
# Then 1,000 calendars with a mix over all of them, and one client that writes while 1,000 others poll.
# Settings: BENCH_N (sizes, "1000 10000 50000"; "" leaves the single calendar out), BENCH_MANY (calendars of the mix,
#   1000; 0 leaves them out), BENCH_RUNS (runs per cell, 3), BENCH_SECONDS (longest time per cell, 2),
#   BENCH_SUITE (workloads, WORKLOAD:CONNECTIONS), BENCH_QUIET (seconds to wait for an idle machine per cell, 0),
#   KALENDS (the program).
# Exit: 0 measured and every answer right, 1 otherwise.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$root/.build/bench
kalends=${KALENDS:-$root/.build/release/kalends}
sizes=${BENCH_N-1000 10000 50000}
runs=${BENCH_RUNS:-3}
seconds=${BENCH_SECONDS:-2}
quiet=${BENCH_QUIET:-0}
reads="W2:1 W2:8 W2:32 W10:1 W10:8 W9 W7:1 W7:8 W5:1 W6:1 W12:1 W4:1 W8:1"
writes="W3:1 W3:8 W3:32 W13:8 W1:1 W1:8 W1:32"
many=${BENCH_MANY-1000}
suite=${BENCH_SUITE:-$reads $writes}
warm_up="W2:8 W10:8 W5:1 W8:1 W4:1 W3:1"

# Bounds, so that a gateway that hangs ends the benchmark: loading one event, one run of the suite, one request.
load_ms_per_event=50
run_limit=600
request_limit=60
# So many events has each of many calendars; a thousand such calendars are a company.
events_each=50
# A cell ends after so many requests, and has at least so many however slow they are.
most_requests=2000
fewest_requests=3

user=bench
password=benchmark-only-on-loopback
server=
generator=
folder=

stop() {
	if [ -n "$generator" ]; then
		kill -TERM "$generator" 2>/dev/null || true
		wait "$generator" || true
		generator=
	fi
	if [ -n "$server" ]; then
		kill -TERM "$server" 2>/dev/null || true
		wait "$server" || echo "bench: the gateway ended with $? after SIGTERM" >&2
		server=
	fi
	if [ -n "$folder" ]; then
		rm -rf "$folder"
		folder=
	fi
}
trap stop EXIT
trap 'exit 1' INT TERM

# start SIZE: a gateway on a new folder; its calendar's address goes into $calendar.
start() {
	folder=$(mktemp -d "$out/data.XXXXXX")
	export KALENDS_DATA=$folder
	echo "$password" | "$kalends" user add "$user" --password-stdin >"$out/user.log" 2>&1 || {
		cat "$out/user.log" >&2
		exit 1
	}
	"$kalends" serve --listen 127.0.0.1:0 >"$out/address" 2>"$out/gateway-$1.log" &
	server=$!
	for _ in $(seq 300); do
		address=$(sed -n 's/^kalends: listening on //p' "$out/address")
		if [ -n "$address" ]; then
			calendar=$address/dav/calendars/$user/load/
			return
		fi
		kill -0 "$server" 2>/dev/null || break
		sleep 0.1
	done
	echo "bench: the gateway did not start:" >&2
	tail -n 20 "$out/gateway-$1.log" >&2
	exit 1
}

# load LIMIT SIZE ARGUMENTS...: the generator, for at most LIMIT seconds; INT and TERM make it clean up and end.
load() {
	local limit=$1 size=$2
	shift 2
	# In the background and waited for, so that INT and TERM are heeded at once.
	timeout --kill-after=30 "$limit" "$out/cdload" -u "$user" -p "$password" -n "$size" -l kalends -P "$server" \
		-T "$request_limit" "$@" &
	generator=$!
	wait "$generator" || {
		echo "bench: the generator ended with $? (124: it took more than $limit s)" >&2
		exit 1
	}
	generator=
}

[ -x "$kalends" ] || {
	echo "bench: no program at $kalends; make release builds it" >&2
	exit 1
}
mkdir -p "$out"
cc -O2 -Wall -Wextra -o "$out/cdload" "$here/cdload.c"
: >"$out/runs.jsonl"
for size in $sizes; do
	start "$size"
	echo "bench: loading $size events" >&2
	load $((size * load_ms_per_event / 1000 + 60)) "$size" -R 0 "$calendar" MKCAL LOAD:8 >>"$out/runs.jsonl"
	# shellcheck disable=SC2086  # the suites are lists
	load "$run_limit" "$size" -t 0.5 -r 200 "$calendar" $warm_up >/dev/null
	for run in $(seq "$runs"); do
		echo "bench: $size events, run $run of $runs" >&2
		# shellcheck disable=SC2086
		load "$run_limit" "$size" -W "$quiet" -t "$seconds" -r "$most_requests" -m "$fewest_requests" -R "$run" \
			"$calendar" $suite >>"$out/runs.jsonl"
	done
	stop
done
if [ "$many" -gt 0 ]; then
	start "many"
	echo "bench: loading $many calendars of $events_each events" >&2
	home=${calendar%load/}
	load $((many * events_each * load_ms_per_event / 1000 + 60)) "$events_each" -l many -C "$many" -R 0 "$home" MKCAL:8 LOAD:8 \
		>>"$out/runs.jsonl"
	load 60 "$events_each" "$calendar" MKCAL >/dev/null
	for run in $(seq "$runs"); do
		echo "bench: $many calendars, run $run of $runs" >&2
		load "$run_limit" "$events_each" -l many -C "$many" -W "$quiet" -t "$seconds" -r "$((most_requests * 10))" -R "$run" \
			"$home" W14:8 >>"$out/runs.jsonl"
		load "$run_limit" "$events_each" -l many -W "$quiet" -t "$((seconds + 2))" -r "$most_requests" -R "$run" \
			"$calendar" W1:1 W15:1001 >>"$out/runs.jsonl"
	done
	stop
fi
python3 "$here/report.py" "$out/runs.jsonl" "$out/results.json"
