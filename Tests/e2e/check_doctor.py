"""`kalends doctor` against a whole installation: a name server, an authority, a proxy that ends TLS, and everything that can be wrong with them.

The check runs in namespaces of its own (`unshare`), where port 53 and 443, the name server and the authorities that the
machine trusts are ours: doctor is told nothing that it would not find on a real machine.
"""

import contextlib
import datetime
import http.client
import http.server
import json
import os
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import tempfile
import threading

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway import KALENDS, Gateway, Simulators, free_port
from linked import connect

HOST = "cal.example.org"
KINDS = {1: "A", 16: "TXT", 28: "AAAA", 33: "SRV"}
SERVICE = f"_caldavs._tcp.{HOST}"


class NameServer(socketserver.ThreadingUDPServer):
    """As much of DNS (RFC 1035) as a gateway's domain takes."""

    daemon_threads = True

    def __init__(self):
        self.records, self.is_silent, self.asked = {}, False, []
        super().__init__(("127.0.0.1", 53), Question)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def encoded(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.rstrip(".").split(".")) + b"\0"


class Question(socketserver.BaseRequestHandler):
    def handle(self):
        asked, connection = self.request
        if self.server.is_silent:
            return
        at, labels = 12, []
        while asked[at]:
            labels.append(asked[at + 1 : at + 1 + asked[at]].decode())
            at += 1 + asked[at]
        name, kind = ".".join(labels).lower(), struct.unpack("!H", asked[at + 1 : at + 3])[0]
        self.server.asked.append((name, KINDS.get(kind)))
        found = self.server.records.get((name, KINDS.get(kind)), [])
        is_known = any(known == name for known, _ in self.server.records)
        answers = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data for data in found)
        head = asked[:2] + struct.pack("!HHHHH", 0x8180 | (0 if is_known else 3), 1, len(found), 0, 0)
        connection.sendto(head + asked[12 : at + 5] + answers, self.client_address)


def address(text="127.0.0.1"):
    return socket.inet_aton(text)


def service(target=HOST, port=443):
    return struct.pack("!HHH", 0, 1, port) + encoded(target)


def text(words):
    return bytes([len(words)]) + words.encode()


