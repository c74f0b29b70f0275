"""Every operation of the REST interface against its description, with schemathesis: no 5xx, no answer that is not described."""

import os
import subprocess
import sys
import tempfile

from gateway import Gateway, Peer, Simulators
from linked import connect, google_create, link

ACCOUNT = "ana@example.com"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def main():
    with tempfile.TemporaryDirectory() as folder:
        simulators = Simulators(folder)
        gateway = Gateway(folder, simulators, KALENDS_API_RATE=1000000)
        # Whoever may do everything meets every operation.
        gateway.command("user", "add", "alice", "--admin", "--password-stdin", stdin="wonderland\n")
        alice = Peer(gateway.base, "alice", "wonderland")
        google_create(simulators.google, ACCOUNT, "Talk", "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z")
        link(alice, connect(alice, "google", simulators.google), ACCOUNT)
        schemathesis = os.path.join(os.path.dirname(sys.executable), "schemathesis")
        subprocess.run(
            [
                schemathesis, "run", gateway.base + "/api/v1/openapi.json", "--url", gateway.base + "/api/v1",
                "--header", "Authorization: " + alice.headers["Authorization"], "--checks", CHECKS,
                # A stream has no end.
                "--exclude-path", "/stream", "--max-examples", os.environ.get("KALENDS_EXAMPLES", "25"), "--seed", "1",
                "--suppress-health-check", "all", "--request-timeout", "30",
            ],
            check=True, cwd=folder,
        )
        with open(os.path.join(folder, "gateway.log")) as log:
            failures = [line for line in log if "request failed" in line]
        assert not failures, failures[:5]
        gateway.stop()


if __name__ == "__main__":
    sys.exit(main())
