"""Who answers HTTP, who says so, and hosts and schemes in variables of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.plan.checks import healthchecks
from aicos_tls.plan.policy import Policy
from aicos_tls.plan.references import references
from aicos_tls.plan.schemes import BareHost, SchemeVariable, scheme_variables
from aicos_tls.plan.scope import decide
from aicos_tls.plan.servers import find_servers

if TYPE_CHECKING:
    from support import Project as MakeProject


def servers(project: MakeProject, text: str, dotenv: str = "") -> dict[str, str]:
    project({"docker-compose.yml": text, ".env": dotenv})
    found = load([Path("docker-compose.yml")])
    decisions = decide(found, Policy())
    schemes = [s for s in scheme_variables(found) if isinstance(s, SchemeVariable)]
    known = find_servers(found, decisions, list(references(found, decisions)), schemes, healthchecks(found))
    return {name: server.evidence for name, server in known.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  web: {build: ., command: http://api:1}\n", "web asks it at http://api:1 (docker-compose.yml:3:28)"),
        ("  web: {build: ., command: https://api:1}\n", "web asks it at https://api:1 (docker-compose.yml:3:28)"),
        (
            "  web: {build: ., environment: {A_HOST: api, A_SCHEME: http}}\n",
            "web asks it (A_HOST, A_SCHEME)",
        ),
        ("x-u: http://api:1\n", "x-u asks it at http://api:1 (docker-compose.yml:3:6)"),
    ],
)
def test_evidence(project: MakeProject, text: str, expected: str) -> None:
    assert servers(project, f"services:\n  api: {{build: .}}\n{text}") == {"api": expected}


@pytest.mark.parametrize(
    "api",
    [
        "{build: ., environment: {SELF: 'http://api:1'}}",
        "{build: ., environment: {API_HOST: api, API_SCHEME: http}}",
        "{build: ., healthcheck: {test: pg_isready}}",
        "{image: redis, healthcheck: {test: curl http://localhost:1}}",
        "{build: ., ports: ['80:80']}",
    ],
)
def test_no_evidence(project: MakeProject, api: str) -> None:
    assert servers(project, f"services:\n  api: {api}\n  db: {{image: postgres, command: http://nobody}}\n") == {}


def test_a_healthcheck_is_evidence_also_by_way_of_dotenv(project: MakeProject) -> None:
    text = "services:\n  api: {build: ., healthcheck: {test: '${C}'}}\n  b: {build: ., healthcheck: {test: wget http://b:1}}\n"
    found = servers(project, text, "C=curl http://localhost:1\n")
    assert found == {
        "api": "its healthcheck asks it over HTTP (docker-compose.yml:2:39)",
        "b": "its healthcheck asks it over HTTP (docker-compose.yml:3:37)",
    }


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ("{API_HOST: api, API_SCHEME: http}", [("scheme", "API_SCHEME", "API_HOST")]),
        ("{API_ADDR: 'api:1', API_PROTO: WS}", [("scheme", "API_PROTO", "API_ADDR")]),
        ("{api_server: api, api_protocol: http}", [("scheme", "api_protocol", "api_server")]),
        ("{HOST: api, SCHEME: http}", []),
        ("{API_HOST: api}", [("bare", "API_HOST", "")]),
        ("{API_HOST: api, OTHER_SCHEME: http}", [("bare", "API_HOST", "")]),
        ("{API_HOST: api, API_SCHEME: https}", []),
        ("{API_HOST: nobody, API_SCHEME: http}", []),
        ("{API_HOST: '', API_SCHEME: http}", []),
        ("{WEB_HOST: web}", []),
        ("{API_PORT: 80, API: api}", []),
    ],
)
def test_hosts_and_schemes(project: MakeProject, variables: str, expected: list[tuple[str, str, str]]) -> None:
    project(f"services:\n  api: {{image: x}}\n  web: {{image: x, environment: {variables}}}\n")
    found = [
        ("bare", s.setting.key, "") if isinstance(s, BareHost) else ("scheme", s.setting.key, s.host_key)
        for s in scheme_variables(load([Path("docker-compose.yml")]))
    ]
    assert found == expected
