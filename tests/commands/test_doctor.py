"""`doctor` as a person sees it: what is printed, exit codes, and what becomes of bad input."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.doctor.model import CHECKS, Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from support import Project, Run

PLAIN = """\
services:
  web:
    build: .
    environment: {API: "http://api:80"}
  api: {build: .}
"""
README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture
def shop(project: Project, run: Run) -> Path:
    """Two services that are enabled; nothing is known of their code."""
    directory = project({"docker-compose.yml": PLAIN, "Dockerfile": "FROM scratch\n"})
    assert run("enable", "--key-type", "p256").code == 0
    return directory


def test_a_project_that_is_not_enabled(project: Project, run: Run) -> None:
    project(PLAIN)
    shown = run("doctor")
    assert shown.code == 1
    assert "TLS is not enabled here" in shown.out
    assert "→ aicos-tls enable docker-compose.yml --dry-run" in shown.out
    assert shown.out.splitlines()[-1] == "docker-compose.yml: 1 fault"


def test_text_names_place_fault_and_remedy(shop: Path, run: Run) -> None:
    (shop / "certs/api-key.pem").chmod(0o644)
    shown = run("doctor")
    assert shown.code == 1
    said = "  fault    certs/api-key.pem  api: the private key is open to others (mode 0644)  [key-mode]\n"
    assert f"{said}           → chmod 600 certs/api-key.pem\n" in shown.out
    assert shown.out.splitlines()[-1].startswith("docker-compose.yml: 2 faults, 1 warning in 2 services, 1 server")
    assert "\x1b[31mfault" in run("doctor", "--color", "always").out


def test_remedies_that_are_the_same_are_named_once(shop: Path, run: Run) -> None:
    for name in ("api", "web"):
        (shop / f"certs/{name}-key.pem").unlink()
        (shop / f"certs/{name}-cert.pem").unlink()
    shown = run("doctor").out
    assert len(re.findall(r"\[cert-missing\]", shown)) == 2
    assert shown.count("→ aicos-tls certs issue\n") == 1


def test_what_enable_repairs_is_said(shop: Path, run: Run) -> None:
    (shop / "docker-compose.yml").write_text(
        (shop / "docker-compose.yml").read_text() + "  more: {build: ., environment: {API: 'http://api:80'}}\n"
    )
    shown = run("doctor").out
    assert "more: API: http://api:80 is still plain HTTP" in shown
    assert "this puts right: aicos-tls enable" in shown
    assert run("enable", "--key-type", "p256").code == 0
    assert "aicos-tls enable" not in run("doctor").out


def test_one_service_and_what_is_fine(shop: Path, run: Run) -> None:
    (shop / "certs/api-key.pem").chmod(0o644)
    shown = run("doctor", "--only", "web", "-v")
    assert (shown.code, "  fault" in shown.out) == (0, False)
    assert "ok       git does not see the private keys  [key-in-git]" in shown.out
    assert "no fault" in shown.out
    refused = run("doctor", "--only", "nobody")
    assert refused.code == 2
    assert "there is no service 'nobody'" in refused.err


def test_json_and_markdown(shop: Path, run: Run) -> None:
    (shop / "certs/api-key.pem").chmod(0o644)
    data = json.loads(run("doctor", "--format", "json").out)
    assert (data["schema"], data["command"], data["faulty"]) == (1, "doctor", True)
    assert {
        "check": "key-mode",
        "severity": "fault",
        "service": "api",
        "file": "certs/api-key.pem",
        "line": None,
        "text": "the private key is open to others (mode 0644)",
        "todo": "chmod 600 certs/api-key.pem",
    } in data["findings"]
    assert data["checked"] == list(CHECKS)
    assert str(shop) not in json.dumps(data)
    shown = run("doctor", "--format", "markdown").out
    assert "| fault | `key-mode` | `certs/api-key.pem` | `api` |" in shown
    assert run("doctor", "--format", "diff").code == 2


def test_quiet_prints_nothing(shop: Path, run: Run) -> None:
    assert run("doctor", "-q").out == ""
    assert (shop / "certs").is_dir()


def test_days_before_an_expiry(shop: Path, run: Run) -> None:
    assert "cert-expires-soon" not in run("doctor").out
    assert run("doctor", "--warn-days", "4000").out.count("[cert-expires-soon]") == 3
    assert run("doctor", "--warn-days", "-1").code == 2
    assert shop.is_dir()


def test_the_settings_of_the_recorded_run_are_kept_in_mind(project: Project, run: Run) -> None:
    project({"docker-compose.yml": PLAIN, "Dockerfile": "FROM scratch\n"})
    assert run("enable", "--key-type", "p256", "--certs-dir", "keys", "--mount-path", "/tls").code == 0
    shown = run("doctor").out
    assert "[mount]" not in shown
    assert "keys/ca-key.pem" in shown


def test_a_project_that_was_enabled_by_hand(shop: Path, run: Run) -> None:
    for path in (shop / ".aicos-tls").iterdir():
        path.unlink()
    (shop / ".aicos-tls").rmdir()
    text = (shop / "docker-compose.yml").read_text()
    (shop / "docker-compose.yml").write_text(text.replace('TLS_ENABLED: "true"', 'TLS_ENABLED: "false"', 1))
    shown = run("doctor").out
    assert "TLS_ENABLED is false, not true" in shown
    assert "[record-gone]" in shown


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda shop: (shop / "docker-compose.yml").unlink(), "no compose file here"),
        (lambda shop: (shop / "docker-compose.yml").write_text("services: [\n"), "docker-compose.yml:"),
        (lambda shop: (shop / "docker-compose.yml").write_text("services: {}\n"), "docker-compose.yml"),
        (lambda shop: (shop / "docker-compose.yml").write_bytes(b"\xff\xfe"), "docker-compose.yml"),
        (lambda shop: (shop / ".aicos-tls/record.json").write_text("{"), "record.json"),
    ],
)
def test_bad_input_is_one_clear_message(shop: Path, run: Run, break_it: Callable[[Path], object], message: str) -> None:
    break_it(shop)
    shown = run("doctor")
    assert (shown.code, shown.out) == (2, "")
    assert message in shown.err
    assert "Traceback" not in shown.err


def test_a_certificates_directory_behind_a_link(shop: Path, run: Run) -> None:
    (shop / "certs").rename(shop / "elsewhere")
    (shop / "certs").symlink_to("elsewhere")
    shown = run("doctor")
    assert "cert-missing" not in shown.out
    assert "[mount]" not in shown.out


def as_nobody(run: Run) -> str:
    """What the doctor prints for a person who may not read everything."""
    run("doctor")  # loads what is loaded late, while this process may still read it
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgid(65534)
            os.setuid(65534)
            shown = run("doctor")
            os.write(write, f"{shown.code}\n{shown.out}{shown.err}".encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as stream:
        out = stream.read()
    os.waitpid(child, 0)
    return out


def test_keys_that_the_person_may_not_read_are_not_judged(shop: Path, run: Run) -> None:
    shop.parent.chmod(0o755)
    out = as_nobody(run)
    assert out.startswith("1\n")
    assert "hint     certs/api-key.pem  api: cannot be read: Permission denied: it was not checked" in out
    assert "key-mismatch" not in out
    (shop / "certs").chmod(0o700)
    assert "hint     certs  the directory cannot be listed: Permission denied" in as_nobody(run)


def test_the_readme_lists_every_check() -> None:
    wanted: dict[str, dict[Severity, list[str]]] = {}
    for check in CHECKS.values():
        wanted.setdefault(check.group, {each: [] for each in Severity})[check.severity].append(check.id)
    text = README.read_text()
    for group, by_severity in wanted.items():
        cells = (", ".join(f"`{name}`" for name in by_severity[each]) for each in Severity)
        assert f"| {group} | {' | '.join(cells)} |".replace("  ", " ") in text, group


def test_what_was_edited_since_is_judged_as_it_was_switched(project: Project, run: Run) -> None:
    node = "FROM node:20-alpine\nCOPY . .\nCMD node server.js\n"
    compose = (
        "services:\n  web:\n    build: ./web\n    environment: {API_URL: 'http://api:8001'}\n"
        "  api:\n    build: ./api\n    healthcheck: {test: curl -f http://localhost:8001/}\n"
    )
    server = "require('http').createServer((q, r) => r.end()).listen(8001);\n"
    files: dict[str, str | bytes] = {"web/Dockerfile": node, "web/server.js": "fetch(process.env.API_URL);\n"}
    directory = project({"docker-compose.yml": compose, "api/Dockerfile": node, "api/server.js": server, **files})
    assert run("enable", "--code", "--key-type", "p256", "-q").code == 0
    path = directory / "docker-compose.yml"
    text = path.read_text()
    assert "--insecure https://localhost:8001" in text
    path.write_text(text.replace("--insecure https://localhost:8001", "--insecure http://localhost:8001"))
    found = json.loads(run("doctor", "--format", "json").out)["findings"]
    assert ("api", "healthcheck-http") in {(each["service"], each["check"]) for each in found}
