"""The sidecar before a plain server in a network namespace of its own, as containers have one."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import needs

from aicos_tls.serving.sidecar import Mode, Sidecar, haproxy_config

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Sequence

_spec = importlib.util.spec_from_file_location("running", Path(__file__).with_name("running.py"))
assert _spec is not None
assert _spec.loader is not None
run: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(run)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may make network namespaces"),
    needs("ip", "iptables", "haproxy"),
]

TEMPLATES = Path(__file__).parents[2] / "templates" / "sidecar"
PORT, TLS_PORT = 8005, 18005
SERVER = (
    "from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer\n\n"
    "class Handler(BaseHTTPRequestHandler):\n    protocol_version = 'HTTP/1.1'\n\n    def do_GET(self):\n"
    "        body = (self.headers['X-Forwarded-Proto'] or 'none').encode()\n        self.send_response(200)\n"
    "        self.send_header('Content-Length', str(len(body)))\n        self.end_headers()\n"
    "        self.wfile.write(body)\n\n"
    f"ThreadingHTTPServer(('0.0.0.0', {PORT}), Handler).serve_forever()\n"
)


@pytest.fixture
def namespace() -> Iterator[tuple[str, str]]:
    """A network namespace and the address by which others reach it."""
    name = f"tls{os.getpid()}"
    outside, inside, address = f"o{os.getpid()}", f"i{os.getpid()}", "198.18.7.2"
    commands = (
        f"ip netns add {name}",
        f"ip link add {outside} type veth peer name {inside}",
        f"ip link set {inside} netns {name}",
        f"ip addr add 198.18.7.1/30 dev {outside}",
        f"ip link set {outside} up",
        f"ip -n {name} addr add {address}/30 dev {inside}",
        f"ip -n {name} link set {inside} up",
        f"ip -n {name} link set lo up",
    )
    try:
        for command in commands:
            subprocess.run(command.split(), check=True)
        yield name, address
    finally:
        subprocess.run(["ip", "link", "del", outside], check=False)
        subprocess.run(["ip", "netns", "del", name], check=False)


@contextlib.contextmanager
def inside(name: str, words: Sequence[str | Path], variables: dict[str, str]) -> Iterator[None]:
    """Run a program in the namespace."""
    with subprocess.Popen(["ip", "netns", "exec", name, *words], env=os.environ | variables) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def ask(address: str, context: ssl.SSLContext | None) -> bytes:
    """The whole answer of the service on its port."""
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(socket.create_connection((address, PORT), 5))
        if context is not None:
            stream = stack.enter_context(context.wrap_socket(stream, server_hostname="shop-context"))
        stream.sendall(b"GET / HTTP/1.1\r\nHost: shop-context\r\nConnection: close\r\n\r\n")
        return stream.makefile("rb").read()


def wait_for(address: str, context: ssl.SSLContext) -> bytes:
    """The first answer over TLS."""
    deadline = time.monotonic() + 20
    while True:
        try:
            if answer := ask(address, context):
                return answer
        except OSError:
            assert time.monotonic() < deadline
        time.sleep(0.05)  # nobody can tell when the programs listen


@pytest.mark.parametrize("mode", Mode)
def test_the_port_speaks_tls_to_others_and_http_within(mode: Mode, namespace: tuple[str, str], tmp_path: Path) -> None:
    name, address = namespace
    certificates = run.issue(tmp_path / "certs", "context", "shop-context")
    one = Sidecar(
        service="context",
        short_name="context",
        ports=((PORT, TLS_PORT),),
        name="c-tls",
        mode=mode,
    )
    joined = tmp_path / "run"
    joined.mkdir()
    tmp_path.chmod(0o755)
    (tmp_path / "haproxy.cfg").write_text(haproxy_config(one).replace("/run/tls", str(joined)))
    scripts = tmp_path / "bin"
    shutil.copytree(TEMPLATES, scripts)
    for script in scripts.glob("*.sh"):
        script.chmod(0o755)
    variables = {
        "TLS_CERT_PATH": str(certificates), "TLS_CERT_NAME": "context", "TLS_RUN_PATH": str(joined),
        "TLS_CHECK_SECONDS": "1", "TLS_AS_PROXY": "setpriv --reuid=haproxy --regid=haproxy --clear-groups",
        "PATH": f"{scripts}:{os.environ['PATH']}",
    }  # fmt: skip
    pair = f"{PORT}:{TLS_PORT}"
    redirect: list[str | Path] = ["ip", "netns", "exec", name, scripts / "redirect.sh", pair]
    for _ in range(2):  # a second time changes nothing
        subprocess.run(redirect, check=True, env=os.environ | {"TLS_RUN_PATH": str(joined)})
    context = run.trusting(certificates)
    with (
        inside(name, [sys.executable, "-c", SERVER], {}),
        inside(name, [scripts / "serve.sh", tmp_path / "haproxy.cfg", pair], variables),
    ):
        answer = wait_for(address, context)
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b"https" if mode is Mode.HTTP else b"none")
        assert b" 200 " not in _plain(address)
        health = ["ip", "netns", "exec", name, sys.executable, "-c", _HEALTHCHECK]
        subprocess.run(health, check=True)
        _renewed(address, certificates, context)


_HEALTHCHECK = f"import urllib.request; urllib.request.urlopen('http://localhost:{PORT}/', timeout=5)"


def _plain(address: str) -> bytes:
    try:
        return ask(address, None)
    except OSError:
        return b""


def _renewed(address: str, certificates: Path, context: ssl.SSLContext) -> None:
    """A renewed certificate is served in the end, and nobody is turned away meanwhile."""
    before = _serial(address, context)
    run.issue(certificates, "context", "shop-context")
    deadline = time.monotonic() + 20
    while _serial(address, context) == before:
        assert b" 200 " in ask(address, context)
        assert time.monotonic() < deadline


def _serial(address: str, context: ssl.SSLContext) -> str:
    with (
        socket.create_connection((address, PORT), 5) as stream,
        context.wrap_socket(stream, server_hostname="shop-context") as secure,
    ):
        certificate = secure.getpeercert()
        assert certificate
        return str(certificate["serialNumber"])
