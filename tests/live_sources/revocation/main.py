"""A server or a client that checks a revocation list: main.py server|client CERTS PORT."""

import http.server
import ssl
import sys
import urllib.request

role, certs, port = sys.argv[1:]


def checking(context: ssl.SSLContext) -> ssl.SSLContext:
    context.load_verify_locations(f"{certs}/ca-cert.pem")
    context.load_verify_locations(f"{certs}/ca-crl.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


if role == "client":
    context = checking(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    try:
        urllib.request.urlopen(f"https://127.0.0.1:{port}/", context=context)
    except OSError as error:
        sys.exit(str(error))
else:
    context = checking(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    context.load_cert_chain(f"{certs}/api-cert.pem", f"{certs}/api-key.pem")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()
