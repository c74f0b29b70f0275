"""calcurse-caldav: an appointment and a to-do made in calcurse arrive at the gateway, and what is made there shows in calcurse."""

import os
import shutil
import subprocess
import tempfile
import urllib.parse

from events import event
from gateway import Gateway, sync_collection

CALENDAR = "/dav/calendars/alice/default/"
PASSWORD = "correct horse battery"


def main():
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "calcurse")
        os.makedirs(os.path.join(folder, "data"))
        os.makedirs(os.path.join(data, "caldav"))
        gateway = Gateway(os.path.join(folder, "data"))
        alice = gateway.add_user("alice", PASSWORD)
        with open(os.path.join(folder, "config"), "w") as file:
            file.write(f"""[General]
Hostname = {urllib.parse.urlsplit(gateway.base).netloc}
HTTPS = No
Path = {CALENDAR}
DryRun = No
[Auth]
Username = alice
Password = {PASSWORD}
""")

        environment = {**os.environ, "HOME": folder, "TZ": "UTC", "LC_ALL": "C.UTF-8", "TERM": "dumb"}

        def run(*arguments, stdin=""):
            done = subprocess.run(arguments, input=stdin, capture_output=True, text=True, timeout=60, env=environment)
            assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
            return done.stdout

        def sync(*arguments):
            return run(
                # By Debian's own Python, which has what it imports.
                "/usr/bin/python3", shutil.which("calcurse-caldav"), "--config", os.path.join(folder, "config"), "--datadir", data,
                "--lockfile", os.path.join(folder, "lock"), "--syncdb", os.path.join(folder, "sync.db"), *arguments,
            )

        def shown():
            return run("calcurse", "-D", data, "-Q", "--from", "11/01/2026", "--days", "30", "--filter-type", "cal")

        def titles():
            return sorted(
                line.split(":", 1)[1].strip()
                for _, text in sync_collection(alice, CALENDAR, data=True)[1].values()
                for line in text.splitlines() if line.startswith("SUMMARY:")
            )

        alice.expect(201, "PUT", CALENDAR + "there.ics", event("there", 23, "Made there"), {"Content-Type": "text/calendar"})
        sync("--init", "keep-remote")
        assert "Made there" in shown(), shown()
        with open(os.path.join(data, "apts"), "a") as file:
            file.write("11/24/2026 @ 12:00 -> 11/24/2026 @ 13:00 |Made in calcurse\n")
        with open(os.path.join(data, "todo"), "a") as file:
            file.write("[1] Buy bread\n")
        sync()
        assert titles() == ["Buy bread", "Made in calcurse", "Made there"], titles()
        token, _, _ = sync_collection(alice, CALENDAR)
        sync()
        _, changed, deleted = sync_collection(alice, CALENDAR, token)
        assert not changed and not deleted, "a second run writes nothing"
        alice.expect(204, "PUT", CALENDAR + "there.ics", event("there", 25, "Moved there"), {"Content-Type": "text/calendar"})
        sync()
        assert "Moved there" in shown() and "Made there" not in shown(), shown()
        with open(os.path.join(data, "apts")) as file:
            kept = [line for line in file if "Made in calcurse" not in line]
        with open(os.path.join(data, "apts"), "w") as file:
            file.writelines(kept)
        sync()
        assert titles() == ["Buy bread", "Moved there"], titles()
        gateway.stop()
    print("calcurse: appointments and to-dos both ways, the second run wrote nothing")


main()
