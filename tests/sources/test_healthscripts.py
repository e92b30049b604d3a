"""Healthchecks that run a script of the project: found by way of the image, said, and changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.sources.healthscripts import asked_in_plain, script_of, transform
from aicos_tls.sources.project import ServiceSources, Sources
from aicos_tls.yamledit.apply import splice

if TYPE_CHECKING:
    from support import PlanOf

COMPOSE = """\
services:
  api:
    build: ./api
    {}
  web:
    image: web
    environment: [API=http://api:8001]
"""
SH = "#!/bin/sh\nwget -q http://localhost:8001/ || exit 1\n"
FILES = {
    "api/healthcheck.js": "require('http').get('http://localhost:8001/health');\n",
    "api/tools/check.py": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:8001/')\n",
    "api/tools/health.sh": SH,
    "api/tools/health": SH,
    "api/server": "x\n",
}
DOCKERFILE = "FROM alpine\nWORKDIR /app\nCOPY . .\nCOPY tools/health.sh /usr/local/bin/health.sh\n"


def service(plan_of: PlanOf, written: str, dockerfile: str = DOCKERFILE, **files: str) -> ServiceSources:
    texts = {**FILES, **{name.replace("__", "/"): text for name, text in files.items()}}
    made = plan_of({"compose": COMPOSE.format(written), "api/Dockerfile": dockerfile, **texts})
    return Sources(made).services["api"]


@pytest.mark.parametrize(
    ("test", "path", "name"),
    [
        ("[CMD, node, healthcheck.js]", "/app/healthcheck.js", "healthcheck.js"),
        ("[CMD, node, --no-warnings, ./healthcheck.js]", "/app/healthcheck.js", "healthcheck.js"),
        ("[CMD, timeout, '5', python3, -u, tools/check.py]", "/app/tools/check.py", "check.py"),
        ("[CMD, /app/tools/health.sh]", "/app/tools/health.sh", "health.sh"),
        ("[CMD, sh, /usr/local/bin/health.sh]", "/usr/local/bin/health.sh", "health.sh"),
        ("[CMD, tools/health]", "/app/tools/health", "health"),
        ("sh tools/health.sh || exit 1", "/app/tools/health.sh", "health.sh"),
        ("[CMD-SHELL, 'test -f /ready && node healthcheck.js']", "/app/healthcheck.js", "healthcheck.js"),
        ("[CMD, sh, -c, 'sh tools/health.sh']", "/app/tools/health.sh", "health.sh"),
        ("[CMD, deno, run, --allow-net, healthcheck.js]", "/app/healthcheck.js", "healthcheck.js"),
        ("[CMD, /opt/health.sh]", "/opt/health.sh", ""),
        ("[CMD, gone.sh]", "/app/gone.sh", ""),
    ],
)
def test_which_script(plan_of: PlanOf, test: str, path: str, name: str) -> None:
    found = script_of(service(plan_of, f"healthcheck: {{test: {test}}}"))
    assert found is not None
    assert (found.path, found.file.path.name if found.file else "") == (path, name)


@pytest.mark.parametrize(
    "test",
    [
        "[CMD, curl, -f, 'http://localhost:8001/']",
        "[CMD, node, -e, '1']",
        "[CMD, python, -m, check]",
        "[CMD, node]",
        "[CMD, env]",
        "[CMD, pgrep, node]",
        "'curl (http'",
        "[NONE]",
    ],
)
def test_no_script(plan_of: PlanOf, test: str) -> None:
    assert script_of(service(plan_of, f"healthcheck: {{test: {test}}}")) is None


def test_the_image_s_own_and_where_it_does_not_count(plan_of: PlanOf) -> None:
    dockerfile = DOCKERFILE + "HEALTHCHECK CMD node healthcheck.js\n"
    found = script_of(service(plan_of, "init: true", dockerfile))
    assert found is not None
    assert found.path == "/app/healthcheck.js"
    assert script_of(service(plan_of, "healthcheck: {disable: true}", dockerfile)) is None
    assert script_of(service(plan_of, "healthcheck: {test: exit 0}", dockerfile)) is None
    assert script_of(service(plan_of, "init: true", "RUN x\n")) is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("volumes: [./api/tools:/checks]", "health.sh"),
        ("volumes: [./api/tools/health.sh:/checks/health.sh]", "health.sh"),
        ("volumes: [data:/checks]", ""),
        ("working_dir: /checks/..", ""),
    ],
)
def test_what_is_mounted_counts(plan_of: PlanOf, written: str, name: str) -> None:
    found = script_of(service(plan_of, f"{written}\n    healthcheck: {{test: [CMD, sh, /checks/health.sh]}}"))
    assert found is not None
    assert (found.file.path.name if found.file else "") == name


def test_the_working_directory_of_the_compose_file(plan_of: PlanOf) -> None:
    found = script_of(service(plan_of, "working_dir: /app/tools\n    healthcheck: {test: [CMD, sh, health.sh]}"))
    assert found is not None
    assert found.path == "/app/tools/health.sh"


def test_what_it_asks_in_plain_with_the_place(plan_of: PlanOf) -> None:
    asked = list(asked_in_plain(service(plan_of, "healthcheck: {test: [CMD, node, healthcheck.js]}")))
    assert [(address, where.line) for address, where in asked] == [("http://localhost:8001/health", 1)]
    secure = {"api__healthcheck.js": "get('https://localhost:8001/'); get('http://other:1/');\n"}
    assert not list(asked_in_plain(service(plan_of, "healthcheck: {test: [CMD, node, healthcheck.js]}", **secure)))
    assert not list(asked_in_plain(service(plan_of, "healthcheck: {test: [CMD, gone.sh]}")))


@pytest.mark.parametrize(
    ("before", "after", "manual"),
    [
        (SH, SH.replace("-q http:", "-q --no-check-certificate https:"), 0),
        (
            "set -e\n# curl http://localhost:8001/\nif ! curl -fs \\\n  http://localhost:8001/x; then\n  exit 1\nfi\n",
            (
                "set -e\n# curl http://localhost:8001/\nif ! curl -fs \\\n  --insecure https://localhost:8001/x; then\n"
                "  exit 1\nfi\n"
            ),
            0,
        ),
        ("curl -f http://localhost:8001/\r\nexit 0\r\n", "curl -f --insecure https://localhost:8001/\r\nexit 0\r\n", 0),
        ("URL=http://localhost:8001\ncurl -f $URL\n", None, 2),
        ("curl -f http://localhost:9999/\n", None, 0),
        ("exit 0\n", None, 0),
    ],
)
def test_shell_scripts_change_command_by_command(plan_of: PlanOf, before: str, after: str | None, manual: int) -> None:
    files = {"api__tools__health.sh": before}
    written = "expose: ['8001']\n    healthcheck: {test: [CMD, sh, tools/health.sh]}"
    found = transform(service(plan_of, written, **files))
    if found is None:
        assert (after, manual) == (None, 0)
        return
    text = splice(found.file.text, [piece for change in found.changes for piece in change.splices])
    assert (text, len(found.manual)) == (after or before, manual)


def test_scripts_of_languages_are_not_changed_twice(plan_of: PlanOf) -> None:
    assert transform(service(plan_of, "healthcheck: {test: [CMD, node, healthcheck.js]}")) is None
    without = COMPOSE.replace("environment: [API=http://api:8001]", "init: true")
    made = plan_of(
        {
            "compose": without.format("healthcheck: {test: [CMD, sh, tools/health.sh]}"),
            "api/Dockerfile": DOCKERFILE,
            **FILES,
        }
    )
    assert transform(Sources(made).services["api"]) is None
