"""What counts in the end: variables from files, addresses that something else replaces, names, keys in git."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from support import need

if TYPE_CHECKING:
    from pathlib import Path

    from doctor_seeds import Examine
    from support import Project, Run

BASE = """\
services:
  api:
    build: .
    image: shop/api
    healthcheck: {test: curl -f http://localhost:80}
"""


def checks(run: Run) -> dict[str, dict[str, Any]]:
    """The findings by check, the last of each."""
    return {found["check"]: found for found in json.loads(run("doctor", "--format", "json").out)["findings"]}


def enabled(project: Project, run: Run, compose: str, files: dict[str, str] | None = None) -> Path:
    directory = project({"docker-compose.yml": compose, "Dockerfile": "FROM node:20\n", **(files or {})})
    done = run("enable", "--key-type", "p256", "--include", "api")
    assert done.code == 0, done.err
    return directory


def test_variables_may_stand_in_an_env_file_or_come_from_dotenv(project: Project, run: Run) -> None:
    directory = enabled(project, run, BASE)
    path = directory / "docker-compose.yml"
    text = path.read_text().replace('      TLS_ENABLED: "true"\n', "").replace("      - TLS_ENABLED=true\n", "")
    path.write_text(text)
    assert checks(run)["tls-variable"]["text"] == "TLS_ENABLED is not set"
    path.write_text(text.replace("    image: shop/api\n", "    env_file: tls.env\n"))
    (directory / "tls.env").write_text("TLS_ENABLED=false\n")
    found = checks(run)["tls-variable"]
    assert (found["text"], found["file"], found["line"]) == ("TLS_ENABLED is false, not true", "tls.env", 1)
    (directory / "tls.env").write_text("TLS_ENABLED=true\n")
    assert "tls-variable" not in checks(run)
    (directory / "tls.env").write_text("\n")
    path.write_text(text.replace("      - TLS_CERT_PATH", "      - TLS_ENABLED\n      - TLS_CERT_PATH"))
    assert checks(run)["tls-variable"]["text"] == "TLS_ENABLED is not set"
    (directory / ".env").write_text("TLS_ENABLED=true\n")
    assert "tls-variable" not in checks(run)


@pytest.mark.parametrize(
    ("more", "dotenv", "counts"),
    [
        ("    environment: {URL: '${URL}'}\n", "URL=http://api:80", True),
        ("    environment: [URL]\n", "URL=http://api:80", True),
        ("    environment: {URL: 'https://api:80'}\n", "URL=http://api:80", False),
        ("    command: run ${URL}\n", "URL=http://api:80", True),
        ("    env_file: .env\n", "URL=http://api:80", True),
        ("    x-note: http://api:80\n", "", False),
        ("    labels: [at=http://api:80]\n", "", True),
    ],
)
def test_addresses_that_reach_a_container(project: Project, run: Run, more: str, dotenv: str, *, counts: bool) -> None:
    directory = enabled(project, run, BASE)
    path = directory / "docker-compose.yml"
    path.write_text(f"{path.read_text()}  web:\n    image: shop/web\n{more}")
    (directory / ".env").write_text(f"{dotenv}\n")
    assert ("http-url" in checks(run)) is counts


def test_addresses_of_contents_and_of_variables_that_are_not_known(project: Project, run: Run) -> None:
    directory = enabled(project, run, BASE)
    path = directory / "docker-compose.yml"
    more = (
        "  web: {image: shop/web, environment: {A: 'http://${WHO}', B: 'http://localhost:${P}', C: 'http://web:1'}}\n"
    )
    path.write_text(path.read_text() + more)
    assert not {"http-url", "http-by-host"} & set(checks(run))
    path.write_text(f"{path.read_text()}configs:\n  a:\n    content: url=http://api:80\n")
    assert checks(run)["http-url"]["text"].startswith("configs.a.content: http://api:80")


def test_names_with_underscores(project: Project, run: Run) -> None:
    compose = "services:\n  my_api: {build: .}\n  web: {image: shop/web, environment: {A: 'http://my_api:80'}}\n"
    project(compose)
    assert run("enable", "--key-type", "p256", "--include", "my_api").code == 0
    found = checks(run)["name-underscore"]
    assert (found["service"], found["line"], found["todo"]) == ("my_api", 3, "ask my-api, as a network alias")


def test_keys_in_a_directory_that_is_mounted_as_a_whole(project: Project, run: Run) -> None:
    directory = enabled(project, run, f"{BASE}  db:\n    image: postgres\n    volumes: ['.:/all', 'data:/data']\n")
    assert "2 services can read the CA's private key" in checks(run)["ca-key-mounted"]["text"]
    (directory / "certs/ca-key.pem").unlink()
    assert "ca-key-mounted" not in checks(run)


def test_without_git_nothing_is_said_of_git(shop: Path, monkeypatch: pytest.MonkeyPatch, examine: Examine) -> None:
    subprocess.run([need("git"), "add", "-f", "certs/api-key.pem"], cwd=shop, check=True)

    def missing(*_arguments: object, **_options: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", missing)
    assert "key-in-git" not in {finding.check for finding in examine().findings}


def test_one_node_service_is_named(project: Project, run: Run) -> None:
    directory = enabled(project, run, BASE)
    assert "NODE_TLS_REJECT_UNAUTHORIZED=0 in api: " in checks(run)["node-verify-off"]["text"]
    path = directory / "docker-compose.yml"
    path.write_text(path.read_text().replace("UNAUTHORIZED=0", "UNAUTHORIZED=1"))
    found = checks(run)
    assert "node-verify-off" not in found
    assert "tls-variable" not in found


def test_a_dockerfile_that_cannot_be_read_is_left_to_others(project: Project, run: Run) -> None:
    directory = enabled(project, run, BASE)
    (directory / "Dockerfile").write_text("# nothing\n")
    assert "no-tls-code" in checks(run)


def test_an_own_ca_certificate_is_no_other_ca(project: Project, run: Run) -> None:
    more = "    environment: {SSL_CERT_FILE: /app/certs/ca-cert.pem}\n"
    directory = enabled(project, run, BASE + more)
    assert "own-ca" not in checks(run)
    (directory / "Dockerfile").write_text('FROM node:20\nENV A=b NODE_EXTRA_CA_CERTS="/etc/own.pem"\n')
    assert checks(run)["own-ca"]["text"].startswith("NODE_EXTRA_CA_CERTS is /etc/own.pem")


@pytest.mark.parametrize(
    "written", ["command: java -jar a.jar --key=/app/certs/api-key.pem", "entrypoint: [a, /app/certs/api-key.pem]"]
)
def test_a_command_that_names_the_key_serves_tls(project: Project, run: Run, written: str) -> None:
    directory = enabled(project, run, BASE)
    assert "no-tls-code" in checks(run)
    path = directory / "docker-compose.yml"
    path.write_text(path.read_text().replace("    image: shop/api\n", f"    {written}\n"))
    assert "no-tls-code" not in checks(run)


def test_addresses_for_when_tls_is_off_are_no_faults(project: Project, run: Run) -> None:
    directory = enabled(project, run, BASE)
    source = directory / "settings.ini"
    (directory / "Dockerfile").write_text("FROM node:20\nCOPY . .\n")
    source.write_text("plain = http://api:80\n")
    assert checks(run)["http-url"]["file"] == "settings.ini"
    source.write_text("plain = http://api:80\nencrypted = https://api:80\n")
    assert "http-url" not in checks(run)
    source.write_text("address = tls.url('http://api:80')\n")
    assert "http-url" not in checks(run)