class Proxy(http.server.ThreadingHTTPServer):
    """Ends TLS and hands on, as well or as badly as it is told."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, certificate, gateway, **faults):
        self.gateway, self.faults = gateway, faults
        super().__init__(("127.0.0.1", 443), Hand)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        # Who does not like the certificate hangs up.
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Hand(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def hand_on(self):
        faults = self.server.faults
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.command in faults.get("methods", ()):
            return self.answer(405, [], b"")
        if any(self.path.startswith(path) for path in faults.get("paths", ())):
            return self.answer(404, [], b"not here")
        dropped = {name.lower() for name in faults.get("dropped", ())} | {"connection"}
        fields = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.gateway, timeout=30)
        try:
            upstream.request(self.command, self.path, body[: faults.get("octets", len(body))] if body else None, {
                **fields, **({"Content-Length": str(min(len(body), faults.get("octets", len(body))))} if body else {})
            })
            reply = upstream.getresponse()
        except OSError:
            return self.answer(502, [], b"the proxy reaches nobody")
        lost = {name.lower() for name in faults.get("lost", ())} | {"transfer-encoding", "content-length", "connection"}
        self.answer(reply.status, [f for f in reply.getheaders() if f[0].lower() not in lost], reply.read())

    def answer(self, status, fields, body):
        self.send_response_only(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass

    do_GET = do_HEAD = do_POST = do_PUT = do_OPTIONS = do_PROPFIND = do_REPORT = hand_on


class Clock(http.server.ThreadingHTTPServer):
    """A provider whose clock goes so many seconds before ours."""

    daemon_threads = True

    def __init__(self, ahead):
        self.ahead = ahead
        super().__init__(("127.0.0.1", 0), Hour)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Hour(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response_only(404)
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.server.ahead)
        self.send_header("Date", now.strftime("%a, %d %b %Y %H:%M:%S GMT"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Certificates:
    """Those that a server may show, each with its key in one file."""

    def __init__(self, folder):
        self.folder = folder
        self.authority = trustme.CA()
        self.between = self.authority.create_child_ca()
        days = lambda count: datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=count)
        self.good = self.write(self.between.issue_cert(HOST))
        self.ended = self.write(self.between.issue_cert(HOST, not_after=days(-2)))
        self.ending = self.write(self.between.issue_cert(HOST, not_after=days(5)))
        self.other_name = self.write(self.between.issue_cert("other.example.org"))
        self.unknown = self.write(trustme.CA().create_child_ca().issue_cert(HOST))
        alone = self.between.issue_cert(HOST)
        self.without_chain = self.save(alone.private_key_pem.bytes() + alone.cert_chain_pems[0].bytes())
        self.by_itself = self.self_signed()

    def save(self, octets):
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".pem", delete=False) as file:
            file.write(octets)
        return file.name

    def write(self, certificate):
        return self.save(certificate.private_key_and_cert_chain_pem.bytes())

    def self_signed(self):
        key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
            .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=90))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False).sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        return self.save(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()) + certificate.public_bytes(pem)
        )


class Patient:
    """An installation that doctor looks at."""

    def __init__(self, gateway):
        self.environment = {**gateway.environment, "KALENDS_PUBLIC_URL": "https://" + HOST}
        self.cases = 0

    def findings(self, **more):
        done = subprocess.run([KALENDS, "doctor", "--json"], env={**self.environment, **more}, capture_output=True, text=True)
        assert done.returncode in (0, 1) and not done.stderr, f"doctor: {done.returncode} {done.stderr}"
        found = json.loads(done.stdout)
        assert (done.returncode == 0) == all(f["isGood"] for f in found), "the exit code says something else"
        for finding in found:
            # What is wrong has a way out, and what is well asks for nothing.
            assert finding["isGood"] != bool(finding.get("fix")), finding
        self.cases += 1
        return {f["what"]: f for f in found}

    def is_well(self, **more):
        found = self.findings(**more)
        wrong = [f for f in found.values() if not f["isGood"]]
        assert not wrong, wrong
        return found

    def says(self, what, words, fix, **more):
        """One thing is wrong, is named in those words, and nothing else that does not follow from it."""
        found = self.findings(**more)
        assert not found[what]["isGood"] and words in found[what]["message"], f"{what}: {found[what]}"
        assert fix in found[what]["fix"], f"{what}: {found[what]}"
        return found


def check_good(patient, names, certificate, port):
    with Proxy(certificate, port):
        found = patient.is_well()
    assert "2 certificates, trusted" in found["encryption"]["message"], found["encryption"]
    assert found["DNS service"]["message"] == f"{SERVICE} leads here", found["DNS service"]
    assert (SERVICE, "SRV") in names.asked and (SERVICE, "TXT") in names.asked and (HOST, "A") in names.asked, names.asked
    assert "credentials arrive" in found["proxy"]["message"] and "agrees with" in found["clock"]["message"], found
    assert "every scope granted" in next(f for what, f in found.items() if what.startswith("connection"))["message"]


def check_certificates(patient, certificates, port):
    for certificate, words, fix in (
        (certificates.ended, "the certificate ended", "Renew it"),
        (certificates.ending, "ends in 4 days", "certbot renew"),
        (certificates.other_name, "clients refuse the certificate", "made for this name"),
        (certificates.unknown, "clients refuse the certificate", "an authority that clients know"),
        (certificates.by_itself, "clients refuse the certificate", "vouches for itself"),
        (certificates.without_chain, "clients refuse the certificate", "the whole chain"),
    ):
        with Proxy(certificate, port):
            patient.says("encryption", words, fix)
    found = patient.says("encryption", "no TLS", "the proxy runs")
    assert not found["public URL"]["isGood"] and "proxy" not in found, found


def check_names(patient, names, certificate, port):
    whole = dict(names.records)
    with Proxy(certificate, port):
        del names.records[(SERVICE, "SRV")]
        hint = patient.is_well()["DNS service"]["message"]
        assert f"_caldavs._tcp.example.org. SRV 0 1 443 {HOST}." in hint, hint
        names.records[("_caldavs._tcp.example.org", "SRV")] = [service()]
        assert "_caldavs._tcp.example.org leads here" in patient.is_well()["DNS service"]["message"]
        names.records = {**whole, (SERVICE, "SRV"): [service("elsewhere.example.org", 8443)]}
        patient.says("DNS service", "elsewhere.example.org:8443", f"SRV 0 1 443 {HOST}.")
        names.records = {**whole, (SERVICE, "TXT"): [text("path=/caldav/")]}
        patient.says("DNS service", "/caldav/", "path=/dav/")
        names.records = {key: value for key, value in whole.items() if key[1] != "A"}
        found = patient.says("DNS", HOST, "Add an address record")
        assert not found["public URL"]["isGood"], found
        names.records = whole


def check_proxy(patient, certificate, port):
    for faults, what, words, fix in (
        ({"paths": ["/.well-known"]}, "public URL", "answers 404", "pass every path"),
        ({"dropped": ["Authorization"]}, "proxy", "Authorization do", "Authorization"),
        ({"dropped": ["Depth", "If-Match"]}, "proxy", "Depth, If-Match", "every field"),
        ({"methods": ["PROPFIND"]}, "proxy", "PROPFIND with wrong credentials is answered 405", "PROPFIND"),
        ({"methods": ["REPORT"]}, "proxy", "REPORT is answered 405", "REPORT"),
        ({"methods": ["OPTIONS"]}, "proxy", "OPTIONS loses the field DAV", "every method"),
        ({"lost": ["DAV"]}, "proxy", "OPTIONS loses the field DAV", "every field"),
        ({"lost": ["WWW-Authenticate"]}, "proxy", "not 401", "every field"),
        ({"octets": 1000}, "proxy", "1000 of 4096 octets", "unchanged"),
        ({"paths": ["/webhooks/"]}, "callbacks", "404", "/webhooks/"),
        ({"paths": ["/oauth/"]}, "callbacks", "404", "/oauth/callback"),
    ):
        with Proxy(certificate, port, **faults):
            found = patient.says(what, words, fix)
            rest = [f for f in found.values() if not f["isGood"] and f["what"] not in (what, "proxy", "callbacks")]
            assert not rest, (faults, rest)
    with Proxy(certificate, free_port()):
        patient.says("public URL", "answers 502", "reverse proxy")


def check_machine(patient, folder, certificate, port):
    with Proxy(certificate, port):
        for ahead in (-3600, 90):
            server = Clock(ahead)
            patient.says("clock", "s off from", "timedatectl", KALENDS_GOOGLE_API_URL=f"http://127.0.0.1:{server.server_port}")
            server.shutdown()
        os.chmod(folder, 0o755)
        patient.says("permissions", "mode 755", f"chmod 700 {folder}")
        os.chmod(folder, 0o700)
        key = os.path.join(folder, "master.key")
        os.chmod(key, 0o640)
        patient.says("permissions", "mode 640", f"chmod 600 {key}")
        os.chmod(key, 0o600)
        with filled(folder):
            patient.says("disk", "MB are free", "Make room")
        patient.is_well()


@contextlib.contextmanager
def filled(folder):
    """The folder's own small disk, all but full."""
    status = os.statvfs(folder)
    ballast = os.path.join(folder, "ballast")
    with open(ballast, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, status.f_bavail * status.f_frsize - 100 * 1024 * 1024)
    yield
    os.remove(ballast)


