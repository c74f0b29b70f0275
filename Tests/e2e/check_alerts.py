"""Alerts: each of the four causes reaches a person once by webhook and once by mail, says what to do, and is called off.

The mail goes through a real SMTP server, which asks for a password. The data folder lies on a disk of its own in a namespace
(`unshare`), small enough to be filled.
"""

import email
import email.policy
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from gateway import Gateway, Simulators, follow_consent, free_port, wait_until
from linked import connect, google_create, google_events, google_path, link, link_state, sync_now

ACCOUNT = "ana@example.com"


class Mailbox:
    """Takes mails for root@example.org from whoever knows the password."""

    def __init__(self):
        self.mails, self.refused = [], 0
        self.port = free_port()
        self.controller = None

    def open(self):
        self.controller = Controller(
            self, hostname="127.0.0.1", port=self.port, authenticator=self.check, auth_required=True, auth_require_tls=False
        )
        self.controller.start()
        return self

    def close(self):
        self.controller.stop()

    def check(self, server, session, envelope, mechanism, data):
        is_right = (data.login, data.password) == (b"kalends", b"open sesame")
        self.refused += not is_right
        return AuthResult(success=is_right)

    async def handle_DATA(self, server, session, envelope):
        assert envelope.rcpt_tos == ["root@example.org", "deputy@example.org"], envelope.rcpt_tos
        assert envelope.mail_from == "kalends@example.org", envelope.mail_from
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert not mail.defects and mail["Date"] and mail["Message-ID"] and mail["To"] == "root@example.org, deputy@example.org", mail.items()
        self.mails.append((mail["Subject"], mail.get_content()))
        return "250 taken"


