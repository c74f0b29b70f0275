#!/bin/bash
# SOGo, from Debian, on a PostgreSQL cluster of its own and memcached; asked without a web server in front.
. "$(dirname "$0")/common.sh"
packages sogo memcached postgresql-client
postgresql
psql -Xq postgres postgres -c "CREATE ROLE sogo LOGIN" -c "CREATE DATABASE sogo OWNER sogo ENCODING 'UTF8'"
psql -Xq sogo sogo <<-END
	CREATE TABLE people (c_uid varchar(64) PRIMARY KEY, c_name varchar(64), c_password varchar(64), c_cn varchar(128),
	  mail varchar(128));
	INSERT INTO people VALUES ('$account', '$account', '$secret', '$account', '$account@example.com');
END
background_as memcache memcached -l 127.0.0.1 -p $((port + 2)) -m 64
database="postgresql://sogo:x@127.0.0.1:$PGPORT/sogo"
mkdir "$folder/run"
chown sogo "$folder/run"
cd "$folder/run"
background_as sogo env HOME="$folder/run" sogod -WONoDetach YES -WOPort "127.0.0.1:$port" -WOWorkersCount 8 -WOLogFile - \
	-WOPidFile "$folder/run/sogo.pid" -SOGoProfileURL "$database/sogo_user_profile" \
	-OCSFolderInfoURL "$database/sogo_folder_info" -OCSSessionsFolderURL "$database/sogo_sessions_folder" \
	-OCSEMailAlarmsFolderURL "$database/sogo_alarms_folder" -SOGoMemcachedHost "127.0.0.1:$((port + 2))" \
	-SOGoTimeZone UTC -SxVMemLimit 4096 -SOGoEnableEMailAlarms NO -SOGoUserSources \
	"({type=sql;id=people;viewURL=\"$database/people\";canAuthenticate=YES;isAddressBook=NO;userPasswordAlgorithm=plain;})"
started "/SOGo/dav/$account/Calendar/" "8 workers, PostgreSQL as it comes (every commit synced), memcached"
