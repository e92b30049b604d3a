"""Templates: ours, the user's in their place, and what is said of one that does not work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.errors import InternalError, TlsError
from aicos_tls.sources.templates import render

if TYPE_CHECKING:
    from pathlib import Path

NAME = "node/snippets/healthcheck.j2"


def test_ours() -> None:
    assert "8006" in render(NAME, {"port": 8006, "mount_path": "/app/certs"})


def test_a_missing_value_of_ours_is_a_bug() -> None:
    with pytest.raises(InternalError):
        render(NAME, {})


def test_the_users_comes_first(tmp_path: Path) -> None:
    (tmp_path / "node" / "snippets").mkdir(parents=True)
    (tmp_path / NAME).write_text("<{{ port }}>\n")
    assert render(NAME, {"port": "&"}, tmp_path) == "<&>\n"


@pytest.mark.parametrize(("text", "line"), [("{{ nothing }}", 0), ("a\n{% if %}", 2)])
def test_a_broken_one_of_the_users_is_named(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "node" / "snippets").mkdir(parents=True)
    (tmp_path / NAME).write_text(text)
    with pytest.raises(TlsError) as caught:
        render(NAME, {}, tmp_path)
    assert caught.value.where is not None
    assert caught.value.where.line == line
