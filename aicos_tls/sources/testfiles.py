"""Which files are tests: they run outside of the stack, against servers of their own, and stay as they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import PurePath, PurePosixPath

    from aicos_tls.files import TextFile

_TEST = re.compile(
    r"(?:^|/)(?:tests?|__tests__|__mocks__|spec|e2e|cypress|testdata)/"
    r"|[._-](?:test|spec|cy)\.\w+$"
    r"|(?:^|/)(?:test_\w+|\w+_test|conftest)\.pyi?$|_test\.go$"
)
_RUNNERS = frozenset(
    """
    ava behave cypress jest k6 locust mocha newman nose2 nox playwright py.test pytest robot tox vitest
    """.split()
)
"""Programs that run tests: for a service that starts one, its tests are its program."""


def is_test(path: PurePath) -> bool:
    """Whether a file, by its path below the project or the build context, is a test or belongs to tests."""
    return _TEST.search(path.as_posix()) is not None


def without_tests(
    files: Mapping[PurePosixPath, TextFile], suffixes: Iterable[str], start: Iterable[str]
) -> dict[PurePosixPath, TextFile]:
    """The files that are no tests; all where else none with these suffixes is left, or `start` runs tests."""
    kept = {path: file for path, file in files.items() if not is_test(path)}
    endings = tuple(f".{suffix}" for suffix in suffixes)
    if _RUNNERS.intersection(start) or not any(path.name.endswith(endings) for path in kept):
        return dict(files)
    return kept
