#!/bin/sh
# Real clients against a real gateway. usage: run.sh [CHECK …]   (default: all; names are the check_*.py files without prefix)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=$root/.build/e2e-venv
# environment FOLDER REQUIREMENTS: a Python environment with what is listed.
environment() {
	[ -x "$1/bin/python" ] || python3 -m venv "$1"
	"$1/bin/pip" install --quiet --disable-pip-version-check -r "$here/$2"
}
environment "$venv" requirements.txt
cd "$here"
run() {
	name=$1
	shift
	printf '== %s\n' "$name"
	"$@"
}
checks=${*:-"expansion google_client notion_client bytes litmus vdirsyncer vdirsyncer_suite caldav_library caldav_suite server_tester thunderbird evolution khal_todoman cadaver calcurse rest agent dashboard preview care mapping pages commands terminal backup alerts doctor crash faults figures engine bulk notion_rate histories container"}
for check in $checks; do
	case $check in
	expansion)
		run "$check" "$venv/bin/python" expansion/differential.py --command "${KALENDS:-$root/.build/debug/kalends} expand"
		;;
	rest)
		# On its own: the CalDAV library brings a urllib3 of another make, with which schemathesis sends nothing.
		environment "$root/.build/e2e-rest-venv" requirements-rest.txt
		run "$check" "$root/.build/e2e-rest-venv/bin/python" check_rest.py
		;;
	agent)
		# On its own, too: it brings another HTTP library than the others.
		environment "$root/.build/e2e-agent-venv" requirements-agent.txt
		run "$check" "$root/.build/e2e-agent-venv/bin/python" check_agent.py
		;;
	google_client) run "$check" "$venv/bin/python" check_upstream_client.py google ;;
	notion_client)
		run "$check" "$venv/bin/python" check_upstream_client.py notion
		run "$check" "$venv/bin/python" check_upstream_client.py notion ultimate
		;;
	server_tester) run "$check" "$venv/bin/python" check_server_tester.py "$venv/bin/caldav-server-tester" ;;
	histories)
		(cd "$root" && run "$check" env KALENDS_TEST_HISTORIES="${HISTORIES:-10000}" \
			KALENDS_TEST_SERVICE_HISTORIES="${SERVICE_HISTORIES:-2000}" \
			swift test --filter 'RandomHistoryTests|EngineTests.HistoryTests')
		;;
	container)
		# As the Dockerfile's first stage builds it.
		(cd "$root" && make release)
		run "$check" ./check_container.sh "$root/.build/release/kalends"
		;;
	*) run "$check" "$venv/bin/python" "check_$check.py" ;;
	esac
done
echo "e2e: all checks passed"
