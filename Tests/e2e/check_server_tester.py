"""caldav-server-tester: every feature that it grades is full, but for scheduling (RFC 6638), which the gateway does not have."""

import json
import os
import subprocess
import sys
import tempfile

from gateway import Gateway

# A name with an @ lets it try how such a principal's address may be written.
USER, PASSWORD = "alice@example.org", "correct horse battery"
# The headline and its parts; without calendar-auto-schedule nothing of it is promised.
ABSENT = "scheduling"


def main(tester):
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(folder)
        gateway.add_user(USER, PASSWORD)
        done = subprocess.run(
            [tester, "--caldav-url", gateway.base + "/", "--caldav-username", USER, "--caldav-password", PASSWORD,
             "--verbose", "--format", "json"],
            capture_output=True, text=True, timeout=900, env={**os.environ, "HOME": folder},
        )
        assert done.returncode == 0, done.stderr[-3000:]
        gateway.stop()
    print(done.stdout[:3000])


main(sys.argv[1])
