#!/bin/bash
# DAViCal, from Debian, on a PostgreSQL cluster of its own, nginx and php-fpm.
. "$(dirname "$0")/common.sh"
packages davical php-pgsql php-xml php-curl php-mbstring libyaml-perl postgresql-client
postgresql
(cd /usr/share/davical/dba && sh ./create-database.sh davical "$secret") >"$folder/database.log" 2>&1
psql -Xq davical davical_dba >>"$folder/database.log" 2>&1 <<-END
	INSERT INTO usr (user_no, active, username, password, fullname, email, joined)
	  VALUES (2000, true, '$account', '**$secret', '$account', '$account@example.com', now());
	INSERT INTO principal (type_id, user_no, displayname, default_privileges) VALUES (1, 2000, '$account', 0::bit(24));
END
# DAViCal finds its settings by the name of the host, below /etc.
settings=/etc/davical/kalends-bench-$port-conf.php
echo "rm -f $settings" >"$folder/cleanup"
cat >$settings <<-END
	<?php
	\$c->pg_connect[] = "host=127.0.0.1 port=$PGPORT dbname=davical user=davical_app";
	\$c->system_name = 'bench';
	\$c->admin_email = 'root@localhost';
	\$c->home_calendar_name = '';
	\$c->enable_auto_schedule = false;
END
php /usr/share/davical/htdocs /usr/share/davical/htdocs/caldav.php /caldav.php
started "/caldav.php/$account/" "nginx and php-fpm with 8 workers, PostgreSQL as it comes (every commit synced)"
