"""Projects on disk, from the texts of their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.plan.policy import resolve
from aicos_tls.planner import plan

if TYPE_CHECKING:
    from pathlib import Path

    from support import PlanOf

    from aicos_tls.plan.model import Plan


@pytest.fixture
def plan_of(tmp_path: Path) -> PlanOf:
    """Write the files of a project and plan it; `compose` is its docker-compose.yml."""

    def write(files: dict[str, str], **flags: object) -> Plan:
        root = tmp_path / "project"
        for name, text in files.items():
            path = root / ("docker-compose.yml" if name == "compose" else name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        project = load([root / "docker-compose.yml"])
        return plan(project, resolve(project, flags))

    return write
