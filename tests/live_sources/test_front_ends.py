"""Front ends after `enable --code`: each is built by its own tool, and what runs in Node asks over TLS, verified."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import need

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "fixtures" / "frontends" / "before"
FRONT_ENDS = ("vite", "kit", "next", "nuxt", "cra")
INSTALL = ("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
UNREACHED = re.compile(r"ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ERR_SOCKET_TIMEOUT")
QUIET = {"NEXT_TELEMETRY_DISABLED": "1", "NUXT_TELEMETRY_DISABLED": "1", "CI": "true", "BROWSER": "none"}
LOOKUP = (
    "const dns = require('dns');\nconst { lookup } = dns;\n"
    "dns.lookup = (name, options, done) => lookup(name === 'api' ? '127.0.0.1' : name, options, done);\n"
)


def _module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


running = _module("running")


def _install(directory: Path) -> str:
    done = subprocess.run(INSTALL, cwd=directory, capture_output=True, text=True, timeout=900, check=False)
    return done.stderr if done.returncode else ""


@pytest.fixture(scope="session")
def api_port() -> int:
    port: int = running.free_port()
    return port


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, api_port: int) -> Path:
    """The project with its packages, enabled; `api` listens on a port that is free here."""
    need("npm")
    directory = tmp_path_factory.mktemp("frontends") / "project"
    shutil.copytree(PROJECT, directory)
    for path in (path for path in directory.rglob("*") if path.is_file()):
        path.write_text(path.read_text().replace("8001", str(api_port)))
    command = [sys.executable, "-m", "aicos_tls", "enable", "--code", "--key-type", "p256", "--quiet"]
    subprocess.run(command, cwd=directory, check=True, timeout=120)
    with ThreadPoolExecutor(3) as pool:
        failures = [failure for failure in pool.map(_install, (directory / name for name in FRONT_ENDS)) if failure]
    if any(UNREACHED.search(failure) for failure in failures):
        pytest.skip("the registry of npm cannot be reached")
    assert failures == []
    return directory


@pytest.fixture(scope="session")
def api(project: Path, api_port: int) -> Iterator[Path]:
    """The changed service that the front ends ask, over HTTPS."""
    variables = {"TLS_ENABLED": "true", "TLS_CERT_PATH": str(project / "certs")}
    with running.running(["node", "server.js"], project / "api", variables, api_port) as output:
        yield output


def _build(project: Path, name: str) -> None:
    done = subprocess.run(
        ["npm", "run", "build"],
        cwd=project / name,
        env={**os.environ, **QUIET},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _started(project: Path, name: str, *words: str, **variables: str) -> Iterator[int]:
    """A front end that runs where `api` is this machine; gives its port."""
    port = running.free_port()
    (project / "lookup.cjs").write_text(LOOKUP)
    plain = {
        **QUIET,
        "CI": "",  # Vite leaves as soon as its standard input is closed otherwise
        "NODE_OPTIONS": f"--require {project / 'lookup.cjs'}",
        "PORT": str(port),
        "HOST": "127.0.0.1",
        **variables,
    }
    with running.running([word.format(port=port) for word in words], project / name, plain, port):
        yield port


def _get(port: int, path: str) -> Any:
    connection = http.client.HTTPConnection("localhost", port, timeout=60)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status == 200, body
    return json.loads(body)


def _tls(project: Path, port: int) -> dict[str, str]:
    """What the compose file sets, but for the switch that turns verification off."""
    certificates = project / "certs"
    return {
        "TLS_ENABLED": "true",
        "TLS_CERT_PATH": str(certificates),
        "API_URL": f"https://api:{port}",
        "NODE_EXTRA_CA_CERTS": str(certificates / "ca-cert.pem"),
    }


def test_vite_builds_and_its_proxy_follows_the_switch(project: Path, api: Path, api_port: int) -> None:
    assert api.exists()
    _build(project, "vite")
    words = ("node_modules/.bin/vite", "--port", "{port}", "--strictPort")
    with _started(project, "vite", *words, **_tls(project, api_port)) as port:
        assert _get(port, "/api/orders")["path"] == "/api/orders"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("next", ("node_modules/.bin/next", "start", "-p", "{port}")),
        ("nuxt", ("node", ".output/server/index.mjs")),
        ("kit", ("node", "build")),
    ],
)
def test_what_renders_pages_asks_over_tls(
    project: Path, api: Path, api_port: int, name: str, words: tuple[str, ...]
) -> None:
    assert api.exists()
    _build(project, name)
    variables = _tls(project, api_port)
    if name != "next":  # its rewrites need the variable; the helper trusts the CA without it
        del variables["NODE_EXTRA_CA_CERTS"]
    with _started(project, name, *words, **variables) as port:
        assert _get(port, "/api/orders")["path"] == "/orders"
        if name == "next":
            assert _get(port, "/backend/x")["path"] == "/x"
    with _started(project, name, *words, API_URL=f"https://api:{api_port}") as port, pytest.raises(AssertionError):
        _get(port, "/api/orders")  # nobody trusts the CA


def test_create_react_app_builds(project: Path) -> None:
    _build(project, "cra")
    proxy = project / "cra/node_modules/react-dev-utils/WebpackDevServerUtils.js"
    assert "secure: false" in proxy.read_text()  # the proxy of package.json needs no CA
