"""litmus, Debian's WebDAV conformance suite, against the gateway.

A calendar is no folder of files, so that a translator stands between the two: it makes calendars of plain collections,
those inside of others under a name with a dot, and wraps what litmus puts into an event, out of which it takes it again on
GET. Methods, headers, locks and status codes pass through untouched. The suite about properties runs twice: with events, and
with a calendar for each file. What litmus asks of files and a calendar can not do is listed with its reason; a test
that fails without being listed, and a listed one that passes, both fail the check.
"""

import base64
import http.client
import http.server
import os
import re
import subprocess
import tempfile
import threading
import uuid

from gateway import Gateway

PASSWORD = "only for litmus"
NESTED = "RFC 4791 §4.2: a calendar holds objects only; the folder inside stands for a calendar beside it, which needs no parent"
SLASH = "litmus ends the address in a slash, which is another resource here: a calendar that can be made"
SAME_UID = "RFC 4791 §5.3.2.1: a copy in the same calendar would double the UID (no-uid-conflict)"
NO_PLACE = "RFC 4791 §4.2: where an object can be, no calendar can (403)"
EXPECTED = {
    "basic": {"put_no_parent": NESTED, "mkcol_over_plain": SLASH, "mkcol_no_parent": NESTED, "mkcol_with_body": NO_PLACE},
    "copymove": {
        "copy_simple": SAME_UID,
        "copy_overwrite": SAME_UID,
        "copy_coll": NESTED,
        "move": NO_PLACE,
        "move_coll": NESTED,
    },
    "props": {},
    "locks": {"copy": SAME_UID},
    "http": {},
}
RESULT = re.compile(r"^\s*\d+\. (\S+?)\.*\s+(pass|FAIL|SKIPPED|WARNING)(.*)$")


class Translator(http.server.BaseHTTPRequestHandler):
    """Passes requests on; see above for what it changes."""

    protocol_version = "HTTP/1.1"
    target = None
    home = None
    # Whether litmus's folder stands for the home, and the files in it for calendars.
    is_flat = False

    def log_message(self, *arguments):
        pass

    def is_calendar(self):
        return self.path.startswith(self.home) and self.path[len(self.home):].strip("/").count("/") == 0

    def translated(self, address):
        """Where the gateway has what litmus means by an address."""
        origin, path = address.split(self.home, 1)
        segments = path.strip("/").split("/")
        if self.is_flat:
            return origin + self.home + "".join(segment + "/" for segment in segments[1:])
        if path.endswith("/") or len(segments) == 1:
            return origin + self.home + ".".join(segments) + path[len(path.rstrip("/")):]
        return origin + self.home + ".".join(segments[:-1]) + "/" + segments[-1]

    def relay(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        method, path = self.command, self.translated(self.path)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("content-length", "te")}
        if self.is_flat and self.is_calendar():
            if method in ("DELETE", "MKCOL"):
                return self.answer(204 if method == "DELETE" else 201, "", [], b"")
        elif self.is_flat and method == "PUT":
            method, body = "MKCALENDAR", b""
        if "Destination" in headers and self.home in headers["Destination"]:
            headers["Destination"] = self.translated(headers["Destination"])
        if "If" in headers:
            headers["If"] = re.sub(f"<([^>]*{self.home}[^>]*)>", lambda tag: f"<{self.translated(tag[1])}>", headers["If"])
        if method == "MKCOL" and not body:
            method = "MKCALENDAR"
        if method == "PUT":
            headers["Content-Type"] = "text/calendar"
            body = wrapped(body)
        connection = http.client.HTTPConnection(*self.target)
        connection.request(method, path, body=body or None, headers=headers)
        reply = connection.getresponse()
        content = reply.read()
        connection.close()
        if method == "GET" and reply.status == 200:
            content = unwrapped(content)
        if b"multistatus" in content:
            content = content.replace(f"<D:href>{path}<".encode(), f"<D:href>{self.path}<".encode())
        self.answer(reply.status, reply.reason, reply.getheaders(), content)

    def answer(self, status, reason, headers, content):
        self.send_response(status, reason)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            if self.command != "HEAD":
                self.wfile.write(content)
        except BrokenPipeError:
            # litmus does not wait for every answer.
            self.close_connection = True

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.relay
        raise AttributeError(name)


def wrapped(content):
    """The content as an event; a new UID each time, for litmus puts the same file under many names."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//litmus//EN", "BEGIN:VEVENT", f"UID:{uuid.uuid4()}",
        "DTSTAMP:20261101T000000Z", "DTSTART:20261121T090000Z",
        "X-CONTENT:" + base64.b64encode(content).decode(), "END:VEVENT", "END:VCALENDAR", "",
    ]
    return "\r\n".join(lines).encode()


def unwrapped(text):
    return base64.b64decode(re.search(rb"X-CONTENT:(\S*)", text).group(1))


def run(suite, user, address, folder):
    environment = dict(os.environ, TESTS=suite)
    command = ["litmus", "--keep-going", address, user, PASSWORD]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", timeout=300)
    results = {}
    for line in done.stdout.replace("\r", "\n").splitlines():
        match = RESULT.match(line)
        if match:
            # Some names occur twice in a suite: the number of the occurrence goes behind.
            name, number = match.group(1), 2
            while name in results:
                name, number = f"{match.group(1)}-{number}", number + 1
            results[name] = (match.group(2), match.group(3).strip())
    assert results, f"litmus said nothing of {suite}:\n{done.stdout}\n{done.stderr}"
    return results


def main():
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(folder)
        Translator.target = ("127.0.0.1", gateway.port)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Translator)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        runs = [(suite, suite, False) for suite in EXPECTED] + [("props", "calendars", True)]
        for suite, user, is_flat in runs:
            expected = EXPECTED[suite]
            gateway.add_user(user, PASSWORD)
            Translator.home, Translator.is_flat = f"/dav/calendars/{user}/", is_flat
            results = run(suite, user, f"http://127.0.0.1:{server.server_port}{Translator.home}", folder)
            passed = sum(1 for state, _ in results.values() if state == "pass")
            print(f"litmus {suite}{' of calendars' * is_flat}: {passed} of {len(results)} pass, {len(expected)} cannot")
            for name, (state, detail) in results.items():
                if state in ("FAIL", "SKIPPED") and name not in expected:
                    problems.append(f"{suite} {name}: {state} {detail}")
                if state == "pass" and name in expected:
                    problems.append(f"{suite} {name} passes, though it is said that it cannot: {expected[name]}")
        server.shutdown()
        gateway.stop()
    assert not problems, "\n".join(problems)


main()
