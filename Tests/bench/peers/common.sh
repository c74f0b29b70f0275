# Sourced by each peer's script, whose arguments are PORT FOLDER: what starting a server needs.
#
# A peer's script installs what is missing, starts its server on 127.0.0.1:PORT (PORT+1 to PORT+3 are free for its
# database), and ends with `started`. All settings are the peer's own, but for an account, the address, and enough workers.
set -euo pipefail
export TZ=UTC LC_ALL=C.UTF-8
port=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
account=alice
secret=alicepw
: >"$folder/processes"
: >"$folder/cleanup"

# packages NAME…: Debian packages, installed where they are missing.
packages() {
	local missing=()
	for name in "$@"; do
		dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
	done
	[ ${#missing[@]} -eq 0 ] && return
	[ "$(id -u)" = 0 ] || { echo "installing ${missing[*]} needs root" >&2; exit 1; }
	# No package may start a server of its own: ours run on folders and ports of their own.
	local policy=/usr/sbin/policy-rc.d
	[ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; trap "rm -f $policy" EXIT; }
	apt-get update -qq >"$folder/apt.log" 2>&1
	DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends \
		"${missing[@]}" >>"$folder/apt.log" 2>&1 || { tail -5 "$folder/apt.log" >&2; exit 1; }
}

# python NAME REQUIREMENT: the program NAME of a PyPI package, in an environment that all runs share.
python() {
	local environment=${BENCH_ENVIRONMENTS:-$folder}/$1
	[ -x "$environment/bin/$1" ] || {
		packages python3-venv
		python3 -m venv "$environment"
		"$environment/bin/pip" install --quiet --disable-pip-version-check "$2" >"$folder/pip.log" 2>&1 ||
			{ tail -3 "$folder/pip.log" >&2; exit 1; }
	}
	program=$environment/bin/$1
}

# background COMMAND…: runs on, in a session of its own, until stop.sh.
background() {
	setsid "$@" >>"$folder/log" 2>&1 </dev/null &
	echo $! >>"$folder/processes"
}

# background_as USER COMMAND… and as USER COMMAND…
background_as() { local user=$1; shift; background setpriv --reuid="$user" --regid="$(id -gn "$user")" --init-groups "$@"; }
as() { local user=$1; shift; setpriv --reuid="$user" --regid="$(id -gn "$user")" --init-groups "$@"; }

# listening PORT: waits until something does.
listening() {
	for _ in $(seq 150); do
		(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
		sleep 0.2
	done
	echo "nothing listens on port $1" >&2
	tail -5 "$folder/log" >&2
	exit 1
}

# started HOME NOTE: the calendar home below the server, and what to know when reading its figures.
started() {
	listening "$port"
	{
		echo "home=http://127.0.0.1:$port$1"
		echo "account=$account"
		echo "secret=$secret"
		echo "roots=$(paste -sd, "$folder/processes")"
		echo "note='$2'"
	} >"$folder/peer"
}

# postgresql: a cluster of its own on PORT+1 with the settings of the package (every commit is synced).
postgresql() {
	packages postgresql
	local programs
	programs=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
	export PGHOST=127.0.0.1 PGPORT=$((port + 1)) PGUSER=postgres
	mkdir "$folder/cluster"
	chown postgres "$folder/cluster"
	(cd "$folder/cluster" && as postgres "$programs/initdb" -A trust -E UTF8 --locale=C.UTF-8 . >"$folder/initdb.log" 2>&1)
	background_as postgres "$programs/postgres" -D "$folder/cluster" -k "$folder/cluster" -h 127.0.0.1 -p "$PGPORT"
	for _ in $(seq 100); do
		"$programs/pg_isready" -q && return
		sleep 0.2
	done
	echo "PostgreSQL did not start" >&2
	exit 1
}

# php ROOT SCRIPT PREFIX: nginx before eight workers of php-fpm, with its cache of compiled code.
php() {
	packages nginx-light php-fpm php-cli
	cat >"$folder/fpm.conf" <<-END
		[global]
		error_log = $folder/fpm.log
		daemonize = no
		[www]
		user = www-data
		group = www-data
		listen = $folder/fpm.socket
		listen.owner = www-data
		listen.group = www-data
		pm = static
		pm.max_children = 8
		php_admin_value[memory_limit] = 2048M
		php_admin_value[max_execution_time] = 300
		php_admin_value[opcache.enable] = 1
		php_admin_value[opcache.validate_timestamps] = 0
		php_admin_value[date.timezone] = UTC
	END
	cat >"$folder/nginx.conf" <<-END
		worker_processes 1; daemon off; user www-data; pid $folder/nginx.pid; error_log $folder/nginx.log;
		events { worker_connections 512; }
		http {
		  access_log off; keepalive_requests 1000000; keepalive_timeout 300s; client_max_body_size 50m;
		  fastcgi_read_timeout 300s; fastcgi_buffers 64 64k; fastcgi_buffer_size 64k; fastcgi_max_temp_file_size 0;
		  client_body_temp_path $folder/t1; fastcgi_temp_path $folder/t2; proxy_temp_path $folder/t3;
		  uwsgi_temp_path $folder/t4; scgi_temp_path $folder/t5;
		  server {
		    listen 127.0.0.1:$port; root $1;
		    location / {
		      fastcgi_split_path_info ^($3)(.*)\$;
		      include /etc/nginx/fastcgi_params;
		      fastcgi_param SERVER_NAME kalends-bench-$port;
		      fastcgi_param SCRIPT_FILENAME $2;
		      fastcgi_param SCRIPT_NAME "$3";
		      fastcgi_param PATH_INFO \$fastcgi_path_info;
		      fastcgi_param HTTP_AUTHORIZATION \$http_authorization;
		      fastcgi_pass unix:$folder/fpm.socket;
		    }
		  }
		}
	END
	background "$(ls /usr/sbin/php-fpm* | tail -1)" -F -y "$folder/fpm.conf"
	background nginx -c "$folder/nginx.conf" -e "$folder/nginx.log"
}
