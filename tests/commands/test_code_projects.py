"""Whole projects, before and after `enable --code`: fixtures/code/projects.

`after/` has the files that change and those that are new; a helper is empty there, its text is tested elsewhere.
`left.txt` is what is left to a person.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import tree

from aicos_tls.sources.model import HELPER_MARK

if TYPE_CHECKING:
    from support import Run

FOLDER = Path(__file__).parents[2] / "fixtures" / "code" / "projects"
CASES = sorted(folder.name for folder in FOLDER.iterdir())
TITLE = "Not changed, for you to do\n"


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    """The name of a project."""
    return str(request.param)


@pytest.fixture
def work(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project before, which is the working directory."""
    directory = tmp_path / "project"
    shutil.copytree(FOLDER / case / "before", directory)
    monkeypatch.chdir(directory)
    return directory


def expected(case: str) -> dict[str, bytes]:
    after = FOLDER / case / "after"
    return {**tree(FOLDER / case / "before"), **(tree(after) if after.is_dir() else {})}


def own(directory: Path) -> dict[str, bytes]:
    """The files of the project, without the record; helpers without their text."""
    files = {name: data for name, data in tree(directory).items() if not name.startswith((".aicos-tls", ".gitignore"))}
    return {name: b"" if HELPER_MARK.encode() in data else data for name, data in files.items()}


def left(text: str) -> str:
    """What is left to a person, by the output of a run."""
    return text.partition(TITLE)[2].partition("\n\n")[0] + "\n" if TITLE in text else ""


def test_before_becomes_after_once_and_comes_back(case: str, work: Path, run: Run) -> None:
    before = tree(work)
    shown = run("enable", "--code", "--no-certs", "--dry-run")
    assert shown.code == 0
    assert tree(work) == before
    done = run("enable", "--code", "--no-certs")
    assert done.code == 0
    assert own(work) == expected(case)
    told = FOLDER / case / "left.txt"
    assert left(done.out) == (told.read_text() if told.exists() else "")
    assert left(shown.out) == left(done.out)
    once = tree(work)
    assert run("enable", "--code", "--no-certs").code == 0
    assert tree(work) == once
    if once != before:  # a server that stays plain takes its connections with it: nothing is written
        assert run("rollback", "-q").code == 0
    assert {name: data for name, data in tree(work).items() if name != ".gitignore"} == before


@pytest.mark.usefixtures("case")
def test_a_second_run_without_a_record_finds_nothing_to_do(work: Path, run: Run) -> None:
    run("enable", "--code", "--no-certs", "-q")
    shutil.rmtree(work / ".aicos-tls", ignore_errors=True)
    once = own(work)
    assert run("enable", "--code", "--no-certs", "-q").code == 0
    assert own(work) == once
