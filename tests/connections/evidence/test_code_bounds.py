"""Code that is too much is read as far as the budget goes, and what was left out is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls import budgets

if TYPE_CHECKING:
    import pytest
    from support import Project, Run


def test_what_is_not_read_is_said(project: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "CODE", 60)
    node = "FROM node:20\nCOPY . .\nCMD node a.js\n"
    compose = "services:\n  web: {build: ./web}\n  api: {build: ./api}\n  shop: {build: ./api}\n"
    project(
        {
            "docker-compose.yml": compose,
            "web/Dockerfile": node,
            "web/a.js": "fetch('http://api:8001');\n",
            "web/b.js": "fetch('http://shop:8001'); // and some more words than there is room for\n",
            "api/Dockerfile": node,
        }
    )
    out = run("enable", "--dry-run").out
    assert "web → api:8001" in out
    assert "shop:8001" not in out
    assert "web: 1 of its files that name a service were not read, as its code is too much" in out
