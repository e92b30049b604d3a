"""What a fuzzer starts from: the texts of `fixtures/`, small ones first."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
LARGEST = 8_192
"""Bytes: of a larger seed a fuzzer changes too little in a second."""


def fixtures(names: str) -> Iterator[bytes]:
    """Yield the contents of the files whose name matches the regular expression `names`, each once."""
    wanted = re.compile(names)
    found = {
        path.read_bytes() for path in sorted(FIXTURES.rglob("*")) if wanted.fullmatch(path.name) and path.is_file()
    }
    yield from sorted((data for data in found if len(data) <= LARGEST), key=lambda data: (len(data), data))


def compose_files() -> Iterator[bytes]:
    """Yield the compose files."""
    return fixtures(r".*\.ya?ml")
