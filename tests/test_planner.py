from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls import planner
from aicos_tls.compose.load import load
from aicos_tls.errors import InternalError
from aicos_tls.plan.policy import resolve
from aicos_tls.yamledit.edits import InexpressibleError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support import Project

    from aicos_tls.compose.model import Project as Compose
    from aicos_tls.plan.model import Plan, PlannedFile, Proposal

TWO = """\
services:
  web:
    build: .
    environment:
      - API_URL=http://api:8001
  api:
    build: ./api
"""


def plan(**flags: object) -> Plan:
    project = load([Path("docker-compose.yml")])
    return planner.plan(project, resolve(project, flags))


def test_a_change_without_a_form_is_declined_and_the_others_stand(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(TWO)
    real = planner._new_files  # noqa: SLF001 - to make one proposal fail
    calls = 0

    def refuse_mounts(compose: Compose, proposals: list[Proposal]) -> Iterator[PlannedFile]:
        nonlocal calls
        calls += 1
        if any(p.change.rule == "mount" and p.change.service == "api" for p in proposals):
            raise InexpressibleError("no form for it")
        return real(compose, proposals)

    monkeypatch.setattr(planner, "_new_files", refuse_mounts)
    made = plan()
    (declined,) = made.declined
    assert (declined.rule, declined.service, declined.reason, declined.safe) == (
        "mount",
        "api",
        "no form for it",
        False,
    )
    assert declined.paste == "    volumes:\n      - ./certs:/app/certs:ro"
    assert {c.rule for c in made.changes} == {"mount", "variables", "urls"}
    assert len(made.changes) == 8
    assert calls < 12


def test_one_bad_change_among_many_does_not_cost_a_run_for_each(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project("services:\n" + "".join(f"  s{i}:\n    build: .\n" for i in range(100)))
    real = planner._new_files  # noqa: SLF001 - to make one proposal fail
    calls = 0

    def refuse_one(compose: Compose, proposals: list[Proposal]) -> Iterator[PlannedFile]:
        nonlocal calls
        calls += 1
        if any(p.change.rule == "mount" and p.change.service == "s50" for p in proposals):
            raise InexpressibleError("no form for it")
        return real(compose, proposals)

    monkeypatch.setattr(planner, "_new_files", refuse_one)
    made = plan()
    assert [d.service for d in made.declined] == ["s50"]
    assert len(made.changes) == 399
    assert calls <= 2 + 2 * 9 + 1


def test_changes_that_only_fail_together_are_a_bug(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project(TWO)
    failing = iter([True])

    def fail_once(*_: object) -> Iterator[PlannedFile]:
        if next(failing, False):
            raise InexpressibleError("only once")
        return iter(())

    monkeypatch.setattr(planner, "_new_files", fail_once)
    with pytest.raises(InternalError, match="one by one"):
        plan()


def test_what_is_declined_alone_is_safe_only_where_nothing_depends_on_it(project: Project) -> None:
    shared = "services:\n  lone: &l\n    build: .\n  other: *l\n"
    project(shared)
    assert [(d.rule, d.safe) for d in plan(exclude=("other",)).declined] == [("mount", True), ("variables", True)]
    project(shared + "  web:\n    build: .\n    environment: [LONE=http://lone:80]\n")
    assert [(d.rule, d.safe) for d in plan(exclude=("other",)).declined] == [("mount", False), ("variables", False)]


def test_edges_show_the_url_as_it_will_be(project: Project) -> None:
    project({"docker-compose.yml": TWO.replace("http:", "${S:-http}:"), ".env": "S=https\n"})
    (edge,) = plan().edges
    assert (edge.client, edge.server, edge.before, edge.after) == ("web", "api", edge.before, edge.before)
    project({"docker-compose.yml": TWO, ".env": ""})
    (edge,) = plan().edges
    assert (edge.before, edge.after) == ("http://api:8001", "https://api:8001")


def test_a_certificate_has_every_name_of_its_service(project: Project) -> None:
    project(TWO + "    hostname: api.internal\n  cli:\n    image: x\n    links: ['api:backend']\n")
    names = {c.service: c.dns_names for c in plan().certificates}
    assert names == {"web": ("web",), "api": ("api", "api.internal", "backend")}


def test_shared_nodes_are_noted_once_for_each_service(project: Project) -> None:
    project(
        "x-env: &env\n  VITE_A: http://api:80\n"
        "services:\n  a: {build: ., environment: *env}\n  b: {build: ., environment: *env}\n  api: {build: .}\n"
    )
    notes = [(n.service, n.text) for n in plan().notes]
    assert len(notes) == len(set(notes)) == 2


@pytest.mark.parametrize(
    ("ports", "url", "told"),
    [
        ('["9001:8001"]', "http://localhost:9001", True),
        ('["127.0.0.1:9001:8001/tcp"]', "http://host.docker.internal:9001", True),
        ('["80:8001"]', "http://localhost", True),
        ("[{target: 8001, published: 9001}]", "ws://localhost:9001/ws", True),
        ('["${P:-9001}:8001"]', "http://localhost:9001", True),
        ('["8001"]', "http://localhost:8001", False),
        ('["9001:8001"]', "http://localhost:8001", False),
        ('["9001:8001"]', "https://localhost:9001", False),
        ('["9001:8001"]', "http://example.org:9001", False),
        ("", "http://localhost:9001", False),
    ],
)
def test_urls_through_the_host(ports: str, url: str, told: bool, project: Project) -> None:  # noqa: FBT001
    project(TWO + f"    ports: {ports}\n  cli:\n    image: x\n    environment: ['U={url}']\n")
    assert any("published port, which" in note.text for note in plan().notes) is told
