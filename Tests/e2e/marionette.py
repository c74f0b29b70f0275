"""Thunderbird without a screen, driven over Marionette (length-prefixed JSON on a TCP port) with scripts in its chrome context."""

import json
import os
import shutil
import socket
import subprocess
import time

from gateway import free_port

SETTINGS = {
    "marionette.port": None,
    "app.update.enabled": False,
    "calendar.timezone.local": "Europe/Berlin",
    "calendar.timezone.useSystemTimezone": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    # The settings recommended for tests turn the keeping of passwords off.
    "remote.prefs.recommended": False,
    "toolkit.telemetry.enabled": False,
}


class Thunderbird:
    """One running Thunderbird; the profile outlives it."""

    def __init__(self, profile, log):
        os.makedirs(profile, exist_ok=True)
        port = free_port()
        with open(os.path.join(profile, "user.js"), "w") as file:
            for name, value in {**SETTINGS, "marionette.port": port}.items():
                file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        program = shutil.which("thunderbird")
        assert program, "thunderbird is not installed"
        self.log = open(log, "ab")
        self.process = subprocess.Popen(
            [program, "--marionette", "--remote-allow-system-access", "--headless", "--no-remote", "--profile", profile],
            # A home of its own: nothing of the user's is read or written.
            env={**os.environ, "HOME": profile, "MOZ_HEADLESS": "1"}, stdout=self.log, stderr=self.log, start_new_session=True,
        )
        self.socket, self.number = self.connect(port), 0
        self.buffer = b""
        assert self.receive()["marionetteProtocol"] == 3
        self.command("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"timeouts": {"script": 120_000}}}})
        self.command("Marionette:SetContext", {"value": "chrome"})

    def connect(self, port):
        end = time.monotonic() + 90
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", port), timeout=150)
                return connection
            except ConnectionRefusedError:
                assert self.process.poll() is None, f"thunderbird ended with {self.process.returncode}"
                assert time.monotonic() < end, "thunderbird did not open its Marionette port"
                time.sleep(0.1)

    def receive(self):
        while b":" not in self.buffer:
            self.buffer += self.more()
        length, _, self.buffer = self.buffer.partition(b":")
        while len(self.buffer) < int(length):
            self.buffer += self.more()
        message, self.buffer = self.buffer[: int(length)], self.buffer[int(length) :]
        return json.loads(message)

    def more(self):
        data = self.socket.recv(65536)
        assert data, "thunderbird closed the connection"
        return data

    def command(self, name, parameters):
        self.number += 1
        text = json.dumps([0, self.number, name, parameters])
        self.socket.sendall(f"{len(text)}:{text}".encode())
        while True:
            kind, number, error, result = self.receive()
            if (kind, number) == (1, self.number):
                assert error is None, f"{name}: {error}"
                return result

    def run(self, body, *arguments):
        """Runs the body of an asynchronous function with `args` and `cal`, and answers what it returns."""
        script = (
            "const done = arguments[arguments.length - 1]; const args = Array.from(arguments);"
            "const { cal } = ChromeUtils.importESModule('resource:///modules/calendar/calUtils.sys.mjs');"
            "(async () => {" + body + "})().then("
            "value => done({ value: value === undefined ? null : value }),"
            "error => done({ error: String(error) + '\\n' + (error && error.stack) }));"
        )
        result = self.command("WebDriver:ExecuteAsyncScript", {"script": script, "args": list(arguments), "sandbox": "system"})["value"]
        assert "error" not in result, result["error"]
        return result["value"]

    def quit(self):
        """Ends as a user ends it, so that the profile is written."""
        self.command("Marionette:Quit", {"flags": ["eAttemptQuit"]})
        self.socket.close()
        self.process.wait(timeout=60)

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, 9)
            self.process.wait()
