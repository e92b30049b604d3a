from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.testfiles import is_test, without_tests


@pytest.mark.parametrize(
    "path",
    [
        "tests/a.py", "svc/test/a.js", "__tests__/a.js", "e2e/a.ts", "cypress/a.js", "a.spec.ts", "a.test.js",
        "app.e2e-spec.ts", "a.cy.ts", "test_a.py", "x/a_test.py", "conftest.py", "a_test.go", "testdata/a.go",
    ],
)  # fmt: skip
def test_tests(path: str) -> None:
    assert is_test(PurePosixPath(path))


@pytest.mark.parametrize("path", ["a.py", "latest/a.py", "contest.py", "testing.go", "spec.js", "attest_a.py", "a.go"])
def test_no_tests(path: str) -> None:
    assert not is_test(PurePosixPath(path))


def files(*names: str) -> dict[PurePosixPath, TextFile]:
    return {PurePosixPath(name): TextFile(Path(name), b"") for name in names}


def test_what_is_left_without_them() -> None:
    assert list(without_tests(files("a.py", "tests/b.py"), {"py"}, ("python", "a.py"))) == [PurePosixPath("a.py")]


def test_a_service_that_is_all_tests_or_runs_them_keeps_them() -> None:
    assert len(without_tests(files("a.json", "tests/b.py"), {"py"}, ())) == 2
    assert len(without_tests(files("a.py", "tests/b.py"), {"py"}, ("python", "-m", "pytest"))) == 2
