#!/bin/sh
# Real clients against a real gateway. usage: run.sh [CHECK …]   (default: all; names are the check_*.py files without prefix)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=$root/.build/e2e-venv
if [ ! -x "$venv/bin/python" ]; then
	python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
cd "$here"
run() {
	name=$1
	shift
	printf '== %s\n' "$name"
	"$@"
}
checks=${*:-"expansion google_client bytes vdirsyncer caldav_library server_tester crash figures"}
for check in $checks; do
	case $check in
	expansion) run "$check" "$venv/bin/python" expansion/differential.py ;;
	google_client) run "$check" "$venv/bin/python" check_google_client.py ;;
	server_tester) run "$check" "$venv/bin/python" check_server_tester.py "$venv/bin/caldav-server-tester" ;;
	container) run "$check" ./check_container.sh "$root/.build/release/kalends" ;;
	*) run "$check" "$venv/bin/python" "check_$check.py" ;;
	esac
done
echo "e2e: all checks passed"
