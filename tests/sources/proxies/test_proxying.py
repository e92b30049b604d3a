"""haproxy, httpd and Caddy with their changed configuration in front of an HTTPS server, on loopback."""

from __future__ import annotations

import os
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

from aicos_tls.files import TextFile
from aicos_tls.sources.configurations import kind_of
from aicos_tls.sources.model import CodeContext
from aicos_tls.yamledit.apply import splice

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = "/usr/lib/apache2/modules"
HAPROXY = """\
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend in
    bind 127.0.0.1:{port}
    default_backend api
backend api
    option httpchk GET /health
    server api1 localhost:{upstream} check inter 100ms fall 1 rise 1
"""
HTTPD = f"""\
ServerName localhost
PidFile {{folder}}/pid
DefaultRuntimeDir {{folder}}
ErrorLog {{folder}}/log
LogLevel info
User nobody
Group nogroup
Listen 127.0.0.1:{{port}}
LoadModule mpm_event_module {MODULES}/mod_mpm_event.so
LoadModule authz_core_module {MODULES}/mod_authz_core.so
LoadModule proxy_module {MODULES}/mod_proxy.so
LoadModule proxy_http_module {MODULES}/mod_proxy_http.so
LoadModule proxy_balancer_module {MODULES}/mod_proxy_balancer.so
LoadModule slotmem_shm_module {MODULES}/mod_slotmem_shm.so
LoadModule lbmethod_byrequests_module {MODULES}/mod_lbmethod_byrequests.so
<VirtualHost 127.0.0.1:{{port}}>
    <Proxy balancer://api>
        BalancerMember http://localhost:{{upstream}}
    </Proxy>
    ProxyPass / balancer://api/
    ProxyPassReverse / http://localhost:{{upstream}}/
</VirtualHost>
"""
CADDY = """\
{{
    admin off
    auto_https off
}}
http://127.0.0.1:{port} {{
    reverse_proxy localhost:{upstream}
}}
"""
PROGRAMS = {
    "haproxy": ("haproxy.cfg", HAPROXY, ["haproxy", "-db", "-f"]),
    "apache2": ("httpd.conf", HTTPD, ["apache2", "-DFOREGROUND", "-f"]),
    "caddy": ("Caddyfile", CADDY, ["caddy", "run", "--adapter", "caddyfile", "--config"]),
}
REFUSED = {502, 503}


class _Backend(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{self.path} for {self.headers['Host']}".encode())

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Stay quiet: proxies break connections off when they do not like the certificate."""


@contextmanager
def backend(certificates: Path, name: str) -> Iterator[int]:
    """Serve HTTPS with the leaf `name`; yields the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / f"{name}-cert.pem", certificates / f"{name}-key.pem")
    with _Server(("127.0.0.1", 0), _Backend) as server:
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


def changed(name: str, text: str, mount: Path) -> str:
    kind = kind_of(Path(name), text)
    assert kind is not None
    servers = {"localhost": "backend"}
    context = CodeContext("proxy", "proxy", str(mount), frozenset(), servers, is_server=False)
    result = kind.transform(TextFile(Path(name), text.encode()), context, [])
    assert not result.manual
    return splice(text, [s for change in result.changes for s in change.splices])


@contextmanager
def running(program: str, folder: Path, mount: Path, upstream: int, more: tuple[str, str] = ("", "")) -> Iterator[str]:
    name, template, words = PROGRAMS[program]
    port = free_port()
    text = template.format(port=port, upstream=upstream, folder=folder).replace(*more)
    path = folder / name
    path.write_text(changed(name, text, mount))
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            [need(words[0]), *words[1:], str(path)], env=environment, stdout=output, stderr=output
        )
        try:
            for _ in range(500):
                with socket.socket() as probe:
                    if process.poll() is not None or probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.02)
            assert process.poll() is None, (folder / "output").read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - loopback
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


def settled(url: str, wanted: set[int]) -> tuple[int, str]:
    """What is answered once the first checks are over."""
    answer = get(url)
    for _ in range(100):
        if answer[0] in wanted:
            break
        time.sleep(0.05)
        answer = get(url)
    return answer


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_reaches_the_server_with_the_right_ca(program: str, certificates: Path, tmp_path: Path) -> None:
    with backend(certificates, "backend") as upstream, running(program, tmp_path, certificates, upstream) as url:
        status, body = settled(f"{url}/api/x", {200})
        assert (status, body.split()[0]) == (200, "/api/x"), (tmp_path / "output").read_text()


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_refuses_a_server_of_another_ca(program: str, certificates: Path, tmp_path: Path) -> None:
    mount = tmp_path / "certs"
    mount.mkdir()
    shutil.copy(certificates / "other-cert.pem", mount / "ca-cert.pem")
    with backend(certificates, "backend") as upstream, running(program, tmp_path, mount, upstream) as url:
        assert settled(f"{url}/", REFUSED)[0] in REFUSED | {500}


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_refuses_a_server_of_another_name(program: str, certificates: Path, tmp_path: Path) -> None:
    with backend(certificates, "stranger") as upstream, running(program, tmp_path, certificates, upstream) as url:
        assert settled(f"{url}/", REFUSED)[0] in REFUSED | {500}


def test_an_httpd_that_keeps_the_host_verifies_the_ca_alone(certificates: Path, tmp_path: Path) -> None:
    keeps = ("<Proxy balancer", "ProxyPreserveHost On\n    <Proxy balancer")
    with (
        backend(certificates, "backend") as upstream,
        running("apache2", tmp_path, certificates, upstream, keeps) as url,
    ):
        status, body = get(f"{url}/x")
        assert (status, body) == (200, f"/x for {url.removeprefix('http://')}")
