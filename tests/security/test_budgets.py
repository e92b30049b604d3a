"""A law for hostile input: within bounded time and memory an answer, never a traceback, nothing written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from security.bounded import run_bounded
from security.hostile import PROJECTS

if TYPE_CHECKING:
    from pathlib import Path


def write(directory: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


_QUICK = 6
"""One in so many is in `make test`: each takes a second of its own process."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if index % _QUICK else ()) for index, name in enumerate(PROJECTS)],
)
def test_within_bounds_there_is_an_answer(name: str, tmp_path: Path) -> None:
    write(tmp_path, PROJECTS[name])
    done = run_bounded(tmp_path, "enable", "--dry-run", "--code", "--quiet")
    assert done.code in (0, 1, 2), done.err[-500:]
    assert "Traceback" not in done.err
    assert not (tmp_path / ".aicos-tls").exists()
