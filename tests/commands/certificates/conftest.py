"""An enabled shop of three services, made once; each test gets a copy, and is in it."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from aicos_tls.commands.enable import Options, enable

if TYPE_CHECKING:
    from pathlib import Path

AGE = timedelta(days=300)
"""How long ago it was enabled."""
COMPOSE = """\
services:
  shop-api:
    build: .
    healthcheck: {test: curl http://localhost:1}
  shop-web:
    build: .
    environment: ["API_URL=http://shop-api:1"]
  shop-job:
    build: .
"""


@pytest.fixture(scope="session")
def enabled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("certificates") / "shop"
    directory.mkdir()
    (directory / "docker-compose.yml").write_text(COMPOSE)
    before = os.getcwd()  # noqa: PTH109 - as it is
    os.chdir(directory)
    try:
        enable([], {"key_type": "p256", "days": 3650}, Options(), now=datetime.now(UTC) - AGE, environment={})
    finally:
        os.chdir(before)
    return directory


@pytest.fixture
def shop(enabled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "shop"
    shutil.copytree(enabled, directory, symlinks=True)
    monkeypatch.chdir(directory)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine")
    return directory
