#!/bin/sh
# Proves the Dockerfile's second stage without a container engine: a Debian 12 made by debootstrap, the stage's own
# commands run inside it, and the gateway started there as the stage's own user.
# usage: check_container.sh BINARY   (built with --static-swift-stdlib, as the first stage does)
set -eu
binary=$1
here=$(cd "$(dirname "$0")/../.." && pwd)
root=$here/.build/e2e-root
stage=$(awk '/^FROM/{n++} n==2' "$here/Dockerfile")
if [ ! -e "$root/etc/debian_version" ]; then
	debootstrap --variant=minbase bookworm "$root" >/dev/null
fi
cp /etc/resolv.conf "$root/etc/" 2>/dev/null || true
for f in /etc/apt/sources.list /etc/apt/apt.conf.d/* /etc/apt/sources.list.d/*; do
	[ -f "$f" ] && mkdir -p "$root$(dirname "$f")" && cp "$f" "$root$f"
done
printf '%s\n' "$stage" | awk '
	/^RUN/ { sub(/^RUN /, ""); line = $0; while (line ~ /\\$/) { sub(/\\$/, "", line); getline; line = line $0 } print line }
' | while read -r command; do
	chroot "$root" sh -ec "id kalends >/dev/null 2>&1 && case \"\$1\" in *useradd*) exit 0;; esac; eval \"\$1\"" sh "$command" >/dev/null
done
install -m 0755 "$binary" "$root/usr/local/bin/kalends"
port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
mount -t proc proc "$root/proc" 2>/dev/null || true
chroot --userspec=kalends:kalends "$root" env KALENDS_DATA=/data /usr/local/bin/kalends serve --listen "127.0.0.1:$port" >"$here/.build/e2e-container.log" 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null || true; wait $pid 2>/dev/null || true; umount "$root/proc" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
	grep -q 'listening on' "$here/.build/e2e-container.log" && break
	sleep 0.1
done
chroot --userspec=kalends:kalends "$root" /usr/local/bin/kalends health --address "http://127.0.0.1:$port"
chroot --userspec=kalends:kalends "$root" env KALENDS_DATA=/data /usr/local/bin/kalends user add check >/dev/null
[ "$(stat -c %a "$root/data/master.key")" = 600 ]
echo "container: the Dockerfile's second stage runs the gateway as a non-root user"
