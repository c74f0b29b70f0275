"""vdirsyncer syncs a folder of 500 events with the gateway both ways, twice; the second run transfers nothing."""

import os
import subprocess
import sys
import tempfile

from events import event
from gateway import Gateway, sync_collection

COUNT = 500


def main(vdirsyncer):
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(os.path.join(folder, "data") if os.makedirs(os.path.join(folder, "data")) is None else "")
        alice = gateway.add_user("alice", "correct horse battery")
        calendar = "/dav/calendars/alice/default/"
        local = os.path.join(folder, "local", "default")
        os.makedirs(local)
        for number in range(COUNT // 2):
            with open(os.path.join(local, f"here {number} @+é.ics"), "w", newline="") as file:
                file.write(event(f"here-{number}", 24, "Event"))
            alice.expect(201, "PUT", f"{calendar}there-{number}.ics", event(f"there-{number}", 24, "Event"), {"Content-Type": "text/calendar"})
        config = os.path.join(folder, "config")
        with open(config, "w") as file:
            file.write(
                f"""
[general]
status_path = "{folder}/status/"
[pair calendars]
a = "folder"
b = "gateway"
collections = ["default"]
[storage folder]
type = "filesystem"
path = "{folder}/local/"
fileext = ".ics"
[storage gateway]
type = "caldav"
url = "{gateway.base}/"
username = "alice"
password = "correct horse battery"
"""
            )
        run(vdirsyncer, config, "discover")
        run(vdirsyncer, config, "sync")
        assert len(os.listdir(local)) == COUNT, len(os.listdir(local))
        token, listed, _ = sync_collection(alice, calendar)
        assert len(listed) == COUNT, len(listed)
        second = run(vdirsyncer, config, "sync")
        assert "Copying" not in second and "Deleting" not in second, second
        _, changed, deleted = sync_collection(alice, calendar, token)
        assert not changed and not deleted
        # And a change on each side travels.
        os.remove(os.path.join(local, "here 0 @+é.ics"))
        alice.expect(204, "PUT", f"{calendar}there-0.ics", event("there-0", 24, "moved"), {"Content-Type": "text/calendar"})
        run(vdirsyncer, config, "sync")
        _, listed, _ = sync_collection(alice, calendar)
        assert len(listed) == COUNT - 1
        assert any("SUMMARY:moved" in open(os.path.join(local, name), newline="").read() for name in os.listdir(local))
        gateway.stop()
    print(f"vdirsyncer: {COUNT} events both ways, the second run transferred nothing")


def run(vdirsyncer, config, verb):
    done = subprocess.run(
        [vdirsyncer, "-c", config, verb], input="y\n" * 10, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"vdirsyncer {verb}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


main(sys.argv[1] if len(sys.argv) > 1 else "vdirsyncer")
