"""Before/after folders of `fixtures/code/node`: what becomes of each form, and that a second time changes nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support import need

from aicos_tls.files import TextFile, read
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.node import transform
from aicos_tls.sources.node.syntax import EXTENSIONS, Syntax
from aicos_tls.yamledit.apply import splice

FOLDER = Path(__file__).parents[3] / "fixtures" / "code" / "node"
CASES = sorted(folder.name for folder in FOLDER.iterdir())
SERVERS = {name: name for name in ("aicos-api", "aicos-ai", "aicos-parser", "aicos-voice", "aicos-integrations")}
GIVEN = {"GIVEN_HOST": "aicos-ai"}
"""The variables of the container."""


def _context(case: str) -> CodeContext:
    server = not case.startswith("client-only")
    return CodeContext("aicos-api", "api", "/app/certs", frozenset({3000}), SERVERS, server, environment=GIVEN)


def _changed(file: TextFile, case: str) -> str:
    others = {path: read(path) for path in file.path.parent.iterdir() if path.suffix in EXTENSIONS}
    helper = "./tls.mjs" if file.path.suffix == ".mjs" else "./tls"
    result = transform(file, _context(case), helper, files=others)
    assert not result.manual
    return splice(file.text, [part for change in result.changes for part in change.splices])


def _one(case: str, name: str) -> TextFile:
    return read(next((FOLDER / case).glob(f"{name}.*")))


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 70


@pytest.mark.parametrize("case", CASES)
def test_before_becomes_after(case: str) -> None:
    assert _changed(_one(case, "before"), case) == _one(case, "after").text


@pytest.mark.parametrize("case", CASES)
def test_after_stays_as_it_is(case: str) -> None:
    after = _one(case, "after")
    assert _changed(after, case) == after.text


@pytest.mark.parametrize("case", CASES)
def test_after_is_read_by_the_language(case: str) -> None:
    after = _one(case, "after")
    if after.path.suffix in {".ts", ".jsx"}:  # node cannot read these
        assert Syntax(after).problem() is None
    else:
        subprocess.run([need("node"), "--check", after.path], check=True, timeout=30)