class Hook(http.server.ThreadingHTTPServer):
    """Takes webhooks; refuses while it is out of order."""

    daemon_threads = True

    def __init__(self):
        self.calls, self.is_broken = [], False
        super().__init__(("127.0.0.1", 0), Call)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Call(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.server.is_broken:
            self.server.calls.append(body)
        self.send_response(500 if self.server.is_broken else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Listener:
    """What a person hears on both ways."""

    def __init__(self, hook, mailbox):
        self.hook, self.mailbox, self.heard = hook, mailbox, 0

    def hears(self, kind, words, remedy, within=30):
        """The next thing that is told is this, on both ways, and once."""
        wait_until(lambda: len(self.hook.calls) > self.heard, within, 0.05, f"the webhook tells of {kind}")
        wait_until(lambda: len(self.mailbox.mails) > self.heard, within, 0.05, f"a mail tells of {kind}")
        call, (subject, text) = self.hook.calls[self.heard], self.mailbox.mails[self.heard]
        self.heard += 1
        assert call["kind"] == kind and words in call["message"] and remedy in call["remedy"], call
        assert call["at"] and call["gateway"].startswith("http") and call["subject"], call
        assert call["message"] in subject.replace("\n", "") and remedy in text, (subject, text)

    def hears_nothing_more(self):
        assert len(self.hook.calls) == len(self.mailbox.mails) == self.heard, (self.hook.calls[self.heard :], self.mailbox.mails[self.heard :])


def reconnect_needed(listener, alice, google, connection, identifier):
    google.expect(200, "POST", "/control/grants/revoke", {"account": ACCOUNT})
    sync_now(alice, identifier)
    listener.hears("reconnect_needed", "google", "onnect")
    again = alice.expect(200, "POST", f"/api/v1/connections/{connection}/reconnect").json()
    follow_consent(alice, again["authorize_url"], google)
    listener.hears("over", "Over: connection", "")


def failing(listener, alice, google, identifier):
    """A provider out of order: told after the time of grace, not before, and over when it answers again."""
    google.expect(200, "PUT", "/control/faults", {"faults": [{"effect": "failBefore", "status": 503, "path": "/calendar/*"}]})
    sync_now(alice, identifier)
    wait_until(lambda: link_state(alice, identifier)["last_error"], message="the link fails")
    listener.hears_nothing_more()
    listener.hears("failing", "link 1", "")
    google.expect((200, 204), "DELETE", "/control/faults")
    sync_now(alice, identifier)
    listener.hears("over", "Over: link 1", "")


def held_deletions(listener, alice, google, identifier):
    # All in one pass: a few at a time would be nothing to ask about.
    alice.expect(200, "POST", f"/api/v1/links/{identifier}/pause")
    for event in google_events(google, ACCOUNT):
        google.expect((200, 204), "DELETE", f"{google_path(ACCOUNT)}/{event['id']}")
    alice.expect(200, "POST", f"/api/v1/links/{identifier}/resume")
    sync_now(alice, identifier)
    listener.hears("held_deletions", "deletions wait for your approval", "/activity")
    alice.expect(200, "POST", f"/api/v1/links/{identifier}/reject")
    listener.hears("over", "Over: link 1", "")


def disk_nearly_full(listener, folder):
    """Told although the webhook and the mail server were out of order at first."""
    status = os.statvfs(folder)
    ballast = os.path.join(folder, "ballast")
    listener.hook.is_broken = True
    listener.mailbox.close()
    with open(ballast, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, status.f_bavail * status.f_frsize - 100 * 1024 * 1024)
    log = os.path.join(folder, "gateway.log")
    told = lambda: open(log).read().count("did not get through")
    wait_until(lambda: told() >= 2, 30, 0.1, "both ways fail")
    listener.hears_nothing_more()
    listener.hook.is_broken = False
    listener.mailbox.open()
    listener.hears("disk_nearly_full", "MB are free on the disk", "room")
    os.remove(ballast)
    listener.hears("over", "Over:", "")


def inside():
    hook, mailbox = Hook(), Mailbox().open()
    with tempfile.TemporaryDirectory() as ground:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600m,mode=700", "tmpfs", ground], check=True)
        try:
            everything(ground, hook, mailbox)
        finally:
            subprocess.run(["umount", "--lazy", ground], check=True)
    print("alerts: reconnect, failing, held deletions, full disk: each once by webhook and by mail, and called off")


def everything(folder, hook, mailbox):
    simulators = Simulators(folder)
    gateway = Gateway(
        folder, simulators, KALENDS_POLL_GOOGLE=1, KALENDS_ALERT_INTERVAL=1, KALENDS_ALERT_AFTER=4,
        KALENDS_ALERT_WEBHOOK=f"http://127.0.0.1:{hook.server_port}/hook",
        KALENDS_ALERT_MAIL_TO="root@example.org, deputy@example.org", KALENDS_ALERT_MAIL_FROM="kalends@example.org",
        KALENDS_SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}", KALENDS_SMTP_USER="kalends", KALENDS_SMTP_PASSWORD="open sesame",
    )
    alice = gateway.add_user("alice", "wonderland")
    for number in range(12):
        google_create(simulators.google, ACCOUNT, f"Talk {number}", f"2026-11-24T{number:02}:00:00Z", f"2026-11-24T{number:02}:30:00Z")
    connection = connect(alice, "google", simulators.google)
    identifier = link(alice, connection, ACCOUNT)
    listener = Listener(hook, mailbox)
    reconnect_needed(listener, alice, simulators.google, connection, identifier)
    failing(listener, alice, simulators.google, identifier)
    held_deletions(listener, alice, simulators.google, identifier)
    disk_nearly_full(listener, folder)
    listener.hears_nothing_more()
    assert mailbox.refused == 0
    gateway.stop()
    simulators.kill()
    mailbox.close()


def main():
    if os.environ.get("KALENDS_NAMESPACE"):
        return inside()
    environment = {**os.environ, "KALENDS_NAMESPACE": "yes"}
    command = ["unshare", "--map-root-user", "--mount", sys.executable, os.path.abspath(__file__)]
    return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
