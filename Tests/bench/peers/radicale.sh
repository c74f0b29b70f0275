#!/bin/bash
# Radicale, from PyPI, on its own HTTP server and file storage.
. "$(dirname "$0")/common.sh"
python radicale "radicale==3.*"
echo "$account:$secret" >"$folder/users"
cat >"$folder/config" <<-END
	[server]
	hosts = 127.0.0.1:$port
	max_connections = 64
	timeout = 120
	[auth]
	type = htpasswd
	htpasswd_filename = $folder/users
	htpasswd_encryption = plain
	htpasswd_cache = True
	[storage]
	filesystem_folder = $folder/data
	[logging]
	level = error
END
background "$(dirname "$program")/python" -m radicale --config "$folder/config"
started "/$account/" "own HTTP server, every change synced, plain passwords from a cache"
