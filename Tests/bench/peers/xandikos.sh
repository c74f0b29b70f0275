#!/bin/bash
# Xandikos, from PyPI, on its own HTTP server; a commit to git for each change, no check of passwords.
. "$(dirname "$0")/common.sh"
python xandikos xandikos
background "$program" serve -d "$folder/data" --defaults --current-user-principal "/$account/" -l 127.0.0.1 -p "$port" \
	--no-detect-systemd --state-dir "$folder/state"
started "/$account/calendars/" "own HTTP server, a git commit for each change, no authentication"
