"""The files of `templates/renewer`: a service that sees no more than it needs, and units that call what there is."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from support import Run

RENEWER = Path(__file__).resolve().parent.parent / "templates/renewer"


def service() -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((RENEWER / "compose.yml").read_text())["services"]["tls-renewer"]
    return found


def options(words: list[str]) -> set[str]:
    return {word for word in words if word.startswith("--")}


def test_the_service_sees_the_certificates_alone() -> None:
    found = service()
    assert found["volumes"] == ["./certs:/certs"]
    assert (found["network_mode"], found["read_only"], found["cap_drop"]) == ("none", True, ["ALL"])
    assert "docker.sock" not in (RENEWER / "compose.yml").read_text()
    assert not {"ports", "networks", "privileged", "env_file", "environment", "pid"} & set(found)


def test_docker_compose_takes_it(compose: Path, tmp_path: Path) -> None:
    (tmp_path / "tls-renewer").mkdir()
    (tmp_path / "tls-renewer/Dockerfile").write_text((RENEWER / "Dockerfile").read_text())
    (tmp_path / "docker-compose.yml").write_text("services: {}\n")
    (tmp_path / "tls-renewer.yml").write_text((RENEWER / "compose.yml").read_text())
    files = ["-f", "docker-compose.yml", "-f", "tls-renewer.yml"]
    words: list[str | Path] = [compose, "-p", "x", *files, "config", "--format", "json"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert list(json.loads(done.stdout)["services"]) == ["tls-renewer"]


def test_what_they_call_is_there(run: Run) -> None:
    known = set(re.findall(r"--[a-z-]+", run("certs", "renew", "--help").out))
    entry = re.search(r"^ENTRYPOINT (.*)$", (RENEWER / "Dockerfile").read_text(), re.MULTILINE)
    start = re.search(r"^ExecStart=(.*)$", (RENEWER / "aicos-tls-renew.service").read_text(), re.MULTILINE)
    assert entry
    assert start
    words = [*json.loads(entry[1]), *service()["command"]]  # type: ignore[misc]
    assert words[:3] == ["aicos-tls", "certs", "renew"]
    assert shlex.split(start[1])[1:3] == ["certs", "renew"]
    assert options(words) | options(shlex.split(start[1])) <= known
