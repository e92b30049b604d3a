"""The helper comes into the image: a COPY that brings its neighbour brings it, too."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.shipping import ship
from aicos_tls.yamledit.apply import splice

BESIDE = [PurePosixPath("main.py"), PurePosixPath("app/main.py")]
ALREADY = ("COPY . .\n", "COPY *.py ./\n", "COPY . /srv/\n", "ADD . /x\n", "COPY main.py tls.py ./\n")


def shipped(text: str, path: str = "tls.py") -> str | None:
    whole = text if text.startswith("FROM") else f"FROM x\n{text}"
    file = TextFile(Path("Dockerfile"), whole.encode())
    beside = [near for near in BESIDE if near.parent == PurePosixPath(path).parent]
    found = ship(file, PurePosixPath(path), beside)
    if not found.reached:
        return None
    splices = [piece for change in found.result.changes for piece in change.splices] if found.result else []
    return splice(whole, splices) if text.startswith("FROM") else splice(whole, splices).removeprefix("FROM x\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("COPY main.py ./\n", "COPY main.py tls.py ./\n"),
        ("COPY main.py .\n", "COPY main.py .\nCOPY tls.py ./tls.py\n"),  # classic builder: several want a slash
        ("COPY main.py other.py .\n", "COPY main.py tls.py other.py .\n"),
        ("COPY --chown=1 main.py other.py /app/\n", "COPY --chown=1 main.py tls.py other.py /app/\n"),
        ("COPY ./main.py /app/\n", "COPY ./main.py ./tls.py /app/\n"),
        ("COPY /main.py /app/", "COPY /main.py /tls.py /app/"),
        ("COPY main.py main.py\nRUN x\n", "COPY main.py main.py\nCOPY tls.py tls.py\nRUN x\n"),
        ("COPY main.py /app/main.py\r\nRUN x\r\n", "COPY main.py /app/main.py\r\nCOPY tls.py /app/tls.py\r\nRUN x\r\n"),
        ("COPY requirements.txt \\\n  main.py \\\n  ./\n", "COPY requirements.txt \\\n  main.py tls.py \\\n  ./\n"),
        (
            "FROM a AS b\nCOPY --from=b main.py ./\nCOPY main.py ./\n",
            "FROM a AS b\nCOPY --from=b main.py ./\nCOPY main.py tls.py ./\n",
        ),
    ],
)
def test_changes(before: str, after: str) -> None:
    assert shipped(before) == after


def test_a_neighbour_below() -> None:
    assert shipped("COPY app/main.py app/\n", "app/tls.py") == "COPY app/main.py app/tls.py app/\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("COPY main.py /app/server.py\n", "COPY main.py /app/server.py\nCOPY tls.py /app/tls.py\n"),
        ('COPY ["main.py", "./"]\n', 'COPY ["main.py", "tls.py", "./"]\n'),
        ('COPY ["main.py", "/a b/"]\n', 'COPY ["main.py", "tls.py", "/a b/"]\n'),
        ('COPY ["main.py", "/a b/x.py"]\n', 'COPY ["main.py", "/a b/x.py"]\nCOPY ["tls.py", "/a b/tls.py"]\n'),
        ("ADD main.py ./\n", "ADD main.py tls.py ./\n"),
        ("COPY main.p[y] ./\n", "COPY main.p[y] ./\nCOPY tls.py ./tls.py\n"),
        ("COPY --chown=1:1 m*.py /app\n", "COPY --chown=1:1 m*.py /app\nCOPY --chown=1:1 tls.py /app/tls.py\n"),
        ("COPY main.py ./\nCOPY main.py /x/\n", "COPY main.py ./\nCOPY main.py tls.py /x/\n"),
    ],
)
def test_by_a_copy_of_its_own(before: str, after: str) -> None:
    assert shipped(before) == after


@pytest.mark.parametrize("text", ALREADY)
def test_what_takes_it_along_stays(text: str) -> None:
    assert shipped(text) == text


def test_every_stage_that_gets_the_neighbour_gets_it() -> None:
    before = "FROM a AS dev\nCOPY main.py ./\nFROM dev AS test\nRUN x\nFROM a\nCOPY . .\nFROM a\nCOPY main.py /y/\n"
    after = before.replace("COPY main.py ", "COPY main.py tls.py ")
    assert shipped(before) == after


def test_it_goes_with_the_sources_and_not_before_the_install() -> None:
    before = "COPY requirements.txt ./\nRUN pip install -r requirements.txt\nCOPY main.py ./\n"
    assert shipped(before) == before.replace("COPY main.py", "COPY main.py tls.py")


def test_two_files_behind_one_copy() -> None:
    text = "FROM a\nCOPY main.py /app/x.py"
    file = TextFile(Path("Dockerfile"), text.encode())
    found = [ship(file, PurePosixPath(name), [PurePosixPath("main.py")]).result for name in ("b.py", "a.py")]
    splices = [piece for result in found if result for change in result.changes for piece in change.splices]
    assert splice(text, splices) == text + "\nCOPY a.py /app/a.py\nCOPY b.py /app/b.py"


@pytest.mark.parametrize(
    "text", ["COPY other.py ./\n", "COPY --from=b main.py ./\n", "COPY <<EOF ./\nmain.py\nEOF\n", "RUN main.py ./\n"]
)
def test_where_nothing_brings_a_neighbour(text: str) -> None:
    assert shipped(text) is None
