"""Which dead container is at the bottom of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.live.causes import cause
from aicos_tls.live.model import Container
from aicos_tls.live.stack import Stack
from aicos_tls.plan.policy import resolve
from aicos_tls.planner import plan

if TYPE_CHECKING:
    from support import Project

COMPOSE = """\
services:
  web: {build: ./web, depends_on: [api, gone]}
  api:
    build: ./api
    depends_on:
      db: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
  db: {image: postgres, depends_on: [web]}
  migrate: {image: migrate}
  gone: {image: gone}
  beside: {image: beside, network_mode: "service:api"}
  old: {image: old, links: ["db:database"]}
"""


def container(name: str, status: str = "running", health: str = "", code: int = 0) -> Container:
    return Container(name, f"shop-{name}-1", name, "shop", "image", status, health, exit_code=code)


@pytest.mark.parametrize(
    ("of", "down", "behind"),
    [
        ("web", [], None),
        ("web", [container("db", "exited", code=1)], "db"),
        ("web", [container("api", "restarting"), container("db", "exited", code=1)], "db"),
        ("web", [container("api", health="unhealthy")], "api"),
        ("web", [container("migrate", "exited")], None),
        ("web", [container("migrate", "exited", code=2)], "migrate"),
        ("beside", [container("db", "paused")], "db"),
        ("old", [container("db", "dead")], "db"),
        ("db", [container("db", "exited", code=1)], None),
        ("stranger", [container("db", "exited", code=1)], None),
    ],
)
def test_the_one_at_the_bottom(project: Project, of: str, down: list[Container], behind: str | None) -> None:
    found = load([project({"docker-compose.yml": COMPOSE}) / "docker-compose.yml"])
    made = plan(found, resolve(found, {}))
    names = {each.service for each in down}
    up = [container(name) for name in (*found.services, "stranger") if name not in names]
    stack = Stack("shop", (*down, *up), {})
    result = cause(made, stack, stack.of(of)[0])
    assert (result.service if result else None) == behind
