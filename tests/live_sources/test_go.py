"""The changed Go service built and run: HTTPS under its name, HTTP without the setting, clients that verify."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import needs

from aicos_tls.files import read
from aicos_tls.sources.go import helper_source, transform
from aicos_tls.sources.model import CodeContext
from aicos_tls.yamledit.apply import splice

if TYPE_CHECKING:
    from collections.abc import Iterator

_spec = importlib.util.spec_from_file_location("running", Path(__file__).with_name("running.py"))
assert _spec is not None
assert _spec.loader is not None
run: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(run)

pytestmark = [pytest.mark.slow, needs("go", "gofmt")]

SERVICE = Path(__file__).parents[2] / "fixtures" / "aicos" / "services" / "context-service"
HOST = "aicos-context-service"
CONTEXT = CodeContext(HOST, "context-service", "/app/certs", frozenset({8005}), {HOST: HOST}, True)  # noqa: FBT003
CLIENT = """package main

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

var client = &http.Client{Timeout: 5 * time.Second}

func main() {
	for _, url := range os.Args[1:] {
		request, _ := http.NewRequest(http.MethodGet, url, nil)
		for _, ask := range []func() (*http.Response, error){
			func() (*http.Response, error) { return http.Get(url) },
			func() (*http.Response, error) { return client.Get(url) },
			func() (*http.Response, error) { return http.DefaultClient.Do(request) },
		} {
			if response, err := ask(); err != nil {
				fmt.Println(err)
			} else {
				fmt.Println(response.StatusCode)
			}
		}
	}
}
"""


def build(folder: Path, name: str) -> Path:
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0", "GOPROXY": "off"}
    subprocess.run(["go", "vet", "."], cwd=folder, env=environment, check=True)
    subprocess.run(["go", "build", "-o", name, "."], cwd=folder, env=environment, check=True)
    return folder / name


def patch(folder: Path) -> None:
    for path in sorted(folder.glob("*.go")):
        result = transform(read(path), CONTEXT)
        assert result.manual == ()
        path.write_text(splice(result.file.text, [piece for change in result.changes for piece in change.splices]))
    (folder / "tls.go").write_text(helper_source(CONTEXT, "main"))
    assert subprocess.run(["gofmt", "-l", folder], capture_output=True, text=True, check=True).stdout == ""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The service as it is, and changed."""
    folder = tmp_path_factory.mktemp("service") / "context"
    shutil.copytree(SERVICE, folder)
    before = build(folder, "before")
    patch(folder)
    return before, build(folder, "after")


@pytest.fixture(scope="module", autouse=True)
def _database() -> Iterator[None]:
    """What accepts connections where the service looks for its database: without it the service ends."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", f"postgres://127.0.0.1:{server.getsockname()[1]}/x")
        yield


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = run.issue(tmp_path_factory.mktemp("certs"), "context-service", HOST)
    return folder


def variables(port: int, certificates: Path | None = None) -> dict[str, str]:
    found = {"PORT": str(port), "REDIS_URL": "redis://127.0.0.1:1"}
    return found if certificates is None else {**found, "TLS_ENABLED": "true", "TLS_CERT_PATH": str(certificates)}


def test_it_serves_https(service: tuple[Path, Path], certificates: Path, tmp_path: Path) -> None:
    port = run.free_port()
    with run.running([service[1]], tmp_path, variables(port, certificates), port) as output:
        run.assert_serves_https(port, "/health", HOST, certificates)
    assert f"HTTPS server listening on port {port}" in output.read_text()


@pytest.mark.parametrize("which", [0, 1])
def test_it_serves_http_without_the_setting(service: tuple[Path, Path], which: int, tmp_path: Path) -> None:
    port = run.free_port()
    with run.running([service[which]], tmp_path, variables(port), port) as output:
        assert run.answer(port, "/health", "localhost", None) == b"HTTP/1.1 200 OK"
    assert "HTTPS" not in output.read_text()


def test_a_certificate_that_is_missing_is_named(service: tuple[Path, Path], tmp_path: Path) -> None:
    environment = {**os.environ, **variables(run.free_port(), tmp_path)}
    result = subprocess.run([service[1]], env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert f"TLS_ENABLED is true, but {tmp_path}/context-service-cert.pem and its key cannot be used" in result.stderr


@pytest.mark.parametrize("which", [0, 1])
def test_it_ends_without_its_database(service: tuple[Path, Path], certificates: Path, which: int) -> None:
    nobody = {"DATABASE_URL": f"postgres://me:secret@127.0.0.1:{run.free_port()}/x"}
    environment = {**os.environ, **variables(run.free_port(), certificates), **nobody}
    result = subprocess.run([service[which]], env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "the database does not answer, giving up: postgres://me:xxxxx@127.0.0.1" in result.stderr


def test_clients_trust_the_ca_besides_the_public_roots(
    service: tuple[Path, Path], certificates: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "go.mod").write_text("module client\n\ngo 1.19\n")
    (folder / "main.go").write_text(CLIENT)
    patch(folder)
    client = build(folder, "client")
    public = run.issue(tmp_path / "public", "context-service", "localhost")
    stranger = run.issue(tmp_path / "stranger", "context-service", "localhost")
    ports = [run.free_port() for _ in range(3)]
    urls = [f"https://localhost:{port}/health" for port in ports]
    store = {**os.environ, "SSL_CERT_FILE": str(public / "ca-cert.pem"), "SSL_CERT_DIR": str(tmp_path / "none")}
    on = {**store, "TLS_ENABLED": "true", "TLS_CERT_PATH": str(certificates)}
    with (
        run.running([service[1]], tmp_path, variables(ports[0], certificates), ports[0]),
        run.running([service[1]], tmp_path, variables(ports[1], public), ports[1]),
        run.running([service[1]], tmp_path, variables(ports[2], stranger), ports[2]),
    ):
        answers = [
            subprocess.run([client, *urls], env=env, capture_output=True, text=True, check=True).stdout.splitlines()
            for env in (on, store)
        ]
    assert answers[0][:6] == ["200"] * 6
    assert all("certificate signed by unknown authority" in line for line in answers[0][6:])
    assert all("certificate signed by unknown authority" in line for line in answers[1][:3])
    assert answers[1][3:6] == ["200"] * 3
