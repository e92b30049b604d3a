from __future__ import annotations

from pathlib import Path

from aicos_tls.serving.runtime import NODE, PYTHON, runtime_files

TEMPLATES = Path(__file__).parents[2] / "templates"


def test_no_file_is_forgotten() -> None:
    there = {path.relative_to(TEMPLATES / "runtime").as_posix() for path in (TEMPLATES / "runtime").rglob("*.*")}
    assert {name for name in there if "__pycache__" not in name} == {*NODE, *PYTHON}


def test_they_keep_their_texts_and_places() -> None:
    for file in runtime_files(PYTHON):
        assert (TEMPLATES / file.path).read_text() == file.text
