"""What nginx asks, from one command to the certificates: stacks of the fixtures, and what is declined."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from support import tree

if TYPE_CHECKING:
    from support import Project, Run

STACKS = Path(__file__).resolve().parents[2] / "fixtures/stacks"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def copied(name: str) -> Path:
        shutil.copytree(STACKS / name, tmp_path / name)
        monkeypatch.chdir(tmp_path / name)
        return tmp_path / name

    return copied


def states(run: Run, *options: str) -> dict[tuple[str, str, int], tuple[str, str | None]]:
    """State and way of each connection but those of the host."""
    done = run("enable", "--dry-run", "--format", "json", *options)
    found = json.loads(done.out)["connections"]
    return {
        (each["client"], each["server"], each["port"]): (each["state"], each["way"])
        for each in found
        if not each["client"].startswith("(")
    }


def names(path: Path) -> set[str]:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(found.get_values_for_type(x509.DNSName))


@pytest.mark.parametrize("options", [("--serve", "auto"), ("--code",)], ids=lambda value: value[0])
def test_servers_behind_one_upstream_have_a_name_together(stack: Any, run: Run, options: tuple[str, ...]) -> None:
    root = stack("nginx-pool")
    before = tree(root)
    assert run("enable", *options, "--key-type", "p256", "-q").code == 0
    assert names(root / "certs/blue-cert.pem") == {"blue", "app_servers", "standby", "localhost"}
    assert names(root / "certs/green-cert.pem") == {"green", "app_servers", "standby", "localhost"}
    assert names(root / "certs/gateway-cert.pem") == {"gateway", "localhost"}
    enabled = tree(root)
    assert run("enable", "-q").code == 0
    assert tree(root) == enabled
    assert run("certs", "issue", "blue", "--force", "-q").code == 0
    assert "standby" in names(root / "certs/blue-cert.pem")
    assert run("rollback", "--certs").code == 0
    shutil.rmtree(root / ".aicos-tls", ignore_errors=True)
    assert tree(root) == before


def test_the_uwsgi_protocol_gets_a_sidecar_that_passes_bytes(stack: Any, run: Run) -> None:
    root = stack("nginx-uwsgi")
    assert states(run, "--serve", "auto") == {
        ("proxy", "site", 3031): ("encrypted", "sidecar"),
        ("proxy", "admin", 8000): ("encrypted", "sidecar"),
    }
    assert run("enable", "--serve", "auto", "--no-certs", "-q").code == 0
    assert "mode tcp" in (root / "certs/runtime/sidecar/site.cfg").read_text()
    assert "mode http" in (root / "certs/runtime/sidecar/admin.cfg").read_text()


def test_with_code_the_uwsgi_protocol_stays_plain_and_whole(stack: Any, run: Run) -> None:
    root = stack("nginx-uwsgi")
    assert states(run, "--code")["proxy", "site", 3031][0] == "plain"
    assert run("enable", "--code", "--no-certs", "-q").code in (0, 2)
    assert "suwsgi" not in (root / "proxy/nginx.conf").read_text()


FASTCGI = {
    "docker-compose.yml": "services:\n  web: {build: ./web}\n  php:\n    build: ./php\n    expose: [9000]\n",
    "web/Dockerfile": "FROM nginx:alpine\nCOPY site.conf /etc/nginx/conf.d/default.conf\n",
    "web/site.conf": "server {\n    listen 80;\n    location / { fastcgi_pass php:9000; }\n}\n",
    "php/Dockerfile": "FROM php:8-fpm\n",
}


@pytest.mark.parametrize("options", [("--serve", "auto"), ("--code",), ()], ids=str)
def test_fastcgi_is_plain_and_that_is_said(project: Project, run: Run, options: tuple[str, ...]) -> None:
    project(dict(FASTCGI))
    done = run("enable", "--dry-run", *options)
    assert "web → php:9000 (fastcgi)" in done.out
    assert "fastcgi_pass php:9000" in done.out
    assert states(run, *options)["web", "php", 9000][0] == "plain"


def test_a_server_stays_plain_where_nginx_cannot_follow(project: Project, run: Run) -> None:
    site = (
        "upstream mixed { server api:8001; server legacy.example:80; }\n"
        "server {\n    listen 80;\n    location / { proxy_pass http://mixed; }\n}\n"
    )
    project(
        {
            "docker-compose.yml": "services:\n  web: {build: ./web}\n  api: {build: ./api}\n",
            "web/Dockerfile": FASTCGI["web/Dockerfile"],
            "web/site.conf": site,
            "api/Dockerfile": "FROM node:20-alpine\nCOPY . .\nCMD node server.js\n",
            "api/server.js": "require('http').createServer((q, r) => r.end()).listen(8001);\n",
        }
    )
    for options in (("--serve", "auto"), ("--code",)):
        assert states(run, *options) == {("web", "api", 8001): ("plain", None)}
        done = run("enable", *options, "--dry-run")
        assert "web goes on asking proxy_pass http://api:8001 in plain" in done.out


def test_nginx_follows_a_server_that_is_switched_by_name(stack: Any, run: Run) -> None:
    root = stack("nginx-go")
    assert states(run, "--serve", "api=sidecar") == {("web", "api", 9090): ("encrypted", "sidecar")}
    assert run("enable", "--serve", "api=sidecar", "--no-certs", "-q").code == 0
    assert "https://api:9090" in (root / "certs/runtime/nginx/web/conf.conf").read_text()


def test_a_variable_that_the_image_gives_is_set_with_code_as_well(stack: Any, run: Run) -> None:
    root = stack("nginx-envsubst")
    assert run("enable", "--code", "--no-certs", "-q").code == 0
    assert 'BACKEND_URL: "https://api:4000"' in (root / "docker-compose.yml").read_text()
    assert "proxy_ssl_name api;" in (root / "edge/edge.tpl").read_text()
    assert run("rollback").code == 0
    assert "proxy_ssl_name" not in (root / "edge/edge.tpl").read_text()


def test_why_nginx_cannot_follow_is_said(project: Project, run: Run) -> None:
    files = {
        "docker-compose.yml": "services:\n  web: {build: ./web}\n  api: {build: ./api}\n",
        "web/Dockerfile": "FROM nginx:alpine\nCOPY site.conf $WHERE/\n",
        "web/site.conf": "server {\n    listen 80;\n    location / { proxy_pass http://api:8001; }\n}\n",
        "api/Dockerfile": "FROM node:20-alpine\nCOPY . .\nCMD node server.js\n",
        "api/server.js": "require('http').createServer((q, r) => r.end()).listen(8001);\n",
    }
    root = project(dict(files))
    done = run("enable", "--serve", "auto", "--dry-run")
    assert "its configuration stays: nothing says where site.conf is in the image" in done.out
    (root / "web/site.conf").write_text(
        "upstream u { server api:8001; server x.example; }\nserver { location / {\n proxy_pass http://u; } }\n"
    )
    done = run("enable", "--code", "--dry-run")
    assert "upstream u has x.example beside servers of the project" in done.out
