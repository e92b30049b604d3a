"""Asks servers what they speak: TLS as each of their names, TLS without the project's CA, plain HTTP. No verdicts.

Runs in two places: imported here, and as `python3 -c` inside a stack's network, where nothing of this program is. So it
imports the standard library only and keeps to Python 3.7. `asking.js` does the same with Node; both take a JSON list of
questions and print a JSON list of answers.

A question: `address`, `port`, `names`, `ca` (PEM, or empty), `timeout` (seconds for each connection), and `only`:
`http` or `https` to ask in that way and no other, empty for all of it. An answer:

    {"connect": "" or why not,                       # the others are empty when it did not connect
     "plain": {"status": "HTTP/1.1 200 OK" or "", "hint": whether it says that TLS is wanted, "from": port on our side},
     "names": {NAME: {"version", "cipher", "leaf": DER in base64, "handshake": why there was none,
                      "code": OpenSSL's number of the fault of the certificate or 0, "error": the same in words}},
     "stranger": {"accepted": bool, "error", "roots": number of public roots, "knows": whether the CA is among them}}
"""

from __future__ import annotations

import base64
import concurrent.futures
import contextlib
import json
import os
import re
import socket
import ssl
import sys
import time
from typing import Any

BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
"""Where Debian and Alpine, Fedora, macOS and the BSDs keep the public roots."""
PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
"""One certificate of a file; while a CA replaces another one there are two."""
GIVEN = re.compile(rb"HTTP/[\d.]+ 2")
"""How an answer begins that gives what was asked for (RFC 9110, 15.3), whatever URLs are in it."""
ENOUGH = 4096
"""Bytes of an answer in which its status line and an explanation are."""
WANTS_TLS = re.compile(rb"https|\bTLS\b|\bSSL\b", re.IGNORECASE)
"""nginx: "sent to HTTPS port"; Go: "HTTP request to an HTTPS server"; Apache: "plain HTTP to an SSL-enabled server"."""


def ask(question: dict[str, Any]) -> dict[str, Any]:
    """Ask one server; see the page above."""
    answer: dict[str, Any] = {"connect": _connect_error(question), "plain": {}, "names": {}, "stranger": {}}
    if answer["connect"]:
        return answer
    if question["only"] != "https":
        answer["plain"] = _plain(question)
    if question["only"] == "http":
        return answer
    answer["names"] = {name: _as_client(question, name) for name in question["names"]}
    if not question["only"] and any(not found["handshake"] for found in answer["names"].values()):
        answer["stranger"] = _stranger(question)
    return answer


def ask_all(questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ask several servers at once; the answers are in the order of the questions."""
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        return list(pool.map(ask, questions))


def _connect(question: dict[str, Any]) -> socket.socket:
    return socket.create_connection((question["address"], question["port"]), question["timeout"])


def _connect_error(question: dict[str, Any]) -> str:
    try:
        _connect(question).close()
    except OSError as error:
        return _reason(error)
    return ""


def _reason(error: OSError) -> str:
    if isinstance(error, (socket.timeout, TimeoutError)):
        return "no answer in time"
    return str(getattr(error, "reason", "") or error.strerror or error)


def _plain(question: dict[str, Any]) -> dict[str, Any]:
    """What the server says to plain HTTP."""
    found = {"status": "", "hint": False, "from": 0}
    name = question["names"][0] if question["names"] else question["address"]
    with contextlib.suppress(OSError), _connect(question) as stream:
        found["from"] = stream.getsockname()[1]
        request = f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
        stream.sendall(request.encode("ascii", "replace"))
        data, deadline = b"", time.monotonic() + question["timeout"]
        while len(data) < ENOUGH and time.monotonic() < deadline:
            try:
                more = stream.recv(ENOUGH)
            except OSError:
                break
            if not more:
                break
            data += more
        if data.startswith(b"HTTP/"):
            found["status"] = data.split(b"\r\n", 1)[0][:80].decode("latin-1")
            found["hint"] = bool(WANTS_TLS.search(data)) and not GIVEN.match(data)
    return found


def _as_client(question: dict[str, Any], name: str) -> dict[str, Any]:
    """The handshake of a client that knows only the project's CA and asks for `name`."""
    trusting = _context("")
    try:
        found = _handshake(question, name, trusting)
    except (OSError, ValueError) as error:
        why = _reason(error) if isinstance(error, OSError) else str(error)
        return {"version": "", "cipher": "", "leaf": "", "code": 0, "error": "", "handshake": why}
    found.update(code=0, error="", handshake="")
    if not question["ca"]:
        return found
    try:
        _handshake(question, name, _context(question["ca"]))
    except ssl.SSLCertVerificationError as error:
        found.update(code=error.verify_code, error=error.verify_message)
    except OSError as error:
        found.update(code=-1, error=_reason(error))
    return found


def _context(ca: str) -> ssl.SSLContext:
    """A client that verifies by `ca` and the name; without one a client that takes whatever it is offered."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca:
        context.load_verify_locations(cadata=ca)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def _handshake(question: dict[str, Any], name: str, context: ssl.SSLContext) -> dict[str, Any]:
    name.encode("idna")  # as `ssl` does, which leaves a socket open when it fails
    with _connect(question) as raw, context.wrap_socket(raw, server_hostname=name) as stream:
        leaf = stream.getpeercert(binary_form=True) or b""
        cipher = stream.cipher()
        return {
            "version": stream.version(),
            "cipher": cipher[0] if cipher else "",
            "leaf": base64.b64encode(leaf).decode(),
        }


def _stranger(question: dict[str, Any]) -> dict[str, Any]:
    """The handshake of a client that knows the public roots only; names do not matter to it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    bundle = next((path for path in BUNDLES if os.path.isfile(path)), "")  # noqa: PTH113 - nothing but the library
    if bundle:
        with contextlib.suppress(OSError):
            context.load_verify_locations(bundle)
    roots = context.get_ca_certs(binary_form=True)
    knows = any(ssl.PEM_cert_to_DER_cert(each) in roots for each in PEM.findall(question["ca"]))
    found = {"accepted": False, "error": "", "roots": len(roots), "knows": knows}
    try:
        _handshake(question, question["names"][0], context)
        found["accepted"] = True
    except OSError as error:
        found["error"] = getattr(error, "verify_message", "") or _reason(error)
    return found


if __name__ == "__main__":
    json.dump(ask_all(json.load(sys.stdin)), sys.stdout)
