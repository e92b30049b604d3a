from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from support import need, needs

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project, Run


def test_status_of_the_aicos_stack(aicos: Path, run: Run) -> None:
    shown = run("code", "status")
    assert shown.code == 0
    assert "aicos-backend  Node, express" in shown.out
    assert "backend/server.js:60  listens" in shown.out
    assert "uvicorn reads UVICORN_SSL_KEYFILE and UVICORN_SSL_CERTFILE" in shown.out
    assert "docs/" not in shown.out
    assert "docs/" in run("code", "status", "--verbose").out
    data = json.loads(run("code", "status", "--format", "json").out)
    assert (data["schema"], data["ready"], len(data["services"])) == (1, False, 8)
    assert len(data["references"]) == 55
    assert str(aicos) not in json.dumps(data)


def test_status_of_one_service(aicos: Path, run: Run) -> None:
    shown = run("code", "status", "aicos-integrations", "--exit-code")
    assert shown.code == 1
    assert "aicos-backend  " not in shown.out
    assert aicos.is_dir()
    refused = run("code", "status", "aicos-redis")
    assert refused.code == 2
    assert "not in scope" in refused.err


def test_a_certificate_name_that_nobody_issues_is_shown(project: Project, run: Run) -> None:
    project(
        {
            "docker-compose.yml": "services:\n  api:\n    build: .\n    healthcheck: {test: curl http://localhost:1}\n",
            "Dockerfile": "FROM node:20\nCOPY . .\nCMD node server.js\n",
            "package.json": '{"main": "server.js"}',
            "server.js": (
                "const k = require('fs').readFileSync('/app/certs/api.key');\n"
                "require('http').createServer().listen(1);\n"
            ),
        }
    )
    shown = run("code", "status")
    assert "its code reads api.key, which nobody issues: it is api-cert.pem or -key.pem" in shown.out
    assert "server.js:1" in shown.out


@pytest.mark.parametrize("part", ["server", "client", "healthcheck", "helper"])
@pytest.mark.parametrize("service", ["aicos-backend", "aicos-nl-parser", "aicos-context-service"])
def test_code_to_paste(aicos: Path, run: Run, service: str, part: str) -> None:
    shown = run("code", "show", service, "--part", part)
    assert shown.code == 0, shown.err
    assert aicos.is_dir()
    if part == "helper":
        assert "TLS_ENABLED" in shown.out


@needs("node")
def test_shown_helpers_are_code_of_their_language(aicos: Path, run: Run) -> None:
    helper = aicos / "tls.js"
    helper.write_text(run("code", "show", "aicos-backend", "--part", "helper").out)
    subprocess.run(["node", "--check", helper], check=True)
    compile(run("code", "show", "aicos-nl-parser", "--part", "helper").out, "tls.py", "exec")


def test_templates_of_ones_own_go_first(aicos: Path, run: Run) -> None:
    own = aicos / "mine/python/snippets"
    own.mkdir(parents=True)
    (own / "server-uvicorn.j2").write_text("# {{ service }} on {{ port }}\n")
    shown = run("code", "show", "aicos-nl-parser", "--framework", "uvicorn", "--templates", "mine")
    assert shown.out == "# aicos-nl-parser on 8003\n"


def test_what_cannot_be_shown_is_said(aicos: Path, run: Run) -> None:
    (aicos / "other").mkdir()
    (aicos / "other/Dockerfile").write_text("FROM ruby:3\n")
    compose = aicos / "docker-compose.yml"
    compose.write_text(compose.read_text().replace("services:\n", "services:\n  other:\n    build: ./other\n", 1))
    for service, message in (("aicos-redis", "not in scope"), ("other", "no code to show for Ruby")):
        refused = run("code", "show", service)
        assert refused.code == 2
        assert message in refused.err
    assert "there is no helper to show for nginx" in run("code", "show", "aicos-frontend", "--part", "helper").err


def test_nginx_accepts_what_is_shown(aicos: Path, run: Run, tmp_path: Path) -> None:
    run("enable", "-q", "--key-type", "p256")
    server = run("code", "show", "aicos-frontend", "--part", "server").out
    client = run("code", "show", "aicos-backend", "--part", "nginx").out
    assert "proxy_pass https://aicos-backend:3001;" in client
    assert "proxy_pass https://aicos-backend:3001;" in run("code", "show", "aicos-frontend", "--part", "client").out
    both = run("code", "show", "aicos-frontend", "--part", "nginx").out
    assert both.startswith(server)
    text = f"{server}server {{\nlisten 3999;\n{client}}}\n".replace("/app/certs", str(aicos / "certs"))
    conf = tmp_path / "nginx.conf"
    conf.write_text(f"events {{}}\nhttp {{\n{text.replace('//aicos-backend', '//localhost')}}}\n")
    subprocess.run([need("nginx"), "-t", "-e", tmp_path / "log", "-c", conf, "-g", f"pid {tmp_path}/pid;"], check=True)


def test_a_service_that_is_not_there_is_refused_with_those_that_are(project: Project, run: Run) -> None:
    project("services:\n  web: {build: .}\n  api: {build: .}\n  db: {image: postgres}\n")
    for name in ("db", "nobody"):
        for command in (("code", "status", name), ("code", "show", name)):
            refused = run(*command)
            assert (refused.code, refused.out) == (2, "")
            assert refused.err.splitlines() == [
                f"aicos-tls: docker-compose.yml: service {name!r} is not in scope",
                "  → in scope: web, api",
            ]
    project("services:\n  db: {image: postgres}\n")
    assert "in scope: none" in run("code", "show", "db").err


def test_a_runtime_that_is_not_known_has_no_code(project: Project, run: Run) -> None:
    project("services:\n  web: {build: .}\n")
    refused = run("code", "show", "web")
    assert refused.code == 2
    assert refused.err.splitlines() == [
        "aicos-tls: docker-compose.yml:2:3: there is no code to show for a runtime that is not known",
        "  → there is for Node, Python, Go and nginx",
    ]


def test_a_framework_that_is_not_known_is_refused(aicos: Path, run: Run) -> None:
    refused = run("code", "show", "aicos-backend", "--framework", "nonesuch")
    assert (refused.code, refused.out, aicos.is_dir()) == (2, "", True)
    assert "nonesuch" in refused.err
    assert "→" in refused.err


def test_passwords_in_sources_are_not_shown(project: Project, run: Run) -> None:
    project(
        {
            "docker-compose.yml": "services:\n  api:\n    build: .\n    healthcheck: {test: curl http://localhost:1}\n",
            "Dockerfile": "FROM node:20\nCOPY . .\nCMD node server.js\n",
            "package.json": '{"main": "server.js"}',
            "server.js": "fetch('http://bob:hunter2@api:1/');\n",
        }
    )
    shown = run("code", "status")
    assert "server.js:1  http://api:1  has to change with its code" in shown.out
    assert "hunter2" not in shown.out + run("code", "status", "--format", "json").out


def test_ready_is_exit_code_0(project: Project, run: Run) -> None:
    project("services:\n  web: {build: .}\n")
    shown = run("code", "status", "--exit-code")
    assert (shown.code, shown.err) == (0, "")
