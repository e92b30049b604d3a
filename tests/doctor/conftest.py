"""A project that is enabled and in order, made once; each test gets a copy to break."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from doctor_seeds import ENABLED, NOW, Examine
from support import work_tree

from aicos_tls.commands.doctor import Result, doctor
from aicos_tls.commands.enable import Options, enable

if TYPE_CHECKING:
    from datetime import datetime, timedelta

SHOP = Path(__file__).parents[2] / "fixtures" / "shop"


@pytest.fixture(scope="session")
def enabled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop in a git work tree, TLS enabled."""
    return enabled_shop(tmp_path_factory.mktemp("enabled") / "shop", override=False)


@pytest.fixture(scope="session")
def overridden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop with an override file that docker compose reads."""
    directory = enabled_shop(tmp_path_factory.mktemp("overridden") / "shop", override=True)
    (directory / ".env").write_text("COMPOSE_FILE=docker-compose.yml:docker-compose.tls.yml\n")
    return directory


def enabled_shop(directory: Path, *, override: bool) -> Path:
    shutil.copytree(SHOP, directory)
    work_tree(directory)
    flags: dict[str, object] = {"key_type": "p256", "override": override}
    before = Path.cwd()
    os.chdir(directory)
    try:
        enable([], flags, Options(), now=ENABLED, environment={})
    finally:
        os.chdir(before)
    return directory


@pytest.fixture
def shop(enabled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the enabled shop; the current directory."""
    return copied(enabled, tmp_path / "shop", monkeypatch)


@pytest.fixture
def override_shop(overridden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shop with an override file; the current directory."""
    return copied(overridden, tmp_path / "shop", monkeypatch)


def copied(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(source, target)
    monkeypatch.chdir(target)
    return target


@pytest.fixture
def examine() -> Examine:
    def run(*services: str, now: datetime = NOW, within: timedelta | None = None) -> Result:
        return doctor([], services, {}, now=now, within=within, environment={})

    return run
