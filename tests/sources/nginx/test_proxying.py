"""nginx with the patched configuration of the AICOS frontend in front of an HTTPS backend, on loopback."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import need

from aicos_tls.files import read
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.nginx import transform
from aicos_tls.yamledit.apply import splice

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Backend(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{self.path} for {self.headers['Host']}".encode())

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@contextmanager
def backend(certificates: Path, name: str) -> Iterator[int]:
    """Serve HTTPS with the leaf `name`; yields the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / f"{name}-cert.pem", certificates / f"{name}-key.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Backend) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def patched(mount: Path, upstream: int, port: int, *, is_server: bool) -> str:
    """Return the frontend's configuration as it is patched, for loopback: only addresses and ports are others."""
    file = read(Path("fixtures/aicos/frontend/nginx.conf"))
    servers = {"aicos-backend": "aicos-backend"}
    ports = frozenset({3000})
    result = transform(file, CodeContext("aicos-frontend", "frontend", str(mount), ports, servers, is_server))
    text = splice(file.text, [s for change in result.changes for s in change.splices])
    text = text.replace("https://aicos-backend:3001", f"https://127.0.0.1:{upstream}")
    return text.replace("listen 3000", f"listen 127.0.0.1:{port}")


@contextmanager
def nginx(folder: Path, site: str, port: int) -> Iterator[None]:
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log info;\nevents {{}}\n"
        f"http {{\naccess_log off;\nproxy_temp_path {folder}/proxy;\nclient_body_temp_path {folder}/body;\n"
        f"include {folder}/site.conf;\n}}\n"
    )
    program = need("nginx")
    process = subprocess.Popen([program, "-c", folder / "nginx.conf"])
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(10)


def get(url: str, context: ssl.SSLContext | None = None) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10, context=context) as response:  # noqa: S310 - loopback
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


def test_it_reaches_the_backend_with_the_right_ca(certificates: Path, tmp_path: Path) -> None:
    port = free_port()
    with backend(certificates, "backend") as upstream:
        site = patched(certificates, upstream, port, is_server=False)
        with nginx(tmp_path, site, port):
            answers = {get(f"http://127.0.0.1:{port}/api/health") for _ in range(3)}
            assert answers == {(200, "/api/health for 127.0.0.1")}
            assert get(f"http://127.0.0.1:{port}/health") == (200, "healthy\n")


def test_it_refuses_a_backend_of_another_ca(certificates: Path, tmp_path: Path) -> None:
    mount = tmp_path / "certs"
    mount.mkdir()
    shutil.copy(certificates / "other-cert.pem", mount / "ca-cert.pem")
    port = free_port()
    with backend(certificates, "backend") as upstream:
        site = patched(mount, upstream, port, is_server=False)
        with nginx(tmp_path, site, port):
            assert get(f"http://127.0.0.1:{port}/api/health")[0] == 502
    assert "upstream SSL certificate verify error" in (tmp_path / "error.log").read_text()


def test_it_refuses_a_backend_of_another_name(certificates: Path, tmp_path: Path) -> None:
    port = free_port()
    with backend(certificates, "own") as upstream:
        site = patched(certificates, upstream, port, is_server=False)
        with nginx(tmp_path, site, port):
            assert get(f"http://127.0.0.1:{port}/api/health")[0] == 502
    assert 'does not match "aicos-backend"' in (tmp_path / "error.log").read_text()


def test_it_serves_tls_itself(certificates: Path, tmp_path: Path) -> None:
    port = free_port()
    trust = ssl.create_default_context(cafile=str(certificates / "ca-cert.pem"))
    with backend(certificates, "backend") as upstream:
        site = patched(certificates, upstream, port, is_server=True)
        with nginx(tmp_path, site, port):
            assert get(f"https://localhost:{port}/api/x", trust) == (200, "/api/x for localhost")
            with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
                get(f"https://localhost:{port}/health", ssl.create_default_context())
            assert get(f"http://127.0.0.1:{port}/health")[0] == 400


def test_without_the_ca_it_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "site.conf").write_text(patched(tmp_path / "nowhere", 1, 2, is_server=False))
    main = tmp_path / "nginx.conf"
    main.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\ninclude {tmp_path}/site.conf;\n}}\n")
    program = need("nginx")
    done = subprocess.run([program, "-t", "-c", main], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "nowhere/ca-cert.pem" in done.stderr
