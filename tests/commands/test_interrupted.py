"""A run that dies anywhere is put in order by the next command, whatever that one is, before it plans anything."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import pytest
from support import tree

from aicos_tls.cli.errors import guarded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support import Project, Run

COMPOSE = """\
services:
  api:
    build: .
    healthcheck: {test: curl http://localhost:1}
  web:
    build: .
    environment:
      - API_URL=${API_URL}
"""
FILES: dict[str, str | bytes] = {"docker-compose.yml": COMPOSE, ".env": "API_URL=http://api:8001\nX=1\n"}
FIRST = ("enable", "--no-certs", "-q")
OTHER = (*FIRST, "--mount-path", "/run/tls")


def dies_at(step: int, arguments: Sequence[str]) -> bool:
    """Run in a child that ends without a word before its `step`-th rename or link; False when there are fewer."""
    child = os.fork()
    if child == 0:  # no coverage of what is not there any more
        steps = itertools.count(1)

        def dying(name: str) -> None:
            real = getattr(os, name)

            def call(*args: object, **kwargs: object) -> None:
                if next(steps) == step:
                    os._exit(9)
                real(*args, **kwargs)

            setattr(os, name, call)

        dying("replace")
        dying("link")
        os._exit(guarded(arguments))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 9


@pytest.mark.parametrize("begun", [(), FIRST], ids=["first run", "another policy"])
@pytest.mark.parametrize("then", [OTHER, ("rollback",)], ids=["enable", "rollback"])
def test_the_next_command_puts_it_in_order(
    begun: Sequence[str], then: Sequence[str], project: Project, run: Run, tmp_path: Path
) -> None:
    died = 0
    for step in itertools.count(1):
        directory = project(FILES)
        if begun:
            assert run(*begun).code == 0
        more = dies_at(step, OTHER)
        if more:
            assert run("enable", "--dry-run").code == 2 or not list((directory / ".aicos-tls").glob("journal*"))
        done = run(*then)
        assert done.code == 0 or "nothing to roll back" in done.err
        if then is OTHER:
            assert "/run/tls:ro" in (directory / "docker-compose.yml").read_text()
            assert run("rollback").code == 0
        assert tree(directory) == {name: str(content).encode() for name, content in FILES.items()}
        if not more:
            break
        died += 1
    assert died > 5
    assert tmp_path.is_dir()
