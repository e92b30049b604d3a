"""Programs that run with the runtime files: certificates, and what `tests/live_sources/running.py` knows of servers."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def servers() -> Any:
    """The module that issues certificates, runs servers, and asks them."""
    spec = importlib.util.spec_from_file_location("running", ROOT / "tests/live_sources/running.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def certificates(servers: Any, tmp_path: Path) -> Path:
    """The certificates of a service `api`, known to others as `shop-api`."""
    directory: Path = servers.issue(tmp_path / "certs", "api", "shop-api")
    return directory


@pytest.fixture
def damaged(certificates: Path, request: pytest.FixtureRequest) -> Path:
    """The same, and no server can use them; the parameter says why."""
    for part in ("cert", "key"):
        file = certificates / f"api-{part}.pem"
        text = file.read_text()
        file.unlink()
        if request.param == "garbage":
            file.write_text("-----BEGIN NOTHING-----\n")
        elif request.param == "a directory":
            file.mkdir()
        elif request.param == "half" and part == "cert":
            file.write_text(text)
    return certificates
