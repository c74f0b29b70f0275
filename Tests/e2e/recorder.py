"""A proxy between a client and the gateway that keeps what both say, so that a check can look at the wire itself."""

import http.client
import http.server
import sys
import threading
import urllib.parse


class Exchange:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.status, self.answer = 0, b""

    def __repr__(self):
        return f"{self.method} {self.path} -> {self.status}"


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        # A client that is killed leaves its connections as they are.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, address)


class Recorder:
    """Listens on a port of its own; `base` is the address for the client."""

    def __init__(self, base):
        self.exchanges, self.lock, self.busy = [], threading.Lock(), False
        parts = urllib.parse.urlsplit(base)
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                length = int(self.headers.get("Content-Length") or 0)
                exchange = Exchange(self.command, self.path, self.headers, self.rfile.read(length))
                if recorder.busy:
                    exchange.status, headers, exchange.answer = 503, [("Retry-After", "1")], b""
                else:
                    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
                    try:
                        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                        for name, value in self.headers.items():
                            if name.lower() not in ("connection", "expect"):
                                connection.putheader(name, value)
                        connection.endheaders(exchange.body if length else None)
                        reply = connection.getresponse()
                        exchange.status, headers, exchange.answer = reply.status, reply.getheaders(), reply.read()
                    finally:
                        connection.close()
                with recorder.lock:
                    recorder.exchanges.append(exchange)
                self.send_response_only(exchange.status)
                for name, value in headers:
                    if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                        self.send_header(name, value)
                # An answer to HEAD tells the length of what it leaves out.
                known = dict((name.lower(), value) for name, value in headers).get("content-length")
                if exchange.status not in (204, 304):
                    self.send_header("Content-Length", known if self.command == "HEAD" and known else str(len(exchange.answer)))
                self.end_headers()
                self.wfile.write(exchange.answer)

            def __getattr__(self, name):
                if name.startswith("do_"):
                    return self.forward
                raise AttributeError(name)

            def log_message(self, *arguments):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def mark(self):
        """A place in the record, for `since`."""
        with self.lock:
            return len(self.exchanges)

    def since(self, mark, method=None, holding=b""):
        """What was said after the mark, of one method and with `holding` in the request's body."""
        with self.lock:
            later = self.exchanges[mark:]
        return [e for e in later if method in (None, e.method) and holding in e.body]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
