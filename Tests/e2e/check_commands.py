"""Commands and what works while nobody looks: doctor, backup and restore, metrics."""

import datetime
import json
import os
import re
import shutil
import subprocess
import tempfile

import trustme

from gateway import KALENDS, Gateway, Peer, Simulators, free_port, sync_collection, wait_until
from linked import CALENDAR, connect, google_create, link, sync_now

ACCOUNT = "ana@example.com"
PASSWORD = "wonderland"


def run(environment, *arguments):
    return subprocess.run([KALENDS, *arguments], env=environment, capture_output=True, text=True)


def check_usage(environment):
    for command in ("serve", "demo", "user", "status", "sync", "doctor", "export", "import", "backup", "restore"):
        assert run(environment, command, "--help").returncode == 0, command
        wrong = run(environment, command, "--no-such-thing")
        assert wrong.returncode == 64, f"{command}: {wrong.returncode}"
        assert "Fatal" not in wrong.stderr and wrong.stderr.strip(), wrong.stderr


def check_doctor(gateway):
    environment = {**gateway.environment, "KALENDS_PUBLIC_URL": gateway.base}
    done = run(environment, "doctor", "--json")
    findings = {finding["what"]: finding for finding in json.loads(done.stdout)}
    for what in ("data folder", "permissions", "master key", "disk", "zone data", "users", "public URL", "proxy", "callbacks", "clock"):
        assert findings[what]["isGood"], findings[what]
    # Without TLS something is to be mended, and doctor says what.
    assert done.returncode == 1 and not findings["encryption"]["isGood"] and "https" in findings["encryption"]["fix"]
    os.chmod(gateway.folder, 0o755)
    loose = {f["what"]: f for f in json.loads(run(environment, "doctor", "--json").stdout)}
    assert not loose["permissions"]["isGood"] and loose["permissions"]["fix"].startswith("chmod 700"), loose["permissions"]
    os.chmod(gateway.folder, 0o700)


def check_certificates():
    """doctor tells a certificate that nobody knows from one that has ended."""
    authority = trustme.CA()
    ended = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)
    for certificate, words in (
        (authority.issue_cert("127.0.0.1"), "clients refuse the certificate"),
        (authority.issue_cert("127.0.0.1", not_after=ended), "the certificate ended"),
    ):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o700)
            chain, key = os.path.join(folder, "chain.pem"), os.path.join(folder, "key.pem")
            with open(chain, "wb") as file:
                for part in certificate.cert_chain_pems:
                    file.write(part.bytes())
            certificate.private_key_pem.write_to_path(key)
            gateway = Gateway(folder, certificate=(chain, key))
            done = run({**gateway.environment, "KALENDS_PUBLIC_URL": gateway.base}, "doctor", "--json")
            finding = {f["what"]: f for f in json.loads(done.stdout)}["encryption"]
            assert not finding["isGood"] and words in finding["message"] and finding["fix"], finding
            gateway.stop()


def check_files(gateway, alice):
    """Out of one calendar and into another; what a program reads is JSON, and no bar stands in it."""
    file = os.path.join(gateway.folder, "all.ics")
    done = json.loads(gateway.command("export", file, "--user", "alice", "--json"))
    assert done["objects"] >= 12 and done["file"] == file, done
    alice.expect(201, "POST", "/api/v1/calendars", {"name": "copy"})
    done = json.loads(gateway.command("import", file, "--user", "alice", "--calendar", "copy", "--json"))
    assert done["taken"] >= 12 and not done["refused"], done
    users = json.loads(gateway.command("user", "list", "--json"))
    assert [user["name"] for user in users] == ["alice"] and users[0]["is_admin"] is False, users
    assert json.loads(gateway.command("sync", "--json"))["woken"] == gateway.base
    identifier = next(c["id"] for c in alice.expect(200, "GET", "/api/v1/calendars").json()["items"] if c["name"] == "copy")
    alice.expect(204, "DELETE", f"/api/v1/calendars/{identifier}")


def check_backup(gateway, alice, simulators):
    """A backup of the running gateway, restored elsewhere, serves the same octets and goes on syncing."""
    file = os.path.join(gateway.folder, "copy.backup")
    gateway.command("backup", file)
    token, objects, _ = sync_collection(alice, CALENDAR, data=True)
    assert objects
    with tempfile.TemporaryDirectory() as elsewhere:
        os.chmod(elsewhere, 0o700)
        environment = {**gateway.environment, "KALENDS_DATA": elsewhere}
        restored = run(environment, "restore", file)
        assert restored.returncode == 0, restored.stderr
        key = os.path.join(elsewhere, "master.key")
        if not os.path.exists(key):
            shutil.copy(os.path.join(gateway.folder, "master.key"), key)
        refused = run(gateway.environment, "restore", file)
        assert refused.returncode == 1 and refused.stderr.strip(), "the data of a running gateway was overwritten"
        gateway.stop()
        second = Gateway(elsewhere, simulators, port=gateway.port)
        other = Peer(second.base, "alice", PASSWORD)
        assert sync_collection(other, CALENDAR, data=True)[1] == objects
        # The token of before is as good as ever.
        assert sync_collection(other, CALENDAR, token)[1:] == ({}, [])
        google_create(simulators.google, ACCOUNT, "After", "2026-11-27T10:00:00Z", "2026-11-27T11:00:00Z")
        identifier = other.expect(200, "GET", "/api/v1/links").json()["items"][0]["id"]
        sync_now(other, identifier)
        wait_until(lambda: len(sync_collection(other, CALENDAR)[1]) == len(objects) + 1, message="the restored link syncs")
        second.stop()


def check_metrics(gateway):
    text = Peer(gateway.base).expect(200, "GET", "/metrics").body.decode()
    for name in (
        "kalends_requests_total", "kalends_request_seconds_bucket", "kalends_links", "kalends_connections", "kalends_passes",
        "kalends_queue_age_seconds", "kalends_upstream_requests_total", "kalends_conflicts_open", "kalends_tokens_about_to_die",
        "kalends_token_seconds_left", "kalends_grant_age_seconds",
    ):
        assert re.search(rf"^{name}(\{{.*\}})? [0-9.]+$", text, re.M), f"{name} is not told"
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) .+|[a-z_]+(\{[^{}]*\})? -?[0-9.e+-]+", line), line


def main():
    with tempfile.TemporaryDirectory() as folder:
        simulators = Simulators(folder)
        gateway = Gateway(folder, simulators, KALENDS_POLL_GOOGLE=1)
        check_usage(gateway.environment)
        alice = gateway.add_user("alice", PASSWORD)
        for number in range(12):
            google_create(simulators.google, ACCOUNT, f"Talk {number}", f"2026-11-24T{number:02}:00:00Z", f"2026-11-24T{number:02}:30:00Z")
        link(alice, connect(alice, "google", simulators.google), ACCOUNT)
        check_metrics(gateway)
        check_doctor(gateway)
        check_certificates()
        check_files(gateway, alice)
        check_backup(gateway, alice, simulators)
    print("commands: usage, doctor, metrics, backup and restore: all well")


if __name__ == "__main__":
    main()
