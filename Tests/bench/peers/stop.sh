#!/bin/bash
# stop.sh FOLDER: ends what a peer's script started there, by process id, and undoes what it changed elsewhere.
set -u
[ -f "$1/processes" ] || exit 0
for signal in TERM KILL; do
	alive=()
	for process in $(tac "$1/processes"); do
		kill -$signal "$process" 2>/dev/null && alive+=("$process")
	done
	for _ in $(seq 50); do
		left=0
		for process in "${alive[@]}"; do kill -0 "$process" 2>/dev/null && left=1; done
		[ $left = 0 ] && break 2
		sleep 0.2
	done
done
sh "$1/cleanup"
: >"$1/processes"