def check_grants(patient, simulators, alice, certificate, port):
    """A dead grant, and links that a person must mend, stand in the report too."""
    with Proxy(certificate, port):
        identifier = alice.expect(200, "GET", "/api/v1/connections").json()["items"][0]["id"]
        simulators.google.expect((200, 204), "POST", "/control/grants/revoke", {})
        alice.request("GET", f"/api/v1/connections/{identifier}/calendars")
        found = patient.findings()
        name = next(what for what in found if what.startswith("connection"))
        assert not found[name]["isGood"] and "onnect" in found[name]["fix"], (name, found[name])


@contextlib.contextmanager
def small_disk():
    """A folder on a disk of its own, small enough to be filled."""
    with tempfile.TemporaryDirectory() as ground:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600m,mode=700", "tmpfs", ground], check=True)
        try:
            yield ground
        finally:
            subprocess.run(["umount", "--lazy", ground], check=True)


def inside():
    with small_disk() as ground:
        folder = os.path.join(ground, "data")
        os.mkdir(folder, 0o700)
        certificates = Certificates(ground)
        for path, octets in (
            ("/etc/resolv.conf", b"nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"),
            ("/etc/hosts", b"127.0.0.1 localhost\n"),
            ("/etc/ssl/certs/ca-certificates.crt", certificates.authority.cert_pem.bytes()),
        ):
            subprocess.run(["mount", "--bind", certificates.save(octets), os.path.realpath(path)], check=True)
        names = NameServer()
        names.records = {
            (HOST, "A"): [address()], (HOST, "AAAA"): [], (SERVICE, "SRV"): [service()], (SERVICE, "TXT"): [text("path=/dav/")],
        }
        simulators = Simulators(folder)
        gateway = Gateway(folder, simulators)
        alice = gateway.add_user("alice", "wonderland")
        connect(alice, "google", simulators.google)
        patient = Patient(gateway)
        check_good(patient, names, certificates.good, gateway.port)
        check_certificates(patient, certificates, gateway.port)
        check_names(patient, names, certificates.good, gateway.port)
        check_proxy(patient, certificates.good, gateway.port)
        check_machine(patient, folder, certificates.good, gateway.port)
        check_grants(patient, simulators, alice, certificates.good, gateway.port)
        gateway.stop()
        simulators.kill()
        print(f"doctor: {patient.cases} installations, good and bad: certificates, names, proxies, clock, disk, permissions: all well")


def main():
    if os.environ.get("KALENDS_NAMESPACE"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return inside()
    environment = {**os.environ, "KALENDS_NAMESPACE": "yes"}
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "--net", sys.executable, os.path.abspath(__file__)], env=environment
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
