"""cadaver lists, puts, gets, copies, moves and deletes; a collection inside a calendar is refused."""

import os
import subprocess
import tempfile
import urllib.parse

from events import event
from gateway import Gateway

CALENDAR = "/dav/calendars/alice/default/"
PASSWORD = "correct-horse-battery"


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "data"))
        gateway = Gateway(os.path.join(folder, "data"))
        alice = gateway.add_user("alice", PASSWORD)
        host = urllib.parse.urlsplit(gateway.base).hostname
        with open(os.path.join(folder, ".netrc"), "w") as file:
            file.write(f"machine {host} login alice password {PASSWORD}\n")
        os.chmod(file.name, 0o600)
        local = os.path.join(folder, "lunch.ics")
        with open(local, "w", newline="") as file:
            file.write(event("lunch", 23, "Lunch"))

        def cadaver(*commands):
            done = subprocess.run(
                ["cadaver", gateway.base + CALENDAR], input="\n".join([*commands, "quit", ""]), capture_output=True,
                text=True, timeout=60, cwd=folder, env={**os.environ, "HOME": folder, "LC_ALL": "C.UTF-8"},
            )
            assert done.returncode == 0, f"cadaver: {done.returncode} {done.stdout}{done.stderr}"
            return done.stdout + done.stderr

        said = cadaver("put lunch.ics", "ls", "get lunch.ics again.ics")
        assert "succeeded" in said and "lunch.ics" in said, said
        assert alice.expect(200, "GET", CALENDAR + "lunch.ics").body == open(local, "rb").read()
        assert open(os.path.join(folder, "again.ics"), "rb").read() == open(local, "rb").read()
        with open(local, "w", newline="") as file:
            file.write(event("lunch", 24, "Long lunch"))
        cadaver("put lunch.ics")
        assert b"Long lunch" in alice.expect(200, "GET", CALENDAR + "lunch.ics").body
        refused = cadaver("mkcol inside")
        assert "failed" in refused, refused
        alice.expect(404, "GET", CALENDAR + "inside/")
        said = cadaver("move lunch.ics dinner.ics", "ls")
        assert "succeeded" in said, said
        alice.expect(404, "GET", CALENDAR + "lunch.ics")
        alice.expect(200, "GET", CALENDAR + "dinner.ics")
        said = cadaver("delete dinner.ics", "ls")
        assert "succeeded" in said and "empty" in said, said
        alice.expect(404, "GET", CALENDAR + "dinner.ics")
        gateway.stop()
    print("cadaver: put, listed, got, moved, deleted; a collection inside a calendar was refused")


main()
