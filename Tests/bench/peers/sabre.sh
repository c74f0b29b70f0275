#!/bin/bash
# sabre/dav as Debian has it (1.8: without sync-collection), on SQLite, nginx and php-fpm.
. "$(dirname "$0")/common.sh"
packages php-sabre-dav php-sqlite3 php-xml php-mbstring php-curl sqlite3
mkdir "$folder/data"
for table in calendars principals; do
	zcat -f /usr/share/doc/php-sabre-dav/examples/sql/sqlite.$table.sql* | sqlite3 "$folder/data/dav.sqlite"
done
sqlite3 "$folder/data/dav.sqlite" "DELETE FROM principals; INSERT INTO principals (uri, email, displayname)
	VALUES ('principals/$account', '$account@example.com', '$account')"
cat >"$folder/server.php" <<END
<?php
error_reporting(E_ERROR);
ini_set('display_errors', '0');
require 'Sabre/autoload.php';
class Login extends \\Sabre\\DAV\\Auth\\Backend\\AbstractBasic {
    protected function validateUserPass(\$name, \$password) { return \$name === '$account' && \$password === '$secret'; }
}
\$database = new PDO('sqlite:$folder/data/dav.sqlite');
\$database->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
\$database->exec('PRAGMA busy_timeout = 60000');
\$principals = new \\Sabre\\DAVACL\\PrincipalBackend\\PDO(\$database);
\$calendars = new \\Sabre\\CalDAV\\Backend\\PDO(\$database);
\$server = new \\Sabre\\DAV\\Server(array(
    new \\Sabre\\CalDAV\\Principal\\Collection(\$principals),
    new \\Sabre\\CalDAV\\CalendarRootNode(\$principals, \$calendars),
));
\$server->setBaseUri('/');
\$server->addPlugin(new \\Sabre\\DAV\\Auth\\Plugin(new Login(), 'bench'));
\$server->addPlugin(new \\Sabre\\DAVACL\\Plugin());
\$server->addPlugin(new \\Sabre\\CalDAV\\Plugin());
\$server->exec();
END
chown -R www-data "$folder/data"
php "$folder" "$folder/server.php" ""
started "/calendars/$account/" "1.8, nginx and php-fpm with 8 workers, SQLite as it comes (synchronous=FULL)"
