"""Before and after of every form that is changed: fixtures/code/python."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.model import CodeContext, CodeResult
from aicos_tls.sources.python import transform
from aicos_tls.yamledit.apply import splice

FOLDER = Path(__file__).parents[3] / "fixtures" / "code" / "python"
CASES = sorted(folder.name for folder in FOLDER.iterdir())
SERVERS = {name: name for name in ("aicos-ai-intelligence", "aicos-context-service", "aicos-backend")}
GIVEN = {"GIVEN_HOST": "aicos-context-service"}
"""The variables of the container."""
CONTEXT = CodeContext(
    "aicos-ai-intelligence",
    "ai-intelligence",
    "/app/certs",
    frozenset({8001}),
    SERVERS,
    is_server=True,
    environment=GIVEN,
)
NEWER = {"python-3-12-match": (3, 12)}


def look(case: str, name: str) -> TextFile:
    file = "gunicorn.conf.py" if case.startswith("gunicorn") else "main.py"
    return TextFile(Path(file), (FOLDER / case / name).read_bytes())


def changed(result: CodeResult) -> str:
    return splice(result.file.text, [piece for change in result.changes for piece in change.splices])


def test_there_are_as_many_cases_as_were_promised() -> None:
    assert len(CASES) >= 45


@pytest.mark.parametrize("case", CASES)
def test_before_becomes_after(case: str) -> None:
    result = transform(look(case, "before.py"), CONTEXT, "tls")
    assert changed(result).encode() == (FOLDER / case / "after.py").read_bytes()
    assert result.manual == ()


@pytest.mark.parametrize("case", CASES)
def test_applying_twice_changes_nothing(case: str) -> None:
    result = transform(look(case, "after.py"), CONTEXT, "tls")
    assert result.changes == ()
    assert result.manual == ()


@pytest.mark.parametrize("case", CASES)
def test_after_is_python(case: str) -> None:
    if sys.version_info < NEWER.get(case, (3, 8)):
        pytest.skip("syntax of a newer Python")
    compile((FOLDER / case / "after.py").read_bytes(), "after.py", "exec")


@pytest.mark.parametrize("case", CASES)
def test_every_change_says_where_it_is(case: str) -> None:
    result = transform(look(case, "before.py"), CONTEXT, "tls")
    assert all(change.where.line > 0 and change.what for change in result.changes)
    given = look(case, "before.py").text
    assert result.helper == ("tls" in changed(result) and "import tls" in changed(result) and "tls.url" not in given)


@pytest.mark.parametrize("case", [case for case in CASES if not case.startswith(("url-", "gunicorn"))])
def test_a_service_that_is_no_server_serves_nothing(case: str) -> None:
    client = CodeContext("aicos-job", "job", "/app/certs", frozenset(), SERVERS, False)  # noqa: FBT003
    result = transform(look(case, "before.py"), client, "tls")
    assert not any("serve" in change.what for change in result.changes)
