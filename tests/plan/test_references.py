"""Who is meant by a URL, and what is to become of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.plan.policy import Policy
from aicos_tls.plan.references import Directory, Kind, for_browsers, kind_of_host, references
from aicos_tls.plan.scope import decide

if TYPE_CHECKING:
    from support import Project as MakeProject

    from aicos_tls.compose.model import Project

STACK = """services:
  api:
    build: .
    hostname: Api.Internal
    networks: {default: , back: {aliases: [backend]}}
  db: {image: couchdb, networks: [default, back]}
  lone: {build: ., networks: [alone]}
  hosted: {build: ., network_mode: host}
  beside: {build: ., network_mode: 'service:lone'}
  beside_nobody: {build: ., network_mode: 'service:nobody'}
  round: {build: ., network_mode: 'service:about'}
  about: {build: ., network_mode: 'service:round'}
  web:
    build: .
    links: ['lone:old']
    environment: [%s]
"""


def stack(project: MakeProject, item: str = "A=1") -> Project:
    project({"docker-compose.yml": STACK % f"'{item}'", ".env": "H=api\n"})
    return load([Path("docker-compose.yml")])


@pytest.mark.parametrize(
    ("item", "kind", "target"),
    [
        ("U=http://api:1", Kind.EDGE, "api"),
        ("U=http://API.internal.:1", Kind.EDGE, "api"),
        ("U=http://${H}:1", Kind.EDGE, "api"),
        ("U=http://backend:1", Kind.EDGE, "api"),
        ("U=http://old:1", Kind.EDGE, "lone"),
        ("U=http://db:1", Kind.OUT_OF_SCOPE, "db"),
        ("U=http://lone:1", Kind.NO_NETWORK, "lone"),
        ("U=http://hosted:1", Kind.NO_NETWORK, "hosted"),
        ("U=http://web:1", Kind.SELF, "web"),
        ("CORS_ORIGINS=http://api:1", Kind.ORIGIN, "api"),
        ("VITE_U=http://api:1", Kind.BROWSER, "api"),
        ("http_proxy=http://api:1", Kind.PROXY, "api"),
        ("U=http://localhost:1", Kind.LOOPBACK, None),
        ("U=http://127.1.2.3", Kind.LOOPBACK, None),
        ("U=http://host.docker.internal:1", Kind.HOST, None),
        ("U=http://${UNKNOWN}:1", Kind.UNKNOWN, None),
        ("U=http://$$H:1", Kind.UNKNOWN, None),
        ("U=http://example.com", Kind.EXTERNAL, None),
    ],
)
def test_kinds(project: MakeProject, item: str, kind: Kind, target: str | None) -> None:
    found = stack(project, item)
    (reference,) = references(found, decide(found, Policy()))
    assert (reference.kind, reference.target) == (kind, target)
    assert reference.where.line == 16


def test_looking_up_without_a_client(project: MakeProject) -> None:
    directory = Directory(stack(project))
    service, reachable = directory.look_up(None, "lone")
    assert (service and service.name, reachable) == ("lone", True)
    assert directory.look_up(None, "nobody") == (None, True)
    assert directory.look_up("web", "nobody") == (None, False)
    assert directory.look_up("gone", "api")[1]


def test_namespaces(project: MakeProject) -> None:
    found = stack(project)
    directory = Directory(found)
    names = {name: directory.namespace(service).name for name, service in found.services.items()}
    assert names["beside"] == "lone"
    assert names["beside_nobody"] == "beside_nobody"
    assert names["round"] in ("round", "about")
    assert directory.networks(found.services["beside"]) == {"alone"}


def test_hosts_and_browsers() -> None:
    assert kind_of_host(None) is Kind.UNKNOWN
    assert kind_of_host("api") is None
    assert for_browsers("next_public_x")
    assert not for_browsers("")


def test_a_value_of_dotenv_is_judged_by_all_its_uses(project: MakeProject) -> None:
    text = "services:\n  api: {build: .}\n  web: {build: ., environment: {VITE_A: '${A}', VITE_B: '${B}', C: '${B}'}}\n"
    project({"docker-compose.yml": text, ".env": "A=http://api:1\nB=http://api:1\nUNUSED=http://api:1\n"})
    found = load([Path("docker-compose.yml")])
    kinds = {r.site.variable: r.kind for r in references(found, decide(found, Policy()))}
    assert kinds == {"A": Kind.BROWSER, "B": Kind.EDGE}


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("A=http://api:1", 3),
        ("|\n    A=\n    http://api:1\n", 5),
        (">-\n    A=\n\n    http://api:1\n", 6),
        ("'A=b\n    http://api:1'", 4),
        ('"A=b \\\n    http://api:1"', 4),
    ],
)
def test_a_text_of_several_lines_has_places_of_its_own(project: MakeProject, value: str, line: int) -> None:
    project({"docker-compose.yml": f"services:\n  api: {{build: .}}\nx-b: {value}\n"})
    loaded = load([Path("docker-compose.yml")])
    [found] = references(loaded, decide(loaded, Policy()))
    assert found.where.line == line
    assert line == 3 or found.where.column == 5
