#!/bin/bash
# Ourselves: the release build with its own settings.
. "$(dirname "$0")/common.sh"
kalends=${KALENDS:?the program to be measured}
export KALENDS_DATA=$folder/data
secret=benchmark-only-on-loopback
mkdir "$KALENDS_DATA"
echo "$secret" | "$kalends" user add "$account" --password-stdin >"$folder/user.log" 2>&1 || { cat "$folder/user.log" >&2; exit 1; }
background "$kalends" serve --listen "127.0.0.1:$port"
started "/dav/calendars/$account/" "every commit synced"
