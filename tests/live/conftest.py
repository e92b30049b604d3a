"""An engine for the live tests, or the reason why there is none; everything in this folder is marked `live`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live.engines import NoEngine
from live.engines import engine as find_engine
from support import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live.engines import Engine

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE) and "engine" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    try:
        with find_engine() as found:
            yield found
    except NoEngine as reason:
        missing(str(reason))
