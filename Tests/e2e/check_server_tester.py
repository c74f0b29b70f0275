"""caldav-server-tester runs to its end against the gateway; its verdicts are printed."""

import os
import subprocess
import sys
import tempfile

from gateway import Gateway


def main(tester):
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(folder)
        gateway.add_user("alice", "correct horse battery")
        done = subprocess.run(
            [tester, "--caldav-url", gateway.base + "/", "--caldav-username", "alice", "--caldav-password", "correct horse battery"],
            capture_output=True, text=True, timeout=900, env={**os.environ, "HOME": folder},
        )
        print(done.stdout[-6000:])
        assert done.returncode == 0, done.stderr[-3000:]
        gateway.stop()
    print("caldav-server-tester ran to its end")


main(sys.argv[1])
