"""A gateway and simulated upstreams as processes, and the requests that the checks send to them."""

import atexit
import base64
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
KALENDS = os.environ.get("KALENDS", os.path.join(ROOT, ".build", "debug", "kalends"))
DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, seconds=30.0, every=0.02, message="the condition"):
    """Polls until `what()` is true and answers how long that took; fails after `seconds`."""
    begun = time.monotonic()
    while True:
        result = what()
        if result:
            return time.monotonic() - begun
        if time.monotonic() - begun > seconds:
            raise AssertionError(f"{message}: not within {seconds} s")
        time.sleep(every)


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def xml(self):
        return ElementTree.fromstring(self.body)


class Peer:
    """One HTTP server, spoken to over one kept-alive connection."""

    def __init__(self, base, user=None, password=None):
        parts = urllib.parse.urlsplit(base)
        self.base, self.host, self.port = base, parts.hostname, parts.port
        self.headers = {}
        if user:
            token = base64.b64encode(f"{user}:{password}".encode()).decode()
            self.headers["Authorization"] = "Basic " + token
        self.connection = None

    def request(self, method, path, body=None, headers=None):
        if isinstance(body, (dict, list)):
            body, headers = json.dumps(body), {"Content-Type": "application/json", **(headers or {})}
        if isinstance(body, str):
            body = body.encode()
        for attempt in (1, 2):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
                self.connection.request(method, path, body, {**self.headers, **(headers or {})})
                answer = self.connection.getresponse()
                return Reply(answer.status, answer.headers, answer.read())
            except (http.client.RemoteDisconnected, ConnectionError, http.client.CannotSendRequest):
                self.connection = None
                if attempt == 2:
                    raise

    def expect(self, status, method, path, body=None, headers=None):
        reply = self.request(method, path, body, headers)
        allowed = status if isinstance(status, (tuple, list)) else (status,)
        assert reply.status in allowed, f"{method} {path}: {reply.status} {reply.body[:400]!r}"
        return reply


class Process:
    """A program that says on standard output when it is ready."""

    def __init__(self, arguments, environment, ready, log):
        self.log = open(log, "ab")
        self.process = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=self.log)
        # Whatever becomes of a check, it leaves no process behind.
        atexit.register(self.kill)
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.decode().rstrip("\n"))
            if re.search(ready, self.lines[-1]):
                return
        raise AssertionError(f"{arguments[:3]} ended with {self.process.wait()} before it was ready; see {log}")

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def processor_milliseconds(self):
        """What it has spent of the processors so far, in the kernel's ticks."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=15)
        assert code == 0, f"exit code {code} after SIGTERM"


class Simulators(Process):
    def __init__(self, folder, latency_ms=0):
        super().__init__(
            [KALENDS, "simulate", "--latency-ms", str(latency_ms)], dict(os.environ), "^ready", os.path.join(folder, "simulators.log")
        )
        self.addresses = dict(line.split(" ", 1) for line in self.lines if " " in line)
        self.google = Peer(self.addresses["google"])
        self.notion = Peer(self.addresses["notion"])


class Gateway(Process):
    def __init__(self, folder, simulators=None, port=None, certificate=None, **settings):
        self.folder, self.port = folder, port or free_port()
        self.base = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        environment = {**os.environ, "KALENDS_DATA": folder, **{k: str(v) for k, v in settings.items()}}
        if simulators:
            environment |= {
                name: value for name, value in simulators.addresses.items() if name.startswith("KALENDS_")
            }
        self.environment = environment
        super().__init__(
            [KALENDS, "serve", "--listen", f"127.0.0.1:{self.port}"]
            + (["--tls-cert", certificate[0], "--tls-key", certificate[1]] if certificate else []),
            environment,
            "^kalends: listening on ",
            os.path.join(folder, "gateway.log"),
        )

    def command(self, *arguments, stdin=None):
        done = subprocess.run([KALENDS, *arguments], env=self.environment, input=stdin, capture_output=True, text=True)
        assert done.returncode == 0, f"kalends {arguments}: {done.returncode} {done.stderr}"
        return done.stdout

    def add_user(self, name, password):
        self.command("user", "add", name, "--password-stdin", stdin=password + "\n")
        return Peer(self.base, name, password)


def follow_consent(peer, authorize_url, simulator):
    """Walks a browser's way through a consent page that approves at once, and back to the gateway."""
    parts = urllib.parse.urlsplit(authorize_url)
    there = Peer(f"{parts.scheme}://{parts.netloc}").request("GET", parts.path + "?" + parts.query)
    assert there.status in (302, 303), f"consent page: {there.status} {there.body[:300]!r}"
    back = urllib.parse.urlsplit(there.headers["Location"])
    return peer.request("GET", back.path + "?" + back.query)


def sync_collection(peer, calendar, token="", data=False):
    """One sync-collection REPORT: (token, {href: (etag, text or None)}, [deleted hrefs])."""
    wanted = "<D:getetag/>" + ("<C:calendar-data/>" if data else "")
    body = (
        '<D:sync-collection xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f"<D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level><D:prop>{wanted}</D:prop></D:sync-collection>"
    )
    reply = peer.expect(207, "REPORT", calendar, body, {"Content-Type": "application/xml", "Depth": "0"})
    root, changed, deleted = reply.xml(), {}, []
    for response in root.findall(DAV + "response"):
        href = response.findtext(DAV + "href")
        if response.find(DAV + "status") is not None:
            deleted.append(href)
        else:
            changed[href] = (response.findtext(f".//{DAV}getetag"), response.findtext(f".//{CALDAV}calendar-data"))
    return root.findtext(DAV + "sync-token"), changed, deleted
