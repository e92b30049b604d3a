"""Serves HTTPS when TLS_ENABLED=true, else HTTP; other variables make it do what no server should.

BOTH=true: plain HTTP beside TLS; HOST: where it listens; OLD=true: TLS 1.0 and nothing else.
"""

import os
import socket
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ["PORT"])
CERTS = os.environ.get("TLS_CERT_PATH", "/app/certs")
HANDSHAKE = 0x16  # the first byte of a TLS connection (RFC 8446, 5.1)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b'{"status":"ok","service":"ledger","manual":"https://ledger.example/"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    context: ssl.SSLContext | None = None

    def finish_request(self, request: socket.socket, address: object) -> None:
        request.settimeout(10)
        first = request.recv(1, socket.MSG_PEEK) if os.environ.get("BOTH") == "true" else bytes([HANDSHAKE])
        if self.context and first == bytes([HANDSHAKE]):
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, address)

    def handle_error(self, *_: object) -> None:
        """Clients that do not trust us are no news."""


server = Server((os.environ.get("HOST", ""), PORT), Handler)
if os.environ.get("TLS_ENABLED") == "true":
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(f"{CERTS}/ledger-cert.pem", f"{CERTS}/ledger-key.pem")
    if os.environ.get("OLD") == "true":
        server.context.set_ciphers("ALL:@SECLEVEL=0")
        server.context.minimum_version = server.context.maximum_version = ssl.TLSVersion.TLSv1
print(f"{'HTTPS' if server.context else 'HTTP'} server listening on port {PORT}")
server.serve_forever()
