"""Which files docker compose would pick."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.discovery import DEFAULT_NAMES, Selection, select
from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from support import Project as MakeProject


@pytest.mark.parametrize("index", range(len(DEFAULT_NAMES)))
def test_the_first_default_name_that_is_there(project: MakeProject, index: int) -> None:
    project(dict.fromkeys(DEFAULT_NAMES[index:], ""))
    assert select([], {}) == Selection((Path(DEFAULT_NAMES[index]),))


def test_an_override_belongs_to_a_default_file_only(project: MakeProject) -> None:
    project({"compose.yaml": "", "compose.override.yml": "", "stack.yml": ""})
    both = (Path("compose.yaml"), Path("compose.override.yml"))
    assert select([], {}) == Selection(both, both[1:])
    assert select([Path("compose.yaml")], {}) == Selection(both, both[1:])
    assert select([Path("stack.yml")], {}) == Selection((Path("stack.yml"),))
    assert select([Path("compose.yaml"), Path("stack.yml")], {}).files == (Path("compose.yaml"), Path("stack.yml"))


def test_the_variable_of_the_environment_and_of_dotenv(project: MakeProject) -> None:
    project({"compose.yaml": "", ".env": "COMPOSE_FILE=a.yml;b.yml\nCOMPOSE_PATH_SEPARATOR=;\n"})
    assert select([], {}).files == (Path("a.yml"), Path("b.yml"))
    assert select([], {"COMPOSE_FILE": "c.yml;"}).files == (Path("c.yml"),)
    assert select([], {"COMPOSE_FILE": "c.yml:d.yml", "COMPOSE_PATH_SEPARATOR": ":"}).files == (
        Path("c.yml"),
        Path("d.yml"),
    )


def test_a_parent_directory_is_looked_at(project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = project({"compose.yaml": "", "sub/x": ""})
    monkeypatch.chdir(directory / "sub")
    assert select([], {}).files == (directory.resolve() / "compose.yaml",)


def test_none_is_an_error(project: MakeProject) -> None:
    project({"x": ""})
    with pytest.raises(TlsError, match="no compose file here"):
        select([], {})


@pytest.mark.parametrize("problem", [PermissionError(13, "Permission denied"), FileNotFoundError(2, "No such file")])
def test_a_directory_that_cannot_be_looked_at(
    project: MakeProject, monkeypatch: pytest.MonkeyPatch, problem: OSError
) -> None:
    project({"x": ""})

    def refuse(_: Path) -> bool:
        raise problem

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(TlsError, match=rf"cannot look for a compose file: {problem.strerror}") as refused:
        select([], {})
    assert refused.value.hint
