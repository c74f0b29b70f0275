#!/bin/bash
# Cyrus IMAP's CalDAV server, from Debian: eight processes ready, passwords in sasldb.
. "$(dirname "$0")/common.sh"
packages cyrus-imapd cyrus-caldav cyrus-common sasl2-bin libsasl2-modules libsasl2-modules-db python3
programs=/usr/lib/cyrus/bin
mkdir -p "$folder"/{conf,spool,sieve,run/proc,run/lock,run/socket}
cat >"$folder/imapd.conf" <<-END
	configdirectory: $folder/conf
	partition-default: $folder/spool
	defaultpartition: default
	sievedir: $folder/sieve
	proc_path: $folder/run/proc
	mboxname_lockpath: $folder/run/lock
	idlesocket: $folder/run/socket/idle
	notifysocket: $folder/run/socket/notify
	lmtpsocket: $folder/run/socket/lmtp
	admins: cyrus
	httpmodules: caldav
	allowplaintext: yes
	sasl_pwcheck_method: auxprop
	sasl_auxprop_plugin: sasldb
	sasl_sasldb_path: $folder/sasldb2
	sasl_mech_list: PLAIN
	caldav_allowscheduling: off
	caldav_historical_age: -1
	servername: localhost
	defaultdomain: localhost
	httpkeepalive: 300
	httptimeout: 60
	hashimapspool: true
	unixhierarchysep: no
	altnamespace: no
	autocreate_quota: -1
END
cat >"$folder/cyrus.conf" <<-END
	START {
	  recover cmd="$programs/ctl_cyrusdb -C $folder/imapd.conf -r"
	}
	SERVICES {
	  imap cmd="$programs/imapd -C $folder/imapd.conf -U 30" listen="127.0.0.1:$((port + 1))" prefork=0 maxchild=5
	  http cmd="$programs/httpd -C $folder/imapd.conf -U 1000" listen="127.0.0.1:$port" prefork=8 maxchild=100
	}
	EVENTS {
	  checkpoint cmd="$programs/ctl_cyrusdb -C $folder/imapd.conf -c" period=30
	}
END
for user in cyrus "$account"; do
	echo "${user}pw" | saslpasswd2 -p -c -f "$folder/sasldb2" -u localhost "$user"
done
chown -R cyrus:mail "$folder"
background "$programs/master" -C "$folder/imapd.conf" -M "$folder/cyrus.conf" -p "$folder/master.pid"
listening $((port + 1))
python3 - $((port + 1)) "$account" <<-'END'
	import imaplib, sys
	connection = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
	connection.login("cyrus", "cyruspw")
	connection.create(f"user.{sys.argv[2]}")
	connection.logout()
END
started "/dav/calendars/user/$account/" "8 processes ready, every file synced, scheduling off"
